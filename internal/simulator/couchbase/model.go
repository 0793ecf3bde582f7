package couchbase

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// The domains of users.
const (
	// Local is the domain of users whose passwords the cluster keeps.
	Local = "local"
	// External is the domain of users that another system authenticates.
	External = "external"

	adminDomain     = "admin"
	anonymousDomain = "anonymous"
)

// Identity is what a user is known by.
type Identity struct {
	// ID is the user's name.
	ID string
	// Domain is [Local] or [External].
	Domain string
}

// compare orders users as the server does.
func (i Identity) compare(other Identity) int {
	return cmp.Or(strings.Compare(i.ID, other.ID), strings.Compare(i.Domain, other.Domain))
}

// user is a user of the cluster.
type user struct {
	Identity

	name      *string
	uuid      string
	groups    []string
	roles     []role
	auth      *credential
	temporary bool
	locked    bool
	changedAt time.Time
	limits    jsontext.Value
}

// group is a group of users.
type group struct {
	name        string
	description *string
	ldapRef     *string
	roles       []role
}

// mapped reports whether a group is granted through LDAP.
func (g *group) mapped() bool { return g != nil && g.ldapRef != nil && *g.ldapRef != "" }

// groupsOf returns the existing groups of a user: those that the user names,
// and those of the LDAP directory.
func (n *Node) groupsOf(u *user) (own, external []string) {
	own, external = []string{}, []string{}
	for _, name := range u.groups {
		if n.store.groups.get(name) != nil {
			own = append(own, name)
		}
	}
	if u.Domain == External {
		for _, g := range n.store.sortedGroups() {
			if g.mapped() && slices.Contains(n.server.directory[u.ID].Groups, *g.ldapRef) {
				external = append(external, g.name)
			}
		}
	}
	return own, external
}

// groupRoles returns the roles of a group that are alive.
func (n *Node) groupRoles(name string) []role {
	if g := n.store.groups.get(name); g != nil {
		return n.server.living(g.roles)
	}
	return nil
}

// effective returns all roles of a user.
func (n *Node) effective(u *user) []role {
	if u == nil {
		return nil
	}
	roles := n.server.living(u.roles)
	own, external := n.groupsOf(u)
	for _, name := range slices.Concat(own, external) {
		roles = append(roles, n.groupRoles(name)...)
	}
	return unique(roles)
}

// userJSON is a user in an answer.
type userJSON struct {
	RecordExists      *bool          `json:"recordExists,omitempty"`
	ID                string         `json:"id"`
	Domain            string         `json:"domain"`
	Roles             []roleJSON     `json:"roles"`
	Groups            *[]string      `json:"groups,omitzero"`
	ExternalGroups    *[]string      `json:"external_groups,omitzero"`
	Name              *string        `json:"name,omitzero"`
	UUID              string         `json:"uuid,omitempty"`
	Passwordless      bool           `json:"passwordless,omitzero"`
	PasswordChanged   string         `json:"password_change_date,omitempty"`
	Locked            *bool          `json:"locked,omitzero"`
	TemporaryPassword *bool          `json:"temporary_password,omitzero"`
	LastActivity      string         `json:"last_activity_time,omitempty"`
	Limits            jsontext.Value `json:"limits,omitzero"`
}

// wireUser returns a user as answers have it.
func (n *Node) wireUser(u *user) userJSON {
	s := n.server
	own, external := n.groupsOf(u)
	answer := userJSON{ID: u.ID, Domain: u.Domain, Name: u.name, Roles: n.rolesWithOrigins(u, own, external)}
	if s.compat >= V65 {
		answer.Groups, answer.ExternalGroups = &own, &external
	}
	if s.compat >= V80 || s.compat >= V71 && u.Domain == Local {
		answer.UUID = u.uuid
	}
	if u.Domain == Local {
		answer.Passwordless = u.auth != nil && u.auth.passwordless
		answer.PasswordChanged = s.date(u.changedAt)
	}
	if s.compat >= V80 {
		answer.Locked, answer.TemporaryPassword = &u.locked, &u.temporary
		if at, ok := s.seen[u.Identity]; ok && s.activity.Enabled {
			answer.LastActivity = s.date(at)
		}
	}
	return answer
}

// rolesWithOrigins returns the roles of a user with where they come from.
func (n *Node) rolesWithOrigins(u *user, own, external []string) []roleJSON {
	origins := map[role][]originJSON{}
	for _, r := range n.server.living(u.roles) {
		origins[r] = append(origins[r], originJSON{Type: "user"})
	}
	for _, name := range slices.Concat(own, external) {
		for _, r := range n.groupRoles(name) {
			origins[r] = append([]originJSON{{"group", name}}, origins[r]...)
		}
	}
	list := []roleJSON{}
	for _, r := range n.effective(u) {
		wired := r.wire()
		if n.server.compat >= V65 {
			wired.Origins = origins[r]
		}
		list = append(list, wired)
	}
	return shuffle(n.server, list)
}

// date writes a time as the cluster's version does. Before 8.0 the digits are
// the node's local time whatever the suffix says.
func (s *Server) date(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	local := at.In(s.options.Location)
	if s.compat >= V80 {
		return local.Format("2006-01-02T15:04:05Z07:00")
	}
	return local.Format("2006-01-02T15:04:05.000") + "Z"
}

// groupJSON is a group in an answer.
type groupJSON struct {
	ID          string     `json:"id"`
	Roles       []roleJSON `json:"roles"`
	LDAPRef     *string    `json:"ldap_group_ref,omitzero"`
	Description *string    `json:"description,omitzero"`
}

// wireGroup returns a group as answers have it.
func (s *Server) wireGroup(g *group) groupJSON {
	return groupJSON{g.name, s.wireRoles(s.living(g.roles)), g.ldapRef, g.description}
}
