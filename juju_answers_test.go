package usermgmt_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

const (
	prodUUID = "10000000-0000-4000-8000-000000000001"
	testUUID = "10000000-0000-4000-8000-000000000002"

	jujuLogin = `{"user-info":{"identity":"user-admin","controller-access":"superuser"},"controller-tag":"controller-x","server-version":"3.5.1",` +
		`"servers":[[{"value":"10.0.0.1","port":17070}]],"facades":[{"name":"UserManager","versions":[3]},{"name":"Controller","versions":[11]},` +
		`{"name":"ModelManager","versions":[9]},{"name":"ApplicationOffers","versions":[4]},{"name":"Cloud","versions":[7]},{"name":"Pinger","versions":[1]}]}`
	jujuAlice = `{"results":[{"result":{"username":"alice","access":"login"}}]}`
)

// script answers frames with what reply returns for a method and its
// parameters: a response, a failure if it begins with "error: ", or "" to end
// the connection. Logins are answered unless reply does.
type script struct {
	mu     sync.Mutex
	reply  func(method, params string) string
	frames []string
}

func (s *script) answer(method, params string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := s.reply(method, params)
	if method == "Admin.Login" && answer == "" {
		return jujuLogin
	}
	s.frames = append(s.frames, method+" "+params)
	return answer
}

// play starts a server that follows a script, and returns its address.
func play(t *testing.T, reply func(method, params string) string) (*script, string) {
	t.Helper()
	s := &script{reply: reply}
	var work sync.WaitGroup
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		work.Add(1)
		defer work.Done()
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = ws.CloseNow() }()
		for {
			_, data, err := ws.Read(context.Background())
			if err != nil {
				return
			}
			var f struct {
				ID      uint64          `json:"request-id"`
				Type    string          `json:"type"`
				Request string          `json:"request"`
				Params  json.RawMessage `json:"params"`
			}
			_ = json.Unmarshal(data, &f)
			answer := s.answer(f.Type+"."+f.Request, string(f.Params))
			if answer == "" {
				return
			}
			message := fmt.Sprintf(`{"request-id":%d,"response":%s}`, f.ID, answer)
			if rest, failed := strings.CutPrefix(answer, "error: "); failed {
				message = fmt.Sprintf(`{"request-id":%d,%s,"response":{}}`, f.ID, rest)
			}
			_ = ws.Write(context.Background(), websocket.MessageText, []byte(message))
		}
	}))
	t.Cleanup(func() {
		server.Close()
		work.Wait()
	})
	return s, "ws" + strings.TrimPrefix(server.URL, "http")
}

// scripted returns a client of such a server.
func scripted(t *testing.T, reply func(method, params string) string) (*script, *usermgmt.Client, *usermgmt.JujuExtension) {
	t.Helper()
	s, address := play(t, reply)
	client, juju := newJuju(t, &controller{address: address}, "admin", "opensesame")
	return s, client, juju
}

func TestJujuLoginCauses(t *testing.T) {
	t.Parallel()
	_, client, _ := scripted(t, func(string, string) string {
		return `error: "error":"redirection to alternative server required","error-code":"redirection required",` +
			`"error-info":{"servers":[[{"value":"10.0.0.2","port":17070}]],"ca-cert":"PEM","controller-tag":"controller-y","controller-alias":"other"}`
	})
	err := client.Ping(t.Context())
	require.ErrorIs(t, err, usermgmt.ErrUnavailable)
	var redirect *usermgmt.JujuRedirect
	require.ErrorAs(t, err, &redirect)
	assert.Equal(t, &usermgmt.JujuRedirect{Addresses: []string{"10.0.0.2:17070"}, CA: "PEM", ControllerUUID: "y", ControllerName: "other"}, redirect)
	require.EqualError(t, redirect, "the login has to be made at another controller")

	_, client, _ = scripted(t, func(string, string) string {
		return `{"discharge-required":{"m":"swordfish"},"discharge-required-error":"who are you"}`
	})
	err = client.Ping(t.Context())
	require.ErrorIs(t, err, usermgmt.ErrUnauthenticated)
	var discharge *usermgmt.JujuDischargeRequired
	require.ErrorAs(t, err, &discharge)
	assert.JSONEq(t, `{"m":"swordfish"}`, discharge.Macaroon.Reveal())
	assert.Equal(t, "who are you", discharge.Reason)
	assert.NotContains(t, fmt.Sprintf("%v %+v", err, discharge), "swordfish")

	_, client, _ = scripted(t, func(string, string) string { return `error: "error":"login failed - maintenance in progress"` })
	require.ErrorIs(t, client.Ping(t.Context()), usermgmt.ErrUnavailable)
	_, client, _ = scripted(t, func(string, string) string {
		return `error: "error":"JIMM does not support login from old clients","error-code":"not supported"`
	})
	require.ErrorIs(t, client.Ping(t.Context()), usermgmt.ErrUnsupported)
}

func TestJujuDeviceLogin(t *testing.T) {
	t.Parallel()
	s, address := play(t, func(method, _ string) string {
		if method == "Admin.LoginDevice" {
			return `{"user-code":"ABCD","verification-uri":"https://idp.example.com"}`
		}
		return `{"session-token":"a token"}`
	})
	var shown string
	credential, err := usermgmt.JujuDeviceLogin(t.Context(), address, func(code, url string) { shown = code + " " + url })
	require.NoError(t, err)
	assert.Equal(t, "a token", credential.Token.Reveal())
	assert.Equal(t, "ABCD https://idp.example.com", shown)
	assert.Equal(t, []string{"Admin.LoginDevice {}", "Admin.GetDeviceSessionToken {}"}, s.frames)
	for _, call := range []func() error{
		func() error { _, err := usermgmt.JujuDeviceLogin(t.Context(), address, nil); return err },
		func() error {
			_, err := usermgmt.JujuDeviceLogin(nil, address, func(string, string) {}) //nolint:staticcheck // the refusal of a nil context is what is tested
			return err
		},
		func() error {
			_, err := usermgmt.JujuDeviceLogin(t.Context(), "x", func(string, string) {})
			return err
		},
	} {
		require.ErrorIs(t, call(), usermgmt.ErrInvalidArgument)
	}
}

// TestJujuLostRevoke loses the answer to a revoke, which must not be sent
// again blindly: it could raise.
func TestJujuLostRevoke(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		after  string // the level after the lost revoke
		writes int
	}{"it was carried out": {"login", 1}, "it was not": {"superuser", 2}, "somebody took all": {"", 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			level, writes := "superuser", 0
			_, client, _ := scripted(t, func(method, _ string) string {
				switch method {
				case "UserManager.UserInfo":
					return fmt.Sprintf(`{"results":[{"result":{"username":"alice","access":%q}}]}`, level)
				case "Controller.ModifyControllerAccess":
					if writes++; writes == 1 {
						level = test.after
						return ""
					}
					level = "login"
					return `{"results":[{}]}`
				default:
					return ""
				}
			})
			role := []usermgmt.Role{{Name: "superuser", Scope: "controller"}}
			require.NoError(t, client.RevokeRoles(t.Context(), usermgmt.RevokeRolesRequest{User: "alice", Roles: role}))
			assert.Equal(t, test.writes, writes)
			assert.NotEqual(t, "superuser", level)
		})
	}
}

// TestJujuGrantThatDoesNotStick is about a controller that answers success.
func TestJujuGrantThatDoesNotStick(t *testing.T) {
	t.Parallel()
	_, client, _ := scripted(t, func(method, _ string) string {
		switch method {
		case "UserManager.UserInfo":
			return jujuAlice
		case "Controller.ModifyControllerAccess":
			return `{"results":[{}]}`
		default:
			return ""
		}
	})
	role := []usermgmt.Role{{Name: "superuser", Scope: "controller"}}
	err := client.GrantRoles(t.Context(), usermgmt.GrantRolesRequest{User: "alice", Roles: role})
	require.ErrorIs(t, err, usermgmt.ErrConflict)
	var e *usermgmt.Error
	require.ErrorAs(t, err, &e)
	assert.True(t, e.Ambiguous)
}

// TestJujuKeySurvives loses what follows a create: the key must come back.
func TestJujuKeySurvives(t *testing.T) {
	t.Parallel()
	for _, lost := range []string{"UserManager.UserInfo", "UserManager.ResetPassword", "Controller.ModifyControllerAccess"} {
		_, client, _ := scripted(t, func(method, _ string) string {
			switch method {
			case lost:
				return ""
			case "UserManager.AddUser", "UserManager.ResetPassword":
				return `{"results":[{"tag":"user-alice","secret-key":"AQI="}]}`
			case "UserManager.UserInfo":
				return jujuAlice
			default:
				return ""
			}
		})
		created, err := client.CreateUser(t.Context(), usermgmt.CreateUserRequest{
			Name: "alice", DisplayName: "Alice", Roles: []usermgmt.Role{{Name: "superuser", Scope: "controller"}},
		})
		require.ErrorIs(t, err, usermgmt.ErrUnavailable, lost)
		var e *usermgmt.Error
		require.ErrorAs(t, err, &e)
		assert.True(t, e.Ambiguous, lost)
		key, ok := created.Credential.(usermgmt.RegistrationKeyCredential)
		require.True(t, ok, lost)
		assert.Equal(t, "AQI=", key.Key.Reveal())
		assert.Equal(t, "alice", created.Name)
	}
}

func TestJujuControllerInfo(t *testing.T) {
	t.Parallel()
	s, client, juju := scripted(t, func(method, _ string) string {
		switch method {
		case "ModelManager.ListModelSummaries":
			return `{"results":[{"result":{"name":"controller","uuid":"` + prodUUID + `","owner-tag":"user-admin","is-controller":true}}]}`
		case "Controller.ControllerAPIInfoForModels":
			return `{"results":[{"addresses":["10.0.0.1:17070","[2001:db8::1]:17070"],"cacert":"PEM"}]}`
		case "Controller.IdentityProviderURL":
			return `{"result":"https://idp.example.com"}`
		case "Pinger.Ping":
			return `{}`
		default:
			return ""
		}
	})
	ctx := t.Context()
	require.NoError(t, client.Ping(ctx))
	info, err := juju.ControllerInfo(ctx)
	require.NoError(t, err)
	assert.Equal(t, usermgmt.JujuController{
		UUID: "x", Addresses: []string{"10.0.0.1:17070", "[2001:db8::1]:17070"}, CA: "PEM", Version: "3.5.1",
		Facades: map[string]int{"UserManager": 3, "Controller": 11, "ModelManager": 9, "ApplicationOffers": 4, "Cloud": 7, "Pinger": 1},
	}, info)
	url, err := juju.IdentityProviderURL(ctx)
	require.NoError(t, err)
	assert.Equal(t, "https://idp.example.com", url)
	key := usermgmt.RegistrationKeyCredential{Username: "alex", Key: usermgmt.NewSecret("hBj6RLW5VgmCSWsAesRm5unETluNu1+FczN9oVfNGuY=")}
	token, err := juju.RegistrationToken(ctx, key, "localhost-controller")
	require.NoError(t, err)
	assert.NotEmpty(t, token.Reveal())
	for _, bad := range []usermgmt.RegistrationKeyCredential{{}, {Username: "alex", Key: usermgmt.NewSecret("!")}, {Username: "alex", Key: usermgmt.NewSecret("AQI=")}} {
		_, err := juju.RegistrationToken(ctx, bad, "c")
		require.ErrorIs(t, err, usermgmt.ErrInvalidArgument)
	}
	assert.Contains(t, s.frames, `Controller.ControllerAPIInfoForModels {"entities":[{"tag":"model-`+prodUUID+`"}]}`)
}

func TestJujuModels(t *testing.T) {
	t.Parallel()
	s, _, juju := scripted(t, func(method, _ string) string {
		switch method {
		case "ModelManager.ListModelSummaries":
			return `{"results":[{"result":{"name":"prod","uuid":"` + prodUUID + `","owner-tag":"user-fred","user-access":"write","cloud-tag":"cloud-lxd","type":"iaas","life":"alive"}},` +
				`{"error":{"message":"it is gone","code":"not found"}}]}`
		case "UserManager.UserInfo":
			return `{"results":[{"result":{"username":"fred"}}]}`
		case "UserManager.ModelUserInfo":
			return `{"results":[{"result":{"model-tag":"model-` + testUUID + `","user":"gina@x.y","access":"read","last-connection":null}},` +
				`{"result":{"model-tag":"model-` + prodUUID + `","user":"fred","display-name":"Fred","access":"admin","last-connection":"2024-07-01T08:09:10Z"}}]}`
		case "ModelManager.CreateModel":
			return `{"name":"new","uuid":"` + testUUID + `","owner-tag":"user-admin"}`
		case "ModelManager.DestroyModels":
			return `{"results":[{},{"error":{"message":"it has machines","code":"model not empty"}}]}`
		default:
			return ""
		}
	})
	ctx := t.Context()
	models, err := juju.ListModels(ctx, "fred")
	require.ErrorIs(t, err, usermgmt.ErrNotFound, "one that failed")
	assert.Equal(t, []usermgmt.JujuModel{{
		Project: usermgmt.Project{Name: "fred/prod", ID: prodUUID, Owner: "fred"}, Type: "iaas", Life: "alive", Cloud: "lxd", Level: "write",
	}}, models, "does not hide the others")

	users, err := juju.ModelUsers(ctx, "prod", "missing", testUUID)
	require.NoError(t, err)
	require.Len(t, users, 3)
	assert.Equal(t, []usermgmt.JujuModelUser{{Name: "fred", DisplayName: "Fred", Level: "admin", LastConnection: time.Date(2024, 7, 1, 8, 9, 10, 0, time.UTC)}}, users[0].Value)
	require.ErrorIs(t, users[1].Err, usermgmt.ErrNotFound)
	assert.Equal(t, []usermgmt.JujuModelUser{{Name: "gina@x.y", Level: "read"}}, users[2].Value, "in the order of the request")

	created, err := juju.CreateModel(ctx, usermgmt.JujuNewModel{Name: "new"})
	require.NoError(t, err)
	assert.Equal(t, usermgmt.JujuModel{Project: usermgmt.Project{Name: "admin/new", ID: testUUID, Owner: "admin"}}, created)
	gone, err := juju.DestroyModels(ctx, usermgmt.JujuDestroy{DestroyStorage: new(true), MaxWait: new(time.Minute)}, "fred/prod", "missing", testUUID)
	require.NoError(t, err)
	require.NoError(t, gone[0].Err)
	require.ErrorIs(t, gone[1].Err, usermgmt.ErrNotFound)
	require.ErrorIs(t, gone[2].Err, usermgmt.ErrConflict)
	assert.Contains(t, s.frames, `ModelManager.DestroyModels {"models":[{"model-tag":"model-`+prodUUID+`","destroy-storage":true,"max-wait":60000000000},`+
		`{"model-tag":"model-`+testUUID+`","destroy-storage":true,"max-wait":60000000000}]}`)
	assert.Contains(t, s.frames, `ModelManager.CreateModel {"name":"new","owner-tag":"user-admin"}`)
}

func TestJujuRecords(t *testing.T) {
	t.Parallel()
	_, client, juju := scripted(t, func(method, _ string) string {
		switch method {
		case "UserManager.UserInfo":
			return `{"results":[{"result":{"username":"alice","display-name":"Alice","access":"login","created-by":"fred","date-created":"2024-02-03T04:05:06Z","last-connection":"2024-07-01T08:09:10Z"}}]}`
		case "ApplicationOffers.ListApplicationOffers":
			return `{"results":[{"offer-url":"fred/prod.db","offer-name":"db","offer-uuid":"u","source-model-tag":"model-` + prodUUID + `","application-name":"mysql","application-description":"text","users":[{"user":"alice","display-name":"Alice","access":"read"}]}]}`
		default:
			return ""
		}
	})
	ctx := t.Context()
	record, err := juju.GetUser(ctx, "alice")
	require.NoError(t, err)
	assert.Equal(t, usermgmt.JujuUserRecord{
		User: usermgmt.User{
			Name: "alice", DisplayName: "Alice", Roles: []usermgmt.Role{{Name: "login", Scope: "controller"}},
			CreatedAt: time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC), LastLoginAt: time.Date(2024, 7, 1, 8, 9, 10, 0, time.UTC),
		}, CreatedBy: "fred",
	}, record)
	me, err := client.CurrentUser(ctx)
	require.Error(t, err, "the controller answers with somebody else: %v", me)
	require.ErrorIs(t, err, usermgmt.ErrInternal)
	offers, err := juju.ListOffers(ctx, usermgmt.JujuOfferFilter{Owner: "fred", Model: "prod"})
	require.NoError(t, err)
	assert.Equal(t, []usermgmt.JujuOffer{{
		URL: "fred/prod.db", Name: "db", UUID: "u", ModelUUID: prodUUID, Application: "mysql", Description: "text",
		Users: []usermgmt.JujuAccess{{Name: "alice", DisplayName: "Alice", Level: "read"}},
	}}, offers)
}

func TestJujuRoles(t *testing.T) {
	t.Parallel()
	_, client, _ := scripted(t, func(string, string) string { return "" })
	roles, err := usermgmt.Collect(client.ListRoles(t.Context(), usermgmt.ListRolesRequest{}))
	require.NoError(t, err)
	assert.Equal(t, []usermgmt.RoleDefinition{
		{Name: "add-model", ScopeFormat: "cloud:name", BuiltIn: true},
		{Name: "admin", ScopeFormat: "model:owner/name or offer:owner/model.name or cloud:name", BuiltIn: true},
		{Name: "consume", ScopeFormat: "offer:owner/model.name", BuiltIn: true},
		{Name: "login", ScopeFormat: "controller", BuiltIn: true},
		{Name: "read", ScopeFormat: "model:owner/name or offer:owner/model.name", BuiltIn: true},
		{Name: "superuser", ScopeFormat: "controller", BuiltIn: true},
		{Name: "write", ScopeFormat: "model:owner/name", BuiltIn: true},
	}, roles)
}
