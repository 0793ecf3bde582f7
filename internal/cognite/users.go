package cognite

import (
	"context"
	"errors"
	"iter"
	"net/http"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// MaxUsersPerGet is how many users one GetUsers may ask for.
const MaxUsersPerGet = 10

// User is a login on the gateway, as POST P/postgresgateway/byids shows it.
type User struct {
	// Username is the name, made by the server.
	Username string `json:"username"`
	// CreatedTime is when the user was created.
	CreatedTime Millis `json:"createdTime"`
	// LastUpdatedTime is when the user was last changed.
	LastUpdatedTime Millis `json:"lastUpdatedTime"`
	// SessionID is the session with whose rights the user acts, 0 if none.
	SessionID int64 `json:"sessionId,omitzero"`
}

// CreatedUser is the answer of POST P/postgresgateway. It prints as a mark.
type CreatedUser struct {
	transport.Unprintable

	// User is the user.
	User User
	// Host is where the user logs in.
	Host string
	// Password is what the user logs in with. No call shows it again.
	Password string
}

// createdUser is a created user as it goes over the wire.
type createdUser struct {
	User

	Host     string `json:"host"`
	Password string `json:"password"`
}

// nonceBody binds a session to a user.
type nonceBody struct {
	Nonce string `json:"nonce"`
}

// newUser is one item of a create.
type newUser struct {
	Credentials nonceBody `json:"credentials"`
}

// userUpdate is one item of an update.
type userUpdate struct {
	Username string `json:"username"`
	Update   struct {
		Credentials setNonce `json:"credentials"`
	} `json:"update"`
}

// setNonce sets credentials, or clears them.
type setNonce struct {
	Set     *nonceBody `json:"set,omitzero"`
	SetNull bool       `json:"setNull,omitzero"`
}

// userName names a user in a request.
type userName struct {
	Username string `json:"username"`
}

// namedItems is a request about things named by T.
type namedItems[T any] struct {
	Items         []T  `json:"items"`
	IgnoreUnknown bool `json:"ignoreUnknownIds"`
}

// CreateUser creates a user that acts with the rights of the session that
// nonce binds: POST P/postgresgateway. Each call makes another user, so it is
// never sent twice. If the answer holds a user without its password, or a
// password without its user, it is returned beside an error that is ambiguous.
func (c *Client) CreateUser(ctx context.Context, nonce string) (CreatedUser, error) {
	if err := checkSecret("Nonce", nonce); err != nil {
		return CreatedUser{}, err
	}
	made, err := one(ctx, c, call{
		method: http.MethodPost, path: []string{"postgresgateway"}, body: newItems(newUser{nonceBody{nonce}}),
		class: transport.Once, secrets: []string{nonce},
	}, func(u createdUser) bool { return u.Username != "" && u.Password != "" })
	return CreatedUser{User: made.User, Host: made.Host, Password: made.Password}, err
}

// UpdateUser binds the session of another nonce to a user: POST
// P/postgresgateway/update. Name, password and host stay. The nonce may be
// spent after a failure, so it is never sent twice.
func (c *Client) UpdateUser(ctx context.Context, name, nonce string) (User, error) {
	if err := checkSecret("Nonce", nonce); err != nil {
		return User{}, err
	}
	return c.setNonce(ctx, name, setNonce{Set: &nonceBody{nonce}}, nonce)
}

// ClearCredentials takes the session of a user away: POST
// P/postgresgateway/update with setNull.
func (c *Client) ClearCredentials(ctx context.Context, name string) (User, error) {
	return c.setNonce(ctx, name, setNonce{SetNull: true})
}

func (c *Client) setNonce(ctx context.Context, name string, change setNonce, secrets ...string) (User, error) {
	if err := checkName("Name", name); err != nil {
		return User{}, err
	}
	update := userUpdate{Username: name}
	update.Update.Credentials = change
	user, err := one(ctx, c, call{
		method: http.MethodPost, path: []string{"postgresgateway", "update"}, body: newItems(update),
		class: transport.Once, secrets: secrets,
	}, func(u User) bool { return u.Username == name })
	if err != nil {
		return User{}, err
	}
	return user, nil
}

// DeleteUser deletes a user: POST P/postgresgateway/delete. Its session lives
// on. That the user is missing is success if ignoreUnknown is set. Without that
// it is not sent again after an answer that was lost, unless the server vouches
// for a repetition: one could not tell a user that was deleted from one that
// never was.
func (c *Client) DeleteUser(ctx context.Context, name string, ignoreUnknown bool) error {
	if err := checkName("Name", name); err != nil {
		return err
	}
	class := transport.Once
	if ignoreUnknown {
		class = transport.Idempotent
	}
	err := c.done(ctx, call{
		method: http.MethodPost, path: []string{"postgresgateway", "delete"},
		body: namedItems[userName]{[]userName{{name}}, ignoreUnknown}, class: class,
	})
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Kind == fault.NotFound && (f.Resent || ignoreUnknown) {
		return nil
	}
	return err
}

// GetUsers returns the users of the names, no more than [MaxUsersPerGet], in
// the order of the names: POST P/postgresgateway/byids. Without names nothing
// is sent. A name that is not there is NotFound, or left out if ignoreUnknown
// is set.
func (c *Client) GetUsers(ctx context.Context, names []string, ignoreUnknown bool) ([]User, error) {
	if err := checkNames("Names", names, MaxUsersPerGet); err != nil || len(names) == 0 {
		return nil, err
	}
	body := namedItems[userName]{make([]userName, len(names)), ignoreUnknown}
	for i, name := range names {
		body.Items[i].Username = name
	}
	users, err := items[User](ctx, c, call{method: http.MethodPost, path: []string{"postgresgateway", "byids"}, body: body})
	if err != nil {
		return nil, err
	}
	return inOrder(c, names, users, "username", ignoreUnknown, func(u User) string { return u.Username })
}

// inOrder returns what the server answered in the order in which it was asked
// for. A server that answers with something else is not believed.
func inOrder[T any](c *Client, names []string, found answer[T], member string, ignoreUnknown bool, nameOf func(T) string) ([]T, error) {
	byName := make(map[string]T, len(found.items))
	for _, item := range found.items {
		byName[nameOf(item)] = item
	}
	ordered := make([]T, 0, len(names))
	detail := &Detail{}
	for _, name := range names {
		if item, ok := byName[name]; ok {
			ordered = append(ordered, item)
		} else {
			detail.Missing = append(detail.Missing, Item{member: name})
		}
	}
	switch {
	case len(ordered) != len(found.items):
		f := found.broken()
		f.Message = "the server answered with something else than what was asked for"
		return nil, f
	case len(detail.Missing) > 0 && !ignoreUnknown:
		return nil, &fault.Error{
			Kind: fault.NotFound, Message: "the server left out what it did not find",
			RequestID: found.response.RequestID(), Err: c.cause(detail),
		}
	default:
		return ordered, nil
	}
}

// GetUser returns one user: POST P/postgresgateway/byids. If there is none, it
// is NotFound, also where the server answers with an empty list.
func (c *Client) GetUser(ctx context.Context, name string) (User, error) {
	if err := checkName("Name", name); err != nil {
		return User{}, err
	}
	users, err := c.GetUsers(ctx, []string{name}, false)
	if err != nil {
		return User{}, err
	}
	return users[0], nil
}

// ListUsers streams the users, limit of them at most, all if it is 0: GET
// P/postgresgateway. There is no snapshot: what is created or deleted
// meanwhile may be missed or seen.
func (c *Client) ListUsers(ctx context.Context, limit int) iter.Seq2[User, error] {
	return list(ctx, c, []string{"postgresgateway"}, nil, limit, func(u User) bool { return u.Username != "" })
}

// FindUserBySession returns the user that acts with a session, by listing all:
// GET P/postgresgateway. It is NotFound if there is none.
func (c *Client) FindUserBySession(ctx context.Context, id int64) (User, error) {
	if err := checkIDs("ID", []int64{id}, 1); err != nil {
		return User{}, err
	}
	for user, err := range c.ListUsers(ctx, 0) {
		if err != nil || user.SessionID == id {
			return user, err
		}
	}
	return User{}, fault.New(fault.NotFound, "no user acts with this session")
}
