package usermgmt

import (
	"context"
	"iter"
	"maps"
	"reflect"
	"slices"
)

func (b *memoryBackend) GetGroup(_ context.Context, req GetGroupRequest) (shown Group, err error) {
	err = b.view(func(tx *memoryTx) error {
		group, err := tx.groups.find("group", req.Name)
		if err == nil {
			shown = showGroup(group)
		}
		return err
	})
	return shown, err
}

func (b *memoryBackend) ListGroups(ctx context.Context, _ ListGroupsRequest) iter.Seq2[Group, error] {
	return func(yield func(Group, error) bool) {
		b.mu.RLock()
		groups := maps.Clone(b.state.groups)
		b.mu.RUnlock()
		yieldSorted(ctx, groups, yield, func(group *Group) (Group, bool) { return showGroup(group), true })
	}
}

func (b *memoryBackend) CreateGroup(ctx context.Context, req CreateGroupRequest) (Group, error) {
	group := Group{Name: req.Name, Description: req.Description, Roles: sortRoles(slices.Clone(req.Roles))}
	return changeFor(ctx, b, nil, func(tx *memoryTx) (Group, error) {
		if err := tx.groups.vacant("group", group.Name); err != nil {
			return Group{}, err
		}
		if err := tx.rolesExist(group.Roles); err != nil {
			return Group{}, err
		}
		tx.groups.put(group.Name, &group)
		return showGroup(&group), nil
	})
}

func (b *memoryBackend) UpdateGroup(ctx context.Context, req UpdateGroupRequest) (Group, error) {
	description := clonePointer(req.Description)
	roles := clonePointer(req.SetRoles)
	if roles != nil {
		*roles = sortRoles(slices.Clone(*roles))
	}
	return changeFor(ctx, b, nil, func(tx *memoryTx) (Group, error) {
		found, err := tx.groups.find("group", req.Name)
		if err != nil {
			return Group{}, err
		}
		group := *found
		if description != nil {
			group.Description = *description
		}
		if roles != nil {
			group.Roles = *roles
		}
		if err := tx.rolesExist(group.Roles); err != nil {
			return Group{}, err
		}
		if !reflect.DeepEqual(group, *found) {
			tx.groups.put(group.Name, &group)
		}
		return showGroup(&group), nil
	})
}

func (b *memoryBackend) DeleteGroup(ctx context.Context, req DeleteGroupRequest) error {
	return b.change(ctx, func(tx *memoryTx) error {
		if _, err := tx.groups.find("group", req.Name); err != nil {
			return ignoreMissing(err, req.IgnoreMissing)
		}
		tx.groups.remove(req.Name)
		for _, user := range tx.users.all() {
			if slices.Contains(user.Groups, req.Name) {
				tx.updateUser(user.outOf(req.Name))
			}
		}
		tx.leaveProjects(GroupMember(req.Name))
		return nil
	})
}

func (b *memoryBackend) AddGroupMember(ctx context.Context, req AddGroupMemberRequest) error {
	return b.change(ctx, func(tx *memoryTx) error {
		return tx.changeUser(req.User, func(user *memoryUser) error {
			user.Groups = sortNames(append(slices.Clone(user.Groups), req.Group))
			return tx.groupsExist([]string{req.Group})
		})
	})
}

func (b *memoryBackend) RemoveGroupMember(ctx context.Context, req RemoveGroupMemberRequest) error {
	return b.change(ctx, func(tx *memoryTx) error {
		return tx.changeUser(req.User, func(user *memoryUser) error {
			*user = user.outOf(req.Group)
			return tx.groupsExist([]string{req.Group})
		})
	})
}

// outOf returns the user as no member of a group.
func (u *memoryUser) outOf(group string) memoryUser {
	changed := *u
	changed.Groups = without(u.Groups, func(name string) bool { return name == group })
	return changed
}
