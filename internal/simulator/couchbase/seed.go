package couchbase

import (
	"fmt"
	"slices"
	"time"
)

// User is a user to put into the cluster or to look at, past the API.
type User struct {
	// ID is the user's name.
	ID string
	// Domain is [Local] or [External]; the default is Local.
	Domain string
	// Name is the display name, nil for none.
	Name *string
	// UUID is the user's UUID; the default is a new one.
	UUID string
	// Password is the password of a local user. It is not known of a user that
	// the cluster returns.
	Password string
	// TemporaryPassword is set if the password must be changed.
	TemporaryPassword bool
	// Locked is set if the user cannot log in.
	Locked bool
	// Roles are the direct roles as role strings.
	Roles []string
	// Groups are the user's groups.
	Groups []string
	// PasswordChanged is when a local user's password was set; the default is
	// now.
	PasswordChanged time.Time
}

// Group is a group to put into the cluster or to look at, past the API.
type Group struct {
	// Name is the name of the group.
	Name string
	// Description is nil if it was never set.
	Description *string
	// LDAPRef is the distinguished name of an LDAP group, nil if it was never
	// set.
	LDAPRef *string
	// Roles are the roles as role strings.
	Roles []string
}

// SeedUser stores a user on all nodes. It panics if a role cannot be given.
func (s *Server) SeedUser(seed User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if seed.Domain == "" {
		seed.Domain = Local
	}
	if seed.UUID == "" {
		seed.UUID = s.newUUID()
	}
	u := &user{
		Identity: Identity{seed.ID, seed.Domain}, name: seed.Name, uuid: seed.UUID, groups: slices.Clone(seed.Groups),
		roles: s.mustRoles(seed.Roles), locked: seed.Locked,
	}
	if seed.Domain == Local {
		u.auth, u.temporary, u.changedAt = newCredential(seed.Password, s.salt()), seed.TemporaryPassword, seed.PasswordChanged
		if u.changedAt.IsZero() {
			u.changedAt = s.options.Now()
		}
	}
	for _, n := range s.nodes {
		n.store.users.put(u.Identity, s.stamp(), u)
	}
}

// SeedGroup stores a group on all nodes. It panics if a role cannot be given.
func (s *Server) SeedGroup(seed Group) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := &group{name: seed.Name, description: seed.Description, ldapRef: seed.LDAPRef, roles: s.mustRoles(seed.Roles)}
	for _, n := range s.nodes {
		n.store.groups.put(g.name, s.stamp(), g)
	}
}

func (s *Server) mustRoles(texts []string) []role {
	var roles []role
	for _, text := range texts {
		parsed, problem := s.parseRoles(text)
		if problem != "" {
			panic("couchbase: seed: " + problem)
		}
		roles = append(roles, parsed...)
	}
	return unique(roles)
}

// User returns what the node knows of a user, and whether there is one.
func (n *Node) User(domain, id string) (User, bool) {
	n.server.mu.Lock()
	defer n.server.mu.Unlock()
	u := n.store.users.get(Identity{id, domain})
	if u == nil {
		return User{}, false
	}
	return User{
		ID: u.ID, Domain: u.Domain, Name: u.name, UUID: u.uuid, TemporaryPassword: u.temporary, Locked: u.locked,
		Roles: n.server.roleStrings(u.roles), Groups: slices.Clone(u.groups), PasswordChanged: u.changedAt,
	}, true
}

// Group returns what the node knows of a group, and whether there is one.
func (n *Node) Group(name string) (Group, bool) {
	n.server.mu.Lock()
	defer n.server.mu.Unlock()
	g := n.store.groups.get(name)
	if g == nil {
		return Group{}, false
	}
	return Group{Name: g.name, Description: g.description, LDAPRef: g.ldapRef, Roles: n.server.roleStrings(g.roles)}, true
}

// Identities returns who the node knows, by ID and domain.
func (n *Node) Identities() []Identity {
	n.server.mu.Lock()
	defer n.server.mu.Unlock()
	var identities []Identity
	for _, u := range n.store.sortedUsers() {
		identities = append(identities, u.Identity)
	}
	return identities
}

// CheckPassword reports whether the node knows a local user with that
// password, locked or not.
func (n *Node) CheckPassword(id, password string) bool {
	n.server.mu.Lock()
	defer n.server.mu.Unlock()
	u := n.store.users.get(Identity{id, Local})
	return u != nil && u.auth.accepts(password)
}

// newUUID returns a UUID that follows from the seed.
func (s *Server) newUUID() string {
	b := s.salt()
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
