package usermgmt

import (
	"context"
	"iter"
)

// Unimplemented is a [UserManager] without any capability, every method of
// which fails with [ErrUnsupported]. Embed it in a hand-written mock and write
// the methods that the test needs: the mock then survives whatever is added
// to the interface. It is not meant for anything but mocks.
type Unimplemented struct{}

var _ UserManager = Unimplemented{}

// Capabilities implements [UserManager]: there are none.
func (Unimplemented) Capabilities() Capabilities { return Capabilities{} }

// Close implements [UserManager]: it does nothing.
func (Unimplemented) Close() error { return nil }

// GetUser fails with [ErrUnsupported].
func (Unimplemented) GetUser(context.Context, GetUserRequest) (User, error) {
	return User{}, unimplemented(userTarget(CapGetUser, ""))
}

// ListUsers fails with [ErrUnsupported].
func (Unimplemented) ListUsers(context.Context, ListUsersRequest) iter.Seq2[User, error] {
	return SeqError[User](unimplemented(userTarget(CapListUsers, "")))
}

// CurrentUser fails with [ErrUnsupported].
func (Unimplemented) CurrentUser(context.Context) (User, error) {
	return User{}, unimplemented(userTarget(CapCurrentUser, ""))
}

// CreateUser fails with [ErrUnsupported].
func (Unimplemented) CreateUser(context.Context, CreateUserRequest) (CreatedUser, error) {
	return CreatedUser{}, unimplemented(userTarget(CapCreateUser, ""))
}

// UpdateUser fails with [ErrUnsupported].
func (Unimplemented) UpdateUser(context.Context, UpdateUserRequest) (User, error) {
	return User{}, unimplemented(userTarget(CapUpdateUser, ""))
}

// DeleteUser fails with [ErrUnsupported].
func (Unimplemented) DeleteUser(context.Context, DeleteUserRequest) error {
	return unimplemented(userTarget(CapDeleteUser, ""))
}

// EnableUser fails with [ErrUnsupported].
func (Unimplemented) EnableUser(context.Context, EnableUserRequest) error {
	return unimplemented(userTarget(CapEnableUser, ""))
}

// DisableUser fails with [ErrUnsupported].
func (Unimplemented) DisableUser(context.Context, DisableUserRequest) error {
	return unimplemented(userTarget(CapDisableUser, ""))
}

// SetPassword fails with [ErrUnsupported].
func (Unimplemented) SetPassword(context.Context, SetPasswordRequest) error {
	return unimplemented(userTarget(CapSetPassword, ""))
}

// GetRole fails with [ErrUnsupported].
func (Unimplemented) GetRole(context.Context, GetRoleRequest) (RoleDefinition, error) {
	return RoleDefinition{}, unimplemented(roleTarget(CapGetRole, ""))
}

// ListRoles fails with [ErrUnsupported].
func (Unimplemented) ListRoles(context.Context, ListRolesRequest) iter.Seq2[RoleDefinition, error] {
	return SeqError[RoleDefinition](unimplemented(roleTarget(CapListRoles, "")))
}

// CreateRole fails with [ErrUnsupported].
func (Unimplemented) CreateRole(context.Context, CreateRoleRequest) (RoleDefinition, error) {
	return RoleDefinition{}, unimplemented(roleTarget(CapCreateRole, ""))
}

// UpdateRole fails with [ErrUnsupported].
func (Unimplemented) UpdateRole(context.Context, UpdateRoleRequest) (RoleDefinition, error) {
	return RoleDefinition{}, unimplemented(roleTarget(CapUpdateRole, ""))
}

// DeleteRole fails with [ErrUnsupported].
func (Unimplemented) DeleteRole(context.Context, DeleteRoleRequest) error {
	return unimplemented(roleTarget(CapDeleteRole, ""))
}

// GrantRoles fails with [ErrUnsupported].
func (Unimplemented) GrantRoles(context.Context, GrantRolesRequest) error {
	return unimplemented(userTarget(CapGrantRoles, ""))
}

// RevokeRoles fails with [ErrUnsupported].
func (Unimplemented) RevokeRoles(context.Context, RevokeRolesRequest) error {
	return unimplemented(userTarget(CapRevokeRoles, ""))
}

// GetGroup fails with [ErrUnsupported].
func (Unimplemented) GetGroup(context.Context, GetGroupRequest) (Group, error) {
	return Group{}, unimplemented(groupTarget(CapGetGroup, ""))
}

// ListGroups fails with [ErrUnsupported].
func (Unimplemented) ListGroups(context.Context, ListGroupsRequest) iter.Seq2[Group, error] {
	return SeqError[Group](unimplemented(groupTarget(CapListGroups, "")))
}

// CreateGroup fails with [ErrUnsupported].
func (Unimplemented) CreateGroup(context.Context, CreateGroupRequest) (Group, error) {
	return Group{}, unimplemented(groupTarget(CapCreateGroup, ""))
}

// UpdateGroup fails with [ErrUnsupported].
func (Unimplemented) UpdateGroup(context.Context, UpdateGroupRequest) (Group, error) {
	return Group{}, unimplemented(groupTarget(CapUpdateGroup, ""))
}

// DeleteGroup fails with [ErrUnsupported].
func (Unimplemented) DeleteGroup(context.Context, DeleteGroupRequest) error {
	return unimplemented(groupTarget(CapDeleteGroup, ""))
}

// AddGroupMember fails with [ErrUnsupported].
func (Unimplemented) AddGroupMember(context.Context, AddGroupMemberRequest) error {
	return unimplemented(groupTarget(CapAddGroupMember, ""))
}

// RemoveGroupMember fails with [ErrUnsupported].
func (Unimplemented) RemoveGroupMember(context.Context, RemoveGroupMemberRequest) error {
	return unimplemented(groupTarget(CapRemoveGroupMember, ""))
}

// GetProject fails with [ErrUnsupported].
func (Unimplemented) GetProject(context.Context, GetProjectRequest) (Project, error) {
	return Project{}, unimplemented(projectTarget(CapGetProject, ""))
}

// ListProjects fails with [ErrUnsupported].
func (Unimplemented) ListProjects(context.Context, ListProjectsRequest) iter.Seq2[Project, error] {
	return SeqError[Project](unimplemented(projectTarget(CapListProjects, "")))
}

// ListProjectMembers fails with [ErrUnsupported].
func (Unimplemented) ListProjectMembers(context.Context, ListProjectMembersRequest) iter.Seq2[ProjectMember, error] {
	return SeqError[ProjectMember](unimplemented(projectTarget(CapListProjectMembers, "")))
}

// EffectiveProjectRole fails with [ErrUnsupported].
func (Unimplemented) EffectiveProjectRole(context.Context, EffectiveProjectRoleRequest) (string, error) {
	return "", unimplemented(projectTarget(CapEffectiveProjectRole, ""))
}

// EnsureProjectMember fails with [ErrUnsupported].
func (Unimplemented) EnsureProjectMember(context.Context, EnsureProjectMemberRequest) error {
	return unimplemented(projectTarget(CapEnsureProjectMember, ""))
}

// RemoveProjectMember fails with [ErrUnsupported].
func (Unimplemented) RemoveProjectMember(context.Context, RemoveProjectMemberRequest) error {
	return unimplemented(projectTarget(CapRemoveProjectMember, ""))
}

func unimplemented(t target) error { return wrap("", t, unsupported(t.capability)) }
