package iguazio

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// endpoint serves one method of one path, with the server locked. Errors that
// are no apiError close the connection.
type endpoint func(s *Server, c call) (*answer, error)

// route is one method of one path below /api. A star stands for one part of
// the path that is not empty.
type route struct {
	method, path string
	serve        endpoint
	needs        access
}

// routes returns the whole interface of the server.
func routes() []route {
	return []route{
		{http.MethodPost, "sessions", (*Server).logIn, anonymous},
		{http.MethodDelete, "sessions/*", (*Server).logOut, anyPlane},
		{http.MethodPost, "sessions/verifications/planes/any/internal", (*Server).verify, anyPlane},
		{http.MethodPost, "data_sessions/verifications/app_service", (*Server).verifyData, anyPlane},
		{http.MethodPost, "data_sessions/verifications/app_service_enrich_data", (*Server).verifyData, anyPlane},
		{http.MethodGet, "tunnel/*/external_versions/*", (*Server).externalVersion, everyone},

		{http.MethodGet, "self", (*Server).self, everyone},
		{http.MethodPost, "self/get_or_create_access_key", (*Server).ensureAccessKey, everyone},
		{http.MethodGet, "users", (*Server).listUsers, reading},
		{http.MethodPost, "users", (*Server).createUser, managing},
		{http.MethodGet, "users/*", (*Server).getUser, reading},
		{http.MethodPut, "users/*", (*Server).updateUser, managing},
		{http.MethodDelete, "users/*", (*Server).deleteUser, managing},
		{http.MethodGet, "user_groups", (*Server).listGroups, reading},
		{http.MethodPost, "user_groups", (*Server).createGroup, managing},
		{http.MethodGet, "user_groups/*", (*Server).getGroup, reading},
		{http.MethodPut, "user_groups/*", (*Server).updateGroup, managing},
		{http.MethodDelete, "user_groups/*", (*Server).deleteGroup, managing},
		{http.MethodGet, "scrubbed_users", (*Server).listScrubbedUsers, everyone},
		{http.MethodGet, "scrubbed_user_groups", (*Server).listScrubbedGroups, everyone},

		{http.MethodGet, "projects", (*Server).listProjects, everyone},
		{http.MethodPost, "projects", (*Server).createProject, everyone},
		{http.MethodDelete, "projects", (*Server).deleteProject, everyone},
		{http.MethodGet, "projects/*", (*Server).getProject, everyone},
		{http.MethodPut, "projects/*", (*Server).updateProject, everyone},
		{http.MethodGet, "projects/__name__/*", (*Server).getProjectByName, everyone},
		{http.MethodPut, "projects/__name__/*", (*Server).updateProjectByName, everyone},
		{http.MethodGet, "projects/__name__/*/authorization", (*Server).authorize, everyone},
		{http.MethodPost, "async_transactions", (*Server).transact, everyone},
		{http.MethodGet, "jobs", (*Server).listJobs, everyone},
		{http.MethodGet, "jobs/*", (*Server).getJob, everyone},

		{http.MethodGet, "access_keys", (*Server).listAccessKeys, everyone},
		{http.MethodPost, "access_keys", (*Server).createAccessKey, everyone},
		{http.MethodGet, "access_keys/*", (*Server).getAccessKey, everyone},
		{http.MethodDelete, "access_keys/*", (*Server).deleteAccessKey, everyone},

		{http.MethodPost, "manual_events", (*Server).createEvent, system},
		{http.MethodGet, "events", (*Server).listEvents, everyone},
		{http.MethodGet, "audit_events", (*Server).listAuditEvents, reading},
		{http.MethodGet, "communication_events", (*Server).listCommunicationEvents, everyone},
	}
}

// match returns what stands for the stars, if the path is one of the route.
func (r route) match(parts []string) (params []string, ok bool) {
	pattern := strings.Split(r.path, "/")
	if len(pattern) != len(parts) {
		return nil, false
	}
	for i, part := range parts {
		switch {
		case pattern[i] == "*" && part != "":
			params = append(params, part)
		case pattern[i] != part:
			return nil, false
		}
	}
	return params, true
}

// find returns the route of a request and what stands for its stars.
func find(method, escapedPath string) (route, []string, *apiError) {
	unknown := errorf(http.StatusNotFound, "Resource was not found")
	path, ok := strings.CutPrefix(escapedPath, "/api/")
	if !ok {
		return route{}, nil, unknown
	}
	parts := strings.Split(path, "/")
	for i, part := range parts {
		decoded, err := url.PathUnescape(part)
		if err != nil {
			return route{}, nil, unknown
		}
		parts[i] = decoded
	}
	failure := unknown
	for _, r := range routes() {
		params, ok := r.match(parts)
		if ok && r.method == method {
			return r, params, nil
		}
		if ok {
			failure = errorf(http.StatusMethodNotAllowed, "Method %s is not allowed", method)
		}
	}
	return route{}, nil, failure
}

// serve answers a request.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	about := s.newMeta()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	reply, err := s.locked(call{request: r, query: r.URL.Query(), body: body})
	if err == nil {
		write(w, reply, about)
		return
	}
	var failure *apiError
	if !errors.As(err, &failure) {
		panic(http.ErrAbortHandler)
	}
	s.writeError(w, failure, about)
}

// locked finds the endpoint, checks the caller and runs the endpoint with the
// server locked. Whoever is not logged in does not learn what paths there are.
func (s *Server) locked(c call) (*answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	to, params, unknown := find(c.request.Method, c.request.URL.EscapedPath())
	if unknown != nil || to.needs != anonymous {
		var err error
		if c.session, err = s.authenticate(c.request, to.needs); err != nil {
			return nil, err
		}
		c.caller = c.session.owner
	}
	if unknown != nil {
		return nil, unknown
	}
	if err := s.permit(c.caller, to.needs); err != nil {
		return nil, err
	}
	c.params = params
	return to.serve(s, c)
}
