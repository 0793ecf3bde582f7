package usermgmt_test

import (
	"errors"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

// deadServer refuses every connection and notes when it was tried.
type deadServer struct {
	mu    sync.Mutex
	tries []time.Time
}

func (d *deadServer) RoundTrip(*http.Request) (*http.Response, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tries = append(d.tries, time.Now())
	return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
}

func TestDeadServerIsNotStormed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const clients, calls = 300, 100
		server := &deadServer{}
		start := time.Now()
		managers := make([]*usermgmt.Client, clients)
		for i := range managers {
			c, err := usermgmt.New(usermgmt.AIStore("https://authn.example.com"),
				usermgmt.WithCredentials(usermgmt.BearerToken("token")), usermgmt.WithHTTPClient(&http.Client{Transport: server}))
			require.NoError(t, err)
			managers[i] = c
		}
		all := func(calls int) {
			var wg sync.WaitGroup
			for _, c := range managers {
				wg.Go(func() {
					for range calls {
						_, err := c.GetUser(t.Context(), usermgmt.GetUserRequest{Name: "alice"})
						assert.ErrorIs(t, err, usermgmt.ErrUnavailable)
					}
				})
			}
			wg.Wait()
		}
		all(1)
		const slot = 20 * time.Millisecond
		slots := map[int]int{}
		for _, at := range server.tries {
			if at.After(start) { // the first tries all fall together, because the test starts them so
				slots[int(at.Sub(start)/slot)]++
			}
		}
		for i, n := range slots {
			assert.LessOrEqual(t, n, clients/5, "retries in slot %d of %v", i, slot)
		}
		all(5) // spends what is left of the budgets

		server.tries = nil
		all(calls)
		assert.LessOrEqual(t, float64(len(server.tries)), 1.2*clients*calls, "requests, of %d calls", clients*calls)
		assert.GreaterOrEqual(t, len(server.tries), clients*calls)
	})
}
