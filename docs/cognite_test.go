package docs_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
	"github.com/usermgmt/usermgmt/internal/simulator/cognite"
)

func cogniteLost(ctx context.Context, client *usermgmt.Client, machine usermgmt.OAuth2ClientCredentials) (usermgmt.CreatedUser, error) {
	request := usermgmt.CreateUserRequest{Credential: machine}
	created, err := client.CreateUser(ctx, request)
	var lost *usermgmt.CogniteLostAnswer
	if errors.As(err, &lost) && lost.Outcome == usermgmt.CogniteFound {
		// Its password is lost: delete it, and create another.
		err = client.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: lost.User.Name, IgnoreMissing: true})
		if err == nil {
			created, err = client.CreateUser(ctx, request)
		}
	}
	return created, err
}

func TestCogniteLost(t *testing.T) {
	t.Parallel()
	const tokenPath, project, id, secret = "/oauth2/token", "plant-7", "machine", "the machine's secret"
	gateway := cognite.New(cognite.Options{TokenPath: tokenPath})
	gateway.SeedClient(id, secret, cognite.Admin("svc-roster", project))
	gateway.Project(project)
	server := httptest.NewServer(gateway)
	t.Cleanup(server.Close)
	machine := usermgmt.OAuth2ClientCredentials{ClientID: id, ClientSecret: usermgmt.NewSecret(secret)}
	login := machine
	login.TokenURL = server.URL + tokenPath
	client, err := usermgmt.New(usermgmt.Cognite(server.URL, project), usermgmt.WithCredentials(login))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	created, err := cogniteLost(t.Context(), client, machine)
	require.NoError(t, err)
	assert.NotEmpty(t, created.Name)
	assert.NotEmpty(t, created.Host)
}
