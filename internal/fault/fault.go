// Package fault is the one currency in which the internal packages report
// failures. The root package turns a [*Error] into its public error type, so
// no protocol package needs to know that type.
package fault

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Kind says what went wrong, in terms that are the same for every backend.
type Kind uint8

// The kinds. The zero value is Internal: a failure that nobody classified is
// a failure that nobody understood.
const (
	// Internal: the server broke its protocol, or we did.
	Internal Kind = iota
	// NotFound: the thing that was named does not exist.
	NotFound
	// AlreadyExists: a thing of that name exists already.
	AlreadyExists
	// InvalidArgument: the request can never succeed as it is.
	InvalidArgument
	// Unauthenticated: the server does not know or no longer accepts the caller.
	Unauthenticated
	// PermissionDenied: the server knows the caller and refuses.
	PermissionDenied
	// Conflict: the state of the server forbids the request now.
	Conflict
	// Unsupported: this server cannot do it at all.
	Unsupported
	// RateLimited: the caller asks too often; RetryAfter says when to return.
	RateLimited
	// Unavailable: the server could not be reached or could not answer.
	Unavailable
	// Pending: the server accepted the change and has not finished it.
	Pending
	// Closed: the client was closed.
	Closed
	// Canceled: the caller's context ended.
	Canceled
)

// String returns the kind in words, such as "not found".
func (k Kind) String() string {
	switch k {
	case NotFound:
		return "not found"
	case AlreadyExists:
		return "already exists"
	case InvalidArgument:
		return "invalid argument"
	case Unauthenticated:
		return "unauthenticated"
	case PermissionDenied:
		return "permission denied"
	case Conflict:
		return "conflict"
	case Unsupported:
		return "unsupported"
	case RateLimited:
		return "rate limited"
	case Unavailable:
		return "unavailable"
	case Pending:
		return "pending"
	case Closed:
		return "closed"
	case Canceled:
		return "canceled"
	case Internal:
	}
	return "internal"
}

// Error is a failure of one operation.
type Error struct {
	// Kind classifies the failure.
	Kind Kind
	// FromServer is set if the server came to the verdict, and not the client.
	FromServer bool
	// Status is the HTTP status of the answer, 0 when there was none.
	Status int
	// Code is the server's own code for the failure, if it sent one.
	Code string
	// Message is the server's own words if FromServer, else ours. It never
	// holds a secret.
	Message string
	// RequestID is the server's name for the exchange, if it gave one.
	RequestID string
	// Resource names the kind of thing the failure is about ("role") when it
	// is not the thing the operation is about.
	Resource string
	// Name is the name of Resource.
	Name string
	// ID is the server's identifier of the thing, where it is known.
	ID string
	// RetryAfter is how long the server asked to stay away, 0 if it did not.
	RetryAfter time.Duration
	// Ambiguous is set on a write that may have taken effect all the same.
	Ambiguous bool
	// Resent is set when an earlier attempt of the same operation may have
	// taken effect, so that "not found" may mean "already deleted by us".
	Resent bool
	// NotExecuted is set by a protocol that knows that the server did nothing
	// in spite of a status that would leave it open.
	NotExecuted bool
	// Repeatable is set by a protocol whose server vouches that the request may
	// be sent again, whatever became of this one.
	Repeatable bool
	// Fields holds what is wrong with single fields of the request.
	Fields map[string]string
	// Permissions lists what the caller lacks, when the server says so.
	Permissions []string
	// Err is the cause, if there is one.
	Err error
}

// Error describes the failure in one line.
func (e *Error) Error() string {
	switch {
	case e.Message != "":
		return e.Kind.String() + ": " + e.Message
	case e.Err != nil:
		return e.Kind.String() + ": " + e.Err.Error()
	default:
		return e.Kind.String()
	}
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New returns a failure that the client itself found.
func New(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Invalid returns an InvalidArgument failure of one field.
func Invalid(field, format string, args ...any) *Error {
	text := fmt.Sprintf(format, args...)
	return &Error{Kind: InvalidArgument, Message: field + " " + text, Fields: map[string]string{field: text}}
}

// Ended returns the failure of a call whose context ended; err is what the
// call came back with, for a context that says nothing.
func Ended(ctx context.Context, err error) *Error {
	ended := ctx.Err()
	if cause := context.Cause(ctx); ended != nil && !errors.Is(cause, ended) {
		ended = fmt.Errorf("%w: %w", ended, cause)
	}
	if ended == nil {
		ended = err
	}
	return &Error{Kind: Canceled, Err: ended}
}

// Removed returns the outcome of a removal: nil if err says that nothing is
// there and an earlier attempt, whose answer was lost, may have removed it.
func Removed(err error) error {
	if e, ok := errors.AsType[*Error](err); ok && e.Kind == NotFound && e.Resent {
		return nil
	}
	return err
}

// KindOf returns the kind of err, Internal if err is not a failure of this
// package.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}
