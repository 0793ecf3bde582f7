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
//
// A URL never carries credentials, which would end up in logs: use
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
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

const schemes = "memory, aistore, aistore+http, couchbase, couchbases, couchbase+http, couchbase+https, cognite, cognite+http, iguazio, iguazio+http"

// backendFor is the one table of URL schemes.
func backendFor(rawURL string) (Backend, error) {
	// A list of hosts with ports is no URL. [Couchbase] checks it.
	switch scheme, rest, _ := strings.Cut(rawURL, "://"); scheme {
	case "couchbase", "couchbases":
		return Couchbase(rawURL), nil
	case "couchbase+http", "couchbase+https":
		return Couchbase(strings.TrimPrefix(scheme, "couchbase+") + "://" + rest), nil
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fault.Invalid("url", "is not a URL") // the cause would repeat it
	}
	switch {
	case u.User != nil:
		return nil, fault.Invalid("url", "must not carry credentials: use WithCredentials")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fault.Invalid("url", "must not carry a query or a fragment")
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
	case "":
		return nil, fault.Invalid("url", "must begin with a scheme, one of %s", schemes)
	default:
		return nil, fault.Invalid("url", "has the unknown scheme %q: known are %s", u.Scheme, schemes)
	}
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
