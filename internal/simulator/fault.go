package simulator

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path"
	"strconv"
	"sync"
)

// Fault is one way in which a server misbehaves.
type Fault struct {
	// Match picks the requests; nil picks all. It is called with the Handler
	// locked, so it must not call the Handler.
	Match Match
	// Times is how many requests meet the fault; 0 means all of them.
	Times int
	// Effect is what happens to those requests. It must be set.
	Effect Effect
}

// Match reports whether a fault concerns r. It must not read the body.
type Match func(r *http.Request) bool

// On matches requests by method and by path as it was sent. An empty method
// matches every method. The glob is that of [path.Match]: a star does not reach
// across a slash. On panics if the glob is malformed.
func On(method, glob string) Match {
	if _, err := path.Match(glob, ""); err != nil {
		panic(fmt.Sprintf("simulator: path glob %q: %v", glob, err))
	}
	return func(r *http.Request) bool {
		if method != "" && method != r.Method {
			return false
		}
		matched, _ := path.Match(glob, sentPath(r))
		return matched
	}
}

// Effect serves a request in place of next, which is the simulated server: it
// may or may not call next, and may change or lose the reply.
type Effect func(w http.ResponseWriter, r *http.Request, next http.Handler)

// serve is the effect that changes nothing.
func serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(w, r)
}

// Answer replies with the given status, header and body. The request does not
// take effect.
func Answer(status int, header http.Header, body string) Effect {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		maps.Copy(w.Header(), header.Clone())
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// Drop closes the connection without a reply. The request does not take
// effect. See [After] for the drop that comes too late.
func Drop(http.ResponseWriter, *http.Request, http.Handler) {
	panic(http.ErrAbortHandler)
}

// After lets the request take effect and then does what effect says with the
// reply: After(Drop) loses it, After(Answer(...)) replaces it, After(gate.Hold)
// holds it back.
func After(effect Effect) Effect {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		reply := capture(r, next)
		effect(w, r, http.HandlerFunc(reply.replay))
	}
}

// Cut lets the request take effect and closes the connection in the middle of
// the reply: after the header, which promises the whole body, and the first n
// bytes of the body. The last byte of a body is never sent.
func Cut(n int) Effect {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		reply := capture(r, next)
		body := reply.body.Bytes()
		maps.Copy(w.Header(), reply.header)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(reply.status)
		_, _ = w.Write(body[:max(0, min(n, len(body)-1))])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// Gate holds requests back until it is opened.
type Gate struct {
	arrived chan struct{}
	open    chan struct{}
	once    sync.Once
}

// NewGate returns a closed gate.
func NewGate() *Gate {
	return &Gate{arrived: make(chan struct{}), open: make(chan struct{})}
}

// Hold is the effect of waiting at the gate. Once it is open, the request is
// served as if nothing had happened. If the client goes away first, the
// connection is dropped and the request does not take effect.
func (g *Gate) Hold(w http.ResponseWriter, r *http.Request, next http.Handler) {
	select {
	case g.arrived <- struct{}{}:
	case <-g.open:
	case <-r.Context().Done():
	}
	select {
	case <-g.open:
		next.ServeHTTP(w, r)
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	}
}

// Arrived yields one value for every request that waits at the closed gate.
// Nobody needs to receive them.
func (g *Gate) Arrived() <-chan struct{} { return g.arrived }

// Open lets all requests through, those that wait and those to come. It may be
// called more than once.
func (g *Gate) Open() { g.once.Do(func() { close(g.open) }) }

// reply is a complete response that was not sent yet. It is an
// [http.ResponseWriter] to the handler that makes it.
type reply struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// capture has next serve r and returns its reply.
func capture(r *http.Request, next http.Handler) *reply {
	captured := &reply{header: http.Header{}}
	next.ServeHTTP(captured, r)
	captured.WriteHeader(http.StatusOK)
	return captured
}

// Header implements [http.ResponseWriter].
func (p *reply) Header() http.Header { return p.header }

// WriteHeader implements [http.ResponseWriter].
func (p *reply) WriteHeader(status int) {
	if p.status == 0 {
		p.status = status
	}
}

// Write implements [http.ResponseWriter].
func (p *reply) Write(body []byte) (int, error) {
	p.WriteHeader(http.StatusOK)
	return p.body.Write(body)
}

// replay sends the reply.
func (p *reply) replay(w http.ResponseWriter, _ *http.Request) {
	maps.Copy(w.Header(), p.header)
	w.WriteHeader(p.status)
	_, _ = w.Write(p.body.Bytes())
}
