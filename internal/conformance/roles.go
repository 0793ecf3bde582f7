package conformance

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

func roleCases() []Case {
	read := needs(usermgmt.CapGetRole, usermgmt.CapListRoles)
	write := and(read, usermgmt.CapCreateRole)
	return []Case{
		{
			Name: "roles/get shows what the list shows", Rule: "GetRole returns the definition of a role, ListRoles those of all roles, sorted by name.",
			needs: read, play: getRoleShowsWhatListShows,
		},
		{
			Name: "roles/get of a missing role", Rule: "GetRole fails with ErrNotFound if there is no such role, and names it.",
			needs: read, play: getMissingRole,
		},
		{
			Name: "roles/create defines a role that can be granted", Rule: "CreateRole defines a role and returns its definition.",
			needs: and(write, usermgmt.CapGrantRoles, usermgmt.CapCreateUser, usermgmt.CapGetUser), play: createRole,
		},
		{
			Name: "roles/create never overwrites", Rule: "CreateRole fails with ErrAlreadyExists if the name is taken and never changes the role that has it.",
			needs: write, play: createRoleNeverOverwrites,
		},
		{
			Name: "roles/update of the description alone", Rule: "UpdateRole changes exactly what the request names, and returns the definition as it is then; who holds the role keeps it.",
			needs: and(write, usermgmt.CapUpdateRole), play: updateRole,
		},
		{
			Name: "roles/update that names nothing", Rule: "A request that names nothing writes nothing.",
			needs: and(write, usermgmt.CapUpdateRole), play: updateRoleNothing,
		},
		{
			Name: "roles/update of a missing role", Rule: "UpdateRole fails with ErrNotFound if the role does not exist, and creates none.",
			needs: and(read, usermgmt.CapUpdateRole), play: updateMissingRole,
		},
		{
			Name: "roles/delete takes the role from all who hold it", Rule: "DeleteRole deletes a role and takes it from all who hold it, and nothing else.",
			needs: and(write, usermgmt.CapDeleteRole), play: deleteRole,
		},
		{
			Name: "roles/delete of a missing role", Rule: "DeleteRole fails with ErrNotFound if there is no such role, unless the request says to ignore that.",
			needs: and(write, usermgmt.CapDeleteRole), play: deleteMissingRole,
		},
		{
			Name: "roles/built-in roles stay", Rule: "A role that is built in can be neither changed nor deleted: ErrPermissionDenied.",
			needs: and(read, usermgmt.CapUpdateRole, usermgmt.CapDeleteRole), play: builtInRolesStay,
		},
	}
}

// newRole defines a role and returns it as it can be granted.
func (w *World) newRole(t testing.TB, label string) usermgmt.Role {
	t.Helper()
	role, err := w.Manager.CreateRole(t.Context(), usermgmt.CreateRoleRequest{Name: w.Name(label), Description: "Role " + label})
	require.NoError(t, err)
	return usermgmt.Role{Name: role.Name}
}

func (w *World) getRole(t testing.TB, name string) usermgmt.RoleDefinition {
	t.Helper()
	role, err := w.Manager.GetRole(t.Context(), usermgmt.GetRoleRequest{Name: name})
	require.NoError(t, err)
	return role
}

func getRoleShowsWhatListShows(t testing.TB, w *World) {
	all := collect(t, w.Manager.ListRoles(t.Context(), usermgmt.ListRolesRequest{}))
	var names []string
	for _, role := range all {
		names = append(names, role.Name)
	}
	assert.True(t, slices.IsSorted(names), "sorted by name: %v", names)
	assert.Len(t, slices.Compact(slices.Clone(names)), len(names), "each once: %v", names)
	for _, role := range w.Roles {
		i := slices.Index(names, role.Name)
		require.GreaterOrEqual(t, i, 0, "%s is listed", role.Name)
		assert.Equal(t, all[i], w.getRole(t, role.Name))
	}
}

func getMissingRole(t testing.TB, w *World) {
	role, err := w.Manager.GetRole(t.Context(), usermgmt.GetRoleRequest{Name: w.Name("ghost")})
	w.misses(t, usermgmt.CapGetRole, err, "role", w.Name("ghost"))
	assert.Zero(t, role)
}

func createRole(t testing.TB, w *World) {
	name := w.Name("auditor")
	created, err := w.Manager.CreateRole(t.Context(), usermgmt.CreateRoleRequest{Name: name, Description: "May look"})
	require.NoError(t, err)
	assert.Equal(t, name, created.Name)
	assert.Equal(t, "May look", created.Description)
	assert.False(t, created.BuiltIn)
	assert.Equal(t, created, w.getRole(t, name))

	alice := w.newUser(t, "alice").Name
	w.grant(t, alice, usermgmt.Role{Name: name})
	w.roles(t, alice, usermgmt.Role{Name: name})
}

func createRoleNeverOverwrites(t testing.TB, w *World) {
	name := w.newRole(t, "auditor").Name
	before := w.getRole(t, name)
	_, err := w.Manager.CreateRole(t.Context(), usermgmt.CreateRoleRequest{Name: name, Description: "May do more"})
	e := w.fails(t, usermgmt.CapCreateRole, err, usermgmt.ErrAlreadyExists)
	assert.Equal(t, "role "+name, e.Resource+" "+e.Name)
	assert.False(t, e.Ambiguous)
	assert.Equal(t, before, w.getRole(t, name))
}

func updateRole(t testing.TB, w *World) {
	role, other := w.newRole(t, "auditor"), w.newRole(t, "other")
	bystander := w.getRole(t, other.Name)
	var alice string
	if w.can(usermgmt.CapGrantRoles) {
		alice = w.newUser(t, "alice").Name
		w.grant(t, alice, role, w.Roles[0])
	}
	want := w.getRole(t, role.Name)
	want.Description = "Another text"
	updated, err := w.Manager.UpdateRole(t.Context(), usermgmt.UpdateRoleRequest{Name: role.Name, Description: new("Another text")})
	require.NoError(t, err)
	assert.Equal(t, want, updated)
	assert.Equal(t, want, w.getRole(t, role.Name))
	assert.Equal(t, bystander, w.getRole(t, other.Name))
	if alice != "" {
		w.roles(t, alice, role, w.Roles[0])
	}
}

func updateRoleNothing(t testing.TB, w *World) {
	name := w.newRole(t, "auditor").Name
	before := w.getRole(t, name)
	w.writesNothing(t, func() {
		updated, err := w.Manager.UpdateRole(t.Context(), usermgmt.UpdateRoleRequest{Name: name})
		require.NoError(t, err)
		assert.Equal(t, before, updated)
	})
	assert.Equal(t, before, w.getRole(t, name))
}

func updateMissingRole(t testing.TB, w *World) {
	name := w.Name("ghost")
	for _, req := range []usermgmt.UpdateRoleRequest{{Name: name}, {Name: name, Description: new("text")}} {
		_, err := w.Manager.UpdateRole(t.Context(), req)
		w.misses(t, usermgmt.CapUpdateRole, err, "role", name)
	}
	_, err := w.Manager.GetRole(t.Context(), usermgmt.GetRoleRequest{Name: name})
	w.misses(t, usermgmt.CapGetRole, err, "role", name)
}

func deleteRole(t testing.TB, w *World) {
	role, other := w.newRole(t, "auditor"), w.newRole(t, "other")
	var alice, group string
	if w.can(usermgmt.CapGrantRoles) {
		alice = w.newUser(t, "alice").Name
		w.grant(t, alice, role, other)
	}
	if w.can(usermgmt.CapGroupRoles) && w.can(usermgmt.CapCreateGroup) {
		group = w.newGroup(t, "crew")
		_, err := w.Manager.UpdateGroup(t.Context(), usermgmt.UpdateGroupRequest{Name: group, SetRoles: &[]usermgmt.Role{role, other}})
		require.NoError(t, err)
	}

	require.NoError(t, w.Manager.DeleteRole(t.Context(), usermgmt.DeleteRoleRequest{Name: role.Name}))
	_, err := w.Manager.GetRole(t.Context(), usermgmt.GetRoleRequest{Name: role.Name})
	w.misses(t, usermgmt.CapGetRole, err, "role", role.Name)
	listedRoles := listed(t, w, w.Manager.ListRoles(t.Context(), usermgmt.ListRolesRequest{}), roleName)
	assert.NotContains(t, listedRoles, role.Name)
	assert.Contains(t, listedRoles, other.Name)
	if alice != "" {
		w.roles(t, alice, other)
	}
	if group != "" {
		assert.Equal(t, []usermgmt.Role{other}, w.getGroup(t, group).Roles)
	}

	assert.Equal(t, role, w.newRole(t, "auditor"), "the name is free again")
	if alice != "" {
		w.roles(t, alice, other)
	}
}

func deleteMissingRole(t testing.TB, w *World) {
	name := w.newRole(t, "auditor").Name
	require.NoError(t, w.Manager.DeleteRole(t.Context(), usermgmt.DeleteRoleRequest{Name: name, IgnoreMissing: true}))
	err := w.Manager.DeleteRole(t.Context(), usermgmt.DeleteRoleRequest{Name: name})
	w.misses(t, usermgmt.CapDeleteRole, err, "role", name)
	require.NoError(t, w.Manager.DeleteRole(t.Context(), usermgmt.DeleteRoleRequest{Name: name, IgnoreMissing: true}))
}

func builtInRolesStay(t testing.TB, w *World) {
	for _, role := range collect(t, w.Manager.ListRoles(t.Context(), usermgmt.ListRolesRequest{})) {
		if !role.BuiltIn {
			continue
		}
		_, err := w.Manager.UpdateRole(t.Context(), usermgmt.UpdateRoleRequest{Name: role.Name, Description: new("Another text")})
		w.fails(t, usermgmt.CapUpdateRole, err, usermgmt.ErrPermissionDenied)
		err = w.Manager.DeleteRole(t.Context(), usermgmt.DeleteRoleRequest{Name: role.Name, IgnoreMissing: true})
		w.fails(t, usermgmt.CapDeleteRole, err, usermgmt.ErrPermissionDenied)
		assert.Equal(t, role, w.getRole(t, role.Name))
	}
}
