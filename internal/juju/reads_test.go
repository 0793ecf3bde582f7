package juju

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/rpc"
)

const someUUID = "10000000-0000-4000-8000-000000000001"

// TestReads is about what no recording shows.
func TestReads(t *testing.T) {
	t.Parallel()
	var got record
	answers := map[string]string{
		"IdentityProviderURL": `{"result":"https://idp.example.com"}`,
		"ListModels":          `{"user-models":[{"model":{"name":"prod","uuid":"` + someUUID + `","type":"iaas","owner-tag":"user-fred@local"},"last-connection":"2024-07-01T08:09:10Z"}]}`,
		"ApplicationOffers":   `{"results":[{"result":{"offer-url":"fred/prod.db","offer-name":"db","users":[{"user":"bob@local","access":"read"}]}},{"error":{"message":"no","code":"not found"}}]}`,
		"CloudInfo":           `{"results":[{"result":{"type":"lxd","endpoint":"e","users":[{"user":"bob","display-name":"Bob","access":"admin"}]}},{}]}`,
		"DestroyModels":       `{"results":[{}]}`,
		"Ping":                `{}`,
	}
	c := connect(t, listen(t, func(f frame, _ []byte) string {
		if f.Type == "Admin" {
			return loginAs("admin", "superuser", "3.5.1")
		}
		got.add(f)
		return ok(answers[f.Request])
	}).address(), nil)
	ctx := t.Context()
	url, err := c.IdentityProviderURL(ctx)
	require.NoError(t, err)
	assert.Equal(t, "https://idp.example.com", url)
	models, err := c.Models(ctx, "fred")
	require.NoError(t, err)
	last := time.Date(2024, 7, 1, 8, 9, 10, 0, time.UTC)
	assert.Equal(t, []Model{{UUID: someUUID, Name: "prod", Owner: "fred", Type: "iaas", LastConnection: last}}, models)
	offers, err := c.Offers(ctx, "fred/prod.db", "fred/prod.other")
	require.NoError(t, err)
	assert.Equal(t, Offer{URL: "fred/prod.db", Name: "db", Users: []AccessUser{{Name: "bob", Access: "read"}}}, offers[0].Value)
	assertKind(t, fault.NotFound, offers[1].Err)
	clouds, err := c.Clouds(ctx, "lxd", "other")
	require.NoError(t, err)
	assert.Equal(t, Cloud{Name: "lxd", Type: "lxd", Endpoint: "e", Users: []AccessUser{{Name: "bob", DisplayName: "Bob", Access: "admin"}}}, clouds[0].Value)
	assertKind(t, fault.Internal, clouds[1].Err)
	_, err = one(c.DestroyModels(ctx, DestroyOptions{}, someUUID))
	require.NoError(t, err)
	require.NoError(t, c.Ping(ctx))
	assert.Equal(t, []string{
		`Controller(12).IdentityProviderURL {}`, `ModelManager(10).ListModels {"tag":"user-fred"}`,
		`ApplicationOffers(5).ApplicationOffers {"offer-urls":["fred/prod.db","fred/prod.other"]}`,
		`Cloud(7).CloudInfo {"entities":[{"tag":"cloud-lxd"},{"tag":"cloud-other"}]}`,
		`ModelManager(10).DestroyModels {"models":[{"model-tag":"model-` + someUUID + `"}]}`, `Pinger(1).Ping {}`,
	}, got.frames)
}

func TestFailuresAmongReads(t *testing.T) {
	t.Parallel()
	_, err := answering(t, ok(`{"error":{"message":"no","code":"not supported"}}`)).IdentityProviderURL(t.Context())
	assertKind(t, fault.Unsupported, err)
	_, err = answering(t, failed("no", "forbidden")).ListUsers(t.Context(), true)
	assertKind(t, fault.PermissionDenied, err)
	list, err := answering(t, failed("gone", "not found")).ModelSummaries(t.Context(), "admin", true)
	require.NoError(t, err)
	assertKind(t, fault.NotFound, list[0].Err)
	_, err = answering(t, failed("permission denied", "unauthorized access")).ModelUsers(t.Context(), someUUID)
	assertKind(t, fault.PermissionDenied, err)
	for _, call := range []func(c *Client) error{
		func(c *Client) error { _, err := c.ModelUsers(t.Context(), someUUID); return err },
		func(c *Client) error { _, err := c.ListUsers(t.Context(), true); return err },
		func(c *Client) error { _, err := one(c.Offers(t.Context(), "fred/prod.db")); return err },
		func(c *Client) error { _, err := one(c.ModelInfo(t.Context(), someUUID)); return err },
		func(c *Client) error { _, err := one(c.ControllerAccess(t.Context(), "alice")); return err },
		func(c *Client) error { _, err := c.ModelSummaries(t.Context(), "alice", false); return err },
	} {
		assertKind(t, fault.Internal, call(answering(t, ok(`{"results":[{}]}`))))
	}
}

// TestCA is about a controller whose certificate its own authority signed.
func TestCA(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost", ServerName}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	var block bytes.Buffer
	require.NoError(t, pem.Encode(&block, &pem.Block{Type: "CERTIFICATE", Bytes: der}))

	p := &peer{t: t, reply: func(frame, []byte) string { return loginAs("admin", "superuser", "3.5.1") }}
	p.Server = httptest.NewUnstartedServer(http.HandlerFunc(p.serve))
	p.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	p.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
	p.StartTLS()
	t.Cleanup(func() {
		p.Close()
		p.work.Wait()
	})
	address := "wss" + strings.TrimPrefix(p.URL, "https") + "/api"
	for _, base := range []*tls.Config{nil, {MinVersion: tls.VersionTLS13}} {
		c := connect(t, address, func(config *Config) { config.CA, config.TLS = block.String(), base })
		_, err = c.Session(t.Context())
		require.NoError(t, err, "whatever the address")
	}
	_, err = connect(t, address, nil).Session(t.Context())
	f := assertKind(t, fault.Unavailable, err)
	assert.Contains(t, f.Message, "certificate is not trusted")
}

// TestKeepAlive shows that any answer to a ping proves that the controller
// lives, and that silence proves the reverse.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	pings := make(chan struct{}, 100)
	var silent atomic.Bool
	p := listen(t, func(frame, []byte) string {
		pings <- struct{}{}
		if silent.Load() {
			return ""
		}
		return refused("no such request", "not implemented")
	})
	c, err := rpc.New(rpc.Config[*Session]{
		Addresses: []string{p.address()}, Classify: classify, Ping: ping, PingEvery: time.Millisecond,
		Handshake: func(context.Context, *rpc.Conn) (*Session, error) { return &Session{}, nil },
	})
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Session(t.Context())
	require.NoError(t, err)
	for range 3 {
		<-pings
	}
	_, connected := c.Current()
	assert.True(t, connected)
	silent.Store(true)
	assert.Eventually(t, func() bool {
		_, connected := c.Current()
		return !connected
	}, 20*time.Second, time.Millisecond)
}
