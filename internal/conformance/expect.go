package conformance

import (
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

// kinds are all kinds of failure.
var kinds = []error{
	usermgmt.ErrNotFound, usermgmt.ErrAlreadyExists, usermgmt.ErrInvalidArgument, usermgmt.ErrUnauthenticated,
	usermgmt.ErrPermissionDenied, usermgmt.ErrConflict, usermgmt.ErrUnsupported, usermgmt.ErrRateLimited,
	usermgmt.ErrUnavailable, usermgmt.ErrPending, usermgmt.ErrClosed, usermgmt.ErrCanceled, usermgmt.ErrInternal,
}

// kindOf returns the kinds that err matches, joined.
func kindOf(err error) string {
	var matched []string
	for _, kind := range kinds {
		if errors.Is(err, kind) {
			matched = append(matched, kind.Error())
		}
	}
	return strings.Join(matched, " and ")
}

// fails asserts that a call of the method failed with an error of a kind that
// is as every error has to be, and returns it.
func (w *World) fails(t testing.TB, method usermgmt.Capability, err, kind error) *usermgmt.Error {
	t.Helper()
	require.ErrorIs(t, err, kind, "%v", method)
	return w.wellFormed(t, method, err)
}

// wellFormed asserts what holds for every error and returns it.
func (w *World) wellFormed(t testing.TB, method usermgmt.Capability, err error) *usermgmt.Error {
	t.Helper()
	w.out.record(err)
	var e *usermgmt.Error
	require.ErrorAs(t, err, &e, "%v", method)
	assert.Equal(t, method.String(), e.Op, "the method that failed")
	assert.Equal(t, w.backend(t), e.Backend, "the backend of %v", e)
	require.Error(t, e.Kind, "the kind of %v", e)
	assert.Equal(t, e.Kind.Error(), kindOf(err), "%v matches exactly one kind", e)
	assert.NotContains(t, e.Error(), "\n", "one line")
	assert.NotEmpty(t, e.Resource+e.Name+e.Message+method.String(), "says what it is about")
	if e.Status != 0 && !e.FromServer {
		assert.Equal(t, usermgmt.ErrInternal, e.Kind, "a status without a verdict of the server is nonsense that it said: %v", e)
	}
	return e
}

// misses asserts that a call failed because the named thing does not exist.
func (w *World) misses(t testing.TB, method usermgmt.Capability, err error, resource, name string) {
	t.Helper()
	e := w.fails(t, method, err, usermgmt.ErrNotFound)
	assert.Equal(t, resource+" "+name, e.Resource+" "+e.Name, "the error tells what is missing")
	assert.False(t, e.Ambiguous, "nothing was changed")
}

// refusesInput asserts that act fails as an invalid argument that concerns
// the field, before anything is sent.
func (w *World) refusesInput(t testing.TB, method usermgmt.Capability, field string, act func() error) {
	t.Helper()
	w.sendsNothing(t, func() {
		t.Helper()
		e := w.fails(t, method, act(), usermgmt.ErrInvalidArgument)
		found := false
		for name, problem := range e.Fields {
			found = found || strings.HasPrefix(name, field) && problem != ""
		}
		assert.True(t, found, "the error tells what is wrong with %s: %v", field, e.Fields)
		assert.False(t, e.FromServer)
		assert.False(t, e.Ambiguous)
	}, "%v of a bad %s", method, field)
}

// backend returns the name of the backend.
func (w *World) backend(t testing.TB) string {
	t.Helper()
	client, ok := usermgmt.As[*usermgmt.Client](w.Manager)
	require.True(t, ok, "As finds the client beneath every decorator")
	return client.Backend()
}

// logsIn asserts whether a user can log in with a password.
func (w *World) logsIn(t testing.TB, want bool, name, password, why string) {
	t.Helper()
	if w.CheckPassword != nil {
		assert.Equal(t, want, w.CheckPassword(name, password), why)
	}
}

// settled returns a user without what moves by itself.
func settled(user usermgmt.User) usermgmt.User {
	user.UpdatedAt, user.LastLoginAt = time.Time{}, time.Time{}
	return user
}

// collect returns the whole of a list that must not fail.
func collect[T any](t testing.TB, list iter.Seq2[T, error]) []T {
	t.Helper()
	items, err := usermgmt.Collect(list)
	require.NoError(t, err)
	return items
}

// listed returns the items of a list that belong to the world, by name, and
// fails if one comes twice.
func listed[T any](t testing.TB, w *World, list iter.Seq2[T, error], name func(T) string) map[string]T {
	t.Helper()
	found := map[string]T{}
	for item, err := range list {
		require.NoError(t, err)
		if !strings.HasPrefix(name(item), w.Prefix) {
			continue
		}
		_, twice := found[name(item)]
		require.False(t, twice, "%s is listed once", name(item))
		found[name(item)] = item
	}
	return found
}

// users returns the users of the world, but for the one that was there before.
func (w *World) users(t testing.TB) map[string]usermgmt.User {
	t.Helper()
	found := listed(t, w, w.Manager.ListUsers(t.Context(), usermgmt.ListUsersRequest{}), userName)
	delete(found, w.resident())
	return found
}

// members returns the names of the members of a group, sorted as they come.
func (w *World) members(t testing.TB, group string) []string {
	t.Helper()
	var names []string
	for _, user := range collect(t, w.Manager.ListUsers(t.Context(), usermgmt.ListUsersRequest{Group: group})) {
		names = append(names, user.Name)
	}
	return names
}

func userName(u usermgmt.User) string           { return u.Name }
func roleName(r usermgmt.RoleDefinition) string { return r.Name }
func groupName(g usermgmt.Group) string         { return g.Name }
func projectName(p usermgmt.Project) string     { return p.Name }

// drain ranges over a list and returns its error.
func drain[T any](list iter.Seq2[T, error]) error {
	_, err := usermgmt.Collect(list)
	return err
}

// patience is how long a call may take that has to return promptly. It is
// long because machines that run tests are slow.
const patience = 20 * time.Second

// promptly runs act and fails if it takes too long.
func promptly[T any](t testing.TB, act func() T) T {
	t.Helper()
	result := make(chan T, 1)
	go func() { result <- act() }()
	select {
	case r := <-result:
		return r
	case <-time.After(patience):
		require.FailNow(t, "the call does not return")
		panic("not reached")
	}
}
