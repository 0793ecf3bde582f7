package transport

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// ring is a router that leaves a node after each failure.
type ring struct {
	nodes []*url.URL
	fail  error // of Route, once more than limit routes were asked for
	limit int

	mu     sync.Mutex
	routed int
	at     int
	told   []string // what Done was told
}

func (r *ring) Route(context.Context) (*url.URL, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.routed++
	if r.fail != nil && r.routed > r.limit {
		return nil, r.fail
	}
	return r.nodes[r.at%len(r.nodes)], nil
}

func (r *ring) Done(base *url.URL, failure *fault.Error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if failure == nil {
		r.told = append(r.told, base.Host+" ok")
		return false
	}
	r.told = append(r.told, base.Host+" "+failure.Kind.String())
	r.at++
	return r.at < len(r.nodes)
}

// ringClient returns a client of nodes a, b and c of which those that are down
// cannot be reached, and the hosts that were asked.
func ringClient(t *testing.T, r *ring, down ...string) (client *Client, asked *[]string) {
	t.Helper()
	for _, host := range []string{"a", "b", "c"} {
		r.nodes = append(r.nodes, mustURL(t, "https://"+host+"/base"))
	}
	asked = new([]string)
	f := &fakeTransport{answer: func(_ int, request *http.Request) (*http.Response, error) {
		*asked = append(*asked, request.Method+" "+request.URL.String()+" "+request.Host)
		if slices.Contains(down, request.URL.Host) {
			return nil, &net.OpError{Op: "dial", Err: errors.New("refused")}
		}
		return reply(http.StatusOK, ""), nil
	}}
	client, err := New(Config{Router: r, Classify: kinds, HTTPClient: &http.Client{Transport: f}})
	require.NoError(t, err)
	return client, asked
}

func TestFailOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &ring{}
		client, asked := ringClient(t, r, "a", "b")
		began := time.Now()
		_, err := client.Do(t.Context(), &Request{Method: http.MethodPost, Path: []string{"x/y"}, Body: []byte("1"), Class: Once})
		require.NoError(t, err)
		assert.Equal(t, []string{"POST https://a/base/x%2Fy a", "POST https://b/base/x%2Fy b", "POST https://c/base/x%2Fy c"}, *asked)
		assert.Equal(t, []string{"a unavailable", "b unavailable", "c ok"}, r.told)
		assert.Zero(t, time.Since(began), "another node needs no pause")
		assert.Zero(t, client.budget.spent.Load(), "nor does it cost a retry")
	})
}

func TestFailOverEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &ring{}
		client, asked := ringClient(t, r, "a", "b", "c")
		began := time.Now()
		f := fails(t.Context(), t, client, &Request{Method: http.MethodPut, Path: []string{"x"}, Class: Idempotent})
		assertKind(t, fault.Unavailable, f)
		assert.False(t, f.Ambiguous)
		assert.Len(t, *asked, 4, "attempts are bounded as ever")
		assert.NotZero(t, time.Since(began), "no node is left: now there is a pause")
	})
}

// TestFailOverByClass: another node does not make a write safe to repeat.
func TestFailOverByClass(t *testing.T) {
	t.Parallel()
	for class, want := range map[Class]int{Read: 2, Idempotent: 2, Once: 1} {
		r := &ring{nodes: []*url.URL{mustURL(t, "https://a"), mustURL(t, "https://b")}}
		f := &fakeTransport{answer: func(attempt int, _ *http.Request) (*http.Response, error) {
			if attempt == 1 {
				return nil, errors.New("connection reset")
			}
			return reply(http.StatusNoContent, ""), nil
		}}
		client, err := New(Config{Router: r, Classify: kinds, HTTPClient: &http.Client{Transport: f}})
		require.NoError(t, err)
		answer, err := client.Do(t.Context(), &Request{Method: http.MethodPut, Path: []string{"x"}, Class: class})
		assert.Equal(t, want, f.count())
		if class == Once {
			var failure *fault.Error
			require.ErrorAs(t, err, &failure)
			assert.True(t, failure.Ambiguous)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, class != Read, answer.Resent)
	}
}

func TestOneNodeOnly(t *testing.T) {
	t.Parallel()
	r := &ring{}
	client, asked := ringClient(t, r)
	_, err := client.Do(t.Context(), &Request{Method: http.MethodGet, Path: []string{"x"}, Origin: mustURL(t, "https://c")})
	require.NoError(t, err)
	assert.Equal(t, []string{"GET https://c/x c"}, *asked)
	assert.Empty(t, r.told, "the router has no part in it")
}

func TestNoRoute(t *testing.T) {
	t.Parallel()
	lost := errors.New("no such host")
	for limit, sent := range []int{0, 1} {
		r := &ring{fail: lost, limit: limit}
		client, asked := ringClient(t, r, "a")
		f := fails(t.Context(), t, client, &Request{Method: http.MethodGet, Path: []string{"x"}})
		assertKind(t, fault.Unavailable, f)
		require.ErrorIs(t, f, lost)
		assert.Len(t, *asked, sent)
	}

	r := &ring{fail: fault.Invalid("address", "is wrong")}
	client, _ := ringClient(t, r)
	assertKind(t, fault.InvalidArgument, fails(t.Context(), t, client, &Request{Method: http.MethodGet, Path: []string{"x"}}))

	ctx, cancel := context.WithCancel(t.Context())
	r = &ring{fail: lost, limit: 1}
	client, _ = ringClient(t, r, "a")
	client.http.Transport = &fakeTransport{answer: func(int, *http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Err: errors.New("refused")}
	}}
	client.retry.MinWait = time.Nanosecond
	r.nodes = r.nodes[:1] // so that there is a pause, in which the context ends
	client.router = canceling{r, cancel}
	assertKind(t, fault.Canceled, fails(ctx, t, client, &Request{Method: http.MethodGet, Path: []string{"x"}}))
}

// canceling ends a context when it is asked for the second route.
type canceling struct {
	*ring

	cancel context.CancelFunc
}

func (c canceling) Route(ctx context.Context) (*url.URL, error) {
	base, err := c.ring.Route(ctx)
	if err != nil {
		c.cancel()
	}
	return base, err
}
