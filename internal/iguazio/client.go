// Package iguazio is a client of the management API of an Iguazio system,
// version 3, which is a dialect of JSON:API. Each method is one request, named
// in its comment, unless the comment tells a sequence. It knows nothing of the
// root package.
package iguazio

import (
	"context"
	"net/http"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// Credential is what the client logs in with: either an AccessKey, to which
// Username may be added, or Username and Password. It prints as a mark.
type Credential struct {
	transport.Unprintable

	// Username is who logs in; on a system of several tenants it may have the
	// form name@tenant. Beside an access key it may be empty.
	Username string
	// Password is the password of Username.
	Password string
	// AccessKey is an access key of the control plane, used as it is.
	AccessKey string
}

// Config says how to reach a system.
type Config struct {
	// Transport is how requests are sent. Classify and Authenticator are set
	// by this package.
	Transport transport.Config
	// Credential yields what to log in with, anew at each login. Required.
	Credential func(ctx context.Context) (Credential, error)
	// ClientName is the name by which the client presents itself to the system
	// where it writes projects. Required.
	ClientName string
	// Wait bounds how long the client waits for one job, or for one user to
	// become operational; 0 is [DefaultWait].
	Wait time.Duration
	// Pause waits between two looks at something that is not ready; nil waits
	// for as long as it is told, or until the context ends.
	Pause func(ctx context.Context, d time.Duration) error
}

// Client speaks to one system. It is safe for concurrent use.
type Client struct {
	http       *transport.Client
	session    *transport.Session
	credential func(ctx context.Context) (Credential, error)
	clientName string
	wait       time.Duration
	pause      func(ctx context.Context, d time.Duration) error
}

// New returns a client. It sends nothing.
func New(config Config) (*Client, error) {
	if config.Credential == nil || config.ClientName == "" || config.Wait < 0 {
		return nil, fault.New(fault.InvalidArgument, "the client needs credentials and a name, and its patience may not be negative")
	}
	c := &Client{credential: config.Credential, clientName: config.ClientName, wait: config.Wait, pause: config.Pause}
	if c.wait == 0 {
		c.wait = DefaultWait
	}
	if c.pause == nil {
		c.pause = pause
	}
	c.session = transport.NewSession(c.logIn)
	config.Transport.Authenticator = c.session
	config.Transport.Classify = classify
	client, err := transport.New(config.Transport)
	if err != nil {
		return nil, err
	}
	c.http = client
	return c, nil
}

// Close drops idle connections. Sessions are left to expire: nothing public
// tells how one is ended, and an access key must outlive its user.
func (c *Client) Close() { c.http.Close() }

// jsonHeader goes with every request, also with those that have no body.
var jsonHeader = http.Header{"Content-Type": {"application/json"}}

// exchange sends r and returns the answer, whose body is nil or JSON.
func (c *Client) exchange(ctx context.Context, r *transport.Request) (*transport.Response, error) {
	if r.Header == nil {
		r.Header = jsonHeader
	}
	return c.http.DoJSON(ctx, r)
}

// badAnswer is the failure of an answer of status 2xx that makes no sense.
func badAnswer(r *transport.Request) *fault.Error {
	f := fault.New(fault.Internal, "the answer is not what the protocol promises")
	f.Ambiguous = r.Class != transport.Read
	return f
}

// one sends r and returns the resource that it is answered with.
func (c *Client) one(ctx context.Context, r *transport.Request) (single, error) {
	answer, err := c.exchange(ctx, r)
	if err != nil {
		return single{}, err
	}
	var document single
	if transport.Decode(answer.Body, &document) != nil || document.Data.ID == "" {
		return single{}, badAnswer(r)
	}
	document.included = index(document.Included)
	return document, nil
}

// get reads a resource. include names the relationships to show.
func (c *Client) get(ctx context.Context, include []string, path ...string) (single, error) {
	query, err := includeQuery(include)
	if err != nil {
		return single{}, err
	}
	return c.one(ctx, &transport.Request{Method: http.MethodGet, Path: path, Query: query})
}

// write sends a change whose answer is of no use: the body of the answer to a
// PUT is not the resource as it is then.
func (c *Client) write(ctx context.Context, r *transport.Request) error {
	_, err := c.exchange(ctx, r)
	return err
}

// remove deletes what r names and returns the ID of the job that goes on with
// it, empty if it is done. That it is missing is success if an earlier
// attempt, whose answer was lost, may have deleted it.
func (c *Client) remove(ctx context.Context, r *transport.Request) (jobID string, err error) {
	r.Method, r.Class = http.MethodDelete, transport.Idempotent
	answer, err := c.exchange(ctx, r)
	if err != nil || len(answer.Body) == 0 {
		return "", fault.Removed(err)
	}
	var document single
	if transport.Decode(answer.Body, &document) != nil {
		return "", badAnswer(r)
	}
	return document.Data.job(), nil
}
