package aistore_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/usermgmt/usermgmt/internal/simulator/aistore"
)

func TestUpdateConfig(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{ExternalURL: "http://localhost:8443"})
	token := s.admin(t)
	s.ok(t, "PUT", "/v1/daemon", token, `{"auth":{"expiration_time":"90m","max_token_age":"1h","secret":null},"log":{"level":"5","dir":"/x"},"net":{}}`)
	body := s.ok(t, "GET", "/v1/daemon", token, "")
	assert.Contains(t, body, `"expiration_time":"1h30m","max_token_age":"2160h0m"`)
	assert.Contains(t, body, `"level":"5"`)
	assert.NotContains(t, body, `"/x"`)
	assert.Contains(t, body, `"port":8443`)
	claims := tokenPart(t, s.admin(t), 1)
	assert.InDelta(t, 5400, claims["exp"].(float64)-claims["iat"].(float64), 0)

	s.ok(t, "PUT", "/v1/daemon", token, `{"auth":{"expiration_time":"0s"}}`)
	assert.Contains(t, s.ok(t, "GET", "/v1/daemon", token, ""), `"expiration_time":"24h0m"`)
	s.ok(t, "PUT", "/v1/daemon", token, `{"log":{}}`)
}

func TestUpdateConfigRefusals(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{})
	token := s.admin(t)
	s.refused(t, http.StatusUnauthorized, "", "token required", "PUT", "/v1/daemon", "", "[]")
	for body, message := range map[string]string{
		"":                                     "Invalid request",
		`{"auth":{"expiration_time":3600}}`:    "Invalid request",
		`{"auth":{"expiration_time":"soon"}}`:  "Invalid request",
		`{"net":{}}`:                           "invalid config update: configuration is empty",
		`{"auth":{"secret":""}}`:               "invalid config update: secret defined but empty string",
		`{"log":{"level":"loud"}}`:             `invalid config update: invalid log.level="loud" (expected integer string)`,
		`{"log":{"level":"6"}}`:                "invalid config update: invalid log.level=6 (expected value between 0 and 5)",
		`{"auth":{"expiration_time":"59s"}}`:   "invalid configuration: invalid auth.expiration_time=59s, expected 0 (default 24h) or >= 1m",
		`{"auth":{"expiration_time":"2161h"}}`: "invalid configuration: invalid config: auth.expiration_time=2161h0m cannot exceed auth.max_token_age=2160h0m",
	} {
		s.refused(t, http.StatusBadRequest, "", message, "PUT", "/v1/daemon", token, body)
	}
}

func TestSecretSwitchesTheSigner(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{})
	token := s.admin(t)
	s.ok(t, "PUT", "/v1/daemon", token, `{"auth":{"secret":"new-secret"}}`)
	got := s.send(t, "GET", "/v1/daemon", token, "")
	assert.Equal(t, http.StatusUnauthorized, got.status)
	assert.Contains(t, got.body, "not authorized (invalid token [err: token signature is invalid: key is of invalid type")

	token = s.admin(t)
	assert.Equal(t, map[string]any{"alg": "HS256", "typ": "JWT"}, tokenPart(t, token, 0))
	assert.Contains(t, s.ok(t, "GET", "/v1/daemon", token, ""), `"secret":"new-secret"`)
	s.ok(t, "PUT", "/v1/daemon", token, `{"auth":{"secret":"new-secret"}}`)
	s.ok(t, "GET", "/v1/daemon", token, "")
	s.ok(t, "PUT", "/v1/daemon", token, `{"auth":{"secret":"other"}}`)
	assert.Contains(t, s.send(t, "GET", "/v1/daemon", token, "").body, "token signature is invalid: signature is invalid")
}
