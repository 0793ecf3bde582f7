package usermgmt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// kinds pairs every internal kind with its public sentinel.
var kinds = map[fault.Kind]error{
	fault.Internal: ErrInternal, fault.NotFound: ErrNotFound, fault.AlreadyExists: ErrAlreadyExists,
	fault.InvalidArgument: ErrInvalidArgument, fault.Unauthenticated: ErrUnauthenticated,
	fault.PermissionDenied: ErrPermissionDenied, fault.Conflict: ErrConflict, fault.Unsupported: ErrUnsupported,
	fault.RateLimited: ErrRateLimited, fault.Unavailable: ErrUnavailable, fault.Pending: ErrPending,
	fault.Closed: ErrClosed, fault.Canceled: ErrCanceled,
}

func TestEveryKindHasOneSentinel(t *testing.T) {
	t.Parallel()
	seen := map[error]bool{}
	for kind, sentinel := range kinds {
		err := wrap("aistore", target{op: "GetUser"}, &fault.Error{Kind: kind})
		for _, other := range kinds {
			assert.Equal(t, other.Error() == sentinel.Error(), errors.Is(err, other), "%v matches %v", kind, other)
		}
		assert.Equal(t, kind.String(), sentinel.Error())
		assert.False(t, seen[sentinel])
		seen[sentinel] = true
	}
	assert.ErrorIs(t, kindOf(fault.Canceled+1), ErrInternal)
}

func TestUnsupportedMatchesTheStandardSentinel(t *testing.T) {
	t.Parallel()
	err := wrap("aistore", target{op: "EnableUser"}, fault.New(fault.Unsupported, "no"))
	require.ErrorIs(t, err, errors.ErrUnsupported)
	require.NotErrorIs(t, wrap("aistore", target{}, fault.New(fault.NotFound, "no")), errors.ErrUnsupported)
}

func TestWrapCarriesEveryDetail(t *testing.T) {
	t.Parallel()
	cause := io.ErrUnexpectedEOF
	err := wrap("aistore", target{op: "CreateUser", resource: "user", name: "alice"}, fmt.Errorf("context: %w", &fault.Error{
		Kind: fault.Unavailable, FromServer: true, Status: 503, Code: "ErrX", Message: "come back", RequestID: "r-1", ID: "u-1", Resource: "role", Name: "reader",
		RetryAfter: time.Second, Ambiguous: true, Fields: map[string]string{"a": "b"}, Permissions: []string{"p"}, Err: cause,
	}))
	e, ok := errors.AsType[*Error](err)
	require.True(t, ok)
	assert.Equal(t, &Error{
		Op: "CreateUser", Backend: "aistore", Resource: "role", Name: "reader", ID: "u-1", Kind: ErrUnavailable, FromServer: true, Status: 503, Code: "ErrX",
		Message: "come back", RequestID: "r-1", RetryAfter: time.Second, Ambiguous: true,
		Fields: map[string]string{"a": "b"}, Permissions: []string{"p"}, Err: cause,
	}, e)
	require.ErrorIs(t, err, cause)
	assert.Equal(t, "CreateUser aistore: unavailable: come back (role \"reader\", status 503, request r-1, retry after 1s, the change may have been made)", err.Error())
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	tests := map[string]*Error{
		`GetUser memory: not found: user "alice"`:    {Op: "GetUser", Backend: "memory", Resource: "user", Name: "alice", Kind: ErrNotFound},
		`New: invalid argument: backend must be set`: {Op: "New", Kind: ErrInvalidArgument, Message: "backend must be set"},
		`GetUser: internal: unexpected EOF`:          {Op: "GetUser", Kind: ErrInternal, Err: io.ErrUnexpectedEOF},
		`Ping aistore: unavailable`:                  {Op: "Ping", Backend: "aistore", Kind: ErrUnavailable},
	}
	for want, e := range tests {
		assert.Equal(t, want, e.Error())
	}
}

func TestWrapOfForeignErrors(t *testing.T) {
	t.Parallel()
	require.NoError(t, wrap("aistore", target{}, nil))

	public := &Error{Op: "GetUser", Kind: ErrNotFound}
	assert.Same(t, public, wrap("aistore", target{op: "Other"}, public), "an error that is public already is not wrapped again")

	err := wrap("aistore", target{}, context.DeadlineExceeded)
	require.ErrorIs(t, err, ErrCanceled)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	err = wrap("aistore", target{}, io.ErrClosedPipe)
	require.ErrorIs(t, err, ErrInternal)
	require.ErrorIs(t, err, io.ErrClosedPipe)
}

func TestIgnore(t *testing.T) {
	t.Parallel()
	missing, exists := &Error{Kind: ErrNotFound}, &Error{Kind: ErrAlreadyExists}
	require.NoError(t, IgnoreNotFound(missing))
	require.NoError(t, IgnoreNotFound(nil))
	assert.Same(t, exists, IgnoreNotFound(exists))
	require.NoError(t, IgnoreAlreadyExists(exists))
	require.NoError(t, IgnoreAlreadyExists(nil))
	assert.Same(t, missing, IgnoreAlreadyExists(missing))
}

// TestCausesLendNoKind has the failure of one call be the cause of another:
// the context of a group of calls ends because one of them found nothing, and a
// source of credentials uses this package itself.
func TestCausesLendNoKind(t *testing.T) {
	t.Parallel()
	other := &Error{Op: "GetUser", Backend: "memory", Kind: ErrNotFound, Err: fs.ErrNotExist}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(other)
	c, err := New(Memory())
	require.NoError(t, err)
	err = c.DeleteUser(ctx, DeleteUserRequest{Name: "alice"})
	require.ErrorIs(t, err, ErrCanceled)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NotErrorIs(t, err, ErrNotFound)
	require.Error(t, IgnoreNotFound(err))
	e, ok := errors.AsType[*Error](err)
	require.True(t, ok)
	assert.Equal(t, "DeleteUser", e.Op)
	assert.Equal(t, ErrCanceled, e.Kind)
	assert.Contains(t, e.Err.Error(), "GetUser memory: not found")
	_, ok = errors.AsType[*fs.PathError](err)
	assert.False(t, ok)
	_, ok = errors.AsType[*Error](e.Err)
	assert.False(t, ok)

	c, err = New(AIStore("http://127.0.0.1:1"), WithCredentials(CredentialFunc(func(context.Context) (Credential, error) { return nil, other })))
	require.NoError(t, err)
	err = c.DeleteUser(t.Context(), DeleteUserRequest{Name: "alice", IgnoreMissing: true})
	require.ErrorIs(t, err, ErrUnauthenticated)
	require.NotErrorIs(t, err, ErrNotFound)
	require.NotErrorIs(t, err, errors.ErrUnsupported)
}
