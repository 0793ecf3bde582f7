package usermgmt

import (
	"context"
	"iter"
	"time"
)

// User is an account as the backend shows it. What a backend does not keep is
// left at its zero value. Slices are sorted; they belong to the caller.
type User struct {
	// Name is the login name: what every call on this interface takes.
	Name string
	// ID is the server's own identifier, empty where the name is the only one.
	ID string
	// Domain is the name space that Name stands in, on a backend that has
	// several ("local" and "external" on Couchbase); else empty. There, calls
	// without an extension are about one name space only, lists included.
	Domain string
	// DisplayName is the name for people to read.
	DisplayName string
	// Email is the e-mail address.
	Email string
	// Disabled is set if the user cannot log in until it is enabled. It is
	// never set on a backend without [CapDisableUser].
	Disabled bool
	// Roles are the roles that the user itself holds, as far as the server
	// keeps them with the user.
	Roles []Role
	// EffectiveRoles are Roles and those inherited from groups, nil on a
	// backend that does not tell.
	EffectiveRoles []Role
	// Groups are the names of the groups that the user is a member of.
	Groups []string
	// CreatedAt is when the user was created, zero if unknown.
	CreatedAt time.Time
	// UpdatedAt is when the user was last changed, zero if unknown.
	UpdatedAt time.Time
	// LastLoginAt is when the user last logged in, zero if never or unknown.
	LastLoginAt time.Time
}

// CreatedUser is a user just created, with what is shown only this once.
type CreatedUser struct {
	User

	// Credential is what the server made for the user to log in with, nil
	// where the caller chose it. No call shows it again: losing it loses the
	// user's access.
	Credential Credential
	// Host is the address at which the user logs in, where the server tells.
	Host string
}

// UserReader reads users.
type UserReader interface {
	// GetUser returns the user of a name. A server that answers with somebody
	// else is an error; where names that differ in case are the same to the
	// server, the result has the server's spelling. It fails with [ErrNotFound]
	// if there is none.
	//
	// AIStore: GET /v1/users/{name}.
	//
	// Couchbase: GET U, where U is /settings/rbac/users/{domain}/{name}.
	//
	// Cognite: POST P/postgresgateway/byids, where P is
	// /api/v1/projects/{project}.
	//
	// Iguazio: GET L, where L is /api/users?filter[username]={name}.
	//
	// Juju: UserManager.UserInfo.
	GetUser(ctx context.Context, req GetUserRequest) (User, error)

	// ListUsers returns all users that the server shows to the caller, in no
	// particular order and in bounded memory however many there are. Nothing
	// is sent before the sequence is ranged over; ranging twice lists twice;
	// stopping early sends nothing more. An error comes once and last, so a
	// list that ended without one is complete. A sequence must not be used by
	// several goroutines.
	//
	// AIStore: GET /v1/users.
	//
	// Couchbase: GET /settings/rbac/users/{domain}.
	//
	// Cognite: GET P/postgresgateway, page by page.
	//
	// Iguazio: GET /api/users, page by page; also for the members of a group,
	// after GET /api/user_groups?filter[name]={name}.
	//
	// Juju: UserManager.UserInfo.
	ListUsers(ctx context.Context, req ListUsersRequest) iter.Seq2[User, error]

	// CurrentUser returns the user that this client is logged in as. It fails
	// with [ErrNotFound] if that user was deleted while its login lives on. On
	// a system that is managed by others than its own users, that is somebody
	// whom GetUser does not find.
	//
	// AIStore: GET /v1/users/{name}, the name taken from the token.
	//
	// Couchbase: GET /whoami, GET U.
	//
	// Cognite: GET /api/v1/token/inspect.
	//
	// Iguazio: GET /api/self.
	//
	// Juju: UserManager.UserInfo, the name taken from the login's answer.
	CurrentUser(ctx context.Context) (User, error)
}

// UserWriter creates, changes and deletes users.
type UserWriter interface {
	// CreateUser creates a user and returns it as the server shows it. It
	// fails with [ErrAlreadyExists] if the name is taken and never changes
	// the user that has it; a backend whose server cannot promise that for the
	// moment between its look and its write says so. Roles and groups must
	// exist: [ErrNotFound] names the one that does not, or the server's
	// [ErrInvalidArgument] does, and nothing is created. It is never sent twice:
	// if the answer is lost the error is [Error.Ambiguous]. Beside an error
	// that is ambiguous or [ErrPending] the result holds what is known of the
	// user, above all its Credential, which cannot be had again.
	//
	// AIStore: GET /v1/roles/{name} for each role, POST /v1/users, GET
	// /v1/users/{name}.
	//
	// Couchbase: GET U, PUT U, GET U.
	//
	// Cognite: POST P/sessions with client credentials, POST P/postgresgateway.
	//
	// Iguazio: GET /api/user_groups?filter[name]={name} for each group, POST
	// /api/users, GET /api/jobs/{id} and GET U, where U is /api/users/{id}, until
	// the job has ended and the user is operational.
	//
	// Juju: ModelManager.ListModelSummaries for roles on models, UserManager.AddUser,
	// UserInfo, EnableUser if need be and, without a password, ResetPassword; then
	// as GrantRoles.
	CreateUser(ctx context.Context, req CreateUserRequest) (CreatedUser, error)

	// UpdateUser changes exactly what the request names and returns the user
	// as it is then. All else stays, also what this package does not know. A
	// request that names nothing writes nothing. It fails with [ErrNotFound]
	// if the user does not exist, and with [ErrConflict] if what is read back
	// is not what was written, because somebody else wrote too.
	//
	// AIStore: GET /v1/roles/{name} for each role, PUT /v1/users/{name}, GET
	// /v1/users/{name}.
	//
	// Couchbase: GET U, PUT U, GET U.
	//
	// Cognite: POST P/sessions with client credentials, POST
	// P/postgresgateway/update.
	//
	// Iguazio: GET L, GET /api/user_groups?filter[name]={name} for each group,
	// PUT U, GET U.
	//
	// Juju: UserManager.UserInfo, SetPassword; then as GrantRoles or RevokeRoles,
	// UserManager.UserInfo.
	UpdateUser(ctx context.Context, req UpdateUserRequest) (User, error)

	// DeleteUser deletes a user. It fails with [ErrNotFound] if there is none,
	// unless the request says to ignore that. A repetition after a lost answer
	// that finds nothing has succeeded. On some backends, logins that the
	// user made before go on until they expire.
	//
	// AIStore: DELETE /v1/users/{name}.
	//
	// Couchbase: DELETE U.
	//
	// Cognite: POST P/postgresgateway/delete.
	//
	// Iguazio: GET L, DELETE U, GET /api/jobs/{id} until the job has ended.
	//
	// Juju: ModelManager.ListModelSummaries, ModelManager.ModelInfo,
	// UserManager.RemoveUser.
	DeleteUser(ctx context.Context, req DeleteUserRequest) error
}

// AccountManager changes whether and how a user can log in.
type AccountManager interface {
	// EnableUser lets a user log in again. Enabling an enabled user does
	// nothing. It fails with [ErrNotFound] if the user does not exist.
	//
	// Couchbase: PATCH U.
	//
	// Iguazio: GET L, PUT U.
	//
	// Juju: UserManager.UserInfo, UserManager.EnableUser.
	EnableUser(ctx context.Context, req EnableUserRequest) error

	// DisableUser keeps a user from logging in; all else stays as it is.
	// Disabling a disabled user does nothing. It fails with [ErrNotFound] if
	// the user does not exist. A backend that has no such state refuses with
	// [ErrUnsupported]: it is never imitated by taking roles or passwords away.
	//
	// Couchbase: PATCH U.
	//
	// Iguazio: GET L, PUT U.
	//
	// Juju: UserManager.UserInfo, ModelManager.ListModelSummaries,
	// ModelManager.ModelInfo, UserManager.DisableUser.
	DisableUser(ctx context.Context, req DisableUserRequest) error

	// SetPassword replaces the password of a user; all else stays. It fails
	// with [ErrNotFound] if the user does not exist and with
	// [ErrInvalidArgument] if the password breaks the server's rules.
	//
	// AIStore: PUT /v1/users/{name}.
	//
	// Couchbase: PATCH U; before version 7.1 GET U, PUT U. The server no longer
	// asks the user to choose another password.
	//
	// Iguazio: GET L, PUT U.
	//
	// Juju: UserManager.SetPassword.
	SetPassword(ctx context.Context, req SetPasswordRequest) error
}

// UserService is all that concerns users.
type UserService interface {
	UserReader
	UserWriter
	AccountManager
}

// UserExtension is an input about a user that only one backend has, given by
// value. The set is closed; the extension of another backend than the client's
// is refused with [ErrInvalidArgument].
type UserExtension interface {
	extension
	userExtension()
}

// UserListExtension is an input to a list of users that only one backend has,
// on the terms of [UserExtension].
type UserListExtension interface {
	extension
	userListExtension()
}

// GetUserRequest is the request of [UserReader.GetUser].
type GetUserRequest struct {
	// Name is the user's name. Required.
	Name string
	// Extension adds what only one backend has; nil adds nothing.
	Extension UserExtension
}

// ListUsersRequest is the request of [UserReader.ListUsers].
type ListUsersRequest struct {
	// Group limits the list to the members of a group, whose absence is
	// [ErrNotFound]; empty lists all users. It needs [CapAddGroupMember].
	Group string
	// Extension adds what only one backend has; nil adds nothing.
	Extension UserListExtension
}

// CreateUserRequest is the request of [UserWriter.CreateUser].
type CreateUserRequest struct {
	// Name is the new user's name. Required on backends with [CapUserName],
	// to be left empty on the others.
	Name string
	// Credential is what the user will log in with. Backends differ in which
	// kinds they take and whether they need one.
	Credential Credential
	// DisplayName is the name for people to read; see [CapDisplayName].
	DisplayName string
	// Email is the e-mail address; see [CapEmail].
	Email string
	// Roles are the roles the user starts with, none if empty but for those
	// that the server gives to every user.
	Roles []Role
	// Groups are the groups the user starts in, none if empty.
	Groups []string
	// Extension adds what only one backend has; nil adds nothing.
	Extension UserExtension
}

// UpdateUserRequest is the request of [UserWriter.UpdateUser]. A nil field
// leaves things as they are.
type UpdateUserRequest struct {
	// Name is the user's name. Required.
	Name string
	// DisplayName replaces the name for people to read; "" clears it. See
	// [CapUpdateDisplayName].
	DisplayName *string
	// Email replaces the e-mail address; "" clears it. See [CapEmail].
	Email *string
	// Credential replaces what the user logs in with.
	Credential Credential
	// SetRoles replaces the whole list of [User.Roles]; an empty list takes
	// all away. To extend the list use GrantRoles, to shorten
	// it RevokeRoles.
	SetRoles *[]Role
	// SetGroups replaces the whole list of groups that the user is in; an
	// empty list leaves all. To extend it use AddGroupMember, to shorten it
	// RemoveGroupMember.
	SetGroups *[]string
	// Extension adds what only one backend has; nil adds nothing.
	Extension UserExtension
}

// DeleteUserRequest is the request of [UserWriter.DeleteUser].
type DeleteUserRequest struct {
	// Name is the user's name. Required.
	Name string
	// IgnoreMissing makes deleting a user that does not exist a success.
	IgnoreMissing bool
	// Extension adds what only one backend has; nil adds nothing.
	Extension UserExtension
}

// EnableUserRequest is the request of [AccountManager.EnableUser].
type EnableUserRequest struct {
	// Name is the user's name. Required.
	Name string
	// Extension adds what only one backend has; nil adds nothing.
	Extension UserExtension
}

// DisableUserRequest is the request of [AccountManager.DisableUser].
type DisableUserRequest struct {
	// Name is the user's name. Required.
	Name string
	// Extension adds what only one backend has; nil adds nothing.
	Extension UserExtension
}

// SetPasswordRequest is the request of [AccountManager.SetPassword].
type SetPasswordRequest struct {
	// Name is the user's name. Required.
	Name string
	// Password is the new password. Required.
	Password Secret
	// Extension adds what only one backend has; nil adds nothing.
	Extension UserExtension
}

// GetUser implements [UserReader].
func (c *Client) GetUser(ctx context.Context, req GetUserRequest) (User, error) {
	return call(ctx, c, userTarget(CapGetUser, req.Name), req, backend.GetUser)
}

// ListUsers implements [UserReader].
func (c *Client) ListUsers(ctx context.Context, req ListUsersRequest) iter.Seq2[User, error] {
	return list(ctx, c, userTarget(CapListUsers, ""), req, backend.ListUsers)
}

// CurrentUser implements [UserReader].
func (c *Client) CurrentUser(ctx context.Context) (User, error) {
	return call(ctx, c, userTarget(CapCurrentUser, ""), noRequest{},
		func(b backend, ctx context.Context, _ noRequest) (User, error) { return b.CurrentUser(ctx) })
}

// CreateUser implements [UserWriter].
func (c *Client) CreateUser(ctx context.Context, req CreateUserRequest) (CreatedUser, error) {
	return call(ctx, c, userTarget(CapCreateUser, req.Name), req, backend.CreateUser)
}

// UpdateUser implements [UserWriter].
func (c *Client) UpdateUser(ctx context.Context, req UpdateUserRequest) (User, error) {
	return call(ctx, c, userTarget(CapUpdateUser, req.Name), req, backend.UpdateUser)
}

// DeleteUser implements [UserWriter].
func (c *Client) DeleteUser(ctx context.Context, req DeleteUserRequest) error {
	return do(ctx, c, userTarget(CapDeleteUser, req.Name), req, backend.DeleteUser)
}

// EnableUser implements [AccountManager].
func (c *Client) EnableUser(ctx context.Context, req EnableUserRequest) error {
	return do(ctx, c, userTarget(CapEnableUser, req.Name), req, backend.EnableUser)
}

// DisableUser implements [AccountManager].
func (c *Client) DisableUser(ctx context.Context, req DisableUserRequest) error {
	return do(ctx, c, userTarget(CapDisableUser, req.Name), req, backend.DisableUser)
}

// SetPassword implements [AccountManager].
func (c *Client) SetPassword(ctx context.Context, req SetPasswordRequest) error {
	return do(ctx, c, userTarget(CapSetPassword, req.Name), req, backend.SetPassword)
}

func userTarget(c Capability, name string) target {
	return target{op: c.String(), capability: c, resource: "user", name: name}
}

func (r GetUserRequest) check(v *validator) {
	v.name("Name", r.Name)
	v.extension(r.Extension)
}

func (r ListUsersRequest) check(v *validator) {
	if v.input("Group", r.Group != "", CapAddGroupMember) {
		v.name("Group", r.Group)
	}
	v.extension(r.Extension)
}

func (r CreateUserRequest) check(v *validator) {
	if v.can.Of(CapUserName) != SupportNo {
		v.name("Name", r.Name)
	} else {
		v.input("Name", r.Name != "", CapUserName)
	}
	v.credential("Credential", r.Credential, r.Name)
	v.input("DisplayName", r.DisplayName != "", CapDisplayName)
	v.input("Email", r.Email != "", CapEmail)
	v.text("DisplayName", r.DisplayName)
	v.text("Email", r.Email)
	v.roles("Roles", r.Roles, CapGrantRoles)
	v.groups("Groups", r.Groups)
	v.extension(r.Extension)
}

func (r UpdateUserRequest) check(v *validator) {
	v.name("Name", r.Name)
	v.input("DisplayName", r.DisplayName != nil, CapUpdateDisplayName)
	v.input("Email", r.Email != nil, CapEmail)
	v.optionalText("DisplayName", r.DisplayName)
	v.optionalText("Email", r.Email)
	v.credential("Credential", r.Credential, r.Name)
	if r.SetRoles != nil && v.input("SetRoles", true, CapGrantRoles) {
		v.roles("SetRoles", *r.SetRoles, CapGrantRoles)
	}
	if r.SetGroups != nil && v.input("SetGroups", true, CapAddGroupMember) {
		v.groups("SetGroups", *r.SetGroups)
	}
	v.extension(r.Extension)
}

func (r DeleteUserRequest) check(v *validator) {
	v.name("Name", r.Name)
	v.extension(r.Extension)
}

func (r EnableUserRequest) check(v *validator) {
	v.name("Name", r.Name)
	v.extension(r.Extension)
}

func (r DisableUserRequest) check(v *validator) {
	v.name("Name", r.Name)
	v.extension(r.Extension)
}

func (r SetPasswordRequest) check(v *validator) {
	v.name("Name", r.Name)
	if r.Password.IsZero() {
		v.problemf("Password", "must not be empty")
	}
	v.extension(r.Extension)
}
