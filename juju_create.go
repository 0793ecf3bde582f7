package usermgmt

import (
	"context"
	"encoding/base64"
	"errors"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/juju"
)

// CreateUser adds the user, lets it in and gives it its levels. A name that
// was in use before may come back disabled and with its former password.
func (b *jujuBackend) CreateUser(ctx context.Context, req CreateUserRequest) (CreatedUser, error) {
	if err := noJujuUser(req.Extension); err != nil {
		return CreatedUser{}, err
	}
	wanted, err := jujuNewUser(req)
	if err != nil {
		return CreatedUser{}, err
	}
	if err := juju.CheckNewUser(wanted); err != nil {
		return CreatedUser{}, err
	}
	grants, err := b.resolve(ctx, req.Roles)
	if err != nil {
		return CreatedUser{}, err
	}
	key, err := b.api.AddUser(ctx, wanted)
	created := CreatedUser{Credential: jujuKey(key)}
	if err != nil {
		return created, err
	}
	created.Name, created.DisplayName = req.Name, req.DisplayName
	if err := b.finish(ctx, &created, grants); err != nil {
		return created, written(err)
	}
	return created, nil
}

// jujuNewUser returns a new user as the protocol takes it.
func jujuNewUser(req CreateUserRequest) (juju.NewUser, error) {
	wanted := juju.NewUser{Name: req.Name, DisplayName: req.DisplayName}
	switch c := req.Credential.(type) {
	case nil:
	case PasswordCredential:
		wanted.Password = c.Password.Reveal()
	default:
		return wanted, fault.Invalid("Credential", "%s",
			wrongCredential(req.Credential, "Juju's users log in with a password, or get a registration key if there is none"))
	}
	return wanted, nil
}

// finish makes a user that was just added what was asked for.
func (b *jujuBackend) finish(ctx context.Context, created *CreatedUser, grants []jujuRole) error {
	u, err := b.api.User(ctx, created.Name)
	if err != nil {
		return err
	}
	created.User = fromJujuUser(u)
	if u.Disabled {
		if err := jujuOne(b.api.EnableUsers(ctx, u.Name)); err != nil {
			return err
		}
	}
	if err := b.dropPassword(ctx, created); err != nil {
		return err
	}
	for _, grant := range grants {
		if _, err := b.raise(ctx, created.Name, grant); err != nil {
			return err
		}
	}
	if u.Disabled || len(grants) > 0 {
		created.User, err = b.get(ctx, created.Name)
	}
	return err
}

// dropPassword takes away the password that a user without one has if
// somebody had the name before. Nothing tells whether that is so.
func (b *jujuBackend) dropPassword(ctx context.Context, created *CreatedUser) error {
	if created.Credential == nil {
		return nil
	}
	key, err := b.api.ResetPassword(ctx, created.Name)
	switch f, ok := errors.AsType[*fault.Error](err); {
	case err == nil:
		created.Credential = jujuKey(key)
	case ok && f.Kind == fault.Unsupported: // controllers that cannot do it never use a name again
		return nil
	}
	return err
}

// jujuKey returns the credential that a secret key is, nil for none.
func jujuKey(key juju.NewKey) Credential {
	if key.Key == nil {
		return nil
	}
	return RegistrationKeyCredential{Username: key.Username, Key: NewSecret(base64.StdEncoding.EncodeToString(key.Key))}
}
