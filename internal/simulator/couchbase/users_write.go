package couchbase

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// maxCommunityUsers is how many users Community Edition keeps.
const maxCommunityUsers = 20

// userFields are the validated fields of a user.
type userFields struct {
	name      *string
	password  *string
	roles     []role
	groups    []string
	locked    bool
	temporary bool
	limits    jsontext.Value
	auth      *credential // in place of a password, in backups
}

// putUser serves PUT /settings/rbac/users/{domain}/{id}.
func (c *call) putUser() response { return c.replaceUser(c.vars[0], c.vars[1]) }

// putLegacyUser serves PUT /settings/rbac/users/{id}, which is about external
// users.
func (c *call) putLegacyUser() response { return c.replaceUser(External, c.vars[0]) }

func (c *call) replaceUser(domain, id string) response {
	s := c.server
	if s.upgrading {
		return duringUpgrade()
	}
	if problem := nameProblem(id, "Username"); problem != "" {
		return fieldError("_", problem)
	}
	if !isDomain(domain) {
		return unknownDomain()
	}
	if domain == External && s.options.Community {
		return enterpriseNeeded()
	}
	identity := Identity{id, domain}
	f := newForm(c.form())
	fields, refusal := c.validateUser(f, identity)
	if refusal != nil {
		return *refusal
	}
	if verdict := f.verdict(c); verdict != nil {
		return *verdict
	}
	_, write := s.permissions().domain(domain)
	if refusal := c.require(write); refusal != nil {
		return *refusal
	}
	return c.storeUser(identity, fields)
}

// validateUser validates the fields of a user. A permission that is missing
// ends it at once.
func (c *call) validateUser(f *form, identity Identity) (userFields, *response) {
	s := c.server
	fields := userFields{name: f.optional("name")}
	if refusal := c.validateGroups(f, &fields); refusal != nil {
		return fields, refusal
	}
	fields.roles = s.validateRoles(f)
	if f.errors["roles"] == nil {
		touched := append(c.node.effective(c.node.store.users.get(identity)), fields.roles...)
		for _, name := range fields.groups {
			touched = append(touched, c.node.groupRoles(name)...)
		}
		if refusal := c.mayGive(touched); refusal != nil {
			return fields, refusal
		}
	}
	s.validateFlags(f, identity.Domain, &fields)
	if identity.Domain == Local {
		fields.password = f.password(s)
	}
	if s.compat.hasLimits() {
		if limits := f.optional("limits"); limits != nil {
			fields.limits = jsontext.Value(*limits)
			if !fields.limits.IsValid() {
				f.fail("limits", "Invalid Json")
			}
		}
	}
	f.onlyKnown()
	return fields, nil
}

// validateGroups validates the groups of a user.
func (c *call) validateGroups(f *form, fields *userFields) *response {
	if c.server.compat < V65 {
		return nil
	}
	text, ok := f.get("groups")
	if !ok {
		return nil
	}
	if text != "" && c.server.options.Community {
		f.fail("groups", "User groups require enterprise edition")
		return nil
	}
	var unknown []string
	fields.groups = splitList(text)
	mapped := false
	for _, name := range fields.groups {
		g := c.node.store.groups.get(name)
		if g == nil {
			unknown = append(unknown, name)
		}
		mapped = mapped || g.mapped()
	}
	switch {
	case unknown != nil:
		f.fail("groups", "Groups do not exist: "+strings.Join(unknown, ","))
	case mapped:
		return c.require(c.server.permissions().externalWrite)
	}
	return nil
}

// validateRoles validates the field of that name.
func (s *Server) validateRoles(f *form) []role {
	text, ok := f.get("roles")
	if !ok {
		return nil
	}
	roles, problem := s.parseRoles(text)
	if problem != "" {
		f.fail("roles", problem)
	}
	return roles
}

// validateFlags validates the lock and the mark of a temporary password.
func (s *Server) validateFlags(f *form, domain string, fields *userFields) {
	if s.compat < V80 {
		return
	}
	if s.options.Community {
		f.enterpriseOnly("locked")
		f.enterpriseOnly("temporaryPassword")
	}
	fields.locked = f.boolean("locked")
	if domain != Local {
		f.prohibit("locked", "Only permitted for local users")
		return
	}
	fields.temporary = f.boolean("temporaryPassword")
}

// enterpriseOnly refuses a field that Community Edition lacks.
func (f *form) enterpriseOnly(field string) {
	if _, ok := f.get(field); ok {
		f.fail(field, "Supported in enterprise edition only")
	}
}

// storeUser stores a user in place of what is there.
func (c *call) storeUser(identity Identity, fields userFields) response {
	s := c.server
	old := c.node.store.users.get(identity)
	if s.options.Community && old == nil && len(c.node.store.users.values()) >= maxCommunityUsers {
		return fieldError("_", "You cannot create any more users on Community Edition.")
	}
	if identity.Domain == Local && old == nil && fields.password == nil {
		return fieldError("password", "Password is required for new user.")
	}
	c.node.putUser(identity, s.updated(old, identity, fields))
	return done()
}

// updated returns a user with the given fields. Of the old one only what a
// client cannot name is left, and the password if there is no new one.
func (s *Server) updated(old *user, identity Identity, fields userFields) *user {
	u := &user{
		Identity: identity, name: fields.name, roles: fields.roles, groups: fields.groups,
		locked: fields.locked, limits: fields.limits,
	}
	if old != nil {
		u.uuid, u.auth, u.changedAt = old.uuid, old.auth, old.changedAt
	} else {
		u.uuid = s.newUUID()
	}
	if identity.Domain == External {
		return u
	}
	u.temporary = fields.temporary
	switch {
	case fields.auth != nil:
		u.auth, u.changedAt = fields.auth, s.options.Now()
	case fields.password != nil:
		u.auth, u.changedAt = newCredential(*fields.password, s.salt()), s.options.Now()
	}
	return u
}
