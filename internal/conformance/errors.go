package conformance

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

func errorCases() []Case {
	return []Case{
		{
			Name: "errors/say what they are about",
			Rule: "Every error is an *Error that matches exactly one kind, names the method, the backend and the thing, and is one line.",
			play: errorsSayWhat,
		},
		{
			Name: "errors/come with zero results", Rule: "Beside an error that is not ambiguous there is no result.",
			play: errorsComeAlone,
		},
		{
			Name: "errors/can be ignored by kind", Rule: "IgnoreNotFound and IgnoreAlreadyExists drop just that kind.",
			needs: needs(usermgmt.CapGetUser), play: errorsCanBeIgnored,
		},
	}
}

func errorsSayWhat(t testing.TB, w *World) {
	for _, op := range w.declared() {
		if op.about == nil {
			continue
		}
		e := w.fails(t, op.method, op.call(t.Context()), usermgmt.ErrNotFound)
		assert.Contains(t, op.about, e.Resource+" "+e.Name, "%v", op.method)
		assert.False(t, e.Ambiguous, "%v changed nothing", op.method)
		if w.Secrets == nil {
			assert.Zero(t, e.Status, "there is no server that could have sent a status")
		}
		_, name, _ := strings.Cut(op.about[0], " ")
		if len(op.about) == 1 {
			assert.Contains(t, e.Error(), name, "%v tells the name", op.method)
		}
	}
}

func errorsComeAlone(t testing.TB, w *World) {
	ctx, m, ghost := t.Context(), w.Manager, w.Name("ghost")
	if w.can(usermgmt.CapGetUser) {
		user, err := m.GetUser(ctx, usermgmt.GetUserRequest{Name: ghost})
		require.Error(t, err)
		assert.Zero(t, user)
	}
	if w.can(usermgmt.CapUpdateUser) {
		user, err := m.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: ghost})
		require.Error(t, err)
		assert.Zero(t, user)
	}
	if w.can(usermgmt.CapCreateUser) && w.can(usermgmt.CapUserName) {
		w.newUser(t, "alice")
		user, err := m.CreateUser(ctx, w.userRequest("alice"))
		require.Error(t, err)
		assert.Zero(t, user)
	}
	if w.can(usermgmt.CapUpdateRole) {
		role, err := m.UpdateRole(ctx, usermgmt.UpdateRoleRequest{Name: ghost})
		require.Error(t, err)
		assert.Zero(t, role)
	}
	if w.can(usermgmt.CapCreateRole) {
		w.newRole(t, "auditor")
		role, err := m.CreateRole(ctx, usermgmt.CreateRoleRequest{Name: w.Name("auditor")})
		require.Error(t, err)
		assert.Zero(t, role)
	}
	if w.can(usermgmt.CapUpdateGroup) {
		group, err := m.UpdateGroup(ctx, usermgmt.UpdateGroupRequest{Name: ghost})
		require.Error(t, err)
		assert.Zero(t, group)
	}
	if w.can(usermgmt.CapCreateGroup) {
		w.newGroup(t, "crew")
		group, err := m.CreateGroup(ctx, usermgmt.CreateGroupRequest{Name: w.Name("crew")})
		require.Error(t, err)
		assert.Zero(t, group)
	}
}

func errorsCanBeIgnored(t testing.TB, w *World) {
	_, err := w.Manager.GetUser(t.Context(), usermgmt.GetUserRequest{Name: w.Name("nobody")})
	require.Error(t, err)
	require.NoError(t, usermgmt.IgnoreNotFound(err))
	require.Equal(t, err, usermgmt.IgnoreAlreadyExists(err))
	wrapped := errors.Join(errors.New("in the caller"), err)
	require.ErrorIs(t, wrapped, usermgmt.ErrNotFound)
	assert.False(t, slices.Contains(kinds, err), "no sentinel comes bare")
}
