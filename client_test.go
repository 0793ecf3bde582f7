package usermgmt

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// fakeBackend is a backend that does what a test says. The embedded interface
// is nil: a method that the test did not expect panics.
type fakeBackend struct {
	backend

	can      Capabilities
	getUser  func(context.Context, GetUserRequest) (User, error)
	users    iter.Seq2[User, error]
	closed   int
	closeErr error
}

func (b *fakeBackend) Name() string               { return "fake" }
func (b *fakeBackend) Capabilities() Capabilities { return b.can }
func (b *fakeBackend) Ping(context.Context) error { return fault.New(fault.Unavailable, "nobody home") }
func (b *fakeBackend) GetUser(ctx context.Context, req GetUserRequest) (User, error) {
	return b.getUser(ctx, req)
}
func (b *fakeBackend) ListUsers(context.Context, ListUsersRequest) iter.Seq2[User, error] {
	return b.users
}
func (b *fakeBackend) Close() error {
	b.closed++
	return b.closeErr
}
func (b *fakeBackend) open(*settings) (backend, error) { return b, nil }

func TestNewNeedsABackend(t *testing.T) {
	t.Parallel()
	c, err := New(nil)
	assert.Nil(t, c)
	require.ErrorIs(t, err, ErrInvalidArgument)
	assert.EqualError(t, err, "New: invalid argument: backend must not be nil: choose one such as Memory or AIStore")
}

func TestRequiredCapabilities(t *testing.T) {
	t.Parallel()
	b := &fakeBackend{can: NewCapabilities(CapGetUser)}
	b.can = b.can.maybe(CapEnableUser)
	_, err := New(b, WithRequired(CapGetUser, CapEnableUser))
	require.NoError(t, err, "what is not known does not refuse")

	_, err = New(b, WithRequired(CapGetUser, CapListGroups, CapDisableUser))
	require.ErrorIs(t, err, ErrUnsupported)
	require.EqualError(t, err, "New fake: unsupported: this backend lacks ListGroups, DisableUser")
	assert.Equal(t, 1, b.closed, "what was opened is closed")

	_, err = New(b, WithRequired(capabilityCount))
	require.ErrorIs(t, err, ErrInvalidArgument)
}

func TestCallsAreRefusedBeforeTheBackend(t *testing.T) {
	t.Parallel()
	cause := errors.New("shutting down")
	canceled, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	tests := map[string]struct {
		ctx  context.Context
		can  Capabilities
		req  GetUserRequest
		want []error
	}{
		"unsupported": {t.Context(), Capabilities{}, GetUserRequest{Name: "u"}, []error{ErrUnsupported, errors.ErrUnsupported}},
		"invalid":     {t.Context(), NewCapabilities(CapGetUser), GetUserRequest{}, []error{ErrInvalidArgument}},
		"nil context": {nil, NewCapabilities(CapGetUser), GetUserRequest{Name: "u"}, []error{ErrInvalidArgument}},
		"canceled":    {canceled, NewCapabilities(CapGetUser), GetUserRequest{Name: "u"}, []error{ErrCanceled, context.Canceled, cause}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := New(&fakeBackend{can: test.can})
			require.NoError(t, err)
			_, err = c.GetUser(test.ctx, test.req) // a call of the backend would panic
			for _, want := range test.want {
				require.ErrorIs(t, err, want)
			}
			e, ok := errors.AsType[*Error](err)
			require.True(t, ok)
			assert.Equal(t, "GetUser", e.Op)
			assert.Equal(t, "fake", e.Backend)
			assert.Equal(t, "user", e.Resource)
			assert.Equal(t, test.req.Name, e.Name)
			assert.Zero(t, e.Status)
			assert.False(t, e.Ambiguous)
		})
	}
}

func TestClosedClient(t *testing.T) {
	t.Parallel()
	b := &fakeBackend{can: NewCapabilities(CapGetUser, CapListUsers), closeErr: io.ErrClosedPipe}
	c, err := New(b)
	require.NoError(t, err)
	require.ErrorIs(t, c.Close(), io.ErrClosedPipe)
	require.NoError(t, c.Close(), "closing again does nothing")
	assert.Equal(t, 1, b.closed)
	_, err = c.GetUser(t.Context(), GetUserRequest{Name: "u"})
	require.ErrorIs(t, err, ErrClosed)
	_, err = Collect(c.ListUsers(t.Context(), ListUsersRequest{}))
	require.ErrorIs(t, err, ErrClosed)
	require.ErrorIs(t, c.Ping(t.Context()), ErrClosed)
}

func TestListsEndWithOneError(t *testing.T) {
	t.Parallel()
	b := &fakeBackend{can: NewCapabilities(CapListUsers), users: func(yield func(User, error) bool) {
		_ = yield(User{Name: "a"}, nil) && yield(User{Name: "half"}, fault.New(fault.Unavailable, "gone")) && yield(User{Name: "never"}, nil)
	}}
	c, err := New(b)
	require.NoError(t, err)
	var names []string
	var errs []error
	for user, err := range c.ListUsers(t.Context(), ListUsersRequest{}) {
		names, errs = append(names, user.Name), append(errs, err)
	}
	assert.Equal(t, []string{"a", ""}, names)
	require.Len(t, errs, 2)
	require.NoError(t, errs[0])
	require.ErrorIs(t, errs[1], ErrUnavailable)

	for range c.ListUsers(t.Context(), ListUsersRequest{}) {
		break // must not reach the error
	}
	for _, err := range c.ListUsers(t.Context(), ListUsersRequest{Group: "g"}) {
		require.ErrorIs(t, err, ErrInvalidArgument)
	}
}

type contextKey struct{}

func TestHooksSurroundACall(t *testing.T) {
	t.Parallel()
	var seen []any
	b := &fakeBackend{can: NewCapabilities(CapGetUser), getUser: func(ctx context.Context, _ GetUserRequest) (User, error) {
		seen = append(seen, ctx.Value(contextKey{}))
		return User{}, fault.New(fault.NotFound, "no")
	}}
	c, err := New(b, WithHooks(Hooks{
		Start: func(ctx context.Context, op Operation) context.Context {
			seen = append(seen, op)
			return context.WithValue(ctx, contextKey{}, "span")
		},
		End: func(ctx context.Context, op Operation, err error) {
			seen = append(seen, ctx.Value(contextKey{}), op, err)
		},
	}))
	require.NoError(t, err)
	_, err = c.GetUser(t.Context(), GetUserRequest{Name: "u"})
	op := Operation{Name: "GetUser", Backend: "fake", Resource: "user", ResourceName: "u"}
	assert.Equal(t, []any{op, "span", "span", op, err}, seen)
	require.ErrorIs(t, err, ErrNotFound)
}

func TestLogOfACall(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	handler := slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "duration" {
			return slog.Attr{}
		}
		return a
	}})
	b := &fakeBackend{can: NewCapabilities(CapGetUser), getUser: func(_ context.Context, r GetUserRequest) (User, error) {
		if r.Name == "nobody" {
			return User{}, fault.New(fault.NotFound, "nobody")
		}
		return User{}, nil
	}}
	c, err := New(b, WithLogger(slog.New(handler)))
	require.NoError(t, err)
	_, _ = c.GetUser(t.Context(), GetUserRequest{Name: "alice"})
	_, _ = c.GetUser(t.Context(), GetUserRequest{Name: "nobody"})
	assert.Equal(t, "level=DEBUG msg=operation op=GetUser backend=fake outcome=ok\n"+
		"level=DEBUG msg=operation op=GetUser backend=fake outcome=\"not found\"\n", out.String())
}

type wrapper struct{ UserManager }

func (w wrapper) Unwrap() UserManager { return w.UserManager }

func TestAs(t *testing.T) {
	t.Parallel()
	c, err := New(Memory())
	require.NoError(t, err)
	for _, m := range []UserManager{c, wrapper{c}, Intercept(wrapper{Intercept(c, Interceptor{})}, Interceptor{})} {
		_, ok := As[*MemoryExtension](m)
		assert.True(t, ok)
		got, ok := As[*Client](m)
		assert.True(t, ok)
		assert.Same(t, c, got)
		_, ok = As[*AIStoreExtension](m)
		assert.False(t, ok, "the extension of another backend")
	}
	w, ok := As[wrapper](Intercept(wrapper{c}, Interceptor{}))
	assert.True(t, ok)
	assert.Equal(t, wrapper{c}, w)
	_, ok = As[*Client](nil)
	assert.False(t, ok)
	_, ok = As[*Client](Unimplemented{})
	assert.False(t, ok)
	fake, err := New(&fakeBackend{})
	require.NoError(t, err)
	_, ok = As[*MemoryExtension](fake)
	assert.False(t, ok)
}

func TestPing(t *testing.T) {
	t.Parallel()
	c, err := New(&fakeBackend{})
	require.NoError(t, err)
	require.EqualError(t, c.Ping(t.Context()), "Ping fake: unavailable: nobody home")
	require.ErrorIs(t, c.Ping(nil), ErrInvalidArgument) //nolint:staticcheck // the refusal of a nil context is what is tested
}
