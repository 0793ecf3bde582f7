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

// benchServer answers as AuthN does, with as little work as possible, so that
// the clients are what is measured. failing makes one write in failing fail
// for good; 0 makes none.
type benchServer struct {
	*httptest.Server

	connections atomic.Int64
	writes      atomic.Int64
	failing     int64
	status      int
}

func newBenchServer(tb testing.TB, encrypted bool, failing int64) *benchServer {
	tb.Helper()
	s := &benchServer{failing: failing, status: http.StatusInternalServerError}
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
	_, _ = io.Copy(io.Discard, r.Body)
	if r.Method == http.MethodGet {
		w.Header().Set("Content-Type", "application/json")
		id := strings.TrimPrefix(r.URL.Path, "/v1/users/")
		_, _ = io.WriteString(w, strings.Replace(benchUser, "alice", id, 1))
		return
	}
	if n := s.writes.Add(1); s.failing > 0 && n%s.failing == 0 {
		http.Error(w, `{"message":"the store is full"}`, s.status)
	}
}

func (s *benchServer) client(tb testing.TB, opts ...usermgmt.Option) *usermgmt.Client {
	tb.Helper()
	opts = append(opts, usermgmt.WithCredentials(usermgmt.BearerToken("token")))
	if s.TLS != nil {
		opts = append(opts, usermgmt.WithTLSConfig(s.clientTLS()))
	}
	c, err := usermgmt.New(usermgmt.AIStore(s.URL), opts...)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = c.Close() })
	return c
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

func BenchmarkGetUser(b *testing.B) {
	s := newBenchServer(b, false, 0)
	b.Run("client", func(b *testing.B) {
		c, ctx := s.client(b), callContext(b)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.GetUser(ctx, usermgmt.GetUserRequest{Name: "alice"}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("rival", func(b *testing.B) {
		r, ctx := s.rival(), callContext(b)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := r.get(ctx, "alice"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkCreateUser(b *testing.B) {
	s := newBenchServer(b, false, 0)
	b.Run("client", func(b *testing.B) {
		c, ctx := s.client(b), callContext(b)
		req := usermgmt.CreateUserRequest{Name: "alice", Credential: usermgmt.Password("", "password")}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.CreateUser(ctx, req); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("rival", func(b *testing.B) {
		r, ctx := s.rival(), callContext(b)
		b.ReportAllocs()
		for b.Loop() {
			if err := r.create(ctx, "alice"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

const churnCalls = 10_000

// churn creates and deletes users with many workers, each of which does its
// share of calls, and reports calls a second and connections a worker.
func churn(b *testing.B, s *benchServer, workers int, create, remove func(ctx context.Context, name string) error) {
	b.Helper()
	ctx := callContext(b)
	before := s.connections.Load()
	for b.Loop() {
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				name := fmt.Sprintf("worker-%d", w)
				for range churnCalls / 2 / workers {
					_ = create(ctx, name) // failures are part of some runs
					_ = remove(ctx, name)
				}
			})
		}
		wg.Wait()
	}
	b.ReportMetric(float64(churnCalls*b.N)/b.Elapsed().Seconds(), "calls/s")
	b.ReportMetric(float64(s.connections.Load()-before)/float64(workers), "conns/worker")
}

func BenchmarkChurn(b *testing.B) {
	for _, workers := range []int{16, 64} {
		for _, failing := range []int64{0, 20} {
			name := fmt.Sprintf("workers=%d/failing=%v", workers, failing != 0)
			b.Run(name+"/client", func(b *testing.B) {
				s := newBenchServer(b, true, failing)
				c := s.client(b)
				churn(b, s, workers, func(ctx context.Context, name string) error {
					_, err := c.CreateUser(ctx, usermgmt.CreateUserRequest{Name: name, Credential: usermgmt.Password("", "password")})
					return err
				}, func(ctx context.Context, name string) error {
					return c.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: name})
				})
			})
			b.Run(name+"/rival", func(b *testing.B) {
				s := newBenchServer(b, true, failing)
				r := s.rival()
				churn(b, s, workers, r.create, r.delete)
			})
		}
	}
}

// BenchmarkChurnWithRetries has one write in twenty answered 503 each time,
// so that deletes run out of retries. The pauses are cut to nothing: what is
// measured is what the failures do to the calls beside them.
func BenchmarkChurnWithRetries(b *testing.B) {
	for _, failing := range []int64{0, 20} {
		b.Run(fmt.Sprintf("failing=%v", failing != 0), func(b *testing.B) {
			s := newBenchServer(b, true, failing)
			s.status = http.StatusServiceUnavailable
			c := s.client(b, usermgmt.WithRetry(usermgmt.RetryPolicy{MinWait: 1, MaxWait: 1}))
			churn(b, s, 16, func(ctx context.Context, name string) error {
				_, err := c.CreateUser(ctx, usermgmt.CreateUserRequest{Name: name, Credential: usermgmt.Password("", "password")})
				return err
			}, func(ctx context.Context, name string) error {
				return c.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: name})
			})
		})
	}
}
