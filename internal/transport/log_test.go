package transport

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLogsHoldOnlyWhatIsAllowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const canary = "canary+/<secret>"
		var logs bytes.Buffer
		grant := &Grant{Header: http.Header{"Authorization": {"Bearer " + canary}}, Secrets: []string{canary}}
		client, _ := fakeClient(t, Config{
			Authenticator: NewSession(fixed(grant)),
			Logger:        slog.New(slog.NewJSONHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
		}, func(attempt int, _ *http.Request) (*http.Response, error) {
			switch attempt {
			case 1:
				return reply(503, canary, "X-Request-Id", canary), nil
			case 2:
				return nil, fmt.Errorf("proxy of %s is down", canary)
			case 3:
				return reply(200, canary), nil
			default:
				return reply(404, `{"you":"sent `+canary+`"}`, "X-Request-Id", canary), nil
			}
		})
		request := &Request{
			Method: "PUT", Path: []string{"users", canary}, Query: url.Values{"token": {canary}}, Header: http.Header{"X-Key": {canary}},
			Body: []byte(canary), Class: Idempotent, Secrets: []string{canary},
		}
		_, err := client.Do(t.Context(), request)
		require.NoError(t, err)
		_, err = client.Do(t.Context(), request)
		require.Error(t, err)

		type record struct {
			Level   string `json:"level"`
			Msg     string `json:"msg"`
			Method  string `json:"method"`
			Kind    string `json:"kind"`
			Attempt int    `json:"attempt"`
			Status  int    `json:"status"`
		}
		var records []record
		for line := range strings.Lines(logs.String()) {
			var fields map[string]any
			require.NoError(t, json.Unmarshal([]byte(line), &fields))
			for name := range fields {
				assert.Contains(t, []string{"time", "level", "msg", "method", "attempt", "status", "kind", "duration", "pause"}, name)
			}
			var r record
			require.NoError(t, json.Unmarshal([]byte(line), &r))
			records = append(records, r)
		}
		assert.Equal(t, []record{
			{"DEBUG", "request", "PUT", "unavailable", 1, 503},
			{"WARN", "retrying request", "PUT", "", 1, 503},
			{"DEBUG", "request", "PUT", "unavailable", 2, 0},
			{"WARN", "retrying request", "PUT", "", 2, 0},
			{"DEBUG", "request", "PUT", "ok", 3, 200},
			{"DEBUG", "request", "PUT", "not found", 1, 404},
		}, records)

		shown := logs.String() + fmt.Sprintf("%v %+v %#v %q", err, err, err, err)
		for _, form := range []string{canary, url.QueryEscape(canary), url.PathEscape(canary), base64.StdEncoding.EncodeToString([]byte(canary)), "canary"} {
			assert.NotContains(t, shown, form)
		}
		for _, word := range []string{"server.test", "users", "token", "Bearer", "X-Key"} {
			assert.NotContains(t, shown, word)
		}
	})
}

func TestCancelledAttemptIsLoggedAsSuch(t *testing.T) {
	t.Parallel()
	var logs bytes.Buffer
	client, _ := fakeClient(t, Config{Logger: slog.New(slog.NewTextHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug})), Timeout: 1},
		func(_ int, r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, io.ErrUnexpectedEOF
		})
	fails(t.Context(), t, client, &Request{Method: "GET"})
	assert.NotContains(t, logs.String(), "kind=ok")
}
