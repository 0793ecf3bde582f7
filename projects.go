package usermgmt

import (
	"context"
	"iter"
	"strconv"
)

// Project is a place to which users and groups are admitted, each with one
// role: a project on Iguazio, a model on Juju. On Cognite it is the one project
// that the client is for, to which nobody can be admitted.
type Project struct {
	// Name is the name of the project: what every call on this interface takes.
	Name string
	// ID is the server's own identifier, empty where the name is the only one.
	ID string
	// Description is text for people to read.
	Description string
	// Owner is the name of the owning user, empty if there is none.
	Owner string
}

// MemberKind tells users from groups among the members of a project.
type MemberKind uint8

// The kinds of member. The zero value is none of them.
const (
	// KindUser is a user.
	KindUser MemberKind = iota + 1
	// KindGroup is a group; see [CapProjectGroups].
	KindGroup
)

// String returns "user" or "group".
func (k MemberKind) String() string {
	switch k {
	case KindUser:
		return "user"
	case KindGroup:
		return "group"
	default:
		return "MemberKind(" + strconv.Itoa(int(k)) + ")"
	}
}

// Member names a user or a group; make one with [UserMember] or [GroupMember].
type Member struct {
	// Kind says which of the two it is.
	Kind MemberKind
	// Name is the name of the user or the group.
	Name string
}

// UserMember returns the member that is the user of that name.
func UserMember(name string) Member { return Member{Kind: KindUser, Name: name} }

// GroupMember returns the member that is the group of that name.
func GroupMember(name string) Member { return Member{Kind: KindGroup, Name: name} }

// ProjectMember is a member with its role in the project.
type ProjectMember struct {
	Member

	// ID is the server's identifier of the member, empty where the name is
	// the only one.
	ID string
	// Role is the name of the role that the member itself holds.
	Role string
}

// ProjectReader reads projects and who is in them.
type ProjectReader interface {
	// GetProject returns the project of a name. It fails with [ErrNotFound] if
	// there is none that the caller may see.
	//
	// Cognite: GET /api/v1/token/inspect.
	//
	// Iguazio: GET L, where L is /api/projects?filter[name]={name}.
	//
	// Juju: ModelManager.ListModelSummaries, or ModelManager.ModelInfo for a UUID.
	GetProject(ctx context.Context, req GetProjectRequest) (Project, error)

	// ListProjects returns the projects that the caller may see, on the terms
	// of [UserReader.ListUsers].
	//
	// Cognite: GET /api/v1/token/inspect; the one project that the client is for.
	//
	// Iguazio: GET /api/projects, page by page.
	//
	// Juju: ModelManager.ListModelSummaries.
	ListProjects(ctx context.Context, req ListProjectsRequest) iter.Seq2[Project, error]

	// ListProjectMembers returns the users and groups that are members of a
	// project themselves, on the terms of [UserReader.ListUsers]. It fails
	// with [ErrNotFound] if the project does not exist.
	//
	// Iguazio: GET L, GET P with the members, where P is /api/projects/{id}. A
	// member that the caller may not see has an ID and no name.
	//
	// Juju: as GetProject, ModelManager.ModelInfo.
	ListProjectMembers(ctx context.Context, req ListProjectMembersRequest) iter.Seq2[ProjectMember, error]

	// EffectiveProjectRole returns the highest role that a user has in a
	// project, by itself or through its groups, and "" if it has none. It
	// fails with [ErrNotFound] if the user or the project does not exist.
	//
	// Iguazio: GET /api/users?filter[username]={name}, GET L, GET P.
	//
	// Juju: UserManager.UserInfo, as GetProject, ModelManager.ModelInfo.
	EffectiveProjectRole(ctx context.Context, req EffectiveProjectRoleRequest) (string, error)
}

// ProjectMembership admits members to projects and removes them.
type ProjectMembership interface {
	// EnsureProjectMember makes a user or group a member of a project with
	// exactly the given role, which raises, lowers or adds as needed. If it
	// is so already nothing is written. It fails with [ErrNotFound] if the
	// project does not exist, or the member as far as the server knows it, and with [ErrInvalidArgument] if
	// projects have no such role. Other members are left alone.
	//
	// Iguazio: GET L, a look-up of the member, GET P with the members, POST
	// /api/async_transactions, GET /api/jobs/{id} until the job has ended, where L
	// and P are as for ListProjectMembers.
	//
	// Juju: as GetProject; UserManager.UserInfo and ModelManager.ModelInfo before
	// and after ModelManager.ModifyModelAccess.
	EnsureProjectMember(ctx context.Context, req EnsureProjectMemberRequest) error

	// RemoveProjectMember takes a user or group out of a project. One that is
	// not in it is no error and nothing is written. It fails with
	// [ErrNotFound] if the project or the member does not exist.
	//
	// Iguazio: as EnsureProjectMember.
	//
	// Juju: as EnsureProjectMember.
	RemoveProjectMember(ctx context.Context, req RemoveProjectMemberRequest) error
}

// ProjectService is all that concerns projects.
type ProjectService interface {
	ProjectReader
	ProjectMembership
}

// GetProjectRequest is the request of [ProjectReader.GetProject].
type GetProjectRequest struct {
	// Name is the project's name. Required.
	Name string
}

// ListProjectsRequest is the request of [ProjectReader.ListProjects].
type ListProjectsRequest struct {
	// User limits the list to the projects in which the user has a role, by
	// itself or through its groups; its absence is [ErrNotFound]. Empty lists
	// all projects.
	User string
}

// ListProjectMembersRequest is the request of [ProjectReader.ListProjectMembers].
type ListProjectMembersRequest struct {
	// Project is the project's name. Required.
	Project string
}

// EffectiveProjectRoleRequest is the request of [ProjectReader.EffectiveProjectRole].
type EffectiveProjectRoleRequest struct {
	// Project is the project's name. Required.
	Project string
	// User is the user's name. Required.
	User string
}

// EnsureProjectMemberRequest is the request of [ProjectMembership.EnsureProjectMember].
type EnsureProjectMemberRequest struct {
	// Project is the project's name. Required.
	Project string
	// Member is the user or group. Required.
	Member Member
	// Role is the name of the role. Required.
	Role string
}

// RemoveProjectMemberRequest is the request of [ProjectMembership.RemoveProjectMember].
type RemoveProjectMemberRequest struct {
	// Project is the project's name. Required.
	Project string
	// Member is the user or group. Required.
	Member Member
}

// GetProject implements [ProjectReader].
func (c *Client) GetProject(ctx context.Context, req GetProjectRequest) (Project, error) {
	return call(ctx, c, projectTarget(CapGetProject, req.Name), req, backend.GetProject)
}

// ListProjects implements [ProjectReader].
func (c *Client) ListProjects(ctx context.Context, req ListProjectsRequest) iter.Seq2[Project, error] {
	return list(ctx, c, projectTarget(CapListProjects, ""), req, backend.ListProjects)
}

// ListProjectMembers implements [ProjectReader].
func (c *Client) ListProjectMembers(ctx context.Context, req ListProjectMembersRequest) iter.Seq2[ProjectMember, error] {
	return list(ctx, c, projectTarget(CapListProjectMembers, req.Project), req, backend.ListProjectMembers)
}

// EffectiveProjectRole implements [ProjectReader].
func (c *Client) EffectiveProjectRole(ctx context.Context, req EffectiveProjectRoleRequest) (string, error) {
	return call(ctx, c, projectTarget(CapEffectiveProjectRole, req.Project), req, backend.EffectiveProjectRole)
}

// EnsureProjectMember implements [ProjectMembership].
func (c *Client) EnsureProjectMember(ctx context.Context, req EnsureProjectMemberRequest) error {
	return do(ctx, c, projectTarget(CapEnsureProjectMember, req.Project), req, backend.EnsureProjectMember)
}

// RemoveProjectMember implements [ProjectMembership].
func (c *Client) RemoveProjectMember(ctx context.Context, req RemoveProjectMemberRequest) error {
	return do(ctx, c, projectTarget(CapRemoveProjectMember, req.Project), req, backend.RemoveProjectMember)
}

func projectTarget(c Capability, name string) target {
	return target{op: c.String(), capability: c, resource: "project", name: name}
}

func (r GetProjectRequest) check(v *validator) { v.name("Name", r.Name) }

func (r ListProjectsRequest) check(v *validator) {
	if r.User != "" {
		v.name("User", r.User)
	}
}

func (r ListProjectMembersRequest) check(v *validator) { v.name("Project", r.Project) }

func (r EffectiveProjectRoleRequest) check(v *validator) {
	v.name("Project", r.Project)
	v.name("User", r.User)
}

func (r EnsureProjectMemberRequest) check(v *validator) {
	v.name("Project", r.Project)
	v.member("Member", r.Member)
	v.name("Role", r.Role)
}

func (r RemoveProjectMemberRequest) check(v *validator) {
	v.name("Project", r.Project)
	v.member("Member", r.Member)
}
