package transport

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

func TestDoSendsTheWholeRequest(t *testing.T) {
	t.Parallel()
	type seen struct {
		method, uri, body string
		header            http.Header
	}
	got := make(chan seen, 1)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- seen{r.Method, r.RequestURI, string(body), r.Header}
		w.Header().Set("X-Answer", "yes")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, "made")
	})
	grant := &Grant{Header: http.Header{"Authorization": {"Bearer t"}}}
	client := newClient(t, s.URL+"/prefix/", Config{UserAgent: "agent/1", Authenticator: NewSession(fixed(grant))})

	header := http.Header{"X-Extra": {"1", "2"}}
	answer, err := client.Do(t.Context(), &Request{
		Method: "POST", Path: []string{"v1", "a/b c+d"}, Query: map[string][]string{"q": {"x y"}},
		Header: header, Body: []byte(`{"a":1}`), Class: Once,
	})
	require.NoError(t, err)
	assert.Equal(t, 201, answer.Status)
	assert.Equal(t, "yes", answer.Header.Get("X-Answer"))
	assert.Equal(t, "made", string(answer.Body))
	assert.False(t, answer.Resent)
	assert.Equal(t, seen{"POST", "/prefix/v1/a%2Fb%20c%2Bd?q=x+y", `{"a":1}`, http.Header{
		"Accept": {"application/json"}, "Accept-Encoding": {"gzip"}, "Authorization": {"Bearer t"}, "Content-Length": {"7"},
		"Content-Type": {"application/json"}, "User-Agent": {"agent/1"}, "X-Extra": {"1", "2"},
	}}, <-got)
	assert.Equal(t, http.Header{"X-Extra": {"1", "2"}}, header, "the request is not changed")

	_, err = client.Do(t.Context(), &Request{
		Method: "PUT", Header: http.Header{"Accept": {"text/plain"}}, Body: []byte("a=b"), ContentType: "application/x-www-form-urlencoded", Anonymous: true,
	})
	require.NoError(t, err)
	assert.Equal(t, seen{"PUT", "/prefix", "a=b", http.Header{
		"Accept": {"text/plain"}, "Accept-Encoding": {"gzip"}, "Content-Length": {"3"},
		"Content-Type": {"application/x-www-form-urlencoded"}, "User-Agent": {"agent/1"},
	}}, <-got)

	_, err = client.Do(t.Context(), &Request{Method: "DELETE", Anonymous: true})
	require.NoError(t, err)
	assert.Equal(t, seen{"DELETE", "/prefix", "", http.Header{
		"Accept": {"application/json"}, "Accept-Encoding": {"gzip"}, "User-Agent": {"agent/1"},
	}}, <-got)
}

func TestBadHeadersAndPathsSendNothing(t *testing.T) {
	t.Parallel()
	client, server := fakeClient(t, Config{Authenticator: NewSession(fixed(&Grant{Header: http.Header{"Authorization": {"Bearer tok3n\n"}}}))},
		func(int, *http.Request) (*http.Response, error) { return reply(200, ""), nil })
	f := fails(t.Context(), t, client, &Request{Method: "GET"})
	assertKind(t, fault.InvalidArgument, f)
	assert.NotContains(t, fmt.Sprintf("%+v", f), "tok3n")
	f = fails(t.Context(), t, client, &Request{Method: "GET", Path: []string{"users", ".."}, Anonymous: true})
	assertKind(t, fault.InvalidArgument, f)
	assert.Zero(t, server.count())
}

func TestFailureKeepsStatusAndBody(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"html":          "<html><body>502 Bad Gateway</body></html>",
		"empty":         "",
		"truncated":     `{"message": "user alr`,
		"invalid utf-8": "caf\xe9 \xff\xfe",
		"binary":        "\x00\x01\x02",
		"64 KiB":        strings.Repeat("x", 64<<10),
		"huge":          strings.Repeat("x", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Request-Id", "id-1")
				w.WriteHeader(http.StatusTeapot)
				_, _ = io.WriteString(w, body)
			})
			request := &Request{Method: "POST", Class: Once}
			client := newClient(t, s.URL, Config{Classify: func(r *Request, status int, header http.Header, got []byte) *fault.Error {
				assert.Same(t, request, r)
				assert.Equal(t, 418, status)
				assert.Equal(t, "id-1", header.Get("X-Request-Id"))
				assert.Equal(t, body[:min(len(body), 64<<10)], string(got))
				return &fault.Error{Kind: fault.Conflict, Code: "teapot", Message: "no coffee"}
			}})
			f := fails(t.Context(), t, client, request)
			assert.Equal(t, &fault.Error{Kind: fault.Conflict, Code: "teapot", Message: "no coffee", FromServer: true, Status: 418, RequestID: "id-1"}, f)
		})
	}
}

func TestFailureBodyThatBreaksOff(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(w, "it exists al")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	f := fails(t.Context(), t, newClient(t, s.URL, Config{}), &Request{Method: "POST", Class: Once})
	assert.Equal(t, &fault.Error{Kind: fault.Internal, Message: "it exists al", FromServer: true, Status: 409}, f)
}

func TestSecretsInFailuresAreRemoved(t *testing.T) {
	t.Parallel()
	client, _ := fakeClient(t, Config{
		Authenticator: NewSession(fixed(&Grant{Secrets: []string{"tok3n-1"}})),
		Classify: func(_ *Request, _ int, _ http.Header, body []byte) *fault.Error {
			text := string(body)
			return &fault.Error{Kind: fault.InvalidArgument, Code: text, Message: text, Fields: map[string]string{"password": text}, Permissions: []string{text}}
		},
	}, func(int, *http.Request) (*http.Response, error) {
		return reply(400, "tok3n-1 and hunter2", "X-Request-Id", "id-tok3n-1"), nil
	})
	secrets := append(make([]string, 0, 8), "hunter2")
	f := fails(t.Context(), t, client, &Request{Method: "POST", Secrets: secrets})
	const clean = "[redacted] and [redacted]"
	assert.Equal(t, &fault.Error{
		Kind: fault.InvalidArgument, FromServer: true, Status: 400, Code: clean, Message: clean, RequestID: "id-[redacted]",
		Fields: map[string]string{"password": clean}, Permissions: []string{clean},
	}, f)
	assert.Empty(t, secrets[:2][1], "the caller's memory is not written to")
}

// An error of the connection may quote the server, and so a secret: then only
// its cleaned words are kept.
func TestSecretsInConnectionErrorsAreRemoved(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if assert.NoError(t, err) {
			_, _ = io.WriteString(conn, "HTTP/1.1 hunter2 OK\r\n\r\n")
			conn.Close()
		}
	})
	client := newClient(t, s.URL, Config{Retry: Retry{MaxAttempts: 1}})
	f := fails(t.Context(), t, client, &Request{Method: "GET", Secrets: []string{"hunter2"}})
	assertKind(t, fault.Unavailable, f)
	assert.Contains(t, f.Message, "[redacted]")
	assert.NoError(t, f.Err)
}

func TestSuccessBodies(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body    string
		chunked bool
		tooBig  bool
	}{
		"empty":                {"", false, false},
		"at the limit":         {strings.Repeat("x", 1000), false, false},
		"at the limit chunked": {strings.Repeat("x", 1000), true, false},
		"one more":             {strings.Repeat("x", 1001), false, true},
		"one more chunked":     {strings.Repeat("x", 1001), true, true},
		"far more":             {strings.Repeat("x", 1<<20), true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				requests.Add(1)
				if c.chunked {
					w.(http.Flusher).Flush()
				}
				_, _ = io.WriteString(w, c.body)
			})
			client := newClient(t, s.URL, Config{MaxBody: 1000})
			for class, ambiguous := range map[Class]bool{Read: false, Once: true} {
				answer, err := client.Do(t.Context(), &Request{Method: "POST", Class: class})
				if c.tooBig {
					assert.Equal(t, &fault.Error{Kind: fault.Internal, Status: 200, Message: "the answer is larger than 1000 bytes", Ambiguous: ambiguous}, err)
					continue
				}
				require.NoError(t, err)
				assert.Equal(t, c.body, string(answer.Body))
			}
			assert.EqualValues(t, 2, requests.Load(), "no retry makes it smaller")
		})
	}
}

func TestUnboundedBody(t *testing.T) {
	t.Parallel()
	client, _ := fakeClient(t, Config{MaxBody: math.MaxInt64}, func(int, *http.Request) (*http.Response, error) { return reply(200, "text"), nil })
	answer, err := client.Do(t.Context(), &Request{Method: "GET"})
	require.NoError(t, err)
	assert.Equal(t, "text", string(answer.Body))
}

// A server that promises much and sends nothing must not cost the memory.
func TestContentLengthIsNotTrusted(t *testing.T) {
	t.Parallel()
	client, _ := fakeClient(t, Config{MaxBody: 1 << 40}, func(int, *http.Request) (*http.Response, error) {
		answer := reply(200, "text")
		answer.ContentLength = 1 << 40
		return answer, nil
	})
	answer, err := client.Do(t.Context(), &Request{Method: "GET"})
	require.NoError(t, err)
	assert.LessOrEqual(t, cap(answer.Body), 2<<20)
}

func TestBodyCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "10")
		w.(http.Flusher).Flush()
		cancel()
		<-r.Context().Done()
	})
	f := fails(ctx, t, newClient(t, s.URL, Config{}), &Request{Method: "POST", Class: Once})
	assertKind(t, fault.Canceled, f)
	assert.True(t, f.Ambiguous)
}

func TestSwitchingProtocolsDoesNotHang(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: mystery\r\n\r\n")
		_, _ = io.Copy(io.Discard, conn) // ends when the client hangs up
		conn.Close()
		close(gone)
	})
	f := fails(t.Context(), t, newClient(t, s.URL, Config{Timeout: 5 * time.Second}), &Request{Method: "GET"})
	assertKind(t, fault.Internal, f)
	assert.Equal(t, 101, f.Status)
	<-gone
}

func TestTemporaryTroubleIsSurvived(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := fakeClient(t, Config{}, func(attempt int, _ *http.Request) (*http.Response, error) {
			if attempt < 4 {
				return reply(503, ""), nil
			}
			return reply(200, "at last"), nil
		})
		answer, err := client.Do(t.Context(), &Request{Method: "GET"})
		require.NoError(t, err)
		assert.Equal(t, "at last", string(answer.Body))
		assert.Equal(t, 4, server.count())
	})
}

// raw is the call that [Client.Do] competes with.
func raw(tb testing.TB, client *http.Client, address string) {
	tb.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, nil)
	require.NoError(tb, err)
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "agent/1")
	request.Header.Set("Authorization", "Bearer t")
	answer, err := client.Do(request)
	require.NoError(tb, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(tb, err)
	require.NotEmpty(tb, body)
}

//nolint:paralleltest // AllocsPerRun counts the whole process
func TestAllocations(t *testing.T) {
	answer := bytes.Repeat([]byte("x"), 300)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(answer) }))
	defer s.Close()
	pool := newPool(nil)
	defer pool.CloseIdleConnections()
	rawClient := &http.Client{Transport: pool}
	base := testing.AllocsPerRun(500, func() { raw(t, rawClient, s.URL+"/v1/users/alice") })

	grant := &Grant{Header: http.Header{"Authorization": {"Bearer t"}}}
	client := newClient(t, s.URL, Config{UserAgent: "agent/1", Authenticator: NewSession(fixed(grant))})
	request := &Request{Method: http.MethodGet, Path: []string{"v1", "users", "alice"}}
	ours := testing.AllocsPerRun(500, func() {
		_, err := client.Do(context.Background(), request)
		require.NoError(t, err)
	})
	t.Logf("net/http %.0f, transport %.0f allocations", base, ours)
	assert.LessOrEqual(t, ours-base, 10.0)
}

// TestKnownCodes: a code of the protocol stays, also if it holds somebody's
// password.
func TestKnownCodes(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{"passwordExpired": "passwordExpired", "passwordOther": "[redacted]Other"} {
		c, _ := fakeClient(t, Config{
			Codes:    []string{"passwordExpired"},
			Classify: func(*Request, int, http.Header, []byte) *fault.Error { return &fault.Error{Code: code} },
		}, func(int, *http.Request) (*http.Response, error) { return reply(http.StatusForbidden, ""), nil })
		f := fails(t.Context(), t, c, &Request{Method: http.MethodGet, Path: []string{"x"}, Secrets: []string{"password"}})
		assert.Equal(t, want, f.Code)
	}
}

// TestForeignWords: success in the words of another server is none.
func TestForeignWords(t *testing.T) {
	t.Parallel()
	for body, foreign := range map[string]bool{"": false, "{}": false, `""`: false, "<html>": true, "{": true} {
		for _, class := range []Class{Read, Idempotent, Once} {
			c, _ := fakeClient(t, Config{}, func(int, *http.Request) (*http.Response, error) { return reply(http.StatusOK, body), nil })
			answer, err := c.DoJSON(t.Context(), &Request{Method: http.MethodPut, Path: []string{"x"}, Class: class})
			if foreign {
				var f *fault.Error
				require.ErrorAs(t, err, &f)
				assertKind(t, fault.Internal, f)
				assert.Equal(t, class != Read, f.Ambiguous)
				continue
			}
			require.NoError(t, err)
			assert.Equal(t, body, string(answer.Body))
		}
	}
}
