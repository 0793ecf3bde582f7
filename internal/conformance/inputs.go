package conformance

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

func inputCases() []Case {
	return []Case{
		{
			Name: "inputs/names that no system has", Rule: "A name that is empty, blank, \".\", \"..\", too long, no valid UTF-8 or holds control characters is ErrInvalidArgument before anything is sent.",
			play: badNames,
		},
		{
			Name: "inputs/what is required", Rule: "A request that lacks what is required is ErrInvalidArgument, tells which field it is, and sends nothing.",
			play: requiredInputs,
		},
		{
			Name: "inputs/texts", Rule: "Texts that are too long, no valid UTF-8 or hold control characters are ErrInvalidArgument before anything is sent.",
			play: badTexts,
		},
		{
			Name: "inputs/all problems are named at once", Rule: "Fields tells which parts of a request are wrong, all of them.",
			needs: needs(usermgmt.CapGrantRoles), play: allProblemsAtOnce,
		},
		{
			Name: "inputs/credentials of the wrong kind", Rule: "Each backend accepts some kinds of credential and refuses the others with ErrInvalidArgument before anything is sent.",
			needs: needs(usermgmt.CapCreateUser), play: wrongCredentials,
		},
		{
			Name: "inputs/extensions of another backend", Rule: "The extension of another backend than the client's is refused with ErrInvalidArgument, never ignored; so is one that is given by pointer.",
			needs: needs(usermgmt.CapCreateRole, usermgmt.CapUpdateRole), play: wrongExtensions,
		},
	}
}

// badName is a name that every backend has to refuse.
type badName struct{ what, name string }

func badNameList() []badName {
	return []badName{
		{"nothing", ""},
		{"one dot", "."},
		{"two dots", ".."},
		{"a blank", " "},
		{"blanks of several kinds", " \u00a0\u2003"},
		{"a NUL byte", "a\x00b"},
		{"a line break", "a\nb"},
		{"a carriage return", "a\rb"},
		{"a tab", "\tab"},
		{"a DEL", "ab\x7f"},
		{"a C1 control character", "a\u0085b"},
		{"half a rune", "a\xc3"},
		{"a surrogate", "a\xed\xa0\x80"},
		{"10,000 bytes", strings.Repeat("x", 10_000)},
	}
}

// namedCall is a call with one name that can be anything.
type namedCall struct {
	method usermgmt.Capability
	field  string
	call   func(ctx context.Context, name string) error
}

// namedCalls returns a call for each place in which a name can stand.
func (w *World) namedCalls() []namedCall {
	m, ok := w.Manager, w.Name("fine")
	okRoles := usermgmt.Roles("fine")
	if len(w.Roles) > 0 {
		okRoles = w.Roles[:1]
	}
	create := func(ctx context.Context, change func(*usermgmt.CreateUserRequest)) error {
		_, err := m.CreateUser(ctx, w.userRequest("fine", change))
		return err
	}
	all := []namedCall{
		{usermgmt.CapGetUser, "Name", func(ctx context.Context, name string) error {
			_, err := m.GetUser(ctx, usermgmt.GetUserRequest{Name: name})
			return err
		}},
		{usermgmt.CapUpdateUser, "Name", func(ctx context.Context, name string) error {
			_, err := m.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: name})
			return err
		}},
		{usermgmt.CapDeleteUser, "Name", func(ctx context.Context, name string) error {
			return m.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: name, IgnoreMissing: true})
		}},
		{usermgmt.CapEnableUser, "Name", func(ctx context.Context, name string) error {
			return m.EnableUser(ctx, usermgmt.EnableUserRequest{Name: name})
		}},
		{usermgmt.CapDisableUser, "Name", func(ctx context.Context, name string) error {
			return m.DisableUser(ctx, usermgmt.DisableUserRequest{Name: name})
		}},
		{usermgmt.CapSetPassword, "Name", func(ctx context.Context, name string) error {
			return m.SetPassword(ctx, usermgmt.SetPasswordRequest{Name: name, Password: usermgmt.NewSecret(w.newPassword())})
		}},
		{usermgmt.CapGetRole, "Name", func(ctx context.Context, name string) error {
			_, err := m.GetRole(ctx, usermgmt.GetRoleRequest{Name: name})
			return err
		}},
		{usermgmt.CapCreateRole, "Name", func(ctx context.Context, name string) error {
			_, err := m.CreateRole(ctx, usermgmt.CreateRoleRequest{Name: name})
			return err
		}},
		{usermgmt.CapUpdateRole, "Name", func(ctx context.Context, name string) error {
			_, err := m.UpdateRole(ctx, usermgmt.UpdateRoleRequest{Name: name})
			return err
		}},
		{usermgmt.CapDeleteRole, "Name", func(ctx context.Context, name string) error {
			return m.DeleteRole(ctx, usermgmt.DeleteRoleRequest{Name: name, IgnoreMissing: true})
		}},
		{usermgmt.CapGrantRoles, "User", func(ctx context.Context, name string) error {
			return m.GrantRoles(ctx, usermgmt.GrantRolesRequest{User: name, Roles: okRoles})
		}},
		{usermgmt.CapGrantRoles, "Roles", func(ctx context.Context, name string) error {
			return m.GrantRoles(ctx, usermgmt.GrantRolesRequest{User: ok, Roles: append(usermgmt.Roles(name), okRoles...)})
		}},
		{usermgmt.CapRevokeRoles, "User", func(ctx context.Context, name string) error {
			return m.RevokeRoles(ctx, usermgmt.RevokeRolesRequest{User: name, Roles: okRoles})
		}},
		{usermgmt.CapRevokeRoles, "Roles", func(ctx context.Context, name string) error {
			return m.RevokeRoles(ctx, usermgmt.RevokeRolesRequest{User: ok, Roles: append(usermgmt.Roles(name), okRoles...)})
		}},
		{usermgmt.CapGetGroup, "Name", func(ctx context.Context, name string) error {
			_, err := m.GetGroup(ctx, usermgmt.GetGroupRequest{Name: name})
			return err
		}},
		{usermgmt.CapCreateGroup, "Name", func(ctx context.Context, name string) error {
			_, err := m.CreateGroup(ctx, usermgmt.CreateGroupRequest{Name: name})
			return err
		}},
		{usermgmt.CapUpdateGroup, "Name", func(ctx context.Context, name string) error {
			_, err := m.UpdateGroup(ctx, usermgmt.UpdateGroupRequest{Name: name})
			return err
		}},
		{usermgmt.CapDeleteGroup, "Name", func(ctx context.Context, name string) error {
			return m.DeleteGroup(ctx, usermgmt.DeleteGroupRequest{Name: name, IgnoreMissing: true})
		}},
		{usermgmt.CapAddGroupMember, "Group", func(ctx context.Context, name string) error {
			return m.AddGroupMember(ctx, usermgmt.AddGroupMemberRequest{Group: name, User: ok})
		}},
		{usermgmt.CapAddGroupMember, "User", func(ctx context.Context, name string) error {
			return m.AddGroupMember(ctx, usermgmt.AddGroupMemberRequest{Group: ok, User: name})
		}},
		{usermgmt.CapRemoveGroupMember, "Group", func(ctx context.Context, name string) error {
			return m.RemoveGroupMember(ctx, usermgmt.RemoveGroupMemberRequest{Group: name, User: ok})
		}},
		{usermgmt.CapRemoveGroupMember, "User", func(ctx context.Context, name string) error {
			return m.RemoveGroupMember(ctx, usermgmt.RemoveGroupMemberRequest{Group: ok, User: name})
		}},
		{usermgmt.CapGetProject, "Name", func(ctx context.Context, name string) error {
			_, err := m.GetProject(ctx, usermgmt.GetProjectRequest{Name: name})
			return err
		}},
		{usermgmt.CapListProjectMembers, "Project", func(ctx context.Context, name string) error {
			return drain(m.ListProjectMembers(ctx, usermgmt.ListProjectMembersRequest{Project: name}))
		}},
		{usermgmt.CapEffectiveProjectRole, "Project", func(ctx context.Context, name string) error {
			_, err := m.EffectiveProjectRole(ctx, usermgmt.EffectiveProjectRoleRequest{Project: name, User: ok})
			return err
		}},
		{usermgmt.CapEffectiveProjectRole, "User", func(ctx context.Context, name string) error {
			_, err := m.EffectiveProjectRole(ctx, usermgmt.EffectiveProjectRoleRequest{Project: ok, User: name})
			return err
		}},
		{usermgmt.CapEnsureProjectMember, "Project", func(ctx context.Context, name string) error {
			return m.EnsureProjectMember(ctx, usermgmt.EnsureProjectMemberRequest{Project: name, Member: usermgmt.UserMember(ok), Role: "fine"})
		}},
		{usermgmt.CapEnsureProjectMember, "Member", func(ctx context.Context, name string) error {
			return m.EnsureProjectMember(ctx, usermgmt.EnsureProjectMemberRequest{Project: ok, Member: usermgmt.UserMember(name), Role: "fine"})
		}},
		{usermgmt.CapEnsureProjectMember, "Role", func(ctx context.Context, name string) error {
			return m.EnsureProjectMember(ctx, usermgmt.EnsureProjectMemberRequest{Project: ok, Member: usermgmt.UserMember(ok), Role: name})
		}},
		{usermgmt.CapRemoveProjectMember, "Project", func(ctx context.Context, name string) error {
			return m.RemoveProjectMember(ctx, usermgmt.RemoveProjectMemberRequest{Project: name, Member: usermgmt.UserMember(ok)})
		}},
		{usermgmt.CapRemoveProjectMember, "Member", func(ctx context.Context, name string) error {
			return m.RemoveProjectMember(ctx, usermgmt.RemoveProjectMemberRequest{Project: ok, Member: usermgmt.UserMember(name)})
		}},
	}
	if w.can(usermgmt.CapUserName) {
		all = append(all, namedCall{usermgmt.CapCreateUser, "Name", func(ctx context.Context, name string) error {
			return create(ctx, func(r *usermgmt.CreateUserRequest) { r.Name = name })
		}})
	}
	if w.can(usermgmt.CapGrantRoles) {
		all = append(all, namedCall{usermgmt.CapCreateUser, "Roles", func(ctx context.Context, name string) error {
			return create(ctx, func(r *usermgmt.CreateUserRequest) { r.Roles = append(usermgmt.Roles(name), okRoles...) })
		}}, namedCall{usermgmt.CapUpdateUser, "SetRoles", func(ctx context.Context, name string) error {
			_, err := m.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: ok, SetRoles: new(append(usermgmt.Roles(name), okRoles...))})
			return err
		}})
	}
	if w.can(usermgmt.CapAddGroupMember) {
		all = append(all, namedCall{usermgmt.CapCreateUser, "Groups", func(ctx context.Context, name string) error {
			return create(ctx, func(r *usermgmt.CreateUserRequest) { r.Groups = []string{ok, name} })
		}}, namedCall{usermgmt.CapUpdateUser, "SetGroups", func(ctx context.Context, name string) error {
			_, err := m.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: ok, SetGroups: &[]string{ok, name}})
			return err
		}})
	}
	if w.can(usermgmt.CapGroupRoles) {
		all = append(all, namedCall{usermgmt.CapCreateGroup, "Roles", func(ctx context.Context, name string) error {
			_, err := m.CreateGroup(ctx, usermgmt.CreateGroupRequest{Name: ok, Roles: usermgmt.Roles(name)})
			return err
		}}, namedCall{usermgmt.CapUpdateGroup, "SetRoles", func(ctx context.Context, name string) error {
			_, err := m.UpdateGroup(ctx, usermgmt.UpdateGroupRequest{Name: ok, SetRoles: new(usermgmt.Roles(name))})
			return err
		}})
	}
	declared := all[:0]
	for _, c := range all {
		if w.can(c.method) {
			declared = append(declared, c)
		}
	}
	return declared
}

func badNames(t testing.TB, w *World) {
	for _, call := range w.namedCalls() {
		for _, bad := range badNameList() {
			w.refusesInput(t, call.method, call.field, func() error { return call.call(t.Context(), bad.name) })
			if t.Failed() {
				t.Logf("%v with %s in %s", call.method, bad.what, call.field)
				return
			}
		}
		if strings.Contains(call.field, "Roles") {
			for _, bad := range []string{"a[b]", "a[", "b]"} {
				w.refusesInput(t, call.method, call.field, func() error { return call.call(t.Context(), bad) })
			}
		}
	}
	// In a list an empty name asks for all, so the others are tried.
	for _, bad := range badNameList()[1:] {
		if w.can(usermgmt.CapListUsers) && w.can(usermgmt.CapAddGroupMember) {
			w.refusesInput(t, usermgmt.CapListUsers, "Group", func() error {
				return drain(w.Manager.ListUsers(t.Context(), usermgmt.ListUsersRequest{Group: bad.name}))
			})
		}
		if w.can(usermgmt.CapListProjects) {
			w.refusesInput(t, usermgmt.CapListProjects, "User", func() error {
				return drain(w.Manager.ListProjects(t.Context(), usermgmt.ListProjectsRequest{User: bad.name}))
			})
		}
	}
}

func requiredInputs(t testing.TB, w *World) {
	ctx, m := t.Context(), w.Manager
	refuses := func(method usermgmt.Capability, field string, act func() error) {
		t.Helper()
		if w.can(method) {
			w.refusesInput(t, method, field, act)
		}
	}
	refuses(usermgmt.CapGrantRoles, "Roles", func() error {
		return m.GrantRoles(ctx, usermgmt.GrantRolesRequest{User: w.Name("alice")})
	})
	refuses(usermgmt.CapRevokeRoles, "Roles", func() error {
		return m.RevokeRoles(ctx, usermgmt.RevokeRolesRequest{User: w.Name("alice"), Roles: []usermgmt.Role{}})
	})
	refuses(usermgmt.CapSetPassword, "Password", func() error {
		return m.SetPassword(ctx, usermgmt.SetPasswordRequest{Name: w.Name("alice")})
	})
	for _, kind := range []usermgmt.MemberKind{0, 3, 255} {
		member := usermgmt.Member{Kind: kind, Name: w.Name("alice")}
		refuses(usermgmt.CapEnsureProjectMember, "Member", func() error {
			return m.EnsureProjectMember(ctx, usermgmt.EnsureProjectMemberRequest{Project: w.Name("any"), Member: member, Role: "any"})
		})
		refuses(usermgmt.CapRemoveProjectMember, "Member", func() error {
			return m.RemoveProjectMember(ctx, usermgmt.RemoveProjectMemberRequest{Project: w.Name("any"), Member: member})
		})
	}
	if w.Credential != nil {
		refuses(usermgmt.CapCreateUser, "Credential", func() error {
			_, err := m.CreateUser(ctx, w.userRequest("alice", func(r *usermgmt.CreateUserRequest) { r.Credential = nil }))
			return err
		})
	}
}

func badTexts(t testing.TB, w *World) {
	ctx, m := t.Context(), w.Manager
	for _, bad := range []string{"a\x00b", "a\x7f", "a\u0085", "a\xc3", strings.Repeat("x", 10_000)} {
		refuses := func(method, needs usermgmt.Capability, field string, act func() error) {
			t.Helper()
			if w.can(method) && w.can(needs) {
				w.refusesInput(t, method, field, act)
			}
		}
		refuses(usermgmt.CapCreateUser, usermgmt.CapDisplayName, "DisplayName", func() error {
			_, err := m.CreateUser(ctx, w.userRequest("alice", func(r *usermgmt.CreateUserRequest) { r.DisplayName = bad }))
			return err
		})
		refuses(usermgmt.CapCreateUser, usermgmt.CapEmail, "Email", func() error {
			_, err := m.CreateUser(ctx, w.userRequest("alice", func(r *usermgmt.CreateUserRequest) { r.Email = bad }))
			return err
		})
		refuses(usermgmt.CapUpdateUser, usermgmt.CapUpdateDisplayName, "DisplayName", func() error {
			_, err := m.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: w.Name("alice"), DisplayName: &bad})
			return err
		})
		refuses(usermgmt.CapUpdateUser, usermgmt.CapEmail, "Email", func() error {
			_, err := m.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: w.Name("alice"), Email: &bad})
			return err
		})
		refuses(usermgmt.CapCreateRole, usermgmt.CapCreateRole, "Description", func() error {
			_, err := m.CreateRole(ctx, usermgmt.CreateRoleRequest{Name: w.Name("auditor"), Description: bad})
			return err
		})
		refuses(usermgmt.CapUpdateRole, usermgmt.CapUpdateRole, "Description", func() error {
			_, err := m.UpdateRole(ctx, usermgmt.UpdateRoleRequest{Name: w.Name("auditor"), Description: &bad})
			return err
		})
		refuses(usermgmt.CapCreateGroup, usermgmt.CapGroupDescription, "Description", func() error {
			_, err := m.CreateGroup(ctx, usermgmt.CreateGroupRequest{Name: w.Name("crew"), Description: bad})
			return err
		})
		refuses(usermgmt.CapUpdateGroup, usermgmt.CapGroupDescription, "Description", func() error {
			_, err := m.UpdateGroup(ctx, usermgmt.UpdateGroupRequest{Name: w.Name("crew"), Description: &bad})
			return err
		})
	}
}

func allProblemsAtOnce(t testing.TB, w *World) {
	w.sendsNothing(t, func() {
		err := w.Manager.GrantRoles(t.Context(), usermgmt.GrantRolesRequest{User: "..", Roles: []usermgmt.Role{{Name: ""}, {Name: "fine"}, {Name: "a\nb"}}})
		e := w.fails(t, usermgmt.CapGrantRoles, err, usermgmt.ErrInvalidArgument)
		assert.Contains(t, e.Fields, "User")
		assert.Contains(t, e.Fields, "Roles[0]")
		assert.Contains(t, e.Fields, "Roles[2]")
		assert.Len(t, e.Fields, 3)
	})
}

func wrongCredentials(t testing.TB, w *World) {
	kinds := []usermgmt.Credential{
		usermgmt.AccessKey("", "key"), usermgmt.SessionNonce("nonce"), usermgmt.BearerToken("token"),
		usermgmt.OAuth2ClientCredentials{TokenURL: "https://id.example.com/token", ClientID: "id", ClientSecret: usermgmt.NewSecret("secret")},
		usermgmt.ClientCertificate(tls.Certificate{}),
	}
	create := func(credential usermgmt.Credential) error {
		_, err := w.Manager.CreateUser(t.Context(), w.userRequest("alice", func(r *usermgmt.CreateUserRequest) { r.Credential = credential }))
		return err
	}
	var accepted string
	if w.Credential != nil {
		accepted = fmt.Sprintf("%T", w.Credential())
	}
	for _, credential := range kinds {
		if fmt.Sprintf("%T", credential) != accepted {
			w.refusesInput(t, usermgmt.CapCreateUser, "Credential", func() error { return create(credential) })
		}
	}
	for _, credential := range []usermgmt.Credential{
		(*usermgmt.PasswordCredential)(nil), new(usermgmt.Password("", w.newPassword())), usermgmt.PasswordCredential{},
	} {
		w.refusesInput(t, usermgmt.CapCreateUser, "Credential", func() error { return create(credential) })
	}
	if w.can(usermgmt.CapUserPassword) {
		w.refusesInput(t, usermgmt.CapCreateUser, "Credential", func() error { return create(usermgmt.Password(w.Name("bob"), w.newPassword())) })
		if w.can(usermgmt.CapUserName) {
			require.NoError(t, create(usermgmt.Password(w.Name("alice"), w.newPassword())), "the name of the new user is fine")
		}
	}
}

func wrongExtensions(t testing.TB, w *World) {
	foreign := []usermgmt.RoleExtension{&usermgmt.AIStoreRole{}, (*usermgmt.AIStoreRole)(nil)}
	if w.backend(t) != "aistore" {
		foreign = append(foreign, usermgmt.AIStoreRole{})
	}
	for _, extension := range foreign {
		w.refusesInput(t, usermgmt.CapCreateRole, "Extension", func() error {
			_, err := w.Manager.CreateRole(t.Context(), usermgmt.CreateRoleRequest{Name: w.Name("auditor"), Extension: extension})
			return err
		})
		w.refusesInput(t, usermgmt.CapUpdateRole, "Extension", func() error {
			_, err := w.Manager.UpdateRole(t.Context(), usermgmt.UpdateRoleRequest{Name: w.Name("auditor"), Extension: extension})
			return err
		})
	}
}
