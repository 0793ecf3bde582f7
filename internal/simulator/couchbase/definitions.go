package couchbase

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

//go:embed roles.txt
var rolesTable string

// definition is what a role is: how many parameters it has, and what it
// grants.
type definition struct {
	name         string
	since, until Version
	parameters   int
	label        string
	community    bool
	grants       []grant
}

// grant allows operations on an object. Its parameters are "$" where those of
// the role belong.
type grant struct {
	object     []vertex
	operations []string // "all" or "none" stand alone
}

// parseDefinitions reads the table of roles.
func parseDefinitions() []definition {
	var definitions []definition
	for line := range strings.Lines(rolesTable) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		columns := strings.Split(line, "|")
		d := definition{
			name: columns[0], since: parseVersion(columns[1]), until: parseVersion(columns[2]),
			parameters: int(parseVersion(columns[3])), label: columns[4], community: columns[5] == "ce",
		}
		for text := range strings.FieldsSeq(columns[6]) {
			d.grants = append(d.grants, parseGrant(text))
		}
		definitions = append(definitions, d)
	}
	return definitions
}

// parseVersion reads a number of the table; nothing is 0.
func parseVersion(text string) Version {
	number, err := strconv.Atoi(text)
	if err != nil && text != "" {
		panic(fmt.Sprintf("couchbase: the table of roles: %v", err))
	}
	return Version(number)
}

// parseGrant reads one grant of the table.
func parseGrant(text string) grant {
	path, operations, _ := strings.Cut(text, "=")
	if path != "" {
		path = "." + path
	}
	object, err := parseObject(path)
	if err != nil {
		panic(fmt.Sprintf("couchbase: the table of roles: %s: %v", text, err))
	}
	return grant{object, strings.Split(operations, ",")}
}

// visible returns the definitions of the cluster's version and edition.
func (s *Server) visible() []definition {
	var definitions []definition
	for _, d := range s.definitions {
		if s.has(d) {
			definitions = append(definitions, s.narrowed(d))
		}
	}
	return definitions
}

// has reports whether a role exists in the cluster's version and edition.
func (s *Server) has(d definition) bool {
	return s.compat.within(d.since, d.until) && (d.community || !s.options.Community)
}

// narrowed returns the definition as servers before 7.0 had it: with a bucket
// at most.
func (s *Server) narrowed(d definition) definition {
	if s.compat < V70 {
		d.parameters = min(d.parameters, 1)
	}
	return d
}

// definitionOf returns the definition of a role and whether there is one.
func (s *Server) definitionOf(name string) (definition, bool) {
	for _, d := range s.definitions {
		if d.name == name && s.has(d) {
			return s.narrowed(d), true
		}
	}
	return definition{}, false
}
