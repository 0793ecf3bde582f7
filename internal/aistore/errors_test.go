package aistore

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	const validate, sync = "AuthN: failed to add cluster c, err: failed to validate-signer with prod[c]: ", "AuthN: failed to update cluster c, err: failed to sync-tokens with http://h:1[c]: "
	for _, c := range []struct {
		status  int
		message string
		want    fault.Kind
	}{
		{400, "/v1/users: failed to unmarshal [*authn.User] (POST)", fault.InvalidArgument},
		{400, "Invalid request", fault.InvalidArgument},
		{400, "AuthN: failed to add user carol, err: invalid credentials", fault.InvalidArgument},
		{400, `user ID "a.b" is invalid: must be less than 32 characters`, fault.InvalidArgument},
		{400, "role name is undefined", fault.InvalidArgument},
		{400, "cluster UUID is undefined", fault.InvalidArgument},
		{400, "cluster ID is undefined", fault.InvalidArgument},
		{400, "cluster name or ID not defined", fault.InvalidArgument},
		{400, "invalid requested expiry date: must be 0 or >= 1m", fault.InvalidArgument},
		{400, "empty token", fault.InvalidArgument},
		{400, "path is too short", fault.InvalidArgument},
		{400, "invalid request", fault.InvalidArgument},
		{400, "invalid config update", fault.InvalidArgument},
		{400, "invalid configuration", fault.InvalidArgument},
		{400, "JWKS not available for current signing method", fault.Unsupported},
		{400, "current signing method does not have a public key", fault.Unsupported},
		{400, "rotation not supported for current signing method", fault.Unsupported},
		{400, "the key is externally provisioned", fault.Unsupported},
		{400, validate + "dial tcp: no route", fault.Unavailable},
		{400, validate + "lookup no-such-host.invalid: no such host", fault.Unavailable},
		{400, validate + "connection refused", fault.Unavailable},
		{400, validate + "i/o timeout", fault.Unavailable},
		{400, validate + "context deadline exceeded", fault.Unavailable},
		{400, validate + `Post "http://h:1/v1/tokens": EOF`, fault.Unavailable},
		{400, sync + "dial tcp: no route", fault.Unavailable},
		{400, validate + "signing keys differ", fault.Conflict},
		{400, validate + "the cluster does not have a public key", fault.Conflict},
		{400, sync + "signing keys differ", fault.Conflict},
		{400, validate + `Post "http://dial.timeout.example/": signing keys differ`, fault.Conflict},
		{400, "failed to validate-signer with http://lookup.example:1[c]: signing keys differ", fault.Conflict},
		{400, "failed to validate-signer with prod[c]", fault.Conflict},
		{400, validate + `Post "ftp://h/v1/tokens": unsupported protocol scheme "ftp"`, fault.InvalidArgument},
		{401, "not authorized: requires admin (user alice, token expires in 24h0m0s)", fault.PermissionDenied},
		{401, "not authorized: requires admin or self", fault.PermissionDenied},
		{401, "not authorized: (user alice, token expires in 23h59m59s)", fault.PermissionDenied},
		{401, "not authorized (invalid token: token revoked): \"x\"", fault.Unauthenticated},
		{401, "said: not authorized: no", fault.Unauthenticated},
		{401, "token required", fault.Unauthenticated},
		{401, "AuthN: failed to generate token for alice, err: invalid credentials", fault.Unauthenticated},
		{401, "empty password", fault.Unauthenticated},
		{401, "invalid token", fault.Unauthenticated},
		{403, `cannot remove built-in "admin" account`, fault.PermissionDenied},
		{403, `cannot modify built-in "Admin" role`, fault.PermissionDenied},
		{403, "cannot change administrator's role", fault.PermissionDenied},
		{403, `only built-in roles can have "admin" permissions`, fault.PermissionDenied},
		{404, `user "nobody" does not exist`, fault.NotFound},
		{405, "no", fault.Unsupported},
		{501, "no", fault.Unsupported},
		{409, "AuthN: user alice already exists", fault.AlreadyExists},
		{409, "cluster a[b] already registered", fault.AlreadyExists},
		{409, `alias "prod" is used for cluster b`, fault.AlreadyExists},
		{408, "too slow", fault.Unavailable},
		{413, "too long", fault.InvalidArgument},
		{414, "too long", fault.InvalidArgument},
		{418, "teapot", fault.Internal},
		{500, "database is gone", fault.Unavailable},
		{503, "retriable soft error", fault.Unavailable},
	} {
		body := wire(t, map[string]string{"message": c.message, "tcode": "ErrFailedTo"})
		got := classify(nil, c.status, nil, []byte(body))
		assert.Equal(t, &fault.Error{Kind: c.want, Code: "ErrFailedTo", Message: c.message}, got, "%d %s", c.status, c.message)
	}
}

// TestClassifyForeign is about answers that are not in AuthN's format.
func TestClassifyForeign(t *testing.T) {
	t.Parallel()
	kinds := map[int]fault.Kind{
		400: fault.InvalidArgument, 401: fault.Unauthenticated, 403: fault.PermissionDenied, 404: fault.Unsupported, 405: fault.Unsupported,
		409: fault.Conflict, 418: fault.Internal, 500: fault.Unavailable, 502: fault.Unavailable, 503: fault.Unavailable, 504: fault.Unavailable,
	}
	bodies := []string{
		"", "404 page not found\n", "<html><body>secret</body></html>", "null", "[]", "{}", `"secret"`, `{"message":""}`, `{"message":7}`,
		`{"message":"cut sh`, "\xff\xfe",
	}
	for status, want := range kinds {
		for _, body := range bodies {
			got := classify(nil, status, nil, []byte(body))
			assert.Equal(t, &fault.Error{Kind: want, Message: http.StatusText(status)}, got, "%d %q", status, body)
		}
	}
}

func TestClassifyLeniently(t *testing.T) {
	t.Parallel()
	got := classify(nil, 404, nil, []byte("{\"MESSAGE\":\"byte \xff in it\",\"status\":\"?\",\"new\":{},\"status\":1}"))
	assert.Equal(t, &fault.Error{Kind: fault.NotFound, Message: "byte \uFFFD in it"}, got)
}

// TestSecretsInMessages is about what the server repeats of a request.
func TestSecretsInMessages(t *testing.T) {
	t.Parallel()
	cut := `/v1/users: failed to unmarshal [*authn.User] (POST), err: found 1, error found in #10 byte of ...|{\"pass\":\"swordf|..., bigger context ...|{\"pass\":\"swordf|...`
	c := answering(t, http.StatusBadRequest, `{"message":"`+cut+`"}`)
	f := asFault(t, c.CreateUser(t.Context(), "alice", "swordfish", nil))
	assert.Equal(t, "/v1/users: failed to unmarshal [*authn.User] (POST)", f.Message)

	c = answering(t, http.StatusBadRequest, `{"message":"no: swordfish some-token"}`)
	password, secret := "swordfish", "swordfish"
	_, login := c.Login(t.Context(), "alice", "swordfish", nil)
	_, get := c.GetUser(t.Context(), "alice")
	for name, check := range map[string]struct {
		err  error
		want string
	}{
		"create": {c.CreateUser(t.Context(), "alice", "swordfish", nil), "no: [redacted] [redacted]"},
		"update": {c.UpdateUser(t.Context(), "alice", UserPatch{Password: &password}), "no: [redacted] [redacted]"},
		"config": {c.SetConfig(t.Context(), ConfigPatch{Secret: &secret}), "no: [redacted] [redacted]"},
		"revoke": {c.RevokeToken(t.Context(), "some-token"), "no: swordfish [redacted]"},
		"login":  {login, "no: [redacted] some-token"},
		"get":    {get, "no: swordfish [redacted]"},
	} {
		assert.Equal(t, check.want, asFault(t, check.err).Message, name)
	}
}

// TestWhatTheTransportAdds makes sure that this classifier and the transport
// agree on which failures leave a write open.
func TestWhatTheTransportAdds(t *testing.T) {
	t.Parallel()
	for status, ambiguous := range map[int]bool{400: false, 401: false, 403: false, 404: false, 409: false, 500: true} {
		c := answering(t, status, `{"message":"words"}`)
		_, err := c.http.Do(t.Context(), &transport.Request{Method: http.MethodPost, Class: transport.Once, Anonymous: true})
		f := asFault(t, err)
		require.Equal(t, status, f.Status)
		assert.True(t, f.FromServer)
		assert.Equal(t, ambiguous, f.Ambiguous, status)
	}
}
