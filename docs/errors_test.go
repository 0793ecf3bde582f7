package docs_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

func errorsCreate(ctx context.Context, client usermgmt.UserManager, request usermgmt.CreateUserRequest) error {
	_, err := client.CreateUser(ctx, request)
	if errors.Is(err, usermgmt.ErrAlreadyExists) {
		_, err = client.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: request.Name, SetRoles: &request.Roles})
	}
	return err
}

func errorsDelete(ctx context.Context, client usermgmt.UserManager) error {
	return client.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: "alice", IgnoreMissing: true})
}

func errorsAmbiguous(ctx context.Context, client usermgmt.UserManager, request usermgmt.CreateUserRequest) (usermgmt.CreatedUser, error) {
	created, err := client.CreateUser(ctx, request)
	if e, ok := errors.AsType[*usermgmt.Error](err); ok && e.Ambiguous {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second) // ctx may have ended
		defer cancel()
		seen, missing := client.GetUser(ctx, usermgmt.GetUserRequest{Name: request.Name})
		if missing == nil { // made, by this call or somebody else's: compare with the request
			return usermgmt.CreatedUser{User: seen, Credential: created.Credential}, nil
		}
		// That there is none now does not mean that a slow server will not make it yet.
	}
	return created, err
}

func errorsCanceled(err error) {
	switch {
	case errors.Is(err, usermgmt.ErrCanceled): // the caller gave up, or ran out of time
	case errors.Is(err, usermgmt.ErrUnavailable): // the server did not answer in time, or at all
	}
}

func TestErrorsRecipes(t *testing.T) {
	t.Parallel()
	client, err := usermgmt.New(usermgmt.Memory())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	_, err = client.CreateRole(t.Context(), usermgmt.CreateRoleRequest{Name: "reader"})
	require.NoError(t, err)
	request := usermgmt.CreateUserRequest{Name: "alice"}
	require.NoError(t, errorsCreate(t.Context(), client, request))
	request.Roles = usermgmt.Roles("reader")
	require.NoError(t, errorsCreate(t.Context(), client, request), "again")
	user, err := client.GetUser(t.Context(), usermgmt.GetUserRequest{Name: "alice"})
	require.NoError(t, err)
	assert.Equal(t, usermgmt.Roles("reader"), user.Roles)
	require.NoError(t, errorsDelete(t.Context(), client))
	require.NoError(t, errorsDelete(t.Context(), client), "again")

	ambiguous := &usermgmt.Error{Op: "CreateUser", Kind: usermgmt.ErrUnavailable, Ambiguous: true}
	for name, carriedOut := range map[string]bool{"carried out": true, "not carried out": false} {
		lossy := usermgmt.Intercept(client, usermgmt.Interceptor{
			CreateUser: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.CreateUserRequest) (usermgmt.CreatedUser, error) {
				if carriedOut {
					_, err := next.CreateUser(ctx, req)
					require.NoError(t, err)
				}
				return usermgmt.CreatedUser{}, ambiguous
			},
		})
		request.Name = "bob " + name
		created, err := errorsAmbiguous(t.Context(), lossy, request)
		if carriedOut {
			require.NoError(t, err)
			assert.Equal(t, request.Name, created.Name)
			continue
		}
		require.Equal(t, ambiguous, err)
	}
	errorsCanceled(ambiguous)
}
