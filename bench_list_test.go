package usermgmt_test

import (
	"bufio"
	"context"
	stdjson "encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
	"github.com/usermgmt/usermgmt/internal/aistore"
)

const millionUsers = 1_000_000

// newMillionServer lists a million users in some 300 MB, made as they are sent.
func newMillionServer(tb testing.TB) *httptest.Server {
	tb.Helper()
	roles := `"roles":[` +
		`{"name":"readers","desc":"may read objects","clusters":[{"id":"eTdL4YGHN","perm":"771"}],"buckets":null,"admin":false},` +
		`{"name":"writers","desc":"may write objects","clusters":[{"id":"eTdL4YGHN","perm":"831"}],"buckets":null,"admin":false}]}`
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		out := bufio.NewWriterSize(w, 64<<10)
		_ = out.WriteByte('{')
		for i := range millionUsers {
			if i > 0 {
				_ = out.WriteByte(',')
			}
			fmt.Fprintf(out, `"user-%07d":{"id":"user-%07d",%s`, i, i, roles)
		}
		_ = out.WriteByte('}')
		_ = out.Flush()
	}))
	tb.Cleanup(s.Close)
	return s
}

// peakHeap returns a function that ends the watch of the heap and returns its
// peak above what was in use at the start.
func peakHeap() (stop func() float64) {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	base, peak := stats.HeapInuse, stats.HeapInuse
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				runtime.ReadMemStats(&stats)
				peak = max(peak, stats.HeapInuse)
			}
		}
	}()
	var once sync.Once
	return func() float64 {
		once.Do(func() { close(done); <-ended })
		return float64(peak-base) / (1 << 20)
	}
}

// BenchmarkListMillion lists a million users, in turn with a loop over the
// tokens of encoding/json. Both times include the making and sending of the
// list, and both decode to the same types.
func BenchmarkListMillion(b *testing.B) {
	s := newMillionServer(b)
	c, err := usermgmt.New(usermgmt.AIStore(s.URL), usermgmt.WithCredentials(usermgmt.BearerToken("token")))
	require.NoError(b, err)
	var times [2]time.Duration
	var peak float64
	for b.Loop() {
		started, stop := time.Now(), peakHeap()
		n := 0
		for user, err := range c.ListUsers(b.Context(), usermgmt.ListUsersRequest{}) {
			if err != nil || len(user.Roles) != 2 {
				b.Fatal(err, user)
			}
			n++
		}
		times[0] += time.Since(started)
		peak = max(peak, stop())
		require.Equal(b, millionUsers, n)

		started = time.Now()
		n, err := rivalList(b.Context(), s.URL)
		times[1] += time.Since(started)
		require.NoError(b, err)
		require.Equal(b, millionUsers, n)
	}
	b.ReportMetric(peak, "MB-peak")
	b.ReportMetric(times[0].Seconds()/times[1].Seconds(), "times-rival")
}

func rivalList(ctx context.Context, url string) (n int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/v1/users", nil)
	if err != nil {
		return 0, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	d := stdjson.NewDecoder(answer.Body)
	if _, err := d.Token(); err != nil {
		return 0, err
	}
	for d.More() {
		if _, err := d.Token(); err != nil {
			return 0, err
		}
		var user aistore.User
		if err := d.Decode(&user); err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}
