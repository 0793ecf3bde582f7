package aistore_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/aistore"
)

func TestCreateRoleChecksInOrder(t *testing.T) {
	t.Parallel()
	s := seeded(t, aistore.Options{})
	token := s.admin(t)
	for _, test := range []struct {
		body, message string
		status        int
	}{
		{`{}`, "AuthN: failed to add role , err: role name is undefined", 400},
		{`{"name":"a.b","admin":true}`, `AuthN: failed to add role a.b, err: role name "a.b" is invalid: ` + nameRule, 400},
		{`{"name":"readers","admin":true}`, `AuthN: failed to add role readers, err: only built-in roles can have "admin" permissions`, 403},
		{`{"name":"Admin"}`, `AuthN: failed to add role Admin, err: AuthN: role Admin already exists`, 409},
	} {
		s.refused(t, test.status, "ErrFailedTo", test.message, "POST", "/v1/roles", token, test.body)
	}
	s.refused(t, http.StatusUnauthorized, "", "token required", "POST", "/v1/roles", "", `{}`)
	assert.Equal(t, []string{"Admin", "readers", "writers"}, s.RoleNames())
}

func TestRoleListsAreKeptAsSent(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{})
	token := s.admin(t)
	for sent, kept := range map[string]string{
		`{"name":"a"}`: `{"name":"a","desc":"","clusters":null,"buckets":null,"admin":false}`,
		`{"name":"b","clusters":[],"buckets":[]}`:         `{"name":"b","desc":"","clusters":[],"buckets":[],"admin":false}`,
		`{"name":"c","clusters":[null],"buckets":[null]}`: `{"name":"c","desc":"","clusters":[],"buckets":[],"admin":false}`,
		`{"name":"d","clusters":[{"id":"x","perm":"0"},{"id":"x","perm":"1"},{"id":"","perm":null}],"buckets":[{}]}`: `{"name":"d","desc":"",
			"clusters":[{"id":"x"},{"id":"x","perm":"1"},{"id":""}],
			"buckets":[{"bck":{"name":"","provider":"","namespace":{"uuid":"","name":""}},"perm":"0"}],"admin":false}`,
	} {
		s.ok(t, "POST", "/v1/roles", token, sent)
		assert.JSONEq(t, kept, s.ok(t, "GET", "/v1/roles/"+sent[9:10], "", ""))
	}
}

func TestUpdateRoleMerges(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{})
	s.SeedRole(aistore.Role{
		Name: "r", Description: "old",
		Clusters: []*aistore.ClusterACL{{ID: "a", Permissions: 1}, {ID: "b", Permissions: 2}},
		Buckets:  []*aistore.BucketACL{{Bucket: aistore.Bucket{Name: "b1", Provider: "ais"}, Permissions: 4}},
	})
	s.SeedUser("alice", "x", "r", "r")
	token := s.admin(t)
	s.ok(t, "PUT", "/v1/roles/r", token, `{"name":"other","admin":true,"clusters":[null,{"id":"b","perm":"0"},{"id":"c","perm":"8"}],
		"buckets":[null,{"bck":{"name":"b1","provider":"ais"},"perm":"5"},{"bck":{"name":"b1","provider":"s3"},"perm":"6"}]}`)
	const merged = `{"name":"r","desc":"old",
		"clusters":[{"id":"a","perm":"1"},{"id":"b"},{"id":"c","perm":"8"}],
		"buckets":[{"bck":{"name":"b1","provider":"ais","namespace":{"uuid":"","name":""}},"perm":"5"},
		           {"bck":{"name":"b1","provider":"s3","namespace":{"uuid":"","name":""}},"perm":"6"}],"admin":false}`
	assert.JSONEq(t, merged, s.ok(t, "GET", "/v1/roles/r", "", ""))
	assert.JSONEq(t, `{"id":"alice","roles":[`+merged+`,`+merged+`]}`, s.ok(t, "GET", "/v1/users/alice", token, ""))

	role, ok := s.Role("r")
	require.True(t, ok)
	role.Clusters[0].Permissions = 99
	assert.JSONEq(t, merged, s.ok(t, "GET", "/v1/roles/r", "", ""), "inspection hands out copies")
	_, ok = s.Role("nosuch")
	assert.False(t, ok)
}

func TestUpdateRoleRefusals(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{})
	token := s.admin(t)
	s.refused(t, http.StatusUnauthorized, "", "token required", "PUT", "/v1/roles/r", "", "[]")
	s.refused(t, http.StatusBadRequest, "", "Invalid request", "PUT", "/v1/roles/r", token, "[]")
	s.refused(t, http.StatusNotFound, "ErrFailedTo", `AuthN: failed to update role r, err: role "r" does not exist`,
		"PUT", "/v1/roles/r", token, "{}")
	s.refused(t, http.StatusUnauthorized, "", "token required", "DELETE", "/v1/roles/r", "", "")
}

func TestDeleteRoleTakesItFromUsers(t *testing.T) {
	t.Parallel()
	s := seeded(t, aistore.Options{})
	s.SeedUser("bob", "x", "readers", "writers", "readers")
	s.ok(t, "DELETE", "/v1/roles/readers", s.admin(t), "")
	assert.Equal(t, []string{"writers"}, rolesOf(t, s, "bob"))
	assert.Equal(t, []string{}, rolesOf(t, s, "alice"))
	assert.Equal(t, []string{"Admin", "writers"}, s.RoleNames())
}

func TestOrderOfRolesChangesAndRepeats(t *testing.T) {
	t.Parallel()
	lists := func(seed uint64) []string {
		s := start(t, aistore.Options{ShuffleSeed: seed})
		s.SeedCluster(aistore.Cluster{ID: "c"})
		var bodies []string
		for range 8 {
			bodies = append(bodies, s.ok(t, "GET", "/v1/roles", "", ""))
		}
		return bodies
	}
	first := lists(1)
	assert.Equal(t, first, lists(1))
	assert.NotEqual(t, first, lists(2))
	distinct := map[string]bool{}
	for _, body := range first {
		distinct[body] = true
		assert.Len(t, parse[[]aistore.Role](t, body), 4)
	}
	assert.Greater(t, len(distinct), 3)
}

func TestPermissionNumbers(t *testing.T) {
	t.Parallel()
	s := start(t, aistore.Options{})
	token := s.admin(t)
	const inRole = "authn.Role.ClusterACLs: []*authn.CluACL: authn.CluACL.Access: "
	for _, test := range []struct{ body, cause string }{
		{`{"name":"r","clusters":[{"id":"c","perm":15}]}`, inRole + `stringModeNumberDecoder: expect ", but found 1, error found in #10 byte of ...|","perm":15}]}|..., bigger context ...|{"name":"r","clusters":[{"id":"c","perm":15}]}|...`},
		{`{"clusters":[{"perm":"1"},{"perm":"x"}]}`, inRole + "readUint64: unexpected character: \xff, error found in #10 byte of ...|{\"perm\":\"x\"}]}|..., bigger context ...|{\"clusters\":[{\"perm\":\"1\"},{\"perm\":\"x\"}]}|..."},
		{`{"clusters":[{"perm":"18446744073709551616"}]}`, inRole + `readUint64: overflow, error found in #10 byte of ...|3709551616"}]}|..., bigger context ...|{"clusters":[{"perm":"18446744073709551616"}]}|...`},
		{`{"clusters":[{"perm":"12a"}]}`, inRole + `stringModeNumberDecoder: expect ", but found a, error found in #10 byte of ...|perm":"12a"}]}|..., bigger context ...|{"clusters":[{"perm":"12a"}]}|...`},
		{`{"buckets":[{"perm":true}]}`, `authn.Role.BucketACLs: []*authn.BckACL: authn.BckACL.Access: stringModeNumberDecoder: expect ", but found t, error found in #10 byte of ...|[{"perm":true}]}|..., bigger context ...|{"buckets":[{"perm":true}]}|...`},
	} {
		got := s.send(t, "POST", "/v1/roles", token, test.body)
		assert.Equal(t, http.StatusBadRequest, got.status)
		// Compared as bytes: the message may hold one that is not UTF-8.
		assert.Contains(t, got.body, escape("/v1/roles: failed to unmarshal [*authn.Role] (POST), err: "+test.cause+" (hserv.go, #557)"))
	}
	got := s.send(t, "POST", "/v1/users", token, `{"id":"u","pass":"x","roles":[{"name":"r","clusters":[{"perm":1}]}]}`)
	assert.Contains(t, got.body, "authn.User.Roles: []*authn.Role: "+inRole+"stringModeNumberDecoder")
}
