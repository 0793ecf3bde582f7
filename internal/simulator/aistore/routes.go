package aistore

import (
	"fmt"
	"net/http"
	"strings"
)

// resource is everything the server does below one path.
type resource struct {
	path   string
	allow  string // the methods, in the server's order
	routes map[string]route
}

// route is one method of a resource.
type route struct {
	minParts int // parts that must follow the resource's path
	serve    endpoint
}

// resources returns the whole interface of the server.
func resources() []resource {
	return []resource{
		{"/v1/users", "DELETE, GET, POST, PUT", map[string]route{
			http.MethodGet:    {0, (*Server).readUsers},
			http.MethodPost:   {0, (*Server).createUserOrLogin},
			http.MethodPut:    {1, (*Server).updateUser},
			http.MethodDelete: {1, (*Server).deleteUser},
		}},
		{"/v1/tokens", "DELETE", map[string]route{
			http.MethodDelete: {0, (*Server).revokeToken},
		}},
		{"/v1/roles", "DELETE, GET, POST, PUT", map[string]route{
			http.MethodGet:    {0, (*Server).readRoles},
			http.MethodPost:   {0, (*Server).createRole},
			http.MethodPut:    {1, (*Server).updateRole},
			http.MethodDelete: {1, (*Server).deleteRole},
		}},
		{"/v1/clusters", "DELETE, GET, POST, PUT", map[string]route{
			http.MethodGet:    {0, (*Server).readClusters},
			http.MethodPost:   {0, (*Server).registerCluster},
			http.MethodPut:    {1, (*Server).updateCluster},
			http.MethodDelete: {0, (*Server).unregisterCluster},
		}},
		{"/v1/daemon", "PUT, GET", map[string]route{
			http.MethodGet: {0, (*Server).readConfig},
			http.MethodPut: {0, (*Server).updateConfig},
		}},
		{"/.well-known/openid-configuration", "GET", map[string]route{
			http.MethodGet: {0, (*Server).discovery},
		}},
		{"/.well-known/jwks.json", "GET", map[string]route{
			http.MethodGet: {0, (*Server).keySet},
		}},
		{"/v1/public-key", "GET", map[string]route{
			http.MethodGet: {0, (*Server).publicKey},
		}},
		{"/v1/rotate-key", "POST", map[string]route{
			http.MethodPost: {0, (*Server).rotateKey},
		}},
	}
}

// routes returns the handler of all resources. It is net/http's own
// multiplexer, as in the server, so redirects of unclean paths and replies for
// unknown ones are the same.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for _, res := range resources() {
		serve := func(w http.ResponseWriter, r *http.Request) { s.serve(res, w, r) }
		mux.HandleFunc(res.path, serve)
		mux.HandleFunc(res.path+"/", serve)
	}
	return mux
}

// methodNotAllowed refuses a method, or lists the methods for OPTIONS.
func methodNotAllowed(w http.ResponseWriter, r *http.Request, allow string) {
	w.Header().Set("Allow", allow)
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusOK)
		return
	}
	http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
}

// pathParts splits a decoded path at its slashes, drops empty parts and
// returns those after the resource's own. It does not mind too many of them.
func pathParts(path, resourcePath string, minParts int) ([]string, *apiError) {
	noSlash := func(r rune) bool { return r == '/' }
	own := len(strings.FieldsFunc(resourcePath, noSlash))
	parts := strings.FieldsFunc(path, noSlash)
	if len(parts) < own+minParts {
		return nil, errorf(http.StatusBadRequest, "URL '%s' is too short: expected %d items, got %d",
			strings.TrimLeft(path, "/"), own+minParts, len(parts))
	}
	return parts[own:], nil
}

// atMostOnePart refuses a path with more parts than a name.
func atMostOnePart(parts []string) error {
	if len(parts) > 1 {
		return errorf(http.StatusBadRequest, "invalid request")
	}
	return nil
}

// quoted returns what and the name in quotes, as look-ups word it.
func quoted(what, name string) string { return fmt.Sprintf("%s %q", what, name) }
