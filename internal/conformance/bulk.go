package conformance

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

func bulkCases() []Case {
	return []Case{
		{
			Name: "bulk/create, update, delete", Rule: "Each item of a bulk call has an outcome in its place, and the server is left as the outcomes say.",
			needs: needs(usermgmt.CapCreateUser, usermgmt.CapDeleteUser, usermgmt.CapGetUser, usermgmt.CapUserName), play: bulkLife,
		},
		{
			Name: "bulk/grant", Rule: "BulkGrant grants to each user, and tells of a user that does not exist.",
			needs: needs(usermgmt.CapCreateUser, usermgmt.CapGetUser, usermgmt.CapGrantRoles), play: bulkGrant,
		},
		{
			Name: "bulk/cancellation", Rule: "When the context ends, every item is either carried out or told about.",
			needs: needs(usermgmt.CapCreateUser, usermgmt.CapGetUser, usermgmt.CapUserName), play: bulkCancellation,
		},
		{
			Name: "bulk/invalid", Rule: "If one item makes no sense, none is sent.",
			needs: needs(usermgmt.CapCreateUser, usermgmt.CapGetUser, usermgmt.CapUserName), play: bulkInvalid,
		},
	}
}

// bulkRequests returns requests for n new users.
func (w *World) bulkRequests(n int) []usermgmt.CreateUserRequest {
	reqs := make([]usermgmt.CreateUserRequest, n)
	for i := range reqs {
		reqs[i] = w.userRequest(fmt.Sprintf("bulk%02d", i))
	}
	return reqs
}

func outcomes[T any](results []usermgmt.BulkResult[T]) (list []usermgmt.Outcome, names []string) {
	for _, r := range results {
		list, names = append(list, r.Outcome), append(names, r.Name)
	}
	return list, names
}

func bulkLife(t testing.TB, w *World) {
	w.newUser(t, "bulk01")
	reqs := w.bulkRequests(6)
	created, err := usermgmt.BulkCreate(t.Context(), w.Manager, reqs, usermgmt.BulkOptions{})
	require.NoError(t, err)
	got, names := outcomes(created)
	const isNew, taken = usermgmt.OutcomeCreated, usermgmt.OutcomeAlreadyExists
	assert.Equal(t, []usermgmt.Outcome{isNew, taken, isNew, isNew, isNew, isNew}, got)
	for i, req := range reqs {
		assert.Equal(t, req.Name, names[i])
		user := w.getUser(t, req.Name)
		if got[i] == isNew {
			assert.Equal(t, user, created[i].Value.User)
		}
	}

	if w.can(usermgmt.CapUpdateUser) && w.can(usermgmt.CapUpdateDisplayName) {
		changes := []usermgmt.UpdateUserRequest{
			{Name: names[0], DisplayName: new("Zero")}, {Name: names[1], DisplayName: new("One")}, {Name: names[2]},
		}
		updated, err := usermgmt.BulkUpdate(t.Context(), w.Manager, changes, usermgmt.BulkOptions{})
		require.NoError(t, err)
		got, _ := outcomes(updated)
		assert.Equal(t, []usermgmt.Outcome{usermgmt.OutcomeUpdated, usermgmt.OutcomeUpdated, usermgmt.OutcomeUnchanged}, got)
		assert.Equal(t, "One", w.getUser(t, names[1]).DisplayName)
		updated, err = usermgmt.BulkUpdate(t.Context(), w.Manager, changes, usermgmt.BulkOptions{})
		require.NoError(t, err)
		for i, r := range updated {
			assert.Equal(t, usermgmt.OutcomeUnchanged, r.Outcome)
			assert.Equal(t, w.getUser(t, names[i]), r.Value)
		}
	}

	var leavers []usermgmt.DeleteUserRequest
	for _, name := range append(names, w.Name("nobody")) {
		leavers = append(leavers, usermgmt.DeleteUserRequest{Name: name})
	}
	deleted, err := usermgmt.BulkDelete(t.Context(), w.Manager, leavers, usermgmt.BulkOptions{Concurrency: 3})
	require.NoError(t, err)
	const gone = usermgmt.OutcomeDeleted
	got, _ = outcomes(deleted)
	assert.Equal(t, []usermgmt.Outcome{gone, gone, gone, gone, gone, gone, usermgmt.OutcomeAlreadyGone}, got)
	for _, name := range names {
		w.missing(t, name)
	}
}

// missing makes sure that there is no user of a name.
func (w *World) missing(t testing.TB, name string) {
	t.Helper()
	_, err := w.Manager.GetUser(t.Context(), usermgmt.GetUserRequest{Name: name})
	require.ErrorIs(t, err, usermgmt.ErrNotFound)
}

func bulkGrant(t testing.TB, w *World) {
	one, two := w.newUser(t, "one"), w.newUser(t, "two")
	reqs := []usermgmt.GrantRolesRequest{
		{User: one.Name, Roles: w.Roles[:1]}, {User: w.Name("nobody"), Roles: w.Roles[:1]}, {User: two.Name, Roles: w.Roles[:2]},
	}
	results, err := usermgmt.BulkGrant(t.Context(), w.Manager, reqs, usermgmt.BulkOptions{})
	got, _ := outcomes(results)
	assert.Equal(t, []usermgmt.Outcome{usermgmt.OutcomeUpdated, usermgmt.OutcomeFailed, usermgmt.OutcomeUpdated}, got)
	require.ErrorIs(t, err, usermgmt.ErrNotFound)
	require.ErrorIs(t, results[1].Err, usermgmt.ErrNotFound)
	assert.ElementsMatch(t, w.Roles[:1], w.held(t, w.getUser(t, one.Name)))
	assert.ElementsMatch(t, w.Roles[:2], w.held(t, w.getUser(t, two.Name)))
}

func bulkCancellation(t testing.TB, w *World) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const total = 12
	results, err := usermgmt.BulkCreate(ctx, w.Manager, w.bulkRequests(total), usermgmt.BulkOptions{
		Concurrency: 2,
		Progress: func(ended, of int) {
			assert.Equal(t, total, of)
			if ended == 3 {
				cancel()
			}
		},
	})
	require.Error(t, err)
	require.Len(t, results, total)
	created, untouched := 0, 0
	for _, r := range results {
		switch r.Outcome {
		case usermgmt.OutcomeCreated:
			require.NoError(t, r.Err)
			w.getUser(t, r.Name)
			created++
		case usermgmt.OutcomeNotAttempted, usermgmt.OutcomeFailed:
			require.ErrorIs(t, r.Err, usermgmt.ErrCanceled)
			require.ErrorIs(t, r.Err, context.Canceled)
			w.missing(t, r.Name)
			untouched++
		default:
			assert.Equal(t, usermgmt.OutcomeUnknown, r.Outcome)
		}
	}
	assert.GreaterOrEqual(t, created, 3, "the first three ended before the context did")
	assert.GreaterOrEqual(t, untouched, total-5, "no more than those under way are begun")
}

func bulkInvalid(t testing.TB, w *World) {
	reqs := w.bulkRequests(3)
	twice := reqs[0].Name
	reqs[1].Name, reqs[2].Name = "", twice
	results, err := usermgmt.BulkCreate(t.Context(), w.Manager, reqs, usermgmt.BulkOptions{})
	bulk, ok := err.(*usermgmt.BulkError) //nolint:errorlint // it is that type and no wrapper
	require.True(t, ok)
	assert.Len(t, bulk.Failures, 3)
	got, _ := outcomes(results)
	assert.Equal(t, []usermgmt.Outcome{usermgmt.OutcomeNotAttempted, usermgmt.OutcomeFailed, usermgmt.OutcomeFailed}, got)
	require.ErrorIs(t, results[0].Err, usermgmt.ErrCanceled)
	require.ErrorIs(t, results[1].Err, usermgmt.ErrInvalidArgument)
	require.ErrorIs(t, results[2].Err, usermgmt.ErrInvalidArgument)
	w.missing(t, twice)
}
