package usermgmt_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
	gatewaysim "github.com/usermgmt/usermgmt/internal/simulator/cognite"
)

// leavers returns requests to delete n users.
func leavers(n int) []usermgmt.DeleteUserRequest {
	reqs := make([]usermgmt.DeleteUserRequest, n)
	for i := range reqs {
		reqs[i].Name = fmt.Sprintf("user%03d", i)
	}
	return reqs
}

// scriptedDeletes returns a manager whose deletes end as of says.
func scriptedDeletes(t *testing.T, of func(ctx context.Context, name string) error) usermgmt.UserManager {
	t.Helper()
	c, _ := newMemory(t)
	return usermgmt.Intercept(c, usermgmt.Interceptor{
		DeleteUser: func(ctx context.Context, _ usermgmt.UserManager, req usermgmt.DeleteUserRequest) error {
			assert.False(t, req.IgnoreMissing)
			return of(ctx, req.Name)
		},
	})
}

func TestBulkOutcomes(t *testing.T) {
	t.Parallel()
	lost := &usermgmt.Error{Op: "DeleteUser", Kind: usermgmt.ErrUnavailable, Ambiguous: true}
	answers := []struct {
		err  error
		want usermgmt.Outcome
	}{
		{nil, usermgmt.OutcomeDeleted},
		{&usermgmt.Error{Op: "DeleteUser", Resource: "user", Name: "user001", Kind: usermgmt.ErrNotFound}, usermgmt.OutcomeAlreadyGone},
		{usermgmt.ErrNotFound, usermgmt.OutcomeAlreadyGone},
		{&usermgmt.Error{Op: "DeleteUser", Resource: "session", Name: "7", Kind: usermgmt.ErrNotFound}, usermgmt.OutcomeFailed},
		{&usermgmt.Error{Op: "DeleteUser", Resource: "user", Name: "user004", Kind: usermgmt.ErrNotFound, Ambiguous: true}, usermgmt.OutcomeUnknown},
		{lost, usermgmt.OutcomeUnknown},
		{fmt.Errorf("while busy: %w", lost), usermgmt.OutcomeUnknown},
		{&usermgmt.Error{Op: "DeleteUser", Kind: usermgmt.ErrPending}, usermgmt.OutcomeUnknown},
		{&usermgmt.Error{Op: "DeleteUser", Kind: usermgmt.ErrUnsupported}, usermgmt.OutcomeUnsupported},
		{&usermgmt.Error{Op: "DeleteUser", Kind: usermgmt.ErrPermissionDenied}, usermgmt.OutcomeFailed},
		{errors.New("a mock's own"), usermgmt.OutcomeFailed},
	}
	reqs := leavers(len(answers))
	byName := map[string]error{}
	for i, a := range answers {
		byName[reqs[i].Name] = a.err
		reqs[i].IgnoreMissing = i%2 == 0 // which the outcome makes superfluous
	}
	m := scriptedDeletes(t, func(_ context.Context, name string) error { return byName[name] })

	results, err := usermgmt.BulkDelete(t.Context(), m, reqs, usermgmt.BulkOptions{})
	var bulk *usermgmt.BulkError
	require.ErrorAs(t, err, &bulk)
	assert.Equal(t, "BulkDelete", bulk.Op)
	assert.Equal(t, len(answers), bulk.Total)
	var failures []usermgmt.BulkFailure
	for i, a := range answers {
		r := results[i]
		assert.Equal(t, a.want, r.Outcome, "item %d", i)
		assert.Equal(t, reqs[i].Name, r.Name)
		assert.Equal(t, reqs[i].Name, r.Value)
		if a.want == usermgmt.OutcomeDeleted || a.want == usermgmt.OutcomeAlreadyGone {
			require.NoError(t, r.Err)
			continue
		}
		assert.Equal(t, a.err, r.Err)
		failures = append(failures, usermgmt.BulkFailure{Index: i, Name: r.Name, Outcome: r.Outcome, Err: a.err})
	}
	assert.Equal(t, failures, bulk.Failures)
	assert.Equal(t, "BulkDelete: of 11 items 4 unknown, 3 failed, 1 unsupported; item 4: "+answers[4].err.Error(), err.Error())
	require.NotErrorIs(t, err, usermgmt.ErrNotFound, "a failure of another kind would be ignored")
	require.Error(t, usermgmt.IgnoreNotFound(err))
}

// TestBulkErrorMatchesWhatAllFailuresAre has every failure be of one kind.
func TestBulkErrorMatchesWhatAllFailuresAre(t *testing.T) {
	t.Parallel()
	m := scriptedDeletes(t, func(_ context.Context, name string) error {
		if name == "user000" {
			return nil
		}
		return &usermgmt.Error{Op: "DeleteUser", Kind: usermgmt.ErrPermissionDenied, Err: fs.ErrPermission}
	})
	_, err := usermgmt.BulkDelete(t.Context(), m, leavers(4), usermgmt.BulkOptions{})
	require.ErrorIs(t, err, usermgmt.ErrPermissionDenied)
	require.ErrorIs(t, err, fs.ErrPermission)
	require.NotErrorIs(t, &usermgmt.BulkError{}, fs.ErrPermission)
}

// gauge counts what is under way at once.
type gauge struct {
	mu        sync.Mutex
	now, peak int
}

func (g *gauge) enter() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now++
	g.peak = max(g.peak, g.now)
	return g.now
}

func (g *gauge) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now--
}

// TestBulkConcurrency holds each item until as many as may be are under way,
// and makes sure that there are never more.
func TestBulkConcurrency(t *testing.T) {
	t.Parallel()
	for _, limits := range []struct{ asked, want int }{{0, 8}, {1, 1}, {5, 5}, {100000, 256}} {
		t.Run(fmt.Sprint(limits.asked), func(t *testing.T) {
			t.Parallel()
			var under gauge
			full := make(chan struct{})
			m := scriptedDeletes(t, func(context.Context, string) error {
				if under.enter() == limits.want {
					close(full)
				}
				defer under.leave()
				<-full
				return nil
			})
			results, err := usermgmt.BulkDelete(t.Context(), m, leavers(limits.want), usermgmt.BulkOptions{Concurrency: limits.asked})
			require.NoError(t, err)
			assert.Len(t, results, limits.want)
			assert.Equal(t, limits.want, under.peak)

			m = scriptedDeletes(t, func(context.Context, string) error {
				under.enter()
				defer under.leave()
				return nil
			})
			_, err = usermgmt.BulkDelete(t.Context(), m, leavers(3*limits.want), usermgmt.BulkOptions{Concurrency: limits.asked})
			require.NoError(t, err)
			assert.Equal(t, limits.want, under.peak)
		})
	}
}

// TestBulkProgress wants each number once and no two calls at once; the race
// detector would tell of the latter.
func TestBulkProgress(t *testing.T) {
	t.Parallel()
	m := scriptedDeletes(t, func(context.Context, string) error { return nil })
	var seen, want []int
	_, err := usermgmt.BulkDelete(t.Context(), m, leavers(50), usermgmt.BulkOptions{Progress: func(ended, total int) {
		assert.Equal(t, 50, total)
		seen = append(seen, ended)
	}})
	require.NoError(t, err)
	for i := range 50 {
		want = append(want, i+1)
	}
	assert.Equal(t, want, seen)
}

// TestBulkStopsWhereAllIsLost has the login refused: to try it with each of a
// thousand users would lock the administrator out.
func TestBulkStopsWhereAllIsLost(t *testing.T) {
	t.Parallel()
	for _, kind := range []error{usermgmt.ErrUnauthenticated, usermgmt.ErrClosed} {
		t.Run(kind.Error(), func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int64
			m := scriptedDeletes(t, func(context.Context, string) error {
				calls.Add(1)
				return &usermgmt.Error{Op: "DeleteUser", Kind: kind}
			})
			results, err := usermgmt.BulkDelete(t.Context(), m, leavers(1000), usermgmt.BulkOptions{Concurrency: 4})
			require.Error(t, err)
			assert.LessOrEqual(t, calls.Load(), int64(4))
			for i, r := range results {
				if int64(i) < calls.Load() {
					require.ErrorIs(t, r.Err, kind)
					assert.Equal(t, usermgmt.OutcomeFailed, r.Outcome)
					continue
				}
				requireError(t, r.Err, usermgmt.ErrCanceled)
				assert.Equal(t, usermgmt.OutcomeNotAttempted, r.Outcome)
			}
		})
	}
}

func TestBulkRefusals(t *testing.T) {
	t.Parallel()
	c, _ := newMemory(t)
	for name, call := range map[string]func() ([]usermgmt.BulkResult[string], error){
		"ctx": func() ([]usermgmt.BulkResult[string], error) {
			return usermgmt.BulkDelete(nil, c, leavers(1), usermgmt.BulkOptions{}) //nolint:staticcheck // what it does about nil
		},
		"manager": func() ([]usermgmt.BulkResult[string], error) {
			return usermgmt.BulkDelete(t.Context(), nil, leavers(1), usermgmt.BulkOptions{})
		},
		"Concurrency": func() ([]usermgmt.BulkResult[string], error) {
			return usermgmt.BulkDelete(t.Context(), c, leavers(1), usermgmt.BulkOptions{Concurrency: -1})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			results, err := call()
			assert.Nil(t, results)
			e := requireError(t, err, usermgmt.ErrInvalidArgument)
			assert.Contains(t, e.Fields, name)
			assert.Equal(t, "BulkDelete", e.Op)
		})
	}
	results, err := usermgmt.BulkDelete(t.Context(), c, nil, usermgmt.BulkOptions{})
	require.NoError(t, err)
	assert.Empty(t, results)
}

// TestBulkOnMocks has a manager without a client: what it declares and what
// the requests look like is checked all the same.
func TestBulkOnMocks(t *testing.T) {
	t.Parallel()
	m := &grantsOnly{}
	reqs := []usermgmt.GrantRolesRequest{{User: "alice", Roles: usermgmt.Roles("reader"), Extension: usermgmt.CouchbaseUser{}}, {User: "bob", Roles: usermgmt.Roles("reader")}}
	results, err := usermgmt.BulkGrant(t.Context(), m, reqs, usermgmt.BulkOptions{Concurrency: 1})
	require.NoError(t, err)
	assert.Equal(t, usermgmt.OutcomeUpdated, results[0].Outcome)
	assert.Equal(t, usermgmt.OutcomeUpdated, results[1].Outcome, "a manager that cannot read is asked to write")
	assert.Equal(t, reqs, m.got)

	created, err := usermgmt.BulkCreate(t.Context(), m, []usermgmt.CreateUserRequest{{Name: "carol"}}, usermgmt.BulkOptions{})
	require.ErrorIs(t, err, usermgmt.ErrUnsupported)
	assert.Equal(t, usermgmt.OutcomeUnsupported, created[0].Outcome)
}

type grantsOnly struct {
	usermgmt.Unimplemented

	got []usermgmt.GrantRolesRequest
}

func (*grantsOnly) Capabilities() usermgmt.Capabilities {
	return usermgmt.NewCapabilities(usermgmt.CapGrantRoles)
}

func (m *grantsOnly) GrantRoles(_ context.Context, req usermgmt.GrantRolesRequest) error {
	m.got = append(m.got, req)
	return nil
}

// TestBulkReadsBeforeItWrites counts the writes of a bulk call that is made twice.
func TestBulkReadsBeforeItWrites(t *testing.T) {
	t.Parallel()
	c, _ := newMemory(t)
	for _, role := range []string{"reader", "writer"} {
		_, err := c.CreateRole(t.Context(), usermgmt.CreateRoleRequest{Name: role})
		require.NoError(t, err)
	}
	_, err := c.CreateGroup(t.Context(), usermgmt.CreateGroupRequest{Name: "staff"})
	require.NoError(t, err)
	_, err = c.CreateUser(t.Context(), usermgmt.CreateUserRequest{Name: "alice"})
	require.NoError(t, err)
	var writes atomic.Int64
	m := usermgmt.Intercept(c, usermgmt.Interceptor{
		UpdateUser: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.UpdateUserRequest) (usermgmt.User, error) {
			writes.Add(1)
			return next.UpdateUser(ctx, req)
		},
		GrantRoles: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.GrantRolesRequest) error {
			writes.Add(1)
			return next.GrantRoles(ctx, req)
		},
	})
	changes := []usermgmt.UpdateUserRequest{
		{Name: "alice", DisplayName: new("Alice")}, {Name: "alice", Email: new("alice@example.com")},
		{Name: "alice", SetRoles: new(usermgmt.Roles("writer", "reader"))}, {Name: "alice", SetGroups: new([]string{"staff"})},
	}
	for i, change := range changes {
		for _, want := range []usermgmt.Outcome{usermgmt.OutcomeUpdated, usermgmt.OutcomeUnchanged} {
			results, err := usermgmt.BulkUpdate(t.Context(), m, []usermgmt.UpdateUserRequest{change}, usermgmt.BulkOptions{})
			require.NoError(t, err)
			assert.Equal(t, want, results[0].Outcome, "change %d", i)
			assert.EqualValues(t, i+1, writes.Load())
		}
	}
	password := []usermgmt.UpdateUserRequest{{Name: "alice", Credential: usermgmt.Password("", "some new one")}}
	for i := range 2 {
		results, err := usermgmt.BulkUpdate(t.Context(), m, password, usermgmt.BulkOptions{})
		require.NoError(t, err)
		assert.Equal(t, usermgmt.OutcomeUpdated, results[0].Outcome, "nobody can read whether a password is the same")
		assert.EqualValues(t, len(changes)+i+1, writes.Load())
	}
	grant := []usermgmt.GrantRolesRequest{{User: "alice", Roles: usermgmt.Roles("reader")}}
	results, err := usermgmt.BulkGrant(t.Context(), m, grant, usermgmt.BulkOptions{})
	require.NoError(t, err)
	assert.Equal(t, usermgmt.OutcomeUnchanged, results[0].Outcome)
	assert.EqualValues(t, len(changes)+2, writes.Load())
}

// TestBulkHeedsTheServersLimit counts what reaches Cognite's service at once,
// which refuses more.
func TestBulkHeedsTheServersLimit(t *testing.T) {
	t.Parallel()
	_, project, client, _ := newGateway(t, gatewaysim.Options{})
	project.SeedManyUsers(12)
	users, err := usermgmt.Collect(client.ListUsers(t.Context(), usermgmt.ListUsersRequest{}))
	require.NoError(t, err)
	var reqs []usermgmt.DeleteUserRequest
	for _, u := range users {
		reqs = append(reqs, usermgmt.DeleteUserRequest{Name: u.Name})
	}
	var under gauge
	counted := usermgmt.Intercept(client, usermgmt.Interceptor{
		DeleteUser: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.DeleteUserRequest) error {
			under.enter()
			defer under.leave()
			return next.DeleteUser(ctx, req)
		},
	})
	results, err := usermgmt.BulkDelete(t.Context(), counted, reqs, usermgmt.BulkOptions{Concurrency: 50})
	require.NoError(t, err)
	assert.Len(t, results, 12)
	assert.Empty(t, project.Usernames())
	assert.LessOrEqual(t, under.peak, 2)
}
