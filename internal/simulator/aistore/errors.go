package aistore

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// apiError is an error as the server puts it on the wire.
type apiError struct {
	status  int
	tcode   string // left out on the wire if empty
	message string
}

// Error implements error.
func (e *apiError) Error() string { return e.message }

// errDropped makes the server close the connection without a reply.
var errDropped = errors.New("connection dropped")

// nameRule is how the server words the rule of [niceName], off by one.
const nameRule = "must be less than 32 characters and may only contain letters, numbers, dashes (-), underscores (_)"

// errorf returns an error without a type code.
func errorf(status int, format string, args ...any) *apiError {
	return &apiError{status: status, message: fmt.Sprintf(format, args...)}
}

// notFound returns the error of a look-up that found nothing.
func notFound(what string) *apiError {
	return &apiError{status: http.StatusNotFound, tcode: "ErrNotFound", message: what + " does not exist"}
}

// failed says what could not be done because of err, under its status. Errors
// that end the connection stay what they are.
func failed(action, what string, err error) error {
	var cause *apiError
	if !errors.As(err, &cause) {
		return err
	}
	return &apiError{
		status:  cause.status,
		tcode:   "ErrFailedTo",
		message: fmt.Sprintf("AuthN: failed to %s %s, err: %s", action, what, cause.message),
	}
}

// writeError sends err. The body is put together by hand because the server
// does not repair invalid UTF-8, which [encoding/json] would.
func writeError(w http.ResponseWriter, r *http.Request, err *apiError) {
	body := []byte{'{'}
	if err.tcode != "" {
		body = append(body, `"tcode":`...)
		body = appendRawString(body, err.tcode)
		body = append(body, ',')
	}
	for _, member := range []struct{ name, value string }{
		{"message", err.message},
		{"method", r.Method},
		{"url_path", r.URL.Path},
		{"remote_addr", r.RemoteAddr},
		{"caller", ""},
		{"node", ""},
	} {
		body = appendRawString(body, member.name)
		body = append(body, ':')
		body = appendRawString(body, member.value)
		body = append(body, ',')
	}
	body = append(body, `"status":`...)
	body = strconv.AppendInt(body, int64(err.status), 10)
	body = append(body, "}\n"...)

	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(err.status)
	_, _ = w.Write(body)
}

// appendRawString appends text as a JSON string and leaves bytes that are not
// UTF-8 as they are.
func appendRawString(dst []byte, text string) []byte {
	dst = append(dst, '"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ':
			dst = fmt.Appendf(dst, `\u%04x`, c)
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
