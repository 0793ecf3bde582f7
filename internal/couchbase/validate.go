package couchbase

import (
	"strings"
	"unicode/utf8"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// maxName is the longest name, in bytes.
const maxName = 128

// checkKey refuses what could not name anything. An empty name would even
// address something else: the list, or a user called "local".
func checkKey(domain, id string) error {
	if domain != Local && domain != External {
		return fault.Invalid("Domain", "must be local or external")
	}
	if id == "" {
		return fault.Invalid("Name", "must not be empty")
	}
	return nil
}

// checkNew refuses a user that the server would not accept.
func checkNew(field, domain, id string) error {
	if err := checkKey(domain, id); err != nil {
		return err
	}
	return CheckName(field, id)
}

// CheckName refuses names that the server would not accept for something new.
func CheckName(field, name string) error {
	switch {
	case name == "":
		return fault.Invalid(field, "must not be empty")
	case len(name) > maxName:
		return fault.Invalid(field, "must not be longer than %d bytes", maxName)
	case name[0] == '@':
		return fault.Invalid(field, "must not start with @")
	case strings.ContainsAny(name, `()<>,;:\"/[]?={}`) || strings.ContainsFunc(name, isSpaceOrControl) || !utf8.ValidString(name):
		return fault.Invalid(field, `must be UTF-8 without blanks, control characters and any of ()<>,;:\"/[]?={}`)
	}
	return nil
}
