package juju

import "strings"

// addUsersParams are the params of AddUser.
type addUsersParams struct {
	Users []addUser `json:"users"`
}

type addUser struct {
	Username    string `json:"username"`
	DisplayName string `json:"display-name"`
	Password    string `json:"password"`
}

// addUserResults is the answer of AddUser and ResetPassword.
type addUserResults struct {
	Results []addUserResult `json:"results"`
}

type addUserResult struct {
	Tag       string    `json:"tag,omitempty"`
	SecretKey []byte    `json:"secret-key,omitempty"`
	Error     *apiError `json:"error,omitempty"`
}

// addUsers serves AddUser.
func (s *Server) addUsers(c call, p addUsersParams) (addUserResults, error) {
	if s.release.v4() {
		if err := s.requireSuper(c); err != nil {
			return addUserResults{}, err
		}
	}
	if err := s.changeAllowed(); err != nil || len(p.Users) == 0 {
		return addUserResults{}, err
	}
	if err := s.requireSuper(c); err != nil {
		return addUserResults{}, err
	}
	prefix := "failed to create user"
	if s.release.v4() {
		prefix = "creating user"
	}
	results := addUserResults{Results: make([]addUserResult, len(p.Users))}
	for i, item := range p.Users {
		u, err := s.addOne(c, item)
		if err != nil {
			results.Results[i].Error = wireError(annotate(err, "%s", prefix))
			continue
		}
		results.Results[i] = addUserResult{Tag: u.id.tag(), SecretKey: u.secretKey}
	}
	return results, nil
}

// addOne creates a user.
func (s *Server) addOne(c call, item addUser) (*user, error) {
	if !validName.MatchString(item.Username) {
		if s.release.v4() {
			return nil, errorf(codeNotValid, "user name %q not valid", item.Username)
		}
		return nil, errorf("", "invalid user name %q", item.Username)
	}
	id := userID{name: item.Username}
	u := &user{
		id:          id,
		displayName: item.DisplayName,
		password:    item.Password,
		createdBy:   c.session.user.String(),
		created:     s.time(),
	}
	if earlier := s.users[id.key()]; earlier != nil {
		if err := s.nameTaken(earlier, item.Username); err != nil {
			return nil, err
		}
		if !s.release.v4() {
			// The record is made anew on top of the old one, and what is
			// not written stays.
			u.disabled = earlier.disabled
			if u.password == "" {
				u.password = earlier.password
			}
		}
	}
	if item.Password == "" {
		u.secretKey = s.bytes(32)
	}
	s.addRecord(u)
	s.controller.set(id, "login")
	return u, nil
}

// nameTaken says why the name of an earlier user cannot be given, if it cannot.
func (s *Server) nameTaken(earlier *user, name string) error {
	switch {
	case earlier.removed && s.release.reusesNames():
		return nil
	case earlier.removed:
		return errorf("", "cannot reuse name: user %q is permanently deleted", earlier.id.name)
	case s.release.v4():
		return errorf("", "user already exists")
	case !s.release.reusesNames():
		return errorf("", "username unavailable")
	case s.release.major < 3:
		return errorf("", "user %s already exists", name)
	}
	return errorf(codeAlreadyExists, "user %s already exists", name)
}

// removeUsers serves RemoveUser.
func (s *Server) removeUsers(c call, p entities) (errorResults, error) {
	if err := s.changeAllowed(); err != nil {
		return errorResults{}, err
	}
	if err := s.requireSuper(c); err != nil {
		return errorResults{}, err
	}
	return each(p.Entities, func(e entity) error {
		id, err := parseUserTag(e.Tag)
		if err != nil {
			return err
		}
		if id.key() == s.owner.key() {
			return errorf("", "cannot delete controller owner %q", id.name)
		}
		return annotate(s.removeOne(id), "failed to delete user %q", id.name)
	}), nil
}

// removeOne removes a user. What is left of them is the name, and up to 3.x the
// levels on offers and clouds.
func (s *Server) removeOne(id userID) error {
	if s.release.v4() {
		u := s.knownUser(id)
		switch {
		case u == nil || !id.local():
			return errorf("", "user not found")
		case s.soleAdmin(id):
			return errorf("", "model would be left without an admin user")
		}
		u.removed = true
		s.dropAccess(id, true)
		return nil
	}
	u, err := s.localUser(id)
	if err != nil {
		return err
	}
	u.removed = true
	s.dropAccess(id, false)
	return nil
}

// enableUsers serves EnableUser.
func (s *Server) enableUsers(c call, p entities) (errorResults, error) {
	return s.switchUsers(c, p, "enable", func(u *user) error {
		u.disabled = false
		return nil
	})
}

// disableUsers serves DisableUser.
func (s *Server) disableUsers(c call, p entities) (errorResults, error) {
	return s.switchUsers(c, p, "disable", func(u *user) error {
		switch {
		case u.id.key() == s.owner.key():
			return errorf("", "cannot disable controller model owner")
		case s.release.v4() && s.soleAdmin(u.id):
			return errorf("", "model would be left without an admin user")
		}
		u.disabled = true
		return nil
	})
}

func (s *Server) switchUsers(c call, p entities, action string, apply func(*user) error) (errorResults, error) {
	if err := s.requireSuper(c); err != nil {
		return errorResults{}, err
	}
	if err := s.changeAllowed(); err != nil || len(p.Entities) == 0 {
		return errorResults{}, err
	}
	return each(p.Entities, func(e entity) error {
		u, err := s.userOfTag(e.Tag)
		if err != nil {
			return err
		}
		if u == nil {
			err = errorf("", "user not found")
		} else {
			err = apply(u)
		}
		if err != nil {
			// The real controller loses the code on the way.
			return errorf("", "failed to %s user: %s", action, err)
		}
		return nil
	}), nil
}

// userOfTag returns the local user that a tag names. If there is none, 4.x has
// no error of its own here, and the others say "permission denied".
func (s *Server) userOfTag(tag string) (*user, error) {
	id, err := parseUserTag(tag)
	if err != nil {
		return nil, err
	}
	if s.release.v4() {
		if !id.local() {
			return nil, nil //nolint:nilnil // no user is an answer, which the caller words
		}
		return s.knownUser(id), nil
	}
	u, err := s.localUser(id)
	if err != nil {
		return nil, permissionDenied()
	}
	return u, nil
}

// blank reports whether a release refuses a password as empty.
func (s *Server) blank(password string) bool {
	if s.release.v4() {
		password = strings.TrimSpace(password)
	}
	return password == ""
}
