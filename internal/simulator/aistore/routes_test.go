package aistore_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator"
	"github.com/usermgmt/usermgmt/internal/simulator/aistore"
)

func TestNewWantsAPassword(t *testing.T) {
	t.Parallel()
	assert.Panics(t, func() { aistore.New(aistore.Options{}) })
}

func TestDecodedPathIsSplit(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{})
	s.SeedUser("alice", "wonderland")
	token := s.admin(t)

	const extra = "invalid request"
	s.refused(t, http.StatusBadRequest, "", extra, "GET", "/v1/users/alice%2Fextra", token, "")
	s.refused(t, http.StatusBadRequest, "", extra, "GET", "/v1/users/alice/extra", "", "")
	s.refused(t, http.StatusBadRequest, "", extra, "GET", "/v1/roles/Admin/extra", "", "")
	assert.JSONEq(t, `{"id":"alice","roles":[]}`, s.ok(t, "GET", "/v1/users/alice/", token, ""))
	assert.JSONEq(t, `{"id":"alice","roles":[]}`, s.ok(t, "GET", "/v1/users/%2Falice%2F", token, ""))
	assert.JSONEq(t, `{"id":"alice","roles":[]}`, s.ok(t, "GET", "/v1/users/alice?x=/extra", token, ""))
	assert.Contains(t, s.ok(t, "GET", "/v1/users/", token, ""), `"alice"`)

	assert.NotEmpty(t, s.loginFor(t, "alice/extra", `{"password":"wonderland"}`))
	s.ok(t, "PUT", "/v1/users/alice/extra", token, `{"pass":"through"}`)
	assert.True(t, s.CheckPassword("alice", "through"))
	s.ok(t, "POST", "/v1/users/", token, `{"id":"bob","pass":"builder"}`)
	s.ok(t, "DELETE", "/v1/users/alice%2Fextra", token, "")
	assert.Equal(t, []string{"admin", "bob"}, s.UserIDs())
}

func TestTooShortPathComesBeforeTheToken(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{})
	for _, method := range []string{"PUT", "DELETE"} {
		s.refused(t, http.StatusBadRequest, "", "URL 'v1/users/' is too short: expected 3 items, got 2", method, "/v1/users/", "", "")
		s.refused(t, http.StatusBadRequest, "", "URL 'v1/roles' is too short: expected 3 items, got 2", method, "/v1/roles", "", "")
	}
	s.refused(t, http.StatusBadRequest, "", "URL 'v1/clusters' is too short: expected 3 items, got 2", "PUT", "/v1/clusters", "", "")
}

func TestUncleanPathsAreRedirected(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{})
	token := s.admin(t)
	for path, location := range map[string]string{
		"/v1/users/.":         "/v1/users",
		"/v1//users":          "/v1/users",
		"/v1/users/a/../b":    "/v1/users/b",
		"/v1/users/./alice?x": "/v1/users/alice?x",
	} {
		for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
			got := s.send(t, method, path, token, `{}`)
			assert.Equal(t, http.StatusTemporaryRedirect, got.status, path)
			assert.Equal(t, location, got.header.Get("Location"))
		}
	}
	s.refused(t, http.StatusNotFound, "ErrNotFound", `user "." does not exist`, "GET", "/v1/users/%2e", token, "")
}

func TestMethods(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{})
	for path, allow := range map[string]string{
		"/v1/users":                         "DELETE, GET, POST, PUT",
		"/v1/roles/x":                       "DELETE, GET, POST, PUT",
		"/v1/clusters":                      "DELETE, GET, POST, PUT",
		"/v1/tokens":                        "DELETE",
		"/v1/daemon":                        "PUT, GET",
		"/v1/public-key":                    "GET",
		"/v1/rotate-key":                    "POST",
		"/.well-known/jwks.json":            "GET",
		"/.well-known/openid-configuration": "GET",
	} {
		for _, method := range []string{"PATCH", "HEAD"} {
			got := s.send(t, method, path, "", "")
			assert.Equal(t, http.StatusMethodNotAllowed, got.status, path)
			assert.Equal(t, allow, got.header.Get("Allow"), path)
			assert.Equal(t, "text/plain; charset=utf-8", got.header.Get("Content-Type"))
		}
		got := s.send(t, "OPTIONS", path, "", "")
		assert.Equal(t, http.StatusOK, got.status)
		assert.Equal(t, allow, got.header.Get("Allow"), path)
		assert.Empty(t, got.body)
	}
	for _, path := range []string{"/", "/v1", "/v2/users", "/v1/user"} {
		got := s.send(t, "GET", path, "", "")
		assert.Equal(t, http.StatusNotFound, got.status)
		assert.Equal(t, "404 page not found\n", got.body)
	}
}

func TestErrorBodyIsWhole(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{})
	got := s.send(t, "GET", "/v1/roles/no%22such", "", "")
	assert.Regexp(t, `^\{"tcode":"ErrNotFound","message":"role \\"no\\\\\\"such\\" does not exist","method":"GET",`+
		`"url_path":"/v1/roles/no\\"such","remote_addr":"127\.0\.0\.1:\d+","caller":"","node":"","status":404\}\n$`, got.body)
	assert.Equal(t, "nosniff", got.header.Get("X-Content-Type-Options"))
	assert.Equal(t, "application/json", got.header.Get("Content-Type"))

	got = s.send(t, "GET", "/v1/roles/a%0Ab", "", "")
	assert.Contains(t, got.body, `"url_path":"/v1/roles/a\u000ab"`)
}

func TestRecordsAndFaults(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{})
	token := s.admin(t)
	s.Reset()
	s.Inject(simulator.Fault{
		Match:  simulator.On("POST", "/v1/users"),
		Times:  1,
		Effect: simulator.After(simulator.Drop),
	})
	_, err := s.try("POST", "/v1/users", token, `{"id":"bob","pass":"builder"}`)
	require.Error(t, err)
	assert.True(t, s.CheckPassword("bob", "builder"), "the write took effect")
	s.refused(t, http.StatusConflict, "ErrFailedTo", "AuthN: failed to add user bob, err: AuthN: user bob already exists",
		"POST", "/v1/users", token, `{"id":"bob","pass":"builder"}`)
	requests := s.Requests()
	require.Len(t, requests, 2)
	assert.Equal(t, []int{0, http.StatusConflict}, []int{requests[0].Status, requests[1].Status})
	assert.JSONEq(t, `{"id":"bob","pass":"builder"}`, string(requests[1].Body))
}
