package usermgmt_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

const inspected = `{"subject":"svc-1","projects":[{"projectUrlName":"other","groups":[1]},{"projectUrlName":"plant-7","groups":[71,72]}],
	"capabilities":[{"postgresGatewayAcl":{"actions":["READ","WRITE"],"scope":{"all":{}}},"projectScope":{"projects":["plant-7"]}}]}`

func TestCogniteCapabilities(t *testing.T) {
	t.Parallel()
	script, client, _ := newScripted(t, nil)
	can := client.Capabilities()
	assert.False(t, can.Has(usermgmt.CapUserName), "the server names users")
	for c := range usermgmt.AllCapabilities() {
		assert.NotEqual(t, usermgmt.SupportUnknown, can.Of(c), "%v depends on nothing", c)
	}
	_, err := client.CreateUser(t.Context(), usermgmt.CreateUserRequest{Name: "alice", Credential: usermgmt.SessionNonce("n")})
	assert.Contains(t, requireError(t, err, usermgmt.ErrInvalidArgument).Fields, "Name")
	requireError(t, client.SetPassword(t.Context(), usermgmt.SetPasswordRequest{Name: "alice", Password: usermgmt.NewSecret("p")}), usermgmt.ErrUnsupported)
	requireError(t, client.DisableUser(t.Context(), usermgmt.DisableUserRequest{Name: "alice"}), usermgmt.ErrUnsupported)
	assert.Empty(t, script.requests())
}

func TestCogniteProject(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	_, client, gateway := newScripted(t, gatewayAnswers{"GET /api/v1/token/inspect": says(200, inspected)})
	require.NoError(t, client.Ping(ctx))
	user, err := client.CurrentUser(ctx)
	require.NoError(t, err)
	assert.Equal(t, usermgmt.User{Name: "svc-1"}, user)
	projects, err := usermgmt.Collect(client.ListProjects(ctx, usermgmt.ListProjectsRequest{}))
	require.NoError(t, err)
	assert.Equal(t, []usermgmt.Project{{Name: "plant-7"}}, projects, "calls go to the configured one and nowhere else")
	project, err := client.GetProject(ctx, usermgmt.GetProjectRequest{Name: "plant-7"})
	require.NoError(t, err)
	assert.Equal(t, usermgmt.Project{Name: "plant-7"}, project)
	_, err = client.GetProject(ctx, usermgmt.GetProjectRequest{Name: "other"})
	requireError(t, err, usermgmt.ErrNotFound)

	token, err := gateway.InspectToken(ctx)
	require.NoError(t, err)
	assert.Equal(t, "svc-1", token.Subject)
	assert.Equal(t, []usermgmt.CogniteTokenProject{{Name: "other", Groups: []int64{1}}, {Name: "plant-7", Groups: []int64{71, 72}}}, token.Projects)
	require.Len(t, token.Capabilities, 1)
	assert.Equal(t, "postgresGatewayAcl", token.Capabilities[0].ACL())
	assert.Equal(t, []string{"READ", "WRITE"}, token.Capabilities[0].Actions())
	assert.Contains(t, string(token.Capabilities[0]), "projectScope", "what is not known is kept")

	_, client, _ = newScripted(t, gatewayAnswers{"GET /api/v1/token/inspect": says(200, `{"subject":"svc-1","projects":[],"capabilities":[]}`)})
	e := requireError(t, client.Ping(ctx), usermgmt.ErrUnauthenticated)
	assert.Equal(t, "project plant-7", e.Resource+" "+e.Name)
	projects, err = usermgmt.Collect(client.ListProjects(ctx, usermgmt.ListProjectsRequest{}))
	require.NoError(t, err)
	assert.Empty(t, projects)
}

func TestCogniteCapabilityText(t *testing.T) {
	t.Parallel()
	made := usermgmt.NewCogniteCapability("sessionsAcl", "LIST", "CREATE")
	assert.JSONEq(t, `{"sessionsAcl":{"actions":["LIST","CREATE"],"scope":{"all":{}}}}`, string(made))
	assert.Equal(t, "sessionsAcl", made.ACL())
	for _, odd := range []usermgmt.CogniteCapability{"", "[]", `{"a":1}`, `{"xAcl":7}`} {
		assert.Empty(t, odd.Actions(), "%s", odd)
	}
	assert.Empty(t, usermgmt.NewCogniteCapability("\xff"))
}

func TestCogniteListOfUsers(t *testing.T) {
	t.Parallel()
	pages := 0
	_, client, gateway := newScripted(t, gatewayAnswers{"GET /postgresgateway": func(body string) *http.Response {
		pages++
		return says(200, fmt.Sprintf(`{"items":[{"username":"u%d","sessionId":%d}],"nextCursor":"c%d"}`, pages, pages, pages))(body)
	}})
	users, err := usermgmt.Collect(client.ListUsers(t.Context(), usermgmt.ListUsersRequest{Extension: usermgmt.CogniteUserList{Limit: 3}}))
	require.NoError(t, err)
	assert.Equal(t, []usermgmt.User{{Name: "u1"}, {Name: "u2"}, {Name: "u3"}}, users)
	records, err := usermgmt.Collect(gateway.ListUsers(t.Context(), 2))
	require.NoError(t, err)
	assert.Equal(t, []usermgmt.CogniteUserRecord{{User: usermgmt.User{Name: "u4"}, SessionID: 4}, {User: usermgmt.User{Name: "u5"}, SessionID: 5}}, records)
	found, err := gateway.FindUserBySession(t.Context(), 8)
	require.NoError(t, err)
	assert.Equal(t, "u8", found.Name)
	assert.Equal(t, 8, pages)
}

func TestCogniteSessions(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	script, _, gateway := newScripted(t, gatewayAnswers{
		"GET /sessions":        says(200, `{"items":[{"id":7,"type":"TOKEN_EXCHANGE","status":"ACTIVE","creationTime":1730204347000,"expirationTime":1730204347001,"clientId":"c"}]}`),
		"POST /sessions/byids": says(400, `{"error":{"code":400,"message":"Items in request were not found"}}`),
		"POST /sessions/revoke": func(body string) *http.Response {
			if strings.Contains(body, `{"id":150}`) {
				return says(403, "")(body)
			}
			return says(200, body)(body) // without permission to list, the answer is no more than the IDs
		},
		"POST /postgresgateway/update": says(200, `{"items":[{"username":"alice"}]}`),
	})
	at := time.Date(2024, 10, 29, 12, 19, 7, 0, time.UTC)
	sessions, err := usermgmt.Collect(gateway.ListSessions(ctx, usermgmt.CogniteActive))
	require.NoError(t, err)
	assert.Equal(t, []usermgmt.CogniteSession{{
		ID: 7, Type: usermgmt.CogniteTokenExchange, Status: usermgmt.CogniteActive, CreatedAt: at, ExpiresAt: at.Add(time.Millisecond), ClientID: "c",
	}}, sessions)
	_, err = gateway.GetSessions(ctx, 1, 2)
	requireError(t, err, usermgmt.ErrInvalidArgument)
	script.requests()

	ids := make([]int64, 150)
	for i := range ids {
		ids[i] = int64(i + 1)
	}
	revoked, err := gateway.RevokeSessions(ctx, ids[:149]...)
	require.NoError(t, err)
	assert.Len(t, revoked, 149)
	assert.Len(t, script.requests(), 2)
	revoked, err = gateway.RevokeSessions(ctx, ids...)
	requireError(t, err, usermgmt.ErrPermissionDenied)
	assert.Len(t, revoked, 100, "what was revoked is told")

	cleared, err := gateway.ClearCredentials(ctx, "alice")
	require.NoError(t, err)
	assert.Equal(t, usermgmt.CogniteUserRecord{User: usermgmt.User{Name: "alice"}}, cleared)
}

func TestCogniteTables(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	_, _, gateway := newScripted(t, gatewayAnswers{
		"POST /postgresgateway/tables/u": func(body string) *http.Response {
			if strings.Contains(body, "taken") {
				return says(409, `{"error":{"code":409,"message":"m","duplicated":[{"tablename":"taken"}]}}`)(body)
			}
			return says(200, body)(body)
		},
		"GET /postgresgateway/tables/u":         says(200, `{"items":[{"tablename":"b","type":"built_in","options":{"x":1},"createdTime":1730204347000}]}`),
		"POST /postgresgateway/tables/u/byids":  says(200, `{"items":[{"tablename":"v","type":"view","options":{"space":"s","externalId":"x","version":"1"}}]}`),
		"POST /postgresgateway/tables/u/delete": says(200, `{}`),
	})
	raw := usermgmt.CogniteTable{
		Name: "r", Raw: &usermgmt.CogniteRawTable{Database: "d", Table: "t", PrimaryKey: "k"},
		Columns: []usermgmt.CogniteColumn{{Name: "z", Type: "TEXT"}, {Name: "a", Type: "BIGINT"}},
	}
	view := usermgmt.CogniteTable{Name: "v", View: &usermgmt.CogniteView{Space: "s", ExternalID: "x", Version: "1"}}
	created, err := gateway.CreateTables(ctx, "u", raw, view)
	require.NoError(t, err)
	raw.Type, view.Type = "raw_rows", "view"
	assert.Equal(t, []usermgmt.Result[usermgmt.CogniteTable]{{Value: raw}, {Value: view}}, created)

	many := make([]usermgmt.CogniteTable, 12)
	for i := range many {
		many[i] = usermgmt.CogniteTable{Name: fmt.Sprint("t", i), View: view.View}
	}
	many[11].Name = "taken"
	created, err = gateway.CreateTables(ctx, "u", many...)
	requireError(t, err, usermgmt.ErrAlreadyExists)
	var detail *usermgmt.CogniteDetail
	require.ErrorAs(t, err, &detail)
	assert.Equal(t, []usermgmt.CogniteItem{{"tablename": "taken"}}, detail.Duplicated, "once, though two tables share the request")
	for i, result := range created {
		if i < 10 {
			require.NoError(t, result.Err)
			continue
		}
		e := requireError(t, result.Err, usermgmt.ErrAlreadyExists)
		assert.Equal(t, "table "+many[i].Name, e.Resource+" "+e.Name)
	}

	listed, err := usermgmt.Collect(gateway.ListTables(ctx, "u", true))
	require.NoError(t, err)
	assert.Equal(t, []usermgmt.CogniteTable{{Name: "b", Type: "built_in", Options: `{"x":1}`, CreatedAt: time.Date(2024, 10, 29, 12, 19, 7, 0, time.UTC)}}, listed)

	got, err := gateway.GetTables(ctx, "u", "v", "ghost")
	requireError(t, err, usermgmt.ErrNotFound)
	assert.Equal(t, usermgmt.Result[usermgmt.CogniteTable]{Value: view}, got[0])
	e := requireError(t, got[1].Err, usermgmt.ErrNotFound)
	assert.Equal(t, "table ghost", e.Resource+" "+e.Name)

	deleted, err := gateway.DeleteTables(ctx, "u", true, "v", "r")
	require.NoError(t, err)
	assert.Equal(t, []usermgmt.Result[string]{{Value: "v"}, {Value: "r"}}, deleted)
}

func TestCogniteGroupsAndProfiles(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	const profile = `{"userIdentifier":"p1","givenName":"A","surname":"B","email":"a@b","displayName":"A B","jobTitle":"C","lastUpdatedTime":1730204347000}`
	script, client, gateway := newScripted(t, gatewayAnswers{
		"GET /groups": says(200, `{"items":[{"id":3,"name":"gone","sourceId":"","isDeleted":true,"deletedTime":1730204347000,"members":"allUserAccounts","metadata":{"k":"v"},"attributes":{"token":{}}}]}`),
		"POST /groups": func(body string) *http.Response {
			return says(201, strings.Replace(body, `"name"`, `"id":9,"name"`, 1))(body)
		},
		"POST /groups/delete": says(200, `{}`),
		"GET /profiles":       says(200, `{"items":[`+profile+`]}`), "POST /profiles/byids": says(200, `{"items":[`+profile+`]}`),
		"POST /profiles/search": says(200, `{"items":[`+profile+`]}`), "GET /profiles/me": says(200, profile),
	})
	at := time.Date(2024, 10, 29, 12, 19, 7, 0, time.UTC)
	groups, err := gateway.ListGroups(ctx, true)
	require.NoError(t, err)
	assert.Equal(t, []usermgmt.CogniteGroupRecord{{
		Group: usermgmt.Group{Name: "gone", ID: "3"}, GroupID: 3, Deleted: true, DeletedAt: at,
		CogniteGroup: usermgmt.CogniteGroup{AllUserAccounts: true, Metadata: map[string]string{"k": "v"}, Attributes: `{"token":{}}`},
	}}, groups)

	input := usermgmt.CogniteGroup{
		Members: []string{"usr-1"}, Capabilities: []usermgmt.CogniteCapability{usermgmt.NewCogniteCapability("groupsAcl", "LIST")},
		Metadata: map[string]string{"a": "b"}, Attributes: `{"token":{"appIds":["x"]}}`,
	}
	script.requests()
	group, err := client.CreateGroup(ctx, usermgmt.CreateGroupRequest{Name: "gone", Extension: input})
	require.NoError(t, err, "the name of a group that was deleted is free")
	assert.Equal(t, usermgmt.Group{Name: "gone", ID: "9"}, group)
	sent := script.requests()[1]
	require.True(t, json.Valid([]byte(strings.TrimPrefix(sent, "POST /groups "))))
	assert.JSONEq(t, `{"items":[{"name":"gone","members":["usr-1"],"capabilities":[{"groupsAcl":{"actions":["LIST"],"scope":{"all":{}}}}],
		"metadata":{"a":"b"},"attributes":{"token":{"appIds":["x"]}}}]}`, strings.TrimPrefix(sent, "POST /groups "))
	record, err := gateway.CreateGroup(ctx, "gone", input)
	require.NoError(t, err)
	assert.Equal(t, usermgmt.CogniteGroupRecord{Group: group, CogniteGroup: input, GroupID: 9}, record)
	require.NoError(t, gateway.DeleteGroups(ctx, 9))

	want := usermgmt.CogniteProfile{ID: "p1", GivenName: "A", Surname: "B", Email: "a@b", DisplayName: "A B", JobTitle: "C", UpdatedAt: at}
	me, err := gateway.CurrentProfile(ctx)
	require.NoError(t, err)
	assert.Equal(t, want, me)
	for _, list := range []func() ([]usermgmt.CogniteProfile, error){
		func() ([]usermgmt.CogniteProfile, error) { return usermgmt.Collect(gateway.ListProfiles(ctx)) },
		func() ([]usermgmt.CogniteProfile, error) { return gateway.GetProfiles(ctx, "p1") },
		func() ([]usermgmt.CogniteProfile, error) { return gateway.SearchProfiles(ctx, "A") },
	} {
		profiles, err := list()
		require.NoError(t, err)
		assert.Equal(t, []usermgmt.CogniteProfile{want}, profiles)
	}
}

func TestOpenCognite(t *testing.T) {
	t.Parallel()
	token := usermgmt.WithCredentials(usermgmt.BearerToken("t"))
	script := &gatewayScript{answers: gatewayAnswers{"GET /api/v1/token/inspect": says(200, inspected)}}
	client, err := usermgmt.Open(t.Context(), "cognite://westeurope-1.cognitedata.com/plant-7", token,
		usermgmt.WithHTTPClient(&http.Client{Transport: script}))
	require.NoError(t, err)
	assert.Equal(t, "cognite", client.Backend())
	require.NoError(t, client.Close())
	for _, bad := range []string{"cognite://host", "cognite://host/", "cognite+http://host.example/p", "cognite:///p", "cognite://host/p/", "cognite://host/p/q", "cognite://host/a%2f.."} {
		_, err := usermgmt.Open(t.Context(), bad, token, usermgmt.WithHTTPClient(&http.Client{Transport: &gatewayScript{}}), usermgmt.WithRetry(usermgmt.RetryPolicy{MaxAttempts: 1}))
		if bad == "cognite://host/a%2f.." {
			requireError(t, err, usermgmt.ErrUnavailable) // a project of an odd name is one segment of the path
			continue
		}
		requireError(t, err, usermgmt.ErrInvalidArgument)
	}
}
