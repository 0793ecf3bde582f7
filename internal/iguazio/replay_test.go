package iguazio

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transcript"
)

const recordings = "../../testdata/iguazio"

// TestRecordings has the client do what the reference client was recorded
// doing: the requests must be the same but for the differences that are named,
// and what comes of them what the recording tells.
func TestRecordings(t *testing.T) {
	t.Parallel()
	scenarios, err := transcript.LoadAll(os.DirFS(recordings))
	require.NoError(t, err)
	require.Len(t, scenarios, 102)
	var mu sync.Mutex
	used := map[string]bool{}
	t.Run("each", func(t *testing.T) {
		t.Parallel()
		for _, s := range scenarios {
			t.Run(s.Name, func(t *testing.T) {
				t.Parallel()
				p := newPlayer(t, s)
				mu.Lock()
				for _, name := range p.differs {
					used[name] = true
				}
				mu.Unlock()
				p.play()
			})
		}
	})
	t.Cleanup(func() {
		for _, d := range differences {
			assert.True(t, used[d.name], "no recording shows that %s", d.name)
		}
	})
}

// player plays one scenario.
type player struct {
	*testing.T

	name      string
	operation string
	args      args
	expect    string
	result    jsontext.Value // what the reference client made of it
	scenario  []recorded     // as it was recorded
	exchanges []recorded     // as ours has to be
	differs   []string       // the differences between the two
	replay    *transcript.Replay
	queries   *rawQueries
	client    *Client
}

// args are the arguments of an operation.
type args struct {
	ID                    string         `json:"id"`
	Name                  string         `json:"name"`
	Username              string         `json:"username"`
	FirstName             string         `json:"first_name"`
	LastName              string         `json:"last_name"`
	Email                 string         `json:"email"`
	Password              string         `json:"password"`
	AccessKey             string         `json:"access_key"`
	PhoneNumber           *string        `json:"phone_number"`
	JobTitle              *string        `json:"job_title"`
	Department            string         `json:"department"`
	UID                   *int64         `json:"uid"`
	Policies              *[]string      `json:"assigned_policies"`
	AuthenticationMethods []string       `json:"authentication_methods"`
	Groups                []string       `json:"groups"`
	PrimaryGroup          string         `json:"primary_group"`
	WaitForCompletion     *bool          `json:"wait_for_completion"`
	WaitForDeletion       *bool          `json:"wait_for_job_deletion"`
	IgnoreMissing         bool           `json:"ignore_missing"`
	Description           *string        `json:"description"`
	GID                   *int64         `json:"gid"`
	Users                 []string       `json:"users"`
	User                  string         `json:"user"`
	Group                 jsontext.Value `json:"group"`
	Include               []string       `json:"include"`
	Planes                []string       `json:"planes"`
	Label                 string         `json:"label"`
	Labels                []Label        `json:"labels"`
	JobID                 string         `json:"job_id"`
	Project               string         `json:"project"`
	ProjectName           string         `json:"project_name"`
	Member                string         `json:"member"`
	Members               []string       `json:"members"`
	Role                  string         `json:"role"`
	Owner                 string         `json:"owner"`
	Override              bool           `json:"override"`
	FilterBy              jsontext.Value `json:"filter_by"`
	SortBy                []string       `json:"sort_by"`
	Paging                *struct {
		Number int `json:"number"`
		Size   int `json:"size"`
	} `json:"paging"`
}

// given returns the text of an argument, empty if there is none.
func given(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func newPlayer(t *testing.T, s *transcript.Scenario) *player {
	t.Helper()
	p := &player{T: t, name: s.Name, operation: s.Operation.Name, expect: cmp.Or(s.Expect.Kind, "ok")}
	require.NoError(t, json.Unmarshal(s.Operation.Args, &p.args))
	var outcome struct {
		Outcome struct {
			Result jsontext.Value `json:"result"`
		} `json:"outcome"`
	}
	require.NoError(t, s.Decode(&outcome))
	p.result = outcome.Outcome.Result
	p.scenario = readExchanges(t, s)
	p.exchanges = readExchanges(t, s)
	for _, d := range differences {
		before := describe(t, p.exchanges)
		p.exchanges = d.apply(p, p.exchanges)
		if describe(t, p.exchanges) != before {
			p.differs = append(p.differs, d.name)
			t.Logf("%s, because %s", d.name, d.because)
		}
	}
	plain := make([]transcript.Exchange, len(p.exchanges))
	for i, e := range p.exchanges {
		plain[i] = e.Exchange
	}
	p.replay = transcript.NewReplay(plain, transcript.Rules{
		Headers: []string{"Authorization", "Content-Type", "Cookie", "X-Projects-Role", "Igz-Project-Deletion-Strategy"}, Normalize: oneCookie,
	})
	p.queries = &rawQueries{next: p.replay}
	server := httptest.NewServer(p.queries)
	t.Cleanup(server.Close)
	p.client = newClient(t, server.URL, Config{Credential: static(p.credential())})
	return p
}

// describe returns a text that is another if any request is.
func describe(tb testing.TB, exchanges []recorded) string {
	tb.Helper()
	var b strings.Builder
	for _, e := range exchanges {
		b.WriteString(e.Request.Method + " " + e.Request.Path + "?" + e.raw + "\n" + canonical(tb, e.Request.Body) + "\n")
	}
	return b.String()
}

// oneCookie writes the session cookie in one of the forms that the server takes
// for equal, once.
func oneCookie(r *transcript.Request) error {
	for name, value := range r.Headers {
		if http.CanonicalHeaderKey(name) != "Cookie" {
			continue
		}
		var ids []string
		for cookie := range strings.SplitSeq(value, "; ") {
			ids = append(ids, sessionID(strings.TrimPrefix(cookie, "session=")))
		}
		r.Headers[name] = "session of " + strings.Join(slices.Compact(ids), ", ")
	}
	return nil
}

// rawQueries notes the queries of requests as they are on the wire.
type rawQueries struct {
	next http.Handler

	mu   sync.Mutex
	seen []string
}

func (q *rawQueries) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q.mu.Lock()
	q.seen = append(q.seen, sortedQuery(r.URL.RawQuery))
	q.mu.Unlock()
	q.next.ServeHTTP(w, r)
}

// sortedQuery returns a query with its parameters in order, each as it is.
func sortedQuery(raw string) string {
	parts := strings.Split(raw, "&")
	slices.Sort(parts)
	return strings.Join(parts, "&")
}

// credential returns what the reference client logged in with.
func (p *player) credential() Credential {
	if p.operation != seedPage && p.args.Password != "" && strings.HasPrefix(p.operation, "Client(") {
		return Credential{Username: p.args.Username, Password: p.args.Password}
	}
	headers := p.scenario[0].Request.Headers
	credential := Credential{AccessKey: sessionID(strings.TrimPrefix(headers["cookie"], "session="))}
	if basic, ok := strings.CutPrefix(headers["authorization"], "Basic "); ok {
		pair, err := base64.StdEncoding.DecodeString(basic)
		require.NoError(p, err)
		credential.Username, _, _ = strings.Cut(string(pair), ":")
	}
	return credential
}

func (p *player) play() {
	run := operations[p.operation]
	require.NotNil(p, run, "unknown operation %s", p.operation)
	result, err := run(p, p.client)
	require.NoError(p, p.replay.Err())
	for i, e := range p.exchanges {
		assert.Equal(p, sortedQuery(e.raw), p.queries.seen[i], "the query of request %d as it is on the wire", i+1)
	}
	if p.expect == "ok" {
		require.NoError(p, err)
		p.sameResult(result)
		return
	}
	f := asFault(p, err)
	if p.expect == "job_failed" {
		assert.Equal(p, fault.Internal, f.Kind)
		assert.Equal(p, typeJob, f.Resource)
		assert.Contains(p, f.Message, "Failed to delete user home directory")
		return
	}
	assert.Equal(p, p.expect, strings.ReplaceAll(f.Kind.String(), " ", "_"), f.Error())
}

// sameResult compares what came of the operation with what the reference
// client made of it: resources by their ID.
func (p *player) sameResult(got any) {
	p.Helper()
	if len(p.result) == 0 {
		return
	}
	var want any
	require.NoError(p, json.Unmarshal(p.result, &want))
	wanted, err := json.Marshal(byID(want), json.Deterministic(true))
	require.NoError(p, err)
	gotten, err := json.Marshal(got, json.Deterministic(true))
	require.NoError(p, err)
	assert.JSONEq(p, string(wanted), string(gotten))
}

// byID puts the IDs of resources in their place.
func byID(value any) any {
	switch value := value.(type) {
	case []any:
		list := []any{}
		for _, item := range value {
			list = append(list, byID(item))
		}
		return list
	case map[string]any:
		if _, resource := value["attributes"]; resource {
			return value["id"]
		}
	}
	return value
}
