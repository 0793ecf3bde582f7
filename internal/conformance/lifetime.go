package conformance

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

func lifetimeCases() []Case {
	return []Case{
		{
			Name: "contexts/that ended before the call", Rule: "A call whose context has ended sends nothing and fails with ErrCanceled, the context's error and its cause.",
			play: endedContext,
		},
		{
			Name: "contexts/that end amid a read", Rule: "Every call returns promptly when its context ends, with an error that matches the context's and its cause; a read is not ambiguous.",
			needs: needs(usermgmt.CapGetUser), wire: true, play: contextEndsAmidRead,
		},
		{
			Name: "contexts/that end amid a list", Rule: "A list ends promptly when its context ends, with one error.",
			needs: needs(usermgmt.CapListUsers), wire: true, play: contextEndsAmidList,
		},
		{
			Name: "contexts/that end amid a write", Rule: "A write whose context ends when it may have reached the server is ambiguous.",
			needs: needs(usermgmt.CapCreateUser), wire: true, play: contextEndsAmidWrite,
		},
		{
			Name: "contexts/that end amid a login", Rule: "A call that waits for a login returns promptly when its context ends; others that wait go on.",
			needs: needs(usermgmt.CapGetUser), wire: true, play: contextEndsAmidLogin,
		},
		{
			Name: "contexts/that end between two items of a list", Rule: "A list whose context ends while it is ranged over ends with one error that matches the context's, unless it was complete by then.",
			needs: needs(usermgmt.CapListUsers), play: contextEndsBetweenItems,
		},
		{
			Name: "contexts/nil", Rule: "A nil context is ErrInvalidArgument and sends nothing.",
			play: nilContext,
		},
		{
			Name: "close/is final", Rule: "Calls made after Close fail with ErrClosed and send nothing; closing again does nothing.",
			play: closeIsFinal,
		},
		{
			Name: "close/leaves the capabilities", Rule: "Capabilities can be asked for at any time.",
			play: closeKeepsCapabilities,
		},
	}
}

var errWhy = errors.New("the operator said stop")

// isCanceled asserts that a call ended with its context.
func (w *World) isCanceled(t testing.TB, method usermgmt.Capability, err, want error) *usermgmt.Error {
	t.Helper()
	e := w.fails(t, method, err, usermgmt.ErrCanceled)
	require.ErrorIs(t, err, want)
	assert.False(t, e.FromServer)
	return e
}

func endedContext(t testing.TB, w *World) {
	canceled, cancel := context.WithCancelCause(t.Context())
	cancel(errWhy)
	late, stop := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer stop()
	for _, op := range w.declared() {
		w.sendsNothing(t, func() {
			err := op.call(canceled)
			e := w.isCanceled(t, op.method, err, context.Canceled)
			require.ErrorIs(t, err, errWhy, "the cause")
			assert.False(t, e.Ambiguous)
			w.isCanceled(t, op.method, op.call(late), context.DeadlineExceeded)
		}, "%v", op.method)
	}
}

// cancelAmid calls act, which is kept waiting at the server, and ends its
// context.
func (w *World) cancelAmid(t testing.TB, kind RequestKind, act func(ctx context.Context) error) error {
	t.Helper()
	arrived, release := w.Wire.Hold(kind)
	defer release()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	done := make(chan error, 1)
	go func() { done <- act(ctx) }()
	promptly(t, func() struct{} { return <-arrived })
	cancel(errWhy)
	return promptly(t, func() error { return <-done })
}

func contextEndsAmidRead(t testing.TB, w *World) {
	err := w.cancelAmid(t, Read, func(ctx context.Context) error {
		_, err := w.Manager.GetUser(ctx, usermgmt.GetUserRequest{Name: w.Name("nobody")})
		return err
	})
	e := w.isCanceled(t, usermgmt.CapGetUser, err, context.Canceled)
	require.ErrorIs(t, err, errWhy)
	assert.False(t, e.Ambiguous)
}

func contextEndsAmidList(t testing.TB, w *World) {
	err := w.cancelAmid(t, Read, func(ctx context.Context) error {
		return drain(w.Manager.ListUsers(ctx, usermgmt.ListUsersRequest{}))
	})
	e := w.isCanceled(t, usermgmt.CapListUsers, err, context.Canceled)
	require.ErrorIs(t, err, errWhy)
	assert.False(t, e.Ambiguous)
}

func contextEndsAmidWrite(t testing.TB, w *World) {
	err := w.cancelAmid(t, Write, func(ctx context.Context) error {
		_, err := w.Manager.CreateUser(ctx, w.userRequest("alice"))
		return err
	})
	e := w.isCanceled(t, usermgmt.CapCreateUser, err, context.Canceled)
	require.ErrorIs(t, err, errWhy)
	assert.True(t, e.Ambiguous)
}

func contextEndsAmidLogin(t testing.TB, w *World) {
	get := func(ctx context.Context) error {
		_, err := w.Manager.GetUser(ctx, usermgmt.GetUserRequest{Name: w.resident()})
		return err
	}
	arrived, release := w.Wire.Hold(Login)
	defer release()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	impatient, patient := make(chan error, 1), make(chan error, 1)
	go func() { impatient <- get(ctx) }()
	promptly(t, func() struct{} { return <-arrived })
	go func() { patient <- get(t.Context()) }()
	cancel(errWhy)
	err := promptly(t, func() error { return <-impatient })
	w.isCanceled(t, usermgmt.CapGetUser, err, context.Canceled)
	require.ErrorIs(t, err, errWhy)
	release()
	require.NoError(t, promptly(t, func() error { return <-patient }))
}

func contextEndsBetweenItems(t testing.TB, w *World) {
	w.Seed(t, w.names(300))
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var failure error
	for user, err := range w.Manager.ListUsers(ctx, usermgmt.ListUsersRequest{}) {
		require.NoError(t, failure, "the error comes last")
		if failure = err; err != nil {
			assert.Zero(t, user)
		}
		cancel(errWhy)
	}
	if failure != nil {
		w.isCanceled(t, usermgmt.CapListUsers, failure, context.Canceled)
		require.ErrorIs(t, failure, errWhy)
	}
}

func nilContext(t testing.TB, w *World) {
	var none context.Context
	for _, op := range w.declared() {
		w.sendsNothing(t, func() {
			e := w.fails(t, op.method, op.call(none), usermgmt.ErrInvalidArgument)
			assert.Contains(t, e.Error(), "ctx")
			assert.False(t, e.Ambiguous)
		}, "%v", op.method)
	}
}

func closeIsFinal(t testing.TB, w *World) {
	require.NoError(t, w.Manager.Close())
	for _, op := range w.declared() {
		w.sendsNothing(t, func() {
			e := w.fails(t, op.method, op.call(t.Context()), usermgmt.ErrClosed)
			assert.False(t, e.Ambiguous)
		}, "%v", op.method)
	}
	require.NoError(t, w.Manager.Close())
}

func closeKeepsCapabilities(t testing.TB, w *World) {
	before := w.Manager.Capabilities()
	require.NoError(t, w.Manager.Close())
	assert.Equal(t, before, w.Manager.Capabilities())
}
