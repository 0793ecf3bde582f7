package aistore

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transcript"
	"github.com/usermgmt/usermgmt/internal/transport"
)

const recordings = "../../testdata/aistore"

// equivalent lists the recordings that our requests differ from in members
// that the server takes no notice of, which [withoutIdle] leaves out.
var equivalent = []string{
	"21-set-password",            // ours has no id and no empty roles beside pass
	"26-update-user-missing",     // the same
	"64-update-cluster-by-alias", // ours has empty urls, like 48-update-cluster
}

// refused lists what our client refuses without asking the server. The
// recording shows what the server would have said.
var refused = []string{
	"03-login-expiry-too-short", "19-create-user-bad-id", "20-create-user-empty-password", "56-create-user-unicode-id",
}

// setUp is how many exchanges come before the operation.
var setUp = map[string]int{"55-token-outlives-deleted-user": 1}

// TestRecordings has the client do what was recorded on a real server: the
// requests must be the same, and what comes of them what the recording tells.
func TestRecordings(t *testing.T) {
	t.Parallel()
	scenarios, err := transcript.LoadAll(os.DirFS(recordings))
	require.NoError(t, err)
	require.Len(t, scenarios, 69)
	for _, s := range scenarios {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			p := newPlayer(t, s)
			p.play()
			require.NoError(t, p.replay.Err())
		})
	}
}

// player plays one scenario.
type player struct {
	*testing.T

	name      string
	operation string
	args      args
	given     given
	expect    string
	exchanges []transcript.Exchange
	tokens    map[int]recordedToken // by the exchange that issued it
	replay    *transcript.Replay
	address   string
}

// args are the arguments of an operation.
type args struct {
	ID             string       `json:"id"`
	Name           string       `json:"name"`
	Username       string       `json:"username"`
	Password       *string      `json:"password"`
	Roles          *[]string    `json:"roles"`
	ExpiresIn      string       `json:"expires_in"`
	Description    string       `json:"description"`
	Admin          bool         `json:"admin"`
	Cluster        string       `json:"cluster"`
	Bucket         string       `json:"bucket"`
	Permissions    []string     `json:"permissions"`
	Clusters       []clusterArg `json:"clusters"`
	Alias          string       `json:"alias"`
	URLs           []string     `json:"urls"`
	ExpirationTime string       `json:"expiration_time"`
}

type clusterArg struct {
	ID          string `json:"id"`
	Permissions string `json:"permissions"`
}

// given is the state before the first exchange.
type given struct {
	Roles []Role `json:"roles"`
}

// recordedToken is what a recording says of a masked token.
type recordedToken struct {
	text     string // put in place of the mask
	Subject  string
	Admin    bool
	Lifetime time.Duration
	Clusters []ClusterACL
	Buckets  []BucketACL
}

// issuedAt stands for the moment of the recorded logins.
var issuedAt = time.Date(2026, 8, 21, 12, 0, 0, 0, time.UTC)

func newPlayer(t *testing.T, s *transcript.Scenario) *player {
	t.Helper()
	p := &player{
		T: t, name: s.Name, operation: s.Operation.Name, expect: s.Expect.Kind,
		exchanges: s.Exchanges, tokens: map[int]recordedToken{},
	}
	require.NoError(t, json.Unmarshal(s.Operation.Args, &p.args))
	var state struct {
		Given     given `json:"given"`
		Exchanges []struct {
			Response struct {
				Token *struct {
					Claims jsontext.Value `json:"claims"`
				} `json:"token_decoded"`
			} `json:"response"`
		} `json:"exchanges"`
	}
	require.NoError(t, s.Decode(&state))
	p.given = state.Given
	for i, e := range state.Exchanges {
		if e.Response.Token != nil {
			p.unmask(i, e.Response.Token.Claims)
		}
	}
	rules := transcript.Rules{Headers: []string{"Authorization", "Content-Type", "X-Amz-Security-Token", "Cookie"}}
	if slices.Contains(equivalent, s.Name) {
		rules.Normalize = withoutIdle
	}
	p.replay = transcript.NewReplay(p.exchanges, rules)
	server := httptest.NewServer(p.replay)
	t.Cleanup(server.Close)
	p.address = server.URL
	return p
}

// unmask puts a token with the recorded claims in place of the mask in the
// answer of exchange i.
func (p *player) unmask(i int, masked jsontext.Value) {
	var c struct {
		Subject  string       `json:"sub"`
		Admin    bool         `json:"admin"`
		Expires  string       `json:"exp"`
		Clusters []ClusterACL `json:"clusters"`
		Buckets  []BucketACL  `json:"buckets"`
	}
	require.NoError(p, json.Unmarshal(masked, &c))
	seconds := strings.TrimSuffix(strings.TrimPrefix(c.Expires, "<iat+"), ">")
	lifetime, err := time.ParseDuration(seconds + "s")
	require.NoError(p, err)
	payload := strings.NewReplacer(
		`"`+c.Expires+`"`, fmt.Sprint(issuedAt.Add(lifetime).Unix()),
		`"<now>"`, fmt.Sprint(issuedAt.Unix()),
	).Replace(string(masked))
	text := jwt(payload)
	p.tokens[i] = recordedToken{text, c.Subject, c.Admin, lifetime, c.Clusters, c.Buckets}
	p.exchanges[i].Response.Body = jsontext.Value(fmt.Sprintf(`{"token":%q}`, text))
}

// withoutIdle removes members that the server takes no notice of.
func withoutIdle(r *transcript.Request) error {
	var members map[string]jsontext.Value
	if r.Method != http.MethodPut {
		return nil
	}
	if err := json.Unmarshal(r.Body, &members); err != nil {
		return err
	}
	if strings.HasPrefix(r.Path, "/v1/users/") {
		delete(members, "id")
	}
	for _, list := range []string{"roles", "urls"} {
		if string(members[list]) == "[]" {
			delete(members, list)
		}
	}
	body, err := json.Marshal(members)
	r.Body = body
	return err
}

func (p *player) play() {
	if p.operation == "raw" {
		p.playRaw()
		return
	}
	for range setUp[p.name] {
		p.proof()
	}
	run := operations[p.operation]
	require.NotNil(p, run, "unknown operation %s", p.operation)
	err := run(p, p.client())
	p.check(err)
	if slices.Contains(refused, p.name) {
		assert.Zero(p, p.replay.Served(), "refused before anything is sent")
		assert.False(p, asFault(p, err).FromServer)
		p.playRaw() // what the server would have said is the same
		return
	}
	for p.replay.Served() < len(p.exchanges) {
		p.proof()
	}
}

// check compares what came of the operation with the expectation.
func (p *player) check(err error) {
	if p.expect == "ok" {
		require.NoError(p, err)
		return
	}
	f := asFault(p, err)
	assert.Equal(p, p.expect, strings.ReplaceAll(f.Kind.String(), " ", "_"), f.Error())
	assert.NotContains(p, f.Error(), "<token", "no token in an error")
	assert.NotContains(p, f.Error(), "not-a-jwt", "no token in an error")
}

// client returns a client with the token of the exchanges that come now.
func (p *player) client() *Client {
	var config Config
	for _, e := range p.exchanges[p.replay.Served():] {
		if token, found := strings.CutPrefix(e.Request.Headers["Authorization"], "Bearer "); found {
			config.Credential = static(Credential{Token: token})
			break
		}
	}
	return newClient(p, p.address, config)
}

// answer returns the body of the answer given last.
func (p *player) answer() string {
	served := p.replay.Served()
	require.Positive(p, served)
	require.LessOrEqual(p, served, len(p.exchanges))
	return string(p.exchanges[served-1].Response.Body)
}

// operations is how each operation of the recordings is done by the client,
// with checks of the result.
var operations = map[string]func(p *player, c *Client) error{
	"login": func(p *player, c *Client) error {
		var ttl *time.Duration
		if p.args.ExpiresIn != "" {
			d, err := time.ParseDuration(p.args.ExpiresIn)
			require.NoError(p, err)
			ttl = &d
		}
		return p.login(c, p.args.Username, *p.args.Password, ttl)
	},
	"logout": func(p *player, c *Client) error {
		_, err := c.session.Grant(p.Context(), nil)
		require.NoError(p, err)
		err = c.Logout(p.Context())
		assert.Nil(p, c.session.Current(), "the token is forgotten")
		return err
	},
	"users.list": func(p *player, c *Client) error {
		users := map[string]User{}
		for user, err := range c.ListUsers(p.Context()) {
			if err != nil {
				return err
			}
			users[user.ID] = user
		}
		assert.JSONEq(p, p.answer(), wire(p, users))
		return nil
	},
	"users.get": func(p *player, c *Client) error { return p.getUser(c, p.args.ID) },
	"users.create": func(p *player, c *Client) error {
		roles, err := lookUp(p.Context(), c, *p.args.Roles)
		if err != nil {
			return err
		}
		return c.CreateUser(p.Context(), p.args.ID, *p.args.Password, roles)
	},
	"users.update": func(p *player, c *Client) error {
		patch := UserPatch{Password: p.args.Password}
		if p.args.Roles != nil {
			roles, err := lookUp(p.Context(), c, *p.args.Roles)
			if err != nil {
				return err
			}
			patch.Roles = &roles
		}
		return c.UpdateUser(p.Context(), p.args.ID, patch)
	},
	"users.delete": func(p *player, c *Client) error { return c.DeleteUser(p.Context(), p.args.ID) },
	"roles.list":   func(p *player, c *Client) error { return p.listRoles(c) },
	"roles.get":    func(p *player, c *Client) error { return p.getRole(c, p.args.Name) },
	"roles.create": func(p *player, c *Client) error {
		role := p.role()
		if p.args.Cluster != "" {
			cluster, err := c.GetCluster(p.Context(), p.args.Cluster)
			require.NoError(p, err)
			perm, err := ParsePerm(strings.Join(p.args.Permissions, ","))
			require.NoError(p, err)
			if p.args.Bucket == "" {
				role.Clusters = []ClusterACL{{ID: cluster.ID, Perm: perm}}
			} else {
				bucket := Bucket{Name: p.args.Bucket, Provider: "ais", Namespace: Namespace{UUID: cluster.ID}}
				role.Buckets = []BucketACL{{Bucket: bucket, Perm: perm}}
			}
		}
		return c.CreateRole(p.Context(), role)
	},
	"roles.update":    func(p *player, c *Client) error { return c.UpdateRole(p.Context(), p.role()) },
	"roles.delete":    func(p *player, c *Client) error { return c.DeleteRole(p.Context(), p.args.Name) },
	"clusters.list":   func(p *player, c *Client) error { return p.listClusters(c) },
	"clusters.get":    func(p *player, c *Client) error { return p.getCluster(c, p.args.ID) },
	"clusters.update": func(p *player, c *Client) error { return c.UpdateCluster(p.Context(), p.cluster()) },
	"config.get":      func(p *player, c *Client) error { return p.getConfig(c) },
	"keys.rotate":     func(p *player, c *Client) error { return c.RotateKey(p.Context()) },
	"keys.get":        func(p *player, c *Client) error { return p.keys(c) },
	"clusters.register": func(p *player, c *Client) error {
		return c.RegisterCluster(p.Context(), p.cluster())
	},
	"clusters.unregister": func(p *player, c *Client) error {
		return c.DeleteCluster(p.Context(), p.args.ID)
	},
	"config.set": func(p *player, c *Client) error {
		ttl, err := time.ParseDuration(p.args.ExpirationTime)
		require.NoError(p, err)
		return c.SetConfig(p.Context(), ConfigPatch{TokenTTL: &ttl})
	},
}

// role returns the role that the arguments describe, with the permissions of
// the given one of that name if they have none.
func (p *player) role() Role {
	role := Role{Name: p.args.Name, Description: p.args.Description, Admin: p.args.Admin}
	for _, r := range p.given.Roles {
		if r.Name == role.Name && p.args.Clusters == nil {
			role = r
		}
	}
	for _, cluster := range p.args.Clusters {
		perm, err := ParsePerm(cluster.Permissions)
		require.NoError(p, err)
		role.Clusters = append(role.Clusters, ClusterACL{ID: cluster.ID, Perm: perm})
	}
	return role
}

func (p *player) cluster() Cluster {
	return Cluster{ID: p.args.ID, Alias: p.args.Alias, URLs: p.args.URLs}
}

func lookUp(ctx context.Context, c *Client, names []string) ([]Role, error) {
	roles := []Role{}
	for _, name := range names {
		role, err := c.GetRole(ctx, name)
		if err != nil {
			return nil, err
		}
		roles = append(roles, role)
	}
	return roles, nil
}

// proof does what the next exchange shows, which is a look at what came of
// the operation, and compares the result.
func (p *player) proof() {
	next := p.replay.Served()
	e, c := p.exchanges[next], p.client()
	_, rest, _ := strings.Cut(e.Request.Path, "/v1/")
	collection, name, _ := strings.Cut(rest, "/")
	var err error
	switch e.Request.Method + " " + collection {
	case "GET users":
		err = p.getUser(c, name)
	case "POST users":
		var body loginBody
		require.NoError(p, json.Unmarshal(e.Request.Body, &body))
		err = p.login(c, name, body.Password, nil)
	case "DELETE users":
		err = c.DeleteUser(p.Context(), name)
	case "GET roles":
		if name == "" {
			err = p.listRoles(c)
		} else {
			err = p.getRole(c, name)
		}
	case "GET clusters":
		err = p.getCluster(c, name)
	case "GET daemon":
		err = p.getConfig(c)
	default:
		require.Fail(p, "no call for this exchange", "%s %s", e.Request.Method, e.Request.Path)
	}
	kinds := map[int]fault.Kind{401: fault.Unauthenticated, 404: fault.NotFound}
	if want, fails := kinds[e.Response.Status]; fails {
		assertKind(p, want, err)
	} else {
		require.NoError(p, err)
	}
	require.Greater(p, p.replay.Served(), next, "nothing was sent")
}

func (p *player) login(c *Client, user, password string, ttl *time.Duration) error {
	token, err := c.Login(p.Context(), user, password, ttl)
	if err != nil {
		return err
	}
	want := p.tokens[p.replay.Served()-1]
	assert.Equal(p, Token{
		Token: want.text, Subject: user, Admin: want.Admin, IssuedAt: issuedAt, ExpiresAt: issuedAt.Add(want.Lifetime),
		Clusters: want.Clusters, Buckets: want.Buckets,
	}, token)
	return nil
}

func (p *player) getUser(c *Client, id string) error {
	user, err := c.GetUser(p.Context(), id)
	if err != nil {
		return err
	}
	assert.JSONEq(p, p.answer(), wire(p, user))
	return nil
}

func (p *player) getRole(c *Client, name string) error {
	role, err := c.GetRole(p.Context(), name)
	if err != nil {
		return err
	}
	assert.JSONEq(p, p.answer(), wire(p, role))
	return nil
}

func (p *player) listRoles(c *Client) error {
	roles, err := c.ListRoles(p.Context())
	if err != nil {
		return err
	}
	var want []Role
	require.NoError(p, json.Unmarshal([]byte(p.answer()), &want))
	assert.ElementsMatch(p, want, roles)
	assert.True(p, slices.IsSortedFunc(roles, func(a, b Role) int { return strings.Compare(a.Name, b.Name) }))
	return nil
}

func (p *player) getCluster(c *Client, idOrAlias string) error {
	cluster, err := c.GetCluster(p.Context(), idOrAlias)
	if err != nil {
		return err
	}
	assert.JSONEq(p, p.answer(), wire(p, clusterList{map[string]Cluster{cluster.ID: cluster}}))
	return nil
}

func (p *player) listClusters(c *Client) error {
	clusters, err := c.ListClusters(p.Context())
	if err != nil {
		return err
	}
	var want clusterList
	require.NoError(p, json.Unmarshal([]byte(p.answer()), &want))
	require.Len(p, clusters, len(want.Clusters))
	for _, cluster := range clusters {
		assert.Equal(p, want.Clusters[cluster.ID], cluster)
	}
	assert.True(p, slices.IsSortedFunc(clusters, func(a, b Cluster) int { return strings.Compare(a.ID, b.ID) }))
	return nil
}

func (p *player) getConfig(c *Client) error {
	got, err := c.GetConfig(p.Context())
	if err != nil {
		return err
	}
	var want ServerConfig
	want.Auth.ExpirationTime, want.Auth.MaxTokenAge = Duration(24*time.Hour), Duration(2160*time.Hour)
	want.Log.Level, want.Net.ExternalURL = "3", "http://127.0.0.1:52001"
	switch p.name {
	case "50-get-config":
		want.Auth.Secret = "a-test-hmac-secret"
	case "51-set-config":
		want.Auth.ExpirationTime = Duration(2 * time.Hour)
	}
	assert.Equal(p, want, got)
	return nil
}

// keys asks for all the keys that the recording asks for.
func (p *player) keys(c *Client) error {
	if p.expect == "ok" {
		document, err := c.Discovery(p.Context())
		require.NoError(p, err)
		assert.JSONEq(p, p.answer(), wire(p, document))
		set, err := c.JWKS(p.Context())
		require.NoError(p, err)
		assert.JSONEq(p, p.answer(), string(set))
		return nil
	}
	_, err := c.JWKS(p.Context())
	p.check(err)
	_, err = c.PublicKey(p.Context())
	p.check(err)
	return c.RotateKey(p.Context())
}

// playRaw sends the recorded requests as they are, for what the server does
// with requests that the client never makes.
func (p *player) playRaw() {
	c := p.client()
	for _, e := range p.exchanges {
		r := &transport.Request{
			Method: e.Request.Method, Path: strings.Split(strings.TrimPrefix(e.Request.Path, "/"), "/"),
			Anonymous: e.Request.Headers["Authorization"] == "",
		}
		if body, err := transcript.Canonical(e.Request.Body); assert.NoError(p, err) && body != "" {
			r.Body = []byte(body)
		}
		answer, err := c.http.Do(p.Context(), r)
		if e.Response.Status == 200 {
			require.NoError(p, err)
			assert.Equal(p, e.Response.Status, answer.Status)
			continue
		}
		p.check(err)
		assert.Equal(p, e.Response.Status, asFault(p, err).Status)
	}
}
