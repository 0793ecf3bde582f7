package couchbase_test

import (
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/transcript"
)

// TestTranscripts replays every recording and compares status, headers and
// body.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	files := os.DirFS("../../../testdata/couchbase")
	names, err := fs.Glob(files, "*.json")
	require.NoError(t, err)
	require.Len(t, names, 82)
	states := special()
	for _, file := range names {
		name := strings.TrimSuffix(file, ".json")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sc, err := transcript.Load(files, file)
			require.NoError(t, err)
			replay(t, sc, states[name])
		})
	}
}

func replay(t *testing.T, sc *transcript.Scenario, g given) {
	t.Helper()
	g.options.Nodes = 2
	c := start(t, g.options)
	if g.seed == nil {
		g.seed = usual
	}
	g.seed(c)
	nodes := map[string]int{"": 0, "node-a": 0, "node-b": 1}
	require.NotEmpty(t, sc.Exchanges)
	for _, e := range sc.Exchanges {
		label := e.Request.Method + " " + e.Request.Path
		body := ""
		if e.Request.Body != nil && e.Request.Body.Kind() == '"' {
			body = parse[string](t, string(e.Request.Body))
		} else if e.Request.Body.Kind() == '{' {
			body = string(e.Request.Body)
		}
		r := c.request(t, nodes[e.Request.Node], anonymous, e.Request.Method, e.Request.Path, body)
		r.URL.RawQuery = urlValues(e.Request.Query)
		r.Header.Del("Content-Type")
		for name, value := range e.Request.Headers {
			r.Header.Set(name, value)
		}
		if g.caller != anonymous {
			r.SetBasicAuth(g.caller.name, g.caller.password)
		}
		if e.Response.TransportError != "" {
			_, err := c.client.Do(r)
			require.Error(t, err, label)
			continue
		}
		got := c.do(t, r)
		assert.Equal(t, e.Response.Status, got.status, "%s: %s", label, got.body)
		for name, value := range e.Response.Headers {
			if name != "Connection" { // net/http keeps that to itself
				assert.Equal(t, value, got.header.Get(name), "%s: %s", label, name)
			}
		}
		if e.Response.Headers["Content-Type"] != "application/json" {
			want := ""
			if len(e.Response.Body) > 0 && e.Response.Body.Kind() == '"' {
				want = parse[string](t, string(e.Response.Body))
			}
			assert.Equal(t, want, got.body, label)
			continue
		}
		want, is := normal(t, string(e.Response.Body), g.without), normal(t, got.body, g.without)
		if g.subset {
			assert.Subset(t, is, want, label)
			continue
		}
		assert.Equal(t, want, is, label)
	}
}

func urlValues(q transcript.Query) string {
	var fields []string
	for name, values := range q {
		for _, value := range values {
			fields = append(fields, form(name, value))
		}
	}
	return strings.Join(fields, "&")
}

// normal returns a body in a form where equal means equal: lists have no
// order, and some members are left out.
func normal(t *testing.T, body string, without []string) any {
	t.Helper()
	return sorted(parse[any](t, body), without)
}

func sorted(value any, without []string) any {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			value[name] = sorted(member, without)
			if slices.Contains(without, name) {
				value[name] = "<left out>"
			}
		}
	case []any:
		for i := range value {
			value[i] = sorted(value[i], without)
		}
		slices.SortFunc(value, func(a, b any) int { return strings.Compare(canonical(a), canonical(b)) })
	}
	return value
}

func canonical(value any) string {
	text, err := json.Marshal(value, json.Deterministic(true))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// TestComparisonNoticesDifferences proves that the comparison can fail.
func TestComparisonNoticesDifferences(t *testing.T) {
	t.Parallel()
	assert.NotEqual(t, normal(t, `{"roles":[]}`, nil), normal(t, `{}`, nil))
	assert.NotEqual(t, normal(t, `[{"id":"a"}]`, nil), normal(t, `[{"id":"a"},{"id":"a"}]`, nil))
	assert.NotEqual(t, normal(t, `{"desc":"x"}`, []string{"desc"}), normal(t, `{}`, []string{"desc"}))
	assert.Equal(t, normal(t, `[{"id":"b"},{"id":"a"}]`, nil), normal(t, `[{"id":"a"},{"id":"b"}]`, nil))
}

// TestTranscriptStatesAreUsed finds states of recordings that are gone.
func TestTranscriptStatesAreUsed(t *testing.T) {
	t.Parallel()
	for name := range special() {
		_, err := os.Stat("../../../testdata/couchbase/" + name + ".json")
		require.NoError(t, err)
	}
}
