package cognite_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/cognite"
)

func (s server) login(t *testing.T, form string) reply {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, s.url+"/oauth2/token", strings.NewReader(form))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8")
	return s.do(t, req)
}

const goodForm = "grant_type=client_credentials&client_id=app&client_secret=s3cret"

func TestToken(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{})
	got := s.login(t, goodForm+"&audience=x")
	assert.Equal(t, http.StatusOK, got.status)
	assert.JSONEq(t, `{"token_type":"Bearer","expires_in":3600,"access_token":"token-1"}`, got.body)
	assert.Empty(t, got.header.Get("X-Request-Id"))

	s.clock.Add(time.Hour - time.Millisecond)
	assert.Equal(t, http.StatusOK, s.as(t, "token-1", users, "").status)
	s.clock.Add(time.Millisecond)
	s.refusedAs(t, "token-1", users, "", http.StatusUnauthorized, "Unauthorized")

	s.SetTokenLife(10 * time.Second)
	assert.JSONEq(t, `{"token_type":"Bearer","expires_in":10,"access_token":"token-2"}`, s.login(t, goodForm).body)
	s.clock.Add(9 * time.Second)
	assert.Equal(t, http.StatusOK, s.as(t, "token-2", users, "").status)
	s.ExpireTokens()
	s.refusedAs(t, "token-2", users, "", http.StatusUnauthorized, "Unauthorized")
	s.refused(t, users, "", http.StatusUnauthorized, "Unauthorized")
}

func TestTokenLifeAsText(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{ExpiresInAsText: true, TokenLife: time.Minute})
	assert.JSONEq(t, `{"token_type":"Bearer","expires_in":"60","access_token":"token-1"}`, s.login(t, goodForm).body)
}

func TestTokenRefused(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{Scope: "the scope"})
	for form, want := range map[string]struct {
		status int
		code   string
	}{
		"":                                       {400, "unsupported_grant_type"},
		"%zz":                                    {400, "invalid_request"},
		"grant_type=password":                    {400, "unsupported_grant_type"},
		"grant_type=client_credentials":          {400, "invalid_request"},
		goodForm:                                 {400, "invalid_scope"},
		goodForm + "&scope=another":              {400, "invalid_scope"},
		strings.Replace(goodForm, "s3", "", 1):   {401, "invalid_client"},
		strings.Replace(goodForm, "app", "x", 1): {401, "invalid_client"},
	} {
		got := s.login(t, form)
		assert.Equal(t, want.status, got.status, form)
		assert.Equal(t, want.code, parse[map[string]string](t, got.body)["error"], form)
	}
	assert.Equal(t, http.StatusOK, s.login(t, goodForm+"&scope="+url.QueryEscape("the scope")).status)

	got := s.as(t, "admin", "/oauth2/token", goodForm)
	assert.JSONEq(t, `{"error":"invalid_request","error_description":"Body must be a form."}`, got.body)
	got = s.as(t, "admin", "/oauth2/token", "")
	assert.Equal(t, http.StatusMethodNotAllowed, got.status)
}

func TestDefaultsAreRandom(t *testing.T) {
	t.Parallel()
	s := cognite.New(cognite.Options{})
	s.SeedToken("admin", cognite.Admin("a", "plant-7"))
	at := server{Server: s, project: s.Project("plant-7"), clock: newClock()}
	assert.Same(t, at.project, s.Project("plant-7"))
	made := map[string]bool{}
	for range 50 {
		made[createDirectly(t, at)] = true
	}
	assert.Len(t, made, 50)
	assert.Len(t, at.project.Usernames(), 50)
}
