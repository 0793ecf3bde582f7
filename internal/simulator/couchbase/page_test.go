package couchbase_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/usermgmt/usermgmt/internal/simulator/couchbase"
)

// page is the answer with a page.
type page struct {
	Total   int               `json:"total"`
	Links   map[string]string `json:"links"`
	Skipped int               `json:"skipped"`
	Users   []user            `json:"users"`
	Groups  []group           `json:"groups"`
}

// names returns who is on the page.
func (p page) names() (names []string) {
	for _, u := range p.Users {
		names = append(names, u.ID)
	}
	for _, g := range p.Groups {
		names = append(names, g.ID)
	}
	return names
}

// walk returns all pages that next leads to.
func walk(t *testing.T, c cluster, target string) (pages [][]string) {
	t.Helper()
	for target != "" {
		p := get[page](t, c, target)
		pages = append(pages, p.names())
		assert.LessOrEqual(t, len(pages), 20)
		target = p.Links["next"]
	}
	return pages
}

func TestPages(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{})
	for i, name := range []string{"Zed", "", "beta", "Alpha", "beta"} {
		u := couchbase.User{ID: fmt.Sprintf("u%d", i+1), Password: "secret", PasswordChanged: changed.Add(-time.Duration(i) * time.Hour), Locked: i == 0}
		if name != "" {
			u.Name = new(name)
		}
		c.SeedUser(u)
	}
	c.SeedUser(couchbase.User{ID: "u1", Domain: couchbase.External, Name: new("other")})
	for query, want := range map[string][][]string{
		"local?pageSize=2":                                               {{"u1", "u2"}, {"u3", "u4"}, {"u4", "u5"}},
		"local?pageSize=5":                                               {{"u1", "u2", "u3", "u4", "u5"}},
		"local?pageSize=2&order=desc":                                    {{"u5", "u4"}, {"u3", "u2"}, {"u2", "u1"}},
		"local?pageSize=3&sortBy=name":                                   {{"u2", "u4", "u1"}, {"u1", "u3", "u5"}},
		"local?pageSize=3&sortBy=password_change_timestamp":              {{"u5", "u4", "u3"}, {"u3", "u2", "u1"}},
		"local?pageSize=4&sortBy=locked&order=desc":                      {{"u1", "u5", "u4", "u3"}, {"u5", "u4", "u3", "u2"}},
		"local?pageSize=9&sortBy=last_activity_time":                     {{"u1", "u2", "u3", "u4", "u5"}},
		"local?pageSize=2&substr=BET":                                    {{"u3", "u5"}},
		"local?pageSize=2&startFrom=u33":                                 {{"u4", "u5"}},
		"local?pageSize=2&startFrom=zz":                                  {nil},
		"?pageSize=4":                                                    {{"u1", "u1", "u2", "u3"}, {"u2", "u3", "u4", "u5"}},
		"?pageSize=4&sortBy=domain&order=desc":                           {{"u5", "u4", "u3", "u2"}, {"u3", "u2", "u1", "u1"}},
		"external?pageSize=2&permission=cluster.admin!read":              {nil},
		"?pageSize=4&startFrom=u1&startFromDomain=local&unknown=ignored": {{"u1", "u2", "u3", "u4"}, {"u2", "u3", "u4", "u5"}},
	} {
		assert.Equal(t, want, walk(t, c, users+query), query)
	}
	p := get[page](t, c, users+"?pageSize=2&sortBy=name&order=desc&substr=u&permission=cluster.pools!read&startFrom=x&startFromDomain=local")
	assert.Zero(t, p.Total, "none of them has a role")
	p = get[page](t, c, users+"?pageSize=2&substr=u%26&startFrom=u&startFromDomain=local")
	assert.Equal(t, page{Links: map[string]string{}, Users: []user{}}, p)
	p = get[page](t, c, "//settings/rbac/users/?pageSize=2&startFrom=u2&startFromDomain=local")
	const base = "/settings/rbac/users/?pageSize=2&sortBy=id&order=asc"
	assert.Equal(t, map[string]string{
		"first": base, "prev": base + "&startFromDomain=external&startFrom=u1",
		"next": base + "&startFromDomain=local&startFrom=u4", "last": base + "&startFromDomain=local&startFrom=u4",
	}, p.Links)
	assert.Equal(t, []int{6, 2}, []int{p.Total, p.Skipped})

	for query, want := range map[string]string{
		"local?pageSize=1":   `{"pageSize":"The value must be in range from 2 to 100 (inclusive)"}`,
		"local?pageSize=101": `{"pageSize":"The value must be in range from 2 to 100 (inclusive)"}`,
		"local?pageSize=x&sortBy=x&order=x": `{"pageSize":"The value must be an integer","order":"The value must be one of the following: [asc,desc]",
			"sortBy":"The value must be one of the following: [id,name,domain,password_change_timestamp,locked,last_activity_time]"}`,
		"?pageSize=2&startFrom=u1":                            `{"startFromDomain":"The value must be supplied"}`,
		"?pageSize=2&startFrom=u1&startFromDomain=x":          `{"startFromDomain":"The value must be one of the following: [local,external]"}`,
		"local?pageSize=2&startFrom=u1&startFromDomain=local": `{"startFromDomain":"The value must not be supplied"}`,
		"local?permission=nonsense":                           `{"permission":"Malformed permission"}`,
		"local?pageSize=2&permission=nonsense":                `{"permission":"Malformed permission"}`,
	} {
		refused(t, c.send(t, http.MethodGet, users+query, ""), 400, `{"errors":`+want+`}`)
	}
}

func TestPageLinksRepeatTheQuery(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{})
	numbered(5, "data_reader[travel-sample]")(c)
	permission := "cluster.collection[travel-sample:.:.].data.docs!read"
	p := get[page](t, c, users+"local?pageSize=2&substr=U&permission="+url.QueryEscape(permission))
	assert.Equal(t, "/settings/rbac/users/local?permission="+url.QueryEscape(permission)+"&substr=U&pageSize=2&sortBy=id&order=asc&startFrom=u3", p.Links["next"])
	assert.Equal(t, []string{"u3", "u4"}, get[page](t, c, p.Links["next"]).names())
}

func TestGroupPages(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{})
	c.SeedGroup(couchbase.Group{Name: "a", Description: new("Zed"), Roles: []string{"ro_admin"}})
	c.SeedGroup(couchbase.Group{Name: "b", Description: new("Alpha"), LDAPRef: new("cn=b"), Roles: []string{"admin"}})
	c.SeedGroup(couchbase.Group{Name: "c", LDAPRef: new("cn=a")})
	for query, want := range map[string][][]string{
		"pageSize=2": {{"a", "b"}, {"b", "c"}},
		"pageSize=2&sortBy=description&order=desc": {{"a", "b"}, {"b", "c"}},
		"pageSize=3&sortBy=ldap_group_ref":         {{"a", "c", "b"}},
		"pageSize=3&sortBy=roles":                  {{"c", "b", "a"}},
		"pageSize=2&substr=ALPHA":                  {{"b"}},
		"pageSize=2&startFrom=b":                   {{"b", "c"}},
		"pageSize=2&startFrom=bb":                  {{"c"}},
	} {
		assert.Equal(t, want, walk(t, c, "/settings/rbac/groups?"+query), query)
	}
	p := get[page](t, c, "/settings/rbac/groups?pageSize=2&substr=a&startFrom=b")
	assert.Equal(t, map[string]string{
		"first": "/settings/rbac/groups?pageSize=2&sortBy=id&order=asc&substr=a",
		"prev":  "/settings/rbac/groups?pageSize=2&sortBy=id&order=asc&substr=a&startFrom=a",
	}, p.Links)
	refused(t, c.send(t, http.MethodGet, "/settings/rbac/groups?pageSize=2&x=1", ""), 400, `{"errors":{"x":"Unsupported key"}}`)
}
