package usermgmt

import (
	"context"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/iguazio"
)

// GetProject returns the project of a name with all its attributes. It fails
// with [ErrNotFound] if there is none that the caller may see. It sends GET
// /api/projects?filter[name].
func (e *IguazioExtension) GetProject(ctx context.Context, name string) (IguazioProject, error) {
	return extend(ctx, e.client, iguazioProject("GetProject", name), named(name), func(ctx context.Context) (IguazioProject, error) {
		project, err := e.backend.project(ctx, "name", name)
		if err != nil {
			return IguazioProject{}, err
		}
		return fromIguazioProjectRecord(project), nil
	})
}

// IguazioNewProject describes a project to be made.
type IguazioNewProject struct {
	// Name is the name. Required.
	Name string
	// Description is text for people to read.
	Description string
	// Owner is the name of the owner, empty for the caller.
	Owner string
	// Labels are labels.
	Labels []IguazioLabel
	// Annotations are annotations.
	Annotations []IguazioLabel
	// NodeSelector says where functions run. It needs version 3.5.5 of the
	// system, else the call fails with [ErrUnsupported].
	NodeSelector []IguazioLabel
}

func (p IguazioNewProject) check(v *validator) {
	v.name("Name", p.Name)
	v.description("Description", p.Description)
	if p.Owner != "" {
		v.name("Owner", p.Owner)
	}
}

// CreateProject makes a project, waits for its job and returns it. It fails
// with [ErrAlreadyExists] if the name is taken, and with [ErrNotFound] if the
// owner does not exist. It is never sent twice. It sends POST /api/projects
// and GET /api/jobs/{id}, several times.
func (e *IguazioExtension) CreateProject(ctx context.Context, project IguazioNewProject) (IguazioProject, error) {
	return extend(ctx, e.client, iguazioProject("CreateProject", project.Name), project.check, func(ctx context.Context) (IguazioProject, error) {
		b := e.backend
		wanted := iguazio.NewProject{
			Name: project.Name, Description: project.Description,
			Labels: toIguazioLabels(project.Labels), Annotations: toIguazioLabels(project.Annotations),
		}
		if err := iguazio.CheckName("Name", project.Name); err != nil {
			return IguazioProject{}, err
		}
		if project.NodeSelector != nil {
			if err := b.needsRecent(ctx, "NodeSelector"); err != nil {
				return IguazioProject{}, err
			}
			wanted.NodeSelector = toIguazioLabels(project.NodeSelector)
		}
		if project.Owner != "" {
			owner, err := b.user(ctx, "Owner", project.Owner, "")
			if err != nil {
				return IguazioProject{}, err
			}
			wanted.OwnerID = owner.ID
		}
		created, jobID, err := b.api.CreateProject(ctx, wanted)
		if err != nil {
			return IguazioProject{}, err
		}
		if err := b.api.Finish(ctx, jobID, true); err != nil {
			return IguazioProject{}, err
		}
		created, err = b.api.GetProject(ctx, created.ID, iguazio.IncludeOwner)
		if err != nil {
			return IguazioProject{}, written(err)
		}
		return fromIguazioProjectRecord(created), nil
	})
}

// IguazioProjectUpdate is the request of [IguazioExtension.UpdateProject]. Nil
// fields leave things as they are.
type IguazioProjectUpdate struct {
	// Description replaces the description; "" clears it.
	Description *string
	// Labels replaces the whole list of labels.
	Labels *[]IguazioLabel
	// Annotations replaces the whole list of annotations.
	Annotations *[]IguazioLabel
	// NodeSelector replaces where functions run. It needs version 3.5.5 of the
	// system, else the call fails with [ErrUnsupported].
	NodeSelector *[]IguazioLabel
	// AdminStatus replaces the administrative status: "online", "offline" or
	// "archived".
	AdminStatus *string
}

// UpdateProject changes what update names; naming nothing writes nothing. It
// fails with [ErrNotFound] if there is no such project. It sends PUT
// /api/projects/{id}.
func (e *IguazioExtension) UpdateProject(ctx context.Context, name string, update IguazioProjectUpdate) error {
	return extendDo(ctx, e.client, iguazioProject("UpdateProject", name), named(name), func(ctx context.Context) error {
		if update.NodeSelector != nil {
			if err := e.backend.needsRecent(ctx, "NodeSelector"); err != nil {
				return err
			}
		}
		project, err := e.backend.project(ctx, "name", name)
		if err != nil {
			return err
		}
		return e.backend.api.UpdateProject(ctx, project.ID, iguazio.ProjectPatch{
			Description: update.Description, AdminStatus: update.AdminStatus, Labels: replaced(update.Labels),
			Annotations: replaced(update.Annotations), NodeSelector: replaced(update.NodeSelector),
		})
	})
}

func replaced(labels *[]IguazioLabel) *[]iguazio.Label {
	if labels == nil {
		return nil
	}
	return new(toIguazioLabels(*labels))
}

// SetProjectOwner makes a user the owner of a project. The caller may lose
// access by that. It fails with [ErrNotFound] if the project or the user does
// not exist. It sends PUT /api/projects/{id}.
func (e *IguazioExtension) SetProjectOwner(ctx context.Context, project, user string) error {
	check := func(v *validator) {
		v.name("project", project)
		v.name("user", user)
	}
	return extendDo(ctx, e.client, iguazioProject("SetProjectOwner", project), check, func(ctx context.Context) error {
		found, err := e.backend.project(ctx, "project", project)
		if err != nil {
			return err
		}
		owner, err := e.backend.user(ctx, "user", user, "")
		if err != nil {
			return err
		}
		return e.backend.api.UpdateProject(ctx, found.ID, iguazio.ProjectPatch{OwnerID: &owner.ID})
	})
}

// IguazioDeletion says what happens to the content of a project that is
// deleted.
type IguazioDeletion string

// The ways to delete a project. The empty one leaves it to the system.
const (
	// IguazioRestricted refuses a project that is not empty, with [ErrConflict].
	IguazioRestricted IguazioDeletion = "restricted"
	// IguazioCascading deletes the content, too.
	IguazioCascading IguazioDeletion = "cascading"
)

// DeleteProject deletes a project and waits for its job. It fails with
// [ErrNotFound] if there is none. It sends DELETE /api/projects and GET
// /api/jobs/{id}, several times.
func (e *IguazioExtension) DeleteProject(ctx context.Context, name string, how IguazioDeletion) error {
	return extendDo(ctx, e.client, iguazioProject("DeleteProject", name), named(name), func(ctx context.Context) error {
		switch how {
		case "", IguazioRestricted, IguazioCascading:
		default:
			return fault.Invalid("how", "must be one of the constants")
		}
		jobID, err := e.backend.api.DeleteProject(ctx, name, iguazio.Deletion(how))
		if err != nil {
			return err
		}
		return e.backend.api.Finish(ctx, jobID, false)
	})
}

// ProjectAllows reports whether the caller may do something in a project, such
// as "read" or "update". It fails with [ErrNotFound] if there is no such
// project that the caller may see, if the system tells. It sends GET
// /api/projects/__name__/{name}/authorization.
func (e *IguazioExtension) ProjectAllows(ctx context.Context, project, action string) (bool, error) {
	check := func(v *validator) {
		v.name("project", project)
		v.name("action", action)
	}
	return extend(ctx, e.client, iguazioProject("ProjectAllows", project), check, func(ctx context.Context) (bool, error) {
		return e.backend.api.ProjectAllows(ctx, project, action, "")
	})
}

// iguazioProject is what a call of the extension about a project is about.
func iguazioProject(op, name string) target { return target{op: op, resource: "project", name: name} }
