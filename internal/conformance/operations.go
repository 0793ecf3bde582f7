package conformance

import (
	"context"

	"github.com/usermgmt/usermgmt"
)

// operation is one method of the interface, with arguments that pass every
// check and name things that do not exist.
type operation struct {
	method usermgmt.Capability
	writes bool
	about  []string // "resource name" of what is missing; empty if the call does not need anything to exist
	call   func(ctx context.Context) error
}

// operations returns all methods of the interface.
func (w *World) operations() []operation {
	m := w.Manager
	user, role, group, project := w.Name("nobody"), w.Name("norole"), w.Name("nogroup"), w.Name("noproject")
	if len(w.Projects) > 0 {
		project = w.Projects[0]
	}
	someRole, projectRole := usermgmt.Roles(role), "some-role"
	if len(w.Roles) > 0 {
		someRole = w.Roles[:1]
	}
	if len(w.ProjectRoles) > 0 {
		projectRole = w.ProjectRoles[0]
	}
	aboutUser, aboutRole, aboutGroup := []string{"user " + user}, []string{"role " + role}, []string{"group " + group}
	return []operation{
		{usermgmt.CapCreateUser, true, nil, func(ctx context.Context) error {
			_, err := m.CreateUser(ctx, w.userRequest("new-user"))
			return err
		}},
		{usermgmt.CapGetUser, false, aboutUser, func(ctx context.Context) error {
			_, err := m.GetUser(ctx, usermgmt.GetUserRequest{Name: user})
			return err
		}},
		{usermgmt.CapListUsers, false, nil, func(ctx context.Context) error {
			return drain(m.ListUsers(ctx, usermgmt.ListUsersRequest{}))
		}},
		{usermgmt.CapUpdateUser, true, aboutUser, func(ctx context.Context) error {
			req := usermgmt.UpdateUserRequest{Name: user}
			switch {
			case w.can(usermgmt.CapUpdateDisplayName):
				req.DisplayName = new("A Name")
			case w.can(usermgmt.CapUserPassword):
				req.Credential = usermgmt.Password("", w.newPassword())
			}
			_, err := m.UpdateUser(ctx, req)
			return err
		}},
		{usermgmt.CapDeleteUser, true, aboutUser, func(ctx context.Context) error {
			return m.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: user})
		}},
		{usermgmt.CapCurrentUser, false, nil, func(ctx context.Context) error {
			_, err := m.CurrentUser(ctx)
			return err
		}},
		{usermgmt.CapEnableUser, true, aboutUser, func(ctx context.Context) error {
			return m.EnableUser(ctx, usermgmt.EnableUserRequest{Name: user})
		}},
		{usermgmt.CapDisableUser, true, aboutUser, func(ctx context.Context) error {
			return m.DisableUser(ctx, usermgmt.DisableUserRequest{Name: user})
		}},
		{usermgmt.CapSetPassword, true, aboutUser, func(ctx context.Context) error {
			return m.SetPassword(ctx, usermgmt.SetPasswordRequest{Name: user, Password: usermgmt.NewSecret(w.newPassword())})
		}},
		{usermgmt.CapGetRole, false, aboutRole, func(ctx context.Context) error {
			_, err := m.GetRole(ctx, usermgmt.GetRoleRequest{Name: role})
			return err
		}},
		{usermgmt.CapListRoles, false, nil, func(ctx context.Context) error {
			return drain(m.ListRoles(ctx, usermgmt.ListRolesRequest{}))
		}},
		{usermgmt.CapCreateRole, true, nil, func(ctx context.Context) error {
			_, err := m.CreateRole(ctx, usermgmt.CreateRoleRequest{Name: w.Name("new-role"), Description: "a role"})
			return err
		}},
		{usermgmt.CapUpdateRole, true, aboutRole, func(ctx context.Context) error {
			_, err := m.UpdateRole(ctx, usermgmt.UpdateRoleRequest{Name: role, Description: new("another text")})
			return err
		}},
		{usermgmt.CapDeleteRole, true, aboutRole, func(ctx context.Context) error {
			return m.DeleteRole(ctx, usermgmt.DeleteRoleRequest{Name: role})
		}},
		{usermgmt.CapGrantRoles, true, aboutUser, func(ctx context.Context) error {
			return m.GrantRoles(ctx, usermgmt.GrantRolesRequest{User: user, Roles: someRole})
		}},
		{usermgmt.CapRevokeRoles, true, aboutUser, func(ctx context.Context) error {
			return m.RevokeRoles(ctx, usermgmt.RevokeRolesRequest{User: user, Roles: someRole})
		}},
		{usermgmt.CapGetGroup, false, aboutGroup, func(ctx context.Context) error {
			_, err := m.GetGroup(ctx, usermgmt.GetGroupRequest{Name: group})
			return err
		}},
		{usermgmt.CapListGroups, false, nil, func(ctx context.Context) error {
			return drain(m.ListGroups(ctx, usermgmt.ListGroupsRequest{}))
		}},
		{usermgmt.CapCreateGroup, true, nil, func(ctx context.Context) error {
			_, err := m.CreateGroup(ctx, usermgmt.CreateGroupRequest{Name: w.Name("new-group")})
			return err
		}},
		{usermgmt.CapUpdateGroup, true, aboutGroup, func(ctx context.Context) error {
			req := usermgmt.UpdateGroupRequest{Name: group}
			if w.can(usermgmt.CapGroupDescription) {
				req.Description = new("another text")
			}
			_, err := m.UpdateGroup(ctx, req)
			return err
		}},
		{usermgmt.CapDeleteGroup, true, aboutGroup, func(ctx context.Context) error {
			return m.DeleteGroup(ctx, usermgmt.DeleteGroupRequest{Name: group})
		}},
		{usermgmt.CapAddGroupMember, true, append(aboutUser, aboutGroup...), func(ctx context.Context) error {
			return m.AddGroupMember(ctx, usermgmt.AddGroupMemberRequest{Group: group, User: user})
		}},
		{usermgmt.CapRemoveGroupMember, true, append(aboutUser, aboutGroup...), func(ctx context.Context) error {
			return m.RemoveGroupMember(ctx, usermgmt.RemoveGroupMemberRequest{Group: group, User: user})
		}},
		{usermgmt.CapGetProject, false, []string{"project " + w.Name("noproject")}, func(ctx context.Context) error {
			_, err := m.GetProject(ctx, usermgmt.GetProjectRequest{Name: w.Name("noproject")})
			return err
		}},
		{usermgmt.CapListProjects, false, nil, func(ctx context.Context) error {
			return drain(m.ListProjects(ctx, usermgmt.ListProjectsRequest{}))
		}},
		{usermgmt.CapListProjectMembers, false, []string{"project " + w.Name("noproject")}, func(ctx context.Context) error {
			return drain(m.ListProjectMembers(ctx, usermgmt.ListProjectMembersRequest{Project: w.Name("noproject")}))
		}},
		{usermgmt.CapEffectiveProjectRole, false, aboutUser, func(ctx context.Context) error {
			_, err := m.EffectiveProjectRole(ctx, usermgmt.EffectiveProjectRoleRequest{Project: project, User: user})
			return err
		}},
		{usermgmt.CapEnsureProjectMember, true, aboutUser, func(ctx context.Context) error {
			return m.EnsureProjectMember(ctx, usermgmt.EnsureProjectMemberRequest{
				Project: project, Member: usermgmt.UserMember(user), Role: projectRole,
			})
		}},
		{usermgmt.CapRemoveProjectMember, true, aboutUser, func(ctx context.Context) error {
			return m.RemoveProjectMember(ctx, usermgmt.RemoveProjectMemberRequest{Project: project, Member: usermgmt.UserMember(user)})
		}},
	}
}

// declared returns the operations that the backend does not rule out.
func (w *World) declared() []operation {
	var can []operation
	for _, op := range w.operations() {
		if w.can(op.method) {
			can = append(can, op)
		}
	}
	return can
}
