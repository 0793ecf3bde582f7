package aistore

import (
	"net/http"
	"strings"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// failure is the body of an answer outside 2xx.
type failure struct {
	Code    string `json:"tcode"`
	Message string `json:"message"`
}

// classify tells the kind of a failure by status and message: AuthN's own
// code does not.
func classify(r *transport.Request, status int, _ http.Header, body []byte) *fault.Error {
	var answer failure
	// 404 and 405 of paths that this version does not serve, and whatever a
	// proxy says, are no JSON.
	isJSON := transport.Decode(body, &answer) == nil && answer.Message != ""
	f := &fault.Error{Code: answer.Code, Message: answer.Message}
	if !isJSON {
		f.Message = http.StatusText(status)
	}
	f.Kind = kindOf(r, status, answer.Message, isJSON)
	// AuthN itself sends this status only for a cluster that it could not reach.
	f.NotExecuted = status == http.StatusServiceUnavailable && strings.Contains(answer.Message, "retriable soft error")
	return f
}

func kindOf(r *transport.Request, status int, message string, isJSON bool) fault.Kind {
	switch status {
	case http.StatusBadRequest:
		return badRequest(message)
	case http.StatusUnauthorized:
		// The same status says "who are you" and, with this prefix, "you may not".
		if strings.HasPrefix(message, "not authorized:") {
			return fault.PermissionDenied
		}
		return fault.Unauthenticated
	case http.StatusForbidden:
		return fault.PermissionDenied
	case http.StatusNotFound:
		if isJSON {
			return fault.NotFound
		}
		return fault.Unsupported
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return fault.Unsupported
	case http.StatusConflict:
		return fault.AlreadyExists
	case http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong:
		return fault.InvalidArgument
	}
	if status >= http.StatusInternalServerError || status == http.StatusRequestTimeout {
		return fault.Unavailable
	}
	return fault.Internal
}

// keyless are the words of key endpoints of a server that signs otherwise.
var keyless = []string{"JWKS not available", "does not have a public key", "rotation not supported", "externally provisioned"}

// network are the words of a cluster that could not be reached.
var network = []string{"dial", "lookup", "connection refused", "timeout", "deadline exceeded", "EOF"}

func badRequest(message string) fault.Kind {
	switch {
	case containsAny(message, keyless):
		return fault.Unsupported
	case !containsAny(message, []string{"failed to validate-signer with", "failed to sync-tokens with"}):
		return fault.InvalidArgument
	case strings.Contains(message, "unsupported protocol scheme"):
		return fault.InvalidArgument
	case containsAny(message, network):
		return fault.Unavailable
	default:
		return fault.Conflict
	}
}

func containsAny(text string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}
