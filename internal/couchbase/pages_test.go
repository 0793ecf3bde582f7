package couchbase

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// page writes a page of users; next is the query of the next one.
func page(next string, ids ...string) string {
	var users []string
	for _, id := range ids {
		users = append(users, `{"id":"`+id+`","domain":"local","roles":[]}`)
	}
	links := "{}"
	if next != "" {
		links = `{"next":"/settings/rbac/users?` + next + `"}`
	}
	return `{"total":9,"links":` + links + `,"skipped":0,"users":[` + strings.Join(users, ",") + `]}`
}

func collect(t *testing.T, c *Client, query UserQuery) (ids []string, err error) {
	t.Helper()
	for user, err := range c.ListUsers(t.Context(), query) {
		if err != nil {
			return ids, err
		}
		ids = append(ids, user.ID)
	}
	return ids, nil
}

func TestPages(t *testing.T) {
	t.Parallel()
	var queries []string
	c := fakeCluster(t, func(r *http.Request) (int, string) {
		queries = append(queries, r.URL.Path+"?"+r.URL.RawQuery)
		switch r.URL.Query().Get("startFrom") {
		case "":
			return 200, page("pageSize=2&permission=other&sortBy=id&order=desc&startFromDomain=local&startFrom=b&elsewhere=1", "d", "c")
		case "b":
			return 200, page("pageSize=2&startFrom=b%2B1&startFromDomain=local", "b", "b+1")
		default:
			return 200, page("", "b+1", "a")
		}
	})
	ids, err := collect(t, c, UserQuery{Permission: "p", Page: Page{Size: 2, SortBy: "id", Descending: true, Contains: "x y"}})
	require.NoError(t, err)
	assert.Equal(t, []string{"d", "c", "b", "b+1", "a"}, ids, "a user that two pages share comes once")
	assert.Equal(t, []string{
		"/settings/rbac/users?order=desc&pageSize=2&permission=p&sortBy=id&substr=x+y",
		"/settings/rbac/users?order=desc&pageSize=2&permission=p&sortBy=id&startFrom=b&startFromDomain=local&substr=x+y",
		"/settings/rbac/users?order=desc&pageSize=2&permission=p&sortBy=id&startFrom=b%2B1&startFromDomain=local&substr=x+y",
	}, queries, "what limits the list is not the server's to change")

	queries = nil
	for range c.ListUsers(t.Context(), UserQuery{Page: Page{Contains: "x"}}) {
		break
	}
	assert.Equal(t, []string{"/settings/rbac/users?pageSize=100&substr=x"}, queries, "stopping early sends nothing more")
}

// TestPagesThatNeverEnd: a loop of any length is an error.
func TestPagesThatNeverEnd(t *testing.T) {
	t.Parallel()
	for length := 1; length <= 7; length++ {
		c := fakeCluster(t, func(r *http.Request) (int, string) {
			var at int
			_, _ = fmt.Sscanf(r.URL.Query().Get("startFrom"), "u%d", &at)
			next := at%length + 1
			return 200, page(fmt.Sprintf("pageSize=2&startFrom=u%d", next), fmt.Sprintf("u%d", at))
		})
		_, err := collect(t, c, UserQuery{Page: Page{Size: 2}})
		assert.Equal(t, fault.Internal, fault.KindOf(err))
		require.ErrorContains(t, err, "repeats a page")
	}
	for _, next := range []string{"pageSize=2", "%zz=1"} {
		c := fakeCluster(t, func(*http.Request) (int, string) { return 200, page(next, "a") })
		ids, err := collect(t, c, UserQuery{Page: Page{Size: 2}})
		assert.Equal(t, []string{"a"}, ids)
		require.ErrorContains(t, err, "cannot be found")
	}
}

func TestListsFail(t *testing.T) {
	t.Parallel()
	c := fakeCluster(t, func(*http.Request) (int, string) { return 403, `{"message":"no"}` })
	for _, query := range []UserQuery{{}, {Domain: Local}, {Page: Page{Size: 2}}} {
		ids, err := collect(t, c, query)
		assert.Empty(t, ids)
		assert.Equal(t, fault.PermissionDenied, fault.KindOf(err))
	}
	for _, err := range c.ListRoles(t.Context(), "") {
		assert.Equal(t, fault.PermissionDenied, fault.KindOf(err))
	}
	for _, err := range c.ListGroups(t.Context(), Page{Size: 2}) {
		assert.Equal(t, fault.PermissionDenied, fault.KindOf(err))
	}
}

// TestPagesWithoutAList: what is no page is an error and not an empty list.
func TestPagesWithoutAList(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `{"total":2,"links":{},"skipped":0}`, `{"users":null}`} {
		c := fakeCluster(t, func(*http.Request) (int, string) { return 200, body })
		ids, err := collect(t, c, UserQuery{Page: Page{Size: 2}})
		assert.Empty(t, ids)
		assert.Equal(t, fault.Internal, fault.KindOf(err), body)
		require.ErrorContains(t, err, "page", body)
	}
	c := fakeCluster(t, func(*http.Request) (int, string) { return 200, `{"users":[]}` })
	ids, err := collect(t, c, UserQuery{Page: Page{Size: 2}})
	require.NoError(t, err)
	assert.Empty(t, ids)
}

// TestRolesOfALaterServer: members that nobody knows are not counted past what
// a scope can have.
func TestRolesOfALaterServer(t *testing.T) {
	t.Parallel()
	c := fakeCluster(t, func(*http.Request) (int, string) {
		return 200, `[{"role":"new","a":"*","b":"*","c":"*","d":"*"}]`
	})
	for d, err := range c.ListRoles(t.Context(), "") {
		require.NoError(t, err)
		assert.Equal(t, RoleDefinition{Name: "new", Scope: "*", Parts: 3}, d)
	}
}

func TestListRoles(t *testing.T) {
	t.Parallel()
	c := fakeCluster(t, func(*http.Request) (int, string) {
		return 200, `[{"role":"admin","name":"Full Admin","desc":"All.","ce":true},{"role":"data_reader","bucket_name":"*","scope_name":"*","collection_name":"*"}]`
	})
	var got []RoleDefinition
	for d, err := range c.ListRoles(t.Context(), "") {
		require.NoError(t, err)
		got = append(got, d)
	}
	assert.Equal(t, []RoleDefinition{
		{Name: "admin", Label: "Full Admin", Description: "All."}, {Name: "data_reader", Scope: "*", Parts: 3},
	}, got)
	for range c.ListRoles(t.Context(), "") {
		break
	}
}
