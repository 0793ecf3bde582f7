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

// primaryOf returns the primary group that a request names, "" for none. It
// has to be one of the user's groups and not that of all users.
func (s *Server) primaryOf(in input, groups []string) (id string, named bool, err error) {
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
	case !slices.Contains(groups, id):
		return "", false, errNotOwnGroup()
	default:
		return id, true, nil
	}
}

func errNotOwnGroup() error {
	return errorf(http.StatusBadRequest, "Primary group must be one of the groups of the user")
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
	primary, primaryNamed, err := s.primaryOf(in, groups)
	if err != nil {
		return nil, "", err
	}
	if !primaryNamed {
		primary = u.primary
		if named && s.opts.Alternatives.PrimaryGroupLost {
			primary = ""
		}
	}
	if primary != "" && !slices.Contains(groups, primary) {
		return nil, "", errNotOwnGroup()
	}
	return groups, primary, nil
}
