package cognite_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/usermgmt/usermgmt/internal/simulator/cognite"
)

func TestCreateSession(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{TokenLife: 5 * time.Minute, SessionLife: time.Hour, FirstSessionID: 11})
	s.ok(t, sessions, `{"items":[{"clientId":"app","clientSecret":"s3cret"}]}`,
		`{"items":[{"id":11,"type":"CLIENT_CREDENTIALS","status":"READY","nonce":"nonce-1","clientId":"app"}]}`)
	s.ok(t, sessions, `{"items":[{"tokenExchange":true}]}`,
		`{"items":[{"id":12,"type":"TOKEN_EXCHANGE","status":"READY","nonce":"nonce-2"}]}`)
	s.ok(t, sessions, `{"items":[{"oneshotTokenExchange":true}]}`,
		`{"items":[{"id":13,"type":"ONESHOT_TOKEN_EXCHANGE","status":"READY","nonce":"nonce-3"}]}`)
	assert.Equal(t, []cognite.Session{
		{ID: 11, Type: "CLIENT_CREDENTIALS", Status: "READY", CreationTime: epoch, ExpirationTime: epoch + 3600_000, ClientID: "app"},
		{ID: 12, Type: "TOKEN_EXCHANGE", Status: "READY", CreationTime: epoch, ExpirationTime: epoch + 3600_000},
		{ID: 13, Type: "ONESHOT_TOKEN_EXCHANGE", Status: "READY", CreationTime: epoch, ExpirationTime: epoch + 300_000},
	}, s.project.Sessions())
}

func TestCreateSessionRefused(t *testing.T) {
	t.Parallel()
	const choice = "items[0] must have one of client credentials, tokenExchange and oneshotTokenExchange"
	s := start(t, cognite.Options{})
	for item, message := range map[string]string{
		`{}`:                      choice,
		`{"tokenExchange":false}`: choice,
		`{"tokenExchange":true,"oneshotTokenExchange":true}`:              choice,
		`{"clientId":"app","clientSecret":"s3cret","tokenExchange":true}`: choice,
		`{"clientId":"app"}`:                            "items[0] must have both clientId and clientSecret",
		`{"clientSecret":"s3cret"}`:                     "items[0] must have both clientId and clientSecret",
		`{"clientId":"app","clientSecret":"wrong"}`:     "Invalid client credentials",
		`{"clientId":"nobody","clientSecret":"s3cret"}`: "Invalid client credentials",
		`{"tokenExchange":true},{"tokenExchange":true}`: "items must have between 1 and 1 elements",
	} {
		s.refused(t, sessions, `{"items":[`+item+`]}`, http.StatusBadRequest, message)
	}
	assert.Empty(t, s.project.Sessions())
}

func TestSessionStates(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{})
	for i, status := range []cognite.SessionStatus{"READY", "ACTIVE", "ACTIVE", "ACTIVE", "REVOKED"} {
		s.project.SeedSession(session(int64(i+1), status), "")
	}
	states := func() []cognite.SessionStatus {
		all := []cognite.SessionStatus{}
		for _, held := range s.project.Sessions() {
			all = append(all, held.Status)
		}
		return all
	}
	s.project.LoseAccess(2)
	s.ok(t, sessions+"/revoke", `{"items":[{"id":3}]}`, `{"items":[{"id":3,"type":"CLIENT_CREDENTIALS","status":"REVOKED",
		"creationTime":1730204347000,"expirationTime":1730207947000,"clientId":"app"}]}`)
	s.clock.Add(time.Hour)
	assert.Equal(t, []cognite.SessionStatus{"CANCELLED", "ACCESS_LOST", "REVOKED", "EXPIRED", "REVOKED"}, states())
	assert.Equal(t, http.StatusOK, s.as(t, "admin", sessions+"/revoke", `{"items":[{"id":1},{"id":3},{"id":4}]}`).status)
	s.project.LoseAccess()
	assert.Equal(t, []cognite.SessionStatus{"CANCELLED", "ACCESS_LOST", "REVOKED", "EXPIRED", "REVOKED"}, states(), "ends are final")
}

func TestListSessions(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{})
	for i, status := range []cognite.SessionStatus{"ACTIVE", "REVOKED", "ACTIVE"} {
		s.project.SeedSession(session(int64(i+1), status), "")
	}
	const one = `{"id":1,"type":"CLIENT_CREDENTIALS","status":"ACTIVE","creationTime":1730204347000,"expirationTime":1730207947000,"clientId":"app"}`
	three := strings.Replace(one, `"id":1`, `"id":3`, 1)
	s.ok(t, sessions+"?status=active&limit=1000", "", `{"items":[`+one+`,`+three+`]}`)
	s.ok(t, sessions+"?status=READY", "", `{"items":[]}`)

	first := parse[struct {
		NextCursor string `json:"nextCursor"`
	}](t, s.as(t, "admin", sessions+"?status=ACTIVE&limit=1", "").body)
	s.ok(t, sessions+"?status=ACTIVE&cursor="+first.NextCursor, "", `{"items":[`+three+`]}`)
	s.refused(t, sessions+"?cursor="+first.NextCursor, "", 400, "cursor is invalid")
	s.refused(t, sessions+"?status=odd", "", 400, "status is not known")
	s.refused(t, sessions+"?limit=1001", "", 400, "limit must be between 1 and 1000")
}

func TestUnknownSessions(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{MissingStatus: http.StatusNotFound})
	s.project.SeedSession(session(1, cognite.Active), "")
	for _, path := range []string{"/byids", "/revoke"} {
		s.refused(t, sessions+path, `{"items":[{"id":1},{"id":2}]}`, 400, "Items in request were not found")
		s.refused(t, sessions+path, `{"items":[]}`, 400, "items must have between 1 and 1000 elements")
		got := s.as(t, "admin", sessions+path, `{"items":[{"id":1},{"id":1}]}`)
		assert.JSONEq(t, `{"error":{"code":400,"message":"Items in request are duplicated","duplicated":[{"id":1}]}}`, got.body)
	}
	assert.Equal(t, cognite.Active, s.project.Sessions()[0].Status, "all or none")
}

func TestLargeSessionIDs(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{})
	s.project.SeedSession(session(1<<53-1, cognite.Active), "")
	got := s.as(t, "admin", sessions+"/byids", `{"items":[{"id":9007199254740991}]}`)
	assert.Contains(t, got.body, `"id":9007199254740991,`)
}
