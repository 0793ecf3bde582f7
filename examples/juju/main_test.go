package main

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

func noEnvironment(string) string { return "" }

func TestSimulated(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), nil, noEnvironment, &out))
	for _, want := range []string{
		"Users of a Juju 3.5.1 controller", "(Alice Liddell) with a password", "they run: juju register [redacted]", "3 users, 2 of them of this tour",
		`display name "Alice Liddell", access [login[controller]], created by admin`, "last connection never", "logged in as admin",
		"granted superuser[controller]", "changed true, and again: changed false", "granted read[model:admin/test-model]",
		"now has exactly write on model", "now has exactly read on model", "granted consume[offer:admin/test-model.hosted-mysql]", "set a password",
		"reset it", "disabled is true", "disabled is false", "could not enable nobody-", "removed alice-", "removed everything",
	} {
		assert.Contains(t, out.String(), want)
	}
	assert.NotContains(t, out.String(), "skipped")
	assert.NotContains(t, out.String(), "password-of")
}

// TestAddress takes the tour on a controller that has an address.
func TestAddress(t *testing.T) {
	t.Parallel()
	s, stop, err := simulate(t.Context())
	require.NoError(t, err)
	defer stop()
	env := func(string) string { return s.password }
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-address", s.address, "-model", "test-model", "-offer", "admin/test-model.hosted-mysql"}, env, &out))
	assert.Contains(t, out.String(), "exactly write on model test-model")

	err = run(t.Context(), []string{"-address", s.address}, func(string) string { return "wrong" }, &out)
	require.ErrorIs(t, err, usermgmt.ErrUnauthenticated)
	assert.NotContains(t, err.Error(), "wrong")
	err = run(t.Context(), []string{"-address", s.address}, noEnvironment, &out)
	require.ErrorIs(t, err, usermgmt.ErrInvalidArgument)
	err = run(t.Context(), []string{"-address", s.address, "-ca", filepath.Join(t.TempDir(), "missing.pem")}, env, &out)
	require.ErrorContains(t, err, "no such file")
	require.Error(t, run(t.Context(), []string{"-no-such-flag"}, env, &out))
}

// TestInterrupted makes sure that what was created is removed also when the
// tour is ended in the middle.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	s, stop, err := simulate(t.Context())
	require.NoError(t, err)
	defer stop()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := writerFunc(func(text string) {
		if strings.Contains(text, "added bob") {
			cancel()
		}
	})
	err = connectAndTour(ctx, s, out)
	require.ErrorIs(t, err, usermgmt.ErrCanceled)

	client, err := usermgmt.New(usermgmt.Juju(s.address), usermgmt.WithCredentials(usermgmt.Password(s.user, s.password)))
	require.NoError(t, err)
	users, err := usermgmt.Collect(client.ListUsers(t.Context(), usermgmt.ListUsersRequest{}))
	require.NoError(t, errors.Join(err, client.Close()))
	assert.Len(t, users, 1)
}

type writerFunc func(text string)

func (f writerFunc) Write(p []byte) (int, error) {
	f(string(p))
	return len(p), nil
}
