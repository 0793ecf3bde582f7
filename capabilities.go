package usermgmt

import (
	"iter"
	"strconv"
)

// A Capability is one thing that a backend can or cannot do: a method of
// [UserManager], or an input to one. Ask with [Capabilities.Of], or demand it
// at start-up with [WithRequired].
type Capability uint8

// One capability for each method. A call of a method that a backend does not
// support fails with [ErrUnsupported] before anything is sent.
const (
	// CapCreateUser is UserWriter.CreateUser.
	CapCreateUser Capability = iota
	// CapGetUser is UserReader.GetUser.
	CapGetUser
	// CapListUsers is UserReader.ListUsers.
	CapListUsers
	// CapUpdateUser is UserWriter.UpdateUser.
	CapUpdateUser
	// CapDeleteUser is UserWriter.DeleteUser.
	CapDeleteUser
	// CapCurrentUser is UserReader.CurrentUser.
	CapCurrentUser
	// CapEnableUser is AccountManager.EnableUser.
	CapEnableUser
	// CapDisableUser is AccountManager.DisableUser.
	CapDisableUser
	// CapSetPassword is AccountManager.SetPassword.
	CapSetPassword
	// CapListRoles is RoleReader.ListRoles.
	CapListRoles
	// CapGetRole is RoleReader.GetRole.
	CapGetRole
	// CapCreateRole is RoleWriter.CreateRole.
	CapCreateRole
	// CapUpdateRole is RoleWriter.UpdateRole.
	CapUpdateRole
	// CapDeleteRole is RoleWriter.DeleteRole.
	CapDeleteRole
	// CapGrantRoles is RoleGranter.GrantRoles, and roles as an input to
	// creating and updating users.
	CapGrantRoles
	// CapRevokeRoles is RoleGranter.RevokeRoles.
	CapRevokeRoles
	// CapCreateGroup is GroupWriter.CreateGroup.
	CapCreateGroup
	// CapGetGroup is GroupReader.GetGroup.
	CapGetGroup
	// CapListGroups is GroupReader.ListGroups.
	CapListGroups
	// CapUpdateGroup is GroupWriter.UpdateGroup.
	CapUpdateGroup
	// CapDeleteGroup is GroupWriter.DeleteGroup.
	CapDeleteGroup
	// CapAddGroupMember is GroupMembership.AddGroupMember, and groups as an
	// input to creating, updating and listing users.
	CapAddGroupMember
	// CapRemoveGroupMember is GroupMembership.RemoveGroupMember.
	CapRemoveGroupMember
	// CapGetProject is ProjectReader.GetProject.
	CapGetProject
	// CapListProjects is ProjectReader.ListProjects.
	CapListProjects
	// CapListProjectMembers is ProjectReader.ListProjectMembers.
	CapListProjectMembers
	// CapEnsureProjectMember is ProjectMembership.EnsureProjectMember.
	CapEnsureProjectMember
	// CapRemoveProjectMember is ProjectMembership.RemoveProjectMember.
	CapRemoveProjectMember
	// CapEffectiveProjectRole is ProjectReader.EffectiveProjectRole.
	CapEffectiveProjectRole
)

// One capability for each input that some backends have no place for. Such an
// input to a backend without it fails with [ErrInvalidArgument] before
// anything is sent; it is never ignored.
const (
	// CapUserName: the caller names a new user. Without it the server does.
	CapUserName Capability = iota + CapEffectiveProjectRole + 1
	// CapUserPassword: a new user can be given a password.
	CapUserPassword
	// CapDisplayName: a new user can be given a display name.
	CapDisplayName
	// CapUpdateDisplayName: the display name of a user can be changed.
	CapUpdateDisplayName
	// CapEmail: users have an e-mail address.
	CapEmail
	// CapRoleScope: a granted role can be limited by [Role.Scope].
	CapRoleScope
	// CapGroupDescription: groups have a description.
	CapGroupDescription
	// CapGroupRoles: groups hold roles that their members inherit.
	CapGroupRoles
	// CapProjectGroups: groups can be members of projects.
	CapProjectGroups
	// CapRoleSets: the roles of a user are one set, which [User.Roles] shows
	// and SetRoles replaces. Without it roles are levels: of those on one
	// object a user holds one, and User.Roles and SetRoles are about some
	// objects alone; a disabled user may show none until it is enabled again.
	CapRoleSets

	capabilityCount
)

var capabilityNames = [capabilityCount]string{
	CapCreateUser: "CreateUser", CapGetUser: "GetUser", CapListUsers: "ListUsers", CapUpdateUser: "UpdateUser",
	CapDeleteUser: "DeleteUser", CapCurrentUser: "CurrentUser", CapEnableUser: "EnableUser", CapDisableUser: "DisableUser",
	CapSetPassword: "SetPassword", CapListRoles: "ListRoles", CapGetRole: "GetRole", CapCreateRole: "CreateRole",
	CapUpdateRole: "UpdateRole", CapDeleteRole: "DeleteRole", CapGrantRoles: "GrantRoles", CapRevokeRoles: "RevokeRoles",
	CapCreateGroup: "CreateGroup", CapGetGroup: "GetGroup", CapListGroups: "ListGroups", CapUpdateGroup: "UpdateGroup",
	CapDeleteGroup: "DeleteGroup", CapAddGroupMember: "AddGroupMember", CapRemoveGroupMember: "RemoveGroupMember",
	CapGetProject: "GetProject", CapListProjects: "ListProjects", CapListProjectMembers: "ListProjectMembers", CapEnsureProjectMember: "EnsureProjectMember",
	CapRemoveProjectMember: "RemoveProjectMember", CapEffectiveProjectRole: "EffectiveProjectRole",
	CapUserName: "UserName", CapUserPassword: "UserPassword", CapDisplayName: "DisplayName", CapUpdateDisplayName: "UpdateDisplayName", CapEmail: "Email",
	CapRoleScope: "RoleScope", CapGroupDescription: "GroupDescription", CapGroupRoles: "GroupRoles", CapProjectGroups: "ProjectGroups", CapRoleSets: "RoleSets",
}

// String returns the name without "Cap", such as "CreateUser".
func (c Capability) String() string {
	if c < capabilityCount {
		return capabilityNames[c]
	}
	return "Capability(" + strconv.Itoa(int(c)) + ")"
}

// AllCapabilities yields every capability in the order of declaration.
func AllCapabilities() iter.Seq[Capability] {
	return func(yield func(Capability) bool) {
		for c := range capabilityCount {
			if !yield(c) {
				return
			}
		}
	}
}

// Support says whether a backend has a capability.
type Support uint8

// The three answers. Only a plain no refuses a call.
const (
	// SupportNo: the backend cannot do it.
	SupportNo Support = iota
	// SupportYes: the backend can do it.
	SupportYes
	// SupportUnknown: it depends on the server's version or edition, which is
	// not known yet; the call is made and the server decides.
	SupportUnknown
)

// String returns "no", "yes" or "unknown".
func (s Support) String() string {
	switch s {
	case SupportYes:
		return "yes"
	case SupportUnknown:
		return "unknown"
	case SupportNo:
	}
	return "no"
}

// Capabilities is what a backend can do. The zero value can do nothing. It is
// a value: comparing and copying it is fine, changing it has no effect on the
// backend.
type Capabilities struct {
	yes, unknown uint64
}

// NewCapabilities returns a set that has just the given capabilities, for
// mocks.
func NewCapabilities(supported ...Capability) Capabilities {
	return Capabilities{}.with(supported...)
}

// Of returns whether c is supported.
func (s Capabilities) Of(c Capability) Support {
	bit := uint64(1) << c
	switch {
	case s.yes&bit != 0:
		return SupportYes
	case s.unknown&bit != 0:
		return SupportUnknown
	default:
		return SupportNo
	}
}

// Has reports whether c is surely supported.
func (s Capabilities) Has(c Capability) bool { return s.Of(c) == SupportYes }

// maybe returns s with capabilities that depend on a server not asked yet.
func (s Capabilities) maybe(added ...Capability) Capabilities {
	for _, c := range added {
		s.unknown |= 1 << c
	}
	return s
}

// settle returns s with what turned out about capabilities that were open.
func (s Capabilities) settle(open []Capability, supported bool) Capabilities {
	for _, c := range open {
		s.unknown &^= 1 << c
	}
	if supported {
		return s.with(open...)
	}
	return s
}

func (s Capabilities) with(added ...Capability) Capabilities {
	for _, c := range added {
		s.yes |= 1 << c
	}
	return s
}
