// Package aistore simulates the authentication server of NVIDIA AIStore
// (AuthN, service version 2.3) in process: users, roles, clusters, tokens,
// configuration and keys, with the state, the order of checks and the words of
// the real one. It does not wait where the real server does: there is no
// password hashing and no repeated attempt to reach a cluster.
package aistore

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/usermgmt/usermgmt/internal/simulator"
)

// Profile is a stage in the server's history.
type Profile int

const (
	// Current is the server of August 2026.
	Current Profile = iota
	// Before20260615 is the server as it was before 15 June 2026: users keep
	// the role objects as they were sent, updates and deletions of roles do
	// not reach users, of several roles that name one cluster or bucket the
	// last one counts at login, null entries stay in permission lists, and a
	// revoked token goes on working at the server itself.
	Before20260615
)

// Options says what server to simulate.
type Options struct {
	// AdminID is the ID of the first administrator; the default is "admin".
	AdminID string
	// AdminPassword is the password of the first administrator. It must be
	// set: the real server does not start without one either.
	AdminPassword string
	// Now is the clock; the default is [time.Now].
	Now func() time.Time
	// Secret selects HS256 signing with this secret. The default is RS256.
	Secret string
	// NewKey makes the RSA keys: the first one when it is needed, and one for
	// every rotation. The default generates keys of 2048 bits, which takes a
	// good part of a second; tests that start many servers share one key.
	NewKey func() (*rsa.PrivateKey, error)
	// ExternalKey says that the key is managed outside, so the server refuses
	// to rotate it.
	ExternalKey bool
	// DefaultExpiry is how long a token lives if the login does not say; the
	// default is 24 hours.
	DefaultExpiry time.Duration
	// MaxTokenAge is the longest life of a token; the default is 90 days.
	MaxTokenAge time.Duration
	// ShuffleSeed determines the order of everything that has no order.
	ShuffleSeed uint64
	// ExternalURL is the issuer of tokens and the base of the addresses in the
	// discovery document; the default is "http://127.0.0.1:52001".
	ExternalURL string
	// Transport contacts clusters that are registered with URLs; the default is
	// a transport of the server's own.
	Transport http.RoundTripper
	// Profile is the stage in the server's history; the default is [Current].
	Profile Profile
}

// Server is a simulated AuthN server. It is safe for concurrent use. The
// embedded handler records requests and injects faults.
type Server struct {
	*simulator.Handler

	profile     Profile
	now         func() time.Time
	externalURL string
	externalKey bool

	client     *http.Client
	lifetime   context.Context //nolint:containedctx // bounds the background notices
	cancel     context.CancelFunc
	background sync.WaitGroup

	mu         sync.Mutex
	users      map[string]*user
	roles      map[string]*Role
	clusters   map[string]*Cluster
	revoked    map[string]bool
	issued     []string
	lastExpiry time.Time
	clockSkew  time.Duration
	config     config
	signer     signer
	random     *mathrand.Rand
}

// New returns a server whose only user is the administrator. It panics if
// opts has no AdminPassword.
func New(opts Options) *Server {
	if opts.AdminPassword == "" {
		panic("aistore: no password for the administrator")
	}
	opts = withDefaults(opts)
	lifetime, cancel := context.WithCancel(context.Background())
	s := &Server{
		profile:     opts.Profile,
		now:         opts.Now,
		externalURL: opts.ExternalURL,
		externalKey: opts.ExternalKey,
		client:      &http.Client{Transport: opts.Transport, Timeout: clusterTimeout},
		lifetime:    lifetime,
		cancel:      cancel,
		users:       map[string]*user{},
		roles:       map[string]*Role{},
		clusters:    map[string]*Cluster{},
		revoked:     map[string]bool{},
		config:      newConfig(opts),
		random:      mathrand.New(mathrand.NewPCG(opts.ShuffleSeed, 0)),
	}
	if opts.Secret != "" {
		s.signer = hmacSigner(opts.Secret)
	} else {
		s.signer = &rsaSigner{newKey: opts.NewKey}
	}
	admin := &Role{Name: AdminRole, Description: "AuthN administrator", Admin: true}
	s.roles[AdminRole] = admin
	s.users[opts.AdminID] = &user{id: opts.AdminID, password: opts.AdminPassword, roles: []*Role{admin.clone()}}
	s.Handler = simulator.NewHandler(s.routes())
	return s
}

func withDefaults(opts Options) Options {
	if opts.AdminID == "" {
		opts.AdminID = "admin"
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.NewKey == nil {
		opts.NewKey = func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) }
	}
	if opts.DefaultExpiry == 0 {
		opts.DefaultExpiry = 24 * time.Hour
	}
	if opts.MaxTokenAge == 0 {
		opts.MaxTokenAge = 90 * 24 * time.Hour
	}
	if opts.ExternalURL == "" {
		opts.ExternalURL = "http://127.0.0.1:52001"
	}
	if opts.Transport == nil {
		opts.Transport = &http.Transport{}
	}
	return opts
}

// Close ends the notices that are on their way to clusters and waits for them.
// Only a server with registered clusters that have URLs needs it. Close it
// after the HTTP server in front of it.
func (s *Server) Close() {
	s.cancel()
	s.background.Wait()
	s.client.CloseIdleConnections()
}

// call is one request on its way to the endpoint that serves it.
type call struct {
	request *http.Request
	body    []byte
	parts   []string    // what follows the resource's own path
	header  http.Header // of the reply
}

// endpoint serves one method of one resource, with the server locked. It
// returns the value to reply with, nil for an empty reply. Errors that are no
// apiError close the connection.
type endpoint func(s *Server, c call) (json.RawMessage, error)

// serve answers a request to one resource.
func (s *Server) serve(res resource, w http.ResponseWriter, r *http.Request) {
	to, ok := res.routes[r.Method]
	if !ok {
		methodNotAllowed(w, r, res.allow)
		return
	}
	parts, err := pathParts(r.URL.Path, res.path, to.minParts)
	if err != nil {
		writeError(w, r, err)
		return
	}
	body, readErr := io.ReadAll(r.Body)
	if readErr != nil {
		panic(http.ErrAbortHandler)
	}
	answer, failure := s.locked(to.serve, call{request: r, body: body, parts: parts, header: w.Header()})
	if failure != nil {
		if !errors.As(failure, &err) {
			panic(http.ErrAbortHandler)
		}
		writeError(w, r, err)
		return
	}
	if answer != nil {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(append(answer, '\n'))
	}
}

// locked runs an endpoint with the server locked.
func (s *Server) locked(serve endpoint, c call) (json.RawMessage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return serve(s, c)
}

// unlocked runs f, which talks to other servers, with the server unlocked. It
// is called with the server locked.
func (s *Server) unlocked(f func() error) error {
	s.mu.Unlock()
	defer s.mu.Lock()
	return f()
}

// time returns the server's idea of the present.
func (s *Server) time() time.Time { return s.now().Add(s.clockSkew).UTC() }
