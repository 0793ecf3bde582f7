// Package aistore is a client of the wire protocol of NVIDIA AIStore's AuthN
// service. It knows nothing of the root package.
package aistore

import (
	"context"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// Credential is what the client logs in with: either Username and Password,
// or a Token. It must not be formatted.
type Credential struct {
	// Username is who logs in with Password.
	Username string
	// Password is the password of Username.
	Password string
	// Token is a ready token, used as it is.
	Token string
}

// Config says how to reach a server.
type Config struct {
	// Transport is how requests are sent. Classify and Authenticator are set
	// by this package.
	Transport transport.Config
	// Credential yields what to log in with, anew at each login.
	Credential func(ctx context.Context) (Credential, error)
	// TokenTTL is how long tokens live: nil for the server's default, 0 for
	// its maximum, else at least [MinTokenTTL].
	TokenTTL *time.Duration
}

// Client speaks to one AuthN server. It is safe for concurrent use.
type Client struct {
	http       *transport.Client
	session    *transport.Session
	credential func(ctx context.Context) (Credential, error)
	ttl        *time.Duration
}

// New returns a client. It sends nothing.
func New(config Config) (*Client, error) {
	if err := checkTTL(config.TokenTTL); err != nil {
		return nil, err
	}
	c := &Client{credential: config.Credential, ttl: config.TokenTTL}
	c.session = transport.NewSession(c.logIn)
	config.Transport.Authenticator = c.session
	config.Transport.Classify = classify
	http, err := transport.New(config.Transport)
	if err != nil {
		return nil, err
	}
	c.http = http
	return c, nil
}

// Close drops idle connections. Tokens are not revoked: another process that
// logged in within the same second holds the same one.
func (c *Client) Close() { c.http.Close() }

// get reads a JSON value from a path.
func (c *Client) get(ctx context.Context, target any, path ...string) error {
	answer, err := c.http.Do(ctx, &transport.Request{Method: "GET", Path: path})
	if err != nil {
		return err
	}
	return transport.Decode(answer.Body, target)
}

// write sends a change, which AuthN answers without a body.
func (c *Client) write(ctx context.Context, r *transport.Request) error {
	_, err := c.http.Do(ctx, r)
	return err
}

// remove deletes what path names. That it is missing is success if an earlier
// attempt, whose answer was lost, may have deleted it.
func (c *Client) remove(ctx context.Context, path ...string) error {
	err := c.write(ctx, &transport.Request{Method: "DELETE", Path: path, Class: transport.Idempotent})
	if f, ok := err.(*fault.Error); ok && f.Kind == fault.NotFound && f.Resent { //nolint:errorlint // Do returns it bare
		return nil
	}
	return err
}
