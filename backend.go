package usermgmt

import (
	"context"
	"fmt"
	"iter"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// Backend is the choice of a system, made with [AIStore], [Couchbase], [Iguazio],
// [Juju], [Cognite] or [Memory] and given to [New]. The set is closed.
type Backend interface {
	// open makes the adapter. It checks the settings and sends nothing.
	open(s *settings) (backend, error)
}

// backend is what an adapter has to do. It is asked only for what its
// capabilities do not rule out, with requests that passed the checks which
// hold for all backends, and with a context that is not nil. It returns
// [fault.Error] or context errors; [Client] turns them into [Error]. It is
// safe for concurrent use.
type backend interface {
	UserService
	RoleService
	GroupService
	ProjectService
	// Name is the name of the backend in errors and logs.
	Name() string
	// Capabilities tells what the backend can do, without asking a server.
	Capabilities() Capabilities
	// Ping makes sure that the server answers and accepts the credentials.
	Ping(ctx context.Context) error
	// Close releases what the backend holds. It is called once.
	Close() error
}

// extension is what the extensions of requests have in common.
type extension interface {
	// extensionOf is the name of the backend that the extension is for.
	extensionOf() string
}

// An adapter embeds those of the following that its system has no notion of.
// Each is cut so that an adapter that declares a method's capability has to
// write the method: the compiler tells of a method that is in neither.

// noAccountState is for systems whose users are always enabled.
type noAccountState struct{}

func (noAccountState) EnableUser(context.Context, EnableUserRequest) error {
	return unsupported(CapEnableUser)
}

func (noAccountState) DisableUser(context.Context, DisableUserRequest) error {
	return unsupported(CapDisableUser)
}

// fixedRoles is for systems whose role definitions cannot be changed.
type fixedRoles struct{}

func (fixedRoles) CreateRole(context.Context, CreateRoleRequest) (RoleDefinition, error) {
	return RoleDefinition{}, unsupported(CapCreateRole)
}

func (fixedRoles) UpdateRole(context.Context, UpdateRoleRequest) (RoleDefinition, error) {
	return RoleDefinition{}, unsupported(CapUpdateRole)
}

func (fixedRoles) DeleteRole(context.Context, DeleteRoleRequest) error {
	return unsupported(CapDeleteRole)
}

// noGroups is for systems without groups.
type noGroups struct{}

func (noGroups) GetGroup(context.Context, GetGroupRequest) (Group, error) {
	return Group{}, unsupported(CapGetGroup)
}

func (noGroups) ListGroups(context.Context, ListGroupsRequest) iter.Seq2[Group, error] {
	return SeqError[Group](unsupported(CapListGroups))
}

func (noGroups) CreateGroup(context.Context, CreateGroupRequest) (Group, error) {
	return Group{}, unsupported(CapCreateGroup)
}

func (noGroups) UpdateGroup(context.Context, UpdateGroupRequest) (Group, error) {
	return Group{}, unsupported(CapUpdateGroup)
}

func (noGroups) DeleteGroup(context.Context, DeleteGroupRequest) error {
	return unsupported(CapDeleteGroup)
}

func (noGroups) AddGroupMember(context.Context, AddGroupMemberRequest) error {
	return unsupported(CapAddGroupMember)
}

func (noGroups) RemoveGroupMember(context.Context, RemoveGroupMemberRequest) error {
	return unsupported(CapRemoveGroupMember)
}

// noProjects is for systems without projects.
type noProjects struct{}

func (noProjects) GetProject(context.Context, GetProjectRequest) (Project, error) {
	return Project{}, unsupported(CapGetProject)
}

func (noProjects) ListProjects(context.Context, ListProjectsRequest) iter.Seq2[Project, error] {
	return SeqError[Project](unsupported(CapListProjects))
}

func (noProjects) ListProjectMembers(context.Context, ListProjectMembersRequest) iter.Seq2[ProjectMember, error] {
	return SeqError[ProjectMember](unsupported(CapListProjectMembers))
}

func (noProjects) EffectiveProjectRole(context.Context, EffectiveProjectRoleRequest) (string, error) {
	return "", unsupported(CapEffectiveProjectRole)
}

func (noProjects) EnsureProjectMember(context.Context, EnsureProjectMemberRequest) error {
	return unsupported(CapEnsureProjectMember)
}

func (noProjects) RemoveProjectMember(context.Context, RemoveProjectMemberRequest) error {
	return unsupported(CapRemoveProjectMember)
}

// unsupported is the failure of a call of something that a backend lacks.
func unsupported(c fmt.Stringer) error {
	return fault.New(fault.Unsupported, "this backend lacks %v", c)
}
