package aistore

import (
	"encoding/json"
	"net/http"
	"slices"
)

// maxPassword is the longest password in bytes. The hash function of the
// server fails beyond it, and the server with it.
const maxPassword = 72

// protectedUser is the only ID that cannot be deleted or lose its role,
// whatever the first administrator is called.
const protectedUser = "admin"

// userRequest is a user in a request.
type userRequest struct {
	ID       string  `json:"id"`
	Password string  `json:"pass"`
	Roles    []*Role `json:"roles"`
}

// userReply is a user in a reply.
type userReply struct {
	ID    string  `json:"id"`
	Roles []*Role `json:"roles"`
}

// readUsers serves GET: all users to administrators, one to administrators and
// to itself.
func (s *Server) readUsers(c call) (json.RawMessage, error) {
	if err := atMostOnePart(c.parts); err != nil {
		return nil, err
	}
	if len(c.parts) == 0 {
		if err := s.requireAdmin(c.request); err != nil {
			return nil, err
		}
		users := make(map[string]userReply, len(s.users))
		for id, u := range s.users {
			users[id] = userReply{ID: id, Roles: u.roles}
		}
		return shuffledObject(s.random, users)
	}
	claims, err := s.authenticate(c.request)
	if err != nil {
		return nil, err
	}
	id := c.parts[0]
	if !claims.Admin && claims.Subject != id {
		return nil, errorf(http.StatusUnauthorized, "not authorized: requires admin or self")
	}
	u, err := s.findUser(id)
	if err != nil {
		return nil, err
	}
	return json.Marshal(userReply{ID: u.id, Roles: u.roles})
}

// createUserOrLogin serves POST: a login if the path names a user.
func (s *Server) createUserOrLogin(c call) (json.RawMessage, error) {
	if len(c.parts) > 0 {
		return s.login(c)
	}
	if err := s.requireAdmin(c.request); err != nil {
		return nil, err
	}
	var req userRequest
	if err := decodeOrExplain(c, target{"User", 259}, &req); err != nil {
		return nil, err
	}
	if err := s.createUser(req); err != nil {
		return nil, failed("add user", req.ID, err)
	}
	return nil, nil
}

func (s *Server) createUser(req userRequest) error {
	if req.ID == "" || req.Password == "" {
		return errorf(http.StatusBadRequest, "invalid credentials")
	}
	if !niceName(req.ID) {
		return errorf(http.StatusBadRequest, "user ID %q is invalid: %s", req.ID, nameRule)
	}
	if len(req.Password) > maxPassword {
		return errDropped
	}
	if _, exists := s.users[req.ID]; exists {
		return errorf(http.StatusConflict, "AuthN: user %s already exists", req.ID)
	}
	s.users[req.ID] = &user{id: req.ID, password: req.Password, roles: s.resolveRoles(req.Roles)}
	return nil
}

// updateUser serves PUT. It is the one endpoint that reads the body before it
// looks at the token.
func (s *Server) updateUser(c call) (json.RawMessage, error) {
	id := c.parts[0]
	var req userRequest
	if err := decodeOrRefuse(c, &req); err != nil {
		return nil, err
	}
	claims, err := s.authenticate(c.request)
	if err != nil {
		return nil, err
	}
	if !claims.Admin && (claims.Subject != id || len(req.Roles) > 0) {
		return nil, errorf(http.StatusUnauthorized, "not authorized: (%s)", claims.describe(s.time()))
	}
	if err := s.changeUser(id, req); err != nil {
		return nil, failed("update user", id, err)
	}
	return nil, nil
}

// changeUser applies an update. Absent and empty members change nothing.
func (s *Server) changeUser(id string, req userRequest) error {
	if id == protectedUser && len(req.Roles) > 0 {
		return errorf(http.StatusForbidden, "cannot change administrator's role")
	}
	if len(req.Password) > maxPassword {
		return errDropped
	}
	u, err := s.findUser(id)
	if err != nil {
		return err
	}
	if req.Password != "" {
		u.password = req.Password
	}
	if len(req.Roles) > 0 {
		u.roles = s.resolveRoles(req.Roles)
	}
	return nil
}

// deleteUser serves DELETE. Tokens of the user stay valid.
func (s *Server) deleteUser(c call) (json.RawMessage, error) {
	if err := s.requireAdmin(c.request); err != nil {
		return nil, err
	}
	id := c.parts[0]
	if id == protectedUser {
		return nil, failed("delete user", id, errorf(http.StatusForbidden, "cannot remove built-in %q account", id))
	}
	if _, err := s.findUser(id); err != nil {
		return nil, failed("delete user", id, err)
	}
	delete(s.users, id)
	return nil, nil
}

func (s *Server) findUser(id string) (*user, error) {
	u, ok := s.users[id]
	if !ok {
		return nil, notFound(quoted("user", id))
	}
	return u, nil
}

// resolveRoles returns the role objects to store with a user. The server takes
// its own objects by name and drops what it does not know; it used to take
// what was sent.
func (s *Server) resolveRoles(sent []*Role) []*Role {
	if s.profile == Before20260615 {
		stored := slices.Clone(sent)
		for i, role := range stored {
			stored[i] = role.clone()
		}
		return stored
	}
	known := []*Role{}
	for _, role := range sent {
		if role == nil {
			continue
		}
		if own, ok := s.roles[role.Name]; ok {
			known = append(known, own.clone())
		}
	}
	return known
}
