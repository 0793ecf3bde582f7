package couchbase

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// listGroups serves GET /settings/rbac/groups.
func (c *call) listGroups() response {
	if _, paged := c.query.first("pageSize"); paged {
		return c.groupsPage()
	}
	list := []groupJSON{}
	for _, g := range c.visibleGroups() {
		list = append(list, c.server.wireGroup(g))
	}
	return listReply(shuffle(c.server, list))
}

// groupsPage serves a page of groups.
func (c *call) groupsPage() response {
	f := newForm(c.query)
	q := parsePageQuery(f, "id", "description", "roles", "ldap_group_ref")
	f.get("uuid")
	f.get("just_validate")
	f.onlyKnown()
	if verdict := f.verdict(c); verdict != nil {
		return *verdict
	}
	var groups []*group
	var elements []element
	for _, g := range c.visibleGroups() {
		if q.finds(g.name, deref(g.description)) {
			elements = append(elements, element{id: g.name, property: c.server.groupSortKey(g, q.sortBy), index: len(groups)})
			groups = append(groups, g)
		}
	}
	if q.start != nil {
		if g := c.node.store.groups.get(q.start.id); g != nil {
			q.start.property = c.server.groupSortKey(g, q.sortBy)
		}
	}
	p := q.cut(elements)
	list := []groupJSON{}
	for _, e := range p.elements {
		list = append(list, c.server.wireGroup(groups[e.index]))
	}
	parameters := []pair{{"pageSize", strconv.Itoa(q.size)}, {"sortBy", q.sortBy}, {"order", q.order()}}
	if q.substr != nil {
		parameters = append(parameters, pair{"substr", *q.substr})
	}
	answer := p.reply(p.links(c.path, parameters, false))
	answer.Groups = &list
	return answer.ok()
}

// groupSortKey returns what a group is sorted by.
func (s *Server) groupSortKey(g *group, by string) string {
	switch {
	case by == "description" && g.description != nil:
		return "+" + *g.description
	case by == "ldap_group_ref" && g.ldapRef != nil:
		return "+" + *g.ldapRef
	case by == "roles":
		var texts []string
		for _, r := range s.living(g.roles) {
			texts = append(texts, r.String())
		}
		return strings.Join(texts, ",")
	}
	return ""
}

// readGroup serves GET /settings/rbac/groups/{name}.
func (c *call) readGroup() response {
	g := c.node.store.groups.get(c.vars[0])
	if g == nil {
		return missing("Unknown group.")
	}
	if security, _ := c.server.special(c.server.living(g.roles)); security {
		if refusal := c.require(mustPermission("admin.security.admin!read")); refusal != nil {
			return *refusal
		}
	}
	return jsonReply(http.StatusOK, c.server.wireGroup(g))
}

// putGroup serves PUT /settings/rbac/groups/{name}.
func (c *call) putGroup() response {
	name := c.vars[0]
	if problem := nameProblem(name, "Group name"); problem != "" {
		return fieldError("_", problem)
	}
	f := newForm(c.form())
	g, refusal := c.validateGroup(f, name)
	if refusal != nil {
		return *refusal
	}
	if verdict := f.verdict(c); verdict != nil {
		return *verdict
	}
	c.node.putGroup(name, g)
	return done()
}

// validateGroup validates the fields of a group. A permission that is missing
// ends it at once.
func (c *call) validateGroup(f *form, name string) (*group, *response) {
	s := c.server
	g := &group{name: name, description: f.optional("description")}
	f.require("roles")
	g.roles = s.validateRoles(f)
	if f.errors["roles"] == nil {
		touched := append(c.node.groupRoles(name), g.roles...)
		if refusal := c.mayTouch("write", touched, s.permissions().localWrite); refusal != nil {
			return nil, refusal
		}
	}
	g.ldapRef = f.optional("ldap_group_ref")
	if g.ldapRef != nil {
		if problem := dnProblem(*g.ldapRef); problem != "" {
			f.fail("ldap_group_ref", "Should be valid LDAP distinguished name: "+problem)
		}
	}
	if g.mapped() || c.node.store.groups.get(name).mapped() {
		if refusal := c.require(s.permissions().externalWrite); refusal != nil {
			return nil, refusal
		}
	}
	f.onlyKnown()
	return g, nil
}

// dnProblem says what is wrong with a distinguished name in the words of the
// server's parser, or "". An empty name is right.
func dnProblem(dn string) string {
	if dn == "" {
		return ""
	}
	for part := range strings.SplitSeq(dn, ",") {
		name, value, ok := strings.Cut(part, "=")
		switch {
		case !ok:
			return "expected_equal_sign"
		case strings.TrimSpace(name) == "" || strings.TrimSpace(value) == "":
			return "empty_attribute"
		}
	}
	return ""
}

// deleteGroup serves DELETE /settings/rbac/groups/{name}. The group leaves
// every user.
func (c *call) deleteGroup() response {
	name := c.vars[0]
	g := c.node.store.groups.get(name)
	if security, _ := c.server.special(c.node.groupRoles(name)); security {
		if refusal := c.require(mustPermission("admin.security.admin!write")); refusal != nil {
			return *refusal
		}
	}
	if g.mapped() {
		if refusal := c.require(c.server.permissions().externalWrite); refusal != nil {
			return *refusal
		}
	}
	if g == nil {
		return missing("Group was not found.")
	}
	for _, u := range c.node.store.users.values() {
		if slices.Contains(u.groups, name) {
			changed := *u
			changed.groups = slices.DeleteFunc(slices.Clone(u.groups), func(other string) bool { return other == name })
			c.node.putUser(u.Identity, &changed)
		}
	}
	c.node.putGroup(name, nil)
	return done()
}
