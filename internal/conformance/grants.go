package conformance

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

func grantCases() []Case {
	grants := needs(usermgmt.CapCreateUser, usermgmt.CapGetUser, usermgmt.CapGrantRoles)
	both := and(grants, usermgmt.CapRevokeRoles)
	return []Case{
		{
			Name: "grants/grant adds", Rule: "GrantRoles adds roles to those that a user holds. No role is ever taken away.",
			needs: grants, play: grantAdds,
		},
		{
			Name: "grants/grant of what is held", Rule: "Roles that the user has already are no error, and if it has all nothing is written.",
			needs: grants, play: grantOfHeld,
		},
		{
			Name: "grants/grant of a missing role", Rule: "GrantRoles fails with ErrNotFound if a role does not exist, and then grants nothing.",
			needs: grants, play: grantOfMissingRole,
		},
		{
			Name: "grants/revoke takes away just that", Rule: "RevokeRoles takes roles from those that a user itself holds; the others stay, and nothing is added.",
			needs: both, play: revokeTakesAway,
		},
		{
			Name: "grants/revoke of what is not held", Rule: "Roles that the user does not have are no error, and if it has none of them nothing is written.",
			needs: both, play: revokeOfNotHeld,
		},
		{
			Name: "grants/grant to and revoke from a missing user", Rule: "GrantRoles and RevokeRoles fail with ErrNotFound if the user does not exist.",
			needs: both, play: grantToMissingUser,
		},
		{
			Name: "grants/set, add and remove are three verbs", Rule: "No call replaces a list that the caller meant to extend: only SetRoles replaces.",
			needs: and(both, usermgmt.CapUpdateUser, usermgmt.CapRoleSets), play: setAddRemove,
		},
		{
			Name: "grants/roles with different scopes are different roles", Rule: "A role limited to one scope is another than the role limited to another scope.",
			needs: and(both, usermgmt.CapRoleScope), play: scopesAreKeptApart,
		},
		{
			Name: "grants/a change of roles keeps the rest of the user", Rule: "Granting and revoking change the roles and nothing else of a user.",
			needs: both, play: grantKeepsTheRest,
		},
	}
}

// roles asserts which roles a user itself holds.
func (w *World) roles(t testing.TB, user string, want ...usermgmt.Role) {
	t.Helper()
	var wanted []usermgmt.Role
	if len(want) > 0 {
		wanted = sortedRoles(want)
	}
	assert.Equal(t, wanted, w.held(t, w.getUser(t, user)))
}

func (w *World) revoke(t testing.TB, user string, roles ...usermgmt.Role) {
	t.Helper()
	require.NoError(t, w.Manager.RevokeRoles(t.Context(), usermgmt.RevokeRolesRequest{User: user, Roles: roles}))
}

func grantAdds(t testing.TB, w *World) {
	alice, bob := w.newUser(t, "alice"), w.newUser(t, "bob")
	w.grant(t, alice.Name, w.Roles[1], w.Roles[1])
	w.roles(t, alice.Name, w.Roles[1])
	w.grant(t, alice.Name, w.Roles[0])
	w.roles(t, alice.Name, w.Roles[0], w.Roles[1])
	w.grant(t, alice.Name, w.Roles[1], w.Roles[2])
	w.roles(t, alice.Name, w.Roles[:3]...)
	assert.Equal(t, bob, w.getUser(t, bob.Name), "nobody else changes")
}

func grantOfHeld(t testing.TB, w *World) {
	alice := w.newUser(t, "alice").Name
	w.grant(t, alice, w.Roles[:2]...)
	before := w.getUser(t, alice)
	w.writesNothing(t, func() {
		w.grant(t, alice, w.Roles[1], w.Roles[0], w.Roles[1])
		w.grant(t, alice, w.Roles[0])
	})
	assert.Equal(t, before, w.getUser(t, alice))
}

func grantOfMissingRole(t testing.TB, w *World) {
	alice := w.newUser(t, "alice").Name
	w.grant(t, alice, w.Roles[0])
	before := w.getUser(t, alice)
	ghost := usermgmt.Role{Name: w.Name("ghost"), Scope: w.Roles[1].Scope}
	for _, roles := range [][]usermgmt.Role{{ghost}, {w.Roles[1], ghost}, {ghost, w.Roles[1]}, {w.Roles[0], ghost}} {
		err := w.Manager.GrantRoles(t.Context(), usermgmt.GrantRolesRequest{User: alice, Roles: roles})
		w.namesMissing(t, usermgmt.CapGrantRoles, err, "role", ghost.Name)
	}
	assert.Equal(t, before, w.getUser(t, alice))
}

func revokeTakesAway(t testing.TB, w *World) {
	alice, bob := w.newUser(t, "alice").Name, w.newUser(t, "bob").Name
	w.grant(t, alice, w.Roles[:3]...)
	w.grant(t, bob, w.Roles[:3]...)
	w.revoke(t, alice, w.Roles[1], w.Roles[1])
	w.roles(t, alice, w.Roles[0], w.Roles[2])
	w.revoke(t, alice, w.Roles[1], w.Roles[2])
	w.roles(t, alice, w.Roles[0])
	w.revoke(t, alice, w.Roles[0])
	w.roles(t, alice)
	w.roles(t, bob, w.Roles[:3]...)
}

func revokeOfNotHeld(t testing.TB, w *World) {
	alice := w.newUser(t, "alice").Name
	w.grant(t, alice, w.Roles[0])
	before := w.getUser(t, alice)
	w.writesNothing(t, func() {
		w.revoke(t, alice, w.Roles[1], w.Roles[2])
		w.revoke(t, alice, usermgmt.Role{Name: w.Name("ghost"), Scope: w.Roles[0].Scope})
	})
	assert.Equal(t, before, w.getUser(t, alice))
}

func grantToMissingUser(t testing.TB, w *World) {
	name := w.Name("nobody")
	err := w.Manager.GrantRoles(t.Context(), usermgmt.GrantRolesRequest{User: name, Roles: w.Roles[:1]})
	w.misses(t, usermgmt.CapGrantRoles, err, "user", name)
	err = w.Manager.RevokeRoles(t.Context(), usermgmt.RevokeRolesRequest{User: name, Roles: w.Roles[:1]})
	w.misses(t, usermgmt.CapRevokeRoles, err, "user", name)
}

func setAddRemove(t testing.TB, w *World) {
	alice := w.newUser(t, "alice").Name
	set := func(roles ...usermgmt.Role) {
		t.Helper()
		_, err := w.Manager.UpdateUser(t.Context(), usermgmt.UpdateUserRequest{Name: alice, SetRoles: &roles})
		require.NoError(t, err)
	}
	set(w.Roles[0], w.Roles[1], w.Roles[0])
	w.roles(t, alice, w.Roles[0], w.Roles[1])
	w.grant(t, alice, w.Roles[2])
	w.roles(t, alice, w.Roles[:3]...)
	w.revoke(t, alice, w.Roles[0])
	w.roles(t, alice, w.Roles[1], w.Roles[2])
	set(w.Roles[0])
	w.roles(t, alice, w.Roles[0])
	set()
	w.roles(t, alice)
}

func scopesAreKeptApart(t testing.TB, w *World) {
	alice := w.newUser(t, "alice").Name
	one, other := w.ScopedRoles[0], w.ScopedRoles[1]
	w.grant(t, alice, one)
	w.roles(t, alice, one)
	w.grant(t, alice, other)
	w.roles(t, alice, one, other)
	w.revoke(t, alice, one)
	w.roles(t, alice, other)
}

func grantKeepsTheRest(t testing.TB, w *World) {
	before, password := w.fullUserWithPassword(t, "alice")
	w.grant(t, before.Name, w.Roles[2])
	w.revoke(t, before.Name, w.Roles[2])
	assert.Equal(t, settled(before), settled(w.getUser(t, before.Name)))
	if password != "" {
		w.logsIn(t, true, before.Name, password, "the password stays")
	}
}
