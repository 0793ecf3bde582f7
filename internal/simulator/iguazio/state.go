package iguazio

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// MakeOperational makes a user operational and a member of "all_users" at
// once, and reports whether it exists.
func (s *Server) MakeOperational(username string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users.byName[username]
	if u == nil {
		return false
	}
	u.downFor, u.outFor = 0, 0
	s.settle(u)
	return true
}

// ExpireSessions ends all sessions that came from a login. Access keys stay.
func (s *Server) ExpireSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.sessions, func(_ string, open *session) bool { return open.attributes == nil })
}

// RevokeAccessKey removes an access key and reports whether it was there.
func (s *Server) RevokeAccessKey(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.keys.byID[key]
	if ok {
		s.keys.remove(found)
		delete(s.sessions, key)
	}
	return ok
}

// Advance moves the server's clock forward.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clockSkew += d
}

// OpenSessions returns the number of sessions that came from a login.
func (s *Server) OpenSessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions) - len(s.keys.order)
}

// UserNames returns the names of all users in the order of their creation.
func (s *Server) UserNames() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return names(s.users)
}

// GroupNames returns the names of all groups in the order of their creation.
func (s *Server) GroupNames() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return names(s.groups)
}

// ProjectNames returns the names of all projects in the order of their
// creation.
func (s *Server) ProjectNames() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return names(s.projects)
}

func names[R record](of *store[R]) []string {
	var names []string
	for _, r := range of.order {
		names = append(names, r.name())
	}
	return names
}

// UserID returns the ID of a user, "" if there is none of that name.
func (s *Server) UserID(username string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.users.byName[username]; u != nil {
		return u.id
	}
	return ""
}

// GroupID returns the ID of a group, "" if there is none of that name.
func (s *Server) GroupID(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.groups.byName[name]; g != nil {
		return g.id
	}
	return ""
}

// ProjectID returns the ID of a project, "" if there is none of that name.
func (s *Server) ProjectID(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.projects.byName[name]; p != nil {
		return p.id
	}
	return ""
}

// RoleID returns the ID of a role of a project, "" if there is none.
func (s *Server) RoleID(projectName, roleName string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.roleOf(projectName, roleName); r != nil {
		return r.id
	}
	return ""
}

func (s *Server) roleOf(projectName, roleName string) *role {
	p, at := s.projects.byName[projectName], slices.Index(roleNames, roleName)
	if p == nil || at < 0 {
		return nil
	}
	return s.rolesOf(p)[at]
}

// Attributes returns a copy of all attributes of a resource, unknown ones
// included, by its ID; nil if there is none.
func (s *Server) Attributes(id string) map[string]json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, resourceType := range []string{"user", "user_group", "project", "project_authorization_role", "job"} {
		if found, ok := s.find(ref{resourceType, id}); ok {
			return maps.Clone(found.shown())
		}
	}
	return nil
}

// UserGroups returns the names of the groups of a user, in order.
func (s *Server) UserGroups(username string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users.byName[username]
	if u == nil {
		return nil
	}
	return s.groupNames(u.groups)
}

func (s *Server) groupNames(ids []string) []string {
	var names []string
	for _, id := range ids {
		names = append(names, s.groups.byID[id].name())
	}
	return names
}

// PrimaryGroup returns the name of the primary group of a user, "" for none.
func (s *Server) PrimaryGroup(username string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.users.byName[username]; u != nil && u.primary != "" {
		return s.groups.byID[u.primary].name()
	}
	return ""
}

// Members returns the names of the users and groups that have a role in a
// project, in order.
func (s *Server) Members(projectName, roleName string) (users, groups []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.roleOf(projectName, roleName)
	if r == nil {
		return nil, nil
	}
	for _, id := range r.users {
		users = append(users, s.users.byID[id].name())
	}
	return users, s.groupNames(r.groups)
}

// Mails returns the IDs of the projects that mails were sent about, one for
// each role that a transaction changed.
func (s *Server) Mails() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

// CheckPassword reports whether a user could log in with a password.
func (s *Server) CheckPassword(username, password string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users.byName[username]
	return u != nil && u.password != "" && u.password == password && !u.disabled()
}
