package usermgmt_test

import (
	"context"
	"crypto/tls"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
	"github.com/usermgmt/usermgmt/internal/simulator"
	cbsim "github.com/usermgmt/usermgmt/internal/simulator/couchbase"
)

// startCluster starts a simulated cluster and returns a client of its first
// node.
func startCluster(t *testing.T, options cbsim.Options, choice ...usermgmt.CouchbaseOption) (*cbsim.Server, *usermgmt.Client) {
	t.Helper()
	sim := cbsim.New(options)
	sim.AddBucket("travel", map[string][]string{"inventory": {"airline"}})
	sim.Start()
	t.Cleanup(sim.Close)
	client, err := usermgmt.New(usermgmt.Couchbase(sim.Node(0).URL(), choice...),
		usermgmt.WithCredentials(usermgmt.Password("Administrator", "password")),
		usermgmt.WithRetry(usermgmt.RetryPolicy{MinWait: time.Millisecond, MaxWait: 10 * time.Millisecond}))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return sim, client
}

func createUser(t *testing.T, m usermgmt.UserManager, name string, extension usermgmt.UserExtension) {
	t.Helper()
	_, err := m.CreateUser(t.Context(), usermgmt.CreateUserRequest{
		Name: name, Credential: usermgmt.Password("", "s3cretpw"), DisplayName: "Somebody", Extension: extension,
	})
	require.NoError(t, err)
}

// TestCouchbaseCommunity: what the free edition lacks fails as unsupported, and
// the rest works.
func TestCouchbaseCommunity(t *testing.T) {
	t.Parallel()
	_, client := startCluster(t, cbsim.Options{Community: true}, usermgmt.CouchbaseSeedsOnly())
	ctx := t.Context()
	createUser(t, client, "alice", nil)
	user, err := client.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: "alice", DisplayName: new("Alice"), SetRoles: &[]usermgmt.Role{{Name: "ro_admin"}}})
	require.NoError(t, err, "the server shows flags that it does not take back")
	assert.Equal(t, "Alice", user.DisplayName)
	require.NoError(t, client.GrantRoles(ctx, usermgmt.GrantRolesRequest{User: "alice", Roles: []usermgmt.Role{{Name: "bucket_full_access", Scope: "travel"}}}))
	require.NoError(t, client.SetPassword(ctx, usermgmt.SetPasswordRequest{Name: "alice", Password: usermgmt.NewSecret("s3cretpw-2")}))
	require.ErrorIs(t, client.GrantRoles(ctx, usermgmt.GrantRolesRequest{User: "alice", Roles: usermgmt.Roles("cluster_admin")}), usermgmt.ErrNotFound)
	require.ErrorIs(t, client.DisableUser(ctx, usermgmt.DisableUserRequest{Name: "alice"}), usermgmt.ErrUnsupported)
	assert.Equal(t, usermgmt.SupportNo, client.Capabilities().Of(usermgmt.CapCreateGroup), "what the cluster is was asked for")
	_, err = client.CreateUser(ctx, usermgmt.CreateUserRequest{Name: "joe", Extension: usermgmt.CouchbaseUser{Domain: usermgmt.CouchbaseExternal}})
	require.ErrorIs(t, err, usermgmt.ErrUnsupported)
	for i := range 19 {
		createUser(t, client, "user"+string(rune('a'+i)), nil)
	}
	_, err = client.CreateUser(ctx, usermgmt.CreateUserRequest{Name: "one-too-many", Credential: usermgmt.Password("", "s3cretpw")})
	require.ErrorIs(t, err, usermgmt.ErrUnsupported)
}

// TestCouchbaseKeepsWhatItDoesNotChange: no update unlocks a user, lets it keep
// a password that is to be changed, or makes inherited roles its own.
func TestCouchbaseKeepsWhatItDoesNotChange(t *testing.T) {
	t.Parallel()
	sim, client := startCluster(t, cbsim.Options{}, usermgmt.CouchbaseSeedsOnly())
	sim.SeedGroup(cbsim.Group{Name: "ops", Roles: []string{"cluster_admin"}})
	sim.SeedGroup(cbsim.Group{Name: "dev"})
	sim.SeedUser(cbsim.User{
		ID: "alice", Name: new("Alice"), Password: "s3cretpw", Locked: true, TemporaryPassword: true, Groups: []string{"ops"},
		Roles: []string{"ro_admin", "data_reader[travel:inventory]", "query_select[*]"},
	})
	ctx := t.Context()
	_, err := client.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: "alice", DisplayName: new("Zoë")})
	require.NoError(t, err)
	_, err = client.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: "alice", Credential: usermgmt.Password("", "another-pw")})
	require.NoError(t, err)
	require.NoError(t, client.GrantRoles(ctx, usermgmt.GrantRolesRequest{User: "alice", Roles: []usermgmt.Role{{Name: "data_writer", Scope: "travel:inventory:airline"}}}))
	require.NoError(t, client.RevokeRoles(ctx, usermgmt.RevokeRolesRequest{User: "alice", Roles: []usermgmt.Role{{Name: "query_select", Scope: "*"}}}))
	require.NoError(t, client.AddGroupMember(ctx, usermgmt.AddGroupMemberRequest{Group: "dev", User: "alice"}))
	got, _ := sim.Node(0).User(cbsim.Local, "alice")
	assert.ElementsMatch(t, []string{"ro_admin", "data_reader[travel:inventory]", "data_writer[travel:inventory:airline]"}, got.Roles)
	assert.Equal(t, []string{"ops", "dev"}, got.Groups)
	assert.Equal(t, "Zoë", *got.Name)
	assert.True(t, got.Locked)
	assert.True(t, got.TemporaryPassword)
	assert.True(t, sim.Node(0).CheckPassword("alice", "another-pw"))
}

// TestCouchbaseFailsOver: a node that dies costs one call and not each, and
// the others are found without being named.
func TestCouchbaseFailsOver(t *testing.T) {
	t.Parallel()
	sim, client := startCluster(t, cbsim.Options{Nodes: 3})
	createUser(t, client, "alice", nil)
	extension := cluster(t, client)
	require.NoError(t, extension.WaitVisible(t.Context(), "alice", ""), "which also asks for the list of nodes")

	sim.Node(0).Kill()
	for range 20 {
		_, err := client.GetUser(t.Context(), usermgmt.GetUserRequest{Name: "alice"})
		require.NoError(t, err)
	}
	_, err := client.UpdateUser(t.Context(), usermgmt.UpdateUserRequest{Name: "alice", DisplayName: new("Alice")})
	require.NoError(t, err)
	served := 0
	for _, node := range sim.Nodes()[1:] {
		if node.Count() > 10 {
			served++
		}
	}
	assert.Equal(t, 1, served, "one node serves")
}

// TestCouchbaseReadsItsWrites: one node is asked for all, so what was written
// is there, however late the others are.
func TestCouchbaseReadsItsWrites(t *testing.T) {
	t.Parallel()
	sim, client := startCluster(t, cbsim.Options{Nodes: 2})
	sim.Node(1).Hold()
	createUser(t, client, "alice", nil)
	for range 10 {
		_, err := client.GetUser(t.Context(), usermgmt.GetUserRequest{Name: "alice"})
		require.NoError(t, err)
	}
	waiting, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, cluster(t, client).WaitVisible(waiting, "alice", usermgmt.CouchbaseLocal), context.DeadlineExceeded)
	sim.Node(1).CatchUp()
	require.NoError(t, cluster(t, client).WaitVisible(t.Context(), "alice", usermgmt.CouchbaseLocal))
	sim.Node(1).Kill()
	require.NoError(t, cluster(t, client).WaitVisible(t.Context(), "alice", usermgmt.CouchbaseLocal), "a node that is down serves nobody")
	sim.Node(0).Kill()
	require.ErrorIs(t, cluster(t, client).WaitVisible(t.Context(), "alice", usermgmt.CouchbaseLocal), usermgmt.ErrUnavailable)
}

// TestCouchbaseDomains: a name can stand for two users.
func TestCouchbaseDomains(t *testing.T) {
	t.Parallel()
	_, client := startCluster(t, cbsim.Options{}, usermgmt.CouchbaseSeedsOnly())
	external := usermgmt.CouchbaseUser{Domain: usermgmt.CouchbaseExternal}
	createUser(t, client, "alice", nil)
	_, err := client.CreateUser(t.Context(), usermgmt.CreateUserRequest{Name: "alice", Roles: usermgmt.Roles("ro_admin"), Extension: external})
	require.NoError(t, err)
	all, err := usermgmt.Collect(client.ListUsers(t.Context(), usermgmt.ListUsersRequest{Extension: usermgmt.CouchbaseUserList{Domain: usermgmt.CouchbaseAllDomains, PageSize: 2}}))
	require.NoError(t, err)
	assert.Len(t, all, 2)
	require.NoError(t, client.DeleteUser(t.Context(), usermgmt.DeleteUserRequest{Name: "alice", Extension: external}))
	local, err := client.GetUser(t.Context(), usermgmt.GetUserRequest{Name: "alice"})
	require.NoError(t, err)
	assert.Equal(t, "local", local.Domain)
	assert.Empty(t, local.Roles)
}

// TestCouchbaseLogins: certificates, tokens and passwords that must be changed.
func TestCouchbaseLogins(t *testing.T) {
	t.Parallel()
	sim, client := startCluster(t, cbsim.Options{}, usermgmt.CouchbaseSeedsOnly())
	sim.AcceptToken("a.jwt.token", cbsim.Token{ID: "robot", Roles: []string{"admin"}})
	createUser(t, client, "alice", usermgmt.CouchbaseUser{MustChangePassword: new(true)})
	as := func(credential usermgmt.Credential) *usermgmt.Client {
		other, err := usermgmt.New(usermgmt.Couchbase(sim.Node(0).URL(), usermgmt.CouchbaseSeedsOnly()), usermgmt.WithCredentials(credential))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, other.Close()) })
		return other
	}
	robot := as(usermgmt.BearerToken("a.jwt.token"))
	me, err := robot.CurrentUser(t.Context())
	require.NoError(t, err)
	assert.Equal(t, usermgmt.User{Name: "robot", Domain: "external", EffectiveRoles: usermgmt.Roles("admin")}, me)
	require.ErrorIs(t, as(usermgmt.BearerToken("forged")).Ping(t.Context()), usermgmt.ErrUnauthenticated)

	alice := as(usermgmt.Password("alice", "s3cretpw"))
	_, err = alice.GetUser(t.Context(), usermgmt.GetUserRequest{Name: "alice"})
	var e *usermgmt.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "passwordExpired", e.Code)
	require.NoError(t, cluster(t, alice).ChangePassword(t.Context(), usermgmt.NewSecret("a-better-one")))
	require.ErrorIs(t, alice.Ping(t.Context()), usermgmt.ErrUnauthenticated, "the old password is void")
	_, err = as(usermgmt.Password("alice", "a-better-one")).CurrentUser(t.Context())
	require.NoError(t, err)
}

// TestCouchbaseTLS: a private authority, and credentials that stay off the
// plain port.
func TestCouchbaseTLS(t *testing.T) {
	t.Parallel()
	sim := cbsim.New(cbsim.Options{Nodes: 2})
	sim.StartTLS(nil)
	t.Cleanup(sim.Close)
	client, err := usermgmt.New(usermgmt.Couchbase(sim.Node(0).TLSURL()),
		usermgmt.WithCredentials(usermgmt.Password("Administrator", "password")),
		usermgmt.WithTLSConfig(&tls.Config{RootCAs: sim.CertPool(), MinVersion: tls.VersionTLS12}))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	createUser(t, client, "alice", nil)
	require.NoError(t, cluster(t, client).WaitVisible(t.Context(), "alice", ""))
	for _, node := range sim.Nodes() {
		for _, r := range node.Requests() {
			assert.NotEmpty(t, r.Header.Get("Authorization"))
		}
	}
	assert.True(t, strings.HasPrefix(cluster(t, client).DataConnection().ConnectionString, "couchbases://"))
}

// TestCouchbaseNotAllowed: who lacks a permission is told which.
func TestCouchbaseNotAllowed(t *testing.T) {
	t.Parallel()
	sim, _ := startCluster(t, cbsim.Options{}, usermgmt.CouchbaseSeedsOnly())
	sim.SeedUser(cbsim.User{ID: "reader", Password: "s3cretpw", Roles: []string{"ro_admin"}})
	client, err := usermgmt.New(usermgmt.Couchbase(sim.Node(0).URL(), usermgmt.CouchbaseSeedsOnly()), usermgmt.WithCredentials(usermgmt.Password("reader", "s3cretpw")))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	err = client.DeleteUser(t.Context(), usermgmt.DeleteUserRequest{Name: "reader"})
	var e *usermgmt.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, usermgmt.ErrPermissionDenied, e.Kind)
	assert.Equal(t, []string{"cluster.admin.users!write"}, e.Permissions)
}

// TestCouchbaseUpgrade: a write that the server refuses for a while was not
// carried out.
func TestCouchbaseUpgrade(t *testing.T) {
	t.Parallel()
	sim, client := startCluster(t, cbsim.Options{}, usermgmt.CouchbaseSeedsOnly())
	sim.Node(0).Inject(simulator.Fault{
		Match: func(r *http.Request) bool { return r.Method == http.MethodPut }, Times: 1,
		Effect: simulator.Answer(http.StatusServiceUnavailable, http.Header{"Content-Type": {"text/plain"}}, "Not allowed during cluster upgrade."),
	})
	createUser(t, client, "alice", nil) // the second attempt is let through
	sim.SetUpgrading(true)
	err := client.DeleteUser(t.Context(), usermgmt.DeleteUserRequest{Name: "alice"})
	var e *usermgmt.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, usermgmt.ErrUnavailable, e.Kind)
	assert.False(t, e.Ambiguous)
}

// TestCouchbaseDeletedStaysDeleted: an update that is under way does not bring
// back what is deleted meanwhile.
func TestCouchbaseDeletedStaysDeleted(t *testing.T) {
	t.Parallel()
	sim, client := startCluster(t, cbsim.Options{}, usermgmt.CouchbaseSeedsOnly())
	external := usermgmt.CouchbaseUser{Domain: usermgmt.CouchbaseExternal}
	sim.SeedUser(cbsim.User{ID: "joe", Domain: cbsim.External})
	sim.SeedGroup(cbsim.Group{Name: "ops"})
	updates := map[string]func() error{
		"user": func() error {
			_, err := client.UpdateUser(t.Context(), usermgmt.UpdateUserRequest{Name: "joe", DisplayName: new("Joe"), Extension: external})
			return err
		},
		"group": func() error {
			_, err := client.UpdateGroup(t.Context(), usermgmt.UpdateGroupRequest{Name: "ops", Description: new("Operators")})
			return err
		},
	}
	deletes := map[string]func() error{
		"user": func() error {
			return client.DeleteUser(t.Context(), usermgmt.DeleteUserRequest{Name: "joe", Extension: external})
		},
		"group": func() error { return client.DeleteGroup(t.Context(), usermgmt.DeleteGroupRequest{Name: "ops"}) },
	}
	for name, update := range updates {
		deleted := make(chan error, 1)
		sim.Node(0).Inject(simulator.Fault{
			Match: func(r *http.Request) bool { return r.Method == http.MethodPut }, Times: 1,
			Effect: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				go func() { deleted <- deletes[name]() }()
				select { // a delete that does not wait for the update gets there first
				case err := <-deleted:
					deleted <- err
				case <-time.After(50 * time.Millisecond):
				}
				next.ServeHTTP(w, r)
			},
		})
		require.NoError(t, update(), name)
		require.NoError(t, <-deleted, name)
	}
	assert.Empty(t, sim.Node(0).Identities())
	_, exists := sim.Node(0).Group("ops")
	assert.False(t, exists)
}

// TestCouchbaseUpdateIsReadBackFirst: a delete that waits for an update does not
// come before the update has read what it returns.
func TestCouchbaseUpdateIsReadBackFirst(t *testing.T) {
	t.Parallel()
	sim, client := startCluster(t, cbsim.Options{}, usermgmt.CouchbaseSeedsOnly())
	createUser(t, client, "alice", nil)
	var written atomic.Bool
	deleted := make(chan error, 1)
	sim.Node(0).Inject(simulator.Fault{
		Match: func(r *http.Request) bool {
			if r.Method == http.MethodPut {
				written.Store(true)
			}
			return r.Method == http.MethodGet && written.Load()
		},
		Times: 1,
		Effect: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			go func() { deleted <- client.DeleteUser(t.Context(), usermgmt.DeleteUserRequest{Name: "alice"}) }()
			select { // a delete that does not wait gets there first
			case err := <-deleted:
				deleted <- err
			case <-time.After(50 * time.Millisecond):
			}
			next.ServeHTTP(w, r)
		},
	})
	user, err := client.UpdateUser(t.Context(), usermgmt.UpdateUserRequest{Name: "alice", DisplayName: new("Alice")})
	require.NoError(t, err)
	assert.Equal(t, "Alice", user.DisplayName)
	require.NoError(t, <-deleted)
}
