package iguazio

import (
	"net/http"
	"slices"
)

// firstGID is the POSIX group ID of the first group that is not of the system.
const firstGID = 1001

// allUsersName is the name of the group that every user belongs to.
const allUsersName = "all_users"

// readOnlyGroup are the attributes of groups that only the system changes.
var readOnlyGroup = []string{"gid", "kind", "system_provided"}

// group is a stored user group. Its members are stored with the users.
type group struct {
	id         string
	attributes attributes
}

func (g *group) reference() ref    { return ref{"user_group", g.id} }
func (g *group) name() string      { return g.attributes.text("name") }
func (g *group) shown() attributes { return g.attributes }

// membersOf returns the IDs of the users in a group.
func (s *Server) membersOf(g *group) []string {
	var ids []string
	for _, u := range s.users.order {
		if slices.Contains(u.groups, g.id) {
			ids = append(ids, u.id)
		}
	}
	return ids
}

// listGroups serves GET /api/user_groups.
func (s *Server) listGroups(c call) (*answer, error) { return list(s, c, s.groups.order) }

// listScrubbedGroups serves GET /api/scrubbed_user_groups: what members of
// projects are picked from.
func (s *Server) listScrubbedGroups(c call) (*answer, error) {
	return scrub(list(s, c, s.groups.order))
}

// getGroup serves GET /api/user_groups/<id>.
func (s *Server) getGroup(c call) (*answer, error) {
	g, err := s.findGroup(c)
	if err != nil {
		return nil, err
	}
	return s.show(c, g), nil
}

// findGroup returns the group that a path names.
func (s *Server) findGroup(c call) (*group, error) {
	g := s.groups.byID[c.params[0]]
	if g == nil || s.sees(c.caller, g.id) != Shown {
		return nil, errorf(http.StatusNotFound, "User group %s was not found", c.params[0])
	}
	return g, nil
}

// createGroup serves POST /api/user_groups.
func (s *Server) createGroup(c call) (*answer, error) {
	in, err := c.decode("user_group")
	if err != nil {
		return nil, err
	}
	if err := in.Attributes.requireText("name"); err != nil {
		return nil, err
	}
	if err := s.checkAccount(in.Attributes); err != nil {
		return nil, err
	}
	if err := s.groupNameFree(in.Attributes.text("name"), nil); err != nil {
		return nil, err
	}
	members, _, err := s.usersOf(in)
	if err != nil {
		return nil, err
	}
	g := &group{id: s.newID("user_group"), attributes: attributes{}}
	g.attributes.merge(in.Attributes)
	s.completeGroup(g)
	s.groups.add(g)
	s.setMembers(c.caller, g, members)
	return whole(http.StatusCreated, plain(g)), nil
}

// completeGroup adds what the system says of a new group.
func (s *Server) completeGroup(g *group) {
	a := g.attributes
	setDefault(a, "gid", s.nextGID)
	s.nextGID = max(s.nextGID, read[int64](a, "gid")+1)
	setDefault(a, "data_access_mode", "enabled")
	setDefault(a, "assigned_policies", []string{})
	set(a, "kind", "local")
	set(a, "system_provided", false)
}

// groupNameFree refuses a name that another group has.
func (s *Server) groupNameFree(name string, own *group) error {
	if taken := s.groups.byName[name]; taken != nil && taken != own {
		return errorf(s.opts.Alternatives.DuplicateStatus, "User group with name %s already exists", name)
	}
	return nil
}

// usersOf returns the users that a request names, whether or not it does.
func (s *Server) usersOf(in input) (ids []string, named bool, err error) {
	ids, named, err = in.many("users")
	for _, id := range ids {
		if s.users.byID[id] == nil {
			return nil, false, errorf(http.StatusNotFound, "User %s was not found", id)
		}
	}
	return ids, named, err
}

// setMembers makes users the members of a group, and takes it from all others.
func (s *Server) setMembers(caller *user, g *group, ids []string) {
	ids = s.replace(caller, s.membersOf(g), ids)
	for _, u := range s.users.order {
		member, wanted := slices.Contains(u.groups, g.id), slices.Contains(ids, u.id)
		switch {
		case wanted && !member:
			u.groups = append(u.groups, g.id)
		case member && !wanted:
			s.leave(u, g)
		}
	}
}

// leave takes a user out of a group.
func (s *Server) leave(u *user, g *group) {
	u.groups = without(u.groups, g.id)
	if u.primary == g.id {
		u.primary = ""
	}
}

// updateGroup serves PUT /api/user_groups/<id>.
func (s *Server) updateGroup(c call) (*answer, error) {
	g, err := s.findGroup(c)
	if err != nil {
		return nil, err
	}
	if g == s.allUsers {
		return nil, errorf(http.StatusForbidden, "System provided group can not be updated")
	}
	in, err := c.decode("user_group")
	if err != nil {
		return nil, err
	}
	changed, err := s.changed(g.attributes, in.Attributes, readOnlyGroup)
	if err != nil {
		return nil, err
	}
	if err := s.checkAccount(in.Attributes); err != nil {
		return nil, err
	}
	if err := changed.requireText("name"); err != nil {
		return nil, err
	}
	if err := s.groupNameFree(changed.text("name"), g); err != nil {
		return nil, err
	}
	members, named, err := s.usersOf(in)
	if err != nil {
		return nil, err
	}
	before := g.name()
	g.attributes = changed
	s.groups.renamed(g, before)
	if named {
		s.setMembers(c.caller, g, members)
	}
	return s.updated(c, g), nil
}

// deleteGroup serves DELETE /api/user_groups/<id>.
func (s *Server) deleteGroup(c call) (*answer, error) {
	g, err := s.findGroup(c)
	if err != nil {
		return nil, err
	}
	if read[bool](g.attributes, "system_provided") {
		return nil, errorf(http.StatusForbidden, "System provided group can not be deleted")
	}
	if !s.opts.GroupDeletionJob {
		s.removeGroup(g)
		return &answer{status: http.StatusNoContent}, nil
	}
	deletion := s.startJob("user_group.deletion", func() { s.removeGroup(g) }, func() {})
	if s.opts.Alternatives.DeletedAtOnce {
		s.removeGroup(g)
	}
	return deleting(deletion), nil
}

// removeGroup removes a group, its memberships and its roles.
func (s *Server) removeGroup(g *group) {
	s.groups.remove(g)
	for _, u := range s.users.order {
		s.leave(u, g)
	}
	for _, r := range s.roles.order {
		r.groups = without(r.groups, g.id)
	}
}
