package gocb

import (
	"cmp"
	"slices"
	"testing"

	"github.com/couchbase/gocb/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/couchbase"
)

// TestGroups takes a group through all calls.
func TestGroups(t *testing.T) {
	t.Parallel()
	s := start(t, couchbase.Options{})
	users := admin(t, s)
	all, err := users.GetAllGroups(nil)
	require.NoError(t, err)
	assert.Equal(t, []gocb.Group{}, all)

	analysts := gocb.Group{
		Name: "analysts", Description: "Read everything", LDAPGroupReference: "cn=analysts,dc=example,dc=com",
		Roles: []gocb.Role{{Name: "query_select", Bucket: "travel-sample", Scope: "inventory", Collection: "airline"}, {Name: "ro_admin"}},
	}
	ops := gocb.Group{Name: "ops", Roles: []gocb.Role{}}
	require.NoError(t, users.UpsertGroup(analysts, nil))
	require.NoError(t, users.UpsertGroup(ops, nil))
	got, err := users.GetGroup("analysts", nil)
	require.NoError(t, err)
	assert.Equal(t, analysts, sortedGroup(*got))
	all, err = users.GetAllGroups(nil)
	require.NoError(t, err)
	slices.SortFunc(all, func(a, b gocb.Group) int { return cmp.Compare(a.Name, b.Name) })
	require.Len(t, all, 2)
	assert.Equal(t, []gocb.Group{analysts, ops}, []gocb.Group{sortedGroup(all[0]), all[1]})

	analysts = gocb.Group{Name: "analysts", Roles: []gocb.Role{{Name: "admin"}}}
	require.NoError(t, users.UpsertGroup(analysts, nil))
	got, err = users.GetGroup("analysts", nil)
	require.NoError(t, err)
	assert.Equal(t, analysts, *got)

	require.NoError(t, users.UpsertUser(gocb.User{Username: "jane", Password: "secret", Groups: []string{"analysts", "ops"}}, nil))
	require.NoError(t, users.DropGroup("analysts", nil))
	jane, err := users.GetUser("jane", nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"ops"}, jane.Groups)
	assert.Empty(t, jane.EffectiveRoles)

	_, err = users.GetGroup("analysts", nil)
	require.ErrorIs(t, err, gocb.ErrGroupNotFound)
	require.ErrorIs(t, users.DropGroup("analysts", nil), gocb.ErrGroupNotFound)
}

func TestRoles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		options couchbase.Options
		want    map[string]gocb.RoleAndDescription
		missing string
		count   int
	}{
		{couchbase.Options{}, map[string]gocb.RoleAndDescription{
			"admin":        {Role: gocb.Role{Name: "admin"}, DisplayName: "Full Admin"},
			"bucket_admin": {Role: gocb.Role{Name: "bucket_admin", Bucket: "*"}, DisplayName: "Bucket Admin"},
			"scope_admin":  {Role: gocb.Role{Name: "scope_admin", Bucket: "*"}, DisplayName: "Manage Scopes"},
			"data_reader":  {Role: gocb.Role{Name: "data_reader", Bucket: "*"}, DisplayName: "Data Reader"},
		}, "security_admin_local", 56},
		{couchbase.Options{Version: couchbase.V72}, map[string]gocb.RoleAndDescription{
			"security_admin_local": {Role: gocb.Role{Name: "security_admin_local"}, DisplayName: "Local User Security Admin"},
		}, "security_admin", 48},
		{couchbase.Options{Version: couchbase.V66}, map[string]gocb.RoleAndDescription{
			"security_admin": {Role: gocb.Role{Name: "security_admin"}, DisplayName: "Security Admin"},
		}, "scope_admin", 27},
		{couchbase.Options{Community: true}, map[string]gocb.RoleAndDescription{
			"bucket_full_access": {Role: gocb.Role{Name: "bucket_full_access", Bucket: "*"}, DisplayName: "Application Access"},
		}, "data_reader", 3},
	} {
		roles, err := admin(t, start(t, c.options)).GetRoles(nil)
		require.NoError(t, err)
		assert.Len(t, roles, c.count)
		found := map[string]gocb.RoleAndDescription{}
		for _, r := range roles {
			assert.NotEmpty(t, r.Description, r.Name)
			r.Description = ""
			found[r.Name] = r
		}
		for name, want := range c.want {
			assert.Equal(t, want, found[name])
		}
		assert.NotContains(t, found, c.missing)
	}
}
