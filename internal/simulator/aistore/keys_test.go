package aistore_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/aistore"
)

// newKeyOf returns the public key of a server without a connection.
func newKeyOf(t *testing.T, h http.Handler) *rsa.PublicKey {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/public-key", http.NoBody))
	require.Equal(t, http.StatusOK, w.Code)
	block, rest := pem.Decode([]byte(parse[map[string]string](t, w.Body.String())["public_key"]))
	require.NotNil(t, block)
	assert.Empty(t, rest)
	assert.Equal(t, "PUBLIC KEY", block.Type)
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	require.NoError(t, err)
	return key.(*rsa.PublicKey)
}

type keySet struct{ Keys []map[string]string }

func TestRotation(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{NewKey: newTestKey})
	before := s.admin(t)
	first := newKeyOf(t, s)
	assert.Len(t, parse[keySet](t, s.ok(t, "GET", "/.well-known/jwks.json", "", "")).Keys, 1)
	s.refused(t, http.StatusUnauthorized, "", "token required", "POST", "/v1/rotate-key", "", "")
	assert.Empty(t, s.ok(t, "POST", "/v1/rotate-key", before, ""))

	keys := parse[keySet](t, s.ok(t, "GET", "/.well-known/jwks.json", "", "")).Keys
	require.Len(t, keys, 2)
	assert.NotEqual(t, first, newKeyOf(t, s))
	after := s.admin(t)
	assert.Equal(t, keys[0]["kid"], tokenPart(t, before, 0)["kid"])
	assert.Equal(t, keys[1]["kid"], tokenPart(t, after, 0)["kid"])
	for _, token := range []string{before, after} {
		s.ok(t, "GET", "/v1/users", token, "")
	}
}

func TestRotationToTheSameKey(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{})
	s.ok(t, "POST", "/v1/rotate-key", s.admin(t), "")
	assert.Len(t, parse[keySet](t, s.ok(t, "GET", "/.well-known/jwks.json", "", "")).Keys, 1)
}

func TestExternalKey(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{ExternalKey: true})
	token := s.admin(t)
	s.refused(t, http.StatusBadRequest, "", "key rotation is not supported when the RSA key is externally provisioned",
		"POST", "/v1/rotate-key", token, "")
	assert.Contains(t, s.ok(t, "GET", "/v1/daemon", token, ""), `"signing_key":{"bits":2048,"mode":"external"}`)
}

func TestBrokenKeyStore(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	s := start(t, aistore.Options{NewKey: func() (*rsa.PrivateKey, error) {
		if calls.Add(1) == 2 {
			return sharedKey()
		}
		return nil, errors.New("disk full")
	}})
	const broken = "new signing key: disk full"
	s.refused(t, http.StatusInternalServerError, "ErrFailedTo", "AuthN: failed to generate token for admin, err: "+broken,
		"POST", "/v1/users/admin", "", `{"password":"adminpass"}`)
	token := s.admin(t)
	s.refused(t, http.StatusInternalServerError, "", broken, "POST", "/v1/rotate-key", token, "")

	s = start(t, aistore.Options{NewKey: func() (*rsa.PrivateKey, error) { return nil, errors.New("disk full") }})
	s.refused(t, http.StatusInternalServerError, "", broken, "GET", "/.well-known/jwks.json", "", "")
	s.refused(t, http.StatusInternalServerError, "", broken, "GET", "/v1/public-key", "", "")
}
