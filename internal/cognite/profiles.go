package cognite

import (
	"context"
	"iter"
	"net/http"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

const (
	// MaxProfilesPerGet is how many profiles one GetProfiles may ask for.
	MaxProfilesPerGet = 1000
	// profilesPerSearch is how many profiles a search is asked to find.
	profilesPerSearch = 1000
)

// Profile is what is known of a principal, which is no user of the gateway.
type Profile struct {
	// ID identifies the principal.
	ID string `json:"userIdentifier"`
	// GivenName is the first name.
	GivenName string `json:"givenName,omitzero"`
	// Surname is the last name.
	Surname string `json:"surname,omitzero"`
	// Email is the address that the identity provider tells.
	Email string `json:"email,omitzero"`
	// DisplayName is the name for people to read.
	DisplayName string `json:"displayName,omitzero"`
	// JobTitle is the title of the job.
	JobTitle string `json:"jobTitle,omitzero"`
	// LastUpdatedTime is when the profile last changed.
	LastUpdatedTime Millis `json:"lastUpdatedTime,omitzero"`
}

// profileID names a profile in a request.
type profileID struct {
	ID string `json:"userIdentifier"`
}

// searchBody is a search for profiles.
type searchBody struct {
	Search struct {
		Name string `json:"name"`
	} `json:"search"`
	Limit int `json:"limit"`
}

// ListProfiles streams the profiles of the project: GET P/profiles.
func (c *Client) ListProfiles(ctx context.Context) iter.Seq2[Profile, error] {
	return list[Profile](ctx, c, []string{"profiles"}, nil, 0, nil)
}

// CurrentProfile returns the profile of the caller: GET P/profiles/me. It is
// NotFound if the caller has none.
func (c *Client) CurrentProfile(ctx context.Context) (Profile, error) {
	answer, err := c.send(ctx, call{method: http.MethodGet, path: []string{"profiles", "me"}})
	if err != nil {
		return Profile{}, err
	}
	var profile Profile
	if transport.Decode(answer.Body, &profile) != nil || profile.ID == "" {
		return Profile{}, broken(transport.Read, answer)
	}
	return profile, nil
}

// GetProfiles returns the profiles of the ids, no more than
// [MaxProfilesPerGet], in their order: POST P/profiles/byids. Without ids
// nothing is sent. One that is not there fails the call.
func (c *Client) GetProfiles(ctx context.Context, ids []string) ([]Profile, error) {
	if err := checkNames("IDs", ids, MaxProfilesPerGet); err != nil || len(ids) == 0 {
		return nil, err
	}
	body := itemList[profileID]{make([]profileID, len(ids))}
	for i, id := range ids {
		body.Items[i].ID = id
	}
	found, err := items[Profile](ctx, c, call{method: http.MethodPost, path: []string{"profiles", "byids"}, body: body})
	if err != nil {
		return nil, err
	}
	return inOrder(c, ids, found, "userIdentifier", false, func(p Profile) string { return p.ID })
}

// SearchProfiles returns the profiles in which a name begins with text, the
// best first and 1000 at most: POST P/profiles/search.
func (c *Client) SearchProfiles(ctx context.Context, text string) ([]Profile, error) {
	if text == "" {
		return nil, fault.Invalid("text", "must not be empty")
	}
	var body searchBody
	body.Search.Name, body.Limit = text, profilesPerSearch
	found, err := items[Profile](ctx, c, call{method: http.MethodPost, path: []string{"profiles", "search"}, body: body})
	return found.items, err
}
