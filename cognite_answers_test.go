package usermgmt_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

// The tests in this file script the answers of a gateway, which a well-behaved
// server cannot be made to give.

const (
	cogniteCluster = "https://westeurope-1.cognitedata.com"
	cognitePrefix  = "/api/v1/projects/plant-7"
)

// gatewayScript answers by method and path beneath the project. It is safe for
// concurrent use.
type gatewayScript struct {
	mu      sync.Mutex
	answers map[string]func(body string) *http.Response
	asked   []string
}

// RoundTrip implements [http.RoundTripper].
func (g *gatewayScript) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body.Close()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	call := r.Method + " " + strings.TrimPrefix(r.URL.Path, cognitePrefix)
	g.asked = append(g.asked, strings.TrimSpace(call+" "+string(body)))
	respond := g.answers[call]
	if respond == nil {
		return nil, errors.New("not in the script: " + call)
	}
	if answer := respond(string(body)); answer != nil {
		answer.Request = r
		return answer, nil
	}
	return nil, errors.New("connection reset")
}

// requests returns what was asked so far and forgets it.
func (g *gatewayScript) requests() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	asked := g.asked
	g.asked = nil
	return asked
}

type gatewayAnswers map[string]func(body string) *http.Response

// says answers every request alike.
func says(status int, body string) func(string) *http.Response {
	return func(string) *http.Response {
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
	}
}

// lost closes the connection.
func lost(string) *http.Response { return nil }

// newScripted returns a client whose gateway answers as scripted.
func newScripted(t *testing.T, answers gatewayAnswers) (*gatewayScript, *usermgmt.Client, *usermgmt.CogniteExtension) {
	t.Helper()
	script := &gatewayScript{answers: answers}
	client, err := usermgmt.New(usermgmt.Cognite(cogniteCluster, "plant-7"),
		usermgmt.WithHTTPClient(&http.Client{Transport: script}), usermgmt.WithRetry(usermgmt.RetryPolicy{MaxAttempts: 1}),
		usermgmt.WithCredentials(usermgmt.BearerToken("a token")))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	gateway, ok := usermgmt.As[*usermgmt.CogniteExtension](client)
	require.True(t, ok)
	return script, client, gateway
}

const (
	madeSession = `{"items":[{"id":401,"status":"READY","nonce":"nonce-401","type":"CLIENT_CREDENTIALS","clientId":"app-1"}]}`
	madeUser    = `{"items":[{"username":"pg_1","createdTime":1730204347000,"lastUpdatedTime":1730204347000,"sessionId":401,"host":"fdw.example.com","password":"once-1"}]}`
	missingUser = `{"error":{"code":400,"message":"Items in request were not found","missing":[{"username":"ghost"}]}}`
)

func machineOf(id string) usermgmt.OAuth2ClientCredentials {
	return usermgmt.OAuth2ClientCredentials{ClientID: id, ClientSecret: usermgmt.NewSecret("s3cret-of-" + id)}
}

func TestCogniteCreate(t *testing.T) {
	t.Parallel()
	script, client, gateway := newScripted(t, gatewayAnswers{
		"POST /sessions": says(200, madeSession), "POST /postgresgateway": says(200, madeUser),
	})
	at := time.Date(2024, 10, 29, 12, 19, 7, 0, time.UTC)
	check := func(created usermgmt.CreatedUser, err error) {
		t.Helper()
		require.NoError(t, err)
		assert.Equal(t, usermgmt.User{Name: "pg_1", CreatedAt: at, UpdatedAt: at}, created.User)
		assert.Equal(t, "fdw.example.com", created.Host)
		password, ok := created.Credential.(usermgmt.PasswordCredential)
		require.True(t, ok)
		assert.Equal(t, "pg_1", password.Username)
		assert.Equal(t, "once-1", password.Password.Reveal())
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v", created, created, created), "once-1")
	}
	asked := []string{
		`POST /sessions {"items":[{"clientId":"app-1","clientSecret":"s3cret-of-app-1"}]}`,
		`POST /postgresgateway {"items":[{"credentials":{"nonce":"nonce-401"}}]}`,
	}
	created, err := client.CreateUser(t.Context(), usermgmt.CreateUserRequest{Credential: machineOf("app-1")})
	check(created, err)
	assert.Equal(t, asked, script.requests())

	record, err := gateway.CreateUser(t.Context(), usermgmt.CogniteSessionRequest{ClientID: "app-1", ClientSecret: usermgmt.NewSecret("s3cret-of-app-1")})
	check(record.CreatedUser, err)
	assert.EqualValues(t, 401, record.SessionID)
	assert.Equal(t, asked, script.requests())

	created, err = client.CreateUser(t.Context(), usermgmt.CreateUserRequest{Credential: usermgmt.SessionNonce("mine")})
	check(created, err)
	assert.Equal(t, []string{`POST /postgresgateway {"items":[{"credentials":{"nonce":"mine"}}]}`}, script.requests())
}

func TestCogniteCreateWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		create func(string) *http.Response
		list   func(string) *http.Response
		nonce  usermgmt.Credential // in place of client credentials
		input  usermgmt.UserExtension
		kind   error
		want   usermgmt.CogniteLostAnswer
		id     string
	}{
		"found": {
			create: lost, list: says(200, `{"items":[{"username":"pg_0"},{"username":"pg_1","sessionId":401}]}`), kind: usermgmt.ErrUnavailable,
			want: usermgmt.CogniteLostAnswer{SessionID: 401, Outcome: usermgmt.CogniteFound}, id: "401",
		},
		"absent": {
			create: says(503, ""), list: says(200, `{"items":[{"username":"pg_0","sessionId":400}]}`), kind: usermgmt.ErrUnavailable,
			want: usermgmt.CogniteLostAnswer{SessionID: 401, Outcome: usermgmt.CogniteAbsent}, id: "401",
		},
		"unknown, because the look fails, too": {
			create: says(504, ""), list: says(503, ""), kind: usermgmt.ErrUnavailable,
			want: usermgmt.CogniteLostAnswer{SessionID: 401, Outcome: usermgmt.CogniteUnknown}, id: "401",
		},
		"unknown, because the session is not known": {
			create: lost, nonce: usermgmt.SessionNonce("mine"), kind: usermgmt.ErrUnavailable,
			want: usermgmt.CogniteLostAnswer{Outcome: usermgmt.CogniteUnknown},
		},
		"found by the session that the caller knows": {
			create: lost, list: says(200, `{"items":[{"username":"pg_1","sessionId":7}]}`), kind: usermgmt.ErrUnavailable,
			nonce: usermgmt.SessionNonce("mine"), input: usermgmt.CogniteUser{SessionID: 7},
			want: usermgmt.CogniteLostAnswer{SessionID: 7, Outcome: usermgmt.CogniteFound}, id: "7",
		},
		"an answer that makes no sense": {
			create: says(200, "<html>"), list: says(200, `{"items":[{"username":"pg_1","sessionId":401}]}`), kind: usermgmt.ErrInternal,
			want: usermgmt.CogniteLostAnswer{SessionID: 401, Outcome: usermgmt.CogniteFound}, id: "401",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script, client, _ := newScripted(t, gatewayAnswers{
				"POST /sessions": says(200, madeSession), "POST /postgresgateway": c.create, "GET /postgresgateway": c.list,
			})
			req := usermgmt.CreateUserRequest{Credential: machineOf("app-1"), Extension: c.input}
			if c.nonce != nil {
				req.Credential = c.nonce
			}
			created, err := client.CreateUser(t.Context(), req)
			e := requireError(t, err, c.kind)
			assert.True(t, e.Ambiguous)
			assert.Equal(t, c.id, e.ID)
			var answer *usermgmt.CogniteLostAnswer
			require.ErrorAs(t, err, &answer)
			assert.Equal(t, c.want.SessionID, answer.SessionID)
			assert.Equal(t, c.want.Outcome, answer.Outcome)
			if c.want.Outcome == usermgmt.CogniteFound {
				assert.Equal(t, "pg_1", answer.User.Name)
				assert.Equal(t, "pg_1", created.Name, "what is known is returned beside the error")
				assert.Equal(t, "session", e.Resource)
			} else {
				assert.Zero(t, created)
			}
			creates := 0
			for _, request := range script.requests() {
				if strings.HasPrefix(request, "POST /postgresgateway ") {
					creates++
				}
			}
			assert.Equal(t, 1, creates, "it is never sent twice")
		})
	}
}

// TestCogniteCreateWhoseAnswerLacksSomething keeps what the answer holds: no
// call shows a password again.
func TestCogniteCreateWhoseAnswerLacksSomething(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer   string
		user     string
		password string
		outcome  usermgmt.CogniteOutcome
		looks    int
	}{
		"the password":              {`{"items":[{"username":"pg_1","host":"fdw.example.com","sessionId":401}]}`, "pg_1", "", usermgmt.CogniteFound, 0},
		"both session and password": {`{"items":[{"username":"pg_1","host":"fdw.example.com"}]}`, "pg_1", "", usermgmt.CogniteFound, 0},
		"the name":                  {`{"items":[{"sessionId":401,"host":"fdw.example.com","password":"once-1"}]}`, "pg_1", "once-1", usermgmt.CogniteFound, 1},
		"all but the password":      {`{"items":[{"host":"fdw.example.com","password":"once-1"}]}`, "", "once-1", usermgmt.CogniteUnknown, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script, client, _ := newScripted(t, gatewayAnswers{
				"POST /postgresgateway": says(200, c.answer),
				"GET /postgresgateway":  says(200, `{"items":[{"username":"pg_1","sessionId":401}]}`),
			})
			created, err := client.CreateUser(t.Context(), usermgmt.CreateUserRequest{Credential: usermgmt.SessionNonce("mine")})
			e := requireError(t, err, usermgmt.ErrInternal)
			assert.True(t, e.Ambiguous)
			assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, created, created), "once-1")
			var answer *usermgmt.CogniteLostAnswer
			require.ErrorAs(t, err, &answer)
			assert.Equal(t, c.outcome, answer.Outcome)
			assert.Equal(t, c.user, answer.User.Name)
			assert.Equal(t, c.user, created.Name)
			assert.Equal(t, "fdw.example.com", created.Host)
			password, _ := created.Credential.(usermgmt.PasswordCredential)
			assert.Equal(t, c.password, password.Password.Reveal())
			assert.Len(t, script.requests(), 1+c.looks)
		})
	}
}

func TestCogniteCreateThatIsRefused(t *testing.T) {
	t.Parallel()
	script, client, _ := newScripted(t, gatewayAnswers{
		"POST /sessions": lost, "POST /postgresgateway": says(400, `{"error":{"code":400,"message":"Failed to bind nonce with session"}}`),
	})
	created, err := client.CreateUser(t.Context(), usermgmt.CreateUserRequest{Credential: usermgmt.SessionNonce("spent")})
	e := requireError(t, err, usermgmt.ErrInvalidArgument)
	assert.False(t, e.Ambiguous)
	assert.Equal(t, "Failed to bind nonce with session", e.Message)
	assert.Zero(t, created)
	script.requests()

	_, err = client.CreateUser(t.Context(), usermgmt.CreateUserRequest{Credential: machineOf("app-1")})
	e = requireError(t, err, usermgmt.ErrUnavailable)
	assert.False(t, e.Ambiguous, "without a session there is surely no user")
	assert.Equal(t, "session", e.Resource)
	assert.Len(t, script.requests(), 1)
}

func TestCogniteUpdateWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		get     func(string) *http.Response
		outcome usermgmt.CogniteOutcome // "" for success
	}{
		"carried out":     {says(200, `{"items":[{"username":"alice","sessionId":401}]}`), ""},
		"not carried out": {says(200, `{"items":[{"username":"alice","sessionId":400}]}`), usermgmt.CogniteAbsent},
		"user is gone":    {says(200, `{"items":[]}`), usermgmt.CogniteAbsent},
		"no answer":       {lost, usermgmt.CogniteUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, client, _ := newScripted(t, gatewayAnswers{
				"POST /sessions": says(200, madeSession), "POST /postgresgateway/update": lost, "POST /postgresgateway/byids": c.get,
			})
			user, err := client.UpdateUser(t.Context(), usermgmt.UpdateUserRequest{Name: "alice", Credential: machineOf("app-1")})
			if c.outcome == "" {
				require.NoError(t, err)
				assert.Equal(t, "alice", user.Name)
				return
			}
			assert.True(t, requireError(t, err, usermgmt.ErrUnavailable).Ambiguous)
			var answer *usermgmt.CogniteLostAnswer
			require.ErrorAs(t, err, &answer)
			assert.Equal(t, c.outcome, answer.Outcome)
			assert.Zero(t, user)
		})
	}
}

// TestCogniteCreateThatWaitedTooLong has the server put the create off for
// longer than the nonce lives.
func TestCogniteCreateThatWaitedTooLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		script := &gatewayScript{answers: gatewayAnswers{
			"POST /sessions": says(200, madeSession),
			"POST /postgresgateway": func(body string) *http.Response {
				switch attempts++; attempts {
				case 1:
					answer := says(429, "")(body)
					answer.Header.Set("Retry-After", "61")
					return answer
				case 2:
					return says(400, `{"error":{"code":400,"message":"Failed to bind nonce with session"}}`)(body)
				default:
					return says(200, madeUser)(body)
				}
			},
		}}
		client, err := usermgmt.New(usermgmt.Cognite(cogniteCluster, "plant-7"), usermgmt.WithCredentials(usermgmt.BearerToken("t")),
			usermgmt.WithHTTPClient(&http.Client{Transport: script}), usermgmt.WithTimeout(time.Hour), usermgmt.WithRetry(usermgmt.RetryPolicy{MaxWait: time.Hour}))
		require.NoError(t, err)
		created, err := client.CreateUser(t.Context(), usermgmt.CreateUserRequest{Credential: machineOf("app-1")})
		require.NoError(t, err)
		assert.Equal(t, "pg_1", created.Name)
		sessions := 0
		for _, request := range script.requests() {
			if strings.HasPrefix(request, "POST /sessions") {
				sessions++
			}
		}
		assert.Equal(t, 2, sessions)
	})
}

// TestCogniteCreateThatWasCarriedOutAtFirst has the server vouch that the
// create may be sent again although it made the user: the nonce is spent.
func TestCogniteCreateThatWasCarriedOutAtFirst(t *testing.T) {
	t.Parallel()
	for _, pause := range []string{"1", "61"} { // within and beyond the life of the nonce
		t.Run(pause, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				creates, sessions := 0, 0
				script := &gatewayScript{answers: gatewayAnswers{
					"POST /sessions": func(body string) *http.Response {
						sessions++
						return says(200, madeSession)(body)
					},
					"POST /postgresgateway": func(body string) *http.Response {
						if creates++; creates > 1 {
							return says(400, `{"error":{"code":400,"message":"Failed to bind nonce with session"}}`)(body)
						}
						answer := says(503, "")(body)
						answer.Header.Set("Cdf-Is-Auto-Retryable", "true")
						answer.Header.Set("Retry-After", pause)
						return answer
					},
					"GET /postgresgateway": says(200, `{"items":[{"username":"pg_1","sessionId":401}]}`),
				}}
				client, err := usermgmt.New(usermgmt.Cognite(cogniteCluster, "plant-7"), usermgmt.WithCredentials(usermgmt.BearerToken("t")),
					usermgmt.WithHTTPClient(&http.Client{Transport: script}), usermgmt.WithTimeout(time.Hour), usermgmt.WithRetry(usermgmt.RetryPolicy{MaxWait: time.Hour}))
				require.NoError(t, err)
				created, err := client.CreateUser(t.Context(), usermgmt.CreateUserRequest{Credential: machineOf("app-1")})
				assert.True(t, requireError(t, err, usermgmt.ErrInvalidArgument).Ambiguous)
				var answer *usermgmt.CogniteLostAnswer
				require.ErrorAs(t, err, &answer)
				assert.Equal(t, usermgmt.CogniteFound, answer.Outcome)
				assert.Equal(t, "pg_1", created.Name)
				assert.Equal(t, []int{2, 1}, []int{creates, sessions})
			})
		})
	}
}

// TestCogniteBulkCreate has one user created, one refused, and one whose fate
// is not known.
func TestCogniteBulkCreate(t *testing.T) {
	t.Parallel()
	_, _, gateway := newScripted(t, gatewayAnswers{
		"POST /postgresgateway": func(body string) *http.Response {
			switch {
			case strings.Contains(body, "n-bad"):
				return says(400, `{"error":{"code":400,"message":"Failed to bind nonce with session"}}`)(body)
			case strings.Contains(body, "n-lost"):
				return says(502, "<html>Bad gateway</html>")(body)
			}
			return says(200, madeUser)(body)
		},
	})
	requests := []usermgmt.CreateUserRequest{
		{Credential: usermgmt.SessionNonce("n-good")}, {Credential: usermgmt.SessionNonce("n-bad")},
		{Credential: usermgmt.SessionNonce("n-lost")}, {Name: "mine", Credential: usermgmt.SessionNonce("n-other")}, {},
	}
	results, err := gateway.CreateUsers(t.Context(), requests)
	e := requireError(t, err, usermgmt.ErrUnavailable)
	assert.True(t, e.Ambiguous)
	assert.Equal(t, "CreateUsers", e.Op)
	assert.Contains(t, e.Message, "4 of 5 failed, 1 of them with an unknown outcome")
	assert.NotContains(t, e.Error(), "n-lost")
	require.Len(t, results, 5)
	require.NoError(t, results[0].Err)
	assert.Equal(t, "pg_1", results[0].Value.Name)
	assert.Equal(t, "fdw.example.com", results[0].Value.Host)
	assert.NotNil(t, results[0].Value.Credential, "what was created is not lost")
	assert.False(t, requireError(t, results[1].Err, usermgmt.ErrInvalidArgument).Ambiguous)
	assert.True(t, requireError(t, results[2].Err, usermgmt.ErrUnavailable).Ambiguous)
	refused := requireError(t, results[3].Err, usermgmt.ErrInvalidArgument)
	assert.Equal(t, []string{"user", "mine"}, []string{refused.Resource, refused.Name})
	assert.Contains(t, refused.Fields, "Name", "the server names users")
	assert.Contains(t, requireError(t, results[4].Err, usermgmt.ErrInvalidArgument).Fields, "Credential")

	results, err = gateway.CreateUsers(t.Context(), nil)
	require.NoError(t, err)
	assert.Empty(t, results)
}

// TestCogniteBulkKeepsTheFirstCause beside what the server names.
func TestCogniteBulkKeepsTheFirstCause(t *testing.T) {
	t.Parallel()
	_, _, gateway := newScripted(t, gatewayAnswers{
		"POST /postgresgateway/update": func(body string) *http.Response {
			if strings.Contains(body, "ghost") {
				return says(400, missingUser)(body)
			}
			return nil
		},
		"POST /postgresgateway/byids": lost,
	})
	_, err := gateway.UpdateUsers(t.Context(), []usermgmt.UpdateUserRequest{
		{Name: "ghost", Credential: usermgmt.SessionNonce("n-a")},
		{Name: "alice", Credential: usermgmt.SessionNonce("n-b"), Extension: usermgmt.CogniteUser{SessionID: 7}},
	})
	requireError(t, err, usermgmt.ErrUnavailable)
	var detail *usermgmt.CogniteDetail
	require.ErrorAs(t, err, &detail)
	assert.Equal(t, []usermgmt.CogniteItem{{"username": "ghost"}}, detail.Missing)
	var answer *usermgmt.CogniteLostAnswer
	require.ErrorAs(t, err, &answer)
	assert.EqualValues(t, 7, answer.SessionID)
}

func TestCogniteBulkDelete(t *testing.T) {
	t.Parallel()
	_, _, gateway := newScripted(t, gatewayAnswers{
		"POST /postgresgateway/delete": func(body string) *http.Response {
			if strings.Contains(body, "ghost") {
				return says(400, missingUser)(body)
			}
			return says(200, `{}`)(body)
		},
	})
	results, err := gateway.DeleteUsers(t.Context(), false, "a", "ghost", "b", "ghost")
	e := requireError(t, err, usermgmt.ErrNotFound)
	assert.True(t, e.Ambiguous, "the others are gone")
	var detail *usermgmt.CogniteDetail
	require.ErrorAs(t, err, &detail)
	assert.Equal(t, []usermgmt.CogniteItem{{"username": "ghost"}, {"username": "ghost"}}, detail.Missing)
	require.Len(t, results, 4)
	for i, name := range []string{"a", "ghost", "b", "ghost"} {
		assert.Equal(t, name, results[i].Value)
		if name != "ghost" {
			require.NoError(t, results[i].Err)
			continue
		}
		missing := requireError(t, results[i].Err, usermgmt.ErrNotFound)
		assert.Equal(t, "user ghost", missing.Resource+" "+missing.Name)
		assert.False(t, missing.Ambiguous)
	}
}

func TestCogniteBulkUpdateAndGet(t *testing.T) {
	t.Parallel()
	_, _, gateway := newScripted(t, gatewayAnswers{
		"POST /postgresgateway/update": func(body string) *http.Response {
			if strings.Contains(body, "ghost") {
				return says(400, missingUser)(body)
			}
			return says(200, `{"items":[{"username":"a","sessionId":9}],"nextCursor":"meaningless"}`)(body)
		},
		"POST /postgresgateway/byids": says(200, `{"items":[{"username":"b","sessionId":2},{"username":"a","sessionId":1}]}`),
	})
	updated, err := gateway.UpdateUsers(t.Context(), []usermgmt.UpdateUserRequest{
		{Name: "a", Credential: usermgmt.SessionNonce("n-a")}, {Name: "ghost", Credential: usermgmt.SessionNonce("n-b")},
	})
	requireError(t, err, usermgmt.ErrNotFound)
	assert.Equal(t, "a", updated[0].Value.Name)
	requireError(t, updated[1].Err, usermgmt.ErrNotFound)

	got, err := gateway.GetUsers(t.Context(), "a", "ghost", "b", "")
	e := requireError(t, err, usermgmt.ErrNotFound)
	assert.False(t, e.Ambiguous)
	var detail *usermgmt.CogniteDetail
	require.ErrorAs(t, err, &detail)
	assert.Equal(t, []usermgmt.CogniteItem{{"username": "ghost"}}, detail.Missing)
	assert.EqualValues(t, 1, got[0].Value.SessionID)
	requireError(t, got[1].Err, usermgmt.ErrNotFound)
	assert.EqualValues(t, 2, got[2].Value.SessionID)
	requireError(t, got[3].Err, usermgmt.ErrInvalidArgument)
}

// TestCogniteGetTablesOneByOne has a server that does not ignore unknown names
// when asked to. A name that is wrong or repeats is nobody else's failure.
func TestCogniteGetTablesOneByOne(t *testing.T) {
	t.Parallel()
	script, _, gateway := newScripted(t, gatewayAnswers{
		"POST /postgresgateway/tables/u/byids": func(body string) *http.Response {
			if strings.Contains(body, "ghost") {
				return says(400, `{"error":{"code":400,"message":"Items in request were not found","missing":[{"tablename":"ghost"}]}}`)(body)
			}
			return says(200, `{"items":[{"tablename":"a","type":"built_in"}]}`)(body)
		},
	})
	got, err := gateway.GetTables(t.Context(), "u", "a", "ghost", "", "a")
	requireError(t, err, usermgmt.ErrNotFound)
	var detail *usermgmt.CogniteDetail
	require.ErrorAs(t, err, &detail)
	assert.Equal(t, []usermgmt.CogniteItem{{"tablename": "ghost"}}, detail.Missing)
	require.Len(t, got, 4)
	for _, i := range []int{0, 3} {
		require.NoError(t, got[i].Err)
		assert.Equal(t, usermgmt.CogniteTable{Name: "a", Type: "built_in"}, got[i].Value)
	}
	assert.Equal(t, "ghost", requireError(t, got[1].Err, usermgmt.ErrNotFound).Name)
	requireError(t, got[2].Err, usermgmt.ErrInvalidArgument)
	assert.Equal(t, []string{
		`POST /postgresgateway/tables/u/byids {"items":[{"tablename":"a"},{"tablename":"ghost"}],"ignoreUnknownIds":true}`,
		`POST /postgresgateway/tables/u/byids {"items":[{"tablename":"a"}],"ignoreUnknownIds":true}`,
		`POST /postgresgateway/tables/u/byids {"items":[{"tablename":"ghost"}],"ignoreUnknownIds":true}`,
	}, script.requests())
}

func TestCogniteDeleteWithItsSession(t *testing.T) {
	t.Parallel()
	const alice = `{"items":[{"username":"alice","sessionId":7}]}`
	revoking := usermgmt.DeleteUserRequest{Name: "alice", Extension: usermgmt.CogniteUser{RevokeSession: true}}
	script, client, _ := newScripted(t, gatewayAnswers{
		"POST /postgresgateway/byids": says(200, alice), "POST /postgresgateway/delete": says(200, `{}`),
		"POST /sessions/revoke": says(200, `{"items":[{"id":7}]}`),
	})
	require.NoError(t, client.DeleteUser(t.Context(), revoking))
	assert.Equal(t, []string{
		`POST /postgresgateway/byids {"items":[{"username":"alice"}],"ignoreUnknownIds":false}`,
		`POST /postgresgateway/delete {"items":[{"username":"alice"}],"ignoreUnknownIds":false}`,
		`POST /sessions/revoke {"items":[{"id":7}]}`,
	}, script.requests())

	_, client, _ = newScripted(t, gatewayAnswers{
		"POST /postgresgateway/byids": says(200, alice), "POST /postgresgateway/delete": says(200, `{}`),
		"POST /sessions/revoke": says(403, `{"error":{"code":403,"message":"no"}}`),
	})
	e := requireError(t, client.DeleteUser(t.Context(), revoking), usermgmt.ErrPermissionDenied)
	assert.True(t, e.Ambiguous, "the user is gone")
	assert.Equal(t, "session 7", e.Resource+" "+e.ID)

	script, client, _ = newScripted(t, gatewayAnswers{
		"POST /postgresgateway/byids": says(200, `{"items":[{"username":"alice"}]}`), "POST /postgresgateway/delete": says(200, `{}`),
	})
	require.NoError(t, client.DeleteUser(t.Context(), revoking))
	assert.Len(t, script.requests(), 2, "there is no session")

	script, client, _ = newScripted(t, gatewayAnswers{"POST /postgresgateway/byids": says(404, `{"error":{"code":404,"message":"no"}}`)})
	requireError(t, client.DeleteUser(t.Context(), revoking), usermgmt.ErrNotFound)
	revoking.IgnoreMissing = true
	require.NoError(t, client.DeleteUser(t.Context(), revoking))
	assert.Len(t, script.requests(), 2)
}

// TestCogniteDeleteWhoseAnswerIsLost tells which session may be left without a
// user: nothing else does, once the user is gone.
func TestCogniteDeleteWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	script, client, _ := newScripted(t, gatewayAnswers{
		"POST /postgresgateway/byids": says(200, `{"items":[{"username":"alice","sessionId":7}]}`), "POST /postgresgateway/delete": lost,
	})
	err := client.DeleteUser(t.Context(), usermgmt.DeleteUserRequest{Name: "alice", Extension: usermgmt.CogniteUser{RevokeSession: true}})
	e := requireError(t, err, usermgmt.ErrUnavailable)
	assert.True(t, e.Ambiguous)
	assert.Equal(t, "user alice", e.Resource+" "+e.Name)
	var answer *usermgmt.CogniteLostAnswer
	require.ErrorAs(t, err, &answer)
	assert.EqualValues(t, 7, answer.SessionID)
	assert.Equal(t, usermgmt.CogniteUnknown, answer.Outcome)
	assert.Len(t, script.requests(), 2, "the user may still need its session")
}

// TestCogniteRevokesInChunks of a hundred, after a look at all the IDs.
func TestCogniteRevokesInChunks(t *testing.T) {
	t.Parallel()
	chunks := 0
	script, _, gateway := newScripted(t, gatewayAnswers{
		"POST /sessions/revoke": func(body string) *http.Response {
			if chunks++; chunks > 1 {
				return says(403, `{"error":{"code":403,"message":"no"}}`)(body)
			}
			return says(200, body)(body)
		},
	})
	var ids []int64
	for id := range int64(101) {
		ids = append(ids, id+1)
	}
	requireError(t, second(gateway.RevokeSessions(t.Context(), append(ids[:101:101], -1)...)), usermgmt.ErrInvalidArgument)
	assert.Empty(t, script.requests(), "one that is wrong is found before any is revoked")

	revoked, err := gateway.RevokeSessions(t.Context(), append(ids[:101:101], 1)...)
	e := requireError(t, err, usermgmt.ErrPermissionDenied)
	assert.True(t, e.Ambiguous, "a hundred were revoked")
	require.Len(t, revoked, 100)
	assert.EqualValues(t, 100, revoked[99].ID)
	asked := script.requests()
	require.Len(t, asked, 2)
	assert.Equal(t, `POST /sessions/revoke {"items":[{"id":101}]}`, asked[1], "each once")
}

func TestCogniteGroupsOfEqualNames(t *testing.T) {
	t.Parallel()
	script, client, gateway := newScripted(t, gatewayAnswers{
		"GET /groups":         says(200, `{"items":[{"id":1,"name":"twin"},{"id":2,"name":"twin"},{"id":3,"name":"gone","isDeleted":true,"deletedTime":5},{"id":4,"name":"one","attributes":null,"metadata":null,"members":null,"sourceId":""}]}`),
		"POST /groups":        says(201, `{"items":[{"id":9,"name":"one","isDeleted":false,"deletedTime":-1}]}`),
		"POST /groups/delete": says(200, `{}`),
	})
	ctx := t.Context()
	_, err := client.GetGroup(ctx, usermgmt.GetGroupRequest{Name: "twin"})
	requireError(t, err, usermgmt.ErrConflict)
	requireError(t, client.DeleteGroup(ctx, usermgmt.DeleteGroupRequest{Name: "twin"}), usermgmt.ErrConflict)
	_, err = client.CreateGroup(ctx, usermgmt.CreateGroupRequest{Name: "twin"})
	requireError(t, err, usermgmt.ErrAlreadyExists)
	_, err = client.GetGroup(ctx, usermgmt.GetGroupRequest{Name: "gone"})
	requireError(t, err, usermgmt.ErrNotFound)
	groups, err := usermgmt.Collect(client.ListGroups(ctx, usermgmt.ListGroupsRequest{Extension: usermgmt.CogniteGroupList{OwnOnly: true}}))
	require.NoError(t, err)
	assert.Equal(t, []usermgmt.Group{{Name: "twin", ID: "1"}, {Name: "twin", ID: "2"}, {Name: "one", ID: "4"}}, groups)
	script.requests()

	replaced, err := gateway.ReplaceGroup(ctx, 4, usermgmt.CogniteGroup{
		Members: []string{"usr-1"}, Capabilities: []usermgmt.CogniteCapability{usermgmt.NewCogniteCapability("postgresGatewayAcl", "READ", "WRITE")},
	})
	require.NoError(t, err)
	assert.Equal(t, usermgmt.CogniteGroupRecord{Group: usermgmt.Group{Name: "one", ID: "9"}, GroupID: 9}, replaced)
	assert.Equal(t, []string{
		`GET /groups`,
		`POST /groups {"items":[{"name":"one","capabilities":[{"postgresGatewayAcl":{"actions":["READ","WRITE"],"scope":{"all":{}}}}],"members":["usr-1"]}]}`,
		`POST /groups/delete {"items":[4]}`,
	}, script.requests())
	listed, err := gateway.ListGroups(ctx, true)
	require.NoError(t, err)
	_, err = gateway.ReplaceGroup(ctx, 4, listed[3].CogniteGroup)
	require.NoError(t, err, "what was read can be written")
	_, err = gateway.ReplaceGroup(ctx, 5, usermgmt.CogniteGroup{})
	assert.Equal(t, "5", requireError(t, err, usermgmt.ErrNotFound).ID)
}

func TestCogniteSessionsOfTheClientItself(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		login usermgmt.Credential
		req   usermgmt.CogniteSessionRequest
		want  string
	}{
		"of a token":      {usermgmt.BearerToken("t"), usermgmt.CogniteSessionRequest{}, `{"items":[{"tokenExchange":true}]}`},
		"of a machine":    {machineLogin, usermgmt.CogniteSessionRequest{}, `{"items":[{"clientId":"app-1","clientSecret":"s3cret-of-app-1"}]}`},
		"one-shot":        {machineLogin, usermgmt.CogniteSessionRequest{Type: usermgmt.CogniteOneshotTokenExchange}, `{"items":[{"oneshotTokenExchange":true}]}`},
		"another's":       {machineLogin, usermgmt.CogniteSessionRequest{ClientID: "x", ClientSecret: usermgmt.NewSecret("y")}, `{"items":[{"clientId":"x","clientSecret":"y"}]}`},
		"not a machine's": {usermgmt.BearerToken("t"), usermgmt.CogniteSessionRequest{Type: usermgmt.CogniteClientCredentials}, ""},
		"half of it":      {machineLogin, usermgmt.CogniteSessionRequest{ClientID: "x"}, ""},
		"both":            {machineLogin, usermgmt.CogniteSessionRequest{Type: usermgmt.CogniteTokenExchange, ClientID: "x"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script := &gatewayScript{answers: gatewayAnswers{
				"POST /sessions": says(200, madeSession), "POST /token": says(200, `{"access_token":"tok-1","expires_in":3600,"token_type":"Bearer"}`),
			}}
			client, err := usermgmt.New(usermgmt.Cognite(cogniteCluster, "plant-7"), usermgmt.WithCredentials(c.login),
				usermgmt.WithHTTPClient(&http.Client{Transport: script}))
			require.NoError(t, err)
			gateway, _ := usermgmt.As[*usermgmt.CogniteExtension](client)
			session, err := gateway.CreateSession(t.Context(), c.req)
			if c.want == "" {
				requireError(t, err, usermgmt.ErrInvalidArgument)
				assert.Empty(t, script.requests())
				return
			}
			require.NoError(t, err)
			asked := script.requests()
			assert.Equal(t, "POST /sessions "+c.want, asked[len(asked)-1])
			assert.EqualValues(t, 401, session.ID)
			assert.Equal(t, "nonce-401", session.Nonce.Reveal())
			assert.NotContains(t, fmt.Sprintf("%v %+v %#v", session, session, session), "nonce-401")
		})
	}
}

func TestCogniteSessionOfASourceThatFails(t *testing.T) {
	t.Parallel()
	cause := errors.New("the vault is sealed")
	ctx, cancel := context.WithCancel(t.Context())
	client, err := usermgmt.New(usermgmt.Cognite(cogniteCluster, "plant-7"), usermgmt.WithHTTPClient(&http.Client{Transport: &gatewayScript{}}),
		usermgmt.WithCredentials(usermgmt.CredentialFunc(func(context.Context) (usermgmt.Credential, error) { return nil, cause })))
	require.NoError(t, err)
	gateway, _ := usermgmt.As[*usermgmt.CogniteExtension](client)
	err = second(gateway.CreateSession(ctx, usermgmt.CogniteSessionRequest{}))
	requireError(t, err, usermgmt.ErrUnauthenticated)
	require.ErrorIs(t, err, cause)

	stop := usermgmt.CredentialFunc(func(ctx context.Context) (usermgmt.Credential, error) {
		cancel()
		return nil, ctx.Err()
	})
	client, err = usermgmt.New(usermgmt.Cognite(cogniteCluster, "plant-7"), usermgmt.WithHTTPClient(&http.Client{Transport: &gatewayScript{}}), usermgmt.WithCredentials(stop))
	require.NoError(t, err)
	gateway, _ = usermgmt.As[*usermgmt.CogniteExtension](client)
	err = second(gateway.CreateSession(ctx, usermgmt.CogniteSessionRequest{}))
	requireError(t, err, usermgmt.ErrCanceled)
	require.ErrorIs(t, err, context.Canceled)
}

var machineLogin = usermgmt.OAuth2ClientCredentials{
	TokenURL: "https://login.example.com/token", ClientID: "app-1", ClientSecret: usermgmt.NewSecret("s3cret-of-app-1"),
}

func TestCogniteRefusesInputsWithoutMeaning(t *testing.T) {
	t.Parallel()
	script, client, gateway := newScripted(t, nil)
	ctx := t.Context()
	revoke, bind := usermgmt.CogniteUser{RevokeSession: true}, usermgmt.CogniteUser{SessionID: 7}
	for name, call := range map[string]func() error{
		"revoke on create": func() error {
			return second(client.CreateUser(ctx, usermgmt.CreateUserRequest{Credential: usermgmt.SessionNonce("n"), Extension: revoke}))
		},
		"revoke on update": func() error {
			return second(client.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: "a", Extension: revoke}))
		},
		"revoke on get": func() error {
			return second(client.GetUser(ctx, usermgmt.GetUserRequest{Name: "a", Extension: revoke}))
		},
		"session on get":    func() error { return second(client.GetUser(ctx, usermgmt.GetUserRequest{Name: "a", Extension: bind})) },
		"session on delete": func() error { return client.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: "a", Extension: bind}) },
		"session without a nonce": func() error {
			return second(client.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: "a", Extension: bind}))
		},
		"session beside client credentials": func() error {
			return second(client.CreateUser(ctx, usermgmt.CreateUserRequest{Credential: machineOf("a"), Extension: bind}))
		},
		"a negative session": func() error {
			return second(client.CreateUser(ctx, usermgmt.CreateUserRequest{Credential: usermgmt.SessionNonce("n"), Extension: usermgmt.CogniteUser{SessionID: -1}}))
		},
		"a name": func() error {
			return second(client.CreateUser(ctx, usermgmt.CreateUserRequest{Name: "a", Credential: usermgmt.SessionNonce("n")}))
		},
		"no credential": func() error { return second(client.CreateUser(ctx, usermgmt.CreateUserRequest{})) },
		"a token endpoint": func() error {
			return second(client.CreateUser(ctx, usermgmt.CreateUserRequest{Credential: machineLogin}))
		},
		"half a machine": func() error {
			return second(client.CreateUser(ctx, usermgmt.CreateUserRequest{Credential: usermgmt.OAuth2ClientCredentials{ClientID: "a"}}))
		},
		"a negative limit": func() error {
			return drained(client.ListUsers(ctx, usermgmt.ListUsersRequest{Extension: usermgmt.CogniteUserList{Limit: -1}}))
		},
		"projects of users": func() error { return drained(client.ListProjects(ctx, usermgmt.ListProjectsRequest{User: "a"})) },
		"members and source": func() error {
			return second(client.CreateGroup(ctx, usermgmt.CreateGroupRequest{Name: "g", Extension: usermgmt.CogniteGroup{SourceID: "s", Members: []string{}}}))
		},
		"no capability": func() error {
			return second(gateway.CreateGroup(ctx, "g", usermgmt.CogniteGroup{Capabilities: []usermgmt.CogniteCapability{"READ"}}))
		},
		"no session": func() error { return second(gateway.FindUserBySession(ctx, 0)) },
		"no search":  func() error { return second(gateway.SearchProfiles(ctx, "")) },
		"no table":   func() error { return second(gateway.CreateTables(ctx, "u", usermgmt.CogniteTable{Name: "t"})) },
		"another type": func() error {
			return second(gateway.CreateTables(ctx, "u", usermgmt.CogniteTable{Name: "t", View: &usermgmt.CogniteView{}, Type: "raw_rows"}))
		},
		"columns of view": func() error {
			return second(gateway.CreateTables(ctx, "u", usermgmt.CogniteTable{Name: "t", View: &usermgmt.CogniteView{}, Columns: []usermgmt.CogniteColumn{{Name: "c", Type: "TEXT"}}}))
		},
	} {
		assert.False(t, requireError(t, call(), usermgmt.ErrInvalidArgument).FromServer, name)
	}
	assert.Empty(t, script.requests())
}

func second[T any](_ T, err error) error { return err }

func drained[T any](list func(func(T, error) bool)) (last error) {
	list(func(_ T, err error) bool {
		last = err
		return true
	})
	return last
}

func TestCogniteNewRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	token := usermgmt.WithCredentials(usermgmt.BearerToken("t"))
	bad := machineLogin
	bad.TokenURL = "http://login.example.com/token"
	for name, c := range map[string]struct {
		backend usermgmt.Backend
		option  usermgmt.Option
		want    string
	}{
		"no project":        {usermgmt.Cognite(cogniteCluster, ""), token, "Project must not be empty"},
		"no address":        {usermgmt.Cognite("", "p"), token, "address must be a URL with a host"},
		"plain http":        {usermgmt.Cognite("http://example.com", "p"), token, "address is plain http"},
		"no credentials":    {usermgmt.Cognite(cogniteCluster, "p"), nil, "WithCredentials is required"},
		"a password":        {usermgmt.Cognite(cogniteCluster, "p"), usermgmt.WithCredentials(usermgmt.Password("u", "hush")), "WithCredentials must not be of kind password"},
		"an empty token":    {usermgmt.Cognite(cogniteCluster, "p"), usermgmt.WithCredentials(usermgmt.BearerToken("")), "WithCredentials needs a token"},
		"a token over http": {usermgmt.Cognite(cogniteCluster, "p"), usermgmt.WithCredentials(bad), "WithCredentials cannot be used: TokenURL is plain http"},
		"half a machine":    {usermgmt.Cognite(cogniteCluster, "p"), usermgmt.WithCredentials(usermgmt.OAuth2ClientCredentials{ClientID: "a"}), "WithCredentials cannot be used: ClientSecret"},
		"an odd name":       {usermgmt.Cognite(cogniteCluster, "p", usermgmt.CogniteClientName("名"), nil), token, "ClientName must hold"},
	} {
		_, err := usermgmt.New(c.backend, c.option)
		assert.Contains(t, requireError(t, err, usermgmt.ErrInvalidArgument).Message, c.want, name)
		assert.NotContains(t, err.Error(), "hush")
	}
}
