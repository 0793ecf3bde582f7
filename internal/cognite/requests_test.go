package cognite

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

func TestBadInputIsNotSent(t *testing.T) {
	t.Parallel()
	c, ctx := newClient(t, unreachable(t), Config{}), t.Context()
	long := strings.Repeat("x", 257)
	for _, name := range []string{"", "  ", "a\nb", "\xff", long} {
		assertKind(t, fault.InvalidArgument, second(c.UpdateUser(ctx, name, "n")))
		assertKind(t, fault.InvalidArgument, second(c.ClearCredentials(ctx, name)))
		assertKind(t, fault.InvalidArgument, c.DeleteUser(ctx, name, true))
		assertKind(t, fault.InvalidArgument, second(c.GetUser(ctx, name)))
		assertKind(t, fault.InvalidArgument, second(c.CreateTables(ctx, name, []Table{{Name: "t"}})))
		assertKind(t, fault.InvalidArgument, ended(c.ListTables(ctx, name, false, 0)))
		assertKind(t, fault.InvalidArgument, c.DeleteTables(ctx, "u", []string{name}, false))
		assertKind(t, fault.InvalidArgument, second(c.CreateGroup(ctx, NewGroup{Name: name})))
		assertKind(t, fault.InvalidArgument, second(c.GetProfiles(ctx, []string{name})))
	}
	for _, name := range []string{".", ".."} {
		assertKind(t, fault.InvalidArgument, ended(c.ListTables(ctx, name, false, 0)))
		assertKind(t, fault.InvalidArgument, second(c.GetTables(ctx, name, []string{"t"}, false)))
	}
	assertKind(t, fault.InvalidArgument, second(c.CreateUser(ctx, "")))
	assertKind(t, fault.InvalidArgument, second(c.UpdateUser(ctx, "u", "")))
	assertKind(t, fault.InvalidArgument, second(c.GetUsers(ctx, []string{"u", "u"}, false)))
	assertKind(t, fault.InvalidArgument, second(c.GetUsers(ctx, many(11), false)))
	assertKind(t, fault.InvalidArgument, second(c.GetTables(ctx, "u", many(11), false)))
	assertKind(t, fault.InvalidArgument, second(c.GetSessions(ctx, []int64{0})))
	assertKind(t, fault.InvalidArgument, second(c.RevokeSessions(ctx, make([]int64, 101))))
	assertKind(t, fault.InvalidArgument, c.DeleteGroups(ctx, []int64{-1}))
	assertKind(t, fault.InvalidArgument, second(c.SearchProfiles(ctx, "")))
	for _, request := range []SessionRequest{
		{}, {Type: "OTHER"}, {Type: ClientCredentials}, {Type: ClientCredentials, ClientID: "a"}, {Type: TokenExchange, ClientID: "a"},
	} {
		assertKind(t, fault.InvalidArgument, second(c.CreateSession(ctx, request)))
	}
	for _, group := range []NewGroup{
		{Name: "g", SourceID: "s", Members: Members{All: true}},
		{Name: "g", Members: Members{All: true, IDs: []string{"p"}}},
		{Name: "g", Capabilities: []jsontext.Value{jsontext.Value(`"x"`)}},
		{Name: "g", Attributes: jsontext.Value(`{`)},
	} {
		assertKind(t, fault.InvalidArgument, second(c.CreateGroup(ctx, group)))
	}
}

func TestNothingIsSentAboutNothing(t *testing.T) {
	t.Parallel()
	c, ctx := newClient(t, unreachable(t), Config{}), t.Context()
	require.NoError(t, second(c.GetUsers(ctx, nil, false)))
	require.NoError(t, second(c.GetSessions(ctx, nil)))
	require.NoError(t, second(c.RevokeSessions(ctx, nil)))
	require.NoError(t, second(c.CreateTables(ctx, "u", nil)))
	require.NoError(t, second(c.GetTables(ctx, "u", nil, false)))
	require.NoError(t, c.DeleteTables(ctx, "u", nil, false))
	require.NoError(t, c.DeleteGroups(ctx, nil))
	require.NoError(t, second(c.GetProfiles(ctx, nil)))
	assert.Empty(t, c.FindUsers(ctx, nil))
}

// TestADeleteThatIsRepeated succeeds if the first attempt may have done it,
// also if the server vouches that it may be repeated.
func TestADeleteThatIsRepeated(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		first         *http.Response
		ignoreUnknown bool
	}{
		{reply(http.StatusServiceUnavailable, ""), true},
		{withHeader(http.StatusServiceUnavailable, "Cdf-Is-Auto-Retryable: true", ""), false},
		{withHeader(http.StatusInternalServerError, "Cdf-Is-Auto-Retryable: true", ""), false},
	} {
		ignoreUnknown := c.ignoreUnknown
		answers := []*http.Response{c.first, reply(http.StatusBadRequest, `{"error":{"missing":[{"username":"u"}]}}`)}
		c := newClient(t, roundTrip(func(*http.Request) (*http.Response, error) {
			next := answers[0]
			answers = answers[1:]
			return next, nil
		}), Config{Transport: transport.Config{Retry: transport.Retry{MinWait: time.Nanosecond}}})
		require.NoError(t, c.DeleteUser(t.Context(), "u", ignoreUnknown))
		assert.Empty(t, answers)
	}
}

// TestAUserWithoutItsPassword is known to exist, and is of no use.
func TestAUserWithoutItsPassword(t *testing.T) {
	t.Parallel()
	c := newClient(t, answering(http.StatusOK, `{"items":[{"username":"u","sessionId":7}]}`), Config{})
	made, err := c.CreateUser(t.Context(), "n")
	f := assertKind(t, fault.Internal, err)
	assert.True(t, f.Ambiguous)
	assert.Equal(t, User{Username: "u", SessionID: 7}, made.User)
}

func TestSessionsAreAskedForOnce(t *testing.T) {
	t.Parallel()
	c := newClient(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		assert.JSONEq(t, `{"items":[{"id":2},{"id":1}]}`, text(t, r))
		return reply(http.StatusOK, `{"items":[{"id":1,"expirationTime":0},{"id":2,"creationTime":1730204347000}]}`), nil
	}), Config{})
	sessions, err := c.GetSessions(t.Context(), []int64{2, 1, 2})
	require.NoError(t, err)
	assert.Equal(t, []Session{{ID: 2, CreationTime: 1730204347000}, {ID: 1}}, sessions)
	assert.Equal(t, time.Date(2024, 10, 29, 12, 19, 7, 0, time.UTC), sessions[0].CreationTime.Time())
	assert.True(t, sessions[1].ExpirationTime.Time().IsZero())
}

func TestTablesOfAnyType(t *testing.T) {
	t.Parallel()
	c := newClient(t, answering(http.StatusOK, `{"items":[
		{"tablename":"raw","type":"raw_rows","options":{"database":"d","table":"t","primaryKey":"k"},"columns":{"z":{"type":"TEXT"},"a":{"type":"BIGINT[]"}}},
		{"tablename":"list","type":"raw_rows","options":{"database":"d","table":"t"},"columns":[{"propertyName":"z","type":"TEXT"}]},
		{"tablename":"none","type":"built_in","columns":null,"createdTime":5},
		{"tablename":"odd","type":"built_in","options":["x"]}]}`), Config{})
	tables, err := collectTables(t, c)
	require.NoError(t, err)
	require.Len(t, tables, 4)
	assert.Equal(t, TableOptions{Database: "d", Table: "t", PrimaryKey: "k"}, tables[0].ReadOptions())
	assert.Equal(t, Columns{{"z", "TEXT"}, {"a", "BIGINT[]"}}, tables[0].Columns, "in the order of the answer")
	assert.Equal(t, Columns{{"z", "TEXT"}}, tables[1].Columns)
	assert.Equal(t, Table{Name: "none", Type: "built_in", CreatedTime: 5}, tables[2])
	assert.Equal(t, TableOptions{}, tables[3].ReadOptions())
	assert.Equal(t, `["x"]`, string(tables[3].Options), "what is not known is kept")
	assert.Less(t, strings.Index(wire(t, tables[0].Columns), "z"), strings.Index(wire(t, tables[0].Columns), "a"), "in their order")
	assert.JSONEq(t, `{"z":{"type":"TEXT"},"a":{"type":"BIGINT[]"}}`, wire(t, tables[0].Columns))
}

func collectTables(t *testing.T, c *Client) ([]Table, error) {
	t.Helper()
	var all []Table
	for table, err := range c.ListTables(t.Context(), "u/1", true, 0) {
		if err != nil {
			return nil, err
		}
		all = append(all, table)
	}
	return all, nil
}

func TestTablesOfAUserWithAnOddName(t *testing.T) {
	t.Parallel()
	c := newClient(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		assert.Equal(t, "/api/v1/projects/plant-7/postgresgateway/tables/a%2Fb%2Bc%20%25d", r.URL.EscapedPath())
		return reply(http.StatusOK, `{"items":[{"tablename":"v","type":"view"}]}`), nil
	}), Config{})
	table, err := NewTable("v", ViewTable, TableOptions{Space: "s", ExternalID: "x", Version: "1"}, nil)
	require.NoError(t, err)
	require.NoError(t, second(c.CreateTables(t.Context(), "a/b+c %d", []Table{table})))
}

func TestGroups(t *testing.T) {
	t.Parallel()
	const capability = `{"newAcl":{"actions":["READ"],"scope":{"strange":{"a":[1]}},"more":true},"projectUrlNames":["p"]}`
	c := newClient(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		assert.JSONEq(t, `{"items":[{"name":"g","members":[],"capabilities":[`+capability+`],"metadata":{"k":"v"},"attributes":{"token":{}}}]}`, text(t, r))
		return reply(http.StatusCreated, `{"items":[{"id":7,"name":"g","members":"allUserAccounts","capabilities":[`+capability+`]}]}`), nil
	}), Config{})
	group, err := c.CreateGroup(t.Context(), NewGroup{
		Name: "g", Members: Members{IDs: []string{}}, Capabilities: []jsontext.Value{jsontext.Value(capability)},
		Metadata: map[string]string{"k": "v"}, Attributes: jsontext.Value(`{"token":{}}`),
	})
	require.NoError(t, err)
	assert.Equal(t, Members{All: true}, group.Members)
	assert.JSONEq(t, capability, string(group.Capabilities[0]), "what is not known is kept")
	for _, members := range []string{`"everybody"`, `7`} {
		odd := newClient(t, answering(http.StatusOK, `{"items":[{"id":7,"name":"g","members":`+members+`}]}`), Config{})
		assertKind(t, fault.Internal, second(odd.ListGroups(t.Context(), true)))
	}
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	const profile = `{"userIdentifier":"p1","givenName":"A","surname":"B","email":"a@b","displayName":"A B","jobTitle":"C","lastUpdatedTime":9}`
	c := newClient(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		switch r.URL.Path {
		case "/api/v1/projects/plant-7/profiles/me":
			return reply(http.StatusOK, profile), nil
		case "/api/v1/projects/plant-7/profiles/byids":
			assert.JSONEq(t, `{"items":[{"userIdentifier":"p1"}]}`, text(t, r))
		case "/api/v1/projects/plant-7/profiles/search":
			assert.JSONEq(t, `{"search":{"name":"Al"},"limit":1000}`, text(t, r))
		}
		return reply(http.StatusOK, `{"items":[`+profile+`]}`), nil
	}), Config{})
	want := Profile{"p1", "A", "B", "a@b", "A B", "C", 9}
	me, err := c.CurrentProfile(t.Context())
	require.NoError(t, err)
	assert.Equal(t, want, me)
	several, err := c.GetProfiles(t.Context(), []string{"p1"})
	require.NoError(t, err)
	assert.Equal(t, []Profile{want}, several)
	found, err := c.SearchProfiles(t.Context(), "Al")
	require.NoError(t, err)
	assert.Equal(t, []Profile{want}, found)
}
