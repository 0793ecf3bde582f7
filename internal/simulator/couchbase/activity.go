package couchbase

import (
	"net/http"
	"slices"
	"strings"
)

// activity says whose last activity is remembered, in the form of GET
// /settings/security/userActivity.
type activity struct {
	Enabled bool     `json:"enabled"`
	Roles   []string `json:"trackedRoles"`
	Groups  []string `json:"trackedGroups"`
}

// defaultActivity tracks administrators, once it is enabled.
func defaultActivity() activity {
	return activity{Roles: []string{
		"admin", "ro_admin", "security_admin", "user_admin_local", "user_admin_external", "cluster_admin",
		"eventing_admin", "backup_admin", "views_admin", "replication_admin", "fts_admin", "analytics_admin",
	}, Groups: []string{}}
}

// saw remembers that a user was seen.
func (s *Server) saw(n *Node, by caller) {
	u := n.store.users.get(by.Identity)
	if u == nil || !s.activity.Enabled || s.compat < V80 {
		return
	}
	own, external := n.groupsOf(u)
	tracked := slices.ContainsFunc(by.roles, func(r role) bool { return slices.Contains(s.activity.Roles, r.name) }) ||
		slices.ContainsFunc(slices.Concat(own, external), func(name string) bool { return slices.Contains(s.activity.Groups, name) })
	if tracked {
		s.seen[by.Identity] = s.options.Now()
	}
}

// readActivity serves GET /settings/security/userActivity.
func (c *call) readActivity() response { return jsonReply(http.StatusOK, c.server.activity) }

// writeActivity serves POST /settings/security/userActivity.
func (c *call) writeActivity() response {
	f, next := newForm(c.form()), c.server.activity
	if _, ok := f.get("enabled"); ok {
		next.Enabled = f.boolean("enabled")
	}
	if names, ok := f.get("trackedRoles"); ok {
		var unknown []string
		next.Roles = splitList(names)
		for _, name := range next.Roles {
			if _, ok := c.server.definitionOf(name); !ok {
				unknown = append(unknown, name)
			}
		}
		if unknown != nil {
			f.fail("trackedRoles", "The following roles are invalid: "+strings.Join(unknown, ","))
		}
	}
	if names, ok := f.get("trackedGroups"); ok {
		next.Groups = splitList(names)
	}
	f.onlyKnown()
	if verdict := f.verdict(c); verdict != nil {
		return *verdict
	}
	c.server.activity = next
	return c.readActivity()
}

// splitList splits a list at its commas and drops what is empty.
func splitList(text string) []string {
	list := []string{}
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			list = append(list, item)
		}
	}
	return list
}
