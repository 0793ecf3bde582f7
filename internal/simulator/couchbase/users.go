package couchbase

import (
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// unknownUser is the answer for a user that is not there.
func unknownUser() response { return missing("Unknown user.") }

// unknownDomain is the answer for a domain that is not there.
func unknownDomain() response { return missing("Unknown user domain.") }

// lostUser is the answer to a write of a user that is not there.
func (s *Server) lostUser() response {
	if s.compat >= V80 {
		return unknownUser()
	}
	return missing("User was not found.")
}

// isDomain reports whether there are users in a domain.
func isDomain(domain string) bool { return domain == Local || domain == External }

// listUsers serves GET /settings/rbac/users.
func (c *call) listUsers() response { return c.users("") }

// listDomain serves GET /settings/rbac/users/{domain}.
func (c *call) listDomain() response {
	if !isDomain(c.vars[0]) {
		return unknownDomain()
	}
	return c.users(c.vars[0])
}

// users serves a list of users: all of them, or a page.
func (c *call) users(domain string) response {
	f := newForm(c.query)
	if _, paged := c.query.first("pageSize"); paged {
		return c.usersPage(domain, f)
	}
	with := f.permission()
	if verdict := f.verdict(c); verdict != nil {
		return *verdict
	}
	list := []userJSON{}
	for _, u := range c.visibleUsers(domain, with) {
		list = append(list, c.shown(u))
	}
	return listReply(shuffle(c.server, list))
}

// shown returns a user as the answer to this request has it.
func (c *call) shown(u *user) userJSON {
	answer := c.node.wireUser(u)
	if value, _ := c.query.first("limits"); value == "true" && c.server.compat.hasLimits() {
		answer.Limits = u.limits
		if u.limits == nil {
			answer.Limits = jsontext.Value("{}")
		}
	}
	return answer
}

// usersPage serves a page of users.
func (c *call) usersPage(domain string, f *form) response {
	sortable := []string{"id", "name", "domain", "password_change_timestamp"}
	if c.server.compat >= V80 {
		sortable = append(sortable, "locked", "last_activity_time")
	}
	q := parsePageQuery(f, sortable...)
	if q.start != nil && domain == "" {
		f.require("startFromDomain")
		q.start.domain = f.oneOf("startFromDomain", Local, External)
	} else if q.start != nil {
		f.prohibit("startFromDomain", "The value must not be supplied")
		q.start.domain = domain
	}
	with := f.permission()
	if verdict := f.verdict(c); verdict != nil {
		return *verdict
	}
	var users []*user
	var elements []element
	for _, u := range c.visibleUsers(domain, with) {
		if q.finds(u.ID, deref(u.name)) {
			elements = append(elements, element{u.ID, u.Domain, c.server.sortKey(u, q.sortBy), len(users)})
			users = append(users, u)
		}
	}
	if q.start != nil {
		start := &user{Identity: Identity{q.start.id, q.start.domain}}
		if u := c.node.store.users.get(start.Identity); u != nil {
			start = u
		}
		q.start.property = c.server.sortKey(start, q.sortBy)
	}
	p := q.cut(elements)
	list := []userJSON{}
	for _, e := range p.elements {
		list = append(list, c.shown(users[e.index]))
	}
	answer := p.reply(p.links(c.path, c.userPageParameters(q, with), domain == ""))
	answer.Users = &list
	return answer.ok()
}

// userPageParameters returns what links to pages of users repeat.
func (c *call) userPageParameters(q pageQuery, with *permission) []pair {
	var parameters []pair
	if with != nil {
		parameters = append(parameters, pair{"permission", with.text})
	}
	if q.substr != nil {
		parameters = append(parameters, pair{"substr", *q.substr})
	}
	return append(parameters, pair{"pageSize", strconv.Itoa(q.size)}, pair{"sortBy", q.sortBy}, pair{"order", q.order()})
}

// sortKey returns what a user is sorted by. What is absent comes first.
func (s *Server) sortKey(u *user, by string) string {
	switch {
	case by == "name" && u.name != nil:
		return "+" + *u.name
	case by == "domain":
		return u.Domain
	case by == "password_change_timestamp" && !u.changedAt.IsZero():
		return u.changedAt.UTC().Format("2006-01-02T15:04:05.000000000")
	case by == "locked":
		return strconv.FormatBool(u.locked)
	case by == "last_activity_time" && !s.seen[u.Identity].IsZero():
		return s.seen[u.Identity].UTC().Format("2006-01-02T15:04:05.000000000")
	}
	return ""
}

// deref returns "" for nil.
func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// readUser serves GET /settings/rbac/users/{domain}/{id}.
func (c *call) readUser() response {
	if !isDomain(c.vars[0]) {
		return unknownDomain()
	}
	read, _ := c.server.permissions().domain(c.vars[0])
	if refusal := c.require(read); refusal != nil {
		return *refusal
	}
	u := c.node.store.users.get(Identity{c.vars[1], c.vars[0]})
	if u == nil {
		return unknownUser()
	}
	if refusal := c.mayTouch("read", c.node.effective(u), read); refusal != nil {
		return *refusal
	}
	return jsonReply(http.StatusOK, c.shown(u))
}

// deleteUser serves DELETE /settings/rbac/users/{domain}/{id}.
func (c *call) deleteUser() response { return c.removeUser(c.vars[0], c.vars[1]) }

// deleteLegacyUser serves DELETE /settings/rbac/users/{id}, which is about
// external users.
func (c *call) deleteLegacyUser() response { return c.removeUser(External, c.vars[0]) }

func (c *call) removeUser(domain, id string) response {
	if c.server.upgrading {
		return duringUpgrade()
	}
	if !isDomain(domain) {
		return unknownDomain()
	}
	identity := Identity{id, domain}
	_, write := c.server.permissions().domain(domain)
	u := c.node.store.users.get(identity)
	if refusal := c.mayTouch("write", c.node.effective(u), write); refusal != nil {
		return *refusal
	}
	if refusal := c.require(write); refusal != nil {
		return *refusal
	}
	if u == nil {
		return c.server.lostUser()
	}
	c.node.putUser(identity, nil)
	c.node.putProfile(identity, nil)
	delete(c.server.seen, identity)
	return done()
}

// duringUpgrade is the answer to writes of users while a cluster is upgraded.
func duringUpgrade() response {
	return textReply(http.StatusServiceUnavailable, "Not allowed during cluster upgrade.")
}
