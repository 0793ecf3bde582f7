package cognite_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/usermgmt/usermgmt/internal/simulator/cognite"
)

func TestCreateUser(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{Cluster: "north"})
	s.project.SeedSession(session(7, cognite.Ready), "n-1")
	s.ok(t, users, `{"items":[{"credentials":{"nonce":"n-1"}}]}`, `{"items":[{
		"username":"user-1","password":"password-1","host":"fdw.north.cogniteapp.com",
		"createdTime":1730204347000,"lastUpdatedTime":1730204347000,"sessionId":7}]}`)
	s.ok(t, users, `{"items":[{}]}`, `{"items":[{
		"username":"user-2","password":"password-2","host":"fdw.north.cogniteapp.com",
		"createdTime":1730204347000,"lastUpdatedTime":1730204347000}]}`)
	assert.Equal(t, []string{"user-1", "user-2"}, s.project.Usernames())
	assert.Equal(t, []cognite.Session{session(7, cognite.Active)}, s.project.Sessions())
	s.ok(t, users+"/byids", `{"items":[{"username":"user-1"}]}`,
		`{"items":[{"username":"user-1","createdTime":1730204347000,"lastUpdatedTime":1730204347000,"sessionId":7}]}`)
}

func TestCreateUserRefused(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{RequireCredentials: true})
	for body, message := range map[string]string{
		`{`:                              "Request body is malformed",
		`[]`:                             "Request body is malformed",
		`{"items":7}`:                    "Request body is malformed",
		`{}`:                             "items must have between 1 and 1 elements",
		`{"Items":[{}]}`:                 "items must have between 1 and 1 elements",
		`{"items":[]}`:                   "items must have between 1 and 1 elements",
		`{"items":[{},{}]}`:              "items must have between 1 and 1 elements",
		`{"items":[{}]}`:                 "items[0].credentials is required",
		`{"items":[{"credentials":{}}]}`: "items[0].credentials.nonce is required",
		`{"items":[{"credentials":{"nonce":"unknown"}}]}`: "Failed to bind nonce with session",
	} {
		s.refused(t, users, body, http.StatusBadRequest, message)
	}
	assert.Empty(t, s.project.Usernames())
}

func TestNonce(t *testing.T) {
	t.Parallel()
	const message = "Failed to bind nonce with session"
	s := start(t, cognite.Options{})
	create := func(nonce string) string { return `{"items":[{"credentials":{"nonce":"` + nonce + `"}}]}` }
	for id, nonce := range map[int64]string{1: "in-time", 2: "late", 3: "revoked"} {
		s.project.SeedSession(session(id, cognite.Ready), nonce)
	}
	s.Project("other").SeedSession(session(4, cognite.Ready), "elsewhere")

	s.refused(t, users, create("elsewhere"), http.StatusBadRequest, message)
	s.clock.Add(time.Minute - time.Millisecond)
	assert.Equal(t, http.StatusOK, s.as(t, "admin", users, create("in-time")).status)
	s.refused(t, users, create("in-time"), http.StatusBadRequest, message)
	s.as(t, "admin", sessions+"/revoke", `{"items":[{"id":3}]}`)
	s.refused(t, users, create("revoked"), http.StatusBadRequest, message)
	s.clock.Add(time.Millisecond)
	s.refused(t, users, create("late"), http.StatusBadRequest, message)

	states := map[int64]cognite.SessionStatus{}
	for _, held := range s.project.Sessions() {
		states[held.ID] = held.Status
	}
	assert.Equal(t, map[int64]cognite.SessionStatus{1: "ACTIVE", 2: "CANCELLED", 3: "REVOKED"}, states)
}

func TestUpdateUser(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{UpdateCursor: true})
	s.project.SeedUsers(user("pg_a", 1))
	s.project.SeedSession(session(2, cognite.Ready), "n-2")
	s.clock.Add(time.Second)
	update := func(change string) string { return `{"items":[{"username":"pg_a","update":` + change + `}]}` }

	s.ok(t, users+"/update", update(`{}`), `{"items":[{"username":"pg_a",
		"createdTime":1730204347000,"lastUpdatedTime":1730204347000,"sessionId":1}],"nextCursor":"none"}`)
	s.ok(t, users+"/update", update(`{"credentials":{"set":{"nonce":"n-2"}}}`), `{"items":[{"username":"pg_a",
		"createdTime":1730204347000,"lastUpdatedTime":1730204348000,"sessionId":2}],"nextCursor":"none"}`)
	s.refused(t, users+"/update", update(`{"credentials":{"set":{"nonce":"n-2"}}}`), 400, "Failed to bind nonce with session")
	s.ok(t, users+"/update", update(`{"credentials":{"setNull":true}}`), `{"items":[{"username":"pg_a",
		"createdTime":1730204347000,"lastUpdatedTime":1730204348000}],"nextCursor":"none"}`)

	for body, message := range map[string]string{
		`{"items":[]}`:                 "items must have between 1 and 1 elements",
		`{"items":[{"update":{}}]}`:    "items[0].username is required",
		`{"items":[{"username":"a"}]}`: "items[0].update is required",
		update(`{"credentials":{}}`):   "items[0].update.credentials must have one of set and setNull",
		update(`{"credentials":{"set":{"nonce":"n"},"setNull":true}}`): "items[0].update.credentials must have one of set and setNull",
		update(`{"credentials":{"set":{}}}`):                           "items[0].update.credentials.set.nonce is required",
	} {
		s.refused(t, users+"/update", body, http.StatusBadRequest, message)
	}
}

func TestMissingUsers(t *testing.T) {
	t.Parallel()
	const list = `{"error":{"code":422,"message":"Items in request were not found","missing":[{"username":"x"}]}}`
	listed := start(t, cognite.Options{MissingStatus: http.StatusUnprocessableEntity})
	bare := start(t, cognite.Options{MissingStatus: http.StatusNotFound, MissingWithoutList: true})
	for _, s := range []server{listed, bare} {
		s.project.SeedSession(session(1, cognite.Ready), "n")
	}
	for path, body := range map[string]string{
		users + "/byids":      `{"items":[{"username":"x"}]}`,
		users + "/delete":     `{"items":[{"username":"x"}]}`,
		users + "/update":     `{"items":[{"username":"x","update":{"credentials":{"set":{"nonce":"n"}}}}]}`,
		users + "/tables/x":   `{"items":[{"tablename":"t","type":"view","options":{"space":"s","externalId":"e","version":"v"}}]}`,
		users + "/tables/%78": "",
	} {
		got := listed.as(t, "admin", path, body)
		assert.Equal(t, http.StatusUnprocessableEntity, got.status, path)
		assert.JSONEq(t, list, got.body, path)
		bare.refused(t, path, body, http.StatusNotFound, "Not found")
	}
	assert.Equal(t, cognite.Ready, listed.project.Sessions()[0].Status, "the nonce is unused")
}

func TestDeleteUser(t *testing.T) {
	t.Parallel()
	for _, revokes := range []bool{false, true} {
		s := start(t, cognite.Options{RevokeWithUser: revokes})
		s.project.SeedUsers(user("pg_a", 1), user("pg_b", 0))
		s.project.SeedTables("pg_a", cognite.Table{Name: "t"})
		s.project.SeedSession(session(1, cognite.Active), "")
		s.ok(t, users+"/delete", `{"items":[{"username":"pg_a"}],"ignoreUnknownIds":false}`, `{}`)
		s.ok(t, users+"/delete", `{"items":[{"username":"pg_a"}],"ignoreUnknownIds":true}`, `{}`)
		assert.Equal(t, []string{"pg_b"}, s.project.Usernames())
		assert.Nil(t, s.project.Tablenames("pg_a"))
		want := map[bool]cognite.SessionStatus{false: cognite.Active, true: cognite.Revoked}[revokes]
		assert.Equal(t, want, s.project.Sessions()[0].Status)
		s.refused(t, users+"/delete", `{"items":[{"username":""}]}`, http.StatusBadRequest, "items[0].username is required")
	}
}

func TestMisspelledIgnore(t *testing.T) {
	t.Parallel()
	const body = `{"items":[{"username":"x"}],"ignore_unknown_ids":true}`
	assert.Equal(t, 200, start(t, cognite.Options{}).as(t, "admin", users+"/delete", body).status)
	assert.Equal(t, 400, start(t, cognite.Options{DocumentedKeysOnly: true}).as(t, "admin", users+"/delete", body).status)
	assert.Equal(t, 400, start(t, cognite.Options{}).as(t, "admin", users+"/byids", body).status, "deletion only")
}

func TestReadUsersLimits(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{})
	names := s.project.SeedManyUsers(11)
	body := func(names []string) string {
		return `{"items":[{"username":"` + strings.Join(names, `"},{"username":"`) + `"}]}`
	}
	assert.Equal(t, http.StatusOK, s.as(t, "admin", users+"/byids", body(names[:10])).status)
	s.refused(t, users+"/byids", body(names), http.StatusBadRequest, "items must have between 1 and 10 elements")
	got := s.as(t, "admin", users+"/byids", body([]string{"pg_00001", "pg_00002", "pg_00001", "pg_00001"}))
	assert.Equal(t, http.StatusBadRequest, got.status)
	assert.JSONEq(t, `{"error":{"code":400,"message":"Items in request are duplicated",
		"duplicated":[{"username":"pg_00001"}]}}`, got.body)
}

func TestUsersScope(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{})
	s.project.SeedUsers(user("pg_a", 1), user("pg_b", 2))
	limited := s.may(cognite.Capability{ACL: "postgresGatewayAcl", Actions: []string{"READ", "WRITE"}, Usernames: []string{"pg_b"}})

	got := s.as(t, limited, users, "")
	assert.JSONEq(t, `{"items":[{"username":"pg_b","createdTime":1730204347000,"lastUpdatedTime":1730204347000,"sessionId":2}]}`, got.body)
	const readLacks, writeLacks = "User does not have required capability postgresGatewayAcl:READ", "User does not have required capability postgresGatewayAcl:WRITE"
	s.refusedAs(t, limited, users, `{"items":[{}]}`, 403, writeLacks)
	s.refusedAs(t, limited, users+"/byids", `{"items":[{"username":"pg_a"}]}`, 403, readLacks)
	s.refusedAs(t, limited, users+"/update", `{"items":[{"username":"pg_a","update":{}}]}`, 403, writeLacks)
	s.refusedAs(t, limited, users+"/delete", `{"items":[{"username":"pg_a"}]}`, 403, writeLacks)
	s.refusedAs(t, limited, users+"/tables/pg_a", "", 403, readLacks)
	assert.Equal(t, http.StatusOK, s.as(t, limited, users+"/delete", `{"items":[{"username":"pg_b"}]}`).status)
	assert.Equal(t, []string{"pg_a"}, s.project.Usernames())
}
