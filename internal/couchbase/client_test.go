package couchbase

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type roundTripper func(r *http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// newCluster returns a client of one node that is answered by roundTrip.
func newCluster(t *testing.T, config Config, roundTrip roundTripper) *Client {
	t.Helper()
	config.Address = "https://node-a"
	config.Transport.HTTPClient = &http.Client{Transport: roundTrip}
	config.Transport.Retry = transport.Retry{MinWait: time.Millisecond, MaxWait: time.Millisecond}
	if config.Credential == nil {
		config.Credential = func(context.Context) (Credential, error) {
			return Credential{Username: "Administrator", Password: "password"}, nil
		}
	}
	c, err := New(config)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// fakeCluster returns a client that is answered by answer.
func fakeCluster(t *testing.T, answer func(r *http.Request) (status int, body string)) *Client {
	t.Helper()
	return newCluster(t, Config{}, func(r *http.Request) (*http.Response, error) {
		status, body := answer(r)
		return reply(status, body), nil
	})
}

func reply(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]Config{
		"address": {}, "timeout": {Address: "https://h", Transport: transport.Config{Timeout: -1}},
	} {
		_, err := New(config)
		assert.Equal(t, fault.InvalidArgument, fault.KindOf(err), name)
		assert.Error(t, err)
	}
}

// TestNothingIsSent: what cannot be meant does not leave the process.
func TestNothingIsSent(t *testing.T) {
	t.Parallel()
	c := fakeCluster(t, func(r *http.Request) (int, string) {
		t.Error("sent", r.Method, r.URL)
		return 200, `""`
	})
	ctx := t.Context()
	calls := map[string]func() error{
		"get":             func() error { _, err := c.GetUser(ctx, Local, ""); return err },
		"get domain":      func() error { _, err := c.GetUser(ctx, "", "u"); return err },
		"put":             func() error { return c.PutUser(ctx, Local, "", UserForm{}) },
		"put domain":      func() error { return c.PutUser(ctx, "ldap", "u", UserForm{}) },
		"create":          func() error { return c.CreateUser(ctx, External, "", UserForm{}) },
		"blank":           func() error { return c.CreateUser(ctx, Local, "a b", UserForm{}) },
		"slash":           func() error { return c.CreateUser(ctx, Local, "a/b", UserForm{}) },
		"at":              func() error { return c.CreateUser(ctx, Local, "@a", UserForm{}) },
		"long":            func() error { return c.CreateUser(ctx, Local, strings.Repeat("ü", 65), UserForm{}) },
		"broken":          func() error { return c.CreateUser(ctx, Local, "a\xff", UserForm{}) },
		"no group":        func() error { return c.PutUser(ctx, Local, "u", UserForm{Groups: []string{""}}) },
		"two groups":      func() error { return c.PutUser(ctx, Local, "u", UserForm{Groups: []string{"a,b"}}) },
		"patch":           func() error { return c.PatchUser(ctx, "", UserPatch{Locked: new(true)}) },
		"patch nothing":   func() error { return c.PatchUser(ctx, "u", UserPatch{}) },
		"delete":          func() error { return c.DeleteUser(ctx, Local, "") },
		"get group":       func() error { _, err := c.GetGroup(ctx, ""); return err },
		"put group":       func() error { return c.PutGroup(ctx, "", GroupForm{}) },
		"create group":    func() error { return c.CreateGroup(ctx, "a b", GroupForm{}) },
		"delete group":    func() error { return c.DeleteGroup(ctx, "") },
		"change password": func() error { return c.ChangePassword(ctx, "") },
		"policy":          func() error { return c.SetPasswordPolicy(ctx, PasswordPolicy{MinLength: 101}) },
		"permission":      func() error { _, err := c.CheckPermissions(ctx, "a b"); return err },
		"filters":         func() error { _, err := c.Backup(ctx, []string{"admin"}, []string{"*"}); return err },
		"backup":          func() error { _, err := c.Restore(ctx, []byte("{"), false); return err },
		"look up":         func() error { _, err := c.LookUpLDAPUser(ctx, ""); return err },
		"wait":            func() error { return c.WaitVisible(ctx, Local, "") },
		"page": func() error {
			for _, err := range c.ListUsers(ctx, UserQuery{Page: Page{Size: 101}}) {
				return err
			}
			return nil
		},
	}
	for name, call := range calls {
		assert.Equal(t, fault.InvalidArgument, fault.KindOf(call()), name)
	}
}

// TestNamesSurvive: each name becomes one segment of the path.
func TestNamesSurvive(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a+b": "a%2Bb", "a b": "a%20b", "a/b": "a%2Fb", "a%b": "a%25b", "a@b": "a@b", "zoë": "zo%C3%AB", "a?b#c": "a%3Fb%23c", "a;b": "a%3Bb",
	} {
		var got string
		c := fakeCluster(t, func(r *http.Request) (int, string) {
			got = r.URL.EscapedPath()
			return 404, `"Unknown user."`
		})
		_, err := c.GetUser(t.Context(), Local, name)
		assert.Equal(t, fault.NotFound, fault.KindOf(err))
		assert.Equal(t, "/settings/rbac/users/local/"+want, got)
	}
}

func TestClusterUUID(t *testing.T) {
	t.Parallel()
	var queries []string
	var mu sync.Mutex
	c := newCluster(t, Config{ClusterUUID: "c1"}, func(r *http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		queries = append(queries, r.Method+" "+r.URL.RawQuery)
		return reply(200, `""`), nil
	})
	require.NoError(t, c.PutUser(t.Context(), Local, "u", UserForm{}))
	require.NoError(t, c.ValidateUser(t.Context(), Local, "u", UserForm{}))
	require.NoError(t, c.DeleteUser(t.Context(), Local, "u"))
	_, _ = c.GetUser(t.Context(), Local, "u")
	_, _ = c.Backup(t.Context(), []string{"admin", "group:a*"}, nil)
	for range c.ListUsers(t.Context(), UserQuery{Permission: "p"}) {
		break
	}
	assert.Equal(t, []string{
		"PUT uuid=c1", "PUT just_validate=1&uuid=c1", "DELETE uuid=c1", "GET uuid=c1",
		"GET include=admin&include=group%3Aa%2A&uuid=c1", "GET permission=p&uuid=c1",
	}, queries)
}

// TestCredentials: a password is asked for once, a token at each request, and
// what the server refuses is asked for once more.
func TestCredentials(t *testing.T) {
	t.Parallel()
	var got []string
	serve := func(r *http.Request) (*http.Response, error) {
		header := r.Header.Get("Authorization")
		got = append(got, header)
		if strings.HasSuffix(header, "old") {
			return reply(401, ""), nil
		}
		return reply(200, `""`), nil
	}
	asked := 0
	c := newCluster(t, Config{Credential: func(context.Context) (Credential, error) {
		asked++
		return Credential{Token: fmt.Sprint("t", asked)}, nil
	}}, serve)
	for range 2 {
		require.NoError(t, c.DeleteUser(t.Context(), Local, "u"))
	}
	assert.Equal(t, []string{"Bearer t1", "Bearer t2"}, got)

	got, asked = nil, 0
	tokens := []string{"old", "new"}
	c = newCluster(t, Config{Credential: func(context.Context) (Credential, error) {
		asked++
		return Credential{Token: tokens[asked-1]}, nil
	}}, serve)
	require.NoError(t, c.DeleteUser(t.Context(), Local, "u"))
	assert.Equal(t, []string{"Bearer old", "Bearer new"}, got)

	got, asked = nil, 0
	c = newCluster(t, Config{Credential: func(context.Context) (Credential, error) {
		asked++
		return Credential{Username: "me", Password: "secret"}, nil
	}}, serve)
	for range 2 {
		require.NoError(t, c.DeleteUser(t.Context(), Local, "u"))
	}
	assert.Equal(t, []string{"Basic bWU6c2VjcmV0", "Basic bWU6c2VjcmV0"}, got)
	assert.Equal(t, 1, asked)

	got = nil
	c = newCluster(t, Config{Credential: func(context.Context) (Credential, error) { return Credential{Token: "old"}, nil }}, serve)
	err := c.DeleteUser(t.Context(), Local, "u")
	assert.Equal(t, fault.Unauthenticated, fault.KindOf(err))
	assert.Equal(t, []string{"Bearer old"}, got, "the same credential is not tried again")

	for want, source := range map[fault.Kind]func(context.Context) (Credential, error){
		fault.InvalidArgument: func(context.Context) (Credential, error) { return Credential{Username: "a:b"}, nil },
		fault.Unauthenticated: func(context.Context) (Credential, error) { return Credential{}, errors.New("the vault is sealed") },
		fault.Unavailable:     func(context.Context) (Credential, error) { return Credential{}, fault.New(fault.Unavailable, "later") },
	} {
		err := newCluster(t, Config{Credential: source}, serve).DeleteUser(t.Context(), Local, "u")
		assert.Equal(t, want, fault.KindOf(err))
	}
	text := fmt.Sprintf("%v %+v %#v", Credential{Password: "secret"}, &Credential{Token: "secret"}, struct{ C Credential }{Credential{Token: "secret"}})
	assert.NotContains(t, text, "secret")
}

// TestTokensNeedTLS: a token reaches this machine without TLS and no other.
func TestTokensNeedTLS(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		address string
		plain   bool
		sent    bool
	}{
		{"https://db.example.com", true, true},
		{"couchbases://db.example.com", false, true},
		{"http://127.0.0.1:8091", false, true},
		{"http://db.example.com", true, false},
		{"couchbase://db.example.com", true, false},
	} {
		sent := false
		c, err := New(Config{
			Address: test.address, Resolver: noRecords{},
			Credential: func(context.Context) (Credential, error) { return Credential{Token: "t"}, nil },
			Transport: transport.Config{AllowPlainHTTP: test.plain, HTTPClient: &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
				sent = true
				return reply(200, `""`), nil
			})}},
		})
		require.NoError(t, err)
		t.Cleanup(c.Close)
		err = c.DeleteUser(t.Context(), Local, "u")
		assert.Equal(t, test.sent, sent, test.address)
		if test.sent {
			assert.NoError(t, err)
		} else {
			assert.Equal(t, fault.InvalidArgument, fault.KindOf(err))
		}
	}
}

// TestUncheckedRolesAreNotSent: a role that was not made by NewRole is checked
// where it is written.
func TestUncheckedRolesAreNotSent(t *testing.T) {
	t.Parallel()
	c := fakeCluster(t, func(r *http.Request) (int, string) {
		t.Error("sent", r.Method, r.URL)
		return 200, `""`
	})
	for _, role := range []Role{{}, {Name: "ro_admin,admin"}, {Name: "data_reader[b],admin"}, {Name: "data_reader", Scope: "b],admin[x"}, {Name: "data_reader", Scope: "b\n"}} {
		for _, err := range []error{
			c.PutUser(t.Context(), Local, "u", UserForm{Roles: []Role{role}}),
			c.CreateUser(t.Context(), Local, "u", UserForm{Roles: []Role{role}}),
			c.PutGroup(t.Context(), "g", GroupForm{Roles: []Role{role}}),
		} {
			assert.Equal(t, fault.InvalidArgument, fault.KindOf(err), "%+v", role)
			require.Error(t, err)
		}
	}
	for _, permissions := range [][]string{nil, {""}, {"a!read,b!write"}} {
		_, err := c.CheckPermissions(t.Context(), permissions...)
		assert.Equal(t, fault.InvalidArgument, fault.KindOf(err))
		require.Error(t, err)
	}
	_, err := collect(t, c, UserQuery{Domain: "admin"})
	assert.Equal(t, fault.InvalidArgument, fault.KindOf(err))
	assert.Error(t, err)
}

// TestForeignAnswers: success in the words of another server is none.
func TestForeignAnswers(t *testing.T) {
	t.Parallel()
	c := fakeCluster(t, func(*http.Request) (int, string) { return 200, "<html>sign in</html>" })
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"put":    func() error { return c.PutUser(ctx, Local, "u", UserForm{}) },
		"patch":  func() error { return c.PatchUser(ctx, "u", UserPatch{Locked: new(true)}) },
		"delete": func() error { return c.DeleteUser(ctx, Local, "u") },
		"import": func() error { _, err := c.Restore(ctx, []byte("{}"), true); return err },
	} {
		var f *fault.Error
		require.ErrorAs(t, call(), &f, name)
		assert.Equal(t, fault.Internal, f.Kind)
		assert.True(t, f.Ambiguous)
	}
	_, err := fakeCluster(t, func(*http.Request) (int, string) { return 200, "[]" }).Restore(ctx, []byte("{}"), true)
	assert.Equal(t, fault.Internal, fault.KindOf(err))
}

// TestSomebodyElse: an answer about another one than was asked for is none.
func TestSomebodyElse(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"id":"v","domain":"local"}`, `{"id":"u","domain":"external"}`, `{"domain":"local"}`, `[]`, `{"id":"u`} {
		c := fakeCluster(t, func(*http.Request) (int, string) { return 200, body })
		_, err := c.GetUser(t.Context(), Local, "u")
		assert.Equal(t, fault.Internal, fault.KindOf(err), body)
		_, err = c.GetGroup(t.Context(), "u-group")
		assert.Equal(t, fault.Internal, fault.KindOf(err), body)
		_, err = c.LookUpLDAPUser(t.Context(), "w")
		assert.Equal(t, fault.Internal, fault.KindOf(err), body)
	}
}

// lossy drops the answer of the first request, which took effect.
func lossy(then func(r *http.Request) *http.Response) roundTripper {
	var mu sync.Mutex
	first := true
	return func(r *http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		if r.Body != nil {
			_, _ = io.Copy(io.Discard, r.Body)
		}
		if first {
			first = false
			return nil, io.ErrUnexpectedEOF
		}
		return then(r), nil
	}
}

func TestLostAnswers(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newCluster(t, Config{}, lossy(func(*http.Request) *http.Response { return reply(404, `"Unknown user."`) }))
	require.NoError(t, c.DeleteUser(ctx, Local, "u"), "the first attempt deleted it")

	c = newCluster(t, Config{}, lossy(func(*http.Request) *http.Response {
		return reply(400, `{"errors":{"password":"Password has already been used."}}`)
	}))
	require.NoError(t, c.PatchUser(ctx, "u", UserPatch{Password: new("secret-1")}), "the first attempt set it")

	for name, call := range map[string]func(c *Client) error{
		"create user":     func(c *Client) error { return c.CreateUser(ctx, Local, "u", UserForm{Password: new("secret-1")}) },
		"create group":    func(c *Client) error { return c.CreateGroup(ctx, "g", GroupForm{}) },
		"change password": func(c *Client) error { return c.ChangePassword(ctx, "secret-1") },
		"import": func(c *Client) error {
			_, err := c.Restore(ctx, []byte("{}"), false)
			return err
		},
	} {
		c := newCluster(t, Config{}, lossy(func(*http.Request) *http.Response {
			t.Error(name, "was sent twice")
			return reply(200, `""`)
		}))
		var f *fault.Error
		require.ErrorAs(t, call(c), &f, name)
		assert.True(t, f.Ambiguous)
	}
	for name, call := range map[string]func(c *Client) error{
		"put user":  func(c *Client) error { return c.PutUser(ctx, Local, "u", UserForm{}) },
		"put group": func(c *Client) error { return c.PutGroup(ctx, "g", GroupForm{}) },
	} {
		c := newCluster(t, Config{}, lossy(func(*http.Request) *http.Response { return reply(200, `""`) }))
		require.NoError(t, call(c), name)
	}
}

func TestWhoAmI(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"domain":"anonymous","roles":[]}`, `{"id":"","domain":"anonymous"}`} {
		c := fakeCluster(t, func(*http.Request) (int, string) { return 200, body })
		_, err := c.WhoAmI(t.Context())
		assert.Equal(t, fault.Unauthenticated, fault.KindOf(err))
	}
	c := fakeCluster(t, func(*http.Request) (int, string) {
		return 200, `{"id":"u","domain":"local","name":"U","roles":[{"role":"admin"}],"password_change_date":"2026-07-08T09:10:11+02:00"}`
	})
	me, err := c.WhoAmI(t.Context())
	require.NoError(t, err)
	me.PasswordChanged = me.PasswordChanged.UTC()
	assert.Equal(t, Identity{
		ID: "u", Domain: Local, Name: "U", Roles: []Role{{Name: "admin"}}, PasswordChanged: time.Date(2026, 7, 8, 7, 10, 11, 0, time.UTC),
	}, me)
}

// TestForms: what is left out of a form, and what is not.
func TestForms(t *testing.T) {
	t.Parallel()
	read := User{
		ID: "u", Domain: Local, Name: new(""), Groups: []string{"b", "a"}, Locked: new(true), TemporaryPassword: new(false),
		Roles: []HeldRole{
			{Role: Role{Name: "admin"}, Origins: []Origin{{Type: "user"}, {Type: "group", Name: "a"}}},
			{Role: Role{Name: "ro_admin"}, Origins: []Origin{{Type: "group", Name: "a"}}},
			{Role: Role{Name: "data_reader", Scope: "b:s"}, Origins: []Origin{{Type: "user"}}},
		},
	}
	form, _ := read.Form().values()
	assert.Equal(t, "groups=b%2Ca&locked=true&name=&roles=admin%2Cdata_reader%5Bb%3As%5D&temporaryPassword=false", form.Encode())
	old := User{ID: "u", Domain: Local}
	form, _ = old.Form().values()
	assert.Equal(t, "roles=", form.Encode(), "a server gets only what it has shown to know")
	read.Domain = External
	form, _ = read.Form().values()
	assert.NotContains(t, form.Encode(), "locked")
	group := Group{ID: "g", Description: new("d"), LDAPGroupRef: new("cn=g"), Roles: []Role{{Name: "admin"}}}
	assert.Equal(t, GroupForm{Description: new("d"), LDAPGroupRef: new("cn=g"), Roles: []Role{{Name: "admin"}}}, group.Form())
}

// TestDates: a date that nobody can read hides no user.
func TestDates(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		`"2026-07-08T09:10:11Z"`:      time.Date(2026, 7, 8, 9, 10, 11, 0, time.UTC),
		`"2026-07-08T09:10:11+02:00"`: time.Date(2026, 7, 8, 7, 10, 11, 0, time.UTC),
		`"2023-05-06T07:08:09.000Z"`:  time.Date(2023, 5, 6, 7, 8, 9, 0, time.UTC),
		`"yesterday"`:                 {}, `7`: {}, `null`: {},
	} {
		c := fakeCluster(t, func(*http.Request) (int, string) {
			return 200, `{"id":"u","domain":"local","password_change_date":` + text + `,"last_activity_time":` + text + `}`
		})
		user, err := c.GetUser(t.Context(), Local, "u")
		require.NoError(t, err)
		assert.Equal(t, want, user.PasswordChanged.UTC(), text)
		assert.Equal(t, want, user.LastActivity.UTC(), text)
	}
}

func TestServer(t *testing.T) {
	t.Parallel()
	c := fakeCluster(t, func(*http.Request) (int, string) {
		return 200, `{"implementationVersion":"7.6.4-5146-community","isEnterprise":false,"uuid":[]}`
	})
	server, err := c.Server(t.Context())
	require.NoError(t, err)
	assert.Equal(t, Server{Version: "7.6.4-5146-community"}, server)
	for version, want := range map[[2]int]bool{{7, 6}: true, {7, 5}: true, {6, 9}: true, {7, 7}: false, {8, 0}: false} {
		assert.Equal(t, want, server.AtLeast(version[0], version[1]), version)
	}
	assert.False(t, Server{Version: "unknown"}.AtLeast(0, 0))
}

// TestUserActivityNames: a name that would be read as two is not sent.
func TestUserActivityNames(t *testing.T) {
	t.Parallel()
	c := fakeCluster(t, func(*http.Request) (int, string) {
		t.Error("something was sent")
		return 200, ""
	})
	for _, activity := range []UserActivity{
		{Roles: []string{"ro_admin,admin"}}, {Roles: []string{""}}, {Roles: []string{"ro admin"}},
		{Groups: []string{"dev,ops"}}, {Groups: []string{""}},
	} {
		assert.Equal(t, fault.InvalidArgument, fault.KindOf(c.SetUserActivity(t.Context(), activity)), "%v", activity)
	}
}

func TestUserActivity(t *testing.T) {
	t.Parallel()
	var sent string
	c := fakeCluster(t, func(r *http.Request) (int, string) {
		if r.Method == http.MethodGet {
			return 200, `{"enabled":true,"trackedRoles":["admin"],"trackedGroups":["g"]}`
		}
		body, _ := io.ReadAll(r.Body)
		sent = r.Method + " " + r.URL.Path + " " + string(body)
		return 200, ""
	})
	activity, err := c.UserActivity(t.Context())
	require.NoError(t, err)
	assert.Equal(t, UserActivity{Enabled: true, Roles: []string{"admin"}, Groups: []string{"g"}}, activity)
	require.NoError(t, c.SetUserActivity(t.Context(), UserActivity{Roles: []string{"admin", "ro_admin"}}))
	assert.Equal(t, "POST /settings/security/userActivity enabled=false&trackedGroups=&trackedRoles=admin%2Cro_admin", sent)
}

// TestSecretsStay: what the server repeats of a request does not get far.
func TestSecretsStay(t *testing.T) {
	t.Parallel()
	c := newCluster(t, Config{}, func(r *http.Request) (*http.Response, error) {
		var body []byte
		if r.Body != nil {
			body, _ = io.ReadAll(r.Body)
		}
		return reply(400, `{"errors":{"_":"cannot read `+string(bytes.ReplaceAll(body, []byte(`"`), nil))+` of `+r.Header.Get("Authorization")+`"}}`), nil
	})
	ctx := t.Context()
	for _, err := range []error{
		c.PutUser(ctx, Local, "u", UserForm{Password: new("hunter2!x")}),
		c.PatchUser(ctx, "u", UserPatch{Password: new("hunter2!x")}),
		c.ChangePassword(ctx, "hunter2!x"),
	} {
		var f *fault.Error
		require.ErrorAs(t, err, &f)
		text := fmt.Sprintf("%+v", *f)
		assert.Contains(t, text, "cannot read")
		assert.NotContains(t, text, "hunter2")
		assert.NotContains(t, text, "QWRtaW5pc3RyYXRvcjpwYXNzd29yZA")
	}
}

func TestWaitVisible(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	asked := map[string]int{}
	roundTrip := func(r *http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		if strings.HasSuffix(r.URL.Path, "nodeServices") {
			return reply(200, `{"rev":1,"nodesExt":[{"services":{"mgmtSSL":18091},"thisNode":true},{"services":{"mgmtSSL":18091},"hostname":"node-b"}]}`), nil
		}
		asked[r.URL.Hostname()]++
		if r.URL.Hostname() == "node-b" && asked["node-b"] < 3 {
			return reply(404, `"Unknown user."`), nil
		}
		return reply(200, `{"id":"u","domain":"local"}`), nil
	}
	c := newCluster(t, Config{Discover: true}, roundTrip)
	require.NoError(t, c.WaitVisible(t.Context(), Local, "u"))
	assert.Equal(t, map[string]int{"node-a": 1, "node-b": 3}, asked)

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	c = fakeCluster(t, func(*http.Request) (int, string) { return 404, `"Unknown user."` })
	err := c.WaitVisible(ctx, Local, "u")
	assert.Equal(t, fault.Canceled, fault.KindOf(err))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	c = fakeCluster(t, func(*http.Request) (int, string) { return 403, `{"message":"Forbidden."}` })
	assert.Equal(t, fault.PermissionDenied, fault.KindOf(c.WaitVisible(t.Context(), Local, "u")))
}
