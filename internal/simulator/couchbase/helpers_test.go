package couchbase_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/usermgmt/usermgmt/internal/simulator/couchbase"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cluster is a simulator on real connections.
type cluster struct {
	*couchbase.Server

	client *http.Client
}

// start returns a cluster with a bucket that has a scope with a collection.
func start(t *testing.T, opts couchbase.Options) cluster {
	t.Helper()
	s := couchbase.New(opts)
	s.AddBucket("travel-sample", map[string][]string{"inventory": {"airline"}})
	s.Start()
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		s.Close()
	})
	return cluster{s, client}
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   string
	chunks []string // transfer encodings
}

// auth is a name and a password.
type auth struct{ name, password string }

var (
	admin     = auth{"Administrator", "password"}
	anonymous = auth{}
)

// request builds a request to a node. A body with a method other than GET is a
// form.
func (c cluster) request(t *testing.T, node int, who auth, method, target, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, c.Node(node).URL()+target, strings.NewReader(body))
	require.NoError(t, err)
	if who != anonymous {
		r.SetBasicAuth(who.name, who.password)
	}
	if method != http.MethodGet {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

// do sends a request.
func (c cluster) do(t *testing.T, r *http.Request) reply {
	t.Helper()
	answer, err := c.client.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return reply{answer.StatusCode, answer.Header, string(body), answer.TransferEncoding}
}

// as sends a request to the first node in someone's name.
func (c cluster) as(t *testing.T, who auth, method, target, body string) reply {
	t.Helper()
	return c.do(t, c.request(t, 0, who, method, target, body))
}

// send sends a request to the first node in the administrator's name.
func (c cluster) send(t *testing.T, method, target, body string) reply {
	t.Helper()
	return c.as(t, admin, method, target, body)
}

// get returns the answer to a GET that must succeed, decoded.
func get[T any](t *testing.T, c cluster, target string) T {
	t.Helper()
	answer := c.send(t, http.MethodGet, target, "")
	require.Equal(t, http.StatusOK, answer.status, answer.body)
	return parse[T](t, answer.body)
}

// stored sends a write that must succeed with the usual answer.
func (c cluster) stored(t *testing.T, method, target, body string) {
	t.Helper()
	answer := c.send(t, method, target, body)
	assert.Equal(t, []any{http.StatusOK, "application/json", `""`}, []any{answer.status, answer.header.Get("Content-Type"), answer.body}, target)
}

// refused asserts the status and the whole body of an answer.
func refused(t *testing.T, answer reply, status int, body string) {
	t.Helper()
	assert.Equal(t, status, answer.status, answer.body)
	if strings.HasPrefix(answer.header.Get("Content-Type"), "application/json") {
		assert.JSONEq(t, body, answer.body)
		return
	}
	assert.Equal(t, body, answer.body)
}

func parse[T any](t *testing.T, text string) T {
	t.Helper()
	var value T
	require.NoError(t, json.Unmarshal([]byte(text), &value), text)
	return value
}

// form builds a body of names and values in turn.
func form(fields ...string) string {
	values := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		values.Add(fields[i], fields[i+1])
	}
	return values.Encode()
}

// origin is where a role comes from.
type origin struct {
	Type string `json:"type"`
	Name string `json:"name"`
}

// role is a role in an answer.
type role struct {
	Role       string   `json:"role"`
	Bucket     string   `json:"bucket_name"`
	Scope      string   `json:"scope_name"`
	Collection string   `json:"collection_name"`
	Name       string   `json:"name"`
	Desc       string   `json:"desc"`
	CE         bool     `json:"ce"`
	Origins    []origin `json:"origins"`
}

// user is a user in an answer.
type user struct {
	RecordExists      *bool             `json:"recordExists"`
	ID                string            `json:"id"`
	Domain            string            `json:"domain"`
	Roles             []role            `json:"roles"`
	Groups            *[]string         `json:"groups"`
	ExternalGroups    *[]string         `json:"external_groups"`
	Name              *string           `json:"name"`
	UUID              string            `json:"uuid"`
	Passwordless      bool              `json:"passwordless"`
	PasswordChanged   string            `json:"password_change_date"`
	Locked            *bool             `json:"locked"`
	TemporaryPassword *bool             `json:"temporary_password"`
	LastActivity      string            `json:"last_activity_time"`
	Limits            map[string]string `json:"limits"`
}

// group is a group in an answer.
type group struct {
	ID          string  `json:"id"`
	Roles       []role  `json:"roles"`
	Description *string `json:"description"`
	LDAPRef     *string `json:"ldap_group_ref"`
}
