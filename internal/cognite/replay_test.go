package cognite

import (
	"context"
	"errors"
	"iter"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transcript"
	"github.com/usermgmt/usermgmt/internal/transport"
)

const recordings = "../../testdata/cognite"

// otherwise lists the recordings in which the reference client does what a
// correct client does not, each with what becomes of ours.
var otherwise = map[string]func(t *testing.T, err error, sent int){
	"user update 503 then ok": func(t *testing.T, err error, sent int) {
		t.Helper()
		f := assertKind(t, fault.Unavailable, err)
		assert.True(t, f.Ambiguous)
		assert.Equal(t, 1, sent, "the nonce may be spent")
	},
	"user create without credentials": func(t *testing.T, err error, sent int) {
		t.Helper()
		assertKind(t, fault.InvalidArgument, err)
		assert.Zero(t, sent)
	},
	"user update write object sdk bug": func(t *testing.T, err error, sent int) {
		t.Helper()
		assertKind(t, fault.InvalidArgument, err)
		assert.Zero(t, sent)
	},
}

// TestRecordings has the client do what the reference client did: the requests
// must be the same, and what comes of them what the recording tells. Time is
// faked, so that pauses cost nothing.
func TestRecordings(t *testing.T) {
	t.Parallel()
	scenarios, err := transcript.LoadAll(os.DirFS(recordings))
	require.NoError(t, err)
	require.Len(t, scenarios, 63)
	for _, s := range scenarios {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { newPlayer(t, s).play() })
		})
	}
}

// player plays one scenario.
type player struct {
	*testing.T

	scenario  *transcript.Scenario
	recording recording
	args      args
	exchanges []transcript.Exchange
	replay    *transcript.Replay
	client    *Client
}

// recording is what only the recordings of this system have.
type recording struct {
	Project string `json:"project"`
	Client  struct {
		Auth       string `json:"auth"`
		Name       string `json:"client_name"`
		MaxRetries int    `json:"max_retries"`
	} `json:"client"`
	Exchanges []struct {
		SDKOnly bool `json:"sdk_only"`
	} `json:"exchanges"`
	Expect struct {
		Result    jsontext.Value `json:"result"`
		Ambiguous bool           `json:"ambiguous"`
		Missing   []string       `json:"missing"`
		Outcome   *struct {
			Created []int `json:"created"`
			Deleted []int `json:"deleted"`
			Failed  []int `json:"failed"`
			Unknown []int `json:"unknown"`
		} `json:"outcome"`
	} `json:"expect"`
}

// args are the arguments of an operation.
type args struct {
	Limit     *int      `json:"limit"`
	ChunkSize int       `json:"chunkSize"`
	Calls     int       `json:"calls"`
	Usernames []string  `json:"usernames"`
	Username  string    `json:"username"`
	Ignore    bool      `json:"ignoreUnknownIds"`
	Nonces    []*string `json:"nonces"`
	Items     []struct {
		Username string  `json:"username"`
		Nonce    *string `json:"nonce"`
	} `json:"items"`
	Session *struct {
		ID     string `json:"clientId"`
		Secret string `json:"clientSecret"`
	} `json:"session"`
	Type         SessionType `json:"type"`
	ClientID     string      `json:"clientId"`
	ClientSecret string      `json:"clientSecret"`
	Status       string      `json:"status"`
	IDs          []int64     `json:"ids"`
	All          bool        `json:"all"`
	TableNames   []string    `json:"tablenames"`
}

func newPlayer(t *testing.T, s *transcript.Scenario) *player {
	t.Helper()
	p := &player{T: t, scenario: s}
	require.NoError(t, s.Decode(&p.recording))
	require.NoError(t, json.Unmarshal(s.Operation.Args, &p.args))
	for i, e := range s.Exchanges {
		if !p.recording.Exchanges[i].SDKOnly {
			p.exchanges = append(p.exchanges, e)
		}
	}
	p.replay = transcript.NewReplay(p.exchanges, transcript.Rules{
		Headers:   []string{"Authorization", "Content-Type", "Accept", "X-Cdp-Sdk", "X-Cdp-App", "Cdf-Version", "Cookie"},
		Unordered: s.Unordered,
		Normalize: normalize,
	})
	credential := Credential{Token: "static-token-1"}
	if p.recording.Client.Auth == "oauth2_client_credentials" {
		credential = Credential{
			TokenURL: cluster + "/oauth2/token", ClientID: "idp-app-1", ClientSecret: "s3cret-1",
			Scopes: []string{"https://westeurope-1.cognitedata.com/.default"},
		}
	}
	p.client = newClient(t, p.replay, Config{
		Transport:  transport.Config{Retry: transport.Retry{MaxAttempts: p.recording.Client.MaxRetries + 1}},
		Project:    p.recording.Project,
		ClientName: p.recording.Client.Name,
		Credential: static(credential),
	})
	return p
}

var emptySource = regexp.MustCompile(`"sourceId":\s*"",`)

var sdkName = regexp.MustCompile(`^[A-Za-z-]+:[0-9.]+$`)

// normalize lets pass that bodies are not compressed, and that the library has
// a name of its own.
func normalize(r *transcript.Request) error {
	for name, value := range r.Headers {
		switch {
		case strings.EqualFold(name, "Content-Encoding"):
			delete(r.Headers, name)
		case strings.EqualFold(name, "X-Cdp-Sdk") && sdkName.MatchString(value):
			r.Headers[name] = "<sdk>"
		}
	}
	return nil
}

func (p *player) play() {
	run := operations[p.scenario.Operation.Name]
	require.NotNil(p, run, "unknown operation %s", p.scenario.Operation.Name)
	started := time.Now()
	result, err := run(p)
	if check := otherwise[p.scenario.Name]; check != nil {
		check(p.T, err, p.replay.Served())
		return
	}
	require.NoError(p, p.replay.Err())
	assert.GreaterOrEqual(p, time.Since(started), p.pauses(), "the pauses that the server asked for are made")
	p.checkError(err)
	if want := p.recording.Expect.Result; err == nil && len(want) > 0 && want.Kind() != 'n' {
		// An empty source of a group is none.
		assert.JSONEq(p, emptySource.ReplaceAllString(string(want), ""), wire(p, result))
	}
}

// pauses is how long the server asked to wait before another attempt.
func (p *player) pauses() time.Duration {
	var sum time.Duration
	for _, e := range p.exchanges[:max(0, len(p.exchanges)-1)] {
		if seconds := e.Response.Headers["Retry-After"]; seconds != "" {
			pause, err := time.ParseDuration(seconds + "s")
			require.NoError(p, err)
			sum += pause
		}
	}
	return sum
}

// checkError compares a failure with the expectation.
func (p *player) checkError(err error) {
	if p.scenario.Expect.Kind == "ok" {
		require.NoError(p, err)
		return
	}
	f := asFault(p, err)
	assert.Equal(p, p.scenario.Expect.Kind, strings.ReplaceAll(f.Kind.String(), " ", "_"), f.Error())
	for _, secret := range []string{"s3cret-1", "static-token-1", "tok-1", "n-a", "n-bad", "n-gone", "nonce-401"} {
		assert.NotContains(p, f.Error(), secret)
	}
	if p.recording.Expect.Outcome == nil { // else the list of outcomes tells
		assert.Equal(p, p.recording.Expect.Ambiguous, f.Ambiguous)
		assert.ElementsMatch(p, p.recording.Expect.Missing, missingNames(err))
	}
}

// checkOutcomes compares the outcomes of a bulk call with the expectation.
func checkOutcomes[T any](p *player, outcomes []Outcome[T]) error {
	var done, failed, unknown []int
	var missing []string
	for i, outcome := range outcomes {
		switch {
		case outcome.Err == nil:
			done = append(done, i)
		case asFault(p, outcome.Err).Ambiguous:
			unknown = append(unknown, i)
		default:
			failed = append(failed, i)
			missing = append(missing, missingNames(outcome.Err)...)
		}
	}
	if want := p.recording.Expect.Outcome; want != nil {
		assert.ElementsMatch(p, slices.Concat(want.Created, want.Deleted), done)
		assert.ElementsMatch(p, want.Failed, failed)
		assert.ElementsMatch(p, want.Unknown, unknown)
		assert.ElementsMatch(p, p.recording.Expect.Missing, missing)
	}
	if f := Overall(outcomes, true); f != nil {
		return f
	}
	return nil
}

func missingNames(err error) []string {
	var names []string
	if detail, ok := errors.AsType[*Detail](err); ok {
		for _, item := range detail.Missing {
			names = append(names, item["username"])
		}
	}
	return names
}

func values[T any](outcomes []Outcome[T]) []T {
	list := make([]T, len(outcomes))
	for i, outcome := range outcomes {
		list[i] = outcome.Value
	}
	return list
}

// oneOrAll returns the first of values if the recording expects one object.
func oneOrAll[T any](p *player, list []T) any {
	if p.recording.Expect.Result.Kind() == '{' && len(list) == 1 {
		return list[0]
	}
	return list
}

// shown is a created user as recordings show it.
func shown(made CreatedUser) createdUser {
	return createdUser{User: made.User, Host: made.Host, Password: made.Password}
}

// shownSession is a created session as recordings show it.
func shownSession(made CreatedSession) createdSession {
	return createdSession{Session: made.Session, Nonce: made.Nonce}
}

func collect[T any](p *player, list iter.Seq2[T, error]) ([]T, error) {
	all := []T{}
	for item, err := range list {
		if err != nil {
			return nil, err
		}
		all = append(all, item)
	}
	return all, nil
}

func (p *player) limit() int {
	if p.args.Limit == nil {
		return 0
	}
	return *p.args.Limit
}

// nonce makes the session that the arguments ask for.
func (p *player) nonce() string {
	made, err := p.client.CreateSession(p.Context(), SessionRequest{
		Type: ClientCredentials, ClientID: p.args.Session.ID, ClientSecret: p.args.Session.Secret,
	})
	require.NoError(p, err)
	return made.Nonce
}

// body decodes the body of the first recorded request, for arguments that the
// recording abridges.
func body[T any](p *player) []T {
	var list itemList[T]
	require.NoError(p, transport.Decode(p.exchanges[0].Request.Body, &list))
	return list.Items
}

// operations is how each operation of the recordings is done by the client.
// They return what the recording shows as the result.
var operations = map[string]func(p *player) (any, error){
	"users.list": func(p *player) (any, error) { return collect(p, p.client.ListUsers(p.Context(), p.limit())) },
	"users.iterate": func(p *player) (any, error) {
		users, err := collect(p, p.client.ListUsers(p.Context(), p.limit()))
		if p.args.ChunkSize > 0 {
			return slices.Collect(slices.Chunk(users, p.args.ChunkSize)), err
		}
		return users, err
	},
	"users.get":    func(p *player) (any, error) { return p.getUsers() },
	"users.create": func(p *player) (any, error) { return p.createUsers() },
	"users.update": func(p *player) (any, error) { return p.updateUsers() },
	"users.delete": func(p *player) (any, error) {
		return nil, checkOutcomes(p, Each(p.Context(), DeleteConcurrency, p.args.Usernames, func(ctx context.Context, name string) (struct{}, error) {
			return struct{}{}, p.client.DeleteUser(ctx, name, p.args.Ignore)
		}))
	},
	"sessions.create": func(p *player) (any, error) {
		made, err := p.client.CreateSession(p.Context(), SessionRequest{
			Type: p.args.Type, ClientID: p.args.ClientID, ClientSecret: p.args.ClientSecret,
		})
		return shownSession(made), err
	},
	"sessions.list": func(p *player) (any, error) {
		return collect(p, p.client.ListSessions(p.Context(), p.args.Status, p.limit()))
	},
	"sessions.get": func(p *player) (any, error) { return p.client.GetSessions(p.Context(), p.args.IDs) },
	"sessions.revoke": func(p *player) (any, error) {
		revoked, err := p.client.RevokeSessions(p.Context(), p.args.IDs)
		return oneOrAll(p, revoked), err
	},
	"tables.create": func(p *player) (any, error) {
		return p.answered(p.client.CreateTables(p.Context(), p.args.Username, body[Table](p)))
	},
	"tables.list": func(p *player) (any, error) {
		return p.answered(collect(p, p.client.ListTables(p.Context(), p.args.Username, false, p.limit())))
	},
	"tables.get": func(p *player) (any, error) {
		return p.answered(p.client.GetTables(p.Context(), p.args.Username, p.args.TableNames, p.args.Ignore))
	},
	"tables.delete": func(p *player) (any, error) {
		return nil, p.client.DeleteTables(p.Context(), p.args.Username, p.args.TableNames, p.args.Ignore)
	},
	"groups.list": func(p *player) (any, error) {
		groups, err := p.client.ListGroups(p.Context(), p.args.All)
		return groups, err
	},
	"groups.create": func(p *player) (any, error) {
		made, err := p.client.CreateGroup(p.Context(), body[NewGroup](p)[0])
		return made, err
	},
	"groups.delete": func(p *player) (any, error) { return nil, p.client.DeleteGroups(p.Context(), p.args.IDs) },
	"token.inspect": func(p *player) (any, error) {
		inspection, err := p.client.InspectToken(p.Context())
		assert.JSONEq(p, string(p.exchanges[0].Response.Body), wire(p, inspection))
		return nil, err
	},
}

// answered compares tables with the answer, which the recordings do not repeat.
func (p *player) answered(tables []Table, err error) (any, error) {
	assert.JSONEq(p, string(p.exchanges[0].Response.Body), wire(p, newItems(tables...)))
	return nil, err
}

func (p *player) getUsers() (any, error) {
	var outcomes []Outcome[[]User]
	for range max(1, p.args.Calls) {
		chunks := slices.Collect(slices.Chunk(p.args.Usernames, MaxUsersPerGet))
		outcomes = Each(p.Context(), ReadConcurrency, chunks, func(ctx context.Context, names []string) ([]User, error) {
			return p.client.GetUsers(ctx, names, p.args.Ignore)
		})
	}
	if f := Overall(outcomes, false); f != nil {
		return nil, f
	}
	users := slices.Concat(values(outcomes)...)
	if len(users) == 0 && len(p.args.Usernames) == 1 {
		return nil, fault.New(fault.NotFound, "as a call for one user says") // see GetUser
	}
	if users == nil {
		users = []User{}
	}
	return oneOrAll(p, users), nil
}

func (p *player) createUsers() (any, error) {
	nonces := p.args.Nonces
	if p.args.Session != nil {
		nonces = []*string{new(p.nonce())}
	}
	outcomes := Each(p.Context(), WriteConcurrency, nonces, func(ctx context.Context, nonce *string) (createdUser, error) {
		if nonce == nil {
			nonce = new("")
		}
		made, err := p.client.CreateUser(ctx, *nonce)
		return shown(made), err
	})
	return oneOrAll(p, values(outcomes)), checkOutcomes(p, outcomes)
}

func (p *player) updateUsers() (any, error) {
	if p.args.Session != nil {
		return p.client.UpdateUser(p.Context(), p.args.Username, p.nonce())
	}
	outcomes := make([]Outcome[User], len(p.args.Items))
	for i, item := range p.args.Items {
		if item.Nonce == nil {
			outcomes[i].Value, outcomes[i].Err = p.client.ClearCredentials(p.Context(), item.Username)
		} else {
			outcomes[i].Value, outcomes[i].Err = p.client.UpdateUser(p.Context(), item.Username, *item.Nonce)
		}
	}
	return oneOrAll(p, values(outcomes)), checkOutcomes(p, outcomes)
}
