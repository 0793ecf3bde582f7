package couchbase

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/usermgmt/usermgmt/internal/fault"
)

const (
	autoNetwork    = "auto"
	defaultNetwork = "default"
)

// scheme is what a connection string's scheme means.
type scheme struct {
	tls  bool
	kv   int // the port of the data service that stands for "no port", 0 if none does
	mgmt int // the port of the management service
}

var schemes = map[string]scheme{
	"couchbase":  {kv: 11210, mgmt: 8091},
	"couchbases": {tls: true, kv: 11207, mgmt: 18091},
	"http":       {mgmt: 8091},
	"https":      {tls: true, mgmt: 18091},
}

// address is a parsed connection string.
type address struct {
	scheme  scheme
	hosts   []host
	network string
	srv     bool // the one host may be the name of an SRV record
}

// host is a host with the port of its management service.
type host struct {
	name string // without brackets
	port int
}

// url returns the base URL of the management service of h.
func (s scheme) url(h host) *url.URL {
	u := &url.URL{Scheme: "http", Host: net.JoinHostPort(h.name, strconv.Itoa(h.port))}
	if s.tls {
		u.Scheme = "https"
	}
	return u
}

// parseAddress reads a connection string. No error repeats it, because it may
// hold a password.
func parseAddress(text string) (address, error) {
	name, rest, found := strings.Cut(text, "://")
	s, known := schemes[strings.ToLower(name)]
	switch {
	case !found || !known && strings.ToLower(name) != "couchbase2":
		return address{}, invalid("must begin with couchbases://, couchbase://, https:// or http://")
	case !known:
		return address{}, invalid("must not begin with couchbase2://, whose gateway does not manage users")
	}
	a := address{scheme: s, network: autoNetwork}
	rest, options, _ := strings.Cut(rest, "?")
	hosts, path, _ := strings.Cut(rest, "/")
	if strings.Contains(hosts, "@") {
		return address{}, invalid("must not carry credentials")
	}
	if path != "" && s.kv == 0 {
		return address{}, invalid("must not have a path")
	}
	if err := a.readOptions(options); err != nil {
		return address{}, err
	}
	if strings.TrimSpace(hosts) == "" {
		hosts = "127.0.0.1"
	}
	ported := false
	for part := range strings.FieldsFuncSeq(hosts, func(r rune) bool { return r == ',' || r == ';' }) {
		h, given, err := s.host(strings.TrimSpace(part))
		if err != nil {
			return address{}, err
		}
		ported = ported || given
		a.hosts = append(a.hosts, h)
	}
	if len(a.hosts) == 0 {
		return address{}, invalid("must name a host")
	}
	_, notIP := netip.ParseAddr(a.hosts[0].name)
	a.srv = len(a.hosts) == 1 && !ported && s.kv != 0 && notIP != nil && a.hosts[0].name != "localhost"
	return a, nil
}

// readOptions takes the one option that concerns this package; data clients
// have many more.
func (a *address) readOptions(text string) error {
	options, err := url.ParseQuery(text)
	if err != nil {
		return invalid("has options that cannot be read")
	}
	if network := options.Get("network"); network != "" {
		a.network = network
	}
	return nil
}

// host reads one host. given is set if it came with a port that counts.
func (s scheme) host(text string) (h host, given bool, err error) {
	text, kind, _ := strings.Cut(text, "=")
	name, port := text, ""
	if bare, bracketed := strings.CutPrefix(text, "["); bracketed {
		var closed bool
		if name, port, closed = strings.Cut(bare, "]"); !closed {
			return h, false, invalid("has an IPv6 address without a closing bracket")
		}
		if addr, err := netip.ParseAddr(name); err != nil || !addr.Is6() {
			return h, false, invalid("has brackets around something that is no IPv6 address")
		}
	} else if i := strings.IndexByte(text, ':'); i >= 0 {
		name, port = text[:i], text[i:]
	}
	h = host{name: name, port: s.mgmt}
	if name == "" || strings.ContainsAny(name, " \t%#\\\"'<>") || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }) {
		return h, false, invalid("has a host that is not a name")
	}
	if port == "" {
		return h, false, nil
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(port, ":"), 10, 16)
	if err != nil || n == 0 || port[0] != ':' {
		return h, false, invalid("has no valid port; an IPv6 address needs brackets")
	}
	switch {
	case s.kv == 0 || kind == "http":
		h.port = int(n)
	case int(n) == s.kv:
	case int(n) == s.mgmt:
		return h, false, invalid("names port %d, which is the management service's: write %s", n, s.managementForm())
	default:
		return h, false, invalid("names a port of the data service, from which the management port cannot be told: write %s with that port", s.managementForm())
	}
	return h, true, nil
}

func (s scheme) managementForm() string {
	if s.tls {
		return "https://host:18091"
	}
	return "http://host:8091"
}

func invalid(format string, args ...any) error { return fault.Invalid("address", format, args...) }

// DataAddress returns a connection string for data clients, and the network
// option to give to them, empty if there is none to give.
func (c *Client) DataAddress() (connectionString, network string) {
	name := "couchbase"
	if c.address.scheme.tls {
		name = "couchbases"
	}
	hosts := make([]string, len(c.address.hosts))
	for i, h := range c.address.hosts {
		hosts[i] = h.name
		if strings.Contains(h.name, ":") {
			hosts[i] = "[" + h.name + "]"
		}
	}
	if c.address.network != autoNetwork {
		network = c.address.network
	}
	return name + "://" + strings.Join(hosts, ","), network
}
