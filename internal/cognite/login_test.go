package cognite

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

const tokenURL = "https://login.test/tenant/oauth2/v2.0/token"

var machine = Credential{
	TokenURL: tokenURL, ClientID: "app-1", ClientSecret: "s3cret+/1", Scopes: []string{"a", "b"},
	Params: url.Values{"audience": {"https://x"}},
}

// idp is a token endpoint in front of a server that is asked for nothing but
// its groups.
type idp struct {
	testing.TB

	mu      sync.Mutex
	forms   []string
	used    []string // tokens that came with the other requests
	answer  func(n int) *http.Response
	refuses map[string]bool
}

func (i *idp) RoundTrip(r *http.Request) (*http.Response, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	body := text(i, r)
	if r.URL.Host == "login.test" {
		assert.Empty(i, r.Header.Get("Authorization"))
		assert.Empty(i, r.Header.Get("X-Cdp-App"), "the token endpoint is another server")
		i.forms = append(i.forms, r.Method+" "+r.URL.RequestURI()+" "+body)
		return i.answer(len(i.forms)), nil
	}
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	i.used = append(i.used, token)
	if i.refuses[token] {
		return reply(http.StatusUnauthorized, `{"error":{"code":401,"message":"Unauthorized"}}`), nil
	}
	return reply(http.StatusOK, `{"items":[]}`), nil
}

// issues answers with tokens of that life, which may be a JSON string.
func issues(life string) func(n int) *http.Response {
	return func(n int) *http.Response {
		return reply(http.StatusOK, fmt.Sprintf(`{"access_token":"tok-%d","token_type":"Bearer","expires_in":%s}`, n, life))
	}
}

func TestTokensAreRenewedBeforeTheyExpire(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		life  string
		after time.Duration
		want  []string
	}{
		"still good":               {"3600", 59 * time.Minute, []string{"tok-1", "tok-1"}},
		"within the leeway":        {"3600", time.Hour - 29*time.Second, []string{"tok-1", "tok-2"}},
		"life as a text":           {`"3600"`, time.Hour - 29*time.Second, []string{"tok-1", "tok-2"}},
		"life as a fraction":       {"3600.9", time.Hour - 29*time.Second, []string{"tok-1", "tok-2"}},
		"fraction as a text":       {`"3600.0"`, time.Hour - 29*time.Second, []string{"tok-1", "tok-2"}},
		"no life that makes sense": {`"soon"`, 24 * time.Hour, []string{"tok-1", "tok-1"}},
		"an empty life":            {`""`, 24 * time.Hour, []string{"tok-1", "tok-1"}},
		"not a number":             {`"NaN"`, 24 * time.Hour, []string{"tok-1", "tok-1"}},
		"over before it began":     {"-5", 24 * time.Hour, []string{"tok-1", "tok-1"}},
		"longer than a life":       {"1e30", 24 * time.Hour, []string{"tok-1", "tok-1"}},
		"an object":                {"{}", 24 * time.Hour, []string{"tok-1", "tok-1"}},
		"short, first half":        {"20", 9 * time.Second, []string{"tok-1", "tok-1"}},
		"short, second half":       {"20", 11 * time.Second, []string{"tok-1", "tok-2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := &idp{TB: t, answer: issues(c.life)}
				client := newClient(t, server, Config{Credential: static(machine)})
				require.NoError(t, second(client.ListGroups(t.Context(), true)))
				time.Sleep(c.after) // of the faked clock
				require.NoError(t, second(client.ListGroups(t.Context(), true)))
				assert.Equal(t, c.want, server.used)
				assert.Equal(t, "POST /tenant/oauth2/v2.0/token audience=https%3A%2F%2Fx&client_id=app-1&client_secret=s3cret%2B%2F1&grant_type=client_credentials&scope=a+b", server.forms[0])
			})
		})
	}
}

func TestOneTokenForAllWhoWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		server := &idp{TB: t, answer: issues("3600")}
		c := newClient(t, roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "login.test" {
				<-release
			}
			return server.RoundTrip(r)
		}), Config{Credential: static(machine)})
		var running sync.WaitGroup
		for range 50 {
			running.Go(func() { assert.NoError(t, second(c.ListGroups(t.Context(), true))) })
		}
		synctest.Wait()
		close(release)
		running.Wait()
		assert.Len(t, server.forms, 1)
		assert.Len(t, server.used, 50)
	})
}

func TestARefusedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	server := &idp{TB: t, answer: issues("3600"), refuses: map[string]bool{"tok-1": true}}
	c := newClient(t, server, Config{Credential: static(machine)})
	require.NoError(t, second(c.ListGroups(t.Context(), true)))
	assert.Equal(t, []string{"tok-1", "tok-2"}, server.used)

	server.refuses = map[string]bool{"tok-2": true, "tok-3": true}
	f := assertKind(t, fault.Unauthenticated, second(c.ListGroups(t.Context(), true)))
	assert.Equal(t, http.StatusUnauthorized, f.Status)
	assert.Equal(t, []string{"tok-1", "tok-2", "tok-2", "tok-3"}, server.used)
}

func TestAStaticTokenIsNotSentAgain(t *testing.T) {
	t.Parallel()
	server := &idp{TB: t, refuses: map[string]bool{"mine": true}}
	c := newClient(t, server, Config{Credential: static(Credential{Token: "mine"})})
	f := assertKind(t, fault.Unauthenticated, second(c.ListGroups(t.Context(), true)))
	assert.True(t, f.FromServer)
	assert.Equal(t, []string{"mine"}, server.used)
}

func TestASourceIsAskedForAnotherToken(t *testing.T) {
	t.Parallel()
	server := &idp{TB: t, refuses: map[string]bool{"old": true}}
	tokens := []string{"old", "new"}
	c := newClient(t, server, Config{Credential: func(context.Context) (Credential, error) {
		token := tokens[0]
		tokens = tokens[1:]
		return Credential{Token: token}, nil
	}})
	require.NoError(t, second(c.ListGroups(t.Context(), true)))
	assert.Equal(t, []string{"old", "new"}, server.used)
}

func TestASourceThatFails(t *testing.T) {
	t.Parallel()
	cause := errors.New("the vault is sealed")
	c := newClient(t, unreachable(t), Config{Credential: func(context.Context) (Credential, error) { return Credential{}, cause }})
	err := second(c.ListGroups(t.Context(), true))
	assertKind(t, fault.Unauthenticated, err)
	assert.ErrorIs(t, err, cause)
}

func TestTheTokenEndpointFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status   int
		body     string
		kind     fault.Kind
		code     string
		requests int
	}{
		"wrong secret":      {401, `{"error":"invalid_client","error_description":"AADSTS7000215:\r\nnot s3cret+/1"}`, fault.Unauthenticated, "invalid_client", 1},
		"unknown scope":     {400, `{"error":"invalid_scope"}`, fault.Unauthenticated, "invalid_scope", 1},
		"in another form":   {401, `{"error":{"code":401}}`, fault.Unauthenticated, "", 1},
		"refused with 200":  {200, `{"error":"invalid_client","error_description":"not s3cret+/1"}`, fault.Unauthenticated, "invalid_client", 1},
		"out of order":      {500, `oops s3cret+/1`, fault.Unavailable, "", 1},
		"overloaded":        {503, `{"error":"temporarily_unavailable"}`, fault.Unavailable, "temporarily_unavailable", 4},
		"throttled":         {429, `{"error":"slow_down"}`, fault.RateLimited, "slow_down", 4},
		"a page":            {200, `<html>s3cret+/1</html>`, fault.Unavailable, "", 1},
		"a page and a 401":  {401, `<html>s3cret+/1</html>`, fault.Unavailable, "", 1},
		"no token":          {200, `{"token_type":"Bearer"}`, fault.Unavailable, "", 1},
		"a redirect":        {307, "", fault.Internal, "", 1},
		"an empty document": {200, ``, fault.Unavailable, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := &idp{TB: t, answer: func(int) *http.Response {
					return withHeader(c.status, "Location: https://elsewhere.test/", c.body)
				}}
				client := newClient(t, server, Config{Credential: static(machine)})
				f := assertKind(t, c.kind, second(client.CreateUser(t.Context(), "n-1")))
				assert.Equal(t, c.code, f.Code)
				assert.False(t, f.Ambiguous, "no user was asked for")
				assert.NotContains(t, fmt.Sprintf("%v %+v %#v", f, f, f), "s3cret")
				assert.NotContains(t, f.Message, "\n")
				assert.Len(t, server.forms, c.requests)
				assert.Empty(t, server.used)
			})
		})
	}
}

func TestATokenEndpointWithAQueryAndASlash(t *testing.T) {
	t.Parallel()
	credential := machine
	credential.TokenURL = "https://login.test/token/?p=policy"
	server := &idp{TB: t, answer: issues("3600")}
	c := newClient(t, server, Config{Credential: static(credential)})
	require.NoError(t, second(c.ListGroups(t.Context(), true)))
	assert.Contains(t, server.forms[0], "POST /token/?p=policy ")
}

func TestCredentialsThatCannotWork(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(c *Credential){
		"no client":      func(c *Credential) { c.ClientID = "" },
		"no secret":      func(c *Credential) { c.ClientSecret = "" },
		"no address":     func(c *Credential) { c.TokenURL = "" },
		"no URL":         func(c *Credential) { c.TokenURL = "https://login.test/%zz" },
		"plain http":     func(c *Credential) { c.TokenURL = "http://login.test/token" },
		"user in URL":    func(c *Credential) { c.TokenURL = "https://me:pw@login.test/token" },
		"reserved field": func(c *Credential) { c.Params = url.Values{"client_secret": {"x"}} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			credential := machine
			change(&credential)
			c := newClient(t, unreachable(t), Config{Credential: static(credential)})
			assertKind(t, fault.InvalidArgument, c.CheckOAuth(credential))
			f := assertKind(t, fault.InvalidArgument, second(c.ListGroups(t.Context(), true)))
			assert.NotContains(t, f.Error(), "pw@")
		})
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	for _, value := range []any{
		machine, CreatedUser{Password: "s3cret"}, CreatedSession{Nonce: "s3cret"}, SessionRequest{ClientSecret: "s3cret"},
	} {
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v %s", value, value, value, wire(t, value)), "s3cret")
	}
}
