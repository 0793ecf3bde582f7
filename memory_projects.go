package usermgmt

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/usermgmt/usermgmt/internal/fault"
)

func (b *memoryBackend) GetProject(_ context.Context, req GetProjectRequest) (shown Project, err error) {
	err = b.view(func(tx *memoryTx) error {
		project, err := tx.projects.find("project", req.Name)
		if err == nil {
			shown = project.Project
		}
		return err
	})
	return shown, err
}

func (b *memoryBackend) ListProjects(ctx context.Context, req ListProjectsRequest) iter.Seq2[Project, error] {
	return func(yield func(Project, error) bool) {
		projects := map[string]*memoryProject{}
		err := b.view(func(tx *memoryTx) error {
			projects = tx.projects.all()
			if req.User == "" {
				return nil
			}
			user, err := tx.users.find("user", req.User)
			if err != nil {
				return err
			}
			maps.DeleteFunc(projects, func(_ string, project *memoryProject) bool { return tx.projectRole(project, user) == "" })
			return nil
		})
		if err != nil {
			yield(Project{}, err)
			return
		}
		yieldSorted(ctx, projects, yield, func(project *memoryProject) (Project, bool) { return project.Project, true })
	}
}

func (b *memoryBackend) ListProjectMembers(ctx context.Context, req ListProjectMembersRequest) iter.Seq2[ProjectMember, error] {
	return func(yield func(ProjectMember, error) bool) {
		var project *memoryProject
		err := b.view(func(tx *memoryTx) (err error) {
			project, err = tx.projects.find("project", req.Project)
			return err
		})
		if err != nil {
			yield(ProjectMember{}, err)
			return
		}
		for _, member := range project.members {
			if ctx.Err() != nil {
				yield(ProjectMember{}, fault.Ended(ctx, ctx.Err()))
				return
			}
			if !yield(member, nil) {
				return
			}
		}
	}
}

func (b *memoryBackend) EffectiveProjectRole(_ context.Context, req EffectiveProjectRoleRequest) (role string, err error) {
	err = b.view(func(tx *memoryTx) error {
		project, err := tx.projects.find("project", req.Project)
		if err != nil {
			return err
		}
		user, err := tx.users.find("user", req.User)
		if err != nil {
			return err
		}
		role = tx.projectRole(project, user)
		return nil
	})
	return role, err
}

func (b *memoryBackend) EnsureProjectMember(ctx context.Context, req EnsureProjectMemberRequest) error {
	return b.change(ctx, func(tx *memoryTx) error {
		if !slices.Contains(tx.projectRoles, req.Role) {
			return fault.Invalid("Role", "must be one of %s", strings.Join(tx.projectRoles, ", "))
		}
		project, err := tx.membership(req.Project, req.Member)
		if err != nil {
			return err
		}
		if i, found := project.find(req.Member); found && project.members[i].Role == req.Role {
			return nil
		}
		tx.projects.put(project.Name, project.with(req.Member, req.Role))
		return nil
	})
}

func (b *memoryBackend) RemoveProjectMember(ctx context.Context, req RemoveProjectMemberRequest) error {
	return b.change(ctx, func(tx *memoryTx) error {
		project, err := tx.membership(req.Project, req.Member)
		if err != nil {
			return err
		}
		if _, found := project.find(req.Member); found {
			tx.projects.put(project.Name, project.without(req.Member))
		}
		return nil
	})
}

// membership returns a project. It fails if there is none, or no such member.
func (tx *memoryTx) membership(name string, member Member) (*memoryProject, error) {
	project, err := tx.projects.find("project", name)
	if err != nil {
		return nil, err
	}
	return project, tx.memberExists(member)
}
