package iguazio

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// operatorStart begins a filter value that is an operator and not a text.
const operatorStart = "[$"

// CheckName applies what must hold for any name. One that begins like an
// operator would find somebody else.
func CheckName(field, name string) error {
	switch {
	case name == "":
		return fault.Invalid(field, "must not be empty")
	case !utf8.ValidString(name):
		return fault.Invalid(field, "must be valid UTF-8")
	case strings.ContainsFunc(name, unicode.IsControl):
		return fault.Invalid(field, "must not contain control characters")
	case strings.HasPrefix(name, operatorStart):
		return fault.Invalid(field, "must not begin with %s, which is an operator to the server", operatorStart)
	}
	return nil
}

// checkID applies what must hold for any ID, which is an opaque text. The
// transport keeps what would change a path from getting there.
func checkID(field, id string) error {
	if id == "" {
		return fault.Invalid(field, "must not be empty")
	}
	return nil
}

func checkIDs(field string, ids []string) error {
	for _, id := range ids {
		if err := checkID(field, id); err != nil {
			return err
		}
	}
	return nil
}

var (
	fieldForm    = regexp.MustCompile(`^[A-Za-z0-9_.]+$`)
	operatorForm = regexp.MustCompile(`^[a-z_-]+$`)
)

// checkField applies what must hold for the name of an attribute or a path of
// relationships.
func checkField(field, name string) error {
	if !fieldForm.MatchString(name) {
		return fault.Invalid(field, "must be names of letters, digits and underscores, joined by dots")
	}
	return nil
}
