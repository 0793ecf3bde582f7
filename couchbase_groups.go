package usermgmt

import (
	"context"
	"iter"
	"slices"

	"github.com/usermgmt/usermgmt/internal/couchbase"
	"github.com/usermgmt/usermgmt/internal/fault"
)

func (b *couchbaseBackend) GetGroup(ctx context.Context, req GetGroupRequest) (Group, error) {
	record, err := b.groupRecord(ctx, req.Name)
	return record.Group, err
}

func (b *couchbaseBackend) groupRecord(ctx context.Context, name string) (CouchbaseGroupRecord, error) {
	group, err := b.api.GetGroup(ctx, name)
	if err != nil {
		return CouchbaseGroupRecord{}, b.noted(ctx, err)
	}
	return fromCouchbaseGroup(group), nil
}

func (b *couchbaseBackend) groupExists(ctx context.Context, name string) error {
	_, err := b.groupRecord(ctx, name)
	return about("group", name, err)
}

func (b *couchbaseBackend) ListGroups(ctx context.Context, req ListGroupsRequest) iter.Seq2[Group, error] {
	return sequence(func(yield func(Group) bool) error {
		return b.eachGroup(ctx, req, func(record CouchbaseGroupRecord) bool { return yield(record.Group) })
	})
}

func (b *couchbaseBackend) eachGroup(ctx context.Context, req ListGroupsRequest, yield func(CouchbaseGroupRecord) bool) error {
	extension, _ := req.Extension.(CouchbaseGroupList)
	for group, err := range b.api.ListGroups(ctx, extension.page()) {
		if err != nil {
			return b.noted(ctx, err)
		}
		if !yield(fromCouchbaseGroup(group)) {
			return nil
		}
	}
	return nil
}

func (b *couchbaseBackend) CreateGroup(ctx context.Context, req CreateGroupRequest) (Group, error) {
	extension, _ := req.Extension.(CouchbaseGroup)
	roles, err := toCouchbaseRoles("Roles", req.Roles)
	if err != nil {
		return Group{}, err
	}
	group := couchbase.GroupForm{Roles: roles, LDAPGroupRef: extension.LDAPRef}
	if req.Description != "" {
		group.Description = &req.Description
	}
	if err := couchbase.CheckName("Name", req.Name); err != nil {
		return Group{}, err
	}
	unlock, err := b.groups.lock(ctx, req.Name)
	if err != nil {
		return Group{}, err
	}
	defer unlock()
	_, err = b.api.GetGroup(ctx, req.Name)
	if err == nil {
		return Group{}, fault.New(fault.AlreadyExists, "the group %s exists", req.Name)
	}
	if fault.KindOf(err) != fault.NotFound {
		return Group{}, b.noted(ctx, err)
	}
	if err := b.api.CreateGroup(ctx, req.Name, group); err != nil {
		return Group{}, b.explain(ctx, err)
	}
	return b.readBackGroup(ctx, req.Name)
}

func (b *couchbaseBackend) UpdateGroup(ctx context.Context, req UpdateGroupRequest) (Group, error) {
	extension, _ := req.Extension.(CouchbaseGroup)
	if req.Description == nil && req.SetRoles == nil && extension.LDAPRef == nil {
		return b.GetGroup(ctx, GetGroupRequest{Name: req.Name})
	}
	var roles []couchbase.Role
	if req.SetRoles != nil {
		var err error
		if roles, err = toCouchbaseRoles("SetRoles", *req.SetRoles); err != nil {
			return Group{}, err
		}
	}
	unlock, err := b.groups.lock(ctx, req.Name)
	if err != nil {
		return Group{}, err
	}
	defer unlock()
	group, err := b.api.GetGroup(ctx, req.Name)
	if err != nil {
		return Group{}, b.noted(ctx, err)
	}
	form := group.Form()
	if req.Description != nil {
		form.Description = req.Description
	}
	if req.SetRoles != nil {
		form.Roles = roles
	}
	if extension.LDAPRef != nil {
		form.LDAPGroupRef = extension.LDAPRef
	}
	if err := b.api.PutGroup(ctx, req.Name, form); err != nil {
		return Group{}, b.explain(ctx, err)
	}
	return b.readBackGroup(ctx, req.Name)
}

func (b *couchbaseBackend) readBackGroup(ctx context.Context, name string) (Group, error) {
	group, err := b.api.GetGroup(ctx, name)
	if err != nil {
		return Group{}, written(err)
	}
	return fromCouchbaseGroup(group).Group, nil
}

func (b *couchbaseBackend) DeleteGroup(ctx context.Context, req DeleteGroupRequest) error {
	unlock, err := b.groups.lock(ctx, req.Name) // an update under way would make the group again
	if err != nil {
		return err
	}
	defer unlock()
	return b.noted(ctx, ignoreMissing(b.api.DeleteGroup(ctx, req.Name), req.IgnoreMissing))
}

func (b *couchbaseBackend) AddGroupMember(ctx context.Context, req AddGroupMemberRequest) error {
	if err := couchbase.CheckName("Group", req.Group); err != nil {
		return err
	}
	return b.changeMembership(ctx, req.Group, req.User, req.Extension, func(groups []string) []string {
		if slices.Contains(groups, req.Group) {
			return groups
		}
		return append(groups, req.Group)
	})
}

func (b *couchbaseBackend) RemoveGroupMember(ctx context.Context, req RemoveGroupMemberRequest) error {
	return b.changeMembership(ctx, req.Group, req.User, req.Extension, func(groups []string) []string {
		return slices.DeleteFunc(groups, func(g string) bool { return g == req.Group })
	})
}

// checkCouchbaseGroups refuses names that no group can have.
func checkCouchbaseGroups(field string, groups []string) error {
	for i, group := range groups {
		if err := couchbase.CheckName(indexed(field, i), group); err != nil {
			return err
		}
	}
	return nil
}

// changeMembership changes the groups of a user, with which Couchbase keeps
// the membership. Where nothing changes the group may not even exist.
func (b *couchbaseBackend) changeMembership(ctx context.Context, group, user string, e UserExtension, change func([]string) []string) error {
	id, err := couchbaseUserOf(user, e)
	if err != nil {
		return err
	}
	changed := false
	err = b.changeUser(ctx, id, func(form *couchbase.UserForm) bool {
		before := len(form.Groups)
		form.Groups = change(form.Groups)
		changed = len(form.Groups) != before
		return changed
	})
	if err == nil && !changed {
		return b.groupExists(ctx, group)
	}
	return b.noted(ctx, err)
}
