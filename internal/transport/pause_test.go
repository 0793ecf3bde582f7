package transport

import (
	"context"
	"math"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/usermgmt/usermgmt/internal/fault"
)

func TestPauseGrowsAndIsCapped(t *testing.T) {
	t.Parallel()
	r := Retry{MinWait: 100 * time.Millisecond, MaxWait: time.Second}.withDefaults()
	for n, millis := range []int{100, 200, 400, 666, 666} {
		middle := time.Duration(millis) * time.Millisecond
		seen := map[time.Duration]bool{}
		for range 2000 {
			pause := r.pause(n)
			require.GreaterOrEqual(t, pause, middle/2)
			require.LessOrEqual(t, pause, min(middle*3/2+time.Millisecond, r.MaxWait))
			seen[pause/(middle/10)] = true
		}
		assert.GreaterOrEqual(t, len(seen), 10, "the pauses of retry %d must be spread", n)
	}
	assert.LessOrEqual(t, r.pause(math.MaxInt32), r.MaxWait)
}

// Clients that fail together, again and again, must come back one by one.
func TestPausesDoNotGather(t *testing.T) {
	t.Parallel()
	r := Retry{}.withDefaults()
	for n := range 12 {
		slots := map[time.Duration]int{}
		for range 300 {
			slots[r.pause(n)/(20*time.Millisecond)]++
		}
		for slot, clients := range slots {
			assert.LessOrEqual(t, clients, 60, "retry %d, slot %d", n, slot)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for text, want := range map[string]struct {
		wait time.Duration
		ok   bool
	}{
		"":                               {0, false},
		"0":                              {0, true},
		" 7 ":                            {7 * time.Second, true},
		"120":                            {2 * time.Minute, true},
		"9223372036":                     {9223372036 * time.Second, true},
		"9223372037":                     {9223372036 * time.Second, true},
		"18446744073709551615":           {9223372036 * time.Second, true},
		"99999999999999999999999999":     {9223372036 * time.Second, true},
		"-1":                             {0, false},
		"1.5":                            {0, false},
		"1e3":                            {0, false},
		"soon":                           {0, false},
		"Fri, 02 Jan 2026 03:05:05 GMT":  {time.Minute, true},
		"Friday, 02-Jan-26 03:05:05 GMT": {time.Minute, true},
		"Fri, 02 Jan 2026 03:04:00 GMT":  {0, true},
		"Fri, 31 Dec 9999 23:59:59 GMT":  {time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Sub(now), true},
		"Fri, 02 Jan 2026":               {0, false},
	} {
		wait, ok := retryAfter(http.Header{"Retry-After": {text}}, now)
		assert.Equal(t, want.ok, ok, text)
		assert.Equal(t, want.wait, wait, text)
	}
	// The server's clock is an hour behind ours: its dates are about its clock.
	wait, ok := retryAfter(http.Header{
		"Retry-After": {"Fri, 02 Jan 2026 02:04:35 GMT"}, "Date": {"Fri, 02 Jan 2026 02:04:05 GMT"},
	}, now)
	assert.True(t, ok)
	assert.Equal(t, 30*time.Second, wait)
}

func FuzzRetryAfter(f *testing.F) {
	for _, text := range []string{"", "0", "120", "99999999999999999999", "Fri, 02 Jan 2026 03:05:05 GMT", "-1", "soon"} {
		f.Add(text, "Fri, 02 Jan 2026 03:04:05 GMT")
	}
	f.Fuzz(func(t *testing.T, text, date string) {
		wait, ok := retryAfter(http.Header{"Retry-After": {text}, "Date": {date}}, time.Now())
		if wait < 0 || !ok && wait != 0 {
			t.Fatalf("%q: %v %v", text, wait, ok)
		}
		if seconds, err := strconv.ParseUint(text, 10, 32); err == nil && wait != time.Duration(seconds)*time.Second {
			t.Fatalf("%q: %v", text, wait)
		}
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]func() []string{
		"seconds": func() []string { return []string{"Retry-After", "8"} },
		"date": func() []string {
			server := time.Now().Add(-time.Hour).UTC()
			return []string{"Date", server.Format(http.TimeFormat), "Retry-After", server.Add(8 * time.Second).Format(http.TimeFormat)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var pauses []time.Duration
				for range 20 {
					client, _ := fakeClient(t, Config{}, func(attempt int, _ *http.Request) (*http.Response, error) {
						if attempt == 1 {
							return reply(503, "", header()...), nil
						}
						return reply(200, ""), nil
					})
					start := time.Now()
					_, err := client.Do(t.Context(), &Request{Method: "GET"})
					require.NoError(t, err)
					pauses = append(pauses, time.Since(start))
				}
				assert.GreaterOrEqual(t, slices.Min(pauses), 8*time.Second)
				assert.LessOrEqual(t, slices.Max(pauses), 10*time.Second)
				assert.Greater(t, slices.Max(pauses)-slices.Min(pauses), 200*time.Millisecond, "spread")
			})
		})
	}
}

func TestRetryAfterTooFarEndsTheCall(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status   int
		asked    string
		deadline time.Duration
		want     time.Duration
	}{
		"429 beyond the cap":      {429, "3600", 0, time.Hour},
		"503 beyond the cap":      {503, "16", 0, 16 * time.Second},
		"absurd":                  {503, "99999999999999999999", 0, 9223372036 * time.Second},
		"429 beyond the deadline": {429, "10", 9 * time.Second, 10 * time.Second},
		"503 beyond the deadline": {503, "10", 9 * time.Second, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, server := fakeClient(t, Config{}, func(int, *http.Request) (*http.Response, error) {
					return reply(c.status, "busy", "Retry-After", c.asked), nil
				})
				ctx := t.Context()
				if c.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.deadline)
					defer cancel()
				}
				start := time.Now()
				f := fails(ctx, t, client, &Request{Method: "GET"})
				assert.Equal(t, &fault.Error{Kind: fault.RateLimited, FromServer: true, Status: c.status, Message: "busy", RetryAfter: c.want}, f)
				assert.Zero(t, time.Since(start))
				assert.Equal(t, 1, server.count())
			})
		})
	}
}

// Whether an attempt follows must not hang on the jitter.
func TestRetryAfterJustWithinTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for range 50 {
			client, _ := fakeClient(t, Config{}, func(attempt int, _ *http.Request) (*http.Response, error) {
				if attempt == 1 {
					return reply(429, "", "Retry-After", "8"), nil
				}
				return reply(200, ""), nil
			})
			ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second)
			_, err := client.Do(ctx, &Request{Method: "GET"})
			cancel()
			require.NoError(t, err)
		}
	})
}

func TestNonsenseRetryAfterIsIgnored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := fakeClient(t, Config{}, func(int, *http.Request) (*http.Response, error) {
			return reply(503, "", "Retry-After", "soon"), nil
		})
		start := time.Now()
		f := fails(t.Context(), t, client, &Request{Method: "GET"})
		assertKind(t, fault.Unavailable, f)
		assert.Equal(t, 4, server.count())
		assert.Less(t, time.Since(start), 2200*time.Millisecond)
	})
}

func TestPauseNeverOutlastsTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := fakeClient(t, Config{Retry: Retry{MinWait: 10 * time.Second}}, func(int, *http.Request) (*http.Response, error) {
			return reply(503, "busy"), nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		f := fails(ctx, t, client, &Request{Method: "GET"})
		assert.Equal(t, &fault.Error{Kind: fault.Unavailable, FromServer: true, Status: 503, Message: "busy"}, f)
		assert.Zero(t, time.Since(start))
		assert.Equal(t, 1, server.count())
	})
}

func TestBudgetSparesADeadServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := fakeClient(t, Config{}, func(int, *http.Request) (*http.Response, error) { return nil, errDial })
		round := func() int {
			before := server.count()
			var wait sync.WaitGroup
			for range 300 {
				wait.Go(func() {
					_, err := client.Do(t.Context(), &Request{Method: "GET"})
					assert.Error(t, err)
				})
			}
			wait.Wait()
			return server.count() - before
		}
		assert.Greater(t, round(), 300, "short troubles are retried")
		for range 3 {
			assert.LessOrEqual(t, round(), 360)
		}
	})
}

func TestBudgetRecovers(t *testing.T) {
	t.Parallel()
	var b budget
	for range 10 {
		require.True(t, b.spend())
	}
	assert.False(t, b.spend())
	for range 9 {
		b.earn()
	}
	assert.False(t, b.spend())
	b.earn()
	assert.True(t, b.spend())
	for range 1000 {
		b.earn()
	}
	for range 10 {
		assert.True(t, b.spend())
	}
	assert.False(t, b.spend(), "it does not save up more than it starts with")
}

func TestLimiterDelaysEachAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		start := time.Now()
		limiter := rate.NewLimiter(rate.Every(10*time.Second), 1)
		client, _ := fakeClient(t, Config{Limiter: limiter}, func(attempt int, _ *http.Request) (*http.Response, error) {
			at = append(at, time.Since(start).Round(time.Microsecond))
			if attempt == 2 {
				return reply(503, ""), nil
			}
			return reply(200, ""), nil
		})
		for range 2 {
			_, err := client.Do(t.Context(), &Request{Method: "GET"})
			require.NoError(t, err)
		}
		assert.Equal(t, []time.Duration{0, 10 * time.Second, 20 * time.Second}, at)
	})
}

func TestLimiterBeyondTheDeadlineSendsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limiter := rate.NewLimiter(rate.Every(time.Hour), 1)
		require.True(t, limiter.Allow())
		client, server := fakeClient(t, Config{Limiter: limiter}, func(int, *http.Request) (*http.Response, error) { return reply(200, ""), nil })
		start := time.Now()
		f := fails(t.Context(), t, client, &Request{Method: "POST", Body: []byte("x"), Class: Once})
		assertKind(t, fault.RateLimited, f)
		assert.True(t, f.NotExecuted)
		assert.False(t, f.Ambiguous)
		assert.Zero(t, f.Status)
		assert.Zero(t, time.Since(start))
		assert.Zero(t, server.count())
	})
}

func TestCancelInLimiterIsNotAmbiguous(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limiter := rate.NewLimiter(rate.Every(time.Second), 1)
		require.True(t, limiter.Allow())
		client, server := fakeClient(t, Config{Limiter: limiter}, func(int, *http.Request) (*http.Response, error) { return reply(200, ""), nil })
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, cancel)
		f := fails(ctx, t, client, &Request{Method: "POST", Body: []byte("x"), Class: Once})
		assertKind(t, fault.Canceled, f)
		assert.False(t, f.Ambiguous)
		assert.Zero(t, server.count())
	})
}
