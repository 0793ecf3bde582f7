package usermgmt

import (
	"context"
	"time"

	"github.com/usermgmt/usermgmt/internal/juju"
)

// JujuModel is a model.
type JujuModel struct {
	Project

	// Type is "iaas" or "caas", empty if unknown.
	Type string
	// Life is "alive", "dying" or "dead", empty if unknown.
	Life string
	// Cloud is the name of the cloud that the model is on, empty if unknown.
	Cloud string
	// IsController is set for the model that the controller itself runs in.
	IsController bool
	// Level is the level of the user who was asked about, empty if there is
	// none or it is unknown.
	Level string
	// LastConnection is when that user last used the model, zero if never or
	// unknown.
	LastConnection time.Time
	// Users are those with a level on the model, as far as the caller may see
	// them; nil if the call does not tell.
	Users []JujuModelUser
}

// JujuModelUser is a user with a level on a model.
type JujuModelUser struct {
	// Name is the user's name.
	Name string
	// DisplayName is the name for people to read.
	DisplayName string
	// Level is the user's level.
	Level string
	// LastConnection is when the user last used the model, zero if never.
	LastConnection time.Time
}

// JujuNewModel is the request of [JujuExtension.CreateModel].
type JujuNewModel struct {
	// Name is the model's name without its owner. Required.
	Name string
	// Owner is the owner, who becomes its administrator; empty for the caller.
	Owner string
	// Cloud is the name of the cloud, empty for the controller's.
	Cloud string
	// Region is the region of the cloud, empty for the default.
	Region string
	// Config are settings of the model; they are not secret.
	Config map[string]string
}

// JujuDestroy says how [JujuExtension.DestroyModels] goes about it. Nil fields
// leave the choice to the controller.
type JujuDestroy struct {
	// DestroyStorage destroys the storage, too, or keeps it.
	DestroyStorage *bool
	// Force goes on in spite of errors.
	Force *bool
	// MaxWait is how long a forced step waits.
	MaxWait *time.Duration
	// Timeout is how long it may take.
	Timeout *time.Duration
}

// ListModels returns the models on which a user has a level, in no order:
// ModelManager.ListModelSummaries. Only superusers may ask about others.
func (e *JujuExtension) ListModels(ctx context.Context, user string) ([]JujuModel, error) {
	t := target{op: "ListModels", resource: "user", name: user}
	return extend(ctx, e.client, t, named(user), func(ctx context.Context) ([]JujuModel, error) {
		found, err := e.backend.modelsOf(ctx, user)
		if err != nil {
			return nil, err
		}
		var list []JujuModel
		for _, m := range found {
			if m.Err != nil {
				err = m.Err // it does not hide the others
				continue
			}
			list = append(list, jujuModelOf(m.Value))
		}
		return list, err
	})
}

// GetModel returns a model, by UUID, owner/name or name, with its users. It
// calls ModelManager.ListModelSummaries for a name, and ModelManager.ModelInfo.
func (e *JujuExtension) GetModel(ctx context.Context, nameOrUUID string) (JujuModel, error) {
	t := target{op: "GetModel", resource: "project", name: nameOrUUID}
	return extend(ctx, e.client, t, named(nameOrUUID), func(ctx context.Context) (JujuModel, error) {
		m, err := e.backend.project(ctx, nameOrUUID)
		if err != nil {
			return JujuModel{}, err
		}
		return jujuModelOf(m), nil
	})
}

// ModelUsers returns the users of models, named like those of GetModel:
// ModelManager.ListModelSummaries for names, and UserManager.ModelUserInfo.
func (e *JujuExtension) ModelUsers(ctx context.Context, models ...string) ([]Result[[]JujuModelUser], error) {
	const op = "ModelUsers"
	return extend(ctx, e.client, target{op: op, resource: "project"}, allNamed(models), func(ctx context.Context) ([]Result[[]JujuModelUser], error) {
		list, uuids := e.locateAll(ctx, models)
		users, err := e.api.ModelUsers(ctx, present(uuids)...)
		for i, uuid := range uuids {
			for _, u := range users[uuid] {
				list[i].Value = append(list[i].Value, jujuModelUserOf(u))
			}
		}
		return jujuResults(e, op, "project", nth(models), list, func(_ int, u []JujuModelUser) []JujuModelUser { return u }), err
	})
}

// locateAll returns the UUIDs of models, "" beside an item with an error.
func (e *JujuExtension) locateAll(ctx context.Context, models []string) ([]juju.Item[[]JujuModelUser], []string) {
	list, uuids := make([]juju.Item[[]JujuModelUser], len(models)), make([]string, len(models))
	for i, name := range models {
		if juju.IsUUID(name) {
			uuids[i] = name
			continue
		}
		m, err := e.backend.model(ctx, name)
		list[i].Err, uuids[i] = err, m.UUID
	}
	return list, uuids
}

// present returns the texts that are not empty.
func present(texts []string) []string {
	var list []string
	for _, text := range texts {
		if text != "" {
			list = append(list, text)
		}
	}
	return list
}

// CreateModel creates a model. It is never sent twice: ModelManager.CreateModel.
func (e *JujuExtension) CreateModel(ctx context.Context, m JujuNewModel) (JujuModel, error) {
	t := target{op: "CreateModel", resource: "project", name: m.Name}
	return extend(ctx, e.client, t, func(v *validator) { v.name("Name", m.Name) }, func(ctx context.Context) (JujuModel, error) {
		if m.Owner == "" {
			s, err := e.api.Session(ctx)
			if err != nil {
				return JujuModel{}, err
			}
			m.Owner = s.Identity
		}
		created, err := e.api.CreateModel(ctx, juju.NewModel(m))
		if err != nil {
			return JujuModel{}, err
		}
		return jujuModelOf(created), nil
	})
}

// DestroyModels destroys models, named like those of GetModel. The controller
// goes on with it after it has answered, and lists them as dying meanwhile. It
// is never sent twice: ModelManager.ListModelSummaries for names, and
// ModelManager.DestroyModels.
func (e *JujuExtension) DestroyModels(ctx context.Context, how JujuDestroy, models ...string) ([]Result[string], error) {
	const op = "DestroyModels"
	return extend(ctx, e.client, target{op: op, resource: "project"}, allNamed(models), func(ctx context.Context) ([]Result[string], error) {
		located, uuids := e.locateAll(ctx, models)
		done, err := e.api.DestroyModels(ctx, juju.DestroyOptions(how), present(uuids)...)
		for i := range located {
			if located[i].Err == nil && len(done) > 0 {
				located[i].Err, done = done[0].Err, done[1:]
			}
		}
		return jujuResults(e, op, "project", nth(models), located, func(i int, _ []JujuModelUser) string { return models[i] }), err
	})
}

func jujuModelOf(m juju.Model) JujuModel {
	out := JujuModel{
		Project: fromJujuModel(m), Type: m.Type, Life: m.Life, Cloud: m.Cloud, IsController: m.IsController, Level: m.Access,
		LastConnection: known(m.LastConnection),
	}
	for _, u := range m.Users {
		out.Users = append(out.Users, jujuModelUserOf(u))
	}
	return out
}

func jujuModelUserOf(u juju.ModelUser) JujuModelUser {
	return JujuModelUser{Name: u.Name, DisplayName: u.DisplayName, Level: u.Access, LastConnection: known(u.LastConnection)}
}
