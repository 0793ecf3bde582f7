package iguazio_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// scenario is a recording.
type scenario struct {
	Exchanges []exchange
}

type exchange struct {
	Request struct {
		Method, Path string
		RawQuery     string `json:"raw_query"`
		Headers      map[string]string
		Body         json.RawMessage
	}
	Response struct {
		Status  int
		Headers map[string]string
		Body    json.RawMessage
	}
}

// TestTranscripts replays every recording against a system in the state in
// which the recording began, and compares status, header fields and body. All
// IDs and times are those of the recordings. Not compared are the trace IDs,
// the time at which access keys expire, which in the recordings is a day later
// than their lifetime says, and the order of what is included. Answers of a
// broken system are injected, see overrides.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "testdata", "iguazio", "*.json"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 102)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			sc := parse[scenario](t, string(text))
			require.NotEmpty(t, sc.Exchanges)
			s := beginning(t, name, sc)
			for i, e := range sc.Exchanges {
				s.replay(t, i, e)
			}
		})
	}
}

// replay sends a recorded request and compares what comes back.
func (s server) replay(t *testing.T, i int, e exchange) {
	t.Helper()
	var sent string
	if string(e.Request.Body) != "null" {
		sent = string(e.Request.Body)
	}
	req, err := http.NewRequest(e.Request.Method, s.url+e.Request.Path, strings.NewReader(sent))
	require.NoError(t, err)
	req.URL.RawQuery = e.Request.RawQuery
	for name, value := range e.Request.Headers {
		req.Header.Set(name, value)
	}
	got, err := s.do(req)
	require.NoError(t, err)
	assert.Equal(t, e.Response.Status, got.status, "exchange %d", i)
	for name, value := range e.Response.Headers {
		assert.Equal(t, value, got.header.Get(name), "exchange %d: %s", i, name)
	}
	want := string(e.Response.Body)
	if want == "null" || want == `""` {
		assert.Empty(t, got.body, "exchange %d", i)
		return
	}
	assert.Equal(t, normal(t, want), normal(t, got.body), "exchange %d: %s %s", i, e.Request.Method, e.Request.Path)
}

// normal returns a body in a form where equal means equal.
func normal(t *testing.T, text string) map[string]any {
	t.Helper()
	body := parse[map[string]any](t, text)
	if about, ok := body["meta"].(map[string]any); ok {
		require.Contains(t, about, "ctx")
		about["ctx"] = "<trace>"
	}
	included, _ := body["included"].([]any)
	slices.SortFunc(included, func(a, b any) int { return strings.Compare(idOf(a), idOf(b)) })
	data, _ := body["data"].(map[string]any)
	attributes, _ := data["attributes"].(map[string]any)
	switch data["type"] {
	case "access_key":
		attributes["expires_at"] = "<time>"
	case "session_verification":
		attributes["context"].(map[string]any)["id"] = "<trace>"
	}
	return body
}

func idOf(resource any) string {
	id, _ := resource.(map[string]any)["id"].(string)
	return id
}

// TestTranscriptsNoticeDifferences proves that the comparison can fail.
func TestTranscriptsNoticeDifferences(t *testing.T) {
	t.Parallel()
	assert.NotEqual(t, normal(t, `{"data":[]}`), normal(t, `{"data":null}`))
	assert.NotEqual(t, normal(t, `{"data":{"id":"a"}}`), normal(t, `{"data":{"id":"a","relationships":{}}}`))
	assert.NotEqual(t, normal(t, `{"data":[{"id":"a"},{"id":"b"}]}`), normal(t, `{"data":[{"id":"b"},{"id":"a"}]}`))
	assert.NotEqual(t, normal(t, `{"meta":{"ctx":"1"}}`), normal(t, `{"meta":{"ctx":"1","total_records":1}}`))
	assert.Equal(t, normal(t, `{"included":[{"id":"a"},{"id":"b"}],"meta":{"ctx":"1"}}`), normal(t, `{"included":[{"id":"b"},{"id":"a"}],"meta":{"ctx":"2"}}`))
}
