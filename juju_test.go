package usermgmt_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
	jujusim "github.com/usermgmt/usermgmt/internal/simulator/juju"
)

// controller is a simulated controller that listens. What tests make in it is
// found again by the names that clients use.
type controller struct {
	*jujusim.Server

	address string
	models  map[string]string // UUIDs by owner/name
	offers  map[string]string // UUIDs by URL
}

const adminPassword = "the administrator's password"

func newController(tb testing.TB) *controller {
	tb.Helper()
	c := &controller{Server: jujusim.New(jujusim.Options{Owner: jujuAdmin, OwnerPassword: adminPassword}), models: map[string]string{}, offers: map[string]string{}}
	server := httptest.NewServer(c.Server)
	tb.Cleanup(func() {
		c.Close()
		server.Close()
	})
	c.address = "ws" + strings.TrimPrefix(server.URL, "http")
	return c
}

const jujuAdmin = "admin"

// AddUser adds a user with a level on the controller, "" for none.
func (c *controller) AddUser(name, password, level string) {
	c.SeedUser(jujusim.User{Name: name, Password: password, Access: level})
}

// AddModel adds a model with the levels of users, and returns its UUID.
func (c *controller) AddModel(owner, name string, levels map[string]string) string {
	uuid := c.SeedModel(jujusim.Model{Name: name, Owner: owner, Access: levels})
	c.models[owner+"/"+name] = uuid
	return uuid
}

// AddOffer adds an offer by URL with the levels of users, and its model.
func (c *controller) AddOffer(url string, levels map[string]string) {
	path, name, _ := strings.Cut(url, ".")
	owner, model, _ := strings.Cut(path, "/")
	if c.models[path] == "" {
		c.AddModel(owner, model, map[string]string{owner: "admin"})
	}
	c.offers[url] = fmt.Sprintf("30000000-0000-4000-8000-%012d", len(c.offers))
	c.SeedOffer(jujusim.Offer{Model: c.models[path], UUID: c.offers[url], Name: name, Access: levels})
}

// AddCloud adds a cloud with the levels of users.
func (c *controller) AddCloud(name string, levels map[string]string) {
	c.SeedCloud(jujusim.Cloud{Name: name, Access: levels})
}

// Level returns the level of a user, "" for none.
func (c *controller) Level(scope, name string) string {
	kind, id, _ := strings.Cut(scope, ":")
	switch kind {
	case "model":
		return c.ModelAccess(c.models[id], name)
	case "offer":
		return c.OfferAccess(c.offers[id], name)
	case "cloud":
		return c.CloudAccess(id, name)
	default:
		return c.ControllerAccess(name)
	}
}

// CheckPassword reports whether a user could log in.
func (c *controller) CheckPassword(name, password string) bool {
	user, found := c.User(name)
	return found && !user.Disabled && user.Password == password
}

// newJuju returns a client of a controller, logged in as a user.
func newJuju(t *testing.T, c *controller, name, password string) (*usermgmt.Client, *usermgmt.JujuExtension) {
	t.Helper()
	client, err := usermgmt.New(usermgmt.Juju(c.address), usermgmt.WithCredentials(usermgmt.Password(name, password)),
		usermgmt.WithRetry(usermgmt.RetryPolicy{MinWait: time.Millisecond}))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	controller, ok := usermgmt.As[*usermgmt.JujuExtension](client)
	require.True(t, ok)
	return client, controller
}

func newAdmin(t *testing.T, c *controller) (*usermgmt.Client, *usermgmt.JujuExtension) {
	t.Helper()
	return newJuju(t, c, jujuAdmin, adminPassword)
}

// writes returns the frames that changed something.
func (c *controller) writes() []string {
	var list []string
	for _, sent := range c.Frames() {
		frame := fmt.Sprintf("%s.%s %s", sent.Facade, sent.Method, sent.Params)
		for _, verb := range []string{".Modify", ".Add", ".Remove", ".Enable", ".Disable", ".Set", ".Reset"} {
			if strings.Contains(frame, verb) {
				list = append(list, frame)
			}
		}
	}
	return list
}

// TestJujuLevels goes from every level to every other one, with one write at
// most, on every kind of object.
func TestJujuLevels(t *testing.T) {
	t.Parallel()
	for scope, levels := range map[string][]string{
		"controller": {"login", "superuser"}, "model:admin/prod": {"read", "write", "admin"}, "offer:admin/prod.db": {"read", "consume", "admin"}, "cloud:lxd": {"add-model", "admin"},
	} {
		t.Run(scope, func(t *testing.T) {
			t.Parallel()
			for from := range len(levels) + 1 {
				for to := range levels {
					c := newController(t)
					start := ""
					if from > 0 {
						start = levels[from-1]
					}
					held := map[string]string{"alice": start}
					c.AddUser("alice", "secret", "")
					switch id := scope[strings.Index(scope, ":")+1:]; {
					case scope == "controller":
						c.AddUser("alice", "secret", start)
					case strings.HasPrefix(scope, "model:"):
						held["admin"] = "admin"
						c.AddModel("admin", "prod", held)
					case strings.HasPrefix(scope, "offer:"):
						c.AddOffer(id, held)
					default:
						c.AddCloud(id, held)
					}
					now := func() string { return c.Level(scope, "alice") }
					_, juju := newAdmin(t, c)
					role := usermgmt.Role{Name: levels[to], Scope: scope}
					changed, err := juju.Grant(t.Context(), "alice", role)
					require.NoError(t, err)
					want := start
					if to+1 > from {
						want = levels[to]
					}
					assert.Equal(t, want, now(), "grant %s to who has %q", role, start)
					assert.Equal(t, want != start, changed)
					writes := len(c.writes())
					assert.LessOrEqual(t, writes, 1)

					before := now()
					changed, err = juju.Revoke(t.Context(), "alice", role)
					require.NoError(t, err)
					want = ""
					if to > 0 {
						want = levels[to-1]
					}
					assert.Equal(t, want, now(), "revoke %s from who has %q", role, before)
					assert.True(t, changed)
					changed, err = juju.Revoke(t.Context(), "alice", role)
					require.NoError(t, err)
					assert.False(t, changed)
					assert.Equal(t, want, now(), "a revoke never raises")
					assert.Len(t, c.writes(), writes+1)
				}
			}
		})
	}
}

func TestJujuEnsureExactly(t *testing.T) {
	t.Parallel()
	levels := []string{"", "read", "write", "admin"}
	for _, from := range levels {
		for _, to := range levels {
			c := newController(t)
			c.AddUser("Alice", "secret", "login")
			c.AddModel("admin", "prod", map[string]string{"admin": "admin", "alice": from})
			client, _ := newAdmin(t, c)
			member := usermgmt.UserMember("ALICE")
			var err error
			if to == "" {
				err = client.RemoveProjectMember(t.Context(), usermgmt.RemoveProjectMemberRequest{Project: "prod", Member: member})
			} else {
				err = client.EnsureProjectMember(t.Context(), usermgmt.EnsureProjectMemberRequest{Project: "admin/prod", Member: member, Role: to})
			}
			require.NoError(t, err)
			assert.Equal(t, to, c.Level("model:admin/prod", "alice"), "from %q", from)
			want := 1
			if from == to {
				want = 0
			}
			assert.Len(t, c.writes(), want, "from %q to %q", from, to)
		}
	}
}

// TestJujuLastAdministrator is about what older controllers would let happen.
func TestJujuLastAdministrator(t *testing.T) {
	t.Parallel()
	c := newController(t)
	c.AddUser("alice", "secret", "login")
	c.AddUser("bob", "secret", "login")
	c.AddModel("bob", "prod", map[string]string{"alice": "admin", "bob": "write"})
	client, _ := newAdmin(t, c)
	ctx := t.Context()
	alice, role := usermgmt.UserMember("alice"), []usermgmt.Role{{Name: "admin", Scope: "model:bob/prod"}}
	force := usermgmt.JujuUser{Force: true}
	for name, act := range map[string]func() error{
		"lower": func() error {
			return client.EnsureProjectMember(ctx, usermgmt.EnsureProjectMemberRequest{Project: "bob/prod", Member: alice, Role: "write"})
		},
		"take out": func() error {
			return client.RemoveProjectMember(ctx, usermgmt.RemoveProjectMemberRequest{Project: "bob/prod", Member: alice})
		},
		"revoke": func() error {
			return client.RevokeRoles(ctx, usermgmt.RevokeRolesRequest{User: "alice", Roles: role})
		},
		"disable": func() error { return client.DisableUser(ctx, usermgmt.DisableUserRequest{Name: "alice"}) },
		"delete":  func() error { return client.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: "alice"}) },
	} {
		err := act()
		require.ErrorIs(t, err, usermgmt.ErrConflict, name)
		assert.Contains(t, err.Error(), "without an administrator", name)
		assert.Empty(t, c.writes(), name)
	}
	require.NoError(t, client.RevokeRoles(ctx, usermgmt.RevokeRolesRequest{User: "alice", Roles: role, Extension: force}))
	assert.Equal(t, "write", c.Level("model:bob/prod", "alice"))

	// With another administrator it is no matter, but the owner stays.
	for _, name := range []string{"alice", "bob"} {
		require.NoError(t, client.EnsureProjectMember(ctx, usermgmt.EnsureProjectMemberRequest{Project: "prod", Member: usermgmt.UserMember(name), Role: "admin"}))
	}
	err := client.RemoveProjectMember(ctx, usermgmt.RemoveProjectMemberRequest{Project: "prod", Member: usermgmt.UserMember("bob")})
	require.ErrorIs(t, err, usermgmt.ErrConflict)
	assert.Contains(t, err.Error(), "owner")
	require.NoError(t, client.RemoveProjectMember(ctx, usermgmt.RemoveProjectMemberRequest{Project: "prod", Member: alice}))
	require.ErrorIs(t, client.DisableUser(ctx, usermgmt.DisableUserRequest{Name: "bob"}), usermgmt.ErrConflict)
	require.NoError(t, client.DisableUser(ctx, usermgmt.DisableUserRequest{Name: "bob", Extension: force}))
	require.NoError(t, client.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: "bob", Extension: force}))
	err = client.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: "admin", Extension: force})
	require.ErrorIs(t, err, usermgmt.ErrConflict, "the owner of the controller")
}

func TestJujuNames(t *testing.T) {
	t.Parallel()
	c := newController(t)
	for _, name := range []string{"svc", "user-svc", "Alice"} {
		c.AddUser(name, "secret", "login")
	}
	first := c.AddModel("svc", "prod", map[string]string{"svc": "admin", "admin": "admin"})
	second := c.AddModel("Alice", "prod", map[string]string{"alice": "admin", "admin": "admin"})
	client, juju := newAdmin(t, c)
	ctx := t.Context()

	u, err := client.GetUser(ctx, usermgmt.GetUserRequest{Name: "aLICE"})
	require.NoError(t, err)
	assert.Equal(t, "Alice", u.Name)
	assert.Zero(t, u.LastLoginAt, "who never connected")
	u, err = client.GetUser(ctx, usermgmt.GetUserRequest{Name: "svc@local"})
	require.NoError(t, err)
	assert.Equal(t, "svc", u.Name)

	require.NoError(t, client.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: "user-svc"}))
	_, err = client.GetUser(ctx, usermgmt.GetUserRequest{Name: "svc"})
	require.NoError(t, err, "somebody else")

	_, err = client.GetProject(ctx, usermgmt.GetProjectRequest{Name: "prod"})
	require.ErrorIs(t, err, usermgmt.ErrConflict)
	for name, want := range map[string]usermgmt.Project{
		"svc/prod": {Name: "svc/prod", ID: first, Owner: "svc"}, "alice/prod": {Name: "Alice/prod", ID: second, Owner: "Alice"}, second: {Name: "Alice/prod", ID: second, Owner: "Alice"},
	} {
		got, err := client.GetProject(ctx, usermgmt.GetProjectRequest{Name: name})
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}

	// External users are given levels and nothing else.
	const gina = "gina@example"
	require.NoError(t, client.EnsureProjectMember(ctx, usermgmt.EnsureProjectMemberRequest{Project: "svc/prod", Member: usermgmt.UserMember(gina), Role: "read"}))
	require.NoError(t, client.EnsureProjectMember(ctx, usermgmt.EnsureProjectMemberRequest{Project: "svc/prod", Member: usermgmt.UserMember("everyone@external"), Role: "write"}))
	role, err := client.EffectiveProjectRole(ctx, usermgmt.EffectiveProjectRoleRequest{Project: "svc/prod", User: gina})
	require.NoError(t, err)
	assert.Equal(t, "write", role)
	m, err := juju.GetModel(ctx, "svc/prod")
	require.NoError(t, err)
	assert.Len(t, m.Users, 4)
	require.ErrorIs(t, client.DisableUser(ctx, usermgmt.DisableUserRequest{Name: gina}), usermgmt.ErrUnsupported)
	_, err = client.CreateUser(ctx, usermgmt.CreateUserRequest{Name: gina})
	require.ErrorIs(t, err, usermgmt.ErrInvalidArgument)
}

// TestJujuDisabledUsersKeepTheirLevel: the controller hides it, so nothing is
// taken for granted about it.
func TestJujuDisabledUsersKeepTheirLevel(t *testing.T) {
	t.Parallel()
	c := newController(t)
	c.AddUser("alice", "secret", "superuser")
	client, juju := newAdmin(t, c)
	ctx := t.Context()
	require.NoError(t, client.DisableUser(ctx, usermgmt.DisableUserRequest{Name: "alice"}))
	u, err := client.GetUser(ctx, usermgmt.GetUserRequest{Name: "alice"})
	require.NoError(t, err)
	assert.True(t, u.Disabled)
	assert.Empty(t, u.Roles)
	for listed, err := range client.ListUsers(ctx, usermgmt.ListUsersRequest{Extension: usermgmt.JujuUserList{HideDisabled: true}}) {
		require.NoError(t, err)
		assert.Equal(t, "admin", listed.Name)
	}
	c.AddModel("admin", "prod", map[string]string{"admin": "admin"})
	changed, err := juju.Grant(ctx, "alice", usermgmt.Role{Name: "read", Scope: "model:admin/prod"})
	require.NoError(t, err, "the controller complains after it has stored the level")
	assert.True(t, changed)
	assert.Equal(t, "read", c.Level("model:admin/prod", "alice"))
	super := []usermgmt.Role{{Name: "superuser", Scope: "controller"}}
	require.ErrorIs(t, client.RevokeRoles(ctx, usermgmt.RevokeRolesRequest{User: "alice", Roles: super}), usermgmt.ErrConflict)
	assert.Equal(t, "superuser", c.Level("controller", "alice"))
	require.NoError(t, client.EnableUser(ctx, usermgmt.EnableUserRequest{Name: "alice"}))
	require.NoError(t, client.RevokeRoles(ctx, usermgmt.RevokeRolesRequest{User: "alice", Roles: super}))
	assert.Equal(t, "login", c.Level("controller", "alice"))
}

func TestJujuSetRoles(t *testing.T) {
	t.Parallel()
	c := newController(t)
	c.AddUser("alice", "secret", "login")
	client, _ := newAdmin(t, c)
	set := func(roles ...usermgmt.Role) ([]usermgmt.Role, error) {
		u, err := client.UpdateUser(t.Context(), usermgmt.UpdateUserRequest{Name: "alice", SetRoles: &roles})
		return u.Roles, err
	}
	login, super := usermgmt.Role{Name: "login", Scope: "controller"}, usermgmt.Role{Name: "superuser", Scope: "controller"}
	for _, want := range [][]usermgmt.Role{{super}, {login}, nil, {login, login}, nil, {super}, nil} {
		got, err := set(want...)
		require.NoError(t, err)
		if len(want) > 1 {
			want = want[:1]
		}
		assert.Equal(t, want, got)
	}
	for _, bad := range [][]usermgmt.Role{{login, super}, {{Name: "read", Scope: "model:admin/controller"}}, {{Name: "login"}}, {{Name: "login", Scope: "galaxy"}}} {
		_, err := set(bad...)
		require.ErrorIs(t, err, usermgmt.ErrInvalidArgument, "%v", bad)
	}
	_, err := set(usermgmt.Role{Name: "read", Scope: "controller"})
	require.ErrorIs(t, err, usermgmt.ErrNotFound)
}

// TestJujuItems shows that one item that fails hides neither the others nor
// the key of a user that exists now.
func TestJujuItems(t *testing.T) {
	t.Parallel()
	c := newController(t)
	c.AddUser("bob", "secret", "login")
	_, juju := newAdmin(t, c)
	ctx := t.Context()
	created, err := juju.AddUsers(ctx, []usermgmt.CreateUserRequest{
		{Name: "alice", DisplayName: "Alice"}, {Name: "bob"}, {Name: "carol", Credential: usermgmt.Password("", "her password")},
	})
	require.NoError(t, err)
	require.Len(t, created, 3)
	key, ok := created[0].Value.Credential.(usermgmt.RegistrationKeyCredential)
	require.True(t, ok)
	assert.Equal(t, "alice", key.Username)
	require.ErrorIs(t, created[1].Err, usermgmt.ErrAlreadyExists)
	assert.Contains(t, created[1].Err.Error(), "AddUsers juju: already exists: ")
	require.NoError(t, created[2].Err)
	assert.Nil(t, created[2].Value.Credential)

	done, err := juju.DisableUsers(ctx, "alice", "nobody", "carol")
	require.NoError(t, err)
	require.NoError(t, done[0].Err)
	require.ErrorIs(t, done[1].Err, usermgmt.ErrNotFound)
	require.NoError(t, done[2].Err)
	done, err = juju.EnableUsers(ctx, "carol", "nobody")
	require.NoError(t, err)
	assert.Equal(t, "carol", done[0].Value)
	require.ErrorIs(t, done[1].Err, usermgmt.ErrNotFound)
	done, err = juju.SetPasswords(ctx, usermgmt.JujuPassword{Username: "carol", Password: usermgmt.NewSecret("new")}, usermgmt.JujuPassword{Username: "nobody", Password: usermgmt.NewSecret("new")})
	require.NoError(t, err)
	require.NoError(t, done[0].Err)
	require.ErrorIs(t, done[1].Err, usermgmt.ErrNotFound)
	access, err := juju.ControllerAccess(ctx, "admin", "carol")
	require.NoError(t, err)
	assert.Equal(t, []usermgmt.Result[string]{{Value: "superuser"}, {Value: "login"}}, access)
	done, err = juju.RemoveUsers(ctx, "carol", "nobody")
	require.NoError(t, err)
	require.NoError(t, done[0].Err)
	require.ErrorIs(t, done[1].Err, usermgmt.ErrNotFound)
	for _, call := range []func() error{
		func() error { _, err := juju.EnableUsers(ctx, "alice", ""); return err },
		func() error {
			_, err := juju.AddUsers(ctx, []usermgmt.CreateUserRequest{{Name: "dave", Roles: usermgmt.Roles("x")}})
			return err
		},
	} {
		require.ErrorIs(t, call(), usermgmt.ErrInvalidArgument)
	}
}

// TestJujuRegistration is about users without a password.
func TestJujuRegistration(t *testing.T) {
	t.Parallel()
	c := newController(t)
	client, juju := newAdmin(t, c)
	ctx := t.Context()
	created, err := client.CreateUser(ctx, usermgmt.CreateUserRequest{Name: "alice"})
	require.NoError(t, err)
	key, ok := created.Credential.(usermgmt.RegistrationKeyCredential)
	require.True(t, ok)
	assert.Equal(t, "alice", key.Username)
	raw, err := base64.StdEncoding.DecodeString(key.Key.Reveal())
	require.NoError(t, err)
	assert.Len(t, raw, 32)
	assert.NotContains(t, fmt.Sprintf("%+v", created), key.Key.Reveal())

	again, err := juju.ResetPassword(ctx, "alice")
	require.NoError(t, err)
	assert.Equal(t, "alice", again.Username)
	_, err = juju.ResetPassword(ctx, "admin")
	require.ErrorIs(t, err, usermgmt.ErrPermissionDenied, "oneself")
	_, err = juju.ResetPassword(ctx, "nobody")
	require.ErrorIs(t, err, usermgmt.ErrNotFound)

	_, err = usermgmt.JujuRegister(ctx, usermgmt.NewSecret("x"), usermgmt.NewSecret("secret"))
	require.ErrorIs(t, err, usermgmt.ErrInvalidArgument)
	_, err = usermgmt.JujuRegister(nil, usermgmt.NewSecret("x"), usermgmt.NewSecret("secret")) //nolint:staticcheck // the refusal of a nil context is what is tested
	require.ErrorIs(t, err, usermgmt.ErrInvalidArgument)
}

// TestJujuOrdinaryUsers is about lists that would be short without a word.
func TestJujuOrdinaryUsers(t *testing.T) {
	t.Parallel()
	c := newController(t)
	c.AddUser("alice", "secret", "login")
	c.AddModel("admin", "prod", map[string]string{"admin": "admin", "alice": "read"})
	client, _ := newJuju(t, c, "alice", "secret")
	ctx := t.Context()
	_, err := usermgmt.Collect(client.ListUsers(ctx, usermgmt.ListUsersRequest{}))
	require.ErrorIs(t, err, usermgmt.ErrPermissionDenied)
	_, err = usermgmt.Collect(client.ListProjectMembers(ctx, usermgmt.ListProjectMembersRequest{Project: "prod"}))
	require.ErrorIs(t, err, usermgmt.ErrPermissionDenied)
	me, err := client.CurrentUser(ctx)
	require.NoError(t, err)
	assert.Equal(t, "alice", me.Name)
	projects, err := usermgmt.Collect(client.ListProjects(ctx, usermgmt.ListProjectsRequest{}))
	require.NoError(t, err)
	assert.Len(t, projects, 1)
	_, err = client.GetUser(ctx, usermgmt.GetUserRequest{Name: "admin"})
	require.ErrorIs(t, err, usermgmt.ErrPermissionDenied)
}

func TestJujuCredentials(t *testing.T) {
	t.Parallel()
	local := []usermgmt.Capability{usermgmt.CapCreateUser, usermgmt.CapListUsers, usermgmt.CapSetPassword}
	source := usermgmt.CredentialFunc(func(context.Context) (usermgmt.Credential, error) { return nil, nil })
	for name, test := range map[string]struct {
		credentials usermgmt.CredentialSource
		want        usermgmt.Support
	}{
		"password":           {usermgmt.Password("admin", "secret"), usermgmt.SupportYes},
		"macaroons":          {usermgmt.Macaroons("", `[[{"m":1}]]`), usermgmt.SupportYes},
		"session token":      {usermgmt.BearerToken("t"), usermgmt.SupportNo},
		"client credentials": {usermgmt.OAuth2ClientCredentials{ClientID: "robot", ClientSecret: usermgmt.NewSecret("s")}, usermgmt.SupportNo},
		"source":             {source, usermgmt.SupportUnknown},
	} {
		c, err := usermgmt.New(usermgmt.Juju("wss://h:17070"), usermgmt.WithCredentials(test.credentials))
		require.NoError(t, err, name)
		for _, capability := range local {
			assert.Equal(t, test.want, c.Capabilities().Of(capability), name)
		}
		assert.Equal(t, usermgmt.SupportYes, c.Capabilities().Of(usermgmt.CapEnsureProjectMember))
		require.NoError(t, c.Close())
	}
	for name, credentials := range map[string]usermgmt.CredentialSource{
		"nothing":          nil,
		"empty password":   usermgmt.Password("admin", ""),
		"no list":          usermgmt.Macaroons("", `{}`),
		"empty token":      usermgmt.BearerToken(""),
		"no secret":        usermgmt.OAuth2ClientCredentials{ClientID: "robot"},
		"with token URL":   usermgmt.OAuth2ClientCredentials{ClientID: "robot", ClientSecret: usermgmt.NewSecret("s"), TokenURL: "https://x"},
		"access key":       usermgmt.AccessKey("admin", "k"),
		"registration key": usermgmt.RegistrationKeyCredential{Username: "admin", Key: usermgmt.NewSecret("k")},
	} {
		var opts []usermgmt.Option
		if credentials != nil {
			opts = append(opts, usermgmt.WithCredentials(credentials))
		}
		_, err := usermgmt.New(usermgmt.Juju("wss://h:17070"), opts...)
		require.ErrorIs(t, err, usermgmt.ErrInvalidArgument, name)
	}
	for _, address := range []string{"", "h:17070", "https://h", "ws://h:17070", "wss://u:p@h"} {
		_, err := usermgmt.New(usermgmt.Juju(address), usermgmt.WithCredentials(usermgmt.Password("admin", "secret")))
		require.ErrorIs(t, err, usermgmt.ErrInvalidArgument, address)
	}
	_, err := usermgmt.New(usermgmt.Juju("wss://h", usermgmt.JujuAddresses("x")), usermgmt.WithCredentials(usermgmt.Password("admin", "secret")))
	require.ErrorIs(t, err, usermgmt.ErrInvalidArgument)
	_, err = usermgmt.New(usermgmt.Juju("wss://h", usermgmt.JujuCA("no PEM")), usermgmt.WithCredentials(usermgmt.Password("admin", "secret")))
	require.ErrorIs(t, err, usermgmt.ErrInvalidArgument)
}

func TestJujuExtensionsOfRequests(t *testing.T) {
	t.Parallel()
	client, _ := newAdmin(t, newController(t))
	ctx, e := t.Context(), usermgmt.JujuUser{Force: true}
	_, get := client.GetUser(ctx, usermgmt.GetUserRequest{Name: "admin", Extension: e})
	_, create := client.CreateUser(ctx, usermgmt.CreateUserRequest{Name: "alice", Extension: e})
	_, update := client.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: "admin", Extension: e})
	for name, err := range map[string]error{
		"get": get, "create": create, "update": update,
		"enable":   client.EnableUser(ctx, usermgmt.EnableUserRequest{Name: "admin", Extension: e}),
		"password": client.SetPassword(ctx, usermgmt.SetPasswordRequest{Name: "admin", Password: usermgmt.NewSecret("x"), Extension: e}),
		"grant":    client.GrantRoles(ctx, usermgmt.GrantRolesRequest{User: "admin", Roles: []usermgmt.Role{{Name: "login", Scope: "controller"}}, Extension: e}),
	} {
		require.ErrorIs(t, err, usermgmt.ErrInvalidArgument, name)
	}
}

func TestJujuOffersAndClouds(t *testing.T) {
	t.Parallel()
	c := newController(t)
	c.AddOffer("admin/prod.db", map[string]string{"admin": "admin"})
	_, juju := newAdmin(t, c)
	ctx := t.Context()
	offers, err := juju.GetOffers(ctx, "admin/prod.db", "admin/prod.other")
	require.NoError(t, err)
	assert.Equal(t, usermgmt.JujuOffer{
		URL: "admin/prod.db", Name: "db", UUID: c.offers["admin/prod.db"], ModelUUID: c.models["admin/prod"], Application: "db",
		Users: []usermgmt.JujuAccess{{Name: "admin", DisplayName: "admin", Level: "admin"}},
	}, offers[0].Value)
	require.ErrorIs(t, offers[1].Err, usermgmt.ErrNotFound)
	clouds, err := juju.GetClouds(ctx, "localhost", "mars")
	require.NoError(t, err)
	assert.Equal(t, usermgmt.JujuCloud{Name: "localhost", Type: "lxd", Users: []usermgmt.JujuAccess{{Name: "admin", DisplayName: "admin", Level: "admin"}}}, clouds[0].Value)
	require.ErrorIs(t, clouds[1].Err, usermgmt.ErrNotFound)
	_, err = juju.Grant(ctx, "admin", usermgmt.Role{Name: "read", Scope: "offer:admin/prod.other"})
	require.ErrorIs(t, err, usermgmt.ErrNotFound)
	models, err := juju.ListModels(ctx, "admin")
	require.NoError(t, err)
	require.Len(t, models, 2)
	assert.True(t, models[0].IsController)
	assert.Equal(t, "admin", models[0].Level)
}

// TestJujuDoesNotTakeUnseenForAbsent has callers who are shown nobody but
// themselves take levels from somebody else: that must not pass for done.
func TestJujuDoesNotTakeUnseenForAbsent(t *testing.T) {
	t.Parallel()
	c := newController(t)
	c.AddUser("alice", "", "superuser")
	c.AddUser("bob", "bob's password", "login")
	c.AddModel(jujuAdmin, "prod", map[string]string{jujuAdmin: "admin", "alice": "write", "bob": "read"})
	c.AddOffer("admin/prod.db", map[string]string{jujuAdmin: "admin", "alice": "consume", "bob": "read"})
	c.AddCloud("metal", map[string]string{jujuAdmin: "admin", "alice": "add-model"})
	bob, _ := newJuju(t, c, "bob", "bob's password")
	for scope, level := range map[string]string{"controller": "login", "model:admin/prod": "read", "offer:admin/prod.db": "read", "cloud:metal": "add-model"} {
		before := c.Level(scope, "alice")
		require.NotEmpty(t, before)
		err := bob.RevokeRoles(t.Context(), usermgmt.RevokeRolesRequest{User: "alice", Roles: []usermgmt.Role{{Name: level, Scope: scope}}})
		require.ErrorIs(t, err, usermgmt.ErrPermissionDenied, scope)
		assert.Equal(t, before, c.Level(scope, "alice"))
	}
	err := bob.RemoveProjectMember(t.Context(), usermgmt.RemoveProjectMemberRequest{Project: "admin/prod", Member: usermgmt.UserMember("alice")})
	require.ErrorIs(t, err, usermgmt.ErrPermissionDenied)
	_, err = bob.EffectiveProjectRole(t.Context(), usermgmt.EffectiveProjectRoleRequest{Project: "admin/prod", User: "alice"})
	require.ErrorIs(t, err, usermgmt.ErrPermissionDenied)
	role, err := bob.EffectiveProjectRole(t.Context(), usermgmt.EffectiveProjectRoleRequest{Project: "admin/prod", User: "bob"})
	require.NoError(t, err)
	assert.Equal(t, "read", role, "everybody sees themselves")
}
