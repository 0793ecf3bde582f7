package aistore

import (
	"encoding/json"
	"math"
	"net/http"
	"slices"
)

// readClusters serves GET, without a token: all clusters, or one by ID or alias.
func (s *Server) readClusters(c call) (json.RawMessage, error) {
	clusters := s.clusters
	if len(c.parts) > 0 {
		cluster, err := s.findCluster(c.parts[0])
		if err != nil {
			return nil, err
		}
		clusters = map[string]*Cluster{cluster.ID: cluster}
	}
	if len(clusters) == 0 {
		return json.RawMessage(`{}`), nil
	}
	members, err := shuffledObject(s.random, clusters)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]json.RawMessage{"clusters": members})
}

// registerCluster serves POST. It contacts the cluster before it stores it.
func (s *Server) registerCluster(c call) (json.RawMessage, error) {
	if err := s.requireAdmin(c.request); err != nil {
		return nil, err
	}
	var cluster Cluster
	if err := decodeOrExplain(c, target{"CluACL", 420}, &cluster); err != nil {
		return nil, err
	}
	if err := s.checkNewCluster(cluster); err != nil {
		return nil, failed("add cluster", cluster.ID, err)
	}
	if err := s.introduceTo(c.request.Context(), cluster); err != nil {
		return nil, failed("add cluster", cluster.ID, err)
	}
	if err := s.sendRevoked(c.request.Context(), cluster); err != nil {
		return nil, failed("add cluster", cluster.ID, err)
	}
	s.addCluster(cluster)
	return nil, nil
}

func (s *Server) checkNewCluster(cluster Cluster) error {
	if cluster.ID == "" {
		return errorf(http.StatusBadRequest, "cluster UUID is undefined")
	}
	if err := checkAlias(cluster.Alias); err != nil {
		return err
	}
	for id, other := range s.clusters {
		// The new ID is not held against the aliases of others.
		if id == cluster.ID || cluster.Alias != "" && (id == cluster.Alias || other.Alias == cluster.Alias) {
			return errorf(http.StatusConflict, "cluster %s[%s] already registered", cluster.ID, id)
		}
	}
	return nil
}

func checkAlias(alias string) error {
	if !niceName(alias) {
		return errorf(http.StatusBadRequest, "cluster alias %q is invalid: %s", alias, nameRule)
	}
	return nil
}

// addCluster stores the cluster and the three roles that come with it. Roles
// that exist stay as they are.
func (s *Server) addCluster(cluster Cluster) {
	s.clusters[cluster.ID] = &cluster
	suffix, label := cluster.ID, cluster.ID
	if cluster.Alias != "" {
		suffix = cluster.Alias
		label += "[" + cluster.Alias + "]"
	}
	for _, predefined := range []struct {
		name, description string
		permissions       Permissions
	}{
		{"ClusterOwner", "Admin access to ", math.MaxUint64},
		{"BucketOwner", "Full access to buckets in ", 831},
		{"Guest", "Read-only access to buckets in ", 771},
	} {
		name := predefined.name + "-" + suffix
		if _, exists := s.roles[name]; exists {
			continue
		}
		s.roles[name] = &Role{
			Name:        name,
			Description: predefined.description + label,
			Clusters:    []*ClusterACL{{ID: cluster.ID, Permissions: predefined.permissions}},
		}
	}
}

// updateCluster serves PUT. It takes IDs only, and contacts the cluster again.
func (s *Server) updateCluster(c call) (json.RawMessage, error) {
	if err := s.requireAdmin(c.request); err != nil {
		return nil, err
	}
	var req Cluster
	if err := decodeOrExplain(c, target{"CluACL", 437}, &req); err != nil {
		return nil, err
	}
	id := c.parts[0]
	next, err := s.changedCluster(id, req)
	if err != nil {
		return nil, failed("update cluster", id, err)
	}
	if err := s.introduceTo(c.request.Context(), next); err != nil {
		return nil, failed("update cluster", id, err)
	}
	s.clusters[id] = &next
	return nil, nil
}

// changedCluster returns what the update makes of the cluster. Absent and
// empty members change nothing.
func (s *Server) changedCluster(id string, req Cluster) (Cluster, error) {
	if req.ID == "" {
		return Cluster{}, errorf(http.StatusBadRequest, "cluster ID is undefined")
	}
	cluster, ok := s.clusters[id]
	if !ok {
		return Cluster{}, notFound(quoted("cluster", id))
	}
	next := *cluster
	if req.Alias != "" {
		if err := checkAlias(req.Alias); err != nil {
			return Cluster{}, err
		}
		if other, err := s.findCluster(req.Alias); err == nil && other.ID != id {
			return Cluster{}, errorf(http.StatusConflict, "alias %q is used for cluster %q", req.Alias, other.ID)
		}
		next.Alias = req.Alias
	}
	if len(req.URLs) > 0 {
		next.URLs = req.URLs
	}
	return next, nil
}

// unregisterCluster serves DELETE by ID or alias. The roles stay.
func (s *Server) unregisterCluster(c call) (json.RawMessage, error) {
	if err := s.requireAdmin(c.request); err != nil {
		return nil, err
	}
	if len(c.parts) == 0 {
		return nil, failed("delete cluster", "undefined", errorf(http.StatusBadRequest, "cluster name or ID not defined"))
	}
	cluster, err := s.findCluster(c.parts[0])
	if err != nil {
		return nil, failed("delete cluster", c.parts[0], err)
	}
	delete(s.clusters, cluster.ID)
	return nil, nil
}

// findCluster returns the cluster with the given ID, else the one with that
// alias.
func (s *Server) findCluster(name string) (*Cluster, error) {
	if cluster, ok := s.clusters[s.resolveAlias(name)]; ok {
		return cluster, nil
	}
	return nil, notFound("AuthN: cluster " + name)
}

// resolveAlias returns the ID of the cluster with the given alias, or name
// itself if it is an ID or unknown.
func (s *Server) resolveAlias(name string) string {
	if _, ok := s.clusters[name]; ok || name == "" {
		return name
	}
	for id, cluster := range s.clusters {
		if cluster.Alias == name {
			return id
		}
	}
	return name
}

// clustersToNotify returns the clusters that can be contacted.
func (s *Server) clustersToNotify() []Cluster {
	var reachable []Cluster
	for _, cluster := range s.clusters {
		if len(cluster.URLs) > 0 {
			reachable = append(reachable, Cluster{cluster.ID, cluster.Alias, slices.Clone(cluster.URLs)})
		}
	}
	return reachable
}
