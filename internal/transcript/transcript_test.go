package transcript

import (
	"bytes"
	"compress/gzip"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const recording = `{
  "scenario": "create",
  "operation": {"name": "users.create", "args": {"id": "alice"}},
  "exchanges": [
    {
      "request": {
        "method": "PUT", "path": "/users/a%2Fb", "query": {"b": "2", "a": "x y"},
        "headers": {"authorization": "Bearer t", "Content-Type": "application/json"},
        "body": {"id": "zo\u00eb", "n": 18446744073709551615, "list": [1, 2]}
      },
      "response": {"status": 201, "headers": {"Content-Type": "text/plain", "X-Id": "7"}, "body": "text\n"}
    },
    {
      "request": {"method": "GET", "path": "/users", "query": "a=1", "headers": {}, "body": null},
      "response": {"status": 200, "headers": {}, "body": {"ok": true}}
    }
  ],
  "expect": {"kind": "ok", "before_sending": true},
  "extra": {"answer": 42}
}`

func load(tb testing.TB) *Scenario {
	tb.Helper()
	s, err := Load(fstest.MapFS{"s.json": {Data: []byte(recording)}}, "s.json")
	require.NoError(tb, err)
	return s
}

func TestLoad(t *testing.T) {
	t.Parallel()
	s := load(t)
	assert.Equal(t, "create", s.Name)
	assert.Equal(t, Operation{Name: "users.create", Args: jsontext.Value(`{"id": "alice"}`)}, s.Operation)
	assert.Equal(t, Expect{Kind: "ok", BeforeSending: true}, s.Expect)
	require.Len(t, s.Exchanges, 2)
	assert.Equal(t, Query{"a": {"x y"}, "b": {"2"}}, s.Exchanges[0].Request.Query)
	assert.Equal(t, Query{"a": {"1"}}, s.Exchanges[1].Request.Query)
	var more struct {
		Extra struct {
			Answer int `json:"answer"`
		} `json:"extra"`
	}
	require.NoError(t, s.Decode(&more))
	assert.Equal(t, 42, more.Extra.Answer)

	all, err := LoadAll(fstest.MapFS{"b.json": {Data: []byte(recording)}, "a.json": {Data: []byte(recording)}, "README.md": {}})
	require.NoError(t, err)
	assert.Len(t, all, 2)
}

func TestLoadFailures(t *testing.T) {
	t.Parallel()
	_, err := LoadAll(fstest.MapFS{})
	require.EqualError(t, err, "there are no recordings")
	_, err = Load(fstest.MapFS{}, "missing.json")
	require.Error(t, err)
	for _, text := range []string{"", "{}", "[]", `{"scenario":"x","operation":{"name":"y"}}`, strings.Replace(recording, `"a=1"`, `"%zz"`, 1), strings.Replace(recording, `"a=1"`, "7", 1)} {
		_, err := LoadAll(fstest.MapFS{"bad.json": {Data: []byte(text)}})
		require.ErrorContains(t, err, "bad.json", text)
	}
}

// request returns the first recorded request as a client sends it.
func request(tb testing.TB, address string) *http.Request {
	tb.Helper()
	body := `{"list":[1,2],"n":18446744073709551615,"id":"zoë"}`
	r, err := http.NewRequestWithContext(tb.Context(), http.MethodPut, address+"/users/a%2Fb?a=x+y&b=2", strings.NewReader(body))
	require.NoError(tb, err)
	r.Header.Set("Authorization", "Bearer t")
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Unlisted", "whatever")
	return r
}

func setBody(r *http.Request, body string) {
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
}

func start(tb testing.TB, exchanges []Exchange, rules Rules) (*Replay, string) {
	tb.Helper()
	replay := NewReplay(exchanges, rules)
	server := httptest.NewUnstartedServer(replay)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	tb.Cleanup(server.Close)
	return replay, server.URL
}

func send(tb testing.TB, r *http.Request) (int, http.Header, string) {
	tb.Helper()
	answer, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(tb, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(tb, err)
	return answer.StatusCode, answer.Header, string(body)
}

func get(tb testing.TB, address string) *http.Request {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, address+"/users?a=1", http.NoBody)
	require.NoError(tb, err)
	return r
}

func TestReplay(t *testing.T) {
	t.Parallel()
	replay, address := start(t, load(t).Exchanges, Rules{Headers: []string{"Authorization", "Cookie"}})
	require.EqualError(t, replay.Err(), "an exchange was not used: PUT /users/a%2Fb\nan exchange was not used: GET /users")

	status, header, body := send(t, request(t, address))
	assert.Equal(t, 201, status)
	assert.Equal(t, "text/plain", header.Get("Content-Type"))
	assert.Equal(t, "7", header.Get("X-Id"))
	assert.Equal(t, "text\n", body)
	require.EqualError(t, replay.Err(), "an exchange was not used: GET /users")

	status, header, body = send(t, get(t, address))
	assert.Equal(t, 200, status)
	assert.NotContains(t, header, "Content-Type")
	assert.JSONEq(t, `{"ok":true}`, body)
	assert.Equal(t, 2, replay.Served())
	require.NoError(t, replay.Err())

	status, _, _ = send(t, get(t, address))
	assert.Equal(t, http.StatusNotImplemented, status)
	require.EqualError(t, replay.Err(), "exchange 3: not recorded: GET /users")
}

func TestZippedBody(t *testing.T) {
	t.Parallel()
	exchanges := load(t).Exchanges[:1]
	replay, address := start(t, exchanges, Rules{})
	r := request(t, address)
	plain, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, err = w.Write(plain)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	setBody(r, zipped.String())
	r.Header.Set("Content-Encoding", "gzip")
	send(t, r)
	require.NoError(t, replay.Err())
}

// TestDifferences changes one thing at a time.
func TestDifferences(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]struct {
		do   func(r *http.Request)
		want string
	}{
		"method":        {func(r *http.Request) { r.Method = http.MethodPatch }, "- PUT /users/a%2Fb\n+ PATCH /users/a%2Fb\n"},
		"escaping":      {func(r *http.Request) { r.URL.Path, r.URL.RawPath = "/users/a/b", "" }, "- PUT /users/a%2Fb\n+ PUT /users/a/b\n"},
		"query":         {func(r *http.Request) { r.URL.RawQuery = "a=x" }, "- query a=x+y&b=2\n+ query a=x\n"},
		"header":        {func(r *http.Request) { r.Header.Set("Authorization", "t") }, "- Authorization: Bearer t\n+ Authorization: t\n"},
		"lost header":   {func(r *http.Request) { r.Header.Del("Authorization") }, "- Authorization: Bearer t\n"},
		"content type":  {func(r *http.Request) { r.Header.Set("Content-Type", "text/json") }, "- Content-Type: application/json\n+ Content-Type: text/json\n"},
		"header twice":  {func(r *http.Request) { r.Header.Add("Authorization", "u") }, "+ Authorization: Bearer t, u\n"},
		"extra header":  {func(r *http.Request) { r.Header.Set("Cookie", "a=b") }, "+ Cookie: a=b\n"},
		"no body":       {func(r *http.Request) { setBody(r, "") }, "-   \"id\": \"zoë\",\n"},
		"no JSON":       {func(r *http.Request) { setBody(r, "{") }, "+ \"{\"\n"},
		"extra member":  {func(r *http.Request) { setBody(r, `{"list":[1,2],"n":18446744073709551615,"id":"zoë","x":null}`) }, "+   \"x\": null\n"},
		"other number":  {func(r *http.Request) { setBody(r, `{"list":[1,2],"n":18446744073709551614,"id":"zoë"}`) }, "+   \"n\": 18446744073709551614\n"},
		"other order":   {func(r *http.Request) { setBody(r, `{"list":[2,1],"n":18446744073709551615,"id":"zoë"}`) }, "+     2,\n"},
		"broken zip":    {func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, "the body is not what Content-Encoding says"},
		"unknown bytes": {func(r *http.Request) { setBody(r, "\xff") }, "+ \"\uFFFD\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			replay, address := start(t, load(t).Exchanges[:1], Rules{Headers: []string{"Cookie"}})
			r := request(t, address)
			change.do(r)
			status, _, _ := send(t, r)
			assert.Equal(t, http.StatusNotImplemented, status)
			require.ErrorContains(t, replay.Err(), "exchange 1: ")
			assert.ErrorContains(t, replay.Err(), change.want)
		})
	}
}

func exchange(text string) Exchange {
	var e Exchange
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		panic(err)
	}
	return e
}

func TestForm(t *testing.T) {
	t.Parallel()
	const form = "application/x-www-form-urlencoded"
	e := exchange(`{"request": {"method": "PUT", "path": "/u", "headers": {"Content-Type": "` + form + `"}, "body": "a=x+y&b=%2C&a=z"},
		"response": {"status": 200, "headers": {"Content-Type": "application/json; charset=utf-8"}, "body": ""}}`)
	for body, want := range map[string]string{
		"b=,&a=x%20y&a=z": "", "a=z&b=,&a=x+y": "- a = [\"x y\" \"z\"]\n+ a = [\"z\" \"x y\"]\n", "a=x+y&b=%2C&a=z&c=": "+ c = [\"\"]\n", "a=%zz": "invalid URL escape", "{}": "+ {}",
	} {
		replay, address := start(t, []Exchange{e}, Rules{})
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, address+"/u", strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", form)
		status, _, answer := send(t, r)
		if want != "" {
			require.ErrorContains(t, replay.Err(), want, body)
			continue
		}
		require.NoError(t, replay.Err(), body)
		assert.Equal(t, 200, status)
		assert.Equal(t, `""`, answer, "a JSON string stays one")
	}
	e.Request.Body = jsontext.Value(`"a=%zz"`)
	replay, address := start(t, []Exchange{e}, Rules{})
	r := get(t, address)
	send(t, r)
	require.ErrorContains(t, replay.Err(), "the recording: the body: ")
}

func TestUnordered(t *testing.T) {
	t.Parallel()
	first := exchange(`{"request": {"method": "GET", "path": "/users", "query": "a=1"}, "response": {"status": 204}}`)
	second := exchange(`{"request": {"method": "GET", "path": "/users", "query": "a=2"}, "response": {"status": 200}}`)
	replay, address := start(t, []Exchange{second, first}, Rules{Unordered: true})
	status, _, _ := send(t, get(t, address))
	assert.Equal(t, 204, status)
	status, _, _ = send(t, get(t, address))
	assert.Equal(t, http.StatusNotImplemented, status)
	err := replay.Err()
	require.ErrorContains(t, err, "exchange 2: no recorded request is like GET /users; the last differs thus: the request differs\n")
	assert.ErrorContains(t, err, "an exchange was not used: GET /users")
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	down := exchange(`{"request": {"node": "node-a", "method": "GET", "path": "/users", "query": "a=1"}, "response": {"transport_error": "connection refused"}}`)
	broken := exchange(`{"request": {"node": "node-b", "method": "GET", "path": "/users", "query": "a=1"}, "response": {"transport_error": "connection reset"}}`)
	good := exchange(`{"request": {"node": "node-b", "method": "GET", "path": "/users", "query": "a=1"}, "response": {"status": 200, "headers": {"X-Id": "7"}, "body": [1]}}`)
	replay := NewReplay([]Exchange{down, broken, good, good}, Rules{})

	answer, err := replay.RoundTrip(get(t, "http://node-a:8091"))
	assert.Nil(t, answer)
	var dial *net.OpError
	require.ErrorAs(t, err, &dial)
	assert.Equal(t, "dial", dial.Op)
	answer, err = replay.RoundTrip(get(t, "http://node-b:8091"))
	assert.Nil(t, answer)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)

	r := get(t, "http://node-b:8091")
	r.Body = nil
	answer, err = replay.RoundTrip(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	assert.Equal(t, "[1]", string(body))
	assert.Equal(t, []any{200, "7", int64(3), r}, []any{answer.StatusCode, answer.Header.Get("X-Id"), answer.ContentLength, answer.Request})

	other, err := replay.RoundTrip(get(t, "http://node-a:8091"))
	require.NoError(t, err)
	defer other.Body.Close()
	assert.Equal(t, http.StatusNotImplemented, other.StatusCode)
	assert.ErrorContains(t, replay.Err(), "- at node-b GET /users\n+ at node-a GET /users\n")
}

func TestNormalize(t *testing.T) {
	t.Parallel()
	exchanges := load(t).Exchanges[:1]
	rules := Rules{Normalize: func(r *Request) error {
		delete(r.Headers, http.CanonicalHeaderKey("authorization"))
		delete(r.Headers, "authorization")
		r.Body = nil
		return nil
	}}
	replay, address := start(t, exchanges, rules)
	r := request(t, address)
	r.Header.Set("Authorization", "other")
	setBody(r, "{}")
	send(t, r)
	require.NoError(t, replay.Err())
	assert.Equal(t, "Bearer t", exchanges[0].Request.Headers["authorization"], "the recording is left alone")
	assert.NotNil(t, exchanges[0].Request.Body)

	rules.Normalize = func(*Request) error { return io.ErrUnexpectedEOF }
	replay, address = start(t, exchanges, rules)
	send(t, request(t, address))
	require.ErrorIs(t, replay.Err(), io.ErrUnexpectedEOF)
}

func TestClosedConnection(t *testing.T) {
	t.Parallel()
	exchanges := load(t).Exchanges[1:]
	exchanges[0].Response = Response{}
	replay, address := start(t, exchanges, Rules{})
	r := get(t, address)
	r.Close = true // a connection that was never used is not dialled again
	_, err := http.DefaultTransport.RoundTrip(r)
	require.Error(t, err)
	require.NoError(t, replay.Err())
}

func TestCanonical(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"": "", "null": "", "7": "7", `"\u0061"`: `"a"`, `{"b":1.50,"a":[]}`: "{\n  \"a\": [],\n  \"b\": 1.50\n}",
	} {
		got, err := Canonical(jsontext.Value(value))
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	_, err := Canonical(jsontext.Value("{"))
	require.Error(t, err)
}
