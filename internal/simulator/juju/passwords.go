package juju

// setPasswordsParams are the params of SetPassword.
type setPasswordsParams struct {
	Changes []entityPassword `json:"changes"`
}

type entityPassword struct {
	Tag      string `json:"tag"`
	Password string `json:"password"`
}

// setPasswords serves SetPassword.
func (s *Server) setPasswords(c call, p setPasswordsParams) (errorResults, error) {
	if err := s.changeAllowed(); err != nil || len(p.Changes) == 0 {
		return errorResults{}, err
	}
	return each(p.Changes, func(item entityPassword) error { return s.setPassword(c, item) }), nil
}

func (s *Server) setPassword(c call, item entityPassword) error {
	u, err := s.userOfTag(item.Tag)
	switch {
	case err != nil:
		return err
	case !s.super(c) && (u == nil || !isCaller(c, u.id)):
		return denied(c, s.controller, "superuser")
	case s.blank(item.Password):
		return errorf("", "cannot use an empty password")
	case u == nil:
		return errorf("", "failed to set password: user not found")
	}
	u.password, u.secretKey = item.Password, nil
	return nil
}

// resetPasswords serves ResetPassword.
func (s *Server) resetPasswords(c call, p entities) (addUserResults, error) {
	if err := s.changeAllowed(); err != nil || len(p.Entities) == 0 {
		return addUserResults{}, err
	}
	results := addUserResults{Results: make([]addUserResult, len(p.Entities))}
	for i, e := range p.Entities {
		key, err := s.resetPassword(c, e.Tag)
		results.Results[i] = addUserResult{Tag: e.Tag, SecretKey: key, Error: wireError(err)}
	}
	return results, nil
}

// resetPassword takes a user's password and returns a new secret key.
func (s *Server) resetPassword(c call, tag string) ([]byte, error) {
	u, err := s.userOfTag(tag)
	switch {
	case err != nil:
		return nil, err
	case !s.super(c):
		return nil, denied(c, s.controller, "superuser")
	case u == nil:
		return nil, errorf("", "user not found")
	case isCaller(c, u.id):
		return nil, permissionDenied()
	case u.disabled && s.release.v4():
		return nil, errorf("", "user authentication disabled")
	case u.disabled:
		return nil, errorf("", "cannot reset password for user %q: user deactivated", u.id.name)
	}
	u.password, u.secretKey = "", s.bytes(32)
	return u.secretKey, nil
}
