package usermgmt

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/usermgmt/usermgmt/internal/couchbase"
	"github.com/usermgmt/usermgmt/internal/fault"
)

func (b *couchbaseBackend) GetRole(ctx context.Context, req GetRoleRequest) (RoleDefinition, error) {
	definition, found, err := b.findRole(ctx, req.Name)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "the cluster has no role %s", req.Name)
	}
	return definition, err
}

func (b *couchbaseBackend) findRole(ctx context.Context, name string) (definition RoleDefinition, found bool, err error) {
	err = b.eachRole(ctx, "", func(d RoleDefinition) bool {
		if d.Name == strings.ToLower(name) { // Couchbase knows names in lower case alone
			definition, found = d, true
		}
		return !found
	})
	return definition, found, err
}

func (b *couchbaseBackend) ListRoles(ctx context.Context, _ ListRolesRequest) iter.Seq2[RoleDefinition, error] {
	return sequence(func(yield func(RoleDefinition) bool) error { return b.eachRole(ctx, "", yield) })
}

// eachRole yields the definitions of roles by name. With a permission the
// server repeats roles for the buckets that it names.
func (b *couchbaseBackend) eachRole(ctx context.Context, permission string, yield func(RoleDefinition) bool) error {
	var definitions []RoleDefinition
	for definition, err := range b.api.ListRoles(ctx, permission) {
		if err != nil {
			return err
		}
		definitions = append(definitions, fromCouchbaseDefinition(definition))
	}
	slices.SortFunc(definitions, func(a, b RoleDefinition) int { return cmp.Compare(a.Name, b.Name) })
	for i, definition := range definitions {
		if i > 0 && definition.Name == definitions[i-1].Name {
			continue
		}
		if !yield(definition) {
			return nil
		}
	}
	return nil
}

// explain makes "not found" of the failure of a write that names a group or a
// role that there is not. Couchbase reports a role that it does not know and
// one that is limited in a way that makes no sense alike.
func (b *couchbaseBackend) explain(ctx context.Context, err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind != fault.InvalidArgument {
		return err
	}
	switch f.Resource {
	case "group":
		f.Kind = fault.NotFound
	case "role":
		name, _, _ := strings.Cut(f.Name, "[")
		if _, found, failure := b.findRole(ctx, name); failure == nil && !found {
			f.Kind = fault.NotFound
		}
	}
	return err
}

// notFound makes "not found" of a failure in other words.
func notFound(resource, name string, err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		f.Kind = fault.NotFound
	}
	return about(resource, name, err)
}

func fromCouchbaseDefinition(d couchbase.RoleDefinition) RoleDefinition {
	formats := [...]string{"", "* or bucket", "* or bucket or bucket:scope", "* or bucket or bucket:scope or bucket:scope:collection"}
	return RoleDefinition{Name: d.Name, DisplayName: d.Label, Description: d.Description, ScopeFormat: formats[d.Parts], BuiltIn: true}
}

// fromCouchbaseRoles returns roles as this package has them.
func fromCouchbaseRoles(roles []couchbase.Role) []Role {
	converted := make([]Role, len(roles))
	for i, role := range roles {
		converted[i] = Role(role)
	}
	return sortRoles(converted)
}

// toCouchbaseRoles returns roles as the protocol has them.
func toCouchbaseRoles(field string, roles []Role) ([]couchbase.Role, error) {
	converted := make([]couchbase.Role, 0, len(roles))
	for i, role := range roles {
		r, err := couchbase.NewRole(role.Name, role.Scope)
		if f, ok := errors.AsType[*fault.Error](err); ok {
			return nil, fault.Invalid(indexed(field, i), "%s", f.Message)
		}
		converted = append(converted, r)
	}
	return converted, nil
}
