package iguazio

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

func jobBody(state, result string) string {
	return fmt.Sprintf(`{"data":{"type":"job","id":"j1","attributes":{"kind":"k","state":%q,"result":%q}}}`, state, result)
}

func TestWaitJobPausesGrow(t *testing.T) {
	t.Parallel()
	var pauses []time.Duration
	config := Config{Pause: func(_ context.Context, d time.Duration) error {
		pauses = append(pauses, d)
		return nil
	}}
	replies := []reply{{200, jobBody("created", "")}, {503, ""}, {200, jobBody("republishing", "")}, {429, ""}, {200, jobBody("unheard_of", "")}}
	for range 13 {
		replies = append(replies, reply{200, jobBody("in_progress", "")})
	}
	c, s := scripted(t, config, append(replies, reply{200, jobBody("completed", "done")})...)
	job, err := c.WaitJob(t.Context(), "j1")
	require.NoError(t, err)
	assert.Equal(t, Job{ID: "j1", Kind: "k", State: JobCompleted, Result: "done"}, job)
	assert.Len(t, s.seen(), 19)
	require.Len(t, pauses, 18)
	assert.Equal(t, 50*time.Millisecond, pauses[0])
	assert.Equal(t, 75*time.Millisecond, pauses[1])
	assert.Equal(t, 5*time.Second, pauses[17])
}

func TestWaitJobLogsInAgain(t *testing.T) {
	t.Parallel()
	polls := 0
	s := &sessions{}
	c := serve(t, Config{Credential: somePassword}, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/jobs/") {
			polls++
			switch polls {
			case 2:
				w.WriteHeader(http.StatusUnauthorized)
			case 4:
				_, _ = fmt.Fprint(w, jobBody("completed", ""))
			default:
				_, _ = fmt.Fprint(w, jobBody("in_progress", ""))
			}
			return
		}
		s.ServeHTTP(w, r)
	})
	_, err := c.WaitJob(t.Context(), "j1")
	require.NoError(t, err)
	assert.Equal(t, 4, polls)
	assert.Equal(t, 2, s.logins)
}

func TestWaitJobEnds(t *testing.T) {
	t.Parallel()
	for status, kind := range map[int]fault.Kind{401: fault.Unauthenticated, 403: fault.PermissionDenied, 404: fault.NotFound} {
		c, s := scripted(t, Config{}, reply{status, ""})
		_, err := c.WaitJob(t.Context(), "j1")
		f := asFault(t, err)
		assert.Equal(t, kind, f.Kind)
		assert.Equal(t, "job j1", f.Resource+" "+f.ID)
		assert.False(t, f.Ambiguous)
		assert.Len(t, s.seen(), 1)
	}
}

func TestPatienceRunsOut(t *testing.T) {
	t.Parallel()
	c := serve(t, Config{Wait: time.Second}, func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, jobBody("dispatched", "")) })
	f := asFault(t, c.Finish(t.Context(), "j1", false))
	assert.Equal(t, fault.Pending, f.Kind)
	assert.Equal(t, "job j1", f.Resource+" "+f.ID)
	assert.True(t, f.Ambiguous)

	ctx, cancel := context.WithCancel(t.Context())
	c = serve(t, Config{Pause: func(ctx context.Context, _ time.Duration) error {
		cancel()
		return pause(ctx, time.Hour)
	}}, func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, jobBody("dispatched", "")) })
	err := c.Finish(ctx, "j1", false)
	f = asFault(t, err)
	assert.Equal(t, fault.Canceled, f.Kind)
	assert.True(t, f.Ambiguous)
	require.ErrorIs(t, err, context.Canceled)
}

func TestFailedJobs(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		state, result string
		create        bool
		kind          fault.Kind
		message       string
		ambiguous     bool
	}{
		"text":            {"failed", "no more disk", false, fault.Internal, "the job ended as failed: no more disk", true},
		"nothing":         {"canceled", "", false, fault.Internal, "the job ended as canceled", true},
		"status":          {"failed", `{"status":403,"message":"not you"}`, false, fault.PermissionDenied, "the job ended as failed: not you", false},
		"status in text":  {"failed", `{"status":"409","message":"taken"}`, true, fault.AlreadyExists, "the job ended as failed: taken", false},
		"conflict":        {"failed", `{"status":409,"message":"taken"}`, false, fault.Conflict, "the job ended as failed: taken", false},
		"exists":          {"failed", `{"status":400,"message":"it already exists"}`, true, fault.AlreadyExists, "the job ended as failed: it already exists", false},
		"server's fault":  {"failed", `{"status":503,"message":"later"}`, false, fault.Unavailable, "the job ended as failed: later", true},
		"only a status":   {"failed", `{"status":404}`, false, fault.NotFound, `the job ended as failed: {"status":404}`, false},
		"broken":          {"failed", `{"status":`, false, fault.Internal, `the job ended as failed: {"status":`, true},
		"holds a secret":  {"failed", `password hush-hush is weak`, true, fault.Internal, "the job ended as failed: password [redacted] is weak", true},
		"nonsense status": {"failed", `{"status":"soon","message":"?"}`, false, fault.Internal, "the job ended as failed: ?", true},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := scripted(t, Config{}, reply{200, jobBody(test.state, test.result)}, reply{200, jobBody(test.state, test.result)})
			f := asFault(t, c.Finish(t.Context(), "j1", test.create, "hush-hush"))
			assert.Equal(t, fault.Error{
				Kind: test.kind, FromServer: true, Message: test.message, Resource: "job", ID: "j1", Ambiguous: test.ambiguous,
			}, *f)
			job, err := c.WaitJob(t.Context(), "j1")
			assert.False(t, asFault(t, err).Ambiguous, "to wait changes nothing")
			assert.Equal(t, JobState(test.state), job.State)
		})
	}
}

func TestAwaitUser(t *testing.T) {
	t.Parallel()
	user := func(status, groups string) string {
		return fmt.Sprintf(`{"data":{"type":"user","id":"u1","attributes":{"username":"a","operational_status":%q},"relationships":{"user_groups":{"data":[%s]}}},
			"included":[{"type":"user_group","id":"g1","attributes":{"name":"all_users"}},{"type":"user_group","id":"g2","attributes":{"name":"others"}}]}`, status, groups)
	}
	const all, other = `{"type":"user_group","id":"g1"}`, `{"type":"user_group","id":"g2"}`
	c, s := scripted(t, Config{Wait: time.Second}, reply{200, user("down", "")}, reply{200, user("up", other)}, reply{200, user("down", all)}, reply{200, user("up", other+","+all)})
	ready, err := c.AwaitUser(t.Context(), "u1")
	require.NoError(t, err)
	assert.Equal(t, []string{"g2", "g1"}, ready.GroupIDs)
	assert.Len(t, s.seen(), 4)

	assert.True(t, User{UserAttributes: UserAttributes{OperationalStatus: StatusUp}, GroupIDs: []string{"hidden"}}.Operational(), "the group may be hidden")
	assert.False(t, User{UserAttributes: UserAttributes{OperationalStatus: StatusUp}}.Operational())

	never := serve(t, Config{Wait: time.Second}, func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, user("down", "")) })
	seen, err := never.AwaitUser(t.Context(), "u1")
	f := asFault(t, err)
	assert.Equal(t, fault.Pending, f.Kind)
	assert.Equal(t, "user u1", f.Resource+" "+f.ID)
	assert.True(t, f.Ambiguous)
	assert.Equal(t, "a", seen.Username, "what is known is returned")
}
