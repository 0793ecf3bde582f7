package couchbase_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/usermgmt/usermgmt/internal/simulator/couchbase"
)

func TestProfiles(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{})
	const profiles = "/settings/rbac/profiles"
	for _, name := range []string{"jane", "other"} {
		c.SeedUser(couchbase.User{ID: name, Password: "secret", Roles: []string{"user_admin_local"}})
	}
	jane := auth{"jane", "secret"}
	missing := `"UI profile was not found."`
	refused(t, c.as(t, jane, http.MethodGet, profiles+"/@self", ""), 404, missing)
	refused(t, c.as(t, jane, http.MethodPut, profiles+"/@self", `{"dark":true}`), 200, `""`)
	refused(t, c.as(t, jane, http.MethodGet, profiles+"/@self", ""), 200, `{"dark":true}`)
	refused(t, c.send(t, http.MethodGet, profiles+"/local/jane", ""), 200, `{"dark":true}`)
	refused(t, c.send(t, http.MethodPut, profiles+"/local/other", "7"), 200, `""`)
	refused(t, c.send(t, http.MethodPut, profiles+"/@self", "[]"), 200, `""`)
	assert.Len(t, get[[]any](t, c, profiles), 3)
	assert.Len(t, parse[[]any](t, c.as(t, jane, http.MethodGet, profiles, "").body), 2, "the administrator's is not shown")
	refused(t, c.as(t, jane, http.MethodGet, profiles+"/admin/Administrator", ""), 403, needs("admin.security.admin!read"))
	refused(t, c.as(t, jane, http.MethodPut, profiles+"/external/joe", "1"), 403, needs("admin.users.external!write"))
	refused(t, c.as(t, jane, http.MethodDelete, profiles+"/external/joe", ""), 403, needs("admin.users.external!write"))
	refused(t, c.send(t, http.MethodPut, profiles+"/local/jane", "{"), 400, `"Invalid Json"`)
	refused(t, c.send(t, http.MethodPut, profiles+"/local/ghost", "1"), 404, "User does not exist")
	refused(t, c.send(t, http.MethodPut, profiles+"/local/@x", "1"), 400, "Username cannot start with '@'")
	refused(t, c.send(t, http.MethodPut, profiles+"/admin/x", "1"), 404, "Unknown identity")
	refused(t, c.send(t, http.MethodGet, profiles+"/ldap/x", ""), 404, "Unknown domain")
	refused(t, c.as(t, anonymous, http.MethodGet, profiles+"/@self", ""), 401, "")
	refused(t, c.as(t, jane, http.MethodDelete, profiles+"/@self", ""), 200, `""`)
	refused(t, c.as(t, jane, http.MethodDelete, profiles+"/@self", ""), 404, missing)
	c.stored(t, http.MethodDelete, users+"local/other", "")
	refused(t, c.send(t, http.MethodGet, profiles+"/local/other", ""), 404, missing)
}

func TestUserActivity(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	c := start(t, couchbase.Options{Now: func() time.Time { return now }})
	c.SeedGroup(couchbase.Group{Name: "ops", Roles: []string{"data_reader[*]"}})
	c.SeedUser(couchbase.User{ID: "jane", Password: "secret", Roles: []string{"ro_admin"}})
	c.SeedUser(couchbase.User{ID: "tom", Password: "secret", Groups: []string{"ops"}})
	c.SeedUser(couchbase.User{ID: "untracked", Password: "secret", Roles: []string{"data_writer[*]"}})
	const target = "/settings/security/userActivity"
	assert.Equal(t, false, get[map[string]any](t, c, target)["enabled"])
	visit := func() (dates []string) {
		for _, name := range []string{"jane", "tom", "untracked"} {
			c.as(t, auth{name, "secret"}, http.MethodGet, "/whoami", "")
			dates = append(dates, get[user](t, c, users+"local/"+name).LastActivity)
		}
		return dates
	}
	assert.Equal(t, []string{"", "", ""}, visit())
	refused(t, c.send(t, http.MethodPost, target, "enabled=true&trackedRoles=ro_admin, cluster_admin&trackedGroups=ops"), 200,
		`{"enabled":true,"trackedRoles":["ro_admin","cluster_admin"],"trackedGroups":["ops"]}`)
	assert.Equal(t, []string{"2026-03-04T05:06:07Z", "2026-03-04T05:06:07Z", ""}, visit())
	assert.Equal(t, [][]string{{"untracked", "jane", "tom"}}, walk(t, c, users+"local?pageSize=3&sortBy=last_activity_time"))
	refused(t, c.send(t, http.MethodPost, target, "trackedRoles=x,admin,y&enabled=1&z=1"), 400, `{"errors":{"trackedRoles":"The following roles are invalid: x,y",
		"enabled":"The value must be one of the following: [true,false]","z":"Unsupported key"}}`)
	c.stored(t, http.MethodDelete, users+"local/jane", "")
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{})
	refused(t, c.send(t, http.MethodGet, "/settings/jwt", ""), 200, `{}`)
	refused(t, c.send(t, http.MethodPut, "/settings/jwt", `{"enabled":true}`), 200, `{"enabled":true}`)
	refused(t, c.send(t, http.MethodPut, "/settings/jwt", `{`), 400, `{"errors":{"_":"Invalid Json"}}`)
	refused(t, c.send(t, http.MethodGet, "/settings/jwt", ""), 200, `{"enabled":true}`)
	refused(t, c.send(t, http.MethodDelete, "/settings/jwt", ""), 200, "")
	refused(t, c.send(t, http.MethodGet, "/settings/jwt", ""), 200, `{}`)
	refused(t, c.send(t, http.MethodPost, "/settings/ldap", "authenticationEnabled=true&hosts=h1,h2"), 200, `{"authenticationEnabled":true,"hosts":"h1,h2"}`)
	refused(t, c.send(t, http.MethodPost, "/settings/ldap", "hosts=h3"), 200, `{"authenticationEnabled":true,"hosts":"h3"}`)
	refused(t, c.send(t, http.MethodPost, "/settings/saml", "enabled=true"), 200, `{"enabled":true}`)
	refused(t, c.send(t, http.MethodGet, "/settings/rbac", ""), 200, `{"ldapEnabled":true,"samlEnabled":true,"saslauthdAuthEnabled":false}`)
	r := c.request(t, 0, admin, http.MethodPost, "/settings/clientCertAuth", `[1]`)
	r.Header.Set("Content-Type", "application/json")
	refused(t, c.do(t, r), 200, `[1]`)
	refused(t, c.send(t, http.MethodPost, "/settings/clientCertAuth", "state=enable"), 200, `{"state":"enable"}`)
}
