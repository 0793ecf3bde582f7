package conformance

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

func concurrencyCases() []Case {
	user := needs(usermgmt.CapCreateUser, usermgmt.CapGetUser)
	return []Case{
		{
			Name: "concurrency/different users", Rule: "One client serves any number of goroutines.",
			needs: and(user, usermgmt.CapListUsers, usermgmt.CapDeleteUser), play: differentUsers,
		},
		{
			Name: "concurrency/grants to one user", Rule: "Grants to one user that are made at once through one client all survive.",
			needs: and(user, usermgmt.CapGrantRoles, usermgmt.CapRevokeRoles), play: grantsToOneUser,
		},
		{
			Name: "concurrency/different changes of one user", Rule: "Changes of one user that name different things and are made at once through one client all survive.",
			needs: and(user, usermgmt.CapGrantRoles, usermgmt.CapUpdateUser, usermgmt.CapUserPassword), play: changesOfOneUser,
		},
		{
			Name: "concurrency/creates of one name", Rule: "Of several creates of one name that are made at once through one client, one succeeds and the others fail with ErrAlreadyExists.",
			needs: and(user, usermgmt.CapUserName), play: createsOfOneName,
		},
		{
			Name: "concurrency/members of one group", Rule: "Users that join and leave one group at once through one client all do.",
			needs: and(user, usermgmt.CapListUsers, usermgmt.CapCreateGroup, usermgmt.CapAddGroupMember, usermgmt.CapRemoveGroupMember), play: membersOfOneGroup,
		},
		{
			Name: "concurrency/members of one project", Rule: "Members that are admitted to one project at once through one client all are.",
			needs: and(user, usermgmt.CapListProjectMembers, usermgmt.CapEnsureProjectMember), play: membersOfOneProject,
		},
		{
			Name: "concurrency/close amid calls", Rule: "Calls under way when the client is closed go on or fail with ErrClosed; nothing hangs.",
			needs: user, play: closeAmidCalls,
		},
	}
}

// workers is how many goroutines a case starts.
const workers = 16

// atOnce calls act in so many goroutines and returns their errors.
func atOnce(t testing.TB, n int, act func(i int) error) []error {
	t.Helper()
	errs := make([]error, n)
	promptly(t, func() struct{} {
		var group sync.WaitGroup
		start := make(chan struct{})
		for i := range n {
			group.Go(func() {
				<-start
				errs[i] = act(i)
			})
		}
		close(start)
		group.Wait()
		return struct{}{}
	})
	return errs
}

// allAtOnce is atOnce for calls that must all succeed.
func allAtOnce(t testing.TB, n int, act func(i int) error) {
	t.Helper()
	require.NoError(t, errors.Join(atOnce(t, n, act)...))
}

func differentUsers(t testing.TB, w *World) {
	ctx, m := t.Context(), w.Manager
	allAtOnce(t, workers, func(i int) error {
		created, err := m.CreateUser(ctx, w.userRequest(fmt.Sprintf("user%d", i)))
		if err != nil {
			return err
		}
		name := created.Name
		if w.can(usermgmt.CapGrantRoles) {
			if err := m.GrantRoles(ctx, usermgmt.GrantRolesRequest{User: name, Roles: w.Roles[:1+i%2]}); err != nil {
				return err
			}
		}
		if _, err := usermgmt.Collect(m.ListUsers(ctx, usermgmt.ListUsersRequest{})); err != nil {
			return err
		}
		got, err := m.GetUser(ctx, usermgmt.GetUserRequest{Name: name})
		if err == nil && got.Name != name {
			err = fmt.Errorf("asked for %s, got %s", name, got.Name)
		}
		if err != nil || i%2 == 0 {
			return err
		}
		return m.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: name})
	})
	left := w.users(t)
	assert.Len(t, left, workers/2)
	for _, user := range left {
		if w.can(usermgmt.CapGrantRoles) {
			assert.Equal(t, w.Roles[:1], w.held(t, user))
		}
	}
}

// manyRoles returns at least as many roles as the world has, and eight if they
// can be made.
func (w *World) manyRoles(t testing.TB) []usermgmt.Role {
	t.Helper()
	roles := append([]usermgmt.Role{}, w.Roles...)
	for i := 0; w.can(usermgmt.CapCreateRole) && len(roles) < 8; i++ {
		roles = append(roles, w.newRole(t, fmt.Sprintf("extra%d", i)))
	}
	return roles
}

func grantsToOneUser(t testing.TB, w *World) {
	ctx, roles, alice := t.Context(), w.manyRoles(t), w.newUser(t, "alice").Name
	allAtOnce(t, len(roles), func(i int) error {
		return w.Manager.GrantRoles(ctx, usermgmt.GrantRolesRequest{User: alice, Roles: roles[i : i+1]})
	})
	w.roles(t, alice, roles...)

	// Every other role goes while the rest is granted once more.
	allAtOnce(t, len(roles), func(i int) error {
		if i%2 == 0 {
			return w.Manager.RevokeRoles(ctx, usermgmt.RevokeRolesRequest{User: alice, Roles: roles[i : i+1]})
		}
		return w.Manager.GrantRoles(ctx, usermgmt.GrantRolesRequest{User: alice, Roles: roles[i : i+1]})
	})
	var odd []usermgmt.Role
	for i := 1; i < len(roles); i += 2 {
		odd = append(odd, roles[i])
	}
	w.roles(t, alice, odd...)
}

func changesOfOneUser(t testing.TB, w *World) {
	ctx, m := t.Context(), w.Manager
	alice, password := w.newUser(t, "alice").Name, w.newPassword()
	changes := []func() error{
		func() error { return m.GrantRoles(ctx, usermgmt.GrantRolesRequest{User: alice, Roles: w.Roles[:1]}) },
		func() error { return m.GrantRoles(ctx, usermgmt.GrantRolesRequest{User: alice, Roles: w.Roles[1:2]}) },
		func() error {
			_, err := m.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: alice, Credential: usermgmt.Password("", password)})
			return err
		},
	}
	if w.can(usermgmt.CapUpdateDisplayName) {
		changes = append(changes, func() error {
			_, err := m.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: alice, DisplayName: new("Alice")})
			return err
		})
	}
	if w.can(usermgmt.CapDisableUser) && w.can(usermgmt.CapEnableUser) {
		changes = append(changes, func() error {
			return errors.Join(m.DisableUser(ctx, usermgmt.DisableUserRequest{Name: alice}), m.EnableUser(ctx, usermgmt.EnableUserRequest{Name: alice}))
		})
	}
	allAtOnce(t, len(changes), func(i int) error { return changes[i]() })
	w.roles(t, alice, w.Roles[:2]...)
	w.logsIn(t, true, alice, password, "the new password works")
	user := w.getUser(t, alice)
	assert.False(t, user.Disabled)
	if w.can(usermgmt.CapUpdateDisplayName) {
		assert.Equal(t, "Alice", user.DisplayName)
	}
}

func createsOfOneName(t testing.TB, w *World) {
	ctx, roles := t.Context(), w.can(usermgmt.CapGrantRoles)
	errs := atOnce(t, workers, func(i int) error {
		_, err := w.Manager.CreateUser(ctx, w.userRequest("alice", func(r *usermgmt.CreateUserRequest) {
			if roles {
				r.Roles = w.Roles[i%3 : i%3+1]
			}
		}))
		return err
	})
	winner := -1
	for i, err := range errs {
		if err != nil {
			w.fails(t, usermgmt.CapCreateUser, err, usermgmt.ErrAlreadyExists)
			continue
		}
		require.Equal(t, -1, winner, "one create succeeds")
		winner = i
	}
	require.GreaterOrEqual(t, winner, 0, "one create succeeds")
	if roles {
		w.roles(t, w.Name("alice"), w.Roles[winner%3])
	}
}

func membersOfOneGroup(t testing.TB, w *World) {
	names, group := w.names(workers), w.newGroup(t, "crew")
	w.Seed(t, names)
	ctx := t.Context()
	allAtOnce(t, workers, func(i int) error {
		return w.Manager.AddGroupMember(ctx, usermgmt.AddGroupMemberRequest{Group: group, User: names[i]})
	})
	assert.ElementsMatch(t, names, w.members(t, group))
	allAtOnce(t, workers/2, func(i int) error {
		return w.Manager.RemoveGroupMember(ctx, usermgmt.RemoveGroupMemberRequest{Group: group, User: names[i]})
	})
	assert.ElementsMatch(t, names[workers/2:], w.members(t, group))
}

func membersOfOneProject(t testing.TB, w *World) {
	names := w.names(workers)
	w.Seed(t, names)
	ctx, want := t.Context(), map[usermgmt.Member]string{}
	for i, name := range names {
		want[usermgmt.UserMember(name)] = w.ProjectRoles[i%3]
	}
	allAtOnce(t, workers, func(i int) error {
		return w.Manager.EnsureProjectMember(ctx, usermgmt.EnsureProjectMemberRequest{
			Project: w.Projects[0], Member: usermgmt.UserMember(names[i]), Role: w.ProjectRoles[i%3],
		})
	})
	assert.Equal(t, want, w.projectMembers(t, w.Projects[0]))
}

func closeAmidCalls(t testing.TB, w *World) {
	ctx, alice := t.Context(), w.newUser(t, "alice").Name
	errs := atOnce(t, workers, func(i int) error {
		if i == workers/2 {
			return w.Manager.Close()
		}
		_, err := w.Manager.GetUser(ctx, usermgmt.GetUserRequest{Name: alice})
		return err
	})
	for i, err := range errs {
		if i == workers/2 {
			require.NoError(t, err)
		} else if err != nil {
			w.fails(t, usermgmt.CapGetUser, err, usermgmt.ErrClosed)
		}
	}
}
