package couchbase

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"

	"github.com/usermgmt/usermgmt/internal/simulator"
)

// Node is one node of the cluster. The embedded handler serves the whole API,
// records requests and injects faults.
type Node struct {
	*simulator.Handler

	server *Server
	index  int
	store  *store
	info   NodeInfo

	held    bool
	pending []func(*store)

	plain, secure *httptest.Server
	kv, secureKV  *kvListener
}

// NodeInfo is how a node appears in the list of nodes.
type NodeInfo struct {
	// Hostname is left out of the list if it is empty, as that of a node that
	// knows itself as the local host only.
	Hostname string
	// Services maps services such as "mgmt", "mgmtSSL" and "kv" to ports.
	Services map[string]int
	// Alternate, if not nil, is the address outside the cluster's network.
	Alternate *Alternate
}

// Alternate is an address for clients outside the cluster's network.
type Alternate struct {
	// Hostname is the name or address.
	Hostname string `json:"hostname"`
	// Ports maps services to ports. Without any the usual ones count.
	Ports map[string]int `json:"ports,omitempty"`
}

func newNode(s *Server, index int) *Node {
	n := &Node{
		server: s, index: index, store: newStore(),
		info: NodeInfo{Hostname: "127.0.0.1", Services: map[string]int{"mgmt": 8091, "mgmtSSL": 18091, "kv": 11210, "kvSSL": 11207}},
	}
	n.Handler = simulator.NewHandler(http.HandlerFunc(n.serve))
	return n
}

// Describe sets how the node appears in the list of nodes.
func (n *Node) Describe(info NodeInfo) {
	n.server.mu.Lock()
	defer n.server.mu.Unlock()
	n.info = info
	n.server.rev++
}

// Hold keeps what is written on other nodes away from this one, until it is
// let in by Replicate or CatchUp.
func (n *Node) Hold() {
	n.server.mu.Lock()
	defer n.server.mu.Unlock()
	n.held = true
}

// Replicate lets the oldest change that is held in, and reports whether there
// was one.
func (n *Node) Replicate() bool {
	n.server.mu.Lock()
	defer n.server.mu.Unlock()
	if len(n.pending) == 0 {
		return false
	}
	n.pending[0](n.store)
	n.pending = slices.Delete(n.pending, 0, 1)
	return true
}

// CatchUp lets all changes in and holds none any more.
func (n *Node) CatchUp() {
	n.server.mu.Lock()
	defer n.server.mu.Unlock()
	for _, change := range n.pending {
		change(n.store)
	}
	n.pending, n.held = nil, false
}

// write makes a change here at once, and on the other nodes as they let it in.
func (n *Node) write(change func(*store)) {
	for _, node := range n.server.nodes {
		if node != n && node.held {
			node.pending = append(node.pending, change)
			continue
		}
		change(node.store)
	}
}

// serve answers one request.
func (n *Node) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	n.answer(r, body).send(w)
}

// answer finds the route of a request, lets the caller in and runs the route.
// The order of the checks is the server's.
func (n *Node) answer(r *http.Request, body []byte) response {
	s := n.server
	s.mu.Lock()
	defer s.mu.Unlock()
	c := newCall(n, r, body)
	if c == nil {
		return textReply(http.StatusBadRequest, "Bad Request")
	}
	to, vars := s.find(c.method(), c.segments)
	if to == nil {
		return s.noRoute(c.method())
	}
	c.vars = vars
	if uuid, ok := c.query.first("uuid"); ok && uuid != s.options.UUID {
		return textReply(http.StatusNotFound, "Cluster uuid does not match the requested.\r\n")
	}
	if refusal := c.admit(to.access); refusal != nil {
		return *refusal
	}
	switch {
	case to.enterprise && s.options.Community:
		return enterpriseNeeded()
	case s.compat < to.compat:
		return textReply(http.StatusBadRequest, "This http API endpoint isn't supported in mixed version clusters")
	case c.hasForm() && len(body) > s.options.MaxBody:
		return response{status: http.StatusRequestEntityTooLarge}
	}
	return to.serve(c)
}

// call is one request on its way through a route.
type call struct {
	node     *Node
	server   *Server
	request  *http.Request
	body     []byte
	path     string   // as it was sent, without the first slash
	segments []string // decoded, without empty ones
	vars     []string // what the route leaves open
	query    pairs
	caller   caller
}

// newCall returns nil if the path is none.
func newCall(n *Node, r *http.Request, body []byte) *call {
	path, query, ok := sentTarget(r)
	if !ok {
		return nil
	}
	return &call{
		node: n, server: n.server, request: r, body: bytes.Clone(body),
		path: path, segments: splitPath(path), query: parsePairs(query),
	}
}

// method returns the method as routes know it.
func (c *call) method() string {
	if c.request.Method == http.MethodHead {
		return http.MethodGet
	}
	return c.request.Method
}

// hasForm reports whether the body is a form.
func (c *call) hasForm() bool { return isForm(c.request.Header.Get("Content-Type")) }

// form returns the fields of the body: only a form has any.
func (c *call) form() pairs {
	if !c.hasForm() {
		return nil
	}
	return parsePairs(string(c.body))
}

// justValidate reports whether the request asks for validation alone.
func (c *call) justValidate() bool {
	value, _ := c.query.first("just_validate")
	return value == "1"
}
