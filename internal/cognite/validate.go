package cognite

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// maxName is the longest name, in bytes, that the server is asked about.
const maxName = 256

// checkName applies what must hold for any name. The server's own rules are
// not documented: names are taken as they are.
func checkName(field, name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return fault.Invalid(field, "must not be empty")
	case len(name) > maxName:
		return fault.Invalid(field, "must not be longer than %d bytes", maxName)
	case !utf8.ValidString(name):
		return fault.Invalid(field, "must be valid UTF-8")
	case strings.ContainsFunc(name, unicode.IsControl):
		return fault.Invalid(field, "must not contain control characters")
	}
	return nil
}

// checkSegment applies what must hold for a name that is a segment of a path.
func checkSegment(field, name string) error {
	if name == "." || name == ".." {
		return fault.Invalid(field, "must not be %q", name)
	}
	return checkName(field, name)
}

// checkNames applies what must hold for the names in one request, which must
// not repeat any and may hold as many as most.
func checkNames(field string, names []string, most int) error {
	if len(names) > most {
		return fault.Invalid(field, "must not be more than %d", most)
	}
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		if err := checkName(field, name); err != nil {
			return err
		}
		if seen[name] {
			return fault.Invalid(field, "must not repeat %q", name)
		}
		seen[name] = true
	}
	return nil
}

// checkSecret applies what must hold for a nonce or a client secret.
func checkSecret(field, secret string) error {
	switch {
	case secret == "":
		return fault.Invalid(field, "must not be empty")
	case !utf8.ValidString(secret):
		return fault.Invalid(field, "must be valid UTF-8")
	}
	return nil
}

// checkIDs applies what must hold for the numbers in one request.
func checkIDs(field string, ids []int64, most int) error {
	if len(ids) > most {
		return fault.Invalid(field, "must not be more than %d", most)
	}
	for _, id := range ids {
		if id <= 0 {
			return fault.Invalid(field, "must be positive")
		}
	}
	return nil
}
