package usermgmt

import (
	"context"
	"errors"
	"sync"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// bulkConcurrency is how many items a bulk call works on at once by default.
const bulkConcurrency = 8

// narrow is a backend whose server refuses more than so many calls at once.
type narrow interface {
	atOnce(c Capability) int
}

// bulkCall is one call of a bulk function.
type bulkCall[Q request, R any] struct {
	manager UserManager
	op      string
	need    Capability
	name    func(Q) string
	options BulkOptions
	// work carries out one item and says what success means.
	work func(ctx context.Context, q Q) (R, Outcome, error)
}

// run carries out the call.
func (b bulkCall[Q, R]) run(ctx context.Context, reqs []Q) ([]BulkResult[R], error) {
	if err := b.check(ctx); err != nil {
		return nil, wrap("", target{op: b.op}, err)
	}
	results := make([]BulkResult[R], len(reqs))
	for i, q := range reqs {
		results[i].Name = b.name(q)
	}
	if b.refuse(reqs, results) {
		return results, bulkError(b.op, results)
	}
	b.each(ctx, reqs, results)
	return results, bulkError(b.op, results)
}

// check refuses a call that makes no sense whatever its items are.
func (b bulkCall[Q, R]) check(ctx context.Context) error {
	switch {
	case ctx == nil:
		return fault.Invalid("ctx", "must not be nil")
	case b.manager == nil:
		return fault.Invalid("manager", "must not be nil")
	case b.options.Concurrency < 0:
		return fault.Invalid("Concurrency", "must not be negative")
	}
	return nil
}

// refuse checks all items before any is begun. It reports whether there is
// nothing to be done: if one makes no sense, none is begun.
func (b bulkCall[Q, R]) refuse(reqs []Q, results []BulkResult[R]) bool {
	backend := ""
	client, direct := As[*Client](b.manager)
	if direct {
		backend = client.Backend()
	}
	can := b.manager.Capabilities()
	if can.Of(b.need) == SupportNo {
		for i := range results {
			results[i].Outcome, results[i].Err = OutcomeUnsupported, wrap(backend, b.about(results[i].Name), unsupported(b.need))
		}
		return true
	}
	refused := false
	places := make(map[string]int, len(reqs))
	for i, q := range reqs {
		v := validator{backend: backend, can: can}
		q.check(&v)
		name := results[i].Name
		if first, taken := places[name]; taken && name != "" {
			v.problemf("Name", "is that of item %d too", first)
		} else {
			places[name] = i
		}
		if err := v.err(); err != nil {
			refused = true
			results[i].Outcome, results[i].Err = OutcomeFailed, wrap(backend, b.about(name), err)
		}
	}
	if !refused {
		return false
	}
	for i := range results {
		if results[i].Err == nil {
			results[i].Err = wrap(backend, b.about(results[i].Name), fault.New(fault.Canceled, "another item is invalid, so none was begun"))
		}
	}
	return true
}

// each works on the items, some at once, until all are done or none can be.
func (b bulkCall[Q, R]) each(ctx context.Context, reqs []Q, results []BulkResult[R]) {
	places := make(chan struct{}, b.concurrency())
	var running sync.WaitGroup
	var progress sync.Mutex // guards ended and hopeless
	var hopeless error
	ended := 0
	for i, q := range reqs {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
		}
		progress.Lock()
		reason := hopeless
		progress.Unlock()
		if ctx.Err() != nil {
			reason = fault.Ended(ctx, ctx.Err())
		}
		if reason != nil {
			for j := i; j < len(results); j++ {
				results[j].Err = wrap("", b.about(results[j].Name), reason)
			}
			break
		}
		running.Go(func() {
			defer func() { <-places }()
			r := &results[i]
			r.Value, r.Outcome, r.Err = b.work(ctx, q)
			r.Outcome = outcomeOf(r.Err, r.Outcome)
			progress.Lock()
			defer progress.Unlock()
			if errors.Is(r.Err, ErrUnauthenticated) || errors.Is(r.Err, ErrClosed) {
				hopeless = fault.New(fault.Canceled, "another item showed that none can succeed: item %d: %v", i, r.Err)
			}
			ended++
			if b.options.Progress != nil {
				b.options.Progress(ended, len(reqs))
			}
		})
	}
	running.Wait()
}

// concurrency returns how many items may be worked on at once.
func (b bulkCall[Q, R]) concurrency() int {
	most := b.options.Concurrency
	if most == 0 {
		most = bulkConcurrency
	}
	most = min(most, transport.PoolSize)
	if client, ok := As[*Client](b.manager); ok {
		if n, ok := client.backend.(narrow); ok {
			most = min(most, n.atOnce(b.need))
		}
	}
	return most
}

func (b bulkCall[Q, R]) about(name string) target {
	return target{op: b.op, resource: "user", name: name}
}
