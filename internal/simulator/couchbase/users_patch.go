package couchbase

import "net/http"

// patchUser serves PATCH /settings/rbac/users/local/{id}.
func (c *call) patchUser() response {
	s := c.server
	if s.upgrading {
		return duringUpgrade()
	}
	if problem := nameProblem(c.vars[0], "Username"); problem != "" {
		return fieldError("_", problem)
	}
	identity := Identity{c.vars[0], Local}
	u := c.node.store.users.get(identity)
	if s.compat >= V80 && u == nil {
		return unknownUser()
	}
	if refusal := c.require(s.permissions().localWrite); refusal != nil {
		return *refusal
	}
	if refusal := c.mayGive(c.node.effective(u)); refusal != nil {
		return *refusal
	}
	f := newForm(c.form())
	locked := s.validatePatch(f)
	password := f.password(s)
	f.onlyKnown()
	if verdict := f.verdict(c); verdict != nil {
		return *verdict
	}
	if u == nil {
		return s.lostUser()
	}
	return c.patch(u, password, locked)
}

// validatePatch validates everything of a PATCH but the password, and returns
// the lock if it is given.
func (s *Server) validatePatch(f *form) *bool {
	if s.compat < V80 {
		f.require("password")
		return nil
	}
	if len(f.fields) == 0 {
		f.fail("_", "Request should have parameters")
	}
	if s.options.Community {
		f.enterpriseOnly("locked")
	}
	locked := f.boolean("locked")
	if _, ok := f.fields.first("locked"); !ok {
		return nil
	}
	return &locked
}

// patch changes the password, the lock or both.
func (c *call) patch(u *user, password *string, locked *bool) response {
	s, changed := c.server, *u
	if password != nil {
		if s.reused(u.auth, *password) {
			return reusedPassword()
		}
		changed.auth, changed.temporary, changed.changedAt = newCredential(*password, s.salt()), false, s.options.Now()
	}
	if locked != nil {
		changed.locked = *locked
	}
	c.node.putUser(u.Identity, &changed)
	return empty()
}

// reused reports whether the cluster refuses a password because it is the
// present one.
func (s *Server) reused(auth *credential, password string) bool {
	return s.compat >= V80 && auth.accepts(password)
}

// reusedPassword is the answer to a password that is the present one.
func reusedPassword() response { return fieldError("password", "Password has already been used.") }

// changePassword serves POST /controller/changePassword.
func (c *call) changePassword() response {
	s := c.server
	if c.caller.onBehalf {
		return textReply(http.StatusForbidden, "Not allowed for on behalf requests.")
	}
	if c.request.Header.Get("Ns-Server-Ui") == "yes" {
		return unauthenticated()
	}
	if c.caller.Domain != Local && c.caller.Domain != adminDomain {
		return missing("Changing of password is not allowed for this user.")
	}
	f := newForm(c.form())
	f.require("password")
	password := f.password(s)
	f.onlyKnown()
	if verdict := f.verdict(c); verdict != nil {
		return *verdict
	}
	if c.caller.Domain == Local {
		return c.patch(c.node.store.users.get(c.caller.Identity), password, nil)
	}
	if s.reused(s.adminAuth, *password) {
		return reusedPassword()
	}
	s.adminAuth = newCredential(*password, s.salt())
	return empty()
}
