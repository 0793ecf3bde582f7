package docs_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
	"github.com/usermgmt/usermgmt/internal/simulator/juju"
)

func jujuToken(ctx context.Context, client *usermgmt.Client, controller *usermgmt.JujuExtension) (usermgmt.Secret, error) {
	created, err := client.CreateUser(ctx, usermgmt.CreateUserRequest{Name: "alice"})
	if err != nil {
		return usermgmt.Secret{}, err
	}
	key, _ := created.Credential.(usermgmt.RegistrationKeyCredential)
	return controller.RegistrationToken(ctx, key, "production") // controller is the *JujuExtension
}

func TestJujuToken(t *testing.T) {
	t.Parallel()
	const password = "the administrator's password"
	simulated := juju.New(juju.Options{Owner: "admin", OwnerPassword: password})
	server := httptest.NewServer(simulated)
	t.Cleanup(func() {
		simulated.Close()
		server.Close()
	})
	client, err := usermgmt.New(
		usermgmt.Juju("ws"+strings.TrimPrefix(server.URL, "http")),
		usermgmt.WithCredentials(usermgmt.Password("admin", password)),
	)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	controller, ok := usermgmt.As[*usermgmt.JujuExtension](client)
	require.True(t, ok)
	token, err := jujuToken(t.Context(), client, controller)
	require.NoError(t, err)
	assert.False(t, token.IsZero())
}
