package usermgmt

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/iguazio"
)

// user returns the user of a name with its groups. field is where the name
// comes from. An ID, if there is one, saves the look-up.
func (b *iguazioBackend) user(ctx context.Context, field, name, id string) (iguazio.User, error) {
	if err := iguazio.CheckName(field, name); err != nil {
		return iguazio.User{}, err
	}
	if id == "" {
		user, err := b.api.FindUser(ctx, name, iguazio.GroupsAndPrimary...)
		return user, about("user", name, err)
	}
	user, err := b.api.GetUser(ctx, id, iguazio.GroupsAndPrimary...)
	if err == nil && user.Username != name {
		return iguazio.User{}, fault.Invalid("Extension.ID", "is that of another user than %s", name)
	}
	return user, about("user", name, err)
}

func (b *iguazioBackend) GetUser(ctx context.Context, req GetUserRequest) (User, error) {
	input, err := iguazioUserInput(req.Extension, iguazioUserID)
	if err != nil {
		return User{}, err
	}
	user, err := b.user(ctx, "Name", req.Name, input.ID)
	if err != nil {
		return User{}, err
	}
	return fromIguazioUser(user), nil
}

func (b *iguazioBackend) ListUsers(ctx context.Context, req ListUsersRequest) iter.Seq2[User, error] {
	return func(yield func(User, error) bool) {
		input, _ := req.Extension.(IguazioUserList)
		for user, err := range b.listUsers(ctx, req.Group, input) {
			if err != nil {
				yield(User{}, err)
				return
			}
			if !yield(fromIguazioUser(user), nil) {
				return
			}
		}
	}
}

// listUsers streams users, the members of a group if one is named. The members
// are found in the list of all users, which shows the other groups of each in
// bounded memory; the group's own list shows neither.
func (b *iguazioBackend) listUsers(ctx context.Context, group string, input IguazioUserList) iter.Seq2[iguazio.User, error] {
	return func(yield func(iguazio.User, error) bool) {
		query := input.query()
		list := b.api.ListUsers
		if input.Scrubbed {
			list = b.api.ListScrubbedUsers
		} else {
			query.Include = iguazio.GroupsAndPrimary
		}
		groupID := ""
		err := query.Check()
		if err == nil && group != "" {
			if input.Scrubbed {
				err = fault.Invalid("Group", "cannot be given for a scrubbed list, which does not show groups")
			} else {
				groupID, err = b.groupID(ctx, "Group", group)
			}
		}
		if err != nil {
			yield(iguazio.User{}, err)
			return
		}
		for user, err := range list(ctx, query) {
			if err != nil {
				yield(iguazio.User{}, err)
				return
			}
			if (groupID == "" || slices.Contains(user.GroupIDs, groupID)) && !yield(user, nil) {
				return
			}
		}
	}
}

func (b *iguazioBackend) CreateUser(ctx context.Context, req CreateUserRequest) (CreatedUser, error) {
	user, jobID, err := b.create(ctx, req)
	if err == nil {
		err = b.ready(ctx, req, jobID, &user)
	}
	if f, ok := errors.AsType[*fault.Error](err); ok && !f.Ambiguous {
		return CreatedUser{}, err
	}
	if user.ID == "" {
		return CreatedUser{}, err
	}
	return CreatedUser{User: fromIguazioUser(user)}, err
}

// ready waits until a user that was made can be worked with.
func (b *iguazioBackend) ready(ctx context.Context, req CreateUserRequest, jobID string, user *iguazio.User) error {
	password, _ := iguazioPassword(req.Credential)
	if err := b.api.Finish(ctx, jobID, true, password); err != nil {
		return err
	}
	seen, err := b.api.AwaitUser(ctx, user.ID)
	if seen.ID != "" {
		*user = seen
	}
	return about("user", req.Name, err)
}

// create makes a user and returns it with the ID of the job that goes on with
// it.
func (b *iguazioBackend) create(ctx context.Context, req CreateUserRequest) (iguazio.User, string, error) {
	input, err := iguazioUserInput(req.Extension, iguazioUserFields|iguazioNewUser|iguazioPrimaryGroup)
	if err != nil {
		return iguazio.User{}, "", err
	}
	password, err := iguazioPassword(req.Credential)
	if err != nil {
		return iguazio.User{}, "", err
	}
	if err := iguazio.CheckName("Name", req.Name); err != nil {
		return iguazio.User{}, "", err
	}
	if req.Email == "" {
		return iguazio.User{}, "", fault.Invalid("Email", "must not be empty: Iguazio has no users without one")
	}
	first, last, err := input.newNames(req)
	if err != nil {
		return iguazio.User{}, "", err
	}
	user := iguazio.NewUser{
		Username: req.Name, FirstName: first, LastName: last, Email: req.Email, Password: password,
		PhoneNumber: textOf(input.PhoneNumber), JobTitle: textOf(input.JobTitle), Department: textOf(input.Department),
		DataAccessMode: textOf(input.DataAccessMode), Policies: policyNames(req.Roles), UID: input.UID, SendPassword: input.SendPassword,
	}
	if input.AuthenticationMethods != nil {
		if err := b.needsRecent(ctx, "AuthenticationMethods"); err != nil {
			return iguazio.User{}, "", err
		}
		user.AuthenticationMethods = *input.AuthenticationMethods
	}
	if user.GroupIDs, err = b.groupIDs(ctx, "Groups", req.Groups); err != nil {
		return iguazio.User{}, "", err
	}
	if primary := textOf(input.PrimaryGroup); primary != "" {
		if user.PrimaryGroupID, err = b.groupID(ctx, "Extension.PrimaryGroup", primary); err != nil {
			return iguazio.User{}, "", err
		}
	}
	created, jobID, err := b.api.CreateUser(ctx, user)
	return created, jobID, missingPolicy(err, &user.Policies)
}

// newNames returns the names of a new user. The system wants both: what is not
// given is made of the user's name and a dash.
func (u IguazioUser) newNames(req CreateUserRequest) (first, last string, err error) {
	var display *string
	if req.DisplayName != "" || u.FirstName == nil && u.LastName == nil {
		display = &req.DisplayName
	}
	f, l, err := u.names(display, req.Name)
	return cmp.Or(textOf(f), req.Name), cmp.Or(textOf(l), noLastName), err
}

func textOf(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func iguazioPassword(credential Credential) (string, error) {
	switch c := credential.(type) {
	case nil:
		return "", nil
	case PasswordCredential:
		return c.Password.Reveal(), nil
	default:
		return "", fault.Invalid("Credential", "%s", wrongCredential(credential, "users of Iguazio log in with a password"))
	}
}

func (b *iguazioBackend) DeleteUser(ctx context.Context, req DeleteUserRequest) error {
	jobID, err := b.deleteUser(ctx, req)
	if err == nil {
		err = b.api.Finish(ctx, jobID, false)
	}
	return ignoreMissing(err, req.IgnoreMissing)
}

func (b *iguazioBackend) deleteUser(ctx context.Context, req DeleteUserRequest) (jobID string, err error) {
	input, err := iguazioUserInput(req.Extension, iguazioUserID)
	if err != nil {
		return "", err
	}
	unlock, err := b.users.lock(ctx, req.Name)
	if err != nil {
		return "", err
	}
	defer unlock()
	user, err := b.user(ctx, "Name", req.Name, input.ID)
	if err != nil {
		return "", err
	}
	return b.api.DeleteUser(ctx, user.ID)
}
