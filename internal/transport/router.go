package transport

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// A Router chooses the origin of each attempt, for a server that answers on
// several nodes. It is safe for concurrent use.
type Router interface {
	// Route returns the base URL for the next attempt, which [CheckBase] let
	// pass. Credentials go there.
	Route(ctx context.Context) (*url.URL, error)
	// Done is told how an attempt at base ended; failure is nil for an answer
	// of status 2xx. It reports whether Route now returns another origin:
	// one that may serve at once, without a pause.
	Done(base *url.URL, failure *fault.Error) (moved bool)
}

// oneOrigin routes all requests to one origin.
type oneOrigin struct{ base *url.URL }

// Route implements [Router].
func (r oneOrigin) Route(context.Context) (*url.URL, error) { return r.base, nil }

// Done implements [Router].
func (oneOrigin) Done(*url.URL, *fault.Error) bool { return false }

// routerOf returns what routes r.
func (c *Client) routerOf(r *Request) Router {
	if r.Origin != nil {
		return oneOrigin{r.Origin}
	}
	return c.router
}

// route chooses the origin of the next attempt.
func (e *exchange) route(ctx context.Context) *fault.Error {
	base, err := e.router.Route(ctx)
	if err != nil {
		return routeFailure(ctx, err)
	}
	e.base = base
	return nil
}

// routeFailure makes a failure of what kept an attempt from being made.
func routeFailure(ctx context.Context, err error) *fault.Error {
	if ctx.Err() != nil {
		return canceled(ctx)
	}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	return &fault.Error{Kind: fault.Unavailable, Message: "no address could be found", Err: err}
}

// reroute sends the next attempt to where the router wants it.
func (e *exchange) reroute(request *http.Request) error {
	last := e.base
	if err := e.route(request.Context()); err != nil {
		return err
	}
	if e.base == last {
		return nil
	}
	u, err := requestURL(e.base, e.request)
	if err != nil {
		return err
	}
	request.URL, request.Host = u, u.Host
	return nil
}
