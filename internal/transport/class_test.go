package transport

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

var errDial = &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}

// notExecuted is a classifier of a protocol that knows that nothing was done.
func notExecuted(r *Request, status int, h http.Header, body []byte) *fault.Error {
	f := kinds(r, status, h, body)
	f.NotExecuted = true
	return f
}

// repeatable is a classifier of a protocol whose server vouches for repetitions.
func repeatable(r *Request, status int, h http.Header, body []byte) *fault.Error {
	f := kinds(r, status, h, body)
	f.Repeatable = true
	return f
}

func TestClassDecidesWhatIsResent(t *testing.T) {
	t.Parallel()
	status := func(code int) func() (*http.Response, error) {
		return func() (*http.Response, error) { return reply(code, "words"), nil }
	}
	broken := func(err error) func() (*http.Response, error) {
		return func() (*http.Response, error) { return nil, err }
	}
	type fate struct{ resent, ambiguous bool }
	always, never := fate{resent: true}, fate{}
	unclear := fate{ambiguous: true}
	resentUnclear := fate{resent: true, ambiguous: true}
	for name, c := range map[string]struct {
		answer                 func() (*http.Response, error)
		classify               Classifier
		read, idempotent, once fate
	}{
		"400":               {status(400), nil, never, never, never},
		"403":               {status(403), nil, never, never, never},
		"404":               {status(404), nil, never, never, never},
		"408":               {status(408), nil, never, unclear, unclear},
		"409":               {status(409), nil, never, never, never},
		"429":               {status(429), nil, always, always, always},
		"500":               {status(500), nil, never, unclear, unclear},
		"501":               {status(501), nil, never, unclear, unclear},
		"502":               {status(502), nil, always, resentUnclear, unclear},
		"503":               {status(503), nil, always, resentUnclear, unclear},
		"504":               {status(504), nil, always, resentUnclear, unclear},
		"503, not executed": {status(503), notExecuted, always, always, always},
		"500, not executed": {status(500), notExecuted, always, always, always},
		"503, repeatable":   {status(503), repeatable, always, resentUnclear, resentUnclear},
		"500, repeatable":   {status(500), repeatable, always, resentUnclear, resentUnclear},
		"409, repeatable":   {status(409), repeatable, always, always, always},
		"401, repeatable":   {status(401), repeatable, never, never, never},
		"redirect":          {status(302), nil, never, never, never},
		"dial":              {broken(errDial), nil, always, always, always},
		"cut":               {broken(io.ErrUnexpectedEOF), nil, always, resentUnclear, unclear},
		"reset":             {broken(&net.OpError{Op: "read", Err: errors.New("reset")}), nil, always, resentUnclear, unclear},
		"certificate":       {broken(x509.UnknownAuthorityError{}), nil, never, never, never},
		"404 breaks off": {func() (*http.Response, error) {
			answer := reply(404, "")
			answer.Body = io.NopCloser(io.MultiReader(&endless{left: 10}, &endless{err: io.ErrUnexpectedEOF}))
			return answer, nil
		}, nil, always, always, never},
		"body breaks off": {func() (*http.Response, error) {
			answer := reply(200, "")
			answer.Body = io.NopCloser(io.MultiReader(&endless{left: 10}, &endless{err: io.ErrUnexpectedEOF}))
			return answer, nil
		}, nil, always, resentUnclear, unclear},
	} {
		for class, want := range map[Class]fate{Read: c.read, Idempotent: c.idempotent, Once: c.once} {
			t.Run(name+" "+[]string{"read", "idempotent", "once"}[class], func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					client, server := fakeClient(t, Config{Classify: c.classify}, func(int, *http.Request) (*http.Response, error) { return c.answer() })
					f := fails(t.Context(), t, client, &Request{Method: "PUT", Path: []string{"x"}, Body: []byte("body"), Class: class})
					attempts := 1
					if want.resent {
						attempts = 4
					}
					assert.Equal(t, attempts, server.count())
					for _, body := range server.bodies {
						assert.Equal(t, "body", body, "each attempt sends the whole body")
					}
					assert.Equal(t, want.ambiguous, f.Ambiguous, "ambiguous")
					assert.Equal(t, want == resentUnclear, f.Resent, "resent")
				})
			})
		}
	}
}

// endless yields err, or the letter x until nothing is left.
type endless struct {
	left int64
	err  error
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		if e.err != nil {
			return 0, e.err
		}
		return 0, io.EOF
	}
	n := min(int64(len(p)), e.left)
	for i := range p[:n] {
		p[i] = 'x'
	}
	e.left -= n
	return int(n), nil
}

// The network tells of the fate of a request in ways that no fake does: each
// case is a real server that treats one request badly.
func TestFateOnTheWire(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		bad  http.HandlerFunc
		kind fault.Kind
	}{
		"cut after reading": {cut, fault.Unavailable},
		"cut in the answer": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "part")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, fault.Unavailable},
		"500": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, fault.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				c.bad(w, r)
			})
			client := newClient(t, s.URL, Config{Retry: Retry{MaxAttempts: 1}})
			for class, ambiguous := range map[Class]bool{Read: false, Idempotent: true, Once: true} {
				f := fails(t.Context(), t, client, &Request{Method: "DELETE", Path: []string{"x"}, Class: class})
				assertKind(t, c.kind, f)
				assert.Equal(t, ambiguous, f.Ambiguous)
				assert.False(t, f.Resent)
			}
			assert.EqualValues(t, 3, requests.Load())
		})
	}
}

func TestDialFailureIsNeverAmbiguous(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	address := s.URL
	s.Close()
	client := newClient(t, address, Config{Retry: Retry{MinWait: time.Millisecond}})
	f := fails(t.Context(), t, client, &Request{Method: "POST", Class: Once})
	assertKind(t, fault.Unavailable, f)
	assert.True(t, f.NotExecuted)
	assert.False(t, f.Ambiguous)
}

func TestTLSFailureIsNeverAmbiguous(t *testing.T) {
	t.Parallel()
	t.Run("plain server", func(t *testing.T) {
		t.Parallel()
		s := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the request arrived") })
		client := newClient(t, "https"+s.URL[len("http"):], Config{Retry: Retry{MaxAttempts: 1}})
		f := fails(t.Context(), t, client, &Request{Method: "POST", Class: Once})
		assertKind(t, fault.Unavailable, f)
		assert.False(t, f.Ambiguous)
	})
	t.Run("unknown authority", func(t *testing.T) {
		t.Parallel()
		s := httptest.NewUnstartedServer(http.NotFoundHandler())
		s.Config.ErrorLog = discardLog
		connections := countConnections(s)
		s.StartTLS()
		t.Cleanup(s.Close)
		client := newClient(t, s.URL, Config{})
		f := fails(t.Context(), t, client, &Request{Method: "POST", Class: Once})
		assertKind(t, fault.Unavailable, f)
		assert.False(t, f.Ambiguous)
		assert.Equal(t, 1, connections(), "a certificate does not become good by asking again")
	})
}

func TestCancelInFlight(t *testing.T) {
	t.Parallel()
	for class, ambiguous := range map[Class]bool{Read: false, Idempotent: true, Once: true} {
		arrived, done := make(chan struct{}), make(chan struct{})
		s := serve(t, func(http.ResponseWriter, *http.Request) {
			close(arrived)
			<-done
		})
		client := newClient(t, s.URL, Config{})
		why := errors.New("operator said stop")
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			<-arrived
			cancel(why)
		}()
		f := fails(ctx, t, client, &Request{Method: "POST", Class: class})
		close(done)
		assertKind(t, fault.Canceled, f)
		require.ErrorIs(t, f, context.Canceled)
		require.ErrorIs(t, f, why)
		assert.Equal(t, "canceled: context canceled: operator said stop", f.Error())
		assert.Equal(t, ambiguous, f.Ambiguous)
	}
}

func TestCancelBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	s := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the request arrived") })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := fails(ctx, t, newClient(t, s.URL, Config{}), &Request{Method: "POST", Class: Once})
	assertKind(t, fault.Canceled, f)
	assert.False(t, f.Ambiguous)
}

// A connection that never comes about carried nothing.
func TestCancelWhileDialing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		done := make(chan struct{})
		defer close(done) // the pool dials on when the request has gone
		pool := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			<-done
			return nil, errDial
		}}
		client := newClient(t, "http://127.0.0.1", Config{HTTPClient: &http.Client{Transport: pool}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		f := fails(ctx, t, client, &Request{Method: "POST", Class: Once})
		assertKind(t, fault.Canceled, f)
		require.ErrorIs(t, f, context.DeadlineExceeded)
		assert.False(t, f.Ambiguous)
	})
}

func TestCancelInPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := fakeClient(t, Config{Retry: Retry{MinWait: 10 * time.Second}},
			func(int, *http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF })
		for class, ambiguous := range map[Class]bool{Read: false, Idempotent: true} {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			start := time.Now()
			f := fails(ctx, t, client, &Request{Method: "DELETE", Class: class})
			assertKind(t, fault.Canceled, f)
			assert.Equal(t, ambiguous, f.Ambiguous)
			assert.Equal(t, ambiguous, f.Resent)
			assert.Equal(t, time.Second, time.Since(start))
		}
		assert.Equal(t, 2, server.count())
	})
}

func TestClientTimeoutIsTheServersFault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, _ := fakeClient(t, Config{Timeout: time.Second}, func(_ int, r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		f := fails(t.Context(), t, client, &Request{Method: "POST", Class: Once})
		assertKind(t, fault.Unavailable, f)
		require.ErrorIs(t, f, context.DeadlineExceeded)
		assert.True(t, f.Ambiguous)
	})
}

func TestResentTellsOfEarlierAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		then := func(first func() (*http.Response, error), status int) (*Client, *fakeTransport) {
			return fakeClient(t, Config{}, func(attempt int, _ *http.Request) (*http.Response, error) {
				if attempt == 1 {
					return first()
				}
				return reply(status, ""), nil
			})
		}
		cut := func() (*http.Response, error) { return nil, io.ErrUnexpectedEOF }
		request := &Request{Method: "DELETE", Class: Idempotent}

		client, _ := then(cut, 404)
		f := fails(t.Context(), t, client, request)
		assertKind(t, fault.NotFound, f)
		assert.True(t, f.Resent)
		assert.True(t, f.Ambiguous)

		client, _ = then(cut, 204)
		answer, err := client.Do(t.Context(), request)
		require.NoError(t, err)
		assert.True(t, answer.Resent)

		client, _ = then(func() (*http.Response, error) { return nil, errDial }, 404)
		f = fails(t.Context(), t, client, request)
		assert.False(t, f.Resent, "the first attempt never left")
		assert.False(t, f.Ambiguous)
	})
}
