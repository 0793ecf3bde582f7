package juju

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// NewUser is a user to be created. It prints as a mark.
type NewUser struct {
	transport.Unprintable

	// Name is the user's name.
	Name string
	// DisplayName is the name for people to read. Empty is stored as empty.
	DisplayName string
	// Password is the password. Without one the controller makes a secret key.
	Password string
}

// NewKey is the secret key of a user without a password. It prints as a mark.
type NewKey struct {
	transport.Unprintable

	// Username is the user's name.
	Username string
	// Key is the key, nil for a user that has a password.
	Key []byte
}

type newUserParams struct {
	DisplayName string  `json:"display-name"`
	Password    *string `json:"password"` // as the reference client sends it: null for none
	Username    string  `json:"username"`
}

// keyResult is an item of the answers to AddUser and ResetPassword.
type keyResult struct {
	outcome

	Tag string `json:"tag"`
	Key []byte `json:"secret-key"`
}

func (r keyResult) key() (NewKey, error) {
	key := NewKey{Key: r.Key}
	if r.Tag == "" { // not every answer has it
		return key, nil
	}
	name, err := userOf(r.Tag)
	if err != nil {
		f := badAnswer()
		f.Ambiguous = true
		return key, f
	}
	key.Username = name
	return key, nil
}

// CheckNewUser tells whether a user could be created, as far as that is known
// without the controller.
func CheckNewUser(u NewUser) error {
	_, err := newUserOf(u)
	return err
}

func newUserOf(u NewUser) (newUserParams, error) {
	who, err := newUser("Name", u.Name)
	if err != nil {
		return newUserParams{}, err
	}
	params := newUserParams{Username: strings.TrimPrefix(who.tag, userPrefix), DisplayName: u.DisplayName}
	if u.Password != "" {
		if err := checkPassword("Password", u.Password); err != nil {
			return newUserParams{}, err
		}
		params.Password = &u.Password
	}
	if !utf8.ValidString(u.DisplayName) {
		return newUserParams{}, fault.Invalid("DisplayName", "must be valid UTF-8")
	}
	return params, nil
}

func checkPassword(field, password string) error {
	switch {
	case strings.TrimSpace(password) == "":
		return fault.Invalid(field, "must not be empty or blank")
	case !utf8.ValidString(password):
		return fault.Invalid(field, "must be valid UTF-8")
	}
	return nil
}

// AddUsers creates users: UserManager.AddUser. One that fails does not keep
// the others from being created.
func (c *Client) AddUsers(ctx context.Context, users ...NewUser) ([]Item[NewKey], error) {
	var params struct {
		Users []newUserParams `json:"users"`
	}
	var about []subject
	r := request{facade: "UserManager", method: "AddUser", local: true, plain: true, class: transport.Once}
	for _, u := range users {
		p, err := newUserOf(u)
		if err != nil {
			return nil, err
		}
		params.Users = append(params.Users, p)
		about = append(about, subject{tag: userPrefix + p.Username}) // a refusal does not mean that it is missing
		r.secrets = append(r.secrets, u.Password)
	}
	r.params = same(params)
	list, err := items(ctx, c, r, about, keyResult.key)
	return checkKeys(list, about), err
}

// AddUser creates a user: UserManager.AddUser.
func (c *Client) AddUser(ctx context.Context, u NewUser) (NewKey, error) {
	return one(c.AddUsers(ctx, u))
}

// ResetPasswords takes passwords away and makes secret keys in their place:
// UserManager.ResetPassword. Earlier keys become void.
func (c *Client) ResetPasswords(ctx context.Context, names ...string) ([]Item[NewKey], error) {
	about, err := subjects("Name", names, local)
	if err != nil {
		return nil, err
	}
	r := request{facade: "UserManager", method: "ResetPassword", since: 2, local: true, plain: true, class: transport.Once, params: tagged(about)}
	list, err := items(ctx, c, r, about, keyResult.key)
	return checkKeys(list, about), err
}

// ResetPassword does that for one user: UserManager.ResetPassword.
func (c *Client) ResetPassword(ctx context.Context, name string) (NewKey, error) {
	return one(c.ResetPasswords(ctx, name))
}

// checkKeys makes sure that each key is that of the user it was made for.
func checkKeys(list []Item[NewKey], about []subject) []Item[NewKey] {
	for i, item := range list {
		if item.Value.Username == "" {
			list[i].Value.Username = strings.TrimPrefix(about[i].tag, userPrefix)
			continue
		}
		if item.Err == nil && !SameUser(userPrefix+item.Value.Username, about[i].tag) {
			f := fault.New(fault.Internal, "the server answered about another user than the one named")
			f.Ambiguous = true
			list[i] = Item[NewKey]{Err: f}
		}
	}
	return list
}

// NewPassword is a password to be set. It prints as a mark.
type NewPassword struct {
	transport.Unprintable

	// Username is the user's name.
	Username string
	// Password is the new password.
	Password string
}

type passwordParams struct {
	Password string `json:"password"`
	Tag      string `json:"tag"`
}

// SetPasswords replaces passwords: UserManager.SetPassword. A pending secret
// key becomes void.
func (c *Client) SetPasswords(ctx context.Context, changes ...NewPassword) ([]Item[struct{}], error) {
	var params struct {
		Changes []passwordParams `json:"changes"`
	}
	var about []subject
	r := request{facade: "UserManager", method: "SetPassword", local: true, plain: true, class: transport.Idempotent}
	for _, change := range changes {
		who, err := local("Name", change.Username)
		if err != nil {
			return nil, err
		}
		if err := checkPassword("Password", change.Password); err != nil {
			return nil, err
		}
		params.Changes = append(params.Changes, passwordParams{Password: change.Password, Tag: who.tag})
		about = append(about, who)
		r.secrets = append(r.secrets, change.Password)
	}
	r.params = same(params)
	return items(ctx, c, r, about, nothing)
}

// SetPassword replaces the password of a user: UserManager.SetPassword.
func (c *Client) SetPassword(ctx context.Context, name, password string) error {
	_, err := one(c.SetPasswords(ctx, NewPassword{Username: name, Password: password}))
	return err
}

// EnableUsers lets users log in again: UserManager.EnableUser.
func (c *Client) EnableUsers(ctx context.Context, names ...string) ([]Item[struct{}], error) {
	return c.change(ctx, "EnableUser", transport.Idempotent, names)
}

// DisableUsers keeps users from logging in: UserManager.DisableUser.
func (c *Client) DisableUsers(ctx context.Context, names ...string) ([]Item[struct{}], error) {
	return c.change(ctx, "DisableUser", transport.Idempotent, names)
}

// RemoveUsers removes users: UserManager.RemoveUser. Their levels on offers
// and clouds and their models stay.
func (c *Client) RemoveUsers(ctx context.Context, names ...string) ([]Item[struct{}], error) {
	return c.change(ctx, "RemoveUser", transport.Once, names)
}

// RemoveUser removes a user: UserManager.RemoveUser. That it is missing is
// success if an earlier attempt, whose answer was lost, may have removed it.
func (c *Client) RemoveUser(ctx context.Context, name string) error {
	_, err := one(c.change(ctx, "RemoveUser", transport.Idempotent, []string{name}))
	return fault.Removed(err)
}

func (c *Client) change(ctx context.Context, method string, class transport.Class, names []string) ([]Item[struct{}], error) {
	about, err := subjects("Name", names, local)
	if err != nil {
		return nil, err
	}
	r := request{facade: "UserManager", method: method, local: true, plain: true, class: class, params: tagged(about)}
	return items(ctx, c, r, about, nothing)
}
