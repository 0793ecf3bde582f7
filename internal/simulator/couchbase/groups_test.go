package couchbase_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/couchbase"
)

const groups = "/settings/rbac/groups/"

func TestGroups(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{})
	c.stored(t, http.MethodPut, groups+"ops", form("roles", "ro_admin,data_reader[travel-sample]", "description", "Operators", "ldap_group_ref", "cn=ops, dc=example"))
	got := get[group](t, c, groups+"ops")
	assert.ElementsMatch(t, []role{{Role: "ro_admin"}, {Role: "data_reader", Bucket: "travel-sample", Scope: "*", Collection: "*"}}, got.Roles)
	got.Roles = nil
	assert.Equal(t, group{ID: "ops", Description: new("Operators"), LDAPRef: new("cn=ops, dc=example")}, got)

	c.stored(t, http.MethodPut, groups+"ops", form("roles", "", "ldap_group_ref", ""))
	assert.Equal(t, group{ID: "ops", Roles: []role{}, LDAPRef: new("")}, get[group](t, c, groups+"ops"), "everything is replaced")
	c.stored(t, http.MethodPut, groups+"ops?just_validate=0", "roles=")
	refused(t, c.send(t, http.MethodPut, groups+"ops?just_validate=1", "roles=admin"), 200, `{"errors":{}}`)

	refused(t, c.send(t, http.MethodPut, groups+"ops", "name=x"), 400, `{"errors":{"roles":"The value must be supplied","name":"Unsupported key"}}`)
	refused(t, c.send(t, http.MethodPut, groups+"ops", form("roles", "x", "ldap_group_ref", "cn=,dc=x")), 400,
		`{"errors":{"roles":"`+everyRole+`[x]","ldap_group_ref":"Should be valid LDAP distinguished name: empty_attribute"}}`)
	refused(t, c.send(t, http.MethodPut, groups+"@ops", "roles="), 400, `{"errors":{"_":"Group name cannot start with '@'"}}`)
	refused(t, c.send(t, http.MethodGet, groups+"ghosts", ""), 404, `"Unknown group."`)
	refused(t, c.send(t, http.MethodDelete, groups+"ghosts", ""), 404, `"Group was not found."`)
	assert.Equal(t, []group{{ID: "ops", Roles: []role{}}}, get[[]group](t, c, groups))
}

// TestMembership deletes a group that has members.
func TestMembership(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{})
	c.SeedGroup(couchbase.Group{Name: "ops", Roles: []string{"admin"}})
	c.SeedGroup(couchbase.Group{Name: "devs", Roles: []string{"admin"}})
	c.SeedUser(couchbase.User{ID: "jane", Password: "secret", Groups: []string{"ops", "devs", "never-was"}})
	got := get[user](t, c, users+"local/jane")
	assert.Equal(t, &[]string{"ops", "devs"}, got.Groups)
	require.Len(t, got.Roles, 1)
	assert.ElementsMatch(t, []origin{{"group", "ops"}, {"group", "devs"}}, got.Roles[0].Origins)

	c.stored(t, http.MethodDelete, groups+"ops", "")
	jane, _ := c.Node(0).User(couchbase.Local, "jane")
	assert.Equal(t, []string{"devs", "never-was"}, jane.Groups)
	c.stored(t, http.MethodPut, groups+"ops", "roles=admin")
	assert.Equal(t, &[]string{"devs"}, get[user](t, c, users+"local/jane").Groups, "a new group has no members")
}

func TestLDAP(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{})
	const target = "/settings/rbac/lookupLDAPUser/"
	refused(t, c.send(t, http.MethodGet, target+"joe", ""), 404, `"LDAP is disabled."`)
	c.SetMechanisms(couchbase.Mechanisms{LDAP: true})
	refused(t, c.send(t, http.MethodGet, target+"joe", ""), 404, `"LDAP user not found"`)
	c.AddLDAPUser("joe", couchbase.LDAPUser{Groups: []string{"cn=ops"}, Password: "secret"})
	c.SeedGroup(couchbase.Group{Name: "ops", LDAPRef: new("cn=ops"), Roles: []string{"ro_admin"}})
	no := false
	assert.Equal(t, user{
		RecordExists: &no, ID: "joe", Domain: "external", Groups: &[]string{}, ExternalGroups: &[]string{"ops"}, Locked: &no, TemporaryPassword: &no,
		Roles: []role{{Role: "ro_admin", Origins: []origin{{"group", "ops"}}}},
	}, get[user](t, c, target+"joe"))
	answer := parse[user](t, c.as(t, auth{"joe", "secret"}, http.MethodGet, "/whoami", "").body)
	assert.Equal(t, user{ID: "joe", Domain: "external", Roles: []role{{Role: "ro_admin"}}}, answer)

	c.AcceptToken("t", couchbase.Token{ID: "zoe", Groups: []string{"ops", "ghosts"}, Roles: []string{"data_reader[*]"}})
	r := c.request(t, 0, anonymous, http.MethodGet, "/whoami", "")
	r.Header.Set("Authorization", "Bearer t")
	assert.Len(t, parse[user](t, c.do(t, r).body).Roles, 2)
}
