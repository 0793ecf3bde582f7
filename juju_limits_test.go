package usermgmt_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

// TestJujuStaleSuperuser is about callers whose level is no longer what the
// login told: the list of themselves alone must not pass for that of all.
func TestJujuStaleSuperuser(t *testing.T) {
	t.Parallel()
	users := `{"results":[{"result":{"username":"admin","access":"login"}}]}`
	_, client, _ := scripted(t, func(method, _ string) string {
		if method == "UserManager.UserInfo" {
			return users
		}
		return ""
	})
	_, err := usermgmt.Collect(client.ListUsers(t.Context(), usermgmt.ListUsersRequest{}))
	require.ErrorIs(t, err, usermgmt.ErrPermissionDenied, "who lost the level")

	login := strings.Replace(jujuLogin, `"controller-access":"superuser"`, `"controller-access":"login"`, 1)
	_, client, _ = scripted(t, func(method, _ string) string {
		if method == "Admin.Login" {
			return login
		}
		return `{"results":[{"result":{"username":"admin","access":"superuser"}}]}`
	})
	list, err := usermgmt.Collect(client.ListUsers(t.Context(), usermgmt.ListUsersRequest{}))
	require.NoError(t, err, "who was given the level")
	assert.Len(t, list, 1)
}

// TestJujuStaleSuperuserOfModel is the same of the users of a model.
func TestJujuStaleSuperuserOfModel(t *testing.T) {
	t.Parallel()
	for level, want := range map[string]error{"login": usermgmt.ErrPermissionDenied, "superuser": nil} {
		_, client, _ := scripted(t, func(method, _ string) string {
			switch method {
			case "ModelManager.ModelInfo":
				return `{"results":[{"result":{"name":"prod","uuid":"` + prodUUID + `","owner-tag":"user-bob","users":[{"user":"admin","access":"read"}]}}]}`
			case "Controller.GetControllerAccess":
				return `{"results":[{"result":{"user-tag":"user-admin","access":"` + level + `"}}]}`
			}
			return ""
		})
		members, err := usermgmt.Collect(client.ListProjectMembers(t.Context(), usermgmt.ListProjectMembersRequest{Project: prodUUID}))
		require.ErrorIs(t, err, want, level)
		assert.Equal(t, want == nil, len(members) == 1)
	}
}

// TestJujuAdministratorsLeavingTogether has the administrators of a model give
// it up at once: one of them has to stay.
func TestJujuAdministratorsLeavingTogether(t *testing.T) {
	t.Parallel()
	names := []string{"alice", "bob", "carol", "dave"}
	for what, leave := range map[string]func(*usermgmt.Client, string) error{
		"members": func(client *usermgmt.Client, name string) error {
			return client.RemoveProjectMember(t.Context(), usermgmt.RemoveProjectMemberRequest{Project: "admin/prod", Member: usermgmt.UserMember(name)})
		},
		"users": func(client *usermgmt.Client, name string) error {
			return client.DeleteUser(t.Context(), usermgmt.DeleteUserRequest{Name: name})
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c := newController(t)
			levels := map[string]string{}
			for _, name := range names {
				c.AddUser(name, "secret", "login")
				levels[name] = "admin"
			}
			c.AddModel("admin", "prod", levels)
			client, _ := newAdmin(t, c)
			require.NoError(t, client.RevokeRoles(t.Context(), usermgmt.RevokeRolesRequest{
				User: "admin", Roles: []usermgmt.Role{{Name: "admin", Scope: "model:admin/prod"}}, Extension: usermgmt.JujuUser{Force: true},
			}))
			var work sync.WaitGroup
			failures := make([]error, len(names))
			for i, name := range names {
				work.Go(func() { failures[i] = leave(client, name) })
			}
			work.Wait()
			refused := 0
			for _, err := range failures {
				if err != nil {
					require.ErrorIs(t, err, usermgmt.ErrConflict)
					refused++
				}
			}
			assert.Equal(t, 1, refused, "the last one stays")
		})
	}
}

// TestJujuRegistrationTokenChecksFirst shows that nothing is sent for a token
// that cannot be made.
func TestJujuRegistrationTokenChecksFirst(t *testing.T) {
	t.Parallel()
	s, _, juju := scripted(t, func(string, string) string { return "" })
	good := usermgmt.NewSecret(strings.Repeat("A", 43) + "=")
	for name, key := range map[string]usermgmt.RegistrationKeyCredential{
		"no name":       {Key: good},
		"bad name":      {Username: "a/b", Key: good},
		"no key":        {Username: "alice"},
		"a short key":   {Username: "alice", Key: usermgmt.NewSecret("QUJD")},
		"not in base64": {Username: "alice", Key: usermgmt.NewSecret("?")},
	} {
		_, err := juju.RegistrationToken(t.Context(), key, "prod")
		require.ErrorIs(t, err, usermgmt.ErrInvalidArgument, name)
	}
	assert.Empty(t, s.frames)
}
