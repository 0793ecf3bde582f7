package iguazio

import (
	"net/http"
	"strings"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// failure is the body of an answer outside 2xx.
type failure struct {
	Errors []struct {
		Status number `json:"status"`
		Detail word   `json:"detail"`
	} `json:"errors"`
	Meta struct {
		Context word `json:"ctx"`
	} `json:"meta"`
}

// classify tells the kind of a failure by its status: that of the body, which
// is closer to the cause, or that of HTTP.
func classify(r *transport.Request, status int, _ http.Header, body []byte) *fault.Error {
	var answer failure
	if transport.Decode(body, &answer) != nil || len(answer.Errors) == 0 {
		// There is no body, or the words are a gateway's.
		kind := kindOf(status, "", creates(r))
		if status == http.StatusNotFound && transport.Foreign(body) {
			kind = fault.Unsupported
		}
		return &fault.Error{Kind: kind, Message: http.StatusText(status), RequestID: string(answer.Meta.Context)}
	}
	var details []string
	for _, e := range answer.Errors {
		if e.Detail != "" {
			details = append(details, string(e.Detail))
		}
	}
	if inner := int(answer.Errors[0].Status); inner >= http.StatusBadRequest && status != http.StatusUnauthorized {
		status = inner
	}
	message := strings.Join(details, "; ")
	f := &fault.Error{Kind: kindOf(status, message, creates(r)), Message: message, RequestID: string(answer.Meta.Context)}
	if message == "" {
		f.Message = http.StatusText(status)
	}
	return f
}

// creates reports whether a request makes something that has a name.
func creates(r *transport.Request) bool {
	if r.Method != http.MethodPost || len(r.Path) != 2 {
		return false
	}
	switch r.Path[1] {
	case "users", "user_groups", "projects", "access_keys":
		return true
	default:
		return false
	}
}

// kindOf returns the kind of an HTTP status, which is also what a failed job
// tells. create is set if something was to be made.
func kindOf(status int, message string, create bool) fault.Kind {
	switch status {
	case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusUnprocessableEntity,
		http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong:
		if create && strings.Contains(strings.ToLower(message), "already exists") {
			return fault.AlreadyExists
		}
		return fault.InvalidArgument
	case http.StatusUnauthorized:
		return fault.Unauthenticated
	case http.StatusForbidden:
		return fault.PermissionDenied
	case http.StatusNotFound:
		return fault.NotFound
	case http.StatusConflict:
		if create {
			return fault.AlreadyExists
		}
		return fault.Conflict
	case http.StatusPreconditionFailed, http.StatusLocked:
		return fault.Conflict
	case http.StatusTooManyRequests:
		return fault.RateLimited
	case http.StatusNotImplemented:
		return fault.Unsupported
	}
	if status >= http.StatusInternalServerError || status == http.StatusRequestTimeout {
		return fault.Unavailable
	}
	return fault.Internal
}
