package couchbase

import (
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// nameProblem says what is wrong with the ID of a user or the name of a group,
// or "".
func nameProblem(name, what string) string {
	switch {
	case name == "":
		return what + " must not be empty"
	case len(name) > 128:
		return what + " may not exceed 128 characters"
	case name[0] == '@':
		return what + " cannot start with '@'"
	case strings.ContainsAny(name, `()<>,;:\"/[]?={}`) || !utf8.ValidString(name) || hasControl(name, ' '):
		return what + ` must not contain spaces, control or any of ()<>,;:\"/[]?={} characters and must be valid utf8`
	}
	return ""
}

// hasControl reports whether text has a byte up to last, or a delete.
func hasControl(text string, last byte) bool {
	for i := range len(text) {
		if text[i] <= last || text[i] == 127 {
			return true
		}
	}
	return false
}

// policy is the password policy, in the form of GET /settings/passwordPolicy.
type policy struct {
	MinLength int  `json:"minLength"`
	Uppercase bool `json:"enforceUppercase"`
	Lowercase bool `json:"enforceLowercase"`
	Digits    bool `json:"enforceDigits"`
	Special   bool `json:"enforceSpecialChars"`
}

// problem says which rule a password breaks first, or "".
func (p policy) problem(password string, v Version) string {
	switch {
	case len(password) < p.MinLength:
		return "The password must be at least " + strconv.Itoa(p.MinLength) + " characters long."
	case !utf8.ValidString(password):
		return "The password must be valid utf8"
	case hasControl(password, 31):
		return "The password must not contain control characters"
	case p.Uppercase && strings.ToLower(password) == password:
		return "The password must contain at least one uppercase letter"
	case p.Lowercase && strings.ToUpper(password) == password:
		return "The password must contain at least one lowercase letter"
	case p.Digits && !strings.ContainsAny(password, "0123456789"):
		return "The password must contain at least one digit"
	case p.Special && !strings.ContainsAny(password, v.special()):
		return "The password must contain at least one of the following characters: " + v.special()
	}
	return ""
}

// password validates the field of that name, and returns nil if it is absent.
func (f *form) password(s *Server) *string {
	value, ok := f.get("password")
	if !ok {
		return nil
	}
	if problem := s.policy.problem(value, s.compat); problem != "" {
		f.fail("password", problem)
	}
	return &value
}

// readPolicy serves GET /settings/passwordPolicy.
func (c *call) readPolicy() response { return jsonReply(http.StatusOK, c.server.policy) }

// writePolicy serves POST /settings/passwordPolicy.
func (c *call) writePolicy() response {
	f := newForm(c.form())
	f.require("minLength")
	next := policy{
		MinLength: f.integer("minLength", 0, 100),
		Uppercase: f.boolean("enforceUppercase"),
		Lowercase: f.boolean("enforceLowercase"),
		Digits:    f.boolean("enforceDigits"),
		Special:   f.boolean("enforceSpecialChars"),
	}
	f.onlyKnown()
	if verdict := f.verdict(c); verdict != nil {
		return *verdict
	}
	c.server.policy = next
	return empty()
}
