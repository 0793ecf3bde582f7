package juju

import (
	"context"
	"strings"
)

// AccessUser is a user with a level on an offer or a cloud.
type AccessUser struct {
	// Name is the user's name; "everyone@external" stands for all external users.
	Name string
	// DisplayName is the name for people to read.
	DisplayName string
	// Access is the user's level.
	Access string
}

type accessUserInfo struct {
	Name        string `json:"user"`
	DisplayName string `json:"display-name"`
	Access      string `json:"access"`
}

func accessUsers(wire []accessUserInfo) []AccessUser {
	var list []AccessUser
	for _, u := range wire {
		u.Name = strings.TrimSuffix(u.Name, "@local")
		list = append(list, AccessUser(u))
	}
	return list
}

// Offer is an application that other models may connect to.
type Offer struct {
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
	// Description is the application's description.
	Description string
	// Users are the users of the offer that the caller may see.
	Users []AccessUser
}

type offerInfo struct {
	URL         string           `json:"offer-url"`
	Name        string           `json:"offer-name"`
	UUID        string           `json:"offer-uuid"`
	ModelTag    string           `json:"source-model-tag"`
	Application string           `json:"application-name"`
	Description string           `json:"application-description"`
	Users       []accessUserInfo `json:"users"`
}

func (o offerInfo) offer() Offer {
	return Offer{
		URL: o.URL, Name: o.Name, UUID: o.UUID, ModelUUID: strings.TrimPrefix(o.ModelTag, modelPrefix),
		Application: o.Application, Description: o.Description, Users: accessUsers(o.Users),
	}
}

// OfferFilter says which offers to list. Empty fields stand for any.
type OfferFilter struct {
	// Owner is the owner of the model.
	Owner string
	// Model is the name of the model.
	Model string
	// Offer is the name of the offer.
	Offer string
}

// offerQuery is a filter as the reference client sends it: null for any.
type offerQuery struct {
	AllowedUsers   *string  `json:"allowed-users"`
	Description    *string  `json:"application-description"`
	Application    *string  `json:"application-name"`
	User           *string  `json:"application-user"`
	ConnectedUsers *string  `json:"connected-users"`
	Endpoints      []string `json:"endpoints"`
	Model          *string  `json:"model-name"`
	Offer          *string  `json:"offer-name"`
}

// ownedQuery is a filter before qualifiedOffers.
type ownedQuery struct {
	offerQuery

	Owner *string `json:"owner-name"`
}

// qualifiedQuery is a filter since qualifiedOffers.
type qualifiedQuery struct {
	offerQuery

	Qualifier *string `json:"model-qualifier"`
}

// qualifiedOffers is the version of ApplicationOffers since which filters name
// a qualifier in place of an owner.
const qualifiedOffers = 6

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// ListOffers returns the offers that the caller administers:
// ApplicationOffers.ListApplicationOffers.
func (c *Client) ListOffers(ctx context.Context, filter OfferFilter) ([]Offer, error) {
	query := offerQuery{Endpoints: []string{}, Model: orNull(filter.Model), Offer: orNull(filter.Offer)}
	type filters[Q any] struct {
		Filters []Q `json:"Filters"` // with a capital F
	}
	var list []Offer
	r := request{facade: "ApplicationOffers", method: "ListApplicationOffers", params: func(version int) any {
		if version >= qualifiedOffers {
			return filters[qualifiedQuery]{[]qualifiedQuery{{query, orNull(filter.Owner)}}}
		}
		return filters[ownedQuery]{[]ownedQuery{{query, orNull(filter.Owner)}}}
	}}
	err := send(ctx, c, r, func(_ *Session, answer struct {
		Results []offerInfo `json:"results"`
	}) error {
		list = make([]Offer, 0, len(answer.Results))
		for _, wire := range answer.Results {
			list = append(list, wire.offer())
		}
		return nil
	})
	return list, err
}

// Offers returns offers by URL: ApplicationOffers.ApplicationOffers.
func (c *Client) Offers(ctx context.Context, urls ...string) ([]Item[Offer], error) {
	about := make([]subject, len(urls))
	for _, url := range urls {
		if err := CheckOffer("Offer", url); err != nil {
			return nil, err
		}
	}
	type result struct {
		outcome

		Result *offerInfo `json:"result"`
	}
	r := request{facade: "ApplicationOffers", method: "ApplicationOffers", params: same(struct {
		URLs []string `json:"offer-urls"`
	}{urls})}
	return items(ctx, c, r, about, func(wire result) (Offer, error) {
		if wire.Result == nil {
			return Offer{}, badAnswer()
		}
		return wire.Result.offer(), nil
	})
}

// Cloud is a place where models can be.
type Cloud struct {
	// Name is the cloud's name.
	Name string
	// Type is its kind, such as "lxd".
	Type string
	// Endpoint is its address, often empty.
	Endpoint string
	// Users are the users of the cloud that the caller may see.
	Users []AccessUser
}

// Clouds returns clouds by name: Cloud.CloudInfo.
func (c *Client) Clouds(ctx context.Context, names ...string) ([]Item[Cloud], error) {
	about, err := subjects("Cloud", names, cloud)
	if err != nil {
		return nil, err
	}
	type result struct {
		outcome

		Result *struct {
			Type     string           `json:"type"`
			Endpoint string           `json:"endpoint"`
			Users    []accessUserInfo `json:"users"`
		} `json:"result"`
	}
	r := request{facade: "Cloud", method: "CloudInfo", params: tagged(about)}
	list, err := items(ctx, c, r, about, func(wire result) (Cloud, error) {
		if wire.Result == nil {
			return Cloud{}, badAnswer()
		}
		return Cloud{Type: wire.Result.Type, Endpoint: wire.Result.Endpoint, Users: accessUsers(wire.Result.Users)}, nil
	})
	for i, name := range names {
		if i < len(list) && list[i].Err == nil {
			list[i].Value.Name = name
		}
	}
	return list, err
}
