package rpc

import (
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

func TestReadAnswer(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]answer{
		`{"request-id":7,"response":{}}`:                             {ID: 7, Response: jsontext.Value(`{}`)},
		`{"request-id":7,"response":null}`:                           {ID: 7, Response: jsontext.Value(`null`)},
		`{"request-id":7,"response":{},"trace-id":"x"}`:              {ID: 7, Response: jsontext.Value(`{}`)},
		`{"request-id":7,"response":{},"error":"x"}`:                 {ID: 7, Error: "x", Response: jsontext.Value(`{}`)},
		`{"request-id":7,"error":"x","error-code":"y","response":1}`: {ID: 7, Error: "x", Code: "y", Response: jsontext.Value(`1`)},
		`{"error-info":[1],"Request-Id": 7 , "RESPONSE": {} }`:       {ID: 7, Info: jsontext.Value(`[1]`), Response: jsontext.Value(`{}`)},
		`{"request-id":18446744073709551615,"response":1}`:           {ID: 1<<64 - 1, Response: jsontext.Value(`1`)},
		`{"request-id":7}`:                                           {ID: 7},
	} {
		assert.Equal(t, want.ID, answerID([]byte(text)), text)
		got, failure := readAnswer([]byte(text))
		require.Nil(t, failure, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "{}", "null", "[]", `{"request-id":0}`, `{"request-id":"7"}`, `{"request-id":-7}`, `{"request-id":7`} {
		assert.Zero(t, answerID([]byte(text)), text)
	}
	for _, text := range []string{"", "[]", `{"request-id":7,"response":}`, `{"request-id":7,"response":{}}}`, `{"request-id":7,"error":1}`} {
		_, failure := readAnswer([]byte(text))
		assert.Equal(t, badMessage(), failure, text)
	}
	for _, text := range []string{`{"request-id":7,"response":{}`, `{"request-id":7,"response":{"a":"`, `{`} {
		_, failure := readAnswer([]byte(text))
		assert.Equal(t, fault.New(fault.Unavailable, "the answer broke off"), failure, text)
	}
}

func FuzzReadAnswer(f *testing.F) {
	f.Add([]byte(`{"request-id":7,"response":{}}`))
	f.Add([]byte(`{"request-id":7,"error":"x","response":{}}`))
	f.Fuzz(func(t *testing.T, message []byte) {
		a, failure := readAnswer(message)
		if failure != nil {
			assert.Contains(t, []fault.Kind{fault.Internal, fault.Unavailable}, failure.Kind)
			return
		}
		assert.Equal(t, a.ID, answerID(message))
	})
}
