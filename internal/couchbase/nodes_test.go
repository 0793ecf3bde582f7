package couchbase

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// ring is a list of nodes under test, with a clock that stands still.
type ring struct {
	*nodes

	t     *testing.T
	clock time.Time
}

func newRing(t *testing.T, text string) *ring {
	t.Helper()
	a, err := parseAddress(text)
	require.NoError(t, err)
	n, err := newNodes(a, noRecords{}, true)
	require.NoError(t, err)
	n.resolve = nil
	r := &ring{nodes: n, t: t, clock: time.Unix(1e9, 0)}
	n.now = func() time.Time { return r.clock }
	t.Cleanup(n.close)
	return r
}

// next returns the host that the next attempt goes to.
func (r *ring) next() string { return r.route().Hostname() }

func (r *ring) route() *url.URL {
	r.t.Helper()
	base, err := r.Route(r.t.Context())
	require.NoError(r.t, err)
	return base
}

var down = &fault.Error{Kind: fault.Unavailable}

func TestOneNodeServes(t *testing.T) {
	t.Parallel()
	r := newRing(t, "http://a,b,c")
	for range 3 {
		assert.Equal(t, "a", r.next())
		assert.False(t, r.Done(r.route(), nil))
	}
	assert.True(t, r.Done(r.route(), down), "another can take over")
	assert.Equal(t, "b", r.next())
	r.clock = r.clock.Add(time.Hour)
	assert.Equal(t, "b", r.next(), "it stays when the first is back, too")
}

func TestDeadNodesAreRemembered(t *testing.T) {
	t.Parallel()
	r := newRing(t, "http://a,b")
	assert.True(t, r.Done(r.route(), down))
	assert.False(t, r.Done(r.route(), down), "none is left that did not fail")
	assert.Equal(t, "a", r.next(), "its time is up first")
	r.clock = r.clock.Add(firstAside)
	assert.Equal(t, "a", r.next())

	a := r.route()
	assert.True(t, r.Done(a, down), "the time of b is up, too")
	assert.Equal(t, "b", r.next())
	r.Done(r.route(), nil)
	for range 20 {
		r.Done(a, down)
	}
	r.Done(r.route(), down)
	r.clock = r.clock.Add(2 * firstAside)
	assert.Equal(t, "b", r.next(), "a failed more often")
	r.clock = r.clock.Add(longestAside)
	r.Done(r.route(), down)
	assert.Equal(t, "a", r.next(), "no node is set aside for longer")
}

// late is the failure of a call whose deadline has passed.
var late = &fault.Error{Kind: fault.Canceled, Err: context.DeadlineExceeded}

func TestWhatMeansThatANodeIsDown(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		failure *fault.Error
		down    bool
	}{
		{down, true},
		{&fault.Error{Kind: fault.Unavailable, Status: 503}, true},
		{&fault.Error{Kind: fault.Unavailable, Status: 502}, true},
		{&fault.Error{Kind: fault.Unavailable, Status: 504}, true},
		{&fault.Error{Kind: fault.Unavailable, Status: 500}, false},
		{&fault.Error{Kind: fault.NotFound, Status: 404}, false},
		{&fault.Error{Kind: fault.Canceled}, false},
		{late, false},
		{nil, false},
	} {
		r := newRing(t, "http://a,b")
		assert.Equal(t, test.down, r.Done(r.route(), test.failure))
	}
	r := newRing(t, "http://a,b")
	r.Done(r.route(), late)
	r.Done(r.route(), nil)
	assert.False(t, r.Done(r.route(), late), "it has answered in between")
	assert.True(t, r.Done(r.route(), late))
	r = newRing(t, "http://a,b")
	assert.False(t, r.Done(&url.URL{Host: "gone"}, down), "a node that is known no more")
}

const nodeList = `{"rev":42,"revEpoch":1,"nodesExt":[
	{"services":{"mgmt":8091,"mgmtSSL":18091},"thisNode":true,"hostname":"10.0.0.1",
	 "alternateAddresses":{"external":{"hostname":"203.0.113.5","ports":{"mgmt":30091,"mgmtSSL":30191}}}},
	{"services":{"mgmt":8091,"mgmtSSL":18091},"hostname":"2001:db8::2","alternateAddresses":{"external":{"hostname":"203.0.113.6"}}},
	{"services":{"mgmt":9091}},
	{"services":{"kv":11210},"hostname":"10.0.0.4"}]}`

func TestNodeAddresses(t *testing.T) {
	t.Parallel()
	var list serviceMap
	require.NoError(t, json.Unmarshal([]byte(nodeList), &list))
	for _, test := range []struct {
		scheme, network, from string
		want                  []string
	}{
		{"http", "auto", "http://10.0.0.1:8091", []string{"http://10.0.0.1:8091", "http://[2001:db8::2]:8091", "http://10.0.0.1:9091"}},
		{"http", "auto", "http://203.0.113.6:8091", []string{"http://203.0.113.5:30091", "http://203.0.113.6:8091", "http://203.0.113.6:9091"}},
		{"http", "default", "http://203.0.113.6:8091", []string{"http://10.0.0.1:8091", "http://[2001:db8::2]:8091", "http://203.0.113.6:9091"}},
		{"https", "external", "https://db:18091", []string{"https://203.0.113.5:30191", "https://203.0.113.6:18091"}},
		{"https", "auto", "https://db:18091", []string{"https://10.0.0.1:18091", "https://[2001:db8::2]:18091"}},
	} {
		from, err := url.Parse(test.from)
		require.NoError(t, err)
		var got []string
		for h := range list.hosts(schemes[test.scheme], test.network, from) {
			got = append(got, schemes[test.scheme].url(h).String())
		}
		assert.Equal(t, test.want, got)
	}
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	r := newRing(t, "http://seed-a,seed-b")
	asked := make(chan string)
	answer := make(chan serviceMap)
	r.discover = func(ctx context.Context, origin *url.URL) (serviceMap, error) {
		asked <- origin.Hostname()
		select {
		case list, ok := <-answer:
			if !ok {
				return serviceMap{}, errors.New("no such route")
			}
			return list, nil
		case <-ctx.Done():
			return serviceMap{}, ctx.Err()
		}
	}
	var list serviceMap
	require.NoError(t, json.Unmarshal([]byte(nodeList), &list))

	base := r.route()
	r.Done(base, nil)
	assert.Equal(t, "seed-a", <-asked)
	r.Done(base, nil) // asks no more while one is under way
	answer <- list
	r.work.Wait()
	assert.Equal(t, []string{"seed-a", "2001:db8::2", "seed-a", "seed-b"}, r.hosts(), "the one that was asked goes by the name that worked")
	assert.Equal(t, "seed-a", r.next())

	r.Done(base, nil) // the list is fresh
	assert.True(t, r.Done(base, down))
	assert.Equal(t, "2001:db8::2", r.next(), "a node that nobody named takes over")
	r.Done(r.route(), nil)
	assert.Equal(t, "2001:db8::2", <-asked, "a node failed: the list may have changed")
	older := list
	older.Rev = 41
	older.Nodes = nil
	answer <- older
	r.work.Wait()
	assert.Len(t, r.hosts(), 4, "an older list counts for nothing")

	r.clock = r.clock.Add(mapLife)
	r.Done(r.route(), nil)
	<-asked
	newer := list
	newer.Rev, newer.Nodes = 43, list.Nodes[:1]
	newer.Nodes[0].ThisNode = false
	answer <- newer
	r.work.Wait()
	assert.Equal(t, []string{"10.0.0.1", "seed-a", "seed-b"}, r.hosts())
	assert.Equal(t, "10.0.0.1", r.next(), "the node that served has left the cluster")

	r.clock = r.clock.Add(mapLife)
	r.Done(r.route(), nil)
	<-asked
	r.close() // ends the one under way
	r.Done(r.route(), nil)
}

// TestDiscoveryForACaller: a discovery on behalf of a caller does not make the
// one in the background be forgotten, which close has to end.
func TestDiscoveryForACaller(t *testing.T) {
	t.Parallel()
	r := newRing(t, "http://a")
	asked := make(chan struct{}, 3)
	r.discover = func(ctx context.Context, _ *url.URL) (serviceMap, error) {
		asked <- struct{}{}
		if _, background := ctx.Deadline(); background {
			<-ctx.Done()
		}
		return serviceMap{}, errors.New("no such route")
	}
	r.Done(r.route(), nil)
	<-asked
	r.update(t.Context(), r.route())
	<-asked
	r.clock = r.clock.Add(mapLife)
	r.Done(r.route(), nil)
	assert.True(t, r.asking, "the first is still under way")
	r.close()
	assert.Empty(t, asked, "no second one was begun")
}

// hosts returns the nodes in the order in which they are tried.
func (r *ring) hosts() []string {
	var hosts []string
	for _, base := range r.bases() {
		hosts = append(hosts, base.Hostname())
	}
	return hosts
}

func TestBadNodeList(t *testing.T) {
	t.Parallel()
	c := fakeCluster(t, func(*http.Request) (int, string) { return 200, `{"rev":1,"nodesExt":[{"services":{"kv":11210}}]}` })
	_, err := c.Nodes(t.Context())
	assert.Equal(t, fault.Internal, fault.KindOf(err))
	c = fakeCluster(t, func(*http.Request) (int, string) { return 404, "Object Not Found" })
	_, err = c.Nodes(t.Context())
	assert.Equal(t, fault.Unsupported, fault.KindOf(err))
}
