package usermgmt

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/iguazio"
)

// project returns the project of a name with its owner. field is where the
// name comes from.
func (b *iguazioBackend) project(ctx context.Context, field, name string) (iguazio.Project, error) {
	if err := iguazio.CheckName(field, name); err != nil {
		return iguazio.Project{}, err
	}
	project, err := b.api.FindProject(ctx, name, iguazio.IncludeOwner)
	return project, about("project", name, err)
}

// projectMembers returns who is in the project of a name.
func (b *iguazioBackend) projectMembers(ctx context.Context, name string) (*iguazio.Members, error) {
	project, err := b.project(ctx, "Project", name)
	if err != nil {
		return nil, err
	}
	if project, err = b.api.GetProject(ctx, project.ID, iguazio.IncludeMembers...); err != nil {
		return nil, about("project", name, err)
	}
	return project.Members()
}

// member returns the reference to a user or a group.
func (b *iguazioBackend) member(ctx context.Context, field string, member Member) (iguazio.Ref, error) {
	if member.Kind == KindGroup {
		id, err := b.groupID(ctx, field, member.Name)
		return iguazio.GroupRef(id), err
	}
	user, err := b.user(ctx, field, member.Name, "")
	return iguazio.UserRef(user.ID), err
}

func (b *iguazioBackend) GetProject(ctx context.Context, req GetProjectRequest) (Project, error) {
	project, err := b.project(ctx, "Name", req.Name)
	return fromIguazioProject(project), err
}

func (b *iguazioBackend) ListProjects(ctx context.Context, req ListProjectsRequest) iter.Seq2[Project, error] {
	return func(yield func(Project, error) bool) {
		query := iguazio.Query{Include: []string{iguazio.IncludeOwner}}
		var principals []iguazio.Ref
		if req.User != "" {
			user, err := b.user(ctx, "User", req.User, "")
			if err != nil {
				yield(Project{}, err)
				return
			}
			principals = user.Principals()
			query.Include, query.PageSize = append(query.Include, iguazio.IncludeMembers...), 20 // a project can have many members
		}
		for project, err := range b.api.ListProjects(ctx, query) {
			admits := req.User == ""
			if err == nil && !admits {
				admits, err = hasRole(project, principals)
			}
			if err != nil {
				yield(Project{}, err)
				return
			}
			if admits && !yield(fromIguazioProject(project), nil) {
				return
			}
		}
	}
}

// hasRole reports whether a project that was read with its members gives a
// role to any of some principals.
func hasRole(project iguazio.Project, principals []iguazio.Ref) (bool, error) {
	members, err := project.Members()
	if err != nil {
		return false, about("project", project.Name, err)
	}
	return members.Highest(principals) != "", nil
}

func (b *iguazioBackend) ListProjectMembers(ctx context.Context, req ListProjectMembersRequest) iter.Seq2[ProjectMember, error] {
	return func(yield func(ProjectMember, error) bool) {
		var all []iguazio.Member
		members, err := b.projectMembers(ctx, req.Project)
		if err == nil {
			all, err = members.All()
		}
		if err != nil {
			yield(ProjectMember{}, err)
			return
		}
		for _, member := range all {
			if ctx.Err() != nil {
				yield(ProjectMember{}, fault.Ended(ctx, ctx.Err()))
				return
			}
			if !yield(fromIguazioMember(member), nil) {
				return
			}
		}
	}
}

func fromIguazioMember(member iguazio.Member) ProjectMember {
	shown := ProjectMember{Member: UserMember(member.Name), ID: member.ID, Role: member.Role}
	if member.Ref == iguazio.GroupRef(member.ID) {
		shown.Kind = KindGroup
	}
	return shown
}

func (b *iguazioBackend) EffectiveProjectRole(ctx context.Context, req EffectiveProjectRoleRequest) (string, error) {
	if err := iguazio.CheckName("Project", req.Project); err != nil {
		return "", err
	}
	user, err := b.user(ctx, "User", req.User, "")
	if err != nil {
		return "", err
	}
	members, err := b.projectMembers(ctx, req.Project)
	if err != nil {
		return "", err
	}
	return members.Highest(user.Principals()), nil
}

func (b *iguazioBackend) EnsureProjectMember(ctx context.Context, req EnsureProjectMemberRequest) error {
	if err := checkProjectRole("Role", req.Role); err != nil {
		return err
	}
	return b.changeMembers(ctx, req.Project, req.Member, func(members *iguazio.Members, member iguazio.Ref) error {
		return members.Put(member, req.Role, iguazio.Override)
	})
}

func (b *iguazioBackend) RemoveProjectMember(ctx context.Context, req RemoveProjectMemberRequest) error {
	return b.changeMembers(ctx, req.Project, req.Member, func(members *iguazio.Members, member iguazio.Ref) error {
		members.Remove(member)
		return nil
	})
}

func checkProjectRole(field, role string) error {
	if !slices.Contains(iguazio.ProjectRoles, role) {
		return fault.Invalid(field, "must be one of %s", strings.Join(iguazio.ProjectRoles, ", "))
	}
	return nil
}

// changeMembers changes what concerns one member of a project.
func (b *iguazioBackend) changeMembers(ctx context.Context, name string, member Member, change func(*iguazio.Members, iguazio.Ref) error) error {
	for field, name := range map[string]string{"Project": name, "Member": member.Name} {
		if err := iguazio.CheckName(field, name); err != nil {
			return err
		}
	}
	project, err := b.project(ctx, "Project", name)
	if err != nil {
		return err
	}
	ref, err := b.member(ctx, "Member", member)
	if err != nil {
		return err
	}
	unlock, err := b.projects.lock(ctx, name)
	if err != nil {
		return err
	}
	defer unlock()
	return b.api.ChangeMembers(ctx, project.ID, false, func(members *iguazio.Members) error { return change(members, ref) })
}
