package transport

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// A Grant is what a login yields: the headers that authenticate requests.
// It is not changed once it was returned.
type Grant struct {
	// Header holds the headers to send.
	Header http.Header
	// Secrets are the secrets in Header, to be removed from messages.
	Secrets []string
	// Issued is when the grant was made.
	Issued time.Time
	// Expires is when it ends, zero if that is not known.
	Expires time.Time
}

// leeway is how long before its end a grant is renewed.
const leeway = 30 * time.Second

// fresh reports whether g should still be used. A grant that lives shorter
// than the leeway is used for half its life.
func (g *Grant) fresh(now time.Time) bool {
	if g.Expires.IsZero() {
		return true
	}
	early := min(leeway, g.Expires.Sub(g.Issued)/2)
	return now.Before(g.Expires.Add(-early))
}

// An Authenticator yields the grant for a request.
type Authenticator interface {
	// Grant returns a grant that is not refused, which is a grant that the
	// server just answered with 401, or nil.
	Grant(ctx context.Context, refused *Grant) (*Grant, error)
}

// LoginFunc logs in. refused is the grant that the server refused, nil at
// first. An error ends the calls that wait for the login.
type LoginFunc func(ctx context.Context, refused *Grant) (*Grant, error)

// Session is an [Authenticator] that logs in when it has to, and once for all
// the calls that wait. It is safe for concurrent use.
type Session struct {
	login LoginFunc

	mu      sync.Mutex
	current *Grant
	flight  *flight
}

// flight is a login under way.
type flight struct {
	done    chan struct{}
	waiting int
	cancel  context.CancelFunc
	grant   *Grant
	err     error
}

// NewSession returns a session that logs in with login.
func NewSession(login LoginFunc) *Session { return &Session{login: login} }

// Current returns the grant in use, nil if there is none.
func (s *Session) Current() *Grant {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

// Forget drops g if it is still in use, so that the next request logs in.
func (s *Session) Forget(g *Grant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == g {
		s.current = nil
	}
}

// Grant implements [Authenticator].
func (s *Session) Grant(ctx context.Context, refused *Grant) (*Grant, error) {
	s.mu.Lock()
	if g := s.current; g != nil && g != refused && g.fresh(time.Now()) {
		s.mu.Unlock()
		return g, nil
	}
	f := s.flight
	if f == nil {
		f = s.start(ctx, refused)
	}
	f.waiting++
	s.mu.Unlock()

	select {
	case <-f.done:
		return f.grant, f.err
	case <-ctx.Done():
		s.leave(f)
		return nil, canceled(ctx)
	}
}

// start begins a login; s.mu is held. The login does not end with the context
// of the call that began it, because others may come to wait for it: it ends
// when none waits any more.
func (s *Session) start(ctx context.Context, refused *Grant) *flight {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight{done: make(chan struct{}), cancel: cancel}
	s.flight, s.current = f, nil
	go func() {
		defer cancel()
		grant, err := s.login(ctx, refused)
		if err == nil && grant == nil {
			err = fault.New(fault.Internal, "the login yielded nothing")
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		f.grant, f.err = grant, err
		if s.flight == f {
			s.flight, s.current = nil, grant
		}
		close(f.done)
	}()
	return f
}

// leave stops waiting for f.
func (s *Session) leave(f *flight) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.waiting--
	if f.waiting == 0 && s.flight == f {
		f.cancel()
		s.flight = nil
	}
}
