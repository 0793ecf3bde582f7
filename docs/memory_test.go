package docs_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

func memoryProject(ctx context.Context, client *usermgmt.Client, password usermgmt.Secret) error {
	memory, _ := usermgmt.As[*usermgmt.MemoryExtension](client)
	if err := memory.CreateProject(ctx, usermgmt.Project{Name: "apollo"}); err != nil {
		return err
	}
	err := client.EnsureProjectMember(ctx, usermgmt.EnsureProjectMemberRequest{
		Project: "apollo", Member: usermgmt.UserMember("alice"), Role: "editor",
	})
	if err != nil {
		return err
	}
	_, err = memory.Authenticate(ctx, "alice", password) // ErrUnauthenticated if it is wrong
	return err
}

func TestMemoryProject(t *testing.T) {
	t.Parallel()
	client, err := usermgmt.New(usermgmt.Memory())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	_, err = client.CreateUser(t.Context(), usermgmt.CreateUserRequest{
		Name: "alice", Credential: usermgmt.Password("", "correct horse battery staple"),
	})
	require.NoError(t, err)
	require.NoError(t, memoryProject(t.Context(), client, usermgmt.NewSecret("correct horse battery staple")))
}
