package local

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/usermgmt/usermgmt/internal/simulator"
	jujusim "github.com/usermgmt/usermgmt/internal/simulator/juju"
)

// Trouble is how a system misbehaves. The zero value is none.
type Trouble struct {
	// Latency is how long every answer takes.
	Latency time.Duration
	// Faults is the part of all requests that fails, from 0 to 1: they are
	// refused as too many, meet an internal error, or lose their connection
	// before or after they took effect.
	Faults float64
	// Seed makes the faults fall the same way again.
	Seed uint64
}

// trouble rolls the dice.
type trouble struct {
	Trouble

	mu     sync.Mutex
	random *rand.Rand
}

func newTrouble(t Trouble) *trouble {
	return &trouble{Trouble: t, random: rand.New(rand.NewPCG(t.Seed, 1))} //nolint:gosec // dice
}

// strike returns which of n faults a request meets, n for none.
func (t *trouble) strike(n int) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.random.Float64() >= t.Faults {
		return n
	}
	return t.random.IntN(n)
}

// fault returns the trouble of a system that speaks HTTP.
func (t *trouble) fault() simulator.Fault {
	effects := []simulator.Effect{
		simulator.Answer(http.StatusTooManyRequests, http.Header{"Retry-After": {"1"}}, "too many requests"),
		simulator.Answer(http.StatusServiceUnavailable, nil, "service unavailable"),
		simulator.Drop,
		simulator.After(simulator.Drop),
	}
	return simulator.Fault{Effect: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if !t.wait(r.Context().Done()) {
			simulator.Drop(w, r, next)
		}
		if i := t.strike(len(effects)); i < len(effects) {
			effects[i](w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	}}
}

// frameFault returns the trouble of a system that speaks over a WebSocket.
func (t *trouble) frameFault() jujusim.FrameFault {
	effects := []jujusim.FrameEffect{
		jujusim.AnswerError("try again", "try again", ""),
		jujusim.Drop,
		jujusim.After(jujusim.Drop),
	}
	return jujusim.FrameFault{Effect: func(x *jujusim.Exchange) {
		if !t.wait(x.Gone()) {
			return
		}
		if i := t.strike(len(effects)); i < len(effects) {
			effects[i](x)
			return
		}
		jujusim.Serve(x)
	}}
}

// wait waits for the latency to pass. It reports whether the client is still
// there.
func (t *trouble) wait(gone <-chan struct{}) bool {
	if t.Latency == 0 {
		return true
	}
	timer := time.NewTimer(t.Latency)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-gone:
		return false
	}
}
