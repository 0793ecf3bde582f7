package usermgmt

import (
	"context"

	"github.com/usermgmt/usermgmt/internal/juju"
)

// JujuAccess is a user with a level on an offer or a cloud.
type JujuAccess struct {
	// Name is the user's name; "everyone@external" stands for all users of
	// identity providers.
	Name string
	// DisplayName is the name for people to read.
	DisplayName string
	// Level is the user's level.
	Level string
}

// JujuOffer is an application that other models may connect to.
type JujuOffer struct {
	// URL names the offer: owner/model.offer.
	URL string
	// Name is the offer's name.
	Name string
	// UUID identifies the offer.
	UUID string
	// ModelUUID is the model that the offer is in.
	ModelUUID string
	// Application is the name of the application, empty if unknown.
	Application string
	// Description describes the application.
	Description string
	// Users are those with a level on the offer, as far as the caller may see them.
	Users []JujuAccess
}

// JujuOfferFilter is the request of [JujuExtension.ListOffers].
type JujuOfferFilter struct {
	// Owner is the owner of the model, the caller if empty.
	Owner string
	// Model is the name of the model, without its owner. Required: the
	// controller lists offers of one model at a time.
	Model string
	// Offer is the name of the offer; empty lists all of the model.
	Offer string
}

// JujuCloud is a place where models can be.
type JujuCloud struct {
	// Name is the cloud's name.
	Name string
	// Type is its kind, such as "lxd".
	Type string
	// Endpoint is its address, often empty.
	Endpoint string
	// Users are those with a level on the cloud, as far as the caller may see them.
	Users []JujuAccess
}

// ListOffers returns the offers that the caller administers:
// ApplicationOffers.ListApplicationOffers.
func (e *JujuExtension) ListOffers(ctx context.Context, filter JujuOfferFilter) ([]JujuOffer, error) {
	check := func(v *validator) { v.name("Model", filter.Model) }
	return extend(ctx, e.client, target{op: "ListOffers", resource: "offer"}, check, func(ctx context.Context) ([]JujuOffer, error) {
		found, err := e.api.ListOffers(ctx, juju.OfferFilter(filter))
		var list []JujuOffer
		for _, offer := range found {
			list = append(list, jujuOfferOf(offer))
		}
		return list, err
	})
}

// GetOffers returns offers by URL: ApplicationOffers.ApplicationOffers.
func (e *JujuExtension) GetOffers(ctx context.Context, urls ...string) ([]Result[JujuOffer], error) {
	const op = "GetOffers"
	return extend(ctx, e.client, target{op: op, resource: "offer"}, allNamed(urls), func(ctx context.Context) ([]Result[JujuOffer], error) {
		list, err := e.api.Offers(ctx, urls...)
		return jujuResults(e, op, "offer", nth(urls), list, func(_ int, o juju.Offer) JujuOffer { return jujuOfferOf(o) }), err
	})
}

// GetClouds returns clouds by name: Cloud.CloudInfo.
func (e *JujuExtension) GetClouds(ctx context.Context, names ...string) ([]Result[JujuCloud], error) {
	const op = "GetClouds"
	return extend(ctx, e.client, target{op: op, resource: "cloud"}, allNamed(names), func(ctx context.Context) ([]Result[JujuCloud], error) {
		list, err := e.api.Clouds(ctx, names...)
		return jujuResults(e, op, "cloud", nth(names), list, func(_ int, c juju.Cloud) JujuCloud {
			return JujuCloud{Name: c.Name, Type: c.Type, Endpoint: c.Endpoint, Users: jujuAccessOf(c.Users)}
		}), err
	})
}

func jujuOfferOf(o juju.Offer) JujuOffer {
	return JujuOffer{
		URL: o.URL, Name: o.Name, UUID: o.UUID, ModelUUID: o.ModelUUID, Application: o.Application, Description: o.Description,
		Users: jujuAccessOf(o.Users),
	}
}

func jujuAccessOf(users []juju.AccessUser) []JujuAccess {
	var list []JujuAccess
	for _, u := range users {
		list = append(list, JujuAccess{Name: u.Name, DisplayName: u.DisplayName, Level: u.Access})
	}
	return list
}
