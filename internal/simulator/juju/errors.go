package juju

import (
	"encoding/json"
	"errors"
	"fmt"
)

// The codes that errors carry on the wire.
const (
	codeAccessRequired     = "access required"
	codeAlreadyExists      = "already exists"
	codeBadRequest         = "bad request"
	codeBlocked            = "operation is blocked"
	codeHostedModels       = "controller has hosted models"
	codeIncompatibleClient = "incompatible client"
	codeMethodNotAllowed   = "method not allowed"
	codeModelNotFound      = "model not found"
	codeNotFound           = "not found"
	codeNotImplemented     = "not implemented"
	codeNotSupported       = "not supported"
	codeNotValid           = "not valid"
	codeRedirect           = "redirection required"
	codeSessionToken       = "session token invalid"
	codeUnauthorized       = "unauthorized access"
	codeUpgrading          = "upgrade in progress"
	codeUserNotFound       = "user not found"
)

// apiError is an error as the controller puts it on the wire, for a whole call
// or for one item of it.
type apiError struct {
	Message string          `json:"message"`
	Code    string          `json:"code"`
	Info    json.RawMessage `json:"info,omitempty"`
}

// Error implements error.
func (e *apiError) Error() string { return e.Message }

// errorf returns an error with the given code, which may be empty.
func errorf(code, format string, args ...any) error {
	return &apiError{Message: fmt.Sprintf(format, args...), Code: code}
}

// annotate puts words in front of an error and keeps its code.
func annotate(err error, format string, args ...any) error {
	cause := wireError(err)
	if cause == nil {
		return nil
	}
	return &apiError{Message: fmt.Sprintf(format, args...) + ": " + cause.Message, Code: cause.Code, Info: cause.Info}
}

// wireError returns err in the form of the wire, nil for nil. An error that is
// none of the controller's own has no code.
func wireError(err error) *apiError {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*apiError](err); ok {
		return known
	}
	return &apiError{Message: err.Error()}
}

// permissionDenied is the answer to a caller who may not.
func permissionDenied() error { return errorf(codeUnauthorized, "permission denied") }

// badCredentials is the answer to every login that is not believed.
func badCredentials() error { return errorf(codeUnauthorized, "invalid entity name or password") }

// errorResult is the outcome for one item of a call that answers no more.
type errorResult struct {
	Error *apiError `json:"error,omitempty"`
}

// errorResults is the answer of a call that reports errors only.
type errorResults struct {
	Results []errorResult `json:"results"`
}

// each serves the items of a call one by one: an item that fails does not stop
// the others.
func each[T any](items []T, serve func(T) error) errorResults {
	results := errorResults{Results: make([]errorResult, len(items))}
	for i, item := range items {
		results.Results[i].Error = wireError(serve(item))
	}
	return results
}

// entities are the params of many calls.
type entities struct {
	Entities []entity `json:"entities"`
}

// entity names one thing by its tag.
type entity struct {
	Tag string `json:"tag"`
}
