package aistore_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/aistore"
)

const nameRule = "must be less than 32 characters and may only contain letters, numbers, dashes (-), underscores (_)"

// seeded returns a server with the roles readers and writers, and alice, who
// has the first.
func seeded(t *testing.T, opts aistore.Options) server {
	t.Helper()
	s := start(t, opts)
	s.SeedRole(aistore.Role{Name: "readers", Description: "may read", Clusters: []*aistore.ClusterACL{{ID: "c", Permissions: 771}}})
	s.SeedRole(aistore.Role{Name: "writers", Description: "may write", Clusters: []*aistore.ClusterACL{{ID: "c", Permissions: 831}}})
	s.SeedUser("alice", "wonderland", "readers")
	return s
}

func rolesOf(t *testing.T, s server, id string) []string {
	t.Helper()
	names, ok := s.UserRoles(id)
	require.True(t, ok)
	return names
}

func TestCreateUserChecksInOrder(t *testing.T) {
	t.Parallel()
	s := seeded(t, aistore.Options{})
	token := s.admin(t)
	const target = "/v1/users"
	for _, test := range []struct {
		name, body, message string
		status              int
	}{
		{"no ID", `{"pass":"x"}`, "AuthN: failed to add user , err: invalid credentials", 400},
		{"null", `null`, "AuthN: failed to add user , err: invalid credentials", 400},
		{"no password before the rule", `{"id":"a b"}`, "AuthN: failed to add user a b, err: invalid credentials", 400},
		{
			"rule before duplicate", `{"id":"-alice","pass":"x"}`,
			`AuthN: failed to add user -alice, err: user ID "-alice" is invalid: ` + nameRule, 400,
		},
		{
			"33 characters", `{"id":"` + strings.Repeat("a", 33) + `","pass":"x"}`,
			"AuthN: failed to add user " + strings.Repeat("a", 33) + `, err: user ID "` + strings.Repeat("a", 33) + `" is invalid: ` + nameRule, 400,
		},
		{"duplicate", `{"id":"alice","pass":"x"}`, "AuthN: failed to add user alice, err: AuthN: user alice already exists", 409},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s.refused(t, test.status, "ErrFailedTo", test.message, "POST", target, token, test.body)
		})
	}
}

func TestCreateUserTakesOddBodies(t *testing.T) {
	t.Parallel()
	s := seeded(t, aistore.Options{})
	token := s.admin(t)
	long := strings.Repeat("a", 32)
	s.ok(t, "POST", "/v1/users", token, `{"ID":"`+long+`","Pass":" ","unknown":1,"roles":[null,{"name":""},{"name":"readers","desc":"forged"},{"name":"readers"}]} trailing`)
	assert.Equal(t, []string{"readers", "readers"}, rolesOf(t, s, long))
	assert.True(t, s.CheckPassword(long, " "))
	assert.Contains(t, s.ok(t, "GET", "/v1/users/"+long, token, ""), `"desc":"may read"`)

	s.ok(t, "POST", "/v1/users", token, `{"id":"Alice","pass":"x","roles":null}`)
	assert.JSONEq(t, `{"id":"Alice","roles":[]}`, s.ok(t, "GET", "/v1/users/Alice", token, ""))
}

func TestLongPasswordDropsTheConnection(t *testing.T) {
	t.Parallel()
	s := seeded(t, aistore.Options{})
	token := s.admin(t)
	longest, tooLong := strings.Repeat("ä", 36), strings.Repeat("ä", 36)+"!"
	s.client.Transport.(*http.Transport).DisableKeepAlives = true
	for _, test := range []struct{ method, target, body string }{
		{"POST", "/v1/users", `{"id":"bob","pass":"` + tooLong + `"}`},
		{"POST", "/v1/users", `{"id":"alice","pass":"` + tooLong + `"}`}, // before the duplicate
		{"PUT", "/v1/users/alice", `{"pass":"` + tooLong + `"}`},
		{"PUT", "/v1/users/nobody", `{"pass":"` + tooLong + `"}`}, // before the look-up
	} {
		_, err := s.try(test.method, test.target, token, test.body)
		require.Error(t, err, test.target)
	}
	assert.Equal(t, []string{"admin", "alice"}, s.UserIDs())
	assert.True(t, s.CheckPassword("alice", "wonderland"))

	s.ok(t, "PUT", "/v1/users/alice", token, `{"pass":"`+longest+`"}`)
	assert.NotEmpty(t, s.login(t, "alice", tooLong), "a login looks at 72 bytes")
	assert.False(t, s.CheckPassword("alice", longest[:70]))
}

func TestSixCreatesAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{})
	token := s.admin(t)
	codes := make([]int, 6)
	var group sync.WaitGroup
	for i := range codes {
		group.Go(func() {
			got, err := s.try("POST", "/v1/users", token, `{"id":"bob","pass":"builder"}`)
			assert.NoError(t, err)
			codes[i] = got.status
		})
	}
	group.Wait()
	slices.Sort(codes)
	assert.Equal(t, []int{200, 409, 409, 409, 409, 409}, codes)
}

func TestUpdateUser(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, body string
		roles      []string
		password   string
	}{
		{"nothing", `{}`, []string{"readers"}, "wonderland"},
		{"null", `null`, []string{"readers"}, "wonderland"},
		{"empty values", `{"pass":"","roles":[]}`, []string{"readers"}, "wonderland"},
		{"null values", `{"pass":null,"roles":null,"id":"eve"}`, []string{"readers"}, "wonderland"},
		{"both", `{"pass":"new","roles":[{"name":"writers"}]}`, []string{"writers"}, "new"},
		{"unknown roles only", `{"roles":[{"name":"nosuch"}]}`, []string{}, "wonderland"},
		{"a null role", `{"roles":[null]}`, []string{}, "wonderland"},
		{"case of members", `{"PASS":"new"}`, []string{"readers"}, "new"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := seeded(t, aistore.Options{})
			assert.Empty(t, s.ok(t, "PUT", "/v1/users/alice", s.admin(t), test.body))
			assert.Equal(t, test.roles, rolesOf(t, s, "alice"))
			assert.True(t, s.CheckPassword("alice", test.password))
			assert.Equal(t, []string{"admin", "alice"}, s.UserIDs())
		})
	}
}

func TestUpdateUserChecksInOrder(t *testing.T) {
	t.Parallel()
	s := seeded(t, aistore.Options{Now: newClock().Now})
	admin, alice := s.admin(t), s.login(t, "alice", "wonderland")
	const denied = "not authorized: (user alice, token expires in 24h0m0s)"
	for _, body := range []string{"", "[]", `{"roles":["readers"]}`, `{"pass":1}`} {
		s.refused(t, http.StatusBadRequest, "", "Invalid request", "PUT", "/v1/users/alice", "", body)
	}
	s.refused(t, http.StatusUnauthorized, "", "token required", "PUT", "/v1/users/alice", "", "{}")
	s.refused(t, http.StatusUnauthorized, "", denied, "PUT", "/v1/users/nobody", alice, `{"pass":"x"}`)
	s.refused(t, http.StatusUnauthorized, "", denied, "PUT", "/v1/users/alice", alice, `{"roles":[null]}`)
	s.refused(t, http.StatusForbidden, "ErrFailedTo", "AuthN: failed to update user admin, err: cannot change administrator's role",
		"PUT", "/v1/users/admin", admin, `{"roles":[{"name":""}]}`)
	s.ok(t, "PUT", "/v1/users/admin", admin, `{"pass":"better"}`)
	assert.True(t, s.CheckPassword("admin", "better"))

	renamed := start(t, aistore.Options{AdminID: "boss"})
	renamed.refused(t, http.StatusForbidden, "ErrFailedTo", "AuthN: failed to update user admin, err: cannot change administrator's role",
		"PUT", "/v1/users/admin", renamed.login(t, "boss", "adminpass"), `{"roles":[{"name":"x"}]}`) // before the look-up
}

func TestReadUserRights(t *testing.T) {
	t.Parallel()
	s := seeded(t, aistore.Options{})
	alice := s.login(t, "alice", "wonderland")
	const denied = "not authorized: requires admin or self"
	s.refused(t, http.StatusUnauthorized, "", denied, "GET", "/v1/users/admin", alice, "")
	s.refused(t, http.StatusUnauthorized, "", denied, "GET", "/v1/users/nobody", alice, "")
	s.refused(t, http.StatusUnauthorized, "", "token required", "GET", "/v1/users/alice", "", "")
	_, exists := s.UserRoles("nobody")
	assert.False(t, exists)
}

func TestDeletedAdministratorGoesOn(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{})
	s.SeedUser("boss", "pw", aistore.AdminRole)
	boss := s.login(t, "boss", "pw")
	s.ok(t, "DELETE", "/v1/users/boss", boss, "")
	s.refused(t, http.StatusNotFound, "ErrNotFound", `user "boss" does not exist`, "GET", "/v1/users/boss", boss, "")
	s.ok(t, "POST", "/v1/users", boss, `{"id":"bob","pass":"builder"}`)
	s.refused(t, http.StatusUnauthorized, "", "token required", "POST", "/v1/users", "", "not JSON")
	s.refused(t, http.StatusUnauthorized, "", "token required", "DELETE", "/v1/users/bob", "", "")
}

func TestOrderOfUsersChanges(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{})
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		s.SeedUser(id, "x")
	}
	token := s.admin(t)
	bodies := map[string]bool{}
	for range 20 {
		bodies[s.ok(t, "GET", "/v1/users", token, "")] = true
	}
	assert.Greater(t, len(bodies), 10)
}

func TestSeedOfUnknownRolePanics(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{})
	assert.PanicsWithValue(t, `aistore: seed of user "alice": role "nosuch" does not exist`,
		func() { s.SeedUser("alice", "x", "nosuch") })
	assert.Equal(t, []string{"admin"}, s.UserIDs(), "and leaves the server usable")
}

func TestUsersBefore20260615(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := seeded(t, aistore.Options{Profile: aistore.Before20260615, Now: clock.Now})
	token := s.admin(t)

	// Roles are stored as they are sent.
	s.ok(t, "POST", "/v1/users", token, `{"id":"bob","pass":"builder","roles":[{"name":"made-up","desc":"d","clusters":[],"buckets":null},null]}`)
	assert.JSONEq(t, `{"id":"bob","roles":[{"name":"made-up","desc":"d","clusters":[],"buckets":null,"admin":false},null]}`,
		s.ok(t, "GET", "/v1/users/bob", token, ""))
	assert.NotEmpty(t, s.login(t, "bob", "builder"))
	s.ok(t, "PUT", "/v1/users/bob", token, `{"roles":[{"name":""}]}`)
	assert.Equal(t, []string{""}, rolesOf(t, s, "bob"))
	s.ok(t, "POST", "/v1/users", token, `{"id":"carol","pass":"x"}`)
	assert.JSONEq(t, `{"id":"carol","roles":null}`, s.ok(t, "GET", "/v1/users/carol", token, ""))

	// Updates and deletions of roles do not reach users.
	s.ok(t, "PUT", "/v1/roles/readers", token, `{"desc":"new"}`)
	s.ok(t, "DELETE", "/v1/roles/readers", token, "")
	assert.Contains(t, s.ok(t, "GET", "/v1/users/alice", token, ""), `"desc":"may read"`)

	// Null entries stay in permission lists.
	s.ok(t, "POST", "/v1/roles", token, `{"name":"holes","clusters":[null,{"id":"c","perm":"1"}]}`)
	assert.Contains(t, s.ok(t, "GET", "/v1/roles/holes", token, ""), `"clusters":[null,{"id":"c","perm":"1"}]`)
	s.ok(t, "PUT", "/v1/roles/holes", token, `{"clusters":[{"id":"c","perm":"3"}]}`)

	// Of several roles the last one counts.
	s.SeedUser("dave", "x", "writers", "holes")
	claims := tokenPart(t, s.login(t, "dave", "x"), 1)
	assert.Equal(t, []any{map[string]any{"id": "c", "perm": "3"}}, claims["clusters"])

	// A revoked token goes on working here.
	clock.Add(time.Second)
	second := s.admin(t)
	s.ok(t, "DELETE", "/v1/tokens", "", `{"token":"`+second+`"}`)
	s.ok(t, "GET", "/v1/users", second, "")
}
