package rpc

import (
	"context"
	"errors"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// ErrRedial is what a handshake returns to be carried out again, on another
// connection.
var ErrRedial = errors.New("dial again")

// maxRedials bounds how often a handshake may ask for another connection.
const maxRedials = 3

// flight is a connection in the making.
type flight[S any] struct {
	done    chan struct{}
	waiting int
	cancel  context.CancelFunc
	link    *link[S]
	err     error
}

// connection returns the connection in use, and makes one if there is none,
// one for all the calls that wait.
func (c *Client[S]) connection(ctx context.Context, until time.Time) (*link[S], *fault.Error) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil, errClosed()
	}
	if l := c.live; l != nil && !l.conn.broken() {
		c.mu.Unlock()
		return l, nil
	}
	f := c.flight
	if f == nil {
		f = c.start(ctx)
	}
	f.waiting++
	c.mu.Unlock()

	if !until.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, until, errTimeout)
		defer cancel()
	}
	select {
	case <-f.done:
		switch {
		case f.err == nil:
			return f.link, nil
		case c.ctx.Err() != nil: // it ended because the client did
			return nil, errClosed()
		}
		return nil, notMade(ctx, f.err)
	case <-ctx.Done():
		c.leave(f)
		failure := canceled(ctx)
		failure.NotExecuted = true
		return nil, failure
	case <-c.ctx.Done():
		return nil, errClosed()
	}
}

// notMade returns the failure of a call that got no connection because of
// err, which it shares with all that waited: whatever became of the login, the
// call itself was not carried out. A login that the server refused is not
// tried again, unless the server says that it did not look at it.
func notMade(ctx context.Context, err error) *fault.Error {
	shared, ok := errors.AsType[*fault.Error](err)
	if !ok {
		if ctx.Err() != nil {
			return canceled(ctx)
		}
		return &fault.Error{Kind: fault.Unauthenticated, Message: "no credentials could be obtained", Err: err, NotExecuted: true}
	}
	f := *shared
	f.Ambiguous, f.NotExecuted = false, f.NotExecuted || !f.FromServer || f.Status != 0
	return &f
}

// start begins to connect; c.mu is held. It does not end with the context of
// the call that began it, because others may come to wait for it: it ends
// when none waits any more.
func (c *Client[S]) start(ctx context.Context) *flight[S] {
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), c.config.Timeout, errTimeout)
	f := &flight[S]{done: make(chan struct{}), cancel: cancel}
	c.flight, c.live = f, nil
	stop := context.AfterFunc(c.ctx, cancel) //nolint:contextcheck // Close ends it, too
	c.work.Go(func() {
		defer cancel()
		defer stop()
		l, err := c.connect(ctx)
		c.mu.Lock()
		current := c.flight == f
		f.link, f.err = l, err
		if current {
			c.flight, c.live = nil, l
		}
		c.mu.Unlock()
		if !current && l != nil {
			l.conn.fail(errRetired()) // nobody waited for it any more
		}
		close(f.done)
	})
	return f
}

// leave stops waiting for f.
func (c *Client[S]) leave(f *flight[S]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f.waiting--
	if f.waiting == 0 && c.flight == f {
		f.cancel()
		c.flight = nil
	}
}

// connect dials and logs in.
func (c *Client[S]) connect(ctx context.Context) (*link[S], error) {
	for range maxRedials {
		ws, failure := c.dialer.dial(ctx, &c.work)
		if failure != nil {
			return nil, failure
		}
		conn := newConn(ws, c.config.MaxMessage, c.config.Classify)
		c.serve(conn) //nolint:contextcheck // the connection outlives its making
		session, err := c.config.Handshake(ctx, conn)
		switch {
		case err == nil:
			l := &link[S]{conn: conn, session: session}
			c.work.Go(func() { c.watch(l) })
			return l, nil
		case !errors.Is(err, ErrRedial):
			conn.fail(errRetired())
			return nil, err
		}
		conn.fail(errRetired())
	}
	return nil, fault.New(fault.Unavailable, "the server asks for another connection again and again")
}

// serve runs the two sides of a connection until it breaks.
func (c *Client[S]) serve(conn *Conn) {
	stop := context.AfterFunc(c.ctx, func() { conn.fail(errClosed()) })
	c.work.Go(func() {
		defer stop()
		conn.read()
	})
	c.work.Go(conn.writeQueued)
}

// watch ends overdue calls and pings until the connection breaks, and breaks
// it when the server no longer answers. A call that is overdue makes it ping at
// once.
func (c *Client[S]) watch(l *link[S]) {
	ticker := time.NewTicker(min(c.config.Timeout/10+1, c.config.PingEvery))
	defer ticker.Stop()
	pinged := time.Now()
	for {
		select {
		case <-l.conn.done:
			return
		case now := <-ticker.C:
			l.conn.closeRetired()
			if !l.conn.sweep(now) && now.Sub(pinged) < c.config.PingEvery {
				continue
			}
		}
		if !c.alive(l) {
			return
		}
		pinged = time.Now()
	}
}

// alive pings, and breaks the connection if the server does not answer.
func (c *Client[S]) alive(l *link[S]) bool {
	if c.config.Ping == nil {
		return true
	}
	ctx, cancel := context.WithTimeout(c.ctx, c.config.PingTimeout)
	defer cancel()
	if c.config.Ping(ctx, l.conn, l.session) == nil || c.ctx.Err() != nil {
		return true
	}
	l.conn.fail(fault.New(fault.Unavailable, "the server no longer answers"))
	return false
}

// forget drops l, whose login the server no longer accepts: the next call
// makes another connection. Calls under way on l go on.
func (c *Client[S]) forget(l *link[S]) {
	c.mu.Lock()
	if c.live == l {
		c.live = nil
	}
	c.mu.Unlock()
	l.conn.retire()
}
