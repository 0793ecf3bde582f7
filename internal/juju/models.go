package juju

import (
	"context"
	"strings"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// Model is a model.
type Model struct {
	// UUID identifies the model.
	UUID string
	// Name is its name, which is unique for its owner alone.
	Name string
	// Owner is its owner; from 4.0 on what stands in that place.
	Owner string
	// Type is "iaas" or "caas".
	Type string
	// Life is "alive", "dying" or "dead", empty if unknown.
	Life string
	// IsController is set for the model that the controller itself runs in.
	IsController bool
	// Cloud is the name of the cloud that the model is on, empty if unknown.
	Cloud string
	// Access is the level of the user who was asked about, empty if there is
	// none or it is unknown.
	Access string
	// LastConnection is when that user last used the model, zero if never.
	LastConnection time.Time
	// Users are the users of the model that the caller may see, nil if the
	// call does not tell.
	Users []ModelUser
}

// FullName returns owner/name.
func (m Model) FullName() string { return m.Owner + "/" + m.Name }

// ModelUser is a user with a level on a model.
type ModelUser struct {
	// Name is the user's name.
	Name string
	// DisplayName is the name for people to read.
	DisplayName string
	// Access is the user's level on the model.
	Access string
	// LastConnection is when the user last used the model, zero if never.
	LastConnection time.Time
}

type modelUserInfo struct {
	ModelTag       string    `json:"model-tag"`
	Name           string    `json:"user"`
	DisplayName    string    `json:"display-name"`
	LastConnection time.Time `json:"last-connection"`
	Access         string    `json:"access"`
}

func (u modelUserInfo) user() ModelUser {
	return ModelUser{
		Name: strings.TrimSuffix(u.Name, "@local"), DisplayName: u.DisplayName, Access: u.Access, LastConnection: u.LastConnection,
	}
}

// modelInfo is a model on the wire, in a summary or in full.
type modelInfo struct {
	Name           string          `json:"name"`
	UUID           string          `json:"uuid"`
	Type           string          `json:"type"`
	OwnerTag       string          `json:"owner-tag"`
	Qualifier      string          `json:"qualifier"`
	Life           string          `json:"life"`
	IsController   bool            `json:"is-controller"`
	CloudTag       string          `json:"cloud-tag"`
	Access         string          `json:"user-access"`
	LastConnection time.Time       `json:"last-connection"`
	Users          []modelUserInfo `json:"users"`
}

func (m modelInfo) model() (Model, error) {
	if !validUUID.MatchString(m.UUID) {
		return Model{}, badAnswer()
	}
	owner := m.Qualifier
	if owner == "" {
		owner = strings.TrimSuffix(strings.TrimPrefix(m.OwnerTag, userPrefix), "@local")
	}
	out := Model{
		UUID: m.UUID, Name: m.Name, Owner: owner, Type: m.Type, Life: m.Life, IsController: m.IsController,
		Cloud: strings.TrimPrefix(m.CloudTag, cloudPrefix), Access: m.Access, LastConnection: m.LastConnection,
	}
	for _, u := range m.Users {
		out.Users = append(out.Users, u.user())
	}
	return out, nil
}

type modelResult struct {
	outcome

	Result *modelInfo `json:"result"`
}

func (r modelResult) model() (Model, error) {
	if r.Result == nil {
		return Model{}, badAnswer()
	}
	return r.Result.model()
}

// ModelSummaries returns the models on which a user has a level, or all if all
// is set, which only superusers may: ModelManager.ListModelSummaries. A model
// that the controller could not sum up is an item with an error.
func (c *Client) ModelSummaries(ctx context.Context, who string, all bool) ([]Item[Model], error) {
	about, err := user("User", who)
	if err != nil {
		return nil, err
	}
	var list []Item[Model]
	r := request{facade: "ModelManager", method: "ListModelSummaries", params: same(struct {
		All  bool   `json:"all"`
		User string `json:"user-tag"`
	}{all, about.tag})}
	err = send(ctx, c, r, func(s *Session, answer results[modelResult]) error {
		list = make([]Item[Model], 0, len(answer.Results))
		for _, result := range answer.Results {
			var item Item[Model]
			if result.Error != nil {
				item.Err = s.judge(r, subject{}, *result.Error)
			} else if item.Value, item.Err = result.model(); item.Err != nil {
				return item.Err
			}
			list = append(list, item)
		}
		return nil
	})
	return list, err
}

// Models returns the models on which a user has a level:
// ModelManager.ListModels. It does not tell which level.
func (c *Client) Models(ctx context.Context, who string) ([]Model, error) {
	about, err := user("User", who)
	if err != nil {
		return nil, err
	}
	var list []Model
	r := request{facade: "ModelManager", method: "ListModels", params: same(entity{about.tag})}
	err = send(ctx, c, r, func(_ *Session, answer struct {
		Models []struct {
			Model          modelInfo `json:"model"`
			LastConnection time.Time `json:"last-connection"`
		} `json:"user-models"`
	}) error {
		list = make([]Model, 0, len(answer.Models))
		for _, wire := range answer.Models {
			m, err := wire.Model.model()
			if err != nil {
				return err
			}
			m.LastConnection = wire.LastConnection
			list = append(list, m)
		}
		return nil
	})
	return list, err
}

// ModelInfo returns models with their users: ModelManager.ModelInfo.
func (c *Client) ModelInfo(ctx context.Context, uuids ...string) ([]Item[Model], error) {
	about, err := subjects("Model", uuids, model)
	if err != nil {
		return nil, err
	}
	r := request{facade: "ModelManager", method: "ModelInfo", params: tagged(about)}
	list, err := items(ctx, c, r, about, modelResult.model)
	for i, item := range list {
		if item.Err == nil && modelPrefix+item.Value.UUID != about[i].tag {
			list[i] = Item[Model]{Err: fault.New(fault.Internal, "the server answered with another model than the one asked for")}
		}
	}
	return list, err
}

// ModelUsers returns the users of models: UserManager.ModelUserInfo. The
// answer does not tell of which model an error is, so it fails as a whole.
func (c *Client) ModelUsers(ctx context.Context, uuids ...string) (map[string][]ModelUser, error) {
	about, err := subjects("Model", uuids, model)
	if err != nil || len(about) == 0 {
		return nil, err
	}
	type result struct {
		outcome

		Result *modelUserInfo `json:"result"`
	}
	var users map[string][]ModelUser
	r := request{facade: "UserManager", method: "ModelUserInfo", since: 3, params: tagged(about)}
	err = send(ctx, c, r, func(s *Session, answer results[result]) error {
		users = map[string][]ModelUser{}
		for _, wire := range answer.Results {
			switch {
			case wire.Error != nil:
				return s.judge(r, subject{kind: aModel}, *wire.Error)
			case wire.Result == nil:
				return badAnswer()
			}
			id := strings.TrimPrefix(wire.Result.ModelTag, modelPrefix)
			users[id] = append(users[id], wire.Result.user())
		}
		return nil
	})
	return users, err
}

// FindModel returns the model of a UUID, owner/name or name. It fails as not
// found, or as a conflict if several owners have a model of that name.
func FindModel(field, text string, models []Model) (Model, error) {
	if IsUUID(text) {
		for _, m := range models {
			if m.UUID == text {
				return m, nil
			}
		}
		return Model{}, fault.New(fault.NotFound, "no model %s is visible to the caller", text)
	}
	owner, name, err := SplitModel(field, text)
	if err != nil {
		return Model{}, err
	}
	var found []Model
	for _, m := range models {
		if m.Name == name && (owner == "" || SameUser(m.Owner, owner)) {
			found = append(found, m)
		}
	}
	switch len(found) {
	case 0:
		return Model{}, fault.New(fault.NotFound, "no model %s is visible to the caller", text)
	case 1:
		return found[0], nil
	default:
		return Model{}, fault.New(fault.Conflict, "several owners have a model %s: write owner/name", text)
	}
}
