package fault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestKindsHaveNames(t *testing.T) {
	t.Parallel()
	want := []string{
		"internal", "not found", "already exists", "invalid argument", "unauthenticated", "permission denied", "conflict",
		"unsupported", "rate limited", "unavailable", "pending", "closed", "canceled",
	}
	for n, name := range want {
		assert.Equal(t, name, Kind(n).String())
	}
	assert.Equal(t, "internal", Kind(len(want)).String(), "a kind that does not exist is an internal failure")
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]*Error{
		"not found":                   {Kind: NotFound},
		"unavailable: EOF":            {Kind: Unavailable, Err: io.EOF},
		"unavailable: the link broke": {Kind: Unavailable, Message: "the link broke", Err: io.EOF},
	} {
		require.EqualError(t, err, want)
	}
	assert.ErrorIs(t, &Error{Err: io.EOF}, io.EOF)
}

func TestConstructors(t *testing.T) {
	t.Parallel()
	assert.Equal(t, &Error{Kind: Conflict, Message: "role a is in use"}, New(Conflict, "role %s is in use", "a"))
	assert.Equal(t, &Error{
		Kind: InvalidArgument, Message: "name must be shorter than 9", Fields: map[string]string{"name": "must be shorter than 9"},
	}, Invalid("name", "must be shorter than %d", 9))
}

func TestEnded(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	err := Ended(ctx, io.EOF)
	require.EqualError(t, err, "canceled: EOF", "the context has not ended")

	why := errors.New("operator said stop")
	cancel(why)
	err = Ended(ctx, io.EOF)
	require.EqualError(t, err, "canceled: context canceled: operator said stop")
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, why)

	plain, stop := context.WithCancel(t.Context())
	stop()
	assert.EqualError(t, Ended(plain, nil), "canceled: context canceled")
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	assert.Equal(t, NotFound, KindOf(fmt.Errorf("wrapped: %w", &Error{Kind: NotFound})))
	assert.Equal(t, Internal, KindOf(errors.New("other")))
}

func TestRemoved(t *testing.T) {
	t.Parallel()
	require.NoError(t, Removed(nil))
	require.NoError(t, Removed(&Error{Kind: NotFound, Resent: true}))
	require.Error(t, Removed(&Error{Kind: NotFound}))
	require.Error(t, Removed(&Error{Kind: Unavailable, Resent: true}))
	require.Error(t, Removed(context.Canceled))
}
