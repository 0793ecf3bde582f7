// Package aistore is a client of the wire protocol of NVIDIA AIStore's AuthN
// service. Each method is one request, named in its comment. It knows nothing
// of the root package.
package aistore

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// patience bounds a request for which AuthN calls a cluster, if its context
// has no deadline: AuthN itself tries for some 80 seconds before it answers
// that the cluster cannot be reached.
const patience = 2 * time.Minute

// Credential is what the client logs in with: either Username and Password,
// or a Token, which goes first. It prints as a mark.
type Credential struct {
	transport.Unprintable

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
	// Credential yields what to log in with, anew at each login. Nil sends
	// requests without a token, which is enough to read roles, clusters and keys.
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
	patience   time.Duration
}

// New returns a client. It sends nothing.
func New(config Config) (*Client, error) {
	if err := checkTTL(config.TokenTTL); err != nil {
		return nil, err
	}
	c := &Client{credential: config.Credential, ttl: config.TokenTTL, patience: max(patience, config.Transport.Timeout)}
	c.session = transport.NewSession(c.logIn)
	config.Transport.Authenticator = nil
	if config.Credential != nil {
		config.Transport.Authenticator = c.session
	}
	config.Transport.Classify = classify
	client, err := transport.New(config.Transport)
	if err != nil {
		return nil, err
	}
	c.http = client
	return c, nil
}

// Close drops idle connections. Tokens are not revoked: another process that
// logged in within the same second holds the same one.
func (c *Client) Close() { c.http.Close() }

// get reads a JSON value from a path.
func (c *Client) get(ctx context.Context, target any, path ...string) error {
	return c.read(ctx, target, &transport.Request{Method: http.MethodGet, Path: path})
}

// read sends a request that is answered with a JSON value.
func (c *Client) read(ctx context.Context, target any, r *transport.Request) error {
	answer, err := c.http.Do(ctx, r)
	if err != nil {
		return err
	}
	return transport.Decode(answer.Body, target)
}

// write sends a change, which AuthN answers without a body.
func (c *Client) write(ctx context.Context, r *transport.Request) error {
	_, err := c.http.DoJSON(ctx, r)
	return err
}

// writePatiently sends a change for which AuthN calls a cluster.
func (c *Client) writePatiently(ctx context.Context, r *transport.Request) error {
	if _, bounded := ctx.Deadline(); bounded {
		return c.write(ctx, r)
	}
	limited, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	err := c.write(limited, r)
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Kind == fault.Canceled && ctx.Err() == nil {
		f.Kind, f.Message = fault.Unavailable, "the server took too long to answer"
	}
	return err
}

// remove deletes what path names. That it is missing is success if an earlier
// attempt, whose answer was lost, may have deleted it.
func (c *Client) remove(ctx context.Context, path ...string) error {
	return fault.Removed(c.write(ctx, &transport.Request{Method: http.MethodDelete, Path: path, Class: transport.Idempotent}))
}
