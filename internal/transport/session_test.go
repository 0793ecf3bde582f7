package transport

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// staticLogin is the login of a credential that cannot be renewed.
func staticLogin(grant func() *Grant) LoginFunc {
	return func(_ context.Context, refused *Grant) (*Grant, error) {
		if refused != nil {
			return nil, fault.New(fault.Unauthenticated, "the credential was refused")
		}
		return grant(), nil
	}
}

// counter makes a new grant for each login, numbered from 1.
type counter struct{ logins atomic.Int32 }

func (c *counter) login(context.Context, *Grant) (*Grant, error) {
	n := strconv.Itoa(int(c.logins.Add(1)))
	return &Grant{Header: http.Header{"X-Token": {n}}, Issued: time.Now()}, nil
}

func TestOneLoginForAllThatWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var logins counter
		session := NewSession(func(ctx context.Context, refused *Grant) (*Grant, error) {
			time.Sleep(time.Second)
			return logins.login(ctx, refused)
		})
		require.Nil(t, session.Current())
		var wait sync.WaitGroup
		for range 100 {
			wait.Go(func() {
				grant, err := session.Grant(t.Context(), nil)
				if assert.NoError(t, err) {
					assert.Equal(t, "1", grant.Header.Get("X-Token"))
				}
			})
		}
		wait.Wait()
		assert.EqualValues(t, 1, logins.logins.Load())
		assert.Equal(t, "1", session.Current().Header.Get("X-Token"))
	})
}

func TestAWaiterLeavesAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var logins counter
		session := NewSession(func(ctx context.Context, refused *Grant) (*Grant, error) {
			select {
			case <-time.After(time.Second):
				return logins.login(ctx, refused)
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		})
		first, cancel := context.WithCancel(t.Context())
		var wait sync.WaitGroup
		wait.Go(func() {
			_, err := session.Grant(first, nil)
			assert.Equal(t, fault.Canceled, fault.KindOf(err))
			assert.ErrorIs(t, err, context.Canceled)
		})
		synctest.Wait() // the first has begun the login
		for range 9 {
			wait.Go(func() {
				_, err := session.Grant(t.Context(), nil)
				assert.NoError(t, err)
			})
		}
		synctest.Wait()
		cancel()
		wait.Wait()
		assert.EqualValues(t, 1, logins.logins.Load())
	})
}

func TestLoginEndsWhenAllHaveLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var canceled atomic.Int32
		session := NewSession(func(ctx context.Context, _ *Grant) (*Grant, error) {
			<-ctx.Done()
			canceled.Add(1)
			return &Grant{}, nil // too late
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var wait sync.WaitGroup
		for range 5 {
			wait.Go(func() {
				_, err := session.Grant(ctx, nil)
				assert.ErrorIs(t, err, context.DeadlineExceeded)
			})
		}
		wait.Wait()
		synctest.Wait()
		assert.EqualValues(t, 1, canceled.Load())
		assert.Nil(t, session.Current(), "a login that nobody waited for is not used")
	})
}

func TestForget(t *testing.T) {
	t.Parallel()
	var logins counter
	session := NewSession(logins.login)
	old, err := session.Grant(t.Context(), nil)
	require.NoError(t, err)
	session.Forget(old)
	assert.Nil(t, session.Current())
	renewed, err := session.Grant(t.Context(), nil)
	require.NoError(t, err)
	session.Forget(old)
	assert.Same(t, renewed, session.Current(), "only the one in use is forgotten")
}

func TestLoginYieldsNothing(t *testing.T) {
	t.Parallel()
	session := NewSession(func(context.Context, *Grant) (*Grant, error) { return nil, nil })
	_, err := session.Grant(t.Context(), nil)
	assert.Equal(t, fault.Internal, fault.KindOf(err))
}

func TestProactiveRenewal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		life := 10 * time.Minute
		var logins counter
		session := NewSession(func(ctx context.Context, refused *Grant) (*Grant, error) {
			assert.Nil(t, refused)
			grant, err := logins.login(ctx, refused)
			grant.Expires = grant.Issued.Add(life)
			return grant, err
		})
		after := func(pause time.Duration, want string) {
			t.Helper()
			time.Sleep(pause)
			grant, err := session.Grant(t.Context(), nil)
			require.NoError(t, err)
			assert.Equal(t, want, grant.Header.Get("X-Token"))
		}
		after(0, "1")
		after(9*time.Minute+29*time.Second, "1")
		life = 20 * time.Second
		after(time.Second, "2")
		after(9*time.Second, "2") // half of a short life
		after(time.Second, "3")
	})
}

func TestRefusedSessionIsRenewedOnceForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var logins counter
		var refused, served atomic.Int32
		session := NewSession(func(ctx context.Context, refused *Grant) (*Grant, error) {
			time.Sleep(time.Second)
			return logins.login(ctx, refused)
		})
		client, _ := fakeClient(t, Config{Authenticator: session}, func(_ int, r *http.Request) (*http.Response, error) {
			time.Sleep(time.Millisecond)
			if r.Header.Get("X-Token") == "1" {
				refused.Add(1)
				return reply(401, "expired"), nil
			}
			served.Add(1)
			return reply(200, "welcome"), nil
		})
		var wait sync.WaitGroup
		for range 100 {
			wait.Go(func() {
				answer, err := client.Do(t.Context(), &Request{Method: "POST", Body: []byte("x"), Class: Once})
				if assert.NoError(t, err) {
					assert.Equal(t, "welcome", string(answer.Body))
				}
			})
		}
		wait.Wait()
		assert.EqualValues(t, 2, logins.logins.Load())
		assert.EqualValues(t, 100, refused.Load())
		assert.EqualValues(t, 100, served.Load())
	})
}

func TestSecondRefusalIsFinal(t *testing.T) {
	t.Parallel()
	var logins counter
	client, server := fakeClient(t, Config{Authenticator: NewSession(logins.login)}, func(int, *http.Request) (*http.Response, error) {
		return reply(401, "who are you"), nil
	})
	f := fails(t.Context(), t, client, &Request{Method: "GET"})
	assert.Equal(t, &fault.Error{Kind: fault.Unauthenticated, FromServer: true, Status: 401, Message: "who are you"}, f)
	assert.EqualValues(t, 2, logins.logins.Load())
	assert.Equal(t, 2, server.count())
}

func TestStaticCredentialSurfacesTheServersWords(t *testing.T) {
	t.Parallel()
	session := NewSession(fixed(&Grant{Header: http.Header{"X-Token": {"1"}}}))
	client, server := fakeClient(t, Config{Authenticator: session}, func(int, *http.Request) (*http.Response, error) {
		return reply(401, "token revoked"), nil
	})
	for n := range 2 {
		f := fails(t.Context(), t, client, &Request{Method: "GET"})
		assert.Equal(t, &fault.Error{Kind: fault.Unauthenticated, FromServer: true, Status: 401, Message: "token revoked"}, f)
		assert.Equal(t, n+1, server.count(), "the same credential is not sent twice")
	}
}

func TestAnonymousRequestsAreNotRetriedWithALogin(t *testing.T) {
	t.Parallel()
	var logins counter
	client, server := fakeClient(t, Config{Authenticator: NewSession(logins.login)}, func(_ int, r *http.Request) (*http.Response, error) {
		assert.Empty(t, r.Header["X-Token"])
		return reply(401, "wrong password"), nil
	})
	f := fails(t.Context(), t, client, &Request{Method: "POST", Anonymous: true})
	assertKind(t, fault.Unauthenticated, f)
	assert.Zero(t, logins.logins.Load())
	assert.Equal(t, 1, server.count())
}

func TestLoginFailures(t *testing.T) {
	t.Parallel()
	cause := errors.New("vault is sealed")
	for name, c := range map[string]struct {
		err  error
		want *fault.Error
	}{
		"of a protocol": {
			&fault.Error{Kind: fault.Unavailable, FromServer: true, Status: 503, Message: "down", Ambiguous: true},
			&fault.Error{Kind: fault.Unavailable, FromServer: true, Status: 503, Message: "down"}, // the login's fate is not the request's
		},
		"of the caller's source": {cause, &fault.Error{Kind: fault.Unauthenticated, Message: "no credentials could be obtained", Err: cause}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			session := NewSession(func(context.Context, *Grant) (*Grant, error) { return nil, c.err })
			client, server := fakeClient(t, Config{Authenticator: session}, nil)
			assert.Equal(t, c.want, fails(t.Context(), t, client, &Request{Method: "GET"}))
			assert.Zero(t, server.count())
		})
	}
}

func TestContextEndsInLogin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		session := NewSession(func(ctx context.Context, _ *Grant) (*Grant, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		client, _ := fakeClient(t, Config{Authenticator: session, Timeout: time.Minute}, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		f := fails(ctx, t, client, &Request{Method: "POST", Class: Once})
		assertKind(t, fault.Canceled, f)
		require.ErrorIs(t, f, context.DeadlineExceeded)
		assert.False(t, f.Ambiguous)

		f = fails(t.Context(), t, client, &Request{Method: "GET"})
		assertKind(t, fault.Unavailable, f)
	})
}

// sourceFunc is an authenticator that is no session.
type sourceFunc func(context.Context) error

func (s sourceFunc) Grant(ctx context.Context, _ *Grant) (*Grant, error) { return nil, s(ctx) }

func TestOtherAuthenticatorIsCancelled(t *testing.T) {
	t.Parallel()
	client, _ := fakeClient(t, Config{Authenticator: sourceFunc(func(ctx context.Context) error {
		<-ctx.Done()
		return errors.New("gave up")
	})}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := fails(ctx, t, client, &Request{Method: "GET"})
	assertKind(t, fault.Canceled, f)
	assert.ErrorIs(t, f, context.Canceled)
}

// What the attempts before a new login did is not forgotten by it.
func TestUncertaintyOutlivesTheLogin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		answer := func(attempt int, _ *http.Request) (*http.Response, error) {
			switch attempt {
			case 1:
				return nil, errors.New("cut")
			case 2:
				return reply(401, "expired"), nil
			default:
				return reply(404, "gone"), nil
			}
		}
		request := &Request{Method: "DELETE", Class: Idempotent}

		var logins counter
		client, _ := fakeClient(t, Config{Authenticator: NewSession(logins.login)}, answer)
		f := fails(t.Context(), t, client, request)
		assert.Equal(t, &fault.Error{Kind: fault.NotFound, FromServer: true, Status: 404, Message: "gone", Resent: true, Ambiguous: true}, f)

		client, _ = fakeClient(t, Config{Authenticator: NewSession(func(_ context.Context, refused *Grant) (*Grant, error) {
			if refused != nil {
				return nil, fault.New(fault.Unavailable, "the login is down")
			}
			return &Grant{}, nil
		})}, answer)
		f = fails(t.Context(), t, client, request)
		assert.Equal(t, &fault.Error{Kind: fault.Unavailable, Message: "the login is down", Resent: true, Ambiguous: true}, f)
	})
}
