package aistore_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/aistore"
)

// scenario is a recording of a real server.
type scenario struct {
	Given struct {
		Admin struct{ ID, Password string }
		// LoggedIn maps user IDs to the masks of their tokens.
		LoggedIn map[string]string `json:"logged_in"`
		Users    []struct {
			ID    string
			Pass  string
			Roles []string
		}
		Roles    []aistore.Role
		Clusters []aistore.Cluster
		Signing  string
	}
	Exchanges []struct {
		Request struct {
			Method, Path, Query string
			Headers             map[string]string
			Body                json.RawMessage
		}
		Response struct {
			Status       int
			Headers      map[string]string
			Body         json.RawMessage
			TokenDecoded *struct{ Header, Claims map[string]any } `json:"token_decoded"`
		}
	}
}

// TestTranscripts replays every recording and compares status, body and header
// fields with what the real server answered. The masks are those of the
// recordings; beyond them only the key in recording 52 is not compared, since
// its private half is not in the recording.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "testdata", "aistore", "*.json"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 69)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			replay(t, parse[scenario](t, string(text)))
		})
	}
}

func replay(t *testing.T, sc scenario) {
	t.Helper()
	s := given(t, sc)
	tokens := map[string]string{} // by mask
	for id, mask := range sc.Given.LoggedIn {
		tokens[mask] = s.login(t, id, passwordOf(t, sc, id))
	}
	require.NotEmpty(t, sc.Exchanges)
	for _, exchange := range sc.Exchanges {
		want := exchange.Response
		label := exchange.Request.Method + " " + exchange.Request.Path
		req, err := http.NewRequest(exchange.Request.Method, s.url+exchange.Request.Path, sentBody(exchange.Request.Body, tokens))
		require.NoError(t, err)
		req.URL.RawQuery = exchange.Request.Query
		for name, value := range exchange.Request.Headers {
			req.Header.Set(name, unmask(value, tokens))
		}
		got, err := s.do(req)
		require.NoError(t, err)

		assert.Equal(t, want.Status, got.status, label)
		assert.Equal(t, want.Headers, meaningful(got.header), label)
		if want.TokenDecoded != nil {
			token := parse[map[string]string](t, got.body)["token"]
			tokens[parse[map[string]string](t, string(want.Body))["token"]] = token
			assert.Equal(t, want.TokenDecoded.Header, maskedHeader(t, token), label)
			assert.Equal(t, want.TokenDecoded.Claims, maskedClaims(t, token), label)
		}
		if string(want.Body) == "null" {
			assert.Empty(t, got.body, label)
			continue
		}
		assert.Equal(t, normal(t, string(want.Body)), normal(t, mask(got.body, tokens)), label)
	}
}

// given returns a server in the state before the first exchange. Clusters are
// contacted without a network: those of the recordings accept everything, and
// the one name that was not resolved is not resolved.
func given(t *testing.T, sc scenario) server {
	t.Helper()
	opts := aistore.Options{
		AdminID:       sc.Given.Admin.ID,
		AdminPassword: sc.Given.Admin.Password,
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "127.0.0.1:8080" {
				return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
			}
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{
				Err: "no such host", Name: r.URL.Hostname(), Server: "<resolver>", IsNotFound: true,
			}}
		}),
	}
	if sc.Given.Signing == "HS256" {
		opts.Secret = "a-test-hmac-secret"
	}
	s := start(t, opts)
	for _, cluster := range sc.Given.Clusters {
		s.SeedCluster(cluster)
	}
	for _, role := range sc.Given.Roles {
		s.SeedRole(role)
	}
	for _, u := range sc.Given.Users {
		s.SeedUser(u.ID, u.Pass, u.Roles...)
	}
	return s
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func passwordOf(t *testing.T, sc scenario, id string) string {
	t.Helper()
	if id == sc.Given.Admin.ID {
		return sc.Given.Admin.Password
	}
	for _, u := range sc.Given.Users {
		if u.ID == id {
			return u.Pass
		}
	}
	require.Fail(t, "logged in without being given", id)
	return ""
}

// sentBody returns a recorded body as it was on the wire: the recorder's client
// puts a space after every comma and colon, and recording 38 counts bytes.
func sentBody(recorded json.RawMessage, tokens map[string]string) io.Reader {
	var compact, spaced bytes.Buffer
	if err := json.Compact(&compact, recorded); err != nil || compact.String() == "null" {
		return http.NoBody
	}
	inString, escaped := false, false
	for _, c := range compact.Bytes() {
		spaced.WriteByte(c)
		switch {
		case escaped:
			escaped = false
		case inString && c == '\\':
			escaped = true
		case c == '"':
			inString = !inString
		case !inString && (c == ',' || c == ':'):
			spaced.WriteByte(' ')
		}
	}
	return strings.NewReader(unmask(spaced.String(), tokens))
}

func unmask(text string, tokens map[string]string) string {
	for mask, token := range tokens {
		text = strings.ReplaceAll(text, mask, token)
	}
	return text
}

var (
	remoteAddr  = regexp.MustCompile(`"remote_addr":"127\.0\.0\.1:\d+"`)
	timeLeft    = regexp.MustCompile(`token expires in \w+`)
	keyMaterial = regexp.MustCompile(`"(kid|n)":"[\w-]{43,}"`)
)

// mask hides what the recordings hide.
func mask(body string, tokens map[string]string) string {
	for mask, token := range tokens {
		body = strings.ReplaceAll(body, token, mask)
	}
	body = remoteAddr.ReplaceAllString(body, `"remote_addr":"<addr>"`)
	return strings.ReplaceAll(body, "/etc/ais/authn/log", "<conf-dir>/log")
}

// normal returns a body in a form where equal means equal: members and
// lists of named things in order, and without what differs from run to run.
func normal(t *testing.T, body string) any {
	t.Helper()
	body = timeLeft.ReplaceAllString(body, "token expires in <time>")
	var value any
	if json.Unmarshal([]byte(body), &value) != nil {
		return body // plain text
	}
	text, err := json.Marshal(value)
	require.NoError(t, err)
	value = parse[any](t, keyMaterial.ReplaceAllString(string(text), `"$1":"<key>"`))
	sortNamed(value)
	return value
}

// sortNamed sorts every list of objects that have a name.
func sortNamed(value any) {
	switch value := value.(type) {
	case map[string]any:
		for _, member := range value {
			sortNamed(member)
		}
	case []any:
		slices.SortStableFunc(value, func(a, b any) int { return strings.Compare(nameOf(a), nameOf(b)) })
		for _, element := range value {
			sortNamed(element)
		}
	}
}

func nameOf(value any) string {
	object, _ := value.(map[string]any)
	name, _ := object["name"].(string)
	return name
}

// meaningful returns the header fields that recordings keep.
func meaningful(header http.Header) map[string]string {
	kept := map[string]string{}
	for name, values := range header {
		if name != "Date" && name != "Content-Length" {
			kept[name] = strings.Join(values, ", ")
		}
	}
	return kept
}

func maskedHeader(t *testing.T, token string) map[string]any {
	t.Helper()
	header := tokenPart(t, token, 0)
	if id, ok := header["kid"].(string); ok && len(id) == 43 {
		header["kid"] = "<kid>"
	}
	return header
}

func maskedClaims(t *testing.T, token string) map[string]any {
	t.Helper()
	claims := tokenPart(t, token, 1)
	issued, expires := claims["iat"].(float64), claims["exp"].(float64)
	claims["iat"] = "<now>"
	claims["exp"] = fmt.Sprintf("<iat+%.0f>", expires-issued)
	return claims
}

// TestTranscriptsNoticeDifferences proves that the comparison can fail.
func TestTranscriptsNoticeDifferences(t *testing.T) {
	t.Parallel()
	assert.NotEqual(t, normal(t, `{"roles":null}`), normal(t, `{"roles":[]}`))
	assert.NotEqual(t, normal(t, `{}`), normal(t, `{"clusters":null}`))
	assert.NotEqual(t, normal(t, `[{"name":"a"}]`), normal(t, `[{"name":"a"},{"name":"a"}]`))
	assert.Equal(t, normal(t, `[{"name":"b"},{"name":"a"}]`), normal(t, `[{"name":"a"},{"name":"b"}]`))
}
