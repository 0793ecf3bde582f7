package usermgmt

import (
	"context"
	"iter"
)

// Group is a named set of users. Its members are listed with
// [ListUsersRequest.Group]; groups do not contain groups.
type Group struct {
	// Name is the name of the group: what every call on this interface takes.
	Name string
	// ID is the server's own identifier, empty where the name is the only one.
	ID string
	// Description is text for people to read.
	Description string
	// Roles are the roles that members inherit, sorted; see [CapGroupRoles].
	Roles []Role
}

// GroupReader reads groups.
type GroupReader interface {
	// GetGroup returns the group of a name. It fails with [ErrNotFound] if
	// there is none, and with [ErrConflict] if the server has several of that
	// name.
	//
	// Couchbase: GET G, where G is /settings/rbac/groups/{name}.
	//
	// Cognite: GET P/groups, where P is /api/v1/projects/{project}.
	//
	// Iguazio: GET L, where L is /api/user_groups?filter[name]={name}.
	GetGroup(ctx context.Context, req GetGroupRequest) (Group, error)

	// ListGroups returns all groups, on the terms of [UserReader.ListUsers].
	//
	// Couchbase: GET /settings/rbac/groups.
	//
	// Cognite: GET P/groups.
	//
	// Iguazio: GET /api/user_groups, page by page.
	ListGroups(ctx context.Context, req ListGroupsRequest) iter.Seq2[Group, error]
}

// GroupWriter creates, changes and deletes groups.
type GroupWriter interface {
	// CreateGroup creates a group without members. It fails with
	// [ErrAlreadyExists] if the name is taken and never changes the group that
	// has it; a backend whose server cannot promise that for the moment between
	// its look and its write says so. Roles must exist, else it fails with
	// [ErrNotFound]. It is never sent twice.
	//
	// Couchbase: GET G, PUT G, GET G.
	//
	// Cognite: GET P/groups, POST P/groups, where P is
	// /api/v1/projects/{project}.
	//
	// Iguazio: POST /api/user_groups, GET G, where G is
	// /api/user_groups/{id}.
	CreateGroup(ctx context.Context, req CreateGroupRequest) (Group, error)

	// UpdateGroup changes exactly what the request names and returns the group
	// as it is then; members stay. A request that names nothing writes
	// nothing. It fails with [ErrNotFound] if the group does not exist.
	//
	// Couchbase: GET G, PUT G, GET G.
	//
	// Iguazio: GET L, PUT G, GET G.
	UpdateGroup(ctx context.Context, req UpdateGroupRequest) (Group, error)

	// DeleteGroup deletes a group; its members lose what they inherited from
	// it and stay. It fails with [ErrNotFound] if there is none, unless the
	// request says to ignore that.
	//
	// Couchbase: DELETE G.
	//
	// Cognite: GET P/groups, POST P/groups/delete.
	//
	// Iguazio: GET L, DELETE G, GET /api/jobs/{id} until the job has ended.
	DeleteGroup(ctx context.Context, req DeleteGroupRequest) error
}

// GroupMembership adds users to groups and removes them.
type GroupMembership interface {
	// AddGroupMember adds a user to a group. A user that is in it already is
	// no error and nothing is written. It fails with [ErrNotFound] if the user
	// or the group does not exist.
	//
	// Couchbase: GET U, PUT U, where U is /settings/rbac/users/{domain}/{name}.
	//
	// Iguazio: GET L, GET /api/users?filter[username]={name}, PUT U, GET U, where
	// U is /api/users/{id}.
	AddGroupMember(ctx context.Context, req AddGroupMemberRequest) error

	// RemoveGroupMember removes a user from a group. A user that is not in it
	// is no error and nothing is written. It fails with [ErrNotFound] if the
	// user or the group does not exist.
	//
	// Couchbase: GET U, PUT U.
	//
	// Iguazio: as AddGroupMember.
	RemoveGroupMember(ctx context.Context, req RemoveGroupMemberRequest) error
}

// GroupService is all that concerns groups.
type GroupService interface {
	GroupReader
	GroupWriter
	GroupMembership
}

// GroupExtension is an input about a group that only one backend has, on the
// terms of [UserExtension].
type GroupExtension interface {
	extension
	groupExtension()
}

// GroupListExtension is an input to a list of groups that only one backend
// has, on the terms of [UserExtension].
type GroupListExtension interface {
	extension
	groupListExtension()
}

// GetGroupRequest is the request of [GroupReader.GetGroup].
type GetGroupRequest struct {
	// Name is the group's name. Required.
	Name string
}

// ListGroupsRequest is the request of [GroupReader.ListGroups].
type ListGroupsRequest struct {
	// Extension adds what only one backend has; nil adds nothing.
	Extension GroupListExtension
}

// CreateGroupRequest is the request of [GroupWriter.CreateGroup].
type CreateGroupRequest struct {
	// Name is the new group's name. Required.
	Name string
	// Description is text for people to read; see [CapGroupDescription].
	Description string
	// Roles are the roles that members inherit; see [CapGroupRoles].
	Roles []Role
	// Extension adds what only one backend has; nil adds nothing.
	Extension GroupExtension
}

// UpdateGroupRequest is the request of [GroupWriter.UpdateGroup]. A nil field
// leaves things as they are.
type UpdateGroupRequest struct {
	// Name is the group's name. Required.
	Name string
	// Description replaces the description; "" clears it.
	Description *string
	// SetRoles replaces the whole list of roles that members inherit; an empty
	// list takes all away.
	SetRoles *[]Role
	// Extension adds what only one backend has; nil adds nothing.
	Extension GroupExtension
}

// DeleteGroupRequest is the request of [GroupWriter.DeleteGroup].
type DeleteGroupRequest struct {
	// Name is the group's name. Required.
	Name string
	// IgnoreMissing makes deleting a group that does not exist a success.
	IgnoreMissing bool
}

// AddGroupMemberRequest is the request of [GroupMembership.AddGroupMember].
type AddGroupMemberRequest struct {
	// Group is the group's name. Required.
	Group string
	// User is the user's name. Required.
	User string
	// Extension adds what only one backend has about the user; nil adds nothing.
	Extension UserExtension
}

// RemoveGroupMemberRequest is the request of [GroupMembership.RemoveGroupMember].
type RemoveGroupMemberRequest struct {
	// Group is the group's name. Required.
	Group string
	// User is the user's name. Required.
	User string
	// Extension adds what only one backend has about the user; nil adds nothing.
	Extension UserExtension
}

// GetGroup implements [GroupReader].
func (c *Client) GetGroup(ctx context.Context, req GetGroupRequest) (Group, error) {
	return call(ctx, c, groupTarget(CapGetGroup, req.Name), req, backend.GetGroup)
}

// ListGroups implements [GroupReader].
func (c *Client) ListGroups(ctx context.Context, req ListGroupsRequest) iter.Seq2[Group, error] {
	return list(ctx, c, groupTarget(CapListGroups, ""), req, backend.ListGroups)
}

// CreateGroup implements [GroupWriter].
func (c *Client) CreateGroup(ctx context.Context, req CreateGroupRequest) (Group, error) {
	return call(ctx, c, groupTarget(CapCreateGroup, req.Name), req, backend.CreateGroup)
}

// UpdateGroup implements [GroupWriter].
func (c *Client) UpdateGroup(ctx context.Context, req UpdateGroupRequest) (Group, error) {
	return call(ctx, c, groupTarget(CapUpdateGroup, req.Name), req, backend.UpdateGroup)
}

// DeleteGroup implements [GroupWriter].
func (c *Client) DeleteGroup(ctx context.Context, req DeleteGroupRequest) error {
	return do(ctx, c, groupTarget(CapDeleteGroup, req.Name), req, backend.DeleteGroup)
}

// AddGroupMember implements [GroupMembership].
func (c *Client) AddGroupMember(ctx context.Context, req AddGroupMemberRequest) error {
	return do(ctx, c, groupTarget(CapAddGroupMember, req.Group), req, backend.AddGroupMember)
}

// RemoveGroupMember implements [GroupMembership].
func (c *Client) RemoveGroupMember(ctx context.Context, req RemoveGroupMemberRequest) error {
	return do(ctx, c, groupTarget(CapRemoveGroupMember, req.Group), req, backend.RemoveGroupMember)
}

func groupTarget(c Capability, name string) target {
	return target{op: c.String(), capability: c, resource: "group", name: name}
}

func (r GetGroupRequest) check(v *validator) { v.name("Name", r.Name) }

func (r ListGroupsRequest) check(v *validator) { v.extension(r.Extension) }

func (r CreateGroupRequest) check(v *validator) {
	v.name("Name", r.Name)
	if v.input("Description", r.Description != "", CapGroupDescription) {
		v.description("Description", r.Description)
	}
	v.roles("Roles", r.Roles, CapGroupRoles)
	v.extension(r.Extension)
}

func (r UpdateGroupRequest) check(v *validator) {
	v.name("Name", r.Name)
	if r.Description != nil && v.input("Description", true, CapGroupDescription) {
		v.description("Description", *r.Description)
	}
	if r.SetRoles != nil && v.input("SetRoles", true, CapGroupRoles) {
		v.roles("SetRoles", *r.SetRoles, CapGroupRoles)
	}
	v.extension(r.Extension)
}

func (r DeleteGroupRequest) check(v *validator) { v.name("Name", r.Name) }

func (r AddGroupMemberRequest) check(v *validator) {
	v.name("Group", r.Group)
	v.name("User", r.User)
	v.extension(r.Extension)
}

func (r RemoveGroupMemberRequest) check(v *validator) {
	v.name("Group", r.Group)
	v.name("User", r.User)
	v.extension(r.Extension)
}
