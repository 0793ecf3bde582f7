package couchbase

import (
	"path"
	"slices"
	"strings"
)

// backupJSON is a backup of users and groups. Roles are role strings.
type backupJSON struct {
	Version string            `json:"version"`
	Compat  string            `json:"compat_version,omitempty"`
	Admin   *backupAdminJSON  `json:"admin,omitempty"`
	Users   []backupUserJSON  `json:"users"`
	Groups  []backupGroupJSON `json:"groups"`
}

// backupAdminJSON is the built-in administrator in a backup.
type backupAdminJSON struct {
	ID   string   `json:"id"`
	Auth authJSON `json:"auth"`
}

// backupUserJSON is a user in a backup.
type backupUserJSON struct {
	ID     string    `json:"id"`
	Domain string    `json:"domain"`
	Groups *[]string `json:"groups,omitzero"`
	Roles  []string  `json:"roles"`
	Name   *string   `json:"name,omitzero"`
	Auth   *authJSON `json:"auth,omitempty"`
	Locked bool      `json:"locked,omitzero"`
}

// backupGroupJSON is a group in a backup.
type backupGroupJSON struct {
	Name        string   `json:"name"`
	Description *string  `json:"description,omitzero"`
	Roles       []string `json:"roles"`
	LDAPRef     *string  `json:"ldap_group_ref,omitzero"`
}

// backupFilter reports whether a filter names something: an administrator, a
// user or a group, with its roles.
type backupFilter func(kind, domain, name string, roles []role) bool

// backup serves GET /settings/rbac/backup.
func (c *call) backup() response {
	f := newForm(c.query)
	include, exclude := c.filters(f, "include"), c.filters(f, "exclude")
	if include != nil && exclude != nil {
		f.fail("_", "Parameters include and exclude are mutually exclusive")
	}
	if verdict := f.verdict(c); verdict != nil {
		return *verdict
	}
	kept := func(kind, domain, name string, roles []role) bool {
		matches := func(filter backupFilter) bool { return filter(kind, domain, name, roles) }
		if include != nil {
			return slices.ContainsFunc(include, matches)
		}
		return !slices.ContainsFunc(exclude, matches)
	}
	s := c.server
	answer := backupJSON{Version: "1"}
	if s.compat >= V80 {
		answer.Compat = s.compat.String()
	}
	admin := []role{{name: "admin"}}
	if c.sees(admin) && kept(adminDomain, "", s.options.AdminID, admin) {
		answer.Admin = &backupAdminJSON{s.options.AdminID, s.adminAuth.authJSON}
	}
	for _, u := range c.visibleUsers("", nil) {
		if kept("user", u.Domain, u.ID, c.node.effective(u)) {
			answer.Users = append(answer.Users, s.backupUser(u))
		}
	}
	for _, g := range c.visibleGroups() {
		if kept("group", "", g.name, c.node.groupRoles(g.name)) {
			answer.Groups = append(answer.Groups, backupGroupJSON{g.name, g.description, s.roleStrings(g.roles), g.ldapRef})
		}
	}
	shuffle(s, answer.Users)
	shuffle(s, answer.Groups)
	reply := jsonReply(200, answer)
	reply.chunked = true
	return reply
}

// backupUser returns a user as backups have it.
func (s *Server) backupUser(u *user) backupUserJSON {
	saved := backupUserJSON{ID: u.ID, Domain: u.Domain, Roles: s.roleStrings(u.roles), Name: u.name, Locked: u.locked}
	if u.groups != nil {
		saved.Groups = &u.groups
	}
	if u.auth != nil {
		auth := u.auth.authJSON
		if u.temporary {
			auth.Expiry = new(int)
		}
		saved.Auth = &auth
	}
	return saved
}

// roleStrings returns roles as forms and backups have them.
func (s *Server) roleStrings(roles []role) []string {
	texts := []string{}
	for _, r := range s.living(roles) {
		texts = append(texts, r.String())
	}
	return texts
}

// filters reads the filters of a backup; nil if there are none.
func (c *call) filters(f *form, field string) []backupFilter {
	f.known[field] = true
	var filters []backupFilter
	for _, text := range f.fields.all(field) {
		filter, problem := c.server.filter(text)
		if problem != "" {
			f.fail(field, problem)
		}
		filters = append(filters, filter)
	}
	return filters
}

// filter reads one filter of a backup.
func (s *Server) filter(text string) (filter backupFilter, problem string) {
	head, rest, _ := strings.Cut(text, ":")
	switch {
	case text == "*":
		return func(string, string, string, []role) bool { return true }, ""
	case text == adminDomain:
		return func(kind, _, _ string, _ []role) bool { return kind == adminDomain }, ""
	case head == "permission":
		p, err := parsePermission(rest)
		if err != nil {
			return nil, rest + " - malformed permission"
		}
		return func(_, _, _ string, roles []role) bool { return s.anyGrants(roles, p) }, ""
	case head == "user":
		domain, glob, _ := strings.Cut(rest, ":")
		if isDomain(domain) || domain == "*" {
			return func(kind, of, name string, _ []role) bool {
				return kind == "user" && (domain == "*" || domain == of) && matches(glob, name)
			}, nameProblem(strings.ReplaceAll(glob, "*", "A"), "Username")
		}
	case head == "group":
		return func(kind, _, name string, _ []role) bool { return kind == "group" && matches(rest, name) },
			nameProblem(strings.ReplaceAll(rest, "*", "A"), "Username")
	}
	return nil, text + " -invalid filter"
}

// matches reports whether a name matches a glob that knows the star alone.
// Names have no slashes, so a star reaches across all of a name.
func matches(glob, name string) bool {
	matched, _ := path.Match(glob, name)
	return matched
}
