package aistore

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// SeedUser stores a user with the named roles. It checks nothing but that the
// roles exist, as older servers had no rule for IDs; it panics if one does not.
// A user of that ID is replaced.
func (s *Server) SeedUser(id, password string, roles ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seeded := &user{id: id, password: password, roles: []*Role{}}
	for _, name := range roles {
		role, ok := s.roles[name]
		if !ok {
			panic(fmt.Sprintf("aistore: seed of user %q: role %q does not exist", id, name))
		}
		seeded.roles = append(seeded.roles, role.clone())
	}
	s.users[id] = seeded
}

// SeedRole stores a role, unchecked. A role of that name is replaced; users
// keep their copies.
func (s *Server) SeedRole(role Role) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roles[role.Name] = role.clone()
}

// SeedCluster stores a cluster, unchecked and without contacting it, with the
// three roles that a registration makes.
func (s *Server) SeedCluster(cluster Cluster) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cluster.URLs = slices.Clone(cluster.URLs)
	s.addCluster(cluster)
}

// UserIDs returns the IDs of all users, sorted.
func (s *Server) UserIDs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.users))
}

// UserRoles returns the names of a user's roles in the order in which they are
// stored, and whether the user exists.
func (s *Server) UserRoles(id string) ([]string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.users[id]
	if !ok {
		return nil, false
	}
	names := []string{}
	for _, role := range u.roles {
		if role != nil {
			names = append(names, role.Name)
		}
	}
	return names, true
}

// CheckPassword reports whether the user exists and could log in with the
// password.
func (s *Server) CheckPassword(id, password string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.passwordMatches(id, password)
}

// RoleNames returns the names of all roles, sorted.
func (s *Server) RoleNames() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.roles))
}

// Role returns a copy of a role and whether it exists.
func (s *Server) Role(name string) (Role, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	role, ok := s.roles[name]
	if !ok {
		return Role{}, false
	}
	return *role.clone(), true
}

// Cluster returns a copy of the cluster with the given ID and whether it is
// registered.
func (s *Server) Cluster(id string) (Cluster, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cluster, ok := s.clusters[id]
	if !ok {
		return Cluster{}, false
	}
	copied := *cluster
	copied.URLs = slices.Clone(cluster.URLs)
	return copied, true
}

// RevokedTokens returns all revoked tokens, sorted.
func (s *Server) RevokedTokens() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.revoked))
}

// RevokeAll revokes every token that was issued so far. A login within the
// second of an earlier one yields the same token again, which is then revoked
// too: such is the real server. Use ExpireTokens where that is in the way.
func (s *Server) RevokeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, token := range s.issued {
		s.revoked[token] = true
	}
}

// ExpireTokens moves the server's clock forward to where every token that was
// issued so far has expired. Tokens of later logins are good.
func (s *Server) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clockSkew += max(0, s.lastExpiry.Sub(s.time()))
}

// Advance moves the server's clock forward.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clockSkew += d
}
