package couchbase_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/couchbase"
)

const everyRole = "Cannot assign roles to user because the following roles are unknown, malformed or role parameters are undefined: "

func TestRoleStrings(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{})
	for given, stored := range map[string][]string{
		"": {}, "Admin": {"admin"}, "data_reader[*]": {"data_reader[*]"}, "admin,admin": {"admin"},
		"data_reader[travel-sample]": {"data_reader[travel-sample]"}, "scope_admin[travel-sample:inventory]": {"scope_admin[travel-sample:inventory]"},
		"data_reader[travel-sample:inventory:airline],ro_admin": {"data_reader[travel-sample:inventory:airline]", "ro_admin"},
	} {
		c.stored(t, http.MethodPut, users+"local/x", form("roles", given, "password", "secret"))
		got, _ := c.Node(0).User(couchbase.Local, "x")
		assert.Equal(t, stored, got.Roles, given)
	}
	for _, bad := range []string{
		"superhero", "data_reader", "data_reader[]", "ro_admin[]", "ro_admin[*]", "ro_admin[x]", "data_reader[travel-sample", "data_reader[travel-sample]x",
		"data_reader[travel-sample:*]", "data_reader[travel-sample:*:*]", "data_reader[*:inventory]", "data_reader[no-such]", "data_reader[travel-sample:nope]",
		"data_reader[travel-sample:inventory:nope]", "bucket_admin[travel-sample:inventory]", "data_reader[travel-sample:]", "security_admin_local",
	} {
		refused(t, c.send(t, http.MethodPut, users+"local/x", form("roles", bad)), 400, `{"errors":{"roles":"`+everyRole+`[`+bad+`]"}}`)
	}
	refused(t, c.send(t, http.MethodPut, users+"local/x", form("roles", "admin,data_reader,bad one,ro_admin[x],Worse")), 400,
		`{"errors":{"roles":"`+everyRole+`[bad one,Worse,ro_admin[x],data_reader]"}}`)
}

// TestBucketsTakeRolesAlong drops what roles are on, and brings it back.
func TestBucketsTakeRolesAlong(t *testing.T) {
	t.Parallel()
	all := []string{"data_reader[travel-sample:inventory:airline]", "data_reader[travel-sample]", "ro_admin", "scope_admin[travel-sample:inventory]"}
	drops := map[string]struct {
		drop func(c cluster)
		left []string
	}{
		"bucket":     {func(c cluster) { c.DropBucket("travel-sample") }, []string{"ro_admin"}},
		"scope":      {func(c cluster) { c.DropScope("travel-sample", "inventory") }, []string{"data_reader[travel-sample]", "ro_admin"}},
		"collection": {func(c cluster) { c.DropCollection("travel-sample", "inventory", "airline") }, []string{"data_reader[travel-sample]", "ro_admin", "scope_admin[travel-sample:inventory]"}},
		"nothing": {func(c cluster) {
			c.DropScope("x", "y")
			c.DropCollection("x", "y", "z")
			c.DropCollection("travel-sample", "y", "z")
		}, all},
		"again": {func(c cluster) {
			c.DropBucket("travel-sample")
			c.AddBucket("travel-sample", map[string][]string{"inventory": {"airline"}})
		}, []string{"ro_admin"}},
	}
	for name, d := range drops {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := start(t, couchbase.Options{})
			c.SeedUser(couchbase.User{ID: "jane", Password: "secret", Roles: all})
			c.SeedGroup(couchbase.Group{Name: "ops", Roles: all})
			d.drop(c)
			jane, _ := c.Node(0).User(couchbase.Local, "jane")
			ops, _ := c.Node(0).Group("ops")
			assert.Equal(t, [][]string{d.left, d.left}, [][]string{jane.Roles, ops.Roles})
			assert.Len(t, get[user](t, c, users+"local/jane").Roles, len(d.left))
		})
	}
}

func TestListRoles(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{})
	found := map[string]bool{}
	for _, r := range get[[]role](t, c, "/settings/rbac/roles?permission=cluster.collection%5Btravel-sample:inventory:.%5D.data.docs!upsert") {
		assert.NotEmpty(t, r.Name)
		found[strings.TrimSpace(r.Role+" "+r.Bucket+" "+r.Scope+" "+r.Collection)] = true
	}
	for want, is := range map[string]bool{
		"admin": true, "ro_admin": false, "backup_admin": true, "bucket_full_access travel-sample": true, "data_reader * * *": false,
		"data_writer * * *": true, "data_writer travel-sample * *": true, "data_writer travel-sample inventory *": true,
	} {
		assert.Equal(t, is, found[want], want)
	}
	for _, r := range get[[]role](t, c, "/settings/rbac/roles?permission=cluster.bucket%5Bno-such%5D.data!read") {
		assert.NotEqual(t, "no-such", r.Bucket)
	}
	refused(t, c.send(t, http.MethodGet, "/settings/rbac/roles?permission=x", ""), 400, `{"errors":{"permission":"Malformed permission"}}`)

	old := start(t, couchbase.Options{Version: couchbase.V66})
	for _, r := range get[[]role](t, old, "/settings/rbac/roles") {
		assert.Equal(t, r.Role == "admin" || r.Role == "ro_admin" || r.Role == "bucket_full_access", r.CE, r.Role)
		assert.Empty(t, r.Scope, "a role is on a bucket at most")
	}
	old.stored(t, http.MethodPut, users+"local/x", "password=secret&roles=data_reader[travel-sample]")
	refused(t, old.send(t, http.MethodPut, users+"local/x", "roles=data_reader[travel-sample:inventory]"), 400,
		`{"errors":{"roles":"`+everyRole+`[data_reader[travel-sample:inventory]]"}}`)
}

func TestUIRoles(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{Community: true})
	refused(t, c.send(t, http.MethodGet, "/_uiroles", ""), 200, `{
		"folders":[
			{"name":"Administrative","roles":[
				{"role":"admin","name":"Full Admin","desc":"Has the privileges of Full Admin.","params":[]},
				{"role":"ro_admin","name":"Read-Only Admin","desc":"Has the privileges of Read-Only Admin.","params":[]}]},
			{"name":"Bucket","roles":[
				{"role":"bucket_full_access","name":"Application Access","desc":"Has the privileges of Application Access.","params":["bucket_name"]}]}],
		"parameters":{"bucket_name":[{"value":"travel-sample","children":[
			{"value":"_default","children":[{"value":"_default"}]},{"value":"inventory","children":[{"value":"airline"}]}]}]}}`)
}

// TestUpgrade replaces roles that 8.0 does not have.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{Version: couchbase.V76})
	c.SeedUser(couchbase.User{ID: "jane", Password: "secret", Roles: []string{"security_admin_local", "ro_admin"}})
	c.SeedGroup(couchbase.Group{Name: "ops", Roles: []string{"security_admin_external", "cluster_admin"}})
	c.Upgrade(couchbase.V80)
	jane, _ := c.Node(0).User(couchbase.Local, "jane")
	ops, _ := c.Node(0).Group("ops")
	assert.Equal(t, []string{"ro_admin", "ro_security_admin", "security_admin", "user_admin_local"}, jane.Roles)
	assert.Equal(t, []string{"cluster_admin", "security_admin", "user_admin_external"}, ops.Roles)
	assert.Equal(t, 200, c.send(t, http.MethodGet, "/settings/rbac", "").status)
	c.Upgrade(couchbase.V81)
}

func TestSeedsPanic(t *testing.T) {
	t.Parallel()
	s := couchbase.New(couchbase.Options{})
	require.Panics(t, func() { s.SeedUser(couchbase.User{ID: "x", Roles: []string{"superhero"}}) })
	_, ok := s.Node(0).Group("x")
	assert.False(t, ok)
	assert.Len(t, s.Nodes(), 1)
}
