package usermgmt

import (
	"context"
	"iter"
	"maps"
	"slices"
)

// memoryScopeFormat describes the scopes of all roles.
const memoryScopeFormat = "any text, or none"

func (b *memoryBackend) GetRole(_ context.Context, req GetRoleRequest) (definition RoleDefinition, err error) {
	err = b.view(func(tx *memoryTx) error {
		found, err := tx.roles.find("role", req.Name)
		if err == nil {
			definition = *found
		}
		return err
	})
	return definition, err
}

func (b *memoryBackend) ListRoles(ctx context.Context, _ ListRolesRequest) iter.Seq2[RoleDefinition, error] {
	return func(yield func(RoleDefinition, error) bool) {
		b.mu.RLock()
		roles := maps.Clone(b.state.roles)
		b.mu.RUnlock()
		yieldSorted(ctx, roles, yield, func(role *RoleDefinition) (RoleDefinition, bool) { return *role, true })
	}
}

func (b *memoryBackend) CreateRole(ctx context.Context, req CreateRoleRequest) (RoleDefinition, error) {
	return changeFor(ctx, b, nil, func(tx *memoryTx) (RoleDefinition, error) {
		if err := tx.roles.vacant("role", req.Name); err != nil {
			return RoleDefinition{}, err
		}
		role := RoleDefinition{Name: req.Name, Description: req.Description, ScopeFormat: memoryScopeFormat}
		tx.roles.put(role.Name, &role)
		return role, nil
	})
}

func (b *memoryBackend) UpdateRole(ctx context.Context, req UpdateRoleRequest) (RoleDefinition, error) {
	description := clonePointer(req.Description)
	return changeFor(ctx, b, nil, func(tx *memoryTx) (RoleDefinition, error) {
		found, err := tx.roles.find("role", req.Name)
		if err != nil {
			return RoleDefinition{}, err
		}
		role := *found
		if description != nil {
			role.Description = *description
		}
		if role != *found {
			tx.roles.put(role.Name, &role)
		}
		return role, nil
	})
}

func (b *memoryBackend) DeleteRole(ctx context.Context, req DeleteRoleRequest) error {
	return b.change(ctx, func(tx *memoryTx) error {
		if _, err := tx.roles.find("role", req.Name); err != nil {
			return ignoreMissing(err, req.IgnoreMissing)
		}
		tx.roles.remove(req.Name)
		named := func(role Role) bool { return role.Name == req.Name }
		for _, user := range tx.users.all() {
			if slices.ContainsFunc(user.Roles, named) {
				changed := *user
				changed.Roles = without(user.Roles, named)
				tx.updateUser(changed)
			}
		}
		for name, group := range tx.groups.all() {
			if slices.ContainsFunc(group.Roles, named) {
				changed := *group
				changed.Roles = without(group.Roles, named)
				tx.groups.put(name, &changed)
			}
		}
		return nil
	})
}

func (b *memoryBackend) GrantRoles(ctx context.Context, req GrantRolesRequest) error {
	granted := slices.Clone(req.Roles)
	return b.change(ctx, func(tx *memoryTx) error {
		return tx.changeUser(req.User, func(user *memoryUser) error {
			user.Roles = sortRoles(slices.Concat(user.Roles, granted))
			return tx.rolesExist(granted)
		})
	})
}

func (b *memoryBackend) RevokeRoles(ctx context.Context, req RevokeRolesRequest) error {
	revoked := slices.Clone(req.Roles)
	return b.change(ctx, func(tx *memoryTx) error {
		return tx.changeUser(req.User, func(user *memoryUser) error {
			user.Roles = without(user.Roles, func(role Role) bool { return slices.Contains(revoked, role) })
			return nil
		})
	})
}
