package iguazio

import (
	"slices"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// Joining returns what puts a user, read with its groups, into a group. It
// reports false if the user is in it already. The server replaces the list of
// groups whole.
func (u User) Joining(groupID string) (patch UserPatch, changes bool) {
	if slices.Contains(u.GroupIDs, groupID) {
		return UserPatch{}, false
	}
	return UserPatch{GroupIDs: new(with(u.GroupIDs, groupID))}, true
}

// Leaving returns what takes a user, read with [GroupsAndPrimary], out of a
// group. It reports false if the user is not in it. The primary group is
// refused as Conflict, unless force is set: then the user has none any more.
func (u User) Leaving(groupID string, force bool) (patch UserPatch, changes bool, err error) {
	primary := u.PrimaryGroupID == groupID
	if !primary && !slices.Contains(u.GroupIDs, groupID) {
		return UserPatch{}, false, nil
	}
	others := slices.DeleteFunc(slices.Clone(u.GroupIDs), func(id string) bool { return id == groupID })
	patch.GroupIDs = &others
	if primary {
		if !force {
			return UserPatch{}, false, fault.New(fault.Conflict, "the group is the user's primary group")
		}
		patch.PrimaryGroupID = new("")
	}
	return patch, true, nil
}

// Preferring returns what makes a group the primary one of a user, read with
// its groups, who is put into it if need be.
func (u User) Preferring(groupID string) UserPatch {
	return UserPatch{GroupIDs: new(with(u.GroupIDs, groupID)), PrimaryGroupID: &groupID}
}

// Principals are the user and its groups, for [Members.Highest].
func (u User) Principals() []Ref {
	principals := []Ref{UserRef(u.ID)}
	for _, id := range u.GroupIDs {
		principals = append(principals, GroupRef(id))
	}
	return principals
}
