package conformance

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

// userField is a field that an update of a user can name.
type userField struct {
	name   string
	needs  []usermgmt.Capability
	change func(t testing.TB, w *World, req *usermgmt.UpdateUserRequest, want *usermgmt.User) // want begins as the user before
}

func userFields() []userField {
	return []userField{
		{
			"DisplayName", needs(usermgmt.CapUpdateDisplayName),
			func(_ testing.TB, _ *World, req *usermgmt.UpdateUserRequest, want *usermgmt.User) {
				req.DisplayName, want.DisplayName = new("Another Name"), "Another Name"
			},
		},
		{
			"Email", needs(usermgmt.CapEmail),
			func(_ testing.TB, _ *World, req *usermgmt.UpdateUserRequest, want *usermgmt.User) {
				req.Email, want.Email = new("another@example.com"), "another@example.com"
			},
		},
		{
			"Credential", needs(usermgmt.CapUserPassword),
			func(_ testing.TB, w *World, req *usermgmt.UpdateUserRequest, _ *usermgmt.User) {
				req.Credential = usermgmt.Password("", w.newPassword())
			},
		},
		{
			"SetRoles", needs(usermgmt.CapGrantRoles, usermgmt.CapRoleSets),
			func(_ testing.TB, w *World, req *usermgmt.UpdateUserRequest, want *usermgmt.User) {
				roles := w.Roles[1:3]
				req.SetRoles, want.Roles = &roles, sortedRoles(roles)
				if want.EffectiveRoles != nil { // its groups give the user none
					want.EffectiveRoles = want.Roles
				}
			},
		},
		{
			"SetGroups", needs(usermgmt.CapAddGroupMember, usermgmt.CapCreateGroup),
			func(t testing.TB, w *World, req *usermgmt.UpdateUserRequest, want *usermgmt.User) {
				groups := []string{w.newGroup(t, "other-crew")}
				req.SetGroups, want.Groups = &groups, groups
			},
		},
	}
}

func updateCases() []Case {
	cases := []Case{
		{
			Name: "users/update that names nothing", Rule: "A request that names nothing writes nothing and returns the user as it is.",
			needs: needs(usermgmt.CapCreateUser, usermgmt.CapUpdateUser, usermgmt.CapGetUser), play: updateNothing,
		},
		{
			Name: "users/update of a missing user", Rule: "UpdateUser fails with ErrNotFound if the user does not exist, whatever the request names, and creates none.",
			needs: needs(usermgmt.CapUpdateUser, usermgmt.CapGetUser), play: updateMissingUser,
		},
		{
			Name: "users/update to nothing", Rule: "An empty text clears the field, an empty list takes all away; what is not named stays.",
			needs: needs(usermgmt.CapCreateUser, usermgmt.CapUpdateUser, usermgmt.CapGetUser), play: updateToNothing,
		},
		{
			Name: "users/update with a missing role or group changes nothing", Rule: "A role or group that does not exist is ErrNotFound and named, and nothing of the request is carried out.",
			needs: needs(usermgmt.CapCreateUser, usermgmt.CapUpdateUser, usermgmt.CapGetUser, usermgmt.CapGrantRoles, usermgmt.CapRoleSets), play: updateWithMissing,
		},
	}
	for _, field := range userFields() {
		cases = append(cases, Case{
			Name:  "users/update of " + field.name + " alone",
			Rule:  "UpdateUser changes exactly what the request names and returns the user as it is then. All else stays.",
			needs: and(needs(usermgmt.CapCreateUser, usermgmt.CapUpdateUser, usermgmt.CapGetUser), field.needs...),
			play:  func(t testing.TB, w *World) { updateOneField(t, w, field) },
		})
	}
	return cases
}

func updateOneField(t testing.TB, w *World, field userField) {
	ctx := t.Context()
	var user usermgmt.User
	var password string
	if field.name == "Credential" {
		user, password = w.fullUserWithPassword(t, "alice")
	} else {
		user = w.fullUser(t, "alice")
	}
	bystander := w.fullUser(t, "bob")
	if w.can(usermgmt.CapDisableUser) {
		require.NoError(t, w.Manager.DisableUser(ctx, usermgmt.DisableUserRequest{Name: user.Name}))
	}
	before := w.getUser(t, user.Name)

	req, want := usermgmt.UpdateUserRequest{Name: user.Name}, before
	field.change(t, w, &req, &want)
	updated, err := w.Manager.UpdateUser(ctx, req)
	require.NoError(t, err)
	assert.Equal(t, settled(want), settled(updated))
	assert.Equal(t, updated, w.getUser(t, user.Name))
	assert.Equal(t, bystander, w.getUser(t, bystander.Name), "nobody else changes")

	if w.can(usermgmt.CapEnableUser) {
		require.NoError(t, w.Manager.EnableUser(ctx, usermgmt.EnableUserRequest{Name: user.Name}))
	}
	if changed, ok := req.Credential.(usermgmt.PasswordCredential); ok {
		w.logsIn(t, true, user.Name, changed.Password.Reveal(), "the new password works")
		w.logsIn(t, false, user.Name, password, "the old password does not")
	}
}

func updateNothing(t testing.TB, w *World) {
	before := w.fullUser(t, "alice")
	w.writesNothing(t, func() {
		updated, err := w.Manager.UpdateUser(t.Context(), usermgmt.UpdateUserRequest{Name: before.Name})
		require.NoError(t, err)
		assert.Equal(t, before, updated)
	})
	assert.Equal(t, before, w.getUser(t, before.Name))
}

func updateMissingUser(t testing.TB, w *World) {
	name := w.Name("nobody")
	missing := func(req usermgmt.UpdateUserRequest) {
		req.Name = name
		_, err := w.Manager.UpdateUser(t.Context(), req)
		w.misses(t, usermgmt.CapUpdateUser, err, "user", name)
	}
	missing(usermgmt.UpdateUserRequest{})
	for _, field := range userFields() {
		var req usermgmt.UpdateUserRequest
		if w.canAll(field.needs) {
			field.change(t, w, &req, &usermgmt.User{})
			missing(req)
		}
	}
	_, err := w.Manager.GetUser(t.Context(), usermgmt.GetUserRequest{Name: name})
	w.misses(t, usermgmt.CapGetUser, err, "user", name)
}

func updateToNothing(t testing.TB, w *World) {
	before, password := w.fullUserWithPassword(t, "alice")
	req, want := usermgmt.UpdateUserRequest{Name: before.Name}, before
	if w.can(usermgmt.CapUpdateDisplayName) {
		req.DisplayName, want.DisplayName = new(""), ""
	}
	if w.can(usermgmt.CapEmail) {
		req.Email, want.Email = new(""), ""
	}
	if w.can(usermgmt.CapRoleSets) {
		req.SetRoles, want.Roles, want.EffectiveRoles = &[]usermgmt.Role{}, nil, nil
	}
	if w.can(usermgmt.CapAddGroupMember) {
		req.SetGroups, want.Groups = &[]string{}, nil
	}
	updated, err := w.Manager.UpdateUser(t.Context(), req)
	require.NoError(t, err)
	assert.Equal(t, updated, w.getUser(t, before.Name))
	if w.can(usermgmt.CapRoleSets) {
		assert.Empty(t, updated.EffectiveRoles)
		updated.EffectiveRoles = nil
	}
	assert.Equal(t, settled(want), settled(updated))
	if password != "" {
		w.logsIn(t, true, before.Name, password, "the password stays")
	}
}

func updateWithMissing(t testing.TB, w *World) {
	before, password := w.fullUserWithPassword(t, "alice")
	ghost := w.Name("ghost")
	req := usermgmt.UpdateUserRequest{Name: before.Name}
	if w.can(usermgmt.CapUpdateDisplayName) {
		req.DisplayName = new("Another Name")
	}
	if w.can(usermgmt.CapUserPassword) {
		req.Credential = usermgmt.Password("", w.newPassword())
	}
	req.SetRoles = &[]usermgmt.Role{w.Roles[2], {Name: ghost, Scope: w.Roles[2].Scope}}
	_, err := w.Manager.UpdateUser(t.Context(), req)
	w.namesMissing(t, usermgmt.CapUpdateUser, err, "role", ghost)
	if w.can(usermgmt.CapAddGroupMember) {
		req.Credential, req.SetRoles, req.SetGroups = nil, nil, &[]string{ghost}
		_, err := w.Manager.UpdateUser(t.Context(), req)
		w.namesMissing(t, usermgmt.CapUpdateUser, err, "group", ghost)
	}
	assert.Equal(t, before, w.getUser(t, before.Name))
	if password != "" {
		w.logsIn(t, true, before.Name, password, "the password stays")
	}
}

// canAll reports whether the backend rules none of the capabilities out.
func (w *World) canAll(capabilities []usermgmt.Capability) bool {
	for _, c := range capabilities {
		if !w.can(c) {
			return false
		}
	}
	return true
}
