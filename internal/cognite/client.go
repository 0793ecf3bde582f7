// Package cognite is a client of the wire protocol of Cognite's Postgres
// Gateway and of what surrounds it: sessions, tables, groups, profiles and
// tokens. Each method is one request unless it says otherwise, named in its
// comment; P stands for /api/v1/projects/{project}. It knows nothing of the
// root package.
package cognite

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// apiSubversion is the version of the API that this package is written for.
const apiSubversion = "20230101"

// Config says how to reach a project.
type Config struct {
	// Transport is how requests are sent. Classify and Authenticator are set
	// by this package.
	Transport transport.Config
	// Project is the name of the project. Required.
	Project string
	// Credential yields what to log in with, anew at each login. Required.
	Credential func(ctx context.Context) (Credential, error)
	// SDK is what the server is told about this library: a name, a colon, a version.
	SDK string
	// ClientName is what the server is told about the program that uses the
	// library. Required; see [CheckClientName].
	ClientName string
	// Cause makes the cause of failures in which the server names items. Nil
	// makes it the [*Detail] itself.
	Cause func(detail *Detail) error
}

// Client speaks to one project. It is safe for concurrent use.
type Client struct {
	http       *transport.Client
	session    *transport.Session
	credential func(ctx context.Context) (Credential, error)
	cause      func(detail *Detail) error
	project    string
	header     http.Header // of every request

	allowPlainHTTP bool
}

// New returns a client. It sends nothing.
func New(config Config) (*Client, error) {
	if err := checkSegment("Project", config.Project); err != nil {
		return nil, err
	}
	if err := CheckClientName(config.ClientName); err != nil {
		return nil, err
	}
	if config.Credential == nil {
		return nil, fault.New(fault.InvalidArgument, "the client needs credentials")
	}
	c := &Client{
		credential: config.Credential, cause: config.Cause, project: config.Project,
		allowPlainHTTP: config.Transport.AllowPlainHTTP,
	}
	if c.cause == nil {
		c.cause = func(detail *Detail) error { return detail }
	}
	c.header = http.Header{
		"Cdf-Version":  {apiSubversion},
		"Content-Type": {"application/json"}, // as the reference client sends it, also without a body
		"X-Cdp-App":    {latin1(config.ClientName)},
		"X-Cdp-Sdk":    {config.SDK},
	}
	c.session = transport.NewSession(c.logIn)
	config.Transport.Authenticator = c.session
	config.Transport.Classify = c.classify
	client, err := transport.New(config.Transport)
	if err != nil {
		return nil, err
	}
	c.http = client
	return c, nil
}

// Close drops idle connections.
func (c *Client) Close() { c.http.Close() }

// Project returns the name of the project.
func (c *Client) Project() string { return c.project }

// CheckClientName tells whether the server can be told that name: it must not
// be empty, and goes into a header as Latin-1.
func CheckClientName(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return fault.Invalid("ClientName", "must not be empty")
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 || r > 0xff }):
		return fault.Invalid("ClientName", "must hold printable characters of Latin-1 only")
	}
	return nil
}

// latin1 returns text, of which each character is one of Latin-1, in that encoding.
func latin1(text string) string {
	encoded := make([]byte, 0, len(text))
	for _, r := range text {
		encoded = append(encoded, byte(r)) //nolint:gosec // it fits
	}
	return string(encoded)
}

// A call is a request beneath the project.
type call struct {
	method  string
	path    []string // beneath the project
	query   url.Values
	body    any // to be sent as JSON, nil for none
	class   transport.Class
	secrets []string
}

// send carries out a call.
func (c *Client) send(ctx context.Context, r call) (*transport.Response, error) {
	request := &transport.Request{
		Method: r.method, Path: append([]string{"api", "v1", "projects", c.project}, r.path...), Query: r.query,
		Header: c.header, Class: r.class, Secrets: r.secrets,
	}
	if r.body != nil {
		body, err := transport.Encode(r.body)
		if err != nil {
			return nil, err
		}
		request.Body = body
	}
	return c.http.DoJSON(ctx, request)
}

// done carries out a call that is answered with nothing of interest.
func (c *Client) done(ctx context.Context, r call) error {
	_, err := c.send(ctx, r)
	return err
}

// itemList is the form in which most lists go over the wire.
type itemList[T any] struct {
	Items []T `json:"items"`
}

// newItems returns the body of a request about items.
func newItems[T any](items ...T) itemList[T] { return itemList[T]{items} }

// An answer is what a call was answered with.
type answer[T any] struct {
	items    []T
	class    transport.Class
	response *transport.Response
}

// items carries out a call that is answered with a list.
func items[T any](ctx context.Context, c *Client, r call) (answer[T], error) {
	response, err := c.send(ctx, r)
	if err != nil {
		return answer[T]{}, err
	}
	var list itemList[T]
	if transport.Decode(response.Body, &list) != nil || list.Items == nil {
		return answer[T]{}, broken(r.class, response)
	}
	return answer[T]{list.Items, r.class, response}, nil
}

// broken is the failure of a call whose answer holds what it must not.
func (a answer[T]) broken() *fault.Error { return broken(a.class, a.response) }

// one carries out a call that is answered with a list of one. If that is not
// good it is returned beside the error.
func one[T any](ctx context.Context, c *Client, r call, good func(T) bool) (T, error) {
	var zero T
	found, err := items[T](ctx, c, r)
	switch {
	case err != nil:
		return zero, err
	case len(found.items) != 1:
		return zero, found.broken()
	case !good(found.items[0]):
		return found.items[0], found.broken()
	default:
		return found.items[0], nil
	}
}

// broken is the failure of a call whose answer is not of the protocol. If it
// was a write it was carried out, for all that is known.
func broken(class transport.Class, response *transport.Response) *fault.Error {
	f := fault.New(fault.Internal, "the answer is not what the protocol promises")
	f.Ambiguous, f.RequestID = class != transport.Read, response.RequestID()
	return f
}
