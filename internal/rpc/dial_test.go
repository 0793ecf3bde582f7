package rpc

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

func TestAddresses(t *testing.T) {
	t.Parallel()
	good := []string{
		"wss://h:17070/api", "wss://h/jimm/api", "wss://[2001:db8::1]:17070/api", "ws://127.0.0.1:1/api", "ws://localhost/api", "ws://[::1]:1/api",
	}
	for _, address := range good {
		u, err := checkAddress(address, false)
		require.NoError(t, err, address)
		assert.Equal(t, address, u.String())
	}
	_, err := checkAddress("ws://h/api", true)
	require.NoError(t, err)
	for address, problem := range map[string]string{
		"":                   "must be a URL with a host",
		"wss:///api":         "must be a URL with a host",
		"%":                  "is not a URL",
		"wss://u:secret@h/a": "must not carry credentials",
		"wss://h/a?b":        "must not carry a query or a fragment",
		"wss://h/a?":         "must not carry a query or a fragment",
		"wss://h/a#b":        "must not carry a query or a fragment",
		"https://h/a":        "must start with wss:// or ws://",
		"wss://h:0/a":        "has no valid port",
		"wss://h:65536/a":    "has no valid port",
		"ws://h/a":           "is plain ws to another host, which would send credentials in clear: use wss or allow it explicitly",
		"ws://8.8.8.8/a":     "is plain ws to another host, which would send credentials in clear: use wss or allow it explicitly",
	} {
		_, err := checkAddress(address, false)
		assert.Equal(t, fault.Invalid("address", "%s", problem), err, address)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := Config[session]{
		Addresses: []string{"ws://localhost:1"}, Classify: classify,
		Handshake: func(context.Context, *Conn) (session, error) { return session{}, nil },
	}
	c, err := New(good)
	require.NoError(t, err)
	c.Close()
	for name, spoil := range map[string]func(*Config[session]){
		"no address":   func(c *Config[session]) { c.Addresses = nil },
		"bad address":  func(c *Config[session]) { c.Addresses = []string{"ws://localhost:1", "x"} },
		"no handshake": func(c *Config[session]) { c.Handshake = nil },
		"no classify":  func(c *Config[session]) { c.Classify = nil },
		"two TLS":      func(c *Config[session]) { c.TLS, c.HTTPClient = &tls.Config{}, &http.Client{} },
		"negative":     func(c *Config[session]) { c.Timeout = -1 },
		"negative max": func(c *Config[session]) { c.MaxMessage = -1 },
	} {
		config := good
		spoil(&config)
		_, err := New(config)
		assert.Equal(t, fault.InvalidArgument, fault.KindOf(err), name)
	}
}

// deadAddress returns an address at which nobody listens.
func deadAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return "ws://" + listener.Addr().String()
}

// mute returns an address that takes connections and never says anything.
func mute(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	return "ws://" + listener.Addr().String()
}

func TestSeveralAddresses(t *testing.T) {
	t.Parallel()
	p := listen(t, echo)
	for name, addresses := range map[string][]string{
		"refused": {deadAddress(t), p.address()}, "silent": {mute(t), p.address()}, "all": {deadAddress(t), mute(t), deadAddress(t), p.address()},
	} {
		c, _ := open(t, func(config *Config[session]) { config.Stagger = 10 * time.Millisecond }, addresses...)
		_, err := do(t.Context(), c, transport.Read, "1")
		require.NoError(t, err, name)
		assert.Equal(t, p.address(), c.dialer.addresses[0].String(), "what works is kept")
		assert.Len(t, c.dialer.addresses, len(addresses))
	}
	c, _ := open(t, func(config *Config[session]) { config.Retry.MaxAttempts = 1 }, deadAddress(t), deadAddress(t))
	_, err := do(t.Context(), c, transport.Once, "1")
	f := asFault(t, err)
	assert.Equal(t, fault.Unavailable, f.Kind)
	assert.False(t, f.Ambiguous)

	silent, _ := open(t, func(config *Config[session]) { config.Timeout = 50 * time.Millisecond }, mute(t))
	_, err = do(t.Context(), silent, transport.Once, "1")
	f = asFault(t, err)
	assert.Equal(t, fault.Unavailable, f.Kind)
	assert.False(t, f.Ambiguous)
}

func TestNoWebSocket(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]fault.Kind{
		200: fault.Internal, 302: fault.Internal, 400: fault.Internal, 401: fault.Unauthenticated, 403: fault.PermissionDenied,
		404: fault.Unsupported, 405: fault.Unsupported, 426: fault.Unsupported, 429: fault.RateLimited, 500: fault.Unavailable, 503: fault.Unavailable,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			assert.Equal(t, "/prefix/api", r.URL.Path, "no redirect is followed")
			assert.Equal(t, "there", r.Header.Get("X-Extra"))
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
		}))
		c, _ := open(t, func(config *Config[session]) {
			config.Header = http.Header{"X-Extra": {"there"}}
			config.Retry.MaxAttempts = 1
		}, "ws"+strings.TrimPrefix(server.URL, "http")+"/prefix/api")
		_, err := do(t.Context(), c, transport.Once, "1")
		f := asFault(t, err)
		assert.Equal(t, want, f.Kind, "%d", status)
		assert.Equal(t, status, f.Status)
		assert.False(t, f.Ambiguous)
		server.Close()
	}
}

// TestAskedToStayAway is about a server, or what stands before it, that is busy.
func TestAskedToStayAway(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		after  string
		tries  int32
		kind   fault.Kind
		wait   time.Duration
	}{
		"for long":         {429, "3600", 1, fault.RateLimited, time.Hour},
		"down for long":    {503, "3600", 1, fault.RateLimited, time.Hour},
		"not at all":       {429, "0", 3, fault.RateLimited, 0},
		"without a number": {503, "tomorrow", 3, fault.Unavailable, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var tries atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				tries.Add(1)
				w.Header().Set("Retry-After", test.after)
				w.WriteHeader(test.status)
			}))
			defer server.Close()
			c, _ := open(t, func(config *Config[session]) { config.Retry.MaxAttempts = 3 }, "ws"+strings.TrimPrefix(server.URL, "http"))
			_, err := do(t.Context(), c, transport.Once, "1")
			f := asFault(t, err)
			assert.Equal(t, test.kind, f.Kind)
			assert.Equal(t, test.wait, f.RetryAfter)
			assert.False(t, f.Ambiguous)
			assert.Equal(t, test.tries, tries.Load())
		})
	}
}

// issue returns the certificate of an authority for one DNS name, and the
// authority.
func issue(t *testing.T, name string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	authority, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(authority)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestTLS(t *testing.T) {
	t.Parallel()
	certificate, pool := issue(t, "juju-apiserver")
	p := &peer{}
	p.Server = httptest.NewUnstartedServer(p.handler(t, echo))
	p.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	p.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	p.StartTLS()
	t.Cleanup(func() {
		p.Close()
		p.work.Wait()
	})
	address := "wss" + strings.TrimPrefix(p.URL, "https")
	use := func(config *tls.Config) error {
		c, _ := open(t, func(c *Config[session]) { c.TLS = config }, address)
		_, err := do(t.Context(), c, transport.Once, "1")
		return err
	}
	require.NoError(t, use(&tls.Config{RootCAs: pool, ServerName: "juju-apiserver", MinVersion: tls.VersionTLS12}))
	before := p.dials.Load()
	for name, config := range map[string]*tls.Config{
		"the system's authorities": nil, "another name": {RootCAs: pool, MinVersion: tls.VersionTLS12},
	} {
		f := asFault(t, use(config))
		assert.Equal(t, fault.Unavailable, f.Kind, name)
		assert.False(t, f.Ambiguous)
		assert.Contains(t, f.Message, "the server's certificate is not trusted", name)
	}
	assert.Equal(t, before, p.dials.Load())
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "juju-apiserver", MinVersion: tls.VersionTLS12}}}
	c, _ := open(t, func(c *Config[session]) { c.HTTPClient = client }, address)
	_, err := do(t.Context(), c, transport.Once, "1")
	require.NoError(t, err, "by the caller's client")
}

func TestLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := listen(t, func(s *socket) {
		if s.number == 1 {
			_, _ = s.next()
			return
		}
		echo(s)
	})
	c, _ := open(t, func(config *Config[session]) {
		config.Logger = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}, p.address())
	_, err := do(t.Context(), c, transport.Read, `"swordfish"`)
	require.NoError(t, err)
	c.Close()
	assert.Contains(t, out.String(), `msg="retrying call" method=Test.Echo attempt=1 kind=unavailable`)
	assert.Contains(t, out.String(), "msg=call method=Test.Echo attempt=2 kind=ok")
	assert.NotContains(t, out.String(), "swordfish")
	assert.NotContains(t, out.String(), "127.0.0.1")
}
