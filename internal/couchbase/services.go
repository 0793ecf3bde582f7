package couchbase

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// serviceMap is the list of a cluster's nodes.
type serviceMap struct {
	Rev      int64         `json:"rev"`
	RevEpoch int64         `json:"revEpoch"`
	Nodes    []serviceNode `json:"nodesExt"`
}

type serviceNode struct {
	Hostname  string                      `json:"hostname"`
	ThisNode  bool                        `json:"thisNode"`
	Services  ports                       `json:"services"`
	Alternate map[string]alternateAddress `json:"alternateAddresses"`
}

type ports struct {
	Management    int `json:"mgmt"`
	ManagementTLS int `json:"mgmtSSL"`
}

type alternateAddress struct {
	Hostname string `json:"hostname"`
	Ports    *ports `json:"ports"`
}

// revision tells which of two lists is newer.
type revision struct{ epoch, rev int64 }

func (r revision) before(other revision) bool {
	return r.epoch < other.epoch || r.epoch == other.epoch && r.rev < other.rev
}

func (m serviceMap) revision() revision { return revision{m.RevEpoch, m.Rev} }

// nodeServices returns the list of nodes as one of them tells it: GET
// /pools/default/nodeServices.
func (c *Client) nodeServices(ctx context.Context, origin *url.URL) (serviceMap, error) {
	var services serviceMap
	err := c.read(ctx, &services, &transport.Request{
		Method: http.MethodGet, Path: []string{"pools", "default", "nodeServices"}, Query: c.query(nil), Origin: origin,
	})
	return services, err
}

// Nodes returns the management addresses of the nodes, as hosts with ports, of
// the network in use. The list is asked for: GET /pools/default/nodeServices.
func (c *Client) Nodes(ctx context.Context) ([]string, error) {
	from, err := c.nodes.Route(ctx)
	if err != nil {
		return nil, err
	}
	services, err := c.nodeServices(ctx, from)
	if err != nil {
		return nil, err
	}
	var addresses []string
	for h := range services.hosts(c.address.scheme, c.address.network, from) {
		addresses = append(addresses, c.address.scheme.url(h).Host)
	}
	if addresses == nil {
		return nil, fault.New(fault.Internal, "the cluster tells no node with a management service")
	}
	return addresses, nil
}

// hosts yields the nodes that have a management service, with their addresses
// in a network, and whether a node is the one that told the list, which was
// reached at from.
func (m serviceMap) hosts(s scheme, network string, from *url.URL) iter.Seq2[host, bool] {
	if network == autoNetwork {
		network = m.networkOf(from)
	}
	return func(yield func(host, bool) bool) {
		for _, node := range m.Nodes {
			if h := node.host(s, network, from); h.port != 0 && !yield(h, node.ThisNode) {
				return
			}
		}
	}
}

// networkOf returns the network that the address of a node belongs to.
func (m serviceMap) networkOf(from *url.URL) string {
	for _, node := range m.Nodes {
		if strings.EqualFold(unbracketed(node.Hostname), from.Hostname()) {
			return defaultNetwork
		}
	}
	for _, node := range m.Nodes {
		for network, alternate := range node.Alternate {
			if strings.EqualFold(unbracketed(alternate.Hostname), from.Hostname()) {
				return network
			}
		}
	}
	return defaultNetwork
}

// host returns the address of a node in a network, or the default one if it
// has none there; the port is 0 if the node offers no management service.
func (n serviceNode) host(s scheme, network string, from *url.URL) host {
	h := host{name: unbracketed(n.Hostname), port: n.Services.management(s)}
	if alternate, has := n.Alternate[network]; has && network != defaultNetwork {
		h.name = unbracketed(alternate.Hostname)
		if alternate.Ports != nil {
			h.port = alternate.Ports.management(s)
		}
	}
	if h.name == "" {
		h.name = from.Hostname()
	}
	return h
}

func (p ports) management(s scheme) int {
	if s.tls {
		return p.ManagementTLS
	}
	return p.Management
}

func unbracketed(name string) string { return strings.TrimSuffix(strings.TrimPrefix(name, "["), "]") }
