// Package cognite simulates one cluster of Cognite Data Fusion in process, as
// far as the users of its Postgres Gateway and what surrounds them go: the
// OAuth 2.0 token endpoint, gateway users and their tables, sessions, IAM
// groups, token inspection, user profiles and principals. It has the state and
// the order of checks of the real service. Where the behavior of the real
// service is not known for certain, an option selects it.
package cognite

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/usermgmt/usermgmt/internal/simulator"
)

// Kind is a kind of text that the server makes up.
type Kind int

// The kinds of text that the server makes up.
const (
	// Username is the name of a gateway user.
	Username Kind = iota
	// Password is the password of a gateway user.
	Password
	// Nonce binds a session.
	Nonce
	// AccessToken is a bearer token of the token endpoint.
	AccessToken
)

// Options says what server to simulate. The zero value is a server as the
// specification describes it.
type Options struct {
	// Now is the clock; the default is [time.Now].
	Now func() time.Time
	// Make makes up names and secrets. The texts of one kind must differ. The
	// default makes random ones.
	Make func(kind Kind) string
	// Cluster is the name of the cluster; the default is "westeurope-1".
	Cluster string
	// TokenPath is the path of the token endpoint; the default is "/oauth2/token".
	TokenPath string
	// Scope is the only scope for which there are tokens; the default is any.
	Scope string
	// TokenLife is how long a token of the token endpoint lives; the default is
	// one hour. See also [Server.SetTokenLife].
	TokenLife time.Duration
	// ExpiresInAsText makes the token endpoint send expires_in as a string.
	ExpiresInAsText bool
	// NonceLife is how long a nonce can be used; the default is one minute.
	NonceLife time.Duration
	// SessionLife is how long a session lives; the default is one hour. One-shot
	// sessions live as long as a token.
	SessionLife time.Duration
	// FirstSessionID is the ID of the first session that is created; the default
	// is 4503599627370401.
	FirstSessionID int64
	// FirstGroupID is the ID of the first group that is created; the default is 71.
	FirstGroupID int64
	// GroupCreatedStatus is the status that answers the creation of groups; the
	// default is 201.
	GroupCreatedStatus int
	// MissingStatus is the status for unknown users, tables, groups and profiles;
	// the default is 400.
	MissingStatus int
	// MissingWithoutList leaves the list of what is missing out of the error body
	// and makes its message "Not found".
	MissingWithoutList bool
	// RequireCredentials refuses the creation of a user without credentials. The
	// default creates a user without a session.
	RequireCredentials bool
	// DocumentedKeysOnly makes the deletion of users ignore the misspelled member
	// ignore_unknown_ids, which the Python SDK sends.
	DocumentedKeysOnly bool
	// RevokeWithUser makes the deletion of a user revoke its session. The default
	// leaves the session alone.
	RevokeWithUser bool
	// UpdateCursor adds a meaningless nextCursor to the answers of user updates.
	UpdateCursor bool
	// OwnGroupsWithoutList answers a listing of all groups with the caller's own
	// if the caller may not list all. The default refuses it.
	OwnGroupsWithoutList bool
	// LaxHeaders accepts requests without the headers that identify the client
	// and the version of the API.
	LaxHeaders bool
	// PageSize is the largest number of items on any page; the default is what
	// the request asks for.
	PageSize int
	// NullCursor sends "nextCursor":null on the last page. The default leaves the
	// member out.
	NullCursor bool
	// Paging is how listings misbehave. See also [Server.SetPaging].
	Paging Paging
}

// Server is a simulated cluster. It is safe for concurrent use. The embedded
// handler records requests and injects faults.
type Server struct {
	*simulator.Handler

	opts   Options
	routes []route

	mu            sync.Mutex
	requests      int // numbers the replies
	lastSessionID int64
	lastGroupID   int64
	projects      map[string]*Project
	clients       map[string]client
	tokens        map[string]token
	orgs          map[string]*collection[string, OrgPrincipal]
}

// New returns a server without projects, clients and tokens.
func New(opts Options) *Server {
	opts = withDefaults(opts)
	s := &Server{
		opts:          opts,
		routes:        routes(),
		lastSessionID: opts.FirstSessionID - 1,
		lastGroupID:   opts.FirstGroupID - 1,
		projects:      map[string]*Project{},
		clients:       map[string]client{},
		tokens:        map[string]token{},
		orgs:          map[string]*collection[string, OrgPrincipal]{},
	}
	s.Handler = simulator.NewHandler(http.HandlerFunc(s.serve))
	return s
}

func withDefaults(opts Options) Options {
	setDefault(&opts.Cluster, "westeurope-1")
	setDefault(&opts.TokenPath, "/oauth2/token")
	setDefault(&opts.TokenLife, time.Hour)
	setDefault(&opts.NonceLife, time.Minute)
	setDefault(&opts.SessionLife, time.Hour)
	setDefault(&opts.FirstSessionID, 4503599627370401)
	setDefault(&opts.FirstGroupID, 71)
	setDefault(&opts.GroupCreatedStatus, http.StatusCreated)
	setDefault(&opts.MissingStatus, http.StatusBadRequest)
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Make == nil {
		opts.Make = makeRandom
	}
	return opts
}

// setDefault sets a value that is not set.
func setDefault[T comparable](value *T, to T) {
	var unset T
	if *value == unset {
		*value = to
	}
}

// makeRandom makes up a text that cannot be guessed.
func makeRandom(kind Kind) string {
	text := strings.ToLower(rand.Text())
	if kind == Username {
		return "pg_" + text[:12]
	}
	return text
}

// ServeHTTP numbers the request, so that even the reply to one that meets a
// fault has an x-request-id, and serves it. Those to the token endpoint are
// counted but have no such header.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests++
	number := s.requests
	s.mu.Unlock()
	if r.URL.Path != s.opts.TokenPath {
		w.Header().Set("X-Request-Id", fmt.Sprintf("req-%04d", number))
	}
	s.Handler.ServeHTTP(w, r)
}

// now returns the present in milliseconds since the Unix epoch.
func (s *Server) now() int64 { return s.opts.Now().UnixMilli() }

// SetPaging changes how listings misbehave from now on.
func (s *Server) SetPaging(paging Paging) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opts.Paging = paging
}

// SetTokenLife changes how long the tokens live that the token endpoint issues
// from now on.
func (s *Server) SetTokenLife(life time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opts.TokenLife = life
}
