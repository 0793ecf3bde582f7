package transport

import "sync/atomic"

// A budget keeps retries to a share of the calls, so that a server in trouble
// gets little more than the load it gets anyway. It starts full, which lets
// short troubles be retried in full.
type budget struct {
	spent atomic.Int64 // in thousandths of a retry
}

const (
	retryCost     = 1000
	budgetSize    = 10 * retryCost
	earnedPerCall = retryCost / 10
)

// earn is called once a call.
func (b *budget) earn() {
	for {
		spent := b.spent.Load()
		if spent == 0 || b.spent.CompareAndSwap(spent, max(0, spent-earnedPerCall)) {
			return
		}
	}
}

// spend reports whether one more retry may be sent, and pays for it.
func (b *budget) spend() bool {
	for {
		spent := b.spent.Load()
		if spent+retryCost > budgetSize {
			return false
		}
		if b.spent.CompareAndSwap(spent, spent+retryCost) {
			return true
		}
	}
}
