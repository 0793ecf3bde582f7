package usermgmt_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
	authnsim "github.com/usermgmt/usermgmt/internal/simulator/aistore"
	gatewaysim "github.com/usermgmt/usermgmt/internal/simulator/cognite"
)

// The functions below hold the Go blocks of docs/migrate word for word; see
// the tests of package docs.

// secretStub stands for whatever keeps secrets.
type secretStub map[string]usermgmt.Secret

// Write keeps a secret.
func (s secretStub) Write(_ context.Context, name string, secret usermgmt.Secret) error {
	s[name] = secret
	return nil
}

func migrateGocb(ctx context.Context, client *usermgmt.Client, password string) error {
	_, err := client.CreateUser(ctx, usermgmt.CreateUserRequest{
		Name:       "alice",
		Credential: usermgmt.Password("", password),
		Roles:      []usermgmt.Role{{Name: "data_reader", Scope: "travel:inventory"}},
	})
	if errors.Is(err, usermgmt.ErrAlreadyExists) {
		err = client.GrantRoles(ctx, usermgmt.GrantRolesRequest{
			User:  "alice",
			Roles: []usermgmt.Role{{Name: "data_reader", Scope: "travel:inventory"}},
		})
	}
	return err
}

func migrateIguazio(ctx context.Context, client *usermgmt.Client, password string) error {
	_, err := client.CreateUser(ctx, usermgmt.CreateUserRequest{
		Name:        "alice",
		DisplayName: "Alice Adams",
		Email:       "alice@example.com",
		Credential:  usermgmt.Password("", password),
		Roles:       usermgmt.Roles("Developer", "Application Read Only"), // what igz_mgmt gives if it is told nothing
		Groups:      []string{"analysts"},
	})
	if err != nil {
		return err
	}
	err = client.EnsureProjectMember(ctx, usermgmt.EnsureProjectMemberRequest{
		Project: "churn", Member: usermgmt.UserMember("alice"), Role: "Editor",
	})
	return err
}

func migrateJuju(ctx context.Context, client *usermgmt.Client, ext *usermgmt.JujuExtension, vault secretStub) error {
	created, err := client.CreateUser(ctx, usermgmt.CreateUserRequest{Name: "alice"})
	if err != nil {
		return err
	}
	err = client.EnsureProjectMember(ctx, usermgmt.EnsureProjectMemberRequest{
		Project: "admin/churn", Member: usermgmt.UserMember("alice"), Role: "read",
	})
	if err != nil {
		return err
	}
	if key, ok := created.Credential.(usermgmt.RegistrationKeyCredential); ok {
		token, err := ext.RegistrationToken(ctx, key, "production")
		if err != nil {
			return err
		}
		return vault.Write(ctx, created.Name, token) // for "juju register"
	}
	return nil
}

func migrateAIStore(ctx context.Context, client *usermgmt.Client, password string) error {
	_, err := client.CreateRole(ctx, usermgmt.CreateRoleRequest{
		Name: "auditor", Description: "reads everything",
		Extension: usermgmt.AIStoreRole{
			Clusters: []usermgmt.AIStoreClusterPermissions{{Alias: "prod", Permissions: usermgmt.AIStoreReadOnly}},
		},
	})
	if err != nil {
		return err
	}
	_, err = client.CreateUser(ctx, usermgmt.CreateUserRequest{
		Name: "alice", Credential: usermgmt.Password("", password), Roles: usermgmt.Roles("auditor"),
	})
	return err
}

func migrateCognite(ctx context.Context, client *usermgmt.Client, machineID string, machineSecret usermgmt.Secret, vault secretStub) error {
	created, err := client.CreateUser(ctx, usermgmt.CreateUserRequest{
		Credential: usermgmt.OAuth2ClientCredentials{ClientID: machineID, ClientSecret: machineSecret},
	})
	var lost *usermgmt.CogniteLostAnswer
	switch {
	case errors.As(err, &lost):
		return fmt.Errorf("session %d, user %s %q: %w", lost.SessionID, lost.Outcome, lost.User.Name, err)
	case err != nil:
		return err
	}
	if password, ok := created.Credential.(usermgmt.PasswordCredential); ok {
		return vault.Write(ctx, created.Name, password.Password) // to log in with at created.Host
	}
	return nil
}

// The tests below make sure that the Go blocks do what the pages say.

func TestMigrationFromGocb(t *testing.T) {
	t.Parallel()
	client, _ := newMemory(t)
	_, err := client.CreateRole(t.Context(), usermgmt.CreateRoleRequest{Name: "data_reader"})
	require.NoError(t, err)
	require.NoError(t, migrateGocb(t.Context(), client, "correct horse battery staple"))
	require.NoError(t, migrateGocb(t.Context(), client, "correct horse battery staple"), "an old user")
}

func TestMigrationFromIguazio(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	client, memory := newMemory(t, usermgmt.MemoryProjectRoles("Viewer", "Editor", "Admin"))
	for _, role := range []string{"Developer", "Application Read Only"} {
		_, err := client.CreateRole(ctx, usermgmt.CreateRoleRequest{Name: role})
		require.NoError(t, err)
	}
	_, err := client.CreateGroup(ctx, usermgmt.CreateGroupRequest{Name: "analysts"})
	require.NoError(t, err)
	require.NoError(t, memory.CreateProject(ctx, usermgmt.Project{Name: "churn"}))
	require.NoError(t, migrateIguazio(ctx, client, "correct horse battery staple"))
	role, err := client.EffectiveProjectRole(ctx, usermgmt.EffectiveProjectRoleRequest{Project: "churn", User: "alice"})
	require.NoError(t, err)
	require.Equal(t, "Editor", role)
}

func TestMigrationFromLibjuju(t *testing.T) {
	t.Parallel()
	client, ext := newAdmin(t, newController(t))
	_, err := ext.CreateModel(t.Context(), usermgmt.JujuNewModel{Name: "churn"})
	require.NoError(t, err)
	vault := secretStub{}
	require.NoError(t, migrateJuju(t.Context(), client, ext, vault))
	require.Contains(t, vault, "alice")
}

func TestMigrationFromAIStore(t *testing.T) {
	t.Parallel()
	_, _, client := newAuthN(t, authnsim.Options{})
	require.NoError(t, extensionOf(t, client).RegisterCluster(t.Context(), usermgmt.AIStoreCluster{ID: "c1", Alias: "prod"}))
	require.NoError(t, migrateAIStore(t.Context(), client, "correct horse battery staple"))
}

func TestMigrationFromCognite(t *testing.T) {
	t.Parallel()
	_, _, client, gateway := newGateway(t, gatewaysim.Options{})
	vault := secretStub{}
	require.NoError(t, migrateCognite(t.Context(), client, "app-1", usermgmt.NewSecret("s3cret-of-app-1"), vault))
	require.Len(t, vault, 1)
	sessions, err := usermgmt.Collect(gateway.ListSessions(t.Context(), ""))
	require.NoError(t, err)
	require.Len(t, sessions, 1, "which the user acts with")
}
