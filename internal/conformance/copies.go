package conformance

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

func copyCases() []Case {
	return []Case{
		{
			Name: "copies/requests are not kept", Rule: "Requests are copied when a call begins: what the caller does with them afterwards changes nothing.",
			needs: needs(usermgmt.CapCreateUser, usermgmt.CapGetUser, usermgmt.CapUpdateUser, usermgmt.CapGrantRoles, usermgmt.CapRoleSets), play: requestsAreNotKept,
		},
		{
			Name: "copies/requests are not changed", Rule: "No call changes what a request refers to.",
			needs: needs(usermgmt.CapCreateUser, usermgmt.CapUpdateUser, usermgmt.CapGrantRoles, usermgmt.CapRevokeRoles, usermgmt.CapRoleSets), play: requestsAreNotChanged,
		},
		{
			Name: "copies/results belong to the caller", Rule: "Results belong to the caller: what it does with them changes nothing.",
			needs: needs(usermgmt.CapCreateUser, usermgmt.CapGetUser, usermgmt.CapListUsers, usermgmt.CapGrantRoles), play: resultsBelongToTheCaller,
		},
		{
			Name: "copies/of groups", Rule: "Requests about groups are neither kept nor changed, and results belong to the caller.",
			needs: needs(usermgmt.CapCreateGroup, usermgmt.CapGetGroup, usermgmt.CapUpdateGroup, usermgmt.CapGroupRoles), play: groupCopies,
		},
	}
}

// scribble overwrites every element.
func scribble[T any](items []T, with T) {
	for i := range items {
		items[i] = with
	}
}

// cloned returns a user that shares nothing with user.
func cloned(user usermgmt.User) usermgmt.User {
	user.Roles, user.EffectiveRoles, user.Groups = slices.Clone(user.Roles), slices.Clone(user.EffectiveRoles), slices.Clone(user.Groups)
	return user
}

var scribbled = usermgmt.Role{Name: "scribbled", Scope: "scribbled"}

func requestsAreNotKept(t testing.TB, w *World) {
	roles := slices.Clone(w.Roles[:2])
	var groups []string
	if w.can(usermgmt.CapAddGroupMember) && w.can(usermgmt.CapCreateGroup) {
		groups = []string{w.newGroup(t, "crew")}
	}
	created := cloned(w.newUser(t, "alice", func(r *usermgmt.CreateUserRequest) { r.Roles, r.Groups = roles, groups }))
	scribble(roles, scribbled)
	scribble(groups, "scribbled")
	assert.Equal(t, created, w.getUser(t, created.Name))
	w.roles(t, created.Name, w.Roles[:2]...)

	roles = slices.Clone(w.Roles[1:3])
	groups = groups[:0]
	req := usermgmt.UpdateUserRequest{Name: created.Name, SetRoles: &roles}
	if w.can(usermgmt.CapAddGroupMember) {
		req.SetGroups = &groups
	}
	name := "Before"
	if w.can(usermgmt.CapUpdateDisplayName) {
		req.DisplayName = &name
	}
	updated, err := w.Manager.UpdateUser(t.Context(), req)
	require.NoError(t, err)
	updated = cloned(updated)
	scribble(roles, scribbled)
	name = "Scribbled"
	assert.Equal(t, updated, w.getUser(t, created.Name))

	roles = slices.Clone(w.Roles[:1])
	w.grant(t, created.Name, roles...)
	scribble(roles, scribbled)
	w.roles(t, created.Name, w.Roles[:3]...)
}

func requestsAreNotChanged(t testing.TB, w *World) {
	unsorted := []usermgmt.Role{w.Roles[2], w.Roles[0], w.Roles[2], w.Roles[1]}
	roles := slices.Clone(unsorted)
	var groups []string
	if w.can(usermgmt.CapAddGroupMember) && w.can(usermgmt.CapCreateGroup) {
		groups = []string{w.newGroup(t, "b"), w.newGroup(t, "a")}
		groups = append(groups, groups[0])
	}
	unsortedGroups := slices.Clone(groups)
	same := func(call string) {
		t.Helper()
		assert.Equal(t, unsorted, roles, call)
		assert.Equal(t, unsortedGroups, groups, call)
	}
	alice := w.newUser(t, "alice", func(r *usermgmt.CreateUserRequest) { r.Roles, r.Groups = roles, groups }).Name
	same("CreateUser")
	req := usermgmt.UpdateUserRequest{Name: alice, SetRoles: &roles}
	if groups != nil {
		req.SetGroups = &groups
	}
	_, err := w.Manager.UpdateUser(t.Context(), req)
	require.NoError(t, err)
	same("UpdateUser")
	w.revoke(t, alice, roles...)
	same("RevokeRoles")
	w.grant(t, alice, roles...)
	same("GrantRoles")
}

func resultsBelongToTheCaller(t testing.TB, w *World) {
	created := w.fullUser(t, "alice")
	before := cloned(w.getUser(t, created.Name))
	spoil := func(user usermgmt.User) {
		scribble(user.Roles, scribbled)
		scribble(user.EffectiveRoles, scribbled)
		scribble(user.Groups, "scribbled")
		_ = append(user.Roles[:0], scribbled)
	}
	spoil(created)
	assert.Equal(t, before, w.getUser(t, before.Name), "what CreateUser returned")
	spoil(w.getUser(t, before.Name))
	assert.Equal(t, before, w.getUser(t, before.Name), "what GetUser returned")
	spoil(w.users(t)[before.Name])
	assert.Equal(t, before, w.getUser(t, before.Name), "what ListUsers returned")
	if w.can(usermgmt.CapUpdateUser) {
		updated, err := w.Manager.UpdateUser(t.Context(), usermgmt.UpdateUserRequest{Name: before.Name})
		require.NoError(t, err)
		spoil(updated)
		assert.Equal(t, before, w.getUser(t, before.Name), "what UpdateUser returned")
	}
}

func groupCopies(t testing.TB, w *World) {
	unsorted := []usermgmt.Role{w.Roles[2], w.Roles[0], w.Roles[2]}
	roles := slices.Clone(unsorted)
	created, err := w.Manager.CreateGroup(t.Context(), usermgmt.CreateGroupRequest{Name: w.Name("crew"), Roles: roles})
	require.NoError(t, err)
	assert.Equal(t, unsorted, roles, "the request is as it was")
	before := w.getGroup(t, created.Name)
	before.Roles = slices.Clone(before.Roles)
	scribble(roles, scribbled)
	scribble(created.Roles, scribbled)
	scribble(w.getGroup(t, created.Name).Roles, scribbled)
	scribble(w.groups(t)[created.Name].Roles, scribbled)
	assert.Equal(t, before, w.getGroup(t, before.Name))

	roles = slices.Clone(unsorted)
	updated, err := w.Manager.UpdateGroup(t.Context(), usermgmt.UpdateGroupRequest{Name: before.Name, SetRoles: &roles})
	require.NoError(t, err)
	assert.Equal(t, unsorted, roles, "the request is as it was")
	scribble(roles, scribbled)
	scribble(updated.Roles, scribbled)
	assert.Equal(t, before, w.getGroup(t, before.Name))
}
