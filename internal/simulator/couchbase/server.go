// Package couchbase simulates the user management of a Couchbase cluster in
// process: the management REST API of versions 6.0 to 8.0 with users, groups,
// roles, buckets, permissions, authentication and backups, on any number of
// nodes that copy their users to each other, and as much of the key-value
// protocol as an SDK needs to find the nodes. It does not wait where the real
// server does.
package couchbase

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Options says what cluster to simulate.
type Options struct {
	// Nodes is the number of nodes; the default is one.
	Nodes int
	// Version is the release that runs on the nodes; the default is [V80].
	Version Version
	// Community makes it the Community Edition.
	Community bool
	// AdminID is the name of the built-in administrator; the default is
	// "Administrator".
	AdminID string
	// AdminPassword is the password of the built-in administrator; the default
	// is "password".
	AdminPassword string
	// UUID is the UUID of the cluster; the default is one of 32 digits.
	UUID string
	// Now is the clock; the default is [time.Now].
	Now func() time.Time
	// Location is the time zone of the nodes; the default is UTC.
	Location *time.Location
	// ShuffleSeed determines the order of everything that has no order, and
	// the UUIDs.
	ShuffleSeed uint64
	// Address is where the first node serves the API; the default is a port of
	// 127.0.0.1 that is free.
	Address string
	// MaxBody is the longest body of a form; the default is one megabyte.
	MaxBody int
}

// Server is a simulated cluster. It is safe for concurrent use.
type Server struct {
	options     Options
	definitions []definition
	nodes       []*Node

	mu         sync.Mutex
	version    Version // of the nodes
	compat     Version // of the cluster: that of its oldest node
	upgrading  bool
	authDown   bool
	adminAuth  *credential
	buckets    map[string]*bucket
	policy     policy
	activity   activity
	seen       map[Identity]time.Time
	tokens     map[string]token
	directory  map[string]LDAPUser
	documents  map[string]jsontext.Value
	mechanisms Mechanisms
	rev        int
	revEpoch   int
	kvMaps     int // lists of nodes that were sent over the key-value protocol
	stamps     uint64
	ids        int
	random     *rand.Rand
}

// New returns a cluster with no users but the administrator, and no buckets.
// Its nodes are handlers; see [Server.Start] for listeners.
func New(opts Options) *Server {
	opts = withDefaults(opts)
	s := &Server{
		options:     opts,
		definitions: parseDefinitions(),
		version:     opts.Version,
		compat:      opts.Version,
		buckets:     map[string]*bucket{},
		policy:      policy{MinLength: 6},
		activity:    defaultActivity(),
		seen:        map[Identity]time.Time{},
		tokens:      map[string]token{},
		directory:   map[string]LDAPUser{},
		documents:   map[string]jsontext.Value{},
		rev:         1,
		revEpoch:    1,
		random:      rand.New(rand.NewPCG(opts.ShuffleSeed, 0)),
	}
	s.adminAuth = newCredential(opts.AdminPassword, s.salt())
	for i := range opts.Nodes {
		s.nodes = append(s.nodes, newNode(s, i))
	}
	return s
}

func withDefaults(opts Options) Options {
	if opts.Nodes == 0 {
		opts.Nodes = 1
	}
	if opts.Version == 0 {
		opts.Version = V80
	}
	if opts.AdminID == "" {
		opts.AdminID = "Administrator"
	}
	if opts.AdminPassword == "" {
		opts.AdminPassword = "password"
	}
	if opts.UUID == "" {
		opts.UUID = "9a0fd2b0c5f14f0ea0c8c2f3a1b2c3d4"
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Location == nil {
		opts.Location = time.UTC
	}
	if opts.MaxBody == 0 {
		opts.MaxBody = 1 << 20
	}
	return opts
}

// Node returns a node; the first is number 0.
func (s *Server) Node(i int) *Node { return s.nodes[i] }

// Nodes returns all nodes.
func (s *Server) Nodes() []*Node { return append([]*Node(nil), s.nodes...) }

// SetCompat makes the cluster behave as the given version: with nodes of a
// newer one that is what a cluster does while it is upgraded.
func (s *Server) SetCompat(v Version) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.compat = v
}

// SetUpgrading starts or ends the moment of an upgrade in which users cannot be
// written.
func (s *Server) SetUpgrading(upgrading bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.upgrading = upgrading
}

// SetAuthenticationDown makes the service that checks credentials unavailable,
// or available again.
func (s *Server) SetAuthenticationDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.authDown = down
}

// Upgrade brings all nodes and the cluster to a version. On the way to 8.0 the
// roles that are gone there are replaced in users and groups.
func (s *Server) Upgrade(v Version) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.compat < V80 && v >= V80 {
		for _, n := range s.nodes {
			n.store.substituteRoles()
		}
	}
	s.version, s.compat = v, v
}

// salt returns fresh random bytes.
func (s *Server) salt() []byte {
	salt := make([]byte, 16)
	for i := range salt {
		salt[i] = byte(s.random.UintN(256))
	}
	return salt
}

// newID returns an ID that was never used before, for scopes and collections.
func (s *Server) newID() string {
	s.ids++
	return strconv.Itoa(s.ids)
}

// shuffle brings list into an order of its own, as lists of the server have
// none.
func shuffle[T any](s *Server, list []T) []T {
	s.random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}
