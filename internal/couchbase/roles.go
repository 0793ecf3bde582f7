package couchbase

import (
	"context"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// everywhere is the scope of a role that could be limited and is not.
const everywhere = "*"

// Role is a role as a user or group holds it. Equal roles compare equal.
type Role struct {
	// Name is the name of the role, in lower case.
	Name string
	// Scope is what the role is limited to: "bucket", "bucket:scope" or
	// "bucket:scope:collection"; "*" is everything, "" is for roles that cannot be limited.
	Scope string
}

// NewRole returns the role of a name and a scope, in which trailing parts may
// be "*". A wildcard before a named part cannot be expressed and is refused.
func NewRole(name, scope string) (Role, error) {
	role := Role{Name: strings.ToLower(name)}
	if err := (Role{Name: name, Scope: scope}).check(); err != nil {
		return Role{}, err
	}
	if scope == "" {
		return role, nil
	}
	parts := strings.Split(scope, ":")
	if len(parts) > 3 || slices.Contains(parts, "") {
		return Role{}, fault.Invalid("role", `must have a scope that looks like "bucket", "bucket:scope" or "bucket:scope:collection"`)
	}
	role.Scope = joinScope(parts)
	if named := strings.Split(role.Scope, ":"); len(named) > 1 && slices.Contains(named, everywhere) {
		return Role{}, fault.Invalid("role", "must not have a wildcard before a name in its scope")
	}
	return role, nil
}

// check refuses what would be read as another role, or as several. It lets pass
// what only a later server knows, so that it can be written back.
func (r Role) check() error {
	if r.Name == "" || !utf8.ValidString(r.Name) || strings.ContainsAny(r.Name, "[],:") || strings.ContainsFunc(r.Name, isSpaceOrControl) {
		return fault.Invalid("role", "has no proper name")
	}
	if !utf8.ValidString(r.Scope) || strings.ContainsAny(r.Scope, "[],") || strings.ContainsFunc(r.Scope, isSpaceOrControl) {
		return fault.Invalid("role", "must not have commas, brackets, blanks or control characters in its scope")
	}
	return nil
}

func isSpaceOrControl(r rune) bool { return r <= ' ' || r == 0x7f }

// joinScope joins the parts of a scope without the wildcards at its end.
func joinScope(parts []string) string {
	n := len(parts)
	for n > 1 && parts[n-1] == everywhere {
		n--
	}
	return strings.Join(parts[:n], ":")
}

// String returns the role as forms have it: "name" or "name[scope]".
func (r Role) String() string {
	if r.Scope == "" {
		return r.Name
	}
	return r.Name + "[" + r.Scope + "]"
}

// ParseRole reads what [Role.String] writes.
func ParseRole(text string) (Role, error) {
	name, rest, limited := strings.Cut(text, "[")
	if !limited {
		return NewRole(text, "")
	}
	scope, closed := strings.CutSuffix(rest, "]")
	if !closed || scope == "" {
		return Role{}, fault.Invalid("role", `must look like "name" or "name[scope]"`)
	}
	return NewRole(name, scope)
}

func checkRoles(roles []Role) error {
	for _, role := range roles {
		if err := role.check(); err != nil {
			return err
		}
	}
	return nil
}

// formatRoles returns roles as forms have them.
func formatRoles(roles []Role) string {
	texts := make([]string, len(roles))
	for i, role := range roles {
		texts[i] = role.String()
	}
	return strings.Join(texts, ",")
}

// roleObject is a role in an answer.
type roleObject struct {
	Name        string   `json:"role"`
	Bucket      string   `json:"bucket_name"`
	Scope       string   `json:"scope_name"`
	Collection  string   `json:"collection_name"`
	Label       string   `json:"name"`
	Description string   `json:"desc"`
	Origins     []Origin `json:"origins"`
	// Others are parameters that a later version has.
	Others map[string]jsontext.Value `json:",embed"`
}

// parts returns how many parameters the role has in the answer.
func (o roleObject) parts() int {
	switch {
	case o.Collection != "":
		return 3
	case o.Scope != "":
		return 2
	case o.Bucket != "":
		return 1
	default:
		return min(len(o.others()), 3)
	}
}

// others returns the values of parameters that a later version has.
func (o roleObject) others() []string {
	var values []string
	for _, name := range slices.Sorted(maps.Keys(o.Others)) {
		var text string
		if value := o.Others[name]; value.Kind() == '"' && json.Unmarshal(value, &text) == nil {
			values = append(values, text)
		}
	}
	return values
}

func (o roleObject) role() Role {
	role := Role{Name: o.Name}
	switch {
	case o.Bucket == "":
		role.Scope = joinScope(o.others())
	case o.Scope == "" || o.Scope == everywhere && (o.Collection == "" || o.Collection == everywhere):
		role.Scope = o.Bucket
	default:
		role.Scope = joinScope(slices.DeleteFunc([]string{o.Bucket, o.Scope, o.Collection}, func(part string) bool { return part == "" }))
	}
	return role
}

// RoleDefinition is a role that can be assigned.
type RoleDefinition struct {
	// Name is the name of the role.
	Name string
	// Scope is "" if the role cannot be limited, "*", or what it was limited
	// to by the permission that was asked for.
	Scope string
	// Parts is how many parts a scope of the role can have, 0 to 3.
	Parts int
	// Label is the name for people to read.
	Label string
	// Description says what the role permits.
	Description string
}

// ListRoles returns the roles that can be assigned, of those that bring a
// permission if it is not empty: GET /settings/rbac/roles.
func (c *Client) ListRoles(ctx context.Context, permission string) iter.Seq2[RoleDefinition, error] {
	return func(yield func(RoleDefinition, error) bool) {
		r := &transport.Request{Method: http.MethodGet, Path: []string{"settings", "rbac", "roles"}, Query: c.query(parameters{"permission": permission})}
		for o, err := range transport.Elements[roleObject](ctx, c.http, r) {
			if err != nil {
				yield(RoleDefinition{}, err)
				return
			}
			d := RoleDefinition{Name: o.Name, Scope: o.role().Scope, Parts: o.parts(), Label: o.Label, Description: o.Description}
			if !yield(d, nil) {
				return
			}
		}
	}
}
