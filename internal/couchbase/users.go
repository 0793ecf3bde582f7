package couchbase

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// The domains.
const (
	// Local is the domain of users whose passwords the cluster keeps.
	Local = "local"
	// External is the domain of users that another service vouches for.
	External = "external"
)

// User is a user as the cluster shows it.
type User struct {
	// ID is the user's name; with Domain it is the key.
	ID string
	// Domain is [Local] or [External].
	Domain string
	// Name is the display name, nil if none was ever set.
	Name *string
	// Roles are all roles of the user, in no particular order.
	Roles []HeldRole
	// Groups are the groups that the user was put into.
	Groups []string
	// ExternalGroups are the groups that LDAP puts the user into.
	ExternalGroups []string
	// UUID is new for each user made, empty before 7.1.
	UUID string
	// Passwordless is set if the password is empty.
	Passwordless bool
	// PasswordChanged is when the password was set, zero if unknown. Before
	// 8.0 the server writes its local time and calls it UTC.
	PasswordChanged time.Time
	// Locked is set if the user cannot log in; nil if the server has no locks.
	Locked *bool
	// TemporaryPassword is set if the user has to change its password; nil if
	// the server does not know that.
	TemporaryPassword *bool
	// LastActivity is when the user was last seen, zero if unknown.
	LastActivity time.Time
	// Limits is JSON that says how much the user may use; it is empty unless
	// [Client.GetUserWithLimits] found some.
	Limits string
}

// HeldRole is a role that a user has, with where it comes from.
type HeldRole struct {
	Role

	// Origins are where the role comes from; none on servers that do not tell.
	Origins []Origin
}

// Origin is where a role comes from.
type Origin struct {
	// Type is "user" or "group".
	Type string `json:"type"`
	// Name is the name of the group.
	Name string `json:"name"`
}

// Direct reports whether the user itself holds the role.
func (r HeldRole) Direct() bool {
	for _, origin := range r.Origins {
		if origin.Type == "user" {
			return true
		}
	}
	return len(r.Origins) == 0
}

// userObject is a user in an answer.
type userObject struct {
	ID                string       `json:"id"`
	Domain            string       `json:"domain"`
	Name              *string      `json:"name"`
	Roles             []roleObject `json:"roles"`
	Groups            []string     `json:"groups"`
	ExternalGroups    []string     `json:"external_groups"`
	UUID              string       `json:"uuid"`
	Passwordless      bool         `json:"passwordless"`
	PasswordChanged   date         `json:"password_change_date"`
	Locked            *bool        `json:"locked"`
	TemporaryPassword *bool        `json:"temporary_password"`
	LastActivity      date         `json:"last_activity_time"`
	RecordExists      bool         `json:"recordExists"`

	Limits jsontext.Value `json:"limits"`
}

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (u *User) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	var o userObject
	if err := json.UnmarshalDecode(d, &o); err != nil {
		return err
	}
	if o.ID == "" {
		return fault.New(fault.Internal, "the answer holds a user without a name")
	}
	*u = o.user()
	if err := o.Limits.Compact(); err == nil && o.Limits.Kind() == '{' && string(o.Limits) != "{}" {
		u.Limits = string(o.Limits)
	}
	return nil
}

func (o userObject) user() User {
	roles := make([]HeldRole, 0, len(o.Roles))
	for _, r := range o.Roles {
		roles = append(roles, HeldRole{Role: r.role(), Origins: r.Origins})
	}
	return User{
		ID: o.ID, Domain: o.Domain, Name: o.Name, Roles: roles, Groups: o.Groups, ExternalGroups: o.ExternalGroups,
		UUID: o.UUID, Passwordless: o.Passwordless, PasswordChanged: time.Time(o.PasswordChanged),
		Locked: o.Locked, TemporaryPassword: o.TemporaryPassword, LastActivity: time.Time(o.LastActivity),
	}
}

// date is a time that is zero where the server's text is not one.
type date time.Time

// UnmarshalJSONFrom implements [json.UnmarshalerFrom]. A date that nobody can
// read must not hide the user.
func (d *date) UnmarshalJSONFrom(from *jsontext.Decoder) error {
	value, err := from.ReadValue()
	if err != nil {
		return err
	}
	if text, quoted := strings.CutPrefix(string(value), `"`); quoted {
		if t, err := time.Parse(time.RFC3339Nano, strings.TrimSuffix(text, `"`)); err == nil {
			*d = date(t)
		}
	}
	return nil
}

// UserForm is a user as it is written: what is left out is cleared.
type UserForm struct {
	// Name is the display name, nil for none.
	Name *string
	// Password is the password; nil keeps that of a user that exists.
	Password *string
	// Roles are the roles that the user itself holds.
	Roles []Role
	// Groups are the groups that the user is put into; empty is not sent, which
	// servers without groups need.
	Groups []string
	// Locked keeps the user from logging in; nil is not sent.
	Locked *bool
	// TemporaryPassword makes the user change its password; nil is not sent.
	TemporaryPassword *bool
	// Limits are as in [User]; empty is not sent.
	Limits string
}

// Form returns what has to be written so that u stays as it is: only what is
// its own, and only what the server has shown to know.
func (u *User) Form() UserForm {
	form := UserForm{Name: u.Name, Groups: u.Groups, Limits: u.Limits}
	for _, role := range u.Roles {
		if role.Direct() {
			form.Roles = append(form.Roles, role.Role)
		}
	}
	if u.Domain == Local {
		form.Locked, form.TemporaryPassword = u.Locked, u.TemporaryPassword
	}
	return form
}

// WithoutUnset returns the form without flags that are there and not set, and
// whether there were any.
func (f UserForm) WithoutUnset() (form UserForm, had bool) {
	for _, flag := range []**bool{&f.Locked, &f.TemporaryPassword} {
		if *flag != nil && !**flag {
			*flag, had = nil, true
		}
	}
	return f, had
}

func (f UserForm) values() (form url.Values, secrets []string) {
	form = url.Values{"roles": {formatRoles(f.Roles)}}
	if f.Name != nil {
		form.Set("name", *f.Name)
	}
	if f.Password != nil {
		form.Set("password", *f.Password)
		secrets = []string{*f.Password}
	}
	if len(f.Groups) > 0 {
		form.Set("groups", strings.Join(f.Groups, ","))
	}
	if f.Limits != "" {
		form.Set("limits", f.Limits)
	}
	setBool(form, "locked", f.Locked)
	setBool(form, "temporaryPassword", f.TemporaryPassword)
	return form, secrets
}

func setBool(form url.Values, name string, value *bool) {
	if value != nil {
		form.Set(name, strconv.FormatBool(*value))
	}
}

func userPath(domain, id string) []string {
	return []string{"settings", "rbac", "users", domain, id}
}

// GetUser returns a user: GET /settings/rbac/users/{domain}/{id}.
func (c *Client) GetUser(ctx context.Context, domain, id string) (User, error) {
	return c.getUser(ctx, nil, c.query(nil), domain, id)
}

// GetUserWithLimits is GetUser with the limits that 7.1 and 7.2 keep: GET
// /settings/rbac/users/{domain}/{id}?limits=true.
func (c *Client) GetUserWithLimits(ctx context.Context, domain, id string) (User, error) {
	return c.getUser(ctx, nil, c.query(parameters{"limits": "true"}), domain, id)
}

// getUser asks one node, or the one in use if origin is nil.
func (c *Client) getUser(ctx context.Context, origin *url.URL, query url.Values, domain, id string) (User, error) {
	if err := checkKey(domain, id); err != nil {
		return User{}, err
	}
	var user User
	err := c.read(ctx, &user, &transport.Request{Method: http.MethodGet, Path: userPath(domain, id), Query: query, Origin: origin})
	if err != nil {
		return User{}, err
	}
	if user.ID != id || user.Domain != domain {
		return User{}, fault.New(fault.Internal, "the server answered with another user than the one asked for")
	}
	return user, nil
}

// PutUser creates or replaces a user: PUT /settings/rbac/users/{domain}/{id}.
// It may be sent twice.
func (c *Client) PutUser(ctx context.Context, domain, id string, user UserForm) error {
	return c.putUser(ctx, transport.Idempotent, nil, domain, id, user)
}

// CreateUser is PutUser for a user that is not there, as far as anybody knows.
// It is never sent twice: somebody else may have made the user meanwhile.
func (c *Client) CreateUser(ctx context.Context, domain, id string, user UserForm) error {
	return c.putUser(ctx, transport.Once, nil, domain, id, user)
}

// ValidateUser checks what PutUser would do and stores nothing: PUT
// /settings/rbac/users/{domain}/{id}?just_validate=1.
func (c *Client) ValidateUser(ctx context.Context, domain, id string, user UserForm) error {
	return c.putUser(ctx, transport.Read, c.query(parameters{"just_validate": "1"}), domain, id, user)
}

func (c *Client) putUser(ctx context.Context, class transport.Class, query url.Values, domain, id string, user UserForm) error {
	if err := checkNew("Username", domain, id); err != nil {
		return err
	}
	for _, group := range user.Groups {
		if err := CheckName("Group name", group); err != nil {
			return err
		}
	}
	if err := checkRoles(user.Roles); err != nil {
		return err
	}
	form, secrets := user.values()
	_, err := c.write(ctx, &transport.Request{
		Method: http.MethodPut, Path: userPath(domain, id), Query: query, Body: []byte(form.Encode()), ContentType: formType,
		Class: class, Secrets: secrets,
	})
	return err
}

// UserPatch is a change of a local user; nil fields stay.
type UserPatch struct {
	// Password is the new password; it needs 7.1.
	Password *string
	// Locked keeps the user from logging in, or no longer; it needs 8.0.
	Locked *bool
}

// PatchUser changes a local user: PATCH /settings/rbac/users/local/{id}.
func (c *Client) PatchUser(ctx context.Context, id string, patch UserPatch) error {
	if err := checkKey(Local, id); err != nil {
		return err
	}
	form, secrets := url.Values{}, []string(nil)
	if patch.Password != nil {
		form.Set("password", *patch.Password)
		secrets = []string{*patch.Password}
	}
	setBool(form, "locked", patch.Locked)
	if len(form) == 0 {
		return fault.New(fault.InvalidArgument, "nothing is to be changed")
	}
	_, err := c.send(ctx, transport.Idempotent, http.MethodPatch, form, secrets, userPath(Local, id)...)
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Resent && strings.Contains(f.Fields["password"], "already been used") {
		return nil // by the attempt whose answer was lost
	}
	return err
}

// DeleteUser deletes a user: DELETE /settings/rbac/users/{domain}/{id}.
func (c *Client) DeleteUser(ctx context.Context, domain, id string) error {
	if err := checkKey(domain, id); err != nil {
		return err
	}
	return c.remove(ctx, userPath(domain, id)...)
}

// WaitVisible returns when every node that can be reached shows a user, or with
// an error when ctx ends: GET /settings/rbac/users/{domain}/{id} at each node.
// A node that is down serves nobody, and learns of the user before it does.
func (c *Client) WaitVisible(ctx context.Context, domain, id string) error {
	reached := false
	var last error
	for _, origin := range c.allNodes(ctx) {
		switch err := c.waitAt(ctx, origin, domain, id); {
		case err == nil:
			reached = true
		case fault.KindOf(err) == fault.Unavailable:
			last = err
		default:
			return err
		}
	}
	if reached {
		return nil
	}
	return last
}

// allNodes returns the addresses of all nodes, those given if the cluster
// does not tell.
func (c *Client) allNodes(ctx context.Context) []*url.URL {
	if from, err := c.nodes.Route(ctx); err == nil && c.nodes.discover != nil {
		c.nodes.update(ctx, from)
	}
	return c.nodes.bases()
}

func (c *Client) waitAt(ctx context.Context, origin *url.URL, domain, id string) error {
	pause := 20 * time.Millisecond
	for {
		_, err := c.getUser(ctx, origin, c.query(nil), domain, id)
		if err == nil || fault.KindOf(err) != fault.NotFound {
			return err
		}
		select {
		case <-time.After(pause):
			pause = min(2*pause, time.Second)
		case <-ctx.Done():
			f := fault.Ended(ctx, ctx.Err())
			f.Message = "not every node shows the user"
			return f
		}
	}
}

// UserQuery says which users to list.
type UserQuery struct {
	// Domain is [Local], [External] or, for both, empty.
	Domain string
	// Permission limits the list to users that hold it.
	Permission string
	// Page says how to page; the zero value does not.
	Page Page
}

// ListUsers returns users: GET /settings/rbac/users or
// /settings/rbac/users/{domain}. It is lazy and memory stays bounded.
func (c *Client) ListUsers(ctx context.Context, query UserQuery) iter.Seq2[User, error] {
	path := []string{"settings", "rbac", "users"}
	switch query.Domain {
	case "":
	case Local, External:
		path = append(path, query.Domain)
	default:
		return func(yield func(User, error) bool) {
			yield(User{}, fault.Invalid("Domain", "must be local, external or empty"))
		}
	}
	key := func(u User) string { return u.Domain + "/" + u.ID }
	return list(ctx, c, path, query.Permission, query.Page, key)
}
