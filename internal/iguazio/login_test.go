package iguazio

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

const selfBody = `{"data":{"type":"user","id":"u1","attributes":{"username":"admin"}}}`

func TestAccessKeyIsSentAsCookie(t *testing.T) {
	t.Parallel()
	for user, basic := range map[string]string{"": "", "admin": "Basic " + base64.StdEncoding.EncodeToString([]byte("admin:a key"))} {
		var seen http.Header
		c := serve(t, Config{Credential: static(Credential{Username: user, AccessKey: "a key"})}, func(w http.ResponseWriter, r *http.Request) {
			seen = r.Header
			_, _ = fmt.Fprint(w, selfBody)
		})
		_, err := c.Self(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []string{"session=j%3A%7B%22sid%22%3A%22a+key%22%7D"}, seen["Cookie"])
		assert.Equal(t, basic, seen.Get("Authorization"))
	}
}

func TestRefusedAccessKeyEndsAtOnce(t *testing.T) {
	t.Parallel()
	c, s := scripted(t, Config{}, reply{401, `{"errors":[{"status":401,"detail":"Session is missing, invalid or expired"}],"meta":{"ctx":123}}`})
	_, err := c.WaitJob(t.Context(), "j1")
	f := asFault(t, err)
	assert.Equal(t, fault.Unauthenticated, f.Kind)
	assert.Equal(t, "Session is missing, invalid or expired", f.Message)
	assert.Equal(t, "123", f.RequestID)
	assert.Equal(t, []string{"GET /api/jobs/j1"}, s.seen())
}

func TestAnotherAccessKeyIsTried(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	c := serve(t, Config{Credential: func(context.Context) (Credential, error) {
		return Credential{AccessKey: fmt.Sprint("key-", asked.Add(1))}, nil
	}}, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "session="+sessionCookie("key-2") {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = fmt.Fprint(w, selfBody)
	})
	user, err := c.Self(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "admin", user.Username)
}

// sessions is a server that knows the sessions it issued last.
type sessions struct {
	mu     sync.Mutex
	logins int
	valid  string
}

func (s *sessions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.URL.Path == "/api/sessions" {
		s.logins++
		s.valid = sessionCookie(fmt.Sprint("sid-", s.logins))
		w.Header().Set("Set-Cookie", "session="+s.valid+"; Max-Age=3600; Path=/; HttpOnly")
		w.WriteHeader(http.StatusCreated)
		return
	}
	if r.Header.Get("Cookie") != "session="+s.valid {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	_, _ = fmt.Fprint(w, selfBody)
}

func (s *sessions) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.valid = "nothing"
}

func TestOneLoginForAllWhoWait(t *testing.T) {
	t.Parallel()
	s := &sessions{}
	c := serve(t, Config{Credential: somePassword}, s.ServeHTTP)
	for range 2 {
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				_, err := c.Self(t.Context())
				assert.NoError(t, err)
			})
		}
		group.Wait()
		s.expire()
	}
	assert.Equal(t, 2, s.logins)
}

func TestLoginForms(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		header, body string
		cookie       string
		lives        time.Duration
	}{
		"as it is":      {`session=j%3A%7B%22sid%22%3A%22s1%22%7D; Max-Age=60; Path=/`, ``, `j%3A%7B%22sid%22%3A%22s1%22%7D`, time.Minute},
		"not encoded":   {`session=j:{"sid": "s1"}; max-age=60`, `{}`, `j:{"sid": "s1"}`, time.Minute},
		"only a body":   {``, `{"data":{"type":"session","id":"s1","attributes":{"ttl":"120"}}}`, sessionCookie("s1"), 2 * time.Minute},
		"no end":        {`session=opaque`, `{"data":{}}`, `opaque`, 0},
		"other cookies": {`other=1`, `{"data":{"id":"s1"}}`, sessionCookie("s1"), 0},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := serve(t, Config{Credential: somePassword}, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/api/sessions" {
					w.Header().Set("Set-Cookie", test.header)
					_, _ = fmt.Fprint(w, test.body)
					return
				}
				assert.Equal(t, "session="+test.cookie, r.Header.Get("Cookie"))
				_, _ = fmt.Fprint(w, selfBody)
			})
			_, err := c.Self(t.Context())
			require.NoError(t, err)
			grant := c.session.Current()
			if test.lives == 0 {
				assert.Zero(t, grant.Expires)
			} else {
				assert.Equal(t, test.lives, grant.Expires.Sub(grant.Issued))
			}
		})
	}
}

func TestLoginsThatFail(t *testing.T) {
	t.Parallel()
	nothing, _ := scripted(t, Config{Credential: somePassword}, reply{200, `{"data":{}}`})
	_, err := nothing.Self(t.Context())
	assertKind(t, fault.Internal, err)

	garbage, _ := scripted(t, Config{Credential: somePassword}, reply{200, `<html>guest network</html>`})
	_, err = garbage.Self(t.Context())
	assertKind(t, fault.Internal, err)

	cause := errors.New("the vault is sealed")
	sealed := serve(t, Config{Credential: func(context.Context) (Credential, error) { return Credential{}, cause }}, nil)
	_, err = sealed.Self(t.Context())
	assertKind(t, fault.Unauthenticated, err)
	require.ErrorIs(t, err, cause)
}

func TestSecretsStayOutOfErrors(t *testing.T) {
	t.Parallel()
	c := serve(t, Config{Credential: static(Credential{Username: "admin", AccessKey: "the-access-key"})}, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, `{"errors":[{"status":400,"detail":%q}]}`, r.Header.Get("Cookie")+" "+r.Header.Get("Authorization")+" "+r.URL.Path)
	})
	basic := base64.StdEncoding.EncodeToString([]byte("admin:the-access-key"))
	_, err := c.GetAccessKey(t.Context(), "another-key")
	for _, secret := range []string{"the-access-key", basic, "another-key"} {
		assert.NotContains(t, err.Error(), secret)
	}
	for _, value := range []any{Credential{Password: "hidden"}, NewUser{Password: "hidden"}, AccessKey{Key: "hidden"}, UserPatch{Password: new("hidden")}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			assert.Equal(t, "[redacted]", fmt.Sprintf(verb, value))
		}
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	c, s := scripted(t, Config{}, reply{200, `{"data":{"type":"session_verification","attributes":{"username":"admin",
		"context":{"authentication":{"user_id":"u1","tenant_id":"t1","group_ids":["g1,g2"," g3 ",""],"mode":"normal"}}}}}`},
		reply{200, `{"data":{"type":"session_verification"}}`})
	identity, err := c.Verify(t.Context())
	require.NoError(t, err)
	assert.Equal(t, Identity{Username: "admin", UserID: "u1", TenantID: "t1", GroupIDs: []string{"g1", "g2", "g3"}, Mode: "normal"}, identity)
	_, err = c.Verify(t.Context())
	assertKind(t, fault.Internal, err)
	assert.Equal(t, "POST /api/sessions/verifications/planes/any/internal", s.seen()[0])
}
