package couchbase_test

import (
	"fmt"
	"time"

	"github.com/usermgmt/usermgmt/internal/simulator"
	"github.com/usermgmt/usermgmt/internal/simulator/couchbase"
)

// given is the cluster that a recording was made with, where it is not the
// usual one, and what in the recording was cut short.
type given struct {
	options couchbase.Options
	seed    func(c cluster)
	// caller takes the place of the recorded credentials: some answers were
	// recorded with credentials that do not lead to them.
	caller auth
	// subset is set if the recorded list is a part of the real one.
	subset bool
	// without names the members that are not as they were on the wire.
	without []string
}

// The users of the recordings.
var (
	changed = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	jane    = couchbase.User{
		ID: "jane", Name: new("Jane Doe"), Password: "s3cretpw", UUID: "5f1d8f0e-0f0b-4a0c-9d59-6f2f3c7d1a11",
		Roles: []string{"data_reader[travel-sample]", "ro_admin"}, Groups: []string{"analysts"}, PasswordChanged: changed,
	}
	bare = couchbase.User{
		ID: "bare", Name: new(""), Password: "temp-pass", UUID: "0b1b6f38-0d3e-4f8e-a9b0-3c0a52a2f001",
		Locked: true, TemporaryPassword: true, PasswordChanged: changed.Add(time.Second),
	}
	joe = couchbase.User{ID: "ldap.joe", Domain: couchbase.External, Name: new("Joe"), UUID: "6a6b8e0f-4e0e-4c8e-8d0d-6a2a3c1d0002"}
)

// usual is the state that most recordings share.
func usual(c cluster) {
	c.SeedGroup(couchbase.Group{Name: "analysts", Description: new("Read everything"), Roles: []string{"query_select[*]", "ro_admin"}})
	c.SeedGroup(couchbase.Group{Name: "ops", Roles: []string{"admin"}})
	c.SeedUser(jane)
	c.SeedUser(bare)
	c.SeedUser(joe)
}

// then returns the usual state with something more.
func then(more func(c cluster)) func(c cluster) {
	return func(c cluster) {
		usual(c)
		more(c)
	}
}

// inject returns the usual state with a fault on the first node.
func inject(effect simulator.Effect) func(c cluster) {
	return then(func(c cluster) { c.Node(0).Inject(simulator.Fault{Times: 1, Effect: effect}) })
}

// numbered returns a state with the users u1 to u5, who are given roles.
func numbered(count int, roles ...string) func(c cluster) {
	return func(c cluster) {
		for i := range count {
			c.SeedUser(couchbase.User{
				ID: fmt.Sprintf("u%d", i+1), Name: new(""), Password: "secret", Roles: roles,
				UUID:            fmt.Sprintf("00000000-0000-4000-8000-0000000000%d0", i+1),
				PasswordChanged: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
			})
		}
	}
}

// special returns what recordings need that do not start from the usual state.
func special() map[string]given {
	version := func(v couchbase.Version) given { return given{options: couchbase.Options{Version: v}} }
	old := func(v couchbase.Version) given {
		g := version(v)
		g.seed = func(c cluster) { c.SeedUser(couchbase.User{ID: "jane", Password: "s3cretpw"}) }
		return g
	}
	return map[string]given{
		"ambiguous_put_retry":      {seed: inject(simulator.After(simulator.Drop))},
		"failover_get":             {seed: then(func(c cluster) { c.Node(0).Kill() })},
		"proxy_html_502":           {seed: inject(couchbase.BadGateway())},
		"rate_limited_72":          {seed: inject(couchbase.LimitExceeded("num_concurrent_requests"))},
		"server_error":             {seed: inject(couchbase.ServerError())},
		"upgrade_in_progress":      {seed: then(func(c cluster) { c.SetUpgrading(true) })},
		"service_unavailable_json": {seed: then(func(c cluster) { c.SetAuthenticationDown(true) })},

		"drop_user_missing_76": version(couchbase.V76),
		"patch_locked_on_76":   old(couchbase.V76),
		"put_locked_on_76":     old(couchbase.V76),
		"patch_on_70":          old(couchbase.V70),
		"groups_route_missing": old(couchbase.V60),
		"groups_on_community":  {options: couchbase.Options{Community: true}, seed: func(cluster) {}},

		// The administrator does not get these answers.
		"forbidden_read": {caller: auth{"reader", "secret"}, seed: then(func(c cluster) {
			c.SeedUser(couchbase.User{ID: "reader", Password: "secret", Roles: []string{"data_reader[*]"}})
		})},
		"forbidden_write_domain": {caller: auth{"elsewhere", "secret"}, seed: then(func(c cluster) {
			c.SeedUser(couchbase.User{ID: "elsewhere", Password: "secret", Roles: []string{"user_admin_external"}})
		})},
		"unauthenticated": {caller: auth{"Administrator", "wrong"}},

		"bearer_ok": {seed: func(c cluster) {
			c.AcceptToken("header.payload.signature", couchbase.Token{ID: "ldap.joe", Roles: []string{"admin"}})
		}},
		"bearer_rejected": {options: couchbase.Options{Version: couchbase.V81}, seed: func(c cluster) {
			c.RejectToken("header.payload.expired", "Token expired")
		}},
		"rbac_flags": {seed: func(c cluster) { c.SetMechanisms(couchbase.Mechanisms{LDAP: true}) }},
		"password_expired": {seed: then(func(c cluster) {
			free := bare
			free.Locked = false
			c.SeedUser(free)
		})},
		"whoami_local": {seed: then(func(c cluster) {
			alone := jane
			alone.Groups = nil
			c.SeedUser(alone)
		})},
		"update_preserves_lock": {seed: then(func(c cluster) {
			member := bare
			member.Groups, member.Roles = []string{"ops"}, []string{"bucket_admin[travel-sample]"}
			c.SeedUser(member)
		})},
		"get_group": {seed: then(func(c cluster) {
			c.SeedGroup(couchbase.Group{
				Name: "analysts", Description: new("Read everything"), Roles: []string{"query_select[*]", "ro_admin"},
				LDAPRef: new("cn=analysts,ou=groups,dc=example,dc=com"),
			})
		})},
		"get_all_groups": {seed: func(c cluster) {
			c.SeedGroup(couchbase.Group{Name: "analysts", Description: new("Read everything"), Roles: []string{"ro_admin"}})
			c.SeedGroup(couchbase.Group{Name: "ops"})
		}},
		"get_all_users_empty": {seed: func(cluster) {}},
		"get_all_users_external": {seed: then(func(c cluster) {
			c.SeedGroup(couchbase.Group{Name: "ops", Roles: []string{"admin"}, LDAPRef: new("cn=ops")})
			c.AddLDAPUser("ldap.joe", couchbase.LDAPUser{Groups: []string{"cn=ops"}})
		})},
		"lookup_ldap_user": {seed: then(func(c cluster) {
			member := joe
			member.Groups = []string{"ops"}
			c.SeedUser(member)
			c.SetMechanisms(couchbase.Mechanisms{LDAP: true})
			c.AddLDAPUser("ldap.joe", couchbase.LDAPUser{})
		})},
		"list_page_first":             {seed: numbered(5)},
		"list_pages_all_with_overlap": {seed: numbered(5)},
		"list_users_all_domains": {seed: func(c cluster) {
			numbered(1)(c)
			c.SeedUser(couchbase.User{ID: "u1", Domain: couchbase.External, UUID: "22222222-0000-4000-8000-000000000001"})
		}},
		// The roles that let the user be found were cut off the recording.
		"list_by_permission": {seed: numbered(1, "bucket_full_access[travel-sample]"), without: []string{"roles"}},
		// Only some of the roles were kept, with descriptions cut short.
		"get_roles":           {subset: true, without: []string{"desc"}},
		"roles_by_permission": {subset: true, without: []string{"desc"}},
		// The hashes were cut short, so that they are of no password.
		"backup_all": {without: []string{"auth"}, seed: func(c cluster) {
			c.SeedGroup(couchbase.Group{Name: "analysts", Description: new("Read everything"), Roles: []string{"ro_admin"}})
			c.SeedGroup(couchbase.Group{Name: "ops"})
			c.SeedUser(jane)
			member := joe
			member.Groups = []string{"ops"}
			c.SeedUser(member)
		}},
		"node_list": {seed: func(c cluster) {
			c.Node(0).Describe(couchbase.NodeInfo{Hostname: "10.0.0.1", Services: map[string]int{"mgmt": 8091, "mgmtSSL": 18091, "kv": 11210, "kvSSL": 11207}})
			c.Node(1).Describe(couchbase.NodeInfo{Hostname: "10.0.0.2", Services: map[string]int{"mgmt": 8091, "mgmtSSL": 18091}})
			c.SetRevision(1, 42)
		}},
	}
}
