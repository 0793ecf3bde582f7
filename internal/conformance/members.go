package conformance

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

func memberCases() []Case {
	add := needs(usermgmt.CapCreateUser, usermgmt.CapGetUser, usermgmt.CapListUsers, usermgmt.CapCreateGroup, usermgmt.CapAddGroupMember)
	both := and(add, usermgmt.CapRemoveGroupMember)
	return []Case{
		{
			Name: "members/add and remove", Rule: "AddGroupMember adds a user to a group and RemoveGroupMember removes it; other members and other groups stay.",
			needs: both, play: addAndRemoveMember,
		},
		{
			Name: "members/add and remove twice", Rule: "Adding a member and removing a user that is none are no errors and write nothing.",
			needs: both, play: addAndRemoveTwice,
		},
		{
			Name: "members/of missing users and groups", Rule: "AddGroupMember and RemoveGroupMember fail with ErrNotFound if the user or the group does not exist.",
			needs: both, play: memberOfMissing,
		},
		{
			Name: "members/set groups replaces the list", Rule: "SetGroups replaces the whole list of groups that the user is in; a group can be named twice.",
			needs: and(both, usermgmt.CapUpdateUser), play: setGroups,
		},
		{
			Name: "members/list of a missing group", Rule: "The members of a group that does not exist are ErrNotFound, and not an empty list.",
			needs: add, play: listMissingGroup,
		},
		{
			Name: "members/inherit the roles of their groups", Rule: "EffectiveRoles are Roles and those inherited from groups, nil on a backend that does not tell. Roles never hold what is inherited.",
			needs: and(both, usermgmt.CapGroupRoles, usermgmt.CapUpdateGroup, usermgmt.CapGrantRoles), play: membersInheritRoles,
		},
	}
}

func (w *World) leave(t testing.TB, group, user string) {
	t.Helper()
	require.NoError(t, w.Manager.RemoveGroupMember(t.Context(), usermgmt.RemoveGroupMemberRequest{Group: group, User: user}))
}

func addAndRemoveMember(t testing.TB, w *World) {
	alice, bob := w.newUser(t, "alice").Name, w.newUser(t, "bob").Name
	red, blue := w.newGroup(t, "red"), w.newGroup(t, "blue")
	w.join(t, red, alice)
	w.join(t, blue, alice)
	w.join(t, red, bob)
	assert.ElementsMatch(t, []string{alice, bob}, w.members(t, red))
	assert.Equal(t, []string{alice}, w.members(t, blue))
	assert.Equal(t, []string{blue, red}, w.getUser(t, alice).Groups, "sorted")
	assert.Equal(t, []string{red}, w.getUser(t, bob).Groups)

	w.leave(t, red, alice)
	assert.Equal(t, []string{bob}, w.members(t, red))
	assert.Equal(t, []string{alice}, w.members(t, blue))
	assert.Equal(t, []string{blue}, w.getUser(t, alice).Groups)
	w.leave(t, blue, alice)
	assert.Empty(t, w.members(t, blue))
	assert.Nil(t, w.getUser(t, alice).Groups)
}

func addAndRemoveTwice(t testing.TB, w *World) {
	alice, bob, group := w.newUser(t, "alice").Name, w.newUser(t, "bob"), w.newGroup(t, "crew")
	w.join(t, group, alice)
	before := w.getUser(t, alice)
	w.writesNothing(t, func() {
		w.join(t, group, alice)
		w.leave(t, group, bob.Name)
	})
	assert.Equal(t, []string{alice}, w.members(t, group))
	assert.Equal(t, before, w.getUser(t, alice))
	assert.Equal(t, bob, w.getUser(t, bob.Name))
}

func memberOfMissing(t testing.TB, w *World) {
	ctx := t.Context()
	alice, group, ghost := w.newUser(t, "alice"), w.newGroup(t, "crew"), w.Name("ghost")
	err := w.Manager.AddGroupMember(ctx, usermgmt.AddGroupMemberRequest{Group: ghost, User: alice.Name})
	w.misses(t, usermgmt.CapAddGroupMember, err, "group", ghost)
	err = w.Manager.AddGroupMember(ctx, usermgmt.AddGroupMemberRequest{Group: group, User: ghost})
	w.misses(t, usermgmt.CapAddGroupMember, err, "user", ghost)
	err = w.Manager.RemoveGroupMember(ctx, usermgmt.RemoveGroupMemberRequest{Group: ghost, User: alice.Name})
	w.misses(t, usermgmt.CapRemoveGroupMember, err, "group", ghost)
	err = w.Manager.RemoveGroupMember(ctx, usermgmt.RemoveGroupMemberRequest{Group: group, User: ghost})
	w.misses(t, usermgmt.CapRemoveGroupMember, err, "user", ghost)
	assert.Empty(t, w.members(t, group))
	assert.Equal(t, alice, w.getUser(t, alice.Name))
}

func setGroups(t testing.TB, w *World) {
	alice := w.newUser(t, "alice").Name
	red, blue, green := w.newGroup(t, "red"), w.newGroup(t, "blue"), w.newGroup(t, "green")
	set := func(groups ...string) []string {
		t.Helper()
		user, err := w.Manager.UpdateUser(t.Context(), usermgmt.UpdateUserRequest{Name: alice, SetGroups: &groups})
		require.NoError(t, err)
		return user.Groups
	}
	assert.Equal(t, []string{blue, red}, set(red, blue, red))
	w.join(t, green, alice)
	assert.Equal(t, []string{blue, green, red}, w.getUser(t, alice).Groups)
	assert.Equal(t, []string{green}, set(green))
	assert.Empty(t, w.members(t, red))
	assert.Equal(t, []string{alice}, w.members(t, green))
}

func listMissingGroup(t testing.TB, w *World) {
	w.newUser(t, "alice")
	ghost := w.Name("ghost")
	users, err := usermgmt.Collect(w.Manager.ListUsers(t.Context(), usermgmt.ListUsersRequest{Group: ghost}))
	w.misses(t, usermgmt.CapListUsers, err, "group", ghost)
	assert.Empty(t, users)
}

func membersInheritRoles(t testing.TB, w *World) {
	alice, group := w.newUser(t, "alice").Name, w.newGroup(t, "crew")
	w.grant(t, alice, w.Roles[0])
	w.join(t, group, alice)
	_, err := w.Manager.UpdateGroup(t.Context(), usermgmt.UpdateGroupRequest{Name: group, SetRoles: &[]usermgmt.Role{w.Roles[0], w.Roles[1]}})
	require.NoError(t, err)
	effective := func(want ...usermgmt.Role) {
		t.Helper()
		user := w.getUser(t, alice)
		if user.EffectiveRoles != nil {
			assert.Equal(t, sortedRoles(want), user.EffectiveRoles)
		}
		assert.Equal(t, []usermgmt.Role{w.Roles[0]}, user.Roles)
	}
	effective(w.Roles[0], w.Roles[1])
	w.revoke(t, alice, w.Roles[1])
	effective(w.Roles[0], w.Roles[1])
	w.leave(t, group, alice)
	effective(w.Roles[0])
}
