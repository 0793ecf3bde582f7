package couchbase

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// lookUpLDAPUser is the third part of the path whose 404s are about LDAP.
const lookUpLDAPUser = "lookupLDAPUser"

// passwordExpired is the code of the failure of a user that has to change its
// password first.
const passwordExpired = "passwordExpired"

// words is what an answer outside 2xx says.
type words struct {
	text        string            // the whole, empty if it is not the server's
	fields      map[string]string // by field of the form, "_" for the whole request
	json        bool              // the text is JSON and so from the management service itself
	permissions []string
	expired     bool
}

// read makes sense of a body, which may be a JSON string, an object, a list,
// text, or a proxy's HTML.
func read(body []byte) words {
	switch value := jsontext.Value(body); {
	case !value.IsValid():
		text := strings.TrimSpace(string(body))
		if strings.HasPrefix(text, "<") {
			text = ""
		}
		return words{text: text}
	case value.Kind() == '"':
		var text string
		_ = json.Unmarshal(value, &text)
		return words{text: text, json: true}
	case value.Kind() == '[':
		var texts []string
		_ = json.Unmarshal(value, &texts)
		return words{text: strings.Join(texts, "; "), json: true}
	case value.Kind() == '{':
		return readObject(value)
	default:
		return words{}
	}
}

func readObject(value jsontext.Value) words {
	var o struct {
		Errors          jsontext.Value `json:"errors"`
		Message         string         `json:"message"`
		Permissions     []string       `json:"permissions"`
		PasswordExpired bool           `json:"passwordExpired"`
	}
	_ = transport.Decode(value, &o)
	w := words{text: o.Message, json: true, permissions: o.Permissions, expired: o.PasswordExpired}
	var text string
	var fields map[string]jsontext.Value
	if json.Unmarshal(o.Errors, &text) == nil && text != "" {
		w.text = text
	} else if json.Unmarshal(o.Errors, &fields) == nil {
		w.fields = map[string]string{}
		for field, value := range fields {
			text := read(value).text
			w.fields[field] = text
		}
		w.text = joinFields(w.fields)
	}
	return w
}

func joinFields(fields map[string]string) string {
	var texts []string
	for field, text := range fields {
		if field != "_" {
			text = field + ": " + text
		}
		texts = append(texts, text)
	}
	slices.Sort(texts)
	return strings.Join(texts, "; ")
}

// classify tells the kind of a failure by status and body.
func classify(r *transport.Request, status int, _ http.Header, body []byte) *fault.Error {
	w := read(body)
	f := &fault.Error{Kind: kindOf(r, status, w), Message: w.text}
	if f.Message == "" {
		f.Message = http.StatusText(status)
	}
	switch status {
	case http.StatusBadRequest:
		explainFields(f, w)
	case http.StatusForbidden:
		f.Permissions = w.permissions
		if w.expired {
			f.Code = passwordExpired
		}
	case http.StatusServiceUnavailable:
		f.NotExecuted = w.text == "Not allowed during cluster upgrade." || strings.HasPrefix(w.text, "Temporary error occurred.")
	}
	return f
}

func kindOf(r *transport.Request, status int, w words) fault.Kind {
	switch status {
	case http.StatusBadRequest:
		return badRequest(r, w)
	case http.StatusUnauthorized:
		return fault.Unauthenticated
	case http.StatusForbidden:
		return fault.PermissionDenied
	case http.StatusNotFound:
		return notFound(r, w)
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return fault.Unsupported
	case http.StatusConflict:
		return fault.Conflict
	case http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong:
		return fault.InvalidArgument
	}
	if status >= http.StatusInternalServerError || status == http.StatusRequestTimeout {
		return fault.Unavailable
	}
	return fault.Internal
}

// notFound tells apart what 404 stands for: something is missing, or the
// server has no such thing at all.
func notFound(r *transport.Request, w words) fault.Kind {
	switch {
	case strings.HasPrefix(w.text, "Cluster uuid does not match"):
		return fault.Unavailable
	case !w.json:
		return fault.Unsupported
	case w.text == "Unknown user domain.":
		return fault.InvalidArgument
	case strings.Contains(w.text, "is not allowed for this user"), strings.HasPrefix(w.text, "LDAP is disabled"):
		return fault.Unsupported
	case len(r.Path) > 2 && r.Path[2] == lookUpLDAPUser:
		return fault.NotFound
	}
	switch w.text {
	case "Unknown user.", "User was not found.", "Unknown group.", "Group was not found.", "UI profile was not found.":
		return fault.NotFound
	}
	return fault.Unsupported
}

// lacking are words about what this edition or version does not have.
var lacking = []string{"enterprise edition", "community edition", "mixed version clusters"}

func badRequest(r *transport.Request, w words) fault.Kind {
	text := strings.ToLower(w.text)
	for _, words := range lacking {
		if strings.Contains(text, words) {
			return fault.Unsupported
		}
	}
	if strings.Contains(text, "accessible from localhost only") {
		return fault.PermissionDenied
	}
	for field, text := range w.fields {
		if strings.HasPrefix(text, "Unsupported key") && laterField(r, field) {
			return fault.Unsupported
		}
	}
	return fault.InvalidArgument
}

// laterField reports whether a field that a server does not know is one that a
// later version does.
func laterField(r *transport.Request, field string) bool {
	switch field {
	case "locked", "temporaryPassword", "groups":
		return true
	case "password":
		return r.Method == http.MethodPatch
	}
	return false
}

// IsNewUser reports whether err is the refusal of a PUT without a password
// because there is no user that could keep its own.
func IsNewUser(err error) bool {
	f, ok := errors.AsType[*fault.Error](err)
	return ok && strings.HasPrefix(f.Fields["password"], "Password is required for new user")
}

const (
	unknownRoles  = "roles are unknown, malformed or role parameters are undefined: ["
	unknownGroups = "Groups do not exist: "
)

// explainFields adds to f what is wrong with the fields. It names the role or
// group that the server does not take.
func explainFields(f *fault.Error, w words) {
	f.Fields = w.fields
	if f.Kind != fault.InvalidArgument {
		return
	}
	if _, names, found := strings.Cut(w.fields["groups"], unknownGroups); found {
		name, _, _ := strings.Cut(names, ",")
		f.Resource, f.Name = "group", strings.TrimSpace(name)
	}
	if _, names, found := strings.Cut(w.fields["roles"], unknownRoles); found {
		f.Resource, f.Name = "role", firstRole(names)
	}
}

// firstRole returns the first of a list of roles, with its scope.
func firstRole(list string) string {
	list = strings.TrimSuffix(strings.TrimSpace(list), "]")
	depth := 0
	for i, r := range list {
		switch r {
		case '[':
			depth++
		case ']':
			depth--
		case ',':
			if depth == 0 {
				return strings.TrimSpace(list[:i])
			}
		}
	}
	return strings.TrimSpace(list)
}
