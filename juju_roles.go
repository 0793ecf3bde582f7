package usermgmt

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/juju"
)

// The scopes of roles.
const (
	jujuOnController = "controller"
	jujuOnModel      = "model:"
	jujuOnOffer      = "offer:"
	jujuOnCloud      = "cloud:"
)

// jujuScopes tells how the scope of a level on each kind of object is written.
var jujuScopes = []struct {
	kind   juju.ObjectKind
	format string
}{
	{juju.OnController, jujuOnController}, {juju.OnModel, jujuOnModel + "owner/name"},
	{juju.OnOffer, jujuOnOffer + "owner/model.name"}, {juju.OnCloud, jujuOnCloud + "name"},
}

// jujuRoles are the role definitions, which are those of the protocol.
type jujuRoles struct{}

// jujuDefinitions returns one definition for each level, sorted by name.
func jujuDefinitions() []RoleDefinition {
	formats := map[string][]string{}
	for _, scope := range jujuScopes {
		for _, level := range juju.Levels(scope.kind) {
			formats[level] = append(formats[level], scope.format)
		}
	}
	var list []RoleDefinition
	for level, scopes := range formats {
		list = append(list, RoleDefinition{Name: level, ScopeFormat: strings.Join(scopes, " or "), BuiltIn: true})
	}
	slices.SortFunc(list, func(a, b RoleDefinition) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func (jujuRoles) GetRole(_ context.Context, req GetRoleRequest) (RoleDefinition, error) {
	for _, definition := range jujuDefinitions() {
		if definition.Name == req.Name {
			return definition, nil
		}
	}
	return RoleDefinition{}, fault.New(fault.NotFound, "Juju has no level %s", req.Name)
}

func (jujuRoles) ListRoles(ctx context.Context, _ ListRolesRequest) iter.Seq2[RoleDefinition, error] {
	return func(yield func(RoleDefinition, error) bool) {
		for _, definition := range jujuDefinitions() {
			if ctx.Err() != nil {
				yield(RoleDefinition{}, fault.Ended(ctx, ctx.Err()))
				return
			}
			if !yield(definition, nil) {
				return
			}
		}
	}
}

func (jujuRoles) CreateRole(context.Context, CreateRoleRequest) (RoleDefinition, error) {
	return RoleDefinition{}, unsupported(CapCreateRole)
}

func (jujuRoles) UpdateRole(context.Context, UpdateRoleRequest) (RoleDefinition, error) {
	return RoleDefinition{}, unsupported(CapUpdateRole)
}

func (jujuRoles) DeleteRole(context.Context, DeleteRoleRequest) error {
	return unsupported(CapDeleteRole)
}

// jujuRole is a level on an object.
type jujuRole struct {
	on    juju.Object
	level string
	role  Role // as the caller writes it
}

func (r jujuRole) rank() int { return juju.Rank(r.on.Kind, r.level) }

// parseJujuRole reads a role. On a model, the ID is still what the caller
// wrote.
func parseJujuRole(field string, role Role) (jujuRole, error) {
	parsed := jujuRole{level: role.Name, role: role}
	scope := role.Scope
	model, onModel := strings.CutPrefix(scope, jujuOnModel)
	offer, onOffer := strings.CutPrefix(scope, jujuOnOffer)
	cloud, onCloud := strings.CutPrefix(scope, jujuOnCloud)
	var err error
	switch {
	case scope == jujuOnController:
		parsed.on = juju.Object{Kind: juju.OnController}
	case onModel:
		parsed.on = juju.Object{Kind: juju.OnModel, ID: model}
		if !juju.IsUUID(model) {
			_, _, err = juju.SplitModel(field, model)
		}
	case onOffer:
		parsed.on = juju.Object{Kind: juju.OnOffer, ID: offer}
		err = juju.CheckOffer(field, offer)
	case onCloud && cloud != "":
		parsed.on = juju.Object{Kind: juju.OnCloud, ID: cloud}
	default:
		err = fault.Invalid(field, "must have a scope: controller, model:owner/name, offer:owner/model.name or cloud:name")
	}
	return parsed, err
}

// resolve returns roles that are to be granted. It makes sure that the levels
// and the models exist.
func (b *jujuBackend) resolve(ctx context.Context, roles []Role) ([]jujuRole, error) {
	var parsed []jujuRole
	for i, role := range roles {
		p, err := parseJujuRole(indexed("Roles", i), role)
		if err != nil {
			return nil, err
		}
		if p.rank() < 0 {
			return nil, about("role", role.Name, fault.New(fault.NotFound, "there is no level %s on this kind of object", role.Name))
		}
		if !slices.ContainsFunc(parsed, func(q jujuRole) bool { return q.role == role }) {
			parsed = append(parsed, p)
		}
	}
	for i := range parsed {
		if err := b.locate(ctx, &parsed[i]); err != nil {
			return nil, err
		}
	}
	return parsed, nil
}

// locate puts the UUID of a model in place of its name.
func (b *jujuBackend) locate(ctx context.Context, r *jujuRole) error {
	if r.on.Kind != juju.OnModel {
		return nil
	}
	m, err := b.model(ctx, r.on.ID)
	r.on.ID = m.UUID
	return err
}

// jujuSetLevel returns the level on the controller that a list of roles comes
// to, "" for none.
func jujuSetLevel(roles []Role) (string, error) {
	level := ""
	for i, role := range roles {
		p, err := parseJujuRole(indexed("SetRoles", i), role)
		switch {
		case err != nil:
			return "", err
		case p.on.Kind != juju.OnController:
			return "", fault.Invalid(indexed("SetRoles", i), "must have the scope controller: others are not shown with the user")
		case p.rank() < 0:
			return "", about("role", role.Name, fault.New(fault.NotFound, "the controller has no level %s", role.Name))
		case level != "" && level != p.level:
			return "", fault.Invalid(indexed("SetRoles", i), "must not be a second level on the same object: a user has one at most")
		}
		level = p.level
	}
	return level, nil
}

func (b *jujuBackend) GrantRoles(ctx context.Context, req GrantRolesRequest) error {
	if err := noJujuUser(req.Extension); err != nil {
		return err
	}
	if _, err := juju.CanonicalUser("User", req.User); err != nil {
		return err
	}
	roles, err := b.resolve(ctx, req.Roles)
	if err != nil {
		return err
	}
	changed := false
	for _, role := range roles {
		did, err := b.raise(ctx, req.User, role)
		if err != nil {
			return afterChange(err, changed)
		}
		changed = changed || did
	}
	return nil
}

func (b *jujuBackend) RevokeRoles(ctx context.Context, req RevokeRolesRequest) error {
	if _, err := juju.CanonicalUser("User", req.User); err != nil {
		return err
	}
	var roles []jujuRole
	for i, role := range req.Roles {
		p, err := parseJujuRole(indexed("Roles", i), role)
		if err != nil {
			return err
		}
		roles = append(roles, p)
	}
	changed := false
	for _, role := range roles {
		did, err := b.lower(ctx, req.User, role, jujuForce(req.Extension))
		if err != nil {
			return afterChange(err, changed)
		}
		changed = changed || did
	}
	return nil
}

// afterChange marks the failure of a call that changed something before.
func afterChange(err error, changed bool) error {
	if changed {
		return written(err)
	}
	return err
}
