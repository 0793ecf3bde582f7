package gocb

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/couchbase/gocb/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/couchbase"
)

// changed is when every password in the simulator was set.
var changed = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// start returns a simulated cluster with a bucket.
func start(tb testing.TB, opts couchbase.Options) *couchbase.Server {
	tb.Helper()
	opts.Now = func() time.Time { return changed }
	s := couchbase.New(opts)
	s.AddBucket("travel-sample", map[string][]string{"inventory": {"airline"}})
	s.Start()
	tb.Cleanup(s.Close)
	return s
}

// connect connects the SDK. It needs PLAIN, since the simulator has no SCRAM.
func connect(tb testing.TB, address string, opts gocb.ClusterOptions) *gocb.Cluster {
	tb.Helper()
	opts.SecurityConfig.AllowedSaslMechanisms = []gocb.SaslMechanism{gocb.PlainSaslMechanism}
	opts.AppTelemetryConfig.Disabled = true
	opts.TimeoutsConfig.ManagementTimeout = 20 * time.Second
	cluster, err := gocb.Connect(address, opts)
	require.NoError(tb, err)
	tb.Cleanup(func() { assert.NoError(tb, cluster.Close(nil)) })
	return cluster
}

// login connects the SDK with a name and a password.
func login(tb testing.TB, s *couchbase.Server, name, password string) *gocb.UserManager {
	tb.Helper()
	return connect(tb, s.ConnectionString(), gocb.ClusterOptions{
		Authenticator: gocb.PasswordAuthenticator{Username: name, Password: password},
	}).Users()
}

// admin connects the SDK as the administrator.
func admin(tb testing.TB, s *couchbase.Server) *gocb.UserManager {
	tb.Helper()
	return login(tb, s, "Administrator", "password")
}

func compareRoles(a, b gocb.Role) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.Scope, b.Scope),
		cmp.Compare(a.Collection, b.Collection))
}

// sorted brings what the server sends in any order into one order.
func sorted(u gocb.UserAndMetadata) gocb.UserAndMetadata {
	slices.SortFunc(u.Roles, compareRoles)
	slices.SortFunc(u.EffectiveRoles, func(a, b gocb.RoleAndOrigins) int { return compareRoles(a.Role, b.Role) })
	for _, r := range u.EffectiveRoles {
		slices.SortFunc(r.Origins, func(a, b gocb.Origin) int { return cmp.Compare(a.Type+a.Name, b.Type+b.Name) })
	}
	return u
}

// sortedGroup does the same for a group.
func sortedGroup(g gocb.Group) gocb.Group {
	slices.SortFunc(g.Roles, compareRoles)
	return g
}

// direct and of are the origins of roles.
var direct = gocb.Origin{Type: "user"}

func of(group string) gocb.Origin { return gocb.Origin{Type: "group", Name: group} }
