package usermgmt

import (
	"context"
	"encoding/base64"
	"maps"
	"slices"

	"github.com/usermgmt/usermgmt/internal/juju"
)

// JujuExtension is what Juju has beyond [UserManager]: calls about several
// users at once, registration, models, offers and clouds. Get it with [As]:
//
//	controller, ok := usermgmt.As[*usermgmt.JujuExtension](client)
//
// It is safe for concurrent use and shares the client's connection and life.
// Its errors are of the kinds of [UserManager]. Calls that return a list of
// [Result] fail as a whole only if the call did; one item that failed does not
// keep the others from being carried out. None of them checks who keeps a
// model administered, as [Juju] says for the calls of [UserManager].
type JujuExtension struct {
	client  *Client
	api     *juju.Client
	backend *jujuBackend
}

func (b *jujuBackend) extensionFor(c *Client) any {
	return &JujuExtension{client: c, api: b.api, backend: b}
}

// JujuUserRecord is a user with what only Juju tells.
type JujuUserRecord struct {
	User

	// CreatedBy is who created the user, empty if unknown.
	CreatedBy string
}

// JujuPassword is a password to be set; see [JujuExtension.SetPasswords].
type JujuPassword struct {
	// Username is the user's name. Required.
	Username string
	// Password is the new password. Required.
	Password Secret
}

// GetUser returns a user with what only Juju tells. It calls
// UserManager.UserInfo.
func (e *JujuExtension) GetUser(ctx context.Context, name string) (JujuUserRecord, error) {
	t := target{op: "GetUser", resource: "user", name: name}
	return extend(ctx, e.client, t, named(name), func(ctx context.Context) (JujuUserRecord, error) {
		u, err := e.api.User(ctx, name)
		if err != nil {
			return JujuUserRecord{}, err
		}
		return JujuUserRecord{User: fromJujuUser(u), CreatedBy: u.CreatedBy}, nil
	})
}

// AddUsers creates several users in one call of UserManager.AddUser. The
// requests may have a name, a display name and a password. A user without a
// password comes with its registration key. The results hold what was asked
// for, and are not read back.
func (e *JujuExtension) AddUsers(ctx context.Context, requests []CreateUserRequest) ([]Result[CreatedUser], error) {
	check := func(v *validator) {
		for i, req := range requests {
			one := validator{backend: v.backend, can: v.can}
			req.check(&one)
			for _, field := range slices.Sorted(maps.Keys(one.fields)) {
				v.problemf(indexed("requests", i), "%s %s", field, one.fields[field])
			}
			if len(req.Roles) > 0 || req.Extension != nil {
				v.problemf(indexed("requests", i), "must have neither roles nor an extension")
			}
		}
	}
	return extend(ctx, e.client, target{op: "AddUsers", resource: "user"}, check, func(ctx context.Context) ([]Result[CreatedUser], error) {
		users := make([]juju.NewUser, len(requests))
		for i, req := range requests {
			var err error
			if users[i], err = jujuNewUser(req); err != nil {
				return nil, err
			}
		}
		list, err := e.api.AddUsers(ctx, users...)
		return jujuResults(e, "AddUsers", "user", func(i int) string { return requests[i].Name }, list, func(i int, key juju.NewKey) CreatedUser {
			return CreatedUser{User: User{Name: requests[i].Name, DisplayName: requests[i].DisplayName}, Credential: jujuKey(key)}
		}), err
	})
}

// EnableUsers lets several users log in again: UserManager.EnableUser.
func (e *JujuExtension) EnableUsers(ctx context.Context, names ...string) ([]Result[string], error) {
	return e.change(ctx, "EnableUsers", names, e.api.EnableUsers)
}

// DisableUsers keeps several users from logging in: UserManager.DisableUser.
func (e *JujuExtension) DisableUsers(ctx context.Context, names ...string) ([]Result[string], error) {
	return e.change(ctx, "DisableUsers", names, e.api.DisableUsers)
}

// RemoveUsers removes several users: UserManager.RemoveUser. Their levels on
// offers and clouds, and their models, stay. It is never sent twice.
func (e *JujuExtension) RemoveUsers(ctx context.Context, names ...string) ([]Result[string], error) {
	return e.change(ctx, "RemoveUsers", names, e.api.RemoveUsers)
}

// change carries out a call about several users that yields nothing.
func (e *JujuExtension) change(ctx context.Context, op string, names []string, call func(context.Context, ...string) ([]juju.Item[struct{}], error)) ([]Result[string], error) {
	return extend(ctx, e.client, target{op: op, resource: "user"}, allNamed(names), func(ctx context.Context) ([]Result[string], error) {
		list, err := call(ctx, names...)
		return jujuResults(e, op, "user", nth(names), list, func(i int, _ struct{}) string { return names[i] }), err
	})
}

// SetPasswords replaces the passwords of several users: UserManager.SetPassword.
func (e *JujuExtension) SetPasswords(ctx context.Context, changes ...JujuPassword) ([]Result[string], error) {
	names := make([]string, len(changes))
	wire := make([]juju.NewPassword, len(changes))
	for i, c := range changes {
		names[i], wire[i] = c.Username, juju.NewPassword{Username: c.Username, Password: c.Password.Reveal()}
	}
	const op = "SetPasswords"
	return extend(ctx, e.client, target{op: op, resource: "user"}, allNamed(names), func(ctx context.Context) ([]Result[string], error) {
		list, err := e.api.SetPasswords(ctx, wire...)
		return jujuResults(e, op, "user", nth(names), list, func(i int, _ struct{}) string { return names[i] }), err
	})
}

// ResetPassword takes the password of a user away and returns a new
// registration key; earlier keys become void. Nobody can do it to themselves,
// and it fails for disabled users. It is never sent twice. It calls
// UserManager.ResetPassword.
func (e *JujuExtension) ResetPassword(ctx context.Context, name string) (RegistrationKeyCredential, error) {
	t := target{op: "ResetPassword", resource: "user", name: name}
	return extend(ctx, e.client, t, named(name), func(ctx context.Context) (RegistrationKeyCredential, error) {
		key, err := e.api.ResetPassword(ctx, name)
		if key.Key == nil {
			return RegistrationKeyCredential{}, err
		}
		return RegistrationKeyCredential{Username: key.Username, Key: NewSecret(base64.StdEncoding.EncodeToString(key.Key))}, err
	})
}

// Grant gives a user a level and reports whether that changed anything: who
// has it or a higher one keeps that. It sends what [RoleGranter.GrantRoles] sends.
func (e *JujuExtension) Grant(ctx context.Context, user string, role Role) (changed bool, err error) {
	return e.level(ctx, "Grant", user, role, func(ctx context.Context) (bool, error) {
		resolved, err := e.backend.resolve(ctx, []Role{role})
		if err != nil {
			return false, err
		}
		return e.backend.raise(ctx, user, resolved[0])
	})
}

// Revoke takes a level and those above it from a user, and reports whether
// that changed anything. It sends what [RoleGranter.RevokeRoles] sends.
func (e *JujuExtension) Revoke(ctx context.Context, user string, role Role) (changed bool, err error) {
	return e.level(ctx, "Revoke", user, role, func(ctx context.Context) (bool, error) {
		parsed, err := parseJujuRole("role", role)
		if err != nil {
			return false, err
		}
		return e.backend.lower(ctx, user, parsed, false)
	})
}

func (e *JujuExtension) level(ctx context.Context, op, user string, role Role, method func(context.Context) (bool, error)) (bool, error) {
	check := func(v *validator) {
		v.name("user", user)
		v.role("role", role)
	}
	return extend(ctx, e.client, target{op: op, resource: "user", name: user}, check, method)
}

// ControllerAccess returns the levels of users on the controller, "" for none:
// Controller.GetControllerAccess.
func (e *JujuExtension) ControllerAccess(ctx context.Context, names ...string) ([]Result[string], error) {
	const op = "ControllerAccess"
	return extend(ctx, e.client, target{op: op, resource: "user"}, allNamed(names), func(ctx context.Context) ([]Result[string], error) {
		list, err := e.api.ControllerAccess(ctx, names...)
		return jujuResults(e, op, "user", nth(names), list, func(_ int, level string) string { return level }), err
	})
}

// jujuResults makes public results of the items of a call.
func jujuResults[W, T any](e *JujuExtension, op, resource string, name func(i int) string, list []juju.Item[W], convert func(i int, value W) T) []Result[T] {
	var out []Result[T]
	for i, item := range list {
		r := Result[T]{Value: convert(i, item.Value)}
		if item.Err != nil {
			r.Err = wrap(e.client.Backend(), target{op: op, resource: resource, name: name(i)}, item.Err)
		}
		out = append(out, r)
	}
	return out
}

func nth(names []string) func(int) string { return func(i int) string { return names[i] } }

// allNamed returns the check of a method whose inputs are names.
func allNamed(names []string) func(*validator) {
	return func(v *validator) {
		for i, name := range names {
			v.name(indexed("names", i), name)
		}
	}
}
