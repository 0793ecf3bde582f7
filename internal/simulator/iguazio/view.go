package iguazio

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// view renders resources for one caller, with what it asks for by include.
type view struct {
	server   *Server
	caller   *user
	included []*resource
	at       map[ref]*resource // what is included
}

// view returns an empty view for the caller.
func (s *Server) view(c call) *view {
	return &view{server: s, caller: c.caller, included: []*resource{}, at: map[ref]*resource{}}
}

// paths returns the paths of an include parameter, in parts.
func paths(query url.Values) [][]string {
	var paths [][]string
	for path := range strings.SplitSeq(query.Get("include"), ",") {
		if path != "" {
			paths = append(paths, strings.Split(path, "."))
		}
	}
	return paths
}

// show answers with one resource.
func (s *Server) show(c call, r renderable) *answer {
	v := s.view(c)
	shown := v.render(r, paths(c.query))
	reply := whole(http.StatusOK, shown)
	reply.included = v.included
	return reply
}

// plain returns a resource without relationships. It is a copy, as answers are
// sent with the server unlocked.
func plain(r renderable) *resource {
	to := r.reference()
	return &resource{Type: to.Type, ID: to.ID, Attributes: maps.Clone(r.shown())}
}

// render returns a resource with the relationships at the beginning of paths,
// and includes what they lead to.
func (v *view) render(r renderable, paths [][]string) *resource {
	rendered := plain(r)
	for _, path := range paths {
		v.follow(rendered, r, path)
	}
	return rendered
}

// follow adds the relationship at the beginning of a path to a rendered
// resource, includes the resources that it leads to, and follows the rest of
// the path from there.
func (v *view) follow(rendered *resource, r renderable, path []string) {
	link, ok := v.server.linked(r, path[0])
	if !ok {
		return
	}
	link.refs = slices.DeleteFunc(link.refs, func(to ref) bool { return v.server.sees(v.caller, to.ID) == Hidden })
	if len(link.refs) > 0 || v.server.opts.Alternatives.NullRelationships {
		rendered.relate(path[0], link)
	}
	for _, to := range link.refs {
		v.include(to)
	}
	if len(path) > 1 {
		for _, to := range link.refs {
			if further, ok := v.server.find(to); ok && v.at[to] != nil {
				v.follow(v.at[to], further, path[1:])
			}
		}
	}
}

// include includes a resource once, if it exists and is to be seen.
func (v *view) include(to ref) {
	found, ok := v.server.find(to)
	if !ok || v.at[to] != nil || v.server.sees(v.caller, to.ID) != Shown {
		return
	}
	v.at[to] = v.render(found, nil)
	v.included = append(v.included, v.at[to])
}

// renderable is a record that can be rendered.
type renderable interface {
	reference() ref
	shown() attributes
}

// find returns the resource that a reference leads to.
func (s *Server) find(to ref) (renderable, bool) {
	switch to.Type {
	case "user":
		return lookUp(s.users, to.ID)
	case "user_group":
		return lookUp(s.groups, to.ID)
	case "project":
		return lookUp(s.projects, to.ID)
	case "project_authorization_role":
		return lookUp(s.roles, to.ID)
	case "job":
		return lookUp(s.jobs, to.ID)
	default:
		return nil, false
	}
}

func lookUp[R interface {
	record
	renderable
}](in *store[R], id string) (renderable, bool) {
	found, ok := in.byID[id]
	return found, ok
}

// refs returns references of one type.
func refs(resourceType string, ids []string) []ref {
	var list []ref
	for _, id := range ids {
		if id != "" {
			list = append(list, ref{resourceType, id})
		}
	}
	return list
}

// tenant returns the relationship to the one tenant.
func (s *Server) tenant() linkage { return linkage{refs: refs("tenant", []string{s.tenantID})} }

// linked returns a relationship of a resource, and whether its type has it.
func (s *Server) linked(of renderable, name string) (linkage, bool) {
	if name == "tenant" {
		return s.tenant(), true
	}
	switch of := of.(type) {
	case *user:
		return of.linked(name)
	case *group:
		return linkage{refs: refs("user", s.membersOf(of)), many: true}, name == "users"
	case *project:
		return of.linked(name)
	case *role:
		return of.linked(name)
	default:
		return linkage{}, false
	}
}
