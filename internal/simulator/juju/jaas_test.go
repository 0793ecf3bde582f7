package juju_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/juju"
)

func jaas(t *testing.T) server {
	t.Helper()
	s := start(t, juju.Options{JAAS: true})
	s.SeedUser(juju.User{Name: "alice@canonical.com", DisplayName: "Alice"})
	s.SeedUser(juju.User{Name: "boss@canonical.com", Access: "superuser"})
	s.SeedServiceAccount("robot", "r0bot", "Robot")
	s.SeedModel(juju.Model{UUID: prodModel, Name: "prod", Owner: "boss@canonical.com", Access: map[string]string{
		"alice@canonical.com": "write",
	}})
	s.SeedSessionToken("tok-alice", "alice@canonical.com", s.clock.Now().Add(time.Hour))
	s.SeedSessionToken("tok-boss", "boss@canonical.com", s.clock.Now().Add(time.Hour))
	return s
}

func (s server) withToken(t *testing.T, token string) *client {
	t.Helper()
	c := s.dial(t)
	require.Empty(t, c.call("Admin", 4, "LoginWithSessionToken", `{"session-token":"`+token+`"}`).Error)
	return c
}

func TestJAASLogins(t *testing.T) {
	t.Parallel()
	s := jaas(t)
	c := s.dial(t)
	for _, version := range []int{1, 3, 4} {
		c.refused("JIMM does not support login from old clients", "not supported", "Admin", version, "Login", `{}`)
	}
	c.refused(`unknown version (5) of interface "Admin"`, "not implemented", "Admin", 5, "LoginDevice", `{}`)
	c.refused("no such request - method Admin(4).RedirectInfo is not implemented", "not implemented", "Admin", 4, "RedirectInfo", `{}`)
	c.refused("invalid client credentials", "unauthorized access", "Admin", 4, "LoginWithClientCredentials", `{"client-id":"robot"}`)
	c.refused("session token invalid", "session token invalid", "Admin", 4, "LoginWithSessionToken", `{"session-token":"x"}`)
	c.refused("missing cookie identity", "unauthorized access", "Admin", 4, "LoginWithSessionCookie", `{}`)
	got := c.call("Admin", 4, "LoginWithClientCredentials", `{"client-id":"robot","client-secret":"r0bot"}`)
	assert.Contains(t, string(got.Response), `"identity":"user-robot@serviceaccount"`)
	assert.NotContains(t, string(got.Response), `"servers"`)

	s.SetCondition(juju.Maintenance)
	s.dial(t).refused("login failed - maintenance in progress", "", "Admin", 4, "LoginWithSessionToken", `{"session-token":"tok-boss"}`)
	s.SetCondition(juju.Normal)
	s.clock.Add(time.Hour)
	s.dial(t).refused("session token invalid", "session token invalid", "Admin", 4, "LoginWithSessionToken", `{"session-token":"tok-boss"}`)
}

func TestJAASCookie(t *testing.T) {
	t.Parallel()
	s := jaas(t)
	s.SeedSessionCookie("crumb", "alice@canonical.com")
	c := s.dialPath(t, "/api", http.Header{"Cookie": {"jimm-browser-session=crumb"}})
	got := c.call("Admin", 4, "LoginWithSessionCookie", `{}`)
	assert.Contains(t, string(got.Response), `"identity":"user-alice@canonical.com"`)
}

func TestJAASDevice(t *testing.T) {
	t.Parallel()
	s := jaas(t)
	c := s.dial(t)
	c.refused("no device login in progress", "", "Admin", 4, "GetDeviceSessionToken", `{}`)
	shown := parse[struct {
		UserCode string `json:"user-code"`
		URI      string `json:"verification-uri"`
	}](t, string(c.call("Admin", 4, "LoginDevice", `{}`).Response))
	assert.Equal(t, "https://"+s.url[len("http://"):]+"/device", shown.URI)
	assert.False(t, s.ConfirmDevice("CODE-9999", "alice@canonical.com"))
	c.write("Admin", 4, "GetDeviceSessionToken", `{}`)
	assert.True(t, s.ConfirmDevice(shown.UserCode, "alice@canonical.com"))
	text, err := c.read()
	require.NoError(t, err)
	token := parse[struct {
		Response struct {
			Token string `json:"session-token"`
		}
	}](t, text).Response.Token
	assert.False(t, s.ConfirmDevice(shown.UserCode, "alice@canonical.com"), "a code is good once")
	alice := s.withToken(t, token)
	assert.Len(t, alice.summaries(9, `{"user-tag":"user-alice@canonical.com"}`), 1)

	// One that is never confirmed ends with the connection.
	c = s.dial(t)
	require.Empty(t, c.call("Admin", 4, "LoginDevice", `{}`).Error)
	c.write("Admin", 4, "GetDeviceSessionToken", `{}`)
}

func TestJAASUserManager(t *testing.T) {
	t.Parallel()
	s := jaas(t)
	boss := s.withToken(t, "tok-boss")
	for _, method := range []string{"AddUser", "RemoveUser", "EnableUser", "DisableUser", "SetPassword", "ResetPassword"} {
		boss.refused("unauthorized", "unauthorized access", um, 1, method, `{}`)
	}
	boss.refused("not implemented", "not implemented", um, 3, "ModelUserInfo", `{}`)
	boss.ok(`{"results":null}`, um, 3, "UserInfo", `{}`)
	boss.item("permission denied", "unauthorized access", um, 3, "UserInfo", tags("user-alice@canonical.com"))
	alice := s.withToken(t, "tok-alice")
	alice.ok(`{"results":[{"result":{"username":"alice@canonical.com","display-name":"Alice","access":"",
		"created-by":"","date-created":"0001-01-01T00:00:00Z","disabled":false}}]}`, um, 3, "UserInfo", tags("user-alice@canonical.com"))
}

func TestJAASModels(t *testing.T) {
	t.Parallel()
	s := jaas(t)
	boss, alice := s.withToken(t, "tok-boss"), s.withToken(t, "tok-alice")
	boss.item("unsupported local user; if this is a service account add @serviceaccount domain", "bad request",
		mm, 9, "ModifyModelAccess", change("user-bob", "grant", "read", onModel(prodModel)))
	alice.item("permission denied", "unauthorized access",
		mm, 9, "ModifyModelAccess", change("user-bob@canonical.com", "grant", "read", onModel(prodModel)))
	boss.item("", "", mm, 9, "ModifyModelAccess", change("user-bob@canonical.com", "grant", "read", onModel(prodModel)))
	assert.Equal(t, "read", s.ModelAccess(prodModel, "bob@canonical.com"))
	assert.Len(t, alice.summaries(9, `{"user-tag":"user-alice@canonical.com"}`), 1)
	assert.Len(t, boss.summaries(9, `{"user-tag":"user-boss@canonical.com","all":true}`), 1)
	alice.item("", "", mm, 9, "ModifyModelAccess", change("user-alice@canonical.com", "revoke", "read", onModel(prodModel)))
	assert.Empty(t, alice.summaries(9, `{"user-tag":"user-alice@canonical.com"}`))
}
