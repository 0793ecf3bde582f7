package couchbase_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/usermgmt/usermgmt/internal/simulator/couchbase"
)

// TestUsersByVersion reads one user from servers of all versions.
func TestUsersByVersion(t *testing.T) {
	t.Parallel()
	no := false
	local := time.FixedZone("", -5*3600)
	for v, want := range map[couchbase.Version]user{
		couchbase.V60: {Roles: []role{{Role: "ro_admin"}}, PasswordChanged: "2026-03-04T00:06:07.000Z"},
		couchbase.V66: {Roles: []role{{Role: "ro_admin", Origins: []origin{{Type: "user"}}}}, Groups: &[]string{}, ExternalGroups: &[]string{}, PasswordChanged: "2026-03-04T00:06:07.000Z"},
		couchbase.V71: {Roles: []role{{Role: "ro_admin", Origins: []origin{{Type: "user"}}}}, Groups: &[]string{}, ExternalGroups: &[]string{}, PasswordChanged: "2026-03-04T00:06:07.000Z", UUID: "the-uuid"},
		couchbase.V80: {Roles: []role{{Role: "ro_admin", Origins: []origin{{Type: "user"}}}}, Groups: &[]string{}, ExternalGroups: &[]string{}, PasswordChanged: "2026-03-04T00:06:07-05:00", UUID: "the-uuid", Locked: &no, TemporaryPassword: &no},
	} {
		c := start(t, couchbase.Options{Version: v, Location: local})
		c.SeedUser(couchbase.User{ID: "jane", UUID: "the-uuid", Password: "", Roles: []string{"ro_admin"}, PasswordChanged: changed})
		c.SeedUser(couchbase.User{ID: "joe", Domain: couchbase.External, UUID: "the-uuid"})
		want.ID, want.Domain, want.Passwordless = "jane", "local", true
		assert.Equal(t, want, get[user](t, c, users+"local/jane"), v)
		joe := get[user](t, c, users+"external/joe")
		assert.Equal(t, []any{v >= couchbase.V80, "", false}, []any{joe.UUID != "", joe.PasswordChanged, joe.Passwordless}, v)
	}
}

// TestRoutesByVersion has requests for what a version lacks.
func TestRoutesByVersion(t *testing.T) {
	t.Parallel()
	const notFound, notAllowed = "Requested resource not found.\r\n", "Method Not Allowed"
	for _, one := range []struct {
		version        couchbase.Version
		method, target string
		status         int
		body           string
	}{
		{couchbase.V60, http.MethodGet, "/settings/rbac/groups/x", 404, notFound},
		{couchbase.V60, http.MethodPut, "/settings/rbac/groups/x", 405, notAllowed},
		{couchbase.V66, http.MethodGet, "/_uiroles", 404, notFound},
		{couchbase.V70, http.MethodPatch, users + "local/x", 405, notAllowed},
		{couchbase.V72, http.MethodGet, "/settings/rbac/backup", 404, notFound},
		{couchbase.V72, http.MethodPut, "/settings/rbac/backup", 405, notAllowed},
		{couchbase.V76, http.MethodGet, "/settings/rbac", 404, notFound},
		{couchbase.V76, http.MethodDelete, "/settings/jwt", 404, "Object Not Found"},
		{couchbase.V80, http.MethodPatch, users + "external/x", 404, "Object Not Found"},
		{couchbase.V80, http.MethodPost, users + "local/x", 404, notFound},
		{couchbase.V80, http.MethodOptions, users + "local/x", 405, notAllowed},
		{couchbase.V80, http.MethodGet, "/", 404, notFound},
		{couchbase.V80, http.MethodGet, users + "local/x/y", 404, notFound},
		{couchbase.V76, http.MethodDelete, users + "local/x", 404, `"User was not found."`},
		{couchbase.V76, http.MethodGet, users + "local/x", 404, `"Unknown user."`},
	} {
		c := start(t, couchbase.Options{Version: one.version})
		refused(t, c.send(t, one.method, one.target, ""), one.status, one.body)
	}
}

func TestPatchBefore80(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{Version: couchbase.V72})
	c.SeedUser(couchbase.User{ID: "jane", Password: "secret"})
	refused(t, c.send(t, http.MethodPatch, users+"local/jane", "password=secret"), 200, "")
	refused(t, c.send(t, http.MethodPatch, users+"local/nobody", "password=secret"), 404, `"User was not found."`)
	refused(t, c.send(t, http.MethodPut, users+"local/jane", "locked=true&temporaryPassword=true"), 400, `{"errors":{"locked":"Unsupported key","temporaryPassword":"Unsupported key"}}`)
	refused(t, c.send(t, http.MethodPost, "/controller/changePassword", "password=password"), 200, "")
}

func TestLimits(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{Version: couchbase.V71})
	c.stored(t, http.MethodPut, users+"local/jane", form("password", "secret", "limits", `{"kv":"1"}`))
	assert.Equal(t, map[string]string{"kv": "1"}, get[user](t, c, users+"local/jane?limits=true").Limits)
	assert.Nil(t, get[user](t, c, users+"local/jane").Limits)
	c.stored(t, http.MethodPut, users+"local/jane", "")
	assert.Equal(t, map[string]string{}, get[[]user](t, c, users+"local?limits=true")[0].Limits)
	refused(t, c.send(t, http.MethodPut, users+"local/jane", "limits=x"), 400, `{"errors":{"limits":"Invalid Json"}}`)
	c = start(t, couchbase.Options{Version: couchbase.V76})
	refused(t, c.send(t, http.MethodPut, users+"local/jane", "password=secret&limits={}"), 400, `{"errors":{"limits":"Unsupported key"}}`)
}

// TestMixedVersions has new nodes in a cluster that is not yet upgraded.
func TestMixedVersions(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{})
	c.SeedUser(couchbase.User{ID: "jane", Password: "secret"})
	c.SetCompat(couchbase.V72)
	refused(t, c.send(t, http.MethodPut, users+"local/jane", "locked=true"), 400, `{"errors":{"locked":"Unsupported key"}}`)
	assert.Nil(t, get[user](t, c, users+"local/jane").Locked)
	for _, target := range []string{"/settings/rbac/backup", "/settings/security/userActivity", "/settings/jwt"} {
		refused(t, c.send(t, http.MethodGet, target, ""), 400, "This http API endpoint isn't supported in mixed version clusters")
	}
	c.SeedUser(couchbase.User{ID: "reader", Password: "secret", Roles: []string{"data_reader[*]"}})
	refused(t, c.as(t, auth{"reader", "secret"}, http.MethodGet, users, ""), 403, needs("admin.security!read"))
	info := get[map[string]any](t, c, "/pools")
	assert.Equal(t, "8.0.0-3777-enterprise", info["implementationVersion"])
}

func TestPools(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{Version: couchbase.V66, Community: true, UUID: "0123"})
	refused(t, c.send(t, http.MethodGet, "/pools", ""), 200,
		`{"implementationVersion":"6.6.0-3777-community","isEnterprise":false,"uuid":"0123","pools":[{"name":"default","uri":"/pools/default?uuid=0123"}]}`)
	refused(t, c.as(t, anonymous, http.MethodGet, "/pools", ""), 401, "")
	refused(t, c.as(t, anonymous, http.MethodGet, "/pools?uuid=other", ""), 404, "Cluster uuid does not match the requested.\r\n")
	assert.Equal(t, 200, c.send(t, http.MethodHead, "/pools?uuid=0123", "").status)
}

func TestPasswordPolicy(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{})
	const target = "/settings/passwordPolicy"
	for _, one := range []struct{ policy, password, problem string }{
		{"minLength=0", "", ""},
		{"minLength=4", "äö", ""},
		{"minLength=4", "äö%FF", "must be valid utf8"},
		{"minLength=4", "ab%01cd", "must not contain control characters"},
		{"minLength=4&enforceUppercase=true", "abcd", "must contain at least one uppercase letter"},
		{"minLength=4&enforceLowercase=true", "ABCD", "must contain at least one lowercase letter"},
		{"minLength=4&enforceDigits=true", "abcd", "must contain at least one digit"},
		{"minLength=4&enforceSpecialChars=true", "abcd", "must contain at least one of the following characters: @%+\\\\/'\\\"!#$^?:,(){}[]~`-_*=&.;<>|"},
		{"minLength=9&enforceUppercase=true&enforceLowercase=true&enforceDigits=true&enforceSpecialChars=true", "Abcdefg1*", ""},
		{"minLength=100", "short", "must be at least 100 characters long."},
	} {
		refused(t, c.send(t, http.MethodPost, target, one.policy), 200, "")
		answer := c.send(t, http.MethodPut, users+"local/jane", "password="+one.password)
		if one.problem == "" {
			refused(t, answer, 200, `""`)
			continue
		}
		refused(t, answer, 400, `{"errors":{"password":"The password `+one.problem+`"}}`)
	}
	refused(t, c.send(t, http.MethodGet, target, ""), 200, `{"minLength":100,"enforceUppercase":false,"enforceLowercase":false,"enforceDigits":false,"enforceSpecialChars":false}`)
	refused(t, c.send(t, http.MethodPost, target, "minLength=101&enforceDigits=1&x=2"), 400, `{"errors":{"minLength":"The value must be in range from 0 to 100 (inclusive)",
		"enforceDigits":"The value must be one of the following: [true,false]","x":"Unsupported key"}}`)
	old := start(t, couchbase.Options{Version: couchbase.V76})
	refused(t, old.send(t, http.MethodPost, target, "minLength=1&enforceSpecialChars=true"), 200, "")
	refused(t, old.send(t, http.MethodPut, users+"local/jane", "password=a*b"), 400, `{"errors":{"password":"The password must contain at least one of the following characters: @%+\\/'\"!#$^?:,(){}[]~`+"`"+`-_"}}`)
}
