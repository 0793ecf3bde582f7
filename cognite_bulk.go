package usermgmt

import (
	"context"
	"errors"

	"github.com/usermgmt/usermgmt/internal/cognite"
)

// CreateUsers creates users, each as [UserWriter.CreateUser] does and four at
// once: of client credentials each gets a session of its own just before. It
// returns the outcome of each request in their order, also beside an error;
// what was created is not lost because something else failed, and nothing is
// rolled back. The error is nil if all succeed, [ErrUnavailable] if of any it
// is not known whether it was created, and else that of the first that failed.
func (e *CogniteExtension) CreateUsers(ctx context.Context, reqs []CreateUserRequest) ([]Result[CreatedUser], error) {
	b := cogniteBulk{e.client, "CreateUsers", "user", cognite.WriteConcurrency, true}
	return each(ctx, b, reqs, func(req CreateUserRequest) string { return req.Name }, checkedFirst(e.client, e.backend.CreateUser))
}

// UpdateUsers changes users, each as [UserWriter.UpdateUser] does and four at
// once, on the terms of CreateUsers.
func (e *CogniteExtension) UpdateUsers(ctx context.Context, reqs []UpdateUserRequest) ([]Result[User], error) {
	b := cogniteBulk{e.client, "UpdateUsers", "user", cognite.WriteConcurrency, true}
	return each(ctx, b, reqs, func(req UpdateUserRequest) string { return req.Name }, checkedFirst(e.client, e.backend.UpdateUser))
}

// DeleteUsers deletes users, each as [UserWriter.DeleteUser] does and two at
// once, on the terms of CreateUsers. The values of the results are the names.
func (e *CogniteExtension) DeleteUsers(ctx context.Context, ignoreMissing bool, names ...string) ([]Result[string], error) {
	b := cogniteBulk{e.client, "DeleteUsers", "user", cognite.DeleteConcurrency, true}
	return each(ctx, b, names, itself, func(ctx context.Context, name string) (string, error) {
		req := DeleteUserRequest{Name: name, IgnoreMissing: ignoreMissing}
		_, err := checkedFirst(e.client, func(ctx context.Context, req DeleteUserRequest) (struct{}, error) {
			return struct{}{}, e.backend.DeleteUser(ctx, req)
		})(ctx, req)
		return name, err
	})
}

// GetUsers returns the users of any number of names with their sessions. There
// is a result for each name; the users that do not exist are [ErrNotFound] in
// their places, and the error tells of them all. It sends POST
// P/postgresgateway/byids for each ten names, five at once.
func (e *CogniteExtension) GetUsers(ctx context.Context, names ...string) ([]Result[CogniteUserRecord], error) {
	b := cogniteBulk{client: e.client, op: "GetUsers", resource: "user"}
	return extend(ctx, e.client, b.target(""), nil, func(ctx context.Context) ([]Result[CogniteUserRecord], error) {
		outcomes := e.api.FindUsers(ctx, names)
		records := make([]cognite.Outcome[CogniteUserRecord], len(outcomes))
		for i, outcome := range outcomes {
			records[i].Err = outcome.Err
			if outcome.Err == nil {
				records[i].Value = fromCogniteUser(outcome.Value)
			}
		}
		return cogniteResults(b, names, itself, records)
	})
}

// cogniteBulk is a call about several things.
type cogniteBulk struct {
	client   *Client
	op       string
	resource string
	limit    int // of requests at once
	write    bool
}

// target is what the error of one item is about.
func (b cogniteBulk) target(name string) target {
	return target{op: b.op, resource: b.resource, name: name}
}

// each carries out work for each input.
func each[In, Out any](ctx context.Context, b cogniteBulk, inputs []In, name func(In) string, work func(context.Context, In) (Out, error)) ([]Result[Out], error) {
	return extend(ctx, b.client, b.target(""), nil, func(ctx context.Context) ([]Result[Out], error) {
		return cogniteResults(b, inputs, name, cognite.Each(ctx, b.limit, inputs, work))
	})
}

// cogniteResults makes the public outcomes of the items and the error of the whole.
func cogniteResults[In, Out any](b cogniteBulk, inputs []In, name func(In) string, outcomes []cognite.Outcome[Out]) ([]Result[Out], error) {
	list := make([]Result[Out], len(outcomes))
	errs := make([]error, len(outcomes))
	for i, outcome := range outcomes {
		errs[i] = outcome.Err
		list[i] = Result[Out]{Value: outcome.Value, Err: wrap(cogniteName, b.target(name(inputs[i])), outcome.Err)}
	}
	overall := cognite.Overall(outcomes, b.write)
	if overall == nil {
		return list, nil
	}
	if details := joinDetails(errs); details != nil {
		overall.Err = errors.Join(details, overall.Err)
	}
	return list, overall
}

// checkedFirst refuses a request as the method of the portable interface does,
// before it is carried out.
func checkedFirst[Q request, R any](c *Client, method func(context.Context, Q) (R, error)) func(context.Context, Q) (R, error) {
	return func(ctx context.Context, req Q) (R, error) {
		v := validator{backend: c.Backend(), can: c.Capabilities()}
		req.check(&v)
		if err := v.err(); err != nil {
			var zero R
			return zero, err
		}
		return method(ctx, req)
	}
}

func itself(name string) string { return name }

// atOnce returns how many requests the service takes at the same time.
func (*cogniteBackend) atOnce(c Capability) int {
	if c == CapDeleteUser {
		return cognite.DeleteConcurrency
	}
	return cognite.WriteConcurrency
}
