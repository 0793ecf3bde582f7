package aistore

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// static returns a source of one credential.
func static(credential Credential) func(context.Context) (Credential, error) {
	return func(context.Context) (Credential, error) { return credential, nil }
}

var someToken = static(Credential{Token: "some-token"})

func newClient(tb testing.TB, address string, config Config) *Client {
	tb.Helper()
	base, err := url.Parse(address)
	require.NoError(tb, err)
	config.Transport.BaseURL = base
	c, err := New(config)
	require.NoError(tb, err)
	tb.Cleanup(c.Close)
	return c
}

// serve returns a client of a server with that handler.
func serve(tb testing.TB, config Config, handler http.HandlerFunc) *Client {
	tb.Helper()
	server := httptest.NewServer(handler)
	tb.Cleanup(server.Close)
	return newClient(tb, server.URL, config)
}

// answering returns a client whose requests all get the same answer.
func answering(tb testing.TB, status int, body string) *Client {
	tb.Helper()
	return serve(tb, Config{Credential: someToken}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, err := w.Write([]byte(body))
		assert.NoError(tb, err)
	})
}

// offline returns a client that must not send anything.
func offline(tb testing.TB) *Client {
	tb.Helper()
	return serve(tb, Config{Credential: someToken}, func(_ http.ResponseWriter, r *http.Request) {
		tb.Errorf("sent %s %s", r.Method, r.URL.EscapedPath())
	})
}

// asFault returns the failure that err is.
func asFault(tb testing.TB, err error) *fault.Error {
	tb.Helper()
	var f *fault.Error
	require.ErrorAs(tb, err, &f)
	return f
}

func assertKind(tb testing.TB, want fault.Kind, err error) {
	tb.Helper()
	f := asFault(tb, err)
	assert.Equal(tb, want.String(), f.Kind.String(), f.Error())
}

// jwt returns a token with those claims and no valid signature.
func jwt(payload string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + encode([]byte(payload)) + "." + encode([]byte("signature"))
}

func userToken(user string, issued, expires int64) string {
	return jwt(fmt.Sprintf(`{"sub":%q,"iat":%d,"exp":%d}`, user, issued, expires))
}

// wire returns the JSON of a value, as the package writes it.
func wire(tb testing.TB, value any) string {
	tb.Helper()
	data, err := transport.Encode(value)
	require.NoError(tb, err)
	return string(data)
}

// roundTrip answers requests without a network, for tests with a fake clock.
type roundTrip func(r *http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := f(r)
	if answer != nil {
		answer.Request = r
	}
	if r.Body != nil {
		r.Body.Close()
	}
	return answer, err
}

// fake returns a client whose requests are answered by f.
func fake(tb testing.TB, config Config, f roundTrip) *Client {
	tb.Helper()
	config.Transport.HTTPClient = &http.Client{Transport: f}
	return newClient(tb, "https://server.test", config)
}

func reply(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}
