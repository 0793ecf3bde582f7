package conformance

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

func userCases() []Case {
	return []Case{
		{
			Name: "users/create returns what get shows", Rule: "CreateUser creates a user and returns it as the server shows it.",
			needs: needs(usermgmt.CapCreateUser, usermgmt.CapGetUser), play: createReturnsWhatGetShows,
		},
		{
			Name: "users/create gives nothing that was not asked for", Rule: "Roles and groups are none if the request names none.",
			needs: needs(usermgmt.CapCreateUser, usermgmt.CapGetUser), play: createGivesNothingUnasked,
		},
		{
			Name:  "users/create never overwrites",
			Rule:  "CreateUser fails with ErrAlreadyExists if the name is taken and never changes the user that has it.",
			needs: needs(usermgmt.CapCreateUser, usermgmt.CapGetUser, usermgmt.CapUserName), play: createNeverOverwrites,
		},
		{
			Name:  "users/create with a missing role creates nothing",
			Rule:  "Roles must exist: ErrNotFound names the one that does not, or the server's ErrInvalidArgument does, and nothing is created.",
			needs: needs(usermgmt.CapCreateUser, usermgmt.CapGetUser, usermgmt.CapGrantRoles), play: createWithMissingRole,
		},
		{
			Name:  "users/create with a missing group creates nothing",
			Rule:  "Groups must exist: ErrNotFound names the one that does not, or the server's ErrInvalidArgument does, and nothing is created.",
			needs: needs(usermgmt.CapCreateUser, usermgmt.CapGetUser, usermgmt.CapAddGroupMember, usermgmt.CapCreateGroup), play: createWithMissingGroup,
		},
		{
			Name: "users/create takes repetitions as one", Rule: "A role or group that a request names twice is held once; slices of results are sorted.",
			needs: needs(usermgmt.CapCreateUser, usermgmt.CapGetUser, usermgmt.CapGrantRoles), play: createTakesRepetitionsAsOne,
		},
		{
			Name: "users/get of a missing user", Rule: "GetUser fails with ErrNotFound if there is no such user, and names it.",
			needs: needs(usermgmt.CapGetUser), play: getMissingUser,
		},
		{
			Name:  "users/get returns nobody else",
			Rule:  "The name that comes back is the name that was asked for; names that differ in case may be the same to the server, which then has one user of them.",
			needs: needs(usermgmt.CapCreateUser, usermgmt.CapGetUser, usermgmt.CapUserName), play: getReturnsNobodyElse,
		},
		{
			Name: "users/names that differ in case", Rule: "Names that differ in case are two users or one, and never one that was overwritten.",
			needs: needs(usermgmt.CapCreateUser, usermgmt.CapGetUser, usermgmt.CapUserName), play: namesThatDifferInCase,
		},
		{
			Name: "users/delete removes the user and nobody else", Rule: "DeleteUser deletes a user.",
			needs: needs(usermgmt.CapCreateUser, usermgmt.CapDeleteUser, usermgmt.CapGetUser, usermgmt.CapListUsers), play: deleteRemovesTheUser,
		},
		{
			Name: "users/delete of a missing user", Rule: "DeleteUser fails with ErrNotFound if there is no such user, unless the request says to ignore that.",
			needs: needs(usermgmt.CapCreateUser, usermgmt.CapDeleteUser), play: deleteMissingUser,
		},
		{
			Name: "users/a deleted user leaves nothing behind", Rule: "Who gets the name of a deleted user gets none of its roles, groups and memberships.",
			needs: needs(usermgmt.CapCreateUser, usermgmt.CapDeleteUser, usermgmt.CapGetUser, usermgmt.CapUserName), play: deletedUserLeavesNothing,
		},
		{
			Name: "users/current is the user that is logged in", Rule: "CurrentUser returns the user that this client is logged in as.",
			needs: needs(usermgmt.CapCurrentUser), play: currentUser,
		},
	}
}

func createReturnsWhatGetShows(t testing.TB, w *World) {
	user, password := w.fullUserWithPassword(t, "alice")
	assert.Equal(t, user, w.getUser(t, user.Name))
	if w.can(usermgmt.CapUserName) {
		assert.Equal(t, w.Name("alice"), user.Name)
	}
	if w.can(usermgmt.CapDisplayName) {
		assert.Equal(t, "Full alice", user.DisplayName)
	}
	if w.can(usermgmt.CapEmail) {
		assert.Equal(t, "alice@example.com", user.Email)
	}
	if w.can(usermgmt.CapGrantRoles) {
		assert.ElementsMatch(t, w.Roles[:2], w.held(t, user))
	}
	if w.can(usermgmt.CapAddGroupMember) && w.can(usermgmt.CapCreateGroup) {
		assert.Equal(t, []string{w.Name("of-alice")}, user.Groups)
	}
	assert.False(t, user.Disabled)
	if password != "" {
		w.logsIn(t, true, user.Name, password, "the user logs in with its password")
	}
}

func createGivesNothingUnasked(t testing.TB, w *World) {
	user := w.newUser(t, "alice")
	assert.Empty(t, w.held(t, user))
	assert.Empty(t, user.EffectiveRoles)
	assert.Empty(t, user.Groups)
	assert.Empty(t, user.DisplayName)
	assert.False(t, user.Disabled)
	assert.Equal(t, user, w.getUser(t, user.Name))
}

func createNeverOverwrites(t testing.TB, w *World) {
	before, password := w.fullUserWithPassword(t, "alice")
	other := w.newPassword()
	_, err := w.Manager.CreateUser(t.Context(), w.userRequest("alice", func(req *usermgmt.CreateUserRequest) {
		if w.can(usermgmt.CapUserPassword) {
			req.Credential = usermgmt.Password("", other)
		}
		if w.can(usermgmt.CapDisplayName) {
			req.DisplayName = "Somebody Else"
		}
		if w.can(usermgmt.CapGrantRoles) {
			req.Roles = w.Roles[2:3]
		}
	}))
	e := w.fails(t, usermgmt.CapCreateUser, err, usermgmt.ErrAlreadyExists)
	assert.Equal(t, "user "+before.Name, e.Resource+" "+e.Name)
	assert.False(t, e.Ambiguous)
	assert.Equal(t, before, w.getUser(t, before.Name))
	if password != "" {
		w.logsIn(t, true, before.Name, password, "the password of the first still works")
		w.logsIn(t, false, before.Name, other, "the password of the second does not")
	}
}

func createWithMissingRole(t testing.TB, w *World) {
	ghost := usermgmt.Role{Name: w.Name("ghost"), Scope: w.Roles[0].Scope}
	req := w.userRequest("alice", func(req *usermgmt.CreateUserRequest) { req.Roles = []usermgmt.Role{w.Roles[0], ghost} })
	_, err := w.Manager.CreateUser(t.Context(), req)
	w.namesMissing(t, usermgmt.CapCreateUser, err, "role", ghost.Name)
	if req.Name != "" {
		_, err = w.Manager.GetUser(t.Context(), usermgmt.GetUserRequest{Name: req.Name})
		w.misses(t, usermgmt.CapGetUser, err, "user", req.Name)
	}
}

func createWithMissingGroup(t testing.TB, w *World) {
	group, ghost := w.newGroup(t, "crew"), w.Name("ghost")
	req := w.userRequest("alice", func(req *usermgmt.CreateUserRequest) { req.Groups = []string{group, ghost} })
	_, err := w.Manager.CreateUser(t.Context(), req)
	w.namesMissing(t, usermgmt.CapCreateUser, err, "group", ghost)
	if req.Name != "" {
		_, err = w.Manager.GetUser(t.Context(), usermgmt.GetUserRequest{Name: req.Name})
		w.misses(t, usermgmt.CapGetUser, err, "user", req.Name)
	}
}

// namesMissing asserts that a write failed over a role or group that does not
// exist: the client says which, or the server refuses it in its own words.
func (w *World) namesMissing(t testing.TB, method usermgmt.Capability, err error, resource, name string) {
	t.Helper()
	if kindOf(err) == usermgmt.ErrInvalidArgument.Error() {
		e := w.wellFormed(t, method, err)
		assert.True(t, e.FromServer, "that a %s is missing is for the server to say: %v", resource, e)
		assert.Contains(t, e.Error(), name)
		return
	}
	w.misses(t, method, err, resource, name)
}

func createTakesRepetitionsAsOne(t testing.TB, w *World) {
	wanted := []usermgmt.Role{w.Roles[2], w.Roles[0], w.Roles[2], w.Roles[1], w.Roles[0]}
	var groups []string
	if w.can(usermgmt.CapAddGroupMember) && w.can(usermgmt.CapCreateGroup) {
		groups = []string{w.newGroup(t, "b"), w.newGroup(t, "a")}
	}
	user := w.newUser(t, "alice", func(req *usermgmt.CreateUserRequest) {
		req.Roles, req.Groups = wanted, slices.Concat(groups, groups)
	})
	assert.Equal(t, sortedRoles(w.Roles[:3]), w.held(t, user))
	slices.Sort(groups)
	assert.Equal(t, groups, user.Groups)
	assert.Equal(t, user, w.getUser(t, user.Name))
}

// sortedRoles returns roles as results hold them.
func sortedRoles(roles []usermgmt.Role) []usermgmt.Role {
	sorted := slices.Clone(roles)
	slices.SortFunc(sorted, func(a, b usermgmt.Role) int {
		if byName := strings.Compare(a.Name, b.Name); byName != 0 {
			return byName
		}
		return strings.Compare(a.Scope, b.Scope)
	})
	return slices.Compact(sorted)
}

func getMissingUser(t testing.TB, w *World) {
	user, err := w.Manager.GetUser(t.Context(), usermgmt.GetUserRequest{Name: w.Name("nobody")})
	w.misses(t, usermgmt.CapGetUser, err, "user", w.Name("nobody"))
	assert.Zero(t, user)
}

func getReturnsNobodyElse(t testing.TB, w *World) {
	alice := w.newUser(t, "alice")
	for _, near := range []string{"alic", "alicea", "alice1", "lice", "ALICE", "Alice"} {
		name := w.Name(near)
		got, err := w.Manager.GetUser(t.Context(), usermgmt.GetUserRequest{Name: name})
		if err == nil {
			require.True(t, strings.EqualFold(name, alice.Name), "asked for %s, got %s", name, got.Name)
			assert.Equal(t, alice, got, "the spelling is the server's")
			continue
		}
		w.misses(t, usermgmt.CapGetUser, err, "user", name)
	}
}

func namesThatDifferInCase(t testing.TB, w *World) {
	lower := w.newUser(t, "alice", func(req *usermgmt.CreateUserRequest) {
		if w.can(usermgmt.CapGrantRoles) {
			req.Roles = w.Roles[:1]
		}
	})
	upper, err := w.Manager.CreateUser(t.Context(), w.userRequest("ALICE"))
	if err != nil {
		w.fails(t, usermgmt.CapCreateUser, err, usermgmt.ErrAlreadyExists)
	} else {
		require.Equal(t, w.Name("ALICE"), upper.Name)
		assert.Equal(t, upper.User, w.getUser(t, upper.Name))
	}
	assert.Equal(t, lower, w.getUser(t, lower.Name))
}

func deleteRemovesTheUser(t testing.TB, w *World) {
	alice, bob := w.newUser(t, "alice"), w.newUser(t, "bob")
	require.NoError(t, w.Manager.DeleteUser(t.Context(), usermgmt.DeleteUserRequest{Name: alice.Name}))
	_, err := w.Manager.GetUser(t.Context(), usermgmt.GetUserRequest{Name: alice.Name})
	w.misses(t, usermgmt.CapGetUser, err, "user", alice.Name)
	assert.Equal(t, map[string]usermgmt.User{bob.Name: bob}, w.users(t))
}

func deleteMissingUser(t testing.TB, w *World) {
	alice := w.newUser(t, "alice").Name
	require.NoError(t, w.Manager.DeleteUser(t.Context(), usermgmt.DeleteUserRequest{Name: alice, IgnoreMissing: true}))
	w.misses(t, usermgmt.CapDeleteUser, w.Manager.DeleteUser(t.Context(), usermgmt.DeleteUserRequest{Name: alice}), "user", alice)
	require.NoError(t, w.Manager.DeleteUser(t.Context(), usermgmt.DeleteUserRequest{Name: alice, IgnoreMissing: true}))
}

func deletedUserLeavesNothing(t testing.TB, w *World) {
	first, password := w.fullUserWithPassword(t, "alice")
	if w.can(usermgmt.CapEnsureProjectMember) {
		w.admit(t, w.Projects[0], usermgmt.UserMember(first.Name), w.ProjectRoles[1])
	}
	if w.can(usermgmt.CapDisableUser) {
		require.NoError(t, w.Manager.DisableUser(t.Context(), usermgmt.DisableUserRequest{Name: first.Name}))
	}
	require.NoError(t, w.Manager.DeleteUser(t.Context(), usermgmt.DeleteUserRequest{Name: first.Name}))
	second := w.newUser(t, "alice")
	assert.Empty(t, w.held(t, second))
	assert.Empty(t, second.EffectiveRoles)
	assert.Empty(t, second.Groups)
	assert.Empty(t, second.DisplayName)
	assert.False(t, second.Disabled)
	if password != "" {
		w.logsIn(t, false, second.Name, password, "the old password is gone")
	}
	if w.can(usermgmt.CapListProjectMembers) {
		assert.Empty(t, w.projectMembers(t, w.Projects[0]))
	}
}

func currentUser(t testing.TB, w *World) {
	user, err := w.Manager.CurrentUser(t.Context())
	require.NoError(t, err)
	assert.Equal(t, w.Self, user.Name)
	if w.can(usermgmt.CapGetUser) && w.resident() == w.Self {
		assert.Equal(t, settled(w.getUser(t, w.Self)), settled(user))
	}
}
