package aistore

import (
	"net/http"
	"regexp"
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
func classify(_ *transport.Request, status int, _ http.Header, body []byte) *fault.Error {
	var answer failure
	if transport.Decode(body, &answer) != nil || answer.Message == "" {
		// The server has no such path or method, or the words are a proxy's.
		return &fault.Error{Kind: kindOfForeign(status), Message: http.StatusText(status)}
	}
	return &fault.Error{Kind: kindOf(status, answer.Message), Code: answer.Code, Message: withoutBody(answer.Message)}
}

// kindOfForeign returns the kind of an answer that is not in AuthN's format.
func kindOfForeign(status int) fault.Kind {
	switch status {
	case http.StatusNotFound:
		return fault.Unsupported
	case http.StatusConflict:
		return fault.Conflict
	default:
		return kindOf(status, "")
	}
}

func kindOf(status int, message string) fault.Kind {
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
		return fault.NotFound
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

var (
	// keyless are the words of key endpoints of a server that signs otherwise.
	keyless = []string{"JWKS not available", "does not have a public key", "rotation not supported", "externally provisioned"}
	// callsToCluster are what AuthN does when a cluster is registered or updated.
	callsToCluster = []string{"failed to validate-signer with ", "failed to sync-tokens with "}
	// unreachable are the words of a cluster that could not be reached.
	unreachable = []string{"dial", "lookup", "connection refused", "timeout", "deadline exceeded", "EOF"}

	quoted = regexp.MustCompile(`"[^"]*"`)
)

func badRequest(message string) fault.Kind {
	for _, call := range callsToCluster {
		if _, rest, found := strings.Cut(message, call); found {
			_, cause, _ := strings.Cut(rest, ": ") // after the cluster's name
			return clusterFailure(cause)
		}
	}
	if containsAny(message, keyless) {
		return fault.Unsupported
	}
	return fault.InvalidArgument
}

// clusterFailure returns the kind of a failed call from AuthN to a cluster.
func clusterFailure(cause string) fault.Kind {
	cause = quoted.ReplaceAllLiteralString(cause, "") // a URL may hold any word
	switch {
	case strings.Contains(cause, "unsupported protocol scheme"):
		return fault.InvalidArgument
	case containsAny(cause, unreachable):
		return fault.Unavailable
	default:
		return fault.Conflict
	}
}

// withoutBody cuts what a message repeats of the body of a request that the
// server could not read. Parts of a secret would not be recognised as such.
func withoutBody(message string) string {
	head, cause, _ := strings.Cut(message, ", err:")
	if strings.Contains(head, "failed to unmarshal") && cause != "" {
		return head
	}
	return message
}

func containsAny(text string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}
