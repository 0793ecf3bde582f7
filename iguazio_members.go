package usermgmt

import (
	"context"
	"errors"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/iguazio"
)

// IguazioExisting says what becomes of a member of a project that has a role
// already.
type IguazioExisting uint8

// What becomes of such a member.
const (
	// IguazioOverride gives the member the new role in place of the old one.
	IguazioOverride IguazioExisting = iota
	// IguazioKeep leaves the member its role.
	IguazioKeep
	// IguazioFail refuses the whole change with [ErrAlreadyExists].
	IguazioFail
)

// IguazioMembersChange is a change of the members of a project, which is
// carried out as a whole. Its parts are taken in the order of the fields.
type IguazioMembersChange struct {
	// Remove are members to take out; one that is not in the project is no
	// error.
	Remove []Member
	// Exactly are roles that are to be held by those alone that Put names for
	// them. It fails with [ErrConflict] if anybody else holds one, unless
	// Override is set.
	Exactly []string
	// Override lets those who hold one of the roles in Exactly leave the
	// project.
	Override bool
	// Put are members with the role that each is to have. An ID, if there is
	// one, saves the look-up by name.
	Put []ProjectMember
	// Existing says what becomes of members in Put that have a role already.
	Existing IguazioExisting
	// NotifyByEmail has the system tell the members.
	NotifyByEmail bool
}

func (c IguazioMembersChange) check(v *validator) {
	for i, member := range c.Remove {
		v.member(indexed("Remove", i), member)
	}
	for i, role := range c.Exactly {
		refuseProjectRole(v, indexed("Exactly", i), role)
	}
	for i, member := range c.Put {
		refuseProjectRole(v, indexed("Put", i), member.Role)
		v.member(indexed("Put", i), member.Member)
	}
	if c.Existing > IguazioFail {
		v.problemf("Existing", "must be one of the constants")
	}
}

// refuseProjectRole notes that projects have no such role.
func refuseProjectRole(v *validator, field, role string) {
	if f, ok := errors.AsType[*fault.Error](checkProjectRole(field, role)); ok {
		v.problemf(field, "%s", f.Fields[field])
	}
}

// apply makes the change to members; put and remove are those of the change.
func (c IguazioMembersChange) apply(members *iguazio.Members, put, remove []iguazio.Ref) error {
	for _, member := range remove {
		members.Remove(member)
	}
	for _, role := range c.Exactly {
		var holders []iguazio.Ref
		for i, member := range put {
			if c.Put[i].Role == role {
				holders = append(holders, member)
			}
		}
		if err := members.Vacate(role, holders, c.Override); err != nil {
			return err
		}
	}
	for i, member := range put {
		if err := members.Put(member, c.Put[i].Role, iguazio.Mode(c.Existing)); err != nil {
			return about(c.Put[i].Kind.String(), c.Put[i].Name, err)
		}
	}
	return nil
}

// ChangeProjectMembers changes any number of members of a project in one
// transaction, which is one write and one job however many they are. A
// change that changes nothing writes nothing. It fails with [ErrNotFound] if
// the project or a member does not exist. It sends GET /api/projects/{id}, POST
// /api/async_transactions and GET /api/jobs/{id}, several times; for many
// names without an ID it lists all users or groups.
func (e *IguazioExtension) ChangeProjectMembers(ctx context.Context, project string, change IguazioMembersChange) error {
	check := func(v *validator) {
		v.name("project", project)
		change.check(v)
	}
	return extendDo(ctx, e.client, iguazioProject("ChangeProjectMembers", project), check, func(ctx context.Context) error {
		b := e.backend
		found, err := b.project(ctx, "project", project)
		if err != nil {
			return err
		}
		var named []ProjectMember
		for _, member := range change.Remove {
			named = append(named, ProjectMember{Member: member})
		}
		refs, err := b.resolve(ctx, append(named, change.Put...))
		if err != nil {
			return err
		}
		unlock, err := b.projects.lock(ctx, project)
		if err != nil {
			return err
		}
		defer unlock()
		return b.api.ChangeMembers(ctx, found.ID, change.NotifyByEmail, func(members *iguazio.Members) error {
			return change.apply(members, refs[len(named):], refs[:len(named)])
		})
	})
}

// fewNames is up to how many names are looked up one by one; for more, all
// users or groups are listed.
const fewNames = 10

// resolve returns the references to members, in their order.
func (b *iguazioBackend) resolve(ctx context.Context, members []ProjectMember) ([]iguazio.Ref, error) {
	unknown := map[Member]string{} // the IDs of those that are given by name
	count := map[MemberKind]int{}
	for _, member := range members {
		if err := iguazio.CheckName("member", member.Name); err != nil {
			return nil, err
		}
		if _, seen := unknown[member.Member]; member.ID == "" && !seen {
			unknown[member.Member] = ""
			count[member.Kind]++
		}
	}
	if count[KindUser] > fewNames {
		for user, err := range b.api.ListUsers(ctx, iguazio.Query{}) {
			if err != nil {
				return nil, err
			}
			noteID(unknown, UserMember(user.Username), user.ID)
		}
	}
	if count[KindGroup] > fewNames {
		for group, err := range b.api.ListGroups(ctx, iguazio.Query{}) {
			if err != nil {
				return nil, err
			}
			noteID(unknown, GroupMember(group.Name), group.ID)
		}
	}
	refs := make([]iguazio.Ref, len(members))
	for i, member := range members {
		ref, err := b.reference(ctx, member, unknown[member.Member], count[member.Kind] > fewNames)
		if err != nil {
			return nil, err
		}
		refs[i] = ref
	}
	return refs, nil
}

// noteID notes the ID of a member that is looked for.
func noteID(unknown map[Member]string, member Member, id string) {
	if _, wanted := unknown[member]; wanted {
		unknown[member] = id
	}
}

// reference returns the reference to a member: by its own ID, by the one that
// a list shows if there was one, or by a look-up.
func (b *iguazioBackend) reference(ctx context.Context, member ProjectMember, listedID string, listed bool) (iguazio.Ref, error) {
	id := member.ID
	if id == "" {
		id = listedID
	}
	switch {
	case id != "" && member.Kind == KindGroup:
		return iguazio.GroupRef(id), nil
	case id != "":
		return iguazio.UserRef(id), nil
	case listed:
		return iguazio.Ref{}, about(member.Kind.String(), member.Name, &fault.Error{Kind: fault.NotFound, FromServer: true})
	default:
		return b.member(ctx, "Put", member.Member)
	}
}
