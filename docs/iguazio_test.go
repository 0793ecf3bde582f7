package docs_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
	"github.com/usermgmt/usermgmt/internal/simulator/iguazio"
)

func iguazioPending(ctx context.Context, client *usermgmt.Client, request usermgmt.CreateUserRequest) (bool, error) {
	created, err := client.CreateUser(ctx, request)
	if errors.Is(err, usermgmt.ErrPending) {
		igz, _ := usermgmt.As[*usermgmt.IguazioExtension](client)
		ready, err := igz.IsOperational(ctx, created.Name) // look again later
		return ready, err
	}
	return err == nil, err
}

func TestIguazioPending(t *testing.T) {
	t.Parallel()
	const password = "the administrator's password"
	server := httptest.NewServer(iguazio.New(iguazio.Options{AdminPassword: password, OperationalAfter: 100}))
	t.Cleanup(server.Close)
	client, err := usermgmt.New(
		usermgmt.Iguazio(server.URL, usermgmt.IguazioWait(time.Millisecond)),
		usermgmt.WithCredentials(usermgmt.Password("admin", password)),
	)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	ready, err := iguazioPending(t.Context(), client, usermgmt.CreateUserRequest{
		Name: "alice", Email: "alice@example.com", Credential: usermgmt.Password("", "correct horse battery staple"),
	})
	require.NoError(t, err)
	assert.False(t, ready)
}
