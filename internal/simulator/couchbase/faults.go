package couchbase

import (
	"net/http"

	"github.com/usermgmt/usermgmt/internal/simulator"
)

// The effects below are the ways in which a server fails that have words of
// their own. None lets the request take effect; see [simulator.After] for one
// that does.

// ServerError is the answer of a server with a bug; it closes the connection.
func ServerError() simulator.Effect {
	return simulator.Answer(http.StatusInternalServerError,
		http.Header{"Content-Type": {"application/json"}, "Connection": {"close"}},
		`["Unexpected server error, request logged."]`)
}

// TemporaryError is the answer of a server that cannot check credentials.
func TemporaryError() simulator.Effect {
	return simulator.Answer(http.StatusServiceUnavailable, http.Header{"Content-Type": {"application/json"}},
		`"Temporary error occurred. Please try again later."`)
}

// TimedOut is the answer of a server that took too long. The real one may have
// done what it was asked to: use [simulator.After] for that.
func TimedOut() simulator.Effect {
	return text(http.StatusServiceUnavailable, "Service is temporarily unavailable")
}

// LimitExceeded is the answer to a user who reached a limit, in 7.1 and 7.2.
func LimitExceeded(limit string) simulator.Effect {
	return text(http.StatusTooManyRequests, "Limit(s) exceeded ["+limit+"]")
}

// BadGateway is the answer of a proxy in front of the server.
func BadGateway() simulator.Effect {
	return simulator.Answer(http.StatusBadGateway, http.Header{"Content-Type": {"text/html"}},
		"<html><body>Bad Gateway</body></html>")
}

func text(status int, body string) simulator.Effect {
	return simulator.Answer(status, http.Header{"Content-Type": {"text/plain"}}, body)
}
