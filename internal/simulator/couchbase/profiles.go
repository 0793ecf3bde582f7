package couchbase

import (
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
)

// profileJSON is a profile in the list of profiles.
type profileJSON struct {
	ID      string         `json:"id"`
	Domain  string         `json:"domain"`
	Profile jsontext.Value `json:"profile"`
}

// listProfiles serves GET /settings/rbac/profiles.
func (c *call) listProfiles() response {
	p := c.server.permissions()
	list := []profileJSON{}
	for id, row := range c.node.store.profiles {
		read := mustPermission("admin.security.admin!read")
		if isDomain(id.Domain) {
			read, _ = p.domain(id.Domain)
		}
		if row.value != nil && c.has(read) {
			list = append(list, profileJSON{id.ID, id.Domain, *row.value})
		}
	}
	return listReply(list)
}

// profileOwner returns whose profile a request is about, if the caller has the
// permission to do what operation says.
func (c *call) profileOwner(operation string) (Identity, *response) {
	if c.vars == nil {
		if c.caller.Domain == anonymousDomain {
			refusal := unauthenticated()
			return Identity{}, &refusal
		}
		return c.caller.Identity, nil
	}
	owner := Identity{ID: c.vars[1], Domain: c.vars[0]}
	p := mustPermission("admin.security.admin!" + operation)
	switch {
	case isDomain(owner.Domain):
		read, write := c.server.permissions().domain(owner.Domain)
		p = map[string]permission{"read": read, "write": write}[operation]
	case owner.Domain != adminDomain:
		refusal := textReply(http.StatusNotFound, "Unknown domain")
		return owner, &refusal
	}
	return owner, c.require(p)
}

// readProfile serves GET /settings/rbac/profiles/{domain}/{id} and .../@self.
func (c *call) readProfile() response {
	owner, refusal := c.profileOwner("read")
	if refusal != nil {
		return *refusal
	}
	profile := c.node.store.profiles.get(owner)
	if profile == nil {
		return missing("UI profile was not found.")
	}
	return jsonReply(http.StatusOK, *profile)
}

// putProfile serves PUT /settings/rbac/profiles/{domain}/{id} and .../@self. The
// body is any JSON.
func (c *call) putProfile() response {
	owner, refusal := c.profileOwner("write")
	if refusal != nil {
		return *refusal
	}
	if problem := nameProblem(owner.ID, "Username"); problem != "" {
		return textReply(http.StatusBadRequest, problem)
	}
	switch {
	case owner.Domain == adminDomain && owner.ID != c.server.options.AdminID:
		return textReply(http.StatusNotFound, "Unknown identity")
	case owner.Domain == Local && c.node.store.users.get(owner) == nil:
		return textReply(http.StatusNotFound, "User does not exist")
	}
	profile := jsontext.Value(c.body)
	if !profile.IsValid() {
		return jsonReply(http.StatusBadRequest, "Invalid Json")
	}
	c.node.putProfile(owner, &profile)
	return done()
}

// deleteProfile serves DELETE /settings/rbac/profiles/{domain}/{id} and
// .../@self.
func (c *call) deleteProfile() response {
	owner, refusal := c.profileOwner("write")
	if refusal != nil {
		return *refusal
	}
	if c.node.store.profiles.get(owner) == nil {
		return missing("UI profile was not found.")
	}
	c.node.putProfile(owner, nil)
	return done()
}
