package juju_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/juju"
)

const um = "UserManager"

func TestAddUserOrderOfChecks(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	s.BlockChanges("")
	alice := s.as(t, "alice", "wonderland")
	alice.refused("the operation has been blocked", "operation is blocked", um, 3, "AddUser", `{"users":[]}`)
	s.UnblockChanges()
	alice.ok(`{"results":null}`, um, 3, "AddUser", `{"users":null}`)
	alice.refused("permission denied", "unauthorized access", um, 3, "AddUser", `{"users":[{"username":"dan"}]}`)

	s4 := world(t, "4.0.0")
	s4.BlockChanges("freeze")
	s4.as(t, "alice", "wonderland").refused("permission denied", "unauthorized access", um, 3, "AddUser", `{}`)
	s4.as(t, "admin", "sekrit").refused("freeze", "operation is blocked", um, 3, "AddUser", `{}`)
}

func TestAddUserTextsByVersion(t *testing.T) {
	t.Parallel()
	for version, want := range map[string][4]string{
		"2.9.40": {"failed to create user: username unavailable", "", `failed to create user: invalid user name "z"`, ""},
		"2.9.46": {"failed to create user: user ALICE already exists", "", `failed to create user: invalid user name "z"`, ""},
		"3.5.1":  {"failed to create user: user ALICE already exists", "already exists", `failed to create user: invalid user name "z"`, ""},
		"4.0.0":  {"creating user: user already exists", "", `creating user: user name "z" not valid`, "not valid"},
	} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			c := world(t, version).admin(t, version)
			facade := 3
			if version < "3" {
				facade = 2
			}
			c.item(want[0], want[1], um, facade, "AddUser", `{"users":[{"username":"ALICE","password":"x"}]}`)
			c.item(want[2], want[3], um, facade, "AddUser", `{"users":[{"username":"z","password":"x"}]}`)
		})
	}
}

func TestAddUserTwiceInOneCall(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	c := s.as(t, "admin", "sekrit")
	c.ok(`{"results":[{"tag":"user-Dave"},{"error":{"message":"failed to create user: user dave already exists","code":"already exists"}}]}`,
		um, 3, "AddUser", `{"USERS":[{"Username":"Dave","password":"x"},{"username":"dave","password":"y"}]}`)
	dave, ok := s.User("dave")
	require.True(t, ok)
	assert.Equal(t, juju.User{Name: "Dave", Password: "x", Access: "login", CreatedBy: "admin", Created: s.clock.Now()}, dave)
	c.ok(`{"results":[{"result":{"username":"Dave","display-name":"","access":"login","created-by":"admin",
		"date-created":"2024-07-11T20:31:31Z","disabled":false}}]}`, um, 3, "UserInfo", tags("user-DAVE"))
}

// TestRemovedUserComesBack shows what is left of a removed user.
func TestRemovedUserComesBack(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]struct {
		again                         string
		disabled                      bool
		password, offer, cloud, model string
	}{
		"2.9.42": {again: `failed to create user: cannot reuse name: user "alice" is permanently deleted`},
		"2.9.43": {"", true, "wonderland", "consume", "add-model", ""},
		"3.5.1":  {"", true, "wonderland", "consume", "add-model", ""},
		"4.0.0":  {"", false, "", "", "", ""},
	} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := world(t, version)
			s.SeedCloud(juju.Cloud{Name: "localhost", Access: map[string]string{"alice": "add-model"}})
			c := s.admin(t, version)
			facade := 3
			if version < "3" {
				facade = 2
			}
			c.item("", "", um, facade, "DisableUser", tags("user-alice"))
			c.item("", "", um, facade, "RemoveUser", tags("user-alice"))
			_, ok := s.User("alice")
			assert.False(t, ok)
			assert.NotContains(t, s.UserIDs(), "alice")
			if want.again != "" {
				c.item(want.again, "", um, facade, "AddUser", `{"users":[{"username":"alice"}]}`)
				return
			}
			assert.Empty(t, c.call(um, facade, "AddUser", `{"users":[{"username":"alice"}]}`).Error)
			alice, ok := s.User("alice")
			require.True(t, ok)
			assert.Equal(t, want.disabled, alice.Disabled)
			assert.Equal(t, want.password, alice.Password)
			assert.Len(t, alice.SecretKey, 32)
			assert.Equal(t, "login", alice.Access)
			assert.Equal(t, want.offer, s.OfferAccess(mysqlOffer, "alice"))
			assert.Equal(t, want.cloud, s.CloudAccess("localhost", "alice"))
			assert.Equal(t, want.model, s.ModelAccess(prodModel, "alice"))
		})
	}
}

func TestRemoveUserErrors(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	c := s.as(t, "admin", "sekrit")
	s.as(t, "alice", "wonderland").refused("permission denied", "unauthorized access", um, 3, "RemoveUser", tags("user-bob"))
	c.ok(`{"results":[]}`, um, 3, "RemoveUser", `{}`)
	c.item("", "", um, 3, "RemoveUser", tags("user-bob"))
	c.item(`failed to delete user "bob": user "bob" is permanently deleted`, "", um, 3, "RemoveUser", tags("user-bob"))
	c.item(`"bob" is not a valid tag`, "", um, 3, "RemoveUser", tags("bob"))
	c.item(`"model-1" is not a valid user tag`, "", um, 3, "RemoveUser", tags("model-1"))
	c.item(`"user-_" is not a valid user tag`, "", um, 3, "RemoveUser", tags("user-_"))
	s.BlockChanges("no")
	c.refused("no", "operation is blocked", um, 3, "RemoveUser", tags("user-fred"))
}

func TestUserNamedLikeATag(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	s.SeedUser(juju.User{Name: "user-svc"})
	s.SeedUser(juju.User{Name: "svc"})
	s.as(t, "admin", "sekrit").item("", "", um, 3, "RemoveUser", tags("user-user-svc"))
	assert.Equal(t, []string{"admin", "alice", "bob", "carol", "fred", "svc"}, s.UserIDs())
}

func TestLastAdminOn4(t *testing.T) {
	t.Parallel()
	const sole = "model would be left without an admin user"
	s := world(t, "4.0.0")
	s.SeedModel(juju.Model{UUID: nowhere, Name: "lonely", Owner: "alice", Access: map[string]string{
		"alice": "admin", "bob": "read", "carol": "admin",
	}})
	c := s.as(t, "admin", "sekrit")
	c.item(`failed to delete user "alice": `+sole, "", um, 3, "RemoveUser", tags("user-alice"))
	c.item("failed to disable user: "+sole, "", um, 3, "DisableUser", tags("user-alice"))
	for _, level := range []string{"read", "write", "admin"} {
		c.item(sole, "", "ModelManager", 11, "ModifyModelAccess", change("user-alice", "revoke", level, onModel(nowhere)))
	}
	c.item("", "", "ModelManager", 11, "ModifyModelAccess", change("user-gina@external", "grant", "admin", onModel(nowhere)))
	c.item("", "", um, 3, "DisableUser", tags("user-alice"))

	before := world(t, "3.5.1")
	before.SeedModel(juju.Model{UUID: nowhere, Name: "lonely", Owner: "alice", Access: map[string]string{"alice": "admin"}})
	before.as(t, "admin", "sekrit").item("", "", um, 3, "RemoveUser", tags("user-alice"))
}

func TestEnableAndDisable(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	c := s.as(t, "admin", "sekrit")
	c.ok(`{"results":null}`, um, 3, "EnableUser", `{"entities":[]}`)
	s.as(t, "alice", "wonderland").refused("permission denied", "unauthorized access", um, 3, "EnableUser", `{"entities":[]}`)
	c.item("permission denied", "unauthorized access", um, 3, "EnableUser", tags("user-gina@external"))
	c.item("", "", um, 3, "EnableUser", tags("user-Carol@local"))
	assert.Empty(t, s.dial(t).login("carol", "singer").Error)
	s.BlockChanges("no")
	c.refused("no", "operation is blocked", um, 3, "DisableUser", `{}`)

	c4 := world(t, "4.0.0").as(t, "admin", "sekrit")
	c4.item("failed to enable user: user not found", "", um, 3, "EnableUser", tags("user-ghost"))
	c4.item("failed to disable user: user not found", "", um, 3, "DisableUser", tags("user-gina@external"))
	c4.item("failed to disable user: user not found", "", um, 3, "DisableUser", tags("user-ALICE"))
	c4.item("failed to disable user: cannot disable controller model owner", "", um, 3, "DisableUser", tags("user-admin"))
	c4.item(`failed to delete user "ghost": user not found`, "", um, 3, "RemoveUser", tags("user-ghost"))
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	s.SeedUser(juju.User{Name: "new-one", SecretKey: make([]byte, 32), Access: "login"})
	set := func(name, password string) string {
		return `{"changes":[{"tag":"user-` + name + `","password":"` + password + `"}]}`
	}
	alice := s.as(t, "alice", "wonderland")
	alice.ok(`{"results":null}`, um, 3, "SetPassword", `{}`)
	alice.item("", "", um, 3, "SetPassword", set("Alice", "rabbit"))
	assert.Equal(t, "unauthorized access", s.dial(t).login("alice", "wonderland").Code)
	assert.Empty(t, s.dial(t).login("alice", "rabbit").Error)
	alice.item("permission denied", "unauthorized access", um, 3, "SetPassword", set("bob", "x"))
	alice.ok(`{"results":[{"tag":"user-bob","error":{"message":"permission denied","code":"unauthorized access"}}]}`,
		um, 3, "ResetPassword", tags("user-bob"))

	admin := s.as(t, "admin", "sekrit")
	admin.item("", "", um, 3, "SetPassword", set("new-one", "   "))
	u, _ := s.User("new-one")
	assert.Equal(t, "   ", u.Password)
	assert.Empty(t, u.SecretKey)
	admin.ok(`{"results":null}`, um, 3, "ResetPassword", `{}`)
	admin.ok(`{"results":[
		{"tag":"user-carol","error":{"message":"cannot reset password for user \"carol\": user deactivated","code":""}},
		{"tag":"user-ghost","error":{"message":"permission denied","code":"unauthorized access"}}]}`,
		um, 3, "ResetPassword", tags("user-carol", "user-ghost"))
	s.BlockChanges("no")
	admin.refused("no", "operation is blocked", um, 3, "ResetPassword", `{}`)
	admin.refused("no", "operation is blocked", um, 3, "SetPassword", `{}`)

	c4 := world(t, "4.0.0").as(t, "admin", "sekrit")
	c4.item("cannot use an empty password", "", um, 3, "SetPassword", set("alice", "  "))
	c4.item("failed to set password: user not found", "", um, 3, "SetPassword", set("ghost", "x"))
	c4.ok(`{"results":[{"tag":"user-carol","error":{"message":"user authentication disabled","code":""}},
		{"tag":"user-ghost","error":{"message":"user not found","code":""}}]}`,
		um, 3, "ResetPassword", tags("user-carol", "user-ghost"))
}
