package transport

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

func TestAddresses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{ // to the URL of a request for "x", "" if refused
		"https://server.test":            "https://server.test/x",
		"https://server.test/":           "https://server.test/x",
		"HTTPS://server.test//":          "https://server.test/x",
		"https://server.test:8443/a/b/":  "https://server.test:8443/a/b/x",
		"https://server.test/a%2Fb/":     "https://server.test/a%2Fb/x",
		"https://server.test/a%2F":       "https://server.test/a%2F/x",
		"https://server.test/a b":        "https://server.test/a%20b/x",
		"https://[2001:db8::1]":          "https://[2001:db8::1]/x",
		"https://[2001:db8::1]:8443":     "https://[2001:db8::1]:8443/x",
		"http://127.0.0.1:52001":         "http://127.0.0.1:52001/x",
		"http://127.8.9.10":              "http://127.8.9.10/x",
		"http://[::1]:80/":               "http://[::1]:80/x",
		"http://LocalHost":               "http://LocalHost/x",
		"http://server.test":             "",
		"http://192.168.1.1":             "",
		"http://[2001:db8::1]":           "",
		"http://localhost.example.com":   "",
		"http://127.0.0.1.example.com":   "",
		"https://user:hunter2@host":      "",
		"https://user@host":              "",
		"https://@host":                  "",
		"https://server.test?q=hunter2":  "",
		"https://server.test/?":          "",
		"https://server.test#hunter2":    "",
		"https://server.test:0":          "",
		"https://server.test:65536":      "",
		"https://server.test:hunter2":    "",
		"https://user:hunter2/@host":     "",
		"https://":                       "",
		"https:///path":                  "",
		"https://:8443":                  "",
		"https:server.test":              "",
		"ftp://server.test":              "",
		"server.test":                    "",
		"//server.test":                  "",
		"https://server.test/%zzhunter2": "",
		"":                               "",
		"https://ser\nver.test/hunter2":  "",
	} {
		u, err := ParseAddress(text)
		var c *Client
		if err == nil {
			c, err = New(Config{BaseURL: u, Classify: kinds})
		}
		if want == "" {
			assert.Equal(t, fault.InvalidArgument, fault.KindOf(err), text)
			if assert.Error(t, err, text) {
				assert.NotContains(t, err.Error(), "hunter2")
			}
			continue
		}
		if assert.NoError(t, err, text) {
			request, failure := c.build(t.Context(), c.router.(oneOrigin).base, &Request{Method: "GET", Path: []string{"x"}}, nil)
			require.Nil(t, failure)
			assert.Equal(t, want, request.URL.String())
			assert.Equal(t, request.URL.Host, request.Host)
		}
	}
}

func TestPlainHTTPNeedsAnOptIn(t *testing.T) {
	t.Parallel()
	_, err := New(Config{BaseURL: mustURL(t, "http://server.test"), Classify: kinds, AllowPlainHTTP: true})
	assert.NoError(t, err)
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	base := mustURL(t, "https://server.test")
	for name, cfg := range map[string]Config{
		"no address":     {Classify: kinds},
		"no classifier":  {BaseURL: base},
		"timeout":        {BaseURL: base, Classify: kinds, Timeout: -1},
		"body":           {BaseURL: base, Classify: kinds, MaxBody: -1},
		"attempts":       {BaseURL: base, Classify: kinds, Retry: Retry{MaxAttempts: -1}},
		"shortest pause": {BaseURL: base, Classify: kinds, Retry: Retry{MinWait: -1}},
		"longest pause":  {BaseURL: base, Classify: kinds, Retry: Retry{MaxWait: -time.Second}},
	} {
		_, err := New(cfg)
		assert.Equal(t, fault.InvalidArgument, fault.KindOf(err), name)
		assert.Error(t, err, name)
	}
}

func TestTheAddressIsCopied(t *testing.T) {
	t.Parallel()
	base := mustURL(t, "https://server.test/a")
	c, err := New(Config{BaseURL: base, Classify: kinds})
	require.NoError(t, err)
	base.Host = "evil.test"
	request, failure := c.build(t.Context(), c.router.(oneOrigin).base, &Request{Method: "GET"}, nil)
	require.Nil(t, failure)
	assert.Equal(t, "https://server.test/a", request.URL.String())
}

// hostile are names that users do have, or that someone tries.
var hostile = []string{
	"alice", "a/b", "a%2Fb", "%2e%2e", "..a", "...", "a b", " ", "a+b", "a@b.c", "a:b", "a;b", "a,b", "a?b", "a#b", "a&b=c", `a\b`,
	"é", "日本", "🙂", "%", "%zz", "a//b", "/", "//", "/..", "../x", "~", "*", "'", `"`, "<script>", "{}", "[]", "|", "^", "`",
	"\u202e", "\u2028", "\u0085", strings.Repeat("x", 5000),
}

func TestSegmentsRoundTripThroughAServer(t *testing.T) {
	t.Parallel()
	var got string
	mux := http.NewServeMux()
	mux.HandleFunc("GET /prefix/users/{id}/roles", func(_ http.ResponseWriter, r *http.Request) { got = r.PathValue("id") })
	s := serve(t, mux.ServeHTTP)
	client := newClient(t, s.URL+"/prefix", Config{})
	for _, id := range hostile {
		if id == "/" {
			continue // the mux takes this one for the end of a path
		}
		got = ""
		_, err := client.Do(t.Context(), &Request{Method: "GET", Path: []string{"users", id, "roles"}})
		if assert.NoError(t, err, "%q", id) {
			assert.Equal(t, id, got)
		}
	}
}

func TestSegmentsThatNoPathCarries(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", ".", "..", "a\x00", "a\nb", "\x7f", "\xff", "a\xc3"} {
		_, err := EscapeSegment(text)
		assert.Equal(t, fault.InvalidArgument, fault.KindOf(err), "%q", text)
		require.Error(t, err, "%q", text)
	}
	escaped, err := EscapeSegment("a+b/c d%")
	require.NoError(t, err)
	assert.Equal(t, "a%2Bb%2Fc%20d%25", escaped)
}

func FuzzEscapeSegment(f *testing.F) {
	for _, id := range hostile {
		f.Add(id)
	}
	f.Add("..")
	mux := http.NewServeMux()
	mux.HandleFunc("/prefix/users/{id}/roles", func(w http.ResponseWriter, r *http.Request) { w.Header()["Id"] = []string{r.PathValue("id")} })
	client, err := New(Config{BaseURL: &url.URL{Scheme: "https", Host: "server.test", Path: "/prefix"}, Classify: kinds})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, id string) {
		request, failure := client.build(t.Context(), client.router.(oneOrigin).base, &Request{Method: "GET", Path: []string{"users", id, "roles"}}, nil)
		if failure != nil {
			control := strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r == 0x7f })
			if id != "" && id != "." && id != ".." && utf8.ValidString(id) && !control {
				t.Fatalf("%q is refused: %v", id, failure)
			}
			return
		}
		// What a server makes of the line that goes over the wire.
		arrived := httptest.NewRequest(http.MethodGet, request.URL.RequestURI(), nil)
		segments := strings.Split(arrived.URL.EscapedPath(), "/")
		if len(segments) != 5 {
			t.Fatalf("%q is not one segment: %q", id, segments)
		}
		if got, err := url.PathUnescape(segments[3]); err != nil || got != id {
			t.Fatalf("%q arrives as %q", id, got)
		}
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, arrived)
		// The mux takes a lone slash for the end of a path.
		if got := answer.Header()["Id"]; id != "/" && (len(got) != 1 || got[0] != id) {
			t.Fatalf("%q is routed as %q", id, got)
		}
	})
}
