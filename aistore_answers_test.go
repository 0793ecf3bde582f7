package usermgmt_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

// The tests in this file have the server answer what no well-behaved server
// would, which the simulator cannot be made to do.

const authnURL = "https://authn.example.com:52001"

func newMocked(t *testing.T) (*httpmock.MockTransport, *usermgmt.Client) {
	t.Helper()
	mock := httpmock.NewMockTransport()
	client, err := usermgmt.New(usermgmt.AIStore(authnURL),
		usermgmt.WithHTTPClient(&http.Client{Transport: mock}), usermgmt.WithRetry(usermgmt.RetryPolicy{MaxAttempts: 1}),
		usermgmt.WithCredentials(usermgmt.BearerToken("token")))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return mock, client
}

func answer(body string) httpmock.Responder { return httpmock.NewStringResponder(http.StatusOK, body) }

func requireError(t *testing.T, err, kind error) *usermgmt.Error {
	t.Helper()
	require.ErrorIs(t, err, kind)
	e, ok := errors.AsType[*usermgmt.Error](err)
	require.True(t, ok)
	return e
}

func TestDroppedRoleIsAConflict(t *testing.T) {
	t.Parallel()
	mock, client := newMocked(t)
	mock.RegisterResponder("GET", authnURL+"/v1/roles/reader", answer(`{"name":"reader"}`))
	mock.RegisterResponder("POST", authnURL+"/v1/users", answer(""))
	mock.RegisterResponder("PUT", authnURL+"/v1/users/alice", answer(""))
	mock.RegisterResponder("GET", authnURL+"/v1/users/alice", answer(`{"id":"alice","roles":[]}`))

	created, err := client.CreateUser(t.Context(), usermgmt.CreateUserRequest{
		Name: "alice", Credential: usermgmt.Password("", "wonderland"), Roles: usermgmt.Roles("reader"),
	})
	assert.True(t, requireError(t, err, usermgmt.ErrConflict).Ambiguous, "the user exists")
	assert.Equal(t, "alice", created.Name, "what is known is returned beside the error")

	_, err = client.UpdateUser(t.Context(), usermgmt.UpdateUserRequest{Name: "alice", SetRoles: &[]usermgmt.Role{{Name: "reader"}}})
	assert.True(t, requireError(t, err, usermgmt.ErrConflict).Ambiguous)
	err = client.GrantRoles(t.Context(), usermgmt.GrantRolesRequest{User: "alice", Roles: usermgmt.Roles("reader")})
	assert.True(t, requireError(t, err, usermgmt.ErrConflict).Ambiguous)
}

func TestReadBackThatFailsIsAmbiguous(t *testing.T) {
	t.Parallel()
	mock, client := newMocked(t)
	mock.RegisterResponder("POST", authnURL+"/v1/users", answer(""))
	mock.RegisterResponder("GET", authnURL+"/v1/users/alice", httpmock.NewStringResponder(http.StatusServiceUnavailable, "<html>busy</html>"))
	mock.RegisterResponder("POST", authnURL+"/v1/roles", answer(""))
	mock.RegisterResponder("GET", authnURL+"/v1/roles/reader", httpmock.NewErrorResponder(errors.New("connection reset")))

	_, err := client.CreateUser(t.Context(), usermgmt.CreateUserRequest{Name: "alice", Credential: usermgmt.Password("", "wonderland")})
	e := requireError(t, err, usermgmt.ErrUnavailable)
	assert.True(t, e.Ambiguous)
	assert.Equal(t, http.StatusServiceUnavailable, e.Status)

	_, err = client.CreateRole(t.Context(), usermgmt.CreateRoleRequest{Name: "reader"})
	assert.True(t, requireError(t, err, usermgmt.ErrUnavailable).Ambiguous)
}

func TestSomebodyElseIsNeverReturned(t *testing.T) {
	t.Parallel()
	mock, client := newMocked(t)
	mock.RegisterResponder("GET", authnURL+"/v1/users/Alice", answer(`{"id":"alice","roles":[]}`))
	mock.RegisterResponder("GET", authnURL+"/v1/roles/Reader", answer(`{"name":"reader"}`))
	mock.RegisterResponder("GET", authnURL+"/v1/clusters/prod", answer(`{"clusters":{"x":{"id":"x"}}}`))
	mock.RegisterResponder("GET", authnURL+"/v1/users", answer(`{"alice":{"id":"bob","roles":[]}}`))

	user, err := client.GetUser(t.Context(), usermgmt.GetUserRequest{Name: "Alice"})
	requireError(t, err, usermgmt.ErrInternal)
	assert.Empty(t, user)
	_, err = client.GetRole(t.Context(), usermgmt.GetRoleRequest{Name: "Reader"})
	requireError(t, err, usermgmt.ErrInternal)
	_, err = extensionOf(t, client).GetCluster(t.Context(), "prod")
	requireError(t, err, usermgmt.ErrInternal)
	_, err = usermgmt.Collect(client.ListUsers(t.Context(), usermgmt.ListUsersRequest{}))
	requireError(t, err, usermgmt.ErrInternal)
}

func TestListsThatAreNot(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"cut short": `{"alice":{"id":"alice","roles":[]},`, "no object": `[]`, "trailing": `{}{}`, "empty": ``, "page": `<html></html>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mock, client := newMocked(t)
			mock.RegisterResponder("GET", authnURL+"/v1/users", answer(body))
			mock.RegisterResponder("GET", authnURL+"/v1/roles", answer(body+"x"))
			users, err := usermgmt.Collect(client.ListUsers(t.Context(), usermgmt.ListUsersRequest{}))
			require.Error(t, err)
			assert.Nil(t, users)
			_, err = usermgmt.Collect(client.ListRoles(t.Context(), usermgmt.ListRolesRequest{}))
			requireError(t, err, usermgmt.ErrInternal)
		})
	}
}

func TestCredentialSourceIsAskedAtEachLogin(t *testing.T) {
	t.Parallel()
	mock := httpmock.NewMockTransport()
	var seen []string
	mock.RegisterResponder("GET", authnURL+"/v1/users/alice", func(r *http.Request) (*http.Response, error) {
		seen = append(seen, r.Header.Get("Authorization"))
		if len(seen) == 1 {
			return httpmock.NewStringResponse(http.StatusUnauthorized, `{"message":"not authorized (token revoked)"}`), nil
		}
		return httpmock.NewStringResponse(http.StatusOK, `{"id":"alice","roles":[]}`), nil
	})
	tokens := []usermgmt.Credential{usermgmt.BearerToken("first"), usermgmt.BearerToken("second")}
	source := usermgmt.CredentialFunc(func(context.Context) (usermgmt.Credential, error) {
		next := tokens[0]
		tokens = tokens[1:]
		return next, nil
	})
	client, err := usermgmt.New(usermgmt.AIStore(authnURL), usermgmt.WithHTTPClient(&http.Client{Transport: mock}), usermgmt.WithCredentials(source))
	require.NoError(t, err)
	_, err = client.GetUser(t.Context(), usermgmt.GetUserRequest{Name: "alice"})
	require.NoError(t, err)
	assert.Equal(t, []string{"Bearer first", "Bearer second"}, seen)
}

func TestSourcesThatFail(t *testing.T) {
	t.Parallel()
	vault := errors.New("the vault is sealed")
	for name, test := range map[string]struct {
		source usermgmt.CredentialFunc
		want   error
	}{
		"error":      {func(context.Context) (usermgmt.Credential, error) { return nil, vault }, usermgmt.ErrUnauthenticated},
		"nothing":    {func(context.Context) (usermgmt.Credential, error) { return nil, nil }, usermgmt.ErrInvalidArgument},
		"wrong kind": {func(context.Context) (usermgmt.Credential, error) { return usermgmt.AccessKey("a", "k"), nil }, usermgmt.ErrInvalidArgument},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mock := httpmock.NewMockTransport()
			client, err := usermgmt.New(usermgmt.AIStore(authnURL), usermgmt.WithHTTPClient(&http.Client{Transport: mock}), usermgmt.WithCredentials(test.source))
			require.NoError(t, err)
			_, err = client.GetUser(t.Context(), usermgmt.GetUserRequest{Name: "alice"})
			requireError(t, err, test.want)
			assert.Equal(t, name == "error", errors.Is(err, vault))
			assert.Zero(t, mock.GetTotalCallCount(), "nothing is sent")
		})
	}
}

func TestWritesThatAreNotNeededAreNotSent(t *testing.T) {
	t.Parallel()
	mock, client := newMocked(t)
	mock.RegisterResponder("GET", authnURL+"/v1/users/alice", answer(`{"id":"alice","roles":[{"name":"reader"}]}`))
	require.NoError(t, client.GrantRoles(t.Context(), usermgmt.GrantRolesRequest{User: "alice", Roles: usermgmt.Roles("reader", "reader")}))
	require.NoError(t, client.RevokeRoles(t.Context(), usermgmt.RevokeRolesRequest{User: "alice", Roles: usermgmt.Roles("writer")}))
	user, err := client.UpdateUser(t.Context(), usermgmt.UpdateUserRequest{Name: "alice"})
	require.NoError(t, err)
	assert.Equal(t, usermgmt.User{Name: "alice", Roles: usermgmt.Roles("reader")}, user)
	assert.Equal(t, map[string]int{"GET " + authnURL + "/v1/users/alice": 3}, mock.GetCallCountInfo())
}
