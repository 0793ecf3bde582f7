// Package juju simulates a Juju controller in process, as far as the management
// of users needs it: the WebSocket API with its facades for users, models,
// offers and clouds, the registration of users, and the JAAS logins. It keeps
// the state, the order of checks and the words of the real one, in its lines
// 2.9, 3.x and 4.x. There is no password hashing, and macaroons are opaque.
package juju

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/usermgmt/usermgmt/internal/simulator"
)

// HostPort is one address of the controller.
type HostPort struct {
	// Value is the IP address or the name.
	Value string `json:"value"`
	// Type is "ipv4", "ipv6" or "hostname".
	Type string `json:"type"`
	// Scope says from where the address can be reached. An address of the
	// scope "local-machine" is shown at login only.
	Scope string `json:"scope"`
	// Port is the port.
	Port int `json:"port"`
}

// Options says what controller to simulate.
type Options struct {
	// Version is what the controller says it is; the default is "3.5.1". It
	// decides on facades, words and rules.
	Version string
	// JAAS makes the server a JIMM: a front that has external users only.
	JAAS bool
	// ControllerUUID identifies the controller; there is a default.
	ControllerUUID string
	// Owner is the name of the first administrator; the default is "admin". A
	// JIMM has none.
	Owner string
	// OwnerPassword is the password of the owner. It must be set unless JAAS is.
	OwnerPassword string
	// Now is the clock; the default is [time.Now].
	Now func() time.Time
	// Random makes secret keys, nonces and tokens; the default is that of
	// crypto/rand.
	Random io.Reader
	// CACert is the certificate that the server hands out, as PEM. See
	// [Authority].
	CACert string
	// Servers are the addresses of the controller, per machine; there is a
	// default.
	Servers [][]HostPort
	// PublicDNSName is the public name of the controller, usually empty.
	PublicDNSName string
	// IdentityURL is the address of the identity provider for external users.
	// Without one they cannot log in to a plain controller.
	IdentityURL string
	// Facades replaces the facades that the server has, by name.
	Facades map[string][]int
}

// Server is a simulated controller. It is safe for concurrent use. The embedded
// handler records HTTP requests, among them those that open sockets, and injects
// faults into them. For what goes over the sockets see [Server.Frames] and
// [Server.InjectFrames].
type Server struct {
	*simulator.Handler

	release     release
	jaas        bool
	uuid        string
	owner       userID
	now         func() time.Time
	random      io.Reader
	caCert      string
	servers     [][]HostPort
	dnsName     string
	identityURL string
	facades     facades
	methods     map[string]map[string]method
	log         frameLog

	lifetime context.Context //nolint:containedctx // bounds the sockets
	cancel   context.CancelFunc
	sockets  sync.WaitGroup

	mu          sync.Mutex
	open        map[*connection]struct{}
	opened      int
	cuts        []cut
	closing     bool
	state       Condition
	blocked     string
	users       map[string]*user // by key
	order       []*user          // as they were created
	controller  *object
	clouds      []*cloud
	models      []*model
	offers      []*offer
	migrated    map[string]migration // by the UUID of the model
	macaroons   map[string]login     // by signature
	tokens      map[string]claims
	robots      map[string]string // secrets by client ID
	sessions    map[string]login  // by session token
	cookies     map[string]userID // by session cookie
	devices     map[string]chan userID
	deviceCount int
}

// Condition is the condition that a controller is in.
type Condition int

const (
	// Normal is a controller that serves.
	Normal Condition = iota
	// Maintenance is a controller that refuses all logins.
	Maintenance
	// Upgrading is a controller that lets users log in and refuses all they ask
	// for but pings.
	Upgrading
)

// New returns a controller whose only user is the owner, with the cloud
// "localhost" and the model "controller", which is the owner's. It panics if
// opts has neither a password of the owner nor JAAS.
func New(opts Options) *Server {
	if opts.OwnerPassword == "" && !opts.JAAS {
		panic("juju: no password for the owner")
	}
	opts = withDefaults(opts)
	lifetime, cancel := context.WithCancel(context.Background())
	s := &Server{
		release:     parseRelease(opts.Version),
		jaas:        opts.JAAS,
		uuid:        opts.ControllerUUID,
		owner:       userID{name: opts.Owner},
		now:         opts.Now,
		random:      opts.Random,
		caCert:      opts.CACert,
		servers:     opts.Servers,
		dnsName:     opts.PublicDNSName,
		identityURL: opts.IdentityURL,
		lifetime:    lifetime,
		cancel:      cancel,
		open:        map[*connection]struct{}{},
		users:       map[string]*user{},
		controller:  newObject(controllerKind, opts.ControllerUUID, "c#"+opts.ControllerUUID),
		migrated:    map[string]migration{},
		macaroons:   map[string]login{},
		tokens:      map[string]claims{},
		robots:      map[string]string{},
		sessions:    map[string]login{},
		cookies:     map[string]userID{},
		devices:     map[string]chan userID{},
	}
	s.facades = newFacades(s.release, s.jaas, opts.Facades)
	s.methods = newMethods(s.jaas)
	s.seedOwner(opts)
	s.Handler = simulator.NewHandler(s.routes())
	return s
}

func withDefaults(opts Options) Options {
	if opts.Version == "" {
		opts.Version = "3.5.1"
	}
	if opts.ControllerUUID == "" {
		opts.ControllerUUID = "deadbeef-1bad-500d-9000-4b1d0d06f00d"
	}
	if opts.Owner == "" {
		opts.Owner = "admin"
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Random == nil {
		opts.Random = cryptoRandom
	}
	if opts.CACert == "" {
		opts.CACert = "-----BEGIN CERTIFICATE-----\nMIIB...\n-----END CERTIFICATE-----\n"
	}
	if opts.Servers == nil {
		opts.Servers = [][]HostPort{{
			{Value: "10.20.30.40", Type: "ipv4", Scope: "local-cloud", Port: 17070},
			{Value: "127.0.0.1", Type: "ipv4", Scope: "local-machine", Port: 17070},
		}}
	}
	return opts
}

// Close closes all sockets and waits until nothing of the server runs any more.
func (s *Server) Close() {
	s.mu.Lock()
	s.cancel()
	s.mu.Unlock()
	s.sockets.Wait()
}

// time returns the present as the controller keeps it: UTC, in whole seconds
// up to 3.x.
func (s *Server) time() time.Time {
	now := s.now().UTC()
	if s.release.v4() {
		return now
	}
	return now.Truncate(time.Second)
}

// routes returns the HTTP surface of the controller.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api", func(w http.ResponseWriter, r *http.Request) { s.serveSocket(w, r, "") })
	mux.HandleFunc("/model/{uuid}/api", func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("uuid")
		if !validUUID.MatchString(id) {
			http.Error(w, "invalid model UUID \""+id+"\"", http.StatusBadRequest)
			return
		}
		s.serveSocket(w, r, id)
	})
	mux.HandleFunc("/register", s.serveRegister)
	return mux
}
