package usermgmt

import (
	"context"
	"errors"
	"iter"
	"strconv"

	"github.com/usermgmt/usermgmt/internal/cognite"
	"github.com/usermgmt/usermgmt/internal/fault"
)

// ListGroups returns the groups of the project with what only Cognite tells,
// those of the caller alone if all is false, nil if there are none. Groups that
// were deleted are among them as far as the server shows them. It sends GET
// P/groups.
func (e *CogniteExtension) ListGroups(ctx context.Context, all bool) ([]CogniteGroupRecord, error) {
	return extend(ctx, e.client, target{op: "ListGroups", resource: "group"}, nil, func(ctx context.Context) ([]CogniteGroupRecord, error) {
		groups, err := e.api.ListGroups(ctx, all)
		return converted(groups, fromCogniteGroup), err
	})
}

// CreateGroup creates a group, also if there is one of that name already. Each
// call makes another group, so it is never sent twice. It sends POST P/groups.
func (e *CogniteExtension) CreateGroup(ctx context.Context, name string, group CogniteGroup) (CogniteGroupRecord, error) {
	t := target{op: "CreateGroup", resource: "group", name: name}
	return extend(ctx, e.client, t, named(name), func(ctx context.Context) (CogniteGroupRecord, error) {
		return e.createGroup(ctx, name, group)
	})
}

func (e *CogniteExtension) createGroup(ctx context.Context, name string, group CogniteGroup) (CogniteGroupRecord, error) {
	wanted, err := toCogniteGroup(name, group)
	if err != nil {
		return CogniteGroupRecord{}, err
	}
	made, err := e.api.CreateGroup(ctx, wanted)
	if err != nil {
		return CogniteGroupRecord{}, err
	}
	return fromCogniteGroup(made), nil
}

// DeleteGroups deletes groups by their numbers. It is not sent again after a
// lost answer. It sends POST P/groups/delete.
func (e *CogniteExtension) DeleteGroups(ctx context.Context, ids ...int64) error {
	return extendDo(ctx, e.client, target{op: "DeleteGroups", resource: "group"}, nil, func(ctx context.Context) error {
		return e.api.DeleteGroups(ctx, ids)
	})
}

// ReplaceGroup makes a group of the same name that is what group says, and
// deletes the one of the number. That is how groups are changed: the new one
// has another number, and for a moment there are both. If the deletion fails
// there still are: the new one is returned beside an error that is about the
// old one and ambiguous. It fails with [ErrNotFound] if there is no such
// group. It sends GET P/groups, POST P/groups and POST P/groups/delete.
func (e *CogniteExtension) ReplaceGroup(ctx context.Context, id int64, group CogniteGroup) (CogniteGroupRecord, error) {
	return extend(ctx, e.client, target{op: "ReplaceGroup", resource: "group"}, nil, func(ctx context.Context) (CogniteGroupRecord, error) {
		old, err := e.groupOf(ctx, id)
		if err != nil {
			return CogniteGroupRecord{}, err
		}
		made, err := e.createGroup(ctx, old.Name, group)
		if err != nil {
			return CogniteGroupRecord{}, err
		}
		if err := e.api.DeleteGroups(ctx, []int64{id}); err != nil {
			return made, withGroupID(id, written(err))
		}
		return made, nil
	})
}

// groupOf returns the group of a number.
func (e *CogniteExtension) groupOf(ctx context.Context, id int64) (cognite.Group, error) {
	groups, err := e.backend.groupList(ctx, true)
	if err != nil {
		return cognite.Group{}, err
	}
	for _, group := range groups {
		if group.ID == id {
			return group, nil
		}
	}
	return cognite.Group{}, withGroupID(id, fault.New(fault.NotFound, "there is no group %d", id))
}

// ListProfiles returns the profiles of the project, on the terms of
// [UserReader.ListUsers]. It sends GET P/profiles, page by page.
func (e *CogniteExtension) ListProfiles(ctx context.Context) iter.Seq2[CogniteProfile, error] {
	return extendList(ctx, e.client, profileTarget("ListProfiles"), nil, func(ctx context.Context, yield func(CogniteProfile) bool) error {
		for profile, err := range e.api.ListProfiles(ctx) {
			if err != nil {
				return err
			}
			if !yield(fromCogniteProfile(profile)) {
				return nil
			}
		}
		return nil
	})
}

// CurrentProfile returns the profile of the principal that the client is
// logged in as. It fails with [ErrNotFound] if it has none. It sends GET
// P/profiles/me.
func (e *CogniteExtension) CurrentProfile(ctx context.Context) (CogniteProfile, error) {
	return extend(ctx, e.client, profileTarget("CurrentProfile"), nil, func(ctx context.Context) (CogniteProfile, error) {
		profile, err := e.api.CurrentProfile(ctx)
		return fromCogniteProfile(profile), err
	})
}

// GetProfiles returns the profiles of principals in the order of their IDs, of
// which there may be 1000. One that does not exist fails the call with
// [ErrNotFound]. It sends POST P/profiles/byids.
func (e *CogniteExtension) GetProfiles(ctx context.Context, ids ...string) ([]CogniteProfile, error) {
	return extend(ctx, e.client, profileTarget("GetProfiles"), nil, func(ctx context.Context) ([]CogniteProfile, error) {
		profiles, err := e.api.GetProfiles(ctx, ids)
		return converted(profiles, fromCogniteProfile), err
	})
}

// SearchProfiles returns the profiles in which a name begins with text, 1000
// at most. It is meant for people: what matches, and in which order, can
// change. It sends POST P/profiles/search.
func (e *CogniteExtension) SearchProfiles(ctx context.Context, text string) ([]CogniteProfile, error) {
	return extend(ctx, e.client, profileTarget("SearchProfiles"), nil, func(ctx context.Context) ([]CogniteProfile, error) {
		profiles, err := e.api.SearchProfiles(ctx, text)
		return converted(profiles, fromCogniteProfile), err
	})
}

func profileTarget(op string) target { return target{op: op, resource: "profile"} }

// withGroupID says which group a failure is about.
func withGroupID(id int64, err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		f.ID = strconv.FormatInt(id, 10)
	}
	return err
}
