package aistore_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/aistore"
)

// notice is one request that a cluster received.
type notice struct{ method, path, authorization, body string }

// storage is a cluster that notes what it is told.
type storage struct {
	url     string
	notices chan notice
}

// startStorage returns a cluster that answers with status and body.
func startStorage(t *testing.T, status int, body string) storage {
	t.Helper()
	notices := make(chan notice, 10)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent, _ := io.ReadAll(r.Body)
		notices <- notice{r.Method, r.URL.Path, r.Header.Get("Authorization"), string(sent)}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return storage{s.URL, notices}
}

// deadURL returns an address where nobody listens.
func deadURL(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return "http://" + l.Addr().String()
}

func TestRegisterIntroducesItself(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := start(t, aistore.Options{Now: clock.Now})
	cluster := startStorage(t, http.StatusOK, "")
	revoked := s.admin(t)
	s.ok(t, "DELETE", "/v1/tokens", "", `{"token":"`+revoked+`"}`)
	clock.Add(time.Second)
	token := s.admin(t)
	s.ok(t, "POST", "/v1/clusters", token, `{"id":"c1","alias":"prod","urls":["`+deadURL(t)+`","`+cluster.url+`"]}`)

	hello := <-cluster.notices
	assert.Equal(t, "POST /v1/tokens", hello.method+" "+hello.path)
	pem := parse[map[string]string](t, s.ok(t, "GET", "/v1/public-key", "", ""))["public_key"]
	said := parse[map[string]any](t, hello.body)
	assert.Equal(t, pem, said["public_key"])
	assert.Empty(t, said["secret"])
	require.Contains(t, hello.authorization, "Bearer ")
	own := tokenPart(t, hello.authorization[len("Bearer "):], 1)
	now := float64(clock.Now().Unix())
	assert.Equal(t, map[string]any{
		"clusters": nil, "admin": true, "iss": "http://127.0.0.1:52001", "sub": "AuthN",
		"aud": []any{"c1"}, "exp": now + 300, "iat": now,
	}, own)

	list := <-cluster.notices
	assert.Equal(t, "DELETE /v1/tokens", list.method+" "+list.path)
	assert.JSONEq(t, `{"tokens":["`+revoked+`"],"version":"0"}`, list.body)
	assert.Equal(t, []string{"Admin", "BucketOwner-prod", "ClusterOwner-prod", "Guest-prod"}, s.RoleNames())

	// A later logout is announced in the background.
	s.ok(t, "DELETE", "/v1/tokens", "", `{"token":"`+token+`"}`)
	assert.JSONEq(t, `{"tokens":["`+token+`"],"version":"0"}`, (<-cluster.notices).body)
}

func TestRegisterWithSecretSendsItsChecksum(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{Secret: "abc"})
	cluster := startStorage(t, http.StatusOK, "")
	s.ok(t, "POST", "/v1/clusters", s.admin(t), `{"id":"c1","urls":["`+cluster.url+`"]}`)
	said := parse[map[string]any](t, (<-cluster.notices).body)
	assert.Equal(t, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", said["secret"])
	assert.Nil(t, said["public_key"])
	assert.Empty(t, cluster.notices, "no token is revoked")
}

func TestClusterThatRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, answer, message string
		status, want          int
	}{
		{"words", "no thanks", "no thanks", 401, 400},
		{"nothing", "", "failed to execute POST request", 403, 400},
		{"its own error", `{"tcode":"ErrFailedTo","message":"bad key","status":500}`, "bad key", 500, 400},
		{"its own type", `{"tcode":"ErrX","message":"bad key","status":409}`, "ErrX: bad key", 409, 400},
		{"starting", "", "503 Service Unavailable: retriable soft error", 503, 503},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, aistore.Options{})
			cluster := startStorage(t, test.status, test.answer)
			s.refused(t, test.want, "ErrFailedTo",
				"AuthN: failed to add cluster c1, err: failed to validate-signer with prod[c1]: "+test.message,
				"POST", "/v1/clusters", s.admin(t), `{"id":"c1","alias":"prod","urls":["`+cluster.url+`"]}`)
			_, ok := s.Cluster("c1")
			assert.False(t, ok)
			assert.Equal(t, []string{"Admin"}, s.RoleNames())
		})
	}
}

func TestClusterThatCannotBeReached(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{})
	token := s.admin(t)
	dead := deadURL(t)
	s.refused(t, http.StatusBadRequest, "ErrFailedTo", "AuthN: failed to add cluster c1, err: failed to validate-signer with "+
		dead+`[c1]: Post "`+dead+`/v1/tokens": dial tcp `+dead[len("http://"):]+": connect: connection refused",
		"POST", "/v1/clusters", token, `{"id":"c1","urls":["`+dead+`"]}`)
	s.refused(t, http.StatusBadRequest, "ErrFailedTo", "AuthN: failed to add cluster c1, err: failed to validate-signer with "+
		`x://h[c1]: Post "x://h/v1/tokens": unsupported protocol scheme "x"`,
		"POST", "/v1/clusters", token, `{"id":"c1","urls":["x://h"]}`)
	s.refused(t, http.StatusBadRequest, "ErrFailedTo", "AuthN: failed to add cluster c1, err: failed to validate-signer with "+
		`:[c1]: parse ":/v1/tokens": missing protocol scheme`,
		"POST", "/v1/clusters", token, `{"id":"c1","urls":[":"]}`)

	s.SeedCluster(aistore.Cluster{ID: "c2", Alias: "old"})
	s.refused(t, http.StatusBadRequest, "ErrFailedTo", "AuthN: failed to update cluster c2, err: failed to validate-signer with "+
		`new[c2]: Post "x://h/v1/tokens": unsupported protocol scheme "x"`,
		"PUT", "/v1/clusters/c2", token, `{"id":"c2","alias":"new","urls":["x://h"]}`)
	cluster, _ := s.Cluster("c2")
	assert.Equal(t, aistore.Cluster{ID: "c2", Alias: "old"}, cluster, "nothing changed")
}

func TestRevokedTokensThatAClusterRefuses(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := start(t, aistore.Options{Now: clock.Now})
	s.ok(t, "DELETE", "/v1/tokens", "", `{"token":"`+s.admin(t)+`"}`)
	clock.Add(time.Second)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			http.Error(w, "full", http.StatusInsufficientStorage)
		}
	}))
	t.Cleanup(front.Close)
	token := s.admin(t)
	s.refused(t, http.StatusBadRequest, "ErrFailedTo", "AuthN: failed to add cluster c1, err: failed to sync-tokens with "+
		front.URL+"[c1]: full\n", "POST", "/v1/clusters", token, `{"id":"c1","urls":["`+front.URL+`"]}`)

	// Expired tokens are not sent.
	clock.Add(24 * time.Hour)
	s.ok(t, "POST", "/v1/clusters", s.admin(t), `{"id":"c1","urls":["`+front.URL+`"]}`)
}

func TestServerAnswersWhileAClusterIsSlow(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{})
	token := s.admin(t)
	asked, answer := make(chan struct{}), make(chan struct{})
	front := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(asked)
		<-answer
	}))
	t.Cleanup(front.Close)
	done := make(chan int)
	go func() {
		got, err := s.try("POST", "/v1/clusters", token, `{"id":"c1","urls":["`+front.URL+`"]}`)
		assert.NoError(t, err)
		done <- got.status
	}()
	<-asked
	assert.JSONEq(t, "{}", s.ok(t, "GET", "/v1/clusters", "", ""))
	close(answer)
	assert.Equal(t, http.StatusOK, <-done)
}

func TestClusterNames(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{})
	token := s.admin(t)
	s.SeedCluster(aistore.Cluster{ID: "c1", Alias: "prod"})
	s.SeedCluster(aistore.Cluster{ID: "c2", Alias: "test"})
	const add, update = "AuthN: failed to add cluster ", "AuthN: failed to update cluster "
	for _, test := range []struct {
		method, target, body, message string
		status                        int
	}{
		{"POST", "/v1/clusters", `{}`, add + ", err: cluster UUID is undefined", 400},
		{"POST", "/v1/clusters", `{"id":"c3","alias":"a b"}`, add + `c3, err: cluster alias "a b" is invalid: ` + nameRule, 400},
		{"POST", "/v1/clusters", `{"id":"c1"}`, add + "c1, err: cluster c1[c1] already registered", 409},
		{"POST", "/v1/clusters", `{"id":"c3","alias":"c1"}`, add + "c3, err: cluster c3[c1] already registered", 409},
		{"PUT", "/v1/clusters/c1", `{}`, update + "c1, err: cluster ID is undefined", 400},
		{"PUT", "/v1/clusters/c1", `{"id":"x","alias":"-"}`, update + `c1, err: cluster alias "-" is invalid: ` + nameRule, 400},
		{"PUT", "/v1/clusters/c1", `{"id":"x","alias":"test"}`, update + `c1, err: alias "test" is used for cluster "c2"`, 409},
		{"PUT", "/v1/clusters/c1", `{"id":"x","alias":"c2"}`, update + `c1, err: alias "c2" is used for cluster "c2"`, 409},
		{"DELETE", "/v1/clusters", ``, "AuthN: failed to delete cluster undefined, err: cluster name or ID not defined", 400},
	} {
		s.refused(t, test.status, "ErrFailedTo", test.message, test.method, test.target, token, test.body)
	}
	s.refused(t, http.StatusNotFound, "ErrFailedTo", "AuthN: failed to delete cluster c9, err: AuthN: cluster c9 does not exist",
		"DELETE", "/v1/clusters/c9", token, "")
	for _, method := range []string{"POST", "PUT", "DELETE"} {
		s.refused(t, http.StatusUnauthorized, "", "token required", method, "/v1/clusters/c1", "", "[]")
	}
	for _, target := range []string{"/v1/clusters", "/v1/clusters/c1"} {
		method := map[bool]string{true: "POST", false: "PUT"}[target == "/v1/clusters"]
		assert.Contains(t, s.send(t, method, target, token, "[]").body, "failed to unmarshal [*authn.CluACL] ("+method+")")
	}

	s.ok(t, "POST", "/v1/clusters", token, `{"id":"any thing/at all"}`)
	s.ok(t, "PUT", "/v1/clusters/c1", token, `{"id":"ignored","alias":"prod"}`)
	s.ok(t, "DELETE", "/v1/clusters/test", token, "")
	assert.JSONEq(t, `{"clusters":{"c1":{"id":"c1","alias":"prod"},"any thing/at all":{"id":"any thing/at all"}}}`,
		s.ok(t, "GET", "/v1/clusters/", "", ""))
}

func TestPredefinedRolesDoNotReplace(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{})
	s.SeedRole(aistore.Role{Name: "Guest-prod", Description: "mine"})
	s.ok(t, "POST", "/v1/clusters", s.admin(t), `{"id":"c1","alias":"prod"}`)
	role, _ := s.Role("Guest-prod")
	assert.Equal(t, aistore.Role{Name: "Guest-prod", Description: "mine"}, role)
}
