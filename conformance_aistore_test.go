package usermgmt_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
	"github.com/usermgmt/usermgmt/internal/conformance"
	"github.com/usermgmt/usermgmt/internal/simulator"
	authnsim "github.com/usermgmt/usermgmt/internal/simulator/aistore"
)

func TestAIStoreConformance(t *testing.T) {
	t.Parallel()
	runConformance(t, simulatedAuthN)
}

func TestAIStoreAgreesWithMemory(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			conformance.Differential(t, seed, volatileMemory, simulatedAuthN)
		})
	}
}

// TestAIStoreServerConformance runs the suite against a real server, through a
// proxy that disturbs the traffic as the simulator does. What it makes there
// has unique names and is removed.
func TestAIStoreServerConformance(t *testing.T) {
	t.Parallel()
	address, password := os.Getenv("USERMGMT_AISTORE_URL"), os.Getenv("USERMGMT_AISTORE_PASSWORD")
	if address == "" || password == "" {
		t.Skip("no real server is tested: set USERMGMT_AISTORE_URL, such as http://127.0.0.1:52001, USERMGMT_AISTORE_PASSWORD, " +
			"and USERMGMT_AISTORE_USER if the administrator is not called admin")
	}
	admin := "admin"
	if name := os.Getenv("USERMGMT_AISTORE_USER"); name != "" {
		admin = name
	}
	conformance.Run(t, realAuthN(t, address, admin, password))
}

// simulatedAuthN makes worlds with a simulated server each.
func simulatedAuthN(t testing.TB, opts ...usermgmt.Option) *conformance.World {
	t.Helper()
	const admin, password = "admin", "the administrator's password"
	authn := authnsim.New(authnsim.Options{AdminPassword: password, Secret: "the secret that signs tokens"})
	t.Cleanup(authn.Close)
	roles := usermgmt.Roles("reader", "writer", "operator")
	for _, role := range roles {
		authn.SeedRole(authnsim.Role{Name: role.Name})
	}
	world, wire := authnWorld(t, authn.Handler, admin, password, opts)
	world.Roles = roles
	wire.expire = authn.ExpireTokens
	refusal := wire.refusal
	wire.refusal = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		authn.Advance(time.Second) // so that the next login yields another token
		refusal(w, r, next)
	}
	world.CheckPassword = authn.CheckPassword
	world.Seed = func(_ testing.TB, names []string) {
		for _, name := range names {
			authn.SeedUser(name, "a password of many")
		}
	}
	return world
}

// authnWorld makes the part of a world that is the same for all servers, with
// its wire.
func authnWorld(t testing.TB, handler *simulator.Handler, admin, password string, opts []usermgmt.Option) (*conformance.World, *httpWire) {
	t.Helper()
	wire := &httpWire{
		handler: handler, kindOf: authnKind, secretOf: authnToken,
		refusal: simulator.Answer(http.StatusUnauthorized, http.Header{"Content-Type": {"application/json"}},
			`{"message":"not authorized (invalid token)","status":401}`),
	}
	wire.expire = func() { refuseTokens(wire) }
	server := httptest.NewServer(wire)
	t.Cleanup(server.Close)
	client, err := usermgmt.New(usermgmt.AIStore(server.URL), slices.Concat(opts, []usermgmt.Option{
		usermgmt.WithCredentials(usermgmt.Password(admin, password)),
		usermgmt.WithRetry(usermgmt.RetryPolicy{MinWait: time.Millisecond, MaxWait: 10 * time.Millisecond}),
	})...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return &conformance.World{
		Manager:    client,
		Self:       admin,
		Credential: func() usermgmt.Credential { return usermgmt.Password("", "Aa1!"+rand.Text()) },
		Secrets:    func() []string { return append(wire.seen(), password) },
		Wire:       wire,
	}, wire
}

// authnKind tells what a request is for: a POST to a user is a login.
func authnKind(r *http.Request) conformance.RequestKind {
	switch {
	case r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/v1/users/"):
		return conformance.Login
	case r.Method == http.MethodGet:
		return conformance.Read
	default:
		return conformance.Write
	}
}

func authnToken(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// refuseTokens refuses the tokens that were seen so far. Tokens hold whole
// seconds, so it waits until a login yields another one.
func refuseTokens(w *httpWire) {
	refused := w.seen()
	<-time.After(time.Second)
	w.handler.Inject(simulator.Fault{
		Match:  func(r *http.Request) bool { return slices.Contains(refused, authnToken(r)) },
		Effect: w.effect(conformance.Unauthenticated),
	})
}

// realAuthN makes worlds that share a real server, each behind a proxy.
func realAuthN(t *testing.T, address, admin, password string) conformance.Harness {
	t.Helper()
	upstream, err := url.Parse(address)
	require.NoError(t, err)
	direct, err := usermgmt.New(usermgmt.AIStore(address), usermgmt.WithCredentials(usermgmt.Password(admin, password)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, direct.Close()) })
	require.NoError(t, direct.Ping(t.Context()), "the server has to be reachable")
	authn, ok := usermgmt.As[*usermgmt.AIStoreExtension](direct)
	require.True(t, ok)

	return func(t testing.TB, opts ...usermgmt.Option) *conformance.World {
		t.Helper()
		handler := simulator.NewHandler(&httputil.ReverseProxy{
			Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(upstream) },
			ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		})
		prefix := "t" + strings.ToLower(rand.Text()[:6]) + "-"
		t.Cleanup(func() { removeAll(t, direct, prefix) }) // runs last, when no request is under way
		world, _ := authnWorld(t, handler, admin, password, opts)
		world.Prefix = prefix
		for _, label := range []string{"reader", "writer", "operator"} {
			role, err := direct.CreateRole(t.Context(), usermgmt.CreateRoleRequest{Name: world.Name(label)})
			require.NoError(t, err)
			world.Roles = append(world.Roles, usermgmt.Role{Name: role.Name})
		}
		world.CheckPassword = func(name, password string) bool {
			_, err := authn.IssueToken(t.Context(), usermgmt.AIStoreTokenRequest{Username: name, Password: usermgmt.NewSecret(password)})
			if err != nil {
				assert.ErrorIs(t, err, usermgmt.ErrUnauthenticated)
			}
			return err == nil
		}
		world.Seed = func(t testing.TB, names []string) {
			t.Helper()
			var group sync.WaitGroup
			slots := make(chan struct{}, 8)
			for _, name := range names {
				slots <- struct{}{}
				group.Go(func() {
					defer func() { <-slots }()
					_, err := direct.CreateUser(t.Context(), usermgmt.CreateUserRequest{Name: name, Credential: usermgmt.Password("", "a password of many")})
					assert.NoError(t, err)
				})
			}
			group.Wait()
		}
		return world
	}
}

// removeAll deletes the users and roles whose names begin with a prefix.
func removeAll(t testing.TB, m usermgmt.UserManager, prefix string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	for user, err := range m.ListUsers(ctx, usermgmt.ListUsersRequest{}) {
		require.NoError(t, err)
		if strings.HasPrefix(user.Name, prefix) {
			require.NoError(t, m.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: user.Name}))
		}
	}
	for role, err := range m.ListRoles(ctx, usermgmt.ListRolesRequest{}) {
		require.NoError(t, err)
		if strings.HasPrefix(role.Name, prefix) {
			require.NoError(t, m.DeleteRole(ctx, usermgmt.DeleteRoleRequest{Name: role.Name}))
		}
	}
}
