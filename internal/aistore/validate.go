package aistore

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/usermgmt/usermgmt/internal/fault"
)

const (
	// MaxNameLength is the longest name of a new user, role or alias.
	MaxNameLength = 32
	// MaxPasswordLength is the longest password in bytes: of a longer one the
	// server drops the connection.
	MaxPasswordLength = 72
	// MinTokenTTL is the shortest life of a token that the server issues.
	MinTokenTTL = time.Minute
)

// checkNewName applies the rule for new users, roles and aliases. The server
// has it, too; to apply it here keeps a secret in the same request at home.
func checkNewName(field, name string) error {
	switch {
	case name == "":
		return fault.Invalid(field, "must not be empty")
	case len(name) > MaxNameLength:
		return fault.Invalid(field, "must not be longer than %d characters", MaxNameLength)
	case strings.ContainsFunc(name, func(r rune) bool { return !isNameRune(r) }):
		return fault.Invalid(field, "may only contain the letters a to z and A to Z, digits, - and _")
	case strings.ContainsRune("-_", rune(name[0])), strings.ContainsRune("-_", rune(name[len(name)-1])):
		return fault.Invalid(field, "must not begin or end with - or _")
	}
	return nil
}

func isNameRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_'
}

// checkName applies what must hold for any name in a path. Stores of older
// servers, and the roles that come with a cluster, have names that the rule
// for new ones forbids. A slash would make the server act on another thing,
// also when it is escaped.
func checkName(field, name string) error {
	switch {
	case name == "":
		return fault.Invalid(field, "must not be empty")
	case name == "." || name == "..":
		return fault.Invalid(field, "must not be %q", name)
	case len(name) > 256:
		return fault.Invalid(field, "must not be longer than 256 bytes")
	case !utf8.ValidString(name):
		return fault.Invalid(field, "must be valid UTF-8")
	case strings.Contains(name, "/"):
		return fault.Invalid(field, "must not contain a slash, which would make the server act on something else")
	case strings.ContainsFunc(name, unicode.IsControl):
		return fault.Invalid(field, "must not contain control characters")
	}
	return nil
}

func checkPassword(field, password string) error {
	switch {
	case password == "":
		return fault.Invalid(field, "must not be empty")
	case len(password) > MaxPasswordLength:
		return fault.Invalid(field, "must not be longer than %d bytes, which the server cannot take", MaxPasswordLength)
	case !utf8.ValidString(password):
		return fault.Invalid(field, "must be valid UTF-8")
	}
	return nil
}

func checkTTL(ttl *time.Duration) error {
	if ttl != nil && *ttl != 0 && *ttl < MinTokenTTL {
		return fault.Invalid("lifetime", "must be 0 or at least %v", MinTokenTTL)
	}
	return nil
}
