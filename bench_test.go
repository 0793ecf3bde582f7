package usermgmt_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
	"github.com/usermgmt/usermgmt/internal/aistore"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// The benchmarks set the client beside a rival in the same run, because the
// ratio is what can be compared between machines. docs/performance.md has the
// figures and the commands.

// benchUser is the body of a user as AuthN sends it.
const benchUser = `{"id":"alice","roles":[{"name":"readers","desc":"may read","clusters":[{"id":"eTdL4YGHN","perm":"771"}],"buckets":null,"admin":false}]}`

// failingUser is a user that cannot be created or deleted.
const failingUser = "failing"

// benchServer answers as AuthN does, with as little work as possible, so that
// the clients are what is measured.
type benchServer struct {
	*httptest.Server

	connections atomic.Int64
	status      int // of what fails
}

func newBenchServer(tb testing.TB, encrypted bool) *benchServer {
	tb.Helper()
	s := &benchServer{status: http.StatusInternalServerError}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.Config.ErrorLog = nil
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.connections.Add(1)
		}
	}
	if encrypted {
		s.StartTLS()
	} else {
		s.Start()
	}
	tb.Cleanup(s.Close)
	return s
}

func (s *benchServer) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	switch {
	case r.Method == http.MethodGet:
		w.Header().Set("Content-Type", "application/json")
		id := strings.TrimPrefix(r.URL.Path, "/v1/users/")
		_, _ = io.WriteString(w, strings.Replace(benchUser, "alice", id, 1))
	case strings.Contains(r.URL.Path, failingUser), bytes.Contains(body, []byte(failingUser)):
		http.Error(w, `{"message":"the store is full"}`, s.status)
	}
}

// benchClient is our client as a churner.
type benchClient struct{ *usermgmt.Client }

func (c benchClient) create(ctx context.Context, name string) error {
	_, err := c.CreateUser(ctx, usermgmt.CreateUserRequest{Name: name, Credential: usermgmt.Password("", "password")})
	return err
}

func (c benchClient) delete(ctx context.Context, name string) error {
	return c.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: name})
}

func (s *benchServer) client(tb testing.TB, opts ...usermgmt.Option) benchClient {
	tb.Helper()
	opts = append(opts, usermgmt.WithCredentials(usermgmt.BearerToken("token")))
	if s.TLS != nil {
		opts = append(opts, usermgmt.WithTLSConfig(s.clientTLS()))
	}
	c, err := usermgmt.New(usermgmt.AIStore(s.URL), opts...)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = c.Close() })
	return benchClient{c}
}

func (s *benchServer) clientTLS() *tls.Config {
	return s.Client().Transport.(*http.Transport).TLSClientConfig
}

// rival is the client that one would write by hand, well.
type rival struct {
	base string
	http *http.Client
}

func (s *benchServer) rival() *rival {
	pool := &http.Transport{MaxIdleConnsPerHost: 256, ForceAttemptHTTP2: true, IdleConnTimeout: 90 * time.Second}
	if s.TLS != nil {
		pool.TLSClientConfig = s.clientTLS()
	}
	return &rival{base: s.URL, http: &http.Client{Transport: pool}}
}

// rivalUser is what creates a user.
type rivalUser struct {
	ID    string         `json:"id"`
	Pass  string         `json:"pass"`
	Roles []aistore.Role `json:"roles"`
}

func (r *rival) send(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	request, err := http.NewRequestWithContext(ctx, method, r.base+path, reader)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer token")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	answer, err := r.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", answer.StatusCode)
	}
	return data, err
}

// get decodes as the client does: what is compared is the way there.
func (r *rival) get(ctx context.Context, name string) (aistore.User, error) {
	var user aistore.User
	data, err := r.send(ctx, http.MethodGet, "/v1/users/"+name, nil)
	if err != nil {
		return user, err
	}
	return user, transport.Decode(data, &user)
}

func (r *rival) create(ctx context.Context, name string) error {
	body, err := transport.Encode(rivalUser{ID: name, Pass: "password", Roles: []aistore.Role{}})
	if err != nil {
		return err
	}
	if _, err := r.send(ctx, http.MethodPost, "/v1/users", body); err != nil {
		return err
	}
	_, err = r.get(ctx, name)
	return err
}

func (r *rival) delete(ctx context.Context, name string) error {
	_, err := r.send(ctx, http.MethodDelete, "/v1/users/"+name, nil)
	return err
}

// callContext is a context with a deadline, as a service's calls have.
func callContext(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 10*time.Minute)
	tb.Cleanup(cancel)
	return ctx
}

// versus runs ours and theirs in turn, a batch each, so that whatever else the
// machine does hits both alike. It reports the time of ours, and its ratio to
// that of theirs.
func versus(b *testing.B, batch int, ours, theirs func() error) {
	b.Helper()
	var times [2]time.Duration
	for b.Loop() {
		for i, call := range []func() error{ours, theirs} {
			started := time.Now()
			for range batch {
				if err := call(); err != nil {
					b.Fatal(err)
				}
			}
			times[i] += time.Since(started)
		}
	}
	b.ReportMetric(float64(times[0].Nanoseconds())/float64(b.N*batch), "ns/call")
	b.ReportMetric(times[0].Seconds()/times[1].Seconds(), "times-rival")
	b.ReportMetric(testing.AllocsPerRun(200, func() { _ = ours() }), "allocs/call")
	b.ReportMetric(testing.AllocsPerRun(200, func() { _ = theirs() }), "rival-allocs/call")
}

func BenchmarkGetUser(b *testing.B) {
	s := newBenchServer(b, false)
	c, r, ctx := s.client(b), s.rival(), callContext(b)
	versus(b, 50, func() error {
		_, err := c.GetUser(ctx, usermgmt.GetUserRequest{Name: "alice"})
		return err
	}, func() error {
		_, err := r.get(ctx, "alice")
		return err
	})
}

func BenchmarkCreateUser(b *testing.B) {
	s := newBenchServer(b, false)
	c, r, ctx := s.client(b), s.rival(), callContext(b)
	versus(b, 50, func() error {
		return c.create(ctx, "alice")
	}, func() error {
		return r.create(ctx, "alice")
	})
}

// churner is what BenchmarkChurn needs of a client.
type churner interface {
	create(ctx context.Context, name string) error
	delete(ctx context.Context, name string) error
}

const churnCalls = 10_000

// churn creates and deletes users, ten thousand calls in all by many workers.
// One user in failEvery is one that the server always fails; 0 is none.
func churn(ctx context.Context, workers, failEvery int, c churner) {
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range churnCalls / 2 / workers {
				name := fmt.Sprintf("worker-%d", w)
				if failEvery > 0 && i%failEvery == 0 {
					name = failingUser
				}
				_ = c.create(ctx, name) // failures are part of some runs
				_ = c.delete(ctx, name)
			}
		})
	}
	wg.Wait()
}

// BenchmarkChurn sets the client with its default settings beside the rival,
// over TLS.
func BenchmarkChurn(b *testing.B) {
	for _, workers := range []int{16, 64} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			ours, theirs := newBenchServer(b, true), newBenchServer(b, true)
			c, r, ctx := ours.client(b), theirs.rival(), callContext(b)
			var times [2]time.Duration
			for b.Loop() {
				started := time.Now()
				churn(ctx, workers, 0, c)
				times[0] += time.Since(started)
				started = time.Now()
				churn(ctx, workers, 0, r)
				times[1] += time.Since(started)
			}
			b.ReportMetric(float64(churnCalls*b.N)/times[0].Seconds(), "calls/s")
			b.ReportMetric(times[1].Seconds()/times[0].Seconds(), "throughput-of-rival")
			b.ReportMetric(float64(ours.connections.Load())/float64(workers), "conns/worker")
		})
	}
}

// BenchmarkChurnFailing sets runs in which one call in twenty fails for good
// beside runs in which none does: with a status that is final at once, and
// with one that is retried until the attempts run out. For the latter the
// pauses are cut to nothing, because what is measured is what the failures do
// to the calls beside them.
func BenchmarkChurnFailing(b *testing.B) {
	for _, status := range []int{http.StatusInternalServerError, http.StatusServiceUnavailable} {
		b.Run(fmt.Sprintf("status=%d", status), func(b *testing.B) {
			const workers = 16
			s, ctx := newBenchServer(b, true), callContext(b)
			s.status = status
			c := s.client(b, usermgmt.WithRetry(usermgmt.RetryPolicy{MinWait: 1, MaxWait: 1}))
			var times [2]time.Duration
			for b.Loop() {
				for i, failEvery := range []int{0, 20} {
					started := time.Now()
					churn(ctx, workers, failEvery, c)
					times[i] += time.Since(started)
				}
			}
			b.ReportMetric(times[0].Seconds()/times[1].Seconds(), "throughput-of-healthy")
			b.ReportMetric(float64(s.connections.Load())/workers, "conns/worker")
		})
	}
}
