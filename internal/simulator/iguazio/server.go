// Package iguazio simulates the control plane of an Iguazio system (3.x) in
// process: sessions, users, user groups, projects with their authorization
// roles, jobs, access keys and events. It is written from the description of
// the management API. Where that only infers what a server does, the server
// has the inferred behavior by default and the other plausible ones on demand,
// see [Alternatives]. Nothing in it waits: jobs and new users move when they
// are read, or when a test says so, and latency is a gate of package simulator
// in front of it.
package iguazio

import (
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/usermgmt/usermgmt/internal/simulator"
)

// Options says what system to simulate.
type Options struct {
	// AdminPassword is the password of the user "admin". Empty means that the
	// user cannot log in with one.
	AdminPassword string
	// AdminID is the ID of the user "admin"; the default is a new one.
	AdminID string
	// AdminPolicies are the management policies of the user "admin"; the
	// default is what it takes to manage users and projects.
	AdminPolicies []string
	// AllUsersID is the ID of the group "all_users"; the default is a new one.
	AllUsersID string
	// Tenant is the name of the tenant in the login form "name@tenant"; the
	// default is "default-tenant".
	Tenant string
	// Now is the clock; the default is [time.Now].
	Now func() time.Time
	// Seed determines the IDs and trace IDs.
	Seed uint64
	// NewID makes the ID of a resource of the given type, such as "user", "job"
	// or "session"; "" and the default stand for a UUID of version 4. It is
	// called with the server locked.
	NewID func(resourceType string) string
	// SessionTTL is how long a session lives; the default is a day.
	SessionTTL time.Duration
	// Version is the external version; the default is that of a 3.5.5 system.
	Version string
	// VersionNodes are the nodes whose tunnel answers; the default is igz0,
	// igz1 and igz2. Empty and not nil means none.
	VersionNodes []string
	// Policies are policies that exist beside those of the product.
	Policies []string
	// PasswordPolicy reports whether a password is good enough; the default
	// asks for 8 bytes.
	PasswordPolicy func(password string) bool
	// OperationalAfter is how many reads of a new user, alone or in a list, show
	// it as down. Below zero it stays down until [Server.MakeOperational].
	OperationalAfter int
	// AllUsersAfter is how many reads of a new user, alone or in a list, find it
	// outside the group "all_users". Below zero it stays outside until
	// [Server.MakeOperational].
	AllUsersAfter int
	// UserCreationJob makes the creation of a user answer with a job.
	UserCreationJob bool
	// UserDeletionAtOnce makes the deletion of a user answer 204 without a job.
	UserDeletionAtOnce bool
	// GroupDeletionJob makes the deletion of a group answer with a job.
	GroupDeletionJob bool
	// Jobs tells how jobs proceed, by their kind: "user.creation",
	// "user.deletion", "user_group.deletion", "project.creation",
	// "project.deletion" and "async_transaction". The default is one look in
	// progress, then completed.
	Jobs map[string]JobScript
	// Alternatives are the readings of the inferred facts.
	Alternatives Alternatives
}

// Server is a simulated system. It is safe for concurrent use. The embedded
// handler records requests and injects faults.
type Server struct {
	*simulator.Handler

	opts     Options
	version  [3]int
	tenantID string
	allUsers *group

	mu          sync.Mutex
	random      *mathrand.Rand
	clockSkew   time.Duration
	nextUID     int64
	nextGID     int64
	users       *store[*user]
	groups      *store[*group]
	projects    *store[*project]
	roles       *store[*role]
	jobs        *store[*job]
	events      *store[*event]
	keys        *store[*session]
	sessions    map[string]*session
	nextScripts map[string][]JobScript
	visibility  map[string]map[string]Visibility
	mails       []string
}

// defaultVersion is a version that knows everything that is described.
const defaultVersion = "3.5.5-b42.20240514090000"

// New returns a system with the user "admin", the group "all_users" and
// nothing else. It panics if the version of opts is none.
func New(opts Options) *Server {
	opts = withDefaults(opts)
	s := &Server{
		opts:        opts,
		version:     parseVersion(opts.Version),
		random:      mathrand.New(mathrand.NewPCG(opts.Seed, 0)),
		nextUID:     firstUID,
		nextGID:     firstGID,
		users:       newStore[*user](),
		groups:      newStore[*group](),
		projects:    newStore[*project](),
		roles:       newStore[*role](),
		jobs:        newStore[*job](),
		events:      newStore[*event](),
		keys:        newStore[*session](),
		sessions:    map[string]*session{},
		nextScripts: map[string][]JobScript{},
		visibility:  map[string]map[string]Visibility{},
	}
	s.tenantID = s.newID("tenant")
	s.allUsers = s.seedAllUsers()
	s.seedUser(User{
		ID: opts.AdminID, Username: "admin", Password: opts.AdminPassword, Policies: opts.AdminPolicies, Predefined: true,
		Attributes: []byte(`{"first_name":"Administrator","last_name":"Iguazio","uid":2}`),
	})
	s.Handler = simulator.NewHandler(http.HandlerFunc(s.serve))
	return s
}

func withDefaults(opts Options) Options {
	if opts.AdminPolicies == nil {
		opts.AdminPolicies = []string{securityAdmin, projectSecurityAdmin, tenantAdmin}
	}
	if opts.Tenant == "" {
		opts.Tenant = "default-tenant"
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.SessionTTL == 0 {
		opts.SessionTTL = 24 * time.Hour
	}
	if opts.Version == "" {
		opts.Version = defaultVersion
	}
	if opts.VersionNodes == nil {
		opts.VersionNodes = []string{"igz0", "igz1", "igz2"}
	}
	if opts.PasswordPolicy == nil {
		opts.PasswordPolicy = func(password string) bool { return len(password) >= 8 }
	}
	opts.Alternatives = opts.Alternatives.withDefaults()
	return opts
}

// parseVersion returns the three numbers of a version. What follows a hyphen
// does not count.
func parseVersion(version string) (numbers [3]int) {
	plain, _, _ := strings.Cut(version, "-")
	parts := strings.Split(plain, ".")
	if len(parts) != len(numbers) {
		panic(fmt.Sprintf("iguazio: version %q", version))
	}
	for i, part := range parts {
		number, err := strconv.Atoi(part)
		if err != nil {
			panic(fmt.Sprintf("iguazio: version %q: %v", version, err))
		}
		numbers[i] = number
	}
	return numbers
}

// atLeast reports whether the system is of the given version or later.
func (s *Server) atLeast(version string) bool {
	wanted := parseVersion(version)
	for i, number := range s.version {
		if number != wanted[i] {
			return number > wanted[i]
		}
	}
	return true
}

// newID returns the ID of a new resource.
func (s *Server) newID(resourceType string) string {
	if s.opts.NewID != nil {
		if id := s.opts.NewID(resourceType); id != "" {
			return id
		}
	}
	high, low := s.random.Uint64(), s.random.Uint64()
	high = high&^0xf000 | 0x4000 // version 4
	low = low&^(3<<62) | 1<<63   // the variant of RFC 9562
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", high>>32, high>>16&0xffff, high&0xffff, low>>48, low&0xffffffffffff)
}

// time returns the server's idea of the present.
func (s *Server) time() time.Time { return s.opts.Now().Add(s.clockSkew).UTC() }

// timestamp returns the present in the form of attributes.
func (s *Server) timestamp() string { return s.time().Format("2006-01-02T15:04:05.000000-07:00") }
