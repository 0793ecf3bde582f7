package couchbase

import (
	"slices"
	"strings"
)

// parameter is one parameter of a role, bound to the bucket, scope or
// collection of that name that existed when the role was given. Without a name
// it is a wildcard.
type parameter struct{ name, id string }

// role is a role with its parameters.
type role struct {
	name       string
	parameters [3]parameter
	arity      int
}

// parameter returns one parameter as grants know it.
func (r role) parameter(i int) string {
	if r.parameters[i].name == "" {
		return anyone
	}
	return r.parameters[i].name
}

// String returns the role as it is written in forms.
func (r role) String() string {
	if r.arity == 0 {
		return r.name
	}
	var names []string
	for _, p := range r.parameters[:r.arity] {
		if p.name == "" {
			break
		}
		names = append(names, p.name)
	}
	if names == nil {
		return r.name + "[*]"
	}
	return r.name + "[" + strings.Join(names, ":") + "]"
}

// roleJSON is a role in an answer.
type roleJSON struct {
	Role       string       `json:"role"`
	Bucket     string       `json:"bucket_name,omitempty"`
	Scope      string       `json:"scope_name,omitempty"`
	Collection string       `json:"collection_name,omitempty"`
	Origins    []originJSON `json:"origins,omitempty"`
}

// originJSON says where a role of a user comes from.
type originJSON struct {
	Type string `json:"type"`
	Name string `json:"name,omitempty"`
}

// wire returns the role as answers have it.
func (r role) wire() roleJSON {
	shown := [3]string{}
	for i := range r.arity {
		shown[i] = "*"
		if r.parameters[i].name != "" {
			shown[i] = r.parameters[i].name
		}
	}
	return roleJSON{Role: r.name, Bucket: shown[0], Scope: shown[1], Collection: shown[2]}
}

// wireRoles returns roles as answers have them, in no order.
func (s *Server) wireRoles(roles []role) []roleJSON {
	list := make([]roleJSON, len(roles))
	for i, r := range roles {
		list[i] = r.wire()
	}
	return shuffle(s, list)
}

// unique returns roles without duplicates, sorted.
func unique(roles []role) []role {
	roles = slices.SortedFunc(slices.Values(roles), func(a, b role) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(roles)
}

// parseRoles reads a list of role strings. What is wrong with it is in
// problem, which is empty if nothing is.
func (s *Server) parseRoles(text string) (roles []role, problem string) {
	var malformed, refused []string
	for raw := range strings.SplitSeq(text, ",") {
		if raw == "" {
			continue
		}
		r, shown, ok := s.parseRole(strings.TrimSpace(raw))
		switch {
		case ok:
			roles = append(roles, r)
		case shown == "":
			malformed = append(malformed, strings.TrimSpace(raw))
		default:
			refused = append(refused, shown)
		}
	}
	if len(malformed)+len(refused) == 0 {
		return unique(roles), ""
	}
	slices.Reverse(refused) // the server collects these from the end
	return nil, "Cannot assign roles to user because the following roles are unknown, malformed or " +
		"role parameters are undefined: [" + strings.Join(append(malformed, refused...), ",") + "]"
}

// parseRole reads one role string. A role that is well-formed but cannot be
// given is returned in shown, as the server words it.
func (s *Server) parseRole(raw string) (r role, shown string, ok bool) {
	name, inside, bracket := strings.Cut(raw, "[")
	d, known := s.definitionOf(strings.ToLower(name))
	if !known {
		return role{}, "", false
	}
	r = role{name: d.name, arity: d.parameters}
	switch {
	case !bracket:
		return r, d.name, d.parameters == 0
	case inside == "*]":
		return r, d.name + "[*]", d.parameters > 0
	}
	inside, rest, closed := strings.Cut(inside, "]")
	if !closed || rest != "" || inside == "" {
		return role{}, "", false
	}
	names := []string{inside}
	if s.compat >= V70 {
		names = strings.Split(inside, ":")
	}
	shown = d.name + "[" + inside + "]"
	if len(names) > d.parameters || !s.bind(&r, names) {
		return role{}, shown, false
	}
	return r, shown, true
}

// bind binds a role to the things of the given names, and reports whether all
// of them exist.
func (s *Server) bind(r *role, names []string) bool {
	for i, name := range names {
		id, ok := s.idOf(names[:i+1])
		if !ok {
			return false
		}
		r.parameters[i] = parameter{name, id}
	}
	return true
}

// alive reports whether what a role is bound to still exists, and the role
// itself.
func (s *Server) alive(r role) bool {
	if _, known := s.definitionOf(r.name); !known {
		return false
	}
	var names []string
	for _, p := range r.parameters[:r.arity] {
		if p.name == "" {
			break
		}
		names = append(names, p.name)
		if id, ok := s.idOf(names); !ok || id != p.id {
			return false
		}
	}
	return true
}

// living returns the roles that are alive.
func (s *Server) living(roles []role) []role {
	return slices.DeleteFunc(slices.Clone(roles), func(r role) bool { return !s.alive(r) })
}
