package cognite

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// answer is what an endpoint sends if all is well.
type answer struct {
	status int
	body   []byte
}

// success returns an answer with status 200.
func success[T any](body T) answer { return answer{http.StatusOK, encode(body)} }

// empty is the answer of a deletion.
func empty() answer { return success(struct{}{}) }

// endpoint serves one method of one path, with the server locked. Its errors
// are of type *apiError.
type endpoint func(s *Server, c *call) (answer, error)

// route is one endpoint of the API and the capability that it needs.
type route struct {
	method string
	// path starts at /api/v1. A colon marks a part that varies: the project, or
	// the name of something below.
	path   string
	acl    string // empty if every principal with access may call it
	action string
	serve  endpoint
}

// routes returns the whole API.
func routes() []route {
	const project = "/projects/:project"
	const users, tables = project + "/postgresgateway", project + "/postgresgateway/tables/:name"
	const sessions, groups, profiles = project + "/sessions", project + "/groups", project + "/profiles"
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, "/token/inspect", "", "", (*Server).inspectToken},
		{get, project, "", "", (*Server).readProject},

		{get, users, gatewayACL, actionRead, (*Server).listUsers},
		{post, users, gatewayACL, actionWrite, (*Server).createUser},
		{post, users + "/list", gatewayACL, actionRead, (*Server).listUsersByPost},
		{post, users + "/byids", gatewayACL, actionRead, (*Server).readUsers},
		{post, users + "/update", gatewayACL, actionWrite, (*Server).updateUser},
		{post, users + "/delete", gatewayACL, actionWrite, (*Server).deleteUser},

		{get, tables, gatewayACL, actionRead, (*Server).listTables},
		{post, tables, gatewayACL, actionWrite, (*Server).createTables},
		{post, tables + "/byids", gatewayACL, actionRead, (*Server).readTables},
		{post, tables + "/delete", gatewayACL, actionWrite, (*Server).deleteTables},

		{get, sessions, sessionsACL, actionList, (*Server).listSessions},
		{post, sessions, sessionsACL, actionCreate, (*Server).createSession},
		{post, sessions + "/byids", sessionsACL, actionList, (*Server).readSessions},
		{post, sessions + "/revoke", sessionsACL, actionDelete, (*Server).revokeSessions},

		{get, groups, "", "", (*Server).listGroups},
		{post, groups, groupsACL, actionCreate, (*Server).createGroups},
		{post, groups + "/delete", groupsACL, actionDelete, (*Server).deleteGroups},

		{get, profiles, "", "", (*Server).listProfiles},
		{get, profiles + "/me", "", "", (*Server).readOwnProfile},
		{post, profiles + "/byids", "", "", (*Server).readProfiles},
		{post, profiles + "/search", "", "", (*Server).searchProfiles},

		{get, "/principals/me", "", "", (*Server).readOwnPrincipal},
		{get, "/orgs/:name/principals", "", "", (*Server).listPrincipals},
		{post, "/orgs/:name/principals/byids", "", "", (*Server).readPrincipals},
	}
}

// match returns the parts of an escaped path that vary, by their names in the
// pattern of a route, and whether the path is one of the route's.
func (r route) match(path string) (map[string]string, bool) {
	pattern := strings.Split("/api/v1"+r.path, "/")
	parts := strings.Split(path, "/")
	if len(parts) != len(pattern) {
		return nil, false
	}
	varying := map[string]string{}
	for i, expected := range pattern {
		name, varies := strings.CutPrefix(expected, ":")
		part, err := url.PathUnescape(parts[i])
		switch {
		case err != nil || part == "" && i > 0:
			return nil, false
		case varies:
			varying[name] = part
		case part != expected:
			return nil, false
		}
	}
	return varying, true
}

// find returns the route of a request and the parts of its path that vary.
func (s *Server) find(r *http.Request) (route, map[string]string, error) {
	failure := errorf(http.StatusNotFound, messageNotFound)
	for _, candidate := range s.routes {
		varying, ok := candidate.match(r.URL.EscapedPath())
		if ok && candidate.method == r.Method {
			return candidate, varying, nil
		}
		if ok {
			failure = errorf(http.StatusMethodNotAllowed, "Method not allowed")
		}
	}
	return route{}, nil, failure
}

// serve answers a request that met no fault.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	reply := s.locked(r)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(reply.status)
	_, _ = w.Write(reply.body)
}

// locked answers a request with the server locked.
func (s *Server) locked(r *http.Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.URL.Path == s.opts.TokenPath {
		return s.serveToken(r)
	}
	reply, err := s.answer(r)
	if err == nil {
		return reply
	}
	var failure *apiError
	if !errors.As(err, &failure) {
		panic(err)
	}
	return answer{failure.Code, encode(errorBody{failure})}
}

// answer checks a request in the order of the service and has its endpoint
// serve it: token, project, capability, headers and body.
func (s *Server) answer(r *http.Request) (answer, error) {
	c := &call{request: r, principal: s.authenticate(r)}
	if c.principal == nil {
		return answer{}, errorf(http.StatusUnauthorized, messageUnauthorized)
	}
	to, varying, err := s.find(r)
	if err != nil {
		return answer{}, err
	}
	c.name = varying["name"]
	if name, inProject := varying["project"]; inProject {
		_, access := c.principal.Projects[name]
		project, exists := s.projects[name]
		if !access || !exists {
			return answer{}, errorf(http.StatusUnauthorized, messageUnauthorized)
		}
		c.project = project
	}
	if to.acl != "" && len(c.grants(to.acl, to.action)) == 0 {
		return answer{}, forbidden(to.acl, to.action)
	}
	if failure := s.checkHeaders(r.Header); failure != nil {
		return answer{}, failure
	}
	body, failure := readBody(r)
	if failure != nil {
		return answer{}, failure
	}
	c.body = body
	return to.serve(s, c)
}
