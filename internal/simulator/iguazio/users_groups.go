package iguazio

import (
	"net/http"
	"slices"
)

// groupsOf returns the groups that a request names, whether or not it does.
func (s *Server) groupsOf(in input) (ids []string, named bool, err error) {
	ids, named, err = in.many("user_groups")
	for _, id := range ids {
		if s.groups.byID[id] == nil {
			return nil, false, errorf(http.StatusNotFound, "User group %s was not found", id)
		}
	}
	return s.groups.known(ids), named, err
}

// primaryOf returns the primary group that a request names, "" for none. That
// of all users cannot be one.
func (s *Server) primaryOf(in input) (id string, named bool, err error) {
	id, named, err = in.one("primary_group")
	switch {
	case err != nil || id == "":
		if named && in.isNull("primary_group") && s.opts.Alternatives.NullPrimaryRefused {
			return "", false, errorf(http.StatusBadRequest, "Relationship primary_group is not a reference")
		}
		return "", named, err
	case s.groups.byID[id] == nil:
		return "", false, errorf(http.StatusNotFound, "User group %s was not found", id)
	case id == s.allUsers.id:
		return "", false, errorf(http.StatusBadRequest, "Group %s can not be a primary group", allUsersName)
	default:
		return id, true, nil
	}
}

// fit refuses a primary group that is not one of the groups, or makes it fit.
// Named says that the request names it.
func (s *Server) fit(groups []string, primary string, named bool) ([]string, string, error) {
	switch {
	case primary == "" || slices.Contains(groups, primary):
		return groups, primary, nil
	case !s.opts.Alternatives.PrimaryGroupAdjusts:
		return nil, "", errorf(http.StatusBadRequest, "Primary group must be one of the groups of the user")
	case named:
		return append(slices.Clone(groups), primary), primary, nil
	default:
		return groups, "", nil
	}
}

// changedGroups returns the groups and the primary group that an update leaves.
func (s *Server) changedGroups(c call, u *user, in input) (groups []string, primary string, err error) {
	sent, named, err := s.groupsOf(in)
	if err != nil {
		return nil, "", err
	}
	groups = u.groups
	if named {
		groups = s.replace(c.caller, u.groups, sent)
	}
	primary, primaryNamed, err := s.primaryOf(in)
	if err != nil {
		return nil, "", err
	}
	if !primaryNamed {
		primary = u.primary
		if named && s.opts.Alternatives.PrimaryGroupLost {
			primary = ""
		}
	}
	return s.fit(groups, primary, primaryNamed)
}
