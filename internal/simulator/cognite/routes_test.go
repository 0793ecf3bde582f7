package cognite_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator"
	"github.com/usermgmt/usermgmt/internal/simulator/cognite"
)

// createDirectly creates a user without a connection and returns the body.
func createDirectly(t *testing.T, s server) string {
	t.Helper()
	recorder := httptest.NewRecorder()
	s.ServeHTTP(recorder, s.request(t, http.MethodPost, users, "admin", `{"items":[{}]}`))
	require.Equal(t, http.StatusOK, recorder.Code, recorder.Body)
	return recorder.Body.String()
}

func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{})
	s.SeedToken("foreign", cognite.Admin("f", "other"))
	limited := s.may()
	for _, step := range []struct {
		token, target, body string
		status              int
		message             string
	}{
		{"unknown", "/nowhere", "", 401, "Unauthorized"},
		{"admin", "/nowhere", "", 404, "Not found"},
		{"admin", "/api/v1/projects//groups", "", 404, "Not found"},
		{"foreign", users, "{", 401, "Unauthorized"},
		{"foreign", "/api/v1/projects/other/groups", "", 401, "Unauthorized"}, // is not there
		{limited, users, "{", 403, "User does not have required capability postgresGatewayAcl:WRITE"},
		{limited, users + "/byids", "{", 403, "User does not have required capability postgresGatewayAcl:READ"},
		{limited, sessions, "", 403, "User does not have required capability sessionsAcl:LIST"},
		{limited, sessions, "{", 403, "User does not have required capability sessionsAcl:CREATE"},
		{limited, sessions + "/revoke", "{", 403, "User does not have required capability sessionsAcl:DELETE"},
		{limited, groups, "{", 403, "User does not have required capability groupsAcl:CREATE"},
		{limited, groups + "/delete", "{", 403, "User does not have required capability groupsAcl:DELETE"},
		{"admin", users, "{", 400, "Request body is malformed"},
	} {
		s.refusedAs(t, step.token, step.target, step.body, step.status, step.message)
	}
	got := s.do(t, s.request(t, http.MethodDelete, users, "admin", ""))
	assert.Equal(t, http.StatusMethodNotAllowed, got.status)
	req := s.request(t, http.MethodGet, users, "admin", "")
	req.Header.Set("Authorization", "Basic admin")
	assert.Equal(t, http.StatusUnauthorized, s.do(t, req).status)
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	strict, lax := start(t, cognite.Options{}), start(t, cognite.Options{LaxHeaders: true})
	for field, message := range map[string]string{
		"X-Cdp-Sdk":   "Header x-cdp-sdk is required",
		"X-Cdp-App":   "Header x-cdp-app is required",
		"Cdf-Version": "Header cdf-version names no version of the API",
	} {
		req := strict.request(t, http.MethodGet, users, "admin", "")
		req.Header.Del(field)
		got := strict.do(t, req)
		assert.Equal(t, http.StatusBadRequest, got.status)
		assert.JSONEq(t, `{"error":{"code":400,"message":"`+message+`"}}`, got.body)
		req = lax.request(t, http.MethodGet, users, "admin", "")
		req.Header.Del(field)
		assert.Equal(t, http.StatusOK, lax.do(t, req).status)
	}
	req := strict.request(t, http.MethodGet, users, "admin", "")
	req.Header.Set("Cdf-Version", "20230101-beta")
	assert.Equal(t, http.StatusOK, strict.do(t, req).status)
}

func TestBodies(t *testing.T) {
	t.Parallel()
	const create = `{"items":[{}]}`
	s := start(t, cognite.Options{})
	good := zipped(t, create)
	for name, test := range map[string]struct {
		media, encoding string
		body            []byte
		status          int
	}{
		"plain":          {"application/json", "", []byte(create), 200},
		"identity":       {"application/json; charset=utf-8", "identity", []byte(create), 200},
		"gzip":           {"application/json", "gzip", good, 200},
		"no media type":  {"", "", []byte(create), 400},
		"wrong type":     {"text/plain", "", []byte(create), 400},
		"not gzip":       {"application/json", "gzip", []byte(create), 400},
		"half gzip":      {"application/json", "gzip", good[:len(good)-9], 400},
		"other encoding": {"application/json", "br", good, 400},
		"hidden gzip":    {"application/json", "", good, 400},
		"nothing":        {"application/json", "", nil, 400},
		"too large":      {"application/json", "gzip", zipped(t, strings.Repeat(" ", 10<<20+1)), 413},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := s.request(t, http.MethodPost, users, "admin", "")
			req.Body = io.NopCloser(bytes.NewReader(test.body))
			req.ContentLength = int64(len(test.body))
			req.Header.Set("Content-Type", test.media)
			if test.encoding != "" {
				req.Header.Set("Content-Encoding", test.encoding)
			}
			assert.Equal(t, test.status, s.do(t, req).status)
		})
	}
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{})
	s.Inject(simulator.Fault{Times: 1, Effect: cognite.Failure(503, "Service unavailable", nil)})
	assert.Equal(t, "req-0001", s.as(t, "admin", users, "").header.Get("X-Request-Id"), "a fault is counted too")
	assert.Equal(t, "req-0002", s.as(t, "admin", users, "").header.Get("X-Request-Id"))
	s.login(t, goodForm)
	assert.Equal(t, "req-0004", s.as(t, "unknown", users, "").header.Get("X-Request-Id"))
	assert.Equal(t, 4, s.Count())
}

func TestFailure(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{})
	header := http.Header{"Retry-After": {"7"}}
	s.Inject(simulator.Fault{Effect: cognite.Failure(429, "Too many requests", header)})
	got := s.as(t, "admin", users, `{"items":[{}]}`)
	assert.Equal(t, http.StatusTooManyRequests, got.status)
	assert.Equal(t, "7", got.header.Get("Retry-After"))
	assert.Equal(t, "application/json", got.header.Get("Content-Type"))
	assert.JSONEq(t, `{"error":{"code":429,"message":"Too many requests"}}`, got.body)
	assert.Len(t, header, 1, "the header that was given is not touched")
	assert.Empty(t, s.project.Usernames())
}

func TestIfBody(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{})
	s.project.SeedUsers(user("pg_a", 0), user("pg_b", 0))
	s.Inject(simulator.Fault{Effect: cognite.IfBody("pg_b", 1, cognite.Failure(500, "Broken", nil))})
	statuses := []int{}
	for _, name := range []string{"pg_a", "pg_b", "pg_b"} {
		req := s.request(t, http.MethodPost, users+"/byids", "admin", "")
		req.Body = io.NopCloser(bytes.NewReader(zipped(t, `{"items":[{"username":"`+name+`"}]}`)))
		req.ContentLength = -1
		req.Header.Set("Content-Encoding", "gzip")
		statuses = append(statuses, s.do(t, req).status)
	}
	assert.Equal(t, []int{200, 500, 200}, statuses)
}

func TestBrokenBody(t *testing.T) {
	t.Parallel()
	effect := cognite.IfBody("x", 0, simulator.Drop)
	req := httptest.NewRequest(http.MethodPost, "/", io.NopCloser(brokenReader{}))
	assert.PanicsWithValue(t, http.ErrAbortHandler, func() { effect(httptest.NewRecorder(), req, http.NotFoundHandler()) })
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestLostAnswer(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{})
	s.Inject(simulator.Fault{Times: 1, Effect: simulator.After(simulator.Drop)})
	_, err := s.client.Do(s.request(t, http.MethodPost, users, "admin", `{"items":[{}]}`))
	require.Error(t, err)
	assert.Equal(t, []string{"user-1"}, s.project.Usernames(), "the user exists")
}

func TestConcurrentCalls(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{})
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 10 {
				got := s.as(t, "admin", users, `{"items":[{}]}`)
				assert.Equal(t, http.StatusOK, got.status)
				s.project.Usernames()
			}
		})
	}
	wait.Wait()
	assert.Len(t, s.project.Usernames(), 80)
}
