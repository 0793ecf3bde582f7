package usermgmt_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

// The functions below hold the Go blocks of docs/migrate word for word; see
// TestMigrationCode.

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

// TestMigrationCode makes sure that every Go block of the pages stands in this
// file, where it is compiled. Code of the other SDKs is in blocks of another
// language.
func TestMigrationCode(t *testing.T) {
	t.Parallel()
	compiled, err := os.ReadFile("docs_migrate_test.go")
	require.NoError(t, err)
	for page := range migrationPages {
		text, err := os.ReadFile(filepath.Join("docs", "migrate", page))
		require.NoError(t, err)
		blocks := goBlocks(string(text))
		assert.NotEmpty(t, blocks, page)
		for _, block := range blocks {
			assert.Contains(t, squeeze(string(compiled)), squeeze(block), page)
		}
	}
}

// TestMigrationRuns makes sure that the Go blocks do what the pages say.
func TestMigrationRuns(t *testing.T) {
	t.Parallel()
	client, err := usermgmt.New(usermgmt.Memory())
	require.NoError(t, err)
	defer client.Close()
	ctx := t.Context()
	_, err = client.CreateRole(ctx, usermgmt.CreateRoleRequest{Name: "data_reader"})
	require.NoError(t, err)
	require.NoError(t, migrateGocb(ctx, client, "correct horse battery staple"))
	require.NoError(t, migrateGocb(ctx, client, "correct horse battery staple"))
}
