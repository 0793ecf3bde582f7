package couchbase

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Server is what a cluster tells of itself.
type Server struct {
	// Version is the version of the node that was asked, such as
	// "8.0.0-3777-enterprise".
	Version string
	// Enterprise is set for the Enterprise Edition.
	Enterprise bool
	// UUID is the cluster's UUID, empty for a node without a cluster.
	UUID string
}

// AtLeast reports whether the version is the given one or a later one.
func (s Server) AtLeast(major, minor int) bool {
	var have struct{ major, minor int }
	if n, _ := fmt.Sscanf(s.Version, "%d.%d", &have.major, &have.minor); n != 2 {
		return false
	}
	return have.major > major || have.major == major && have.minor >= minor
}

// Server returns what the cluster tells of itself: GET /pools.
func (c *Client) Server(ctx context.Context) (Server, error) {
	var o struct {
		Version    string         `json:"implementationVersion"`
		Enterprise bool           `json:"isEnterprise"`
		UUID       jsontext.Value `json:"uuid"`
	}
	if err := c.get(ctx, &o, "pools"); err != nil {
		return Server{}, err
	}
	server := Server{Version: o.Version, Enterprise: o.Enterprise}
	_ = json.Unmarshal(o.UUID, &server.UUID) // a node without a cluster has a list there
	return server, nil
}
