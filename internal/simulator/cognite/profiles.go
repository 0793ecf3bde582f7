package cognite

import (
	"net/http"
	"slices"
	"strings"
)

// maxProfilesPage is the largest number of profiles or principals in a request.
const maxProfilesPage = 1000

// UserProfile is what is known of a person.
type UserProfile struct {
	// Identifier is the subject of the person's tokens.
	Identifier string `json:"userIdentifier"`
	// GivenName is the first name.
	GivenName string `json:"givenName,omitzero"`
	// Surname is the family name.
	Surname string `json:"surname,omitzero"`
	// Email is the mail address.
	Email string `json:"email,omitzero"`
	// DisplayName is the name to show.
	DisplayName string `json:"displayName,omitzero"`
	// JobTitle is the person's work.
	JobTitle string `json:"jobTitle,omitzero"`
	// LastUpdatedTime is in milliseconds since the Unix epoch.
	LastUpdatedTime int64 `json:"lastUpdatedTime"`
}

// profileKey names a profile.
type profileKey struct {
	Identifier string `json:"userIdentifier"`
}

func (k profileKey) key() string { return k.Identifier }

// listProfiles serves GET /profiles.
func (s *Server) listProfiles(c *call) (answer, error) {
	limit, err := c.queryLimit(maxProfilesPage)
	if err != nil {
		return answer{}, err
	}
	asked := listing{"profiles", limit, c.request.URL.Query().Get("cursor")}
	return page(s, asked, c.project, c.project.profiles, itself, everything)
}

// readOwnProfile serves GET /profiles/me.
func (s *Server) readOwnProfile(c *call) (answer, error) {
	own, known := c.project.profiles.get(c.principal.Subject)
	if !known {
		return answer{}, errorf(http.StatusNotFound, messageNotFound)
	}
	return success(own), nil
}

// readProfiles serves POST /profiles/byids.
func (s *Server) readProfiles(c *call) (answer, error) {
	body, err := decodeItems[profileKey](c, maxProfilesPage)
	if err != nil {
		return answer{}, err
	}
	found, missing, err := lookup(body.Items, profileKey.key, c.project.profiles)
	if err != nil {
		return answer{}, err
	}
	if missing != nil && !body.IgnoreUnknownIDs {
		return answer{}, s.missing(missing)
	}
	return success(map[string][]UserProfile{"items": found}), nil
}

// searchProfiles serves POST /profiles/search: the names that have a word which
// begins like the one that is searched for.
func (s *Server) searchProfiles(c *call) (answer, error) {
	body, err := decode[struct {
		Search struct {
			Name string `json:"name"`
		} `json:"search"`
		Limit *int `json:"limit"`
	}](c)
	if err != nil {
		return answer{}, err
	}
	limit := standardPage
	if body.Limit != nil {
		limit = *body.Limit
	}
	if err := checkLimit(limit, maxProfilesPage); err != nil {
		return answer{}, err
	}
	found := []UserProfile{}
	for _, known := range c.project.profiles.all() {
		words := strings.Fields(strings.ToLower(known.GivenName + " " + known.Surname + " " + known.DisplayName))
		begins := func(word string) bool { return strings.HasPrefix(word, strings.ToLower(body.Search.Name)) }
		if len(found) < limit && slices.ContainsFunc(words, begins) {
			found = append(found, known)
		}
	}
	return success(map[string][]UserProfile{"items": found}), nil
}

// projectBody is the answer of GET /projects/{project}.
type projectBody struct {
	Name         string `json:"name"`
	URLName      string `json:"urlName"`
	Organization string `json:"organization,omitzero"`
}

// readProject serves GET /projects/{project}.
func (s *Server) readProject(c *call) (answer, error) {
	return success(projectBody{c.project.name, c.project.name, c.project.organization}), nil
}

// OrgPrincipal is a principal of an organization.
type OrgPrincipal struct {
	// ID is the subject of the principal's tokens.
	ID string `json:"id"`
	// Type is "USER" or "SERVICE_ACCOUNT".
	Type string `json:"type"`
	// Name is the name to show.
	Name string `json:"name,omitzero"`
	// Email is the mail address of a person.
	Email string `json:"email,omitzero"`
}

// readOwnPrincipal serves GET /principals/me.
func (s *Server) readOwnPrincipal(c *call) (answer, error) {
	for _, members := range s.orgs {
		if own, known := members.get(c.principal.Subject); known {
			return success(own), nil
		}
	}
	return answer{}, errorf(http.StatusNotFound, messageNotFound)
}

// organization returns the principals of the organization in the path, which
// must be one that the caller belongs to.
func (s *Server) organization(c *call) (*collection[string, OrgPrincipal], error) {
	members, known := s.orgs[c.name]
	if known {
		if _, member := members.get(c.principal.Subject); member {
			return members, nil
		}
	}
	return nil, errorf(http.StatusUnauthorized, messageUnauthorized)
}

// listPrincipals serves GET /orgs/{org}/principals.
func (s *Server) listPrincipals(c *call) (answer, error) {
	members, err := s.organization(c)
	if err != nil {
		return answer{}, err
	}
	limit, err := c.queryLimit(maxProfilesPage)
	if err != nil {
		return answer{}, err
	}
	query := c.request.URL.Query()
	types := query.Get("types")
	keep := func(p OrgPrincipal) bool { return types == "" || slices.Contains(strings.Split(types, ","), p.Type) }
	return page(s, listing{"principals " + c.name + " " + types, limit, query.Get("cursor")}, nil, members, itself, keep)
}

// readPrincipals serves POST /orgs/{org}/principals/byids.
func (s *Server) readPrincipals(c *call) (answer, error) {
	members, err := s.organization(c)
	if err != nil {
		return answer{}, err
	}
	type principalKey struct {
		ID string `json:"id"`
	}
	body, err := decodeItems[principalKey](c, maxProfilesPage)
	if err != nil {
		return answer{}, err
	}
	found, missing, err := lookup(body.Items, func(k principalKey) string { return k.ID }, members)
	if err != nil {
		return answer{}, err
	}
	if missing != nil && !body.IgnoreUnknownIDs {
		return answer{}, s.missing(missing)
	}
	return success(map[string][]OrgPrincipal{"items": found}), nil
}
