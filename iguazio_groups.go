package usermgmt

import (
	"context"
	"iter"
	"slices"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/iguazio"
)

// group returns the group of a name. field is where the name comes from.
func (b *iguazioBackend) group(ctx context.Context, field, name string) (iguazio.Group, error) {
	if err := iguazio.CheckName(field, name); err != nil {
		return iguazio.Group{}, err
	}
	group, err := b.api.FindGroup(ctx, name)
	return group, about("group", name, err)
}

func (b *iguazioBackend) groupID(ctx context.Context, field, name string) (string, error) {
	group, err := b.group(ctx, field, name)
	return group.ID, err
}

// groupIDs returns the IDs of groups, each once.
func (b *iguazioBackend) groupIDs(ctx context.Context, field string, names []string) ([]string, error) {
	for i, name := range names { // before anything is sent
		if err := iguazio.CheckName(indexed(field, i), name); err != nil {
			return nil, err
		}
	}
	var ids []string
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			continue
		}
		id, err := b.groupID(ctx, field, name)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (b *iguazioBackend) GetGroup(ctx context.Context, req GetGroupRequest) (Group, error) {
	group, err := b.group(ctx, "Name", req.Name)
	return fromIguazioGroup(group), err
}

func (b *iguazioBackend) ListGroups(ctx context.Context, req ListGroupsRequest) iter.Seq2[Group, error] {
	return func(yield func(Group, error) bool) {
		input, _ := req.Extension.(IguazioGroupList)
		list := b.api.ListGroups
		if input.Scrubbed {
			list = b.api.ListScrubbedGroups
		}
		for group, err := range list(ctx, input.query()) {
			if err != nil {
				yield(Group{}, err)
				return
			}
			if !yield(fromIguazioGroup(group), nil) {
				return
			}
		}
	}
}

func (b *iguazioBackend) CreateGroup(ctx context.Context, req CreateGroupRequest) (Group, error) {
	input, _ := req.Extension.(IguazioGroup)
	group := iguazio.NewGroup{
		Name: req.Name, GID: input.GID, DataAccessMode: textOf(input.DataAccessMode), Policies: policyNames(req.Roles),
	}
	if req.Description != "" {
		group.Description = &req.Description
	}
	if err := iguazio.CheckName("Name", req.Name); err != nil {
		return Group{}, err
	}
	for i, name := range input.Members {
		user, err := b.user(ctx, indexed("Extension.Members", i), name, "")
		if err != nil {
			return Group{}, err
		}
		group.UserIDs = union(group.UserIDs, []string{user.ID})
	}
	created, jobID, err := b.api.CreateGroup(ctx, group)
	if err != nil {
		return Group{}, missingPolicy(err, &group.Policies)
	}
	if err := b.api.Finish(ctx, jobID, true); err != nil {
		return Group{}, err
	}
	return b.readGroup(ctx, created.ID)
}

// readGroup returns a group that was just written.
func (b *iguazioBackend) readGroup(ctx context.Context, id string) (Group, error) {
	group, err := b.api.GetGroup(ctx, id)
	if err != nil {
		return Group{}, written(err)
	}
	return fromIguazioGroup(group), nil
}

func (b *iguazioBackend) UpdateGroup(ctx context.Context, req UpdateGroupRequest) (Group, error) {
	input, _ := req.Extension.(IguazioGroup)
	if input.Members != nil {
		return Group{}, fault.Invalid("Extension.Members", "has no meaning for this call: use AddGroupMember and RemoveGroupMember")
	}
	group, err := b.group(ctx, "Name", req.Name)
	if err != nil {
		return Group{}, err
	}
	patch := iguazio.GroupPatch{Description: req.Description, GID: input.GID, DataAccessMode: input.DataAccessMode}
	if req.SetRoles != nil {
		patch.Policies = new(policyNames(*req.SetRoles))
	}
	if patch == (iguazio.GroupPatch{}) {
		return fromIguazioGroup(group), nil
	}
	if err := b.api.UpdateGroup(ctx, group.ID, patch); err != nil {
		return Group{}, missingPolicy(err, patch.Policies)
	}
	return b.readGroup(ctx, group.ID)
}

func (b *iguazioBackend) DeleteGroup(ctx context.Context, req DeleteGroupRequest) error {
	group, err := b.group(ctx, "Name", req.Name)
	if err != nil {
		return ignoreMissing(err, req.IgnoreMissing)
	}
	jobID, err := b.api.DeleteGroup(ctx, group.ID)
	if err == nil {
		err = b.api.Finish(ctx, jobID, false)
	}
	return ignoreMissing(err, req.IgnoreMissing)
}

func (b *iguazioBackend) AddGroupMember(ctx context.Context, req AddGroupMemberRequest) error {
	input, err := iguazioUserInput(req.Extension, iguazioUserID)
	if err != nil {
		return err
	}
	return b.changeMembership(ctx, req.Group, req.User, input.ID, func(user iguazio.User, groupID string) (iguazioPatch, bool, error) {
		patch, changes := user.Joining(groupID)
		return patch, changes, nil
	})
}

func (b *iguazioBackend) RemoveGroupMember(ctx context.Context, req RemoveGroupMemberRequest) error {
	input, err := iguazioUserInput(req.Extension, iguazioUserID|iguazioPrimaryGroup)
	if err != nil {
		return err
	}
	if textOf(input.PrimaryGroup) != "" {
		return fault.Invalid("Extension.PrimaryGroup", `must be "", which lets the user leave its primary group`)
	}
	if req.Group == iguazio.AllUsers {
		return about("group", req.Group, fault.New(fault.Conflict, "every user is in the group %s", req.Group))
	}
	return b.changeMembership(ctx, req.Group, req.User, input.ID, func(user iguazio.User, groupID string) (iguazioPatch, bool, error) {
		return user.Leaving(groupID, input.PrimaryGroup != nil)
	})
}

// changeMembership has a user join or leave a group. The membership is written
// at the user, as a list of all its groups.
func (b *iguazioBackend) changeMembership(ctx context.Context, groupName, userName, userID string, change func(user iguazio.User, groupID string) (iguazioPatch, bool, error)) error {
	if err := iguazio.CheckName("User", userName); err != nil {
		return err
	}
	groupID, err := b.groupID(ctx, "Group", groupName)
	if err != nil {
		return err
	}
	unlock, err := b.users.lock(ctx, userName)
	if err != nil {
		return err
	}
	defer unlock()
	user, err := b.user(ctx, "User", userName, userID)
	if err != nil {
		return err
	}
	patch, changes, err := change(user, groupID)
	if err != nil || !changes {
		return err
	}
	_, err = b.write(ctx, user, patch)
	return err
}
