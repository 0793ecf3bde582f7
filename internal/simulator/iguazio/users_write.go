package iguazio

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
)

// readOnlyUser are the attributes of users that only the system changes.
var readOnlyUser = []string{
	"operational_status", "uid", "authentication_scheme", "created_at", "updated_at", "password_changed_at", "last_activity",
}

// updateUser serves PUT /api/users/<id>.
func (s *Server) updateUser(c call) (*answer, error) {
	u, err := s.findUser(c)
	if err != nil {
		return nil, err
	}
	in, err := c.decode("user")
	if err != nil {
		return nil, err
	}
	changed, err := s.changed(u.attributes, in.Attributes, readOnlyUser)
	if err != nil {
		return nil, err
	}
	if err := s.checkAccount(in.Attributes); err != nil {
		return nil, err
	}
	if err := changed.requireText("username"); err != nil {
		return nil, err
	}
	username := changed.text("username")
	if taken := s.users.byName[username]; taken != nil && taken != u {
		return nil, errorf(s.opts.Alternatives.DuplicateStatus, "User with username %s already exists", username)
	}
	groups, primary, err := s.changedGroups(c, u, in)
	if err != nil {
		return nil, err
	}
	before := u.name()
	u.groups, u.primary = groups, primary
	if password := changed.text("password"); password != "" {
		u.password = password
		set(changed, "password_changed_at", s.timestamp())
	}
	delete(changed, "password")
	set(changed, "updated_at", s.timestamp())
	u.attributes = changed
	s.users.renamed(u, before)
	return s.updated(c, u), nil
}

// changed returns the attributes that an update leaves. Nothing is stored yet.
func (s *Server) changed(before, given attributes, readOnly []string) (attributes, error) {
	given, after := maps.Clone(given), maps.Clone(before)
	for _, name := range readOnly {
		value, named := given[name]
		if named && s.opts.Alternatives.ReadOnlyRefused && !bytes.Equal(value, before[name]) {
			return nil, errorf(http.StatusBadRequest, "Attribute %s is read only", name)
		}
		delete(given, name)
	}
	if s.opts.Alternatives.UpdateReplaces {
		maps.DeleteFunc(after, func(name string, _ json.RawMessage) bool { return !slices.Contains(readOnly, name) })
	}
	after.merge(given)
	return after, nil
}

// updated answers an update of a user or a group.
func (s *Server) updated(c call, r renderable) *answer {
	if s.opts.Alternatives.FullUpdateAnswers {
		return s.show(c, r)
	}
	to := r.reference()
	return whole(http.StatusOK, &resource{Type: to.Type, ID: to.ID})
}

// deleteUser serves DELETE /api/users/<id>.
func (s *Server) deleteUser(c call) (*answer, error) {
	u, err := s.findUser(c)
	if err != nil {
		return nil, err
	}
	if u.predefined {
		return nil, errorf(http.StatusForbidden, "Predefined users can not be deleted")
	}
	if s.opts.UserDeletionAtOnce {
		s.removeUser(u)
		return &answer{status: http.StatusNoContent}, nil
	}
	status := u.attributes["operational_status"]
	set(u.attributes, "operational_status", statusDeleting)
	deletion := s.startJob("user.deletion", func() { s.removeUser(u) }, func() { u.attributes["operational_status"] = status })
	u.jobs = append(u.jobs, deletion.id)
	if s.opts.Alternatives.DeletedAtOnce {
		s.removeUser(u)
	}
	return deleting(deletion), nil
}

// deleting answers a deletion that a job carries out.
func deleting(by *job) *answer {
	response := &resource{Type: "deletion_response"}
	response.relate("jobs", linkage{refs: []ref{by.reference()}, many: true})
	return one(http.StatusAccepted, response)
}

// removeUser removes a user with its roles, sessions and access keys.
func (s *Server) removeUser(u *user) {
	s.users.remove(u)
	for _, r := range s.roles.order {
		r.users = without(r.users, u.id)
	}
	for _, own := range slices.Collect(maps.Values(s.sessions)) {
		if own.owner == u {
			delete(s.sessions, own.id)
			s.keys.remove(own)
		}
	}
}

// without returns ids less one of them.
func without(ids []string, id string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(other string) bool { return other == id })
}
