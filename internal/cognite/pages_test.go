package cognite

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// paged answers with one page after the other, whatever is asked, and keeps
// what was asked.
type paged struct {
	testing.TB

	pages []string
	asked []string
}

func (p *paged) RoundTrip(r *http.Request) (*http.Response, error) {
	p.asked = append(p.asked, r.URL.RawQuery)
	require.LessOrEqual(p, len(p.asked), len(p.pages), "more pages than there are")
	return reply(http.StatusOK, p.pages[len(p.asked)-1]), nil
}

func usersPage(cursor string, names ...string) string {
	items := make([]string, len(names))
	for i, name := range names {
		items[i] = fmt.Sprintf(`{"username":%q,"createdTime":1,"lastUpdatedTime":2}`, name)
	}
	next := ""
	if cursor != "" {
		next = fmt.Sprintf(`,"nextCursor":%q`, cursor)
	}
	return `{"items":[` + strings.Join(items, ",") + `]` + next + `}`
}

func TestPages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limit int
		pages []string
		want  []string
		asked []string
		fails bool
	}{
		"no users": {pages: []string{usersPage("")}, asked: []string{"limit=100"}},
		"null cursor": {
			pages: []string{`{"items":[],"nextCursor":null}`}, asked: []string{"limit=100"},
		},
		"an empty page before others": {
			pages: []string{usersPage("c&1", "a"), usersPage("c2"), usersPage("", "b")}, want: []string{"a", "b"},
			asked: []string{"limit=100", "cursor=c%261&limit=100", "cursor=c2&limit=100"},
		},
		"a limit over pages": {
			limit: 3, pages: []string{usersPage("c1", "a", "b"), usersPage("c2", "c")}, want: []string{"a", "b", "c"},
			asked: []string{"limit=3", "cursor=c1&limit=1"},
		},
		"a limit above a page": {
			limit: 101, pages: []string{usersPage("c1", many(100)...), usersPage("c2", "last")}, want: append(many(100), "last"),
			asked: []string{"limit=100", "cursor=c1&limit=1"},
		},
		"more than asked for": {
			limit: 1, pages: []string{usersPage("c1", "a", "b")}, want: []string{"a"}, asked: []string{"limit=1"},
		},
		"a repeated cursor": {
			pages: []string{usersPage("c1", "a"), usersPage("c1", "b")}, want: []string{"a", "b"},
			asked: []string{"limit=100", "cursor=c1&limit=100"}, fails: true,
		},
		"a cursor that comes round": {
			pages: []string{usersPage("c1", "a"), usersPage("c2"), usersPage("c1")}, want: []string{"a"},
			asked: []string{"limit=100", "cursor=c1&limit=100", "cursor=c2&limit=100"}, fails: true,
		},
		"a user without a name": {pages: []string{usersPage("", "a", "")}, asked: []string{"limit=100"}, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &paged{TB: t, pages: c.pages}
			users := newClient(t, server, Config{}).ListUsers(t.Context(), c.limit)
			assert.Empty(t, server.asked, "nothing is sent before the range")
			var got []string
			var failure error
			for user, err := range users {
				require.NoError(t, failure, "an error comes last")
				if failure = err; err == nil {
					got = append(got, user.Username)
				}
			}
			assert.Equal(t, c.want, got)
			assert.Equal(t, c.asked, server.asked)
			if c.fails {
				assertKind(t, fault.Internal, failure)
			} else {
				assert.NoError(t, failure)
			}
		})
	}
}

func many(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("u%d", i)
	}
	return names
}

func TestStoppingEarlySendsNothingMore(t *testing.T) {
	t.Parallel()
	server := &paged{TB: t, pages: []string{usersPage("c1", "a", "b"), usersPage("c2", "c")}}
	c := newClient(t, server, Config{})
	for user := range c.ListUsers(t.Context(), 0) {
		if user.Username == "b" {
			break
		}
	}
	assert.Len(t, server.asked, 1)
}

func TestALongListIsStreamed(t *testing.T) {
	t.Parallel()
	const pages = 2000
	server := &paged{TB: t}
	for i := range pages {
		server.pages = append(server.pages, usersPage(fmt.Sprint("c", i), fmt.Sprint("u", i)))
	}
	server.pages = append(server.pages, usersPage(""))
	count := 0
	for _, err := range newClient(t, server, Config{}).ListUsers(t.Context(), 0) {
		require.NoError(t, err)
		count++
		require.Len(t, server.asked, count, "one page at a time")
	}
	assert.Equal(t, pages, count)
}

func TestOtherLists(t *testing.T) {
	t.Parallel()
	server := &paged{TB: t, pages: slices.Repeat([]string{`{"items":[]}`}, 5)}
	c := newClient(t, server, Config{})
	assert.NoError(t, ended(c.ListSessions(t.Context(), "active", 7)))
	assert.NoError(t, ended(c.ListSessions(t.Context(), "", 0)))
	assert.NoError(t, ended(c.ListTables(t.Context(), "u", true, 0)))
	assert.NoError(t, ended(c.ListTables(t.Context(), "u", false, 3)))
	assert.NoError(t, ended(c.ListProfiles(t.Context())))
	assert.Equal(t, []string{
		"limit=7&status=ACTIVE", "limit=100", "includeBuiltIns=yes&limit=100", "includeBuiltIns=no&limit=3", "limit=100",
	}, server.asked)
	assertKind(t, fault.InvalidArgument, ended(c.ListUsers(t.Context(), -1)))
}

func TestFindUserBySession(t *testing.T) {
	t.Parallel()
	server := &paged{TB: t, pages: []string{
		`{"items":[{"username":"a","sessionId":1},{"username":"b"}],"nextCursor":"c1"}`, `{"items":[{"username":"c","sessionId":3}],"nextCursor":"c2"}`,
		`{"items":[{"username":"a","sessionId":1}]}`,
	}}
	c := newClient(t, server, Config{})
	user, err := c.FindUserBySession(t.Context(), 3)
	require.NoError(t, err)
	assert.Equal(t, User{Username: "c", SessionID: 3}, user)
	assert.Len(t, server.asked, 2, "it stops where it finds")
	assertKind(t, fault.NotFound, second(c.FindUserBySession(t.Context(), 4)))
	assertKind(t, fault.InvalidArgument, second(c.FindUserBySession(t.Context(), 0)))
}
