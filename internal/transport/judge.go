package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
)

const (
	// maxFailureBody bounds what is read of an answer that reports a failure.
	maxFailureBody = 64 << 10
	// maxTrusted bounds the memory that is set aside on the word of a
	// Content-Length, before anything has come.
	maxTrusted = 1 << 20
)

// errTimeout is the cause of a context that this package ended because of
// [Config].Timeout, which is not the caller's doing.
var errTimeout = errors.New("the server took too long to answer")

// canceled returns the failure of a call whose context ended.
func canceled(ctx context.Context) *fault.Error {
	if errors.Is(context.Cause(ctx), errTimeout) {
		return &fault.Error{Kind: fault.Unavailable, Message: errTimeout.Error(), Err: context.DeadlineExceeded}
	}
	return fault.Ended(ctx, ctx.Err())
}

// authFailure makes a failure of what the authenticator returned, which may
// come from a credential source of the caller.
func authFailure(ctx context.Context, err error) *fault.Error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	if ctx.Err() != nil {
		return canceled(ctx)
	}
	return &fault.Error{Kind: fault.Unauthenticated, Message: "no credentials could be obtained", Err: err}
}

// withoutGrant returns the failure of an exchange that got no grant because
// of err, which the calls that waited for the same login share.
func (e *exchange) withoutGrant(err *fault.Error) *fault.Error {
	if e.failure != nil && err.Kind == fault.Unauthenticated && err.Status == 0 {
		return e.failure // there is no other credential: the server's words say more
	}
	f := *err
	f.Ambiguous = false // that was about the login
	return &f
}

// judge returns what is wrong with an attempt, nil if it succeeded.
func (e *exchange) judge(ctx context.Context, answer *http.Response, err error) *fault.Error {
	switch {
	case err != nil:
		return e.connectionFailure(ctx, err)
	case answer.StatusCode/100 != 2:
		return e.classify(ctx, answer)
	case e.whole:
		return e.read(ctx, answer)
	default:
		return nil
	}
}

// connectionFailure judges an attempt that got no answer.
func (e *exchange) connectionFailure(ctx context.Context, err error) *fault.Error {
	unsent := provablyUnsent(err) || e.dialing.Load() && !e.connected.Load()
	var f *fault.Error
	switch _, limited := errors.AsType[*limiterError](err); {
	case ctx.Err() != nil:
		f = canceled(ctx)
	case limited:
		// Waiting does not help: the wait would outlast the deadline later, too.
		f = fault.New(fault.RateLimited, "the client's own rate limit leaves no room for the request before its deadline")
	default:
		f = e.brokenOff("", err)
	}
	f.NotExecuted = unsent
	f.Ambiguous = e.request.Class != Read && !unsent
	return f
}

// brokenOff returns the failure of a connection. It carries no status, with
// which it would look like the server's verdict.
func (e *exchange) brokenOff(prefix string, err error) *fault.Error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // it repeats the URL
	}
	text := err.Error()
	f := &fault.Error{Kind: fault.Unavailable, Message: Redact(text, e.secrets())}
	if f.Message == text { // else err quotes what must not be shown
		f.Err = err
	}
	f.Message = prefix + f.Message
	return f
}

// read reads the body of a successful answer.
func (e *exchange) read(ctx context.Context, answer *http.Response) *fault.Error {
	defer answer.Body.Close()
	limit := e.client.maxBody
	body, err := readAll(answer, limit)
	e.body = body
	var f *fault.Error
	switch {
	case err != nil && ctx.Err() != nil:
		f = canceled(ctx)
	case err != nil:
		f = e.brokenOff("the answer broke off: ", err)
	case int64(len(e.body)) > limit:
		f = &fault.Error{Kind: fault.Internal, Status: answer.StatusCode, Message: fmt.Sprintf("the answer is larger than %d bytes", limit)}
	default:
		return nil
	}
	f.Ambiguous = e.request.Class != Read
	return f
}

// readAll reads the body of an answer, and one byte more than limit at most.
func readAll(answer *http.Response, limit int64) ([]byte, error) {
	if size := answer.ContentLength; size > 0 && size <= min(limit, maxTrusted) { // some round trippers leave 0 for unknown
		body := make([]byte, size)
		n, err := io.ReadFull(answer.Body, body) // which reads to the end, so that the connection can be used again
		return body[:n], err
	}
	return io.ReadAll(io.LimitReader(answer.Body, limit+1))
}

// classify judges an answer outside 2xx.
func (e *exchange) classify(ctx context.Context, answer *http.Response) *fault.Error {
	defer answer.Body.Close()
	status := answer.StatusCode
	var body []byte
	if status >= 200 { // else what follows is not HTTP and may never end
		var err error
		body, err = io.ReadAll(io.LimitReader(answer.Body, maxFailureBody))
		if err != nil && e.request.Class != Once && needsWords(status) {
			return e.wordless(ctx, err)
		}
		// Else what came of a body that breaks off is worth more than the break.
	}
	var f *fault.Error
	switch status / 100 {
	case 1:
		f = fault.New(fault.Internal, "the server switched to another protocol unasked")
	case 3:
		f = fault.New(fault.Internal, "the server answered with a redirect, which is never followed")
	default:
		f = e.client.classify(e.request, status, answer.Header, body)
		f.FromServer = true
	}
	f.Status = status
	if status == http.StatusTooManyRequests {
		f.Kind = fault.RateLimited
	}
	if f.RequestID == "" {
		f.RequestID = answer.Header.Get("X-Request-Id")
	}
	e.redact(f)
	if wait, ok := retryAfter(answer.Header, time.Now()); ok {
		f.RetryAfter = wait
	}
	unclear := status >= http.StatusInternalServerError || status == http.StatusRequestTimeout
	f.Ambiguous = e.request.Class != Read && unclear && !f.NotExecuted
	return f
}

// needsWords reports whether a status tells little without the words beside
// it: that a page is missing is not that a user is.
func needsWords(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	}
	return status/100 == 4
}

// wordless judges a refusal whose words broke off because of err.
func (e *exchange) wordless(ctx context.Context, err error) *fault.Error {
	if ctx.Err() != nil {
		return canceled(ctx)
	}
	f := e.brokenOff("the answer broke off: ", err)
	f.NotExecuted = true // it is a refusal all the same
	return f
}

// redact removes secrets from the texts of f that come from the server.
func (e *exchange) redact(f *fault.Error) {
	secrets := e.secrets()
	f.Message = Redact(f.Message, secrets)
	if !slices.Contains(e.client.codes, f.Code) {
		f.Code = Redact(f.Code, secrets)
	}
	f.RequestID = Redact(f.RequestID, secrets)
	for field, text := range f.Fields {
		f.Fields[field] = Redact(text, secrets)
	}
	for i, permission := range f.Permissions {
		f.Permissions[i] = Redact(permission, secrets)
	}
}

func (e *exchange) secrets() []string {
	if e.grant == nil {
		return e.request.Secrets
	}
	return slices.Concat(e.request.Secrets, e.grant.Secrets)
}
