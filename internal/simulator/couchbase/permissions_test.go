package couchbase_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/usermgmt/usermgmt/internal/simulator/couchbase"
)

func needs(permission string) string {
	return `{"message":"Forbidden. User needs the following permissions","permissions":["cluster.` + permission + `"]}`
}

// ids returns the IDs in an answer with users, "local/jane" and the like.
func (c cluster) ids(t *testing.T, who auth, target string) []string {
	t.Helper()
	found := []string{}
	for _, u := range parse[[]user](t, c.as(t, who, http.MethodGet, target, "").body) {
		found = append(found, u.Domain+"/"+u.ID)
	}
	return found
}

// callers returns a cluster with users of all ranks, whose password is
// "secret".
func callers(t *testing.T, v couchbase.Version, ranks ...string) cluster {
	t.Helper()
	c := start(t, couchbase.Options{Version: v})
	for _, rank := range ranks {
		c.SeedUser(couchbase.User{ID: rank, Password: "secret", Roles: []string{rank}})
	}
	c.SeedUser(couchbase.User{ID: "jane", Password: "secret"})
	c.SeedUser(couchbase.User{ID: "reader", Password: "secret", Roles: []string{"data_reader[*]"}})
	c.SeedUser(couchbase.User{ID: "joe", Domain: couchbase.External})
	c.SeedGroup(couchbase.Group{Name: "plain"})
	c.SeedGroup(couchbase.Group{Name: "mapped", LDAPRef: new("cn=x")})
	c.SeedGroup(couchbase.Group{Name: "bosses", Roles: []string{"admin"}})
	return c
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	c := callers(t, couchbase.V80, "admin", "ro_admin", "security_admin", "ro_security_admin", "user_admin_local", "user_admin_external")
	as := func(name string) auth { return auth{name, "secret"} }
	for _, one := range []struct{ who, method, target, body, permission string }{
		{"reader", http.MethodGet, users, "", "admin.users!read"},
		{"ro_admin", http.MethodGet, users, "", "admin.users!read"},
		{"ro_admin", http.MethodGet, "/settings/rbac/roles", "", "admin.users!read"},
		{"security_admin", http.MethodPut, users + "local/jane", "", "admin.users!write"},
		{"ro_security_admin", http.MethodDelete, users + "local/jane", "", "admin.users!write"},
		{"user_admin_external", http.MethodGet, users + "local/jane", "", "admin.users.local!read"},
		{"user_admin_external", http.MethodPut, users + "local/jane", "", "admin.users.local!write"},
		{"user_admin_external", http.MethodPatch, users + "local/jane", "locked=true", "admin.users.local!write"},
		{"user_admin_external", http.MethodDelete, users + "local/jane", "", "admin.users.local!write"},
		{"user_admin_local", http.MethodGet, users + "external/joe", "", "admin.users.external!read"},
		{"user_admin_local", http.MethodGet, users + "local/admin", "", "admin.security.admin!read"},
		{"user_admin_local", http.MethodGet, users + "local/user_admin_local", "", "admin.users.admin!read"},
		{"user_admin_local", http.MethodPut, users + "local/jane", "roles=admin", "admin.users.admin!write"},
		{"user_admin_local", http.MethodPut, users + "local/jane", "roles=user_admin_local", "admin.users.admin!write"},
		{"user_admin_local", http.MethodPut, users + "local/jane", "groups=bosses", "admin.users.admin!write"},
		{"user_admin_local", http.MethodPut, users + "local/jane", "groups=mapped", "admin.users.external!write"},
		{"user_admin_local", http.MethodPut, users + "local/admin", "roles=", "admin.users.admin!write"},
		{"user_admin_local", http.MethodDelete, users + "local/admin", "", "admin.security.admin!write"},
		{"user_admin_local", http.MethodPatch, users + "local/admin", "locked=true", "admin.users.admin!write"},
		{"user_admin_local", http.MethodPut, "/settings/rbac/groups/plain", "roles=admin", "admin.security.admin!write"},
		{"user_admin_local", http.MethodPut, "/settings/rbac/groups/plain", "roles=&ldap_group_ref=cn%3Dx", "admin.users.external!write"},
		{"user_admin_local", http.MethodPut, "/settings/rbac/groups/mapped", "roles=", "admin.users.external!write"},
		{"user_admin_local", http.MethodDelete, "/settings/rbac/groups/mapped", "", "admin.users.external!write"},
		{"user_admin_local", http.MethodDelete, "/settings/rbac/groups/bosses", "", "admin.security.admin!write"},
		{"user_admin_local", http.MethodGet, "/settings/rbac/groups/bosses", "", "admin.security.admin!read"},
		{"user_admin_local", http.MethodGet, "/settings/passwordPolicy", "", "admin.security!read"},
		{"ro_security_admin", http.MethodPost, "/settings/passwordPolicy", "minLength=1", "admin.security!write"},
		{"reader", http.MethodGet, "/settings/rbac/lookupLDAPUser/joe", "", "admin.security_info!read"},
		{"reader", http.MethodGet, "/_uiroles", "", "ui!read"},
	} {
		refused(t, c.as(t, as(one.who), one.method, one.target, one.body), 403, needs(one.permission))
	}
	local := []string{"local/ro_admin", "local/jane", "local/reader"}
	assert.ElementsMatch(t, local, c.ids(t, as("user_admin_local"), users))
	assert.Equal(t, []string{"external/joe"}, c.ids(t, as("user_admin_external"), users))
	assert.Len(t, c.ids(t, as("ro_security_admin"), users), 9)
	assert.Len(t, c.ids(t, as("admin"), users), 9)

	groups := parse[[]group](t, c.as(t, as("user_admin_local"), http.MethodGet, "/settings/rbac/groups", "").body)
	assert.Equal(t, []group{{ID: "plain", Roles: []role{}}}, groups)
	for _, r := range parse[[]role](t, c.as(t, as("user_admin_local"), http.MethodGet, "/settings/rbac/roles", "").body) {
		assert.NotContains(t, []string{"admin", "security_admin", "ro_security_admin"}, r.Role)
	}
	for _, one := range []struct{ method, target, body string }{
		{http.MethodPut, users + "local/jane", "roles=cluster_admin,data_reader[*]&groups=plain"},
		{http.MethodPut, "/settings/rbac/groups/plain", "roles=ro_admin"}, {http.MethodDelete, users + "local/jane", ""},
	} {
		assert.Equal(t, 200, c.as(t, as("user_admin_local"), one.method, one.target, one.body).status)
	}
	for _, target := range []string{"lockAdmin", "unlockAdmin", "resetAdminPassword"} {
		refused(t, c.send(t, http.MethodPost, "/controller/"+target, ""), 403, `"Forbidden"`)
	}
}

func TestPermissionsBefore80(t *testing.T) {
	t.Parallel()
	c := callers(t, couchbase.V76, "admin", "ro_admin", "security_admin_local")
	as := func(name string) auth { return auth{name, "secret"} }
	refused(t, c.as(t, as("reader"), http.MethodGet, users, ""), 403, needs("admin.security!read"))
	refused(t, c.as(t, as("security_admin_local"), http.MethodGet, users+"external/joe", ""), 403, needs("admin.security.external!read"))
	refused(t, c.as(t, as("security_admin_local"), http.MethodPut, users+"local/jane", "roles=admin"), 403, needs("admin.security.admin!write"))
	refused(t, c.as(t, as("security_admin_local"), http.MethodGet, "/settings/rbac/lookupLDAPUser/joe", ""), 403, needs("admin.security.external!read"))
	assert.ElementsMatch(t, []string{"local/jane", "local/reader"}, c.ids(t, as("security_admin_local"), users))
	assert.Len(t, c.ids(t, as("ro_admin"), users), 6)

	c = callers(t, couchbase.V66, "security_admin")
	assert.ElementsMatch(t, []string{"local/jane", "local/reader", "external/joe"}, c.ids(t, as("security_admin"), users))
	refused(t, c.as(t, as("reader"), http.MethodGet, "/settings/rbac/lookupLDAPUser/joe", ""), 403, needs("admin.security!read"))
}

func TestCheckPermissions(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{})
	c.SeedUser(couchbase.User{ID: "jane", Password: "secret", Roles: []string{
		"data_reader[travel-sample:inventory]", "scope_admin[travel-sample:inventory]", "bucket_admin[travel-sample]", "query_use_sequences[*]",
	}})
	const target = "/pools/default/checkPermissions"
	for permission, want := range map[string]string{
		"cluster.pools!read": "true", "cluster!read": "true", "cluster.admin.users!read": "false",
		"cluster.bucket[travel-sample].settings!write":                         "true",
		"cluster.bucket[other].settings!write":                                 "false",
		"cluster.bucket[.].settings!write":                                     "true",
		"cluster.bucket[travel-sample].data.docs!read":                         "false",
		"cluster.scope[travel-sample:inventory].data.docs!read":                "true",
		"cluster.collection[travel-sample:inventory:airline].data.docs!read":   "true",
		"cluster.collection[travel-sample:inventory:airline].data.docs!any":    "true",
		"cluster.collection[travel-sample:inventory:airline].data.docs!upsert": "false",
		"cluster.collection[travel-sample:_default:_default].data.docs!read":   "false",
		"cluster.collection[travel-sample:.:.].data.docs!read":                 "true",
		"cluster.scope[travel-sample:inventory].collections!create":            "true",
		"cluster.collection[any:thing:here].n1ql.sequences!execute":            "true",
	} {
		refused(t, c.as(t, auth{"jane", "secret"}, http.MethodPost, target, permission), 200, `{"`+permission+`":`+want+`}`)
		refused(t, c.as(t, anonymous, http.MethodPost, target, permission), 200, `{"`+permission+`":false}`)
	}
	refused(t, c.send(t, http.MethodPost, target, " cluster.admin!write, cluster.ui!read "), 200, `{"cluster.admin!write":true,"cluster.ui!read":true}`)
	refused(t, c.send(t, http.MethodPost, target, ""), 400, `"Request body should not be empty."`)
	for _, bad := range []string{"cluster", "admin!read", "clusteradmin!read", "cluster.bucket[x!read", "cluster.scope[x]!read", "cluster.admin[x]!read", "cluster.a!b!c", "cluster.bucket[b]x!read"} {
		refused(t, c.send(t, http.MethodPost, target, bad+",cluster.ui!read"), 400, `"Malformed permissions: [`+bad+`]."`)
	}
}
