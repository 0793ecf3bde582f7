package rpc

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// breaking returns a server that breaks each of the first connections when a
// request has come.
func breaking(t *testing.T, connections int, requests *atomic.Int32) *peer {
	t.Helper()
	return listen(t, func(s *socket) {
		for {
			m, ok := s.next()
			if !ok {
				return
			}
			requests.Add(1)
			if s.number <= connections {
				return
			}
			s.answer(m, string(m.Params))
		}
	})
}

func TestLostByClass(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		class      transport.Class
		breaks     int
		fails      bool
		ambiguous  bool
		requests   int32
		handshakes int32
	}{
		"a read is sent again":               {transport.Read, 1, false, false, 2, 2},
		"an idempotent write is sent again":  {transport.Idempotent, 1, false, false, 2, 2},
		"a create is not":                    {transport.Once, 1, true, true, 1, 1},
		"a read is sent again once":          {transport.Read, 9, true, false, 2, 2},
		"an idempotent write is, once, too":  {transport.Idempotent, 9, true, true, 2, 2},
		"nothing breaks, nothing is resent ": {transport.Once, 0, false, false, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			client, handshakes := open(t, nil, breaking(t, c.breaks, &requests).address())
			got, err := do(t.Context(), client, c.class, "1")
			if c.fails {
				f := asFault(t, err)
				assert.Equal(t, fault.Unavailable, f.Kind)
				assert.Equal(t, c.ambiguous, f.Ambiguous)
				assert.Equal(t, c.class == transport.Idempotent, f.Resent)
			} else {
				require.NoError(t, err)
				assert.Equal(t, "1", got)
			}
			assert.Equal(t, c.requests, requests.Load())
			assert.Equal(t, c.handshakes, handshakes.Load())
		})
	}
}

// TestResent shows that a failure tells of an earlier attempt.
func TestResent(t *testing.T) {
	t.Parallel()
	p := listen(t, func(s *socket) {
		m, _ := s.next()
		if s.number == 1 {
			return
		}
		s.refuse(m, "gone", "not found")
		_, _ = s.next()
	})
	c, _ := open(t, nil, p.address())
	_, err := do(t.Context(), c, transport.Idempotent, "1")
	assert.Equal(t, &fault.Error{Kind: fault.NotFound, FromServer: true, Message: "gone", Code: "not found", Resent: true, Ambiguous: true}, asFault(t, err))
}

// TestUnsent is about requests that the writer never took: they are never
// ambiguous.
func TestUnsent(t *testing.T) {
	t.Parallel()
	c := &Conn{queue: make(chan *pending), done: make(chan struct{}), waiting: map[uint64]*pending{}}
	c.outstanding.Store(1) // else the caller would write
	request := &Request{Class: transport.Once}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, f := c.call(ctx, request, time.Time{})
	assert.Equal(t, fault.Canceled, f.Kind)
	assert.True(t, f.NotExecuted)
	assert.False(t, f.Ambiguous)

	c.failure = fault.New(fault.Unavailable, "broken")
	close(c.done)
	_, f = c.call(t.Context(), request, time.Time{})
	assert.Equal(t, &fault.Error{Kind: fault.Unavailable, Message: "broken", NotExecuted: true}, f)
	assert.Empty(t, c.waiting)
}

// TestHandshakeIsShared breaks a connection under many calls.
func TestHandshakeIsShared(t *testing.T) {
	t.Parallel()
	const calls = 64
	p := listen(t, func(s *socket) {
		if s.number == 1 {
			for range calls {
				_, _ = s.next()
			}
			return
		}
		echo(s)
	})
	c, handshakes := open(t, nil, p.address())
	var work sync.WaitGroup
	for range calls {
		work.Go(func() {
			_, err := do(t.Context(), c, transport.Read, "1")
			assert.NoError(t, err)
		})
	}
	work.Wait()
	assert.EqualValues(t, 2, handshakes.Load())
	assert.EqualValues(t, 2, p.dials.Load())
}

// TestWaitingForAHandshake shows that one of two that wait can leave, and
// that the handshake ends when both have left.
func TestWaitingForAHandshake(t *testing.T) {
	t.Parallel()
	p := listen(t, echo)
	begun, ended, proceed := make(chan struct{}, 2), make(chan struct{}, 2), make(chan struct{})
	c, _ := open(t, func(config *Config[session]) {
		config.Handshake = func(ctx context.Context, _ *Conn) (session, error) {
			begun <- struct{}{}
			select {
			case <-proceed:
				return session{7}, nil
			case <-ctx.Done():
				ended <- struct{}{}
				return session{}, ctx.Err()
			}
		}
	}, p.address())
	call := func(ctx context.Context) chan error {
		done := make(chan error, 1)
		go func() {
			_, err := do(ctx, c, transport.Once, "1")
			done <- err
		}()
		return done
	}
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	alone := call(ctx)
	<-begun
	cancel(why)
	err := promptly(t, func() error { return <-alone })
	require.ErrorIs(t, err, why)
	assert.False(t, asFault(t, err).Ambiguous)
	promptly(t, func() struct{} { return <-ended })

	ctx, cancel = context.WithCancelCause(t.Context())
	impatient := call(ctx)
	<-begun
	patient := call(t.Context())
	cancel(why)
	require.ErrorIs(t, promptly(t, func() error { return <-impatient }), why)
	close(proceed)
	require.NoError(t, promptly(t, func() error { return <-patient }))
	got, err := c.Session(t.Context())
	require.NoError(t, err)
	assert.Equal(t, session{7}, got)
}

func TestHandshakeFails(t *testing.T) {
	t.Parallel()
	p := listen(t, echo)
	var tries atomic.Int32
	var failure atomic.Pointer[fault.Error]
	c, _ := open(t, func(config *Config[session]) {
		config.Handshake = func(context.Context, *Conn) (session, error) {
			tries.Add(1)
			if f := failure.Load(); f != nil {
				return session{}, f
			}
			return session{}, errors.New("the vault is locked")
		}
	}, p.address())
	_, err := do(t.Context(), c, transport.Once, "1")
	f := asFault(t, err)
	assert.Equal(t, fault.Unauthenticated, f.Kind)
	require.ErrorContains(t, f.Err, "the vault is locked")
	assert.EqualValues(t, 1, tries.Load(), "a refused login is not tried again")

	failure.Store(&fault.Error{Kind: fault.Unauthenticated, FromServer: true, Message: "wrong"})
	_, err = do(t.Context(), c, transport.Once, "1")
	assert.Equal(t, &fault.Error{Kind: fault.Unauthenticated, FromServer: true, Message: "wrong"}, asFault(t, err))
	assert.EqualValues(t, 2, tries.Load())

	failure.Store(&fault.Error{Kind: fault.Unavailable, FromServer: true, Message: "maintenance", Ambiguous: true})
	_, err = do(t.Context(), c, transport.Once, "1")
	assert.Equal(t, &fault.Error{Kind: fault.Unavailable, FromServer: true, Message: "maintenance"}, asFault(t, err))
	assert.EqualValues(t, 3, tries.Load(), "maintenance takes longer than a retry")

	failure.Store(&fault.Error{Kind: fault.Unavailable, Message: "the connection broke"})
	_, err = do(t.Context(), c, transport.Once, "1")
	assert.Equal(t, &fault.Error{Kind: fault.Unavailable, Message: "the connection broke", NotExecuted: true}, asFault(t, err))
	assert.EqualValues(t, 7, tries.Load(), "what may pass is tried four times")
}

func TestRedial(t *testing.T) {
	t.Parallel()
	p := listen(t, echo)
	var tries atomic.Int32
	c, _ := open(t, func(config *Config[session]) {
		config.Retry.MaxAttempts = 1
		config.Handshake = func(ctx context.Context, conn *Conn) (session, error) {
			if _, err := conn.Call(ctx, &Request{Facade: "Admin", Params: jsontext.Value("1")}); err != nil {
				return session{}, err
			}
			if tries.Add(1) < 3 {
				return session{}, ErrRedial
			}
			return session{}, nil
		}
	}, p.address())
	_, err := do(t.Context(), c, transport.Once, "1")
	require.NoError(t, err)
	assert.EqualValues(t, 3, p.dials.Load())

	again, _ := open(t, func(config *Config[session]) {
		config.Retry.MaxAttempts = 1
		config.Handshake = func(context.Context, *Conn) (session, error) {
			tries.Add(1)
			return session{}, ErrRedial
		}
	}, p.address())
	_, err = do(t.Context(), again, transport.Once, "1")
	assert.Equal(t, fault.Unavailable, asFault(t, err).Kind)
	assert.EqualValues(t, 6, tries.Load())
}

// TestLoginIsRenewed is about a login that the server no longer accepts.
func TestLoginIsRenewed(t *testing.T) {
	t.Parallel()
	var accepted atomic.Int32
	accepted.Store(2)
	p := listen(t, func(s *socket) {
		for {
			m, ok := s.next()
			if !ok {
				return
			}
			if int32(s.number) < accepted.Load() {
				s.refuse(m, "login expired", "unauthenticated")
				continue
			}
			s.answer(m, string(m.Params))
		}
	})
	c, handshakes := open(t, nil, p.address())
	_, err := c.Session(t.Context())
	require.NoError(t, err)
	var work sync.WaitGroup
	for range 64 {
		work.Go(func() {
			_, err := do(t.Context(), c, transport.Once, "1")
			assert.NoError(t, err, "what was refused had no effect")
		})
	}
	work.Wait()
	assert.EqualValues(t, 2, handshakes.Load(), "one more for all")

	accepted.Store(1000)
	_, err = do(t.Context(), c, transport.Once, "1")
	assert.Equal(t, &fault.Error{Kind: fault.Unauthenticated, FromServer: true, Message: "login expired", Code: "unauthenticated"}, asFault(t, err))
	assert.EqualValues(t, 3, handshakes.Load(), "one more, not many")
}

// TestNotDone is about a server that says that it did nothing.
func TestNotDone(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	var code atomic.Value
	code.Store("try again")
	p := listen(t, func(s *socket) {
		for {
			m, ok := s.next()
			if !ok {
				return
			}
			if requests.Add(1)%3 != 0 {
				s.refuse(m, "excessive contention", code.Load().(string))
				continue
			}
			s.answer(m, string(m.Params))
		}
	})
	c, _ := open(t, nil, p.address())
	_, err := do(t.Context(), c, transport.Once, "1")
	require.NoError(t, err)
	assert.EqualValues(t, 3, requests.Load())

	code.Store("unavailable")
	_, err = do(t.Context(), c, transport.Idempotent, "1")
	assert.Equal(t, fault.Unavailable, asFault(t, err).Kind)
	assert.EqualValues(t, 4, requests.Load(), "it may have done it")
}

// TestItemNotDone is about the same, told within an answer.
func TestItemNotDone(t *testing.T) {
	t.Parallel()
	p := listen(t, echo)
	c, _ := open(t, nil, p.address())
	reads := 0
	err := c.Do(t.Context(), Call[session]{
		Request: func(session) (*Request, error) { return &Request{Class: transport.Once}, nil },
		Read: func(session, jsontext.Value) error {
			if reads++; reads < 3 {
				return &fault.Error{Kind: fault.Unavailable, FromServer: true, NotExecuted: true}
			}
			return nil
		},
	})
	require.NoError(t, err)
	assert.Equal(t, 3, reads)
}
