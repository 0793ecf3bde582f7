package cognite_test

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/cognite"
)

// scenario is a recording.
type scenario struct {
	Project   string     `json:"project"`
	Exchanges []exchange `json:"exchanges"`
}

// exchange is one request of a recording and its answer.
type exchange struct {
	Service string `json:"service"`
	Request struct {
		Method  string            `json:"method"`
		Path    string            `json:"path"`
		Query   map[string]string `json:"query"`
		Headers map[string]string `json:"headers"`
		Body    jsontext.Value    `json:"body"`
		SDKBody jsontext.Value    `json:"sdk_body"`
	} `json:"request"`
	Response struct {
		Status         int               `json:"status"`
		Headers        map[string]string `json:"headers"`
		Body           jsontext.Value    `json:"body"`
		TransportError string            `json:"transport_error"`
	} `json:"response"`
}

// TestTranscripts replays every recording and compares status, headers and
// body of each answer, both for the body of a correct client and, where it
// differs, for that of the Python SDK. The allowances are:
//
//   - Names and secrets that the server makes up are those of the recording
//     because the test hands them out, and times are because it sets the clock.
//   - Cursors are opaque: the one of an answer stands in for the recorded one.
//   - 429, 502 and 503 are faults, and so is the 401 of "unauthenticated": the
//     next answer of that recording says that the same token has access.
//   - Items of listings may come in another order.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "testdata", "cognite", "*.json"))
	require.NoError(t, err)
	require.Len(t, files, 63)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, sdk := range []bool{false, true} {
			if sdk && !strings.Contains(string(text), `"sdk_body"`) {
				continue
			}
			t.Run(name+map[bool]string{true: "/sdk"}[sdk], func(t *testing.T) {
				t.Parallel()
				replay(t, name, parse[scenario](t, string(text)), sdk)
			})
		}
	}
}

func replay(t *testing.T, name string, sc scenario, sdk bool) {
	t.Helper()
	s := given(t, name, sc)
	cursors := map[string]string{} // recorded to real
	for _, e := range sc.Exchanges {
		s.clock.Set(timeOf(t, e))
		body := e.Request.Body
		if sdk && e.Request.SDKBody != nil {
			body = e.Request.SDKBody
		}
		got := s.do(t, recorded(t, s, e, body, cursors))
		want := e.Response
		label := e.Request.Method + " " + e.Request.Path
		assert.Equal(t, want.Status, got.status, label)
		for field, value := range want.Headers {
			assert.Equal(t, value, got.header.Get(field), "%s: %s", label, field)
		}
		if want.Body.Kind() == '"' {
			assert.Equal(t, parse[string](t, string(want.Body)), got.body, label)
			continue
		}
		expected, actual := parse[map[string]any](t, string(want.Body)), parse[map[string]any](t, got.body)
		if cursor, ok := expected["nextCursor"].(string); ok {
			require.IsType(t, "", actual["nextCursor"], label)
			cursors[cursor] = actual["nextCursor"].(string)
			delete(expected, "nextCursor")
			delete(actual, "nextCursor")
		}
		for member, list := range expected {
			if items, ok := list.([]any); ok {
				assert.ElementsMatch(t, items, actual[member], label)
				delete(expected, member)
				delete(actual, member)
			}
		}
		assert.Equal(t, expected, actual, label)
	}
}

// recorded returns the request of an exchange.
func recorded(t *testing.T, s server, e exchange, body jsontext.Value, cursors map[string]string) *http.Request {
	t.Helper()
	sent := []byte(body)
	switch body.Kind() {
	case 'n', 0:
		sent = nil
	case '"':
		sent = []byte(parse[string](t, string(body)))
	}
	if e.Request.Headers["Content-Encoding"] == "gzip" {
		sent = zipped(t, string(sent))
	}
	req, err := http.NewRequest(e.Request.Method, s.url+e.Request.Path, io.NopCloser(bytes.NewReader(sent)))
	require.NoError(t, err)
	query := url.Values{}
	for key, value := range e.Request.Query {
		if actual, ok := cursors[value]; ok && key == "cursor" {
			value = actual
		}
		query.Set(key, value)
	}
	req.URL.RawQuery = query.Encode()
	for field, value := range e.Request.Headers {
		req.Header.Set(field, value)
	}
	return req
}

// answered is what all answers together tell of the state.
type answered struct {
	Items []struct {
		cognite.User

		Host         string                `json:"host"`
		Password     string                `json:"password"`
		ID           int64                 `json:"id"`
		Nonce        string                `json:"nonce"`
		Type         string                `json:"type"`
		Status       cognite.SessionStatus `json:"status"`
		CreationTime int64                 `json:"creationTime"`
	} `json:"items"`
	NextCursor  string `json:"nextCursor"`
	AccessToken string `json:"access_token"`
}

func decodeAnswer(e exchange) answered {
	var a answered
	_ = json.Unmarshal(e.Response.Body, &a, json.RejectUnknownMembers(false)) // not all are of this shape
	return a
}

// timeOf returns when an exchange happened: the latest time in its answer.
func timeOf(t *testing.T, e exchange) int64 {
	t.Helper()
	latest := epoch
	for _, item := range decodeAnswer(e).Items {
		latest = max(latest, item.LastUpdatedTime, item.CreatedTime, item.CreationTime)
	}
	return latest
}

// given returns a server in the state before the first exchange.
func given(t *testing.T, name string, sc scenario) server {
	t.Helper()
	opts := cognite.Options{Scope: "https://westeurope-1.cognitedata.com/.default"}
	if name == "user_get_missing_404_without_list" {
		opts.MissingStatus, opts.MissingWithoutList = http.StatusNotFound, true
	}
	made := map[cognite.Kind][]string{}
	for _, e := range sc.Exchanges {
		a := decodeAnswer(e)
		if a.AccessToken != "" {
			made[cognite.AccessToken] = append(made[cognite.AccessToken], a.AccessToken)
		}
		for _, item := range a.Items {
			if item.Nonce != "" {
				made[cognite.Nonce] = append(made[cognite.Nonce], item.Nonce)
			}
			if item.Password != "" {
				made[cognite.Username] = append(made[cognite.Username], item.Username)
				made[cognite.Password] = append(made[cognite.Password], item.Password)
			}
		}
		if a.NextCursor != "" {
			opts.PageSize = max(opts.PageSize, len(a.Items))
		}
	}
	opts.Make = func(kind cognite.Kind) string {
		if len(made[kind]) == 0 {
			t.Errorf("nothing of kind %d is recorded", kind)
			return "unrecorded"
		}
		next := made[kind][0]
		made[kind] = made[kind][1:]
		return next
	}
	s := start(t, opts)
	seedPrincipals(s, name)
	seedState(t, s, name, sc)
	seedFaults(s, sc)
	return s
}

// seedPrincipals stores who the recordings are made as.
func seedPrincipals(s server, name string) {
	who := cognite.Principal{
		Subject:  "svc-4711",
		Projects: map[string][]int64{"plant-7": {71, 72}},
		Capabilities: []cognite.Capability{
			{ACL: "postgresGatewayAcl", Actions: []string{"READ", "WRITE"}, Projects: []string{"plant-7"}},
			{ACL: "sessionsAcl", Actions: []string{"LIST", "CREATE", "DELETE"}, Projects: []string{"plant-7"}},
			{ACL: "groupsAcl", Actions: []string{"LIST"}},
		},
	}
	switch {
	case name == "permission_denied":
		who.Capabilities = nil
	case name == "session_revoke_without_list_acl":
		who.Capabilities[1].Actions = []string{"DELETE"}
	case name == "group_list_mine":
		who.Projects["plant-7"] = []int64{71}
	case strings.HasPrefix(name, "group_create"), name == "group_delete":
		who.Capabilities[2].Actions = []string{"LIST", "CREATE", "DELETE"}
	}
	s.SeedToken("static-token-1", who)
	if name == "oauth_invalid_client" {
		s.SeedClient("idp-app-1", "another", who)
		return
	}
	s.SeedClient("idp-app-1", "s3cret-1", who)
}
