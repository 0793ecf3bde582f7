package conformance

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

func listCases() []Case {
	users := needs(usermgmt.CapListUsers)
	return []Case{
		{
			Name: "lists/are lazy", Rule: "Nothing is sent before the sequence is ranged over.",
			play: listsAreLazy,
		},
		{
			Name: "lists/fail once, last and with a zero value", Rule: "An error comes once and last.",
			play: listsFailOnce,
		},
		{
			Name: "lists/can be stopped early", Rule: "Stopping early sends nothing more, and other calls go on as before.",
			needs: users, play: listStopsEarly,
		},
		{
			Name: "lists/range twice", Rule: "Ranging twice lists twice, each time as things are then.",
			needs: and(users, usermgmt.CapCreateUser), play: listRangesTwice,
		},
		{
			Name: "lists/are complete", Rule: "ListUsers returns all users, each exactly once, however many there are.",
			needs: users, play: listIsComplete,
		},
		{
			Name: "lists/show what get shows", Rule: "A user in a list is as GetUser shows it.",
			needs: and(users, usermgmt.CapCreateUser, usermgmt.CapGetUser), play: listShowsWhatGetShows,
		},
		{
			Name: "lists/leave room for other calls", Rule: "While a list is ranged over, the loop can make other calls, changes of what is listed included.",
			needs: and(users, usermgmt.CapCreateUser, usermgmt.CapGetUser, usermgmt.CapDeleteUser), play: listLeavesRoom,
		},
		{
			Name: "lists/a list cut short is an error", Rule: "A list that ended without an error is complete: one that breaks off is an error and never a shorter list.",
			needs: users, wire: true, play: listCutShort,
		},
		{
			Name: "lists/a login that expires is renewed", Rule: "A login that expires before or amid a list is renewed, and the list goes on.",
			needs: users, wire: true, play: listRenewsLogin,
		},
	}
}

// outcome is what a list came to.
type outcome struct {
	items, errors int
	clean         bool // no item came after an error, none beside one
}

func outcomeOf[T any](list iter.Seq2[T, error]) outcome {
	o := outcome{clean: true}
	for item, err := range list {
		if err == nil {
			o.items++
			o.clean = o.clean && o.errors == 0
			continue
		}
		o.errors++
		o.clean = o.clean && reflect.ValueOf(item).IsZero()
	}
	return o
}

// lists returns all lists that the backend does not rule out, by method.
func (w *World) lists() map[usermgmt.Capability]func(ctx context.Context) outcome {
	m := w.Manager
	project := w.Name("any")
	if len(w.Projects) > 0 {
		project = w.Projects[0]
	}
	all := map[usermgmt.Capability]func(ctx context.Context) outcome{
		usermgmt.CapListUsers: func(ctx context.Context) outcome {
			return outcomeOf(m.ListUsers(ctx, usermgmt.ListUsersRequest{}))
		},
		usermgmt.CapListRoles: func(ctx context.Context) outcome {
			return outcomeOf(m.ListRoles(ctx, usermgmt.ListRolesRequest{}))
		},
		usermgmt.CapListGroups: func(ctx context.Context) outcome {
			return outcomeOf(m.ListGroups(ctx, usermgmt.ListGroupsRequest{}))
		},
		usermgmt.CapListProjects: func(ctx context.Context) outcome {
			return outcomeOf(m.ListProjects(ctx, usermgmt.ListProjectsRequest{}))
		},
		usermgmt.CapListProjectMembers: func(ctx context.Context) outcome {
			return outcomeOf(m.ListProjectMembers(ctx, usermgmt.ListProjectMembersRequest{Project: project}))
		},
	}
	maps.DeleteFunc(all, func(method usermgmt.Capability, _ func(context.Context) outcome) bool { return !w.can(method) })
	return all
}

func listsAreLazy(t testing.TB, w *World) {
	w.sendsNothing(t, func() {
		w.Manager.ListUsers(t.Context(), usermgmt.ListUsersRequest{})
		w.Manager.ListRoles(t.Context(), usermgmt.ListRolesRequest{})
		w.Manager.ListGroups(t.Context(), usermgmt.ListGroupsRequest{})
		w.Manager.ListProjects(t.Context(), usermgmt.ListProjectsRequest{})
		w.Manager.ListProjectMembers(t.Context(), usermgmt.ListProjectMembersRequest{Project: w.Name("any")})
	})
}

func listsFailOnce(t testing.TB, w *World) {
	failsOnce := func(ctx context.Context, why string) {
		t.Helper()
		for method, list := range w.lists() {
			assert.Equal(t, outcome{errors: 1, clean: true}, list(ctx), "%v %s", method, why)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	failsOnce(ended, "with a context that has ended")
	for method, list := range w.lists() {
		if w.Wire == nil {
			break
		}
		w.Wire.Disturb(Read, Garbage, 1)
		var got outcome
		if sent := w.traffic(func() { got = list(t.Context()) }); sent != (Traffic{}) { // a fixed list needs no server
			assert.Equal(t, outcome{errors: 1, clean: true}, got, "%v with an answer that makes no sense", method)
		}
	}
	require.NoError(t, w.Manager.Close())
	failsOnce(t.Context(), "of a closed client")
}

func listStopsEarly(t testing.TB, w *World) {
	w.Seed(t, w.names(300))
	now := func() Traffic {
		if w.Wire == nil {
			return Traffic{}
		}
		return w.Wire.Traffic()
	}
	var stopped Traffic
	for user, err := range w.Manager.ListUsers(t.Context(), usermgmt.ListUsersRequest{}) {
		require.NoError(t, err)
		require.NotEmpty(t, user.Name)
		stopped = now()
		break
	}
	assert.Equal(t, stopped, now(), "nothing was sent after the last item that was taken")
	assert.Len(t, w.users(t), 300)
}

// names returns as many names of the world.
func (w *World) names(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = w.Name(fmt.Sprintf("user%04d", i))
	}
	return names
}

func listRangesTwice(t testing.TB, w *World) {
	list := w.Manager.ListUsers(t.Context(), usermgmt.ListUsersRequest{})
	count := func() int {
		return len(slices.DeleteFunc(collect(t, list), func(u usermgmt.User) bool {
			return u.Name == w.resident() || !strings.HasPrefix(u.Name, w.Prefix)
		}))
	}
	assert.Equal(t, 0, count())
	w.newUser(t, "alice")
	assert.Equal(t, 1, count())
	w.newUser(t, "bob")
	assert.Equal(t, 2, count())
}

func listIsComplete(t testing.TB, w *World) {
	names := w.names(300)
	w.Seed(t, names)
	found := w.users(t)
	assert.Len(t, found, len(names))
	for _, name := range names {
		assert.Contains(t, found, name)
	}
}

func listShowsWhatGetShows(t testing.TB, w *World) {
	alice := w.fullUser(t, "alice")
	bob := w.newUser(t, "bob")
	if w.can(usermgmt.CapDisableUser) {
		require.NoError(t, w.Manager.DisableUser(t.Context(), usermgmt.DisableUserRequest{Name: bob.Name}))
		bob = w.getUser(t, bob.Name)
	}
	assert.Equal(t, map[string]usermgmt.User{alice.Name: alice, bob.Name: bob}, w.users(t))
}

func listLeavesRoom(t testing.TB, w *World) {
	w.Seed(t, w.names(5))
	seen := 0
	require.NoError(t, promptly(t, func() error {
		for user, err := range w.Manager.ListUsers(t.Context(), usermgmt.ListUsersRequest{}) {
			if err != nil {
				return err
			}
			if user.Name == w.resident() || !strings.HasPrefix(user.Name, w.Prefix) {
				continue
			}
			seen++
			if _, err := w.Manager.GetUser(t.Context(), usermgmt.GetUserRequest{Name: user.Name}); err != nil {
				return err
			}
			if err := w.Manager.DeleteUser(t.Context(), usermgmt.DeleteUserRequest{Name: user.Name}); err != nil {
				return err
			}
		}
		return nil
	}))
	assert.Equal(t, 5, seen)
	assert.Empty(t, w.users(t))
}

func listCutShort(t testing.TB, w *World) {
	w.Seed(t, w.names(300))
	w.users(t) // logs in
	w.Wire.Disturb(Read, CutMidway, 0)
	users, err := usermgmt.Collect(w.Manager.ListUsers(t.Context(), usermgmt.ListUsersRequest{}))
	e := w.fails(t, usermgmt.CapListUsers, err, usermgmt.ErrUnavailable)
	assert.False(t, e.Ambiguous)
	assert.Nil(t, users)
}

func listRenewsLogin(t testing.TB, w *World) {
	w.Seed(t, w.names(20))
	w.users(t) // logs in
	w.Wire.ExpireLogins()
	assert.Len(t, w.users(t), 20)
	w.Wire.Disturb(Read, Unauthenticated, 1)
	assert.Len(t, w.users(t), 20)
}
