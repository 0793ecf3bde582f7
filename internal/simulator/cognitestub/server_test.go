package cognitestub_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/cognitestub"
)

type world struct {
	*testing.T

	server *cognitestub.Server
	token  string
	now    time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, now: time.Unix(1730204347, 0)}
	w.server = cognitestub.New(cognitestub.Options{
		Project: "p", ClientID: "app", ClientSecret: "secret", Subject: "svc", Now: func() time.Time { return w.now },
	})
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"app"}, "client_secret": {"secret"}}
	status, answer := w.send("POST", cognitestub.TokenPath, form.Encode())
	require.Equal(t, http.StatusOK, status)
	var token struct {
		AccessToken string `json:"access_token"`
	}
	require.NoError(t, json.Unmarshal([]byte(answer), &token))
	w.token = token.AccessToken
	return w
}

// send sends a request and returns the status and the body of the answer.
func (w *world) send(method, path, body string) (int, string) {
	w.Helper()
	if !strings.HasPrefix(path, "/") {
		path = "/api/v1/projects/p/" + path
	}
	r := httptest.NewRequestWithContext(w.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+w.token)
	if path == cognitestub.TokenPath {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	recorder := httptest.NewRecorder()
	w.server.ServeHTTP(recorder, r)
	answer, err := io.ReadAll(recorder.Body)
	require.NoError(w, err)
	return recorder.Code, string(answer)
}

func (w *world) sends(method, path, body string, status int) string {
	w.Helper()
	got, answer := w.send(method, path, body)
	require.Equal(w, status, got, answer)
	return answer
}

func create(nonce string) string { return `{"items":[{"credentials":{"nonce":"` + nonce + `"}}]}` }

func TestNoncesWorkOnceAndForAMinute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	nonce := w.server.NewNonce()
	assert.Contains(t, w.sends("POST", "postgresgateway", create(nonce), http.StatusOK), "password")
	assert.Contains(t, w.sends("POST", "postgresgateway", create(nonce), http.StatusBadRequest), "Failed to bind nonce")
	late := w.server.NewNonce()
	w.now = w.now.Add(61 * time.Second)
	w.sends("POST", "postgresgateway", create(late), http.StatusBadRequest)
	assert.Equal(t, 1, w.server.ActiveSessions())
	assert.Len(t, w.server.Usernames(), 1)
}

func TestMissingUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.SeedUser("a")
	const both = `{"items":[{"username":"a"},{"username":"b"}]`
	assert.JSONEq(t, `{"error":{"code":400,"message":"Items in request were not found","missing":[{"username":"b"}]}}`,
		w.sends("POST", "postgresgateway/byids", both+`,"ignoreUnknownIds":false}`, http.StatusBadRequest))
	assert.NotContains(t, w.sends("POST", "postgresgateway/byids", both+`,"ignoreUnknownIds":true}`, http.StatusOK), `"b"`)
	w.sends("POST", "postgresgateway/delete", both+`}`, http.StatusBadRequest)
	w.sends("POST", "postgresgateway/delete", `{"items":[{"username":"b"}]}`, http.StatusBadRequest)
	w.sends("POST", "postgresgateway/delete", `{"items":[{"username":"b"}],"ignoreUnknownIds":true}`, http.StatusOK)
	assert.Equal(t, []string{"a"}, w.server.Usernames())
}

func TestPagesAndTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"a", "b", "c"} {
		w.server.SeedUser(name)
	}
	var page struct {
		Items      []struct{} `json:"items"`
		NextCursor string     `json:"nextCursor"`
	}
	require.NoError(t, json.Unmarshal([]byte(w.sends("GET", "postgresgateway?limit=2", "", http.StatusOK)), &page))
	assert.Len(t, page.Items, 2)
	assert.Contains(t, w.sends("GET", "postgresgateway?limit=2&cursor="+page.NextCursor, "", http.StatusOK), `"c"`)
	w.sends("GET", "postgresgateway?limit=101", "", http.StatusBadRequest)
	w.sends("GET", "nothing", "", http.StatusNotFound)
	w.sends("GET", "/api/v1/projects/other/groups", "", http.StatusUnauthorized)
	w.server.ExpireTokens()
	w.sends("GET", "postgresgateway", "", http.StatusUnauthorized)
}
