// Package juju is a client of the wire protocol of Juju controllers and of
// JAAS, as far as it concerns users and what they may do. Each method is one
// call, named in its comment as Facade.Method. It knows nothing of the root
// package.
package juju

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/time/rate"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/rpc"
	"github.com/usermgmt/usermgmt/internal/transport"
)

const (
	// DefaultClientVersion is the version that the client says it has at its
	// first login. 2.9 and 3.x serve only clients of their own major version.
	DefaultClientVersion = "3.6.0"
	// ServerName is what controllers call themselves in the certificates that
	// their own authority signs.
	ServerName = "juju-apiserver"
)

// Credential is what the client logs in with: one of a user name with a
// password, macaroons, a session token, and a client ID with its secret. The
// last two are for JAAS. It prints as a mark.
type Credential struct {
	transport.Unprintable

	// Username is who logs in with Password. Beside Macaroons it may be empty.
	Username string
	// Password is the password of Username.
	Password string
	// Macaroons is a list of lists, each of which holds a macaroon with its
	// discharges, as JSON.
	Macaroons jsontext.Value
	// SessionToken is a token of JAAS.
	SessionToken string
	// ClientID is the ID of a service account of JAAS.
	ClientID string
	// ClientSecret is the secret of ClientID.
	ClientSecret string
}

// Config says how to reach a controller. Addresses and Credential are required.
type Config struct {
	// Addresses are the URLs of the controller's machines, such as
	// wss://10.0.0.1:17070/api.
	Addresses []string
	// Credential yields what to log in with, anew at each login.
	Credential func(ctx context.Context) (Credential, error)
	// CA is the certificate of the controller's own authority, as PEM. With it
	// the controller must call itself [ServerName]. Empty trusts the system's
	// authorities, or those of TLS.
	CA string
	// ClientVersion is the version to begin with; empty is DefaultClientVersion.
	ClientVersion string
	// Cause replaces the cause of a login that failed, which is one of the
	// error types of this package; nil leaves it.
	Cause func(error) error

	// HTTPClient opens the WebSocket; see [rpc.Config].
	HTTPClient *http.Client
	// TLS configures connections; see [rpc.Config].
	TLS *tls.Config
	// AllowPlain permits ws to a host that is not loopback.
	AllowPlain bool
	// UserAgent is sent as User-Agent.
	UserAgent string
	// Timeout bounds a call whose context has no deadline.
	Timeout time.Duration
	// Retry tunes when what failed is tried again.
	Retry transport.Retry
	// Limiter delays requests to keep a rate; nil does not.
	Limiter *rate.Limiter
	// Logger gets records of attempts; nil logs nothing.
	Logger *slog.Logger
}

// Client speaks to one controller. It is safe for concurrent use.
type Client struct {
	rpc        *rpc.Client[*Session]
	credential func(ctx context.Context) (Credential, error)
	cause      func(error) error
	version    atomic.Pointer[string] // what to say at the next login
}

// New returns a client. It sends nothing.
func New(config Config) (*Client, error) {
	if config.Credential == nil {
		return nil, fault.New(fault.InvalidArgument, "the client needs a credential")
	}
	secure, err := tlsConfig(config)
	if err != nil {
		return nil, err
	}
	c := &Client{credential: config.Credential, cause: config.Cause}
	version := config.ClientVersion
	if version == "" {
		version = DefaultClientVersion
	}
	c.version.Store(&version)
	header := http.Header{}
	if config.UserAgent != "" {
		header.Set("User-Agent", config.UserAgent)
	}
	c.rpc, err = rpc.New(rpc.Config[*Session]{
		Addresses: config.Addresses, Header: header, HTTPClient: config.HTTPClient, TLS: secure, AllowPlain: config.AllowPlain,
		Handshake: c.logIn, Ping: ping, Classify: classify,
		Timeout: config.Timeout, Retry: config.Retry, Limiter: config.Limiter, Logger: config.Logger,
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// tlsConfig returns the TLS settings with the controller's own authority.
func tlsConfig(config Config) (*tls.Config, error) {
	if config.CA == "" {
		return config.TLS, nil
	}
	if config.HTTPClient != nil {
		return nil, fault.Invalid("CA", "cannot be combined with an HTTP client, which has its own authorities")
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(config.CA)) {
		return nil, fault.Invalid("CA", "holds no certificate in PEM form")
	}
	secure := &tls.Config{MinVersion: tls.VersionTLS12}
	if config.TLS != nil {
		secure = config.TLS.Clone()
	}
	secure.RootCAs, secure.ServerName = pool, ServerName
	return secure, nil
}

// Close ends the connection and all calls.
func (c *Client) Close() { c.rpc.Close() }

// Session returns what the login told, and logs in if need be.
func (c *Client) Session(ctx context.Context) (*Session, error) { return c.rpc.Session(ctx) }

// Current returns what the last login told, nil if there is no connection.
func (c *Client) Current() *Session {
	s, _ := c.rpc.Current()
	return s
}

// Ping makes sure that the controller answers: Pinger.Ping.
func (c *Client) Ping(ctx context.Context) error {
	return send(ctx, c, request{facade: "Pinger", method: "Ping"}, func(*Session, jsontext.Value) error { return nil })
}

// ping keeps a connection alive. That the controller answers is enough, also
// if it says that it has no such call.
func ping(ctx context.Context, conn *rpc.Conn, s *Session) error {
	version := max(1, s.facades["Pinger"])
	_, err := conn.Call(ctx, &rpc.Request{Facade: "Pinger", Version: version, Method: "Ping"})
	if f, ok := asFault(err); ok && f.FromServer {
		return nil
	}
	return err
}
