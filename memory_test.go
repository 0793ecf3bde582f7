package usermgmt_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

// newMemory returns a client of the embedded backend with its extension. It is
// closed at the end of the test.
func newMemory(t *testing.T, opts ...usermgmt.MemoryOption) (*usermgmt.Client, *usermgmt.MemoryExtension) {
	t.Helper()
	c, err := usermgmt.New(usermgmt.Memory(opts...))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	extension, ok := usermgmt.As[*usermgmt.MemoryExtension](c)
	require.True(t, ok)
	return c, extension
}

// furnish fills a backend with roles reader and writer, groups a and b with
// role reader, user alice in group a, and project p.
func furnish(t *testing.T, c *usermgmt.Client, x *usermgmt.MemoryExtension) {
	t.Helper()
	ctx := t.Context()
	for _, role := range []string{"writer", "reader"} {
		_, err := c.CreateRole(ctx, usermgmt.CreateRoleRequest{Name: role, Description: "may be a " + role})
		require.NoError(t, err)
	}
	for _, group := range []string{"b", "a"} {
		_, err := c.CreateGroup(ctx, usermgmt.CreateGroupRequest{Name: group, Description: "group\n" + group, Roles: usermgmt.Roles("reader")})
		require.NoError(t, err)
	}
	_, err := c.CreateUser(ctx, usermgmt.CreateUserRequest{
		Name: "alice", DisplayName: "Alice Liddell", Email: "alice@example.com",
		Roles: []usermgmt.Role{{Name: "writer", Scope: "z"}, {Name: "writer"}, {Name: "writer", Scope: "z"}}, Groups: []string{"a", "a"},
	})
	require.NoError(t, err)
	require.NoError(t, x.CreateProject(ctx, usermgmt.Project{Name: "p", Description: "the project", Owner: "alice"}))
	require.NoError(t, c.EnsureProjectMember(ctx, usermgmt.EnsureProjectMemberRequest{
		Project: "p", Member: usermgmt.GroupMember("a"), Role: "editor",
	}))
	require.NoError(t, c.EnsureProjectMember(ctx, usermgmt.EnsureProjectMemberRequest{
		Project: "p", Member: usermgmt.UserMember("alice"), Role: "viewer",
	}))
}

// contents is all that a backend shows.
type contents struct {
	Users    []usermgmt.User
	Roles    []usermgmt.RoleDefinition
	Groups   []usermgmt.Group
	Projects []usermgmt.Project
	Members  map[string][]usermgmt.ProjectMember
}

func contentsOf(t *testing.T, c *usermgmt.Client) contents {
	t.Helper()
	ctx := t.Context()
	all := contents{Members: map[string][]usermgmt.ProjectMember{}}
	var errs [4]error
	all.Users, errs[0] = usermgmt.Collect(c.ListUsers(ctx, usermgmt.ListUsersRequest{}))
	all.Roles, errs[1] = usermgmt.Collect(c.ListRoles(ctx, usermgmt.ListRolesRequest{}))
	all.Groups, errs[2] = usermgmt.Collect(c.ListGroups(ctx, usermgmt.ListGroupsRequest{}))
	all.Projects, errs[3] = usermgmt.Collect(c.ListProjects(ctx, usermgmt.ListProjectsRequest{}))
	require.NoError(t, errors.Join(errs[:]...))
	for _, project := range all.Projects {
		members, err := usermgmt.Collect(c.ListProjectMembers(ctx, usermgmt.ListProjectMembersRequest{Project: project.Name}))
		require.NoError(t, err)
		all.Members[project.Name] = members
	}
	return all
}

func TestMemoryHasEveryCapability(t *testing.T) {
	t.Parallel()
	c, _ := newMemory(t)
	for capability := range usermgmt.AllCapabilities() {
		assert.Equal(t, usermgmt.SupportYes, c.Capabilities().Of(capability), "%v", capability)
	}
	assert.Equal(t, "memory", c.Backend())
	require.NoError(t, c.Ping(t.Context()))
}

func TestMemoryOptionsAreChecked(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		opts []usermgmt.MemoryOption
		want string
	}{
		"empty path":    {[]usermgmt.MemoryOption{usermgmt.MemoryFile("")}, "MemoryFile must not be empty"},
		"two paths":     {[]usermgmt.MemoryOption{usermgmt.MemoryFile("a"), usermgmt.MemoryFile("b")}, "MemoryFile was given twice"},
		"no name":       {[]usermgmt.MemoryOption{usermgmt.MemoryAdmin("")}, "MemoryAdmin must not be empty"},
		"two names":     {[]usermgmt.MemoryOption{usermgmt.MemoryAdmin("a"), usermgmt.MemoryAdmin("b")}, "MemoryAdmin was given twice"},
		"no roles":      {[]usermgmt.MemoryOption{usermgmt.MemoryProjectRoles()}, "MemoryProjectRoles must name at least one role"},
		"nameless role": {[]usermgmt.MemoryOption{usermgmt.MemoryProjectRoles("a", "")}, "MemoryProjectRoles must not be empty"},
		"role twice":    {[]usermgmt.MemoryOption{usermgmt.MemoryProjectRoles("a", "b", "a")}, `MemoryProjectRoles must not name "a" twice`},
		"several": {
			[]usermgmt.MemoryOption{usermgmt.MemoryFile(""), usermgmt.MemoryAdmin("\x00"), usermgmt.MemoryProjectRoles("r"), usermgmt.MemoryProjectRoles("r")},
			"MemoryFile must not be empty; MemoryAdmin must not contain control characters; MemoryProjectRoles was given twice",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := usermgmt.New(usermgmt.Memory(test.opts...))
			require.ErrorIs(t, err, usermgmt.ErrInvalidArgument)
			assert.EqualError(t, err, "New: invalid argument: "+test.want)
		})
	}
}

func TestMemoryStartsWithTheAdministrator(t *testing.T) {
	t.Parallel()
	for want, opts := range map[string][]usermgmt.MemoryOption{"admin": {nil}, "root": {usermgmt.MemoryAdmin("root")}} {
		before := time.Now()
		c, _ := newMemory(t, opts...)
		ctx := t.Context()
		me, err := c.CurrentUser(ctx)
		require.NoError(t, err)
		assert.Equal(t, usermgmt.User{Name: want, EffectiveRoles: []usermgmt.Role{}, CreatedAt: me.CreatedAt, UpdatedAt: me.CreatedAt}, me)
		assert.WithinRange(t, me.CreatedAt, before, time.Now())
		assert.Equal(t, time.UTC, me.CreatedAt.Location())
		assert.Equal(t, contents{Users: []usermgmt.User{me}, Members: map[string][]usermgmt.ProjectMember{}}, contentsOf(t, c))

		require.ErrorIs(t, c.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: want, IgnoreMissing: true}), usermgmt.ErrPermissionDenied)
		require.ErrorIs(t, c.DisableUser(ctx, usermgmt.DisableUserRequest{Name: want}), usermgmt.ErrPermissionDenied)
		require.NoError(t, c.EnableUser(ctx, usermgmt.EnableUserRequest{Name: want}))
		after, err := c.CurrentUser(ctx)
		require.NoError(t, err)
		assert.Equal(t, me, after)
		changed, err := c.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: want, Email: new("root@example.com")})
		require.NoError(t, err)
		assert.Equal(t, "root@example.com", changed.Email)
	}
}

func TestEachMemoryClientHasItsOwnState(t *testing.T) {
	t.Parallel()
	backend := usermgmt.Memory()
	for range 2 {
		c, err := usermgmt.New(backend)
		require.NoError(t, err)
		_, err = c.CreateUser(t.Context(), usermgmt.CreateUserRequest{Name: "alice"})
		require.NoError(t, err)
		require.NoError(t, c.Close())
	}
}

func TestMemoryShowsWhatItWasGiven(t *testing.T) {
	t.Parallel()
	c, x := newMemory(t)
	furnish(t, c, x)
	all := contentsOf(t, c)
	for i := range all.Users { // times are tested elsewhere
		all.Users[i].CreatedAt, all.Users[i].UpdatedAt = time.Time{}, time.Time{}
	}
	assert.Equal(t, contents{
		Users: []usermgmt.User{
			{Name: "admin", EffectiveRoles: []usermgmt.Role{}},
			{
				Name: "alice", DisplayName: "Alice Liddell", Email: "alice@example.com",
				Roles:          []usermgmt.Role{{Name: "writer"}, {Name: "writer", Scope: "z"}},
				EffectiveRoles: []usermgmt.Role{{Name: "reader"}, {Name: "writer"}, {Name: "writer", Scope: "z"}},
				Groups:         []string{"a"},
			},
		},
		Roles: []usermgmt.RoleDefinition{
			{Name: "reader", Description: "may be a reader", ScopeFormat: "any text, or none"},
			{Name: "writer", Description: "may be a writer", ScopeFormat: "any text, or none"},
		},
		Groups: []usermgmt.Group{
			{Name: "a", Description: "group\na", Roles: usermgmt.Roles("reader")},
			{Name: "b", Description: "group\nb", Roles: usermgmt.Roles("reader")},
		},
		Projects: []usermgmt.Project{{Name: "p", Description: "the project", Owner: "alice"}},
		Members: map[string][]usermgmt.ProjectMember{"p": {
			{Member: usermgmt.UserMember("alice"), Role: "viewer"},
			{Member: usermgmt.GroupMember("a"), Role: "editor"},
		}},
	}, all)
}

// TestFailedChangesChangeNothing tells which thing is missing and looks at all
// that there is before and after.
func TestFailedChangesChangeNothing(t *testing.T) {
	t.Parallel()
	c, x := newMemory(t)
	furnish(t, c, x)
	ctx := t.Context()
	roles := append(usermgmt.Roles("reader"), usermgmt.Role{Name: "none", Scope: "s"})
	groups := []string{"b", "none"}
	alice, none := usermgmt.UserMember("alice"), usermgmt.UserMember("none")
	fail1 := func(_ any, err error) error { return err }
	tests := map[string]struct {
		err      error
		kind     error
		resource string
		name     string
	}{
		"create user: taken":      {fail1(c.CreateUser(ctx, usermgmt.CreateUserRequest{Name: "alice", Roles: roles})), usermgmt.ErrAlreadyExists, "user", "alice"},
		"create user: role":       {fail1(c.CreateUser(ctx, usermgmt.CreateUserRequest{Name: "bob", Roles: roles})), usermgmt.ErrNotFound, "role", "none"},
		"create user: group":      {fail1(c.CreateUser(ctx, usermgmt.CreateUserRequest{Name: "bob", Groups: groups})), usermgmt.ErrNotFound, "group", "none"},
		"create user: credential": {fail1(c.CreateUser(ctx, usermgmt.CreateUserRequest{Name: "bob", Credential: usermgmt.BearerToken("t")})), usermgmt.ErrInvalidArgument, "user", "bob"},
		"update user: missing":    {fail1(c.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: "none"})), usermgmt.ErrNotFound, "user", "none"},
		"update user: role":       {fail1(c.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: "alice", Email: new("x"), SetRoles: &roles})), usermgmt.ErrNotFound, "role", "none"},
		"update user: group":      {fail1(c.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: "alice", Email: new("x"), SetGroups: &groups})), usermgmt.ErrNotFound, "group", "none"},
		"update user: credential": {fail1(c.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: "alice", Credential: usermgmt.AccessKey("alice", "k")})), usermgmt.ErrInvalidArgument, "user", "alice"},
		"delete user":             {c.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: "none"}), usermgmt.ErrNotFound, "user", "none"},
		"delete user, ignored":    {c.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: "none", IgnoreMissing: true}), nil, "", ""},
		"enable":                  {c.EnableUser(ctx, usermgmt.EnableUserRequest{Name: "none"}), usermgmt.ErrNotFound, "user", "none"},
		"disable":                 {c.DisableUser(ctx, usermgmt.DisableUserRequest{Name: "none"}), usermgmt.ErrNotFound, "user", "none"},
		"set password":            {c.SetPassword(ctx, usermgmt.SetPasswordRequest{Name: "none", Password: usermgmt.NewSecret("pw")}), usermgmt.ErrNotFound, "user", "none"},
		"get user":                {fail1(c.GetUser(ctx, usermgmt.GetUserRequest{Name: "Alice"})), usermgmt.ErrNotFound, "user", "Alice"},
		"list users of a group":   {fail1(usermgmt.Collect(c.ListUsers(ctx, usermgmt.ListUsersRequest{Group: "none"}))), usermgmt.ErrNotFound, "group", "none"},
		"get role":                {fail1(c.GetRole(ctx, usermgmt.GetRoleRequest{Name: "none"})), usermgmt.ErrNotFound, "role", "none"},
		"create role":             {fail1(c.CreateRole(ctx, usermgmt.CreateRoleRequest{Name: "reader", Description: "x"})), usermgmt.ErrAlreadyExists, "role", "reader"},
		"update role":             {fail1(c.UpdateRole(ctx, usermgmt.UpdateRoleRequest{Name: "none"})), usermgmt.ErrNotFound, "role", "none"},
		"delete role":             {c.DeleteRole(ctx, usermgmt.DeleteRoleRequest{Name: "none"}), usermgmt.ErrNotFound, "role", "none"},
		"delete role, ignored":    {c.DeleteRole(ctx, usermgmt.DeleteRoleRequest{Name: "none", IgnoreMissing: true}), nil, "", ""},
		"grant: user":             {c.GrantRoles(ctx, usermgmt.GrantRolesRequest{User: "none", Roles: roles[:1]}), usermgmt.ErrNotFound, "user", "none"},
		"grant: role":             {c.GrantRoles(ctx, usermgmt.GrantRolesRequest{User: "alice", Roles: roles}), usermgmt.ErrNotFound, "role", "none"},
		"revoke: user":            {c.RevokeRoles(ctx, usermgmt.RevokeRolesRequest{User: "none", Roles: roles}), usermgmt.ErrNotFound, "user", "none"},
		"revoke what is not held": {c.RevokeRoles(ctx, usermgmt.RevokeRolesRequest{User: "alice", Roles: []usermgmt.Role{{Name: "writer", Scope: "y"}, {Name: "none"}}}), nil, "", ""},
		"get group":               {fail1(c.GetGroup(ctx, usermgmt.GetGroupRequest{Name: "none"})), usermgmt.ErrNotFound, "group", "none"},
		"create group: taken":     {fail1(c.CreateGroup(ctx, usermgmt.CreateGroupRequest{Name: "a"})), usermgmt.ErrAlreadyExists, "group", "a"},
		"create group: role":      {fail1(c.CreateGroup(ctx, usermgmt.CreateGroupRequest{Name: "c", Roles: roles})), usermgmt.ErrNotFound, "role", "none"},
		"update group: missing":   {fail1(c.UpdateGroup(ctx, usermgmt.UpdateGroupRequest{Name: "none"})), usermgmt.ErrNotFound, "group", "none"},
		"update group: role":      {fail1(c.UpdateGroup(ctx, usermgmt.UpdateGroupRequest{Name: "a", Description: new("x"), SetRoles: &roles})), usermgmt.ErrNotFound, "role", "none"},
		"delete group":            {c.DeleteGroup(ctx, usermgmt.DeleteGroupRequest{Name: "none"}), usermgmt.ErrNotFound, "group", "none"},
		"delete group, ignored":   {c.DeleteGroup(ctx, usermgmt.DeleteGroupRequest{Name: "none", IgnoreMissing: true}), nil, "", ""},
		"add member: user":        {c.AddGroupMember(ctx, usermgmt.AddGroupMemberRequest{Group: "a", User: "none"}), usermgmt.ErrNotFound, "user", "none"},
		"add member: group":       {c.AddGroupMember(ctx, usermgmt.AddGroupMemberRequest{Group: "none", User: "alice"}), usermgmt.ErrNotFound, "group", "none"},
		"remove member: user":     {c.RemoveGroupMember(ctx, usermgmt.RemoveGroupMemberRequest{Group: "a", User: "none"}), usermgmt.ErrNotFound, "user", "none"},
		"remove member: group":    {c.RemoveGroupMember(ctx, usermgmt.RemoveGroupMemberRequest{Group: "none", User: "alice"}), usermgmt.ErrNotFound, "group", "none"},
		"remove no member":        {c.RemoveGroupMember(ctx, usermgmt.RemoveGroupMemberRequest{Group: "b", User: "alice"}), nil, "", ""},
		"get project":             {fail1(c.GetProject(ctx, usermgmt.GetProjectRequest{Name: "none"})), usermgmt.ErrNotFound, "project", "none"},
		"list projects: user":     {fail1(usermgmt.Collect(c.ListProjects(ctx, usermgmt.ListProjectsRequest{User: "none"}))), usermgmt.ErrNotFound, "user", "none"},
		"list project members":    {fail1(usermgmt.Collect(c.ListProjectMembers(ctx, usermgmt.ListProjectMembersRequest{Project: "none"}))), usermgmt.ErrNotFound, "project", "none"},
		"effective: project":      {fail1(c.EffectiveProjectRole(ctx, usermgmt.EffectiveProjectRoleRequest{Project: "none", User: "alice"})), usermgmt.ErrNotFound, "project", "none"},
		"effective: user":         {fail1(c.EffectiveProjectRole(ctx, usermgmt.EffectiveProjectRoleRequest{Project: "p", User: "none"})), usermgmt.ErrNotFound, "user", "none"},
		"ensure: project":         {c.EnsureProjectMember(ctx, usermgmt.EnsureProjectMemberRequest{Project: "none", Member: alice, Role: "admin"}), usermgmt.ErrNotFound, "project", "none"},
		"ensure: user":            {c.EnsureProjectMember(ctx, usermgmt.EnsureProjectMemberRequest{Project: "p", Member: none, Role: "admin"}), usermgmt.ErrNotFound, "user", "none"},
		"ensure: role":            {c.EnsureProjectMember(ctx, usermgmt.EnsureProjectMemberRequest{Project: "p", Member: alice, Role: "reader"}), usermgmt.ErrInvalidArgument, "project", "p"},
		"remove: group":           {c.RemoveProjectMember(ctx, usermgmt.RemoveProjectMemberRequest{Project: "p", Member: usermgmt.GroupMember("none")}), usermgmt.ErrNotFound, "group", "none"},
		"remove: project":         {c.RemoveProjectMember(ctx, usermgmt.RemoveProjectMemberRequest{Project: "none", Member: alice}), usermgmt.ErrNotFound, "project", "none"},
		"remove: not in it":       {c.RemoveProjectMember(ctx, usermgmt.RemoveProjectMemberRequest{Project: "p", Member: usermgmt.GroupMember("b")}), nil, "", ""},
		"create project: taken":   {x.CreateProject(ctx, usermgmt.Project{Name: "p"}), usermgmt.ErrAlreadyExists, "project", "p"},
		"create project: owner":   {x.CreateProject(ctx, usermgmt.Project{Name: "q", Owner: "none"}), usermgmt.ErrNotFound, "user", "none"},
		"create project: ID":      {x.CreateProject(ctx, usermgmt.Project{Name: "q", ID: "7"}), usermgmt.ErrInvalidArgument, "project", "q"},
		"create project: names":   {x.CreateProject(ctx, usermgmt.Project{Name: "..", Owner: "\n"}), usermgmt.ErrInvalidArgument, "project", ".."},
		"delete project":          {x.DeleteProject(ctx, "none"), usermgmt.ErrNotFound, "project", "none"},
		"delete project: name":    {x.DeleteProject(ctx, ""), usermgmt.ErrInvalidArgument, "project", ""},
	}
	// The calls were made while the table was built, in order.
	fresh, y := newMemory(t)
	furnish(t, fresh, y)
	assert.Equal(t, timeless(contentsOf(t, fresh)), timeless(contentsOf(t, c)))
	for name, test := range tests {
		if test.kind == nil {
			require.NoError(t, test.err, name)
			continue
		}
		e, ok := errors.AsType[*usermgmt.Error](test.err)
		if !assert.True(t, ok, name) {
			continue
		}
		assert.Equal(t, test.kind, e.Kind, "%s: %v", name, e)
		assert.Equal(t, []string{test.resource, test.name}, []string{e.Resource, e.Name}, name)
		assert.False(t, e.Ambiguous, name)
	}
}

// timeless returns contents without when users were created. That nothing was
// changed since then is part of it.
func timeless(all contents) contents {
	for i, user := range all.Users {
		all.Users[i].UpdatedAt = time.Time{}.Add(user.UpdatedAt.Sub(user.CreatedAt))
		all.Users[i].CreatedAt = time.Time{}
	}
	return all
}

func TestDeletionsTakeAlongWhatReferred(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	get := func(c *usermgmt.Client) usermgmt.User {
		user, err := c.GetUser(ctx, usermgmt.GetUserRequest{Name: "alice"})
		require.NoError(t, err)
		return user
	}
	t.Run("role", func(t *testing.T) {
		t.Parallel()
		c, x := newMemory(t)
		furnish(t, c, x)
		require.NoError(t, c.DeleteRole(ctx, usermgmt.DeleteRoleRequest{Name: "writer"}))
		assert.Equal(t, usermgmt.Roles("reader"), get(c).EffectiveRoles)
		require.NoError(t, c.DeleteRole(ctx, usermgmt.DeleteRoleRequest{Name: "reader"}))
		assert.Empty(t, get(c).EffectiveRoles)
		assert.Nil(t, get(c).Roles)
		group, err := c.GetGroup(ctx, usermgmt.GetGroupRequest{Name: "b"})
		require.NoError(t, err)
		assert.Equal(t, usermgmt.Group{Name: "b", Description: "group\nb"}, group)
	})
	t.Run("group", func(t *testing.T) {
		t.Parallel()
		c, x := newMemory(t)
		furnish(t, c, x)
		require.NoError(t, c.DeleteGroup(ctx, usermgmt.DeleteGroupRequest{Name: "a"}))
		all := contentsOf(t, c)
		assert.Nil(t, get(c).Groups)
		assert.Equal(t, get(c).Roles, get(c).EffectiveRoles)
		assert.Equal(t, []usermgmt.ProjectMember{{Member: usermgmt.UserMember("alice"), Role: "viewer"}}, all.Members["p"])
	})
	t.Run("user", func(t *testing.T) {
		t.Parallel()
		c, x := newMemory(t)
		furnish(t, c, x)
		require.NoError(t, x.CreateProject(ctx, usermgmt.Project{Name: "q"}))
		require.NoError(t, c.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: "alice"}))
		all := contentsOf(t, c)
		assert.Equal(t, []usermgmt.ProjectMember{{Member: usermgmt.GroupMember("a"), Role: "editor"}}, all.Members["p"])
		assert.Equal(t, []usermgmt.Project{{Name: "p", Description: "the project"}, {Name: "q"}}, all.Projects, "the owner is gone")
		_, err := c.CreateUser(ctx, usermgmt.CreateUserRequest{Name: "alice"})
		require.NoError(t, err)
		assert.Empty(t, get(c).Groups, "somebody new of that name inherits nothing")
	})
	t.Run("project", func(t *testing.T) {
		t.Parallel()
		c, x := newMemory(t)
		furnish(t, c, x)
		require.NoError(t, x.DeleteProject(ctx, "p"))
		assert.Empty(t, contentsOf(t, c).Projects)
		require.NoError(t, x.CreateProject(ctx, usermgmt.Project{Name: "p"}))
		assert.Empty(t, contentsOf(t, c).Members["p"])
	})
}

func TestProjectRolesOfMemory(t *testing.T) {
	t.Parallel()
	roles := []string{"guest", "owner"}
	c, x := newMemory(t, usermgmt.MemoryProjectRoles(roles...))
	roles[0] = "changed"
	furnishRoles := func(member usermgmt.Member, role string) error {
		return c.EnsureProjectMember(t.Context(), usermgmt.EnsureProjectMemberRequest{Project: "p", Member: member, Role: role})
	}
	effective := func() string {
		role, err := c.EffectiveProjectRole(t.Context(), usermgmt.EffectiveProjectRoleRequest{Project: "p", User: "admin"})
		require.NoError(t, err)
		return role
	}
	projects := func() []usermgmt.Project {
		list, err := usermgmt.Collect(c.ListProjects(t.Context(), usermgmt.ListProjectsRequest{User: "admin"}))
		require.NoError(t, err)
		return list
	}
	require.NoError(t, x.CreateProject(t.Context(), usermgmt.Project{Name: "p"}))
	_, err := c.CreateGroup(t.Context(), usermgmt.CreateGroupRequest{Name: "g"})
	require.NoError(t, err)
	require.NoError(t, c.AddGroupMember(t.Context(), usermgmt.AddGroupMemberRequest{Group: "g", User: "admin"}))
	assert.Empty(t, effective())
	assert.Empty(t, projects())

	require.EqualError(t, furnishRoles(usermgmt.UserMember("admin"), "viewer"), "EnsureProjectMember memory: invalid argument: Role must be one of guest, owner (project \"p\")")
	require.NoError(t, furnishRoles(usermgmt.GroupMember("g"), "owner"))
	assert.Equal(t, "owner", effective())
	require.NoError(t, furnishRoles(usermgmt.UserMember("admin"), "guest"))
	assert.Equal(t, "owner", effective(), "the higher one, by the group")
	require.NoError(t, furnishRoles(usermgmt.GroupMember("g"), "guest"))
	assert.Equal(t, "guest", effective())
	assert.Equal(t, []usermgmt.Project{{Name: "p"}}, projects())
}

func TestTimesOfUsers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, x := newMemory(t)
		furnish(t, c, x)
		ctx := t.Context()
		start := time.Now().UTC()
		get := func() usermgmt.User {
			user, err := c.GetUser(ctx, usermgmt.GetUserRequest{Name: "alice"})
			require.NoError(t, err)
			return user
		}
		require.Equal(t, start, get().CreatedAt)
		<-time.After(time.Second)

		roles, groups := get().Roles, get().Groups
		_, err := c.UpdateUser(ctx, usermgmt.UpdateUserRequest{
			Name: "alice", DisplayName: new("Alice Liddell"), Email: new("alice@example.com"), SetRoles: &roles, SetGroups: &groups,
		})
		require.NoError(t, err)
		_, err = c.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: "alice"})
		require.NoError(t, err)
		require.NoError(t, c.EnableUser(ctx, usermgmt.EnableUserRequest{Name: "alice"}))
		require.NoError(t, c.GrantRoles(ctx, usermgmt.GrantRolesRequest{User: "alice", Roles: usermgmt.Roles("writer", "writer")}))
		require.NoError(t, c.RevokeRoles(ctx, usermgmt.RevokeRolesRequest{User: "alice", Roles: usermgmt.Roles("reader")}))
		require.NoError(t, c.AddGroupMember(ctx, usermgmt.AddGroupMemberRequest{Group: "a", User: "alice"}))
		require.NoError(t, c.RemoveGroupMember(ctx, usermgmt.RemoveGroupMemberRequest{Group: "b", User: "alice"}))
		assert.Equal(t, start, get().UpdatedAt, "what changes nothing is no update")

		changes := []func() error{
			func() error { return c.DisableUser(ctx, usermgmt.DisableUserRequest{Name: "alice"}) },
			func() error { return c.EnableUser(ctx, usermgmt.EnableUserRequest{Name: "alice"}) },
			func() error {
				_, err := c.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: "alice", DisplayName: new("")})
				return err
			},
			func() error {
				return c.SetPassword(ctx, usermgmt.SetPasswordRequest{Name: "alice", Password: usermgmt.NewSecret("pw")})
			},
			func() error {
				return c.AddGroupMember(ctx, usermgmt.AddGroupMemberRequest{Group: "b", User: "alice"})
			},
		}
		for i, change := range changes {
			<-time.After(time.Second)
			require.NoError(t, change())
			user := get()
			assert.Equal(t, start, user.CreatedAt)
			assert.Equal(t, start.Add(time.Duration(i+2)*time.Second), user.UpdatedAt)
		}
		updated := get().UpdatedAt
		assert.Zero(t, get().LastLoginAt)
		<-time.After(time.Second)
		user, err := x.Authenticate(ctx, "alice", usermgmt.NewSecret("pw"))
		require.NoError(t, err)
		assert.Equal(t, get(), user)
		assert.Equal(t, updated.Add(time.Second), user.LastLoginAt)
		assert.Equal(t, updated, user.UpdatedAt, "a login is no update")
	})
}

func TestMemorySharesNoSlices(t *testing.T) {
	t.Parallel()
	c, x := newMemory(t)
	furnish(t, c, x)
	ctx := t.Context()
	before := contentsOf(t, c)
	spoil := func(user usermgmt.User) {
		for _, roles := range [][]usermgmt.Role{user.Roles, user.EffectiveRoles} {
			for i := range roles {
				roles[i] = usermgmt.Role{Name: "spoiled"}
			}
		}
		for i := range user.Groups {
			user.Groups[i] = "spoiled"
		}
	}
	roles, groups := usermgmt.Roles("writer", "reader"), []string{"b", "a"}
	created, err := c.CreateUser(ctx, usermgmt.CreateUserRequest{Name: "temporary", Roles: roles, Groups: groups})
	require.NoError(t, err)
	assert.Equal(t, usermgmt.Roles("writer", "reader"), roles, "the request stays as it is")
	assert.Equal(t, []string{"b", "a"}, groups)
	updated, err := c.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: "temporary", SetRoles: &roles, SetGroups: &groups})
	require.NoError(t, err)
	require.NoError(t, c.GrantRoles(ctx, usermgmt.GrantRolesRequest{User: "temporary", Roles: roles}))
	roles[0].Name, groups[0] = "spoiled", "spoiled"
	spoil(created.User)
	spoil(updated)
	user, err := c.GetUser(ctx, usermgmt.GetUserRequest{Name: "temporary"})
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, user.Groups)
	assert.Equal(t, usermgmt.Roles("reader", "writer"), user.Roles)
	assert.Equal(t, usermgmt.Roles("reader", "writer"), user.EffectiveRoles)
	require.NoError(t, c.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: "temporary"}))

	all := contentsOf(t, c)
	for _, user := range all.Users {
		spoil(user)
	}
	for _, group := range all.Groups {
		group.Roles[0].Name = "spoiled"
	}
	group, err := c.UpdateGroup(ctx, usermgmt.UpdateGroupRequest{Name: "a"})
	require.NoError(t, err)
	group.Roles[0].Name = "spoiled"
	group, err = c.GetGroup(ctx, usermgmt.GetGroupRequest{Name: "a"})
	require.NoError(t, err)
	group.Roles[0].Name = "spoiled"
	assert.Equal(t, before, contentsOf(t, c))
}

func TestRolesGroupsAndProjectsOfMemory(t *testing.T) {
	t.Parallel()
	c, x := newMemory(t)
	furnish(t, c, x)
	ctx := t.Context()
	role, err := c.UpdateRole(ctx, usermgmt.UpdateRoleRequest{Name: "reader", Description: new("")})
	require.NoError(t, err)
	assert.Equal(t, usermgmt.RoleDefinition{Name: "reader", ScopeFormat: "any text, or none"}, role)
	found, err := c.GetRole(ctx, usermgmt.GetRoleRequest{Name: "reader"})
	require.NoError(t, err)
	assert.Equal(t, role, found)
	group, err := c.UpdateGroup(ctx, usermgmt.UpdateGroupRequest{Name: "a", SetRoles: new(usermgmt.Roles("writer", "reader"))})
	require.NoError(t, err)
	assert.Equal(t, usermgmt.Group{Name: "a", Description: "group\na", Roles: usermgmt.Roles("reader", "writer")}, group)
	group, err = c.UpdateGroup(ctx, usermgmt.UpdateGroupRequest{Name: "a", Description: new("")})
	require.NoError(t, err)
	assert.Equal(t, usermgmt.Group{Name: "a", Roles: usermgmt.Roles("reader", "writer")}, group)
	project, err := c.GetProject(ctx, usermgmt.GetProjectRequest{Name: "p"})
	require.NoError(t, err)
	assert.Equal(t, usermgmt.Project{Name: "p", Description: "the project", Owner: "alice"}, project)
}

func TestAListIsOfOneMoment(t *testing.T) {
	t.Parallel()
	c, x := newMemory(t)
	furnish(t, c, x)
	ctx := t.Context()
	var seen []usermgmt.User
	for user, err := range c.ListUsers(ctx, usermgmt.ListUsersRequest{}) {
		require.NoError(t, err)
		if len(seen) == 0 { // the lock is not held: changes go through
			require.NoError(t, c.DeleteGroup(ctx, usermgmt.DeleteGroupRequest{Name: "a"}))
			require.NoError(t, c.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: "alice"}))
			_, err := c.CreateUser(ctx, usermgmt.CreateUserRequest{Name: "zoe"})
			require.NoError(t, err)
		}
		seen = append(seen, user)
	}
	require.Len(t, seen, 2)
	assert.Equal(t, []string{"a"}, seen[1].Groups)
	assert.Contains(t, seen[1].EffectiveRoles, usermgmt.Role{Name: "reader"})
}

func TestListsHonourTheirContext(t *testing.T) {
	t.Parallel()
	c, x := newMemory(t)
	furnish(t, c, x)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for user, err := range c.ListUsers(ctx, usermgmt.ListUsersRequest{}) {
		if n++; n == 1 {
			require.NoError(t, err)
			assert.Equal(t, "admin", user.Name)
			cancel()
			continue
		}
		require.ErrorIs(t, err, usermgmt.ErrCanceled)
		require.ErrorIs(t, err, context.Canceled)
	}
	assert.Equal(t, 2, n)

	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	n = 0
	for _, err := range c.ListProjectMembers(ctx, usermgmt.ListProjectMembersRequest{Project: "p"}) {
		if n++; n == 1 {
			require.NoError(t, err)
			cancel()
			continue
		}
		require.ErrorIs(t, err, usermgmt.ErrCanceled)
	}
	assert.Equal(t, 2, n)

	for range c.ListUsers(t.Context(), usermgmt.ListUsersRequest{}) {
		break
	}
	for range c.ListProjectMembers(t.Context(), usermgmt.ListProjectMembersRequest{Project: "p"}) {
		break
	}
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	c, x := newMemory(t)
	ctx := t.Context()
	const password = "correct horse"
	_, err := c.CreateUser(ctx, usermgmt.CreateUserRequest{Name: "alice", Credential: usermgmt.Password("alice", password)})
	require.NoError(t, err)
	right, wrong := usermgmt.NewSecret(password), usermgmt.NewSecret("battery staple")
	user, err := x.Authenticate(ctx, "alice", right)
	require.NoError(t, err)
	assert.Equal(t, "alice", user.Name)
	assert.False(t, user.LastLoginAt.IsZero())

	refused := func(name string, password usermgmt.Secret) {
		t.Helper()
		_, err := x.Authenticate(ctx, name, password)
		require.ErrorIs(t, err, usermgmt.ErrUnauthenticated)
		assert.EqualError(t, err, fmt.Sprintf("Authenticate memory: unauthenticated: the name or the password is wrong (user %q)", name))
	}
	refused("alice", wrong)
	refused("nobody", right)
	refused("admin", right) // has no password
	require.NoError(t, c.DisableUser(ctx, usermgmt.DisableUserRequest{Name: "alice"}))
	refused("alice", right)
	require.NoError(t, c.EnableUser(ctx, usermgmt.EnableUserRequest{Name: "alice"}))
	require.NoError(t, c.SetPassword(ctx, usermgmt.SetPasswordRequest{Name: "alice", Password: wrong}))
	refused("alice", right)
	_, err = x.Authenticate(ctx, "alice", wrong)
	require.NoError(t, err)
	_, err = c.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: "alice", Credential: usermgmt.Password("", password)})
	require.NoError(t, err)
	_, err = x.Authenticate(ctx, "alice", right)
	require.NoError(t, err)

	_, err = x.Authenticate(ctx, "", usermgmt.Secret{})
	e, _ := errors.AsType[*usermgmt.Error](err)
	require.ErrorIs(t, err, usermgmt.ErrInvalidArgument)
	assert.Equal(t, map[string]string{"name": "must not be empty", "password": "must not be empty"}, e.Fields)
}

func TestTheExtensionLivesWithItsClient(t *testing.T) {
	t.Parallel()
	var seen []usermgmt.Operation
	c, err := usermgmt.New(usermgmt.Memory(), usermgmt.WithHooks(usermgmt.Hooks{
		End: func(_ context.Context, op usermgmt.Operation, _ error) { seen = append(seen, op) },
	}))
	require.NoError(t, err)
	x, ok := usermgmt.As[*usermgmt.MemoryExtension](c)
	require.True(t, ok)
	require.NoError(t, x.CreateProject(t.Context(), usermgmt.Project{Name: "p"}))
	require.NoError(t, x.DeleteProject(t.Context(), "p"))
	_, err = x.Authenticate(t.Context(), "alice", usermgmt.NewSecret("pw"))
	require.ErrorIs(t, err, usermgmt.ErrUnauthenticated)
	assert.Equal(t, []usermgmt.Operation{
		{Name: "CreateProject", Backend: "memory", Resource: "project", ResourceName: "p"},
		{Name: "DeleteProject", Backend: "memory", Resource: "project", ResourceName: "p"},
		{Name: "Authenticate", Backend: "memory", Resource: "user", ResourceName: "alice"},
	}, seen)
	require.NoError(t, c.Close())
	require.ErrorIs(t, x.CreateProject(t.Context(), usermgmt.Project{Name: "p"}), usermgmt.ErrClosed)
	_, err = x.Authenticate(t.Context(), "alice", usermgmt.NewSecret("pw"))
	require.ErrorIs(t, err, usermgmt.ErrClosed)
}

func TestConcurrentUseOfMemory(t *testing.T) {
	t.Parallel()
	c, x := newMemory(t)
	furnish(t, c, x)
	ctx := t.Context()
	const workers, each = 8, 20
	created := make([]int, workers)
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := range each {
				name := fmt.Sprintf("user-%02d", i)
				_, err := c.CreateUser(ctx, usermgmt.CreateUserRequest{Name: name, Groups: []string{"b"}})
				switch {
				case err == nil:
					created[w]++
				case !errors.Is(err, usermgmt.ErrAlreadyExists):
					t.Error(err)
				}
				role := usermgmt.Role{Name: "reader", Scope: fmt.Sprintf("%d-%d", w, i)}
				err = c.GrantRoles(ctx, usermgmt.GrantRolesRequest{User: "alice", Roles: []usermgmt.Role{role}})
				members, listErr := usermgmt.Collect(c.ListUsers(ctx, usermgmt.ListUsersRequest{Group: "b"}))
				if err := errors.Join(err, listErr); err != nil {
					t.Error(err)
				}
				assert.True(t, slices.IsSortedFunc(members, func(a, b usermgmt.User) int { return strings.Compare(a.Name, b.Name) }))
			}
		})
	}
	all.Wait()
	sum := 0
	for _, n := range created {
		sum += n
	}
	assert.Equal(t, each, sum, "each name was created once")
	alice, err := c.GetUser(ctx, usermgmt.GetUserRequest{Name: "alice"})
	require.NoError(t, err)
	assert.Len(t, alice.Roles, workers*each+2, "no grant is lost")
}
