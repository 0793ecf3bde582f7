package usermgmt

import (
	"context"
	"iter"
	"maps"
	"slices"

	"github.com/usermgmt/usermgmt/internal/fault"
)

func (b *memoryBackend) GetUser(_ context.Context, req GetUserRequest) (User, error) {
	return b.get(req.Name)
}

func (b *memoryBackend) CurrentUser(context.Context) (User, error) {
	return b.get(b.state.administrator)
}

func (b *memoryBackend) get(name string) (shown User, err error) {
	err = b.view(func(tx *memoryTx) error {
		user, err := tx.users.find("user", name)
		if err == nil {
			shown = tx.show(user)
		}
		return err
	})
	return shown, err
}

func (b *memoryBackend) ListUsers(ctx context.Context, req ListUsersRequest) iter.Seq2[User, error] {
	return func(yield func(User, error) bool) {
		var then *memoryTx
		err := b.view(func(tx *memoryTx) error {
			if req.Group != "" {
				if _, err := tx.groups.find("group", req.Group); err != nil {
					return err
				}
			}
			then = &memoryTx{
				users:  memoryStage[memoryUser]{base: tx.users.all()},
				groups: memoryStage[Group]{base: tx.groups.all()},
			}
			return nil
		})
		if err != nil {
			yield(User{}, err)
			return
		}
		yieldSorted(ctx, then.users.base, yield, func(user *memoryUser) (User, bool) {
			if req.Group != "" && !slices.Contains(user.Groups, req.Group) {
				return User{}, false
			}
			return then.show(user), true
		})
	}
}

// yieldSorted yields what show makes of the records, by name, until the
// context ends; show can leave a record out.
func yieldSorted[R, T any](ctx context.Context, records map[string]*R, yield func(T, error) bool, show func(*R) (T, bool)) {
	for _, name := range slices.Sorted(maps.Keys(records)) {
		if ctx.Err() != nil {
			var none T
			yield(none, fault.Ended(ctx, ctx.Err()))
			return
		}
		if item, listed := show(records[name]); listed && !yield(item, nil) {
			return
		}
	}
}

func (b *memoryBackend) CreateUser(ctx context.Context, req CreateUserRequest) (CreatedUser, error) {
	password, err := memoryPassword(req.Credential)
	if err != nil {
		return CreatedUser{}, err
	}
	user := memoryUser{User: User{
		Name: req.Name, DisplayName: req.DisplayName, Email: req.Email,
		Roles: sortRoles(slices.Clone(req.Roles)), Groups: sortNames(req.Groups),
	}}
	return changeFor(ctx, b, b.hashing(password, &user.password), func(tx *memoryTx) (CreatedUser, error) {
		if err := tx.users.vacant("user", user.Name); err != nil {
			return CreatedUser{}, err
		}
		if err := tx.rolesExist(user.Roles); err != nil {
			return CreatedUser{}, err
		}
		if err := tx.groupsExist(user.Groups); err != nil {
			return CreatedUser{}, err
		}
		tx.createUser(user)
		return CreatedUser{User: tx.show(tx.users.get(user.Name))}, nil
	})
}

func (b *memoryBackend) UpdateUser(ctx context.Context, req UpdateUserRequest) (User, error) {
	password, err := memoryPassword(req.Credential)
	if err != nil {
		return User{}, err
	}
	var patch memoryUserPatch
	patch.displayName, patch.email = clonePointer(req.DisplayName), clonePointer(req.Email)
	if req.SetRoles != nil {
		patch.roles = new(sortRoles(slices.Clone(*req.SetRoles)))
	}
	if req.SetGroups != nil {
		patch.groups = new(sortNames(*req.SetGroups))
	}
	return changeFor(ctx, b, b.hashing(password, &patch.password), func(tx *memoryTx) (User, error) {
		err := tx.changeUser(req.Name, func(user *memoryUser) error { return patch.apply(tx, user) })
		if err != nil {
			return User{}, err
		}
		return tx.show(tx.users.get(req.Name)), nil
	})
}

// memoryUserPatch is an update of a user, copied from the request: the caller
// may change its slices while a password is hashed.
type memoryUserPatch struct {
	displayName, email *string
	roles              *[]Role
	groups             *[]string
	password           Secret // the hash, empty for no change
}

func (p *memoryUserPatch) apply(tx *memoryTx, user *memoryUser) error {
	if p.displayName != nil {
		user.DisplayName = *p.displayName
	}
	if p.email != nil {
		user.Email = *p.email
	}
	if !p.password.IsZero() {
		user.password = p.password
	}
	if p.roles != nil {
		user.Roles = *p.roles
	}
	if p.groups != nil {
		user.Groups = *p.groups
	}
	if err := tx.rolesExist(user.Roles); err != nil {
		return err
	}
	return tx.groupsExist(user.Groups)
}

func (b *memoryBackend) DeleteUser(ctx context.Context, req DeleteUserRequest) error {
	return b.change(ctx, func(tx *memoryTx) error {
		if _, err := tx.users.find("user", req.Name); err != nil {
			return ignoreMissing(err, req.IgnoreMissing)
		}
		if req.Name == tx.administrator {
			return fault.New(fault.PermissionDenied, "the built-in administrator cannot be deleted")
		}
		tx.users.remove(req.Name)
		tx.leaveProjects(UserMember(req.Name))
		return nil
	})
}

func (b *memoryBackend) EnableUser(ctx context.Context, req EnableUserRequest) error {
	return b.change(ctx, func(tx *memoryTx) error {
		return tx.changeUser(req.Name, func(user *memoryUser) error {
			user.Disabled = false
			return nil
		})
	})
}

func (b *memoryBackend) DisableUser(ctx context.Context, req DisableUserRequest) error {
	return b.change(ctx, func(tx *memoryTx) error {
		return tx.changeUser(req.Name, func(user *memoryUser) error {
			if user.Name == tx.administrator {
				return fault.New(fault.PermissionDenied, "the built-in administrator cannot be disabled")
			}
			user.Disabled = true
			return nil
		})
	})
}

func (b *memoryBackend) SetPassword(ctx context.Context, req SetPasswordRequest) error {
	_, err := b.UpdateUser(ctx, UpdateUserRequest{Name: req.Name, Credential: PasswordCredential{Password: req.Password}})
	return err
}

// hashing returns the preparation of a change that puts the hash of password
// into hash, nil if there is no password.
func (b *memoryBackend) hashing(password Secret, hash *Secret) func(context.Context) error {
	if password.IsZero() {
		return nil
	}
	return func(ctx context.Context) (err error) {
		*hash, err = b.passwords.hash(ctx, password)
		return err
	}
}

// memoryPassword returns the password in a credential, empty for none.
func memoryPassword(credential Credential) (Secret, error) {
	switch c := credential.(type) {
	case nil:
		return Secret{}, nil
	case PasswordCredential:
		return c.Password, nil
	default:
		return Secret{}, fault.Invalid("Credential", "%s", wrongCredential(credential, "users of this backend log in with a password"))
	}
}

func clonePointer[T any](p *T) *T {
	if p == nil {
		return nil
	}
	return new(*p)
}
