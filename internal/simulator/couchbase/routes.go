package couchbase

import "net/http"

// route is one method of one path.
type route struct {
	method     string
	path       string // a star stands for any one segment
	since      Version
	compat     Version // what the cluster must be, if it is older than its nodes
	enterprise bool
	access     access
	serve      func(*call) response
}

// Accesses of routes.
var (
	usersRead     = access{needs, func(s *Server) permission { return s.permissions().read }}
	usersWrite    = access{needs, func(s *Server) permission { return s.permissions().write }}
	lookupRead    = access{needs, func(s *Server) permission { return s.permissions().lookup }}
	poolsRead     = fixed("pools!read")
	uiRead        = fixed("ui!read")
	securityRead  = fixed("admin.security!read")
	securityWrite = fixed("admin.security!write")
)

// fixed returns an access that every version has in common.
func fixed(text string) access {
	p := mustPermission(text)
	return access{needs, func(*Server) permission { return p }}
}

// routes is the whole interface.
var routes = []route{
	{method: http.MethodGet, path: "whoami", serve: (*call).whoami},
	{method: http.MethodGet, path: "pools", access: poolsRead, serve: (*call).readPools},
	{method: http.MethodGet, path: "pools/default/nodeServices", access: poolsRead, serve: (*call).listNodes},
	{method: http.MethodPost, path: "pools/default/checkPermissions", serve: (*call).checkPermissions},
	{method: http.MethodGet, path: "_uiroles", since: V70, access: uiRead, serve: (*call).uiRoles},

	{method: http.MethodGet, path: "settings/rbac", since: V80, access: usersRead, serve: (*call).readMechanisms},
	{method: http.MethodGet, path: "settings/rbac/roles", access: usersRead, serve: (*call).listRoles},
	{method: http.MethodGet, path: "settings/rbac/users", access: usersRead, serve: (*call).listUsers},
	{method: http.MethodGet, path: "settings/rbac/users/*", access: usersRead, serve: (*call).listDomain},
	{method: http.MethodGet, path: "settings/rbac/users/*/*", access: usersRead, serve: (*call).readUser},
	{method: http.MethodPut, path: "settings/rbac/users/*", access: usersWrite, serve: (*call).putLegacyUser},
	{method: http.MethodPut, path: "settings/rbac/users/*/*", access: usersWrite, serve: (*call).putUser},
	{method: http.MethodPatch, path: "settings/rbac/users/local/*", since: V71, access: usersWrite, serve: (*call).patchUser},
	{method: http.MethodDelete, path: "settings/rbac/users/*", access: usersWrite, serve: (*call).deleteLegacyUser},
	{method: http.MethodDelete, path: "settings/rbac/users/*/*", access: usersWrite, serve: (*call).deleteUser},

	{method: http.MethodGet, path: "settings/rbac/groups", since: V65, enterprise: true, access: usersRead, serve: (*call).listGroups},
	{method: http.MethodGet, path: "settings/rbac/groups/*", since: V65, enterprise: true, access: usersRead, serve: (*call).readGroup},
	{method: http.MethodPut, path: "settings/rbac/groups/*", since: V65, enterprise: true, access: usersWrite, serve: (*call).putGroup},
	{method: http.MethodDelete, path: "settings/rbac/groups/*", since: V65, enterprise: true, access: usersWrite, serve: (*call).deleteGroup},

	{method: http.MethodGet, path: "settings/rbac/backup", since: V76, compat: V76, enterprise: true, access: usersRead, serve: (*call).backup},
	{method: http.MethodPut, path: "settings/rbac/backup", since: V76, compat: V76, enterprise: true, access: usersWrite, serve: (*call).restore},
	{method: http.MethodGet, path: "settings/rbac/lookupLDAPUser/*", since: V65, enterprise: true, access: lookupRead, serve: (*call).lookUpLDAPUser},

	{method: http.MethodGet, path: "settings/rbac/profiles", access: usersRead, serve: (*call).listProfiles},
	{method: http.MethodGet, path: "settings/rbac/profiles/@self", serve: (*call).readProfile},
	{method: http.MethodPut, path: "settings/rbac/profiles/@self", serve: (*call).putProfile},
	{method: http.MethodDelete, path: "settings/rbac/profiles/@self", serve: (*call).deleteProfile},
	{method: http.MethodGet, path: "settings/rbac/profiles/*/*", access: usersRead, serve: (*call).readProfile},
	{method: http.MethodPut, path: "settings/rbac/profiles/*/*", access: usersWrite, serve: (*call).putProfile},
	{method: http.MethodDelete, path: "settings/rbac/profiles/*/*", access: usersWrite, serve: (*call).deleteProfile},

	{method: http.MethodGet, path: "settings/passwordPolicy", access: securityRead, serve: (*call).readPolicy},
	{method: http.MethodPost, path: "settings/passwordPolicy", access: securityWrite, serve: (*call).writePolicy},
	{method: http.MethodPost, path: "controller/changePassword", enterprise: true, serve: (*call).changePassword},

	{method: http.MethodGet, path: "settings/security/userActivity", since: V80, compat: V80, enterprise: true, access: securityRead, serve: (*call).readActivity},
	{method: http.MethodPost, path: "settings/security/userActivity", since: V80, compat: V80, enterprise: true, access: securityWrite, serve: (*call).writeActivity},
	{method: http.MethodGet, path: "settings/jwt", since: V80, compat: V80, enterprise: true, access: securityRead, serve: (*call).readDocument},
	{method: http.MethodPut, path: "settings/jwt", since: V80, compat: V80, enterprise: true, access: securityWrite, serve: (*call).putDocument},
	{method: http.MethodDelete, path: "settings/jwt", since: V80, compat: V80, enterprise: true, access: securityWrite, serve: (*call).deleteDocument},
	{method: http.MethodGet, path: "settings/ldap", since: V65, enterprise: true, access: securityRead, serve: (*call).readDocument},
	{method: http.MethodPost, path: "settings/ldap", since: V65, enterprise: true, access: securityWrite, serve: (*call).postDocument},
	{method: http.MethodGet, path: "settings/saml", since: V76, enterprise: true, access: securityRead, serve: (*call).readDocument},
	{method: http.MethodPost, path: "settings/saml", since: V76, enterprise: true, access: securityWrite, serve: (*call).postDocument},
	{method: http.MethodGet, path: "settings/clientCertAuth", enterprise: true, access: securityRead, serve: (*call).readDocument},
	{method: http.MethodPost, path: "settings/clientCertAuth", enterprise: true, access: securityWrite, serve: (*call).postDocument},

	{method: http.MethodPost, path: "controller/lockAdmin", since: V80, access: access{kind: localhost}},
	{method: http.MethodPost, path: "controller/unlockAdmin", since: V80, access: access{kind: localhost}},
	{method: http.MethodPost, path: "controller/resetAdminPassword", access: access{kind: localhost}},
}

// find returns the route of a method and path, and the segments that the route
// leaves open; nil if there is none.
func (s *Server) find(method string, segments []string) (*route, []string) {
	for i := range routes {
		to := &routes[i]
		if to.method != method || s.version < to.since {
			continue
		}
		if vars, ok := match(to.path, segments); ok {
			return to, vars
		}
	}
	return nil, nil
}

// match compares a path with segments.
func match(path string, segments []string) (vars []string, ok bool) {
	pattern := splitPath(path)
	if len(pattern) != len(segments) {
		return nil, false
	}
	for i, part := range pattern {
		switch {
		case part == "*":
			vars = append(vars, segments[i])
		case part != segments[i]:
			return nil, false
		}
	}
	return vars, true
}
