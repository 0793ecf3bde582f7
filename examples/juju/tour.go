package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/usermgmt/usermgmt"
)

// tour is a walk through what an administrator of a controller does with users.
type tour struct {
	client     *usermgmt.Client
	controller *usermgmt.JujuExtension
	out        io.Writer
	model      string // owner/name, empty to take the last one listed
	offer      string // owner/model.name, empty to take the last one listed
	suffix     string // keeps our names apart from what is there already
	undo       []func(context.Context) error
}

func (t *tour) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		t.addUsers, t.list, t.details, t.currentUser, t.onController, t.onModel, t.onOffer, t.password, t.disable, t.several, t.remove,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// addUsers creates one user with a password, and one who gets a string to
// register with.
func (t *tour) addUsers(ctx context.Context) error {
	alice, bob := t.name("alice"), t.name("bob")
	user, err := t.client.CreateUser(ctx, usermgmt.CreateUserRequest{
		Name: alice, DisplayName: "Alice Liddell", Credential: usermgmt.Password("", "initial-password-of-"+alice),
	})
	if err != nil {
		return err
	}
	t.removeLater(alice)
	t.sayf("added %s (%s) with a password", user.Name, user.DisplayName)

	created, err := t.client.CreateUser(ctx, usermgmt.CreateUserRequest{Name: bob})
	if err != nil {
		return err
	}
	t.removeLater(bob)
	key, ok := created.Credential.(usermgmt.RegistrationKeyCredential)
	if !ok {
		return errors.New("a user without a password should come with a registration key")
	}
	token, err := t.controller.RegistrationToken(ctx, key, "tour")
	if err != nil {
		return err
	}
	t.sayf("added %s without a password; they run: juju register %v", created.Name, token) // the token itself is a secret
	return nil
}

func (t *tour) list(ctx context.Context) error {
	users, err := usermgmt.Collect(t.client.ListUsers(ctx, usermgmt.ListUsersRequest{}))
	if err != nil {
		return err
	}
	ours := slices.DeleteFunc(slices.Clone(users), func(u usermgmt.User) bool { return !strings.HasSuffix(u.Name, t.suffix) })
	t.sayf("%d users, %d of them of this tour", len(users), len(ours))
	return nil
}

func (t *tour) details(ctx context.Context) error {
	u, err := t.controller.GetUser(ctx, t.name("alice"))
	if err != nil {
		return err
	}
	t.sayf("%s: display name %q, access %v, created by %s at %s, last connection %s", u.Name, u.DisplayName, u.Roles, u.CreatedBy,
		u.CreatedAt.Format(time.DateTime), orNever(u.LastLoginAt))
	_, err = t.client.GetUser(ctx, usermgmt.GetUserRequest{Name: t.name("nobody")})
	if !errors.Is(err, usermgmt.ErrNotFound) {
		return fmt.Errorf("a user who does not exist should not be found: %w", err)
	}
	t.sayf("%s: %v", t.name("nobody"), usermgmt.ErrNotFound)
	return nil
}

func orNever(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return at.Format(time.DateTime)
}

func (t *tour) currentUser(ctx context.Context) error {
	me, err := t.client.CurrentUser(ctx)
	if err != nil {
		return err
	}
	t.sayf("logged in as %s", me.Name)
	return nil
}

func (t *tour) onController(ctx context.Context) error {
	return t.grantAndRevoke(ctx, usermgmt.Role{Name: "superuser", Scope: "controller"})
}

// onModel shows both ways to a level on a model: granting only raises,
// ensuring sets exactly the level.
func (t *tour) onModel(ctx context.Context) error {
	if t.model == "" {
		for project, err := range t.client.ListProjects(ctx, usermgmt.ListProjectsRequest{}) {
			if err != nil {
				return err
			}
			t.model = project.Name
		}
	}
	if t.model == "" {
		t.sayf("skipped: models, of which there is none")
		return nil
	}
	if err := t.grantAndRevoke(ctx, usermgmt.Role{Name: "read", Scope: "model:" + t.model}); err != nil {
		return err
	}
	alice := t.name("alice")
	for _, level := range []string{"write", "read"} {
		err := t.client.EnsureProjectMember(ctx, usermgmt.EnsureProjectMemberRequest{Project: t.model, Member: usermgmt.UserMember(alice), Role: level})
		if err != nil {
			return err
		}
		held, err := t.client.EffectiveProjectRole(ctx, usermgmt.EffectiveProjectRoleRequest{Project: t.model, User: alice})
		if err != nil {
			return err
		}
		t.sayf("%s now has exactly %s on model %s", alice, held, t.model)
	}
	return t.client.RemoveProjectMember(ctx, usermgmt.RemoveProjectMemberRequest{Project: t.model, Member: usermgmt.UserMember(alice)})
}

func (t *tour) onOffer(ctx context.Context) error {
	if owner, model, found := strings.Cut(t.model, "/"); found && t.offer == "" {
		offers, err := t.controller.ListOffers(ctx, usermgmt.JujuOfferFilter{Owner: owner, Model: model})
		if err != nil {
			return err
		}
		for _, offer := range offers {
			t.offer = offer.URL
		}
	}
	if t.offer == "" {
		t.sayf("skipped: offers, of which there is none")
		return nil
	}
	return t.grantAndRevoke(ctx, usermgmt.Role{Name: "consume", Scope: "offer:" + t.offer})
}

// grantAndRevoke gives a level twice, and takes it again.
func (t *tour) grantAndRevoke(ctx context.Context, role usermgmt.Role) error {
	alice := t.name("alice")
	first, err := t.controller.Grant(ctx, alice, role)
	if err != nil {
		return err
	}
	second, err := t.controller.Grant(ctx, alice, role)
	if err != nil {
		return err
	}
	t.sayf("granted %v to %s: changed %t, and again: changed %t", role, alice, first, second)
	if err := t.client.RevokeRoles(ctx, usermgmt.RevokeRolesRequest{User: alice, Roles: []usermgmt.Role{role}}); err != nil {
		return err
	}
	t.sayf("revoked %v from %s", role, alice)
	return nil
}

func (t *tour) password(ctx context.Context) error {
	bob := t.name("bob")
	if err := t.client.SetPassword(ctx, usermgmt.SetPasswordRequest{Name: bob, Password: usermgmt.NewSecret("a-new-password-of-" + bob)}); err != nil {
		return err
	}
	t.sayf("set a password for %s", bob)
	if _, err := t.controller.ResetPassword(ctx, bob); err != nil {
		return err
	}
	t.sayf("reset it: %s has to register again", bob)
	return nil
}

func (t *tour) disable(ctx context.Context) error {
	bob := t.name("bob")
	for _, change := range []struct {
		what string
		do   func() error
	}{
		{"disabled", func() error { return t.client.DisableUser(ctx, usermgmt.DisableUserRequest{Name: bob}) }},
		{"enabled", func() error { return t.client.EnableUser(ctx, usermgmt.EnableUserRequest{Name: bob}) }},
	} {
		if err := change.do(); err != nil {
			return err
		}
		user, err := t.client.GetUser(ctx, usermgmt.GetUserRequest{Name: bob})
		if err != nil {
			return err
		}
		t.sayf("%s %s: disabled is %t", change.what, bob, user.Disabled)
	}
	return nil
}

// several shows that one item that fails does not hide the others.
func (t *tour) several(ctx context.Context) error {
	outcomes, err := t.controller.EnableUsers(ctx, t.name("alice"), t.name("nobody"), t.name("bob"))
	if err != nil {
		return err
	}
	for _, outcome := range outcomes {
		e, failed := errors.AsType[*usermgmt.Error](outcome.Err)
		if failed {
			t.sayf("could not enable %s: %v", outcome.Value, e.Kind)
		} else {
			t.sayf("enabled %s", outcome.Value)
		}
	}
	return nil
}

func (t *tour) remove(ctx context.Context) error {
	alice := t.name("alice")
	if err := t.client.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: alice}); err != nil {
		return err
	}
	t.sayf("removed %s", alice)
	return nil
}

func (t *tour) removeLater(name string) {
	t.undo = append(t.undo, func(ctx context.Context) error {
		return t.client.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: name, IgnoreMissing: true})
	})
}

// cleanUp removes what the tour made, last first, and goes on after failures.
func (t *tour) cleanUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var errs []error
	for _, undo := range slices.Backward(t.undo) {
		errs = append(errs, undo(ctx))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("cleaning up: %w", err)
	}
	t.sayf("removed everything that was created")
	return nil
}

func (t *tour) name(base string) string { return base + "-" + t.suffix }

func (t *tour) sayf(format string, args ...any) { fmt.Fprintf(t.out, "  * "+format+"\n", args...) }
