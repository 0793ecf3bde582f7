package iguazio

import (
	"context"
	"errors"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// DefaultWait is how long the client waits unless told otherwise.
const DefaultWait = 5 * time.Minute

// The pauses between two looks grow from the first to the last.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = 5 * time.Second
)

// pause waits for d or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// poll calls look until it reports that there is nothing more to wait for. It
// fails as Pending when the client's patience has run out. A look that fails
// is repeated, unless the failure will not go away.
func (c *Client) poll(ctx context.Context, look func() (done bool, err error)) error {
	var waited time.Duration
	for d := firstPause; ; d = min(d*3/2, lastPause) {
		started := time.Now()
		done, err := look()
		switch fault.KindOf(err) {
		case fault.Unavailable, fault.RateLimited:
		default:
			if done || err != nil {
				return err
			}
		}
		if waited += time.Since(started); waited+d > c.wait {
			return &fault.Error{Kind: fault.Pending, Message: "the system has not finished in " + c.wait.String(), Err: err}
		}
		if err := c.pause(ctx, d); err != nil {
			return fault.Ended(ctx, err)
		}
		waited += d
	}
}

// WaitJob waits until a job has ended, and fails as the job did: GET
// /api/jobs/{id}, several times. Its failures name the job.
func (c *Client) WaitJob(ctx context.Context, id string) (Job, error) {
	job, err := c.awaitJob(ctx, id)
	if err != nil {
		return job, err
	}
	if f := job.failure(false, nil); f != nil {
		f.Ambiguous = false // this call changes nothing
		return job, f
	}
	return job, nil
}

// Finish waits for the job that goes on with a change, if there is one, and
// fails as the job did. create is set if the change was to make something;
// secrets are those of the request.
func (c *Client) Finish(ctx context.Context, id string, create bool, secrets ...string) error {
	if id == "" {
		return nil
	}
	job, err := c.awaitJob(ctx, id)
	if err != nil {
		return accepted(err)
	}
	if f := job.failure(create, secrets); f != nil {
		return f
	}
	return nil
}

// awaitJob waits until a job has ended, whichever way.
func (c *Client) awaitJob(ctx context.Context, id string) (Job, error) {
	var job Job
	err := c.poll(ctx, func() (bool, error) {
		seen, err := c.GetJob(ctx, id)
		if err == nil {
			job = seen
		}
		return job.Ended(), err
	})
	return job, about(typeJob, id, err)
}

// AwaitUser waits until a user is operational and returns it with its groups:
// GET /api/users/{id}, several times. It is for after the user was made: a
// failure does not mean that the user does not exist, and has its ID.
func (c *Client) AwaitUser(ctx context.Context, id string) (User, error) {
	var user User
	err := c.poll(ctx, func() (bool, error) {
		seen, err := c.GetUser(ctx, id, IncludeGroups)
		if err == nil {
			user = seen
		}
		return user.Operational(), err
	})
	return user, accepted(about(typeUser, id, err))
}

// about says in a failure which thing it is about.
func about(resource, id string, err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		f.Resource, f.ID = resource, id
	}
	return err
}

// accepted marks a failure to see the end of a change that the system has
// accepted.
func accepted(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		f.Ambiguous = true
	}
	return err
}
