package usermgmt_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
	"github.com/usermgmt/usermgmt/internal/conformance"
	"github.com/usermgmt/usermgmt/internal/simulator"
	cbsim "github.com/usermgmt/usermgmt/internal/simulator/couchbase"
)

func TestCouchbaseConformance(t *testing.T) {
	t.Parallel()
	runConformance(t, simulatedCouchbase(cbsim.Options{}))
}

// TestCouchbaseVersionsConformance runs the suite on the versions that differ.
// The Community Edition takes no more than twenty users, which is not enough.
func TestCouchbaseVersionsConformance(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]cbsim.Options{
		"7.6": {Version: cbsim.V76},
		"7.0": {Version: cbsim.V70},
		"6.6": {Version: cbsim.V66},
		"6.0": {Version: cbsim.V60},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conformance.Run(t, simulatedCouchbase(options))
		})
	}
}

func TestCouchbaseAgreesWithMemory(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			conformance.Differential(t, seed, volatileMemory, simulatedCouchbase(cbsim.Options{}))
		})
	}
}

// simulatedCouchbase makes worlds with a simulated cluster each. The client is
// a local user whose password changes when a login is to expire.
func simulatedCouchbase(options cbsim.Options) conformance.Harness {
	return func(t testing.TB, opts ...usermgmt.Option) *conformance.World {
		t.Helper()
		sim := cbsim.New(options)
		sim.AddBucket("travel", map[string][]string{"inventory": {"airline"}})
		wire := newCouchbaseWire(sim)
		server := httptest.NewServer(wire)
		t.Cleanup(server.Close)
		client, err := usermgmt.New(usermgmt.Couchbase(server.URL, usermgmt.CouchbaseSeedsOnly()), slices.Concat(opts, []usermgmt.Option{
			usermgmt.WithCredentials(usermgmt.CredentialFunc(wire.credential)),
			usermgmt.WithRetry(usermgmt.RetryPolicy{MinWait: time.Millisecond, MaxWait: 10 * time.Millisecond}),
		})...)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, client.Close()) })
		world := &conformance.World{
			Manager:     client,
			Self:        couchbaseSelf,
			Roles:       usermgmt.Roles("ro_admin", "cluster_admin", "replication_admin"),
			ScopedRoles: []usermgmt.Role{{Name: "data_reader", Scope: "travel"}, {Name: "data_reader", Scope: "*"}},
			Credential:  func() usermgmt.Credential { return usermgmt.Password("", "Aa1!"+rand.Text()) },
			Seed: func(_ testing.TB, names []string) {
				for _, name := range names {
					sim.SeedUser(cbsim.User{ID: name, Password: "a password of many"})
				}
			},
			CheckPassword: func(name, password string) bool {
				user, _ := sim.Node(0).User(cbsim.Local, name)
				return sim.Node(0).CheckPassword(name, password) && !user.Locked
			},
			Secrets: wire.used,
			Wire:    wire,
		}
		if options.Version != 0 {
			// What the cluster can do is to be known before the suite asks for it.
			// The logins that the suite counts begin with a call, so they are left
			// to the version that has everything.
			require.NoError(t, client.Ping(t.Context()))
			world.Wire = nil
		}
		return world
	}
}

const couchbaseSelf = "operator"

// couchbaseWire is the wire of a cluster. Requests carry the password itself,
// so to log in is to ask for it.
type couchbaseWire struct {
	*httpWire

	sim *cbsim.Server

	mu        sync.Mutex
	gate      *loginGate // holds the next login back
	asked     int
	refuse    int // how many times the source fails
	password  string
	passwords []string
}

func newCouchbaseWire(sim *cbsim.Server) *couchbaseWire {
	w := &couchbaseWire{sim: sim}
	w.httpWire = &httpWire{
		handler: sim.Node(0).Handler,
		kindOf: func(r *http.Request) conformance.RequestKind {
			if r.Method == http.MethodGet {
				return conformance.Read
			}
			return conformance.Write
		},
		secretOf: func(r *http.Request) string { return strings.TrimPrefix(r.Header.Get("Authorization"), "Basic ") },
		expire:   w.rotate,
		refusal: func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			w.rotate()
			simulator.Answer(http.StatusUnauthorized, http.Header{"Www-Authenticate": {"Basic"}}, "")(rw, r, next)
		},
	}
	w.rotate()
	return w
}

// rotate gives the client's user another password.
func (w *couchbaseWire) rotate() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.password = rand.Text()
	w.passwords = append(w.passwords, w.password)
	w.sim.SeedUser(cbsim.User{ID: couchbaseSelf, Password: w.password, Roles: []string{"admin"}})
}

// loginGate holds a login back.
type loginGate struct{ arrived, open chan struct{} }

// credential is the client's source.
func (w *couchbaseWire) credential(ctx context.Context) (usermgmt.Credential, error) {
	w.mu.Lock()
	gate := w.gate
	w.gate = nil
	w.asked++
	w.mu.Unlock()
	if gate != nil {
		close(gate.arrived)
		select {
		case <-gate.open:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse > 0 {
		w.refuse--
		return nil, errors.New("the vault does not know the password")
	}
	return usermgmt.Password(couchbaseSelf, w.password), nil
}

// used returns all that the client has logged in with.
func (w *couchbaseWire) used() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append(w.seen(), w.passwords...)
}

func (w *couchbaseWire) Traffic() conformance.Traffic {
	traffic := w.httpWire.Traffic()
	w.mu.Lock()
	defer w.mu.Unlock()
	traffic.Logins = w.asked
	return traffic
}

func (w *couchbaseWire) Disturb(kind conformance.RequestKind, fault conformance.Fault, times int) {
	if kind != conformance.Login {
		w.httpWire.Disturb(kind, fault, times)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refuse = times
}

func (w *couchbaseWire) Hold(kind conformance.RequestKind) (arrived <-chan struct{}, release func()) {
	if kind != conformance.Login {
		return w.httpWire.Hold(kind)
	}
	gate := &loginGate{arrived: make(chan struct{}), open: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gate = gate
	return gate.arrived, sync.OnceFunc(func() { close(gate.open) })
}
