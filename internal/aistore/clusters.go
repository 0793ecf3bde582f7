package aistore

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// Cluster is a registered cluster.
type Cluster struct {
	// ID is the cluster's UUID.
	ID string `json:"id"`
	// Alias is another name of it, empty if there is none.
	Alias string `json:"alias"`
	// URLs are the cluster's addresses.
	URLs []string `json:"urls"`
}

type clusterList struct {
	Clusters map[string]Cluster `json:"clusters"`
}

// ListClusters returns the clusters, sorted by ID: GET /v1/clusters.
func (c *Client) ListClusters(ctx context.Context) ([]Cluster, error) {
	var list clusterList
	if err := c.get(ctx, &list, "v1", "clusters"); err != nil {
		return nil, err
	}
	return slices.SortedFunc(maps.Values(list.Clusters), func(a, b Cluster) int { return strings.Compare(a.ID, b.ID) }), nil
}

// GetCluster returns the cluster of an ID or alias: GET /v1/clusters/{id}.
func (c *Client) GetCluster(ctx context.Context, idOrAlias string) (Cluster, error) {
	if err := checkName("ID", idOrAlias); err != nil {
		return Cluster{}, err
	}
	var list clusterList
	if err := c.get(ctx, &list, "v1", "clusters", idOrAlias); err != nil {
		return Cluster{}, err
	}
	for _, cluster := range list.Clusters {
		if cluster.ID == idOrAlias || cluster.Alias == idOrAlias {
			return cluster, nil
		}
	}
	return Cluster{}, fault.New(fault.Internal, "the server answered with another cluster than the one asked for")
}

// RegisterCluster registers a cluster: POST /v1/clusters. AuthN calls the
// cluster at its URLs first and takes some 80 seconds to give up.
func (c *Client) RegisterCluster(ctx context.Context, cluster Cluster) error {
	return c.writeCluster(ctx, cluster, &transport.Request{
		Method: http.MethodPost, Path: []string{"v1", "clusters"}, Class: transport.Once,
	})
}

// UpdateCluster replaces alias and URLs of the cluster of an ID, not alias;
// empty ones stay: PUT /v1/clusters/{id}. AuthN calls the cluster as at its
// registration.
func (c *Client) UpdateCluster(ctx context.Context, cluster Cluster) error {
	return c.writeCluster(ctx, cluster, &transport.Request{
		Method: http.MethodPut, Path: []string{"v1", "clusters", cluster.ID}, Class: transport.Idempotent,
	})
}

func (c *Client) writeCluster(ctx context.Context, cluster Cluster, r *transport.Request) error {
	if err := checkName("ID", cluster.ID); err != nil {
		return err
	}
	if cluster.Alias != "" {
		if err := checkNewName("Alias", cluster.Alias); err != nil {
			return err
		}
	}
	if cluster.URLs == nil {
		cluster.URLs = []string{} // as the reference client sends it
	}
	body, err := transport.Encode(cluster)
	if err != nil {
		return err
	}
	r.Body = body
	return c.writePatiently(ctx, r)
}

// DeleteCluster forgets the cluster of an ID or alias; its roles stay: DELETE
// /v1/clusters/{id}.
func (c *Client) DeleteCluster(ctx context.Context, idOrAlias string) error {
	if err := checkName("ID", idOrAlias); err != nil {
		return err
	}
	return c.remove(ctx, "v1", "clusters", idOrAlias)
}
