package rpc

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"math/rand/v2"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// errTimeout is the cause of a context that this package ended because of
// [Config].Timeout, which is not the caller's doing.
var errTimeout = errors.New("the server took too long to answer")

func tookTooLong() *fault.Error {
	return &fault.Error{Kind: fault.Unavailable, Message: errTimeout.Error(), Err: context.DeadlineExceeded}
}

// canceled returns the failure of a call whose context ended.
func canceled(ctx context.Context) *fault.Error {
	if errors.Is(context.Cause(ctx), errTimeout) {
		return tookTooLong()
	}
	return fault.Ended(ctx, ctx.Err())
}

// until returns when a call ends whose context has no deadline, zero for one
// that has.
func (c *Client[S]) until(ctx context.Context) time.Time {
	if _, bounded := ctx.Deadline(); bounded {
		return time.Time{}
	}
	return time.Now().Add(c.config.Timeout)
}

// Do carries out a call. Any failure is a [*fault.Error].
//
// What was not sent is sent again, and what the server says it did not do
// ([fault.Error].NotExecuted). A request whose connection broke is sent once
// more on another one if its class permits, else its failure is ambiguous; so
// is one of which the server says that it may have done it (Ambiguous), more
// than once. After a login that the server no longer accepts there is one more.
func (c *Client[S]) Do(ctx context.Context, call Call[S]) error {
	e := &exchange[S]{client: c, call: call, until: c.until(ctx)}
	failure := e.run(ctx)
	if failure == nil {
		return nil
	}
	failure.Resent = e.unsure
	failure.Ambiguous = (failure.Ambiguous || e.unsure) && e.class != transport.Read
	return failure
}

// exchange is one call with all its attempts.
type exchange[S any] struct {
	client  *Client[S]
	call    Call[S]
	until   time.Time // when to give up, zero if the context says
	class   transport.Class
	request *Request // of the last attempt
	attempt int      // counted from 1
	unsure  bool     // an attempt before the last may have taken effect
	lost    bool     // an attempt was lost with its connection
	renewed bool     // there was a new login
}

func (e *exchange[S]) run(ctx context.Context) *fault.Error {
	c := e.client
	for {
		e.attempt++
		l, failure := e.once(ctx)
		if failure == nil || !e.mayTryAgain(ctx, l, failure) {
			return failure
		}
		e.unsure = e.unsure || failure.Ambiguous
		c.config.Logger.LogAttrs(ctx, slog.LevelWarn, "retrying call", slog.String("method", e.method()),
			slog.Int("attempt", e.attempt), slog.String("kind", failure.Kind.String()))
	}
}

// once makes one attempt. The link is nil if there was no connection.
func (e *exchange[S]) once(ctx context.Context) (*link[S], *fault.Error) {
	c := e.client
	if ctx.Err() != nil {
		return nil, canceled(ctx)
	}
	l, failure := c.connection(ctx, e.until)
	if failure != nil {
		return nil, failure
	}
	r, err := e.call.Request(l.session)
	if err != nil {
		return l, asFailure(err)
	}
	if failure := e.wait(ctx); failure != nil {
		return l, failure
	}
	e.class, e.request = r.Class, r
	logs := c.config.Logger.Enabled(ctx, slog.LevelDebug)
	var started time.Time
	if logs {
		started = time.Now()
	}
	answer, failure := l.conn.call(ctx, r, e.until)
	if failure == nil {
		failure = e.read(l.session, answer)
	}
	if logs {
		e.log(ctx, time.Since(started), failure)
	}
	return l, failure
}

func (e *exchange[S]) read(session S, answer jsontext.Value) *fault.Error {
	if e.call.Read == nil {
		return nil
	}
	err := e.call.Read(session, answer)
	if err == nil {
		return nil
	}
	f := asFailure(err)
	if f.Kind == fault.Internal && !f.FromServer { // nobody knows what the server did
		f.Ambiguous = e.class != transport.Read
	}
	return f
}

func asFailure(err error) *fault.Error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	return &fault.Error{Kind: fault.Internal, Err: err}
}

// wait keeps to the rate limit.
func (e *exchange[S]) wait(ctx context.Context) *fault.Error {
	limiter := e.client.config.Limiter
	if limiter == nil {
		return nil
	}
	if !e.until.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, e.until, errTimeout)
		defer cancel()
	}
	switch err := limiter.Wait(ctx); {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return canceled(ctx)
	default:
		// Waiting does not help: the wait would outlast the deadline later, too.
		return fault.New(fault.RateLimited, "the client's own rate limit leaves no room for the request before its deadline")
	}
}

// mayTryAgain decides whether a failed attempt is followed by another, and
// makes the pause between them.
func (e *exchange[S]) mayTryAgain(ctx context.Context, l *link[S], f *fault.Error) bool {
	switch {
	case ctx.Err() != nil:
		return false
	case f.Kind == fault.Unauthenticated && l != nil && f.FromServer && !e.renewed:
		e.renewed = true
		e.client.forget(l)
		return true
	case l != nil && !f.FromServer && !f.NotExecuted && l.conn.broken():
		// The connection broke while the request was under way.
		again := !e.lost && e.class != transport.Once && e.attempt < e.client.config.Retry.MaxAttempts
		e.lost = true
		return again
	case f.RetryAfter > e.client.config.Retry.MaxWait:
		f.Kind = fault.RateLimited
		return false
	case f.Kind == fault.RateLimited && f.Status == 0, f.Kind != fault.RateLimited && f.Kind != fault.Unavailable, isCertificateError(f.Err):
		return false
	case !f.NotExecuted && (!f.Ambiguous || e.class == transport.Once):
		return false
	}
	return e.attempt < e.client.config.Retry.MaxAttempts && e.pause(ctx, f.RetryAfter)
}

// pause waits before the next attempt, at least as long as the server asked
// to stay away, and reports false if there is no time. It lies anywhere from half its middle to half as much again: clients that
// failed together must not return together.
func (e *exchange[S]) pause(ctx context.Context, asked time.Duration) bool {
	policy := e.client.config.Retry
	middle := time.Duration(min(math.Ldexp(float64(policy.MinWait), e.attempt-1), float64(policy.MaxWait)*2/3))
	wait := middle/2 + time.Duration(rand.Int64N(int64(middle)+1)) //nolint:gosec // spreads load, guards nothing
	wait = max(wait, asked)
	end := e.until
	if deadline, ok := ctx.Deadline(); ok {
		end = deadline
	}
	if time.Until(end) < wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	case <-e.client.ctx.Done():
		return false
	}
}

// log records an attempt. It names neither addresses nor parameters.
func (e *exchange[S]) log(ctx context.Context, took time.Duration, f *fault.Error) {
	kind := "ok"
	if f != nil {
		kind = f.Kind.String()
	}
	e.client.config.Logger.LogAttrs(ctx, slog.LevelDebug, "call", slog.String("method", e.method()), slog.Int("attempt", e.attempt),
		slog.String("kind", kind), slog.Duration("duration", took))
}

// method returns the facade and the method, "" if there was no connection yet.
func (e *exchange[S]) method() string {
	if e.request == nil {
		return ""
	}
	return e.request.Facade + "." + e.request.Method
}
