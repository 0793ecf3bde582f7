package juju

import (
	"context"
	"slices"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// ObjectKind is a kind of thing that users have a level of access on.
type ObjectKind uint8

// The kinds of object.
const (
	// OnController is the controller itself.
	OnController ObjectKind = iota + 1
	// OnModel is a model.
	OnModel
	// OnOffer is an offer.
	OnOffer
	// OnCloud is a cloud.
	OnCloud
)

// levels are the levels on each kind of object, the lowest first. A user has
// one of them or none.
var levels = map[ObjectKind][]string{
	OnController: {"login", "superuser"},
	OnModel:      {"read", "write", "admin"},
	OnOffer:      {"read", "consume", "admin"},
	OnCloud:      {"add-model", "admin"},
}

// Levels returns the levels on a kind of object, the lowest first.
func Levels(kind ObjectKind) []string { return slices.Clone(levels[kind]) }

// Rank returns the place of a level among those of a kind of object: 0 for
// none, 1 for the lowest, -1 for one that does not exist.
func Rank(kind ObjectKind, level string) int {
	if level == "" {
		return 0
	}
	if i := slices.Index(levels[kind], level); i >= 0 {
		return i + 1
	}
	return -1
}

// Object is a thing that users have a level of access on.
type Object struct {
	// Kind is the kind of thing.
	Kind ObjectKind
	// ID is the UUID of a model, the URL of an offer or the name of a cloud,
	// and empty for the controller.
	ID string
}

// accessChange is a change of access. Which of the last three is set depends
// on the kind of object.
type accessChange struct {
	Access   string `json:"access"`
	Action   string `json:"action"`
	User     string `json:"user-tag"`
	ModelTag string `json:"model-tag,omitzero"`
	OfferURL string `json:"offer-url,omitzero"`
	CloudTag string `json:"cloud-tag,omitzero"`
}

// Grant raises the level of a user to a level: ModifyControllerAccess,
// ModifyModelAccess, ModifyOfferAccess or ModifyCloudAccess. A user who has it
// or a higher one already keeps it, and changed is false.
func (c *Client) Grant(ctx context.Context, who string, on Object, level string) (changed bool, err error) {
	err = c.modify(ctx, "grant", transport.Idempotent, who, on, level)
	if f, ok := asFault(err); ok && f.FromServer && f.Kind == fault.AlreadyExists {
		return f.Resent, nil // an earlier attempt, whose answer was lost, may have granted it
	}
	return err == nil, err
}

// Revoke sets the level of a user to the one beneath a level, whatever it was
// before: also to a higher one, and from none where the server permits it.
// It sends what [Client.Grant] sends.
func (c *Client) Revoke(ctx context.Context, who string, on Object, level string) error {
	return c.modify(ctx, "revoke", transport.Once, who, on, level)
}

func (c *Client) modify(ctx context.Context, action string, class transport.Class, who string, on Object, level string) error {
	about, err := user("User", who)
	if err != nil {
		return err
	}
	if Rank(on.Kind, level) < 1 {
		return fault.Invalid("Role", "must be one of the levels %q", levels[on.Kind])
	}
	change := accessChange{Access: level, Action: action, User: about.tag}
	r := request{class: class}
	switch on.Kind {
	case OnModel:
		m, err := model("Model", on.ID)
		if err != nil {
			return err
		}
		change.ModelTag = m.tag
		r.facade, r.method = "ModelManager", "ModifyModelAccess"
	case OnOffer:
		if err := CheckOffer("Offer", on.ID); err != nil {
			return err
		}
		change.OfferURL = on.ID
		r.facade, r.method = "ApplicationOffers", "ModifyOfferAccess"
	case OnCloud:
		cl, err := cloud("Cloud", on.ID)
		if err != nil {
			return err
		}
		change.CloudTag = cl.tag
		r.facade, r.method = "Cloud", "ModifyCloudAccess"
	case OnController:
		r.facade, r.method = "Controller", "ModifyControllerAccess"
	}
	r.params = same(struct {
		Changes []accessChange `json:"changes"`
	}{[]accessChange{change}})
	_, err = one(items(ctx, c, r, []subject{about}, nothing))
	return err
}

// accessResult is an item of the answer to GetControllerAccess.
type accessResult struct {
	outcome

	Result *struct {
		User   string `json:"user-tag"`
		Access string `json:"access"`
	} `json:"result"`
}

// ControllerAccess returns the levels of users on the controller:
// Controller.GetControllerAccess.
func (c *Client) ControllerAccess(ctx context.Context, names ...string) ([]Item[string], error) {
	about, err := subjects("Name", names, user)
	if err != nil {
		return nil, err
	}
	r := request{facade: "Controller", method: "GetControllerAccess", params: tagged(about)}
	return items(ctx, c, r, about, func(a accessResult) (string, error) {
		if a.Result == nil {
			return "", badAnswer()
		}
		return a.Result.Access, nil
	})
}
