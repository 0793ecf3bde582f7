package juju_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/juju"
)

// outcome is what a refused login says.
func outcome(r reply) [2]string { return [2]string{r.Error, r.Code} }

func TestLoginsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	s.SeedUser(juju.User{Name: "pending", SecretKey: make([]byte, 32), Access: "login"})
	bad := [2]string{"invalid entity name or password", "unauthorized access"}
	for _, login := range [][2]string{{"alice", "x"}, {"ghost", "x"}, {"carol", "singer"}, {"pending", "x"}, {"gina@external", "x"}} {
		assert.Equal(t, bad, outcome(s.dial(t).login(login[0], login[1])), login[0])
	}
	c := s.dial(t)
	assert.Equal(t, [2]string{`"user-_" is not a valid user tag`, ""}, outcome(c.login("_", "x")))
	assert.Equal(t, bad, outcome(c.login("alice", "x")))
	assert.Empty(t, c.login("alice", "wonderland").Error, "the socket is good for another try")
	assert.Equal(t, [2]string{`unknown object type "Admin"`, "not implemented"}, outcome(c.login("alice", "wonderland")))

	s.SetCondition(juju.Maintenance)
	assert.Equal(t, [2]string{"login failed - maintenance in progress", ""}, outcome(s.dial(t).login("alice", "wonderland")))
	s.SetCondition(juju.Normal)
	assert.Empty(t, s.dial(t).login("alice", "wonderland").Error)
}

func TestLoginWithoutAccess(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	s.SeedUser(juju.User{Name: "ned", Password: "x"})
	c := s.dial(t)
	assert.Equal(t, [2]string{"permission denied", "unauthorized access"}, outcome(c.login("ned", "x")))
	assert.Equal(t, [2]string{"already logged in", ""}, outcome(c.login("alice", "wonderland")))
	c.refused(`unknown version (3) of interface "UserManager"`, "not implemented", um, 3, "UserInfo", `{}`)
}

func TestLoginToUnknownModel(t *testing.T) {
	t.Parallel()
	path := "/model/" + nowhere + "/api"
	got := world(t, "3.5.1").dialPath(t, path, nil).login("alice", "wonderland")
	assert.Equal(t, [2]string{`unknown model: "` + nowhere + `"`, "model not found"}, outcome(got))
	got = world(t, "4.0.0").dialPath(t, path, nil).login("alice", "wonderland")
	assert.Equal(t, [2]string{"invalid entity name or password", "unauthorized access"}, outcome(got))
}

func TestRedirect(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	there := juju.Redirect{
		Servers:         [][]juju.HostPort{{{Value: "10.9.9.9", Type: "ipv4", Scope: "public", Port: 17070}}},
		CACert:          "PEM",
		ControllerTag:   "controller-" + nowhere,
		ControllerAlias: "other",
	}
	const servers = `"servers":[[{"value":"10.9.9.9","type":"ipv4","scope":"public","port":17070}]],"ca-cert":"PEM"`
	path := "/model/" + nowhere + "/api"
	s.SeedMigrated(nowhere, there, false, "alice")
	got := s.dialPath(t, path, nil).login("alice", "whatever")
	assert.Equal(t, [2]string{"redirection to alternative server required", "redirection required"}, outcome(got))
	assert.JSONEq(t, `{`+servers+`,"controller-tag":"controller-`+nowhere+`","controller-alias":"other"}`, string(got.Info))
	assert.Equal(t, "model not found", s.dialPath(t, path, nil).login("bob", "builder").Code)

	s.SeedMigrated(nowhere, there, true, "alice")
	c := s.dialPath(t, path, nil)
	got = c.login("alice", "whatever")
	assert.Equal(t, "redirection required", got.Code)
	assert.Empty(t, got.Info)
	c.ok(`{`+servers+`}`, "Admin", 3, "RedirectInfo", `{}`)
	s.dial(t).refused("not redirected", "", "Admin", 3, "RedirectInfo", `{}`)
}

func TestMacaroonLogin(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	const empty = `{"auth-tag":"user-alice","credentials":"","client-version":"3.6.0","macaroons":[]}`
	c := s.dial(t)
	got := c.call("Admin", 3, "Login", empty)
	require.Empty(t, got.Error)
	demand := parse[map[string]json.RawMessage](t, string(got.Response))
	assert.Len(t, demand, 3, "there is no user-info")
	type macaroon struct {
		Caveats []struct {
			Condition string `json:"i"`
			Location  string `json:"l"`
		} `json:"c"`
	}
	m := parse[struct {
		M macaroon
		V int
	}](t, string(demand["bakery-discharge-required"]))
	assert.Equal(t, 3, m.V)
	assert.Equal(t, m.M, parse[macaroon](t, string(demand["discharge-required"])))
	assert.Equal(t, "is-authenticated-user alice", m.M.Caveats[1].Condition)
	assert.Equal(t, "https://"+strings.TrimPrefix(s.url, "http://")+"/auth", m.M.Caveats[1].Location)

	with := func(user string, slices ...string) string {
		return `{"auth-tag":` + user + `,"macaroons":[` + strings.Join(slices, ",") + `],"bakery-version":3,"client-version":"3.6.0"}`
	}
	proof := string(s.Discharged("alice"))
	assert.Equal(t, "permission denied", c.call("Admin", 3, "Login", with(`"user-bob"`, proof)).Error)
	assert.Contains(t, string(c.call("Admin", 3, "Login", with(`"user-alice"`, `[]`, `[1,2]`, `[{},{}]`)).Response), "discharge-required")
	in := c.call("Admin", 3, "Login", with(`null`, proof))
	assert.Contains(t, string(in.Response), `"identity":"user-alice"`)
	assert.Equal(t, "unauthorized access", s.dial(t).call("Admin", 3, "Login", with(`""`, string(s.Discharged("carol")))).Code)

	s.clock.Add(24 * time.Hour)
	assert.Contains(t, string(s.dial(t).call("Admin", 3, "Login", with(`"user-alice"`, proof)).Response), "discharge-required")
}

func TestExternalLogin(t *testing.T) {
	t.Parallel()
	const params = `{"auth-tag":"","client-version":"3.6.0"}`
	s := start(t, juju.Options{})
	assert.Equal(t, "unauthorized access", s.dial(t).call("Admin", 3, "Login", params).Code)

	s = start(t, juju.Options{IdentityURL: "https://id.example.com"})
	s.SeedAccess("everyone@external", "login")
	got := s.dial(t).call("Admin", 3, "Login", params)
	assert.Contains(t, string(got.Response), `"l":"https://id.example.com"`)
	in := s.dial(t).call("Admin", 3, "Login", `{"client-version":"3.6.0","macaroons":[`+string(s.Discharged("gina@external"))+`]}`)
	assert.Contains(t, string(in.Response), `"identity":"user-gina@external"`)
	assert.Contains(t, string(in.Response), `"controller-access":"login"`)
}

func TestClientVersion(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		server, client string
		info, list     bool // whether UserInfo and AddUser are let through
	}{
		{"3.5.1", "3.0.0", true, true},
		{"3.5.1", "2.9.40", true, false},
		{"3.5.1", "4.0-beta1", true, false},
		{"3.5.1", "5.0.0", false, false},
		{"3.5.1", "", true, false},
		{"2.9.46", "", true, true},
		{"4.0.0", "2.9.0", true, true},
	} {
		t.Run(test.server+" "+test.client, func(t *testing.T) {
			t.Parallel()
			c := world(t, test.server).dial(t)
			require.Empty(t, c.call("Admin", 3, "Login",
				`{"auth-tag":"user-admin","credentials":"sekrit","client-version":"`+test.client+`"}`).Error)
			version := 3
			if test.server < "3" {
				version = 2
			}
			for method, through := range map[string]bool{"UserInfo": test.info, "AddUser": test.list} {
				got := c.call(um, version, method, `{}`)
				if through {
					assert.Empty(t, got.Error, method)
					continue
				}
				assert.Equal(t, [2]string{"client incompatible with server " + test.server, "incompatible client"}, outcome(got))
				assert.JSONEq(t, `{"server-version":"`+test.server+`"}`, string(got.Info))
			}
		})
	}
}

func TestTokenLogin(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	const controller = "controller-deadbeef-1bad-500d-9000-4b1d0d06f00d"
	token := s.IssueToken("gina@canonical.com", map[string]string{controller: "login", "model-" + prodModel: "read"})
	enter := func(token string) (*client, reply) {
		c := s.dial(t)
		return c, c.call("Admin", 3, "Login", `{"token":"`+token+`","client-version":"3.6.0"}`)
	}
	_, got := enter("bad")
	assert.Equal(t, "unauthorized access", got.Code)
	c, got := enter(token)
	assert.Contains(t, string(got.Response), `"identity":"user-gina@canonical.com"`)
	got = c.call(um, 3, "AddUser", `{"users":[{"username":"dan"}]}`)
	assert.Equal(t, [2]string{"access required", "access required"}, outcome(got))
	assert.JSONEq(t, `{"`+controller+`":"superuser"}`, string(got.Info))
	assert.Contains(t, string(c.call(mm, 9, "ModelInfo", tags("model-"+prodModel)).Response), `"name":"prod"`)
	c.ok(`{"results":[{"error":{"message":"access required","code":"access required","info":{"applicationoffer-`+mysqlOffer+`":"admin"}}}]}`,
		ao, 4, "ModifyOfferAccess", change("user-bob", "grant", "read", onOffer("fred/prod.hosted-mysql")))
}

func TestPublicDNSNameAndLastConnection(t *testing.T) {
	t.Parallel()
	s := start(t, juju.Options{PublicDNSName: "juju.example.com"})
	assert.Contains(t, string(s.dial(t).login("admin", "sekrit").Response), `"public-dns-name":"juju.example.com"`)
	assert.Contains(t, string(s.dial(t).login("admin", "sekrit").Response), `"last-connection":"2024-07-11T20:31:31Z"`)
	s = start(t, juju.Options{Version: "4.0-beta3"})
	s.as(t, "admin", "sekrit")
	got := string(s.dial(t).login("admin", "sekrit").Response)
	assert.NotContains(t, got, `"last-connection"`)
	assert.Contains(t, got, `"server-version":"4.0-beta3"`)
}

func TestPaths(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	for path, want := range map[string]int{
		"/model/nonsense/api":        http.StatusBadRequest,
		"/model/" + nowhere + "/api": http.StatusUpgradeRequired, // no socket was asked for
		"/api":                       http.StatusUpgradeRequired,
		"/":                          http.StatusNotFound,
	} {
		resp, err := http.Get(s.url + path)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, want, resp.StatusCode, path)
	}
	assert.Equal(t, 4, s.Count())
}
