package iguazio

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

func TestNewChecks(t *testing.T) {
	t.Parallel()
	base, err := url.Parse("https://dashboard.example.com")
	require.NoError(t, err)
	for _, config := range []Config{
		{ClientName: "x"}, {Credential: someKey}, {Credential: someKey, ClientName: "x", Wait: -1},
		{Credential: someKey, ClientName: "x", Transport: transport.Config{Timeout: -1, BaseURL: base}},
	} {
		config.Transport.BaseURL = base
		_, err := New(config)
		assertKind(t, fault.InvalidArgument, err)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	detail := func(status, text string) string {
		return fmt.Sprintf(`{"errors":[{"status":%s,"detail":%q}]}`, status, text)
	}
	get := func(c *Client) error { _, err := c.GetUser(t.Context(), "u1"); return err }
	create := func(c *Client) error { _, _, err := c.CreateGroup(t.Context(), NewGroup{Name: "g"}); return err }
	change := func(c *Client) error { return c.UpdateGroup(t.Context(), "g1", GroupPatch{Description: new("")}) }
	members := func(c *Client) error {
		m := &Members{project: "p1", roles: []projectRole{{id: "r1", name: "Admin"}}}
		require.NoError(t, m.Put(UserRef("u1"), "Admin", Override))
		_, err := c.WriteMembers(t.Context(), m, false)
		return err
	}
	cases := []struct {
		name      string
		call      func(*Client) error
		status    int
		body      string
		kind      fault.Kind
		message   string
		ambiguous bool
	}{
		{"bad request", get, 400, detail("400", "no"), fault.InvalidArgument, "no", false},
		{"method", get, 405, "", fault.InvalidArgument, "Method Not Allowed", false},
		{"unprocessable", change, 422, detail("422", "no"), fault.InvalidArgument, "no", false},
		{"too large", change, 413, "", fault.InvalidArgument, "Request Entity Too Large", false},
		{"unauthenticated", get, 401, "", fault.Unauthenticated, "Unauthorized", false},
		{"forbidden", get, 403, detail("403", "not you"), fault.PermissionDenied, "not you", false},
		{"missing", get, 404, detail("404", "gone"), fault.NotFound, "gone", false},
		{"missing says a proxy", get, 404, "<html>no such page", fault.Unsupported, "Not Found", false},
		{"missing without a body", get, 404, "", fault.NotFound, "Not Found", false},
		{"taken", create, 409, detail("409", "taken"), fault.AlreadyExists, "taken", false},
		{"taken, said otherwise", create, 400, detail("400", "Group Already Exists"), fault.AlreadyExists, "Group Already Exists", false},
		{"the same words elsewhere", change, 400, detail("400", "already exists"), fault.InvalidArgument, "already exists", false},
		{"conflict", change, 409, detail("409", "busy"), fault.Conflict, "busy", false},
		{"conflict of members", members, 409, detail("409", "busy"), fault.Conflict, "busy", false},
		{"precondition", change, 412, detail("412", "not empty"), fault.Conflict, "not empty", false},
		{"locked", change, 423, "", fault.Conflict, "Locked", false},
		{"too often", get, 429, "", fault.RateLimited, "Too Many Requests", false},
		{"broken", get, 500, detail("500", "oops"), fault.Unavailable, "oops", false},
		{"broken write", create, 500, detail("500", "oops"), fault.Unavailable, "oops", true},
		{"not there", get, 501, "", fault.Unsupported, "Not Implemented", false},
		{"gateway", change, 502, "<html>bad gateway</html>", fault.Unavailable, "Bad Gateway", true},
		{"slow", change, 504, `"text"`, fault.Unavailable, "Gateway Timeout", true},
		{"request timeout", get, 408, "", fault.Unavailable, "Request Timeout", false},
		{"teapot", get, 418, "", fault.Internal, "I'm a teapot", false},
		{"redirect", get, 302, "", fault.Internal, "the server answered with a redirect, which is never followed", false},
		{"several", get, 400, `{"errors":[{"status":400,"detail":"a"},{"detail":"b"},{}]}`, fault.InvalidArgument, "a; b", false},
		{"inner status", get, 400, detail("404", "gone"), fault.NotFound, "gone", false},
		{"inner status as text", get, 500, detail(`"403"`, "not you"), fault.PermissionDenied, "not you", false},
		{"null everywhere", get, 404, `{"errors":[{"status":null,"detail":null}],"meta":null}`, fault.NotFound, "Not Found", false},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, _ := scripted(t, Config{}, reply{test.status, test.body})
			f := asFault(t, test.call(c))
			assert.Equal(t, test.kind.String(), f.Kind.String())
			assert.Equal(t, test.message, f.Message)
			assert.Equal(t, test.status, f.Status)
			assert.Equal(t, test.ambiguous, f.Ambiguous)
		})
	}
}

func TestAnswersThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "<html>", "null", "[]", `{"data":[]}`, `{"data":{"type":"user"}}`, `{"data":{"id":"u2","attributes":{}}}`, `{"data":{"id":"u1","attributes":[]}}`} {
		c, _ := scripted(t, Config{}, reply{200, body})
		_, err := c.GetUser(t.Context(), "u1")
		assertKind(t, fault.Internal, err)
		assert.False(t, asFault(t, err).Ambiguous)
	}
	for _, body := range []string{"<html>", `{"data":`} {
		c, _ := scripted(t, Config{}, reply{200, body})
		f := asFault(t, c.UpdateUser(t.Context(), "u1", UserPatch{Email: new("a@b")}))
		assert.Equal(t, fault.Internal, f.Kind)
		assert.True(t, f.Ambiguous)
	}
	c, _ := scripted(t, Config{}, reply{201, `{"data":{"type":"user"}}`})
	_, _, err := c.CreateUser(t.Context(), NewUser{Username: "a", Email: "a@b"})
	assert.True(t, asFault(t, err).Ambiguous)
}

func TestAttributesThatAreUnknownOrNull(t *testing.T) {
	t.Parallel()
	attributes := `{"username":"a","email":null,"uid":null,"assigned_policies":["Brand New Policy"],"created_at":"soon","updated_at":1700000000,
		"shoe_size":42,"operational_status":null,"authentication_methods":null,"last_activity":null}`
	c, _ := scripted(t, Config{}, reply{200, `{"data":{"type":"user","id":"u1","attributes":` + attributes + `,
		"relationships":{"primary_group":{"data":null},"user_groups":{"data":[{"type":"user_group","id":"g1"},{"type":"user_group","id":""}]},"tenant":null}},"included":null}`})
	user, err := c.GetUser(t.Context(), "u1", GroupsAndPrimary...)
	require.NoError(t, err)
	assert.JSONEq(t, attributes, string(user.Raw))
	assert.Equal(t, []string{"Brand New Policy"}, user.Policies)
	assert.Equal(t, []string{"g1"}, user.GroupIDs)
	assert.Empty(t, user.Groups)
	assert.Empty(t, user.PrimaryGroupID)
	assert.Zero(t, user.CreatedAt)
	assert.Equal(t, int64(1700000000), user.UpdatedAt.Unix())
}

func TestNothingSenselessIsSent(t *testing.T) {
	t.Parallel()
	c, ctx := offline(t), t.Context()
	_, badName := c.FindUser(ctx, "[$ne]admin")
	_, noName := c.FindGroup(ctx, "")
	_, control := c.FindProject(ctx, "a\nb")
	_, noID := c.GetUser(ctx, "")
	_, dots := c.GetGroup(ctx, "..")
	_, include := c.GetUser(ctx, "u1", "a&b")
	_, _, hostile := c.CreateUser(ctx, NewUser{Username: "[$ne]", Email: "a@b"})
	_, _, noMail := c.CreateUser(ctx, NewUser{Username: "a"})
	_, _, noGroup := c.CreateUser(ctx, NewUser{Username: "a", Email: "a@b", GroupIDs: []string{""}})
	_, _, group := c.CreateGroup(ctx, NewGroup{Name: "[$ne]"})
	_, _, project := c.CreateProject(ctx, NewProject{})
	_, noProject := c.DeleteProject(ctx, "", "")
	_, noKey := c.GetAccessKey(ctx, "")
	_, allows := c.ProjectAllows(ctx, "", "read", "")
	_, job := c.GetJob(ctx, "")
	errs := []error{
		badName, noName, control, noID, dots, include, hostile, noMail, noGroup, group, project, noProject, noKey, allows, job,
		c.DeleteAccessKey(ctx, ""), c.UpdateUser(ctx, "", UserPatch{}), c.UpdateGroup(ctx, "", GroupPatch{}), c.UpdateProject(ctx, "", ProjectPatch{}),
		c.UpdateProject(ctx, "p1", ProjectPatch{OwnerID: new("")}),
	}
	for _, query := range []Query{
		{PageSize: -1}, {PageSize: 201}, {Sort: []string{"a,b"}}, {Include: []string{""}}, {Filters: []Filter{{Field: "a]", Value: "x"}}},
		{Filters: []Filter{{Field: "username", Value: "[$ne]x"}}}, {Filters: []Filter{{Field: "username", Operator: "ne]", Value: "x"}}},
	} {
		_, err := collect(c.ListUsers(ctx, query), userID)
		errs = append(errs, err)
	}
	for i, err := range errs {
		require.Error(t, err, i)
		assertKind(t, fault.InvalidArgument, err)
	}
	require.NoError(t, c.UpdateUser(ctx, "u1", UserPatch{}))
	require.NoError(t, c.UpdateGroup(ctx, "g1", GroupPatch{}))
	require.NoError(t, c.UpdateProject(ctx, "p1", ProjectPatch{}))
	jobID, err := c.WriteMembers(ctx, &Members{}, false)
	require.NoError(t, err)
	assert.Empty(t, jobID)
}

func TestLookupTakesNobodyElse(t *testing.T) {
	t.Parallel()
	const rows = `{"data":[{"type":"user","id":"u1","attributes":{"username":"ALICE"}},{"type":"user","id":"u2","attributes":{"username":"alice"}}]}`
	c, s := scripted(t, Config{}, reply{200, rows}, reply{200, rows}, reply{200, `{"data":[]}`})
	user, err := c.FindUser(t.Context(), "alice", IncludeGroups)
	require.NoError(t, err)
	assert.Equal(t, "u2", user.ID)
	for range 2 {
		_, err = c.FindUser(t.Context(), "Alice & [x]")
		assertKind(t, fault.NotFound, err)
	}
	assert.Equal(t, "GET /api/users?filter%5Busername%5D=alice&include=user_groups", s.seen()[0])
	assert.Equal(t, "GET /api/users?filter%5Busername%5D=Alice+%26+%5Bx%5D", s.seen()[1])
}

// pages answers a list of users by its pages; what a number leads to can be changed.
func pages(t *testing.T, total int, turn func(number int) int) (*Client, *[]string) {
	t.Helper()
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RawQuery)
		var number, size int
		_, err := fmt.Sscan(r.URL.Query().Get("page[number]")+" "+r.URL.Query().Get("page[size]"), &number, &size)
		assert.NoError(t, err)
		number = turn(number)
		var rows []string
		for i := number * size; i < min(total, (number+1)*size); i++ {
			rows = append(rows, fmt.Sprintf(`{"type":"user","id":"u%d","attributes":{"username":"n%d"}}`, i, i))
		}
		_, _ = fmt.Fprintf(w, `{"data":[%s],"included":[]}`, strings.Join(rows, ","))
	}))
	t.Cleanup(server.Close)
	return newClient(t, server.URL, Config{}), &asked
}

func same(number int) int { return number }

func TestPaging(t *testing.T) {
	t.Parallel()
	for total, requests := range map[int]int{0: 1, 1: 1, 9: 1, 10: 2, 25: 3, 30: 4} {
		c, asked := pages(t, total, same)
		ids, err := collect(c.ListUsers(t.Context(), Query{PageSize: 10, Sort: []string{"-username"}}), userID)
		require.NoError(t, err)
		assert.Len(t, ids, total)
		assert.Len(t, *asked, requests)
		assert.Equal(t, "page%5Bnumber%5D=0&page%5Bsize%5D=10&sort=-username", (*asked)[0])
	}
	c, asked := pages(t, 1000, same)
	for range c.ListUsers(t.Context(), Query{}) {
		break
	}
	assert.Equal(t, []string{"page%5Bnumber%5D=0&page%5Bsize%5D=200"}, *asked)
}

func TestPagesThatRepeat(t *testing.T) {
	t.Parallel()
	for name, turn := range map[string]func(int) int{
		"always the first": func(int) int { return 0 },
		"the last again":   func(number int) int { return min(number, 2) },
		"from the start":   func(number int) int { return number % 3 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, asked := pages(t, 1000, turn)
			_, err := collect(c.ListUsers(t.Context(), Query{PageSize: 10}), userID)
			assertKind(t, fault.Internal, err)
			assert.LessOrEqual(t, len(*asked), 4)
		})
	}
}

func TestDeleteAfterALostAnswer(t *testing.T) {
	t.Parallel()
	config := Config{Transport: transport.Config{Retry: transport.Retry{MaxAttempts: 2}}}
	c, _ := scripted(t, config, reply{502, ""}, reply{404, ""})
	job, err := c.DeleteUser(t.Context(), "u1")
	require.NoError(t, err)
	assert.Empty(t, job)

	c, _ = scripted(t, config, reply{404, ""})
	_, err = c.DeleteUser(t.Context(), "u1")
	assertKind(t, fault.NotFound, err)
}

func TestVersionSkipsNodesThatFail(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, Config{}, reply{404, ""}, reply{200, "<html>"}, reply{200, `{"data":{"id":"igz2","attributes":{"external":"3.6.1-b7"}}}`})
	version, err := c.Version(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "3.6.1", version)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Version(ctx)
	assertKind(t, fault.Canceled, err)

	c, script := scripted(t, Config{}, reply{401, ""}, reply{200, `{"data":{"id":"igz1","attributes":{"external":"3.6.1"}}}`})
	_, err = c.Version(t.Context())
	assertKind(t, fault.Unauthenticated, err)
	assert.Len(t, script.seen(), 1, "another node would say the same")
}

func TestProjectAllows(t *testing.T) {
	t.Parallel()
	c, s := scripted(t, Config{}, reply{200, "{}"}, reply{403, ""}, reply{404, ""})
	for _, want := range []bool{true, false} {
		got, err := c.ProjectAllows(t.Context(), "a/b", "update", "functions")
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	_, err := c.ProjectAllows(t.Context(), "p", "read", "")
	assertKind(t, fault.NotFound, err)
	assert.Equal(t, "GET /api/projects/__name__/a%2Fb/authorization?action=update&sub_resource=functions", s.seen()[0])
	assert.Equal(t, "GET /api/projects/__name__/p/authorization?action=read", s.seen()[2])
}

func TestAtLeast(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{"3.5.5": true, "3.5.4": false, "3.10.0": true, "4": true, "3.5": false, "": false, "3.5.5.1": true} {
		assert.Equal(t, want, AtLeast(version, "3.5.5"), version)
	}
}
