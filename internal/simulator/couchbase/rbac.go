package couchbase

import (
	"net/http"
	"slices"
	"strings"
)

// Mechanisms says which ways to authenticate external users are on, in the
// form of GET /settings/rbac.
type Mechanisms struct {
	// LDAP is set if users of an LDAP directory can log in.
	LDAP bool `json:"ldapEnabled"`
	// SAML is set if users of a SAML provider can log in.
	SAML bool `json:"samlEnabled"`
	// Saslauthd is set if saslauthd is asked about users.
	Saslauthd bool `json:"saslauthdAuthEnabled"`
}

// SetMechanisms sets which ways to authenticate external users are on.
func (s *Server) SetMechanisms(m Mechanisms) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mechanisms = m
}

// LDAPUser is a user of the LDAP directory.
type LDAPUser struct {
	// Password is what the user logs in with; none can log in without.
	Password string
	// Groups are the distinguished names of the user's groups.
	Groups []string
}

// AddLDAPUser puts a user into the LDAP directory.
func (s *Server) AddLDAPUser(id string, u LDAPUser) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.directory[id] = u
}

// readMechanisms serves GET /settings/rbac.
func (c *call) readMechanisms() response { return jsonReply(http.StatusOK, c.server.mechanisms) }

// definitionJSON is a role that can be given.
type definitionJSON struct {
	roleJSON

	Name        string `json:"name"`
	Description string `json:"desc"`
	Community   bool   `json:"ce,omitzero"`
}

// listRoles serves GET /settings/rbac/roles.
func (c *call) listRoles() response {
	f := newForm(c.query)
	with := f.permission()
	if verdict := f.verdict(c); verdict != nil {
		return *verdict
	}
	s := c.server
	list := []definitionJSON{}
	for _, d := range s.visible() {
		for _, r := range s.variants(d, with) {
			security, _ := s.special([]role{r})
			if with != nil && !s.grants(r, *with) || security && !c.has(mustPermission("admin.security.admin!read")) {
				continue
			}
			list = append(list, definitionJSON{r.wire(), d.label, d.description(), d.community && s.compat < V70})
		}
	}
	return jsonReply(http.StatusOK, list)
}

// description says in a few words what a role is for.
func (d definition) description() string { return "Has the privileges of " + d.label + "." }

// variants returns a role on everything and, if a permission names a bucket,
// scope or collection that exists, on those too.
func (s *Server) variants(d definition, with *permission) []role {
	general := role{name: d.name, arity: d.parameters}
	roles := []role{general}
	if with == nil {
		return roles
	}
	for _, v := range with.object {
		if i := slices.Index(v.parameters, anyone); i >= 0 {
			v.parameters = v.parameters[:i]
		}
		for i := range min(len(v.parameters), d.parameters) {
			narrow := general
			if !s.bind(&narrow, v.parameters[:i+1]) {
				break
			}
			roles = append(roles, narrow)
		}
	}
	return roles
}

// whoami serves GET /whoami.
func (c *call) whoami() response {
	s := c.server
	answer := userJSON{ID: c.caller.ID, Domain: c.caller.Domain, Roles: s.wireRoles(c.caller.roles)}
	if u := c.node.store.users.get(c.caller.Identity); u != nil {
		answer.Name = u.name
		if u.Domain == Local {
			answer.Passwordless = u.auth != nil && u.auth.passwordless
			answer.PasswordChanged = s.date(u.changedAt)
		}
	}
	return jsonReply(http.StatusOK, answer)
}

// checkPermissions serves POST /pools/default/checkPermissions, whose body is a
// plain list.
func (c *call) checkPermissions() response {
	if len(c.body) == 0 {
		return jsonReply(http.StatusBadRequest, "Request body should not be empty.")
	}
	answers := map[string]bool{}
	var malformed []string
	for text := range strings.SplitSeq(string(c.body), ",") {
		text = strings.TrimSpace(text)
		p, err := parsePermission(text)
		if err != nil {
			malformed = append(malformed, text)
			continue
		}
		answers[text] = c.has(p)
	}
	if malformed != nil {
		return jsonReply(http.StatusBadRequest, "Malformed permissions: ["+strings.Join(malformed, ",")+"].")
	}
	return jsonReply(http.StatusOK, answers)
}

// lookUpLDAPUser serves GET /settings/rbac/lookupLDAPUser/{name}.
func (c *call) lookUpLDAPUser() response {
	if !c.server.mechanisms.LDAP {
		return missing("LDAP is disabled.")
	}
	identity := Identity{c.vars[0], External}
	if _, ok := c.server.directory[identity.ID]; !ok {
		return missing("LDAP user not found")
	}
	u := c.node.store.users.get(identity)
	exists := u != nil
	if !exists {
		u = &user{Identity: identity}
	}
	answer := c.node.wireUser(u)
	answer.RecordExists = &exists
	return jsonReply(http.StatusOK, answer)
}
