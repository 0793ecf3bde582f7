package iguazio_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/iguazio"
)

// listing returns a system with a few users.
func listing(t *testing.T, alternatives iguazio.Alternatives) server {
	t.Helper()
	s := start(t, iguazio.Options{Alternatives: alternatives})
	s.SeedGroup(iguazio.Group{Name: "crew"})
	s.SeedUser(iguazio.User{Username: "ann", Policies: []string{"Data", "IT Admin"}, Attributes: []byte(`{"uid":100,"job_title":"SRE"}`), Groups: []string{"crew"}})
	s.SeedUser(iguazio.User{Username: "Ann", Policies: []string{"Data"}, Attributes: []byte(`{"uid":20,"job_title":"SRE","created_at":"2025-01-01T00:00:00Z"}`)})
	s.SeedUser(iguazio.User{Username: "[$ne]x", Disabled: true, Attributes: []byte(`{"uid":3,"rank":[{"a":1}],"novel":null}`)})
	return s
}

func (s server) usernames(t *testing.T, query string) []string {
	t.Helper()
	return s.ok(t, http.StatusOK, http.MethodGet, "users?"+query, "").names("username")
}

func TestFilters(t *testing.T) {
	t.Parallel()
	s := listing(t, iguazio.Alternatives{})
	ann := s.UserID("ann")
	for _, try := range []struct {
		field, value string
		want         []string
	}{
		{"username", "ann", []string{"ann"}},
		{"username", "an", []string{}},
		{"username", "[$ne]x", []string{"admin", "ann", "Ann", "[$ne]x"}}, // another user than the one of that name
		{"username", "[$ne]ann", []string{"admin", "Ann", "[$ne]x"}},
		{"username", "[brackets]", []string{}},
		{"username", "[$match-i]^a.n$", []string{"ann", "Ann"}},
		{"username", "[$contains_istr]NN", []string{"ann", "Ann"}},
		{"assigned_policies", "[$contains_any]IT Admin,Tenant Admin", []string{"admin", "ann"}},
		{"assigned_policies", "Data", []string{"ann", "Ann"}},
		{"uid", "[$gt]19", []string{"ann", "Ann"}},
		{"created_at", "[$gt]2024-12-31", []string{"Ann"}},
		{"updated_at", "[$gt]2000", []string{}},
		{"updated_at", "[$ne]x", []string{"admin", "ann", "Ann", "[$ne]x"}},
		{"uid", "20", []string{"Ann"}},
		{"id", ann, []string{"ann"}},
		{"send_password_on_creation", "false", []string{"admin", "ann", "Ann", "[$ne]x"}},
		{"department", "", []string{"admin", "ann", "Ann", "[$ne]x"}},
		{"nonsense", "", []string{}},
	} {
		assert.Equal(t, try.want, s.usernames(t, "filter["+try.field+"]="+url.QueryEscape(try.value)), try.field+" "+try.value)
	}
	assert.Equal(t, []string{"Ann"}, s.usernames(t, "filter[job_title]=SRE&filter[uid]=20"))
	assert.Empty(t, s.usernames(t, "filter[uid]=20&filter[uid]=100"))
	s.refused(t, adminKey, http.StatusBadRequest, "Invalid regular expression in filter", http.MethodGet, "users?filter[uid]="+url.QueryEscape("[$match-i]("), "")
	s.refused(t, adminKey, http.StatusBadRequest, "Unknown filter operator [$lt]", http.MethodGet, "users?filter[uid]="+url.QueryEscape("[$lt]1"), "")
}

func TestSortAndPages(t *testing.T) {
	t.Parallel()
	s := listing(t, iguazio.Alternatives{})
	assert.Equal(t, []string{"Ann", "[$ne]x", "admin", "ann"}, s.usernames(t, "sort=username"))
	assert.Equal(t, []string{"ann", "Ann", "[$ne]x", "admin"}, s.usernames(t, "sort=-uid"))
	assert.Equal(t, []string{"Ann", "ann", "[$ne]x", "admin"}, s.usernames(t, "sort=-job_title,username,nonsense"))
	assert.Equal(t, []string{"[$ne]x", "admin", "ann", "Ann"}, s.usernames(t, "sort=-rank"))

	assert.Equal(t, []string{"Ann"}, s.usernames(t, "page[number]=2&page[size]=1"))
	assert.Equal(t, []string{"[$ne]x"}, s.usernames(t, "page[number]=1&page[size]=3"))
	assert.Empty(t, s.usernames(t, "page[number]=9223372036854775807&page[size]=3"))
	assert.Len(t, s.usernames(t, "page[number]=0"), 4)
	for _, query := range []string{"page[size]=0", "page[size]=x", "page[size]=-1"} {
		s.refused(t, adminKey, http.StatusBadRequest, "Invalid page[size]", http.MethodGet, "users?"+query, "")
	}
	s.refused(t, adminKey, http.StatusBadRequest, "Invalid page[number]", http.MethodGet, "users?page[number]=-1", "")

	counted := s.ok(t, http.StatusOK, http.MethodGet, "users?page[size]=3&count=records", "")
	require.NotNil(t, counted.Meta.TotalRecords)
	assert.Equal(t, []int{4, 2}, []int{*counted.Meta.TotalRecords, *counted.Meta.TotalPages})
	uncounted := s.ok(t, http.StatusOK, http.MethodGet, "users", "")
	assert.Nil(t, uncounted.Meta.TotalRecords)
	assert.Regexp(t, `^"\d{19,20}"$`, string(uncounted.Meta.Context))
	empty := s.ok(t, http.StatusOK, http.MethodGet, "users?count=records&filter[uid]=x", "")
	assert.Zero(t, *empty.Meta.TotalPages)
}

func TestIncludesOfLists(t *testing.T) {
	t.Parallel()
	s := listing(t, iguazio.Alternatives{})
	got := s.ok(t, http.StatusOK, http.MethodGet, "users?sort=-uid&include=user_groups,primary_group,nonsense", "")
	all, crew := s.GroupID("all_users"), s.GroupID("crew")
	assert.Equal(t, []string{all, crew}, got.Data[0].linked("user_groups"))
	assert.Equal(t, []string{all}, got.Data[1].linked("user_groups"))
	assert.Len(t, got.Data[0].Relationships, 1)
	assert.Equal(t, []string{all, crew}, got.includedIDs(), "each once")
	assert.Nil(t, s.ok(t, http.StatusOK, http.MethodGet, "users?sort=-uid", "").Data[0].Relationships)
	deep := s.ok(t, http.StatusOK, http.MethodGet, "user_groups/"+crew+"?include=users.user_groups", "")
	assert.Equal(t, []string{s.UserID("ann"), all, crew}, deep.includedIDs())
	assert.Equal(t, []string{all, crew}, deep.Included[0].linked("user_groups"))
}

// TestManyUsers pages through thousands of users.
func TestManyUsers(t *testing.T) {
	t.Parallel()
	const users = 3000
	s := start(t, iguazio.Options{})
	s.SeedUsers(users, func(i int) iguazio.User { return iguazio.User{Username: fmt.Sprintf("u%04d", i)} })
	seen := map[string]bool{}
	for number := 0; ; number++ {
		page := s.usernames(t, fmt.Sprintf("sort=username&page[number]=%d&page[size]=200", number))
		for _, username := range page {
			seen[username] = true
		}
		if len(page) < 200 {
			break
		}
	}
	assert.Len(t, seen, users+1)
	assert.Equal(t, []string{"u2999"}, s.usernames(t, "filter[username]=u2999"))
}
