package couchbase_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/couchbase"
)

const users = "/settings/rbac/users/"

func TestPutReplacesEverything(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 5, 6, 7, 890_000_000, time.UTC)
	c := start(t, couchbase.Options{Now: func() time.Time { return now }, Location: time.FixedZone("", 2*3600)})
	c.SeedGroup(couchbase.Group{Name: "ops", Roles: []string{"cluster_admin"}})
	c.stored(t, http.MethodPut, users+"local/jane", form("name", "Jane", "password", "s3cretpw", "roles", " admin , DATA_READER[travel-sample:inventory],data_reader[travel-sample:inventory]",
		"groups", "ops", "locked", "true", "temporaryPassword", "true"))
	got := get[user](t, c, users+"local/jane")
	require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, got.UUID)
	uuid := got.UUID
	assert.ElementsMatch(t, []role{
		{Role: "admin", Origins: []origin{{Type: "user"}}},
		{Role: "data_reader", Bucket: "travel-sample", Scope: "inventory", Collection: "*", Origins: []origin{{Type: "user"}}},
		{Role: "cluster_admin", Origins: []origin{{"group", "ops"}}},
	}, got.Roles)
	got.Roles = nil
	yes, no := true, false
	assert.Equal(t, user{
		ID: "jane", Domain: "local", Name: new("Jane"), UUID: uuid, Groups: &[]string{"ops"}, ExternalGroups: &[]string{},
		PasswordChanged: "2026-03-04T07:06:07+02:00", Locked: &yes, TemporaryPassword: &yes,
	}, got)

	c.stored(t, http.MethodPut, users+"local/jane", "")
	assert.Equal(t, user{
		ID: "jane", Domain: "local", UUID: uuid, Roles: []role{}, Groups: &[]string{}, ExternalGroups: &[]string{},
		PasswordChanged: "2026-03-04T07:06:07+02:00", Locked: &no, TemporaryPassword: &no,
	}, get[user](t, c, users+"local/jane"), "only what a client cannot name is left")
	assert.True(t, c.Node(0).CheckPassword("jane", "s3cretpw"))

	c.stored(t, http.MethodDelete, users+"local/jane", "")
	c.stored(t, http.MethodPut, users+"local/jane", form("password", "another"))
	assert.NotEqual(t, uuid, get[user](t, c, users+"local/jane").UUID, "a new user of the same name")
}

func TestPutRefuses(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{})
	c.SeedUser(couchbase.User{ID: "jane", Password: "s3cretpw"})
	for _, one := range []struct{ path, body, want string }{
		{"local/jane", "roles=admin&password=abc&groups=g1,g2&locked=no&temporaryPassword=1&x=1", `{"errors":{
			"password":"The password must be at least 6 characters long.","groups":"Groups do not exist: g1,g2","x":"Unsupported key",
			"locked":"The value must be one of the following: [true,false]","temporaryPassword":"The value must be one of the following: [true,false]"}}`},
		{"external/joe", "password=abc&locked=true&temporaryPassword=true", `{"errors":{"password":"Unsupported key","temporaryPassword":"Unsupported key","locked":"Only permitted for local users"}}`},
		{"external/joe", "locked=maybe", `{"errors":{"locked":"Only permitted for local users"}}`},
		{"local/@jane", "", `{"errors":{"_":"Username cannot start with '@'"}}`},
		{"local/" + strings.Repeat("x", 129), "", `{"errors":{"_":"Username may not exceed 128 characters"}}`},
		{"local/%FF", "", `{"errors":{"_":"Username must not contain spaces, control or any of ()<>,;:\\\"/[]?={} characters and must be valid utf8"}}`},
		{"local/a%7Fb", "", `{"errors":{"_":"Username must not contain spaces, control or any of ()<>,;:\\\"/[]?={} characters and must be valid utf8"}}`},
		{"local/a+b", "", `{"errors":{"_":"Username must not contain spaces, control or any of ()<>,;:\\\"/[]?={} characters and must be valid utf8"}}`},
		{"local/new", "name=x", `{"errors":{"password":"Password is required for new user."}}`},
	} {
		refused(t, c.send(t, http.MethodPut, users+one.path, one.body), 400, one.want)
	}
	refused(t, c.send(t, http.MethodPut, users+"ldap/joe", ""), 404, `"Unknown user domain."`)
	refused(t, c.send(t, http.MethodPut, users+"ldap/@joe", ""), 400, `{"errors":{"_":"Username cannot start with '@'"}}`)
	refused(t, c.send(t, http.MethodDelete, users+"ldap/joe", ""), 404, `"Unknown user domain."`)
	refused(t, c.send(t, http.MethodGet, users+"ldap", ""), 404, `"Unknown user domain."`)
	c.SetUpgrading(true)
	for _, method := range []string{http.MethodPut, http.MethodPatch, http.MethodDelete} {
		refused(t, c.send(t, method, users+"local/jane", ""), 503, "Not allowed during cluster upgrade.")
	}
	assert.Equal(t, []couchbase.Identity{{ID: "jane", Domain: "local"}}, c.Node(0).Identities())
}

// TestNames has names that are allowed although they look dangerous.
func TestNames(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{})
	for escaped, name := range map[string]string{"x%2By": "x+y", "a@b": "a@b", "50%25": "50%", "zo%C3%AB": "zoë", "it's": "it's", "a&b#c~.": "a&b"} {
		c.stored(t, http.MethodPut, users+"local/"+escaped, form("password", "secret"))
		_, ok := c.Node(0).User(couchbase.Local, name)
		assert.True(t, ok, name)
	}
}

// TestForms has forms at the border of what a form is.
func TestForms(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{MaxBody: 2000})
	c.stored(t, http.MethodPut, users+"local/a", "name=one;password=secret&name=two&roles=%61dmin")
	got := get[user](t, c, users+"local/a")
	assert.Equal(t, "one", *got.Name, "the first of two values counts")
	assert.Equal(t, "admin", got.Roles[0].Role)

	r := c.request(t, 0, admin, http.MethodPut, users+"local/b", `{"password":"secret"}`)
	r.Header.Set("Content-Type", "application/json")
	refused(t, c.do(t, r), 400, `{"errors":{"password":"Password is required for new user."}}`)
	r = c.request(t, 0, admin, http.MethodPut, users+"local/b", "password=secret")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	assert.Equal(t, 200, c.do(t, r).status)
	refused(t, c.send(t, http.MethodPut, users+"local/c", "name="+strings.Repeat("x", 2000)), 413, "")

	refused(t, c.send(t, http.MethodPut, users+"local/c?just_validate=1", "password=secret&roles=admin"), 200, `{"errors":{}}`)
	refused(t, c.send(t, http.MethodPut, users+"local/c?just_validate=1", "password=x"), 400, `{"errors":{"password":"The password must be at least 6 characters long."}}`)
	_, ok := c.Node(0).User(couchbase.Local, "c")
	assert.False(t, ok)
}

// TestLegacyRoute has requests without an ID.
func TestLegacyRoute(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{})
	c.stored(t, http.MethodPut, "//settings/rbac//users/local/", "name=x")
	assert.Equal(t, []couchbase.Identity{{ID: "local", Domain: "external"}}, c.Node(0).Identities())
	assert.Empty(t, get[[]user](t, c, users+"local/"), "an empty ID makes it a list")
	c.stored(t, http.MethodDelete, users+"local/", "")
	assert.Empty(t, c.Node(0).Identities())
	refused(t, c.send(t, http.MethodDelete, users+"local/", ""), 404, `"Unknown user."`)
}

func TestPatch(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	c := start(t, couchbase.Options{Now: func() time.Time { return now }})
	seeded := couchbase.User{
		ID: "jane", Name: new("Jane"), UUID: "5f1d8f0e-0f0b-4a0c-9d59-6f2f3c7d1a11", Password: "s3cretpw", TemporaryPassword: true,
		Roles: []string{"data_reader[travel-sample]"}, PasswordChanged: now.Add(-time.Hour),
	}
	c.SeedUser(seeded)
	refused(t, c.send(t, http.MethodPatch, users+"local/jane", form("locked", "true", "name", "x")), 400, `{"errors":{"name":"Unsupported key"}}`)
	refused(t, c.send(t, http.MethodPatch, users+"local/jane", form("password", "s3cretpw", "locked", "true")), 400, `{"errors":{"password":"Password has already been used."}}`)
	refused(t, c.send(t, http.MethodPatch, users+"local/@x", ""), 400, `{"errors":{"_":"Username cannot start with '@'"}}`)
	refused(t, c.send(t, http.MethodPatch, users+"local/jane?just_validate=1", form("locked", "true")), 200, `{"errors":{}}`)

	refused(t, c.send(t, http.MethodPatch, users+"local/jane", form("locked", "true")), 200, "")
	seeded.Domain, seeded.Locked, seeded.Password = couchbase.Local, true, ""
	got, _ := c.Node(0).User(couchbase.Local, "jane")
	assert.Equal(t, seeded, got, "everything else stays")
	refused(t, c.send(t, http.MethodPatch, users+"local/jane", form("password", "fresh-one", "locked", "false")), 200, "")
	seeded.Locked, seeded.TemporaryPassword, seeded.PasswordChanged = false, false, now
	got, _ = c.Node(0).User(couchbase.Local, "jane")
	assert.Equal(t, seeded, got, "a password that is set like this is not temporary")
	assert.True(t, c.Node(0).CheckPassword("jane", "fresh-one"))
}

func TestCommunity(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{Community: true})
	for i := range 20 {
		c.SeedUser(couchbase.User{ID: "user-" + string(rune('a'+i)), Password: "secret"})
	}
	refused(t, c.send(t, http.MethodPut, users+"local/one-more", "password=secret"), 400, `{"errors":{"_":"You cannot create any more users on Community Edition."}}`)
	c.stored(t, http.MethodPut, users+"local/user-a", "roles=bucket_full_access[travel-sample]")
	refused(t, c.send(t, http.MethodPut, users+"local/user-a", "locked=true&temporaryPassword=true&groups=x&roles=data_reader[*]"), 400, `{"errors":{
		"locked":"Supported in enterprise edition only","temporaryPassword":"Supported in enterprise edition only","groups":"User groups require enterprise edition",
		"roles":"Cannot assign roles to user because the following roles are unknown, malformed or role parameters are undefined: [data_reader[*]]"}}`)
	c.stored(t, http.MethodPut, users+"local/user-a", "groups=")
	refused(t, c.send(t, http.MethodPatch, users+"local/user-a", "locked=true"), 400, `{"errors":{"locked":"Supported in enterprise edition only"}}`)
	for _, answer := range []reply{
		c.send(t, http.MethodPut, users+"external/joe", ""), c.send(t, http.MethodGet, "/settings/rbac/groups", ""),
		c.send(t, http.MethodPost, "/controller/changePassword", "password=new-secret"),
	} {
		refused(t, answer, 400, "This http API endpoint requires enterprise edition")
		assert.Equal(t, "1", answer.header.Get("X-Enterprise-Edition-Needed"))
	}
}

// TestHeaders has what all answers have in common.
func TestHeaders(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{})
	answer := c.send(t, http.MethodGet, users+"local", "")
	assert.Equal(t, []string{"chunked"}, answer.chunks, "lists are sent in chunks")
	answer.header.Del("Date")
	assert.Equal(t, http.Header{
		"Cache-Control": {"no-cache,no-store,must-revalidate"}, "Pragma": {"no-cache"}, "Server": {"Couchbase Server"},
		"X-Content-Type-Options": {"nosniff"}, "X-Frame-Options": {"DENY"}, "Content-Type": {"application/json"},
	}, answer.header)
}

// TestListsHaveNoOrder finds two orders of one list.
func TestListsHaveNoOrder(t *testing.T) {
	t.Parallel()
	orders := map[string]bool{}
	c := start(t, couchbase.Options{ShuffleSeed: 7})
	numbered(5)(c)
	for range 20 {
		order := ""
		for _, u := range get[[]user](t, c, users+"local") {
			order += u.ID
		}
		orders[order] = true
	}
	assert.Greater(t, len(orders), 1)
}
