package iguazio

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
)

// attributes are the attributes of a resource as they came, so that those
// that nobody knows stay what they are.
type attributes map[string]json.RawMessage

// jsonValue is what attributes that the server writes are made of.
type jsonValue interface {
	string | []string | int64 | bool | []permission
}

// set stores a value.
func set[T jsonValue](a attributes, name string, value T) {
	text, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("iguazio: attribute %s: %v", name, err))
	}
	a[name] = text
}

// setDefault is set for an attribute that is absent.
func setDefault[T jsonValue](a attributes, name string, value T) {
	if _, ok := a[name]; !ok {
		set(a, name, value)
	}
}

// read returns an attribute, the zero value if it is absent or of another type.
func read[T any](a attributes, name string) T {
	var value T
	if json.Unmarshal(a[name], &value) != nil {
		var none T
		return none
	}
	return value
}

// text returns an attribute that is a text, else "".
func (a attributes) text(name string) string { return read[string](a, name) }

// isNull reports whether a value is JSON's null.
func isNull(value json.RawMessage) bool { return string(value) == "null" }

// merge takes over what is given. A null takes the attribute away.
func (a attributes) merge(given attributes) {
	for name, value := range given {
		if isNull(value) {
			delete(a, name)
			continue
		}
		a[name] = value
	}
}

// rule says what an attribute has to be.
type rule func(value json.RawMessage) bool

// is accepts values of one type.
func is[T any](value json.RawMessage) bool {
	var as T
	return json.Unmarshal(value, &as) == nil
}

// oneOf accepts some texts.
func oneOf(texts ...string) rule {
	return func(value json.RawMessage) bool {
		var text string
		return json.Unmarshal(value, &text) == nil && slices.Contains(texts, text)
	}
}

// listOf accepts lists of some texts.
func listOf(texts ...string) rule {
	return func(value json.RawMessage) bool {
		var list []string
		return json.Unmarshal(value, &list) == nil &&
			!slices.ContainsFunc(list, func(text string) bool { return !slices.Contains(texts, text) })
	}
}

// label is a label, an annotation or a selector of a project.
type label struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// rules are what the attributes that the server knows have to be.
var rules = map[string]rule{
	"username": is[string], "first_name": is[string], "last_name": is[string], "email": is[string], "password": is[string],
	"phone_number": is[string], "job_title": is[string], "department": is[string], "description": is[string], "name": is[string],
	"uid": is[int64], "gid": is[int64], "assigned_policies": is[[]string], "send_password_on_creation": is[bool],
	"data_access_mode": oneOf("enabled", "disabled"), "authentication_methods": listOf("password", "sso"),
	"labels": is[[]label], "annotations": is[[]label], "default_function_node_selector": is[[]label],
	"mlrun_project": is[string], "nuclio_project": is[string],
	"planes": listOf(dataPlane, controlPlane), "label": is[string], "ttl": is[int64],
}

// check refuses attributes that are not what they have to be. Nulls stand for
// absent ones.
func (a attributes) check() error {
	for name, value := range a {
		if valid, ok := rules[name]; ok && !isNull(value) && !valid(value) {
			return errorf(http.StatusBadRequest, "Invalid value of attribute %s", name)
		}
	}
	return nil
}

// requireText refuses attributes among which a text is missing or empty.
func (a attributes) requireText(names ...string) error {
	for _, name := range names {
		if a.text(name) == "" {
			return errMissing(name)
		}
	}
	return nil
}

// require refuses attributes among which one is missing. A text may be empty.
func (a attributes) require(names ...string) error {
	for _, name := range names {
		if value, ok := a[name]; !ok || isNull(value) {
			return errMissing(name)
		}
	}
	return nil
}

func errMissing(name string) error {
	return errorf(http.StatusBadRequest, "Missing required attribute %s", name)
}
