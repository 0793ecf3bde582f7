package aistore

import (
	"context"
	"iter"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// User is a user. Its roles are copies that the server keeps up to date.
type User struct {
	// ID is the user's name.
	ID string `json:"id"`
	// Roles are the user's roles, in the order in which they were given.
	Roles []Role `json:"roles"`
}

// UserPatch is a change of a user. Nil fields leave things as they are. It
// prints as a mark.
type UserPatch struct {
	transport.Unprintable

	// Password replaces the password.
	Password *string
	// Roles replaces the whole list of roles; an empty list takes all away.
	Roles *[]Role
}

// newUserBody is what creates a user.
type newUserBody struct {
	ID       string `json:"id"`
	Password string `json:"pass"`
	Roles    []Role `json:"roles"`
}

// userBody is what changes a user.
type userBody struct {
	// ID is ignored in changes; the reference client sends it beside roles.
	ID       string `json:"id,omitzero"`
	Password string `json:"pass,omitzero"`
	// Roles are the roles, absent to leave them alone.
	Roles jsontext.Value `json:"roles,omitzero"`
}

// noRoles takes all roles away. An empty list would leave them alone.
var noRoles = jsontext.Value(`[{"name":""}]`)

// GetUser returns a user: GET /v1/users/{id}.
func (c *Client) GetUser(ctx context.Context, id string) (User, error) {
	if err := checkName("Name", id); err != nil {
		return User{}, err
	}
	var user User
	if err := c.get(ctx, &user, "v1", "users", id); err != nil {
		return User{}, err
	}
	if user.ID != id {
		return User{}, fault.New(fault.Internal, "the server answered with another user than the one asked for")
	}
	return user, nil
}

// ListUsers streams all users, administrators included, in no order: GET
// /v1/users.
func (c *Client) ListUsers(ctx context.Context) iter.Seq2[User, error] {
	return func(yield func(User, error) bool) {
		request := &transport.Request{Method: http.MethodGet, Path: []string{"v1", "users"}}
		for member, err := range transport.Members[User](ctx, c.http, request) {
			user := member.Value
			if user.ID == "" {
				user.ID = member.Name
			}
			if err == nil && user.ID != member.Name {
				err = fault.New(fault.Internal, "the server lists a user under another name than its own")
			}
			if err != nil {
				yield(User{}, err)
				return
			}
			if !yield(user, nil) {
				return
			}
		}
	}
}

// CheckNewUser tells whether a user could be created with that name and
// password, as far as that is known without the server.
func (c *Client) CheckNewUser(id, password string) error {
	if err := checkNewName("Name", id); err != nil {
		return err
	}
	return checkPassword("Credential", password)
}

// CreateUser creates a user: POST /v1/users. The server looks the roles up by
// name and drops those that it does not know without a word; older servers
// store them as they are sent, so they must be complete.
func (c *Client) CreateUser(ctx context.Context, id, password string, roles []Role) error {
	if err := c.CheckNewUser(id, password); err != nil {
		return err
	}
	if roles == nil {
		roles = []Role{} // as the reference client sends it
	}
	body, err := transport.Encode(newUserBody{ID: id, Password: password, Roles: roles})
	if err != nil {
		return err
	}
	return c.write(ctx, &transport.Request{
		Method: http.MethodPost, Path: []string{"v1", "users"}, Class: transport.Once, Body: body, Secrets: []string{password},
	})
}

// UpdateUser changes a user: PUT /v1/users/{id}. An empty patch sends nothing.
func (c *Client) UpdateUser(ctx context.Context, id string, patch UserPatch) error {
	if err := checkName("Name", id); err != nil {
		return err
	}
	if patch == (UserPatch{}) {
		return nil
	}
	var body userBody
	if patch.Password != nil {
		if err := checkPassword("Password", *patch.Password); err != nil {
			return err
		}
		body.Password = *patch.Password
	}
	if patch.Roles != nil {
		body.ID, body.Roles = id, noRoles
		if len(*patch.Roles) > 0 {
			list, err := transport.Encode(*patch.Roles)
			if err != nil {
				return err
			}
			body.Roles = list
		}
	}
	data, err := transport.Encode(body)
	if err != nil {
		return err
	}
	return c.write(ctx, &transport.Request{
		Method: http.MethodPut, Path: []string{"v1", "users", id}, Class: transport.Idempotent, Body: data, Secrets: []string{body.Password},
	})
}

// DeleteUser deletes a user: DELETE /v1/users/{id}.
func (c *Client) DeleteUser(ctx context.Context, id string) error {
	if err := checkName("Name", id); err != nil {
		return err
	}
	return c.remove(ctx, "v1", "users", id)
}
