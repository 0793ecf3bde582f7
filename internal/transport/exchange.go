package transport

import (
	"context"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/hashicorp/go-retryablehttp"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// Do sends r and returns the answer, read whole. Any failure, an answer
// outside 2xx included, is a [*fault.Error].
func (c *Client) Do(ctx context.Context, r *Request) (*Response, error) {
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.timeout, errTimeout)
		defer cancel()
	}
	e, err := c.send(ctx, r, true)
	if err != nil {
		return nil, err
	}
	return &Response{Status: e.answer.StatusCode, Header: e.answer.Header, Body: e.body, Resent: e.unsure, from: e}, nil
}

// DoJSON is [Client.Do] for protocols that answer with JSON or nothing:
// something else is the word of another server, such as the login page of a
// proxy, and a failure. After a write it is ambiguous.
func (c *Client) DoJSON(ctx context.Context, r *Request) (*Response, error) {
	answer, err := c.Do(ctx, r)
	if err != nil {
		return nil, err
	}
	if len(answer.Body) > 0 && !jsontext.Value(answer.Body).IsValid() {
		f := badAnswer(nil)
		f.Ambiguous, f.RequestID = r.Class != Read, answer.RequestID()
		return nil, f
	}
	return answer, nil
}

// send carries out r, with a second login if the server refuses the first.
// If whole is set the answer is read into memory, else its body is left open.
func (c *Client) send(ctx context.Context, r *Request, whole bool) (*exchange, error) {
	c.budget.earn()
	e := &exchange{client: c, request: r, whole: whole, router: c.routerOf(r)}
	var refused *Grant
	for {
		grant, err := c.grant(ctx, r, refused)
		if err != nil {
			return nil, e.final(e.withoutGrant(err))
		}
		e.grant = grant
		if e.run(ctx); e.failure == nil {
			return e, nil
		}
		if refused != nil || grant == nil || e.failure.Kind != fault.Unauthenticated || e.failure.Status != http.StatusUnauthorized {
			return nil, e.final(e.failure)
		}
		refused = grant
	}
}

func (c *Client) grant(ctx context.Context, r *Request, refused *Grant) (*Grant, *fault.Error) {
	if c.auth == nil || r.Anonymous {
		return nil, nil
	}
	grant, err := c.auth.Grant(ctx, refused)
	if err != nil {
		return nil, authFailure(ctx, err)
	}
	return grant, nil
}

// An exchange is one request with all its attempts. It holds a retry client
// of its own, because the hooks of that library are not told which call they
// are asked about.
type exchange struct {
	client  *Client
	request *Request
	router  Router
	grant   *Grant
	whole   bool

	retry     retryablehttp.Client
	retryable retryablehttp.Request

	base    *url.URL // of this attempt
	answer  *http.Response
	body    []byte
	failure *fault.Error  // of the last attempt, nil if it succeeded
	attempt int           // counted from 1
	started time.Time     // when this attempt began
	moved   bool          // the next attempt would go to another origin
	again   bool          // another attempt follows
	wait    time.Duration // before the next attempt
	unsure  bool          // an attempt before the last may have taken effect

	// Both are about this attempt and set by the round tripper, if it reports
	// what it does. Once there is a connection, bytes may have left.
	dialing   atomic.Bool
	connected atomic.Bool
}

// run makes the attempts. On success failure is nil and answer is set.
func (e *exchange) run(ctx context.Context) {
	if ctx.Err() != nil {
		e.failure = canceled(ctx)
		return
	}
	if e.request.Class != Read {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			GetConn: func(string) { e.dialing.Store(true) },
			GotConn: func(httptrace.GotConnInfo) { e.connected.Store(true) },
		})
	}
	if e.failure = e.route(ctx); e.failure != nil {
		return
	}
	request, err := e.client.build(ctx, e.base, e.request, e.grant)
	if err != nil {
		e.failure = err
		return
	}
	e.retryable = retryablehttp.Request{Request: request}
	if e.request.Body != nil {
		if err := e.retryable.SetBody(e.request.Body); err != nil {
			e.failure = &fault.Error{Kind: fault.Internal, Err: err}
			return
		}
	}
	e.retry = retryablehttp.Client{
		HTTPClient:   e.client.http,
		RetryMax:     math.MaxInt, // check counts
		CheckRetry:   e.check,
		Backoff:      e.backoff,
		PrepareRetry: e.reroute,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	e.started = time.Now()
	//nolint:bodyclose // check judges each attempt and owns its answer
	if _, err := e.retry.Do(&e.retryable); e.again {
		e.failure = routeFailure(ctx, err) // the attempt that was to follow did not come about
	}
}

// final adds to f, which ends the exchange, what the attempts before may have
// done.
func (e *exchange) final(f *fault.Error) *fault.Error {
	f.Resent = e.unsure
	f.Ambiguous = f.Ambiguous || e.unsure
	return f
}

// check is called after each attempt. It reads the answer, so that a body
// that breaks off counts as a failed attempt, and decides about the next one.
func (e *exchange) check(ctx context.Context, answer *http.Response, err error) (bool, error) {
	e.attempt++
	e.answer, e.failure = answer, e.judge(ctx, answer, err)
	moved := e.router.Done(e.base, e.failure) // of an attempt that took too long, too
	e.moved = moved && ctx.Err() == nil
	e.dialing.Store(false)
	e.connected.Store(false)
	e.log(ctx)
	e.again = e.failure != nil && ctx.Err() == nil && e.mayTryAgain(ctx)
	if e.again {
		e.unsure = e.unsure || e.failure.Ambiguous
		e.client.logger.LogAttrs(ctx, slog.LevelWarn, "retrying request", slog.String("method", e.request.Method),
			slog.Int("attempt", e.attempt), slog.Int("status", e.failure.Status), slog.Duration("pause", e.wait))
	}
	return e.again, nil
}

// mayTryAgain decides whether the failed attempt is followed by another and
// sets the pause between them.
func (e *exchange) mayTryAgain(ctx context.Context) bool {
	policy := e.client.retry
	if !transient(e.request.Class, e.failure) || e.attempt >= policy.MaxAttempts {
		return false
	}
	if e.moved {
		// Neither the pause nor the budget is owed to a node that did nothing yet.
		e.wait = 0
		return true
	}
	left := time.Duration(math.MaxInt64)
	if deadline, ok := ctx.Deadline(); ok {
		left = time.Until(deadline)
	}
	e.wait = policy.pause(e.attempt - 1)
	if asked := e.failure.RetryAfter; asked > 0 {
		if asked > min(policy.MaxWait, left) {
			e.failure.Kind = fault.RateLimited
			return false
		}
		e.wait = max(e.wait, asked+jitter(min(asked, left-asked)/4))
	}
	return e.wait < left && e.client.budget.spend()
}

// backoff is called before each pause.
func (e *exchange) backoff(time.Duration, time.Duration, int, *http.Response) time.Duration {
	e.started = time.Now().Add(e.wait)
	return e.wait
}

// log records the attempt. It names neither the URL nor a header nor a body,
// any of which may hold a secret.
func (e *exchange) log(ctx context.Context) {
	logger := e.client.logger
	if !logger.Enabled(ctx, slog.LevelDebug) {
		return
	}
	status := 0
	if e.answer != nil {
		status = e.answer.StatusCode
	}
	kind := "ok"
	if e.failure != nil {
		kind = e.failure.Kind.String()
	}
	logger.LogAttrs(ctx, slog.LevelDebug, "request", slog.String("method", e.request.Method), slog.Int("attempt", e.attempt),
		slog.Int("status", status), slog.String("kind", kind), slog.Duration("duration", time.Since(e.started)))
}
