package rpc

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

func TestRequestsOnTheWire(t *testing.T) {
	t.Parallel()
	got := make(chan string, 2)
	p := listen(t, func(s *socket) {
		for {
			kind, data, err := s.Read(context.Background())
			if err != nil {
				return
			}
			assert.Equal(t, websocket.MessageText, kind)
			got <- string(data)
			s.send(fmt.Sprintf(`{"request-id":%d,"response":{}}`, len(got)))
		}
	})
	c, _ := open(t, nil, p.address())
	_, err := do(t.Context(), c, transport.Read, `{"a":[1,"é"]}`)
	require.NoError(t, err)
	require.NoError(t, c.Do(t.Context(), Call[session]{Request: func(session) (*Request, error) {
		return &Request{Facade: "Pinger", Version: 1, Method: "Ping"}, nil
	}}))
	assert.JSONEq(t, `{"request-id":1,"type":"Test","version":2,"request":"Echo","params":{"a":[1,"é"]}}`, <-got)
	assert.JSONEq(t, `{"request-id":2,"type":"Pinger","version":1,"request":"Ping","params":{}}`, <-got)
}

// TestAnswersInAnyOrder answers a hundred requests when all are there, in an
// order of chance.
func TestAnswersInAnyOrder(t *testing.T) {
	t.Parallel()
	const calls = 100
	p := listen(t, func(s *socket) {
		var all []message
		for len(all) < calls {
			m, ok := s.next()
			if !ok {
				return
			}
			all = append(all, m)
		}
		for _, i := range rand.Perm(calls) {
			s.send(`{"request-id":99999,"response":"of nobody"}`)
			s.answer(all[i], string(all[i].Params))
			s.answer(all[i], `"once more"`)
		}
		echo(s)
	})
	c, handshakes := open(t, nil, p.address())
	var work sync.WaitGroup
	for i := range calls {
		work.Go(func() {
			want := fmt.Sprintf(`{"n":%d}`, i)
			if got, err := do(t.Context(), c, transport.Once, want); assert.NoError(t, err) {
				assert.Equal(t, want, got)
			}
		})
	}
	work.Wait()
	got, err := do(t.Context(), c, transport.Read, `7`)
	require.NoError(t, err)
	assert.Equal(t, "7", got)
	assert.EqualValues(t, 1, p.dials.Load())
	assert.EqualValues(t, 1, handshakes.Load(), "one for all")
}

// TestContextEndsOneCall shows that a call that is given up neither breaks
// the connection nor the call beside it.
func TestContextEndsOneCall(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{}, 1)
	p := listen(t, func(s *socket) {
		if _, ok := s.next(); !ok {
			return
		}
		arrived <- struct{}{}
		echo(s)
	})
	c, _ := open(t, nil, p.address())
	why := errors.New("operator said stop")
	for _, class := range []transport.Class{transport.Once} {
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan error, 1)
		go func() {
			_, err := do(ctx, c, class, "1")
			done <- err
		}()
		<-arrived
		cancel(why)
		err := promptly(t, func() error { return <-done })
		f := asFault(t, err)
		assert.Equal(t, fault.Canceled, f.Kind)
		assert.True(t, f.Ambiguous)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, why)
	}
	_, err := do(t.Context(), c, transport.Read, "2")
	require.NoError(t, err)
	assert.EqualValues(t, 1, p.dials.Load(), "the connection is still in use")

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = do(ended, c, transport.Once, "3")
	f := asFault(t, err)
	assert.Equal(t, fault.Canceled, f.Kind)
	assert.False(t, f.Ambiguous)
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	p := listen(t, func(s *socket) {
		for {
			if _, ok := s.next(); !ok {
				return
			}
		}
	})
	pinged := make(chan struct{}, 1)
	c, _ := open(t, func(config *Config[session]) {
		config.Timeout = time.Second
		config.Ping = func(ctx context.Context, c *Conn, _ session) error {
			pinged <- struct{}{}
			return errors.New("no answer")
		}
	}, p.address())
	_, err := do(t.Context(), c, transport.Idempotent, "1")
	f := asFault(t, err)
	assert.Equal(t, fault.Unavailable, f.Kind)
	assert.True(t, f.Ambiguous)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	promptly(t, func() struct{} { return <-pinged }) // in doubt, at once
}

func TestPing(t *testing.T) {
	t.Parallel()
	silent := make(chan struct{})
	p := listen(t, func(s *socket) {
		if s.number > 1 {
			echo(s)
			return
		}
		for { // answers three pings
			m, ok := s.next()
			if !ok {
				return
			}
			if m.Method != "Ping" {
				continue
			}
			if m.ID > 4 {
				<-silent
				return
			}
			s.answer(m, "{}")
		}
	})
	defer close(silent)
	c, handshakes := open(t, func(config *Config[session]) {
		config.PingEvery, config.PingTimeout = time.Millisecond, 50*time.Millisecond
		config.Ping = func(ctx context.Context, c *Conn, _ session) error {
			_, err := c.Call(ctx, &Request{Facade: "Pinger", Version: 1, Method: "Ping"})
			return err
		}
	}, p.address())
	_, err := promptly2(t, func() (string, error) { return do(t.Context(), c, transport.Once, "1") })
	f := asFault(t, err)
	assert.Equal(t, fault.Unavailable, f.Kind)
	assert.Equal(t, "the server no longer answers", f.Message)
	assert.True(t, f.Ambiguous)
	got, err := do(t.Context(), c, transport.Read, "2")
	require.NoError(t, err)
	assert.Equal(t, "2", got)
	assert.EqualValues(t, 2, handshakes.Load())
}

func promptly2(t *testing.T, act func() (string, error)) (string, error) {
	t.Helper()
	type result struct {
		text string
		err  error
	}
	r := promptly(t, func() result {
		text, err := act()
		return result{text, err}
	})
	return r.text, r.err
}

func TestFailures(t *testing.T) {
	t.Parallel()
	p := listen(t, func(s *socket) {
		for {
			m, ok := s.next()
			if !ok {
				return
			}
			s.send(strings.Replace(`{"request-id":ID,"error":"no swordfish here","error-code":"not found","error-info":{"a":1},"response":{}}`, "ID", fmt.Sprint(m.ID), 1))
		}
	})
	infos := make(chan string, 1)
	c, _ := open(t, func(config *Config[session]) {
		config.Classify = func(r *Request, f Failure) *fault.Error {
			infos <- r.Method + string(f.Info)
			return classify(r, f)
		}
	}, p.address())
	_, err := do(t.Context(), c, transport.Once, "1")
	assert.Equal(t, &fault.Error{Kind: fault.NotFound, FromServer: true, Message: "no [redacted] here", Code: "not found"}, asFault(t, err))
	assert.Equal(t, `Echo{"a":1}`, <-infos)
}

// TestRefusedToBuild shows that what a request builder refuses is not sent.
func TestRefusedToBuild(t *testing.T) {
	t.Parallel()
	p := listen(t, echo)
	c, _ := open(t, nil, p.address())
	want := fault.New(fault.Unsupported, "no such facade")
	err := c.Do(t.Context(), Call[session]{Request: func(session) (*Request, error) { return nil, want }})
	assert.Equal(t, want, asFault(t, err))
	err = c.Do(t.Context(), Call[session]{Request: func(session) (*Request, error) { return &Request{Facade: "a\xff"}, nil }})
	assert.Equal(t, fault.InvalidArgument, asFault(t, err).Kind)
	err = c.Do(t.Context(), Call[session]{Request: func(session) (*Request, error) { return &Request{Method: "a\xff"}, nil }})
	assert.Equal(t, fault.InvalidArgument, asFault(t, err).Kind)
	plain := errors.New("plain")
	err = c.Do(t.Context(), Call[session]{
		Request: func(session) (*Request, error) { return &Request{Class: transport.Once}, nil },
		Read:    func(session, jsontext.Value) error { return plain },
	})
	require.ErrorIs(t, err, plain)
	assert.True(t, asFault(t, err).Ambiguous)
}

func TestLimiter(t *testing.T) {
	t.Parallel()
	p := listen(t, echo)
	c, _ := open(t, func(config *Config[session]) { config.Limiter = rate.NewLimiter(rate.Every(time.Hour), 1) }, p.address())
	_, err := do(t.Context(), c, transport.Read, "1")
	require.NoError(t, err)
	_, err = do(t.Context(), c, transport.Once, "1")
	f := asFault(t, err)
	assert.Equal(t, fault.RateLimited, f.Kind)
	assert.False(t, f.Ambiguous)
}

func TestLargeMessages(t *testing.T) {
	t.Parallel()
	p := listen(t, echo)
	c, _ := open(t, nil, p.address())
	large := `"` + strings.Repeat("x", 17<<20) + `"`
	got, err := do(t.Context(), c, transport.Read, large)
	require.NoError(t, err)
	assert.Len(t, got, len(large))
	got, err = do(t.Context(), c, transport.Read, "1")
	require.NoError(t, err)
	assert.Equal(t, "1", got, "the buffer was let go")

	small, _ := open(t, func(config *Config[session]) { config.MaxMessage = 1000 }, p.address())
	_, err = do(t.Context(), small, transport.Once, `"`+strings.Repeat("x", 1000)+`"`)
	f := asFault(t, err)
	assert.Equal(t, fault.Internal, f.Kind)
	assert.True(t, f.Ambiguous)
	_, err = do(t.Context(), small, transport.Read, "1")
	require.NoError(t, err)
}

// TestBadMessages is about messages that are not of the protocol.
func TestBadMessages(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "x", "[]", "{}", `{"response":{}}`, `{"request-id":0,"response":{}}`, `{"request-id":"1"}`, `{"request-id":-1}`, `{"request-id":1,"response":}`, "binary"} {
		p := listen(t, func(s *socket) {
			if s.number > 1 {
				echo(s)
				return
			}
			_, _ = s.next()
			if text == "binary" {
				_ = s.Write(context.Background(), websocket.MessageBinary, []byte(`{"request-id":1,"response":{}}`))
			} else {
				s.send(text)
			}
			_, _ = s.next()
		})
		c, _ := open(t, nil, p.address())
		_, err := do(t.Context(), c, transport.Once, "1")
		f := asFault(t, err)
		assert.Equal(t, fault.Internal, f.Kind, "%q", text)
		assert.True(t, f.Ambiguous)
		got, err := do(t.Context(), c, transport.Read, "2")
		require.NoError(t, err)
		assert.Equal(t, "2", got)
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	p := listen(t, func(s *socket) {
		_, _ = s.next()
		close(arrived)
		_, _ = s.next()
	})
	c, _ := open(t, nil, p.address())
	_, connected := c.Current()
	assert.False(t, connected)
	done := make(chan error, 1)
	go func() {
		_, err := do(t.Context(), c, transport.Once, "1")
		done <- err
	}()
	<-arrived
	_, connected = c.Current()
	assert.True(t, connected)
	promptly(t, func() bool { c.Close(); return true })
	f := asFault(t, promptly(t, func() error { return <-done }))
	assert.Equal(t, fault.Closed, f.Kind)
	assert.True(t, f.Ambiguous)

	_, err := do(t.Context(), c, transport.Once, "1")
	f = asFault(t, err)
	assert.Equal(t, fault.Closed, f.Kind)
	assert.False(t, f.Ambiguous)
	_, err = c.Session(t.Context())
	assert.Equal(t, fault.Closed, asFault(t, err).Kind)
	_, connected = c.Current()
	assert.False(t, connected)
	c.Close()
}
