package cognite_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/cognite"
)

// pageOf is a page of users.
type pageOf struct {
	Items      []cognite.User `json:"items"`
	NextCursor string         `json:"nextCursor"`
}

func (p pageOf) names() []string {
	names := []string{}
	for _, u := range p.Items {
		names = append(names, u.Username)
	}
	return names
}

func (s server) page(t *testing.T, limit int, cursor string) pageOf {
	t.Helper()
	got := s.as(t, "admin", fmt.Sprintf("%s?limit=%d&cursor=%s", users, limit, cursor), "")
	require.Equal(t, http.StatusOK, got.status, got.body)
	return parse[pageOf](t, got.body)
}

func TestThousandsOfUsers(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{})
	want := s.project.SeedManyUsers(3050)
	seen, cursor, pages := []string{}, "", 0
	for {
		p := s.page(t, 100, cursor)
		seen, cursor, pages = append(seen, p.names()...), p.NextCursor, pages+1
		if cursor == "" {
			break
		}
	}
	assert.Equal(t, want, seen)
	assert.Equal(t, 31, pages)
}

func TestCursorSurvivesChanges(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{})
	s.project.SeedManyUsers(4)
	first := s.page(t, 2, "")
	s.ok(t, users+"/delete", `{"items":[{"username":"pg_00001"}]}`, `{}`)
	s.as(t, "admin", users, `{"items":[{}]}`)
	assert.Equal(t, []string{"pg_00002", "pg_00003", "user-1"}, s.page(t, 5, first.NextCursor).names())
	assert.Len(t, s.page(t, 5, first.NextCursor).Items, 3, "a page can be asked for again")
}

func TestPageDefaults(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{NullCursor: true})
	s.project.SeedManyUsers(26)
	assert.Len(t, parse[pageOf](t, s.as(t, "admin", users, "").body).Items, 25)
	got := s.as(t, "admin", users+"?limit=26", "")
	assert.Contains(t, got.body, `"nextCursor":null`)
}

func TestListByPost(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{})
	s.project.SeedManyUsers(12)
	first := parse[pageOf](t, s.as(t, "admin", users+"/list", `{}`).body)
	assert.Len(t, first.Items, 10)
	assert.Equal(t, []string{"pg_00010", "pg_00011"}, s.page(t, 100, first.NextCursor).names(), "the same cursors")
	second := parse[pageOf](t, s.as(t, "admin", users+"/list", `{"limit":1,"cursor":"`+first.NextCursor+`"}`).body)
	assert.Equal(t, []string{"pg_00010"}, second.names())
	s.refused(t, users+"/list", `{"limit":11}`, 400, "limit must be between 1 and 10")
	s.refused(t, users+"/list", `{"limit":"1"}`, 400, "Request body is malformed")
}

func TestBadPages(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{PageSize: 1})
	s.project.SeedManyUsers(2)
	s.Project("other").SeedUsers(user("a", 0), user("b", 0))
	s.SeedToken("both", cognite.Admin("both", "plant-7", "other"))
	other := parse[pageOf](t, s.as(t, "both", "/api/v1/projects/other/postgresgateway", "").body).NextCursor
	require.NotEmpty(t, other)
	for query, message := range map[string]string{
		"limit=0":                       "limit must be between 1 and 100",
		"limit=101":                     "limit must be between 1 and 100",
		"limit=-1":                      "limit must be between 1 and 100",
		"limit=x":                       "limit must be a number",
		"limit=":                        "limit must be a number",
		"cursor=%21":                    "cursor is invalid",
		"cursor=e30":                    "cursor is invalid",
		"cursor=AAAA":                   "cursor is invalid",
		"cursor=" + other:               "cursor is invalid",
		"limit=5&cursor=" + other + "x": "cursor is invalid",
	} {
		s.refused(t, users+"?"+query, "", http.StatusBadRequest, message)
	}
	s.refused(t, sessions+"?cursor="+s.page(t, 1, "").NextCursor, "", 400, "cursor is invalid")
}

func TestRepeatedCursor(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{Paging: cognite.PagesRepeat})
	s.project.SeedManyUsers(3)
	first := s.page(t, 2, "")
	assert.Equal(t, []string{"pg_00000", "pg_00001"}, first.names())
	assert.Equal(t, first, s.page(t, 2, first.NextCursor))
	s.SetPaging(cognite.PagesInOrder)
	assert.Empty(t, s.page(t, 3, "").NextCursor)
}

func TestTooLongPage(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{Paging: cognite.PagesTooLong, PageSize: 1})
	want := s.project.SeedManyUsers(3)
	got := s.page(t, 2, "")
	assert.Equal(t, want, got.names())
	assert.Empty(t, got.NextCursor)
}

func TestEmptyPages(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{Paging: cognite.PagesEmptyFirst})
	s.project.SeedManyUsers(3)
	sizes, cursors, cursor := []int{}, map[string]bool{}, ""
	for range 4 {
		p := s.page(t, 2, cursor)
		sizes, cursor = append(sizes, len(p.Items)), p.NextCursor
		cursors[cursor] = true
	}
	assert.Equal(t, []int{0, 2, 0, 1}, sizes)
	assert.Empty(t, cursor)
	assert.Len(t, cursors, 4, "no cursor comes twice")
}
