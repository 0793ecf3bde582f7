package cognite

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// Item is how a server names one item of a request: by one member, such as
// username, or by several.
type Item map[string]string

// Detail is what a server tells of a failure beside its words. It is the
// cause of the failure.
type Detail struct {
	// Missing are the items that do not exist, nil if none are named.
	Missing []Item
	// Duplicated are the items that exist already, nil if none are named.
	Duplicated []Item
	// Extra holds other members of the server's error, those that are no
	// strings as JSON text; nil if there are none.
	Extra map[string]string
}

// Error says what Detail holds, without names.
func (d *Detail) Error() string { return "the server named the items that it is about" }

// failure is what the forms of error bodies come to.
type failure struct {
	code       string
	message    string
	retryable  bool
	missing    []Item
	duplicated []Item
	extra      map[string]string
}

// classify tells the kind of a failure by the status and the items that the
// body names. The code in the body is not asked: the status wins.
func (c *Client) classify(r *transport.Request, status int, header http.Header, body []byte) *fault.Error {
	if r.Origin != nil {
		return classifyToken(status, body)
	}
	read := readFailure(body)
	f := &fault.Error{Kind: kindOf(r, status, read), Code: read.code, Message: read.message}
	if status == http.StatusNotFound && transport.Foreign(body) {
		f.Kind = fault.Unsupported
	}
	if f.Message == "" {
		f.Message = http.StatusText(status) // the words are a proxy's, or there are none
	}
	f.Repeatable = read.retryable || strings.EqualFold(header.Get("Cdf-Is-Auto-Retryable"), "true")
	f.NotExecuted = status == http.StatusNotImplemented
	if detail := c.detail(r, read); detail != nil {
		f.Err = c.cause(detail)
	}
	return f
}

func kindOf(r *transport.Request, status int, read failure) fault.Kind {
	missing, duplicated := len(read.missing) > 0, len(read.duplicated) > 0
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		if missing {
			return fault.NotFound
		}
		return fault.InvalidArgument
	case http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusRequestURITooLong:
		return fault.InvalidArgument
	case http.StatusUnauthorized:
		return fault.Unauthenticated
	case http.StatusForbidden:
		return fault.PermissionDenied
	case http.StatusNotFound:
		return fault.NotFound
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return fault.Unsupported
	case http.StatusConflict:
		if duplicated && !missing && creates(r) {
			return fault.AlreadyExists
		}
		return fault.Conflict
	}
	if status >= http.StatusInternalServerError || status == http.StatusRequestTimeout {
		return fault.Unavailable
	}
	return fault.Internal
}

// creates reports whether a request creates something: the path of a
// collection, or of the tables of a user.
func creates(r *transport.Request) bool {
	if r.Method != http.MethodPost || len(r.Path) <= projectSegments {
		return false
	}
	rest := r.Path[projectSegments:]
	return len(rest) == 1 || len(rest) == 3 && rest[1] == "tables"
}

// projectSegments is how many segments come before those beneath a project.
const projectSegments = 4

// readFailure reads the body of an answer outside 2xx, of whatever form.
func readFailure(body []byte) failure {
	var answer struct {
		Error   jsontext.Value `json:"error"`
		Message string         `json:"message"`
	}
	var f failure
	if transport.Decode(body, &answer) != nil {
		return f
	}
	f.message = answer.Message
	f.read(answer.Error)
	return f
}

// read adds what a server's error says: an object, a text, or a list of them.
func (f *failure) read(value jsontext.Value) {
	switch value.Kind() {
	case '"':
		if f.message == "" {
			f.message = textOf(value)
		}
	case '[':
		var list []jsontext.Value
		if transport.Decode(value, &list) == nil {
			for _, element := range list {
				if element.Kind() != '[' {
					f.read(element)
				}
			}
		}
	case '{':
		var members map[string]jsontext.Value
		if transport.Decode(value, &members) == nil {
			f.readMembers(members)
		}
	default: // says nothing
	}
}

func (f *failure) readMembers(members map[string]jsontext.Value) {
	for name, value := range members {
		switch name {
		case "code":
			f.code = textOf(value)
		case "message":
			if value.Kind() == '"' && f.message == "" {
				f.message = textOf(value)
			}
		case "missing":
			f.missing = append(f.missing, itemsOf(value)...)
		case "duplicated":
			f.duplicated = append(f.duplicated, itemsOf(value)...)
		case "isAutoRetryable":
			f.retryable = value.Kind() == 't'
		default:
			if f.extra == nil {
				f.extra = map[string]string{}
			}
			f.extra[name] = textOf(value)
		}
	}
}

// itemsOf reads a list of items. One that is no object is named by its text.
func itemsOf(value jsontext.Value) []Item {
	var list []jsontext.Value
	if value.Kind() != '[' || transport.Decode(value, &list) != nil {
		return nil
	}
	found := make([]Item, 0, len(list))
	for _, element := range list {
		item := Item{}
		var members map[string]jsontext.Value
		if element.Kind() != '{' || transport.Decode(element, &members) != nil {
			item[""] = textOf(element)
		}
		for name, member := range members {
			item[name] = textOf(member)
		}
		found = append(found, item)
	}
	return found
}

// textOf returns the content of a JSON string, or the text of another value.
func textOf(value jsontext.Value) string {
	var text string
	if value.Kind() == '"' && transport.Decode(value, &text) == nil {
		return text
	}
	return strings.TrimSpace(string(value))
}

// detail returns what a failure names, with secrets removed as they are from
// messages; nil if it names nothing.
func (c *Client) detail(r *transport.Request, read failure) *Detail {
	if len(read.missing) == 0 && len(read.duplicated) == 0 && len(read.extra) == 0 {
		return nil
	}
	secrets := r.Secrets
	if grant := c.session.Current(); grant != nil {
		secrets = slices.Concat(secrets, grant.Secrets)
	}
	redact := func(texts map[string]string) {
		for name, text := range texts {
			texts[name] = transport.Redact(text, secrets)
		}
	}
	for _, item := range slices.Concat(read.missing, read.duplicated) {
		redact(item)
	}
	redact(read.extra)
	return &Detail{Missing: read.missing, Duplicated: read.duplicated, Extra: read.extra}
}
