package couchbase

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
)

// access is what a route asks of its caller.
type access struct {
	// kind tells the checks apart.
	kind accessKind
	// permission is the one that a route of kind needs asks for.
	permission func(*Server) permission
}

// accessKind is a way to let callers in.
type accessKind int

const (
	anybody   accessKind = iota // even without credentials
	needs                       // a permission
	localhost                   // only tools on the node itself, so nobody
)

// caller is who makes a request.
type caller struct {
	Identity

	roles    []role
	expired  bool // the password is temporary
	onBehalf bool
}

// token is what the cluster makes of a bearer token.
type token struct {
	Token

	rejected string
}

// Token is the identity behind a bearer token.
type Token struct {
	// ID is the user's name; the domain is [External].
	ID string
	// Roles are role strings that the token carries.
	Roles []string
	// Groups are the groups that the token carries.
	Groups []string
}

// AcceptToken makes a bearer token good, from 8.0 on.
func (s *Server) AcceptToken(text string, t Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[text] = token{Token: t}
}

// RejectToken makes a bearer token bad. What comes after 8.0 says the reason.
func (s *Server) RejectToken(text, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[text] = token{rejected: reason}
}

// admit authenticates the caller and checks the access to the route. It
// returns nil if the request may go on.
func (c *call) admit(a access) *response {
	if refusal := c.authenticate(); refusal != nil {
		return refusal
	}
	anonymous := c.caller.Domain == anonymousDomain
	switch {
	case a.kind == anybody:
		return nil
	case a.kind == localhost:
		refusal := jsonReply(http.StatusForbidden, "Forbidden")
		return &refusal
	case c.caller.expired:
		refusal := passwordExpired()
		return &refusal
	case anonymous || len(c.caller.roles) == 0:
		// A user without any role cannot be told from a stranger.
		refusal := unauthenticated()
		return &refusal
	}
	return c.require(a.permission(c.server))
}

// has reports whether the caller has a permission.
func (c *call) has(p permission) bool {
	return !c.caller.expired && c.server.anyGrants(c.caller.roles, p)
}

// require returns nil if the caller has a permission.
func (c *call) require(p permission) *response {
	if c.has(p) {
		return nil
	}
	refusal := forbidden(p.text)
	return &refusal
}

// authenticate finds out who the caller is. A client certificate wins over
// the header.
func (c *call) authenticate() *response {
	refusal := unauthenticated()
	header := c.request.Header.Get("Authorization")
	scheme, value, _ := strings.Cut(header, " ")
	certificate := c.request.TLS != nil && len(c.request.TLS.PeerCertificates) > 0
	known := false
	switch {
	case certificate:
		known = c.certified(c.request.TLS.PeerCertificates[0].Subject.CommonName)
	case c.server.authDown && header != "":
		refusal = jsonReply(http.StatusServiceUnavailable, "Temporary error occurred. Please try again later.")
	case header == "":
		c.caller, known = caller{Identity: Identity{Domain: anonymousDomain}}, true
	case scheme == "Basic":
		known = c.basic(value)
	case scheme == "Bearer":
		known = c.bearer(value)
		if reason := c.server.tokens[value].rejected; reason != "" && c.server.compat > V80 {
			refusal = jsonReply(http.StatusUnauthorized, struct {
				Errors string `json:"errors"`
			}{reason})
		}
	}
	if !known || !c.standIn() {
		return &refusal
	}
	c.server.saw(c.node, c.caller)
	return nil
}

// basic checks a name and a password: the administrator's, then a local user's,
// then those of the directory.
func (c *call) basic(value string) bool {
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
	if err != nil {
		return false
	}
	id, password, _ := strings.Cut(string(decoded), ":")
	s := c.server
	if id == s.options.AdminID {
		c.caller = caller{Identity: Identity{id, adminDomain}, roles: []role{{name: "admin"}}}
		return s.adminAuth.accepts(password)
	}
	u := c.node.store.users.get(Identity{id, Local})
	if u != nil && u.auth.accepts(password) {
		c.caller = caller{Identity: u.Identity, roles: c.node.effective(u), expired: u.temporary}
		return !u.locked
	}
	entry, listed := s.directory[id]
	if !listed || u != nil && s.compat >= V80 || entry.Password == "" || entry.Password != password {
		return false
	}
	c.caller = c.external(id, nil, nil)
	return true
}

// bearer checks a token.
func (c *call) bearer(value string) bool {
	t, ok := c.server.tokens[value]
	if !ok || t.rejected != "" || c.server.compat < V80 {
		return false
	}
	c.caller = c.external(t.ID, t.Roles, t.Groups)
	return true
}

// certified checks the name of a client certificate.
func (c *call) certified(id string) bool {
	if id == c.server.options.AdminID {
		c.caller = caller{Identity: Identity{id, adminDomain}, roles: []role{{name: "admin"}}}
		return true
	}
	u := c.node.store.users.get(Identity{id, Local})
	if u == nil || u.locked {
		return false
	}
	c.caller = caller{Identity: u.Identity, roles: c.node.effective(u)}
	return true
}

// external returns a caller that another system authenticated, with the roles
// that the cluster knows of and those that come with the credentials.
func (c *call) external(id string, roleStrings, groups []string) caller {
	identity := Identity{id, External}
	u := c.node.store.users.get(identity)
	if u == nil {
		u = &user{Identity: identity}
	}
	roles := c.node.effective(u)
	carried, _ := c.server.parseRoles(strings.Join(roleStrings, ","))
	roles = append(roles, carried...)
	for _, name := range groups {
		roles = append(roles, c.node.groupRoles(name)...)
	}
	return caller{Identity: identity, roles: unique(roles)}
}

// standIn lets an administrator act on behalf of another user, and reports
// whether the request asks for nothing worse.
func (c *call) standIn() bool {
	header := c.request.Header.Get("Cb-On-Behalf-Of")
	if header == "" {
		return true
	}
	decoded, err := base64.StdEncoding.DecodeString(header)
	id, domain, ok := strings.Cut(string(decoded), ":")
	if err != nil || !ok || !slices.Contains(c.caller.roles, role{name: "admin"}) {
		return false
	}
	if domain == adminDomain {
		c.caller.onBehalf = true
		return id == c.server.options.AdminID
	}
	u := c.node.store.users.get(Identity{id, domain})
	if u == nil {
		u = &user{Identity: Identity{id, domain}}
	}
	c.caller = caller{Identity: u.Identity, roles: c.node.effective(u), onBehalf: true}
	return !u.locked
}
