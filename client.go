// Package usermgmt manages the users, roles, groups, account state and project
// membership of several systems through one interface.
//
//	client, err := usermgmt.New(
//		usermgmt.AIStore("https://authn.example.com:52001"),
//		usermgmt.WithCredentials(usermgmt.Password("admin", password)),
//	)
//	if err != nil {
//		return err
//	}
//	defer client.Close()
//
//	_, err = client.CreateUser(ctx, usermgmt.CreateUserRequest{
//		Name:       "alice",
//		Credential: usermgmt.Password("", initial),
//		Roles:      usermgmt.Roles("Guest-prod"),
//	})
//
// # Backends
//
// [New] takes the backend as its first argument, so a mistyped setting can
// never run against the wrong system: [AIStore] for NVIDIA AIStore AuthN,
// [Couchbase] for Couchbase Server, [Iguazio] for Iguazio, [Juju] for Juju,
// [Cognite] for Cognite's Postgres Gateway, [Memory] for the embedded one.
// [Open] picks it by URL for services that are
// configured from outside. No system can do everything: [Capabilities] tells
// what a backend can, [WithRequired] demands it at start-up, and a call of
// what it cannot fails with [ErrUnsupported] before anything is sent. What
// only one system can do is reached with [As] and the type of its extension.
//
// # Interfaces
//
// [*Client] implements [UserManager], which is composed of small interfaces.
// Functions should take the smallest one that they use, a [UserReader] say:
// that makes them easy to test. [UserManager] does not grow within a major
// version; what is added later is a method of [*Client] or a new interface.
//
// # Many users
//
// [BulkCreate], [BulkUpdate], [BulkDelete] and [BulkGrant] work on any manager,
// some items at once, and tell for each what came of it. Lists are sequences
// that are read as they are ranged over; [Collect] makes a slice of one.
//
// # Errors
//
// Every error of a method is an [*Error] that matches one kind with [errors.Is],
// such as [ErrNotFound]. [Error.FromServer] tells whether the server said so or
// this package, and [Error.Ambiguous] whether a change may have been made
// although the call failed.
//
// # Authentication
//
// [WithCredentials] takes a [Credential] or a [CredentialSource] that is asked
// at each login. A login is shared by all calls that wait for it; when the
// server no longer accepts it, there is one more, and the refused request is
// repeated once. Credentials go to the configured address and nowhere else:
// redirects are not followed, and plain http to another machine needs
// [WithPlainHTTP].
//
// # Retries and deadlines
//
// Reads and idempotent writes are repeated after failures that may pass, with
// pauses that grow and vary and that honour Retry-After. A create is repeated
// only if it provably was not carried out. A budget keeps the repetitions to a
// tenth of the calls, so that a dead server is not stormed. See [WithRetry]
// and [WithTimeout].
//
// # Concurrency
//
// A [*Client] is safe for concurrent use, and one is enough. Requests are
// copied when a call begins; results belong to the caller. A sequence returned
// by a list method is for one goroutine.
//
// # Testing
//
// Code that takes a [UserManager] is tested with [Memory], a full backend;
// faults are injected with [Intercept]; hand-written mocks embed
// [Unimplemented], so that they survive new methods, and return lists with
// [Seq].
package usermgmt

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// UserManager is everything that can be managed. [*Client] implements it. All
// methods are safe for concurrent use and return promptly when their context
// ends, with an error that matches the context's.
type UserManager interface {
	UserService
	RoleService
	GroupService
	ProjectService

	// Capabilities tells what the backend can do. It sends nothing.
	Capabilities() Capabilities

	// Close releases connections. Calls made afterwards fail with
	// [ErrClosed]; calls under way go on. Closing again does nothing. An HTTP
	// client that the caller passed in is not closed.
	Close() error
}

// Client is a [UserManager] for one backend; make it with [New] or [Open]. It
// is safe for concurrent use and must not be copied.
type Client struct {
	backend backend
	logger  *slog.Logger
	hooks   Hooks
	closed  atomic.Bool
}

var _ UserManager = (*Client)(nil)

// New returns a client for the backend. It checks all settings together and
// sends nothing; [Client.Ping] tells whether the server accepts them. It fails
// with [ErrInvalidArgument] and names everything that is wrong, or with
// [ErrUnsupported] if [WithRequired] demands what the backend lacks.
func New(b Backend, opts ...Option) (*Client, error) {
	if b == nil {
		return nil, wrap("", target{op: "New"}, fault.Invalid("backend", "must not be nil: choose one such as Memory or AIStore"))
	}
	s, err := newSettings(opts)
	if err != nil {
		return nil, wrap("", target{op: "New"}, err)
	}
	opened, err := b.open(s)
	if err != nil {
		return nil, wrap("", target{op: "New"}, err)
	}
	c := &Client{backend: opened, logger: s.logger, hooks: s.hooks}
	if err := s.checkRequired(opened.Capabilities()); err != nil {
		return nil, wrap(opened.Name(), target{op: "New"}, errors.Join(err, opened.Close()))
	}
	return c, nil
}

// As returns the part of m that is of type T, looking through decorators that
// have a method Unwrap() UserManager: the extension of a backend, such as
// [*AIStoreExtension], or the [*Client]. ok is false if m has no such part.
func As[T any](m UserManager) (part T, ok bool) {
	for m != nil {
		if part, ok := m.(T); ok {
			return part, true
		}
		if c, isClient := m.(*Client); isClient {
			if extended, has := c.backend.(interface{ extensionFor(c *Client) any }); has {
				part, ok = extended.extensionFor(c).(T)
			}
			return part, ok
		}
		decorator, wraps := m.(interface{ Unwrap() UserManager })
		if !wraps {
			break
		}
		m = decorator.Unwrap()
	}
	return part, false
}

// Backend returns the name of the backend, such as "aistore" or "memory".
func (c *Client) Backend() string { return c.backend.Name() }

// Capabilities implements [UserManager].
func (c *Client) Capabilities() Capabilities { return c.backend.Capabilities() }

// Ping makes sure that the server answers and accepts the credentials, by
// logging in if there is no login yet.
//
// AIStore: POST /v1/users/{name} with a password, GET /v1/users/{name}.
//
// Couchbase: GET /whoami, and once GET /pools.
//
// Cognite: GET /api/v1/token/inspect.
//
// Iguazio: POST /api/sessions with a password, POST
// /api/sessions/verifications/planes/any/internal.
//
// Juju: Admin.Login, Pinger.Ping.
func (c *Client) Ping(ctx context.Context) error {
	t := target{op: "Ping"}
	return c.run(ctx, t, func(ctx context.Context) error { return c.backend.Ping(ctx) })
}

// Close implements [UserManager].
func (c *Client) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	return wrap(c.Backend(), target{op: "Close"}, c.backend.Close())
}

// request is what the request types have in common.
type request interface {
	// check notes what is wrong with the request.
	check(v *validator)
}

// noRequest is the request of methods that take none.
type noRequest struct{}

func (noRequest) check(*validator) {}

// call carries out a method that returns a result.
func call[Q request, R any](ctx context.Context, c *Client, t target, q Q, method func(backend, context.Context, Q) (R, error)) (R, error) {
	var result R
	err := admit(c, t, q)
	if err == nil {
		err = c.run(ctx, t, func(ctx context.Context) (err error) {
			result, err = method(c.backend, ctx, q)
			return err
		})
	}
	return result, err
}

// do carries out a method that returns no result.
func do[Q request](ctx context.Context, c *Client, t target, q Q, method func(backend, context.Context, Q) error) error {
	if err := admit(c, t, q); err != nil {
		return err
	}
	return c.run(ctx, t, func(ctx context.Context) error { return method(c.backend, ctx, q) })
}

// list carries out a list method, each time the sequence is ranged over.
func list[Q request, T any](ctx context.Context, c *Client, t target, q Q, method func(backend, context.Context, Q) iter.Seq2[T, error]) iter.Seq2[T, error] {
	return sequence(func(yield func(T) bool) error {
		if err := admit(c, t, q); err != nil {
			return err
		}
		return c.run(ctx, t, func(ctx context.Context) error {
			for item, err := range method(c.backend, ctx, q) {
				if err != nil {
					return err
				}
				if !yield(item) {
					return nil
				}
			}
			return nil
		})
	})
}

// sequence returns the items that produce yields, then its error if it has
// one and the consumer did not stop.
func sequence[T any](produce func(yield func(T) bool) error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		stopped := false
		err := produce(func(item T) bool {
			stopped = !yield(item, nil)
			return !stopped
		})
		if err != nil && !stopped {
			var zero T
			yield(zero, err)
		}
	}
}

// extend carries out a method of a backend's extension; check may be nil.
func extend[R any](ctx context.Context, c *Client, t target, check func(*validator), method func(context.Context) (R, error)) (R, error) {
	var result R
	err := c.checked(t, check)
	if err == nil {
		err = c.run(ctx, t, func(ctx context.Context) (err error) {
			result, err = method(ctx)
			return err
		})
	}
	return result, err
}

// extendDo carries out a method of a backend's extension that returns no
// result; check may be nil.
func extendDo(ctx context.Context, c *Client, t target, check func(*validator), method func(context.Context) error) error {
	if err := c.checked(t, check); err != nil {
		return err
	}
	return c.run(ctx, t, method)
}

// extendList carries out a list method of a backend's extension.
func extendList[T any](ctx context.Context, c *Client, t target, check func(*validator), produce func(ctx context.Context, yield func(T) bool) error) iter.Seq2[T, error] {
	return sequence(func(yield func(T) bool) error {
		if err := c.checked(t, check); err != nil {
			return err
		}
		return c.run(ctx, t, func(ctx context.Context) error { return produce(ctx, yield) })
	})
}

// checked refuses a call whose inputs make no sense; check may be nil.
func (c *Client) checked(t target, check func(*validator)) error {
	v := validator{backend: c.Backend(), can: c.Capabilities()}
	if check != nil {
		check(&v)
	}
	return wrap(c.Backend(), t, v.err())
}

// named returns the check of a method whose one input is a name.
func named(name string) func(*validator) {
	return func(v *validator) { v.name("name", name) }
}

// admit refuses a call that the backend cannot serve or that makes no sense.
func admit[Q request](c *Client, t target, q Q) error {
	if c.Capabilities().Of(t.capability) == SupportNo {
		return wrap(c.Backend(), t, unsupported(t.capability))
	}
	return c.checked(t, q.check)
}

// run is the one place that every call goes through: it refuses what must not
// start, tells the hooks, and makes the public error.
func (c *Client) run(ctx context.Context, t target, work func(context.Context) error) error {
	if ctx == nil {
		return wrap(c.Backend(), t, fault.Invalid("ctx", "must not be nil"))
	}
	if c.closed.Load() {
		return wrap(c.Backend(), t, fault.New(fault.Closed, "the client was closed"))
	}
	if ctx.Err() != nil {
		return wrap(c.Backend(), t, fault.Ended(ctx, ctx.Err()))
	}
	operation := Operation{Name: t.op, Backend: c.Backend(), Resource: t.resource, ResourceName: t.name}
	if c.hooks.Start != nil {
		if derived := c.hooks.Start(ctx, operation); derived != nil {
			ctx = derived
		}
	}
	started := time.Now()
	err := wrap(c.Backend(), t, work(ctx))
	if c.logger.Enabled(ctx, slog.LevelDebug) {
		c.log(ctx, t, time.Since(started), err)
	}
	if c.hooks.End != nil {
		c.hooks.End(ctx, operation, err)
	}
	return err
}

func (c *Client) log(ctx context.Context, t target, took time.Duration, err error) {
	outcome := "ok"
	if e, ok := errors.AsType[*Error](err); ok {
		outcome = e.Kind.Error()
	}
	c.logger.LogAttrs(ctx, slog.LevelDebug, "operation", slog.String("op", t.op), slog.String("backend", c.Backend()),
		slog.String("outcome", outcome), slog.Duration("duration", took))
}
