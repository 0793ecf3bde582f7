package usermgmt_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/usermgmt/usermgmt"
	"github.com/usermgmt/usermgmt/internal/conformance"
)

// soakWorker owns some users of a backend and knows what they must look like.
// Nobody else changes them.
type soakWorker struct {
	t      testing.TB
	world  *conformance.World
	random *rand.Rand
	users  []*soakUser
	count  map[string]int // of what came of the operations
	group  string         // its own, empty without groups
	lost   int            // users that were made and whose name nobody learned

	expected []error // kinds of failures that are fine, too
	noted    func()  // called after each operation, before its outcome is looked at; can be nil
}

// soakUser is a user as it must be.
type soakUser struct {
	name     string
	exists   bool
	disabled bool
	inGroup  bool
	roles    []usermgmt.Role
	// passwords are those that it may have: several after a change whose answer
	// was lost.
	passwords []string
}

func (w *soakWorker) can(c usermgmt.Capability) bool {
	return w.world.Manager.Capabilities().Of(c) != usermgmt.SupportNo
}

// step does one operation at random on one of the users.
func (w *soakWorker) step(ctx context.Context) {
	u := w.users[w.random.IntN(len(w.users))]
	if !u.exists {
		w.create(ctx, u)
		return
	}
	steps := []struct {
		need usermgmt.Capability
		do   func(context.Context, *soakUser)
	}{
		{usermgmt.CapDeleteUser, w.remove},
		{usermgmt.CapGetUser, w.look},
		{usermgmt.CapGetUser, w.look},
		{usermgmt.CapListUsers, func(ctx context.Context, _ *soakUser) { w.list(ctx) }},
		{usermgmt.CapGrantRoles, w.grant},
		{usermgmt.CapRevokeRoles, w.revoke},
		{usermgmt.CapDisableUser, w.toggle},
		{usermgmt.CapSetPassword, func(ctx context.Context, u *soakUser) {
			if w.random.IntN(10) == 0 { // hashing is slow on purpose, and would leave the others no time
				w.password(ctx, u)
			}
		}},
		{usermgmt.CapAddGroupMember, w.membership},
	}
	if s := steps[w.random.IntN(len(steps))]; w.can(s.need) {
		s.do(ctx, u)
	}
}

// note counts an outcome and tells whether the change was surely made, or has
// to be looked for. An error that is not ambiguous means that it was not made.
func (w *soakWorker) note(err error) (made, unsure bool) {
	if w.noted != nil {
		w.noted()
	}
	e, _ := errors.AsType[*usermgmt.Error](err)
	switch {
	case err == nil:
		w.count["done"]++
		return true, false
	case e != nil && e.Ambiguous, errors.Is(err, usermgmt.ErrPending):
		w.count["unknown"]++
		return false, true
	default:
		w.count[e.Kind.Error()]++
		kinds := []error{usermgmt.ErrUnavailable, usermgmt.ErrRateLimited, usermgmt.ErrInternal} // the last where an answer was garbage
		assert.True(w.t, slices.Contains(append(kinds, w.expected...), e.Kind), "%v", err)
		return false, false
	}
}

// change carries out a change and brings the model to what became of it.
func (w *soakWorker) change(ctx context.Context, u *soakUser, write func() error, then func()) {
	made, unsure := w.note(write())
	if unsure {
		before := *u
		then()
		if seen := w.seen(u.name); !w.agrees(u, seen) {
			*u = before
			assert.True(w.t, w.agrees(u, seen), "%s is neither as it was nor as it was to be: %+v, seen %+v", u.name, *u, seen)
		}
	}
	if made {
		then()
	}
}

func (w *soakWorker) create(ctx context.Context, u *soakUser) {
	req := usermgmt.CreateUserRequest{Name: u.name}
	if !w.can(usermgmt.CapUserName) {
		req.Name = ""
	}
	if w.can(usermgmt.CapEmail) {
		req.Email = "soak@example.com"
	}
	password := ""
	if w.world.Credential != nil {
		req.Credential = w.world.Credential()
		if p, ok := req.Credential.(usermgmt.PasswordCredential); ok {
			password = p.Password.Reveal()
		}
	}
	created, err := w.world.Manager.CreateUser(ctx, req)
	made, unsure := w.note(err)
	if created.Name != "" {
		u.name = created.Name
	}
	disabled := false
	if unsure {
		if created.Name == "" && req.Name == "" {
			w.lost++ // nobody knows the name, if there is one
			return
		}
		seen := w.seen(u.name)
		made = seen != nil
		// Of several steps not all may have been made: a name that was in use
		// before can come back disabled.
		disabled = made && seen.Disabled
	}
	if made {
		*u = soakUser{name: u.name, exists: true, disabled: disabled, passwords: []string{password}}
	}
}

func (w *soakWorker) remove(ctx context.Context, u *soakUser) {
	_, unsure := w.note(w.world.Manager.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: u.name}))
	for unsure { // a job may be under way: what is idempotent is repeated until it succeeds
		err := w.world.Manager.DeleteUser(w.t.Context(), usermgmt.DeleteUserRequest{Name: u.name, IgnoreMissing: true})
		unsure = err != nil
	}
	if w.seen(u.name) == nil {
		*u = soakUser{name: u.name}
	}
}

func (w *soakWorker) grant(ctx context.Context, u *soakUser) {
	if u.disabled {
		return // some systems hide the roles of such users
	}
	role := w.world.Roles[w.random.IntN(len(w.world.Roles))]
	w.change(ctx, u, func() error {
		return w.world.Manager.GrantRoles(ctx, usermgmt.GrantRolesRequest{User: u.name, Roles: []usermgmt.Role{role}})
	}, func() {
		if !slices.Contains(u.roles, role) {
			u.roles = append(slices.Clone(u.roles), role)
		}
	})
}

func (w *soakWorker) revoke(ctx context.Context, u *soakUser) {
	if u.disabled {
		return
	}
	role := w.world.Roles[w.random.IntN(len(w.world.Roles))]
	w.change(ctx, u, func() error {
		return w.world.Manager.RevokeRoles(ctx, usermgmt.RevokeRolesRequest{User: u.name, Roles: []usermgmt.Role{role}})
	}, func() {
		u.roles = slices.DeleteFunc(slices.Clone(u.roles), func(r usermgmt.Role) bool { return r == role })
	})
}

func (w *soakWorker) toggle(ctx context.Context, u *soakUser) {
	w.change(ctx, u, func() error {
		if u.disabled {
			return w.world.Manager.EnableUser(ctx, usermgmt.EnableUserRequest{Name: u.name})
		}
		return w.world.Manager.DisableUser(ctx, usermgmt.DisableUserRequest{Name: u.name})
	}, func() { u.disabled = !u.disabled })
}

func (w *soakWorker) password(ctx context.Context, u *soakUser) {
	next := "Aa1!" + fmt.Sprint(w.random.Uint64())
	err := w.world.Manager.SetPassword(ctx, usermgmt.SetPasswordRequest{Name: u.name, Password: usermgmt.NewSecret(next)})
	switch made, unsure := w.note(err); {
	case made:
		u.passwords = []string{next}
	case unsure:
		u.passwords = append(u.passwords, next)
	}
}

func (w *soakWorker) membership(ctx context.Context, u *soakUser) {
	w.change(ctx, u, func() error {
		if u.inGroup {
			return w.world.Manager.RemoveGroupMember(ctx, usermgmt.RemoveGroupMemberRequest{Group: w.group, User: u.name})
		}
		return w.world.Manager.AddGroupMember(ctx, usermgmt.AddGroupMemberRequest{Group: w.group, User: u.name})
	}, func() { u.inGroup = !u.inGroup })
}

// seen returns a user as the server shows it, nil if there is none, however
// often that takes.
func (w *soakWorker) seen(name string) *usermgmt.User {
	for {
		user, err := w.world.Manager.GetUser(w.t.Context(), usermgmt.GetUserRequest{Name: name})
		switch {
		case err == nil:
			return &user
		case errors.Is(err, usermgmt.ErrNotFound):
			return nil
		}
		if w.t.Context().Err() != nil {
			return nil
		}
	}
}

// agrees reports whether a user is as the model has it.
func (w *soakWorker) agrees(u *soakUser, seen *usermgmt.User) bool {
	if seen == nil || !u.exists {
		return (seen != nil) == u.exists
	}
	held := seen.Roles
	if w.world.HeldRoles != nil {
		held = w.world.HeldRoles(w.t, u.name)
	}
	byText := func(a, b usermgmt.Role) int { return cmpText(a.String(), b.String()) }
	return seen.Disabled == u.disabled && slices.Contains(seen.Groups, w.group) == u.inGroup &&
		(!w.can(usermgmt.CapGrantRoles) || slices.Equal(slices.SortedFunc(slices.Values(held), byText), slices.SortedFunc(slices.Values(u.roles), byText)))
}

func cmpText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// look reads a user and compares.
func (w *soakWorker) look(ctx context.Context, u *soakUser) {
	user, err := w.world.Manager.GetUser(ctx, usermgmt.GetUserRequest{Name: u.name})
	if made, unsure := w.note(err); made {
		assert.True(w.t, w.agrees(u, &user), "want %+v, seen %+v", *u, user)
	} else {
		assert.False(w.t, unsure, "a read is never ambiguous")
	}
}

// list reads all users; if it ends without an error it is complete, and nobody
// comes twice.
func (w *soakWorker) list(ctx context.Context) {
	times := map[string]int{}
	for user, err := range w.world.Manager.ListUsers(ctx, usermgmt.ListUsersRequest{}) {
		if err != nil {
			_, unsure := w.note(err)
			assert.False(w.t, unsure, "a read is never ambiguous")
			return
		}
		times[user.Name]++
	}
	w.note(nil)
	for _, u := range w.users {
		want := 0
		if u.exists {
			want = 1
		}
		assert.Equal(w.t, want, times[u.name], "%s in a complete list", u.name)
	}
}
