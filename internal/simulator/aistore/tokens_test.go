package aistore_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/aistore"
)

func TestLoginExpiry(t *testing.T) {
	t.Parallel()
	s := seeded(t, aistore.Options{})
	const failed = "AuthN: failed to generate token for alice, err: "
	for _, test := range []struct {
		expiresIn string
		seconds   float64
		message   string
	}{
		{"null", 86400, ""},
		{"0", 90 * 86400, ""},
		{"60000000000", 60, ""},
		{"7776000000000000", 90 * 86400, ""},
		{"59999999999", 0, failed + "invalid requested expiry date: must be 0 or >= 1m"},
		{"-1", 0, failed + "invalid requested expiry date: must be 0 or >= 1m"},
		{"7776000000000001", 0, failed + "invalid requested expiry date: cannot exceed configured max token age: 2160h0m"},
	} {
		body := `{"password":"wonderland","expires_in":` + test.expiresIn + `}`
		if test.message != "" {
			s.refused(t, http.StatusBadRequest, "ErrFailedTo", test.message, "POST", "/v1/users/alice", "", body)
			s.refused(t, http.StatusUnauthorized, "ErrFailedTo", failed+"invalid credentials", "POST", "/v1/users/alice", "",
				strings.Replace(body, "wonderland", "wrong", 1))
			continue
		}
		claims := tokenPart(t, s.loginFor(t, "alice", body), 1)
		assert.InDelta(t, test.seconds, claims["exp"].(float64)-claims["iat"].(float64), 0, test.expiresIn)
	}
	for _, malformed := range []string{"6e10", "60000000000.0", `"1h"`, "true"} {
		got := s.send(t, "POST", "/v1/users/alice", "", `{"password":"wonderland","expires_in":`+malformed+`}`)
		assert.Equal(t, http.StatusBadRequest, got.status)
		assert.Contains(t, got.body, "/v1/users/alice: failed to unmarshal [*authn.LoginMsg] (POST), err: ")
		assert.Contains(t, got.body, "wonderland", "the server quotes the body")
	}
	s.refused(t, http.StatusBadRequest, "",
		"/v1/users/alice: failed to unmarshal [*authn.LoginMsg] (POST), err: EOF (hserv.go, #376)", "POST", "/v1/users/alice", "", "")
	got := s.send(t, "POST", "/v1/users/alice", "", `{"password":"wonderland"`)
	assert.Contains(t, got.body, escape(`|{"password":"wonderland"|...`))
	got = s.send(t, "POST", "/v1/users/alice", "", `{"password":"wonderland"]`)
	assert.Contains(t, got.body, escape(`|{"password":"wonderland"]|...`))
}

func TestOptionsSetLimits(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{DefaultExpiry: time.Hour, MaxTokenAge: 2 * time.Hour})
	claims := tokenPart(t, s.admin(t), 1)
	assert.InDelta(t, 3600, claims["exp"].(float64)-claims["iat"].(float64), 0)
	claims = tokenPart(t, s.loginFor(t, "admin", `{"password":"adminpass","expires_in":0}`), 1)
	assert.InDelta(t, 7200, claims["exp"].(float64)-claims["iat"].(float64), 0)
}

func TestTokensOfOneSecondAreEqual(t *testing.T) {
	t.Parallel()
	for name, secret := range map[string]string{"RS256": "", "HS256": "a-secret"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newClock()
			s := start(t, aistore.Options{Now: clock.Now, Secret: secret})
			first := s.admin(t)
			assert.Equal(t, name, tokenPart(t, first, 0)["alg"])
			clock.Add(999 * time.Millisecond)
			assert.Equal(t, first, s.admin(t))

			// A login in the second of the logout is logged out.
			assert.Empty(t, s.ok(t, "DELETE", "/v1/tokens", "", `{"token":"`+first+`"}`))
			s.refused(t, http.StatusUnauthorized, "", `not authorized (invalid token: token revoked): "`+first+`"`,
				"GET", "/v1/users", s.admin(t), "")
			assert.Empty(t, s.ok(t, "DELETE", "/v1/tokens", "", `{"token":"`+first+`"}`), "again")
			assert.Equal(t, []string{first}, s.RevokedTokens())

			clock.Add(time.Millisecond)
			second := s.admin(t)
			assert.NotEqual(t, first, second)
			s.ok(t, "GET", "/v1/users", second, "")
		})
	}
}

func TestTokensExpire(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := seeded(t, aistore.Options{Now: clock.Now})
	token := s.login(t, "alice", "wonderland")
	clock.Add(24*time.Hour - 1500*time.Millisecond)
	s.refused(t, http.StatusUnauthorized, "", "not authorized: requires admin (user alice, token expires in 2s)", "GET", "/v1/users", token, "")
	clock.Add(1499 * time.Millisecond)
	s.ok(t, "GET", "/v1/users/alice", token, "")
	clock.Add(time.Millisecond)
	s.refused(t, http.StatusUnauthorized, "", `not authorized (invalid token [err: token expired]): "`+token+`"`,
		"GET", "/v1/users/alice", token, "")
	s.refused(t, http.StatusUnauthorized, "wrapErrors", "invalid token [err: token expired]",
		"DELETE", "/v1/tokens", "", `{"token":"`+token+`"}`)
	assert.Empty(t, s.RevokedTokens())
}

func TestExpireTokens(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{})
	s.ExpireTokens() // nothing to expire
	first := s.admin(t)
	long := s.loginFor(t, "admin", `{"password":"adminpass","expires_in":0}`)
	s.ExpireTokens()
	for _, token := range []string{first, long} {
		assert.Contains(t, s.send(t, "GET", "/v1/users", token, "").body, "token expired")
	}
	second := s.admin(t)
	s.ok(t, "GET", "/v1/users", second, "")
	s.Advance(25 * time.Hour)
	assert.Contains(t, s.send(t, "GET", "/v1/users", second, "").body, "token expired")
}

func TestRevokeAll(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := seeded(t, aistore.Options{Now: clock.Now})
	tokens := []string{s.admin(t), s.login(t, "alice", "wonderland")}
	s.RevokeAll()
	slices.Sort(tokens)
	assert.Equal(t, tokens, s.RevokedTokens())
	for _, token := range tokens {
		assert.Contains(t, s.send(t, "GET", "/v1/users", token, "").body, "token revoked")
	}
	clock.Add(time.Second)
	s.ok(t, "GET", "/v1/users", s.admin(t), "")
}

func TestRevokeRefusals(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{})
	s.refused(t, http.StatusBadRequest, "", "empty token", "DELETE", "/v1/tokens", "", "{}")
	s.refused(t, http.StatusUnauthorized, "wrapErrors",
		"invalid token [err: token is malformed: token contains an invalid number of segments]",
		"DELETE", "/v1/tokens", "", `{"token":"x"}`)
	assert.Contains(t, s.send(t, "DELETE", "/v1/tokens", "", "[]").body, "failed to unmarshal [*authn.TokenMsg] (DELETE), err: ")
}

func TestWhereTheTokenIs(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{})
	token := s.admin(t)
	for _, test := range []struct {
		name, authorization, amazon string
		status                      int
	}{
		{"usual", "Bearer " + token, "", 200},
		{"other header", "", token, 200},
		{"both", "Bearer " + token, "garbage", 200},
		{"other word", "Basic eDp5", token, 200},
		{"lower case", "bearer " + token, "", 401},
		{"bare", token, "", 401},
		{"no token", "Bearer ", "", 401},
	} {
		req, err := http.NewRequest(http.MethodGet, s.url+"/v1/users", http.NoBody)
		require.NoError(t, err)
		req.Header.Set("Authorization", test.authorization)
		req.Header.Set("X-Amz-Security-Token", test.amazon)
		got, err := s.do(req)
		require.NoError(t, err)
		assert.Equal(t, test.status, got.status, test.name)
		if test.status == 401 {
			assert.Contains(t, got.body, `"message":"token required"`, test.name)
		}
	}
	s.refused(t, http.StatusUnauthorized, "",
		`not authorized (invalid token [err: token is malformed: token contains an invalid number of segments]): " x"`,
		"GET", "/v1/users", " x", "")
}

func TestForgedTokens(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{})
	token := s.admin(t)
	hmac := start(t, aistore.Options{Secret: "a-secret"})
	hmacToken := hmac.admin(t)
	parts := strings.Split(token, ".")
	encode := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	kid := tokenPart(t, token, 0)["kid"].(string)
	for name, test := range map[string]struct {
		server        server
		token, reason string
	}{
		"other claims":     {s, parts[0] + "." + encode(`{"admin":true}`) + "." + parts[2], "token signature is invalid: crypto/rsa: verification error"},
		"no key ID":        {s, hmacToken, "token is unverifiable: error while executing keyfunc: header 'kid' missing"},
		"unknown key":      {s, encode(`{"alg":"RS256","kid":"other"}`) + "." + parts[1] + "." + parts[2], `token is unverifiable: error while executing keyfunc: key "other" not found in JWKS`},
		"other algorithm":  {s, encode(`{"alg":"HS256","kid":"`+kid+`"}`) + "." + parts[1] + "." + parts[2], "token signature is invalid: key is of invalid type: HMAC verify expects []byte"},
		"RSA for HMAC":     {hmac, token, "token signature is invalid: key is of invalid type: RSA verify expects *rsa.PublicKey"},
		"other secret":     {hmac, hmacToken[:len(hmacToken)-43] + encode(strings.Repeat("x", 32)), "token signature is invalid: signature is invalid"},
		"header encoding":  {s, "!." + parts[1] + "." + parts[2], "token is malformed: could not base64 decode header: illegal base64 data at input byte 0"},
		"header":           {s, encode("x") + "." + parts[1] + "." + parts[2], "token is malformed: could not JSON decode header: invalid character 'x' looking for beginning of value"},
		"claims encoding":  {s, parts[0] + ".!." + parts[2], "token is malformed: could not base64 decode claim: illegal base64 data at input byte 0"},
		"claims":           {s, parts[0] + "." + encode("x") + "." + parts[2], "token is malformed: could not JSON decode claim: invalid character 'x' looking for beginning of value"},
		"signature coding": {s, parts[0] + "." + parts[1] + ".!", "token is malformed: could not base64 decode signature: illegal base64 data at input byte 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.server.refused(t, http.StatusUnauthorized, "", "not authorized (invalid token [err: "+test.reason+`]): "`+test.token+`"`,
				"GET", "/v1/users", test.token, "")
		})
	}
}

func TestClaims(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := start(t, aistore.Options{Now: clock.Now, ExternalURL: "https://auth.example:8443"})
	s.SeedCluster(aistore.Cluster{ID: "zeta", Alias: "prod"})
	s.SeedCluster(aistore.Cluster{ID: "Alpha"})
	bucket := aistore.Bucket{Name: "b", Provider: "ais", Namespace: aistore.Namespace{UUID: "far"}}
	s.SeedRole(aistore.Role{
		Name:     "one",
		Clusters: []*aistore.ClusterACL{{ID: "zeta", Permissions: 1}, {ID: "prod", Permissions: 2}, {ID: "", Permissions: 4}},
		Buckets:  []*aistore.BucketACL{{Bucket: bucket, Permissions: 8}},
	})
	s.SeedRole(aistore.Role{
		Name:     "two",
		Clusters: []*aistore.ClusterACL{{ID: "zeta", Permissions: 16}},
		Buckets:  []*aistore.BucketACL{{Bucket: bucket, Permissions: 32}},
	})
	s.SeedUser("alice", "x", "one", "two")
	s.SeedUser("bob", "x")
	now := float64(clock.Now().Unix())

	assert.Equal(t, map[string]any{
		"clusters": []any{
			map[string]any{"id": "zeta", "perm": "17"},
			map[string]any{"id": "zeta", "perm": "2"}, // the alias is resolved after the union
			map[string]any{"id": "", "perm": "4"},
		},
		"buckets": []any{map[string]any{
			"bck":  map[string]any{"name": "b", "provider": "ais", "namespace": map[string]any{"uuid": "far", "name": ""}},
			"perm": "40",
		}},
		"admin": false, "iss": "https://auth.example:8443", "sub": "alice",
		"aud": []any{"far", "zeta"}, "exp": now + 86400, "iat": now,
	}, tokenPart(t, s.login(t, "alice", "x"), 1))

	assert.Equal(t, map[string]any{
		"clusters": nil, "admin": false, "iss": "https://auth.example:8443", "sub": "bob", "exp": now + 86400, "iat": now,
	}, tokenPart(t, s.login(t, "bob", "x"), 1))

	assert.Equal(t, map[string]any{
		"clusters": nil, "admin": true, "iss": "https://auth.example:8443", "sub": "admin",
		"aud": []any{"Alpha", "zeta"}, "exp": now + 86400, "iat": now,
	}, tokenPart(t, s.admin(t), 1))

	role, _ := s.Role("one")
	assert.Equal(t, aistore.Permissions(1), role.Clusters[0].Permissions, "a login changes no role")
}

func TestKeyIsMadeOnceAndWhenNeeded(t *testing.T) {
	t.Parallel()
	var made atomic.Int64
	s := start(t, aistore.Options{NewKey: func() (*rsa.PrivateKey, error) {
		made.Add(1)
		return sharedKey()
	}})
	s.ok(t, "GET", "/v1/roles", "", "")
	assert.Zero(t, made.Load())
	s.admin(t)
	s.admin(t)
	assert.EqualValues(t, 1, made.Load())
}

func TestDefaultKey(t *testing.T) {
	t.Parallel()
	s := aistore.New(aistore.Options{AdminPassword: "adminpass"})
	t.Cleanup(s.Close)
	key := newKeyOf(t, s)
	assert.Equal(t, 2048, key.N.BitLen())
}

func newTestKey() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 1024) }
