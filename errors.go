package usermgmt

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// The kinds of failure. Every error of this package matches exactly one of
// them with [errors.Is]; none is ever returned bare, so test with errors.Is
// and not with ==.
var (
	// ErrNotFound: the user, role, group or project that was named does not
	// exist. [Error.Resource] and [Error.Name] tell which one.
	ErrNotFound error = &kind{text: "not found"}
	// ErrAlreadyExists: a create found a thing of that name. Nothing was changed.
	ErrAlreadyExists error = &kind{text: "already exists"}
	// ErrInvalidArgument: the request can never succeed as it is.
	// [Error.Fields] tells which parts are wrong. Most are found before
	// anything is sent.
	ErrInvalidArgument error = &kind{text: "invalid argument"}
	// ErrUnauthenticated: the server does not know the caller, or no longer.
	ErrUnauthenticated error = &kind{text: "unauthenticated"}
	// ErrPermissionDenied: the server knows the caller and refuses.
	ErrPermissionDenied error = &kind{text: "permission denied"}
	// ErrConflict: the state of the server forbids the request now, for
	// example because somebody else changed the same user meanwhile.
	ErrConflict error = &kind{text: "conflict"}
	// ErrUnsupported: this backend, or this version or edition of its server,
	// cannot do it. It also matches [errors.ErrUnsupported].
	ErrUnsupported error = &kind{text: "unsupported", alias: errors.ErrUnsupported}
	// ErrRateLimited: the server asks for fewer requests. [Error.RetryAfter]
	// tells when to return, if the server does.
	ErrRateLimited error = &kind{text: "rate limited"}
	// ErrUnavailable: the server could not be reached or could not answer.
	ErrUnavailable error = &kind{text: "unavailable"}
	// ErrPending: the server accepted the change and has not finished it.
	// Do not repeat the call: read the state again later.
	ErrPending error = &kind{text: "pending"}
	// ErrClosed: the client was closed before the call.
	ErrClosed error = &kind{text: "closed"}
	// ErrCanceled: the context of the call ended. The error also matches
	// [context.Canceled] or [context.DeadlineExceeded], and the context's cause.
	ErrCanceled error = &kind{text: "canceled"}
	// ErrInternal: the server broke its protocol or failed without saying why,
	// or this package has a bug.
	ErrInternal error = &kind{text: "internal"}
)

// kind is the type of the sentinels.
type kind struct {
	text  string
	alias error // another sentinel that the kind stands for
}

func (k *kind) Error() string { return k.text }

func (k *kind) Is(target error) bool { return k.alias != nil && target == k.alias }

// Error is the error of every failed call. Get it with [errors.As] or
// [errors.AsType] for the details; for the kind of failure alone use
// [errors.Is] with ErrNotFound and its siblings. It holds no secret.
type Error struct {
	// Op is the method that failed, such as "CreateUser".
	Op string
	// Backend is the backend's name, such as "aistore"; empty if the failure
	// has nothing to do with one.
	Backend string
	// Resource is the kind of thing the failure is about: "user", "role",
	// "group", "project", or a backend's own such as "cluster". It can differ
	// from what Op is about: creating a user fails over a role that is missing.
	Resource string
	// Name is the name of that thing, empty if there is none.
	Name string
	// ID is the server's identifier of that thing, where it is known.
	ID string
	// Kind is the sentinel that the error matches. It is never nil.
	Kind error
	// FromServer is set if the verdict is the server's. Else it is ours: the
	// server was not asked, did not answer, or answered nonsense.
	FromServer bool
	// Status is the HTTP status of the server's answer, 0 if there was none or
	// the protocol has no statuses.
	Status int
	// Code is the server's own code for the failure, empty if it sent none.
	Code string
	// Message is the server's own words if FromServer, else ours, in one line.
	Message string
	// RequestID is the server's name for the exchange, for its operators;
	// empty if it sent none.
	RequestID string
	// RetryAfter is how long the server asked to stay away, 0 if it did not.
	RetryAfter time.Duration
	// Ambiguous is set if the call may have changed the server's state all
	// the same, in whole or in part: because the answer was lost, say. Read
	// the state before you repeat the call. It is never set on a call that
	// only reads.
	Ambiguous bool
	// Fields tells for an invalid argument what is wrong with which field: a
	// field of the request where there is one that corresponds, else what the
	// server calls it. It is nil if nobody names any.
	Fields map[string]string
	// Permissions lists the permissions that the caller lacks, in the
	// server's notation; nil if the server does not tell.
	Permissions []string
	// Err is the cause, nil if there is none. If that is an Error of another
	// call, it does not match its kind.
	Err error
}

// Error describes the failure in one line, without secrets:
// "CreateUser aistore: already exists: user alice already exists (status 409)".
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Backend != "" {
		b.WriteString(" " + e.Backend)
	}
	fmt.Fprintf(&b, ": %v", e.Kind)
	switch {
	case e.Message != "":
		b.WriteString(": " + e.Message)
	case e.Err != nil:
		fmt.Fprintf(&b, ": %v", e.Err)
	case e.Name != "":
		fmt.Fprintf(&b, ": %s %q", e.Resource, e.Name)
	}
	var notes []string
	if e.Message != "" && e.Name != "" && !strings.Contains(e.Message, e.Name) {
		notes = append(notes, fmt.Sprintf("%s %q", e.Resource, e.Name)) // servers say "unknown user" and not whom they mean
	}
	if e.Status != 0 {
		notes = append(notes, fmt.Sprintf("status %d", e.Status))
	}
	if e.RequestID != "" {
		notes = append(notes, "request "+e.RequestID)
	}
	if e.RetryAfter != 0 {
		notes = append(notes, "retry after "+e.RetryAfter.String())
	}
	if e.Ambiguous {
		notes = append(notes, "the change may have been made")
	}
	if len(notes) > 0 {
		b.WriteString(" (" + strings.Join(notes, ", ") + ")")
	}
	return b.String()
}

// Unwrap returns the kind and the cause, so that [errors.Is] and [errors.As]
// reach both.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// IgnoreNotFound returns nil if err is [ErrNotFound], else err.
func IgnoreNotFound(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// IgnoreAlreadyExists returns nil if err is [ErrAlreadyExists], else err.
func IgnoreAlreadyExists(err error) error {
	if errors.Is(err, ErrAlreadyExists) {
		return nil
	}
	return err
}

// target is what a call is about, for its error and its hooks.
type target struct {
	capability Capability
	op         string
	resource   string
	name       string
}

// wrap makes the public error of what a backend returned. It is the only
// place where that happens.
func wrap(backend string, t target, err error) error {
	if err == nil {
		return nil
	}
	if public, ok := err.(*Error); ok { //nolint:errorlint // one further down is the cause of another failure
		return public
	}
	e := &Error{Op: t.op, Backend: backend, Resource: t.resource, Name: t.name, Kind: ErrInternal}
	f, ok := errors.AsType[*fault.Error](err)
	switch {
	case ok:
		e.Kind = kindOf(f.Kind)
		e.ID, e.FromServer, e.Status, e.Code, e.Message, e.RequestID = f.ID, f.FromServer, f.Status, f.Code, f.Message, f.RequestID
		e.RetryAfter, e.Ambiguous, e.Fields, e.Permissions, e.Err = f.RetryAfter, f.Ambiguous, f.Fields, f.Permissions, causeOf(f.Err)
		if f.Resource != "" {
			e.Resource, e.Name = f.Resource, f.Name
		}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		e.Kind, e.Err = ErrCanceled, causeOf(err)
	default:
		e.Err = causeOf(err)
	}
	return e
}

// causeOf returns a cause of an [Error]. One that is or holds another Error, as
// the cause of a context or the failure of a credential source can, must not
// lend its kind: who ignores [ErrNotFound] would take the call for done.
func causeOf(err error) error {
	if _, ok := errors.AsType[*Error](err); ok {
		return otherError{err}
	}
	return err
}

// otherError matches what the error in it matches but kinds and [Error].
type otherError struct{ error }

func (o otherError) Is(target error) bool {
	if _, isKind := target.(*kind); isKind || target == errors.ErrUnsupported {
		return false
	}
	return errors.Is(o.error, target)
}

func (o otherError) As(target any) bool {
	if _, isError := target.(**Error); isError {
		return false
	}
	return errors.As(o.error, target)
}

func kindOf(k fault.Kind) error {
	switch k {
	case fault.NotFound:
		return ErrNotFound
	case fault.AlreadyExists:
		return ErrAlreadyExists
	case fault.InvalidArgument:
		return ErrInvalidArgument
	case fault.Unauthenticated:
		return ErrUnauthenticated
	case fault.PermissionDenied:
		return ErrPermissionDenied
	case fault.Conflict:
		return ErrConflict
	case fault.Unsupported:
		return ErrUnsupported
	case fault.RateLimited:
		return ErrRateLimited
	case fault.Unavailable:
		return ErrUnavailable
	case fault.Pending:
		return ErrPending
	case fault.Closed:
		return ErrClosed
	case fault.Canceled:
		return ErrCanceled
	case fault.Internal:
	}
	return ErrInternal
}
