package usermgmt

import (
	"context"
	"iter"
	"slices"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/juju"
)

func (b *jujuBackend) GetProject(ctx context.Context, req GetProjectRequest) (Project, error) {
	m, err := b.model(ctx, req.Name)
	if err != nil {
		return Project{}, err
	}
	return fromJujuModel(m), nil
}

func (b *jujuBackend) ListProjects(ctx context.Context, req ListProjectsRequest) iter.Seq2[Project, error] {
	return func(yield func(Project, error) bool) {
		models, err := b.modelsOf(ctx, req.User)
		if err != nil {
			yield(Project{}, err)
			return
		}
		var failure error
		for _, m := range models {
			if ctx.Err() != nil {
				yield(Project{}, fault.Ended(ctx, ctx.Err()))
				return
			}
			if m.Err != nil { // one that cannot be summed up does not hide the others
				failure = m.Err
				continue
			}
			if !yield(fromJujuModel(m.Value), nil) {
				return
			}
		}
		if failure != nil {
			yield(Project{}, failure)
		}
	}
}

// modelsOf returns the models on which a user has a level, or all that the
// caller may see.
func (b *jujuBackend) modelsOf(ctx context.Context, user string) ([]juju.Item[juju.Model], error) {
	if user != "" {
		if err := b.exists(ctx, user); err != nil {
			return nil, err
		}
		return b.api.ModelSummaries(ctx, user, false)
	}
	s, err := b.api.Session(ctx)
	if err != nil {
		return nil, err
	}
	return b.api.ModelSummaries(ctx, s.Identity, s.Superuser())
}

// model returns the model of a UUID, owner/name or name.
func (b *jujuBackend) model(ctx context.Context, name string) (juju.Model, error) {
	if juju.IsUUID(name) {
		m, err := b.members(ctx, name)
		return m, about("project", name, err)
	}
	if err := checkJujuModel(name); err != nil {
		return juju.Model{}, about("project", name, err)
	}
	list, err := b.modelsOf(ctx, "")
	if err != nil {
		return juju.Model{}, err
	}
	var models []juju.Model
	for _, m := range list {
		if m.Err == nil {
			models = append(models, m.Value)
		}
	}
	m, err := juju.FindModel("Project", name, models)
	return m, about("project", name, err)
}

// members returns a model with its users. To others than its administrators
// and superusers the controller shows themselves alone, which would pass for
// a complete list.
func (b *jujuBackend) members(ctx context.Context, uuid string) (juju.Model, error) {
	list, err := b.api.ModelInfo(ctx, uuid)
	if err != nil {
		return juju.Model{}, err
	}
	return list[0].Value, list[0].Err
}

// complete fails if the caller is not shown all users of a model. For a
// superuser who is shown nobody else, the level is read again, because it may
// have changed since the login.
func (b *jujuBackend) complete(ctx context.Context, m juju.Model) error {
	s, err := b.api.Session(ctx)
	if err != nil || jujuShowsAll(s.Identity, juju.OnModel, modelUsers(m)) {
		return err
	}
	if s.Superuser() {
		levels, err := b.api.ControllerAccess(ctx, s.Identity)
		if err := firstError(err, jujuFirst(levels)); err != nil || levels[0].Value == "superuser" {
			return err
		}
	}
	return jujuHidden()
}

// shown fails if the caller is not shown what a user holds on an object with
// these users.
func (b *jujuBackend) shown(ctx context.Context, user string, kind juju.ObjectKind, users []juju.AccessUser) error {
	s, err := b.api.Session(ctx)
	if err != nil || s.Superuser() || sameJujuUser(s.Identity, user) || jujuShowsAll(s.Identity, kind, users) {
		return err
	}
	return jujuHidden()
}

// jujuShowsAll reports whether the users of an object tell by themselves that
// they are all. Who is neither superuser nor administrator is shown nobody but
// themselves, and everyone: that somebody else is missing tells nothing.
func jujuShowsAll(caller string, kind juju.ObjectKind, users []juju.AccessUser) bool {
	return slices.ContainsFunc(users, func(u juju.AccessUser) bool {
		if sameJujuUser(u.Name, caller) {
			return u.Access == "admin"
		}
		return kind == juju.OnModel && !sameJujuUser(u.Name, "everyone@external")
	})
}

func jujuHidden() error {
	return fault.New(fault.PermissionDenied, "only administrators are shown all users: others see nobody but themselves")
}

// modelUsers returns the users of a model as other objects have them.
func modelUsers(m juju.Model) []juju.AccessUser {
	users := make([]juju.AccessUser, len(m.Users))
	for i, u := range m.Users {
		users[i] = juju.AccessUser{Name: u.Name, DisplayName: u.DisplayName, Access: u.Access}
	}
	return users
}

func (b *jujuBackend) ListProjectMembers(ctx context.Context, req ListProjectMembersRequest) iter.Seq2[ProjectMember, error] {
	return func(yield func(ProjectMember, error) bool) {
		m, err := b.project(ctx, req.Project)
		if err == nil {
			err = b.complete(ctx, m)
		}
		if err != nil {
			yield(ProjectMember{}, err)
			return
		}
		for _, u := range m.Users {
			if ctx.Err() != nil {
				yield(ProjectMember{}, fault.Ended(ctx, ctx.Err()))
				return
			}
			if !yield(ProjectMember{Member: UserMember(u.Name), Role: u.Access}, nil) {
				return
			}
		}
	}
}

// project returns the model of a name with its users.
func (b *jujuBackend) project(ctx context.Context, name string) (juju.Model, error) {
	m, err := b.model(ctx, name)
	if err != nil || m.Users != nil {
		return m, err
	}
	m, err = b.members(ctx, m.UUID)
	return m, about("project", name, err)
}

// EffectiveProjectRole is the level of the user itself and, for an external
// one, that of everyone@external if it is higher. What superusers may do
// everywhere does not count.
func (b *jujuBackend) EffectiveProjectRole(ctx context.Context, req EffectiveProjectRoleRequest) (string, error) {
	if err := checkJujuMember(req.Project, "User", req.User); err != nil {
		return "", err
	}
	if err := b.exists(ctx, req.User); err != nil {
		return "", err
	}
	m, err := b.project(ctx, req.Project)
	if err != nil {
		return "", err
	}
	if err := b.shown(ctx, req.User, juju.OnModel, modelUsers(m)); err != nil {
		return "", err
	}
	role := ""
	for _, u := range m.Users {
		applies := sameJujuUser(u.Name, req.User) || juju.IsExternal(canonicalJuju(req.User)) && sameJujuUser(u.Name, "everyone@external")
		if applies && juju.Rank(juju.OnModel, u.Access) > juju.Rank(juju.OnModel, role) {
			role = u.Access
		}
	}
	return role, nil
}

func (b *jujuBackend) EnsureProjectMember(ctx context.Context, req EnsureProjectMemberRequest) error {
	if juju.Rank(juju.OnModel, req.Role) < 1 {
		return fault.Invalid("Role", "must be one of %q", juju.Levels(juju.OnModel))
	}
	return b.setMember(ctx, req.Project, req.Member.Name, req.Role)
}

func (b *jujuBackend) RemoveProjectMember(ctx context.Context, req RemoveProjectMemberRequest) error {
	return b.setMember(ctx, req.Project, req.Member.Name, "")
}

func (b *jujuBackend) setMember(ctx context.Context, project, user, level string) error {
	if err := checkJujuMember(project, "Member", user); err != nil {
		return err
	}
	m, err := b.model(ctx, project)
	if err != nil {
		return err
	}
	return b.set(ctx, user, juju.Object{Kind: juju.OnModel, ID: m.UUID}, level)
}

// checkJujuMember checks names before anything is sent.
func checkJujuMember(project, field, user string) error {
	if _, err := juju.CanonicalUser(field, user); err != nil {
		return err
	}
	return checkJujuModel(project)
}

// checkJujuModel checks what may be a UUID, owner/name or name.
func checkJujuModel(name string) error {
	if juju.IsUUID(name) {
		return nil
	}
	_, _, err := juju.SplitModel("Project", name)
	return err
}

func fromJujuModel(m juju.Model) Project {
	return Project{Name: m.FullName(), ID: m.UUID, Owner: m.Owner}
}
