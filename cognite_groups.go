package usermgmt

import (
	"context"
	"iter"
	"strconv"

	"github.com/usermgmt/usermgmt/internal/cognite"
	"github.com/usermgmt/usermgmt/internal/fault"
)

func (b *cogniteBackend) GetGroup(ctx context.Context, req GetGroupRequest) (Group, error) {
	group, err := b.groupNamed(ctx, req.Name)
	if err != nil {
		return Group{}, err
	}
	return fromCogniteGroup(group).Group, nil
}

func (b *cogniteBackend) ListGroups(ctx context.Context, req ListGroupsRequest) iter.Seq2[Group, error] {
	input, _ := req.Extension.(CogniteGroupList)
	return func(yield func(Group, error) bool) {
		groups, err := b.groupList(ctx, !input.OwnOnly)
		if err != nil {
			yield(Group{}, err)
			return
		}
		for _, group := range groups {
			if !yield(fromCogniteGroup(group).Group, nil) {
				return
			}
		}
	}
}

// CreateGroup looks whether the name is free, because the server would take it
// again.
func (b *cogniteBackend) CreateGroup(ctx context.Context, req CreateGroupRequest) (Group, error) {
	input, _ := req.Extension.(CogniteGroup)
	wanted, err := toCogniteGroup(req.Name, input)
	if err != nil {
		return Group{}, err
	}
	unlock, err := b.groups.lock(ctx, req.Name)
	if err != nil {
		return Group{}, err
	}
	defer unlock()
	switch _, err := b.groupNamed(ctx, req.Name); fault.KindOf(err) {
	case fault.NotFound:
	case fault.Conflict:
		return Group{}, fault.New(fault.AlreadyExists, "there are several groups named %q already", req.Name)
	default:
		if err == nil {
			err = fault.New(fault.AlreadyExists, "there is a group named %q already", req.Name)
		}
		return Group{}, err
	}
	made, err := b.api.CreateGroup(ctx, wanted)
	if err != nil {
		return Group{}, err
	}
	return fromCogniteGroup(made).Group, nil
}

func (b *cogniteBackend) DeleteGroup(ctx context.Context, req DeleteGroupRequest) error {
	group, err := b.groupNamed(ctx, req.Name)
	if err == nil {
		err = b.api.DeleteGroups(ctx, []int64{group.ID})
	}
	return ignoreMissing(err, req.IgnoreMissing)
}

// groupList returns the groups that were not deleted.
func (b *cogniteBackend) groupList(ctx context.Context, all bool) ([]cognite.Group, error) {
	groups, err := b.api.ListGroups(ctx, all)
	kept := groups[:0]
	for _, group := range groups {
		if !group.IsDeleted {
			kept = append(kept, group)
		}
	}
	return kept, err
}

// groupNamed returns the one group of a name.
func (b *cogniteBackend) groupNamed(ctx context.Context, name string) (cognite.Group, error) {
	groups, err := b.groupList(ctx, true)
	if err != nil {
		return cognite.Group{}, err
	}
	var found []cognite.Group
	for _, group := range groups {
		if group.Name == name {
			found = append(found, group)
		}
	}
	switch len(found) {
	case 0:
		return cognite.Group{}, fault.New(fault.NotFound, "there is no group named %q", name)
	case 1:
		return found[0], nil
	default:
		return cognite.Group{}, fault.New(fault.Conflict, "there are %d groups named %q: tell them apart by ID, with the extension", len(found), name)
	}
}

// fromCogniteGroup returns what the server tells of a group.
func fromCogniteGroup(group cognite.Group) CogniteGroupRecord {
	record := CogniteGroupRecord{
		Group: Group{Name: group.Name, ID: strconv.FormatInt(group.ID, 10)},
		CogniteGroup: CogniteGroup{
			SourceID: group.SourceID, Members: group.Members.IDs, AllUserAccounts: group.Members.All,
			Metadata: group.Metadata,
		},
		GroupID:   group.ID,
		Deleted:   group.IsDeleted,
		DeletedAt: group.DeletedTime.Time(),
	}
	if group.Attributes.Kind() == '{' { // else null
		record.Attributes = string(group.Attributes)
	}
	for _, capability := range group.Capabilities {
		record.Capabilities = append(record.Capabilities, CogniteCapability(capability))
	}
	return record
}
