// Package couchbase is a client of Couchbase Server's management REST API, as
// far as it concerns users. Each method is one request, named in its comment.
// It knows nothing of the root package.
package couchbase

import (
	"context"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// Credential is what requests are authenticated by: either Username and
// Password, or a Token, which goes first. It prints as a mark.
type Credential struct {
	transport.Unprintable

	// Username is who logs in with Password. It cannot hold a colon.
	Username string
	// Password is the password of Username.
	Password string
	// Token is a JWT. It is asked for at each request, because it expires, and
	// leaves the machine over TLS alone, even if plain HTTP is allowed.
	Token string
}

// Resolver looks up DNS SRV records. [*net.Resolver] implements it.
type Resolver interface {
	// LookupSRV is as in [net.Resolver.LookupSRV].
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
}

// Config says how to reach a cluster.
type Config struct {
	// Transport is how requests are sent. BaseURL, Router, Classify and
	// Authenticator are set by this package.
	Transport transport.Config
	// Address is the connection string; see [New].
	Address string
	// Network names the addresses of nodes to use: "default", the name of
	// alternate ones such as "external", or "auto", which is what empty means.
	Network string
	// ClusterUUID makes the cluster refuse requests unless it has this UUID.
	ClusterUUID string
	// Discover asks the cluster for its other nodes, in the background, after
	// an answer.
	Discover bool
	// Credential yields what to authenticate by. Nil sends no credentials, for
	// TLS client certificates.
	Credential func(ctx context.Context) (Credential, error)
	// Resolver resolves SRV records; nil is [net.DefaultResolver].
	Resolver Resolver
}

// Client speaks to one cluster. It is safe for concurrent use.
type Client struct {
	http       *transport.Client
	nodes      *nodes
	address    address
	uuid       string
	credential func(ctx context.Context) (Credential, error)
	inClear    bool // other machines may be reached without TLS
}

// New returns a client. It sends nothing. The connection string is
// couchbase://, couchbases://, http:// or https:// and a list of hosts.
func New(config Config) (*Client, error) {
	address, err := parseAddress(config.Address)
	if err != nil {
		return nil, err
	}
	if config.Network != "" {
		address.network = config.Network
	}
	if config.Resolver == nil {
		config.Resolver = net.DefaultResolver
	}
	nodes, err := newNodes(address, config.Resolver, config.Transport.AllowPlainHTTP)
	if err != nil {
		return nil, err
	}
	c := &Client{nodes: nodes, address: address, uuid: config.ClusterUUID, credential: config.Credential}
	c.inClear = !address.scheme.tls && config.Transport.AllowPlainHTTP
	config.Transport.Authenticator = nil
	if config.Credential != nil {
		config.Transport.Authenticator = transport.NewSession(c.logIn)
	}
	config.Transport.BaseURL, config.Transport.Router, config.Transport.Classify = nil, nodes, classify
	config.Transport.Codes = []string{passwordExpired}
	if c.http, err = transport.New(config.Transport); err != nil {
		return nil, err
	}
	if config.Discover {
		nodes.discover = c.nodeServices
	}
	return c, nil
}

// Close ends the discovery of nodes and drops idle connections.
func (c *Client) Close() {
	c.nodes.close()
	c.http.Close()
}

// logIn makes the header of requests; nothing is sent for it.
func (c *Client) logIn(ctx context.Context, refused *transport.Grant) (*transport.Grant, error) {
	credential, err := c.credential(ctx)
	if err != nil {
		if _, ok := errors.AsType[*fault.Error](err); ok {
			return nil, err
		}
		return nil, &fault.Error{Kind: fault.Unauthenticated, Message: "the credential source failed", Err: err}
	}
	if credential.Token != "" && c.inClear {
		return nil, fault.Invalid("Token", "must not be sent in clear: use couchbases:// or https://")
	}
	grant, err := grantFor(credential)
	if err != nil {
		return nil, err
	}
	if refused != nil && grant.Header.Get("Authorization") == refused.Header.Get("Authorization") {
		return nil, fault.New(fault.Unauthenticated, "the server refuses the credentials")
	}
	return grant, nil
}

func grantFor(c Credential) (*transport.Grant, error) {
	if c.Token != "" {
		now := time.Now() // at which it expires: the next request asks again
		return &transport.Grant{Header: http.Header{"Authorization": {"Bearer " + c.Token}}, Secrets: []string{c.Token}, Issued: now, Expires: now}, nil
	}
	if strings.Contains(c.Username, ":") {
		return nil, fault.Invalid("Username", "must not hold a colon, where the server would take it to end")
	}
	pair := base64.StdEncoding.EncodeToString([]byte(c.Username + ":" + c.Password))
	return &transport.Grant{Header: http.Header{"Authorization": {"Basic " + pair}}, Secrets: []string{c.Password, pair}}, nil
}

// parameters are the parameters of a request; empty ones are not sent.
type parameters map[string]string

// query returns the query of a request, nil if there is none.
func (c *Client) query(given parameters) url.Values {
	query := url.Values{}
	for name, value := range given {
		if value != "" {
			query.Set(name, value)
		}
	}
	if c.uuid != "" {
		query.Set("uuid", c.uuid)
	}
	if len(query) == 0 {
		return nil
	}
	return query
}

// get reads a JSON value from a path.
func (c *Client) get(ctx context.Context, target any, path ...string) error {
	return c.read(ctx, target, &transport.Request{Method: http.MethodGet, Path: path, Query: c.query(nil)})
}

// read sends a request that is answered with a JSON value.
func (c *Client) read(ctx context.Context, target any, r *transport.Request) error {
	answer, err := c.http.Do(ctx, r)
	if err != nil {
		return err
	}
	return transport.Decode(answer.Body, target)
}

// write sends a change, which the server answers with a JSON value or nothing.
func (c *Client) write(ctx context.Context, r *transport.Request) ([]byte, error) {
	if r.Query == nil {
		r.Query = c.query(nil)
	}
	answer, err := c.http.DoJSON(ctx, r)
	if err != nil {
		return nil, err
	}
	return answer.Body, nil
}

const formType = "application/x-www-form-urlencoded"

// send writes a form.
func (c *Client) send(ctx context.Context, class transport.Class, method string, form url.Values, secrets []string, path ...string) ([]byte, error) {
	return c.write(ctx, &transport.Request{
		Method: method, Path: path, Body: []byte(form.Encode()), ContentType: formType, Class: class, Secrets: secrets,
	})
}

// remove deletes what path names. That it is missing is success if an earlier
// attempt, whose answer was lost, may have deleted it.
func (c *Client) remove(ctx context.Context, path ...string) error {
	_, err := c.write(ctx, &transport.Request{Method: http.MethodDelete, Path: path, Class: transport.Idempotent})
	return fault.Removed(err)
}
