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

// tour is the walk through the examples.
type tour struct {
	client  *usermgmt.Client
	igz     *usermgmt.IguazioExtension
	out     io.Writer
	project string
	suffix  string // keeps our names apart from what is there already
	undo    []func(context.Context) error
}

func (t *tour) run(ctx context.Context) error {
	version, err := t.igz.ServerVersion(ctx)
	if err != nil {
		return err
	}
	t.sayf("Iguazio %s", version)
	for _, chapter := range []func(context.Context) error{t.create, t.read, t.update, t.list, t.switchOffAndOn, t.groups, t.primaryGroup, t.projects, t.remove} {
		if err := chapter(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (t *tour) name(base string) string { return base + t.suffix }

// newUser is the request for a user without any policy. What is in it is taken
// by the portable interface but for the extension.
func (t *tour) newUser(base string) usermgmt.CreateUserRequest {
	return usermgmt.CreateUserRequest{
		Name:       t.name(base),
		Credential: usermgmt.Password("", "rePlaceme12@!"),
		Email:      base + "@example.com",
		Extension:  usermgmt.IguazioUser{FirstName: new("igz-sdk"), LastName: new("test")},
	}
}

// create makes users. The client of the page gives each new user two policies
// unasked; here nobody gets what was not asked for.
func (t *tour) create(ctx context.Context) error {
	usual := t.newUser("anewuser")
	usual.Roles = usermgmt.Roles("Developer", "Application Read Only")
	other := t.newUser("operator")
	other.Roles = usermgmt.Roles("IT Admin", "Data")
	for _, req := range []usermgmt.CreateUserRequest{usual, other} {
		t.later(func(ctx context.Context) error {
			return t.client.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: req.Name, IgnoreMissing: true})
		})
		created, err := t.client.CreateUser(ctx, req)
		if errors.Is(err, usermgmt.ErrPending) {
			t.sayf("%s exists (ID %s) but is not operational yet", req.Name, created.ID)
			return err
		}
		if err != nil {
			return err
		}
		t.sayf("created %s with %v", created.Name, created.Roles)
	}
	operational, err := t.igz.IsOperational(ctx, usual.Name)
	if err != nil {
		return err
	}
	t.sayf("%s is operational: %t", usual.Name, operational)
	return nil
}

// read gets users by name, by ID, and the one that is logged in.
func (t *tour) read(ctx context.Context) error {
	byName, err := t.client.GetUser(ctx, usermgmt.GetUserRequest{Name: t.name("anewuser")})
	if err != nil {
		return err
	}
	byID, err := t.igz.GetUserByID(ctx, byName.ID)
	if err != nil {
		return err
	}
	t.sayf("%s by name and by ID is the same user: %t", byName.Name, byID.Name == byName.Name)
	_, err = t.client.GetUser(ctx, usermgmt.GetUserRequest{Name: t.name("nobody")})
	if !errors.Is(err, usermgmt.ErrNotFound) {
		return fmt.Errorf("a user that does not exist should be missing: %w", err)
	}
	self, err := t.client.CurrentUser(ctx)
	if err != nil {
		return err
	}
	t.sayf("logged in as %s", self.Name)
	return nil
}

// update changes one attribute; all others stay.
func (t *tour) update(ctx context.Context) error {
	_, err := t.client.UpdateUser(ctx, usermgmt.UpdateUserRequest{
		Name: t.name("anewuser"), Extension: usermgmt.IguazioUser{LastName: new("my name lastname")},
	})
	if err != nil {
		return err
	}
	user, err := t.igz.GetUser(ctx, t.name("anewuser"))
	if err != nil {
		return err
	}
	t.sayf("%s is now called %s, first name %s", user.Name, user.DisplayName, user.FirstName)
	return nil
}

// list lists all users, and those with an attribute.
func (t *tour) list(ctx context.Context) error {
	all := 0
	for _, err := range t.client.ListUsers(ctx, usermgmt.ListUsersRequest{}) {
		if err != nil {
			return err
		}
		all++
	}
	filter := usermgmt.IguazioUserList{
		Filters: []usermgmt.IguazioFilter{{Field: "first_name", Value: "igz-sdk"}, {Field: "username", Operator: "ne", Value: t.name("operator")}},
		Sort:    []string{"username"},
	}
	var some []string
	for user, err := range t.client.ListUsers(ctx, usermgmt.ListUsersRequest{Extension: filter}) {
		if err != nil {
			return err
		}
		if strings.HasSuffix(user.Name, t.suffix) {
			some = append(some, user.Name)
		}
	}
	t.sayf("listed %d users; with the first name igz-sdk, without the operator: %s", all, strings.Join(some, ", "))
	return nil
}

// switchOffAndOn disables and enables a user by its name, and by its ID.
func (t *tour) switchOffAndOn(ctx context.Context) error {
	name := t.name("anewuser")
	user, err := t.client.GetUser(ctx, usermgmt.GetUserRequest{Name: name})
	if err != nil {
		return err
	}
	for _, by := range []struct {
		what      string
		extension usermgmt.UserExtension
	}{{"name", nil}, {"ID", usermgmt.IguazioUser{ID: user.ID}}} {
		if err := t.client.DisableUser(ctx, usermgmt.DisableUserRequest{Name: name, Extension: by.extension}); err != nil {
			return err
		}
		off, err := t.client.GetUser(ctx, usermgmt.GetUserRequest{Name: name})
		if err != nil {
			return err
		}
		if err := t.client.EnableUser(ctx, usermgmt.EnableUserRequest{Name: name, Extension: by.extension}); err != nil {
			return err
		}
		t.sayf("disabled %s by %s: %t, and enabled it again", name, by.what, off.Disabled)
	}
	return nil
}

// groups has a user join and leave a group, which the page does by the group's
// ID, by its name and by the group itself.
func (t *tour) groups(ctx context.Context) error {
	group, err := t.client.GetGroup(ctx, usermgmt.GetGroupRequest{Name: t.name("random-people")})
	if errors.Is(err, usermgmt.ErrNotFound) {
		group, err = t.createGroup(ctx, "random-people")
	}
	if err != nil {
		return err
	}
	record, err := t.igz.GetGroupByID(ctx, group.ID)
	if err != nil {
		return err
	}
	user := t.name("anewuser")
	for _, by := range []struct{ what, name string }{{"name", t.name("random-people")}, {"ID", record.Name}, {"value", group.Name}} {
		if err := t.client.AddGroupMember(ctx, usermgmt.AddGroupMemberRequest{Group: by.name, User: user}); err != nil {
			return err
		}
		in, err := t.inGroup(ctx, user, group.Name)
		if err != nil {
			return err
		}
		if err := t.client.RemoveGroupMember(ctx, usermgmt.RemoveGroupMemberRequest{Group: by.name, User: user}); err != nil {
			return err
		}
		still, err := t.inGroup(ctx, user, group.Name)
		if err != nil {
			return err
		}
		t.sayf("%s was put into %s by its %s: %t, and taken out: %t", user, group.Name, by.what, in, !still)
	}
	return nil
}

func (t *tour) createGroup(ctx context.Context, base string) (usermgmt.Group, error) {
	name := t.name(base)
	t.later(func(ctx context.Context) error {
		return t.client.DeleteGroup(ctx, usermgmt.DeleteGroupRequest{Name: name, IgnoreMissing: true})
	})
	return t.client.CreateGroup(ctx, usermgmt.CreateGroupRequest{Name: name, Roles: usermgmt.Roles("Data", "Application Admin")})
}

func (t *tour) inGroup(ctx context.Context, user, group string) (bool, error) {
	seen, err := t.client.GetUser(ctx, usermgmt.GetUserRequest{Name: user})
	return slices.Contains(seen.Groups, group), err
}

// primaryGroup sets a primary group, which a user cannot leave by the way.
func (t *tour) primaryGroup(ctx context.Context) error {
	group, err := t.createGroup(ctx, "newgroup")
	if err != nil {
		return err
	}
	user := t.name("anewuser")
	_, err = t.client.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: user, Extension: usermgmt.IguazioUser{PrimaryGroup: &group.Name}})
	if err != nil {
		return err
	}
	seen, err := t.igz.GetUser(ctx, user)
	if err != nil {
		return err
	}
	t.sayf("the primary group of %s is %s", user, seen.PrimaryGroup)
	leave := usermgmt.RemoveGroupMemberRequest{Group: group.Name, User: user}
	if err := t.client.RemoveGroupMember(ctx, leave); !errors.Is(err, usermgmt.ErrConflict) {
		return fmt.Errorf("leaving the primary group should be a conflict: %w", err)
	}
	leave.Extension = usermgmt.IguazioUser{PrimaryGroup: new("")}
	if err := t.client.RemoveGroupMember(ctx, leave); err != nil {
		return err
	}
	t.sayf("%s left it, and has none any more", user)
	return nil
}

// projects gives roles in a project to a user and to a group of it.
func (t *tour) projects(ctx context.Context) error {
	user, group := t.name("anewuser"), t.name("random-people")
	if err := t.client.AddGroupMember(ctx, usermgmt.AddGroupMemberRequest{Group: group, User: user}); err != nil {
		return err
	}
	for _, step := range []struct {
		member usermgmt.Member
		role   string
	}{{usermgmt.UserMember(user), "Viewer"}, {usermgmt.GroupMember(group), "Admin"}} {
		err := t.client.EnsureProjectMember(ctx, usermgmt.EnsureProjectMemberRequest{Project: t.project, Member: step.member, Role: step.role})
		if err != nil {
			return err
		}
		t.later(func(ctx context.Context) error { return t.expel(ctx, step.member) })
		role, err := t.client.EffectiveProjectRole(ctx, usermgmt.EffectiveProjectRoleRequest{Project: t.project, User: user})
		if err != nil {
			return err
		}
		t.sayf("%s %s is %s of %s; so %s is %s", step.member.Kind, step.member.Name, step.role, t.project, user, role)
	}
	if err := t.expel(ctx, usermgmt.UserMember(user)); err != nil {
		return err
	}
	t.sayf("removed %s from %s", user, t.project)
	return t.expel(ctx, usermgmt.GroupMember(group))
}

// expel takes a member out of the project. Members that were deleted meanwhile
// have left it by that.
func (t *tour) expel(ctx context.Context, member usermgmt.Member) error {
	return usermgmt.IgnoreNotFound(t.client.RemoveProjectMember(ctx, usermgmt.RemoveProjectMemberRequest{Project: t.project, Member: member}))
}

// remove deletes one user and waits for it, and another without waiting.
func (t *tour) remove(ctx context.Context) error {
	if err := t.client.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: t.name("anewuser")}); err != nil {
		return err
	}
	t.sayf("deleted %s", t.name("anewuser"))
	job, err := t.igz.StartDeleteUser(ctx, t.name("operator"))
	if err != nil || job.ID == "" {
		return err
	}
	t.sayf("began to delete %s, the job is %s", t.name("operator"), job.State)
	job, err = t.igz.WaitJob(ctx, job.ID)
	if err != nil {
		return err
	}
	t.sayf("now it is %s", job.State)
	return nil
}

func (t *tour) later(undo func(context.Context) error) { t.undo = append(t.undo, undo) }

// cleanUp removes what the tour made, last first, and goes on after failures.
func (t *tour) cleanUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
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

func (t *tour) sayf(format string, args ...any) { fmt.Fprintf(t.out, "  * "+format+"\n", args...) }
