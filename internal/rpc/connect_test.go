package rpc

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// TestCloseWhileConnecting shows that a call that waits for a connection is
// told that the client was closed, and not that a context ended which is not
// the caller's.
func TestCloseWhileConnecting(t *testing.T) {
	t.Parallel()
	c, err := New(Config[int]{
		Addresses: []string{"ws://127.0.0.1:1"}, Classify: func(*Request, Failure) *fault.Error { return nil },
		Handshake: func(context.Context, *Conn) (int, error) { return 0, nil },
	})
	require.NoError(t, err)
	c.cancel() // as Close does, after which both ends of the wait are there
	ended := &flight[int]{done: make(chan struct{}), err: fault.Ended(c.ctx, c.ctx.Err())}
	close(ended.done)
	for range 100 {
		c.flight = ended
		_, failure := c.connection(t.Context(), time.Time{})
		require.NotNil(t, failure)
		require.Equal(t, fault.Closed, failure.Kind)
	}
	assert.Equal(t, 100, ended.waiting)
}
