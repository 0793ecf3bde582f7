package usermgmt

import (
	"context"
	"slices"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/iguazio"
)

// iguazioPatch is a change of a user.
type iguazioPatch = iguazio.UserPatch

func (b *iguazioBackend) UpdateUser(ctx context.Context, req UpdateUserRequest) (User, error) {
	input, err := iguazioUserInput(req.Extension, iguazioUserID|iguazioUserFields|iguazioPrimaryGroup)
	if err != nil {
		return User{}, err
	}
	patch, err := input.patch(req)
	if err != nil {
		return User{}, err
	}
	if input.AuthenticationMethods != nil {
		if err := b.needsRecent(ctx, "AuthenticationMethods"); err != nil {
			return User{}, err
		}
	}
	unlock, err := b.users.lock(ctx, req.Name)
	if err != nil {
		return User{}, err
	}
	defer unlock()
	user, err := b.user(ctx, "Name", req.Name, input.ID)
	if err != nil {
		return User{}, err
	}
	if err := b.patchGroups(ctx, user, req.SetGroups, input.PrimaryGroup, &patch); err != nil {
		return User{}, err
	}
	if patch.Empty() {
		return fromIguazioUser(user), nil
	}
	user, err = b.write(ctx, user, patch)
	return fromIguazioUser(user), err
}

// patch returns the change that a request asks for, without that of groups.
func (u IguazioUser) patch(req UpdateUserRequest) (iguazioPatch, error) {
	password, err := iguazioPassword(req.Credential)
	if err != nil {
		return iguazioPatch{}, err
	}
	first, last, err := u.names(req.DisplayName, req.Name)
	if err != nil {
		return iguazioPatch{}, err
	}
	patch := iguazioPatch{
		FirstName: first, LastName: last, Email: req.Email, PhoneNumber: u.PhoneNumber, JobTitle: u.JobTitle, Department: u.Department,
		DataAccessMode: u.DataAccessMode, AuthenticationMethods: u.AuthenticationMethods,
	}
	if password != "" {
		patch.Password = &password
	}
	if req.SetRoles != nil {
		patch.Policies = new(policyNames(*req.SetRoles))
	}
	return patch, nil
}

// patchGroups adds to patch what changes the groups of a user: to set, which
// replaces those that the caller can name, and to primary, "" for none. The
// group all_users stays, and so do groups that the caller may not see.
func (b *iguazioBackend) patchGroups(ctx context.Context, user iguazio.User, set *[]string, primary *string, patch *iguazioPatch) error {
	if set == nil && primary == nil {
		return nil
	}
	wanted, primaryID := slices.Clone(user.GroupIDs), user.PrimaryGroupID
	if set != nil {
		chosen, err := b.groupIDs(ctx, "SetGroups", *set)
		if err != nil {
			return err
		}
		wanted = slices.DeleteFunc(wanted, func(id string) bool { return canLeave(user, id) && !slices.Contains(chosen, id) })
		wanted = union(wanted, chosen)
	}
	if primary != nil {
		primaryID = ""
		if *primary != "" {
			id, err := b.groupID(ctx, "Extension.PrimaryGroup", *primary)
			if err != nil {
				return err
			}
			primaryID, wanted = id, union(wanted, []string{id})
		}
		if primaryID != user.PrimaryGroupID {
			patch.PrimaryGroupID = &primaryID
		}
	}
	if primaryID != "" && !slices.Contains(wanted, primaryID) {
		return fault.New(fault.Conflict, "the user's primary group is not among the groups: name another primary group, or none")
	}
	if patch.PrimaryGroupID != nil || !sameSet(wanted, user.GroupIDs) {
		patch.GroupIDs = &wanted
	}
	return nil
}

// canLeave reports whether the caller sees a group of a user and may take the
// user out of it.
func canLeave(user iguazio.User, groupID string) bool {
	return slices.ContainsFunc(user.Groups, func(g iguazio.Group) bool { return g.ID == groupID && g.Name != iguazio.AllUsers })
}

// union returns list with those of added at its end that it lacks.
func union(list, added []string) []string {
	for _, item := range added {
		if !slices.Contains(list, item) {
			list = append(list, item)
		}
	}
	return list
}

// sameSet reports whether two lists hold the same, in whatever order.
func sameSet(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(item string) bool { return !slices.Contains(b, item) })
}

// write changes a user and returns it as it is then. The answer to the change
// does not show that, so it is read; lists must be as they were written.
func (b *iguazioBackend) write(ctx context.Context, user iguazio.User, patch iguazioPatch) (iguazio.User, error) {
	if err := b.api.UpdateUser(ctx, user.ID, patch); err != nil {
		return iguazio.User{}, missingPolicy(err, patch.Policies)
	}
	seen, err := b.api.GetUser(ctx, user.ID, iguazio.GroupsAndPrimary...)
	if err != nil {
		return iguazio.User{}, written(err)
	}
	if patch.GroupIDs != nil { // the system puts a new user into its own group at some time
		for _, group := range seen.Groups {
			if group.Name == iguazio.AllUsers {
				patch.GroupIDs = new(union(slices.Clone(*patch.GroupIDs), []string{group.ID}))
			}
		}
	}
	kept := (patch.Policies == nil || sameSet(seen.Policies, *patch.Policies)) &&
		(patch.GroupIDs == nil || sameSet(seen.GroupIDs, *patch.GroupIDs)) &&
		(patch.PrimaryGroupID == nil || seen.PrimaryGroupID == *patch.PrimaryGroupID)
	if !kept {
		return seen, written(fault.New(fault.Conflict, "the policies or groups of %s are not what was written: somebody else changed them meanwhile", user.Username))
	}
	return seen, nil
}

func (b *iguazioBackend) EnableUser(ctx context.Context, req EnableUserRequest) error {
	return b.setStatus(ctx, req.Name, req.Extension, iguazio.StatusUp)
}

func (b *iguazioBackend) DisableUser(ctx context.Context, req DisableUserRequest) error {
	return b.setStatus(ctx, req.Name, req.Extension, iguazio.StatusDown)
}

func (b *iguazioBackend) setStatus(ctx context.Context, name string, extension UserExtension, status string) error {
	return b.change(ctx, name, extension, func(user iguazio.User) iguazioPatch {
		if user.AdminStatus == status {
			return iguazioPatch{}
		}
		return iguazioPatch{AdminStatus: &status}
	})
}

func (b *iguazioBackend) SetPassword(ctx context.Context, req SetPasswordRequest) error {
	return b.change(ctx, req.Name, req.Extension, func(iguazio.User) iguazioPatch {
		return iguazioPatch{Password: new(req.Password.Reveal())}
	})
}

// change changes a user without a look at what came of it.
func (b *iguazioBackend) change(ctx context.Context, name string, extension UserExtension, patch func(iguazio.User) iguazioPatch) error {
	input, err := iguazioUserInput(extension, iguazioUserID)
	if err != nil {
		return err
	}
	unlock, err := b.users.lock(ctx, name)
	if err != nil {
		return err
	}
	defer unlock()
	user, err := b.user(ctx, "Name", name, input.ID)
	if err != nil {
		return err
	}
	return b.api.UpdateUser(ctx, user.ID, patch(user))
}
