package simulator_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/usermgmt/usermgmt/internal/simulator"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// counter is a server whose state is the number of requests that took effect.
type counter struct{ effects atomic.Int64 }

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("X-Effect", fmt.Sprint(c.effects.Add(1)))
	if r.Method == http.MethodDelete {
		return // an empty 200
	}
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, "made from %s", body)
}

// fixture is a counter behind a handler on a real connection.
type fixture struct {
	*simulator.Handler

	counter *counter
	url     string
	client  *http.Client
}

func newFixture(t *testing.T, start func(http.Handler) *httptest.Server) fixture {
	t.Helper()
	c := &counter{}
	h := simulator.NewHandler(c)
	server := start(h)
	t.Cleanup(server.Close)
	// A connection that was used before makes net/http repeat requests by
	// itself, which would blur what the faults do.
	client := server.Client()
	client.Transport.(*http.Transport).DisableKeepAlives = true
	return fixture{Handler: h, counter: c, url: server.URL, client: client}
}

// send makes one request and returns status, body and error of the exchange.
func (f fixture) send(ctx context.Context, method, target, body string) (*http.Response, string, error) {
	req, err := http.NewRequestWithContext(ctx, method, f.url+target, strings.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return resp, string(answer), err
}

// starts returns the ways to put a handler on a connection.
func starts() map[string]func(http.Handler) *httptest.Server {
	return map[string]func(http.Handler) *httptest.Server{
		"plain": httptest.NewServer,
		"tls":   httptest.NewTLSServer,
		"http2": func(h http.Handler) *httptest.Server {
			s := httptest.NewUnstartedServer(h)
			s.EnableHTTP2 = true
			s.StartTLS()
			return s
		},
	}
}

func TestRecordsWholeRequests(t *testing.T) {
	t.Parallel()
	for name, start := range starts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, start)
			req, err := http.NewRequest(http.MethodPut, f.url+"/users/a%2Fb%20c/%7Ed?x=1&y=%20", strings.NewReader("the body"))
			require.NoError(t, err)
			req.Header.Set("X-Probe", "yes")
			resp, err := f.client.Do(req)
			require.NoError(t, err)
			resp.Body.Close()
			_, _, err = f.send(t.Context(), http.MethodDelete, "/", "")
			require.NoError(t, err)

			requests := f.Requests()
			require.Len(t, requests, 2)
			assert.Equal(t, 2, f.Count())
			assert.Equal(t, []string{"yes"}, requests[0].Header["X-Probe"])
			requests[0].Header, requests[1].Header = nil, nil
			assert.Equal(t, []simulator.Request{
				{
					Method: "PUT", Path: "/users/a%2Fb%20c/%7Ed", RawQuery: "x=1&y=%20",
					Body: []byte("the body"), Status: http.StatusCreated,
				},
				{Method: "DELETE", Path: "/", Body: []byte{}, Status: http.StatusOK},
			}, requests)

			f.Reset()
			assert.Zero(t, f.Count())
			assert.Empty(t, f.Requests())
		})
	}
}

func TestRequestsAreCopies(t *testing.T) {
	t.Parallel()
	h := simulator.NewHandler(&counter{})
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "http://host/a%2Fb?q", strings.NewReader("body")))

	first := h.Requests()[0]
	assert.Equal(t, "/a%2Fb", first.Path, "an address in absolute form")
	first.Body[0] = 'X'
	first.Header.Set("X-Late", "1")

	second := h.Requests()[0]
	assert.Equal(t, "body", string(second.Body))
	assert.Empty(t, second.Header)
}

func TestBodyThatEndsEarlyIsNoRequest(t *testing.T) {
	t.Parallel()
	h := simulator.NewHandler(&counter{})
	req := httptest.NewRequest(http.MethodPost, "/", io.MultiReader(strings.NewReader("half"), errorReader{}))
	assert.PanicsWithValue(t, http.ErrAbortHandler, func() { h.ServeHTTP(httptest.NewRecorder(), req) })
	assert.Zero(t, h.Count())
}

type errorReader struct{}

func (errorReader) Read([]byte) (int, error) { return 0, errors.New("client went away") }

func TestAnswer(t *testing.T) {
	t.Parallel()
	for name, start := range starts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, start)
			f.Inject(simulator.Fault{
				Effect: simulator.Answer(http.StatusServiceUnavailable, http.Header{"Retry-After": {"7"}}, "later"),
			})
			resp, body, err := f.send(t.Context(), http.MethodPost, "/", "x")
			require.NoError(t, err)
			assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
			assert.Equal(t, "7", resp.Header.Get("Retry-After"))
			assert.Equal(t, "later", body)
			assert.Zero(t, f.counter.effects.Load(), "the request takes no effect")
			assert.Equal(t, http.StatusServiceUnavailable, f.Requests()[0].Status)
		})
	}
}

func TestDrop(t *testing.T) {
	t.Parallel()
	for name, start := range starts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, start)
			f.Inject(simulator.Fault{Times: 1, Effect: simulator.Drop})
			_, _, err := f.send(t.Context(), http.MethodPost, "/", "x")
			require.Error(t, err)
			assert.Zero(t, f.counter.effects.Load())
			assert.Equal(t, []int{0}, statuses(f.Handler))

			_, body, err := f.send(t.Context(), http.MethodPost, "/", "x")
			require.NoError(t, err, "the fault is used up")
			assert.Equal(t, "made from x", body)
		})
	}
}

func TestAfterDrop(t *testing.T) {
	t.Parallel()
	for name, start := range starts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, start)
			f.Inject(simulator.Fault{Effect: simulator.After(simulator.Drop)})
			_, _, err := f.send(t.Context(), http.MethodPost, "/", "x")
			require.Error(t, err)
			assert.EqualValues(t, 1, f.counter.effects.Load(), "the request took effect")
			assert.Equal(t, []int{0}, statuses(f.Handler))
		})
	}
}

func TestAfterAnswer(t *testing.T) {
	t.Parallel()
	f := newFixture(t, httptest.NewServer)
	f.Inject(simulator.Fault{Effect: simulator.After(simulator.Answer(http.StatusInternalServerError, nil, "store"))})
	resp, body, err := f.send(t.Context(), http.MethodPost, "/", "x")
	require.NoError(t, err)
	assert.Equal(t, http.StatusInternalServerError, resp.StatusCode)
	assert.Equal(t, "store", body)
	assert.Empty(t, resp.Header.Get("X-Effect"))
	assert.EqualValues(t, 1, f.counter.effects.Load())
}

func TestCut(t *testing.T) {
	t.Parallel()
	for name, start := range starts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, start)
			f.Inject(simulator.Fault{Effect: simulator.Cut(4)})
			resp, body, err := f.send(t.Context(), http.MethodPost, "/", "x")
			require.Error(t, err)
			require.NotNil(t, resp, "the header arrives")
			assert.Equal(t, http.StatusCreated, resp.StatusCode)
			assert.Equal(t, "1", resp.Header.Get("X-Effect"))
			assert.EqualValues(t, len("made from x"), resp.ContentLength)
			assert.Equal(t, "made", body)
			assert.EqualValues(t, 1, f.counter.effects.Load())
			assert.Equal(t, []int{http.StatusCreated}, statuses(f.Handler))
		})
	}
}

func TestCutNeverSendsAll(t *testing.T) {
	t.Parallel()
	f := newFixture(t, httptest.NewServer)
	f.Inject(simulator.Fault{Effect: simulator.Cut(1000)})
	_, body, err := f.send(t.Context(), http.MethodPost, "/", "x")
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Equal(t, "made from ", body)
}

func TestGate(t *testing.T) {
	t.Parallel()
	for name, start := range starts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, start)
			gate := simulator.NewGate()
			f.Inject(simulator.Fault{Match: simulator.On(http.MethodPost, "/slow"), Effect: gate.Hold})
			bodies := make(chan string, 2)
			for range 2 {
				go func() {
					_, body, err := f.send(context.Background(), http.MethodPost, "/slow", "x")
					assert.NoError(t, err)
					bodies <- body
				}()
			}
			<-gate.Arrived()
			<-gate.Arrived()
			assert.Zero(t, f.counter.effects.Load())
			assert.Equal(t, []int{0, 0}, statuses(f.Handler), "in flight")
			_, _, err := f.send(t.Context(), http.MethodPost, "/fast", "x")
			require.NoError(t, err, "others pass")

			gate.Open()
			gate.Open()
			assert.Equal(t, "made from x", <-bodies)
			assert.Equal(t, "made from x", <-bodies)
			_, _, err = f.send(t.Context(), http.MethodPost, "/slow", "x")
			require.NoError(t, err, "the gate stays open")
			assert.EqualValues(t, 4, f.counter.effects.Load())
		})
	}
}

func TestGateWhenTheClientLeaves(t *testing.T) {
	t.Parallel()
	f := newFixture(t, httptest.NewServer)
	gate := simulator.NewGate()
	left := make(chan struct{})
	f.Inject(simulator.Fault{Effect: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		defer close(left)
		gate.Hold(w, r, next)
	}})
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		_, _, err := f.send(ctx, http.MethodPost, "/", "x")
		failed <- err
	}()
	<-gate.Arrived()
	cancel()
	require.ErrorIs(t, <-failed, context.Canceled)
	<-left
	assert.Zero(t, f.counter.effects.Load())
}

func TestAfterGate(t *testing.T) {
	t.Parallel()
	f := newFixture(t, httptest.NewServer)
	gate := simulator.NewGate()
	f.Inject(simulator.Fault{Effect: simulator.After(gate.Hold)})
	bodies := make(chan string)
	go func() {
		_, body, err := f.send(context.Background(), http.MethodPost, "/", "x")
		assert.NoError(t, err)
		bodies <- body
	}()
	<-gate.Arrived()
	assert.EqualValues(t, 1, f.counter.effects.Load(), "only the reply is late")
	gate.Open()
	assert.Equal(t, "made from x", <-bodies)
}

func TestFaultsAreTriedInOrder(t *testing.T) {
	t.Parallel()
	f := newFixture(t, httptest.NewServer)
	answer := func(status int) simulator.Effect { return simulator.Answer(status, nil, "") }
	f.Inject(
		simulator.Fault{Match: simulator.On("", "/a/*"), Times: 2, Effect: answer(501)},
		simulator.Fault{Match: simulator.On(http.MethodGet, "/a/%2F"), Times: 1, Effect: answer(502)},
		simulator.Fault{Match: simulator.On(http.MethodGet, "/b"), Effect: answer(503)},
	)
	for i, step := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/a/%2F", 501},
		{"GET", "/b", 503},
		{"POST", "/b", 201},    // another method
		{"GET", "/a/x/y", 201}, // a star is one part
		{"PUT", "/a/x", 501},
		{"GET", "/a/%2F", 502}, // the first is used up
		{"GET", "/a/%2F", 201},
		{"GET", "/b", 503}, // for ever
	} {
		resp, _, err := f.send(t.Context(), step.method, step.path, "")
		require.NoError(t, err)
		assert.Equal(t, step.status, resp.StatusCode, "step %d", i)
	}
	f.ClearFaults()
	resp, _, err := f.send(t.Context(), "GET", "/b", "")
	require.NoError(t, err)
	assert.Equal(t, http.StatusCreated, resp.StatusCode)
}

func TestBadGlobPanics(t *testing.T) {
	t.Parallel()
	assert.PanicsWithValue(t, `simulator: path glob "/a/[": syntax error in pattern`, func() { simulator.On("", "/a/[") })
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	const workers, each = 8, 25
	f := newFixture(t, httptest.NewServer)
	f.Inject(simulator.Fault{Times: 10, Effect: simulator.Answer(http.StatusTeapot, nil, "")})
	var teapots atomic.Int64
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for range each {
				resp, _, err := f.send(context.Background(), http.MethodPost, "/", "x")
				if err != nil {
					t.Error(err)
					return
				}
				if resp.StatusCode == http.StatusTeapot {
					teapots.Add(1)
				}
				f.Requests()
			}
		})
	}
	group.Wait()
	assert.EqualValues(t, 10, teapots.Load())
	assert.Equal(t, workers*each, f.Count())
}

func statuses(h *simulator.Handler) []int {
	all := []int{}
	for _, r := range h.Requests() {
		all = append(all, r.Status)
	}
	return all
}
