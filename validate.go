package usermgmt

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/usermgmt/usermgmt/internal/fault"
)

const (
	// maxName is the longest name, in bytes, that any backend is asked for.
	maxName = 256
	// maxScope is the longest scope of a role, in bytes: it can name several things.
	maxScope = 1024
	// maxText is the longest text for people to read, in bytes.
	maxText = 4096
)

// validator collects what is wrong with a request, by field. The rules are
// those that hold for every backend; a backend adds its own.
type validator struct {
	backend string // empty where nobody knows which one there is
	can     Capabilities
	fields  map[string]string
}

// err returns the problems as one failure, nil if there are none.
func (v *validator) err() error {
	if len(v.fields) == 0 {
		return nil
	}
	var problems []string
	for _, field := range slices.Sorted(maps.Keys(v.fields)) {
		problems = append(problems, field+" "+v.fields[field])
	}
	return &fault.Error{Kind: fault.InvalidArgument, Message: strings.Join(problems, "; "), Fields: v.fields}
}

// problemf notes what is wrong with a field; the first problem of a field counts.
func (v *validator) problemf(field, format string, args ...any) {
	if _, known := v.fields[field]; known {
		return
	}
	if v.fields == nil {
		v.fields = map[string]string{}
	}
	v.fields[field] = fmt.Sprintf(format, args...)
}

// name checks a required name.
func (v *validator) name(field, name string) { v.bounded(field, name, maxName) }

func (v *validator) bounded(field, name string, most int) {
	switch {
	case name == "":
		v.problemf(field, "must not be empty")
	case name == "." || name == "..":
		v.problemf(field, "must not be %q", name)
	case len(name) > most:
		v.problemf(field, "must not be longer than %d bytes", most)
	case !utf8.ValidString(name):
		v.problemf(field, "must be valid UTF-8")
	case strings.ContainsFunc(name, unicode.IsControl):
		v.problemf(field, "must not contain control characters")
	case strings.TrimSpace(name) == "":
		v.problemf(field, "must not be blank")
	}
}

// description checks text for people to read that may have several lines.
func (v *validator) description(field, text string) {
	v.text(field, strings.NewReplacer("\r\n", " ", "\n", " ", "\t", " ").Replace(text))
}

// text checks a line for people to read.
func (v *validator) text(field, text string) {
	switch {
	case len(text) > maxText:
		v.problemf(field, "must not be longer than %d bytes", maxText)
	case !utf8.ValidString(text):
		v.problemf(field, "must be valid UTF-8")
	case strings.ContainsFunc(text, unicode.IsControl):
		v.problemf(field, "must not contain control characters")
	}
}

func (v *validator) optionalText(field string, text *string) {
	if text != nil {
		v.text(field, *text)
	}
}

// input refuses a field that is given although the backend has no place for
// it. It reports whether the field is given and has a place.
func (v *validator) input(field string, given bool, need Capability) bool {
	if given && v.can.Of(need) == SupportNo {
		v.problemf(field, "is not supported by this backend, which lacks %v", need)
		return false
	}
	return given
}

// role checks one role.
func (v *validator) role(field string, role Role) {
	v.name(field, role.Name)
	if strings.ContainsAny(role.Name, "[]") {
		v.problemf(field, "must not have brackets in the name of a role")
	}
	if v.input(field, role.Scope != "", CapRoleScope) {
		v.bounded(field, role.Scope, maxScope)
		if strings.ContainsAny(role.Scope, "[]") {
			v.problemf(field, "must not have brackets in the scope of a role")
		}
	}
}

// roles checks a list of roles, which may be empty.
func (v *validator) roles(field string, roles []Role, need Capability) {
	if !v.input(field, len(roles) > 0, need) {
		return
	}
	for i, role := range roles {
		v.role(indexed(field, i), role)
	}
}

// someRoles checks a list of roles that must not be empty.
func (v *validator) someRoles(field string, roles []Role, need Capability) {
	if len(roles) == 0 {
		v.problemf(field, "must name at least one role")
	}
	v.roles(field, roles, need)
}

// groups checks a list of group names, which may be empty.
func (v *validator) groups(field string, groups []string) {
	if !v.input(field, len(groups) > 0, CapAddGroupMember) {
		return
	}
	for i, group := range groups {
		v.name(indexed(field, i), group)
	}
}

func (v *validator) member(field string, member Member) {
	v.name(field, member.Name)
	switch member.Kind {
	case KindUser:
	case KindGroup:
		v.input(field, true, CapProjectGroups)
	default:
		v.problemf(field, "must be a user or a group")
	}
}

// credential checks what the user of that name is to log in with, nil for
// nothing. Which kinds there are is up to the backend.
func (v *validator) credential(field string, credential Credential, name string) {
	if isPointer(credential) {
		v.problemf(field, "must be given by value, not by pointer")
		return
	}
	switch c := credential.(type) {
	case PasswordCredential:
		v.input(field, true, CapUserPassword)
		if c.Username != "" && c.Username != name {
			v.problemf(field, "must not name another user")
		}
		if c.Password.IsZero() {
			v.problemf(field, "must not be empty")
		}
	case SessionNonceCredential:
		if c.Nonce.IsZero() {
			v.problemf(field, "must not be empty")
		}
	}
}

// wrongCredential says that a credential is not of a kind that is taken.
func wrongCredential(credential Credential, taken string) string {
	if isPointer(credential) {
		return "must be given by value, not by pointer"
	}
	return fmt.Sprintf("must not be of kind %s: %s", credential.credentialKind(), taken)
}

// isPointer reports whether an input of a sealed interface was given by
// pointer, which may be nil.
func isPointer(input any) bool { return reflect.ValueOf(input).Kind() == reflect.Pointer }

// extension checks that an extension belongs to the client's backend.
func (v *validator) extension(e extension) {
	if e == nil {
		return
	}
	if isPointer(e) {
		v.problemf("Extension", "must be given by value, not by pointer")
		return
	}
	if owner := e.extensionOf(); v.backend != "" && owner != v.backend {
		v.problemf("Extension", "is of backend %s, but the client's is %s", owner, v.backend)
	}
}

func indexed(field string, i int) string { return fmt.Sprintf("%s[%d]", field, i) }
