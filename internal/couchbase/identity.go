package couchbase

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// Identity is who a request is made by.
type Identity struct {
	// ID is the user's name.
	ID string
	// Domain is [Local], [External], or "admin" for the built-in administrator.
	Domain string
	// Name is the display name.
	Name string
	// Roles are all roles of the user.
	Roles []Role
	// PasswordChanged is as in [User].
	PasswordChanged time.Time
}

// WhoAmI returns who the client's requests are made by: GET /whoami.
func (c *Client) WhoAmI(ctx context.Context) (Identity, error) {
	var o userObject
	if err := c.get(ctx, &o, "whoami"); err != nil {
		return Identity{}, err
	}
	if o.Domain == "anonymous" || o.ID == "" {
		return Identity{}, fault.New(fault.Unauthenticated, "the server takes the request to be anonymous")
	}
	me := Identity{ID: o.ID, Domain: o.Domain, PasswordChanged: time.Time(o.PasswordChanged)}
	if o.Name != nil {
		me.Name = *o.Name
	}
	for _, r := range o.Roles {
		me.Roles = append(me.Roles, r.role())
	}
	return me, nil
}

// CheckPermissions tells which permissions the client has: POST
// /pools/default/checkPermissions.
func (c *Client) CheckPermissions(ctx context.Context, permissions ...string) (map[string]bool, error) {
	if len(permissions) == 0 {
		return nil, fault.Invalid("permissions", "must not be empty")
	}
	for _, permission := range permissions {
		if permission == "" || strings.Contains(permission, ",") || strings.ContainsFunc(permission, isSpaceOrControl) {
			return nil, fault.Invalid("permissions", "must not be empty or hold commas and blanks")
		}
	}
	var held map[string]bool
	err := c.read(ctx, &held, &transport.Request{
		Method: http.MethodPost, Path: []string{"pools", "default", "checkPermissions"}, Query: c.query(nil),
		Body: []byte(strings.Join(permissions, ",")), ContentType: "text/plain", Class: transport.Read,
	})
	return held, err
}

// ChangePassword changes the password of the client's own user: POST
// /controller/changePassword. It is never sent twice: after the first, the
// client's credentials are void.
func (c *Client) ChangePassword(ctx context.Context, password string) error {
	if password == "" {
		return fault.Invalid("Password", "must not be empty")
	}
	_, err := c.send(ctx, transport.Once, http.MethodPost, url.Values{"password": {password}}, []string{password}, "controller", "changePassword")
	return err
}
