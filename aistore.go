package usermgmt

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/usermgmt/usermgmt/internal/aistore"
	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

const aistoreName = "aistore"

// AIStoreOption is a setting of [AIStore]. It can also stand among the options of [New]
// and [Open].
type AIStoreOption interface {
	Option

	applyAIStore(b *aistoreChoice)
}

type aistoreOption func(b *aistoreChoice)

func (o aistoreOption) applyAIStore(b *aistoreChoice) { o(b) }

func (o aistoreOption) apply(s *settings) { s.own = append(s.own, o) }

// AIStoreTokenLifetime sets how long the tokens live that the client logs in
// with: 0 for the longest that the server allows, else at least a minute.
// Without it the server's default holds, a day unless configured otherwise.
func AIStoreTokenLifetime(lifetime time.Duration) AIStoreOption {
	return aistoreOption(func(b *aistoreChoice) { b.lifetime = &lifetime })
}

// AIStore chooses an NVIDIA AIStore AuthN server by its address, such as
// "https://authn.example.com:52001"; a path is a prefix of all requests. It
// takes a [Password], whose user should be an administrator because others may
// do little but read and change themselves, or a [BearerToken].
//
// AuthN has no groups, no projects and no disabled users, and keeps nothing of
// a user but its name, password and roles. Tokens that a user obtained before
// stay valid until they expire, whatever is done to the user. What AuthN has
// beyond [UserManager] is in [AIStoreExtension].
//
// AuthN can only replace the whole list of a user's roles, without a way to
// make sure that it is still the one that was read. Calls through one client
// wait for each other, and what is read back must be what was written. But of
// two clients that change the roles of one user at the same moment, one can
// undo the change of the other without either noticing.
func AIStore(address string, opts ...AIStoreOption) Backend {
	choice := &aistoreChoice{address: address}
	for _, o := range opts {
		if o != nil {
			o.applyAIStore(choice)
		}
	}
	return choice
}

type aistoreChoice struct {
	address  string
	lifetime *time.Duration
}

func (c *aistoreChoice) open(s *settings) (backend, error) {
	c, err := ownOptions(s, *c, AIStoreOption.applyAIStore)
	if err != nil {
		return nil, err
	}
	base, err := transport.ParseAddress(c.address)
	if err != nil {
		return nil, err
	}
	if s.credentials == nil {
		return nil, fault.Invalid("WithCredentials", "is required: AuthN takes a password or a bearer token")
	}
	if static, ok := s.credentials.(Credential); ok {
		if _, err := aistoreCredential(static); err != nil {
			return nil, err
		}
	}
	config := s.transportConfig()
	config.BaseURL = base
	source := s.credentials
	api, err := aistore.New(aistore.Config{
		Transport: config,
		TokenTTL:  c.lifetime,
		Credential: func(ctx context.Context) (aistore.Credential, error) {
			credential, err := source.Credential(ctx)
			if err != nil {
				return aistore.Credential{}, err
			}
			return aistoreCredential(credential)
		},
	})
	if err != nil {
		return nil, err
	}
	return &aistoreBackend{api: api}, nil
}

func aistoreCredential(credential Credential) (aistore.Credential, error) {
	switch c := credential.(type) {
	case PasswordCredential:
		if c.Username == "" || c.Password.IsZero() {
			return aistore.Credential{}, fault.Invalid("WithCredentials", "needs a user name and a password")
		}
		return aistore.Credential{Username: c.Username, Password: c.Password.Reveal()}, nil
	case BearerTokenCredential:
		if c.Token.IsZero() {
			return aistore.Credential{}, fault.Invalid("WithCredentials", "needs a token")
		}
		return aistore.Credential{Token: c.Token.Reveal()}, nil
	case nil:
		return aistore.Credential{}, fault.Invalid("WithCredentials", "yielded no credential")
	default:
		return aistore.Credential{}, fault.Invalid("WithCredentials", "%s", wrongCredential(credential, "AuthN takes a password or a bearer token"))
	}
}

// aistoreBackend is the adapter for AuthN.
type aistoreBackend struct {
	noAccountState
	noGroups
	noProjects

	api   *aistore.Client
	users keyLocks // AuthN replaces the whole list of a user's roles
}

var _ backend = (*aistoreBackend)(nil)

func (b *aistoreBackend) Name() string { return aistoreName }

var aistoreCapabilities = NewCapabilities(
	CapCreateUser, CapGetUser, CapListUsers, CapUpdateUser, CapDeleteUser, CapCurrentUser, CapSetPassword,
	CapListRoles, CapGetRole, CapCreateRole, CapUpdateRole, CapDeleteRole, CapGrantRoles, CapRevokeRoles,
	CapUserName, CapUserPassword, CapRoleSets,
)

func (b *aistoreBackend) Capabilities() Capabilities { return aistoreCapabilities }

func (b *aistoreBackend) Close() error {
	b.api.Close()
	return nil
}

func (b *aistoreBackend) Ping(ctx context.Context) error {
	_, err := b.CurrentUser(ctx)
	return err
}

func (b *aistoreBackend) CurrentUser(ctx context.Context) (User, error) {
	token, err := b.api.CurrentToken(ctx)
	if err != nil {
		return User{}, err
	}
	return b.get(ctx, token.Subject)
}

func (b *aistoreBackend) GetUser(ctx context.Context, req GetUserRequest) (User, error) {
	return b.get(ctx, req.Name)
}

func (b *aistoreBackend) get(ctx context.Context, name string) (User, error) {
	user, err := b.api.GetUser(ctx, name)
	if err != nil {
		return User{}, err
	}
	return fromAIStoreUser(user), nil
}

func (b *aistoreBackend) ListUsers(ctx context.Context, _ ListUsersRequest) iter.Seq2[User, error] {
	return func(yield func(User, error) bool) {
		for user, err := range b.api.ListUsers(ctx) {
			if err != nil {
				yield(User{}, err)
				return
			}
			if !yield(fromAIStoreUser(user), nil) {
				return
			}
		}
	}
}

func (b *aistoreBackend) CreateUser(ctx context.Context, req CreateUserRequest) (CreatedUser, error) {
	password, err := aistorePassword(req.Credential)
	if err != nil {
		return CreatedUser{}, err
	}
	if password == "" {
		return CreatedUser{}, fault.Invalid("Credential", "must be a password: AuthN has no users without one")
	}
	if err := b.api.CheckNewUser(req.Name, password); err != nil {
		return CreatedUser{}, err
	}
	roles, err := b.resolve(ctx, req.Roles)
	if err != nil {
		return CreatedUser{}, err
	}
	if err := b.api.CreateUser(ctx, req.Name, password, roles); err != nil {
		return CreatedUser{}, err
	}
	user, err := b.readBack(ctx, req.Name, func(u User) bool { return hasAll(u.Roles, req.Roles) })
	return CreatedUser{User: user}, err
}

func (b *aistoreBackend) UpdateUser(ctx context.Context, req UpdateUserRequest) (User, error) {
	var patch aistore.UserPatch
	password, err := aistorePassword(req.Credential)
	if err != nil {
		return User{}, err
	}
	if password != "" {
		patch.Password = &password
	}
	unlock, err := b.users.lock(ctx, req.Name)
	if err != nil {
		return User{}, err
	}
	defer unlock()
	if req.SetRoles != nil {
		roles, err := b.resolve(ctx, *req.SetRoles)
		if err != nil {
			return User{}, err
		}
		patch.Roles = &roles
	}
	if patch == (aistore.UserPatch{}) {
		return b.get(ctx, req.Name)
	}
	if err := b.api.UpdateUser(ctx, req.Name, patch); err != nil {
		return User{}, err
	}
	return b.readBack(ctx, req.Name, func(u User) bool {
		return req.SetRoles == nil || hasAll(u.Roles, *req.SetRoles) && hasAll(*req.SetRoles, u.Roles)
	})
}

func (b *aistoreBackend) DeleteUser(ctx context.Context, req DeleteUserRequest) error {
	return ignoreMissing(b.api.DeleteUser(ctx, req.Name), req.IgnoreMissing)
}

func (b *aistoreBackend) SetPassword(ctx context.Context, req SetPasswordRequest) error {
	password := req.Password.Reveal()
	return b.api.UpdateUser(ctx, req.Name, aistore.UserPatch{Password: &password})
}

func (b *aistoreBackend) GrantRoles(ctx context.Context, req GrantRolesRequest) error {
	return b.changeRoles(ctx, req.User, func(held []aistore.Role) ([]aistore.Role, error) {
		missing := slices.DeleteFunc(slices.Clone(req.Roles), func(r Role) bool { return holds(held, r.Name) })
		added, err := b.resolve(ctx, missing)
		return append(held, added...), err
	})
}

func (b *aistoreBackend) RevokeRoles(ctx context.Context, req RevokeRolesRequest) error {
	return b.changeRoles(ctx, req.User, func(held []aistore.Role) ([]aistore.Role, error) {
		return slices.DeleteFunc(held, func(r aistore.Role) bool { return slices.Contains(req.Roles, Role{Name: r.Name}) }), nil
	})
}

// changeRoles reads the roles of a user, changes the list and writes it back,
// unless it is the same.
func (b *aistoreBackend) changeRoles(ctx context.Context, name string, change func(held []aistore.Role) ([]aistore.Role, error)) error {
	unlock, err := b.users.lock(ctx, name)
	if err != nil {
		return err
	}
	defer unlock()
	user, err := b.api.GetUser(ctx, name)
	if err != nil {
		return err
	}
	wanted, err := change(slices.Clone(user.Roles))
	if err != nil || len(wanted) == len(user.Roles) {
		return err
	}
	if err := b.api.UpdateUser(ctx, name, aistore.UserPatch{Roles: &wanted}); err != nil {
		return err
	}
	names := fromAIStoreUser(aistore.User{Roles: wanted}).Roles
	_, err = b.readBack(ctx, name, func(u User) bool { return slices.Equal(u.Roles, names) })
	return err
}

// resolve returns the definitions of roles, each once. AuthN would drop a name
// that it does not know without a word.
func (b *aistoreBackend) resolve(ctx context.Context, roles []Role) ([]aistore.Role, error) {
	resolved := make([]aistore.Role, 0, len(roles))
	for _, role := range roles {
		if holds(resolved, role.Name) {
			continue
		}
		definition, err := b.api.GetRole(ctx, role.Name)
		if err != nil {
			return nil, about("role", role.Name, err)
		}
		resolved = append(resolved, definition)
	}
	return resolved, nil
}

// readBack returns a user that was just written, after a look whether the
// server kept what was written.
func (b *aistoreBackend) readBack(ctx context.Context, name string, kept func(User) bool) (User, error) {
	user, err := b.get(ctx, name)
	if err != nil {
		return User{}, written(err)
	}
	if !kept(user) {
		return user, written(fault.New(fault.Conflict, "the roles of %s are not what was written: somebody else changed the user or a role meanwhile", name))
	}
	return user, nil
}

func (b *aistoreBackend) GetRole(ctx context.Context, req GetRoleRequest) (RoleDefinition, error) {
	role, err := b.api.GetRole(ctx, req.Name)
	if err != nil {
		return RoleDefinition{}, err
	}
	return fromAIStoreRole(role).RoleDefinition, nil
}

func (b *aistoreBackend) ListRoles(ctx context.Context, _ ListRolesRequest) iter.Seq2[RoleDefinition, error] {
	return func(yield func(RoleDefinition, error) bool) {
		roles, err := b.api.ListRoles(ctx)
		if err != nil {
			yield(RoleDefinition{}, err)
			return
		}
		for _, role := range roles {
			if !yield(fromAIStoreRole(role).RoleDefinition, nil) {
				return
			}
		}
	}
}

func (b *aistoreBackend) CreateRole(ctx context.Context, req CreateRoleRequest) (RoleDefinition, error) {
	rules, err := b.rules(ctx, req.Extension)
	if err != nil {
		return RoleDefinition{}, err
	}
	rules.Name, rules.Description = req.Name, req.Description
	if err := b.api.CreateRole(ctx, rules); err != nil {
		return RoleDefinition{}, err
	}
	return b.readBackRole(ctx, req.Name)
}

func (b *aistoreBackend) UpdateRole(ctx context.Context, req UpdateRoleRequest) (RoleDefinition, error) {
	if req.Description != nil && *req.Description == "" {
		return RoleDefinition{}, fault.Invalid("Description", "cannot be cleared: AuthN takes an empty one as none")
	}
	if req.Description == nil && req.Extension == nil {
		return b.GetRole(ctx, GetRoleRequest{Name: req.Name})
	}
	rules, err := b.rules(ctx, req.Extension)
	if err != nil {
		return RoleDefinition{}, err
	}
	rules.Name = req.Name
	if req.Description != nil {
		rules.Description = *req.Description
	}
	if err := b.api.UpdateRole(ctx, rules); err != nil {
		return RoleDefinition{}, err
	}
	return b.readBackRole(ctx, req.Name)
}

func (b *aistoreBackend) readBackRole(ctx context.Context, name string) (RoleDefinition, error) {
	definition, err := b.GetRole(ctx, GetRoleRequest{Name: name})
	return definition, written(err)
}

func (b *aistoreBackend) DeleteRole(ctx context.Context, req DeleteRoleRequest) error {
	return ignoreMissing(b.api.DeleteRole(ctx, req.Name), req.IgnoreMissing)
}

func aistorePassword(credential Credential) (string, error) {
	switch c := credential.(type) {
	case nil:
		return "", nil
	case PasswordCredential:
		return c.Password.Reveal(), nil
	default:
		return "", fault.Invalid("Credential", "%s", wrongCredential(credential, "AuthN's users log in with a password"))
	}
}

func fromAIStoreUser(user aistore.User) User {
	roles := make([]Role, 0, len(user.Roles))
	for _, role := range user.Roles {
		roles = append(roles, Role{Name: role.Name})
	}
	return User{Name: user.ID, Roles: sortRoles(roles)}
}

func holds(held []aistore.Role, name string) bool {
	return slices.ContainsFunc(held, func(r aistore.Role) bool { return r.Name == name })
}
