package iguazio

import (
	"net/http"
	"slices"
)

// The management policies that decide about something here.
const (
	securityAdmin        = "Security Admin"
	projectSecurityAdmin = "Project Security Admin"
	projectAdmin         = "Project Admin"
	projectReadOnly      = "Project Read Only"
	tenantAdmin          = "Tenant Admin"
	systemAdmin          = "System Admin"
	itAdmin              = "IT Admin"
	itAdminReadOnly      = "IT Admin Read Only"
	developer            = "Developer"
)

// productPolicies are the policies that every system has.
var productPolicies = []string{
	itAdmin, itAdminReadOnly, "Application Admin", securityAdmin, projectSecurityAdmin, projectReadOnly, "Application Read Only",
	"Data", tenantAdmin, developer, "Service Admin", systemAdmin, projectAdmin,
}

// access is who may use an endpoint.
type access int

const (
	// anonymous is everybody, logged in or not.
	anonymous access = iota
	// anyPlane is whoever has a session, of whatever plane.
	anyPlane
	// everyone is whoever has a session of the control plane.
	everyone
	// reading is whoever may read users and groups.
	reading
	// managing is whoever may change users and groups.
	managing
	// system is whoever may do what the system does.
	system
)

// permit refuses callers without any of the policies that an access takes.
func (s *Server) permit(caller *user, needs access) error {
	granted := true
	switch needs {
	case reading:
		granted = s.opts.Alternatives.OpenReads ||
			s.has(caller, securityAdmin, projectSecurityAdmin, tenantAdmin, itAdmin, itAdminReadOnly, systemAdmin)
	case managing:
		granted = s.has(caller, securityAdmin)
	case system:
		granted = s.has(caller, systemAdmin)
	default:
	}
	if !granted {
		return errDenied()
	}
	return nil
}

func errDenied() error { return errorf(http.StatusForbidden, "Access denied") }

// has reports whether a user has one of the policies, of its own or from a
// group.
func (s *Server) has(u *user, policies ...string) bool {
	holds := func(a attributes) bool {
		return slices.ContainsFunc(read[[]string](a, "assigned_policies"), func(p string) bool { return slices.Contains(policies, p) })
	}
	return holds(u.attributes) || slices.ContainsFunc(u.groups, func(id string) bool { return holds(s.groups.byID[id].attributes) })
}

// seesProject reports whether a caller may read a project.
func (s *Server) seesProject(caller *user, p *project) bool {
	return s.sees(caller, p.id) == Shown && (s.has(caller, projectSecurityAdmin, projectAdmin, projectReadOnly, tenantAdmin) ||
		p.owner == caller.id || s.effectiveRole(caller, p) != nil)
}

// administers reports whether a caller may do with a project what its owner
// may, or has one of the policies that allow it in all projects.
func (s *Server) administers(caller *user, p *project, policies ...string) bool {
	held := s.effectiveRole(caller, p)
	return p.owner == caller.id || held != nil && held.name() == roleNames[0] || s.has(caller, policies...)
}

// effectiveRole returns the highest role of a user in a project, nil for none.
func (s *Server) effectiveRole(u *user, p *project) *role {
	for _, held := range s.rolesOf(p) {
		if slices.Contains(held.users, u.id) || slices.ContainsFunc(u.groups, func(id string) bool { return slices.Contains(held.groups, id) }) {
			return held
		}
	}
	return nil
}

// Visibility says how much of a resource a caller sees.
type Visibility int

const (
	// Shown is the normal case.
	Shown Visibility = iota
	// NotIncluded leaves the references to a resource and shows nothing else
	// of it: it is in no list and in no included member, and reads of it find
	// nothing.
	NotIncluded
	// Hidden leaves no trace of a resource, not even the references to it.
	Hidden
)

// Limit changes how much of a resource, a user, group, project or role, the
// named callers see; without callers, all of them. It does not limit the
// resource itself.
func (s *Server) Limit(id string, visibility Visibility, callers ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(callers) == 0 {
		callers = []string{""}
	}
	if s.visibility[id] == nil {
		s.visibility[id] = map[string]Visibility{}
	}
	for _, caller := range callers {
		s.visibility[id][caller] = visibility
	}
}

// sees returns how much of a resource a caller sees. What is said about a
// caller by name goes before what is said about all.
func (s *Server) sees(caller *user, id string) Visibility {
	if caller.id == id {
		return Shown
	}
	limits := s.visibility[id]
	if limit, ok := limits[caller.name()]; ok {
		return limit
	}
	return limits[""]
}

// replace returns the list that a caller leaves when it replaces before by
// after.
func (s *Server) replace(caller *user, before, after []string) []string {
	result := slices.Clone(after)
	if s.opts.Alternatives.KeepsHidden {
		for _, id := range before {
			if s.sees(caller, id) == Hidden && !slices.Contains(result, id) {
				result = append(result, id)
			}
		}
	}
	return result
}
