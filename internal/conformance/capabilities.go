package conformance

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

func capabilityCases() []Case {
	cases := []Case{{
		Name: "capabilities/are a value that costs nothing",
		Rule: "Capabilities sends nothing and always says the same once the backend knows its server.",
		play: capabilitiesAreAValue,
	}}
	for c := range usermgmt.AllCapabilities() {
		cases = append(cases, Case{
			Name: "capabilities/" + c.String() + " is served if declared and else refused",
			Rule: "What a backend does not declare it refuses before anything is sent: a method with ErrUnsupported, an input " +
				"with ErrInvalidArgument. What it declares is never refused as unsupported.",
			play: func(t testing.TB, w *World) { capabilityIsHonest(t, w, c) },
		})
	}
	return cases
}

func capabilitiesAreAValue(t testing.TB, w *World) {
	first := w.Manager.Capabilities()
	w.sendsNothing(t, func() {
		for range 3 {
			assert.Equal(t, first, w.Manager.Capabilities())
		}
	})
}

func capabilityIsHonest(t testing.TB, w *World, c usermgmt.Capability) {
	support := w.Manager.Capabilities().Of(c)
	for _, op := range w.operations() {
		if op.method != c {
			continue
		}
		switch support {
		case usermgmt.SupportNo:
			w.refusesMethod(t, op)
		case usermgmt.SupportYes:
			require.NotErrorIs(t, op.call(t.Context()), usermgmt.ErrUnsupported, "%v is declared", c)
		}
	}
	for _, in := range w.inputs() {
		if in.needs != c || !w.can(in.method) {
			continue
		}
		switch support {
		case usermgmt.SupportNo:
			w.refusesInput(t, in.method, in.field, func() error { return in.call(t) })
		case usermgmt.SupportYes:
			err := in.call(t)
			require.NotErrorIs(t, err, usermgmt.ErrUnsupported, "%v is declared", c)
			e, _ := errors.AsType[*usermgmt.Error](err)
			require.Falsef(t, errors.Is(err, usermgmt.ErrInvalidArgument) && !e.FromServer,
				"%v is declared, so %v takes %s: %v", c, in.method, in.field, err)
		}
	}
}

func (w *World) refusesMethod(t testing.TB, op operation) {
	t.Helper()
	w.sendsNothing(t, func() {
		err := op.call(t.Context())
		e := w.fails(t, op.method, err, usermgmt.ErrUnsupported)
		require.ErrorIs(t, err, errors.ErrUnsupported)
		assert.False(t, e.FromServer)
		assert.False(t, e.Ambiguous)
	}, "%v is not declared", op.method)
}

// input is a part of a request that some backends have no place for.
type input struct {
	needs  usermgmt.Capability
	method usermgmt.Capability
	field  string
	call   func(t testing.TB) error
}

// inputs returns all such parts. The things that they name need not exist.
func (w *World) inputs() []input {
	m := w.Manager
	user, group := w.Name("nobody"), w.Name("nogroup")
	role := usermgmt.Role{Name: "some-role"}
	if len(w.Roles) > 0 {
		role = w.Roles[0]
	}
	roles := []usermgmt.Role{role}
	scoped := []usermgmt.Role{{Name: role.Name, Scope: "some-scope"}}
	if len(w.ScopedRoles) > 0 {
		scoped = w.ScopedRoles
	}
	projectRole := "some-role"
	if len(w.ProjectRoles) > 0 {
		projectRole = w.ProjectRoles[0]
	}
	setRoles := usermgmt.CapUpdateUser
	if w.can(usermgmt.CapGrantRoles) && !w.can(usermgmt.CapRoleSets) {
		setRoles = usermgmt.CapRoleSets // it takes other roles than those of the world
	}
	create := func(change func(*usermgmt.CreateUserRequest)) func(testing.TB) error {
		return func(t testing.TB) error {
			_, err := m.CreateUser(t.Context(), w.userRequest("with-input", change))
			return err
		}
	}
	update := func(req usermgmt.UpdateUserRequest) func(testing.TB) error {
		return func(t testing.TB) error {
			req.Name = user
			_, err := m.UpdateUser(t.Context(), req)
			return err
		}
	}
	return []input{
		{usermgmt.CapUserName, usermgmt.CapCreateUser, "Name", create(func(r *usermgmt.CreateUserRequest) { r.Name = w.Name("named") })},
		{usermgmt.CapUserPassword, usermgmt.CapCreateUser, "Credential", create(func(r *usermgmt.CreateUserRequest) {
			r.Credential = usermgmt.Password("", w.newPassword())
		})},
		{usermgmt.CapUserPassword, usermgmt.CapUpdateUser, "Credential", update(usermgmt.UpdateUserRequest{
			Credential: usermgmt.Password("", w.newPassword()),
		})},
		{usermgmt.CapDisplayName, usermgmt.CapCreateUser, "DisplayName", create(func(r *usermgmt.CreateUserRequest) { r.DisplayName = "A Name" })},
		{usermgmt.CapUpdateDisplayName, usermgmt.CapUpdateUser, "DisplayName", update(usermgmt.UpdateUserRequest{DisplayName: new("A Name")})},
		{usermgmt.CapEmail, usermgmt.CapCreateUser, "Email", create(func(r *usermgmt.CreateUserRequest) { r.Email = "a@example.com" })},
		{usermgmt.CapEmail, usermgmt.CapUpdateUser, "Email", update(usermgmt.UpdateUserRequest{Email: new("a@example.com")})},
		{usermgmt.CapGrantRoles, usermgmt.CapCreateUser, "Roles", create(func(r *usermgmt.CreateUserRequest) { r.Roles = roles })},
		{usermgmt.CapGrantRoles, setRoles, "SetRoles", update(usermgmt.UpdateUserRequest{SetRoles: &roles})},
		{usermgmt.CapAddGroupMember, usermgmt.CapCreateUser, "Groups", create(func(r *usermgmt.CreateUserRequest) { r.Groups = []string{group} })},
		{usermgmt.CapAddGroupMember, usermgmt.CapUpdateUser, "SetGroups", update(usermgmt.UpdateUserRequest{SetGroups: &[]string{group}})},
		{usermgmt.CapAddGroupMember, usermgmt.CapListUsers, "Group", func(t testing.TB) error {
			return drain(m.ListUsers(t.Context(), usermgmt.ListUsersRequest{Group: group}))
		}},
		{usermgmt.CapRoleScope, usermgmt.CapCreateUser, "Roles", create(func(r *usermgmt.CreateUserRequest) { r.Roles = scoped })},
		{usermgmt.CapRoleScope, setRoles, "SetRoles", update(usermgmt.UpdateUserRequest{SetRoles: &scoped})},
		{usermgmt.CapRoleScope, usermgmt.CapGrantRoles, "Roles", func(t testing.TB) error {
			return m.GrantRoles(t.Context(), usermgmt.GrantRolesRequest{User: user, Roles: scoped})
		}},
		{usermgmt.CapRoleScope, usermgmt.CapRevokeRoles, "Roles", func(t testing.TB) error {
			return m.RevokeRoles(t.Context(), usermgmt.RevokeRolesRequest{User: user, Roles: scoped})
		}},
		{usermgmt.CapGroupDescription, usermgmt.CapCreateGroup, "Description", func(t testing.TB) error {
			_, err := m.CreateGroup(t.Context(), usermgmt.CreateGroupRequest{Name: w.Name("described"), Description: "text"})
			return err
		}},
		{usermgmt.CapGroupDescription, usermgmt.CapUpdateGroup, "Description", func(t testing.TB) error {
			_, err := m.UpdateGroup(t.Context(), usermgmt.UpdateGroupRequest{Name: group, Description: new("text")})
			return err
		}},
		{usermgmt.CapGroupRoles, usermgmt.CapCreateGroup, "Roles", func(t testing.TB) error {
			_, err := m.CreateGroup(t.Context(), usermgmt.CreateGroupRequest{Name: w.Name("with-roles"), Roles: roles})
			return err
		}},
		{usermgmt.CapGroupRoles, usermgmt.CapUpdateGroup, "SetRoles", func(t testing.TB) error {
			_, err := m.UpdateGroup(t.Context(), usermgmt.UpdateGroupRequest{Name: group, SetRoles: &roles})
			return err
		}},
		{usermgmt.CapProjectGroups, usermgmt.CapEnsureProjectMember, "Member", func(t testing.TB) error {
			return m.EnsureProjectMember(t.Context(), usermgmt.EnsureProjectMemberRequest{
				Project: w.Name("noproject"), Member: usermgmt.GroupMember(group), Role: projectRole,
			})
		}},
		{usermgmt.CapProjectGroups, usermgmt.CapRemoveProjectMember, "Member", func(t testing.TB) error {
			return m.RemoveProjectMember(t.Context(), usermgmt.RemoveProjectMemberRequest{
				Project: w.Name("noproject"), Member: usermgmt.GroupMember(group),
			})
		}},
	}
}
