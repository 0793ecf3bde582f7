package usermgmt

import (
	"context"
	"iter"

	"github.com/usermgmt/usermgmt/internal/iguazio"
)

// IguazioExtension is what Iguazio has beyond [UserManager]: users and groups
// with all their attributes, changes that are not waited for, jobs, access
// keys, and projects as such. Get it with [As]:
//
//	igz, ok := usermgmt.As[*usermgmt.IguazioExtension](client)
//
// It is safe for concurrent use and shares the client's login and life. Its
// errors are of the kinds of [UserManager].
type IguazioExtension struct {
	client  *Client
	backend *iguazioBackend
}

func (b *iguazioBackend) extensionFor(c *Client) any { return &IguazioExtension{client: c, backend: b} }

// GetUser returns the user of a name with all its attributes. It fails with
// [ErrNotFound] if there is none. It sends GET /api/users?filter[username].
func (e *IguazioExtension) GetUser(ctx context.Context, name string) (IguazioUserRecord, error) {
	t := target{op: "GetUser", resource: "user", name: name}
	return extend(ctx, e.client, t, named(name), func(ctx context.Context) (IguazioUserRecord, error) {
		user, err := e.backend.user(ctx, "name", name, "")
		if err != nil {
			return IguazioUserRecord{}, err
		}
		return fromIguazioUserRecord(user), nil
	})
}

// GetUserByID returns the user of an ID with all its attributes. It fails with
// [ErrNotFound] if there is none. It sends GET /api/users/{id}.
func (e *IguazioExtension) GetUserByID(ctx context.Context, id string) (IguazioUserRecord, error) {
	t := target{op: "GetUserByID", resource: "user", name: id}
	return extend(ctx, e.client, t, named(id), func(ctx context.Context) (IguazioUserRecord, error) {
		user, err := e.backend.api.GetUser(ctx, id, iguazio.GroupsAndPrimary...)
		if err != nil {
			return IguazioUserRecord{}, err
		}
		return fromIguazioUserRecord(user), nil
	})
}

// ListUsers returns users with all their attributes, on the terms of
// [UserReader.ListUsers]. It sends GET /api/users, or /api/scrubbed_users.
func (e *IguazioExtension) ListUsers(ctx context.Context, which IguazioUserList) iter.Seq2[IguazioUserRecord, error] {
	t := target{op: "ListUsers", resource: "user"}
	return extendList(ctx, e.client, t, nil, func(ctx context.Context, yield func(IguazioUserRecord) bool) error {
		for user, err := range e.backend.listUsers(ctx, "", which) {
			if err != nil {
				return err
			}
			if !yield(fromIguazioUserRecord(user)) {
				return nil
			}
		}
		return nil
	})
}

// StartCreateUser is [UserWriter.CreateUser] without waiting: it returns the
// user as the system answers, and the job that goes on with it, whose ID is
// empty if there is none. The user may not be operational yet. It sends POST
// /api/users and GET /api/jobs/{id}.
func (e *IguazioExtension) StartCreateUser(ctx context.Context, req CreateUserRequest) (IguazioUserRecord, IguazioJob, error) {
	type result struct {
		user IguazioUserRecord
		job  IguazioJob
	}
	t := target{op: "StartCreateUser", resource: "user", name: req.Name}
	r, err := extend(ctx, e.client, t, req.check, func(ctx context.Context) (result, error) {
		user, jobID, err := e.backend.create(ctx, req)
		if err != nil {
			return result{}, err
		}
		job, err := e.job(ctx, jobID)
		return result{fromIguazioUserRecord(user), job}, err
	})
	return r.user, r.job, err
}

// StartDeleteUser is [UserWriter.DeleteUser] without waiting: it returns the
// job that goes on with it, whose ID is empty if there is none. It sends
// DELETE /api/users/{id} and GET /api/jobs/{id}.
func (e *IguazioExtension) StartDeleteUser(ctx context.Context, name string) (IguazioJob, error) {
	t := target{op: "StartDeleteUser", resource: "user", name: name}
	return extend(ctx, e.client, t, named(name), func(ctx context.Context) (IguazioJob, error) {
		jobID, err := e.backend.deleteUser(ctx, DeleteUserRequest{Name: name})
		if err != nil {
			return IguazioJob{}, err
		}
		return e.job(ctx, jobID)
	})
}

// job returns the job of a change that was accepted.
func (e *IguazioExtension) job(ctx context.Context, id string) (IguazioJob, error) {
	if id == "" {
		return IguazioJob{}, nil
	}
	job, err := e.backend.api.GetJob(ctx, id)
	if err != nil {
		return IguazioJob{ID: id}, written(err)
	}
	return fromIguazioJob(job), nil
}

// IsOperational reports whether a user can be worked with: it is up, and the
// system has put it into the group all_users. It fails with [ErrNotFound] if
// there is no such user. It sends GET /api/users?filter[username].
func (e *IguazioExtension) IsOperational(ctx context.Context, name string) (bool, error) {
	t := target{op: "IsOperational", resource: "user", name: name}
	return extend(ctx, e.client, t, named(name), func(ctx context.Context) (bool, error) {
		user, err := e.backend.user(ctx, "name", name, "")
		return user.Operational(), err
	})
}

// GetGroupByID returns the group of an ID with all its attributes and its
// members. It fails with [ErrNotFound] if there is none. It sends GET
// /api/user_groups/{id}.
func (e *IguazioExtension) GetGroupByID(ctx context.Context, id string) (IguazioGroupRecord, error) {
	t := target{op: "GetGroupByID", resource: "group", name: id}
	return extend(ctx, e.client, t, named(id), func(ctx context.Context) (IguazioGroupRecord, error) {
		group, err := e.backend.api.GetGroup(ctx, id, iguazio.IncludeUsers)
		if err != nil {
			return IguazioGroupRecord{}, err
		}
		return fromIguazioGroupRecord(group), nil
	})
}

// GetJob returns a job. It fails with [ErrNotFound] if there is none. It sends
// GET /api/jobs/{id}.
func (e *IguazioExtension) GetJob(ctx context.Context, id string) (IguazioJob, error) {
	return extend(ctx, e.client, jobTarget("GetJob", id), named(id), func(ctx context.Context) (IguazioJob, error) {
		job, err := e.backend.api.GetJob(ctx, id)
		return fromIguazioJob(job), err
	})
}

// WaitJob waits until a job has ended and returns it. It fails as the job did,
// with the job's own words, and then returns the job, too; a job that failed
// without saying why is [ErrInternal]. It fails with [ErrPending] if
// [IguazioWait] is over before. It sends GET /api/jobs/{id}, several times.
func (e *IguazioExtension) WaitJob(ctx context.Context, id string) (IguazioJob, error) {
	return extend(ctx, e.client, jobTarget("WaitJob", id), named(id), func(ctx context.Context) (IguazioJob, error) {
		job, err := e.backend.api.WaitJob(ctx, id)
		return fromIguazioJob(job), err
	})
}

// ListJobs returns jobs, on the terms of [UserReader.ListUsers]. It sends GET
// /api/jobs.
func (e *IguazioExtension) ListJobs(ctx context.Context) iter.Seq2[IguazioJob, error] {
	return extendList(ctx, e.client, jobTarget("ListJobs", ""), nil, func(ctx context.Context, yield func(IguazioJob) bool) error {
		for job, err := range e.backend.api.ListJobs(ctx, iguazio.Query{}) {
			if err != nil {
				return err
			}
			if !yield(fromIguazioJob(job)) {
				return nil
			}
		}
		return nil
	})
}

// ServerVersion returns the version of the system, such as "3.5.5", and
// "3.4.2" if it does not tell. It sends GET
// /api/tunnel/igz0.version.0/external_versions/igz0, and asks other nodes if
// that one does not answer.
func (e *IguazioExtension) ServerVersion(ctx context.Context) (string, error) {
	return extend(ctx, e.client, target{op: "ServerVersion", resource: "version"}, nil, e.backend.api.Version)
}

func jobTarget(op, id string) target { return target{op: op, resource: "job", name: id} }
