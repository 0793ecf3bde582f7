package aistore_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/usermgmt/usermgmt/internal/simulator/aistore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sharedKey is the one RSA key of all tests that do not rotate.
var sharedKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// clock is a clock that moves when it is told to.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 8, 21, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// server is a simulator on a real connection.
type server struct {
	*aistore.Server

	url    string
	client *http.Client
}

func start(t *testing.T, opts aistore.Options) server {
	t.Helper()
	if opts.AdminPassword == "" {
		opts.AdminPassword = "adminpass"
	}
	if opts.NewKey == nil {
		opts.NewKey = sharedKey
	}
	s := aistore.New(opts)
	front := httptest.NewServer(s)
	t.Cleanup(func() {
		front.Close()
		s.Close()
	})
	client := front.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return server{Server: s, url: front.URL, client: client}
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   string
}

// try makes a request. The token goes into the usual header unless empty.
func (s server) try(method, target, token, body string) (reply, error) {
	req, err := http.NewRequest(method, s.url+target, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return s.do(req)
}

func (s server) do(req *http.Request) (reply, error) {
	resp, err := s.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(body)}, err
}

func (s server) send(t *testing.T, method, target, token, body string) reply {
	t.Helper()
	got, err := s.try(method, target, token, body)
	require.NoError(t, err)
	return got
}

// ok makes a request that must succeed and returns the body.
func (s server) ok(t *testing.T, method, target, token, body string) string {
	t.Helper()
	got := s.send(t, method, target, token, body)
	require.Equal(t, http.StatusOK, got.status, got.body)
	return got.body
}

// refused makes a request that must fail with the given status, type code and
// message.
func (s server) refused(t *testing.T, status int, tcode, message, method, target, token, body string) {
	t.Helper()
	got := s.send(t, method, target, token, body)
	assert.Equal(t, status, got.status, got.body)
	said := parse[struct {
		TypeCode string `json:"tcode"`
		Message  string `json:"message"`
		Status   int    `json:"status"`
	}](t, got.body)
	assert.Equal(t, message, said.Message)
	assert.Equal(t, tcode, said.TypeCode)
	assert.Equal(t, status, said.Status)
}

// login returns a new token.
func (s server) login(t *testing.T, id, password string) string {
	t.Helper()
	return s.loginFor(t, id, `{"password":"`+password+`"}`)
}

func (s server) loginFor(t *testing.T, id, body string) string {
	t.Helper()
	return parse[map[string]string](t, s.ok(t, http.MethodPost, "/v1/users/"+id, "", body))["token"]
}

func (s server) admin(t *testing.T) string {
	t.Helper()
	return s.login(t, "admin", "adminpass")
}

// tokenPart returns one part of a token, decoded: 0 is the header, 1 the claims.
func tokenPart(t *testing.T, token string, part int) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	require.Len(t, parts, 3)
	text, err := base64.RawURLEncoding.DecodeString(parts[part])
	require.NoError(t, err)
	return parse[map[string]any](t, string(text))
}

func parse[T any](t *testing.T, text string) T {
	t.Helper()
	var value T
	require.NoError(t, json.Unmarshal([]byte(text), &value), text)
	return value
}

// escape returns text as it is inside a JSON string of the server.
func escape(text string) string { return strings.ReplaceAll(text, `"`, `\"`) }
