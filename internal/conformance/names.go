package conformance

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

func nameCases() []Case {
	rule := "A name is what it is: it comes back as it was given, whatever is in it, or is refused as ErrInvalidArgument before anything is sent. It never means something else."
	return []Case{
		{
			Name: "names/of users", Rule: rule,
			needs: needs(usermgmt.CapCreateUser, usermgmt.CapGetUser, usermgmt.CapListUsers, usermgmt.CapDeleteUser, usermgmt.CapUserName), play: hostileUsers,
		},
		{
			Name: "names/of roles", Rule: rule,
			needs: needs(usermgmt.CapCreateRole, usermgmt.CapGetRole, usermgmt.CapListRoles, usermgmt.CapDeleteRole), play: hostileRoles,
		},
		{
			Name: "names/of groups", Rule: rule,
			needs: needs(usermgmt.CapCreateGroup, usermgmt.CapGetGroup, usermgmt.CapListGroups, usermgmt.CapDeleteGroup), play: hostileGroups,
		},
		{Name: "names/of things that do not exist", Rule: rule, play: hostileMissing},
	}
}

// pathLike are names that a careless client or server takes for a path, a
// part of an address, or nothing.
var pathLike = []string{
	"a/b", "a/../b", "../a", "/a", "a/", "a//b", "a%2Fb", "a%2fb", "%2e%2e", "a%00b", "a%", "a%zz", "a..b", "...", "a\\b",
	"a b", "a+b", "a ", "a?b=c", "a#b", "a&b=c", "a;b", "a:b", "a@b.example",
}

// odd are names that are special elsewhere: in queries, shells, markup, and to people.
var odd = []string{
	"a,b", "a|b", "a*", "a'b", `a"b`, "a<b>", "a{b}", "$(a)", "`a`", "'; DROP TABLE users; --", "null", "true", "0", "-1",
	"Ünïcödé", "日本語", "🦊", "e\u0301", "\u00e9", "\u202eabc", "a\u200bb", "local", "self", "admin", "_", "-", "~",
	"0123456789012345678901234567890123456789",
}

// roundTrip is how a thing of a name is made, read, listed and deleted.
type roundTrip struct {
	create func(name string) (string, error)
	get    func(name string) (string, error)
	remove func(name string) error
	list   func() map[string]bool
}

// survives plays hostile names through a round trip.
func (w *World) survives(t testing.TB, method usermgmt.Capability, trip roundTrip) {
	t.Helper()
	before := trip.list()
	kept := map[string]bool{}
	for _, label := range slices.Concat(pathLike, odd) {
		name := w.Name(label)
		if before[name] {
			continue // without a prefix some names are taken
		}
		var created string
		var err error
		sent := w.traffic(func() { created, err = trip.create(name) })
		if err != nil {
			w.fails(t, method, err, usermgmt.ErrInvalidArgument)
			require.Equal(t, Traffic{}, sent, "%q is refused before anything is sent", name)
			continue
		}
		require.Equal(t, name, created)
		got, err := trip.get(name)
		require.NoError(t, err, "%q", name)
		require.Equal(t, name, got)
		kept[name] = true
	}
	now := trip.list()
	for name := range kept {
		assert.True(t, now[name], "%q is listed", name)
		require.NoError(t, trip.remove(name), "%q", name)
	}
	assert.Equal(t, before, trip.list(), "everything is gone that was made, and nothing else")
}

func hostileUsers(t testing.TB, w *World) {
	w.survives(t, usermgmt.CapCreateUser, roundTrip{
		create: func(name string) (string, error) {
			user, err := w.Manager.CreateUser(t.Context(), w.userRequest("", func(r *usermgmt.CreateUserRequest) {
				r.Name = name
				if r.Email != "" {
					r.Email = "somebody@example.com"
				}
			}))
			return user.Name, err
		},
		get: func(name string) (string, error) {
			user, err := w.Manager.GetUser(t.Context(), usermgmt.GetUserRequest{Name: name})
			return user.Name, err
		},
		remove: func(name string) error {
			return w.Manager.DeleteUser(t.Context(), usermgmt.DeleteUserRequest{Name: name})
		},
		list: func() map[string]bool {
			return keys(listed(t, w, w.Manager.ListUsers(t.Context(), usermgmt.ListUsersRequest{}), userName))
		},
	})
}

func hostileRoles(t testing.TB, w *World) {
	w.survives(t, usermgmt.CapCreateRole, roundTrip{
		create: func(name string) (string, error) {
			role, err := w.Manager.CreateRole(t.Context(), usermgmt.CreateRoleRequest{Name: name})
			return role.Name, err
		},
		get: func(name string) (string, error) {
			role, err := w.Manager.GetRole(t.Context(), usermgmt.GetRoleRequest{Name: name})
			return role.Name, err
		},
		remove: func(name string) error {
			return w.Manager.DeleteRole(t.Context(), usermgmt.DeleteRoleRequest{Name: name})
		},
		list: func() map[string]bool {
			return keys(listed(t, w, w.Manager.ListRoles(t.Context(), usermgmt.ListRolesRequest{}), roleName))
		},
	})
}

func hostileGroups(t testing.TB, w *World) {
	w.survives(t, usermgmt.CapCreateGroup, roundTrip{
		create: func(name string) (string, error) {
			group, err := w.Manager.CreateGroup(t.Context(), usermgmt.CreateGroupRequest{Name: name})
			return group.Name, err
		},
		get: func(name string) (string, error) {
			group, err := w.Manager.GetGroup(t.Context(), usermgmt.GetGroupRequest{Name: name})
			return group.Name, err
		},
		remove: func(name string) error {
			return w.Manager.DeleteGroup(t.Context(), usermgmt.DeleteGroupRequest{Name: name})
		},
		list: func() map[string]bool { return keys(w.groups(t)) },
	})
}

// hostileMissing plays names like paths through every call that takes a name of
// something that exists.
func hostileMissing(t testing.TB, w *World) {
	for _, call := range w.namedCalls() {
		switch call.method {
		case usermgmt.CapCreateUser, usermgmt.CapCreateRole, usermgmt.CapCreateGroup:
			continue // needs nothing that exists
		case usermgmt.CapSetPassword:
			continue // is slow, because passwords are hashed, and takes the way of UpdateUser
		}
		for _, label := range pathLike {
			name := w.Name("ghost") + label
			var err error
			sent := w.traffic(func() { err = call.call(t.Context(), name) })
			switch {
			case err == nil: // deletions ignore that there is nothing
			case errors.Is(err, usermgmt.ErrInvalidArgument), errors.Is(err, usermgmt.ErrUnsupported): // names of users kept elsewhere
				e := w.wellFormed(t, call.method, err)
				require.True(t, e.FromServer || sent == (Traffic{}), "%q is refused before anything is sent: %+v", name, sent)
			default:
				w.fails(t, call.method, err, usermgmt.ErrNotFound)
			}
		}
	}
}

// keys returns the set of the keys of a map.
func keys[T any](m map[string]T) map[string]bool {
	set := map[string]bool{}
	for key := range m {
		set[key] = true
	}
	return set
}
