package couchbase

import (
	"context"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

func TestAddresses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{ // to the URLs of the seeds, and "srv"
		"couchbase://h":                          "http://h:8091 srv",
		"couchbases://h":                         "https://h:18091 srv",
		"COUCHBASES://Host.Example":              "https://Host.Example:18091 srv",
		"couchbase://h:11210":                    "http://h:8091",
		"couchbases://h:11207":                   "https://h:18091",
		"couchbase://h1,h2":                      "http://h1:8091 http://h2:8091",
		"couchbase://h1;h2:11210":                "http://h1:8091 http://h2:8091",
		"couchbase://h1, h2":                     "http://h1:8091 http://h2:8091",
		"couchbase://h:9000=http":                "http://h:9000",
		"couchbases://h:9000=http,g":             "https://h:9000 https://g:18091",
		"couchbase://":                           "http://127.0.0.1:8091",
		"couchbases:///travel?network=external":  "https://127.0.0.1:18091",
		"couchbase://10.0.0.1":                   "http://10.0.0.1:8091",
		"couchbase://localhost":                  "http://localhost:8091",
		"couchbase://[2001:db8::1]":              "http://[2001:db8::1]:8091",
		"couchbases://[2001:db8::1]:11207/b?x=1": "https://[2001:db8::1]:18091",
		"couchbase://h/bucket":                   "http://h:8091 srv",
		"http://h":                               "http://h:8091",
		"http://h:9000,g":                        "http://h:9000 http://g:8091",
		"https://h":                              "https://h:18091",
		"https://h:443/":                         "https://h:443",
		"https://[::1]:18091":                    "https://[::1]:18091",
	} {
		a, err := parseAddress(text)
		require.NoError(t, err, text)
		var got []string
		for _, h := range a.hosts {
			got = append(got, a.scheme.url(h).String())
		}
		if a.srv {
			got = append(got, "srv")
		}
		assert.Equal(t, want, strings.Join(got, " "), text)
	}
}

func TestBadAddresses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                          "must begin with couchbases://",
		"h1,h2":                     "must begin with couchbases://",
		"ftp://hunter2":             "must begin with couchbases://",
		"ns_server://h":             "must begin with couchbases://",
		"couchbase2://h":            "must not begin with couchbase2://",
		"couchbases://me:hunter2@h": "must not carry credentials",
		"https://h/hunter2":         "must not have a path",
		"couchbase://h:8091":        "write http://host:8091",
		"couchbases://h:18091":      "write https://host:18091",
		"couchbase://h:12345":       "a port of the data service",
		"couchbases://h:8091":       "a port of the data service",
		"couchbase://h:0":           "has no valid port",
		"couchbase://h:65536":       "has no valid port",
		"couchbase://h:hunter2":     "has no valid port",
		"couchbase://::1":           "has a host that is not a name",
		"couchbase://2001:db8::1":   "has no valid port; an IPv6 address needs brackets",
		"couchbase://[2001:db8::1":  "without a closing bracket",
		"couchbase://[hunter2]":     "that is no IPv6 address",
		"couchbase://[10.0.0.1]":    "that is no IPv6 address",
		"couchbase://[::1]x":        "has no valid port",
		"couchbase://,":             "must name a host",
		"couchbase://a b":           "has a host that is not a name",
		"couchbase://h\n1":          "has a host that is not a name",
		"couchbase://h#x":           "has a host that is not a name",
		"couchbase://h?network=%zz": "has options that cannot be read",
		"couchbase://:11210":        "has a host that is not a name",
	} {
		_, err := parseAddress(text)
		require.ErrorContains(t, err, want, text)
		assert.Equal(t, fault.InvalidArgument, fault.KindOf(err))
		assert.NotContains(t, err.Error(), "hunter2")
	}
}

func TestNetworkOption(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"couchbase://h": "auto", "couchbase://h?network=external": "external", "couchbase://h?timeout=1&network=default": "default",
	} {
		a, err := parseAddress(text)
		require.NoError(t, err)
		assert.Equal(t, want, a.network)
	}
}

// TestPlainHTTP: a plain address of another machine needs consent.
func TestPlainHTTP(t *testing.T) {
	t.Parallel()
	for text, plain := range map[string]bool{
		"couchbase://db.example.com": true, "http://db.example.com": true, "couchbases://db.example.com": false,
		"couchbase://127.0.0.1": false, "http://localhost": false,
	} {
		_, err := New(Config{Address: text})
		assert.Equal(t, plain, err != nil, text)
		c, err := New(Config{Address: text, Transport: transport.Config{AllowPlainHTTP: true}})
		require.NoError(t, err)
		c.Close()
	}
}

func TestDataAddress(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		"couchbase://h1,h2:11210":      {"couchbase://h1,h2", ""},
		"https://h1:18091,[::1]:18091": {"couchbases://h1,[::1]", ""},
		"couchbases://h":               {"couchbases://h", ""},
	} {
		c, err := New(Config{Address: text, Transport: transport.Config{AllowPlainHTTP: true}})
		require.NoError(t, err)
		got, network := c.DataAddress()
		assert.Equal(t, want, [2]string{got, network})
		c.Close()
	}
	c, err := New(Config{Address: "couchbases://h?network=default", Network: "external"})
	require.NoError(t, err)
	defer c.Close()
	_, network := c.DataAddress()
	assert.Equal(t, "external", network, "the setting outweighs the connection string")
}

// records resolves one name.
type records struct {
	asked []string
	hosts []*net.SRV
	err   error
}

func (r *records) LookupSRV(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
	r.asked = append(r.asked, "_"+service+"._"+proto+"."+name)
	return "", r.hosts, r.err
}

func TestServiceRecords(t *testing.T) {
	t.Parallel()
	found := &records{hosts: []*net.SRV{{Target: "n1.example.com.", Port: 11207}, {Target: "n2.example.com.", Port: 11207}}}
	c, err := New(Config{Address: "couchbases://db.example.com", Resolver: found})
	require.NoError(t, err)
	defer c.Close()
	assert.Empty(t, found.asked, "nothing is asked before the first call")
	for range 2 {
		base, err := c.nodes.Route(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "https://n1.example.com:18091", base.String())
	}
	assert.Equal(t, []string{"_couchbases._tcp.db.example.com"}, found.asked)

	missing := &records{err: &net.DNSError{IsNotFound: true}}
	c, err = New(Config{Address: "couchbase://db.example.com", Resolver: missing, Transport: transport.Config{AllowPlainHTTP: true}})
	require.NoError(t, err)
	defer c.Close()
	base, err := c.nodes.Route(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "http://db.example.com:8091", base.String())

	// A record can lead to where plain http is not allowed.
	lured := &records{hosts: []*net.SRV{{Target: "n1.example.com."}}}
	c, err = New(Config{Address: "couchbase://db.example.com", Resolver: lured, Transport: transport.Config{AllowPlainHTTP: true}})
	require.NoError(t, err)
	defer c.Close()
	c.nodes.allowPlain = false
	_, err = c.nodes.Route(t.Context())
	assert.Equal(t, fault.InvalidArgument, fault.KindOf(err))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c.nodes.resolving <- struct{}{} // another call is at it
	_, err = c.nodes.Route(ctx)
	assert.Equal(t, fault.Canceled, fault.KindOf(err))
}

// TestResolverFails: a passing failure of the resolver is not taken to mean
// that there is no record.
func TestResolverFails(t *testing.T) {
	t.Parallel()
	a, err := parseAddress("couchbases://db.example.com")
	require.NoError(t, err)
	failing := &records{err: &net.DNSError{IsTemporary: true}, hosts: []*net.SRV{{Target: "n1.example.com."}}}
	n, err := newNodes(a, failing, false)
	require.NoError(t, err)
	clock := time.Unix(1e9, 0)
	n.now = func() time.Time { return clock }
	route := func() *url.URL {
		base, err := n.Route(t.Context())
		require.NoError(t, err)
		return base
	}
	name := route()
	assert.Equal(t, "db.example.com", name.Hostname())
	n.Done(name, nil)
	clock = clock.Add(time.Hour)
	route()
	assert.Len(t, failing.asked, 1, "the name is a host that answers")

	n.Done(name, down)
	route()
	assert.Len(t, failing.asked, 2)
	route()
	assert.Len(t, failing.asked, 2, "not at each call")
	failing.err = nil
	clock = clock.Add(firstAside)
	assert.Equal(t, "n1.example.com", route().Hostname())
	clock = clock.Add(time.Hour)
	route()
	assert.Len(t, failing.asked, 3, "what was found stays")
}

func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"couchbase://h1:11210,h2", "couchbases://[::1]/b?network=external", "https://h:18091", "couchbase://h:1=http"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := parseAddress(text)
		if err != nil {
			require.Equal(t, fault.InvalidArgument, fault.KindOf(err))
			return
		}
		require.NotEmpty(t, a.hosts)
		for _, h := range a.hosts {
			if base, err := transport.CheckBase(a.scheme.url(h), true); err == nil {
				require.Equal(t, h.name, base.Hostname())
			}
		}
	})
}
