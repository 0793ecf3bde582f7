package usermgmt_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
	"github.com/usermgmt/usermgmt/internal/simulator"
	gatewaysim "github.com/usermgmt/usermgmt/internal/simulator/cognite"
)

// newGateway returns a simulated server, its project and a client of it.
func newGateway(t *testing.T, opts gatewaysim.Options) (*gatewaysim.Server, *gatewaysim.Project, *usermgmt.Client, *usermgmt.CogniteExtension) {
	t.Helper()
	opts.TokenPath = gatewayTokenPath
	server := gatewaysim.New(opts)
	server.SeedClient("app-1", "s3cret-of-app-1", gatewaysim.Admin("svc-1", "plant-7"))
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	client, err := usermgmt.New(usermgmt.Cognite(listener.URL, "plant-7"), usermgmt.WithCredentials(usermgmt.OAuth2ClientCredentials{
		TokenURL: listener.URL + gatewayTokenPath, ClientID: "app-1", ClientSecret: usermgmt.NewSecret("s3cret-of-app-1"),
	}), usermgmt.WithRetry(usermgmt.RetryPolicy{MinWait: time.Millisecond, MaxWait: 10 * time.Millisecond}))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	gateway, ok := usermgmt.As[*usermgmt.CogniteExtension](client)
	require.True(t, ok)
	return server, server.Project("plant-7"), client, gateway
}

const gatewayUsers = "/api/v1/projects/plant-7/postgresgateway"

// TestCogniteOrphan loses the answer to a create, finds the user by its
// session, and removes both.
func TestCogniteOrphan(t *testing.T) {
	t.Parallel()
	server, project, client, gateway := newGateway(t, gatewaysim.Options{})
	project.SeedManyUsers(250)
	server.Inject(simulator.Fault{Match: simulator.On("POST", gatewayUsers), Times: 1, Effect: simulator.After(simulator.Drop)})
	created, err := client.CreateUser(t.Context(), usermgmt.CreateUserRequest{Credential: machineOf("app-1")})
	e := requireError(t, err, usermgmt.ErrUnavailable)
	assert.True(t, e.Ambiguous)
	var lost *usermgmt.CogniteLostAnswer
	require.ErrorAs(t, err, &lost)
	assert.Equal(t, usermgmt.CogniteFound, lost.Outcome)
	assert.Equal(t, created.Name, lost.User.Name)
	assert.Len(t, project.Usernames(), 251)

	found, err := gateway.FindUserBySession(t.Context(), lost.SessionID)
	require.NoError(t, err)
	assert.Equal(t, lost.User, found)
	require.NoError(t, client.DeleteUser(t.Context(), usermgmt.DeleteUserRequest{Name: created.Name, Extension: usermgmt.CogniteUser{RevokeSession: true}}))
	assert.Len(t, project.Usernames(), 250)
	assert.Equal(t, gatewaysim.Revoked, project.Sessions()[0].Status)
}

// TestCognitePartialFailure has the server refuse one of several creates and
// lose the answer to another.
func TestCognitePartialFailure(t *testing.T) {
	t.Parallel()
	server, project, _, gateway := newGateway(t, gatewaysim.Options{})
	var requests []usermgmt.CreateUserRequest
	var sessions []int64
	for range 6 {
		session, err := gateway.CreateSession(t.Context(), usermgmt.CogniteSessionRequest{})
		require.NoError(t, err)
		sessions = append(sessions, session.ID)
		requests = append(requests, usermgmt.CreateUserRequest{
			Credential: usermgmt.SessionNonceCredential{Nonce: session.Nonce}, Extension: usermgmt.CogniteUser{SessionID: session.ID},
		})
	}
	nonce := func(i int) string {
		credential, _ := requests[i].Credential.(usermgmt.SessionNonceCredential)
		return credential.Nonce.Reveal()
	}
	effect := gatewaysim.IfBody(nonce(1), 0, gatewaysim.Failure(http.StatusForbidden, "not you", nil))
	for _, next := range []struct {
		i      int
		effect simulator.Effect
	}{{3, simulator.After(simulator.Drop)}, {4, gatewaysim.Failure(http.StatusServiceUnavailable, "busy", nil)}} {
		inner, outer := effect, next
		effect = func(w http.ResponseWriter, r *http.Request, handler http.Handler) {
			gatewaysim.IfBody(nonce(outer.i), 0, outer.effect)(w, r, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { inner(w, r, handler) }))
		}
	}
	server.Inject(simulator.Fault{Match: simulator.On("POST", gatewayUsers), Effect: effect})

	results, err := gateway.CreateUsers(t.Context(), requests)
	requireError(t, err, usermgmt.ErrUnavailable)
	var created, refused, unknown []int
	for i, result := range results {
		var lost *usermgmt.CogniteLostAnswer
		switch e, _ := result.Err.(*usermgmt.Error); { //nolint:errorlint // each is about its item alone
		case e == nil:
			created = append(created, i)
			assert.NotNil(t, result.Value.Credential)
		case e.Ambiguous:
			unknown = append(unknown, i)
			require.ErrorAs(t, e, &lost)
			assert.Equal(t, sessions[i], lost.SessionID)
			assert.Equal(t, map[int]usermgmt.CogniteOutcome{3: usermgmt.CogniteFound, 4: usermgmt.CogniteAbsent}[i], lost.Outcome)
		default:
			refused = append(refused, i)
		}
	}
	assert.Equal(t, []int{0, 2, 5}, created)
	assert.Equal(t, []int{1}, refused)
	assert.Equal(t, []int{3, 4}, unknown)
	assert.Len(t, project.Usernames(), 4, "the three, and the one whose answer was lost")
}

func TestCogniteListsThatMisbehave(t *testing.T) {
	t.Parallel()
	server, project, client, _ := newGateway(t, gatewaysim.Options{PageSize: 7, NullCursor: true})
	names := project.SeedManyUsers(50)
	list := func(limit int) ([]string, error) {
		users, err := usermgmt.Collect(client.ListUsers(t.Context(), usermgmt.ListUsersRequest{Extension: usermgmt.CogniteUserList{Limit: limit}}))
		var listed []string
		for _, user := range users {
			listed = append(listed, user.Name)
		}
		return listed, err
	}
	for _, paging := range []gatewaysim.Paging{gatewaysim.PagesInOrder, gatewaysim.PagesEmptyFirst, gatewaysim.PagesTooLong} {
		server.SetPaging(paging)
		for _, limit := range []int{0, 1, 49, 1000} {
			listed, err := list(limit)
			require.NoError(t, err)
			want := names
			if limit > 0 {
				want = names[:min(limit, len(names))]
			}
			assert.Equal(t, want, listed)
		}
	}
	server.SetPaging(gatewaysim.PagesRepeat)
	_, err := list(0)
	requireError(t, err, usermgmt.ErrInternal)
}

// TestCogniteVariants plays what the specification leaves open both ways.
func TestCogniteVariants(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]gatewaysim.Options{
		"as documented":   {},
		"404":             {MissingStatus: http.StatusNotFound},
		"404, no list":    {MissingStatus: http.StatusNotFound, MissingWithoutList: true},
		"422":             {MissingStatus: http.StatusUnprocessableEntity},
		"odd but allowed": {UpdateCursor: true, GroupCreatedStatus: http.StatusOK, ExpiresInAsText: true, RevokeWithUser: true, DocumentedKeysOnly: true, NullCursor: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, project, client, gateway := newGateway(t, opts)
			ctx := t.Context()
			made, err := gateway.CreateUser(ctx, usermgmt.CogniteSessionRequest{})
			require.NoError(t, err)
			_, err = client.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: made.Name, Credential: machineOf("app-1")})
			require.NoError(t, err)
			_, err = client.GetUser(ctx, usermgmt.GetUserRequest{Name: "ghost"})
			assert.Contains(t, requireError(t, err, usermgmt.ErrNotFound).Error(), "ghost")
			results, err := gateway.GetUsers(ctx, "ghost", made.Name)
			requireError(t, err, usermgmt.ErrNotFound)
			require.NoError(t, results[1].Err)
			assert.NotEqual(t, made.SessionID, results[1].Value.SessionID, "it was bound to another session")
			group, err := client.CreateGroup(ctx, usermgmt.CreateGroupRequest{Name: "ops"})
			require.NoError(t, err)
			require.NoError(t, client.DeleteGroup(ctx, usermgmt.DeleteGroupRequest{Name: group.Name}))
			requireError(t, client.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: "ghost"}), usermgmt.ErrNotFound)
			require.NoError(t, client.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: "ghost", IgnoreMissing: true}))
			require.NoError(t, client.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: made.Name, Extension: usermgmt.CogniteUser{RevokeSession: true}}))
			assert.Empty(t, project.Usernames())
			assert.Empty(t, project.GroupIDs())
		})
	}
}

func TestCogniteTablesOfAServer(t *testing.T) {
	t.Parallel()
	_, project, client, gateway := newGateway(t, gatewaysim.Options{})
	ctx := t.Context()
	created, err := client.CreateUser(ctx, usermgmt.CreateUserRequest{Credential: machineOf("app-1")})
	require.NoError(t, err)
	tables := []usermgmt.CogniteTable{
		{
			Name: "raw", Raw: &usermgmt.CogniteRawTable{Database: "d", Table: "t", PrimaryKey: "id"},
			Columns: []usermgmt.CogniteColumn{{Name: "id", Type: "BIGINT"}, {Name: "name", Type: "TEXT"}},
		},
		{Name: "view", View: &usermgmt.CogniteView{Space: "s", ExternalID: "x", Version: "v1"}},
	}
	made, err := gateway.CreateTables(ctx, created.Name, tables...)
	require.NoError(t, err)
	listed, err := usermgmt.Collect(gateway.ListTables(ctx, created.Name, false))
	require.NoError(t, err)
	assert.Equal(t, []usermgmt.CogniteTable{made[0].Value, made[1].Value}, listed)
	assert.Equal(t, tables[0].Columns, listed[0].Columns)
	_, err = gateway.CreateTables(ctx, created.Name, tables[0])
	requireError(t, err, usermgmt.ErrAlreadyExists)
	_, err = gateway.DeleteTables(ctx, created.Name, true, "raw", "ghost")
	require.NoError(t, err)
	assert.False(t, slices.Contains(project.Tablenames(created.Name), "raw"))
}
