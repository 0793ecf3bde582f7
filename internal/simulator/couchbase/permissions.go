package couchbase

import (
	"errors"
	"slices"
	"strings"
)

// vertex is one part of an object. Data vertices have parameters: bucket,
// scope and collection.
type vertex struct {
	name       string
	parameters []string
}

// Parameters that are no names.
const (
	anyone  = "."    // in a permission or a grant: any
	whole   = "\x00" // in a permission: the thing above, not one inside it
	ownPart = "$"    // in a grant: the parameter of the role
)

// permission is an operation on an object.
type permission struct {
	object    []vertex
	operation string
	text      string
}

var errMalformed = errors.New("malformed permission")

// parsePermission reads a permission such as
// "cluster.bucket[b].data.docs!read".
func parsePermission(text string) (permission, error) {
	path, operation, ok := strings.Cut(text, "!")
	rest, isCluster := strings.CutPrefix(path, "cluster")
	if !ok || !isCluster || strings.Contains(operation, "!") {
		return permission{}, errMalformed
	}
	object, err := parseObject(rest)
	return permission{object, operation, text}, err
}

// mustPermission reads a permission that is written in this package.
func mustPermission(text string) permission {
	p, err := parsePermission("cluster." + text)
	if err != nil {
		panic("couchbase: " + text + ": " + err.Error())
	}
	return p
}

// parseObject reads a sequence of vertices, each behind a dot.
func parseObject(text string) ([]vertex, error) {
	var object []vertex
	for text != "" {
		if text[0] != '.' {
			return nil, errMalformed
		}
		end := strings.IndexAny(text[1:], ".[") + 1
		if end == 0 {
			end = len(text)
		}
		v := vertex{name: text[1:end]}
		text = text[end:]
		if strings.HasPrefix(text, "[") {
			inside, rest, ok := strings.Cut(text[1:], "]")
			v.parameters = parameters(v.name, inside)
			if !ok || v.parameters == nil {
				return nil, errMalformed
			}
			text = rest
		}
		object = append(object, v)
	}
	return object, nil
}

// parameters reads those of a data vertex; nil if they are not right.
func parameters(name, inside string) []string {
	if name == "bucket" {
		return []string{inside}
	}
	list := strings.Split(inside, ":")
	if name == "scope" && len(list) == 2 || name == "collection" && len(list) == 3 {
		return list
	}
	return nil
}

// expanded returns the parameters of a data vertex as those of a collection.
func (v vertex) expanded(pad string) []string {
	parameters := slices.Clone(v.parameters)
	for len(parameters) < 3 {
		parameters = append(parameters, pad)
	}
	return parameters
}

// covers reports whether a vertex of a grant covers one of a permission.
func (v vertex) covers(asked vertex, own role) bool {
	if v.parameters == nil || asked.parameters == nil {
		return v.parameters == nil && asked.parameters == nil && v.name == asked.name
	}
	granted, wanted := v.expanded(anyone), asked.expanded(whole)
	for i, g := range granted {
		if g == ownPart {
			g = own.parameter(i)
		}
		if g != anyone && wanted[i] != anyone && g != wanted[i] {
			return false
		}
	}
	return true
}

// covers reports whether a grant of a role covers an object.
func (g grant) covers(object []vertex, own role) bool {
	if len(object) < len(g.object) {
		return false
	}
	for i, v := range g.object {
		if !v.covers(object[i], own) {
			return false
		}
	}
	return true
}

// allows reports whether the grant allows an operation; "any" asks for one of
// them.
func (g grant) allows(operation string) bool {
	switch g.operations[0] {
	case "all":
		return true
	case "none":
		return false
	}
	return operation == "any" || slices.Contains(g.operations, operation)
}

// grants reports whether a role grants a permission.
func (s *Server) grants(r role, p permission) bool {
	d, _ := s.definitionOf(r.name)
	for _, g := range d.grants {
		if g.covers(p.object, r) {
			return g.allows(p.operation)
		}
	}
	return false
}

// anyGrants reports whether one of several roles grants a permission.
func (s *Server) anyGrants(roles []role, p permission) bool {
	return slices.ContainsFunc(roles, func(r role) bool { return s.grants(r, p) })
}

// permissions are those that the user management asks for.
type permissions struct {
	read, write                 permission
	localRead, localWrite       permission
	externalRead, externalWrite permission
	lookup                      permission
}

// permissions returns the permissions of the cluster's version.
func (s *Server) permissions() permissions {
	part, lookup := "admin.users", "admin.security_info"
	switch {
	case s.compat < V70:
		part, lookup = "admin.security", "admin.security"
	case s.compat < V80:
		part, lookup = "admin.security", "admin.security.external"
	}
	return permissions{
		read: mustPermission(part + "!read"), write: mustPermission(part + "!write"),
		localRead: mustPermission(part + ".local!read"), localWrite: mustPermission(part + ".local!write"),
		externalRead: mustPermission(part + ".external!read"), externalWrite: mustPermission(part + ".external!write"),
		lookup: mustPermission(lookup + "!read"),
	}
}

// domain returns the permissions on the users of a domain.
func (p permissions) domain(domain string) (read, write permission) {
	if domain == Local {
		return p.localRead, p.localWrite
	}
	return p.externalRead, p.externalWrite
}
