package usermgmt

import (
	"context"
	"iter"
)

// Interceptor replaces methods of a [UserManager], for tests that need a
// fault or want to see what was asked. Each function gets the manager beneath
// and can call it or not; a nil function leaves the method as it is. The
// functions must be safe for concurrent use if the manager is used so.
type Interceptor struct {
	// GetUser replaces [Client.GetUser].
	GetUser func(ctx context.Context, next UserManager, req GetUserRequest) (User, error)
	// ListUsers replaces [Client.ListUsers].
	ListUsers func(ctx context.Context, next UserManager, req ListUsersRequest) iter.Seq2[User, error]
	// CurrentUser replaces [Client.CurrentUser].
	CurrentUser func(ctx context.Context, next UserManager) (User, error)
	// CreateUser replaces [Client.CreateUser].
	CreateUser func(ctx context.Context, next UserManager, req CreateUserRequest) (CreatedUser, error)
	// UpdateUser replaces [Client.UpdateUser].
	UpdateUser func(ctx context.Context, next UserManager, req UpdateUserRequest) (User, error)
	// DeleteUser replaces [Client.DeleteUser].
	DeleteUser func(ctx context.Context, next UserManager, req DeleteUserRequest) error
	// EnableUser replaces [Client.EnableUser].
	EnableUser func(ctx context.Context, next UserManager, req EnableUserRequest) error
	// DisableUser replaces [Client.DisableUser].
	DisableUser func(ctx context.Context, next UserManager, req DisableUserRequest) error
	// SetPassword replaces [Client.SetPassword].
	SetPassword func(ctx context.Context, next UserManager, req SetPasswordRequest) error
	// GetRole replaces [Client.GetRole].
	GetRole func(ctx context.Context, next UserManager, req GetRoleRequest) (RoleDefinition, error)
	// ListRoles replaces [Client.ListRoles].
	ListRoles func(ctx context.Context, next UserManager, req ListRolesRequest) iter.Seq2[RoleDefinition, error]
	// CreateRole replaces [Client.CreateRole].
	CreateRole func(ctx context.Context, next UserManager, req CreateRoleRequest) (RoleDefinition, error)
	// UpdateRole replaces [Client.UpdateRole].
	UpdateRole func(ctx context.Context, next UserManager, req UpdateRoleRequest) (RoleDefinition, error)
	// DeleteRole replaces [Client.DeleteRole].
	DeleteRole func(ctx context.Context, next UserManager, req DeleteRoleRequest) error
	// GrantRoles replaces [Client.GrantRoles].
	GrantRoles func(ctx context.Context, next UserManager, req GrantRolesRequest) error
	// RevokeRoles replaces [Client.RevokeRoles].
	RevokeRoles func(ctx context.Context, next UserManager, req RevokeRolesRequest) error
	// GetGroup replaces [Client.GetGroup].
	GetGroup func(ctx context.Context, next UserManager, req GetGroupRequest) (Group, error)
	// ListGroups replaces [Client.ListGroups].
	ListGroups func(ctx context.Context, next UserManager, req ListGroupsRequest) iter.Seq2[Group, error]
	// CreateGroup replaces [Client.CreateGroup].
	CreateGroup func(ctx context.Context, next UserManager, req CreateGroupRequest) (Group, error)
	// UpdateGroup replaces [Client.UpdateGroup].
	UpdateGroup func(ctx context.Context, next UserManager, req UpdateGroupRequest) (Group, error)
	// DeleteGroup replaces [Client.DeleteGroup].
	DeleteGroup func(ctx context.Context, next UserManager, req DeleteGroupRequest) error
	// AddGroupMember replaces [Client.AddGroupMember].
	AddGroupMember func(ctx context.Context, next UserManager, req AddGroupMemberRequest) error
	// RemoveGroupMember replaces [Client.RemoveGroupMember].
	RemoveGroupMember func(ctx context.Context, next UserManager, req RemoveGroupMemberRequest) error
	// GetProject replaces [Client.GetProject].
	GetProject func(ctx context.Context, next UserManager, req GetProjectRequest) (Project, error)
	// ListProjects replaces [Client.ListProjects].
	ListProjects func(ctx context.Context, next UserManager, req ListProjectsRequest) iter.Seq2[Project, error]
	// ListProjectMembers replaces [Client.ListProjectMembers].
	ListProjectMembers func(ctx context.Context, next UserManager, req ListProjectMembersRequest) iter.Seq2[ProjectMember, error]
	// EffectiveProjectRole replaces [Client.EffectiveProjectRole].
	EffectiveProjectRole func(ctx context.Context, next UserManager, req EffectiveProjectRoleRequest) (string, error)
	// EnsureProjectMember replaces [Client.EnsureProjectMember].
	EnsureProjectMember func(ctx context.Context, next UserManager, req EnsureProjectMemberRequest) error
	// RemoveProjectMember replaces [Client.RemoveProjectMember].
	RemoveProjectMember func(ctx context.Context, next UserManager, req RemoveProjectMemberRequest) error

	// Close replaces [Client.Close].
	Close func(next UserManager) error
}

// Intercept returns a manager that behaves like m but for the methods that
// with replaces. It has the capabilities of m, and [As] finds what m has.
func Intercept(m UserManager, with Interceptor) UserManager {
	return &intercepted{next: m, with: with}
}

type intercepted struct {
	next UserManager
	with Interceptor
}

// Unwrap returns the manager beneath, for [As].
func (i *intercepted) Unwrap() UserManager { return i.next }

func (i *intercepted) Capabilities() Capabilities { return i.next.Capabilities() }

func (i *intercepted) Close() error {
	if i.with.Close != nil {
		return i.with.Close(i.next)
	}
	return i.next.Close()
}

func (i *intercepted) GetUser(ctx context.Context, req GetUserRequest) (User, error) {
	if i.with.GetUser != nil {
		return i.with.GetUser(ctx, i.next, req)
	}
	return i.next.GetUser(ctx, req)
}

func (i *intercepted) ListUsers(ctx context.Context, req ListUsersRequest) iter.Seq2[User, error] {
	if i.with.ListUsers != nil {
		return i.with.ListUsers(ctx, i.next, req)
	}
	return i.next.ListUsers(ctx, req)
}

func (i *intercepted) CurrentUser(ctx context.Context) (User, error) {
	if i.with.CurrentUser != nil {
		return i.with.CurrentUser(ctx, i.next)
	}
	return i.next.CurrentUser(ctx)
}

func (i *intercepted) CreateUser(ctx context.Context, req CreateUserRequest) (CreatedUser, error) {
	if i.with.CreateUser != nil {
		return i.with.CreateUser(ctx, i.next, req)
	}
	return i.next.CreateUser(ctx, req)
}

func (i *intercepted) UpdateUser(ctx context.Context, req UpdateUserRequest) (User, error) {
	if i.with.UpdateUser != nil {
		return i.with.UpdateUser(ctx, i.next, req)
	}
	return i.next.UpdateUser(ctx, req)
}

func (i *intercepted) DeleteUser(ctx context.Context, req DeleteUserRequest) error {
	if i.with.DeleteUser != nil {
		return i.with.DeleteUser(ctx, i.next, req)
	}
	return i.next.DeleteUser(ctx, req)
}

func (i *intercepted) EnableUser(ctx context.Context, req EnableUserRequest) error {
	if i.with.EnableUser != nil {
		return i.with.EnableUser(ctx, i.next, req)
	}
	return i.next.EnableUser(ctx, req)
}

func (i *intercepted) DisableUser(ctx context.Context, req DisableUserRequest) error {
	if i.with.DisableUser != nil {
		return i.with.DisableUser(ctx, i.next, req)
	}
	return i.next.DisableUser(ctx, req)
}

func (i *intercepted) SetPassword(ctx context.Context, req SetPasswordRequest) error {
	if i.with.SetPassword != nil {
		return i.with.SetPassword(ctx, i.next, req)
	}
	return i.next.SetPassword(ctx, req)
}

func (i *intercepted) GetRole(ctx context.Context, req GetRoleRequest) (RoleDefinition, error) {
	if i.with.GetRole != nil {
		return i.with.GetRole(ctx, i.next, req)
	}
	return i.next.GetRole(ctx, req)
}

func (i *intercepted) ListRoles(ctx context.Context, req ListRolesRequest) iter.Seq2[RoleDefinition, error] {
	if i.with.ListRoles != nil {
		return i.with.ListRoles(ctx, i.next, req)
	}
	return i.next.ListRoles(ctx, req)
}

func (i *intercepted) CreateRole(ctx context.Context, req CreateRoleRequest) (RoleDefinition, error) {
	if i.with.CreateRole != nil {
		return i.with.CreateRole(ctx, i.next, req)
	}
	return i.next.CreateRole(ctx, req)
}

func (i *intercepted) UpdateRole(ctx context.Context, req UpdateRoleRequest) (RoleDefinition, error) {
	if i.with.UpdateRole != nil {
		return i.with.UpdateRole(ctx, i.next, req)
	}
	return i.next.UpdateRole(ctx, req)
}

func (i *intercepted) DeleteRole(ctx context.Context, req DeleteRoleRequest) error {
	if i.with.DeleteRole != nil {
		return i.with.DeleteRole(ctx, i.next, req)
	}
	return i.next.DeleteRole(ctx, req)
}

func (i *intercepted) GrantRoles(ctx context.Context, req GrantRolesRequest) error {
	if i.with.GrantRoles != nil {
		return i.with.GrantRoles(ctx, i.next, req)
	}
	return i.next.GrantRoles(ctx, req)
}

func (i *intercepted) RevokeRoles(ctx context.Context, req RevokeRolesRequest) error {
	if i.with.RevokeRoles != nil {
		return i.with.RevokeRoles(ctx, i.next, req)
	}
	return i.next.RevokeRoles(ctx, req)
}

func (i *intercepted) GetGroup(ctx context.Context, req GetGroupRequest) (Group, error) {
	if i.with.GetGroup != nil {
		return i.with.GetGroup(ctx, i.next, req)
	}
	return i.next.GetGroup(ctx, req)
}

func (i *intercepted) ListGroups(ctx context.Context, req ListGroupsRequest) iter.Seq2[Group, error] {
	if i.with.ListGroups != nil {
		return i.with.ListGroups(ctx, i.next, req)
	}
	return i.next.ListGroups(ctx, req)
}

func (i *intercepted) CreateGroup(ctx context.Context, req CreateGroupRequest) (Group, error) {
	if i.with.CreateGroup != nil {
		return i.with.CreateGroup(ctx, i.next, req)
	}
	return i.next.CreateGroup(ctx, req)
}

func (i *intercepted) UpdateGroup(ctx context.Context, req UpdateGroupRequest) (Group, error) {
	if i.with.UpdateGroup != nil {
		return i.with.UpdateGroup(ctx, i.next, req)
	}
	return i.next.UpdateGroup(ctx, req)
}

func (i *intercepted) DeleteGroup(ctx context.Context, req DeleteGroupRequest) error {
	if i.with.DeleteGroup != nil {
		return i.with.DeleteGroup(ctx, i.next, req)
	}
	return i.next.DeleteGroup(ctx, req)
}

func (i *intercepted) AddGroupMember(ctx context.Context, req AddGroupMemberRequest) error {
	if i.with.AddGroupMember != nil {
		return i.with.AddGroupMember(ctx, i.next, req)
	}
	return i.next.AddGroupMember(ctx, req)
}

func (i *intercepted) RemoveGroupMember(ctx context.Context, req RemoveGroupMemberRequest) error {
	if i.with.RemoveGroupMember != nil {
		return i.with.RemoveGroupMember(ctx, i.next, req)
	}
	return i.next.RemoveGroupMember(ctx, req)
}

func (i *intercepted) GetProject(ctx context.Context, req GetProjectRequest) (Project, error) {
	if i.with.GetProject != nil {
		return i.with.GetProject(ctx, i.next, req)
	}
	return i.next.GetProject(ctx, req)
}

func (i *intercepted) ListProjects(ctx context.Context, req ListProjectsRequest) iter.Seq2[Project, error] {
	if i.with.ListProjects != nil {
		return i.with.ListProjects(ctx, i.next, req)
	}
	return i.next.ListProjects(ctx, req)
}

func (i *intercepted) ListProjectMembers(ctx context.Context, req ListProjectMembersRequest) iter.Seq2[ProjectMember, error] {
	if i.with.ListProjectMembers != nil {
		return i.with.ListProjectMembers(ctx, i.next, req)
	}
	return i.next.ListProjectMembers(ctx, req)
}

func (i *intercepted) EffectiveProjectRole(ctx context.Context, req EffectiveProjectRoleRequest) (string, error) {
	if i.with.EffectiveProjectRole != nil {
		return i.with.EffectiveProjectRole(ctx, i.next, req)
	}
	return i.next.EffectiveProjectRole(ctx, req)
}

func (i *intercepted) EnsureProjectMember(ctx context.Context, req EnsureProjectMemberRequest) error {
	if i.with.EnsureProjectMember != nil {
		return i.with.EnsureProjectMember(ctx, i.next, req)
	}
	return i.next.EnsureProjectMember(ctx, req)
}

func (i *intercepted) RemoveProjectMember(ctx context.Context, req RemoveProjectMemberRequest) error {
	if i.with.RemoveProjectMember != nil {
		return i.with.RemoveProjectMember(ctx, i.next, req)
	}
	return i.next.RemoveProjectMember(ctx, req)
}
