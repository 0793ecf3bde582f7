package usermgmt

import (
	"context"
	"errors"
	"slices"
)

// BulkCreate creates users on any manager, each as [UserWriter.CreateUser] does
// and some at once. It returns the outcome of each request in the order of the
// requests, also beside an error: what was created, and the credentials that
// servers made for it, are not lost because something else failed. Nothing is
// rolled back.
//
// All requests are checked before any is sent: if one makes no sense, or a name
// comes twice, none is sent and the error names all that are wrong. When the
// context ends, or the login is refused, items that were not begun are
// [OutcomeNotAttempted]. The error is nil if every item succeeded, else a
// [*BulkError], or an [*Error] about the call itself, without results. A name
// that is taken is a success, [OutcomeAlreadyExists].
func BulkCreate(ctx context.Context, m UserManager, reqs []CreateUserRequest, opts BulkOptions) ([]BulkResult[CreatedUser], error) {
	return bulkCall[CreateUserRequest, CreatedUser]{
		manager: m, op: "BulkCreate", need: CapCreateUser, options: opts,
		name: func(q CreateUserRequest) string { return q.Name },
		work: func(ctx context.Context, q CreateUserRequest) (CreatedUser, Outcome, error) {
			created, err := m.CreateUser(ctx, q)
			if aboutUser(err, ErrAlreadyExists, q.Name) {
				return created, OutcomeAlreadyExists, nil
			}
			return created, OutcomeCreated, err
		},
	}.run(ctx, reqs)
}

// BulkUpdate changes users, each as [UserWriter.UpdateUser] does, on the terms
// of [BulkCreate]. Each user is read first, if the request holds neither a
// credential nor an extension, and nothing is written if it is as requested:
// [OutcomeUnchanged]. A user that does not exist is a failure, [ErrNotFound].
func BulkUpdate(ctx context.Context, m UserManager, reqs []UpdateUserRequest, opts BulkOptions) ([]BulkResult[User], error) {
	return bulkCall[UpdateUserRequest, User]{
		manager: m, op: "BulkUpdate", need: CapUpdateUser, options: opts,
		name: func(q UpdateUserRequest) string { return q.Name },
		work: func(ctx context.Context, q UpdateUserRequest) (User, Outcome, error) {
			if q.Credential == nil && q.Extension == nil {
				now, ok, err := sees(ctx, m, q.Name, q.fulfilledBy)
				if ok || err != nil {
					return now, OutcomeUnchanged, err
				}
			}
			user, err := m.UpdateUser(ctx, q)
			return user, OutcomeUpdated, err
		},
	}.run(ctx, reqs)
}

// BulkDelete deletes users, each as [UserWriter.DeleteUser] does, on the terms
// of [BulkCreate]. A user that does not exist is a success,
// [OutcomeAlreadyGone], whatever [DeleteUserRequest.IgnoreMissing] says. The
// values of the results are the names.
func BulkDelete(ctx context.Context, m UserManager, reqs []DeleteUserRequest, opts BulkOptions) ([]BulkResult[string], error) {
	return bulkCall[DeleteUserRequest, string]{
		manager: m, op: "BulkDelete", need: CapDeleteUser, options: opts,
		name: func(q DeleteUserRequest) string { return q.Name },
		work: func(ctx context.Context, q DeleteUserRequest) (string, Outcome, error) {
			q.IgnoreMissing = false // the outcome tells
			err := m.DeleteUser(ctx, q)
			if aboutUser(err, ErrNotFound, q.Name) {
				return q.Name, OutcomeAlreadyGone, nil
			}
			return q.Name, OutcomeDeleted, err
		},
	}.run(ctx, reqs)
}

// BulkGrant grants roles, each as [RoleGranter.GrantRoles] does, on the terms
// of [BulkCreate]. Each user is read first, if the request holds no extension;
// one that is seen to have all the roles is [OutcomeUnchanged]. The values of
// the results are the names.
func BulkGrant(ctx context.Context, m UserManager, reqs []GrantRolesRequest, opts BulkOptions) ([]BulkResult[string], error) {
	return bulkCall[GrantRolesRequest, string]{
		manager: m, op: "BulkGrant", need: CapGrantRoles, options: opts,
		name: func(q GrantRolesRequest) string { return q.User },
		work: func(ctx context.Context, q GrantRolesRequest) (string, Outcome, error) {
			if q.Extension == nil {
				_, ok, err := sees(ctx, m, q.User, func(u User) bool { return hasAll(u.Roles, q.Roles) })
				if ok || err != nil {
					return q.User, OutcomeUnchanged, err
				}
			}
			return q.User, OutcomeUpdated, m.GrantRoles(ctx, q)
		},
	}.run(ctx, reqs)
}

// sees reports whether a user is as wanted; a manager that cannot tell has not
// seen it.
func sees(ctx context.Context, m UserManager, name string, wanted func(User) bool) (User, bool, error) {
	user, err := m.GetUser(ctx, GetUserRequest{Name: name})
	if errors.Is(err, ErrUnsupported) {
		return User{}, false, nil
	}
	return user, err == nil && wanted(user), err
}

// fulfilledBy reports whether a user is as the request wants it.
func (r UpdateUserRequest) fulfilledBy(u User) bool {
	switch {
	case r.DisplayName != nil && *r.DisplayName != u.DisplayName,
		r.Email != nil && *r.Email != u.Email,
		r.SetRoles != nil && !slices.Equal(sortRoles(slices.Clone(*r.SetRoles)), sortRoles(slices.Clone(u.Roles))),
		r.SetGroups != nil && !slices.Equal(sortedNames(*r.SetGroups), sortedNames(u.Groups)):
		return false
	}
	return true
}
