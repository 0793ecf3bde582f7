package couchbase

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// form is a set of fields under validation.
type form struct {
	fields pairs
	known  map[string]bool
	errors map[string]jsontext.Value
}

func newForm(fields pairs) *form {
	return &form{fields: fields, known: map[string]bool{}, errors: map[string]jsontext.Value{}}
}

// fail records what is wrong with a field; "_" is the whole form.
func (f *form) fail(field, message string) { f.errors[field] = encode(message) }

// get returns a field unless it is absent or known to be wrong, and makes it
// one that the endpoint knows.
func (f *form) get(field string) (string, bool) {
	f.known[field] = true
	value, ok := f.fields.first(field)
	return value, ok && f.errors[field] == nil
}

// optional returns nil for a field that is absent.
func (f *form) optional(field string) *string {
	value, ok := f.get(field)
	if !ok {
		return nil
	}
	return &value
}

// require refuses the absence of a field.
func (f *form) require(field string) {
	f.known[field] = true
	if _, ok := f.fields.first(field); !ok {
		f.fail(field, "The value must be supplied")
	}
}

// prohibit refuses the presence of a field.
func (f *form) prohibit(field, message string) {
	if _, ok := f.fields.first(field); ok {
		f.fail(field, message)
	}
}

// oneOf returns a field that has one of a few values, or "".
func (f *form) oneOf(field string, values ...string) string {
	value, ok := f.get(field)
	if !ok {
		return ""
	}
	if slices.Contains(values, value) {
		return value
	}
	f.fail(field, "The value must be one of the following: ["+strings.Join(values, ",")+"]")
	return ""
}

// boolean returns a field that is true or false; absent is false.
func (f *form) boolean(field string) bool { return f.oneOf(field, "true", "false") == "true" }

// integer returns a field that is a number within bounds; absent is 0.
func (f *form) integer(field string, low, high int) int {
	value, ok := f.get(field)
	if !ok {
		return 0
	}
	number, err := strconv.Atoi(value)
	switch {
	case err != nil:
		f.fail(field, "The value must be an integer")
	case number < low || number > high:
		f.fail(field, "The value must be in range from "+strconv.Itoa(low)+" to "+strconv.Itoa(high)+" (inclusive)")
	}
	return number
}

// permission returns a field that names a permission, or nil.
func (f *form) permission() *permission {
	value, ok := f.get("permission")
	if !ok {
		return nil
	}
	parsed, err := parsePermission(value)
	if err != nil {
		f.fail("permission", "Malformed permission")
		return nil
	}
	return &parsed
}

// onlyKnown refuses every field that nothing asked for.
func (f *form) onlyKnown() {
	for _, field := range f.fields {
		if !f.known[field.key] {
			f.fail(field.key, "Unsupported key")
		}
	}
}

// verdict returns the answer if there is nothing left to do: something is
// wrong, or only validation was asked for.
func (f *form) verdict(c *call) *response {
	status := http.StatusOK
	if len(f.errors) > 0 {
		status = http.StatusBadRequest
	} else if !c.justValidate() {
		return nil
	}
	answer := jsonReply(status, struct {
		Errors map[string]jsontext.Value `json:"errors"`
	}{f.errors})
	return &answer
}
