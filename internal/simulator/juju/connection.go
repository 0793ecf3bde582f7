package juju

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"net"
	"net/http"
	"sync"

	"github.com/coder/websocket"
)

// connection is one socket with the session on it.
type connection struct {
	server *Server
	number int
	model  string // UUID of the path, empty for the controller
	cookie string // session cookie of the request that opened the socket
	host   string // that the client asked for
	socket *websocket.Conn
	raw    net.Conn
	ctx    context.Context //nolint:containedctx // ends with the socket
	end    context.CancelFunc
	limit  int // of frames; less than 0 is none

	writing sync.Mutex
	pending sync.WaitGroup
	session session // guarded by the server's lock
}

// cut says which connections are cut, and when.
type cut struct {
	frames, times int
}

// CutConnections cuts the next connections, times of them and all if it is 0,
// as soon as they have had the given number of frames and the answers to them.
// The frame that follows is not read.
func (s *Server) CutConnections(frames, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cuts = append(s.cuts, cut{frames, times})
}

// KeepConnections takes back what CutConnections said of connections to come.
func (s *Server) KeepConnections() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cuts = nil
}

// DropConnections closes all open connections without a farewell.
func (s *Server) DropConnections() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		c.cut()
	}
}

// Connections returns the number of open connections.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// Shutdown makes the controller go down: it answers the next request of every
// connection with an error and closes the socket.
func (s *Server) Shutdown() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = true
}

// Restart ends a Shutdown.
func (s *Server) Restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = false
}

func (s *Server) goingDown() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

// shutDown is what a request meets that arrives during a Shutdown.
func shutDown(x *Exchange) {
	AnswerError("connection is shut down", "", "")(x)
	Farewell(websocket.StatusGoingAway, "")(x)
}

// serveSocket upgrades a request and serves the socket to its end.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request, model string) {
	tap := &hijackTap{ResponseWriter: w}
	socket, err := websocket.Accept(tap, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer socket.CloseNow() //nolint:errcheck // the socket is done with
	socket.SetReadLimit(-1)
	ctx, end := context.WithCancel(s.lifetime)
	defer end()
	c := &connection{server: s, model: model, host: r.Host, socket: socket, raw: tap.conn, ctx: ctx, end: end}
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		c.cookie = cookie.Value
	}
	if !s.register(c) {
		return
	}
	defer s.unregister(c)
	c.read()
	end()
	c.pending.Wait()
}

// register notes a new connection, unless the server was closed.
func (s *Server) register(c *connection) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lifetime.Err() != nil {
		return false
	}
	s.sockets.Add(1)
	s.opened++
	c.number = s.opened
	c.limit = -1
	s.open[c] = struct{}{}
	if len(s.cuts) == 0 {
		return true
	}
	c.limit = s.cuts[0].frames
	switch s.cuts[0].times {
	case 0:
	case 1:
		s.cuts = s.cuts[1:]
	default:
		s.cuts[0].times--
	}
	return true
}

func (s *Server) unregister(c *connection) {
	s.mu.Lock()
	delete(s.open, c)
	s.mu.Unlock()
	s.sockets.Done()
}

// read takes frames from the socket until it ends. Each is served on its own.
// What is no request ends the connection, as the real server's does.
func (c *connection) read() {
	for frames := 0; ; frames++ {
		if frames == c.limit {
			c.pending.Wait()
			c.cut()
			return
		}
		_, text, err := c.socket.Read(c.ctx)
		if err != nil {
			return
		}
		var r request
		if json.Unmarshal(text, &r) != nil || r.ID == 0 {
			return
		}
		record := &Frame{
			Connection: c.number,
			Model:      c.model,
			ID:         r.ID,
			Facade:     r.Facade,
			Version:    r.Version,
			Method:     r.Method,
			Params:     r.Params,
			Text:       text,
		}
		effect := c.server.log.arrive(record)
		if c.server.goingDown() {
			effect = shutDown
		}
		x := &Exchange{conn: c, record: record, request: r}
		x.execute = sync.OnceValue(func() []byte { return c.server.answer(c, r) })
		c.pending.Go(func() { effect(x) })
	}
}

// send sends a message, one at a time.
func (c *connection) send(record *Frame, kind websocket.MessageType, data []byte) {
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.ctx.Err() != nil {
		return
	}
	c.server.log.answered(record, data)
	_ = c.socket.Write(c.ctx, kind, data)
}

// cutWithin sends the header of a text message and the first n bytes of it.
func (c *connection) cutWithin(record *Frame, text []byte, n int) {
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.ctx.Err() == nil {
		sent := text[:max(0, min(n, len(text)-1))]
		c.server.log.answered(record, sent)
		header := []byte{0x81, 127} // the only fragment of a text, with a length of 8 bytes
		header = binary.BigEndian.AppendUint64(header, uint64(len(text)))
		_, _ = c.raw.Write(append(header, sent...))
	}
	c.cut()
}

// cut closes the connection without a farewell.
func (c *connection) cut() {
	c.end()
	raw := c.raw
	if secured, ok := raw.(*tls.Conn); ok {
		raw = secured.NetConn()
	}
	_ = raw.Close()
}

// farewell closes the connection in the orderly way.
func (c *connection) farewell(code websocket.StatusCode, reason string) {
	_ = c.socket.Close(code, reason)
}

// hijackTap keeps hold of the connection below a socket.
type hijackTap struct {
	http.ResponseWriter

	conn net.Conn
}

// Hijack implements [http.Hijacker].
func (t *hijackTap) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(t.ResponseWriter).Hijack()
	t.conn = conn
	return conn, buffered, err
}
