package iguazio

import (
	"context"
	"iter"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// JobState is how far a job is.
type JobState string

// The states in which a job ends. All others are on the way there.
const (
	// JobCompleted is the end of a job that did what it should.
	JobCompleted JobState = "completed"
	// JobFailed is the end of a job that did not.
	JobFailed JobState = "failed"
	// JobCanceled is the end of a job that was kept from it.
	JobCanceled JobState = "canceled"
)

// Job is work that the system does after it answered.
type Job struct {
	// ID is the identifier.
	ID string `json:"-"`
	// Kind is what is done, such as "project.creation".
	Kind string `json:"kind"`
	// State is how far it is.
	State JobState `json:"state"`
	// Result is what came of it: empty, plain text or JSON.
	Result string `json:"result"`
	// CreatedAt is when it was made.
	CreatedAt Time `json:"created_at"`
	// UpdatedAt is when it last changed.
	UpdatedAt Time `json:"updated_at"`
}

// Ended reports whether the job is over.
func (j Job) Ended() bool {
	return j.State == JobCompleted || j.State == JobFailed || j.State == JobCanceled
}

func readJob(r resource, _ map[Ref]resource) (Job, error) {
	job := Job{ID: r.ID}
	return job, r.attributes(&job)
}

// GetJob returns a job: GET /api/jobs/{id}.
func (c *Client) GetJob(ctx context.Context, id string) (Job, error) {
	if err := checkID("ID", id); err != nil {
		return Job{}, err
	}
	document, err := c.get(ctx, nil, "api", "jobs", id)
	if err != nil {
		return Job{}, err
	}
	if document.Data.ID != id {
		return Job{}, anotherThan("job")
	}
	return readJob(document.Data, nil)
}

// ListJobs streams jobs: GET /api/jobs.
func (c *Client) ListJobs(ctx context.Context, q Query) iter.Seq2[Job, error] {
	return list(ctx, c, "jobs", q, readJob, func(j Job) string { return j.ID })
}

// failure returns what is wrong with a job that ended, nil if it completed.
// The result of a failed job often has a status, which is then that of the
// request that began it. create is set if something was to be made; secrets
// are those of the request.
func (j Job) failure(create bool, secrets []string) *fault.Error {
	if j.State == JobCompleted {
		return nil
	}
	var result struct {
		Status  number `json:"status"`
		Message word   `json:"message"`
	}
	message := j.Result
	if jsontext.Value(j.Result).Kind() == '{' && transport.Decode([]byte(j.Result), &result) == nil && result.Message != "" {
		message = string(result.Message)
	}
	f := &fault.Error{Kind: fault.Internal, FromServer: true, Resource: typeJob, ID: j.ID, Ambiguous: true}
	if result.Status >= http.StatusBadRequest {
		f.Kind = kindOf(int(result.Status), message, create)
		f.Ambiguous = result.Status >= http.StatusInternalServerError
	}
	f.Message = "the job ended as " + string(j.State)
	if message = transport.Redact(strings.TrimSpace(message), secrets); message != "" {
		f.Message += ": " + message
	}
	return f
}
