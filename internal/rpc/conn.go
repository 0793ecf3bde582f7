package rpc

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

const (
	// queueLength is how many requests wait for the writer before callers wait.
	queueLength = 64
	// maxDirect is the longest message that a caller writes itself. It is less
	// than any system buffers for a socket.
	maxDirect = 4 << 10
)

// Conn is one connection. It is safe for concurrent use.
type Conn struct {
	ws       *websocket.Conn
	classify func(r *Request, f Failure) *fault.Error
	queue    chan *pending
	done     chan struct{} // closed when the connection is broken
	ids      atomic.Uint64

	writing     sync.Mutex   // held by the one who writes
	outstanding atomic.Int64 // requests given out to be written and not answered

	mu      sync.Mutex
	waiting map[uint64]*pending
	retired bool         // to be closed when nothing waits any more
	failure *fault.Error // why it broke; set before done is closed
}

// pending is a request that waits for its answer.
type pending struct {
	id      uint64
	frame   []byte
	state   atomic.Int32
	overdue time.Time   // when to stop waiting, zero for never
	answer  chan []byte // has room for one message; nil is that it is overdue
}

// The states of a pending request. Who changes it from queued decides
// whether it is sent.
const (
	queued int32 = iota
	sent
	abandoned
)

// abandon reports whether the request is now certain never to be sent.
func (p *pending) abandon() bool { return p.state.CompareAndSwap(queued, abandoned) }

func newConn(ws *websocket.Conn, maxMessage int64, classify func(*Request, Failure) *fault.Error) *Conn {
	ws.SetReadLimit(maxMessage)
	return &Conn{
		ws: ws, classify: classify, queue: make(chan *pending, queueLength), done: make(chan struct{}), waiting: map[uint64]*pending{},
	}
}

// Call sends a request and returns the answer. A failure that the server
// answered with was classified.
func (c *Conn) Call(ctx context.Context, r *Request) (jsontext.Value, error) {
	answer, failure := c.call(ctx, r, time.Time{})
	if failure != nil {
		return nil, failure
	}
	return answer, nil
}

// call is Call until a moment, which comes without a timer of its own: timers
// cost more than all the rest of a call.
func (c *Conn) call(ctx context.Context, r *Request, until time.Time) (jsontext.Value, *fault.Error) {
	p := &pending{id: c.ids.Add(1), overdue: until, answer: make(chan []byte, 1)}
	frame, failure := appendRequest(make([]byte, 0, 128+len(r.Params)), p.id, r)
	if failure != nil {
		return nil, failure
	}
	p.frame = frame
	if !c.add(p) {
		return nil, c.lost(r, p)
	}
	if !c.writeAlone(p) { //nolint:contextcheck // a context that ends must not end the connection
		select {
		case c.queue <- p:
		case message := <-p.answer:
			return c.judge(r, p, message)
		case <-c.done:
			return nil, c.lost(r, p)
		case <-ctx.Done():
			return nil, c.unfinished(r, p, canceled(ctx))
		}
	}
	select {
	case message := <-p.answer:
		return c.judge(r, p, message)
	case <-c.done:
	case <-ctx.Done():
		return nil, c.unfinished(r, p, canceled(ctx))
	}
	select {
	case message := <-p.answer: // it came before the connection broke
		return c.judge(r, p, message)
	default:
		return nil, c.lost(r, p)
	}
}

// add begins to wait for an answer, unless the connection is broken.
func (c *Conn) add(p *pending) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure != nil {
		return false
	}
	c.waiting[p.id] = p
	return true
}

// take ends the wait for an answer, and returns who waited, nil for nobody.
func (c *Conn) take(id uint64) *pending {
	c.mu.Lock()
	p := c.waiting[id]
	delete(c.waiting, id)
	c.mu.Unlock()
	return p
}

// retire closes the connection when nothing waits for an answer any more.
func (c *Conn) retire() {
	c.mu.Lock()
	c.retired = true
	c.mu.Unlock()
	c.closeRetired()
}

// closeRetired closes a retired connection on which nothing waits.
func (c *Conn) closeRetired() {
	c.mu.Lock()
	last := c.retired && len(c.waiting) == 0
	c.mu.Unlock()
	if last {
		c.fail(errRetired())
	}
}

func errRetired() *fault.Error {
	return fault.New(fault.Unavailable, "the connection was replaced by a newer one")
}

// judge turns the server's message into a result.
func (c *Conn) judge(r *Request, p *pending, message []byte) (jsontext.Value, *fault.Error) {
	if message == nil {
		return nil, c.unfinished(r, p, tookTooLong())
	}
	a, failure := readAnswer(message)
	if failure != nil {
		if failure.Kind == fault.Unavailable {
			c.fail(failure)
			return nil, c.lost(r, p)
		}
		failure.Ambiguous = r.Class != transport.Read
		return nil, failure
	}
	if a.Error == "" {
		return a.Response, nil
	}
	f := c.classify(r, Failure{Message: a.Error, Code: a.Code, Info: a.Info})
	f.FromServer = true
	f.Message, f.Code = transport.Redact(f.Message, r.Secrets), transport.Redact(f.Code, r.Secrets)
	return nil, f
}

// unfinished adds to f, the failure of a call that is given up, whether the
// server may have got the request.
func (c *Conn) unfinished(r *Request, p *pending, f *fault.Error) *fault.Error {
	c.take(p.id)
	f.NotExecuted = p.abandon()
	f.Ambiguous = r.Class != transport.Read && !f.NotExecuted
	return f
}

// lost returns the failure of a call whose connection broke.
func (c *Conn) lost(r *Request, p *pending) *fault.Error {
	f := *c.broke()
	return c.unfinished(r, p, &f)
}

// broke returns why the connection broke, nil if it did not.
func (c *Conn) broke() *fault.Error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failure
}

func (c *Conn) broken() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// fail breaks the connection. All who wait for an answer learn of it.
func (c *Conn) fail(failure *fault.Error) {
	c.mu.Lock()
	first := c.failure == nil
	if first {
		c.failure = failure
	}
	c.mu.Unlock()
	if first {
		close(c.done)
		_ = c.ws.CloseNow() // that it was closed already is no concern
	}
}
