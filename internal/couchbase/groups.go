package couchbase

import (
	"context"
	"iter"
	"net/http"
	"net/url"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// Group is a group as the cluster shows it.
type Group struct {
	// ID is the group's name.
	ID string
	// Description is text for people to read, nil if none was set.
	Description *string
	// LDAPGroupRef is the name of the LDAP group whose members belong to this
	// one, nil if none was set.
	LDAPGroupRef *string
	// Roles are what members inherit, in no particular order.
	Roles []Role
}

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (g *Group) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	var o struct {
		ID           string       `json:"id"`
		Description  *string      `json:"description"`
		LDAPGroupRef *string      `json:"ldap_group_ref"`
		Roles        []roleObject `json:"roles"`
	}
	if err := json.UnmarshalDecode(d, &o); err != nil {
		return err
	}
	if o.ID == "" {
		return fault.New(fault.Internal, "the answer holds a group without a name")
	}
	*g = Group{ID: o.ID, Description: o.Description, LDAPGroupRef: o.LDAPGroupRef}
	for _, r := range o.Roles {
		g.Roles = append(g.Roles, r.role())
	}
	return nil
}

// GroupForm is a group as it is written: what is left out is cleared.
type GroupForm struct {
	// Description is text for people to read, nil for none.
	Description *string
	// LDAPGroupRef is as in [Group], nil for none.
	LDAPGroupRef *string
	// Roles are what members inherit.
	Roles []Role
}

// Form returns what has to be written so that g stays as it is.
func (g *Group) Form() GroupForm {
	return GroupForm{Description: g.Description, LDAPGroupRef: g.LDAPGroupRef, Roles: g.Roles}
}

func groupPath(id string) []string { return []string{"settings", "rbac", "groups", id} }

// GetGroup returns a group: GET /settings/rbac/groups/{id}.
func (c *Client) GetGroup(ctx context.Context, id string) (Group, error) {
	if err := checkKey(Local, id); err != nil {
		return Group{}, err
	}
	var group Group
	if err := c.get(ctx, &group, groupPath(id)...); err != nil {
		return Group{}, err
	}
	if group.ID != id {
		return Group{}, fault.New(fault.Internal, "the server answered with another group than the one asked for")
	}
	return group, nil
}

// PutGroup creates or replaces a group: PUT /settings/rbac/groups/{id}. It may
// be sent twice.
func (c *Client) PutGroup(ctx context.Context, id string, group GroupForm) error {
	return c.putGroup(ctx, transport.Idempotent, id, group)
}

// CreateGroup is PutGroup for a group that is not there, as far as anybody
// knows. It is never sent twice.
func (c *Client) CreateGroup(ctx context.Context, id string, group GroupForm) error {
	return c.putGroup(ctx, transport.Once, id, group)
}

func (c *Client) putGroup(ctx context.Context, class transport.Class, id string, group GroupForm) error {
	if err := CheckName("Group name", id); err != nil {
		return err
	}
	if err := checkRoles(group.Roles); err != nil {
		return err
	}
	form := url.Values{"roles": {formatRoles(group.Roles)}}
	if group.Description != nil {
		form.Set("description", *group.Description)
	}
	if group.LDAPGroupRef != nil {
		form.Set("ldap_group_ref", *group.LDAPGroupRef)
	}
	_, err := c.send(ctx, class, http.MethodPut, form, nil, groupPath(id)...)
	return err
}

// DeleteGroup deletes a group: DELETE /settings/rbac/groups/{id}.
func (c *Client) DeleteGroup(ctx context.Context, id string) error {
	if err := checkKey(Local, id); err != nil {
		return err
	}
	return c.remove(ctx, groupPath(id)...)
}

// ListGroups returns all groups: GET /settings/rbac/groups. It is lazy and
// memory stays bounded.
func (c *Client) ListGroups(ctx context.Context, page Page) iter.Seq2[Group, error] {
	return list(ctx, c, []string{"settings", "rbac", "groups"}, "", page, func(g Group) string { return g.ID })
}
