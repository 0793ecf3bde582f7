package gocb

import (
	"testing"

	"github.com/couchbase/gocb/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/couchbase"
)

// TestNodes loses the API of one of two nodes. The SDK takes a node at random
// for every attempt, so it meets the dead one again and again. The key-value
// port stays: the SDK crashes if it loses a connection while it sets it up.
func TestNodes(t *testing.T) {
	t.Parallel()
	s := start(t, couchbase.Options{Nodes: 2})
	users := admin(t, s)
	require.NoError(t, users.UpsertUser(gocb.User{Username: "jane", Password: "secret"}, nil))
	s.Node(0).KillManagement()
	for range 10 {
		_, err := users.GetUser("jane", nil)
		require.NoError(t, err)
		require.NoError(t, users.UpsertUser(gocb.User{Username: "jane", DisplayName: "Jane"}, nil))
	}
	got, ok := s.Node(0).User(couchbase.Local, "jane")
	require.True(t, ok)
	assert.Equal(t, "Jane", *got.Name)
}

// TestReplication reads what another node does not know yet.
func TestReplication(t *testing.T) {
	t.Parallel()
	s := start(t, couchbase.Options{Nodes: 2})
	users := admin(t, s)
	s.Node(1).Hold()
	s.Node(0).Hold()
	require.NoError(t, users.UpsertUser(gocb.User{Username: "jane", Password: "secret"}, nil))
	seen, unseen := 0, 0
	for seen == 0 || unseen == 0 { // every attempt goes to a node at random
		_, err := users.GetUser("jane", nil)
		if err == nil {
			seen++
			continue
		}
		require.ErrorIs(t, err, gocb.ErrUserNotFound)
		unseen++
	}
	s.Node(0).CatchUp()
	s.Node(1).CatchUp()
	for range 10 {
		_, err := users.GetUser("jane", nil)
		require.NoError(t, err)
	}
}

// TestTLS finds the nodes and manages users over TLS.
func TestTLS(t *testing.T) {
	t.Parallel()
	s := couchbase.New(couchbase.Options{})
	s.StartTLS(nil)
	t.Cleanup(s.Close)
	users := connect(t, s.TLSConnectionString(), gocb.ClusterOptions{
		Authenticator:  gocb.PasswordAuthenticator{Username: "Administrator", Password: "password"},
		SecurityConfig: gocb.SecurityConfig{TLSRootCAs: s.CertPool()},
	}).Users()
	require.NoError(t, users.UpsertUser(gocb.User{Username: "jane", Password: "secret"}, nil))
	assert.Equal(t, []couchbase.Identity{{ID: "jane", Domain: couchbase.Local}}, s.Node(0).Identities())
	for _, r := range s.Node(0).Requests() {
		assert.Equal(t, "/settings/rbac/users/local/jane", r.Path)
	}
}
