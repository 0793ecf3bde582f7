package usermgmt

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// Open returns a client for the backend that a URL names, for services that
// are configured from outside, and makes sure that the server accepts the
// credentials: unlike [New] it logs in. The client is closed if that fails.
//
//	memory:                   the embedded backend, empty
//	memory:///var/users.json  the embedded backend, kept in a file
//	aistore://host:port       AIStore AuthN over https
//	aistore+http://host:port  AIStore AuthN over plain http
//	couchbases://h1,h2        Couchbase Server with TLS; see [Couchbase]
//	couchbase://h1,h2         Couchbase Server over plain http
//	couchbase+https://h:port  the same, by its management address; +http likewise
//	cognite://host/project    a project's Postgres Gateway with TLS; cognite+http likewise
//	iguazio://host            Iguazio over https
//	iguazio+http://host:port  Iguazio over plain http
//	juju://h1:port,h2:port    a Juju controller, or JAAS
//	juju+ws://host:port       a Juju controller without TLS
//
// Settings of the backend, such as [JujuCA] or [IguazioWait], stand among the
// options. A URL never carries credentials, which would end up in logs: use
// [WithCredentials]. It fails with [ErrInvalidArgument] for an unknown scheme.
func Open(ctx context.Context, rawURL string, opts ...Option) (*Client, error) {
	t := target{op: "Open"}
	if ctx == nil {
		return nil, wrap("", t, fault.Invalid("ctx", "must not be nil"))
	}
	b, err := backendFor(rawURL)
	if err != nil {
		return nil, wrap("", t, err)
	}
	c, err := New(b, opts...)
	if err != nil {
		return nil, err
	}
	if err := c.Ping(ctx); err != nil {
		if closing := c.Close(); closing != nil {
			err = errors.Join(err, closing)
		}
		return nil, err
	}
	return c, nil
}

const schemes = "memory, aistore, aistore+http, couchbase, couchbases, couchbase+http, couchbase+https, cognite, cognite+http, iguazio, iguazio+http, juju, juju+ws"

// backendFor is the one table of URL schemes.
func backendFor(rawURL string) (Backend, error) {
	// A list of hosts with ports is no URL. [Couchbase] checks it.
	switch scheme, rest, _ := strings.Cut(rawURL, "://"); scheme {
	case "couchbase", "couchbases":
		return Couchbase(rawURL), nil
	case "couchbase+http", "couchbase+https":
		return Couchbase(strings.TrimPrefix(scheme, "couchbase+") + "://" + rest), nil
	}
	first, others := splitHosts(rawURL)
	u, err := parseURL(first)
	if err != nil {
		return nil, err
	}
	switch u.Scheme {
	case "memory":
		return memoryFor(u)
	case "aistore":
		return AIStore(withScheme(u, "https")), nil
	case "aistore+http":
		return AIStore(withScheme(u, "http")), nil
	case "cognite":
		return cogniteFor(u, "https")
	case "cognite+http":
		return cogniteFor(u, "http")
	case "iguazio":
		return Iguazio(withScheme(u, "https")), nil
	case "iguazio+http":
		return Iguazio(withScheme(u, "http")), nil
	case "juju":
		return jujuFor(u, "wss", others)
	case "juju+ws":
		return jujuFor(u, "ws", others)
	case "":
		return nil, fault.Invalid("url", "must begin with a scheme, one of %s", schemes)
	default:
		return nil, fault.Invalid("url", "has the unknown scheme %q: known are %s", u.Scheme, schemes)
	}
}

// parseURL parses a URL and refuses what none may carry.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, fault.Invalid("url", "is not a URL") // the cause would repeat it
	case u.User != nil:
		return nil, fault.Invalid("url", "must not carry credentials: use WithCredentials")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fault.Invalid("url", "must not carry a query or a fragment")
	}
	return u, nil
}

// splitHosts splits juju://h1:1,h2:2/path, which is no URL, into one for each
// host. Other URLs are the first as they are.
func splitHosts(rawURL string) (first string, others []string) {
	scheme, rest, _ := strings.Cut(rawURL, "://")
	if scheme != "juju" && scheme != "juju+ws" {
		return rawURL, nil
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	hosts := strings.Split(rest[:end], ",")
	for i, host := range hosts {
		hosts[i] = scheme + "://" + host + rest[end:]
	}
	return hosts[0], hosts[1:]
}

func jujuFor(u *url.URL, scheme string, others []string) (Backend, error) {
	var more []string
	for _, other := range others {
		o, err := parseURL(other)
		if err != nil {
			return nil, err
		}
		more = append(more, withScheme(o, scheme))
	}
	return Juju(withScheme(u, scheme), JujuAddresses(more...)), nil
}

func memoryFor(u *url.URL) (Backend, error) {
	switch {
	case u.Host != "" || u.Opaque != "":
		return nil, fault.Invalid("url", "must look like memory: or memory:///path/to/file")
	case u.Path == "" || u.Path == "/":
		return Memory(), nil
	default:
		return Memory(MemoryFile(u.Path)), nil
	}
}

func withScheme(u *url.URL, scheme string) string {
	return scheme + "://" + u.Host + strings.TrimRight(u.EscapedPath(), "/")
}
