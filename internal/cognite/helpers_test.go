package cognite

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

const (
	cluster = "https://westeurope-1.cognitedata.com"
	project = "plant-7"
)

// static yields one credential again and again.
func static(credential Credential) func(context.Context) (Credential, error) {
	return func(context.Context) (Credential, error) { return credential, nil }
}

// newClient returns a client whose requests are answered by server, with what
// config leaves open filled in.
func newClient(tb testing.TB, server http.RoundTripper, config Config) *Client {
	tb.Helper()
	base, err := url.Parse(cluster)
	require.NoError(tb, err)
	config.Transport.BaseURL = base
	config.Transport.HTTPClient = &http.Client{Transport: server}
	config.Transport.UserAgent = "test"
	if config.Project == "" {
		config.Project = project
	}
	if config.Credential == nil {
		config.Credential = static(Credential{Token: "static-token-1"})
	}
	if config.ClientName == "" {
		config.ClientName = "roster"
	}
	config.SDK = "usermgmt-go:1.2.3"
	c, err := New(config)
	require.NoError(tb, err)
	tb.Cleanup(c.Close)
	return c
}

// roundTrip answers requests without a network.
type roundTrip func(r *http.Request) (*http.Response, error)

// RoundTrip implements [http.RoundTripper].
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

// answering answers every request alike.
func answering(status int, body string) roundTrip {
	return func(*http.Request) (*http.Response, error) { return reply(status, body), nil }
}

// unreachable fails the test if anything is sent.
func unreachable(tb testing.TB) roundTrip {
	tb.Helper()
	return func(r *http.Request) (*http.Response, error) {
		assert.Fail(tb, "something was sent", "%s %s", r.Method, r.URL.Path)
		return reply(http.StatusTeapot, ""), nil
	}
}

func reply(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

// text returns the body of a request.
func text(tb testing.TB, r *http.Request) string {
	tb.Helper()
	if r.Body == nil {
		return ""
	}
	data, err := io.ReadAll(r.Body)
	require.NoError(tb, err)
	return string(data)
}

// wire returns the JSON of a value, as the package writes it.
func wire(tb testing.TB, value any) string {
	tb.Helper()
	data, err := transport.Encode(value)
	require.NoError(tb, err)
	return string(data)
}

// asFault returns err as a failure.
func asFault(tb testing.TB, err error) *fault.Error {
	tb.Helper()
	var f *fault.Error
	require.ErrorAs(tb, err, &f)
	return f
}

// assertKind asserts that err is a failure of a kind and returns it.
func assertKind(tb testing.TB, kind fault.Kind, err error) *fault.Error {
	tb.Helper()
	f := asFault(tb, err)
	assert.Equal(tb, kind, f.Kind, f.Error())
	return f
}
