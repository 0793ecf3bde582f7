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

// tour is the walk through the interface. It asks for nothing but a
// UserManager, so it runs on every backend and skips what a backend lacks.
type tour struct {
	m      usermgmt.UserManager
	out    io.Writer
	suffix string // keeps our names apart from what is there already
	undo   []func(context.Context) error
}

func (t *tour) run(ctx context.Context) error {
	var (
		alice, bob = t.name("alice"), t.name("bob")
		reader     = t.name("reader")
		team       = t.name("team")
	)
	me, err := t.m.CurrentUser(ctx)
	if err != nil {
		return err
	}
	t.say("logged in as", me.Name)

	if !t.can(usermgmt.CapUserName) {
		return errors.New("the server names its users itself; go run ./examples/cognite shows how that goes")
	}
	for _, name := range []string{alice, bob} {
		if err := t.createUser(ctx, name); err != nil {
			return err
		}
	}
	_, err = t.m.CreateUser(ctx, t.newUser(alice))
	if !errors.Is(err, usermgmt.ErrAlreadyExists) {
		return fmt.Errorf("creating %s again should say that it exists: %w", alice, err)
	}
	t.say("creating", alice, "again is refused:", usermgmt.ErrAlreadyExists.Error())

	if err := t.m.SetPassword(ctx, usermgmt.SetPasswordRequest{Name: bob, Password: usermgmt.NewSecret("A-new-password-1")}); err != nil {
		return err
	}
	t.say("set a new password for", bob)

	steps := []struct {
		what string
		need usermgmt.Capability
		do   func(context.Context) error
	}{
		{"role definitions", usermgmt.CapCreateRole, func(ctx context.Context) error { return t.role(ctx, reader, alice) }},
		{"changing the display name", usermgmt.CapUpdateDisplayName, func(ctx context.Context) error { return t.rename(ctx, alice) }},
		{"disable and enable", usermgmt.CapDisableUser, func(ctx context.Context) error { return t.disable(ctx, bob) }},
		{"groups", usermgmt.CapCreateGroup, func(ctx context.Context) error { return t.group(ctx, team, alice) }},
		{"projects", usermgmt.CapEnsureProjectMember, func(ctx context.Context) error { return t.project(ctx, alice) }},
	}
	for _, step := range steps {
		if !t.can(step.need) {
			t.say("skipped:", step.what+", which this backend does not have")
			continue
		}
		if err := step.do(ctx); err != nil {
			return err
		}
	}
	return t.list(ctx)
}

// can reports whether the backend does not rule a capability out.
func (t *tour) can(c usermgmt.Capability) bool {
	return t.m.Capabilities().Of(c) != usermgmt.SupportNo
}

// newUser returns a request with what the backends demand.
func (t *tour) newUser(name string) usermgmt.CreateUserRequest {
	req := usermgmt.CreateUserRequest{Name: name, Credential: usermgmt.Password("", "Initial-password-of-"+name)}
	if t.can(usermgmt.CapEmail) {
		req.Email = name + "@example.com"
	}
	return req
}

func (t *tour) createUser(ctx context.Context, name string) error {
	user, err := t.m.CreateUser(ctx, t.newUser(name))
	if err != nil {
		return err
	}
	t.later(func(ctx context.Context) error {
		return t.m.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: name, IgnoreMissing: true})
	})
	t.say("created user", user.Name)
	return nil
}

func (t *tour) role(ctx context.Context, role, user string) error {
	if _, err := t.m.CreateRole(ctx, usermgmt.CreateRoleRequest{Name: role, Description: "may read"}); err != nil {
		return err
	}
	t.later(func(ctx context.Context) error {
		return t.m.DeleteRole(ctx, usermgmt.DeleteRoleRequest{Name: role, IgnoreMissing: true})
	})
	t.say("defined role", role)
	if err := t.m.GrantRoles(ctx, usermgmt.GrantRolesRequest{User: user, Roles: usermgmt.Roles(role)}); err != nil {
		return err
	}
	t.say("granted", role, "to", user)
	return nil
}

func (t *tour) rename(ctx context.Context, name string) error {
	user, err := t.m.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: name, DisplayName: new("Alice Liddell")})
	if err != nil {
		return err
	}
	t.say("updated", user.Name+":", "display name is", user.DisplayName)
	return nil
}

func (t *tour) disable(ctx context.Context, name string) error {
	if err := t.m.DisableUser(ctx, usermgmt.DisableUserRequest{Name: name}); err != nil {
		return err
	}
	t.say("disabled", name)
	if err := t.m.EnableUser(ctx, usermgmt.EnableUserRequest{Name: name}); err != nil {
		return err
	}
	t.say("enabled", name, "again")
	return nil
}

func (t *tour) group(ctx context.Context, group, user string) error {
	req := usermgmt.CreateGroupRequest{Name: group}
	if t.can(usermgmt.CapGroupDescription) {
		req.Description = "the quickstart team"
	}
	if _, err := t.m.CreateGroup(ctx, req); err != nil {
		return err
	}
	t.later(func(ctx context.Context) error {
		return t.m.DeleteGroup(ctx, usermgmt.DeleteGroupRequest{Name: group, IgnoreMissing: true})
	})
	if err := t.m.AddGroupMember(ctx, usermgmt.AddGroupMemberRequest{Group: group, User: user}); err != nil {
		return err
	}
	t.say("created group", group, "with member", user)
	return nil
}

// project uses the first project that there is. The embedded backend starts
// with none, so there the tour makes one with the backend's own extension.
func (t *tour) project(ctx context.Context, user string) error {
	if memory, ok := usermgmt.As[*usermgmt.MemoryExtension](t.m); ok {
		project := usermgmt.Project{Name: t.name("project")}
		if err := memory.CreateProject(ctx, project); err != nil {
			return err
		}
		t.later(func(ctx context.Context) error {
			return usermgmt.IgnoreNotFound(memory.DeleteProject(ctx, project.Name))
		})
	}
	for project, err := range t.m.ListProjects(ctx, usermgmt.ListProjectsRequest{}) {
		if err != nil {
			return err
		}
		return t.admit(ctx, project.Name, user)
	}
	t.say("skipped: projects, of which there is none")
	return nil
}

// projectRole returns the role that the tour gives in a project, which every
// system calls something else.
func (t *tour) projectRole() string {
	if _, ok := usermgmt.As[*usermgmt.IguazioExtension](t.m); ok {
		return "Viewer"
	}
	if _, ok := usermgmt.As[*usermgmt.JujuExtension](t.m); ok {
		return "read"
	}
	return "viewer"
}

func (t *tour) admit(ctx context.Context, project, user string) error {
	member := usermgmt.UserMember(user)
	if err := t.m.EnsureProjectMember(ctx, usermgmt.EnsureProjectMemberRequest{Project: project, Member: member, Role: t.projectRole()}); err != nil {
		return err
	}
	t.later(func(ctx context.Context) error {
		return usermgmt.IgnoreNotFound(t.m.RemoveProjectMember(ctx, usermgmt.RemoveProjectMemberRequest{Project: project, Member: member}))
	})
	role, err := t.m.EffectiveProjectRole(ctx, usermgmt.EffectiveProjectRoleRequest{Project: project, User: user})
	if err != nil {
		return err
	}
	t.say("put", user, "into project", project, "as", role)
	return nil
}

// list shows our users among however many there are.
func (t *tour) list(ctx context.Context) error {
	fmt.Fprintln(t.out, "\nUsers of this tour:")
	others := 0
	for user, err := range t.m.ListUsers(ctx, usermgmt.ListUsersRequest{}) {
		if err != nil {
			return err
		}
		if !strings.HasSuffix(user.Name, t.suffix) {
			others++
			continue
		}
		fmt.Fprintf(t.out, "  %-20s roles %v  groups %v\n", user.Name, user.Roles, user.Groups)
	}
	fmt.Fprintf(t.out, "  and %d more\n\n", others)
	return nil
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
	t.say("removed everything that was created")
	return nil
}

func (t *tour) later(undo func(context.Context) error) { t.undo = append(t.undo, undo) }

func (t *tour) name(base string) string { return base + "-" + t.suffix }

func (t *tour) say(words ...string) { fmt.Fprintln(t.out, "  *", strings.Join(words, " ")) }
