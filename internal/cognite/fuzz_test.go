package cognite

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/transport"
)

// FuzzFailure reads error bodies of any form: a failure comes of each, in one
// line and without the nonce.
func FuzzFailure(f *testing.F) {
	for _, seed := range []string{
		`{"error":{"code":400,"message":"m","missing":[{"username":"x"},1,null],"duplicated":[{}],"extra":{"a":[n-secret-1]}}}`,
		`{"error":[["n-secret-1"],{"message":"n-secret-1\n"}]}`, `{"error":{"missing":{"a":1}}}`, "{", "[]", `{"error":"n-sec` + "\x00" + `ret-1"}`,
	} {
		f.Add(400, []byte(seed))
	}
	c := newClient(f, answering(http.StatusOK, ""), Config{})
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		request := &transport.Request{Method: http.MethodPost, Path: []string{"api", "v1", "projects", "p", "groups"}, Secrets: []string{"n-secret-1"}}
		failure := c.classify(request, status, http.Header{}, body)
		detail, _ := failure.Err.(*Detail) //nolint:errorlint // nobody wraps it
		if detail == nil {
			return
		}
		texts := make([]string, 0, len(detail.Extra))
		for _, items := range [][]Item{detail.Missing, detail.Duplicated, {detail.Extra}} {
			for _, item := range items {
				for _, value := range item {
					texts = append(texts, value)
				}
			}
		}
		for _, text := range texts {
			assert.NotContains(t, text, "n-secret-1")
			assert.NotContains(t, text, "\n")
			assert.True(t, utf8.ValidString(text))
		}
	})
}

// FuzzColumns reads columns of any form; what was read can be written and read
// again.
func FuzzColumns(f *testing.F) {
	for _, seed := range []string{
		`{"a":{"type":"TEXT"},"b":{"type":"BIGINT[]"}}`, `[{"propertyName":"a","type":"TEXT"}]`, `null`, `{}`, `[]`, `{"a":1}`, `{"a":{"type":"x"},"a":{}}`, `7`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var table Table
		body := []byte(`{"tablename":"t","columns":` + string(data) + `}`)
		if transport.Decode(body, &table) != nil || strings.Contains(string(data), "\\u") {
			return
		}
		written, err := transport.Encode(table)
		if err != nil {
			return // a name twice, or one that is no UTF-8
		}
		var again Table
		require.NoError(t, transport.Decode(written, &again))
		assert.Equal(t, table.Columns, again.Columns)
	})
}
