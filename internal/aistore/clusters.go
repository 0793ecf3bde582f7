package aistore

import (
	"context"
	"maps"
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
		if len(list.Clusters) == 1 && (cluster.ID == idOrAlias || cluster.Alias == idOrAlias) {
			return cluster, nil
		}
	}
	return Cluster{}, fault.New(fault.Internal, "the server answered with another cluster than the one asked for")
}

// RegisterCluster registers a cluster: POST /v1/clusters. AuthN calls the
// cluster at its URLs first and takes some 80 seconds to give up.
func (c *Client) RegisterCluster(ctx context.Context, cluster Cluster) error {
	if err := checkName("ID", cluster.ID); err != nil {
		return err
	}
	return c.writeCluster(ctx, "POST", transport.Once, cluster, "v1", "clusters")
}

// UpdateCluster replaces alias and URLs of the cluster of an ID; empty ones
// stay: PUT /v1/clusters/{id}.
func (c *Client) UpdateCluster(ctx context.Context, cluster Cluster) error {
	if err := checkName("ID", cluster.ID); err != nil {
		return err
	}
	return c.writeCluster(ctx, "PUT", transport.Idempotent, cluster, "v1", "clusters", cluster.ID)
}

func (c *Client) writeCluster(ctx context.Context, method string, class transport.Class, cluster Cluster, path ...string) error {
	if cluster.Alias != "" {
		if err := checkNewName("Alias", cluster.Alias); err != nil {
			return err
		}
	}
	if cluster.URLs == nil {
		cluster.URLs = []string{}
	}
	data, err := transport.Encode(cluster)
	if err != nil {
		return err
	}
	return c.write(ctx, &transport.Request{Method: method, Path: path, Class: class, Body: data})
}

// DeleteCluster forgets the cluster of an ID or alias; its roles stay: DELETE
// /v1/clusters/{id}.
func (c *Client) DeleteCluster(ctx context.Context, idOrAlias string) error {
	if err := checkName("ID", idOrAlias); err != nil {
		return err
	}
	return c.remove(ctx, "v1", "clusters", idOrAlias)
}
