package gocb

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/couchbase/gocb/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/couchbase"
)

var external = string(gocb.ExternalDomain)

// TestUsers takes a local user through all calls.
func TestUsers(t *testing.T) {
	t.Parallel()
	s := start(t, couchbase.Options{})
	users := admin(t, s)
	require.NoError(t, users.UpsertGroup(gocb.Group{Name: "analysts", Roles: []gocb.Role{{Name: "ro_admin"}, {Name: "query_select", Bucket: "*"}}}, nil))
	roles := []gocb.Role{
		{Name: "data_reader", Bucket: "travel-sample"},
		{Name: "data_writer", Bucket: "travel-sample", Scope: "inventory", Collection: "airline"},
		{Name: "ro_admin"},
		{Name: "scope_admin", Bucket: "travel-sample", Scope: "inventory"},
	}
	wanted := gocb.User{Username: "jane@example.com", DisplayName: "Jane Doe", Roles: roles, Groups: []string{"analysts"}, Password: "s3cretpw"}
	require.NoError(t, users.UpsertUser(wanted, nil))

	got, err := users.GetUser("jane@example.com", nil)
	require.NoError(t, err)
	wanted.Password = ""
	whole := gocb.UserAndMetadata{
		User: wanted, Domain: gocb.LocalDomain, ExternalGroups: []string{}, PasswordChanged: changed,
		EffectiveRoles: []gocb.RoleAndOrigins{
			{Role: roles[0], Origins: []gocb.Origin{direct}},
			{Role: roles[1], Origins: []gocb.Origin{direct}},
			{Role: gocb.Role{Name: "query_select", Bucket: "*"}, Origins: []gocb.Origin{of("analysts")}},
			{Role: roles[2], Origins: []gocb.Origin{of("analysts"), direct}},
			{Role: roles[3], Origins: []gocb.Origin{direct}},
		},
	}
	assert.Equal(t, whole, sorted(*got))

	require.NoError(t, users.UpsertUser(gocb.User{Username: "jane@example.com"}, nil))
	got, err = users.GetUser("jane@example.com", nil)
	require.NoError(t, err)
	empty := gocb.UserAndMetadata{
		User: gocb.User{Username: "jane@example.com", Groups: []string{}}, Domain: gocb.LocalDomain,
		ExternalGroups: []string{}, PasswordChanged: changed,
	}
	assert.Equal(t, empty, *got, "an upsert replaces everything but the password")
	assert.True(t, s.Node(0).CheckPassword("jane@example.com", "s3cretpw"))

	require.NoError(t, users.DropUser("jane@example.com", nil))
	_, err = users.GetUser("jane@example.com", nil)
	require.ErrorIs(t, err, gocb.ErrUserNotFound)
	require.ErrorIs(t, users.DropUser("jane@example.com", nil), gocb.ErrUserNotFound)
}

// TestExternalUsers has the same name in both domains.
func TestExternalUsers(t *testing.T) {
	t.Parallel()
	s := start(t, couchbase.Options{})
	users := admin(t, s)
	s.AddLDAPUser("joe", couchbase.LDAPUser{Groups: []string{"cn=ops,dc=example"}})
	require.NoError(t, users.UpsertGroup(gocb.Group{Name: "ops", LDAPGroupReference: "cn=ops,dc=example", Roles: []gocb.Role{{Name: "admin"}}}, nil))
	require.NoError(t, users.UpsertUser(gocb.User{Username: "joe", Password: "s3cretpw"}, nil))
	require.NoError(t, users.UpsertUser(gocb.User{Username: "joe", DisplayName: "Joe"}, &gocb.UpsertUserOptions{DomainName: external}))

	got, err := users.GetUser("joe", &gocb.GetUserOptions{DomainName: external})
	require.NoError(t, err)
	joe := gocb.UserAndMetadata{
		User: gocb.User{Username: "joe", DisplayName: "Joe", Groups: []string{}}, Domain: gocb.ExternalDomain, ExternalGroups: []string{"ops"},
		EffectiveRoles: []gocb.RoleAndOrigins{{Role: gocb.Role{Name: "admin"}, Origins: []gocb.Origin{of("ops")}}},
	}
	assert.Equal(t, joe, *got)
	all, err := users.GetAllUsers(&gocb.GetAllUsersOptions{DomainName: external})
	require.NoError(t, err)
	assert.Equal(t, []gocb.UserAndMetadata{joe}, all)

	require.NoError(t, users.DropUser("joe", &gocb.DropUserOptions{DomainName: external}))
	_, err = users.GetUser("joe", &gocb.GetUserOptions{DomainName: external})
	require.ErrorIs(t, err, gocb.ErrUserNotFound)
	_, err = users.GetUser("joe", nil)
	require.NoError(t, err, "the local user is another one")
}

func TestGetAllUsers(t *testing.T) {
	t.Parallel()
	s := start(t, couchbase.Options{})
	users := admin(t, s)
	all, err := users.GetAllUsers(nil)
	require.NoError(t, err)
	assert.Equal(t, []gocb.UserAndMetadata{}, all)

	want := []gocb.UserAndMetadata{}
	for _, name := range []string{"anna", "zoë", "x+y"} {
		s.SeedUser(couchbase.User{ID: name, Password: "secret", Roles: []string{"admin"}})
		role := gocb.Role{Name: "admin"}
		want = append(want, gocb.UserAndMetadata{
			User: gocb.User{Username: name, Roles: []gocb.Role{role}, Groups: []string{}}, Domain: gocb.LocalDomain, PasswordChanged: changed,
			ExternalGroups: []string{}, EffectiveRoles: []gocb.RoleAndOrigins{{Role: role, Origins: []gocb.Origin{direct}}},
		})
	}
	all, err = users.GetAllUsers(nil)
	require.NoError(t, err)
	byName := func(a, b gocb.UserAndMetadata) int { return cmp.Compare(a.Username, b.Username) }
	slices.SortFunc(want, byName)
	slices.SortFunc(all, byName)
	assert.Equal(t, want, all)

	_, err = users.GetUser("zoë", nil)
	require.NoError(t, err)
	_, err = users.GetUser("x+y", nil)
	require.ErrorIs(t, err, gocb.ErrUserNotFound, "the SDK does not escape a plus, which is a space to the server")
}

// TestVersions reads the dates and roles of older servers.
func TestVersions(t *testing.T) {
	t.Parallel()
	for _, v := range []couchbase.Version{couchbase.V60, couchbase.V65, couchbase.V66, couchbase.V70, couchbase.V71, couchbase.V72, couchbase.V76} {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			s := start(t, couchbase.Options{Version: v, Location: time.FixedZone("", 3600)})
			users := admin(t, s)
			require.NoError(t, users.UpsertUser(gocb.User{Username: "old", Password: "secret", Roles: []gocb.Role{{Name: "data_reader", Bucket: "travel-sample"}}}, nil))
			got, err := users.GetUser("old", nil)
			require.NoError(t, err)
			assert.Equal(t, []gocb.Role{{Name: "data_reader", Bucket: "travel-sample"}}, got.Roles)
			assert.Equal(t, changed.Add(time.Hour), got.PasswordChanged, "the digits are local time")
			require.ErrorIs(t, users.DropUser("ghost", nil), gocb.ErrUserNotFound)
		})
	}
}

// TestChangePassword changes the password of the client itself.
func TestChangePassword(t *testing.T) {
	t.Parallel()
	s := start(t, couchbase.Options{})
	s.SeedUser(couchbase.User{ID: "jane", Password: "before", Roles: []string{"admin"}})
	users := login(t, s, "jane", "before")
	refusedWith(t, users.ChangePassword("short", nil), `{"errors":{"password":"The password must be at least 6 characters long."}}`)
	refusedWith(t, users.ChangePassword("before", nil), `{"errors":{"password":"Password has already been used."}}`)
	require.NoError(t, users.ChangePassword("afterwards", nil))
	refusedWith(t, users.ChangePassword("once more", nil), "")
	require.NoError(t, login(t, s, "jane", "afterwards").ChangePassword("once more", nil))
	require.NoError(t, admin(t, s).ChangePassword("new-secret", nil))
	_, err := login(t, s, "Administrator", "new-secret").GetAllUsers(nil)
	require.NoError(t, err)
}
