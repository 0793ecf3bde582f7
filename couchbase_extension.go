package usermgmt

import (
	"context"
	"iter"

	"github.com/usermgmt/usermgmt/internal/couchbase"
)

// CouchbaseExtension is what Couchbase has beyond [UserManager]: whole
// records, replacement, permissions, password policy, export and import, and
// the cluster itself. Get it with [As]:
//
//	cluster, ok := usermgmt.As[*usermgmt.CouchbaseExtension](client)
//
// It is safe for concurrent use and shares the client's connections and life.
// Its errors are of the kinds of [UserManager]. An empty domain is
// [CouchbaseLocal].
type CouchbaseExtension struct {
	client  *Client
	backend *couchbaseBackend
}

func (b *couchbaseBackend) extensionFor(c *Client) any {
	return &CouchbaseExtension{client: c, backend: b}
}

// CouchbaseUpsertUser is the request of [CouchbaseExtension.UpsertUser]: a
// user as it will be. Fields left out are cleared.
type CouchbaseUpsertUser struct {
	// Name is the user's name. Required.
	Name string
	// Domain is the domain of the user, [CouchbaseLocal] if empty.
	Domain CouchbaseDomain
	// DisplayName is the name for people to read.
	DisplayName string
	// Password is for local users: required if the user is new, else an empty
	// one keeps the present password.
	Password Secret
	// Roles are the roles that the user itself will hold.
	Roles []Role
	// Groups are the groups that the user will be in.
	Groups []string
	// Locked keeps a local user from logging in; from Couchbase Server 8.0.
	Locked bool
	// MustChangePassword makes a local user choose another password; from
	// Couchbase Server 8.0.
	MustChangePassword bool
}

// CouchbaseUpsertGroup is the request of [CouchbaseExtension.UpsertGroup]: a
// group as it will be. Fields left out are cleared.
type CouchbaseUpsertGroup struct {
	// Name is the group's name. Required.
	Name string
	// Description is text for people to read.
	Description string
	// Roles are the roles that members inherit.
	Roles []Role
	// LDAPRef is the distinguished name of the LDAP group whose members are
	// also members of this one, empty for none.
	LDAPRef string
}

// GetUser returns a user with all that Couchbase tells of it, or
// [ErrNotFound]. It sends GET /settings/rbac/users/{domain}/{name}.
func (e *CouchbaseExtension) GetUser(ctx context.Context, name string, domain CouchbaseDomain) (CouchbaseUserRecord, error) {
	return extend(ctx, e.client, couchbaseTarget("GetUser", "user", name), named(name), func(ctx context.Context) (CouchbaseUserRecord, error) {
		id, err := couchbaseIDOf(name, domain)
		if err != nil {
			return CouchbaseUserRecord{}, err
		}
		user, err := e.backend.api.GetUser(ctx, id.domain, id.name)
		if err != nil {
			return CouchbaseUserRecord{}, err
		}
		return fromCouchbaseRecord(user), nil
	})
}

// ListUsers is [UserReader.ListUsers] with all that Couchbase tells. It sends
// GET /settings/rbac/users or /settings/rbac/users/{domain}.
func (e *CouchbaseExtension) ListUsers(ctx context.Context, list CouchbaseUserList) iter.Seq2[CouchbaseUserRecord, error] {
	return extendList(ctx, e.client, couchbaseTarget("ListUsers", "user", ""), nil, func(ctx context.Context, yield func(CouchbaseUserRecord) bool) error {
		return e.backend.eachUser(ctx, ListUsersRequest{Extension: list}, func(user couchbase.User) bool { return yield(fromCouchbaseRecord(user)) })
	})
}

// UpsertUser creates a user or replaces the one that has the name. It sends
// PUT /settings/rbac/users/{domain}/{name}. A change that somebody else made
// is lost; [Client.UpdateUser] changes single fields.
func (e *CouchbaseExtension) UpsertUser(ctx context.Context, user CouchbaseUpsertUser) error {
	return extendDo(ctx, e.client, couchbaseTarget("UpsertUser", "user", user.Name), user.check, func(ctx context.Context) error {
		id, form, err := user.form()
		if err != nil {
			return err
		}
		unlock, err := e.backend.users.lock(ctx, id.key())
		if err != nil {
			return err
		}
		defer unlock()
		return e.backend.explain(ctx, e.backend.api.PutUser(ctx, id.domain, id.name, form))
	})
}

// ValidateUser has the cluster check a request for a new user and creates
// nothing. It sends PUT /settings/rbac/users/{domain}/{name}?just_validate=1.
// It does not tell whether the name is taken.
func (e *CouchbaseExtension) ValidateUser(ctx context.Context, req CreateUserRequest) error {
	return extendDo(ctx, e.client, couchbaseTarget("ValidateUser", "user", req.Name), req.check, func(ctx context.Context) error {
		id, form, err := newCouchbaseUser(req)
		if err != nil {
			return err
		}
		return e.backend.explain(ctx, e.backend.api.ValidateUser(ctx, id.domain, id.name, form))
	})
}

// WaitVisible returns as soon as every node that can be reached shows the
// user, or with an error when ctx ends: a change shows at once on the node that
// made it, and moments later on the others. It sends GET /settings/rbac/users/{domain}/{name} to
// each node. Data services follow a moment later still.
func (e *CouchbaseExtension) WaitVisible(ctx context.Context, name string, domain CouchbaseDomain) error {
	return extendDo(ctx, e.client, couchbaseTarget("WaitVisible", "user", name), named(name), func(ctx context.Context) error {
		id, err := couchbaseIDOf(name, domain)
		if err != nil {
			return err
		}
		return e.backend.api.WaitVisible(ctx, id.domain, id.name)
	})
}

// GetGroup returns a group with all that Couchbase tells of it, or
// [ErrNotFound]. It sends GET /settings/rbac/groups/{name}.
func (e *CouchbaseExtension) GetGroup(ctx context.Context, name string) (CouchbaseGroupRecord, error) {
	return extend(ctx, e.client, couchbaseTarget("GetGroup", "group", name), named(name), func(ctx context.Context) (CouchbaseGroupRecord, error) {
		return e.backend.groupRecord(ctx, name)
	})
}

// ListGroups is [GroupReader.ListGroups] with all that Couchbase tells. It
// sends GET /settings/rbac/groups.
func (e *CouchbaseExtension) ListGroups(ctx context.Context, list CouchbaseGroupList) iter.Seq2[CouchbaseGroupRecord, error] {
	return extendList(ctx, e.client, couchbaseTarget("ListGroups", "group", ""), nil, func(ctx context.Context, yield func(CouchbaseGroupRecord) bool) error {
		return e.backend.eachGroup(ctx, ListGroupsRequest{Extension: list}, yield)
	})
}

// UpsertGroup creates a group or replaces the one that has the name; its
// members stay. It sends PUT /settings/rbac/groups/{name}.
func (e *CouchbaseExtension) UpsertGroup(ctx context.Context, group CouchbaseUpsertGroup) error {
	return extendDo(ctx, e.client, couchbaseTarget("UpsertGroup", "group", group.Name), group.check, func(ctx context.Context) error {
		form, err := group.form()
		if err != nil {
			return err
		}
		unlock, err := e.backend.groups.lock(ctx, group.Name)
		if err != nil {
			return err
		}
		defer unlock()
		return e.backend.noted(ctx, e.backend.explain(ctx, e.backend.api.PutGroup(ctx, group.Name, form)))
	})
}

// ListRoles returns the roles that can be granted, sorted by name; permission
// limits them to those that bring it, empty does not. It sends GET
// /settings/rbac/roles.
func (e *CouchbaseExtension) ListRoles(ctx context.Context, permission string) iter.Seq2[RoleDefinition, error] {
	return extendList(ctx, e.client, couchbaseTarget("ListRoles", "role", ""), nil, func(ctx context.Context, yield func(RoleDefinition) bool) error {
		return e.backend.eachRole(ctx, permission, yield)
	})
}

func couchbaseTarget(op, resource, name string) target {
	return target{op: op, resource: resource, name: name}
}
