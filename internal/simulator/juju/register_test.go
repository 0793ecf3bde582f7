package juju_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/nacl/secretbox"

	"github.com/usermgmt/usermgmt/internal/simulator/juju"
)

type sealed struct {
	User       string `json:"user,omitempty"`
	Nonce      []byte `json:"nonce"`
	CipherText []byte `json:"cipher-text"`
}

// seal returns a request that is sealed with the key.
func seal(t *testing.T, user string, key [32]byte, payload string) string {
	t.Helper()
	nonce := [24]byte{1, 2, 3}
	text, err := json.Marshal(sealed{user, nonce[:], secretbox.Seal(nil, []byte(payload), &nonce, &key)})
	require.NoError(t, err)
	return string(text)
}

func (s server) register(t *testing.T, method, body string) (int, string, []*http.Cookie) {
	t.Helper()
	req, err := http.NewRequest(method, s.url+"/register", bytes.NewReader([]byte(body)))
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(text), resp.Cookies()
}

func TestRegister(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	got := s.as(t, "admin", "sekrit").call(um, 3, "AddUser", `{"users":[{"username":"alex","display-name":"Alex"}]}`)
	made := parse[struct {
		Results []struct {
			Key []byte `json:"secret-key"`
		}
	}](t, string(got.Response))
	key := [32]byte(made.Results[0].Key)

	status, text, cookies := s.register(t, http.MethodPost, seal(t, "user-alex", key, `{"password":"new"}`))
	require.Equal(t, http.StatusOK, status, text)
	assert.Len(t, cookies, 1)
	answer := parse[sealed](t, text)
	nonce := [24]byte(answer.Nonce)
	opened, ok := secretbox.Open(nil, answer.CipherText, &nonce, &key)
	require.True(t, ok)
	assert.JSONEq(t, `{"ca-cert":"-----BEGIN CERTIFICATE-----\nMIIB...\n-----END CERTIFICATE-----\n",
		"controller-uuid":"deadbeef-1bad-500d-9000-4b1d0d06f00d","proxy-config":null}`, string(opened))
	assert.Empty(t, s.dial(t).login("alex", "new").Error)

	status, text, _ = s.register(t, http.MethodPost, seal(t, "user-alex", key, `{"password":"again"}`))
	assert.Equal(t, http.StatusNotFound, status)
	assert.JSONEq(t, `{"error":{"message":"secret key for user \"alex\" not found","code":"not found"}}`, text)
}

func TestRegisterErrors(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	key := [32]byte{9}
	s.SeedUser(juju.User{Name: "alex", SecretKey: key[:]})
	for name, test := range map[string]struct {
		method, body  string
		status        int
		message, code string
	}{
		"method":   {http.MethodGet, "", 405, `unsupported method: "GET"`, "method not allowed"},
		"no JSON":  {http.MethodPost, "x", 500, "invalid character 'x' looking for beginning of value", ""},
		"tag":      {http.MethodPost, `{"user":"alex"}`, 500, `"alex" is not a valid tag`, ""},
		"nonce":    {http.MethodPost, `{"user":"user-alex","nonce":"AAAA"}`, 400, "nonce not valid", "not valid"},
		"user":     {http.MethodPost, seal(t, "user-ghost", key, "{}"), 404, `user "ghost" not found`, "not found"},
		"key":      {http.MethodPost, seal(t, "user-alex", [32]byte{1}, "{}"), 400, "secret key not valid", "not valid"},
		"payload":  {http.MethodPost, seal(t, "user-alex", key, "x"), 500, "cannot unmarshal payload: invalid character 'x' looking for beginning of value", ""},
		"password": {http.MethodPost, seal(t, "user-alex", key, "{}"), 500, "setting new password: cannot use an empty password", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, text, _ := s.register(t, test.method, test.body)
			assert.Equal(t, test.status, status)
			assert.JSONEq(t, `{"error":{"message":`+quoted(test.message)+`,"code":"`+test.code+`"}}`, text)
		})
	}
}

func TestBrokenBodyOfARegistration(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	req := httptest.NewRequest(http.MethodPost, "/register", io.MultiReader(&bytes.Buffer{}, brokenReader{}))
	assert.Panics(t, func() { s.ServeHTTP(httptest.NewRecorder(), req) })
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("broken") }

// TestTLS connects the way a client has to: with the controller's CA and the
// name that is in every controller's certificate.
func TestTLS(t *testing.T) {
	t.Parallel()
	authority, err := juju.NewAuthority()
	require.NoError(t, err)
	s := juju.New(juju.Options{OwnerPassword: "sekrit", CACert: authority.CertificatePEM()})
	front := httptest.NewUnstartedServer(s)
	front.Config.ErrorLog = log.New(io.Discard, "", 0)
	front.TLS = authority.ServerConfig()
	front.StartTLS()
	t.Cleanup(func() {
		s.Close()
		front.Close()
	})
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM([]byte(authority.CertificatePEM())))
	dial := func(name string) (*client, error) {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: name, MinVersion: tls.VersionTLS12}}
		t.Cleanup(transport.CloseIdleConnections)
		socket, _, err := websocket.Dial(t.Context(), front.URL+"/api", &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
		return &client{t: t, socket: socket, ctx: t.Context()}, err
	}
	_, err = dial("127.0.0.1")
	require.Error(t, err)
	c, err := dial(juju.ServerName)
	require.NoError(t, err)
	require.Empty(t, c.login("admin", "sekrit").Error)
	s.InjectFrames(juju.FrameFault{Effect: juju.Drop})
	c.write("Pinger", 1, "Ping", `{}`)
	_, err = c.read()
	require.Error(t, err)
}

func TestNoRandomness(t *testing.T) {
	t.Parallel()
	assert.PanicsWithValue(t, "juju: no randomness: broken", func() {
		juju.New(juju.Options{OwnerPassword: "x", Random: brokenReader{}})
	})
}
