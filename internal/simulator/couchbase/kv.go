package couchbase

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
)

// The key-value protocol, as far as an SDK needs it to find the nodes: every
// message has a header of 24 bytes, then extras, key and value.
const (
	kvHeader   = 24
	kvRequest  = 0x80
	kvResponse = 0x81

	kvNoop      = 0x0a
	kvHello     = 0x1f
	kvListMechs = 0x20
	kvAuth      = 0x21
	kvSelect    = 0x89
	kvConfig    = 0xb5
	kvErrorMap  = 0xfe

	kvSuccess    = 0x00
	kvAuthFailed = 0x20
	kvNoAccess   = 0x24
	kvUnknown    = 0x81

	kvExtendedErrors = 0x07
	kvSelectBucket   = 0x08
)

// kvListener serves the key-value protocol of a node.
type kvListener struct {
	node     *Node
	listener net.Listener

	mu          sync.Mutex
	connections map[net.Conn]bool // nil once it is closed
	running     sync.WaitGroup
}

// listenKV serves the protocol at an address, over TLS if config is not nil.
func (n *Node) listenKV(address string, config *tls.Config) *kvListener {
	l := &kvListener{node: n, listener: mustListen(address), connections: map[net.Conn]bool{}}
	if config != nil {
		config = config.Clone()
		config.NextProtos = nil // the protocol has no name in TLS
		l.listener = tls.NewListener(l.listener, config)
	}
	l.running.Go(l.accept)
	return l
}

// accept serves connections until the listener is closed.
func (l *kvListener) accept() {
	for {
		connection, err := l.listener.Accept()
		if err != nil {
			return
		}
		if !l.keep(connection) {
			_ = connection.Close()
			return
		}
		l.running.Go(func() {
			defer l.forget(connection)
			for l.answer(connection) == nil {
			}
		})
	}
}

// keep remembers a connection, unless the listener is closed.
func (l *kvListener) keep(connection net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.connections == nil {
		return false
	}
	l.connections[connection] = true
	return true
}

func (l *kvListener) forget(connection net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.connections, connection)
	_ = connection.Close()
}

// close ends the listener and its connections; nil has none.
func (l *kvListener) close() {
	if l == nil {
		return
	}
	_ = l.listener.Close()
	l.mu.Lock()
	connections := l.connections
	l.connections = nil
	l.mu.Unlock()
	for connection := range connections {
		_ = connection.Close()
	}
	l.running.Wait()
}

// answer reads one request and answers it.
func (l *kvListener) answer(connection io.ReadWriter) error {
	header := make([]byte, kvHeader)
	if _, err := io.ReadFull(connection, header); err != nil {
		return err
	}
	length := binary.BigEndian.Uint32(header[8:])
	prefix := int(binary.BigEndian.Uint16(header[2:])) + int(header[4])
	if header[0] != kvRequest || length > 1<<20 || prefix > int(length) {
		return io.ErrUnexpectedEOF // this is no client of the protocol
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(connection, body); err != nil {
		return err
	}
	key, value := body[header[4]:prefix], body[prefix:]
	status, answer := l.serve(header[1], string(key), value)

	reply := make([]byte, kvHeader, kvHeader+len(answer))
	reply[0], reply[1] = kvResponse, header[1]
	binary.BigEndian.PutUint16(reply[6:], status)
	binary.BigEndian.PutUint32(reply[8:], uint32(len(answer)))
	copy(reply[12:16], header[12:16]) // what the client calls the request
	_, err := connection.Write(append(reply, answer...))
	return err
}

// serve runs one operation.
func (l *kvListener) serve(operation byte, key string, value []byte) (status uint16, answer []byte) {
	switch operation {
	case kvNoop:
		return kvSuccess, nil
	case kvHello:
		return kvSuccess, acceptedFeatures(value)
	case kvListMechs:
		return kvSuccess, []byte("PLAIN")
	case kvErrorMap:
		return kvSuccess, []byte(`{"version":1,"revision":1,"errors":{}}`)
	}
	l.node.server.mu.Lock()
	defer l.node.server.mu.Unlock()
	switch operation {
	case kvAuth:
		if l.node.kvLogin(key, string(value)) {
			return kvSuccess, nil
		}
		return kvAuthFailed, nil
	case kvSelect:
		if l.node.server.buckets[key] == nil {
			return kvNoAccess, nil
		}
		return kvSuccess, nil
	case kvConfig:
		return kvSuccess, encode(l.node.kvMap())
	}
	return kvUnknown, nil
}

// kvMap returns the list of nodes with a revision that no answer had before. The
// Go SDK ignores a list of the same revision, and can lose the first one to a
// part of itself that starts too late if the answer is as fast as here; it then
// waits for a newer one.
func (n *Node) kvMap() nodeServicesJSON {
	n.server.kvMaps++
	list := n.nodeServices()
	list.Rev += n.server.kvMaps
	return list
}

// acceptedFeatures returns those of the wanted features that exist.
func acceptedFeatures(wanted []byte) []byte {
	var accepted []byte
	for ; len(wanted) >= 2; wanted = wanted[2:] {
		if f := binary.BigEndian.Uint16(wanted); f == kvExtendedErrors || f == kvSelectBucket {
			accepted = append(accepted, wanted[:2]...)
		}
	}
	return accepted
}

// kvLogin checks the name and password of a PLAIN login.
func (n *Node) kvLogin(mechanism, message string) bool {
	_, message, _ = strings.Cut(message, "\x00")
	id, password, ok := strings.Cut(message, "\x00")
	if mechanism != "PLAIN" || !ok {
		return false
	}
	if id == n.server.options.AdminID {
		return n.server.adminAuth.accepts(password)
	}
	u := n.store.users.get(Identity{id, Local})
	return u != nil && u.auth.accepts(password) && !u.locked && !u.temporary
}
