package conformance

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

// steps is how many operations Differential carries out.
const steps = 150

// Differential carries out a random sequence of operations in two worlds, of
// those that both backends have, and asserts that all results and kinds of
// failure agree. A seed always yields the same sequence.
func Differential(t testing.TB, seed uint64, a, b Harness) {
	t.Helper()
	worlds := [2]*World{a.world(t), b.world(t)}
	common := func(c usermgmt.Capability) bool { return worlds[0].can(c) && worlds[1].can(c) }
	random := rand.New(rand.NewPCG(seed, 0))
	var done []string
	for range steps {
		step := randomStep(random, common)
		done = append(done, step.text)
		left, right := step.play(t, worlds[0]), step.play(t, worlds[1])
		require.Equal(t, left, right, "seed %d, %s against %s, after\n%s",
			seed, worlds[0].backend(t), worlds[1].backend(t), strings.Join(done, "\n"))
		if common(usermgmt.CapListUsers) {
			require.Equal(t, worlds[0].state(t), worlds[1].state(t), "seed %d, what is left of\n%s", seed, strings.Join(done, "\n"))
		}
	}
}

// step is one operation in words that hold for every world: users and new
// roles go by label, the roles of the world by index.
type step struct {
	text string
	play func(t testing.TB, w *World) string
}

// randomStep picks an operation and its arguments. Few names make collisions
// and repetitions likely.
func randomStep(random *rand.Rand, common func(usermgmt.Capability) bool) step {
	user := []string{"alice", "bob"}[random.IntN(2)]
	label := []string{"auditor", "deployer"}[random.IntN(2)]
	description := []string{"one text", "another text"}[random.IntN(2)]
	pick := func() int {
		if random.IntN(8) > 0 {
			return random.IntN(3) // a role of the world
		}
		return 3 + random.IntN(3) // two that may exist, one that does not
	}
	picks := make([]int, random.IntN(4))
	for i := range picks {
		picks[i] = pick()
	}
	some := append(slices.Clone(picks), pick())
	ignore := random.IntN(2) == 0

	var steps []step
	add := func(needs usermgmt.Capability, play func(t testing.TB, w *World) string, format string, args ...any) {
		for weight := weightOf(needs); weight > 0 && common(needs); weight-- {
			steps = append(steps, step{text: fmt.Sprintf("%v ", needs) + fmt.Sprintf(format, args...), play: play})
		}
	}
	add(usermgmt.CapCreateUser, func(t testing.TB, w *World) string {
		created, err := w.Manager.CreateUser(t.Context(), w.userRequest(user, func(r *usermgmt.CreateUserRequest) { r.Roles = w.pickFor(t, user, false, picks) }))
		return w.told(w.shown(t, created.User), err)
	}, "%s %v", user, picks)
	add(usermgmt.CapGetUser, func(t testing.TB, w *World) string {
		got, err := w.Manager.GetUser(t.Context(), usermgmt.GetUserRequest{Name: w.Name(user)})
		return w.told(w.shown(t, got), err)
	}, "%s", user)
	update := usermgmt.CapUpdateUser
	if !common(usermgmt.CapRoleSets) {
		update = usermgmt.CapRoleSets // which is not common: nothing is added
	}
	add(update, func(t testing.TB, w *World) string {
		updated, err := w.Manager.UpdateUser(t.Context(), usermgmt.UpdateUserRequest{Name: w.Name(user), SetRoles: new(w.pickFor(t, user, true, picks))})
		return w.told(w.shown(t, updated), err)
	}, "%s %v", user, picks)
	add(usermgmt.CapDeleteUser, func(t testing.TB, w *World) string {
		return w.told("", w.Manager.DeleteUser(t.Context(), usermgmt.DeleteUserRequest{Name: w.Name(user), IgnoreMissing: ignore}))
	}, "%s, ignore missing: %t", user, ignore)
	add(usermgmt.CapDisableUser, func(t testing.TB, w *World) string {
		return w.told("", w.Manager.DisableUser(t.Context(), usermgmt.DisableUserRequest{Name: w.Name(user)}))
	}, "%s", user)
	add(usermgmt.CapEnableUser, func(t testing.TB, w *World) string {
		return w.told("", w.Manager.EnableUser(t.Context(), usermgmt.EnableUserRequest{Name: w.Name(user)}))
	}, "%s", user)
	add(usermgmt.CapGrantRoles, func(t testing.TB, w *World) string {
		return w.told("", w.Manager.GrantRoles(t.Context(), usermgmt.GrantRolesRequest{User: w.Name(user), Roles: w.pickFor(t, user, true, some)}))
	}, "%s %v", user, some)
	add(usermgmt.CapRevokeRoles, func(t testing.TB, w *World) string {
		return w.told("", w.Manager.RevokeRoles(t.Context(), usermgmt.RevokeRolesRequest{User: w.Name(user), Roles: w.pick(some)}))
	}, "%s %v", user, some)
	add(usermgmt.CapCreateRole, func(t testing.TB, w *World) string {
		role, err := w.Manager.CreateRole(t.Context(), usermgmt.CreateRoleRequest{Name: w.Name(label), Description: description})
		return w.told(role.Description, err)
	}, "%s %q", label, description)
	add(usermgmt.CapGetRole, func(t testing.TB, w *World) string {
		role, err := w.Manager.GetRole(t.Context(), usermgmt.GetRoleRequest{Name: w.Name(label)})
		return w.told(role.Description, err)
	}, "%s", label)
	add(usermgmt.CapUpdateRole, func(t testing.TB, w *World) string {
		role, err := w.Manager.UpdateRole(t.Context(), usermgmt.UpdateRoleRequest{Name: w.Name(label), Description: &description})
		return w.told(role.Description, err)
	}, "%s %q", label, description)
	add(usermgmt.CapDeleteRole, func(t testing.TB, w *World) string {
		return w.told("", w.Manager.DeleteRole(t.Context(), usermgmt.DeleteRoleRequest{Name: w.Name(label), IgnoreMissing: ignore}))
	}, "%s, ignore missing: %t", label, ignore)
	return steps[random.IntN(len(steps))]
}

// weightOf makes what builds up more likely than what tears down.
func weightOf(c usermgmt.Capability) int {
	switch c {
	case usermgmt.CapCreateUser, usermgmt.CapGrantRoles, usermgmt.CapCreateRole:
		return 3
	default:
		return 1
	}
}

// pick returns roles by their numbers.
func (w *World) pick(numbers []int) []usermgmt.Role {
	choice := slices.Clone(w.Roles[:3])
	for _, label := range []string{"auditor", "deployer", "ghost"} {
		choice = append(choice, usermgmt.Role{Name: w.Name(label), Scope: w.Roles[0].Scope})
	}
	roles := make([]usermgmt.Role, 0, len(numbers))
	for _, n := range numbers {
		roles = append(roles, choice[n])
	}
	return roles
}

// pickFor is pick for a request that fails already if the user does not exist,
// or if it does: then all roles exist, because backends may differ in which of
// two reasons they give.
func (w *World) pickFor(t testing.TB, user string, exists bool, numbers []int) []usermgmt.Role {
	t.Helper()
	if w.exists(t, w.Name(user)) != exists {
		numbers = slices.DeleteFunc(slices.Clone(numbers), func(n int) bool { return n >= 3 })
		numbers = append(numbers, 0) // some requests need one
	}
	return w.pick(numbers)
}

// label is the reverse of Name.
func (w *World) label(name string) string { return strings.TrimPrefix(name, w.Prefix) }

// roleLabel is the reverse of pick.
func (w *World) roleLabel(role usermgmt.Role) string {
	if i := slices.Index(w.Roles, role); i >= 0 {
		return fmt.Sprintf("role %d", i)
	}
	return w.label(role.Name)
}

// shown returns what two backends must agree on about a user.
func (w *World) shown(t testing.TB, user usermgmt.User) string {
	t.Helper()
	var roles []string
	if user.Name != "" {
		for _, role := range w.held(t, user) {
			roles = append(roles, w.roleLabel(role))
		}
	}
	slices.Sort(roles)
	return fmt.Sprintf("%s holds %q, disabled: %t", w.label(user.Name), roles, user.Disabled)
}

// told returns what two backends must agree on about the outcome of a call.
func (w *World) told(result string, err error) string {
	if err == nil {
		return result
	}
	w.out.record(err)
	e, _ := errors.AsType[*usermgmt.Error](err)
	return kindOf(err) + ": " + e.Resource
}

// state returns all users in the words of shown.
func (w *World) state(t testing.TB) string {
	t.Helper()
	var all []string
	for _, user := range w.users(t) {
		all = append(all, w.shown(t, user))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}
