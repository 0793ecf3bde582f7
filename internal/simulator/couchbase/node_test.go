package couchbase_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator"
	"github.com/usermgmt/usermgmt/internal/simulator/couchbase"
)

// at sends a request to a node in the administrator's name.
func (c cluster) at(t *testing.T, node int, method, target, body string) reply {
	t.Helper()
	return c.do(t, c.request(t, node, admin, method, target, body))
}

func TestReplication(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{Nodes: 3})
	c.Node(1).Hold()
	assert.Equal(t, 200, c.at(t, 0, http.MethodPut, groups+"ops", "roles=admin").status)
	assert.Equal(t, 200, c.at(t, 0, http.MethodPut, users+"local/jane", "password=secret&groups=ops").status)
	assert.Equal(t, 200, c.at(t, 0, http.MethodDelete, groups+"ops", "").status)
	assert.Equal(t, 200, c.at(t, 2, http.MethodGet, users+"local/jane", "").status)

	refused(t, c.at(t, 1, http.MethodPut, users+"local/tom", "password=secret&groups=ops"), 400, `{"errors":{"groups":"Groups do not exist: ops"}}`)
	assert.True(t, c.Node(1).Replicate(), "the group")
	refused(t, c.at(t, 1, http.MethodGet, users+"local/jane", ""), 404, `"Unknown user."`)
	assert.True(t, c.Node(1).Replicate(), "the user")
	assert.Equal(t, &[]string{"ops"}, parse[user](t, c.at(t, 1, http.MethodGet, users+"local/jane", "").body).Groups)
	c.Node(1).CatchUp()
	assert.Equal(t, &[]string{}, parse[user](t, c.at(t, 1, http.MethodGet, users+"local/jane", "").body).Groups)
	assert.False(t, c.Node(1).Replicate())
	assert.Equal(t, 200, c.at(t, 0, http.MethodDelete, users+"local/jane", "").status)
	assert.Equal(t, 404, c.at(t, 1, http.MethodGet, users+"local/jane", "").status)
}

// TestReplicationConverges has a change that arrives after a later one.
func TestReplicationConverges(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{Nodes: 2})
	c.Node(1).Hold()
	c.at(t, 0, http.MethodPut, users+"local/jane", "password=secret&name=first")
	c.at(t, 1, http.MethodPut, users+"local/jane", "password=secret&name=second")
	c.Node(1).CatchUp()
	for _, n := range c.Nodes() {
		got, ok := n.User(couchbase.Local, "jane")
		require.True(t, ok)
		assert.Equal(t, "second", *got.Name)
	}
}

// nodeList is the list of nodes.
type nodeList struct {
	Rev      int `json:"rev"`
	RevEpoch int `json:"revEpoch"`
	Nodes    []struct {
		Services  map[string]int                 `json:"services"`
		ThisNode  bool                           `json:"thisNode"`
		Hostname  string                         `json:"hostname"`
		Alternate map[string]couchbase.Alternate `json:"alternateAddresses"`
	} `json:"nodesExt"`
}

func TestNodeList(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{Nodes: 2})
	outside := couchbase.Alternate{Hostname: "203.0.113.5", Ports: map[string]int{"mgmt": 30091}}
	before := get[nodeList](t, c, "/pools/default/nodeServices")
	assert.Equal(t, []bool{true, false}, []bool{before.Nodes[0].ThisNode, before.Nodes[1].ThisNode})
	assert.Contains(t, c.Node(1).URL(), "http://127.0.0.1:")
	c.Node(1).Describe(couchbase.NodeInfo{Services: map[string]int{"mgmt": 8091}, Alternate: &outside})
	list := get[nodeList](t, c, "/pools/default/nodeServices")
	assert.Equal(t, before.Rev+1, list.Rev)
	assert.Equal(t, []any{"", outside}, []any{list.Nodes[1].Hostname, list.Nodes[1].Alternate["external"]})
	c.SetRevision(3, 1)
	list = parse[nodeList](t, c.at(t, 1, http.MethodGet, "/pools/default/nodeServices", "").body)
	assert.Equal(t, []any{3, 1, false, true}, []any{list.RevEpoch, list.Rev, list.Nodes[0].ThisNode, list.Nodes[1].ThisNode})
	old := start(t, couchbase.Options{Version: couchbase.V66})
	assert.Zero(t, get[nodeList](t, old, "/pools/default/nodeServices").RevEpoch)
}

func TestKillAndRestart(t *testing.T) {
	t.Parallel()
	s := couchbase.New(couchbase.Options{Nodes: 2})
	s.StartTLS(nil)
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		s.Close()
	})
	c := cluster{s, client}
	plain, secure := s.Node(0).URL(), s.Node(0).TLSURL()
	addresses, tlsAddresses := s.ConnectionString(), s.TLSConnectionString()
	assert.Equal(t, 200, c.at(t, 0, http.MethodGet, "/pools", "").status)
	s.Node(0).Kill()
	_, err := client.Do(c.request(t, 0, admin, http.MethodGet, "/pools", ""))
	require.Error(t, err)
	assert.Equal(t, 200, c.at(t, 1, http.MethodPut, users+"local/jane", "password=secret").status)
	s.Node(0).Restart()
	assert.Equal(t, 200, c.at(t, 0, http.MethodGet, users+"local/jane", "").status)
	assert.Equal(t, []string{plain, secure, addresses, tlsAddresses}, []string{s.Node(0).URL(), s.Node(0).TLSURL(), s.ConnectionString(), s.TLSConnectionString()})
}

// TestHandler uses a node without its listeners.
func TestHandler(t *testing.T) {
	t.Parallel()
	s := couchbase.New(couchbase.Options{AdminID: "root", AdminPassword: "rootroot"})
	r := httptest.NewRequest(http.MethodGet, "/whoami", http.NoBody)
	r.RequestURI = ""
	r.SetBasicAuth("root", "rootroot")
	answer := httptest.NewRecorder()
	s.Node(0).ServeHTTP(answer, r)
	assert.JSONEq(t, `{"id":"root","domain":"admin","roles":[{"role":"admin"}]}`, answer.Body.String())
	r = httptest.NewRequest(http.MethodOptions, "*", http.NoBody)
	answer = httptest.NewRecorder()
	s.Node(0).ServeHTTP(answer, r)
	assert.Equal(t, []any{400, "Bad Request"}, []any{answer.Code, answer.Body.String()})
	assert.Equal(t, 2, s.Node(0).Count())
}

func TestFaults(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{})
	c.SetAuthenticationDown(true)
	refused(t, c.send(t, http.MethodGet, "/whoami", ""), 503, `"Temporary error occurred. Please try again later."`)
	assert.Equal(t, 200, c.as(t, anonymous, http.MethodGet, "/whoami", "").status)
	for body, effect := range map[string]simulator.Effect{
		`"Temporary error occurred. Please try again later."`: couchbase.TemporaryError(),
		"Service is temporarily unavailable":                  couchbase.TimedOut(),
	} {
		c.Node(0).Inject(simulator.Fault{Times: 1, Effect: effect})
		refused(t, c.as(t, anonymous, http.MethodPut, users+"local/jane", ""), 503, body)
	}
}
