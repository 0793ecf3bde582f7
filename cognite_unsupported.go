package usermgmt

import (
	"context"
	"iter"
)

// The gateway makes the passwords of its users and never changes them. What a
// user may do is up to the principal behind its session, so users have no
// roles, are in no group and are members of no project. Groups of principals
// cannot be changed, only replaced; see [CogniteExtension.ReplaceGroup].

func (b *cogniteBackend) SetPassword(context.Context, SetPasswordRequest) error {
	return unsupported(CapSetPassword)
}

func (b *cogniteBackend) GetRole(context.Context, GetRoleRequest) (RoleDefinition, error) {
	return RoleDefinition{}, unsupported(CapGetRole)
}

func (b *cogniteBackend) ListRoles(context.Context, ListRolesRequest) iter.Seq2[RoleDefinition, error] {
	return SeqError[RoleDefinition](unsupported(CapListRoles))
}

func (b *cogniteBackend) CreateRole(context.Context, CreateRoleRequest) (RoleDefinition, error) {
	return RoleDefinition{}, unsupported(CapCreateRole)
}

func (b *cogniteBackend) UpdateRole(context.Context, UpdateRoleRequest) (RoleDefinition, error) {
	return RoleDefinition{}, unsupported(CapUpdateRole)
}

func (b *cogniteBackend) DeleteRole(context.Context, DeleteRoleRequest) error {
	return unsupported(CapDeleteRole)
}

func (b *cogniteBackend) GrantRoles(context.Context, GrantRolesRequest) error {
	return unsupported(CapGrantRoles)
}

func (b *cogniteBackend) RevokeRoles(context.Context, RevokeRolesRequest) error {
	return unsupported(CapRevokeRoles)
}

func (b *cogniteBackend) UpdateGroup(context.Context, UpdateGroupRequest) (Group, error) {
	return Group{}, unsupported(CapUpdateGroup)
}

func (b *cogniteBackend) AddGroupMember(context.Context, AddGroupMemberRequest) error {
	return unsupported(CapAddGroupMember)
}

func (b *cogniteBackend) RemoveGroupMember(context.Context, RemoveGroupMemberRequest) error {
	return unsupported(CapRemoveGroupMember)
}

func (b *cogniteBackend) ListProjectMembers(context.Context, ListProjectMembersRequest) iter.Seq2[ProjectMember, error] {
	return SeqError[ProjectMember](unsupported(CapListProjectMembers))
}

func (b *cogniteBackend) EffectiveProjectRole(context.Context, EffectiveProjectRoleRequest) (string, error) {
	return "", unsupported(CapEffectiveProjectRole)
}

func (b *cogniteBackend) EnsureProjectMember(context.Context, EnsureProjectMemberRequest) error {
	return unsupported(CapEnsureProjectMember)
}

func (b *cogniteBackend) RemoveProjectMember(context.Context, RemoveProjectMemberRequest) error {
	return unsupported(CapRemoveProjectMember)
}
