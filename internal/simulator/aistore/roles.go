package aistore

import (
	"encoding/json"
	"net/http"
	"slices"
)

// readRoles serves GET, without a token. Only a role that is read alone
// carries the aliases of its clusters.
func (s *Server) readRoles(c call) (json.RawMessage, error) {
	if err := atMostOnePart(c.parts); err != nil {
		return nil, err
	}
	if len(c.parts) == 0 {
		roles := make([]*Role, 0, len(s.roles))
		for _, name := range shuffledKeys(s.random, s.roles) {
			roles = append(roles, s.roles[name])
		}
		return json.Marshal(roles)
	}
	role, err := s.findRole(c.parts[0])
	if err != nil {
		return nil, err
	}
	role = role.clone()
	for _, acl := range role.Clusters {
		if acl == nil {
			continue
		}
		if cluster, ok := s.clusters[acl.ID]; ok {
			acl.Alias = cluster.Alias
		}
	}
	return json.Marshal(role)
}

// createRole serves POST.
func (s *Server) createRole(c call) (json.RawMessage, error) {
	if err := s.requireAdmin(c.request); err != nil {
		return nil, err
	}
	var role Role
	if err := decodeOrExplain(c, target{"Role", 557}, &role); err != nil {
		return nil, err
	}
	if err := s.addRole(&role); err != nil {
		return nil, failed("add role", role.Name, err)
	}
	return nil, nil
}

func (s *Server) addRole(role *Role) error {
	switch _, exists := s.roles[role.Name]; {
	case role.Name == "":
		return errorf(http.StatusBadRequest, "role name is undefined")
	case !niceName(role.Name):
		return errorf(http.StatusBadRequest, "role name %q is invalid: %s", role.Name, nameRule)
	case role.Admin:
		return errorf(http.StatusForbidden, `only built-in roles can have "admin" permissions`)
	case exists:
		return errorf(http.StatusConflict, "AuthN: role %s already exists", role.Name)
	}
	if s.profile != Before20260615 {
		role.Clusters = dropNull(role.Clusters)
		role.Buckets = dropNull(role.Buckets)
	}
	s.roles[role.Name] = role
	return nil
}

// updateRole serves PUT: it merges what was sent into the role.
func (s *Server) updateRole(c call) (json.RawMessage, error) {
	if err := s.requireAdmin(c.request); err != nil {
		return nil, err
	}
	var req Role
	if err := decodeOrRefuse(c, &req); err != nil {
		return nil, err
	}
	name := c.parts[0]
	if name == AdminRole {
		return nil, failed("update role", name, errorf(http.StatusForbidden, "cannot modify built-in %q role", name))
	}
	role, err := s.findRole(name)
	if err != nil {
		return nil, failed("update role", name, err)
	}
	if req.Description != "" {
		role.Description = req.Description
	}
	role.Clusters = mergeClusterACLs(role.Clusters, req.Clusters, replace)
	role.Buckets = mergeBucketACLs(role.Buckets, req.Buckets, replace)
	s.refreshUsers(role)
	return nil, nil
}

// refreshUsers gives every user that has the role its present state.
func (s *Server) refreshUsers(role *Role) {
	if s.profile == Before20260615 {
		return
	}
	for _, u := range s.users {
		for i, assigned := range u.roles {
			if assigned.Name == role.Name {
				u.roles[i] = role.clone()
			}
		}
	}
}

// deleteRole serves DELETE: it takes the role from every user.
func (s *Server) deleteRole(c call) (json.RawMessage, error) {
	if err := s.requireAdmin(c.request); err != nil {
		return nil, err
	}
	name := c.parts[0]
	if name == AdminRole {
		return nil, failed("delete role", name, errorf(http.StatusForbidden, "cannot remove built-in %q role", name))
	}
	if _, err := s.findRole(name); err != nil {
		return nil, failed("delete role", name, err)
	}
	delete(s.roles, name)
	if s.profile != Before20260615 {
		for _, u := range s.users {
			u.roles = slices.DeleteFunc(u.roles, func(r *Role) bool { return r.Name == name })
		}
	}
	return nil, nil
}

func (s *Server) findRole(name string) (*Role, error) {
	role, ok := s.roles[name]
	if !ok {
		return nil, notFound(quoted("role", name))
	}
	return role, nil
}

// combine says what becomes of two permission sets for one cluster or bucket.
type combine func(old, sent Permissions) Permissions

func replace(_, sent Permissions) Permissions { return sent }
func union(old, sent Permissions) Permissions { return old | sent }

// mergeClusterACLs merges sent into list, of which it keeps every entry. It
// changes the entries of list; those of sent are copied.
func mergeClusterACLs(list, sent []*ClusterACL, by combine) []*ClusterACL {
	for _, acl := range sent {
		if acl == nil {
			continue
		}
		same := func(other *ClusterACL) bool { return other != nil && other.ID == acl.ID }
		if i := slices.IndexFunc(list, same); i >= 0 {
			list[i].Permissions = by(list[i].Permissions, acl.Permissions)
			continue
		}
		copied := *acl
		list = append(list, &copied)
	}
	return list
}

// mergeBucketACLs is mergeClusterACLs for buckets.
func mergeBucketACLs(list, sent []*BucketACL, by combine) []*BucketACL {
	for _, acl := range sent {
		if acl == nil {
			continue
		}
		same := func(other *BucketACL) bool { return other != nil && other.Bucket == acl.Bucket }
		if i := slices.IndexFunc(list, same); i >= 0 {
			list[i].Permissions = by(list[i].Permissions, acl.Permissions)
			continue
		}
		copied := *acl
		list = append(list, &copied)
	}
	return list
}

// dropNull returns list without its nil entries. A nil list stays nil.
func dropNull[T any](list []*T) []*T {
	return slices.DeleteFunc(list, func(element *T) bool { return element == nil })
}
