package usermgmt

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/juju"
)

func (b *jujuBackend) GetUser(ctx context.Context, req GetUserRequest) (User, error) {
	if err := noJujuUser(req.Extension); err != nil {
		return User{}, err
	}
	return b.get(ctx, req.Name)
}

func (b *jujuBackend) CurrentUser(ctx context.Context) (User, error) {
	s, err := b.api.Session(ctx)
	if err != nil {
		return User{}, err
	}
	return b.get(ctx, s.Identity)
}

func (b *jujuBackend) get(ctx context.Context, name string) (User, error) {
	u, err := b.api.User(ctx, name)
	if err != nil {
		return User{}, err
	}
	return fromJujuUser(u), nil
}

func (b *jujuBackend) ListUsers(ctx context.Context, req ListUsersRequest) iter.Seq2[User, error] {
	return func(yield func(User, error) bool) {
		own, _ := req.Extension.(JujuUserList)
		users, err := b.list(ctx, !own.HideDisabled)
		if err != nil {
			yield(User{}, err)
			return
		}
		for _, u := range users {
			if ctx.Err() != nil {
				yield(User{}, fault.Ended(ctx, ctx.Err()))
				return
			}
			if !yield(fromJujuUser(u), nil) {
				return
			}
		}
	}
}

// list returns all users. To others than superusers the controller shows
// themselves alone, which would pass for a complete list. The level at login
// does not tell, because it may have changed since; the answer does.
func (b *jujuBackend) list(ctx context.Context, includeDisabled bool) ([]juju.User, error) {
	s, err := b.api.Session(ctx)
	if err != nil {
		return nil, err
	}
	if s.JAAS {
		return nil, unsupported(CapListUsers)
	}
	users, err := b.api.ListUsers(ctx, includeDisabled)
	if err == nil && len(users) == 1 && sameJujuUser(users[0].Name, s.Identity) && users[0].Access != "superuser" {
		return nil, fault.New(fault.PermissionDenied, "only superusers may list the users: others are shown nobody but themselves")
	}
	return users, err
}

func (b *jujuBackend) UpdateUser(ctx context.Context, req UpdateUserRequest) (User, error) {
	if err := noJujuUser(req.Extension); err != nil {
		return User{}, err
	}
	password, err := jujuPassword(req.Credential)
	if err != nil {
		return User{}, err
	}
	var level string
	if req.SetRoles != nil {
		if level, err = jujuSetLevel(*req.SetRoles); err != nil {
			return User{}, err
		}
	}
	if _, err := b.localUser(ctx, req.Name); err != nil {
		return User{}, err
	}
	if password != "" {
		if err := b.api.SetPassword(ctx, req.Name, password); err != nil {
			return User{}, err
		}
	}
	if req.SetRoles != nil {
		if err := b.set(ctx, req.Name, juju.Object{Kind: juju.OnController}, level); err != nil {
			if password != "" {
				err = written(err)
			}
			return User{}, err
		}
	}
	user, err := b.get(ctx, req.Name)
	if password != "" || req.SetRoles != nil {
		err = written(err)
	}
	return user, err
}

func jujuPassword(credential Credential) (string, error) {
	switch c := credential.(type) {
	case nil:
		return "", nil
	case PasswordCredential:
		return c.Password.Reveal(), nil
	default:
		return "", fault.Invalid("Credential", "%s", wrongCredential(credential, "Juju's users log in with a password"))
	}
}

func (b *jujuBackend) DeleteUser(ctx context.Context, req DeleteUserRequest) error {
	if _, err := jujuLocalName(req.Name); err != nil {
		return err
	}
	remove := func() error { return b.api.RemoveUser(ctx, req.Name) }
	if jujuForce(req.Extension) {
		return ignoreMissing(remove(), req.IgnoreMissing)
	}
	return ignoreMissing(b.spareLastAdmin(ctx, req.Name, remove), req.IgnoreMissing)
}

func (b *jujuBackend) EnableUser(ctx context.Context, req EnableUserRequest) error {
	if err := noJujuUser(req.Extension); err != nil {
		return err
	}
	u, err := b.localUser(ctx, req.Name)
	if err != nil || !u.Disabled {
		return err
	}
	return jujuOne(b.api.EnableUsers(ctx, req.Name))
}

func (b *jujuBackend) DisableUser(ctx context.Context, req DisableUserRequest) error {
	u, err := b.localUser(ctx, req.Name)
	if err != nil || u.Disabled {
		return err
	}
	disable := func() error { return jujuOne(b.api.DisableUsers(ctx, req.Name)) }
	if jujuForce(req.Extension) {
		return disable()
	}
	return b.spareLastAdmin(ctx, req.Name, disable)
}

// localUser returns a user that the controller itself keeps.
func (b *jujuBackend) localUser(ctx context.Context, name string) (juju.User, error) {
	canonical, err := jujuLocalName(name)
	if err != nil {
		return juju.User{}, err
	}
	return b.api.User(ctx, canonical)
}

// jujuLocalName checks the name of a user that the controller itself keeps.
func jujuLocalName(name string) (string, error) {
	canonical, err := juju.CanonicalUser("Name", name)
	if err == nil && juju.IsExternal(canonical) {
		err = fault.New(fault.Unsupported, "external users are kept by their identity provider: the controller can only give them access")
	}
	return canonical, err
}

func (b *jujuBackend) SetPassword(ctx context.Context, req SetPasswordRequest) error {
	if err := noJujuUser(req.Extension); err != nil {
		return err
	}
	return b.api.SetPassword(ctx, req.Name, req.Password.Reveal())
}

// jujuOne returns the failure of the only item of a call.
func jujuOne[T any](list []juju.Item[T], err error) error {
	if err != nil {
		return err
	}
	return list[0].Err
}

func fromJujuUser(u juju.User) User {
	user := User{Name: u.Name, DisplayName: u.DisplayName, Disabled: u.Disabled, CreatedAt: known(u.Created), LastLoginAt: known(u.LastConnection)}
	if u.Access != "" {
		user.Roles = []Role{{Name: u.Access, Scope: jujuOnController}}
	}
	return user
}

// known returns a time in UTC, zero for the zero time of the protocol.
func known(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

// isNotFound reports whether err says that something is missing.
func isNotFound(err error) bool {
	f, ok := errors.AsType[*fault.Error](err)
	return ok && f.Kind == fault.NotFound
}
