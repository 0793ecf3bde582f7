package usermgmt

import (
	"context"
	"iter"
	"strings"
)

// Role is a role as a user or group holds it: its name, and what it is
// limited to on backends with [CapRoleScope].
type Role struct {
	// Name is the name of the role.
	Name string
	// Scope is what the role is limited to, in the backend's notation: on
	// Couchbase "bucket", "bucket:scope" or "bucket:scope:collection". It is
	// empty for a role that cannot be limited; for one that can, "*" means
	// everything, so that nobody grants everything by leaving it out.
	Scope string
}

// String returns the role as text: "name", or "name[scope]".
func (r Role) String() string {
	if r.Scope == "" {
		return r.Name
	}
	return r.Name + "[" + r.Scope + "]"
}

// ParseRole reads the text that [Role.String] writes. It fails with
// [ErrInvalidArgument] if the name is empty or holds a bracket, the scope
// holds one or is empty between brackets, or text does not end with the
// closing one.
func ParseRole(text string) (Role, error) {
	name, rest, scoped := strings.Cut(text, "[")
	scope, closed := strings.CutSuffix(rest, "]")
	role := Role{Name: name, Scope: scope}
	v := validator{can: Capabilities{}.with(CapRoleScope)}
	v.role("role", role)
	if scoped && (scope == "" || !closed) {
		v.problemf("role", `must look like "name" or "name[scope]"`)
	}
	if err := v.err(); err != nil {
		return Role{}, wrap("", target{op: "ParseRole", resource: "role"}, err)
	}
	return role, nil
}

// Roles returns unlimited roles of the given names.
func Roles(names ...string) []Role {
	roles := make([]Role, len(names))
	for i, name := range names {
		roles[i] = Role{Name: name}
	}
	return roles
}

// RoleDefinition is a role that can be granted.
type RoleDefinition struct {
	// Name is the name of the role.
	Name string
	// DisplayName is the name for people to read, empty if there is none.
	DisplayName string
	// Description says what the role permits, empty if the server does not.
	Description string
	// ScopeFormat tells how [Role.Scope] is written for this role, for people
	// to read; empty if the role cannot be limited.
	ScopeFormat string
	// BuiltIn is set if the role can be neither changed nor deleted.
	BuiltIn bool
}

// RoleReader reads role definitions.
type RoleReader interface {
	// GetRole returns the definition of a role. It fails with [ErrNotFound] if
	// there is none.
	//
	// AIStore: GET /v1/roles/{name}.
	//
	// Couchbase: GET /settings/rbac/roles.
	//
	// Juju: none.
	GetRole(ctx context.Context, req GetRoleRequest) (RoleDefinition, error)

	// ListRoles returns the definitions of all roles, sorted by name, on the
	// terms of [UserReader.ListUsers].
	//
	// AIStore: GET /v1/roles.
	//
	// Couchbase: GET /settings/rbac/roles.
	//
	// Juju: none.
	ListRoles(ctx context.Context, req ListRolesRequest) iter.Seq2[RoleDefinition, error]
}

// RoleWriter creates, changes and deletes role definitions. What a role
// permits is written with the backend's own extension of the request.
type RoleWriter interface {
	// CreateRole defines a role. It fails with [ErrAlreadyExists] if the name
	// is taken and never changes the role that has it. It is never sent twice.
	//
	// AIStore: POST /v1/roles, GET /v1/roles/{name}.
	CreateRole(ctx context.Context, req CreateRoleRequest) (RoleDefinition, error)

	// UpdateRole changes exactly what the request names, for all who hold the
	// role, and returns the definition as it is then. A request that names
	// nothing writes nothing. It fails with [ErrNotFound] if the role does not
	// exist and with [ErrPermissionDenied] if it is built in.
	//
	// AIStore: PUT /v1/roles/{name}, GET /v1/roles/{name}.
	UpdateRole(ctx context.Context, req UpdateRoleRequest) (RoleDefinition, error)

	// DeleteRole deletes a role and takes it from all who hold it. It fails
	// with [ErrNotFound] if there is none, unless the request says to ignore
	// that, and with [ErrPermissionDenied] if the role is built in.
	//
	// AIStore: DELETE /v1/roles/{name}.
	DeleteRole(ctx context.Context, req DeleteRoleRequest) error
}

// RoleGranter grants roles to users and revokes them.
type RoleGranter interface {
	// GrantRoles adds roles to those that a user holds. Roles that the user
	// has already are no error, and if it has all nothing is written; where
	// roles are levels, one that a held one implies counts as held. It fails
	// with [ErrNotFound] if the user or a role does not exist, and then grants
	// nothing. No role is ever taken away or lowered.
	//
	// AIStore: GET /v1/users/{name}, GET /v1/roles/{name} for each role that
	// is new, PUT /v1/users/{name}, GET /v1/users/{name}.
	//
	// Couchbase: GET U, PUT U, where U is /settings/rbac/users/{domain}/{name}.
	//
	// Iguazio: GET /api/users?filter[username]={name}, PUT U, GET U, where U is
	// /api/users/{id}.
	//
	// Juju: ModelManager.ListModelSummaries for roles on models; for each role
	// UserManager.UserInfo and ModelManager.ModelInfo,
	// ApplicationOffers.ApplicationOffers or Cloud.CloudInfo, before and after
	// Modify{Controller,Model,Offer,Cloud}Access.
	GrantRoles(ctx context.Context, req GrantRolesRequest) error

	// RevokeRoles takes roles from those that a user itself holds. Roles that
	// the user does not have are no error, and if it has none of them nothing
	// is written; where roles are levels, those that imply a revoked one go
	// with it and those beneath it stay. It fails with [ErrNotFound] if the user does not exist.
	//
	// AIStore: GET /v1/users/{name}, PUT /v1/users/{name}, GET
	// /v1/users/{name}.
	//
	// Couchbase: GET U, PUT U.
	//
	// Iguazio: as GrantRoles.
	//
	// Juju: as GrantRoles.
	RevokeRoles(ctx context.Context, req RevokeRolesRequest) error
}

// RoleService is all that concerns roles.
type RoleService interface {
	RoleReader
	RoleWriter
	RoleGranter
}

// RoleExtension is an input about a role definition that only one backend
// has, on the terms of [UserExtension].
type RoleExtension interface {
	extension
	roleExtension()
}

// GetRoleRequest is the request of [RoleReader.GetRole].
type GetRoleRequest struct {
	// Name is the role's name. Required.
	Name string
}

// ListRolesRequest is the request of [RoleReader.ListRoles].
type ListRolesRequest struct{}

// CreateRoleRequest is the request of [RoleWriter.CreateRole].
type CreateRoleRequest struct {
	// Name is the new role's name. Required.
	Name string
	// Description says what the role permits.
	Description string
	// Extension says what the role permits, to the server; nil permits nothing.
	Extension RoleExtension
}

// UpdateRoleRequest is the request of [RoleWriter.UpdateRole]. A nil field
// leaves things as they are.
type UpdateRoleRequest struct {
	// Name is the role's name. Required.
	Name string
	// Description replaces the description. Whether "" clears it depends on
	// the server: on AIStore it cannot be cleared, and "" is refused.
	Description *string
	// Extension changes what the role permits; nil changes nothing.
	Extension RoleExtension
}

// DeleteRoleRequest is the request of [RoleWriter.DeleteRole].
type DeleteRoleRequest struct {
	// Name is the role's name. Required.
	Name string
	// IgnoreMissing makes deleting a role that does not exist a success.
	IgnoreMissing bool
}

// GrantRolesRequest is the request of [RoleGranter.GrantRoles].
type GrantRolesRequest struct {
	// User is the user's name. Required.
	User string
	// Roles are the roles to add. At least one is required.
	Roles []Role
	// Extension adds what only one backend has; nil adds nothing.
	Extension UserExtension
}

// RevokeRolesRequest is the request of [RoleGranter.RevokeRoles].
type RevokeRolesRequest struct {
	// User is the user's name. Required.
	User string
	// Roles are the roles to take away. At least one is required.
	Roles []Role
	// Extension adds what only one backend has; nil adds nothing.
	Extension UserExtension
}

// GetRole implements [RoleReader].
func (c *Client) GetRole(ctx context.Context, req GetRoleRequest) (RoleDefinition, error) {
	return call(ctx, c, roleTarget(CapGetRole, req.Name), req, backend.GetRole)
}

// ListRoles implements [RoleReader].
func (c *Client) ListRoles(ctx context.Context, req ListRolesRequest) iter.Seq2[RoleDefinition, error] {
	return list(ctx, c, roleTarget(CapListRoles, ""), req, backend.ListRoles)
}

// CreateRole implements [RoleWriter].
func (c *Client) CreateRole(ctx context.Context, req CreateRoleRequest) (RoleDefinition, error) {
	return call(ctx, c, roleTarget(CapCreateRole, req.Name), req, backend.CreateRole)
}

// UpdateRole implements [RoleWriter].
func (c *Client) UpdateRole(ctx context.Context, req UpdateRoleRequest) (RoleDefinition, error) {
	return call(ctx, c, roleTarget(CapUpdateRole, req.Name), req, backend.UpdateRole)
}

// DeleteRole implements [RoleWriter].
func (c *Client) DeleteRole(ctx context.Context, req DeleteRoleRequest) error {
	return do(ctx, c, roleTarget(CapDeleteRole, req.Name), req, backend.DeleteRole)
}

// GrantRoles implements [RoleGranter].
func (c *Client) GrantRoles(ctx context.Context, req GrantRolesRequest) error {
	return do(ctx, c, userTarget(CapGrantRoles, req.User), req, backend.GrantRoles)
}

// RevokeRoles implements [RoleGranter].
func (c *Client) RevokeRoles(ctx context.Context, req RevokeRolesRequest) error {
	return do(ctx, c, userTarget(CapRevokeRoles, req.User), req, backend.RevokeRoles)
}

func roleTarget(c Capability, name string) target {
	return target{op: c.String(), capability: c, resource: "role", name: name}
}

func (r GetRoleRequest) check(v *validator) { v.name("Name", r.Name) }

func (ListRolesRequest) check(*validator) {}

func (r CreateRoleRequest) check(v *validator) {
	v.name("Name", r.Name)
	v.description("Description", r.Description)
	v.extension(r.Extension)
}

func (r UpdateRoleRequest) check(v *validator) {
	v.name("Name", r.Name)
	if r.Description != nil {
		v.description("Description", *r.Description)
	}
	v.extension(r.Extension)
}

func (r DeleteRoleRequest) check(v *validator) { v.name("Name", r.Name) }

func (r GrantRolesRequest) check(v *validator) {
	v.name("User", r.User)
	v.someRoles("Roles", r.Roles, CapGrantRoles)
	v.extension(r.Extension)
}

func (r RevokeRolesRequest) check(v *validator) {
	v.name("User", r.User)
	v.someRoles("Roles", r.Roles, CapRevokeRoles)
	v.extension(r.Extension)
}
