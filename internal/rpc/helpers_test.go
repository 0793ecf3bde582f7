package rpc

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds what a test waits for.
const patience = 20 * time.Second

// message is a request as a server reads it.
type message struct {
	ID     uint64         `json:"request-id"`
	Type   string         `json:"type"`
	Vers   int            `json:"version"`
	Method string         `json:"request"`
	Params jsontext.Value `json:"params"`
}

// peer is a server that does with each connection what play says.
type peer struct {
	*httptest.Server

	dials atomic.Int32
	work  sync.WaitGroup
}

// socket is the server's side of a connection.
type socket struct {
	*websocket.Conn

	t      testing.TB
	number int // counted from 1
}

func listen(tb testing.TB, play func(s *socket)) *peer {
	tb.Helper()
	p := &peer{}
	p.Server = httptest.NewServer(p.handler(tb, play))
	tb.Cleanup(func() {
		p.Close()
		p.work.Wait()
	})
	return p
}

func (p *peer) handler(tb testing.TB, play func(s *socket)) http.HandlerFunc {
	tb.Helper()
	return func(w http.ResponseWriter, r *http.Request) {
		p.work.Add(1)
		defer p.work.Done()
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		ws.SetReadLimit(-1)
		defer func() { _ = ws.CloseNow() }()
		play(&socket{Conn: ws, t: tb, number: int(p.dials.Add(1))})
	}
}

func (p *peer) address() string { return "ws" + strings.TrimPrefix(p.URL, "http") }

// next reads a request; ok is false when the connection has ended.
func (s *socket) next() (m message, ok bool) {
	_, data, err := s.Read(context.Background())
	if err != nil {
		return m, false
	}
	assert.NoError(s.t, json.Unmarshal(data, &m))
	return m, true
}

func (s *socket) send(text string) {
	_ = s.Write(context.Background(), websocket.MessageText, []byte(text))
}

func (s *socket) answer(m message, response string) {
	id, _ := json.Marshal(m.ID)
	s.send(`{"request-id":` + string(id) + `,"response":` + response + `}`)
}

func (s *socket) refuse(m message, text, code string) {
	data, _ := json.Marshal(map[string]any{"request-id": m.ID, "error": text, "error-code": code, "response": struct{}{}})
	s.send(string(data))
}

// echo answers every request with its parameters.
func echo(s *socket) {
	for {
		m, ok := s.next()
		if !ok {
			return
		}
		s.answer(m, string(m.Params))
	}
}

// session is what the handshake of the tests learns.
type session struct{ number int32 }

// classify makes the code the kind.
func classify(_ *Request, f Failure) *fault.Error {
	failure := &fault.Error{Message: f.Message, Code: f.Code}
	switch f.Code {
	case "unauthenticated":
		failure.Kind = fault.Unauthenticated
	case "try again":
		failure.Kind, failure.NotExecuted = fault.Unavailable, true
	case "unavailable":
		failure.Kind = fault.Unavailable
	case "not found":
		failure.Kind = fault.NotFound
	}
	return failure
}

// open makes a client of the addresses, whose handshakes are counted.
func open(tb testing.TB, change func(*Config[session]), addresses ...string) (*Client[session], *atomic.Int32) {
	tb.Helper()
	var handshakes atomic.Int32
	config := Config[session]{
		Addresses: addresses, Classify: classify, Retry: transport.Retry{MinWait: time.Millisecond},
		Handshake: func(context.Context, *Conn) (session, error) { return session{handshakes.Add(1)}, nil },
	}
	if change != nil {
		change(&config)
	}
	c, err := New(config)
	require.NoError(tb, err)
	tb.Cleanup(c.Close)
	return c, &handshakes
}

// do calls the method "Echo" with a parameter.
func do(ctx context.Context, c *Client[session], class transport.Class, params string) (string, error) {
	var got string
	err := c.Do(ctx, Call[session]{
		Request: func(session) (*Request, error) {
			return &Request{Facade: "Test", Version: 2, Method: "Echo", Params: jsontext.Value(params), Class: class, Secrets: []string{"swordfish"}}, nil
		},
		Read: func(_ session, answer jsontext.Value) error {
			got = string(answer)
			return nil
		},
	})
	return got, err
}

func asFault(t *testing.T, err error) *fault.Error {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	require.True(t, ok, "%T %v", err, err)
	assert.NotContains(t, err.Error(), "ws://")
	assert.NotContains(t, err.Error(), "http://")
	assert.NotContains(t, err.Error(), "swordfish")
	return f
}

// promptly fails the test if act takes too long.
func promptly[T any](t *testing.T, act func() T) T {
	t.Helper()
	done := make(chan T, 1)
	go func() { done <- act() }()
	select {
	case result := <-done:
		return result
	case <-time.After(patience):
		t.Fatal("it hangs")
		panic("unreachable")
	}
}
