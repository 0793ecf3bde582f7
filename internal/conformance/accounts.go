package conformance

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

func accountCases() []Case {
	account := needs(usermgmt.CapCreateUser, usermgmt.CapGetUser, usermgmt.CapEnableUser, usermgmt.CapDisableUser)
	return []Case{
		{
			Name:  "accounts/disable keeps the user out and all else as it is",
			Rule:  "DisableUser keeps a user from logging in, EnableUser lets it in again; roles, groups and password stay.",
			needs: account, play: disableAndEnable,
		},
		{
			Name: "accounts/disable and enable twice", Rule: "Disabling a disabled user and enabling an enabled one do nothing.",
			needs: account, play: disableAndEnableTwice,
		},
		{
			Name: "accounts/disable and enable of a missing user", Rule: "EnableUser and DisableUser fail with ErrNotFound if the user does not exist.",
			needs: account, play: disableAndEnableMissing,
		},
		{
			Name: "accounts/set password changes the password alone", Rule: "SetPassword replaces the password of a user; all else stays.",
			needs: needs(usermgmt.CapCreateUser, usermgmt.CapGetUser, usermgmt.CapSetPassword, usermgmt.CapUserPassword), play: setPassword,
		},
		{
			Name: "accounts/set password of a missing user", Rule: "SetPassword fails with ErrNotFound if the user does not exist, and creates none.",
			needs: needs(usermgmt.CapGetUser, usermgmt.CapSetPassword), play: setPasswordOfMissing,
		},
	}
}

func disableAndEnable(t testing.TB, w *World) {
	ctx := t.Context()
	before, password := w.fullUserWithPassword(t, "alice")
	bystander := w.newUser(t, "bob")

	require.NoError(t, w.Manager.DisableUser(ctx, usermgmt.DisableUserRequest{Name: before.Name}))
	want, got := before, w.getUser(t, before.Name)
	want.Disabled = true
	if !w.can(usermgmt.CapRoleSets) {
		want.Roles = got.Roles // levels may be hidden until the user is enabled again
	}
	assert.Equal(t, settled(want), settled(got))
	if w.can(usermgmt.CapListUsers) {
		assert.True(t, w.users(t)[before.Name].Disabled, "lists show it, too")
	}
	assert.Equal(t, bystander, w.getUser(t, bystander.Name))
	if password != "" {
		w.logsIn(t, false, before.Name, password, "a disabled user cannot log in")
	}

	require.NoError(t, w.Manager.EnableUser(ctx, usermgmt.EnableUserRequest{Name: before.Name}))
	assert.Equal(t, settled(before), settled(w.getUser(t, before.Name)))
	if password != "" {
		w.logsIn(t, true, before.Name, password, "an enabled user logs in as before")
	}
}

func disableAndEnableTwice(t testing.TB, w *World) {
	ctx := t.Context()
	user := w.newUser(t, "alice")
	w.changesNothing(t, func() {
		require.NoError(t, w.Manager.EnableUser(ctx, usermgmt.EnableUserRequest{Name: user.Name}))
	})
	assert.Equal(t, user, w.getUser(t, user.Name))

	require.NoError(t, w.Manager.DisableUser(ctx, usermgmt.DisableUserRequest{Name: user.Name}))
	disabled := w.getUser(t, user.Name)
	w.changesNothing(t, func() {
		require.NoError(t, w.Manager.DisableUser(ctx, usermgmt.DisableUserRequest{Name: user.Name}))
	})
	assert.Equal(t, disabled, w.getUser(t, user.Name))
}

// changesNothing asserts that act, whose effect is there already, either looks
// and writes nothing, or is one write that the server takes no notice of.
func (w *World) changesNothing(t testing.TB, act func()) {
	t.Helper()
	if sent := w.traffic(act); sent.Reads > 0 {
		assert.Zero(t, sent.Writes, "it has seen that nothing is to be done")
	} else {
		assert.LessOrEqual(t, sent.Writes, 1)
	}
}

func disableAndEnableMissing(t testing.TB, w *World) {
	name := w.Name("nobody")
	err := w.Manager.DisableUser(t.Context(), usermgmt.DisableUserRequest{Name: name})
	w.misses(t, usermgmt.CapDisableUser, err, "user", name)
	err = w.Manager.EnableUser(t.Context(), usermgmt.EnableUserRequest{Name: name})
	w.misses(t, usermgmt.CapEnableUser, err, "user", name)
}

func setPassword(t testing.TB, w *World) {
	before, old := w.fullUserWithPassword(t, "alice")
	changed := w.newPassword()
	err := w.Manager.SetPassword(t.Context(), usermgmt.SetPasswordRequest{Name: before.Name, Password: usermgmt.NewSecret(changed)})
	require.NoError(t, err)
	assert.Equal(t, settled(before), settled(w.getUser(t, before.Name)))
	w.logsIn(t, true, before.Name, changed, "the new password works")
	w.logsIn(t, false, before.Name, old, "the old one does not")
}

func setPasswordOfMissing(t testing.TB, w *World) {
	name := w.Name("nobody")
	err := w.Manager.SetPassword(t.Context(), usermgmt.SetPasswordRequest{Name: name, Password: usermgmt.NewSecret(w.newPassword())})
	w.misses(t, usermgmt.CapSetPassword, err, "user", name)
	_, err = w.Manager.GetUser(t.Context(), usermgmt.GetUserRequest{Name: name})
	w.misses(t, usermgmt.CapGetUser, err, "user", name)
}
