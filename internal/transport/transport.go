// Package transport sends requests to one HTTP server: it authenticates,
// retries by class, limits what it reads and keeps the connections warm. What
// a status or a body means is the business of the protocol packages above it.
package transport

import (
	"crypto/tls"
	"log/slog"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// Defaults of a [Config].
const (
	// DefaultTimeout bounds an exchange whose context has no deadline.
	DefaultTimeout = time.Minute
	// DefaultMaxBody is the largest answer that is read into memory.
	DefaultMaxBody = 16 << 20
)

// Config says how to reach a server. Only Classify, and either BaseURL or
// Router, are required.
type Config struct {
	// BaseURL is the origin, with an optional path prefix. Every request goes
	// there and nowhere else.
	BaseURL *url.URL
	// Router takes the place of BaseURL for a server of several nodes.
	Router Router
	// Classify turns an answer outside 2xx into a failure.
	Classify Classifier
	// Codes are the codes that Classify itself gives to failures. They are never
	// taken for a secret, as somebody's password could make one look.
	Codes []string
	// Authenticator puts credentials on requests; nil sends none.
	Authenticator Authenticator
	// HTTPClient is the caller's client, of which Transport and Timeout (of one
	// attempt) are used: it is neither changed nor closed. Nil makes a client
	// with a connection pool of its own.
	HTTPClient *http.Client
	// TLS configures the own pool; it cannot be combined with HTTPClient.
	TLS *tls.Config
	// Retry tunes when failed requests are sent again.
	Retry Retry
	// Limiter delays requests to keep a rate; nil does not.
	Limiter *rate.Limiter
	// Timeout bounds an exchange, with all its attempts, whose context has no
	// deadline, and the silence of a stream. 0 is DefaultTimeout.
	Timeout time.Duration
	// MaxBody bounds the bytes of one answer that is read whole. 0 is DefaultMaxBody.
	MaxBody int64
	// UserAgent is sent as User-Agent.
	UserAgent string
	// AllowPlainHTTP permits http to a host that is not loopback.
	AllowPlainHTTP bool
	// Logger gets a debug record of each attempt and a warning of each retry.
	// Nil logs nothing.
	Logger *slog.Logger
}

// A Classifier turns an answer outside 2xx into a failure. It sets Kind, Code,
// Message and what else it can tell; the transport fills in Status, RequestID
// and RetryAfter, decides Ambiguous, and removes secrets from Message. The
// body may be cut short at 64 KiB and may be anything, also not UTF-8.
type Classifier func(r *Request, status int, header http.Header, body []byte) *fault.Error

// Client sends requests to one server. It is safe for concurrent use.
type Client struct {
	router    Router
	classify  Classifier
	codes     []string
	auth      Authenticator
	http      *http.Client
	own       *http.Transport // closed by Close; nil when the caller passed a client
	retry     Retry
	budget    budget
	timeout   time.Duration
	maxBody   int64
	userAgent []string
	logger    *slog.Logger
}

// New checks cfg and returns a client. It sends nothing.
func New(cfg Config) (*Client, error) {
	router := cfg.Router
	if router == nil {
		base, err := CheckBase(cfg.BaseURL, cfg.AllowPlainHTTP)
		if err != nil {
			return nil, err
		}
		router = oneOrigin{base}
	}
	if cfg.HTTPClient != nil && cfg.TLS != nil {
		return nil, fault.New(fault.InvalidArgument, "TLS settings cannot be combined with an HTTP client, which has its own")
	}
	if cfg.Classify == nil || cfg.Timeout < 0 || cfg.MaxBody < 0 || cfg.Retry.MaxAttempts < 0 || cfg.Retry.MinWait < 0 || cfg.Retry.MaxWait < 0 {
		return nil, fault.New(fault.InvalidArgument, "the transport needs a classifier, and no setting may be negative")
	}
	c := &Client{
		router:    router,
		classify:  cfg.Classify,
		codes:     cfg.Codes,
		auth:      cfg.Authenticator,
		retry:     cfg.Retry.withDefaults(),
		timeout:   cfg.Timeout,
		maxBody:   cfg.MaxBody,
		userAgent: []string{cfg.UserAgent},
		logger:    cfg.Logger,
	}
	if c.timeout == 0 {
		c.timeout = DefaultTimeout
	}
	if c.maxBody == 0 {
		c.maxBody = DefaultMaxBody
	}
	c.maxBody = min(c.maxBody, math.MaxInt64-1) // one byte more tells a longer answer
	if c.logger == nil {
		c.logger = slog.New(slog.DiscardHandler)
	}
	c.http, c.own = newHTTPClient(cfg.HTTPClient, cfg.TLS, cfg.Limiter)
	return c, nil
}

// Close drops the idle connections of the client's own pool. A pool that the
// caller passed in is left alone. Calls under way go on.
func (c *Client) Close() {
	if c.own != nil {
		c.own.CloseIdleConnections()
	}
}

// CheckBase returns a copy of u that requests may be sent to: an address
// without credentials, query and fragment, with https unless it is a loopback
// address or allowPlain is set.
func CheckBase(u *url.URL, allowPlain bool) (*url.URL, error) {
	if u == nil || u.Hostname() == "" {
		return nil, fault.Invalid("address", "must be a URL with a host")
	}
	switch {
	case u.User != nil:
		return nil, fault.Invalid("address", "must not carry credentials")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, fault.Invalid("address", "must not carry a query or a fragment")
	case u.Scheme == "http" && !allowPlain && !isLoopback(u.Hostname()):
		return nil, fault.Invalid("address", "is plain http to another host, which would send credentials in clear: use https or allow it explicitly")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fault.Invalid("address", "must start with http:// or https://")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, fault.Invalid("address", "has no valid port")
		}
	}
	base := &url.URL{Scheme: u.Scheme, Host: u.Host}
	base.RawPath = strings.TrimRight(u.EscapedPath(), "/")
	base.Path, _ = url.PathUnescape(base.RawPath) // it is what EscapedPath made
	return base, nil
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// ParseAddress parses text as an address for [Config]. The error does not
// repeat text, which may hold a password.
func ParseAddress(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, fault.Invalid("address", "is not a URL")
	}
	return u, nil
}
