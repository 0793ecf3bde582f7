package couchbase

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
)

// loopback is where nodes listen.
const loopback = "127.0.0.1:0"

// Start gives every node a listener for HTTP and one for the key-value
// protocol, and puts their ports into the list of nodes. It panics if it
// cannot listen.
func (s *Server) Start() {
	for i, n := range s.nodes {
		address := loopback
		if i == 0 && s.options.Address != "" {
			address = s.options.Address
		}
		n.plain = n.listen(address, nil)
		n.kv = n.listenKV(loopback, nil)
		n.publish(map[string]int{"mgmt": port(n.plain.Listener), "kv": port(n.kv.listener)})
	}
}

// StartTLS gives every node listeners as Start does, and one for each protocol
// over TLS. A client certificate that one of clientCAs signed is a login; nil
// is for none. See [Server.CertPool] for the certificate of the nodes.
func (s *Server) StartTLS(clientCAs *x509.CertPool) {
	s.Start()
	for _, n := range s.nodes {
		config := &tls.Config{MinVersion: tls.VersionTLS12}
		if clientCAs != nil {
			config.ClientAuth, config.ClientCAs = tls.VerifyClientCertIfGiven, clientCAs
		}
		n.secure = n.listen(loopback, config)
		n.secureKV = n.listenKV(loopback, n.secure.TLS)
		n.publish(map[string]int{
			"mgmt": port(n.plain.Listener), "mgmtSSL": port(n.secure.Listener),
			"kv": port(n.kv.listener), "kvSSL": port(n.secureKV.listener),
		})
	}
}

// publish sets the ports of the node in the list of nodes.
func (n *Node) publish(services map[string]int) {
	n.server.mu.Lock()
	defer n.server.mu.Unlock()
	n.info.Services = services
}

// listen serves the node's API at an address.
func (n *Node) listen(address string, config *tls.Config) *httptest.Server {
	server := &httptest.Server{
		Listener: mustListen(address), TLS: config,
		Config: &http.Server{Handler: n, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)},
	}
	if config != nil {
		server.StartTLS()
	} else {
		server.Start()
	}
	return server
}

func mustListen(address string) net.Listener {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", address)
	if err != nil {
		panic("couchbase: " + err.Error())
	}
	return listener
}

func port(l net.Listener) int {
	_, text, _ := net.SplitHostPort(l.Addr().String())
	number, _ := strconv.Atoi(text)
	return number
}

// URL returns the address of the node's API, such as "http://127.0.0.1:8091".
func (n *Node) URL() string { return n.plain.URL }

// TLSURL returns the address of the node's API over TLS.
func (n *Node) TLSURL() string { return n.secure.URL }

// CertPool returns a pool with the certificate of all nodes.
func (s *Server) CertPool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.nodes[0].secure.Certificate())
	return pool
}

// ConnectionString returns what an SDK is given to find the nodes: their
// key-value ports.
func (s *Server) ConnectionString() string { return "couchbase://" + s.addresses("kv") }

// TLSConnectionString is ConnectionString for TLS.
func (s *Server) TLSConnectionString() string { return "couchbases://" + s.addresses("kvSSL") }

func (s *Server) addresses(service string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var addresses []string
	for _, n := range s.nodes {
		addresses = append(addresses, net.JoinHostPort("127.0.0.1", strconv.Itoa(n.info.Services[service])))
	}
	return strings.Join(addresses, ",")
}

// Kill ends the node as a crash does: its connections break and its ports
// refuse new ones. The other nodes go on listing it. Kill, Restart and Close
// must not run at the same time.
func (n *Node) Kill() {
	n.KillManagement()
	n.kv.close()
	n.secureKV.close()
}

// KillManagement ends the API of the node, while its key-value ports go on.
func (n *Node) KillManagement() {
	for _, server := range []*httptest.Server{n.plain, n.secure} {
		if server != nil {
			_ = server.Listener.Close()
			_ = server.Config.Close()
			server.Close()
		}
	}
}

// Restart brings a killed node back on its ports. What was written meanwhile
// is there, unless the node holds it back.
func (n *Node) Restart() {
	n.Kill()
	n.plain = n.listen(n.plain.Listener.Addr().String(), nil)
	n.kv = n.listenKV(n.kv.listener.Addr().String(), nil)
	if n.secure != nil {
		config := n.secure.TLS.Clone()
		n.secure = n.listen(n.secure.Listener.Addr().String(), config)
		n.secureKV = n.listenKV(n.secureKV.listener.Addr().String(), config)
	}
}

// Close ends all listeners. Killed nodes may be among them.
func (s *Server) Close() {
	for _, n := range s.nodes {
		n.Kill()
	}
}
