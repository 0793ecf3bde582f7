package gocb

import (
	"fmt"
	"testing"

	"github.com/couchbase/gocb/v2"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
	"github.com/usermgmt/usermgmt/internal/simulator/couchbase"
)

// Every benchmark has one row for each library. The simulator is in the same
// process, so what it takes is in all rows alike.

// population returns a cluster with many users.
func population(b *testing.B, nodes, users int) *couchbase.Server {
	b.Helper()
	s := start(b, couchbase.Options{Nodes: nodes})
	for i := range users {
		s.SeedUser(couchbase.User{ID: fmt.Sprintf("user-%05d", i), Password: "secret", Roles: []string{"data_reader[travel-sample]", "ro_admin"}})
	}
	return s
}

// BenchmarkFirstCall connects, reads a user and closes. The SDK sometimes loses
// the first list of nodes to a race of its own and then waits 2.5 seconds for
// the next.
func BenchmarkFirstCall(b *testing.B) {
	s := population(b, 1, 1)
	b.Run("gocb", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			cluster, err := gocb.Connect(s.ConnectionString(), gocb.ClusterOptions{
				Authenticator:      gocb.PasswordAuthenticator{Username: "Administrator", Password: "password"},
				SecurityConfig:     gocb.SecurityConfig{AllowedSaslMechanisms: []gocb.SaslMechanism{gocb.PlainSaslMechanism}},
				AppTelemetryConfig: gocb.AppTelemetryConfig{Disabled: true},
			})
			require.NoError(b, err)
			_, err = cluster.Users().GetUser("user-00000", nil)
			require.NoError(b, err)
			require.NoError(b, cluster.Close(nil))
		}
	})
	b.Run("usermgmt", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			client, err := usermgmt.New(usermgmt.Couchbase(s.Node(0).URL()), usermgmt.WithCredentials(usermgmt.Password("Administrator", "password")))
			require.NoError(b, err)
			_, err = client.GetUser(b.Context(), usermgmt.GetUserRequest{Name: "user-00000"})
			require.NoError(b, err)
			require.NoError(b, client.Close())
		}
	})
}

// client returns a client that has made its first call and knows the nodes.
func client(b *testing.B, s *couchbase.Server) *usermgmt.Client {
	b.Helper()
	c, err := usermgmt.New(usermgmt.Couchbase(s.Node(0).URL()), usermgmt.WithCredentials(usermgmt.Password("Administrator", "password")))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, c.Close()) })
	extension, ok := usermgmt.As[*usermgmt.CouchbaseExtension](c)
	require.True(b, ok)
	require.NoError(b, extension.WaitVisible(b.Context(), "user-00000", usermgmt.CouchbaseLocal))
	return c
}

// getUserAgain reads one user again and again.
func getUserAgain(b *testing.B, c *usermgmt.Client) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		_, err := c.GetUser(b.Context(), usermgmt.GetUserRequest{Name: "user-00000"})
		require.NoError(b, err)
	}
}

// BenchmarkGetUser reads one user on an open connection.
func BenchmarkGetUser(b *testing.B) {
	s := population(b, 1, 1)
	b.Run("gocb", func(b *testing.B) { getUser(b, admin(b, s)) })
	b.Run("usermgmt", func(b *testing.B) { getUserAgain(b, client(b, s)) })
}

// getUser reads one user again and again, after a first time that connects.
func getUser(b *testing.B, users *gocb.UserManager) {
	b.Helper()
	_, err := users.GetUser("user-00000", nil)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		_, err := users.GetUser("user-00000", nil)
		require.NoError(b, err)
	}
}

// BenchmarkUpsertUser writes one user over and over.
func BenchmarkUpsertUser(b *testing.B) {
	s := population(b, 1, 1)
	b.Run("gocb", func(b *testing.B) {
		users := admin(b, s)
		u := gocb.User{
			Username: "user-00000", DisplayName: "User", Password: "secret",
			Roles: []gocb.Role{{Name: "data_reader", Bucket: "travel-sample"}, {Name: "ro_admin"}},
		}
		require.NoError(b, users.UpsertUser(u, nil))
		b.ReportAllocs()
		for b.Loop() {
			require.NoError(b, users.UpsertUser(u, nil))
		}
	})
	b.Run("usermgmt", func(b *testing.B) {
		extension, ok := usermgmt.As[*usermgmt.CouchbaseExtension](client(b, s))
		require.True(b, ok)
		u := usermgmt.CouchbaseUpsertUser{
			Name: "user-00000", DisplayName: "User", Password: usermgmt.NewSecret("secret"),
			Roles: []usermgmt.Role{{Name: "data_reader", Scope: "travel-sample"}, {Name: "ro_admin"}},
		}
		b.ReportAllocs()
		for b.Loop() {
			require.NoError(b, extension.UpsertUser(b.Context(), u))
		}
	})
}

// BenchmarkList10000Users reads all users.
func BenchmarkList10000Users(b *testing.B) {
	s := population(b, 1, 10_000)
	b.Run("gocb", func(b *testing.B) {
		users := admin(b, s)
		b.ReportAllocs()
		for b.Loop() {
			all, err := users.GetAllUsers(nil)
			require.NoError(b, err)
			require.Len(b, all, 10_000)
		}
	})
	b.Run("usermgmt", func(b *testing.B) {
		c := client(b, s)
		b.ReportAllocs()
		for b.Loop() {
			all, err := usermgmt.Collect(c.ListUsers(b.Context(), usermgmt.ListUsersRequest{}))
			require.NoError(b, err)
			require.Len(b, all, 10_000)
		}
	})
}

// BenchmarkGetUserOneOfTwoNodesDead reads one user of a cluster that lost the
// API of a node after the client had connected.
func BenchmarkGetUserOneOfTwoNodesDead(b *testing.B) {
	s := population(b, 2, 1)
	b.Run("gocb", func(b *testing.B) {
		users := admin(b, s)
		_, err := users.GetUser("user-00000", nil)
		require.NoError(b, err)
		s.Node(1).KillManagement()
		b.Cleanup(s.Node(1).Restart)
		getUser(b, users)
	})
	b.Run("usermgmt", func(b *testing.B) {
		c := client(b, s)
		s.Node(0).Kill() // the one that it asks
		b.Cleanup(s.Node(0).Restart)
		getUserAgain(b, c)
	})
}
