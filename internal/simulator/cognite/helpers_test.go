package cognite_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/usermgmt/usermgmt/internal/simulator/cognite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	project = "/api/v1/projects/plant-7"
	users   = project + "/postgresgateway"
	tables  = users + "/tables/pg_a"

	sessions = project + "/sessions"
	groups   = project + "/groups"
	profiles = project + "/profiles"
)

// clock is a clock that moves when it is told to.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

// epoch is the time at which the clock of every test starts.
const epoch = int64(1730204347000)

func newClock() *clock { return &clock{now: time.UnixMilli(epoch)} }

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

func (c *clock) Set(milliseconds int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = time.UnixMilli(milliseconds)
}

// server is a simulator on a real connection with one project, one client and
// one token that may do everything.
type server struct {
	*cognite.Server

	project *cognite.Project
	clock   *clock
	url     string
	client  *http.Client
}

// counted makes texts that tell their kind and number.
func counted() func(cognite.Kind) string {
	made := map[cognite.Kind]int{}
	names := map[cognite.Kind]string{
		cognite.Username: "user", cognite.Password: "password", cognite.Nonce: "nonce", cognite.AccessToken: "token",
	}
	return func(kind cognite.Kind) string {
		made[kind]++
		return fmt.Sprintf("%s-%d", names[kind], made[kind])
	}
}

func start(t *testing.T, opts cognite.Options) server {
	t.Helper()
	c := newClock()
	if opts.Now == nil {
		opts.Now = c.Now
	}
	if opts.Make == nil {
		opts.Make = counted()
	}
	s := cognite.New(opts)
	p := s.Project("plant-7")
	s.SeedToken("admin", cognite.Admin("svc-4711", "plant-7"))
	s.SeedClient("app", "s3cret", cognite.Admin("svc-app", "plant-7"))
	front := httptest.NewServer(s)
	t.Cleanup(front.Close)
	return server{s, p, c, front.URL, front.Client()}
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   string
}

// request returns a request with the headers of the API and, for a body, those
// of JSON.
func (s server) request(t *testing.T, method, target, token, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequest(method, s.url+target, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Cdp-Sdk", "test:1")
	req.Header.Set("X-Cdp-App", "test")
	req.Header.Set("Cdf-Version", "20230101")
	return req
}

func (s server) do(t *testing.T, req *http.Request) reply {
	t.Helper()
	resp, err := s.client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return reply{resp.StatusCode, resp.Header, string(body)}
}

// as makes a request with a token; a body makes it a POST.
func (s server) as(t *testing.T, token, target, body string) reply {
	t.Helper()
	method := http.MethodGet
	if body != "" {
		method = http.MethodPost
	}
	return s.do(t, s.request(t, method, target, token, body))
}

// ok makes a request of the administrator that must succeed.
func (s server) ok(t *testing.T, target, body, want string) {
	t.Helper()
	got := s.as(t, "admin", target, body)
	assert.Equal(t, http.StatusOK, got.status, got.body)
	assert.JSONEq(t, want, got.body)
}

// refused makes a request of the administrator that must fail.
func (s server) refused(t *testing.T, target, body string, status int, message string) {
	t.Helper()
	s.refusedAs(t, "admin", target, body, status, message)
}

func (s server) refusedAs(t *testing.T, token, target, body string, status int, message string) {
	t.Helper()
	got := s.as(t, token, target, body)
	assert.Equal(t, status, got.status, got.body)
	assert.JSONEq(t, fmt.Sprintf(`{"error":{"code":%d,"message":%q}}`, status, message), got.body)
}

// may stores a token of a principal with the given capabilities in the project
// and returns it.
func (s server) may(capabilities ...cognite.Capability) string {
	s.SeedToken("limited", cognite.Principal{
		Subject: "limited", Projects: map[string][]int64{"plant-7": nil}, Capabilities: capabilities,
	})
	return "limited"
}

func parse[T any](t *testing.T, text string) T {
	t.Helper()
	var value T
	require.NoError(t, json.Unmarshal([]byte(text), &value), text)
	return value
}

func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

func user(name string, session int64) cognite.User {
	return cognite.User{Username: name, CreatedTime: epoch, LastUpdatedTime: epoch, SessionID: session}
}

func session(id int64, status cognite.SessionStatus) cognite.Session {
	return cognite.Session{
		ID: id, Type: "CLIENT_CREDENTIALS", Status: status,
		CreationTime: epoch, ExpirationTime: epoch + time.Hour.Milliseconds(), ClientID: "app",
	}
}
