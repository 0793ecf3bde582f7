package iguazio

import (
	"context"
	"iter"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/usermgmt/usermgmt/internal/transport"
)

// IncludeUsers is the relationship of groups that shows their members.
const IncludeUsers = "users"

// GroupAttributes are the attributes of a group that are known.
type GroupAttributes struct {
	// Name is the name.
	Name string `json:"name"`
	// Description is text.
	Description string `json:"description"`
	// GID is the POSIX group ID, nil if the server does not tell.
	GID *int64 `json:"gid"`
	// Kind is what keeps the group, such as "local".
	Kind string `json:"kind"`
	// DataAccessMode is "enabled" or "disabled".
	DataAccessMode string `json:"data_access_mode"`
	// Policies are the names of the management policies of the members.
	Policies []string `json:"assigned_policies"`
	// SystemProvided is set if the group is the system's own.
	SystemProvided bool `json:"system_provided"`
}

// Group is a group.
type Group struct {
	GroupAttributes

	// ID is the identifier.
	ID string
	// Raw are all attributes as the server shows them, as a JSON object.
	Raw jsontext.Value
	// UserIDs are the members, nil unless they were included.
	UserIDs []string
	// Users are those of the members that the server shows.
	Users []User
}

func readGroup(r resource, included map[Ref]resource) (Group, error) {
	group := Group{ID: r.ID, Raw: r.Attributes, UserIDs: r.Relationships[IncludeUsers].ids()}
	for _, id := range group.UserIDs {
		if shown, ok := included[UserRef(id)]; ok {
			user, err := readUser(shown, nil)
			if err != nil {
				return Group{}, err
			}
			group.Users = append(group.Users, user)
		}
	}
	return group, r.attributes(&group.GroupAttributes)
}

// GetGroup returns a group: GET /api/user_groups/{id}.
func (c *Client) GetGroup(ctx context.Context, id string, include ...string) (Group, error) {
	if err := checkID("ID", id); err != nil {
		return Group{}, err
	}
	document, err := c.get(ctx, include, "api", "user_groups", id)
	if err != nil {
		return Group{}, err
	}
	if document.Data.ID != id {
		return Group{}, anotherThan("group")
	}
	return readGroup(document.Data, document.included)
}

// FindGroup returns the group of a name, and NotFound if there is none: GET
// /api/user_groups?filter[name]={name}.
func (c *Client) FindGroup(ctx context.Context, name string, include ...string) (Group, error) {
	return find(ctx, c, "user_groups", "name", name, include, readGroup, func(g Group) string { return g.Name })
}

// ListGroups streams groups: GET /api/user_groups, page by page.
func (c *Client) ListGroups(ctx context.Context, q Query) iter.Seq2[Group, error] {
	return list(ctx, c, "user_groups", q, readGroup, func(g Group) string { return g.ID })
}

// ListScrubbedGroups streams groups with little more than their names, for
// callers who may not manage groups: GET /api/scrubbed_user_groups, page by
// page.
func (c *Client) ListScrubbedGroups(ctx context.Context, q Query) iter.Seq2[Group, error] {
	return list(ctx, c, "scrubbed_user_groups", q, readGroup, func(g Group) string { return g.ID })
}

// NewGroup is a group to be made.
type NewGroup struct {
	// Name is the name. Required.
	Name string
	// Description is text, nil for none.
	Description *string
	// GID is the POSIX group ID, nil to let the system choose.
	GID *int64
	// DataAccessMode is "enabled" or "disabled", empty for the system's choice.
	DataAccessMode string
	// Policies are the names of the management policies of the members.
	Policies []string
	// UserIDs are the first members.
	UserIDs []string
}

// newGroupAttributes is what makes a group. What is not chosen is null.
type newGroupAttributes struct {
	Name           string   `json:"name"`
	Description    *string  `json:"description"`
	GID            *int64   `json:"gid"`
	Policies       []string `json:"assigned_policies"`
	DataAccessMode string   `json:"data_access_mode,omitzero"`
}

// CreateGroup makes a group and returns it with the ID of the job that goes on
// with it, empty if there is none: POST /api/user_groups.
func (c *Client) CreateGroup(ctx context.Context, group NewGroup) (created Group, jobID string, err error) {
	if err := CheckName("Name", group.Name); err != nil {
		return Group{}, "", err
	}
	if err := checkIDs("Members", group.UserIDs); err != nil {
		return Group{}, "", err
	}
	relationships := map[string]any{}
	if len(group.UserIDs) > 0 {
		relationships[IncludeUsers] = relateMany(typeUser, group.UserIDs)
	}
	attributes := newGroupAttributes{
		Name: group.Name, Description: group.Description, GID: group.GID, Policies: notNil(group.Policies), DataAccessMode: group.DataAccessMode,
	}
	data, err := newBody(typeGroup, attributes, relationships)
	if err != nil {
		return Group{}, "", err
	}
	document, err := c.one(ctx, &transport.Request{
		Method: http.MethodPost, Path: []string{"api", "user_groups"}, Class: transport.Once, Body: data,
	})
	if err != nil {
		return Group{}, "", err
	}
	created, err = readGroup(document.Data, document.included)
	return created, document.Data.job(), accepted(err)
}

// GroupPatch is a change of a group. Nil fields leave things as they are.
type GroupPatch struct {
	// Description replaces the description.
	Description *string
	// GID replaces the POSIX group ID.
	GID *int64
	// DataAccessMode replaces the data access mode.
	DataAccessMode *string
	// Policies replaces the whole list of management policies.
	Policies *[]string
}

type groupPatchAttributes struct {
	Description    *string   `json:"description,omitzero"`
	GID            *int64    `json:"gid,omitzero"`
	DataAccessMode *string   `json:"data_access_mode,omitzero"`
	Policies       *[]string `json:"assigned_policies,omitzero"`
}

// UpdateGroup changes a group; members stay: PUT /api/user_groups/{id}. The
// answer does not show the group as it is then. An empty patch sends nothing.
func (c *Client) UpdateGroup(ctx context.Context, id string, patch GroupPatch) error {
	if err := checkID("ID", id); err != nil {
		return err
	}
	if patch == (GroupPatch{}) {
		return nil
	}
	attributes := groupPatchAttributes(patch)
	attributes.Policies = filled(patch.Policies)
	data, err := newBody(typeGroup, attributes, nil)
	if err != nil {
		return err
	}
	return c.write(ctx, &transport.Request{
		Method: http.MethodPut, Path: []string{"api", "user_groups", id}, Class: transport.Idempotent, Body: data,
	})
}

// DeleteGroup deletes a group and returns the ID of the job that goes on with
// it, empty if it is done: DELETE /api/user_groups/{id}.
func (c *Client) DeleteGroup(ctx context.Context, id string) (jobID string, err error) {
	if err := checkID("ID", id); err != nil {
		return "", err
	}
	return c.remove(ctx, &transport.Request{Path: []string{"api", "user_groups", id}})
}
