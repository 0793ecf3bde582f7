package usermgmt_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

// The functions below hold the code blocks of the README word for word; the
// tests in docs make sure of that.

func readmeMemory(ctx context.Context) error {
	client, err := usermgmt.New(usermgmt.Memory())
	if err != nil {
		return err
	}
	defer client.Close()

	if _, err := client.CreateRole(ctx, usermgmt.CreateRoleRequest{Name: "reader"}); err != nil {
		return err
	}
	_, err = client.CreateUser(ctx, usermgmt.CreateUserRequest{
		Name:       "alice",
		Credential: usermgmt.Password("", "correct horse battery staple"),
		Roles:      usermgmt.Roles("reader"),
	})
	if errors.Is(err, usermgmt.ErrAlreadyExists) {
		err = client.EnableUser(ctx, usermgmt.EnableUserRequest{Name: "alice"})
	}
	if err != nil {
		return err
	}
	for user, err := range client.ListUsers(ctx, usermgmt.ListUsersRequest{}) {
		if err != nil {
			return err
		}
		fmt.Println(user.Name, user.Roles)
	}
	return nil
}

func readmeAIStore(password string) (*usermgmt.Client, error) {
	client, err := usermgmt.New(
		usermgmt.AIStore("https://authn.example.com:52001"),
		usermgmt.WithCredentials(usermgmt.Password("admin", password)),
	)
	return client, err
}

func readmeErrors(err error) string {
	var e *usermgmt.Error
	switch {
	case errors.Is(err, usermgmt.ErrNotFound): // and twelve more kinds
	case errors.As(err, &e) && e.Ambiguous: // the change may have been made: read before you repeat
	case errors.As(err, &e) && e.RetryAfter > 0: // the server said when to return
	}
	return fmt.Sprint(e)
}

// vaultStub stands for whatever keeps the password.
type vaultStub struct{}

func (vaultStub) Read(context.Context, string) (string, error) { return "secret", nil }

func readmeCredentials(vault vaultStub) usermgmt.Option {
	option :=
		usermgmt.WithCredentials(usermgmt.CredentialFunc(func(ctx context.Context) (usermgmt.Credential, error) {
			password, err := vault.Read(ctx, "authn/admin")
			return usermgmt.Password("admin", password), err
		}))
	return option
}

func readmeIntercept(memory usermgmt.UserManager) usermgmt.UserManager {
	flaky := usermgmt.Intercept(memory, usermgmt.Interceptor{
		DeleteUser: func(context.Context, usermgmt.UserManager, usermgmt.DeleteUserRequest) error {
			return &usermgmt.Error{Op: "DeleteUser", Kind: usermgmt.ErrUnavailable}
		},
	})
	return flaky
}

func TestReadmeRuns(t *testing.T) {
	t.Parallel()
	require.NoError(t, readmeMemory(t.Context()))
	client, err := readmeAIStore("secret")
	require.NoError(t, err)
	require.NoError(t, client.Close())
	_, err = usermgmt.New(usermgmt.AIStore("https://authn.example.com"), readmeCredentials(vaultStub{}))
	require.NoError(t, err)
	flaky := readmeIntercept(usermgmt.Unimplemented{})
	err = flaky.DeleteUser(t.Context(), usermgmt.DeleteUserRequest{Name: "alice"})
	require.ErrorIs(t, err, usermgmt.ErrUnavailable)
	require.NotEmpty(t, readmeErrors(err))
}
