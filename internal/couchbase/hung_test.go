package couchbase

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// halfHung returns a client of two nodes, of which the first takes requests and
// never answers.
func halfHung(t *testing.T, timeout time.Duration) *Client {
	t.Helper()
	c, err := New(Config{Address: "https://hung,well", Transport: transport.Config{
		Timeout: timeout,
		HTTPClient: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Hostname() == "hung" {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return reply(200, `{"id":"u","domain":"local"}`), nil
		})},
	}})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// TestHungNode: a node that takes requests and never answers costs one call.
func TestHungNode(t *testing.T) {
	t.Parallel()
	c := halfHung(t, 20*time.Millisecond)
	_, err := c.GetUser(t.Context(), Local, "u")
	assert.Equal(t, fault.Unavailable, fault.KindOf(err))
	_, err = c.GetUser(t.Context(), Local, "u")
	require.NoError(t, err)
}

// TestHungNodeForListsToo is the same for a list, which has a timeout of its own.
func TestHungNodeForListsToo(t *testing.T) {
	t.Parallel()
	c := halfHung(t, 20*time.Millisecond)
	_, err := collect(t, c, UserQuery{})
	assert.Equal(t, fault.Unavailable, fault.KindOf(err))
	_, err = c.GetUser(t.Context(), Local, "u")
	require.NoError(t, err)
}

// TestHungNodeAndDeadlines: one deadline may have been too short, two in a row
// without an answer between are the node's doing.
func TestHungNodeAndDeadlines(t *testing.T) {
	t.Parallel()
	c := halfHung(t, time.Minute)
	get := func(timeout time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), timeout)
		defer cancel()
		_, err := c.GetUser(ctx, Local, "u")
		return err
	}
	for range 2 {
		err := get(20 * time.Millisecond)
		assert.Equal(t, fault.Canceled, fault.KindOf(err))
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
	require.NoError(t, get(5*time.Second))
}

// TestCanceledCallsBlameNobody: that a caller gives up says nothing of a node.
func TestCanceledCallsBlameNobody(t *testing.T) {
	t.Parallel()
	c := halfHung(t, time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	for range 3 {
		_, err := c.GetUser(ctx, Local, "u")
		assert.Equal(t, fault.Canceled, fault.KindOf(err))
	}
	node, err := c.nodes.Route(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "hung", node.Hostname())
}
