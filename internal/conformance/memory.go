package conformance

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

// Memory returns the harness of the embedded backend. options yields the
// settings of the backend for one world.
func Memory(options func(t testing.TB) []usermgmt.MemoryOption) Harness {
	return func(t testing.TB, opts ...usermgmt.Option) *World {
		t.Helper()
		client, err := usermgmt.New(usermgmt.Memory(options(t)...), opts...)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, client.Close()) })
		memory, ok := usermgmt.As[*usermgmt.MemoryExtension](client)
		require.True(t, ok)

		roles := usermgmt.Roles("reader", "writer", "operator")
		for _, role := range roles {
			_, err := client.CreateRole(t.Context(), usermgmt.CreateRoleRequest{Name: role.Name})
			require.NoError(t, err)
		}
		projects := []string{"apollo", "gemini"}
		for _, name := range projects {
			require.NoError(t, memory.CreateProject(t.Context(), usermgmt.Project{Name: name}))
		}
		return &World{
			Manager:      client,
			Self:         "admin",
			Roles:        roles,
			ScopedRoles:  []usermgmt.Role{{Name: "reader", Scope: "here"}, {Name: "reader", Scope: "there"}},
			Projects:     projects,
			ProjectRoles: []string{"viewer", "editor", "admin"},
			Seed: func(t testing.TB, names []string) {
				t.Helper()
				for _, name := range names {
					_, err := client.CreateUser(t.Context(), usermgmt.CreateUserRequest{Name: name})
					require.NoError(t, err)
				}
			},
			CheckPassword: func(name, password string) bool {
				_, err := memory.Authenticate(t.Context(), name, usermgmt.NewSecret(password))
				return err == nil
			},
		}
	}
}
