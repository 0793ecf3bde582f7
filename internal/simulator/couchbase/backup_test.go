package couchbase_test

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/argon2"

	"github.com/usermgmt/usermgmt/internal/simulator/couchbase"
)

const backup = "/settings/rbac/backup"

// saved is a backup, in short.
type saved struct {
	Admin *struct {
		ID string `json:"id"`
	} `json:"admin"`
	Users []struct {
		ID     string `json:"id"`
		Domain string `json:"domain"`
	} `json:"users"`
	Groups []struct {
		Name string `json:"name"`
	} `json:"groups"`
}

func (s saved) names() []string {
	names := []string{}
	if s.Admin != nil {
		names = append(names, "admin:"+s.Admin.ID)
	}
	for _, u := range s.Users {
		names = append(names, u.Domain+":"+u.ID)
	}
	for _, g := range s.Groups {
		names = append(names, "group:"+g.Name)
	}
	slices.Sort(names)
	return names
}

func filled(t *testing.T) cluster {
	t.Helper()
	c := start(t, couchbase.Options{})
	c.SeedGroup(couchbase.Group{Name: "ops", Description: new("Operators"), LDAPRef: new("cn=ops"), Roles: []string{"cluster_admin"}})
	c.SeedUser(couchbase.User{ID: "jane", Name: new("Jane"), Password: "s3cretpw", Roles: []string{"data_reader[travel-sample:inventory]"}, Groups: []string{"ops"}, Locked: true})
	c.SeedUser(couchbase.User{ID: "tina", Password: "once-only", TemporaryPassword: true})
	c.SeedUser(couchbase.User{ID: "joe", Domain: couchbase.External})
	return c
}

func TestBackupFilters(t *testing.T) {
	t.Parallel()
	c := filled(t)
	all := []string{"admin:Administrator", "external:joe", "group:ops", "local:jane", "local:tina"}
	for query, want := range map[string][]string{
		"": all, "include=*": all, "exclude=*": {}, "include=admin": {"admin:Administrator"}, "exclude=admin": all[1:],
		"include=user:local:*": {"local:jane", "local:tina"}, "include=user:external:j*": {"external:joe"}, "include=user:*:j*": {"external:joe", "local:jane"},
		"include=user:local:*&include=group:o*": {"group:ops", "local:jane", "local:tina"}, "exclude=group:ops&exclude=user:local:tina": {"admin:Administrator", "external:joe", "local:jane"},
		"include=permission:cluster.admin.diag!read": {"admin:Administrator", "group:ops", "local:jane"},
	} {
		assert.Equal(t, want, get[saved](t, c, backup+"?"+query).names(), query)
	}
	for query, want := range map[string]string{
		"include=x":                   `{"include":"x -invalid filter"}`,
		"include=user:ldap:x":         `{"include":"user:ldap:x -invalid filter"}`,
		"exclude=permission:x":        `{"exclude":"x - malformed permission"}`,
		"include=group:@x":            `{"include":"Username cannot start with '@'"}`,
		"include=admin&exclude=admin": `{"_":"Parameters include and exclude are mutually exclusive"}`,
	} {
		refused(t, c.send(t, http.MethodGet, backup+"?"+query, ""), 400, `{"errors":`+want+`}`)
	}
}

// TestBackupAndRestore brings everything into a fresh cluster.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	from := filled(t)
	body := form("backup", from.send(t, http.MethodGet, backup, "").body, "canOverwrite", "false")
	to := start(t, couchbase.Options{})
	refused(t, to.send(t, http.MethodPut, backup+"?just_validate=1", body), 200, `{"errors":{}}`)
	refused(t, to.send(t, http.MethodPut, backup, body), 200, `{
		"stats":{"usersCreated":3,"usersOverwritten":0,"usersSkipped":1,"groupsCreated":1,"groupsOverwritten":0,"groupsSkipped":0},
		"usersSkipped":[{"name":"Administrator","domain":"admin"}],"usersOverwritten":[],"groupsSkipped":[],"groupsOverwritten":[]}`)
	for _, id := range from.Node(0).Identities() {
		want, _ := from.Node(0).User(id.Domain, id.ID)
		got, _ := to.Node(0).User(id.Domain, id.ID)
		want.UUID, want.PasswordChanged = got.UUID, got.PasswordChanged
		assert.Equal(t, want, got)
	}
	want, _ := from.Node(0).Group("ops")
	got, _ := to.Node(0).Group("ops")
	assert.Equal(t, want, got)
	assert.True(t, to.Node(0).CheckPassword("jane", "s3cretpw"))
	assert.True(t, to.Node(0).CheckPassword("tina", "once-only"))

	answer := parse[map[string]any](t, to.send(t, http.MethodPut, backup, body).body)
	assert.Equal(t, map[string]any{"usersCreated": 0., "usersOverwritten": 0., "usersSkipped": 4., "groupsCreated": 0., "groupsOverwritten": 0., "groupsSkipped": 1.}, answer["stats"])
	overwrite := form("backup", from.send(t, http.MethodGet, backup, "").body, "canOverwrite", "true")
	answer = parse[map[string]any](t, to.send(t, http.MethodPut, backup, overwrite).body)
	assert.Equal(t, map[string]any{"usersCreated": 0., "usersOverwritten": 4., "usersSkipped": 0., "groupsCreated": 0., "groupsOverwritten": 1., "groupsSkipped": 0.}, answer["stats"])

	from.SeedUser(couchbase.User{ID: "local-admin", Password: "secret", Roles: []string{"user_admin_local"}})
	from.SeedUser(couchbase.User{ID: "boss", Password: "secret", Roles: []string{"admin"}})
	full := form("backup", from.send(t, http.MethodGet, backup+"?exclude=admin", "").body, "canOverwrite", "true")
	answer = parse[map[string]any](t, from.as(t, auth{"local-admin", "secret"}, http.MethodPut, backup, full).body)
	assert.Equal(t, map[string]any{"usersCreated": 0., "usersOverwritten": 2., "usersSkipped": 3., "groupsCreated": 0., "groupsOverwritten": 0., "groupsSkipped": 1.},
		answer["stats"], "whom the caller may not write is skipped")
}

// TestRestoredHashes logs in with passwords that were hashed elsewhere.
func TestRestoredHashes(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{})
	salt := []byte("0123456789abcdef")
	mac := hmac.New(sha1.New, salt)
	mac.Write([]byte("s3cretpw"))
	key, err := pbkdf2.Key(sha512.New, "s3cretpw", salt, 10, 64)
	require.NoError(t, err)
	for algorithm, more := range map[string]string{
		fmt.Sprintf(`"SHA-1","hashes":["%s"]`, base64.StdEncoding.EncodeToString(mac.Sum(nil))):                                           "",
		fmt.Sprintf(`"pbkdf2-hmac-sha512","hashes":["%s"]`, base64.StdEncoding.EncodeToString(key)):                                       `,"iterations":10`,
		fmt.Sprintf(`"argon2id","hashes":["%s"]`, base64.StdEncoding.EncodeToString(argon2.IDKey([]byte("s3cretpw"), salt, 1, 8, 1, 32))): `,"time":1,"memory":8192,"parallelism":1`,
	} {
		entry := `{"id":"jane","auth":{"hash":{"algorithm":` + algorithm + `,"salt":"` + base64.StdEncoding.EncodeToString(salt) + `"` + more + `},"scram-sha-1":{"x":1}}}`
		answer := c.send(t, http.MethodPut, backup, form("canOverwrite", "true", "backup", `{"version":"1","users":[`+entry+`]}`))
		require.Equal(t, 200, answer.status, answer.body)
		assert.True(t, c.Node(0).CheckPassword("jane", "s3cretpw"), algorithm)
		assert.False(t, c.Node(0).CheckPassword("jane", "other"), algorithm)
	}
}

func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{})
	const hash = `"auth":{"hash":{"algorithm":"SHA-1","salt":"AA==","hashes":["AA=="]}}`
	for entry, want := range map[string]string{
		`{`:                                      `{"_":"Invalid Json"}`,
		`{"version":"2","compat_version":"9.0"}`: `{"version":"Unsupported backup version: <<\"2\">>","compat_version":"Cannot restore a backup with cluster version '9.0' as it is greater than what is supported."}`,
		`{"version":"1","users":[{"id":"a"},{"id":"b",` + hash + `}]}`:                                                  `{"users":[{"auth":"The value must be supplied"},{}]}`,
		`{"version":"1","users":[{"id":"@a","domain":"ldap","groups":["g"],"roles":["x"]}]}`:                            `{"users":[{"id":"Username cannot start with '@'","domain":"invalid domain: ldap","groups":"Groups do not exist: g","roles":"` + everyRole + `[x]"}]}`,
		`{"version":"1","users":[{"id":"a","domain":"external","locked":true}]}`:                                        `{"users":[{"locked":"Only permitted for local users"}]}`,
		`{"version":"1","groups":[{"name":"","roles":["x"],"ldap_group_ref":"x"}]}`:                                     `{"groups":[{"name":"Group name must not be empty","roles":"` + everyRole + `[x]","ldap_group_ref":"Should be valid LDAP distinguished name: expected_equal_sign"}]}`,
		`{"version":"1","users":[{"id":"a","auth":{"hash":{"algorithm":"md5","salt":"","hashes":[]}}}]}`:                `{"users":[{"auth":"The value must be one of the following: [argon2id,pbkdf2-hmac-sha512,SHA-1]"}]}`,
		`{"version":"1","users":[{"id":"a","auth":{"hash":{"algorithm":"argon2id","salt":"","hashes":[]}}}]}`:           `{"users":[{"auth":"Parallelism must be 1"}]}`,
		`{"version":"1","users":[{"id":"a","auth":{"hash":{"algorithm":"pbkdf2-hmac-sha512","salt":"","hashes":[]}}}]}`: `{"users":[{"auth":"The value must be in range from 1 to 10000000 (inclusive)"}]}`,
	} {
		refused(t, c.send(t, http.MethodPut, backup, form("backup", entry)), 400, `{"errors":{"backup":`+want+`}}`)
	}
	refused(t, c.send(t, http.MethodPut, backup, ""), 400, `{"errors":{"backup":"The value must be supplied"}}`)
	refused(t, c.send(t, http.MethodPut, backup, "x=1&backup="), 400, `{"errors":{"backup":{"_":"Invalid Json"}}}`)
	assert.Empty(t, c.Node(0).Identities())
	c.stored(t, http.MethodPut, groups+"g", "roles=")
	old := `{"version":"1","groups":[{"name":"g","roles":["security_admin_local"]}],"users":[{"id":"a","groups":["g"],` + hash + `},{"id":"b","domain":"external","roles":["security_admin_external"]}]}`
	assert.Equal(t, 200, c.send(t, http.MethodPut, backup, form("backup", old, "canOverwrite", "true")).status)
	g, _ := c.Node(0).Group("g")
	assert.Equal(t, []string{"security_admin", "user_admin_local"}, g.Roles)
}
