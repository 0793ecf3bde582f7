package usermgmt

import (
	"context"
	"iter"
	"slices"

	"github.com/usermgmt/usermgmt/internal/couchbase"
	"github.com/usermgmt/usermgmt/internal/fault"
)

// couchbaseID is the key of a user.
type couchbaseID struct{ domain, name string }

// key is the key of the user's lock.
func (id couchbaseID) key() string { return id.domain + "/" + id.name }

// couchbaseUserOf returns the key of the user that a call is about, which
// takes nothing else of the extension.
func couchbaseUserOf(name string, e UserExtension) (couchbaseID, error) {
	given, _ := e.(CouchbaseUser)
	switch {
	case given.Locked:
		return couchbaseID{}, fault.Invalid("Extension.Locked", "is for CreateUser alone")
	case given.MustChangePassword != nil:
		return couchbaseID{}, fault.Invalid("Extension.MustChangePassword", "is for CreateUser and UpdateUser alone")
	}
	return couchbaseIDOf(name, given.Domain)
}

func couchbaseIDOf(name string, domain CouchbaseDomain) (couchbaseID, error) {
	switch domain {
	case "":
		return couchbaseID{couchbase.Local, name}, nil
	case CouchbaseLocal, CouchbaseExternal:
		return couchbaseID{string(domain), name}, nil
	case CouchbaseAllDomains:
	}
	return couchbaseID{}, fault.Invalid("Extension.Domain", "must be local or external")
}

func (b *couchbaseBackend) CurrentUser(ctx context.Context) (User, error) {
	me, err := b.api.WhoAmI(ctx)
	if err != nil {
		return User{}, err
	}
	if me.Domain == couchbase.Local || me.Domain == couchbase.External {
		user, err := b.api.GetUser(ctx, me.Domain, me.ID)
		if err == nil {
			return fromCouchbaseUser(user), nil
		}
		switch fault.KindOf(err) {
		case fault.PermissionDenied, fault.Unauthenticated, fault.NotFound:
			// Few may read users, a user without any role is taken for a stranger,
			// and one that a token vouches for is not kept: there remains what the
			// server tells every caller about itself.
		default:
			return User{}, err
		}
	}
	return fromCouchbaseIdentity(me), nil
}

func (b *couchbaseBackend) GetUser(ctx context.Context, req GetUserRequest) (User, error) {
	id, err := couchbaseUserOf(req.Name, req.Extension)
	if err != nil {
		return User{}, err
	}
	return b.get(ctx, id)
}

func (b *couchbaseBackend) get(ctx context.Context, id couchbaseID) (User, error) {
	user, err := b.api.GetUser(ctx, id.domain, id.name)
	if err != nil {
		return User{}, err
	}
	return fromCouchbaseUser(user), nil
}

func (b *couchbaseBackend) ListUsers(ctx context.Context, req ListUsersRequest) iter.Seq2[User, error] {
	return sequence(func(yield func(User) bool) error {
		return b.eachUser(ctx, req, func(user couchbase.User) bool { return yield(fromCouchbaseUser(user)) })
	})
}

func (b *couchbaseBackend) eachUser(ctx context.Context, req ListUsersRequest, yield func(couchbase.User) bool) error {
	extension, _ := req.Extension.(CouchbaseUserList)
	query, err := extension.query()
	if err != nil {
		return err
	}
	if req.Group != "" {
		if err := b.groupExists(ctx, req.Group); err != nil {
			return err
		}
	}
	for user, err := range b.api.ListUsers(ctx, query) {
		if err != nil {
			return err
		}
		if req.Group != "" && !slices.Contains(user.Groups, req.Group) {
			continue
		}
		if !yield(user) {
			return nil
		}
	}
	return nil
}

func (b *couchbaseBackend) CreateUser(ctx context.Context, req CreateUserRequest) (CreatedUser, error) {
	id, form, err := newCouchbaseUser(req)
	if err != nil {
		return CreatedUser{}, err
	}
	unlock, err := b.users.lock(ctx, id.key())
	if err != nil {
		return CreatedUser{}, err
	}
	defer unlock()
	_, err = b.api.GetUser(ctx, id.domain, id.name)
	if err == nil {
		return CreatedUser{}, fault.New(fault.AlreadyExists, "the user %s exists", req.Name)
	}
	if fault.KindOf(err) != fault.NotFound {
		return CreatedUser{}, err
	}
	if err := b.api.CreateUser(ctx, id.domain, id.name, form); err != nil {
		return CreatedUser{}, b.explain(ctx, err)
	}
	user, err := b.get(ctx, id)
	return CreatedUser{User: user}, written(err)
}

func (b *couchbaseBackend) UpdateUser(ctx context.Context, req UpdateUserRequest) (User, error) {
	extension, _ := req.Extension.(CouchbaseUser)
	mustChange := extension.MustChangePassword
	extension.MustChangePassword = nil
	id, err := couchbaseUserOf(req.Name, extension)
	if err != nil {
		return User{}, err
	}
	if mustChange != nil && id.domain != couchbase.Local {
		return User{}, fault.Invalid("Extension.MustChangePassword", "is for local users alone")
	}
	password, err := couchbasePassword(req.Credential, id.domain)
	if err != nil {
		return User{}, err
	}
	var roles []couchbase.Role
	if req.SetRoles != nil {
		if roles, err = toCouchbaseRoles("SetRoles", *req.SetRoles); err != nil {
			return User{}, err
		}
	}
	if req.SetGroups != nil {
		if err := checkCouchbaseGroups("SetGroups", *req.SetGroups); err != nil {
			return User{}, err
		}
	}
	nothing := req.DisplayName == nil && password == nil && req.SetRoles == nil && req.SetGroups == nil && mustChange == nil
	if nothing {
		return b.get(ctx, id)
	}
	unlock, err := b.users.lock(ctx, id.key())
	if err != nil {
		return User{}, err
	}
	defer unlock() // not before the user is read back, which a delete may wait for
	err = b.rewrite(ctx, id, func(user *couchbase.UserForm) bool {
		if req.DisplayName != nil {
			user.Name = req.DisplayName
		}
		if req.SetRoles != nil {
			user.Roles = roles
		}
		if req.SetGroups != nil {
			user.Groups = *req.SetGroups
		}
		if mustChange != nil {
			user.TemporaryPassword = mustChange
		}
		user.Password = password
		return true
	})
	if err != nil {
		return User{}, err
	}
	user, err := b.get(ctx, id)
	return user, written(err)
}

// changeUser reads a user, changes it and writes it back whole, unless change
// reports that there is nothing to write.
func (b *couchbaseBackend) changeUser(ctx context.Context, id couchbaseID, change func(user *couchbase.UserForm) bool) error {
	unlock, err := b.users.lock(ctx, id.key())
	if err != nil {
		return err
	}
	defer unlock()
	return b.rewrite(ctx, id, change)
}

// rewrite is changeUser for a user whose lock is held.
func (b *couchbaseBackend) rewrite(ctx context.Context, id couchbaseID, change func(user *couchbase.UserForm) bool) error {
	user, err := b.whole(ctx, id)
	if err != nil {
		return about("user", id.name, err)
	}
	form := user.Form()
	if !change(&form) {
		return nil
	}
	err = b.api.PutUser(ctx, id.domain, id.name, form)
	if err != nil && fault.KindOf(err) == fault.Unsupported {
		// The Community Edition shows flags that it does not take.
		if form, had := form.WithoutUnset(); had {
			err = b.api.PutUser(ctx, id.domain, id.name, form)
		}
	}
	if couchbase.IsNewUser(err) { // somebody has deleted the user since it was read
		return notFound("user", id.name, err)
	}
	return b.explain(ctx, err)
}

// whole reads a user with all that has to be written back.
func (b *couchbaseBackend) whole(ctx context.Context, id couchbaseID) (couchbase.User, error) {
	b.mu.Lock()
	limits := b.limits
	b.mu.Unlock()
	if limits && id.domain == couchbase.Local {
		return b.api.GetUserWithLimits(ctx, id.domain, id.name)
	}
	return b.api.GetUser(ctx, id.domain, id.name)
}

func (b *couchbaseBackend) DeleteUser(ctx context.Context, req DeleteUserRequest) error {
	id, err := couchbaseUserOf(req.Name, req.Extension)
	if err != nil {
		return err
	}
	unlock, err := b.users.lock(ctx, id.key()) // an update under way would make the user again
	if err != nil {
		return err
	}
	defer unlock()
	return ignoreMissing(b.api.DeleteUser(ctx, id.domain, id.name), req.IgnoreMissing)
}

func (b *couchbaseBackend) EnableUser(ctx context.Context, req EnableUserRequest) error {
	return b.setLocked(ctx, req.Name, req.Extension, false)
}

func (b *couchbaseBackend) DisableUser(ctx context.Context, req DisableUserRequest) error {
	return b.setLocked(ctx, req.Name, req.Extension, true)
}

func (b *couchbaseBackend) setLocked(ctx context.Context, name string, e UserExtension, locked bool) error {
	id, err := couchbaseUserOf(name, e)
	if err != nil {
		return err
	}
	if id.domain != couchbase.Local {
		return fault.Invalid("Extension.Domain", "must be local: no other users can be locked")
	}
	unlock, err := b.users.lock(ctx, id.key()) // an update under way would write the old state back
	if err != nil {
		return err
	}
	defer unlock()
	return b.noted(ctx, b.api.PatchUser(ctx, id.name, couchbase.UserPatch{Locked: &locked}))
}

func (b *couchbaseBackend) SetPassword(ctx context.Context, req SetPasswordRequest) error {
	id, err := couchbaseUserOf(req.Name, req.Extension)
	if err != nil {
		return err
	}
	if id.domain != couchbase.Local {
		return fault.Invalid("Extension.Domain", "must be local: no other users have a password here")
	}
	unlock, err := b.users.lock(ctx, id.key())
	if err != nil {
		return err
	}
	defer unlock()
	password := req.Password.Reveal()
	err = b.api.PatchUser(ctx, id.name, couchbase.UserPatch{Password: &password})
	if err == nil || fault.KindOf(err) != fault.Unsupported {
		return err
	}
	// Servers before 7.1 can only replace the user.
	return b.rewrite(ctx, id, func(user *couchbase.UserForm) bool {
		user.Password = &password
		return true
	})
}

func (b *couchbaseBackend) GrantRoles(ctx context.Context, req GrantRolesRequest) error {
	return b.changeRoles(ctx, req.User, req.Extension, req.Roles, func(held, named []couchbase.Role) []couchbase.Role {
		for _, role := range named {
			if !slices.Contains(held, role) {
				held = append(held, role)
			}
		}
		return held
	})
}

func (b *couchbaseBackend) RevokeRoles(ctx context.Context, req RevokeRolesRequest) error {
	return b.changeRoles(ctx, req.User, req.Extension, req.Roles, func(held, named []couchbase.Role) []couchbase.Role {
		return slices.DeleteFunc(held, func(r couchbase.Role) bool { return slices.Contains(named, r) })
	})
}

func (b *couchbaseBackend) changeRoles(ctx context.Context, name string, e UserExtension, roles []Role, change func(held, named []couchbase.Role) []couchbase.Role) error {
	id, err := couchbaseUserOf(name, e)
	if err != nil {
		return err
	}
	named, err := toCouchbaseRoles("Roles", roles)
	if err != nil {
		return err
	}
	return b.changeUser(ctx, id, func(user *couchbase.UserForm) bool {
		before := len(user.Roles)
		user.Roles = change(user.Roles, named)
		return len(user.Roles) != before
	})
}

// newCouchbaseUser returns what a new user is written as.
func newCouchbaseUser(req CreateUserRequest) (couchbaseID, couchbase.UserForm, error) {
	extension, _ := req.Extension.(CouchbaseUser)
	var user couchbase.UserForm
	id, err := couchbaseIDOf(req.Name, extension.Domain)
	if err != nil {
		return id, user, err
	}
	if err := couchbase.CheckName("Name", req.Name); err != nil {
		return id, user, err
	}
	if user.Password, err = couchbasePassword(req.Credential, id.domain); err != nil {
		return id, user, err
	}
	local := id.domain == couchbase.Local
	switch {
	case local && user.Password == nil:
		return id, user, fault.Invalid("Credential", "must be a password: only users of the domain external have none")
	case !local && extension.Locked:
		return id, user, fault.Invalid("Extension.Locked", "is for local users alone")
	case !local && extension.MustChangePassword != nil:
		return id, user, fault.Invalid("Extension.MustChangePassword", "is for local users alone")
	}
	if user.Roles, err = toCouchbaseRoles("Roles", req.Roles); err != nil {
		return id, user, err
	}
	if err := checkCouchbaseGroups("Groups", req.Groups); err != nil {
		return id, user, err
	}
	if req.DisplayName != "" {
		user.Name = &req.DisplayName
	}
	if extension.Locked {
		user.Locked = new(true)
	}
	user.Groups, user.TemporaryPassword = req.Groups, extension.MustChangePassword
	return id, user, nil
}

// couchbasePassword returns the password that a user is given, nil for none.
func couchbasePassword(credential Credential, domain string) (*string, error) {
	switch c := credential.(type) {
	case nil:
		return nil, nil
	case PasswordCredential:
		if domain != couchbase.Local {
			return nil, fault.Invalid("Credential", "must be empty for users of another domain than local")
		}
		return new(c.Password.Reveal()), nil
	default:
		return nil, fault.Invalid("Credential", "%s", wrongCredential(credential, "Couchbase's local users log in with a password"))
	}
}
