package usermgmt_test

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
	"github.com/usermgmt/usermgmt/internal/conformance"
	"github.com/usermgmt/usermgmt/internal/simulator"
	gatewaysim "github.com/usermgmt/usermgmt/internal/simulator/cognite"
)

func TestCogniteConformance(t *testing.T) {
	t.Parallel()
	runConformance(t, simulatedGateway)
}

// gatewayTokenPath is the path of the token endpoint of simulated servers.
const gatewayTokenPath = "/oauth2/token"

// simulatedGateway makes worlds with a simulated server each, which is its own
// token endpoint. It is managed by a machine that is no user of the gateway.
func simulatedGateway(t testing.TB, opts ...usermgmt.Option) *conformance.World {
	t.Helper()
	const name, machine, secret, subject, resident = "plant-7", "machine", "the machine's secret", "svc-roster", "pg_resident"
	var made madeUp
	gateway := gatewaysim.New(gatewaysim.Options{TokenPath: gatewayTokenPath, Make: made.text})
	gateway.SeedClient(machine, secret, gatewaysim.Admin(subject, name))
	project := gateway.Project(name)
	project.SeedUsers(gatewaysim.User{Username: resident})
	wire := &httpWire{
		handler: gateway.Handler, kindOf: gatewayKind, secretOf: bearerOf, expire: gateway.ExpireTokens, refusal: refuseLogin,
	}
	server := httptest.NewServer(wire)
	t.Cleanup(server.Close)
	client, err := usermgmt.New(usermgmt.Cognite(server.URL, name), slices.Concat(opts, []usermgmt.Option{
		usermgmt.WithCredentials(usermgmt.OAuth2ClientCredentials{
			TokenURL: server.URL + gatewayTokenPath, ClientID: machine, ClientSecret: usermgmt.NewSecret(secret),
		}),
		usermgmt.WithRetry(usermgmt.RetryPolicy{MinWait: time.Millisecond, MaxWait: 10 * time.Millisecond}),
	})...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	var sessions atomic.Int64
	return &conformance.World{
		DeletesOnce: true,
		Manager:     client,
		Self:        subject,
		Resident:    resident,
		Projects:    []string{name},
		Credential: func() usermgmt.Credential {
			nonce := made.text(gatewaysim.Nonce)
			project.SeedSession(gatewaysim.Session{
				ID: sessions.Add(1), Status: gatewaysim.Ready,
				CreationTime: time.Now().UnixMilli(), ExpirationTime: time.Now().Add(time.Hour).UnixMilli(),
			}, nonce)
			return usermgmt.SessionNonce(nonce)
		},
		Seed: func(_ testing.TB, names []string) {
			for _, name := range names {
				project.SeedUsers(gatewaysim.User{Username: name})
			}
		},
		Secrets: func() []string { return append(made.secrets(), secret) },
		Wire:    wire,
	}
}

// madeUp is what a server made up.
type madeUp struct {
	mu    sync.Mutex
	texts []string // nonces, passwords and tokens
}

func (m *madeUp) text(kind gatewaysim.Kind) string {
	text := rand.Text()
	if kind == gatewaysim.Username {
		return "pg_" + strings.ToLower(text)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.texts = append(m.texts, text)
	return text
}

func (m *madeUp) secrets() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.texts)
}

// gatewayKind tells what a request is for. Reading users by name is a POST.
func gatewayKind(r *http.Request) conformance.RequestKind {
	switch {
	case r.URL.Path == gatewayTokenPath:
		return conformance.Login
	case r.Method == http.MethodGet, strings.HasSuffix(r.URL.Path, "/byids"):
		return conformance.Read
	default:
		return conformance.Write
	}
}

// refuseLogin answers as the token endpoint does to a client, or the server to
// a token, that it does not accept.
func refuseLogin(w http.ResponseWriter, r *http.Request, next http.Handler) {
	body := `{"error":{"code":401,"message":"Unauthorized"}}`
	if gatewayKind(r) == conformance.Login {
		body = `{"error":"invalid_client","error_description":"the secret is wrong"}`
	}
	simulator.Answer(http.StatusUnauthorized, http.Header{"Content-Type": {"application/json"}}, body)(w, r, next)
}

func bearerOf(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}
