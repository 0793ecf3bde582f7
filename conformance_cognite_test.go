package usermgmt_test

import (
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
	gatewaysim "github.com/usermgmt/usermgmt/internal/simulator/cognitestub"
)

func TestCogniteConformance(t *testing.T) {
	t.Parallel()
	runConformance(t, simulatedGateway)
}

// simulatedGateway makes worlds with a simulated server each, which is its own
// token endpoint.
func simulatedGateway(t testing.TB, opts ...usermgmt.Option) *conformance.World {
	t.Helper()
	const machine, secret, resident = "machine", "the machine's secret", "pg_resident"
	gateway := gatewaysim.New(gatewaysim.Options{Project: "plant-7", ClientID: machine, ClientSecret: secret, Subject: "svc-roster"})
	gateway.SeedUser(resident)
	wire := &httpWire{
		handler: gateway.Handler, kindOf: gatewayKind, secretOf: bearerOf, expire: gateway.ExpireTokens,
		refusal: refuseLogin,
	}
	server := httptest.NewServer(wire)
	t.Cleanup(server.Close)
	client, err := usermgmt.New(usermgmt.Cognite(server.URL, "plant-7"), slices.Concat(opts, []usermgmt.Option{
		usermgmt.WithCredentials(usermgmt.OAuth2ClientCredentials{
			TokenURL: server.URL + gatewaysim.TokenPath, ClientID: machine, ClientSecret: usermgmt.NewSecret(secret),
		}),
		usermgmt.WithRetry(usermgmt.RetryPolicy{MinWait: time.Millisecond, MaxWait: 10 * time.Millisecond}),
	})...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	var nonces sync.Map
	return &conformance.World{
		Manager:  client,
		Self:     "svc-roster",
		Resident: resident,
		Projects: []string{"plant-7"},
		Credential: func() usermgmt.Credential {
			nonce := gateway.NewNonce()
			nonces.Store(nonce, true)
			return usermgmt.SessionNonce(nonce)
		},
		Seed: func(_ testing.TB, names []string) {
			for _, name := range names {
				gateway.SeedUser(name)
			}
		},
		Secrets: func() []string {
			all := append(wire.seen(), secret)
			nonces.Range(func(nonce, _ any) bool {
				all = append(all, nonce.(string))
				return true
			})
			return all
		},
		Wire: wire,
	}
}

// gatewayKind tells what a request is for. Reading users by name is a POST.
func gatewayKind(r *http.Request) conformance.RequestKind {
	switch {
	case r.URL.Path == gatewaysim.TokenPath:
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
