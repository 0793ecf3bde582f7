package iguazio_test

import (
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/iguazio"
)

const (
	noSession = "Session is missing, invalid or expired"
	verify    = "sessions/verifications/planes/any/internal"
)

// login returns the body of a login.
func login(username, password string) string {
	return `{"data":{"type":"session","attributes":{"username":"` + username + `","password":"` + password + `"}}}`
}

var sidOf = regexp.MustCompile(`^session=j%3A%7B%22sid%22%3A%22([^%]+)%22%7D; Max-Age=(\d+); Path=/; HttpOnly$`)

// logIn returns the ID of a new session.
func (s server) logIn(t *testing.T, username, password string) string {
	t.Helper()
	got := s.as(t, "", http.MethodPost, "sessions", login(username, password))
	require.Equal(t, http.StatusCreated, got.status, got.body)
	found := sidOf.FindStringSubmatch(got.header.Get("Set-Cookie"))
	require.NotNil(t, found)
	assert.Equal(t, found[1], parse[document](t, got.body).Data[0].ID)
	return found[1]
}

func TestLogin(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{SessionTTL: time.Hour})
	s.SeedUser(iguazio.User{Username: "retired", Password: "pass-word", Disabled: true})
	s.SeedUser(iguazio.User{Username: "keys-only"})
	s.SeedUser(iguazio.User{Username: "who@default-tenant", Password: "pass-word"})

	got := s.as(t, "", http.MethodPost, "sessions", login("admin", "Adm1n-pass!"))
	require.Equal(t, http.StatusCreated, got.status)
	assert.Equal(t, "3600", sidOf.FindStringSubmatch(got.header.Get("Set-Cookie"))[2])
	assert.Equal(t, map[string]any{
		"username": "admin", "plane": "control", "interface_kind": "web", "ttl": 3600.0, "expires_at": 1715680800.0, "uid": 2.0,
	}, parse[document](t, got.body).Data[0].Attributes)

	s.logIn(t, "admin@default-tenant", "Adm1n-pass!")
	s.logIn(t, "who@default-tenant", "pass-word")
	assert.Equal(t, 3, s.OpenSessions())
	const wrong = "Invalid username or password"
	for _, refused := range []struct{ username, password, detail string }{
		{"admin", "wrong", wrong},
		{"admin", "", wrong},
		{"keys-only", "", wrong},
		{"nobody", "Adm1n-pass!", wrong},
		{"admin@other-tenant", "Adm1n-pass!", wrong},
		{"retired", "wrong", wrong},
		{"retired", "pass-word", "User is disabled"},
	} {
		s.refused(t, "", http.StatusUnauthorized, refused.detail, http.MethodPost, "sessions", login(refused.username, refused.password))
	}
	s.refused(t, "", http.StatusBadRequest, "Malformed request body", http.MethodPost, "sessions", `{}`)
	s.refused(t, "", http.StatusBadRequest, "Resource type user is not session", http.MethodPost, "sessions", body("user", `{}`))
}

// TestCookieForms reads the session cookie in the forms that clients send it.
func TestCookieForms(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{})
	raw := `session=j:{"sid": "` + adminKey + `"}`
	for sent, status := range map[string]int{
		raw:                                    http.StatusOK,
		`session=j:{"sid":"` + adminKey + `"}`: http.StatusOK,
		cookie(adminKey):                       http.StatusOK,
		"other=1; " + cookie(adminKey) + "; more=x": http.StatusOK,
		cookie(adminKey) + "; " + cookie(adminKey):  http.StatusOK,
		cookie("unknown") + "; " + cookie(adminKey): http.StatusUnauthorized,
		`session=j:{sid: ` + adminKey + `}`:         http.StatusUnauthorized, // what net/http leaves of the raw form
		"session=" + adminKey:                       http.StatusUnauthorized,
		"session=j:%zz":                             http.StatusUnauthorized,
		"":                                          http.StatusUnauthorized,
	} {
		got := s.as(t, "", http.MethodGet, "self", "", "Cookie", sent)
		assert.Equal(t, status, got.status, sent)
	}
}

func TestBasicHeaderBesideTheCookie(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{})
	for _, try := range []struct {
		username, key string
		status        int
	}{
		{"admin", adminKey, http.StatusOK},
		{"admin@default-tenant", adminKey, http.StatusOK},
		{"other", adminKey, http.StatusUnauthorized},
		{"admin", "other", http.StatusUnauthorized},
	} {
		req, err := http.NewRequest(http.MethodGet, s.url+"/api/self", nil)
		require.NoError(t, err)
		req.Header.Set("Cookie", cookie(adminKey))
		req.SetBasicAuth(try.username, try.key)
		got, err := s.do(req)
		require.NoError(t, err)
		assert.Equal(t, try.status, got.status, try)
	}
	s.refused(t, adminKey, http.StatusUnauthorized, noSession, http.MethodGet, "self", "", "Authorization", "Bearer x")
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{SessionTTL: time.Hour})
	s.SeedUser(iguazio.User{Username: "gone", Password: "pass-word"})
	ended := func(id string) {
		t.Helper()
		s.refused(t, id, http.StatusUnauthorized, noSession, http.MethodGet, "self", "")
	}
	on := func(id string) {
		t.Helper()
		assert.Equal(t, http.StatusOK, s.as(t, id, http.MethodGet, "self", "").status)
	}

	old := s.logIn(t, "admin", "Adm1n-pass!")
	s.Advance(59 * time.Minute)
	on(old)
	s.Advance(time.Minute)
	ended(old)

	demanded := s.logIn(t, "admin", "Adm1n-pass!")
	s.ExpireSessions()
	assert.Zero(t, s.OpenSessions())
	ended(demanded)
	on(adminKey)

	loggedOut := s.logIn(t, "admin", "Adm1n-pass!")
	s.refused(t, adminKey, http.StatusNotFound, "Session was not found", http.MethodDelete, "sessions/other", "")
	s.refused(t, adminKey, http.StatusNotFound, "Session was not found", http.MethodDelete, "sessions/"+adminKey, "")
	assert.Equal(t, reply{status: http.StatusNoContent}, withoutHeader(s.as(t, loggedOut, http.MethodDelete, "sessions/"+loggedOut, "")))
	ended(loggedOut)

	theirs := s.logIn(t, "gone", "pass-word")
	s.refused(t, adminKey, http.StatusNotFound, "Session was not found", http.MethodDelete, "sessions/"+theirs, "")
	s.ok(t, http.StatusAccepted, http.MethodDelete, "users/"+s.UserID("gone"), "")
	s.FinishJobs()
	ended(theirs)

	assert.True(t, s.RevokeAccessKey(adminKey))
	assert.False(t, s.RevokeAccessKey(adminKey))
	ended(adminKey)
}

func withoutHeader(r reply) reply {
	r.header = nil
	return r
}

func TestVerification(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{})
	s.SeedGroup(iguazio.Group{Name: "crew"})
	id := s.SeedUser(iguazio.User{Username: "eve", Groups: []string{"crew"}, Attributes: []byte(`{"uid":null}`)})
	s.SeedAccessKey("data-only", "eve", "data")
	s.SeedAccessKey("control-only", "eve", "control")
	all, crew := s.GroupID("all_users"), s.GroupID("crew")

	for _, path := range []string{verify, "data_sessions/verifications/app_service", "data_sessions/verifications/app_service_enrich_data"} {
		got := s.as(t, "data-only", http.MethodPost, path, "")
		require.Equal(t, http.StatusOK, got.status, got.body)
		for name, value := range map[string]string{
			"X-Remote-User": "eve", "X-V3io-Session-Key": "data-only", "X-User-Id": id, "X-User-Group-Ids": all + "," + crew,
			"X-V3io-Session-Planes": "data", "X-Unix-Uid": "Unknown",
		} {
			assert.Equal(t, value, got.header.Get(name), name)
		}
		verified := parse[document](t, got.body).Data[0]
		assert.Equal(t, "session_verification", verified.Type)
		assert.Equal(t, "eve", verified.Attributes["username"])
		authentication := verified.Attributes["context"].(map[string]any)["authentication"].(map[string]any)
		assert.Equal(t, []any{all, crew}, authentication["group_ids"])
		assert.Equal(t, id, authentication["user_id"])
		assert.Equal(t, "normal", authentication["mode"])
	}
	assert.Equal(t, http.StatusOK, s.as(t, "control-only", http.MethodPost, verify, "").status)
	s.refused(t, "control-only", http.StatusUnauthorized, noSession, http.MethodPost, "data_sessions/verifications/app_service", "")
	s.refused(t, "data-only", http.StatusUnauthorized, noSession, http.MethodGet, "self", "")
	s.refused(t, "", http.StatusUnauthorized, noSession, http.MethodPost, verify, "")
}

func TestVersion(t *testing.T) {
	t.Parallel()
	old := start(t, iguazio.Options{Version: "3.5.1-b7", VersionNodes: []string{"igz1"}})
	external := old.ok(t, http.StatusOK, http.MethodGet, "tunnel/igz1.version.0/external_versions/igz1", "").Data[0]
	assert.Equal(t, map[string]any{"external": "3.5.1-b7", "internal": "3.5.1"}, external.Attributes)
	for _, path := range []string{"tunnel/igz0.version.0/external_versions/igz0", "tunnel/igz0.version.0/external_versions/igz1"} {
		old.refused(t, adminKey, http.StatusNotFound, "Service igz0.version.0 was not found", http.MethodGet, path, "")
	}

	verified := old.ok(t, http.StatusOK, http.MethodPost, verify, "").Data[0]
	authentication := verified.Attributes["context"].(map[string]any)["authentication"].(map[string]any)
	assert.NotContains(t, authentication, "user_id")
	assert.NotContains(t, authentication, "group_ids")
	old.refused(t, adminKey, http.StatusBadRequest, "Unknown filter operator [$contains_istr]", http.MethodGet,
		"users?filter[username]="+url.QueryEscape("[$contains_istr]x"), "")
	created := old.ok(t, http.StatusCreated, http.MethodPost, "users",
		body("user", `{"username":"u","first_name":"F","last_name":"L","email":"e","authentication_methods":["sso"]}`)).Data[0]
	assert.NotContains(t, created.Attributes, "authentication_methods")

	assert.Panics(t, func() { iguazio.New(iguazio.Options{Version: "3.5"}) })
	assert.Panics(t, func() { iguazio.New(iguazio.Options{Version: "3.x.1"}) })
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{})
	s.refused(t, "", http.StatusUnauthorized, noSession, http.MethodGet, "nowhere", "")
	for _, path := range []string{"nowhere", "users/", "users//", "users/a/b"} {
		s.refused(t, adminKey, http.StatusNotFound, "Resource was not found", http.MethodGet, path, "")
	}
	s.refused(t, adminKey, http.StatusMethodNotAllowed, "Method DELETE is not allowed", http.MethodDelete, "users", "")
	s.refused(t, adminKey, http.StatusMethodNotAllowed, "Method PUT is not allowed", http.MethodPut, "jobs/x", "{}")
	s.refused(t, adminKey, http.StatusNotFound, "User a/b was not found", http.MethodGet, "users/a%2Fb", "")
	req, err := http.NewRequest(http.MethodGet, s.url+"/other", nil)
	require.NoError(t, err)
	req.Header.Set("Cookie", cookie(adminKey))
	got, err := s.do(req)
	require.NoError(t, err)
	assert.Equal(t, http.StatusNotFound, got.status)
}
