package conformance

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

func groupCases() []Case {
	group := needs(usermgmt.CapCreateGroup, usermgmt.CapGetGroup, usermgmt.CapListGroups)
	update, remove := and(group, usermgmt.CapUpdateGroup), and(group, usermgmt.CapDeleteGroup)
	return []Case{
		{
			Name: "groups/create returns what get and list show", Rule: "CreateGroup creates a group without members; GetGroup and ListGroups show it.",
			needs: group, play: createGroup,
		},
		{
			Name: "groups/create never overwrites", Rule: "CreateGroup fails with ErrAlreadyExists if the name is taken and never changes the group that has it.",
			needs: group, play: createGroupNeverOverwrites,
		},
		{
			Name: "groups/create and update with a missing role", Rule: "Roles of a group must exist: ErrNotFound names the one that does not, and nothing is created or changed.",
			needs: and(update, usermgmt.CapGroupRoles), play: groupWithMissingRole,
		},
		{
			Name: "groups/get of a missing group", Rule: "GetGroup fails with ErrNotFound if there is no such group, and names it.",
			needs: group, play: getMissingGroup,
		},
		{
			Name: "groups/update of one field alone", Rule: "UpdateGroup changes exactly what the request names and returns the group as it is then; members stay.",
			needs: update, play: updateGroup,
		},
		{
			Name: "groups/update that names nothing", Rule: "A request that names nothing writes nothing.",
			needs: update, play: updateGroupNothing,
		},
		{
			Name: "groups/update of a missing group", Rule: "UpdateGroup fails with ErrNotFound if the group does not exist, and creates none.",
			needs: update, play: updateMissingGroup,
		},
		{
			Name: "groups/delete leaves the members", Rule: "DeleteGroup deletes a group; its members lose what they inherited from it and stay.",
			needs: remove, play: deleteGroup,
		},
		{
			Name: "groups/delete of a missing group", Rule: "DeleteGroup fails with ErrNotFound if there is no such group, unless the request says to ignore that.",
			needs: remove, play: deleteMissingGroup,
		},
	}
}

// fullGroup creates a group that has a value in every field that the backend
// has, and a member.
func (w *World) fullGroup(t testing.TB, label string) usermgmt.Group {
	t.Helper()
	req := usermgmt.CreateGroupRequest{Name: w.Name(label)}
	if w.can(usermgmt.CapGroupDescription) {
		req.Description = "Group " + label
	}
	if w.can(usermgmt.CapGroupRoles) {
		req.Roles = []usermgmt.Role{w.Roles[1], w.Roles[0], w.Roles[1]}
	}
	group, err := w.Manager.CreateGroup(t.Context(), req)
	require.NoError(t, err)
	if w.can(usermgmt.CapAddGroupMember) {
		w.join(t, group.Name, w.newUser(t, "in-"+label).Name)
	}
	return group
}

func createGroup(t testing.TB, w *World) {
	group := w.fullGroup(t, "crew")
	assert.Equal(t, w.Name("crew"), group.Name)
	if w.can(usermgmt.CapGroupDescription) {
		assert.Equal(t, "Group crew", group.Description)
	}
	if w.can(usermgmt.CapGroupRoles) {
		assert.Equal(t, sortedRoles(w.Roles[:2]), group.Roles, "sorted, each once")
	}
	assert.Equal(t, group, w.getGroup(t, group.Name))
	assert.Equal(t, map[string]usermgmt.Group{group.Name: group}, w.groups(t))
	if w.can(usermgmt.CapAddGroupMember) {
		assert.Empty(t, w.members(t, w.newGroup(t, "empty")))
	}
}

// groups returns the groups of the world.
func (w *World) groups(t testing.TB) map[string]usermgmt.Group {
	t.Helper()
	return listed(t, w, w.Manager.ListGroups(t.Context(), usermgmt.ListGroupsRequest{}), groupName)
}

func createGroupNeverOverwrites(t testing.TB, w *World) {
	before := w.fullGroup(t, "crew")
	req := usermgmt.CreateGroupRequest{Name: before.Name}
	if w.can(usermgmt.CapGroupDescription) {
		req.Description = "Another text"
	}
	_, err := w.Manager.CreateGroup(t.Context(), req)
	e := w.fails(t, usermgmt.CapCreateGroup, err, usermgmt.ErrAlreadyExists)
	assert.Equal(t, "group "+before.Name, e.Resource+" "+e.Name)
	assert.Equal(t, before, w.getGroup(t, before.Name))
	if w.can(usermgmt.CapAddGroupMember) {
		assert.Equal(t, []string{w.Name("in-crew")}, w.members(t, before.Name))
	}
}

func groupWithMissingRole(t testing.TB, w *World) {
	ghost := usermgmt.Role{Name: w.Name("ghost"), Scope: w.Roles[2].Scope}
	roles := []usermgmt.Role{w.Roles[2], ghost}
	_, err := w.Manager.CreateGroup(t.Context(), usermgmt.CreateGroupRequest{Name: w.Name("crew"), Roles: roles})
	w.namesMissing(t, usermgmt.CapCreateGroup, err, "role", ghost.Name)
	assert.Empty(t, w.groups(t))

	before := w.fullGroup(t, "crew")
	req := usermgmt.UpdateGroupRequest{Name: before.Name, SetRoles: &roles}
	if w.can(usermgmt.CapGroupDescription) {
		req.Description = new("Another text")
	}
	_, err = w.Manager.UpdateGroup(t.Context(), req)
	w.namesMissing(t, usermgmt.CapUpdateGroup, err, "role", ghost.Name)
	assert.Equal(t, before, w.getGroup(t, before.Name))
}

func getMissingGroup(t testing.TB, w *World) {
	group, err := w.Manager.GetGroup(t.Context(), usermgmt.GetGroupRequest{Name: w.Name("ghost")})
	w.misses(t, usermgmt.CapGetGroup, err, "group", w.Name("ghost"))
	assert.Zero(t, group)
}

func updateGroup(t testing.TB, w *World) {
	want, bystander := w.fullGroup(t, "crew"), w.fullGroup(t, "others")
	update := func(req usermgmt.UpdateGroupRequest) {
		t.Helper()
		req.Name = want.Name
		updated, err := w.Manager.UpdateGroup(t.Context(), req)
		require.NoError(t, err)
		assert.Equal(t, want, updated)
		assert.Equal(t, want, w.getGroup(t, want.Name))
		if w.can(usermgmt.CapAddGroupMember) {
			assert.Equal(t, []string{w.Name("in-crew")}, w.members(t, want.Name))
		}
	}
	if w.can(usermgmt.CapGroupDescription) {
		want.Description = "Another text"
		update(usermgmt.UpdateGroupRequest{Description: new("Another text")})
	}
	if w.can(usermgmt.CapGroupRoles) {
		want.Roles = sortedRoles(w.Roles[1:3])
		update(usermgmt.UpdateGroupRequest{SetRoles: &[]usermgmt.Role{w.Roles[2], w.Roles[1], w.Roles[2]}})
		want.Roles = nil
		update(usermgmt.UpdateGroupRequest{SetRoles: &[]usermgmt.Role{}})
	}
	if w.can(usermgmt.CapGroupDescription) {
		want.Description = ""
		update(usermgmt.UpdateGroupRequest{Description: new("")})
	}
	assert.Equal(t, bystander, w.getGroup(t, bystander.Name))
}

func updateGroupNothing(t testing.TB, w *World) {
	before := w.fullGroup(t, "crew")
	w.writesNothing(t, func() {
		updated, err := w.Manager.UpdateGroup(t.Context(), usermgmt.UpdateGroupRequest{Name: before.Name})
		require.NoError(t, err)
		assert.Equal(t, before, updated)
	})
	assert.Equal(t, before, w.getGroup(t, before.Name))
}

func updateMissingGroup(t testing.TB, w *World) {
	req := usermgmt.UpdateGroupRequest{Name: w.Name("ghost")}
	_, err := w.Manager.UpdateGroup(t.Context(), req)
	w.misses(t, usermgmt.CapUpdateGroup, err, "group", req.Name)
	if w.can(usermgmt.CapGroupDescription) {
		req.Description = new("text")
		_, err = w.Manager.UpdateGroup(t.Context(), req)
		w.misses(t, usermgmt.CapUpdateGroup, err, "group", req.Name)
	}
	assert.Empty(t, w.groups(t))
}

func deleteGroup(t testing.TB, w *World) {
	group, other := w.fullGroup(t, "crew"), w.fullGroup(t, "others")
	member := w.Name("in-crew")
	if w.can(usermgmt.CapAddGroupMember) {
		w.join(t, other.Name, member)
	}
	if w.can(usermgmt.CapProjectGroups) {
		w.admit(t, w.Projects[0], usermgmt.GroupMember(group.Name), w.ProjectRoles[2])
	}

	require.NoError(t, w.Manager.DeleteGroup(t.Context(), usermgmt.DeleteGroupRequest{Name: group.Name}))
	_, err := w.Manager.GetGroup(t.Context(), usermgmt.GetGroupRequest{Name: group.Name})
	w.misses(t, usermgmt.CapGetGroup, err, "group", group.Name)
	assert.Equal(t, map[string]usermgmt.Group{other.Name: other}, w.groups(t))
	if w.can(usermgmt.CapAddGroupMember) {
		user := w.getUser(t, member)
		assert.Equal(t, []string{other.Name}, user.Groups, "the member stays and is in its other group")
		if user.EffectiveRoles != nil {
			assert.ElementsMatch(t, other.Roles, user.EffectiveRoles, "what the other group gives remains")
		}
		require.NoError(t, w.Manager.RemoveGroupMember(t.Context(), usermgmt.RemoveGroupMemberRequest{Group: other.Name, User: member}))
		assert.Empty(t, w.getUser(t, member).EffectiveRoles)
		assert.Empty(t, w.members(t, w.newGroup(t, "crew")), "a new group of the name has no members")
	}
	if w.can(usermgmt.CapProjectGroups) {
		assert.Empty(t, w.projectMembers(t, w.Projects[0]), "and is in no project")
	}
}

func deleteMissingGroup(t testing.TB, w *World) {
	name := w.newGroup(t, "crew")
	require.NoError(t, w.Manager.DeleteGroup(t.Context(), usermgmt.DeleteGroupRequest{Name: name, IgnoreMissing: true}))
	err := w.Manager.DeleteGroup(t.Context(), usermgmt.DeleteGroupRequest{Name: name})
	w.misses(t, usermgmt.CapDeleteGroup, err, "group", name)
	require.NoError(t, w.Manager.DeleteGroup(t.Context(), usermgmt.DeleteGroupRequest{Name: name, IgnoreMissing: true}))
}
