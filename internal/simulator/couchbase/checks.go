package couchbase

import "slices"

// The roles that need more than the usual permissions to see or give are
// found by what they grant.
var (
	securityPart  = mustPermission("admin.security!any")
	userAdminPart = mustPermission("admin.users!any")
)

// special reports whether there are security roles, and roles that manage
// users, among some roles.
func (s *Server) special(roles []role) (security, userAdmin bool) {
	return s.anyGrants(roles, securityPart), s.compat >= V80 && s.anyGrants(roles, userAdminPart)
}

// mayTouch returns nil if the caller may do something, "read" or "write", to a
// user or a group with the given roles.
func (c *call) mayTouch(operation string, roles []role, domain permission) *response {
	security, userAdmin := c.server.special(roles)
	if security {
		for _, p := range []permission{mustPermission("admin.security.admin!" + operation), domain} {
			if refusal := c.require(p); refusal != nil {
				return refusal
			}
		}
	}
	if userAdmin {
		return c.require(mustPermission("admin.users.admin!" + operation))
	}
	return nil
}

// mayGive returns nil if the caller may write a user who had or gets the given
// roles. It asks for the same permissions in another order.
func (c *call) mayGive(roles []role) *response {
	security, userAdmin := c.server.special(roles)
	var needed []permission
	if security {
		needed = append(needed, c.server.permissions().localWrite)
	}
	if userAdmin {
		needed = append(needed, mustPermission("admin.users.admin!write"))
	}
	if security {
		needed = append(needed, mustPermission("admin.security.admin!write"))
	}
	for _, p := range needed {
		if refusal := c.require(p); refusal != nil {
			return refusal
		}
	}
	return nil
}

// sees reports whether lists show the caller something with the given roles.
func (c *call) sees(roles []role) bool {
	security, userAdmin := c.server.special(roles)
	return (!security || c.has(mustPermission("admin.security.admin!read"))) &&
		(!userAdmin || c.has(mustPermission("admin.users.admin!read")))
}

// visibleUsers returns the users that lists show the caller, of one domain or
// of all, and only those with a permission if it is not nil.
func (c *call) visibleUsers(domain string, with *permission) []*user {
	s := c.server
	may := map[string]bool{Local: c.has(s.permissions().localRead), External: c.has(s.permissions().externalRead)}
	return slices.DeleteFunc(c.node.store.sortedUsers(), func(u *user) bool {
		if domain != "" && u.Domain != domain || !may[u.Domain] {
			return true
		}
		roles := c.node.effective(u)
		return with != nil && !s.anyGrants(roles, *with) || !c.sees(roles)
	})
}

// visibleGroups returns the groups that lists show the caller.
func (c *call) visibleGroups() []*group {
	mapped := c.has(c.server.permissions().externalRead)
	return slices.DeleteFunc(c.node.store.sortedGroups(), func(g *group) bool {
		return g.mapped() && !mapped || !c.sees(c.server.living(g.roles))
	})
}
