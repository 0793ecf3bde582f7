package iguazio

import (
	"net/http"
	"slices"
)

// The states of jobs.
const (
	// JobCreated is the first state.
	JobCreated = "created"
	// JobDispatched is the state of a job that waits for its handler.
	JobDispatched = "dispatched"
	// JobInProgress is the state of a job that is worked on.
	JobInProgress = "in_progress"
	// JobRepublishing is the state of a job that is tried again.
	JobRepublishing = "republishing"
	// JobCompleted is the end of a job that succeeded.
	JobCompleted = "completed"
	// JobFailed is the end of a job that failed.
	JobFailed = "failed"
	// JobCanceled is the end of a job that was given up.
	JobCanceled = "canceled"
	// JobMissing is no state: the job is not found.
	JobMissing = "missing"
)

// JobScript tells how a job proceeds.
type JobScript struct {
	// States are what successive reads of the job see, in any order; the last
	// one stays. A job takes effect when it is first seen completed, and undoes
	// what it began when it is first seen failed or canceled. Empty leaves the
	// job as it was created until [Server.SetJob] or [Server.FinishJobs].
	States []string
	// Result is the result of the job from its end on: nothing, JSON text or
	// plain text.
	Result string
}

// usualJob is how a job proceeds by default.
var usualJob = JobScript{States: []string{JobInProgress, JobCompleted}}

// job is a stored job.
type job struct {
	id         string
	attributes attributes
	script     JobScript
	reads      int
	work, undo func() // nil when the job has ended
}

func (j *job) reference() ref    { return ref{"job", j.id} }
func (j *job) name() string      { return j.id }
func (j *job) shown() attributes { return j.attributes }

// startJob starts a job that does work if it completes and undo if it fails.
func (s *Server) startJob(kind string, work, undo func()) *job {
	script, ok := s.opts.Jobs[kind]
	if !ok {
		script = usualJob
	}
	if next := s.nextScripts[kind]; len(next) > 0 {
		script, s.nextScripts[kind] = next[0], next[1:]
	}
	started := &job{id: s.newID("job"), script: script, work: work, undo: undo, attributes: attributes{"delay": []byte("0.0")}}
	set(started.attributes, "kind", kind)
	set(started.attributes, "state", JobCreated)
	set(started.attributes, "result", "")
	set(started.attributes, "handler", "igz0.identity.0")
	set(started.attributes, "created_at", s.timestamp())
	set(started.attributes, "updated_at", s.timestamp())
	s.jobs.add(started)
	return started
}

// move puts a job into a state, with what follows from it.
func (s *Server) move(j *job, state, result string) {
	set(j.attributes, "state", state)
	set(j.attributes, "updated_at", s.timestamp())
	ended := slices.Contains([]string{JobCompleted, JobFailed, JobCanceled}, state)
	if !ended {
		return
	}
	set(j.attributes, "result", result)
	if j.work == nil {
		return
	}
	then := j.undo
	if state == JobCompleted {
		then = j.work
	}
	j.work, j.undo = nil, nil
	then()
}

// listJobs serves GET /api/jobs. It moves no job.
func (s *Server) listJobs(c call) (*answer, error) { return list(s, c, s.jobs.order) }

// getJob serves GET /api/jobs/<id>.
func (s *Server) getJob(c call) (*answer, error) {
	j := s.jobs.byID[c.params[0]]
	missing := errorf(http.StatusNotFound, "Job was not found")
	if j == nil {
		return nil, missing
	}
	if states := j.script.States; len(states) > 0 {
		state := states[min(j.reads, len(states)-1)]
		j.reads++
		if state == JobMissing {
			return nil, missing
		}
		s.move(j, state, j.script.Result)
	}
	return s.show(c, j), nil
}

// Job is a job as a test sees it.
type Job struct {
	// ID identifies the job.
	ID string
	// Kind says what the job does.
	Kind string
	// State is the state that was last seen.
	State string
	// Reads is how often the job was read.
	Reads int
}

// Jobs returns all jobs in the order in which they were started.
func (s *Server) Jobs() []Job {
	s.mu.Lock()
	defer s.mu.Unlock()
	var jobs []Job
	for _, j := range s.jobs.order {
		jobs = append(jobs, Job{ID: j.id, Kind: j.attributes.text("kind"), State: j.attributes.text("state"), Reads: j.reads})
	}
	return jobs
}

// ScriptNext tells how the next job of a kind proceeds. Several calls are for
// several jobs.
func (s *Server) ScriptNext(kind string, script JobScript) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nextScripts[kind] = append(s.nextScripts[kind], script)
}

// SetJob puts a job into a state, which stays until the next call, and reports
// whether the job exists.
func (s *Server) SetJob(id, state, result string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.jobs.byID[id]
	if j == nil {
		return false
	}
	j.script = JobScript{}
	s.move(j, state, result)
	return true
}

// FinishJobs completes all jobs that have not ended, as a system does in its
// own time. Jobs whose script has them fail do that.
func (s *Server) FinishJobs() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range slices.Clone(s.jobs.order) {
		if j.work == nil {
			continue
		}
		state := JobCompleted
		if states := j.script.States; slices.Contains([]string{JobFailed, JobCanceled}, last(states)) {
			state = last(states)
		}
		result := j.script.Result
		j.script = JobScript{}
		s.move(j, state, result)
	}
}

// last returns the last of some texts, "" if there are none.
func last(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[len(texts)-1]
}
