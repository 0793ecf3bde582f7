package conformance

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

func projectCases() []Case {
	members := needs(usermgmt.CapCreateUser, usermgmt.CapListProjectMembers, usermgmt.CapEnsureProjectMember)
	remove := and(members, usermgmt.CapRemoveProjectMember)
	groups := and(members, usermgmt.CapProjectGroups, usermgmt.CapCreateGroup, usermgmt.CapAddGroupMember)
	return []Case{
		{
			Name: "projects/get and list show the same", Rule: "GetProject returns the project of a name, ListProjects all that the caller may see.",
			needs: needs(usermgmt.CapGetProject, usermgmt.CapListProjects), play: getAndListProjects,
		},
		{
			Name: "projects/get of a missing project", Rule: "GetProject fails with ErrNotFound if there is no such project, and names it.",
			needs: needs(usermgmt.CapGetProject), play: getMissingProject,
		},
		{
			Name: "projects/ensure adds, raises and lowers to exactly the role", Rule: "After EnsureProjectMember the direct role is exactly the one asked for. Other members are left alone.",
			needs: members, play: ensureExactly,
		},
		{
			Name: "projects/ensure of what is so already", Rule: "If the member has exactly the role already nothing is written.",
			needs: members, play: ensureTwice,
		},
		{
			Name: "projects/ensure of missing things", Rule: "EnsureProjectMember fails with ErrNotFound if the project or the member does not exist, and with ErrInvalidArgument if projects have no such role.",
			needs: members, play: ensureMissing,
		},
		{
			Name: "projects/remove takes one member out", Rule: "RemoveProjectMember takes a member out of a project. Other members and other projects are left alone.",
			needs: remove, play: removeMember,
		},
		{
			Name: "projects/remove of what is not in it", Rule: "One that is not in the project is no error and nothing is written.",
			needs: remove, play: removeNonMember,
		},
		{
			Name: "projects/remove of missing things", Rule: "RemoveProjectMember fails with ErrNotFound if the project or the member does not exist.",
			needs: remove, play: removeMissing,
		},
		{
			Name: "projects/groups are members beside users", Rule: "A group is a member of its own, also beside a user of the same name.",
			needs: and(groups, usermgmt.CapRemoveProjectMember), play: groupsAreMembers,
		},
		{
			Name: "projects/effective role is the highest", Rule: "EffectiveProjectRole returns the highest role that a user has by itself or through its groups, and \"\" if it has none.",
			needs: and(groups, usermgmt.CapEffectiveProjectRole), play: effectiveRoleIsHighest,
		},
		{
			Name: "projects/effective role of missing things", Rule: "EffectiveProjectRole fails with ErrNotFound if the user or the project does not exist.",
			needs: needs(usermgmt.CapCreateUser, usermgmt.CapEffectiveProjectRole), play: effectiveRoleOfMissing,
		},
		{
			Name: "projects/list of a user", Rule: "ListProjects with a user lists the projects in which it has a role, by itself or through its groups; its absence is ErrNotFound.",
			needs: and(members, usermgmt.CapListProjects), play: listProjectsOfUser,
		},
		{
			Name: "projects/members of a missing project", Rule: "ListProjectMembers fails with ErrNotFound if the project does not exist.",
			needs: needs(usermgmt.CapListProjectMembers), play: membersOfMissingProject,
		},
	}
}

// projectMembers returns the roles of the members of a project, without that
// of the founder.
func (w *World) projectMembers(t testing.TB, project string) map[usermgmt.Member]string {
	t.Helper()
	roles := map[usermgmt.Member]string{}
	for _, member := range collect(t, w.Manager.ListProjectMembers(t.Context(), usermgmt.ListProjectMembersRequest{Project: project})) {
		assert.NotContains(t, roles, member.Member, "each once")
		if member.Member != usermgmt.UserMember(w.Founder) {
			roles[member.Member] = member.Role
		}
	}
	return roles
}

// hasRole asserts the effective role of a user, where the backend tells.
func (w *World) hasRole(t testing.TB, project, user, want string) {
	t.Helper()
	if w.can(usermgmt.CapEffectiveProjectRole) {
		role, err := w.Manager.EffectiveProjectRole(t.Context(), usermgmt.EffectiveProjectRoleRequest{Project: project, User: user})
		require.NoError(t, err)
		assert.Equal(t, want, role)
	}
}

func getAndListProjects(t testing.TB, w *World) {
	found := listed(t, w, w.Manager.ListProjects(t.Context(), usermgmt.ListProjectsRequest{}), projectName)
	assert.Len(t, found, len(w.Projects))
	for _, name := range w.Projects {
		project, err := w.Manager.GetProject(t.Context(), usermgmt.GetProjectRequest{Name: name})
		require.NoError(t, err)
		assert.Equal(t, name, project.Name)
		assert.Equal(t, found[name], project)
	}
}

func getMissingProject(t testing.TB, w *World) {
	project, err := w.Manager.GetProject(t.Context(), usermgmt.GetProjectRequest{Name: w.Name("ghost")})
	w.misses(t, usermgmt.CapGetProject, err, "project", w.Name("ghost"))
	assert.Zero(t, project)
}

func ensureExactly(t testing.TB, w *World) {
	alice, bob := w.newUser(t, "alice").Name, w.newUser(t, "bob").Name
	project, low, middle, high := w.Projects[0], w.ProjectRoles[0], w.ProjectRoles[1], w.ProjectRoles[2]
	w.hasRole(t, project, alice, "")
	w.admit(t, project, usermgmt.UserMember(bob), middle)
	for _, role := range []string{middle, high, low, high, middle, low} {
		w.admit(t, project, usermgmt.UserMember(alice), role)
		assert.Equal(t, map[usermgmt.Member]string{usermgmt.UserMember(alice): role, usermgmt.UserMember(bob): middle}, w.projectMembers(t, project))
		w.hasRole(t, project, alice, role)
	}
	assert.Empty(t, w.projectMembers(t, w.Projects[1]))
}

func ensureTwice(t testing.TB, w *World) {
	alice := usermgmt.UserMember(w.newUser(t, "alice").Name)
	w.admit(t, w.Projects[0], alice, w.ProjectRoles[1])
	w.writesNothing(t, func() { w.admit(t, w.Projects[0], alice, w.ProjectRoles[1]) })
	assert.Equal(t, map[usermgmt.Member]string{alice: w.ProjectRoles[1]}, w.projectMembers(t, w.Projects[0]))
}

func ensureMissing(t testing.TB, w *World) {
	alice, ghost := usermgmt.UserMember(w.newUser(t, "alice").Name), w.Name("ghost")
	project, role := w.Projects[0], w.ProjectRoles[0]
	w.admit(t, project, alice, role)
	ensure := func(project string, member usermgmt.Member, role string) error {
		return w.Manager.EnsureProjectMember(t.Context(), usermgmt.EnsureProjectMemberRequest{Project: project, Member: member, Role: role})
	}
	w.misses(t, usermgmt.CapEnsureProjectMember, ensure(ghost, alice, role), "project", ghost)
	w.misses(t, usermgmt.CapEnsureProjectMember, ensure(project, usermgmt.UserMember(ghost), role), "user", ghost)
	if w.can(usermgmt.CapProjectGroups) {
		w.misses(t, usermgmt.CapEnsureProjectMember, ensure(project, usermgmt.GroupMember(ghost), role), "group", ghost)
	}
	w.fails(t, usermgmt.CapEnsureProjectMember, ensure(project, alice, ghost), usermgmt.ErrInvalidArgument)
	assert.Equal(t, map[usermgmt.Member]string{alice: role}, w.projectMembers(t, project))
}

// expel takes a member out of a project.
func (w *World) expel(t testing.TB, project string, member usermgmt.Member) {
	t.Helper()
	require.NoError(t, w.Manager.RemoveProjectMember(t.Context(), usermgmt.RemoveProjectMemberRequest{Project: project, Member: member}))
}

func removeMember(t testing.TB, w *World) {
	alice, bob := usermgmt.UserMember(w.newUser(t, "alice").Name), usermgmt.UserMember(w.newUser(t, "bob").Name)
	for _, project := range w.Projects[:2] {
		w.admit(t, project, alice, w.ProjectRoles[1])
		w.admit(t, project, bob, w.ProjectRoles[2])
	}
	w.expel(t, w.Projects[0], alice)
	assert.Equal(t, map[usermgmt.Member]string{bob: w.ProjectRoles[2]}, w.projectMembers(t, w.Projects[0]))
	assert.Equal(t, map[usermgmt.Member]string{alice: w.ProjectRoles[1], bob: w.ProjectRoles[2]}, w.projectMembers(t, w.Projects[1]))
	w.hasRole(t, w.Projects[0], alice.Name, "")
	w.hasRole(t, w.Projects[1], alice.Name, w.ProjectRoles[1])
}

func removeNonMember(t testing.TB, w *World) {
	alice, bob := usermgmt.UserMember(w.newUser(t, "alice").Name), usermgmt.UserMember(w.newUser(t, "bob").Name)
	w.admit(t, w.Projects[0], bob, w.ProjectRoles[0])
	w.writesNothing(t, func() { w.expel(t, w.Projects[0], alice) })
	assert.Equal(t, map[usermgmt.Member]string{bob: w.ProjectRoles[0]}, w.projectMembers(t, w.Projects[0]))
}

func removeMissing(t testing.TB, w *World) {
	alice, ghost := usermgmt.UserMember(w.newUser(t, "alice").Name), w.Name("ghost")
	remove := func(project string, member usermgmt.Member) error {
		return w.Manager.RemoveProjectMember(t.Context(), usermgmt.RemoveProjectMemberRequest{Project: project, Member: member})
	}
	w.misses(t, usermgmt.CapRemoveProjectMember, remove(ghost, alice), "project", ghost)
	w.misses(t, usermgmt.CapRemoveProjectMember, remove(w.Projects[0], usermgmt.UserMember(ghost)), "user", ghost)
	if w.can(usermgmt.CapProjectGroups) {
		w.misses(t, usermgmt.CapRemoveProjectMember, remove(w.Projects[0], usermgmt.GroupMember(ghost)), "group", ghost)
	}
}

func groupsAreMembers(t testing.TB, w *World) {
	name := w.newUser(t, "crew").Name
	require.Equal(t, name, w.newGroup(t, "crew"), "a user and a group of one name")
	user, group, project := usermgmt.UserMember(name), usermgmt.GroupMember(name), w.Projects[0]
	w.admit(t, project, group, w.ProjectRoles[2])
	assert.Equal(t, map[usermgmt.Member]string{group: w.ProjectRoles[2]}, w.projectMembers(t, project))
	w.hasRole(t, project, name, "")
	w.admit(t, project, user, w.ProjectRoles[0])
	assert.Equal(t, map[usermgmt.Member]string{user: w.ProjectRoles[0], group: w.ProjectRoles[2]}, w.projectMembers(t, project))
	w.writesNothing(t, func() { w.admit(t, project, group, w.ProjectRoles[2]) })
	w.expel(t, project, group)
	assert.Equal(t, map[usermgmt.Member]string{user: w.ProjectRoles[0]}, w.projectMembers(t, project))
}

func effectiveRoleIsHighest(t testing.TB, w *World) {
	alice := w.newUser(t, "alice").Name
	red, blue, strangers := w.newGroup(t, "red"), w.newGroup(t, "blue"), w.newGroup(t, "strangers")
	project, low, middle, high := w.Projects[0], w.ProjectRoles[0], w.ProjectRoles[1], w.ProjectRoles[2]
	w.join(t, red, alice)
	w.admit(t, project, usermgmt.GroupMember(strangers), high)
	w.hasRole(t, project, alice, "")
	w.admit(t, project, usermgmt.GroupMember(red), middle)
	w.hasRole(t, project, alice, middle)
	w.admit(t, project, usermgmt.UserMember(alice), low)
	w.hasRole(t, project, alice, middle)
	w.admit(t, project, usermgmt.UserMember(alice), high)
	w.hasRole(t, project, alice, high)
	w.admit(t, project, usermgmt.UserMember(alice), low)
	w.admit(t, project, usermgmt.GroupMember(blue), high)
	w.hasRole(t, project, alice, middle)
	w.join(t, blue, alice)
	w.hasRole(t, project, alice, high)
	w.hasRole(t, w.Projects[1], alice, "")
	assert.Equal(t, low, w.projectMembers(t, project)[usermgmt.UserMember(alice)], "the direct role is what was asked for")
}

func effectiveRoleOfMissing(t testing.TB, w *World) {
	ghost := w.Name("ghost")
	_, err := w.Manager.EffectiveProjectRole(t.Context(), usermgmt.EffectiveProjectRoleRequest{Project: w.Projects[0], User: ghost})
	w.misses(t, usermgmt.CapEffectiveProjectRole, err, "user", ghost)
	alice := w.newUser(t, "alice").Name
	_, err = w.Manager.EffectiveProjectRole(t.Context(), usermgmt.EffectiveProjectRoleRequest{Project: ghost, User: alice})
	w.misses(t, usermgmt.CapEffectiveProjectRole, err, "project", ghost)
}

func listProjectsOfUser(t testing.TB, w *World) {
	alice := w.newUser(t, "alice").Name
	projects := func(user string) []string {
		t.Helper()
		var names []string
		for _, project := range collect(t, w.Manager.ListProjects(t.Context(), usermgmt.ListProjectsRequest{User: user})) {
			names = append(names, project.Name)
		}
		return names
	}
	assert.Empty(t, projects(alice))
	w.admit(t, w.Projects[0], usermgmt.UserMember(alice), w.ProjectRoles[0])
	assert.Equal(t, w.Projects[:1], projects(alice))
	if w.can(usermgmt.CapProjectGroups) && w.can(usermgmt.CapAddGroupMember) {
		group := w.newGroup(t, "crew")
		w.join(t, group, alice)
		w.admit(t, w.Projects[0], usermgmt.GroupMember(group), w.ProjectRoles[1])
		w.admit(t, w.Projects[1], usermgmt.GroupMember(group), w.ProjectRoles[0])
		assert.ElementsMatch(t, w.Projects[:2], projects(alice), "each once")
	}
	assert.Empty(t, projects(w.newUser(t, "bob").Name))
	err := drain(w.Manager.ListProjects(t.Context(), usermgmt.ListProjectsRequest{User: w.Name("ghost")}))
	w.misses(t, usermgmt.CapListProjects, err, "user", w.Name("ghost"))
}

func membersOfMissingProject(t testing.TB, w *World) {
	err := drain(w.Manager.ListProjectMembers(t.Context(), usermgmt.ListProjectMembersRequest{Project: w.Name("ghost")}))
	w.misses(t, usermgmt.CapListProjectMembers, err, "project", w.Name("ghost"))
}
