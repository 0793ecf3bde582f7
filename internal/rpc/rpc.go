// Package rpc calls methods over one WebSocket, in the JSON dialect that Juju
// speaks: requests name a facade, its version and a method, answers come in
// any order. It dials when it has to, shares one login among all callers,
// finds broken connections out and repeats what may be repeated. What an
// answer means is the business of the protocol package above it.
package rpc

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/time/rate"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// Defaults of a [Config].
const (
	// DefaultTimeout bounds a call whose context has no deadline, and a dial
	// with its handshake in any case.
	DefaultTimeout = time.Minute
	// DefaultMaxMessage is the largest message that is read.
	DefaultMaxMessage = 64 << 20
	// DefaultPingEvery is the pause between two pings.
	DefaultPingEvery = 45 * time.Second
	// DefaultPingTimeout is how long a ping may take before the connection
	// counts as broken.
	DefaultPingTimeout = 30 * time.Second
	// DefaultStagger is the head start of one address over the next.
	DefaultStagger = 250 * time.Millisecond
)

// Config says how to reach a server. Addresses, Handshake and Classify are
// required. S is what a handshake learns about the server.
type Config[S any] struct {
	// Addresses are the URLs of the WebSocket on each of the server's
	// machines: wss, or ws to this machine. The one that answered last is
	// tried first.
	Addresses []string
	// Header is sent with the request that opens the WebSocket.
	Header http.Header
	// HTTPClient opens the WebSocket; nil makes a client of its own, without
	// a proxy. It is neither changed nor closed.
	HTTPClient *http.Client
	// TLS configures the own client; it cannot be combined with HTTPClient.
	TLS *tls.Config
	// AllowPlain permits ws to a host that is not loopback.
	AllowPlain bool
	// Handshake logs in on a new connection. A failure of it fails the calls
	// that wait for the connection. [ErrRedial] makes another connection.
	Handshake func(ctx context.Context, c *Conn) (S, error)
	// Ping makes sure that the server still answers. Nil never asks.
	Ping func(ctx context.Context, c *Conn, session S) error
	// Classify turns the failure that a server answered with into ours.
	Classify func(r *Request, f Failure) *fault.Error
	// Timeout bounds a call, with all its attempts, whose context has no
	// deadline. 0 is DefaultTimeout.
	Timeout time.Duration
	// MaxMessage bounds the bytes of one message. 0 is DefaultMaxMessage.
	MaxMessage int64
	// PingEvery is the pause between pings. 0 is DefaultPingEvery.
	PingEvery time.Duration
	// PingTimeout bounds a ping. 0 is DefaultPingTimeout.
	PingTimeout time.Duration
	// Stagger is the head start of one address over the next. 0 is DefaultStagger.
	Stagger time.Duration
	// Retry tunes when what failed is tried again.
	Retry transport.Retry
	// Limiter delays requests to keep a rate; nil does not.
	Limiter *rate.Limiter
	// Logger gets a debug record of each attempt and a warning of each retry.
	// Nil logs nothing.
	Logger *slog.Logger
}

// Request is one call of a method.
type Request struct {
	// Facade is the group of methods, such as "UserManager".
	Facade string
	// Version is the version of the facade.
	Version int
	// Method is the method's name.
	Method string
	// Params are the parameters, a JSON value; nil sends an empty object.
	Params jsontext.Value
	// Class says whether the request may be sent again.
	Class transport.Class
	// Secrets are the secrets in the request, so that they can be removed
	// from what the server says about it.
	Secrets []string
}

// Failure is what a server answers with to a request that failed as a whole.
type Failure struct {
	// Message is the server's message, never empty.
	Message string
	// Code is the server's code, often empty.
	Code string
	// Info holds details, a JSON value; nil if there are none.
	Info jsontext.Value
}

// Call is a call as [Client.Do] carries it out.
type Call[S any] struct {
	// Request builds the request for the session on which it is sent. It is
	// called again if the request has to be sent on another session. Its
	// failure ends the call before anything is sent.
	Request func(session S) (*Request, error)
	// Read reads the answer; nil ignores it. Its failure is judged like one
	// that the server answered with as a whole.
	Read func(session S, answer jsontext.Value) error
}

// Client calls methods of one server. It is safe for concurrent use.
type Client[S any] struct {
	config Config[S]
	dialer *dialer
	ctx    context.Context //nolint:containedctx // ends with Close, what no call's context does
	cancel context.CancelFunc
	work   sync.WaitGroup // all goroutines

	mu     sync.Mutex
	live   *link[S]   // in use for new calls, nil if there is none
	flight *flight[S] // makes the next one
	closed bool
}

// link is a connection with what its handshake learned.
type link[S any] struct {
	conn    *Conn
	session S
}

// New checks config and returns a client. It sends nothing: the first call
// dials.
func New[S any](config Config[S]) (*Client[S], error) {
	if config.Handshake == nil || config.Classify == nil {
		return nil, fault.New(fault.InvalidArgument, "the client needs a handshake and a classifier")
	}
	if config.HTTPClient != nil && config.TLS != nil {
		return nil, fault.New(fault.InvalidArgument, "TLS settings cannot be combined with an HTTP client, which has its own")
	}
	if config.Timeout < 0 || config.MaxMessage < 0 || config.PingEvery < 0 || config.PingTimeout < 0 || config.Stagger < 0 ||
		config.Retry.MaxAttempts < 0 || config.Retry.MinWait < 0 || config.Retry.MaxWait < 0 {
		return nil, fault.New(fault.InvalidArgument, "no setting may be negative")
	}
	addresses, err := checkAddresses(config.Addresses, config.AllowPlain)
	if err != nil {
		return nil, err
	}
	setDefault(&config.Timeout, DefaultTimeout)
	setDefault(&config.MaxMessage, DefaultMaxMessage)
	setDefault(&config.PingEvery, DefaultPingEvery)
	setDefault(&config.PingTimeout, DefaultPingTimeout)
	setDefault(&config.Stagger, DefaultStagger)
	setDefault(&config.Retry.MaxAttempts, 4)
	setDefault(&config.Retry.MinWait, 200*time.Millisecond)
	setDefault(&config.Retry.MaxWait, 15*time.Second)
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Client[S]{config: config}
	c.ctx, c.cancel = context.WithCancel(context.Background()) //nolint:gosec // Close calls it
	c.dialer = newDialer(addresses, config.Header, config.HTTPClient, config.TLS, config.Stagger)
	return c, nil
}

func setDefault[T comparable](setting *T, value T) {
	var zero T
	if *setting == zero {
		*setting = value
	}
}

// Close ends the connection and all calls under way, and waits for what runs
// in the background. Calls after it fail as closed.
func (c *Client[S]) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel()
	c.work.Wait()
}

// Current returns the session of the connection in use, if there is one.
func (c *Client[S]) Current() (session S, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.live == nil || c.live.conn.broken() {
		return session, false
	}
	return c.live.session, true
}

// Session returns the session of the connection in use, and makes a
// connection if there is none.
func (c *Client[S]) Session(ctx context.Context) (S, error) {
	l, err := c.connection(ctx, c.until(ctx))
	if err != nil {
		var none S
		return none, err
	}
	return l.session, nil
}

func errClosed() *fault.Error { return fault.New(fault.Closed, "the client is closed") }

// checkAddresses returns the parsed addresses.
func checkAddresses(texts []string, allowPlain bool) ([]*url.URL, error) {
	if len(texts) == 0 {
		return nil, fault.Invalid("address", "must not be empty")
	}
	addresses := make([]*url.URL, 0, len(texts))
	for _, text := range texts {
		address, err := checkAddress(text, allowPlain)
		if err != nil {
			return nil, err
		}
		addresses = append(addresses, address)
	}
	return addresses, nil
}
