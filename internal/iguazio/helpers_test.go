package iguazio

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// static returns a source of one credential.
func static(credential Credential) func(context.Context) (Credential, error) {
	return func(context.Context) (Credential, error) { return credential, nil }
}

var (
	someKey      = static(Credential{AccessKey: "some-access-key"})
	somePassword = static(Credential{Username: "admin", Password: "some-password"})
)

// noPause waits for nothing, but not longer than ctx.
func noPause(ctx context.Context, _ time.Duration) error { return ctx.Err() }

func newClient(tb testing.TB, address string, config Config) *Client {
	tb.Helper()
	base, err := url.Parse(address)
	require.NoError(tb, err)
	config.Transport.BaseURL = base
	if config.Credential == nil {
		config.Credential = someKey
	}
	if config.ClientName == "" {
		config.ClientName = "igz-mgmt-sdk"
	}
	if config.Pause == nil {
		config.Pause = noPause
	}
	config.Transport.Retry = transport.Retry{MaxAttempts: max(1, config.Transport.Retry.MaxAttempts), MinWait: time.Millisecond}
	c, err := New(config)
	require.NoError(tb, err)
	tb.Cleanup(c.Close)
	return c
}

// serve returns a client of a server with that handler.
func serve(tb testing.TB, config Config, handler http.HandlerFunc) *Client {
	tb.Helper()
	server := httptest.NewServer(handler)
	tb.Cleanup(server.Close)
	return newClient(tb, server.URL, config)
}

// reply is an answer of a script.
type reply struct {
	status int
	body   string
}

// script answers requests in turn and notes them.
type script struct {
	mu       sync.Mutex
	replies  []reply
	requests []string
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r.Method+" "+r.URL.RequestURI())
	answer := reply{http.StatusInternalServerError, "the script is over"}
	if len(s.replies) > 0 {
		answer, s.replies = s.replies[0], s.replies[1:]
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(answer.status)
	_, _ = fmt.Fprint(w, answer.body)
}

// seen returns the requests that came.
func (s *script) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// scripted returns a client of a server that answers in turn.
func scripted(tb testing.TB, config Config, replies ...reply) (*Client, *script) {
	tb.Helper()
	s := &script{replies: replies}
	return serve(tb, config, s.ServeHTTP), s
}

// offline returns a client that must not send anything.
func offline(tb testing.TB) *Client {
	tb.Helper()
	return serve(tb, Config{}, func(_ http.ResponseWriter, r *http.Request) {
		tb.Errorf("sent %s %s", r.Method, r.URL.EscapedPath())
	})
}

// asFault returns the failure that err is.
func asFault(tb testing.TB, err error) *fault.Error {
	tb.Helper()
	var f *fault.Error
	require.ErrorAs(tb, err, &f)
	return f
}

func assertKind(tb testing.TB, want fault.Kind, err error) {
	tb.Helper()
	f := asFault(tb, err)
	assert.Equal(tb, want.String(), f.Kind.String(), f.Error())
}
