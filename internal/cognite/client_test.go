package cognite

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

func TestNewRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	good := Config{Project: project, ClientName: "roster", Credential: static(Credential{Token: "t"})}
	for name, change := range map[string]func(c *Config){
		"no project":             func(c *Config) { c.Project = "" },
		"project of dots":        func(c *Config) { c.Project = ".." },
		"project of two lines":   func(c *Config) { c.Project = "a\nb" },
		"no client name":         func(c *Config) { c.ClientName = " " },
		"client name of lines":   func(c *Config) { c.ClientName = "a\r\nb" },
		"client name in Chinese": func(c *Config) { c.ClientName = "名" },
		"no credentials":         func(c *Config) { c.Credential = nil },
		"no address":             func(c *Config) {},
	} {
		config := good
		change(&config)
		_, err := New(config)
		assertKind(t, fault.InvalidArgument, err)
		assert.Error(t, err, name)
	}
}

func TestHeadersAndPath(t *testing.T) {
	t.Parallel()
	var got *http.Request
	c := newClient(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		got = r
		return reply(http.StatusOK, `{"items":[]}`), nil
	}), Config{Project: "a/b c", ClientName: "Müller & Söhne"})
	_, err := c.ListGroups(t.Context(), true)
	require.NoError(t, err)
	assert.Equal(t, cluster+"/api/v1/projects/a%2Fb%20c/groups?all=true", got.URL.String())
	assert.Equal(t, http.Header{
		"Accept": {"application/json"}, "Authorization": {"Bearer static-token-1"}, "Cdf-Version": {"20230101"},
		"Content-Type": {"application/json"}, "User-Agent": {"test"}, "X-Cdp-App": {"M\xfcller & S\xf6hne"}, "X-Cdp-Sdk": {"usermgmt-go:1.2.3"},
	}, got.Header)
}

// requests is every kind of request, with what may be done with it again.
var requests = map[string]struct {
	send  func(ctx context.Context, c *Client) error
	class transport.Class
}{
	"create a user":   {func(ctx context.Context, c *Client) error { return second(c.CreateUser(ctx, "n-1")) }, transport.Once},
	"update a user":   {func(ctx context.Context, c *Client) error { return second(c.UpdateUser(ctx, "u", "n-1")) }, transport.Once},
	"clear a user":    {func(ctx context.Context, c *Client) error { return second(c.ClearCredentials(ctx, "u")) }, transport.Once},
	"delete a user":   {func(ctx context.Context, c *Client) error { return c.DeleteUser(ctx, "u", false) }, transport.Once},
	"get users":       {func(ctx context.Context, c *Client) error { return second(c.GetUsers(ctx, []string{"u"}, true)) }, transport.Read},
	"list users":      {func(ctx context.Context, c *Client) error { return ended(c.ListUsers(ctx, 0)) }, transport.Read},
	"create session":  {func(ctx context.Context, c *Client) error { return second(c.CreateSession(ctx, someSession)) }, transport.Once},
	"list sessions":   {func(ctx context.Context, c *Client) error { return ended(c.ListSessions(ctx, "", 0)) }, transport.Read},
	"get sessions":    {func(ctx context.Context, c *Client) error { return second(c.GetSessions(ctx, []int64{1})) }, transport.Read},
	"revoke sessions": {func(ctx context.Context, c *Client) error { return second(c.RevokeSessions(ctx, []int64{1})) }, transport.Idempotent},
	"create tables": {func(ctx context.Context, c *Client) error {
		return second(c.CreateTables(ctx, "u", []Table{{Name: "t"}}))
	}, transport.Once},
	"list tables":     {func(ctx context.Context, c *Client) error { return ended(c.ListTables(ctx, "u", true, 0)) }, transport.Read},
	"get tables":      {func(ctx context.Context, c *Client) error { return second(c.GetTables(ctx, "u", []string{"t"}, true)) }, transport.Read},
	"delete tables":   {func(ctx context.Context, c *Client) error { return c.DeleteTables(ctx, "u", []string{"t"}, false) }, transport.Once},
	"drop tables":     {func(ctx context.Context, c *Client) error { return c.DeleteTables(ctx, "u", []string{"t"}, true) }, transport.Idempotent},
	"list groups":     {func(ctx context.Context, c *Client) error { return second(c.ListGroups(ctx, true)) }, transport.Read},
	"create a group":  {func(ctx context.Context, c *Client) error { return second(c.CreateGroup(ctx, NewGroup{Name: "g"})) }, transport.Once},
	"delete groups":   {func(ctx context.Context, c *Client) error { return c.DeleteGroups(ctx, []int64{1}) }, transport.Once},
	"inspect token":   {func(ctx context.Context, c *Client) error { return second(c.InspectToken(ctx)) }, transport.Read},
	"list profiles":   {func(ctx context.Context, c *Client) error { return ended(c.ListProfiles(ctx)) }, transport.Read},
	"own profile":     {func(ctx context.Context, c *Client) error { return second(c.CurrentProfile(ctx)) }, transport.Read},
	"get profiles":    {func(ctx context.Context, c *Client) error { return second(c.GetProfiles(ctx, []string{"p"})) }, transport.Read},
	"search profiles": {func(ctx context.Context, c *Client) error { return second(c.SearchProfiles(ctx, "x")) }, transport.Read},
}

var someSession = SessionRequest{Type: TokenExchange}

func second[T any](_ T, err error) error { return err }

// ended returns the error that a list ends with.
func ended[T any](list func(func(T, error) bool)) (last error) {
	list(func(_ T, err error) bool {
		last = err
		return true
	})
	return last
}

func TestWhatIsSentAgain(t *testing.T) {
	t.Parallel()
	refused := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	none, writes := []transport.Class{}, []transport.Class{transport.Idempotent, transport.Once}
	for name, request := range requests {
		for _, failing := range []struct {
			name      string
			status    int
			header    string
			body      string
			err       error
			again     bool // whatever the class
			kind      fault.Kind
			ambiguous []transport.Class
		}{
			{"throttled", 429, "Retry-After: 1", "", nil, true, fault.RateLimited, none},
			{"overloaded", 503, "", "", nil, false, fault.Unavailable, writes},
			{"overloaded, vouched for", 503, "Cdf-Is-Auto-Retryable: true", "", nil, true, fault.Unavailable, writes},
			{"vouched for in the body", 502, "", `{"error":{"isAutoRetryable":true}}`, nil, true, fault.Unavailable, writes},
			{"broken, vouched for", 500, "Cdf-Is-Auto-Retryable: true", "", nil, true, fault.Unavailable, writes},
			{"conflict, vouched for", 409, "Cdf-Is-Auto-Retryable: true", "", nil, true, fault.Conflict, none},
			{"not vouched for", 503, "Cdf-Is-Auto-Retryable: false", "", nil, false, fault.Unavailable, writes},
			{"not reached", 0, "", "", refused, true, fault.Unavailable, none},
			{"lost", 0, "", "", errors.New("connection reset"), false, fault.Unavailable, writes},
		} {
			t.Run(name+"/"+failing.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					attempts := 0
					c := newClient(t, roundTrip(func(*http.Request) (*http.Response, error) {
						attempts++
						if failing.err != nil {
							return nil, failing.err
						}
						return withHeader(failing.status, failing.header, failing.body), nil
					}), Config{Transport: transport.Config{Retry: transport.Retry{MaxAttempts: 3}}})
					f := assertKind(t, failing.kind, request.send(t.Context(), c))
					want := 1
					if failing.again || request.class != transport.Once {
						want = 3
					}
					assert.Equal(t, want, attempts)
					assert.Equal(t, slices.Contains(failing.ambiguous, request.class), f.Ambiguous)
				})
			})
		}
	}
}

func withHeader(status int, header, body string) *http.Response {
	answer := reply(status, body)
	if name, value, found := strings.Cut(header, ": "); found {
		answer.Header.Set(name, value)
	}
	return answer
}

// TestAnswersThatMakeNoSense are no results, and after a write the write may
// have been carried out.
func TestAnswersThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for name, request := range requests {
		for _, body := range []string{`<html>please log in</html>`, `{"items":`, ``, `[]`, `{}`, `{"items":null}`, `{"items":[{}]}`} {
			quiet := body == `{}` || body == `` || body == `[]` || body == `{"items":null}` || body == `{"items":[{}]}`
			if quiet && (name == "delete a user" || name == "delete tables" || name == "drop tables" || name == "delete groups") {
				continue // answered with nothing of interest
			}
			if body == `{"items":[{}]}` && request.class == transport.Read && name != "list users" && name != "get users" {
				continue // lists of other things are taken as they are
			}
			t.Run(fmt.Sprintf("%s/%.9s", name, body), func(t *testing.T) {
				t.Parallel()
				c := newClient(t, roundTrip(func(*http.Request) (*http.Response, error) {
					return withHeader(http.StatusOK, "X-Request-Id: req-7 static-token-1", body), nil
				}), Config{})
				f := assertKind(t, fault.Internal, request.send(t.Context(), c))
				assert.Equal(t, request.class != transport.Read, f.Ambiguous)
				assert.Equal(t, "req-7 [redacted]", f.RequestID)
			})
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	c := newClient(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		assert.Equal(t, "westeurope-1.cognitedata.com", r.URL.Host)
		answer := reply(http.StatusFound, "")
		answer.Header.Set("Location", "https://elsewhere.test/")
		return answer, nil
	}), Config{})
	assertKind(t, fault.Internal, second(c.InspectToken(t.Context())))
}

func TestARetryAfterThatCannotBeKeptEndsTheCall(t *testing.T) {
	t.Parallel()
	c := newClient(t, roundTrip(func(*http.Request) (*http.Response, error) {
		return withHeader(http.StatusTooManyRequests, "Retry-After: 3600", ""), nil
	}), Config{})
	f := assertKind(t, fault.RateLimited, second(c.CreateUser(t.Context(), "n-1")))
	assert.Equal(t, time.Hour, f.RetryAfter)
	assert.False(t, f.Ambiguous)
}
