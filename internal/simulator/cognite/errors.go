package cognite

import (
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The messages of the service that do not depend on the request.
const (
	messageUnauthorized = "Unauthorized"
	messageMissing      = "Items in request were not found"
	messageNotFound     = "Not found"
	messageDuplicated   = "Items in request are duplicated"
	messageGroups       = "The project has too many groups"
	messageNonce        = "Failed to bind nonce with session"
)

// apiError is an error as the API puts it on the wire, below the member
// "error".
type apiError struct {
	Code       int              `json:"code"`
	Message    string           `json:"message"`
	Missing    []jsontext.Value `json:"missing,omitzero"`
	Duplicated []jsontext.Value `json:"duplicated,omitzero"`
}

// Error implements error.
func (e *apiError) Error() string { return e.Message }

// errorBody is the body that carries an error.
type errorBody struct {
	Error *apiError `json:"error"`
}

// errorf returns an error without lists.
func errorf(status int, format string, args ...any) *apiError {
	return &apiError{Code: status, Message: fmt.Sprintf(format, args...)}
}

// badRequest returns an error about the form of a request.
func badRequest(format string, args ...any) *apiError {
	return errorf(http.StatusBadRequest, format, args...)
}

// missing returns the error about unknown items.
func (s *Server) missing(items []jsontext.Value) *apiError {
	if s.opts.MissingWithoutList {
		return errorf(s.opts.MissingStatus, messageNotFound)
	}
	return &apiError{Code: s.opts.MissingStatus, Message: messageMissing, Missing: items}
}

// The ways to name an item in a list of an error.
type (
	usernameKey struct {
		Username string `json:"username"`
	}
	tableKey struct {
		Name string `json:"tablename"`
	}
	idKey struct {
		ID int64 `json:"id"`
	}
)

// encode returns a value as JSON. It panics if there is none, which only a seed
// with malformed JSON can cause.
func encode[T any](value T) jsontext.Value {
	text, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("cognite: seed without JSON form: %v", err))
	}
	return text
}
