package juju

import (
	"context"
	"strings"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// NewModel is a model to be created.
type NewModel struct {
	// Name is its name.
	Name string
	// Owner is its owner, who becomes its administrator.
	Owner string
	// Cloud is the name of the cloud, empty for the controller's.
	Cloud string
	// Region is the region of the cloud, empty for the default.
	Region string
	// Config are settings.
	Config map[string]string
}

// CreateModel creates a model: ModelManager.CreateModel.
func (c *Client) CreateModel(ctx context.Context, m NewModel) (Model, error) {
	owner, err := user("Owner", m.Owner)
	if err != nil {
		return Model{}, err
	}
	if len(m.Name) > maxName || !validModel.MatchString(m.Name) {
		return Model{}, fault.Invalid("Name", "must be small letters, digits and -")
	}
	params := struct {
		Name     string            `json:"name"`
		OwnerTag string            `json:"owner-tag,omitzero"`
		Owner    string            `json:"qualifier,omitzero"`
		Cloud    string            `json:"cloud-tag,omitzero"`
		Region   string            `json:"region,omitzero"`
		Config   map[string]string `json:"config,omitzero"`
	}{Name: m.Name, Region: m.Region, Config: m.Config}
	if m.Cloud != "" {
		on, err := cloud("Cloud", m.Cloud)
		if err != nil {
			return Model{}, err
		}
		params.Cloud = on.tag
	}
	var created Model
	r := request{facade: "ModelManager", method: "CreateModel", class: transport.Once, params: func(version int) any {
		p := params
		if version >= qualifiedModels {
			p.Owner = strings.TrimPrefix(owner.tag, userPrefix)
		} else {
			p.OwnerTag = owner.tag
		}
		return p
	}}
	err = send(ctx, c, r, func(_ *Session, answer modelInfo) error {
		created, err = answer.model()
		return err
	})
	return created, err
}

// qualifiedModels is the version of ModelManager since which models have a
// qualifier in place of an owner.
const qualifiedModels = 11

// DestroyOptions say how models are destroyed. Nil fields leave the choice to
// the controller.
type DestroyOptions struct {
	// DestroyStorage destroys the storage, too, or keeps it.
	DestroyStorage *bool
	// Force goes on in spite of errors.
	Force *bool
	// MaxWait is how long a forced step waits.
	MaxWait *time.Duration
	// Timeout is how long it may take.
	Timeout *time.Duration
}

// DestroyModels destroys models: ModelManager.DestroyModels. The controller
// goes on with it after it has answered.
func (c *Client) DestroyModels(ctx context.Context, o DestroyOptions, uuids ...string) ([]Item[struct{}], error) {
	about, err := subjects("Model", uuids, model)
	if err != nil {
		return nil, err
	}
	type destroy struct {
		Tag            string `json:"model-tag"`
		DestroyStorage *bool  `json:"destroy-storage,omitzero"`
		Force          *bool  `json:"force,omitzero"`
		MaxWait        *int64 `json:"max-wait,omitzero"` // nanoseconds
		Timeout        *int64 `json:"timeout,omitzero"`
	}
	var params struct {
		Models []destroy `json:"models"`
	}
	for _, s := range about {
		params.Models = append(params.Models, destroy{s.tag, o.DestroyStorage, o.Force, (*int64)(o.MaxWait), (*int64)(o.Timeout)})
	}
	r := request{facade: "ModelManager", method: "DestroyModels", class: transport.Once, params: same(params)}
	return items(ctx, c, r, about, nothing)
}
