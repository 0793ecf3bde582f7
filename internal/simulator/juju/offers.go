package juju

import "slices"

// offerChanges are the params of ModifyOfferAccess.
type offerChanges struct {
	Changes []offerChange `json:"changes"`
}

type offerChange struct {
	change

	OfferURL string `json:"offer-url"`
}

// modifyOfferAccess serves ModifyOfferAccess.
func (s *Server) modifyOfferAccess(c call, p offerChanges) (errorResults, error) {
	return each(p.Changes, func(item offerChange) error {
		const failed = "could not modify offer access"
		m, name, err := s.offerModel(c, item.OfferURL)
		if err != nil {
			return err
		}
		if err := s.validLevel(offerKind, item.Access); err != nil {
			return annotate(err, failed)
		}
		on := newObject(offerKind, name, "") // nobody has access to an offer that is not there
		o := s.findOffer(m, name)
		if o != nil {
			on = o.object
		}
		if !s.superOr(c, m.object, "admin") && !s.has(c, on, "admin") {
			return denied(c, on, "admin")
		}
		id, err := parseUserTag(item.UserTag)
		if err != nil {
			return annotate(err, failed)
		}
		if o == nil {
			return errorf(codeNotFound, "application offer %q not found", name)
		}
		return s.modify(on, id, item.change)
	}), nil
}

// offerModel returns the model of an offer's URL, and the offer's name. Without
// an owner in the URL the model is the caller's own.
func (s *Server) offerModel(c call, text string) (*model, string, error) {
	url, err := parseOfferURL(text)
	if err != nil {
		return nil, "", err
	}
	owner := c.session.user
	if url.owner != "" {
		owner, _ = parseUserID(url.owner)
	}
	m := s.modelOf(owner, url.model)
	if m == nil {
		return nil, "", errorf(codeNotFound, "model %q not found", owner.String()+"/"+url.model)
	}
	return m, url.name, nil
}

// offerFilters are the params of ListApplicationOffers.
type offerFilters struct {
	Filters []offerFilter `json:"Filters"`
}

// offerFilter picks offers. Newer facades name the qualifier of a model in place
// of its owner.
type offerFilter struct {
	OwnerName      string   `json:"owner-name"`
	ModelQualifier string   `json:"model-qualifier"`
	ModelName      string   `json:"model-name"`
	OfferName      string   `json:"offer-name"`
	AllowedUsers   []string `json:"allowed-users"`
}

// offerList is the answer of ListApplicationOffers.
type offerList struct {
	Results []offerDetails `json:"results"`
}

// offerDetails is what is told of an offer.
type offerDetails struct {
	SourceModelTag  string          `json:"source-model-tag"`
	OfferUUID       string          `json:"offer-uuid"`
	OfferURL        string          `json:"offer-url"`
	OfferName       string          `json:"offer-name"`
	Description     string          `json:"application-description"`
	Endpoints       []offerEndpoint `json:"endpoints"`
	Users           []objectUser    `json:"users"`
	ApplicationName string          `json:"application-name"`
	CharmURL        string          `json:"charm-url"`
	Connections     []none          `json:"connections"`
}

type offerEndpoint struct {
	Name      string `json:"name"`
	Role      string `json:"role"`
	Interface string `json:"interface"`
	Limit     int    `json:"limit"`
}

// objectUser is a user of an offer or a cloud.
type objectUser struct {
	User        string `json:"user"`
	DisplayName string `json:"display-name"`
	Access      string `json:"access"`
}

// usersOf returns the users of an object, those that pass.
func (s *Server) usersOf(o *object, pass func(userID) bool) []objectUser {
	users := []objectUser{}
	for _, g := range o.sorted() {
		if pass(g.user) {
			users = append(users, objectUser{User: g.user.String(), DisplayName: s.displayName(g.user), Access: g.level})
		}
	}
	return users
}

// listOffers serves ListApplicationOffers.
func (s *Server) listOffers(c call, p offerFilters) (offerList, error) {
	if len(p.Filters) == 0 {
		return offerList{}, errorf("", "at least one offer filter is required")
	}
	var list offerList
	for _, filter := range p.Filters {
		models, err := s.filteredModels(c, filter)
		if err != nil {
			return offerList{}, err
		}
		for _, o := range s.offers {
			if !slices.Contains(models, o.model) || filter.OfferName != "" && filter.OfferName != o.name {
				continue
			}
			if !s.superOr(c, o.model.object, "admin") && !s.has(c, o.object, "admin") {
				return offerList{}, denied(c, o.object, "admin")
			}
			if o.allows(filter.AllowedUsers) {
				list.Results = append(list.Results, s.tell(c, o))
			}
		}
	}
	return list, nil
}

// allows reports whether one of the tagged users has access; no users at all
// stand for anybody.
func (o *offer) allows(tags []string) bool {
	return len(tags) == 0 || slices.ContainsFunc(tags, func(tag string) bool {
		id, err := parseUserTag(tag)
		return err == nil && o.explicit(id) != ""
	})
}

// filteredModels returns the models that a filter means: that of the owner it
// names, else the caller's own, else all of the name.
func (s *Server) filteredModels(c call, filter offerFilter) ([]*model, error) {
	if filter.ModelName == "" {
		return nil, errorf("", "application offer filter must specify a model name")
	}
	named := filter.OwnerName
	if c.Version >= 6 {
		named = filter.ModelQualifier
	}
	owner := c.session.user
	if named != "" {
		owner, _ = parseUserID(named)
	}
	if m := s.modelOf(owner, filter.ModelName); m != nil {
		return []*model{m}, nil
	}
	found := slices.DeleteFunc(slices.Clone(s.models), func(m *model) bool {
		return named != "" || m.name != filter.ModelName
	})
	if len(found) == 0 {
		return nil, errorf(codeNotFound, "model %q not found", owner.String()+"/"+filter.ModelName)
	}
	return found, nil
}

// tell describes an offer. Plain members see themselves and the everyone entry.
func (s *Server) tell(c call, o *offer) offerDetails {
	all := s.superOr(c, o.model.object, "admin") || s.has(c, o.object, "admin")
	details := offerDetails{
		SourceModelTag: o.model.tag(),
		OfferUUID:      o.uuid,
		OfferURL:       o.model.owner.String() + "/" + o.model.name + "." + o.name,
		OfferName:      o.name,
		Endpoints:      []offerEndpoint{{Name: "db", Role: "provider", Interface: "mysql"}},
		Users: s.usersOf(o.object, func(id userID) bool {
			return all || isCaller(c, id) || id.key() == everyone
		}),
	}
	if all {
		details.ApplicationName, details.CharmURL = o.name, "ch:amd64/jammy/mysql-151"
	}
	return details
}

// offerURLs are the params of ApplicationOffers.
type offerURLs struct {
	URLs []string `json:"offer-urls"`
}

// offerResults is the answer of ApplicationOffers.
type offerResults struct {
	Results []offerResult `json:"results"`
}

type offerResult struct {
	Result *offerDetails `json:"result,omitempty"`
	Error  *apiError     `json:"error,omitempty"`
}

// showOffers serves ApplicationOffers.
func (s *Server) showOffers(c call, p offerURLs) (offerResults, error) {
	results := offerResults{Results: make([]offerResult, len(p.URLs))}
	for i, url := range p.URLs {
		details, err := s.showOffer(c, url)
		results.Results[i] = offerResult{Result: details, Error: wireError(err)}
	}
	return results, nil
}

// showOffer tells of one offer. One that the caller may not read does not exist
// for them.
func (s *Server) showOffer(c call, url string) (*offerDetails, error) {
	m, name, err := s.offerModel(c, url)
	if err != nil {
		return nil, err
	}
	o := s.findOffer(m, name)
	if o == nil || !s.superOr(c, m.object, "admin") && !s.has(c, o.object, "read") {
		return nil, errorf(codeNotFound, "application offer %q not found", url)
	}
	details := s.tell(c, o)
	return &details, nil
}
