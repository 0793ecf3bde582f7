package iguazio_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/usermgmt/usermgmt/internal/simulator"
	"github.com/usermgmt/usermgmt/internal/simulator/iguazio"
)

// look returns the state and the result that a read of a job shows.
func (s server) look(t *testing.T, id string) [2]any {
	t.Helper()
	seen := s.ok(t, http.StatusOK, http.MethodGet, "jobs/"+id, "").Data[0].Attributes
	return [2]any{seen["state"], seen["result"]}
}

// deletion starts the deletion of a new user and returns its job.
func (s server) deletion(t *testing.T, username string) string {
	t.Helper()
	return s.ok(t, http.StatusAccepted, http.MethodDelete, "users/"+s.SeedUser(iguazio.User{Username: username}), "").Data[0].linked("jobs")[0]
}

func TestJobScripts(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{Jobs: map[string]iguazio.JobScript{"user.deletion": {
		States: []string{iguazio.JobInProgress, iguazio.JobMissing, iguazio.JobCreated, iguazio.JobCompleted, iguazio.JobInProgress}, Result: "done",
	}}})
	id := s.deletion(t, "eve")
	assert.Equal(t, [2]any{"in_progress", ""}, s.look(t, id))
	s.refused(t, adminKey, http.StatusNotFound, "Job was not found", http.MethodGet, "jobs/"+id, "")
	assert.Equal(t, [2]any{"created", ""}, s.look(t, id), "states come in any order")
	assert.Equal(t, []string{"admin", "eve"}, s.UserNames())
	assert.Equal(t, [2]any{"completed", "done"}, s.look(t, id))
	assert.Equal(t, []string{"admin"}, s.UserNames())
	assert.Equal(t, [2]any{"in_progress", "done"}, s.look(t, id), "a late answer")
	assert.Equal(t, [2]any{"in_progress", "done"}, s.look(t, id))
	assert.Equal(t, []iguazio.Job{{ID: id, Kind: "user.deletion", State: "in_progress", Reads: 6}}, s.Jobs())
	s.refused(t, adminKey, http.StatusNotFound, "Job was not found", http.MethodGet, "jobs/other", "")

	listed := s.ok(t, http.StatusOK, http.MethodGet, "jobs?filter[kind]=user.deletion", "").Data[0]
	assert.Equal(t, map[string]any{
		"kind": "user.deletion", "state": "in_progress", "result": "done", "delay": 0.0, "handler": "igz0.identity.0",
		"created_at": "2024-05-14T09:00:00.000000+00:00", "updated_at": "2024-05-14T09:00:00.000000+00:00",
	}, listed.Attributes)
	assert.Equal(t, 6, s.Jobs()[0].Reads, "a list moves nothing")
}

func TestJobsByHand(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{Jobs: map[string]iguazio.JobScript{"user.deletion": {}}})
	id := s.deletion(t, "eve")
	for range 3 {
		assert.Equal(t, [2]any{"created", ""}, s.look(t, id))
	}
	assert.True(t, s.SetJob(id, iguazio.JobDispatched, "ignored"))
	assert.Equal(t, [2]any{"dispatched", ""}, s.look(t, id))
	assert.True(t, s.SetJob(id, iguazio.JobFailed, "no room"))
	assert.Equal(t, [2]any{"failed", "no room"}, s.look(t, id))
	assert.True(t, s.SetJob(id, iguazio.JobCompleted, ""), "too late to take effect")
	assert.Equal(t, []string{"admin", "eve"}, s.UserNames())
	assert.False(t, s.SetJob("other", iguazio.JobCompleted, ""))
}

func TestFinishJobs(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{})
	s.ScriptNext("user.deletion", iguazio.JobScript{States: []string{iguazio.JobFailed}, Result: "no room"})
	s.ScriptNext("user.deletion", iguazio.JobScript{})
	failing, byHand, usual := s.deletion(t, "failing"), s.deletion(t, "by-hand"), s.deletion(t, "usual")
	s.FinishJobs()
	s.FinishJobs()
	assert.Equal(t, [2]any{"failed", "no room"}, s.look(t, failing))
	assert.Equal(t, [2]any{"completed", ""}, s.look(t, byHand))
	assert.Equal(t, [2]any{"completed", ""}, s.look(t, usual))
	assert.Equal(t, []string{"admin", "failing"}, s.UserNames())
}

// TestLatency holds a poll at a gate, as package simulator offers it, and ends
// the session meanwhile.
func TestLatency(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{})
	id := s.deletion(t, "eve")
	session := s.logIn(t, "admin", "Adm1n-pass!")
	gate := simulator.NewGate()
	s.Inject(simulator.Fault{Match: simulator.On(http.MethodGet, "/api/jobs/*"), Times: 1, Effect: gate.Hold})
	answered := make(chan int)
	go func() {
		got, err := s.try(session, http.MethodGet, "jobs/"+id, "")
		if err != nil {
			got.status = 0
		}
		answered <- got.status
	}()
	<-gate.Arrived()
	s.ExpireSessions()
	gate.Open()
	assert.Equal(t, http.StatusUnauthorized, <-answered)
	assert.Equal(t, "created", s.Jobs()[0].State, "a refused poll moves nothing")
}
