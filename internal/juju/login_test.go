package juju

import (
	"bytes"
	"context"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// record keeps the frames that a server got, without their numbers.
type record struct {
	mu     sync.Mutex
	frames []string
}

func (r *record) add(f frame) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.frames = append(r.frames, fmt.Sprintf("%s(%d).%s %s", f.Type, f.Version, f.Request, f.Params))
}

func TestLogins(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		credential Credential
		want       string
	}{
		"password": {Credential{Username: "Alice@local", Password: "swordfish"}, `Admin(3).Login {"client-version":"3.6.0","auth-tag":"user-Alice","credentials":"swordfish"}`},
		"macaroons": {
			Credential{Macaroons: jsontext.Value(`[[{"m":1}]]`)},
			`Admin(3).Login {"client-version":"3.6.0","auth-tag":"","credentials":"","macaroons":[[{"m":1}]],"bakery-version":3}`,
		},
		"macaroons of a local user": {
			Credential{Username: "alice", Macaroons: jsontext.Value(`[]`)},
			`Admin(3).Login {"client-version":"3.6.0","auth-tag":"user-alice","credentials":"","macaroons":[],"bakery-version":3}`,
		},
		"session token":      {Credential{SessionToken: "swordfish"}, `Admin(4).LoginWithSessionToken {"session-token":"swordfish"}`},
		"client credentials": {Credential{ClientID: "robot", ClientSecret: "swordfish"}, `Admin(4).LoginWithClientCredentials {"client-id":"robot","client-secret":"swordfish"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got record
			p := listen(t, func(f frame, _ []byte) string {
				got.add(f)
				return loginAs("alice", "login", "3.5.1")
			})
			client := connect(t, p.address(), func(config *Config) {
				config.Credential = func(context.Context) (Credential, error) { return c.credential, nil }
			})
			assert.Nil(t, client.Current())
			s, err := client.Session(t.Context())
			require.NoError(t, err)
			assert.Equal(t, "alice", s.Identity, "as the controller says")
			assert.Equal(t, strings.Contains(c.want, "Admin(4)"), s.JAAS)
			assert.Same(t, s, client.Current())
			assert.Equal(t, []string{c.want}, got.frames)
		})
	}
}

func TestClientVersion(t *testing.T) {
	t.Parallel()
	for server, want := range map[string][]string{
		"3.5.1": {"3.6.0"}, "2.9.43": {"3.6.0", "2.9.43"}, "4.0-beta3": {"3.6.0", "4.0.0"}, "4.0.1": {"3.6.0", "4.0.1"}, "3.4-rc1.2": {"3.6.0"}, "": {"3.6.0"}, "dev": {"3.6.0"},
	} {
		var mu sync.Mutex
		var said []string
		p := listen(t, func(f frame, _ []byte) string {
			if f.Type != "Admin" {
				return ""
			}
			var params struct {
				Version string `json:"client-version"`
			}
			if err := stdjson.Unmarshal(f.Params, &params); err != nil {
				return ""
			}
			mu.Lock()
			defer mu.Unlock()
			said = append(said, params.Version)
			return loginAs("admin", "superuser", server)
		})
		c := connect(t, p.address(), nil)
		_, err := c.Session(t.Context())
		require.NoError(t, err, server)
		mu.Lock()
		assert.Equal(t, want, said, server)
		mu.Unlock()
		require.Error(t, c.Ping(t.Context()), "which breaks the connection")
		_, err = c.Session(t.Context())
		require.NoError(t, err)
		mu.Lock()
		assert.Equal(t, want[len(want)-1], said[len(said)-1], "what was learned is kept")
		mu.Unlock()
	}
}

func TestRefusedLogins(t *testing.T) {
	t.Parallel()
	login := func(answer func(f frame) string) *fault.Error {
		c := connect(t, listen(t, func(f frame, _ []byte) string { return answer(f) }).address(), nil)
		_, err := c.User(t.Context(), "alice")
		f, isFault := asFault(err)
		require.True(t, isFault, "%v", err)
		assert.False(t, f.Ambiguous)
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v", f, f.Err, f.Err), "swordfish")
		return f
	}
	just := func(text string) func(frame) string { return func(frame) string { return text } }

	f := login(just(refused("invalid entity name or password", "unauthorized access")))
	assert.Equal(t, fault.Unauthenticated, f.Kind)
	f = login(just(refused("permission denied swordfish", "unauthorized access")))
	assert.Equal(t, fault.PermissionDenied, f.Kind)
	assert.Equal(t, "permission denied [redacted]", f.Message)

	f = login(just(refused("login failed - maintenance in progress", "")))
	assert.Equal(t, fault.Unavailable, f.Kind)
	_, maintenance := errors.AsType[*Maintenance](f)
	assert.True(t, maintenance)

	for _, words := range []string{"this version of Juju does not support login from old clients", "JIMM does not support login from old clients"} {
		f = login(just(refused(words, "not supported")))
		assert.Equal(t, fault.Unsupported, f.Kind)
		_, old := errors.AsType[*OldClient](f)
		assert.True(t, old)
	}

	f = login(just(ok(`{"discharge-required":{"old":1},"bakery-discharge-required":{"m":{"swordfish":1},"v":3},"discharge-required-error":"who is swordfish"}`)))
	assert.Equal(t, fault.Unauthenticated, f.Kind)
	discharge, isDischarge := errors.AsType[*DischargeRequired](f)
	require.True(t, isDischarge)
	assert.JSONEq(t, `{"m":{"swordfish":1},"v":3}`, string(discharge.Macaroon))
	assert.Equal(t, "who is [redacted]", discharge.Reason)
	f = login(just(ok(`{"discharge-required":{"old":1}}`)))
	discharge, _ = errors.AsType[*DischargeRequired](f)
	assert.JSONEq(t, `{"old":1}`, string(discharge.Macaroon))

	info := `{"servers":[[{"value":"10.0.0.2","port":17070},{"value":"2001:db8::1","port":443}]],"ca-cert":"PEM","controller-tag":"controller-x","controller-alias":"other"}`
	want := &Redirect{Servers: []string{"10.0.0.2:17070", "[2001:db8::1]:443"}, CA: "PEM", ControllerUUID: "x", ControllerAlias: "other"}
	redirected := `"error":"redirection to alternative server required","error-code":"redirection required",`
	for name, answer := range map[string]func(frame) string{
		"with details": just(redirected + `"error-info":` + info + `,"response":{}`),
		"on demand": func(f frame) string {
			if f.Request == "RedirectInfo" {
				return ok(info)
			}
			return redirected + `"response":{}`
		},
	} {
		f = login(answer)
		assert.Equal(t, fault.Unavailable, f.Kind, name)
		redirect, isRedirect := errors.AsType[*Redirect](f)
		require.True(t, isRedirect, name)
		assert.Equal(t, want, redirect, name)
	}

	for _, answer := range []string{ok(`{}`), ok(`null`), ok(`7`), ok(`{"user-info":{"identity":"machine-0"}}`)} {
		assert.Equal(t, fault.Internal, login(just(answer)).Kind, answer)
	}
}

// TestCredentialIsBad is about credentials that never leave the process.
func TestCredentialIsBad(t *testing.T) {
	t.Parallel()
	p := listen(t, func(frame, []byte) string {
		assert.Fail(t, "it was sent")
		return ""
	})
	for _, credential := range []Credential{{}, {Username: "not valid", Password: "swordfish"}, {Username: "alice", Macaroons: jsontext.Value(`[`)}} {
		c := connect(t, p.address(), func(config *Config) {
			config.Credential = func(context.Context) (Credential, error) { return credential, nil }
		})
		_, err := c.User(t.Context(), "alice")
		assertKind(t, fault.InvalidArgument, err)
	}
	locked := errors.New("the vault is locked")
	c := connect(t, p.address(), func(config *Config) {
		config.Credential = func(context.Context) (Credential, error) { return Credential{}, locked }
	})
	_, err := c.User(t.Context(), "alice")
	assertKind(t, fault.Unauthenticated, err)
	require.ErrorIs(t, err, locked)
}

// TestFacades is about what a controller lacks.
func TestFacades(t *testing.T) {
	t.Parallel()
	p := listen(t, func(f frame, _ []byte) string {
		if !assert.Equal(t, "Admin", f.Type, "nothing else is sent") {
			return ""
		}
		return ok(`{"user-info":{"identity":"user-admin","controller-access":"superuser"},"server-version":"3.5.1","facades":[` +
			`{"name":"UserManager","versions":[1]},{"name":"ModelManager","versions":[99,2]},{"name":"Unheard","versions":[1]}]}`)
	})
	c := connect(t, p.address(), nil)
	_, err := c.ResetPassword(t.Context(), "alice")
	f := assertKind(t, fault.Unsupported, err)
	assert.Equal(t, "the controller has the versions 1 of the facade UserManager, and versions 2 to 3 are needed", f.Message)
	_, err = c.ModelSummaries(t.Context(), "admin", true)
	f = assertKind(t, fault.Unsupported, err)
	assert.Equal(t, "the controller has the versions 2 99 of the facade ModelManager, and versions 5 to 11 are needed", f.Message)
	_, err = c.Grant(t.Context(), "alice", Object{Kind: OnController}, "login")
	f = assertKind(t, fault.Unsupported, err)
	assert.Equal(t, "the controller has no facade Controller", f.Message)
	assert.False(t, f.Ambiguous)
	assert.Equal(t, map[string]int{"UserManager": 1}, c.Current().Versions())
}

// TestJAAS shows that what JAAS does not do is refused before it is sent.
func TestJAAS(t *testing.T) {
	t.Parallel()
	p := listen(t, func(f frame, _ []byte) string {
		if f.Type == "Admin" {
			return loginAs("robot@serviceaccount", "login", "3.5.1")
		}
		assert.Equal(t, "UserInfo", f.Request)
		return ok(`{"results":[{"result":{"username":"robot@serviceaccount"}}]}`)
	})
	c := connect(t, p.address(), func(config *Config) {
		config.Credential = func(context.Context) (Credential, error) { return Credential{SessionToken: "swordfish"}, nil }
	})
	_, err := c.AddUser(t.Context(), NewUser{Name: "alice"})
	assertKind(t, fault.Unsupported, err)
	_, err = c.DisableUsers(t.Context(), "alice")
	assertKind(t, fault.Unsupported, err)
	assertKind(t, fault.Unsupported, c.SetPassword(t.Context(), "alice", "swordfish"))
	_, err = c.User(t.Context(), "robot@serviceaccount")
	require.NoError(t, err, "oneself")
}

// TestLostLogin is about a controller that takes the connection for a new one.
func TestLostLogin(t *testing.T) {
	t.Parallel()
	logins := 0
	p := listen(t, func(f frame, _ []byte) string {
		if f.Type == "Admin" {
			logins++
			return loginAs("admin", "superuser", "3.5.1")
		}
		if logins == 1 {
			return refused(`unknown version (3) of interface "UserManager"`, "not implemented")
		}
		return ok(`{"results":[{"tag":"user-alice"}]}`)
	})
	_, err := connect(t, p.address(), nil).AddUser(t.Context(), NewUser{Name: "alice", Password: "swordfish"})
	require.NoError(t, err)
	assert.Equal(t, 2, logins)
}

func TestConfig(t *testing.T) {
	t.Parallel()
	credential := func(context.Context) (Credential, error) { return Credential{}, nil }
	for name, config := range map[string]Config{
		"no credential": {Addresses: []string{"wss://h:17070/api"}},
		"no address":    {Credential: credential},
		"no PEM":        {Addresses: []string{"wss://h:17070/api"}, Credential: credential, CA: "x"},
		"CA and client": {Addresses: []string{"wss://h:17070/api"}, Credential: credential, CA: "x", HTTPClient: &http.Client{}},
	} {
		_, err := New(config)
		assertKind(t, fault.InvalidArgument, err)
		assert.Error(t, err, name)
	}
}

func TestPlainVersion(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"3.5.1": "3.5.1", "4.0-beta3": "4.0.0", "3.4-rc1.2": "3.4.0", "3.5.2.0": "3.5.2", "2": "2.0.0", "3.x.1": "3.0.0"} {
		got, major, ok := plainVersion(text)
		assert.True(t, ok, text)
		assert.Equal(t, want, got)
		assert.Equal(t, int(text[0]-'0'), major)
	}
	for _, text := range []string{"", "x", "-1", "v3"} {
		_, _, ok := plainVersion(text)
		assert.False(t, ok, text)
	}
}

func TestNothingPrintsSecrets(t *testing.T) {
	t.Parallel()
	const mark = "swordfish"
	values := []any{
		Credential{Username: "alice", Password: mark, SessionToken: mark, ClientSecret: mark, Macaroons: jsontext.Value(`"swordfish"`)},
		NewUser{Name: "alice", Password: mark}, NewKey{Key: []byte(mark)}, NewPassword{Password: mark}, Registration{Key: []byte(mark)},
		&DischargeRequired{Macaroon: jsontext.Value(mark), Reason: mark}, []Item[NewKey]{{Value: NewKey{Key: []byte(mark)}}},
	}
	var out bytes.Buffer
	for _, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb, value)
		}
		data, err := stdjson.Marshal(value)
		require.NoError(t, err)
		out.Write(data)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "value", value)
	}
	assert.NotContains(t, out.String(), mark)
	assert.NotContains(t, out.String(), fmt.Sprintf("%x", mark))
	assert.NotContains(t, out.String(), "[115 119 111") // as a list of bytes
}
