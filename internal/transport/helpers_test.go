package transport

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/usermgmt/usermgmt/internal/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// kinds is a classifier that quotes the body, as protocols do.
func kinds(_ *Request, status int, _ http.Header, body []byte) *fault.Error {
	f := &fault.Error{Kind: fault.Internal, Message: string(body)}
	switch {
	case status == http.StatusUnauthorized:
		f.Kind = fault.Unauthenticated
	case status == http.StatusNotFound:
		f.Kind = fault.NotFound
	case status >= 500:
		f.Kind = fault.Unavailable
	}
	return f
}

func mustURL(tb testing.TB, text string) *url.URL {
	tb.Helper()
	u, err := url.Parse(text)
	require.NoError(tb, err)
	return u
}

// newClient returns a client of cfg, kinds being the default classifier.
func newClient(tb testing.TB, address string, cfg Config) *Client {
	tb.Helper()
	cfg.BaseURL = mustURL(tb, address)
	if cfg.Classify == nil {
		cfg.Classify = kinds
	}
	c, err := New(cfg)
	require.NoError(tb, err)
	tb.Cleanup(c.Close)
	return c
}

// fakeTransport answers attempts, counted from 1, without a network.
type fakeTransport struct {
	answer func(attempt int, r *http.Request) (*http.Response, error)

	mu         sync.Mutex
	attempts   int
	bodies     []string
	closedIdle int
}

func (f *fakeTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body.Close()
	}
	f.mu.Lock()
	f.attempts++
	f.bodies = append(f.bodies, string(body))
	attempt := f.attempts
	f.mu.Unlock()
	answer, err := f.answer(attempt, r)
	if answer != nil {
		answer.Request = r
	}
	return answer, err
}

func (f *fakeTransport) CloseIdleConnections() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closedIdle++
}

func (f *fakeTransport) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.attempts
}

// fakeClient returns a client whose attempts are answered by answer.
func fakeClient(tb testing.TB, cfg Config, answer func(attempt int, r *http.Request) (*http.Response, error)) (*Client, *fakeTransport) {
	tb.Helper()
	f := &fakeTransport{answer: answer}
	cfg.HTTPClient = &http.Client{Transport: f}
	return newClient(tb, "https://server.test/", cfg), f
}

// reply makes an answer; header holds names and values in turn.
func reply(status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Add(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
}

// serve starts a server for one test.
func serve(tb testing.TB, handler http.HandlerFunc) *httptest.Server {
	tb.Helper()
	s := httptest.NewServer(handler)
	tb.Cleanup(s.Close)
	return s
}

// countConnections counts the connections that a server accepts. It is
// called before the server starts.
func countConnections(s *httptest.Server) func() int {
	var mu sync.Mutex
	n := 0
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			mu.Lock()
			defer mu.Unlock()
			n++
		}
	}
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		return n
	}
}

// cut drops the connection of a request that was read.
func cut(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	panic(http.ErrAbortHandler)
}

// fails runs r and returns its failure.
func fails(ctx context.Context, tb testing.TB, c *Client, r *Request) *fault.Error {
	tb.Helper()
	_, err := c.Do(ctx, r)
	var f *fault.Error
	require.ErrorAs(tb, err, &f)
	return f
}

func assertKind(tb testing.TB, want fault.Kind, f *fault.Error) {
	tb.Helper()
	assert.Equal(tb, want.String(), f.Kind.String(), f.Error())
}

// discardLog silences servers that are treated badly on purpose.
var discardLog = log.New(io.Discard, "", 0)
