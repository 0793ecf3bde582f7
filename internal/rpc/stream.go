package rpc

import (
	"context"
	"errors"
	"time"

	"github.com/coder/websocket"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// writeAlone writes a request in the caller's goroutine, which spares a
// switch to the writer's, if that cannot block: the server has answered
// everything before, so that the socket's buffer is empty.
func (c *Conn) writeAlone(p *pending) bool {
	if c.outstanding.Load() > 0 || len(p.frame) > maxDirect || !c.writing.TryLock() {
		return false
	}
	c.write(p)
	return true
}

// write writes a request, unless its caller gave it up. It unlocks c.writing.
func (c *Conn) write(p *pending) {
	defer c.writing.Unlock()
	if !p.state.CompareAndSwap(queued, sent) {
		return
	}
	c.outstanding.Add(1)
	if err := c.ws.Write(context.Background(), websocket.MessageText, p.frame); err != nil {
		c.fail(brokenOff(err))
	}
}

// writeQueued writes the requests of the queue, one by one.
func (c *Conn) writeQueued() {
	for {
		select {
		case p := <-c.queue:
			c.writing.Lock()
			c.write(p)
		case <-c.done:
			return
		}
	}
}

// read hands messages to those who wait for them. A message that nobody
// waits for is the answer to a call that was given up.
func (c *Conn) read() {
	for {
		kind, message, err := c.ws.Read(context.Background()) // closing the connection ends it
		if err != nil {
			c.fail(brokenOff(err))
			return
		}
		id := answerID(message)
		if kind != websocket.MessageText {
			c.fail(badMessage())
			return
		}
		if id == 0 {
			c.fail(unreadable(message))
			return
		}
		c.outstanding.Add(-1)
		if p := c.take(id); p != nil {
			p.answer <- message
		}
	}
}

// sweep ends the calls that are overdue, and reports whether there were any.
func (c *Conn) sweep(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := false
	for id, p := range c.waiting {
		if !p.overdue.IsZero() && now.After(p.overdue) {
			delete(c.waiting, id)
			p.answer <- nil
			found = true
		}
	}
	return found
}

// brokenOff returns the failure of a connection.
func brokenOff(err error) *fault.Error {
	if errors.Is(err, websocket.ErrMessageTooBig) {
		return fault.New(fault.Internal, "the server sent a message that is larger than is allowed")
	}
	if _, closed := errors.AsType[websocket.CloseError](err); closed {
		return fault.New(fault.Unavailable, "the server closed the connection") // its reason may quote anything
	}
	return &fault.Error{Kind: fault.Unavailable, Message: "the connection broke", Err: err}
}
