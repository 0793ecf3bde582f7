package conformance

import (
	"cmp"
	"crypto/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

// Harness makes a world for one case, with a client that has the given options
// beside those of the harness. The world ends with t: the harness closes the
// client and removes what is left on a server that lives on.
type Harness func(t testing.TB, opts ...usermgmt.Option) *World

// world makes a world and watches over its secrets.
func (h Harness) world(t testing.TB) *World {
	t.Helper()
	out := &transcript{}
	w := h(t, out.options()...)
	w.out = out
	t.Cleanup(func() {
		var used []string
		if w.Secrets != nil {
			used = w.Secrets()
		}
		out.holdsNoSecret(t, used)
	})
	return w
}

// Through returns a harness whose managers are those of h, decorated.
func Through(h Harness, decorate func(usermgmt.UserManager) usermgmt.UserManager) Harness {
	return func(t testing.TB, opts ...usermgmt.Option) *World {
		t.Helper()
		w := h(t, opts...)
		w.Manager = decorate(w.Manager)
		return w
	}
}

// World is what a case is played in: a manager, and a server that holds what
// the fields name and otherwise nothing whose name begins with Prefix.
type World struct {
	// Manager is what is tested. It is logged in as an administrator, or will
	// be at its first call.
	Manager usermgmt.UserManager
	// Self is the name of the user that Manager is logged in as.
	Self string
	// Resident is the name of a user that exists, on a system that is managed by
	// others than its own users; else it is empty, and Self is such a user.
	Resident string
	// Prefix begins the name of everything that a case makes. It tells worlds
	// apart that share a server.
	Prefix string
	// Roles are at least three roles that exist and that users and groups can
	// be given; none implies another.
	Roles []usermgmt.Role
	// HeldRoles returns which roles a user itself holds of those in Roles. It
	// is nil where User.Roles shows them; see CapRoleSets.
	HeldRoles func(t testing.TB, name string) []usermgmt.Role
	// Founder is a user who is a member of every project from the start,
	// where there must be one; empty where projects begin without members.
	Founder string
	// ScopedRoles are one role limited to two different scopes; nil without
	// CapRoleScope.
	ScopedRoles []usermgmt.Role
	// Projects are at least two projects, without members but Founder, whose
	// names begin with Prefix; nil without CapGetProject.
	Projects []string
	// ProjectRoles are at least three roles in projects, the lowest first; nil
	// without CapEnsureProjectMember.
	ProjectRoles []string
	// Credential returns what a new user has to be given to log in with. It is
	// nil where users need nothing.
	Credential func() usermgmt.Credential
	// Seed makes users of the given names in whatever way is fast.
	Seed func(t testing.TB, names []string)
	// CheckPassword reports whether a user could log in with a password. It
	// does not use Manager. It is nil without CapUserPassword.
	CheckPassword func(name, password string) bool
	// Secrets returns what the client has logged in with so far: passwords,
	// keys and tokens. It is nil where the client has no login.
	Secrets func() []string
	// LoginPerConnection is set where a login belongs to a connection, so that
	// one that breaks costs another login.
	LoginPerConnection bool
	// DeletesOnce is set where a delete that does not ignore missing users is not
	// repeated after a lost answer, which is ambiguous there.
	DeletesOnce bool
	// Wire is what lies between client and server, nil if there is nothing.
	Wire Wire

	out *transcript
}

// resident returns the name of a user that exists from the beginning.
func (w *World) resident() string { return cmp.Or(w.Resident, w.Self) }

// Name returns the name that something called label has in this world.
func (w *World) Name(label string) string { return w.Prefix + label }

// can reports whether the backend does not rule a capability out.
func (w *World) can(c usermgmt.Capability) bool {
	return w.Manager.Capabilities().Of(c) != usermgmt.SupportNo
}

// passwordStart is there for systems that demand all kinds of character.
const passwordStart = "Aa1!"

func randomPassword() string { return passwordStart + rand.Text() }

// userRequest returns a request for a new user with nothing but what the
// backend demands, changed by with.
func (w *World) userRequest(label string, with ...func(*usermgmt.CreateUserRequest)) usermgmt.CreateUserRequest {
	var req usermgmt.CreateUserRequest
	if w.can(usermgmt.CapUserName) {
		req.Name = w.Name(label)
	}
	if w.can(usermgmt.CapEmail) {
		req.Email = label + "@example.com"
	}
	if w.Credential != nil {
		req.Credential = w.keepCredential(w.Credential())
	}
	for _, change := range with {
		change(&req)
	}
	return req
}

// newUser creates the user of userRequest.
func (w *World) newUser(t testing.TB, label string, with ...func(*usermgmt.CreateUserRequest)) usermgmt.User {
	t.Helper()
	created, err := w.Manager.CreateUser(t.Context(), w.userRequest(label, with...))
	require.NoError(t, err)
	return created.User
}

// fullUser creates a user that has a value in every field that the backend has.
func (w *World) fullUser(t testing.TB, label string) usermgmt.User {
	t.Helper()
	var groups []string
	if w.can(usermgmt.CapAddGroupMember) && w.can(usermgmt.CapCreateGroup) {
		groups = []string{w.newGroup(t, "of-"+label)}
	}
	return w.newUser(t, label, func(req *usermgmt.CreateUserRequest) {
		if w.can(usermgmt.CapDisplayName) {
			req.DisplayName = "Full " + label
		}
		if w.can(usermgmt.CapGrantRoles) {
			req.Roles = w.Roles[:2]
		}
		req.Groups = groups
	})
}

// fullUserWithPassword is fullUser for a user with a password, "" on a backend
// without passwords. Passwords are slow, because they are hashed.
func (w *World) fullUserWithPassword(t testing.TB, label string) (user usermgmt.User, password string) {
	t.Helper()
	if !w.can(usermgmt.CapUserPassword) {
		return w.fullUser(t, label), ""
	}
	password = w.newPassword()
	credential := w.Credential
	defer func() { w.Credential = credential }()
	w.Credential = func() usermgmt.Credential { return usermgmt.Password("", password) }
	return w.fullUser(t, label), password
}

// newGroup creates a group without roles and returns its name.
func (w *World) newGroup(t testing.TB, label string) string {
	t.Helper()
	group, err := w.Manager.CreateGroup(t.Context(), usermgmt.CreateGroupRequest{Name: w.Name(label)})
	require.NoError(t, err)
	return group.Name
}

// getUser returns a user that has to exist.
func (w *World) getUser(t testing.TB, name string) usermgmt.User {
	t.Helper()
	user, err := w.Manager.GetUser(t.Context(), usermgmt.GetUserRequest{Name: name})
	require.NoError(t, err)
	return user
}

// held returns the roles that a user itself holds, as results hold them.
func (w *World) held(t testing.TB, user usermgmt.User) []usermgmt.Role {
	t.Helper()
	if w.HeldRoles == nil {
		return user.Roles
	}
	return sortedRoles(w.HeldRoles(t, user.Name))
}

// getGroup returns a group that has to exist.
func (w *World) getGroup(t testing.TB, name string) usermgmt.Group {
	t.Helper()
	group, err := w.Manager.GetGroup(t.Context(), usermgmt.GetGroupRequest{Name: name})
	require.NoError(t, err)
	return group
}

// grant gives roles to a user.
func (w *World) grant(t testing.TB, user string, roles ...usermgmt.Role) {
	t.Helper()
	require.NoError(t, w.Manager.GrantRoles(t.Context(), usermgmt.GrantRolesRequest{User: user, Roles: roles}))
}

// join makes a user a member of a group.
func (w *World) join(t testing.TB, group, user string) {
	t.Helper()
	require.NoError(t, w.Manager.AddGroupMember(t.Context(), usermgmt.AddGroupMemberRequest{Group: group, User: user}))
}

// admit makes a member of a project.
func (w *World) admit(t testing.TB, project string, member usermgmt.Member, role string) {
	t.Helper()
	require.NoError(t, w.Manager.EnsureProjectMember(t.Context(), usermgmt.EnsureProjectMemberRequest{
		Project: project, Member: member, Role: role,
	}))
}
