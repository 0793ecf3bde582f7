package juju

import "time"

// session is who is logged in on a connection.
type session struct {
	open        bool // the login succeeded
	counted     bool // the credentials were right, whatever came of it
	user        userID
	clientMajor int
	claims      claims // of a token; nil if the login was another
	redirect    *Redirect
	device      string // the user code of a login that is under way
}

// claims are what a token says of its user.
type claims struct {
	user   userID
	access map[string]string // levels by the tag of the object
}

// login is who may log in with a macaroon or a session token, and until when.
type login struct {
	user    userID
	expires time.Time
}

// has reports whether the caller has at least the given level on an object.
func (s *Server) has(c call, o *object, level string) bool {
	held := s.level(o, c.session.user)
	if c.session.claims.access != nil {
		held = c.session.claims.access[o.tag()]
	}
	return o.kind.rank(held) >= o.kind.rank(level)
}

// super reports whether the caller administers the controller.
func (s *Server) super(c call) bool { return s.has(c, s.controller, "superuser") }

// superOr reports whether the caller administers the controller, or has the
// given level on an object.
func (s *Server) superOr(c call, o *object, level string) bool {
	return s.super(c) || s.has(c, o, level)
}

// denied is the answer to a caller who lacks a level on an object. To the user
// of a token it says what is lacking.
func denied(c call, o *object, level string) error {
	if c.session.claims.access == nil {
		return permissionDenied()
	}
	return &apiError{
		Message: "access required",
		Code:    codeAccessRequired,
		Info:    mustEncode(map[string]string{o.tag(): level}),
	}
}

// requireSuper refuses callers who do not administer the controller.
func (s *Server) requireSuper(c call) error {
	if s.super(c) {
		return nil
	}
	return denied(c, s.controller, "superuser")
}

// changeAllowed refuses while the change block is on.
func (s *Server) changeAllowed() error {
	if s.blocked == "" {
		return nil
	}
	return errorf(codeBlocked, "%s", s.blocked)
}

// isCaller reports whether the caller asks about themselves.
func isCaller(c call, id userID) bool { return c.session.user.key() == id.key() }
