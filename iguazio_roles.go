package usermgmt

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/iguazio"
)

// iguazioRoles refuses what concerns definitions of roles: the management
// policies of Iguazio are built in, and no endpoint tells them.
type iguazioRoles struct{ fixedRoles }

func (iguazioRoles) GetRole(context.Context, GetRoleRequest) (RoleDefinition, error) {
	return RoleDefinition{}, unsupported(CapGetRole)
}

func (iguazioRoles) ListRoles(context.Context, ListRolesRequest) iter.Seq2[RoleDefinition, error] {
	return SeqError[RoleDefinition](unsupported(CapListRoles))
}

func (b *iguazioBackend) GrantRoles(ctx context.Context, req GrantRolesRequest) error {
	return b.changePolicies(ctx, req.User, req.Extension, func(held []string) []string {
		for _, role := range req.Roles {
			if !slices.Contains(held, role.Name) {
				held = append(held, role.Name)
			}
		}
		return held
	})
}

func (b *iguazioBackend) RevokeRoles(ctx context.Context, req RevokeRolesRequest) error {
	return b.changePolicies(ctx, req.User, req.Extension, func(held []string) []string {
		return slices.DeleteFunc(held, func(policy string) bool { return slices.Contains(req.Roles, Role{Name: policy}) })
	})
}

// changePolicies reads the policies of a user, changes the list and writes it
// back, unless it is the same.
func (b *iguazioBackend) changePolicies(ctx context.Context, name string, extension UserExtension, change func(held []string) []string) error {
	input, err := iguazioUserInput(extension, iguazioUserID)
	if err != nil {
		return err
	}
	unlock, err := b.users.lock(ctx, name)
	if err != nil {
		return err
	}
	defer unlock()
	user, err := b.user(ctx, "User", name, input.ID)
	if err != nil {
		return err
	}
	wanted := change(slices.Clone(user.Policies))
	if len(wanted) == len(user.Policies) {
		return nil
	}
	_, err = b.write(ctx, user, iguazioPatch{Policies: &wanted})
	return err
}

// policyNames returns the names of roles, each once.
func policyNames(roles []Role) []string {
	names := []string{}
	for _, role := range roles {
		if !slices.Contains(names, role.Name) {
			names = append(names, role.Name)
		}
	}
	return names
}

// policyRoles returns policies as roles.
func policyRoles(policies []string) []Role {
	roles := make([]Role, 0, len(policies))
	for _, policy := range policies {
		roles = append(roles, Role{Name: policy})
	}
	return sortRoles(roles)
}

// missingPolicy makes a role that does not exist of a refusal that names one of
// the policies in the request. Which policies there are only the system knows;
// those that every system has are not missing.
func missingPolicy(err error, policies *[]string) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || !f.FromServer || f.Kind != fault.InvalidArgument || policies == nil {
		return err
	}
	for _, policy := range *policies {
		if !slices.Contains(iguazio.Policies, policy) && iguazio.Mentions(f.Message, policy) {
			f.Kind = fault.NotFound
			return about("role", policy, err)
		}
	}
	return err
}
