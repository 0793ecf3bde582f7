package usermgmt_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
	"github.com/usermgmt/usermgmt/internal/conformance"
	cbsim "github.com/usermgmt/usermgmt/internal/simulator/couchbase"
)

// soakHarnesses are all backends.
var soakHarnesses = map[string]conformance.Harness{
	"aistore": simulatedAuthN, "couchbase": simulatedCouchbase(cbsim.Options{}), "iguazio": simulatedIguazio, "juju": simulatedJuju, "cognite": simulatedGateway,
	"memory": conformance.Memory(func(tb testing.TB) []usermgmt.MemoryOption {
		tb.Helper()
		return []usermgmt.MemoryOption{usermgmt.MemoryFile(filepath.Join(tb.TempDir(), "users.json"))}
	}),
}

// soakWire is a wire that can be used for long.
type soakWire interface {
	conformance.Wire
	// calm removes the faults that nobody met yet.
	calm()
	// forget drops the record of what was sent.
	forget()
}

// soak is one run.
type soak struct {
	ends    time.Time
	faults  atomic.Int64
	expired atomic.Int64
	heap    []float64 // MiB in use after each collection
	seed    uint64
}

// TestSoak has all backends work at once, while requests fail, connections
// break and logins expire at random. At the end nothing is lost, nothing is
// doubled and nothing is left behind. USERMGMT_SOAK sets its length, such as 30m.
//
// It is not parallel: it counts the goroutines and descriptors of the process.
func TestSoak(t *testing.T) { //nolint:paralleltest // said above
	length := 2 * time.Second
	if text := os.Getenv("USERMGMT_SOAK"); text != "" {
		var err error
		length, err = time.ParseDuration(text)
		require.NoError(t, err)
	}
	goroutines, descriptors := runtime.NumGoroutine(), openDescriptors()
	s := &soak{ends: time.Now().Add(length), seed: rand.Uint64()}
	t.Logf("seed %d", s.seed)
	t.Run("backends", func(t *testing.T) { //nolint:paralleltest // so that the count above holds
		watched := s.watchHeap()
		var running sync.WaitGroup
		for name, harness := range soakHarnesses {
			world := harness(t)
			running.Go(func() { s.run(t, name, world) })
		}
		running.Wait()
		s.heap = watched()
	})
	t.Logf("%d faults, %d times all logins expired; heap in MiB: %.1f", s.faults.Load(), s.expired.Load(), s.heap)
	assert.True(t, settles(func() bool {
		return runtime.NumGoroutine() <= goroutines && openDescriptors() <= descriptors
	}), "nothing is left behind")
	t.Logf("goroutines %d before, %d after; descriptors %d before, %d after", goroutines, runtime.NumGoroutine(), descriptors, openDescriptors())
	if half := len(s.heap) / 2; half >= 4 {
		// The least of each half, and some: a hash of a password takes 19 MiB for a moment.
		assert.Less(t, slices.Min(s.heap[half:]), 1.5*slices.Min(s.heap[:half])+24, "memory is flat")
	}
}

// settles reports whether something comes true within ten seconds. Other than
// assert.Eventually it needs no goroutine, which would be counted.
func settles(is func() bool) bool {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for range 1000 {
		if is() {
			return true
		}
		<-ticker.C
	}
	return false
}

// openDescriptors returns how many descriptors the process has open, 0 where
// that cannot be told.
func openDescriptors() int {
	entries, _ := os.ReadDir("/proc/self/fd")
	return len(entries)
}

// watchHeap measures what is in use, some twenty times over the run, until
// the returned function is called.
func (s *soak) watchHeap() func() []float64 {
	stop, done := make(chan struct{}), make(chan []float64)
	go func() {
		ticker := time.NewTicker(max(time.Until(s.ends)/20, time.Millisecond))
		defer ticker.Stop()
		var heap []float64
		for {
			select {
			case <-stop:
				done <- heap
				return
			case <-ticker.C:
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				heap = append(heap, float64(m.HeapAlloc)/(1<<20))
			}
		}
	}()
	return func() []float64 {
		close(stop)
		return <-done
	}
}

// run soaks one backend.
func (s *soak) run(t *testing.T, name string, world *conformance.World) {
	t.Helper()
	const workers, users = 3, 4
	before, err := usermgmt.Collect(world.Manager.ListUsers(t.Context(), usermgmt.ListUsersRequest{}))
	if err != nil {
		t.Error(err) // and no require: other goroutines than the test's must not end it
		return
	}
	all := make([]*soakWorker, workers)
	for i := range all {
		if all[i], err = newSoakWorker(t, world, i, users, s.seed); err != nil {
			t.Error(err)
			return
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var running, troubled sync.WaitGroup
	wire, wired := world.Wire.(soakWire)
	if wired {
		troubled.Go(func() { s.trouble(ctx, wire, name != "couchbase") }) // which has no logins that could expire
	}
	started := time.Now()
	for _, w := range all {
		running.Go(func() {
			for time.Now().Before(s.ends) && !t.Failed() {
				w.step(t.Context())
			}
		})
	}
	running.Wait()
	took := time.Since(started)
	stop()
	troubled.Wait()
	if wired {
		wire.calm()
	}
	judge(t, all, before)
	total, outcomes := 0, map[string]int{}
	for _, w := range all {
		for what, n := range w.count {
			outcomes[what] += n
			total += n
		}
	}
	var list []string
	for _, what := range slices.Sorted(maps.Keys(outcomes)) {
		list = append(list, fmt.Sprintf("%s %d", what, outcomes[what]))
	}
	t.Logf("%s: %.0f operations per second: %s", name, float64(total)/took.Seconds(), strings.Join(list, ", "))
}

func newSoakWorker(t *testing.T, world *conformance.World, number, users int, seed uint64) (*soakWorker, error) {
	t.Helper()
	w := &soakWorker{t: t, world: world, random: rand.New(rand.NewPCG(seed, uint64(number))), count: map[string]int{}}
	for i := range users {
		w.users = append(w.users, &soakUser{name: world.Name(fmt.Sprintf("soak-%d-%d", number, i))})
	}
	if w.can(usermgmt.CapAddGroupMember) {
		w.group = world.Name(fmt.Sprintf("soak-%d", number))
		if _, err := world.Manager.CreateGroup(t.Context(), usermgmt.CreateGroupRequest{Name: w.group}); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// trouble disturbs one request in twenty or so, and has the logins expire now
// and then.
func (s *soak) trouble(ctx context.Context, wire soakWire, expire bool) {
	random := rand.New(rand.NewPCG(s.seed, 99))
	faults := []conformance.Fault{
		conformance.CutBefore, conformance.CutAfter, conformance.CutMidway, conformance.Overloaded, conformance.Throttled, conformance.Garbage,
	}
	kinds := []conformance.RequestKind{conformance.Read, conformance.Read, conformance.Write, conformance.Write, conformance.Login}
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	next := 0
	for rounds := 1; ; rounds++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		sent := wire.Traffic()
		if sent.Reads+sent.Writes < next {
			continue
		}
		next = sent.Reads + sent.Writes + 10 + random.IntN(20)
		fault := faults[random.IntN(len(faults))]
		kind := kinds[random.IntN(len(kinds))]
		if fault == conformance.Garbage {
			kind = conformance.Read // what it does to a write has a test of its own
		}
		wire.Disturb(kind, fault, 1)
		s.faults.Add(1)
		if expire && random.IntN(50) == 0 {
			wire.ExpireLogins()
			s.expired.Add(1)
		}
		if rounds%100 == 0 {
			wire.forget()
		}
	}
}

// judge compares what is there with what must be.
func judge(t *testing.T, workers []*soakWorker, before []usermgmt.User) {
	t.Helper()
	world := workers[0].world
	users, err := usermgmt.Collect(world.Manager.ListUsers(t.Context(), usermgmt.ListUsersRequest{}))
	if err != nil {
		t.Error(err) // and no require: other goroutines than the test's must not end it
		return
	}
	var want, got []string
	for _, u := range before {
		want = append(want, u.Name)
	}
	for _, u := range users {
		got = append(got, u.Name)
	}
	lost := 0
	for _, w := range workers {
		lost += w.lost
		for _, u := range w.users {
			seen := w.seen(u.name)
			assert.True(t, w.agrees(u, seen), "want %+v, seen %+v", *u, seen)
			if !u.exists {
				continue
			}
			want = append(want, u.name)
			if world.CheckPassword != nil && !u.disabled && u.passwords[0] != "" {
				assert.True(t, slices.ContainsFunc(u.passwords, func(p string) bool { return world.CheckPassword(u.name, p) }), "%s can log in", u.name)
			}
		}
	}
	if lost == 0 {
		assert.ElementsMatch(t, want, got)
		return
	}
	assert.Subset(t, got, want)
	assert.LessOrEqual(t, len(got), len(want)+lost, "a create whose answer was lost makes one user at most")
}
