package aistore

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

var alice = static(Credential{Username: "alice", Password: "wonderland"})

// authn is as much of a server as logins need. Its tokens hold whole seconds,
// so that two logins within one yield the same.
type authn struct {
	ahead    time.Duration // its clock is ahead of ours
	lifetime time.Duration
	always   string // the token that it hands out, if not one for the second

	mu      sync.Mutex
	logins  int
	revoked map[string]bool
}

func (s *authn) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := r.Header.Get("Authorization")
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/v1/users/alice":
		s.logins++
		now := time.Now().Add(s.ahead).Unix()
		issued := userToken("alice", now, now+int64(s.lifetime.Seconds()))
		if s.always != "" {
			issued = s.always
		}
		return reply(http.StatusOK, fmt.Sprintf(`{"token":%q}`, issued)), nil
	case r.Method == http.MethodDelete && r.URL.Path == "/v1/tokens":
		s.revoked[token] = true
		return reply(http.StatusOK, ""), nil
	case s.revoked[token]:
		return reply(http.StatusUnauthorized, `{"message":"not authorized (invalid token: token revoked)"}`), nil
	default:
		return reply(http.StatusOK, `{"id":"alice","roles":[]}`), nil
	}
}

func newAuthN(tb testing.TB) (*authn, *Client) {
	tb.Helper()
	s := &authn{lifetime: time.Hour, revoked: map[string]bool{}}
	return s, fake(tb, Config{Credential: alice}, s.RoundTrip)
}

func TestOneLoginForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, c := newAuthN(t)
		for range 20 {
			go func() {
				_, err := c.GetUser(t.Context(), "alice")
				assert.NoError(t, err)
			}()
		}
		synctest.Wait()
		assert.Equal(t, 1, s.logins)
	})
}

func TestLoginWithinTheSecondOfALogout(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{0, 300 * time.Millisecond, -time.Hour - 999*time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			s, c := newAuthN(t)
			s.ahead = ahead
			_, err := c.GetUser(t.Context(), "alice")
			require.NoError(t, err)
			require.NoError(t, c.Logout(t.Context()))

			start := time.Now()
			_, err = c.GetUser(t.Context(), "alice")
			require.NoError(t, err)
			assert.Equal(t, time.Second, time.Since(start), "until the server's next second")
			assert.Equal(t, 4, s.logins, "at first, after the logout, after the refusal, after the pause")
		})
	}
}

func TestCancelWhileWaitingForTheNextSecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, c := newAuthN(t)
		_, err := c.GetUser(t.Context(), "alice")
		require.NoError(t, err)
		require.NoError(t, c.Logout(t.Context()))

		ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err = c.GetUser(ctx, "alice")
		assertKind(t, fault.Canceled, err)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 400*time.Millisecond, time.Since(start))
		synctest.Wait()
		assert.Equal(t, 3, s.logins, "nothing is sent any more")
	})
}

func TestRefusedForGood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, c := newAuthN(t)
		s.always = "same-token"
		s.revoked["Bearer same-token"] = true
		_, err := c.GetUser(t.Context(), "alice")
		f := asFault(t, err)
		assert.Equal(t, &fault.Error{
			Kind: fault.Unauthenticated, FromServer: true, Status: 401, Message: "not authorized (invalid token: token revoked)",
		}, f)
		assert.Equal(t, 3, s.logins)
	})
}

func TestRenewal(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{0, 24 * time.Hour, -24 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			s, c := newAuthN(t)
			s.ahead = ahead
			get := func() {
				_, err := c.GetUser(t.Context(), "alice")
				require.NoError(t, err)
			}
			get()
			time.Sleep(59 * time.Minute) // the clock is fake
			get()
			assert.Equal(t, 1, s.logins, "the life of a token counts, not the server's clock")
			time.Sleep(time.Minute)
			get()
			assert.Equal(t, 2, s.logins)
		})
	}
}

func TestTokenWithoutTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, c := newAuthN(t)
		s.always = "opaque"
		for range 2 {
			_, err := c.GetUser(t.Context(), "alice")
			require.NoError(t, err)
			time.Sleep(24 * time.Hour) // the clock is fake
		}
		assert.Equal(t, 1, s.logins, "used until it is refused")
		_, err := c.CurrentToken(t.Context())
		assertKind(t, fault.Unauthenticated, err)
	})
}

// TestRefusedToken is about ready tokens, which are pulled anew when refused.
func TestRefusedToken(t *testing.T) {
	t.Parallel()
	var sent []string
	handler := func(w http.ResponseWriter, r *http.Request) {
		sent = append(sent, r.Header.Get("Authorization"))
		if r.Header.Get("Authorization") != "Bearer new" {
			http.Error(w, `{"message":"not authorized (invalid token: token expired): \"`+sent[0][7:]+`\""}`, http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(`{"id":"alice","roles":[]}`))
	}
	tokens := []string{"former", "new"}
	c := serve(t, Config{Credential: func(context.Context) (Credential, error) {
		token := tokens[0]
		tokens = tokens[1:]
		return Credential{Token: token}, nil
	}}, handler)
	_, err := c.GetUser(t.Context(), "alice")
	require.NoError(t, err)
	assert.Equal(t, []string{"Bearer former", "Bearer new"}, sent)

	sent = nil
	c = serve(t, Config{Credential: static(Credential{Token: "former"})}, handler)
	_, err = c.GetUser(t.Context(), "alice")
	assert.Equal(t, []string{"Bearer former"}, sent, "the same token is not tried twice")
	f := asFault(t, err)
	assert.Equal(t, 401, f.Status)
	assert.Equal(t, `not authorized (invalid token: token expired): "[redacted]"`, f.Message)
}

func TestNoCredential(t *testing.T) {
	t.Parallel()
	gone := errors.New("the vault is sealed")
	c := offline(t)
	c.credential = func(context.Context) (Credential, error) { return Credential{}, gone }
	for _, call := range []func() error{
		func() error { _, err := c.GetUser(t.Context(), "alice"); return err },
		func() error { _, err := c.CurrentToken(t.Context()); return err },
	} {
		err := call()
		require.ErrorIs(t, err, gone)
		assert.Equal(t, &fault.Error{Kind: fault.Unauthenticated, Message: "no credentials could be obtained", Err: gone}, asFault(t, err))
	}

	c.credential = func(context.Context) (Credential, error) { return Credential{}, fault.Invalid("x", "is wrong") }
	_, err := c.CurrentToken(t.Context())
	assert.Equal(t, fault.Invalid("x", "is wrong"), err)

	c.credential = nil
	_, err = c.CurrentToken(t.Context())
	assertKind(t, fault.Unauthenticated, err)
}

// TestOnlyRefusedTokensAreRenewed is about the other meanings of 401.
func TestOnlyRefusedTokensAreRenewed(t *testing.T) {
	t.Parallel()
	var logins, others int
	c := serve(t, Config{Credential: alice}, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			logins++
			_, _ = w.Write([]byte(`{"token":"t"}`))
		case r.URL.Path == "/v1/tokens":
			others++
			http.Error(w, `{"message":"invalid token"}`, http.StatusUnauthorized)
		default:
			others++
			http.Error(w, `{"message":"not authorized: requires admin (user alice, token expires in 24h0m0s)"}`, http.StatusUnauthorized)
		}
	})
	_, err := c.GetConfig(t.Context())
	assertKind(t, fault.PermissionDenied, err)
	assertKind(t, fault.Unauthenticated, c.RevokeToken(t.Context(), "garbage"))
	assert.Equal(t, [2]int{1, 2}, [2]int{logins, others})

	require.NotNil(t, c.session.Current())
	require.NoError(t, c.Logout(t.Context()), "a token that the server does not know needs no revoking")
	assert.Nil(t, c.session.Current())
}

func TestFailedLogoutKeepsTheToken(t *testing.T) {
	t.Parallel()
	c := answering(t, http.StatusInternalServerError, `{"message":"database is gone"}`)
	grant, err := c.session.Grant(t.Context(), nil)
	require.NoError(t, err)
	assertKind(t, fault.Unavailable, c.Logout(t.Context()))
	assert.Same(t, grant, c.session.Current(), "so that the logout can be repeated")
}

func TestCurrentToken(t *testing.T) {
	t.Parallel()
	text := userToken("alice", 1000, 4600)
	c := offline(t)
	c.credential = static(Credential{Token: text})
	token, err := c.CurrentToken(t.Context())
	require.NoError(t, err)
	assert.Equal(t, Token{Token: text, Subject: "alice", IssuedAt: time.Unix(1000, 0).UTC(), ExpiresAt: time.Unix(4600, 0).UTC()}, token)
	assert.Equal(t, &transport.Grant{
		Header: http.Header{"Authorization": {"Bearer " + text}}, Secrets: []string{text}, Issued: token.IssuedAt, Expires: token.ExpiresAt,
	}, c.session.Current())
}

func TestLoginAnswers(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "{}", "null", `{"token":""}`, `{"token":7}`, `"token"`, "<html>", `{"token":"t"`} {
		_, err := answering(t, http.StatusOK, body).Login(t.Context(), "alice", "wonderland", nil)
		assertKind(t, fault.Internal, err)
	}
}

func TestReadToken(t *testing.T) {
	t.Parallel()
	full := jwt(`{"sub":"alice","admin":true,"iat":1000,"exp":4600.5,"aud":["c"],"clusters":[{"id":"c","perm":"771"}],"buckets":[{"bck":{"name":"b"},"perm":"1"}]}`)
	assert.Equal(t, Token{
		Token: full, Subject: "alice", Admin: true, IssuedAt: time.Unix(1000, 0).UTC(), ExpiresAt: time.Unix(4600, 0).UTC(),
		Clusters: []ClusterACL{{ID: "c", Perm: PermReadOnly}}, Buckets: []BucketACL{{Bucket: Bucket{Name: "b"}, Perm: PermGet}},
	}, readToken(full))
	for _, text := range []string{
		"", "x", "a.b", "..", "a.b.c.d", "a.!.c", jwt(""), jwt("null"), jwt("7"), jwt(`{"sub":7}`), jwt(`{"sub":"x"`), "a.e30=.c",
		jwt(`{"iat":-1,"exp":1e300}`), jwt(`{"exp":253402300800}`),
	} {
		assert.Equal(t, Token{Token: text}, readToken(text), text)
	}
}
