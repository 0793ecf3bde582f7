package cognite

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

func TestEachKeepsOrderAndLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var running, most atomic.Int64
		release := make(chan struct{})
		go func() {
			for range 10 {
				synctest.Wait()
				most.Store(max(most.Load(), running.Load()))
				release <- struct{}{}
			}
		}()
		outcomes := Each(t.Context(), 4, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, func(_ context.Context, n int) (string, error) {
			running.Add(1)
			defer running.Add(-1)
			<-release
			if n == 3 {
				return "partly", errors.New("three")
			}
			return fmt.Sprint(n), nil
		})
		for i, outcome := range outcomes {
			if i == 3 {
				assert.Equal(t, Outcome[string]{Value: "partly", Err: outcome.Err}, outcome)
				require.EqualError(t, outcome.Err, "three")
				continue
			}
			assert.Equal(t, Outcome[string]{Value: fmt.Sprint(i)}, outcome)
		}
		assert.EqualValues(t, 4, most.Load())
	})
}

func TestEachBeginsNothingAfterTheEndOfItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	begun := 0
	outcomes := Each(ctx, 1, []int{0, 1, 2}, func(context.Context, int) (int, error) {
		begun++
		cancel()
		return 7, nil
	})
	assert.Equal(t, 1, begun)
	assert.Equal(t, Outcome[int]{Value: 7}, outcomes[0], "what was carried out is told")
	for _, outcome := range outcomes[1:] {
		f := assertKind(t, fault.Canceled, outcome.Err)
		assert.False(t, f.Ambiguous)
	}
}

func TestOverall(t *testing.T) {
	t.Parallel()
	done := Outcome[int]{}
	missing := Outcome[int]{Err: &fault.Error{Kind: fault.NotFound, Status: 400, Message: "m"}}
	denied := Outcome[int]{Err: &fault.Error{Kind: fault.PermissionDenied, Status: 403}}
	unknown := Outcome[int]{Err: &fault.Error{Kind: fault.Internal, Ambiguous: true}}
	for name, c := range map[string]struct {
		outcomes  []Outcome[int]
		write     bool
		kind      fault.Kind
		ambiguous bool
	}{
		"one fails, none done":    {[]Outcome[int]{missing}, true, fault.NotFound, false},
		"one fails, one done":     {[]Outcome[int]{done, missing}, true, fault.NotFound, true},
		"one fails, one read":     {[]Outcome[int]{done, missing}, false, fault.NotFound, false},
		"the first kind":          {[]Outcome[int]{denied, missing}, true, fault.PermissionDenied, false},
		"unknown goes before all": {[]Outcome[int]{denied, unknown, missing}, true, fault.Unavailable, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := Overall(c.outcomes, c.write)
			require.NotNil(t, f)
			assert.Equal(t, c.kind, f.Kind)
			assert.Equal(t, c.ambiguous, f.Ambiguous)
		})
	}
	assert.Nil(t, Overall([]Outcome[int]{done, done}, true))
	assert.Equal(t, "not found: 2 of 3 failed, 0 of them with an unknown outcome; the first: not found: m",
		Overall([]Outcome[int]{missing, done, denied}, true).Error())
	assert.Equal(t, "m", asFault(t, missing.Err).Message, "the items' own errors stay")
}

// byids answers for the users whose names begin with u, and fails where a name
// begins with fail.
func byids(honours bool) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		var asked namedItems[userName]
		data := make([]byte, r.ContentLength)
		if _, err := r.Body.Read(data); err != nil && len(data) == 0 {
			return nil, err
		}
		if err := transport.Decode(data, &asked); err != nil {
			return nil, err
		}
		var found, missing []string
		for _, name := range asked.Items {
			switch {
			case strings.HasPrefix(name.Username, "fail"):
				return reply(http.StatusForbidden, `{"error":{"code":403,"message":"no"}}`), nil
			case strings.HasPrefix(name.Username, "u"):
				found = append([]string{fmt.Sprintf(`{"username":%q}`, name.Username)}, found...) // in another order
			default:
				missing = append(missing, fmt.Sprintf(`{"username":%q}`, name.Username))
			}
		}
		if len(missing) > 0 && (!honours || !asked.IgnoreUnknown) {
			return reply(http.StatusBadRequest, `{"error":{"code":400,"message":"no","missing":[`+strings.Join(missing, ",")+`]}}`), nil
		}
		return reply(http.StatusOK, `{"items":[`+strings.Join(found, ",")+`]}`), nil
	}
}

func TestFindUsers(t *testing.T) {
	t.Parallel()
	names := many(25) // three chunks, the last of which fails
	names[3], names[7], names[23] = "ghost", "u1", "fail"
	names = append(names, "", "u0")
	for _, honours := range []bool{true, false} {
		c := newClient(t, byids(honours), Config{})
		outcomes := c.FindUsers(t.Context(), names)
		require.Len(t, outcomes, len(names))
		for i, outcome := range outcomes {
			switch {
			case i == 3:
				f := assertKind(t, fault.NotFound, outcome.Err)
				assert.Equal(t, &Detail{Missing: []Item{{"username": "ghost"}}}, f.Err)
			case names[i] == "":
				assertKind(t, fault.InvalidArgument, outcome.Err)
			case i >= 21 && i < 25: // u7 is asked for once, so the third chunk begins there
				assertKind(t, fault.PermissionDenied, outcome.Err)
			default:
				assert.Equal(t, Outcome[User]{Value: User{Username: names[i]}}, outcome, "%d", i)
			}
		}
	}
}

func TestAnswersAreComparedWithTheNamesAskedFor(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]fault.Kind{
		`{"items":[{"username":"eve"}]}`:                        fault.Internal,
		`{"items":[{"username":"Alice"}]}`:                      fault.Internal,
		`{"items":[{"username":"alice"},{"username":"eve"}]}`:   fault.Internal,
		`{"items":[{"username":"alice"},{"username":"alice"}]}`: fault.Internal,
		`{"items":[]}`: fault.NotFound,
	} {
		c := newClient(t, answering(http.StatusOK, body), Config{})
		assertKind(t, want, second(c.GetUser(t.Context(), "alice")))
	}
	c := newClient(t, answering(http.StatusOK, `{"items":[{"username":"eve"}]}`), Config{})
	f := assertKind(t, fault.Internal, second(c.UpdateUser(t.Context(), "alice", "n")))
	assert.True(t, f.Ambiguous)
}
