package juju

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/rpc"
	"github.com/usermgmt/usermgmt/internal/transport"
)

const recordings = "../../testdata/juju"

// scenario is a recording.
type scenario struct {
	Name      string `json:"scenario"`
	Operation struct {
		Name string `json:"name"`
		Args args   `json:"args"`
	} `json:"operation"`
	Server  string `json:"server"`
	LoginAs string `json:"login-as"`
	Given   struct {
		Users []struct {
			Name     string `json:"name"`
			Password string `json:"password"`
			Access   string `json:"access"`
		} `json:"users"`
	} `json:"given"`
	Exchanges []exchange `json:"exchanges"`
	Expect    struct {
		Kind           string            `json:"kind"`
		SecretKey      *bool             `json:"secret-key"`
		Names          []string          `json:"names"`
		Members        map[string]string `json:"members"`
		Users          map[string]string `json:"users"`
		Enabled        *bool             `json:"enabled"`
		Username       string            `json:"username"`
		LastConnection jsontext.Value    `json:"last-connection"`
		Access         []string          `json:"access"`
		OK             []int             `json:"ok"`
		Failed         []int             `json:"failed"`
	} `json:"expect"`
}

// args are the arguments of an operation.
type args struct {
	Username        string   `json:"username"`
	Password        string   `json:"password"`
	DisplayName     string   `json:"display_name"`
	IncludeDisabled bool     `json:"include_disabled"`
	Level           string   `json:"acl"`
	Action          string   `json:"action"`
	ModelName       string   `json:"model_name"`
	ModelUUID       string   `json:"model_uuid"`
	OfferURL        string   `json:"offer_url"`
	Cloud           string   `json:"cloud"`
	Usernames       []string `json:"usernames"`
	Tags            []string `json:"tags"`
	ClientID        string   `json:"client_id"`
	ClientSecret    string   `json:"client_secret"`
}

// exchange is a recorded frame with its answer; null is a connection that was
// closed in its place.
type exchange struct {
	Request  jsontext.Value `json:"request"`
	Response jsontext.Value `json:"response"`
}

// refusedHere lists what our client refuses without asking the controller.
// The recorded frame is sent all the same, to try its answer.
var refusedHere = []string{
	"08-add-user-invalid-name", "20-set-password-empty", "35-grant-controller-level-not-valid", "42-grant-model-level-not-valid",
	"49-add-user-one-letter", "50-add-user-external", "51-remove-external", "54-grant-offer-level-not-valid",
	"58-unknown-facade", "59-model-facade-on-controller-connection",
}

// withoutLogin lists what no client sends that logs in first, as ours does.
var withoutLogin = []string{"61-old-client-login", "62-call-before-login"}

// TestRecordings has the client do what was recorded: the frames must be the
// same, and what comes of them what the recording tells.
func TestRecordings(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(recordings + "/*.json")
	require.NoError(t, err)
	require.Len(t, files, 68)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		var s scenario
		require.NoError(t, json.Unmarshal(data, &s), file)
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			p := newPlayer(t, &s)
			p.play()
			p.mu.Lock()
			defer p.mu.Unlock()
			assert.Equal(t, len(s.Exchanges), p.next, "all frames were sent")
		})
	}
}

// player plays a scenario. It is its controller, too.
type player struct {
	*testing.T
	*scenario

	ctx    context.Context
	client *Client
	login  jsontext.Value // what a login is answered with that was not recorded

	mu   sync.Mutex
	next int // exchange
}

func newPlayer(t *testing.T, s *scenario) *player {
	t.Helper()
	p := &player{T: t, scenario: s, ctx: t.Context(), login: loginAnswerOf(t, s)}
	version := "3.5.2.0" // what the recorded client said
	if strings.HasPrefix(s.Server, "4.") {
		version = s.Server
	}
	p.client = connect(t, listen(t, p.reply).address(), func(c *Config) {
		c.ClientVersion = version
		c.Credential = func(context.Context) (Credential, error) { return p.credential(), nil }
		if slices.Contains(withoutLogin, s.Name) {
			c.Retry.MaxAttempts = 1
		}
	})
	return p
}

// loginAnswerOf returns the recorded answer to a login, for another user and
// version.
func loginAnswerOf(t *testing.T, s *scenario) jsontext.Value {
	t.Helper()
	data, err := os.ReadFile(recordings + "/01-login-password.json")
	require.NoError(t, err)
	var first scenario
	require.NoError(t, json.Unmarshal(data, &first))
	var answer map[string]map[string]any
	var raw struct {
		Response map[string]any `json:"response"`
	}
	require.NoError(t, json.Unmarshal(first.Exchanges[0].Response, &raw))
	answer = map[string]map[string]any{"response": raw.Response}
	info := map[string]any{"identity": "user-admin", "controller-access": "superuser", "display-name": ""}
	if s.LoginAs != "" {
		info["identity"] = "user-" + s.LoginAs
		for _, u := range s.Given.Users {
			if u.Name == s.LoginAs {
				info["controller-access"] = u.Access
			}
		}
	}
	answer["response"]["user-info"] = info
	answer["response"]["server-version"] = s.Server
	if strings.HasPrefix(s.Server, "4.") {
		answer["response"]["facades"] = []map[string]any{{"name": "UserManager", "versions": []int{3}}, {"name": "ModelManager", "versions": []int{10, 11}}}
	}
	out, err := json.Marshal(answer["response"])
	require.NoError(t, err)
	return out
}

func (p *player) credential() Credential {
	a := p.Operation.Args
	if p.Operation.Name == "login" {
		return Credential{Username: a.Username, Password: a.Password, ClientID: a.ClientID, ClientSecret: a.ClientSecret}
	}
	for _, u := range p.Given.Users {
		if u.Name == p.LoginAs {
			return Credential{Username: u.Name, Password: u.Password}
		}
	}
	return Credential{Username: "admin", Password: "sekrit"}
}

// reply plays the recorded controller.
func (p *player) reply(f frame, raw []byte) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next >= len(p.Exchanges) {
		if p.Name == "68-connection-drop-get-users" { // the library does not ask again, as it should
			return ok(`{"results":null}`)
		}
		assert.Fail(p, "a frame too many", "%s", raw)
		return ""
	}
	e := p.Exchanges[p.next]
	var recorded frame
	if !p.works(json.Unmarshal(e.Request, &recorded)) {
		return ""
	}
	if f.Type == "Admin" && recorded.Type != "Admin" { // recordings leave the login out
		return ok(string(p.login))
	}
	p.next++
	assert.Equal(p, p.frame(e.Request), p.frame(raw))
	if string(e.Response) == "null" {
		return ""
	}
	var answer map[string]jsontext.Value
	if !p.works(json.Unmarshal(e.Response, &answer)) {
		return ""
	}
	delete(answer, "request-id")
	data, err := json.Marshal(answer)
	if !p.works(err) {
		return ""
	}
	return strings.TrimSuffix(strings.TrimPrefix(string(data), "{"), "}")
}

// works reports whether there is no error, from any goroutine.
func (p *player) works(err error) bool { return assert.NoError(p, err) }

// frame returns a request in a form in which equal ones are equal: without its
// number, and without the client version where the recording leaves it out.
func (p *player) frame(data []byte) map[string]any {
	var f map[string]any
	if !p.works(json.Unmarshal(data, &f)) {
		return nil
	}
	delete(f, "request-id")
	if params, isObject := f["params"].(map[string]any); isObject && p.Name == "66-jaas-password-login" {
		delete(params, "client-version")
	}
	return f
}

// play carries the operation out and looks at what comes of it.
func (p *player) play() {
	p.Helper()
	if slices.Contains(withoutLogin, p.Name) {
		p.expect(p.bare())
		return
	}
	err := p.operation()
	p.expect(err)
	if !slices.Contains(refusedHere, p.Name) {
		return
	}
	f, isFault := asFault(err)
	require.True(p, isFault)
	assert.False(p, f.FromServer, "it was not sent")
	err = p.raw()
	if p.Name == "51-remove-external" {
		assertKind(p.T, fault.NotFound, err) // the controller does not know them
		return
	}
	p.expect(err)
}

// expect compares the kind of an outcome.
func (p *player) expect(err error) {
	p.Helper()
	if p.Expect.Kind == "ok" || p.Expect.Kind == "partial" {
		require.NoError(p, err)
		return
	}
	f, isFault := asFault(err)
	require.True(p, isFault, "%v", err)
	assert.Equal(p, p.Expect.Kind, strings.ReplaceAll(f.Kind.String(), " ", "-"), "%v", err)
	assert.False(p, f.Ambiguous)
}

// bare sends the recorded frame to a controller that nobody logged in to.
func (p *player) bare() error {
	var failure *fault.Error
	c, err := rpc.New(rpc.Config[*Session]{
		Addresses: []string{listen(p.T, p.reply).address()}, Classify: classify,
		Handshake: func(ctx context.Context, conn *rpc.Conn) (*Session, error) {
			_, err := conn.Call(ctx, p.recorded())
			failure, _ = asFault(err)
			return &Session{}, nil
		},
	})
	require.NoError(p, err)
	defer c.Close()
	_, err = c.Session(p.ctx)
	require.NoError(p, err)
	return failure
}

// recorded returns the frame that comes next.
func (p *player) recorded() *rpc.Request {
	var f frame
	require.NoError(p, json.Unmarshal(p.Exchanges[p.next].Request, &f))
	return &rpc.Request{Facade: f.Type, Version: f.Version, Method: f.Request, Params: f.Params}
}

// raw sends the recorded frame as it is.
func (p *player) raw() error {
	return p.client.rpc.Do(p.ctx, rpc.Call[*Session]{
		Request: func(*Session) (*rpc.Request, error) { return p.recorded(), nil },
		Read: func(s *Session, data jsontext.Value) error {
			var answer results[outcome]
			require.NoError(p, transport.Decode(data, &answer))
			return s.judge(request{}, subject{}, *answer.Results[0].Error)
		},
	})
}

// operation carries the operation out, with the calls that the recorded
// library makes for it.
func (p *player) operation() error {
	p.Helper()
	a := p.Operation.Args
	switch name := p.Operation.Name; name {
	case "login":
		return p.logIn()
	case "add_user":
		return p.addUser()
	case "get_users":
		return p.listUsers()
	case "get_user", "get_current_user":
		return p.getUser()
	case "user.set_password", "change_user_password":
		if err := p.first(); err != nil {
			return err
		}
		return p.client.SetPassword(p.ctx, a.Username, a.Password)
	case "reset_user_password":
		return p.resetPassword()
	case "user.enable":
		require.NoError(p, p.first())
		_, err := one(p.client.EnableUsers(p.ctx, a.Username))
		return err
	case "user.disable", "disable_user":
		require.NoError(p, p.first())
		_, err := one(p.client.DisableUsers(p.ctx, a.Username))
		return err
	case "remove_user":
		return p.client.RemoveUser(p.ctx, a.Username)
	case "EnableUser":
		return p.enableMany()
	case "rpc":
		return p.call()
	default:
		if done, err := p.read(); done {
			return err
		}
		return p.modify()
	}
}

// first looks the user up, where the library has a user object for it.
func (p *player) first() error {
	if !strings.HasPrefix(p.Operation.Name, "user.") {
		return nil
	}
	_, err := p.client.User(p.ctx, p.Operation.Args.Username)
	return err
}

func (p *player) logIn() error {
	s, err := p.client.Session(p.ctx)
	if err != nil {
		return err
	}
	assert.Equal(p, p.Server, s.ServerVersion)
	assert.Equal(p, "deadbeef-1bad-500d-9000-4b1d0d06f00d", s.ControllerUUID)
	switch p.Name {
	case "01-login-password":
		assert.True(p, s.Superuser())
		assert.Equal(p, []string{"10.20.30.40:17070", "127.0.0.1:17070"}, s.Servers)
		assert.Equal(p, map[string]int{"UserManager": 3, "Controller": 11, "ModelManager": 9, "ApplicationOffers": 4, "Cloud": 7, "Pinger": 1}, s.Versions())
		models, err := p.client.ModelSummaries(p.ctx, s.Identity, false)
		require.NoError(p, err)
		require.Len(p, models, 3)
		infos, err := p.client.APIInfoForModels(p.ctx, models[0].Value.UUID)
		require.NoError(p, err)
		assert.Equal(p, []string{"10.20.30.40:17070"}, infos[0].Value.Addresses)
	case "04-login-not-superuser":
		assert.Equal(p, "alice", s.Identity)
		assert.Equal(p, "login", s.Access)
		_, err := p.client.ModelSummaries(p.ctx, s.Identity, false)
		require.NoError(p, err)
	case "65-jaas-login-client-credentials":
		assert.Equal(p, "robot@serviceaccount", s.Identity)
		assert.True(p, s.JAAS)
	}
	return nil
}

func (p *player) addUser() error {
	a := p.Operation.Args
	if a.DisplayName == "" {
		a.DisplayName = a.Username // the library's default
	}
	key, err := p.client.AddUser(p.ctx, NewUser{Name: a.Username, DisplayName: a.DisplayName, Password: a.Password})
	if err != nil {
		return err
	}
	assert.Equal(p, a.Username, key.Username)
	assert.Equal(p, *p.Expect.SecretKey, key.Key != nil)
	u, err := p.client.User(p.ctx, a.Username)
	assert.Equal(p, a.Username, u.Name)
	return err
}

func (p *player) resetPassword() error {
	key, err := p.client.ResetPassword(p.ctx, p.Operation.Args.Username)
	if err != nil {
		return err
	}
	assert.Len(p, key.Key, KeySize)
	_, err = p.client.User(p.ctx, p.Operation.Args.Username)
	return err
}

func (p *player) listUsers() error {
	users, err := p.client.ListUsers(p.ctx, p.Operation.Args.IncludeDisabled)
	var names []string
	for _, u := range users {
		names = append(names, u.Name)
	}
	assert.Equal(p, p.Expect.Names, names)
	return err
}

func (p *player) getUser() error {
	name := p.Operation.Args.Username
	if name == "" {
		s, err := p.client.Session(p.ctx)
		require.NoError(p, err)
		name = s.Identity
		assert.Equal(p, p.Expect.Username, name)
	}
	u, err := p.client.User(p.ctx, name)
	if err != nil {
		return err
	}
	assert.Equal(p, name, u.Name)
	assert.False(p, u.Created.IsZero())
	if p.Expect.Enabled != nil {
		assert.Equal(p, *p.Expect.Enabled, !u.Disabled)
	}
	if p.Expect.LastConnection != nil {
		assert.Zero(p, u.LastConnection)
	}
	return nil
}

// enableMany names a tag that the client cannot make.
func (p *player) enableMany() error {
	var about []subject
	for _, tag := range p.Operation.Args.Tags {
		about = append(about, subject{tag: tag, kind: localUser})
	}
	r := request{facade: "UserManager", method: "EnableUser", local: true, params: tagged(about)}
	list, err := items(p.ctx, p.client, r, about, nothing)
	require.NoError(p, err)
	var good, bad []int
	for i, item := range list {
		if item.Err == nil {
			good = append(good, i)
		} else {
			bad = append(bad, i)
		}
	}
	assert.Equal(p, p.Expect.OK, good)
	assert.Equal(p, p.Expect.Failed, bad)
	assertKind(p.T, fault.NotFound, list[1].Err)
	assertKind(p.T, fault.InvalidArgument, list[2].Err)
	return nil
}

// call calls a method that the client does not have.
func (p *player) call() error {
	r := p.recorded()
	return send(p.ctx, p.client, request{facade: r.Facade, method: r.Method, params: same(r.Params)}, func(*Session, jsontext.Value) error { return nil })
}

// read carries out the operations that only read.
func (p *player) read() (done bool, err error) {
	p.Helper()
	a := p.Operation.Args
	switch p.Operation.Name {
	case "list_models":
		models, err := p.client.ModelSummaries(p.ctx, "admin", false)
		var names []string
		for _, m := range models {
			names = append(names, m.Value.Name)
		}
		assert.ElementsMatch(p, p.Expect.Names, names)
		return true, err
	case "get_model_info":
		m, err := one(p.client.ModelInfo(p.ctx, a.ModelUUID))
		p.members(m.Users)
		assert.Equal(p, "fred/prod", m.FullName())
		return true, err
	case "ModelUserInfo":
		users, err := p.client.ModelUsers(p.ctx, a.ModelUUID)
		p.members(users[a.ModelUUID])
		return true, err
	case "list_offers":
		offers, err := p.client.ListOffers(p.ctx, OfferFilter{Model: a.ModelName})
		require.Len(p, offers, 1)
		got := map[string]string{}
		for _, u := range offers[0].Users {
			got[u.Name] = u.Access
		}
		assert.Equal(p, p.Expect.Users, got)
		assert.Equal(p, "fred/prod.hosted-mysql", offers[0].URL)
		return true, err
	case "GetControllerAccess":
		list, err := p.client.ControllerAccess(p.ctx, a.Usernames...)
		var got []string
		for _, item := range list {
			require.NoError(p, item.Err)
			got = append(got, item.Value)
		}
		assert.Equal(p, p.Expect.Access, got)
		return true, err
	default:
		return false, nil
	}
}

func (p *player) members(users []ModelUser) {
	got := map[string]string{}
	for _, u := range users {
		got[u.Name] = u.Access
	}
	assert.Equal(p, p.Expect.Members, got)
}

// modify grants or revokes.
func (p *player) modify() error {
	p.Helper()
	if err := p.first(); err != nil {
		return err
	}
	a := p.Operation.Args
	on := Object{Kind: OnController}
	switch {
	case a.OfferURL != "":
		on = Object{Kind: OnOffer, ID: a.OfferURL}
	case a.Cloud != "":
		on = Object{Kind: OnCloud, ID: a.Cloud}
	case a.ModelUUID != "":
		on = Object{Kind: OnModel, ID: a.ModelUUID}
	case a.ModelName != "":
		models, err := p.client.ModelSummaries(p.ctx, p.LoginAs, false)
		require.NoError(p, err)
		var all []Model
		for _, item := range models {
			all = append(all, item.Value)
		}
		m, err := FindModel("model_name", a.ModelName, all)
		if err != nil {
			return err
		}
		on = Object{Kind: OnModel, ID: m.UUID}
	}
	if strings.Contains(p.Operation.Name+a.Action, "revoke") {
		return p.client.Revoke(p.ctx, a.Username, on, a.Level)
	}
	require.Contains(p, p.Operation.Name+a.Action, "grant", "the operation is not known")
	changed, err := p.client.Grant(p.ctx, a.Username, on, a.Level)
	if p.Expect.Kind == "already-exists" {
		require.NoError(p, err)
		assert.False(p, changed)
		return fault.New(fault.AlreadyExists, "nothing was changed")
	}
	return err
}
