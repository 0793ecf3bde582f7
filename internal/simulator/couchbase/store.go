package couchbase

import (
	"maps"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// row is a value with the number of the change that wrote it. Deleted rows
// stay, without a value, so that a late change does not bring them back.
type row[V any] struct {
	stamp uint64
	value *V
}

// table is a replicated map. Values are never changed, only replaced.
type table[K comparable, V any] map[K]row[V]

// put stores a value, or nil to delete it, unless a later change came first.
func (t table[K, V]) put(key K, stamp uint64, value *V) {
	if t[key].stamp <= stamp {
		t[key] = row[V]{stamp, value}
	}
}

// get returns nil for what is not there.
func (t table[K, V]) get(key K) *V { return t[key].value }

// values returns all values in no order.
func (t table[K, V]) values() []*V {
	var values []*V
	for _, row := range t {
		if row.value != nil {
			values = append(values, row.value)
		}
	}
	return values
}

// store is what one node knows of users and groups.
type store struct {
	users    table[Identity, user]
	groups   table[string, group]
	profiles table[Identity, jsontext.Value]
}

func newStore() *store {
	return &store{users: table[Identity, user]{}, groups: table[string, group]{}, profiles: table[Identity, jsontext.Value]{}}
}

// sortedUsers returns all users by ID and domain.
func (st *store) sortedUsers() []*user {
	return slices.SortedFunc(slices.Values(st.users.values()), func(a, b *user) int { return a.compare(b.Identity) })
}

// sortedGroups returns all groups by name.
func (st *store) sortedGroups() []*group {
	var groups []*group
	for _, name := range slices.Sorted(maps.Keys(st.groups)) {
		if g := st.groups.get(name); g != nil {
			groups = append(groups, g)
		}
	}
	return groups
}

// substituteRoles replaces the roles that 8.0 does not have any more.
func (st *store) substituteRoles() {
	for id, row := range st.users {
		if row.value != nil {
			changed := *row.value
			changed.roles = substituted(changed.roles)
			st.users.put(id, row.stamp, &changed)
		}
	}
	for name, row := range st.groups {
		if row.value != nil {
			changed := *row.value
			changed.roles = substituted(changed.roles)
			st.groups.put(name, row.stamp, &changed)
		}
	}
}

// substituted returns the roles that 8.0 has in place of older ones.
func substituted(roles []role) []role {
	var result []role
	for _, r := range roles {
		switch r.name {
		case "security_admin_local":
			result = append(result, role{name: "security_admin"}, role{name: "user_admin_local"})
		case "security_admin_external":
			result = append(result, role{name: "security_admin"}, role{name: "user_admin_external"})
		case "ro_admin":
			result = append(result, r, role{name: "ro_security_admin"})
		default:
			result = append(result, r)
		}
	}
	return unique(result)
}

// stamp numbers a change.
func (s *Server) stamp() uint64 {
	s.stamps++
	return s.stamps
}

// putUser writes a user, or deletes it if u is nil.
func (n *Node) putUser(id Identity, u *user) {
	stamp := n.server.stamp()
	n.write(func(st *store) { st.users.put(id, stamp, u) })
}

// putGroup writes a group, or deletes it if g is nil.
func (n *Node) putGroup(name string, g *group) {
	stamp := n.server.stamp()
	n.write(func(st *store) { st.groups.put(name, stamp, g) })
}

// putProfile writes a profile, or deletes it if profile is nil.
func (n *Node) putProfile(id Identity, profile *jsontext.Value) {
	stamp := n.server.stamp()
	n.write(func(st *store) { st.profiles.put(id, stamp, profile) })
}
