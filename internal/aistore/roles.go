package aistore

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// Role is a role with what it permits.
type Role struct {
	// Name is the name of the role.
	Name string `json:"name"`
	// Description is text for people to read.
	Description string `json:"desc"`
	// Clusters permits things on clusters. The server keeps nil and empty apart.
	Clusters []ClusterACL `json:"clusters"`
	// Buckets permits things on buckets. The server keeps nil and empty apart.
	Buckets []BucketACL `json:"buckets"`
	// Admin is set on the built-in role alone.
	Admin bool `json:"admin"`
}

// ClusterACL is what a role permits on a cluster.
type ClusterACL struct {
	// ID is the cluster's UUID; empty stands for all clusters not named.
	ID string `json:"id"`
	// Alias is the cluster's alias, in the answer for a single role only.
	Alias string `json:"alias,omitzero"`
	// Perm is what is permitted. The server leaves it out if it is nothing.
	Perm Perm `json:"perm,string"`
}

// BucketACL is what a role permits on a bucket.
type BucketACL struct {
	// Bucket is the bucket.
	Bucket Bucket `json:"bck"`
	// Perm is what is permitted.
	Perm Perm `json:"perm,string"`
}

// Bucket names a bucket.
type Bucket struct {
	// Name is the bucket's name.
	Name string `json:"name"`
	// Provider is where the bucket is kept.
	Provider string `json:"provider"`
	// Namespace is where the bucket's name holds.
	Namespace Namespace `json:"namespace"`
}

// Namespace is where a bucket's name holds.
type Namespace struct {
	// UUID is the cluster that the bucket lives in.
	UUID string `json:"uuid"`
	// Name is the name space within that cluster.
	Name string `json:"name"`
}

// GetRole returns a role: GET /v1/roles/{name}.
func (c *Client) GetRole(ctx context.Context, name string) (Role, error) {
	if err := checkName("Name", name); err != nil {
		return Role{}, err
	}
	var role Role
	if err := c.get(ctx, &role, "v1", "roles", name); err != nil {
		return Role{}, err
	}
	if role.Name != name {
		return Role{}, fault.New(fault.Internal, "the server answered with another role than the one asked for")
	}
	return role, nil
}

// ListRoles returns all roles, sorted by name because the server shuffles
// them: GET /v1/roles.
func (c *Client) ListRoles(ctx context.Context) ([]Role, error) {
	var roles []Role
	if err := c.get(ctx, &roles, "v1", "roles"); err != nil {
		return nil, err
	}
	slices.SortFunc(roles, func(a, b Role) int { return strings.Compare(a.Name, b.Name) })
	return roles, nil
}

// CreateRole creates a role: POST /v1/roles.
func (c *Client) CreateRole(ctx context.Context, role Role) error {
	if err := checkNewName("Name", role.Name); err != nil {
		return err
	}
	return c.writeRole(ctx, role, &transport.Request{
		Method: http.MethodPost, Path: []string{"v1", "roles"}, Class: transport.Once,
	})
}

// UpdateRole merges role into the role of its name: PUT /v1/roles/{name}. An
// empty description stays as it is; entries replace those for the same
// cluster or bucket or are added, and entries not named stay.
func (c *Client) UpdateRole(ctx context.Context, role Role) error {
	if err := checkName("Name", role.Name); err != nil {
		return err
	}
	return c.writeRole(ctx, role, &transport.Request{
		Method: http.MethodPut, Path: []string{"v1", "roles", role.Name}, Class: transport.Idempotent,
	})
}

func (c *Client) writeRole(ctx context.Context, role Role, r *transport.Request) error {
	body, err := transport.Encode(role)
	if err != nil {
		return err
	}
	r.Body = body
	return c.write(ctx, r)
}

// DeleteRole deletes a role and takes it from every user: DELETE
// /v1/roles/{name}.
func (c *Client) DeleteRole(ctx context.Context, name string) error {
	if err := checkName("Name", name); err != nil {
		return err
	}
	return c.remove(ctx, "v1", "roles", name)
}
