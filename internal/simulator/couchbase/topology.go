package couchbase

import "net/http"

// nodeServicesJSON is the map of the cluster's nodes.
type nodeServicesJSON struct {
	Rev                 int                 `json:"rev"`
	RevEpoch            int                 `json:"revEpoch,omitzero"`
	Nodes               []nodeJSON          `json:"nodesExt"`
	CapabilitiesVersion []int               `json:"clusterCapabilitiesVer"`
	Capabilities        map[string][]string `json:"clusterCapabilities"`
}

// nodeJSON is a node in the map.
type nodeJSON struct {
	Services  map[string]int        `json:"services"`
	ThisNode  bool                  `json:"thisNode,omitzero"`
	Hostname  string                `json:"hostname,omitempty"`
	Alternate map[string]*Alternate `json:"alternateAddresses,omitempty"`
}

// SetRevision sets the revision of the map of nodes. A map is newer if its
// epoch is, or within an epoch its revision.
func (s *Server) SetRevision(epoch, rev int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revEpoch, s.rev = epoch, rev
}

// nodeServices returns the map as one node tells it.
func (n *Node) nodeServices() nodeServicesJSON {
	s := n.server
	answer := nodeServicesJSON{Rev: s.rev, CapabilitiesVersion: []int{1, 0}}
	if s.version >= V70 {
		answer.RevEpoch = s.revEpoch
	}
	for _, node := range s.nodes {
		entry := nodeJSON{Services: node.info.Services, ThisNode: node == n, Hostname: node.info.Hostname}
		if node.info.Alternate != nil {
			entry.Alternate = map[string]*Alternate{"external": node.info.Alternate}
		}
		answer.Nodes = append(answer.Nodes, entry)
	}
	return answer
}

// listNodes serves GET /pools/default/nodeServices.
func (c *call) listNodes() response { return jsonReply(http.StatusOK, c.node.nodeServices()) }

// poolsJSON is what a node says of itself and its cluster.
type poolsJSON struct {
	ImplementationVersion string     `json:"implementationVersion"`
	IsEnterprise          bool       `json:"isEnterprise"`
	UUID                  string     `json:"uuid"`
	Pools                 []poolJSON `json:"pools"`
}

// poolJSON is the one pool.
type poolJSON struct {
	Name string `json:"name"`
	URI  string `json:"uri"`
}

// readPools serves GET /pools.
func (c *call) readPools() response {
	s := c.server
	edition := "-enterprise"
	if s.options.Community {
		edition = "-community"
	}
	return jsonReply(http.StatusOK, poolsJSON{
		ImplementationVersion: s.version.String() + ".0-3777" + edition,
		IsEnterprise:          !s.options.Community,
		UUID:                  s.options.UUID,
		Pools:                 []poolJSON{{"default", "/pools/default?uuid=" + s.options.UUID}},
	})
}
