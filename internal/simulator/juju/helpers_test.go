package juju_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/usermgmt/usermgmt/internal/simulator/juju"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The models and offers of [world].
const (
	controllerModel = "10000000-0000-4000-8000-0000000000c0"
	testModel       = "10000000-0000-4000-8000-000000000001"
	prodModel       = "10000000-0000-4000-8000-000000000002"
	nowhere         = "10000000-0000-4000-8000-0000000000ff"
	mysqlOffer      = "20000000-0000-4000-8000-000000000001"
)

// clock is a clock that moves when it is told to.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2024, 7, 11, 20, 31, 31, 0, time.UTC)} }

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
	*juju.Server

	url   string
	clock *clock
}

func start(t *testing.T, opts juju.Options) server {
	t.Helper()
	c := newClock()
	if opts.OwnerPassword == "" && !opts.JAAS {
		opts.OwnerPassword = "sekrit"
	}
	if opts.Now == nil {
		opts.Now = c.Now
	}
	s := juju.New(opts)
	front := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		front.Close()
	})
	return server{Server: s, url: front.URL, clock: c}
}

// world returns a server of the given version with the users, models and offers
// of the recordings.
func world(t *testing.T, version string) server {
	t.Helper()
	s := start(t, juju.Options{Version: version})
	for _, u := range []juju.User{
		{Name: "alice", Password: "wonderland", DisplayName: "Alice Liddell", Access: "login"},
		{Name: "bob", Password: "builder", DisplayName: "Bob", Access: "login"},
		{Name: "carol", Password: "singer", DisplayName: "Carol", Access: "login", Disabled: true},
		{Name: "fred", Password: "flint", DisplayName: "Fred", Access: "login"},
	} {
		s.SeedUser(u)
	}
	for _, m := range []juju.Model{
		{UUID: controllerModel, Name: "controller", Owner: "admin", Access: map[string]string{"admin": "admin"}},
		{UUID: testModel, Name: "test-model", Owner: "admin", Access: map[string]string{"admin": "admin", "bob": "admin"}},
		{UUID: prodModel, Name: "prod", Owner: "fred", Access: map[string]string{"fred": "admin", "admin": "admin", "alice": "write"}},
	} {
		s.SeedModel(m)
	}
	s.SeedOffer(juju.Offer{Model: prodModel, UUID: mysqlOffer, Name: "hosted-mysql", Access: map[string]string{
		"fred": "admin", "alice": "consume", "everyone@external": "read",
	}})
	return s
}

// reply is an answer as it came.
type reply struct {
	ID       uint64          `json:"request-id"`
	Error    string          `json:"error"`
	Code     string          `json:"error-code"`
	Info     json.RawMessage `json:"error-info"`
	Response json.RawMessage `json:"response"`
}

// client is a plain client: it sends frames and reads them.
type client struct {
	t      *testing.T
	socket *websocket.Conn
	ctx    context.Context
	last   uint64
	major  string
}

func (s server) dial(t *testing.T) *client {
	t.Helper()
	return s.dialPath(t, "/api", nil)
}

func (s server) dialPath(t *testing.T, path string, header http.Header) *client {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	socket, resp, err := websocket.Dial(ctx, s.url+path, &websocket.DialOptions{HTTPHeader: header})
	require.NoError(t, err)
	_ = resp
	socket.SetReadLimit(-1)
	t.Cleanup(func() {
		_ = socket.CloseNow()
		cancel()
	})
	return &client{t: t, socket: socket, ctx: ctx}
}

// write sends a request and returns its number.
func (c *client) write(facade string, version int, method, params string) uint64 {
	c.t.Helper()
	c.last++
	frame := fmt.Sprintf(`{"request-id":%d,"type":%q,"version":%d,"request":%q,"params":%s}`, c.last, facade, version, method, params)
	require.NoError(c.t, c.socket.Write(c.ctx, websocket.MessageText, []byte(frame)))
	return c.last
}

// read returns the next message.
func (c *client) read() (string, error) {
	_, text, err := c.socket.Read(c.ctx)
	return string(text), err
}

// raw makes a call and returns the whole answer.
func (c *client) raw(facade string, version int, method, params string) string {
	c.t.Helper()
	c.write(facade, version, method, params)
	text, err := c.read()
	require.NoError(c.t, err)
	return text
}

// call makes a call and returns the answer.
func (c *client) call(facade string, version int, method, params string) reply {
	c.t.Helper()
	text := c.raw(facade, version, method, params)
	got := parse[reply](c.t, text)
	assert.Equal(c.t, c.last, got.ID)
	return got
}

// ok makes a call that must succeed, and compares the result.
func (c *client) ok(want, facade string, version int, method, params string) {
	c.t.Helper()
	got := c.call(facade, version, method, params)
	assert.Empty(c.t, got.Error)
	assert.JSONEq(c.t, want, string(got.Response))
}

// refused makes a call that must fail as a whole.
func (c *client) refused(message, code, facade string, version int, method, params string) {
	c.t.Helper()
	got := c.call(facade, version, method, params)
	assert.Equal(c.t, []string{message, code, "{}"}, []string{got.Error, got.Code, string(got.Response)})
}

// item makes a call whose only item must have the given error, "" for none.
func (c *client) item(message, code, facade string, version int, method, params string) {
	c.t.Helper()
	want := `{"results":[{}]}`
	if message != "" {
		want = fmt.Sprintf(`{"results":[{"error":{"message":%s,"code":%q}}]}`, quoted(message), code)
	}
	c.ok(want, facade, version, method, params)
}

// login logs in and returns the answer.
func (c *client) login(name, password string) reply {
	c.t.Helper()
	version := c.major
	if version == "" {
		version = "3.6.0"
	}
	return c.call("Admin", 3, "Login", fmt.Sprintf(
		`{"auth-tag":"user-%s","credentials":%q,"client-version":%q}`, name, password, version))
}

// as returns a connection of a user who is logged in.
func (s server) as(t *testing.T, name, password string) *client {
	t.Helper()
	c := s.dial(t)
	require.Empty(t, c.login(name, password).Error)
	return c
}

// admin returns a connection of the owner with a client of the server's version.
func (s server) admin(t *testing.T, version string) *client {
	t.Helper()
	c := s.dial(t)
	c.major = version
	require.Empty(t, c.login("admin", "sekrit").Error)
	return c
}
