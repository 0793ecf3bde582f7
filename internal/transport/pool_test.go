package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// The retry library empties the pool after a call that failed for good.
func TestFailuresLeaveTheIdleConnectionsAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := fakeClient(t, Config{}, func(attempt int, _ *http.Request) (*http.Response, error) {
			switch attempt % 3 {
			case 0:
				return nil, errDial
			case 1:
				return nil, io.ErrUnexpectedEOF
			default:
				return reply(503, ""), nil
			}
		})
		for range 20 {
			fails(t.Context(), t, client, &Request{Method: "GET"})
		}
		client.Close()
		assert.Zero(t, server.closedIdle, "the pool is the caller's")
	})
}

func TestConnectionsAreReusedWhileCallsFail(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader([]int{200, 404, 429, 500, 503, 302}[len(r.URL.Query().Get("n"))])
		_, _ = io.WriteString(w, strings.Repeat("text ", 1000))
	}))
	connections := countConnections(s)
	s.Start()
	t.Cleanup(s.Close)
	client := newClient(t, s.URL, Config{Retry: Retry{MaxAttempts: 2, MinWait: time.Millisecond}})
	const workers = 8
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for n := range 60 {
				_, err := client.Do(t.Context(), &Request{Method: "GET", Query: map[string][]string{"n": {strings.Repeat("x", n%6)}}})
				assert.Equal(t, n%6 != 0, err != nil)
			}
		})
	}
	wait.Wait()
	// A worker that dials may be served by a connection that comes free meanwhile.
	assert.LessOrEqual(t, connections(), 2*workers)
}

func TestCallersClientIsNotTouched(t *testing.T) {
	t.Parallel()
	var cookies atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		cookies.Add(int32(len(r.Cookies())))
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "1"})
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	})
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	jar.SetCookies(mustURL(t, s.URL), []*http.Cookie{{Name: "own", Value: "2"}})
	base := &fakeTransport{answer: func(_ int, r *http.Request) (*http.Response, error) { return http.DefaultTransport.RoundTrip(r) }}
	caller := &http.Client{Transport: base, Jar: jar, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error {
		t.Error("the caller's redirect policy was asked")
		return nil
	}}
	client := newClient(t, s.URL, Config{HTTPClient: caller})
	for range 2 {
		f := fails(t.Context(), t, client, &Request{Method: "GET"})
		assert.Equal(t, 302, f.Status)
	}
	client.Close()
	assert.Same(t, base, caller.Transport)
	assert.Same(t, jar, caller.Jar)
	assert.Equal(t, time.Minute, caller.Timeout)
	assert.NotNil(t, caller.CheckRedirect)
	assert.Equal(t, []*http.Cookie{{Name: "own", Value: "2"}}, jar.Cookies(mustURL(t, s.URL)))
	assert.Zero(t, cookies.Load())
	assert.Zero(t, base.closedIdle)
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

func TestCallersTimeoutBoundsAnAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &fakeTransport{answer: func(_ int, r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}}
		client := newClient(t, "https://server.test", Config{
			HTTPClient: &http.Client{Transport: server, Timeout: time.Second}, Retry: Retry{MaxAttempts: 2},
		})
		f := fails(t.Context(), t, client, &Request{Method: "GET"})
		assertKind(t, fault.Unavailable, f)
		assert.Equal(t, 2, server.count())
	})
}

func TestNoClientAndNilTransport(t *testing.T) {
	t.Parallel()
	_, err := New(Config{BaseURL: mustURL(t, "https://server.test"), Classify: kinds, HTTPClient: &http.Client{}, TLS: &tls.Config{}})
	assert.Equal(t, fault.InvalidArgument, fault.KindOf(err))
	client, own := newHTTPClient(&http.Client{}, nil, nil)
	assert.Nil(t, own)
	assert.Same(t, http.DefaultTransport, client.Transport.(*roundTripper).base)
}

func TestCallersTLSConfigIsNotTouched(t *testing.T) {
	t.Parallel()
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(s.Close)
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	config.RootCAs.AddCert(s.Certificate())
	client := newClient(t, s.URL, Config{TLS: config})
	_, err := client.Do(t.Context(), &Request{Method: "GET"})
	require.NoError(t, err)
	assert.Empty(t, config.NextProtos)
}

func TestRedirectsAreRefused(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int32
	other := serve(t, func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) })
	grant := &Grant{Header: http.Header{"Authorization": {"Bearer secret-token"}, "X-Session": {"secret-session"}}}
	for status := 300; status <= 308; status++ {
		for _, location := range []string{"", "/again", other.URL, strings.Replace(other.URL, "127.0.0.1", "localhost", 1), ":no url:%zz", "http://%zz/secret"} {
			for _, method := range []string{"GET", "POST", "DELETE"} {
				var here atomic.Int32
				s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
					here.Add(1)
					if location != "" {
						w.Header().Set("Location", location)
					}
					w.WriteHeader(status)
				})
				client := newClient(t, s.URL, Config{Authenticator: NewSession(fixed(grant))})
				f := fails(t.Context(), t, client, &Request{Method: method, Class: Once})
				want := &fault.Error{Kind: fault.Internal, Status: status, Message: "the server answered with a redirect, which is never followed"}
				assert.Equal(t, want, f, "%d %s %q", status, method, location)
				assert.EqualValues(t, 1, here.Load())
				client.Close()
				s.Close()
			}
		}
	}
	assert.Zero(t, elsewhere.Load())
}

func fixed(grant *Grant) LoginFunc {
	return staticLogin(func() *Grant { return grant })
}

func TestDialErrorsNameNoURL(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, _ := fakeClient(t, Config{Retry: Retry{MaxAttempts: 1}}, func(int, *http.Request) (*http.Response, error) {
			return nil, errors.New("broken pipe")
		})
		f := fails(t.Context(), t, client, &Request{Method: "GET", Path: []string{"users"}, Query: map[string][]string{"password": {"hunter2"}}})
		assert.Equal(t, "unavailable: broken pipe", f.Error())
		assert.Equal(t, errors.New("broken pipe"), f.Err, "the URL error is gone")
	})
}
