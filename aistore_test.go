package usermgmt_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
	simulator "github.com/usermgmt/usermgmt/internal/simulator/aistore"
)

// newAuthN returns a simulated server and a client of it.
func newAuthN(t *testing.T, opts simulator.Options) (*simulator.Server, *httptest.Server, *usermgmt.Client) {
	t.Helper()
	opts.AdminPassword = "opensesame"
	if opts.NewKey == nil && opts.Secret == "" {
		opts.Secret = "signing secret"
	}
	authn := simulator.New(opts)
	server := httptest.NewServer(authn)
	client, err := usermgmt.New(usermgmt.AIStore(server.URL), usermgmt.WithCredentials(usermgmt.Password("admin", "opensesame")))
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, client.Close())
		server.Close()
		authn.Close()
	})
	return authn, server, client
}

func extensionOf(t *testing.T, m usermgmt.UserManager) *usermgmt.AIStoreExtension {
	t.Helper()
	ext, ok := usermgmt.As[*usermgmt.AIStoreExtension](m)
	require.True(t, ok)
	return ext
}

func TestAIStoreRolePermissions(t *testing.T) {
	t.Parallel()
	_, _, client := newAuthN(t, simulator.Options{})
	ext, ctx := extensionOf(t, client), t.Context()
	require.NoError(t, ext.RegisterCluster(ctx, usermgmt.AIStoreCluster{ID: "c1", Alias: "prod"}))

	created, err := client.CreateRole(ctx, usermgmt.CreateRoleRequest{
		Name: "mixed", Description: "of many things",
		Extension: usermgmt.AIStoreRole{
			Clusters: []usermgmt.AIStoreClusterPermissions{
				{Alias: "prod", Permissions: usermgmt.AIStoreReadOnly}, {ID: "c2", Permissions: usermgmt.AIStoreAllPermissions}, {Permissions: 0},
			},
			Buckets: []usermgmt.AIStoreBucketPermissions{
				{Bucket: usermgmt.AIStoreBucket{Name: "logs", ClusterID: "c1"}, Permissions: usermgmt.AIStoreReadWrite | 1<<40},
				{Bucket: usermgmt.AIStoreBucket{Name: "b", Provider: "aws", Namespace: "ns"}, Permissions: usermgmt.AIStoreAdmin},
			},
		},
	})
	require.NoError(t, err)
	assert.Equal(t, usermgmt.RoleDefinition{Name: "mixed", Description: "of many things"}, created)

	got, err := ext.GetRole(ctx, "mixed")
	require.NoError(t, err)
	assert.Equal(t, usermgmt.AIStoreRoleDefinition{
		RoleDefinition: created,
		AIStoreRole: usermgmt.AIStoreRole{
			Clusters: []usermgmt.AIStoreClusterPermissions{
				{ID: "c1", Alias: "prod", Permissions: usermgmt.AIStoreReadOnly}, {ID: "c2", Permissions: usermgmt.AIStoreAllPermissions}, {},
			},
			Buckets: []usermgmt.AIStoreBucketPermissions{
				{Bucket: usermgmt.AIStoreBucket{Name: "logs", Provider: "ais", ClusterID: "c1"}, Permissions: usermgmt.AIStoreReadWrite | 1<<40},
				{Bucket: usermgmt.AIStoreBucket{Name: "b", Provider: "aws", Namespace: "ns"}, Permissions: usermgmt.AIStoreAdmin},
			},
		},
	}, got, "bits without a name survive")

	_, err = client.UpdateRole(ctx, usermgmt.UpdateRoleRequest{Name: "mixed", Extension: usermgmt.AIStoreRole{
		Clusters: []usermgmt.AIStoreClusterPermissions{{ID: "c2"}},
	}})
	require.NoError(t, err)
	got, err = ext.GetRole(ctx, "mixed")
	require.NoError(t, err)
	assert.Equal(t, "of many things", got.Description)
	assert.Equal(t, []usermgmt.AIStoreClusterPermissions{{ID: "c1", Alias: "prod", Permissions: usermgmt.AIStoreReadOnly}, {ID: "c2"}, {}}, got.Clusters)
	assert.Len(t, got.Buckets, 2)

	_, err = client.UpdateRole(ctx, usermgmt.UpdateRoleRequest{Name: "mixed", Description: new("")})
	require.ErrorIs(t, err, usermgmt.ErrInvalidArgument, "AuthN cannot clear a description")

	_, err = client.CreateRole(ctx, usermgmt.CreateRoleRequest{Name: "lost", Extension: usermgmt.AIStoreRole{
		Clusters: []usermgmt.AIStoreClusterPermissions{{Alias: "nowhere"}},
	}})
	require.ErrorIs(t, err, usermgmt.ErrNotFound)
	var e *usermgmt.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "cluster", e.Resource)
	assert.Equal(t, "nowhere", e.Name)

	var names []string
	for role, err := range ext.ListRoles(ctx) {
		require.NoError(t, err)
		names = append(names, role.Name)
	}
	assert.Equal(t, []string{"Admin", "BucketOwner-prod", "ClusterOwner-prod", "Guest-prod", "mixed"}, names)
	for role := range ext.ListRoles(ctx) {
		assert.True(t, role.Admin)
		assert.True(t, role.BuiltIn)
		break
	}
}

func TestAIStorePermissionNames(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 771, int(usermgmt.AIStoreReadOnly))
	assert.Equal(t, 831, int(usermgmt.AIStoreReadWrite))
	assert.Equal(t, 131072, int(usermgmt.AIStoreAdmin))
	assert.Equal(t, "ro", usermgmt.AIStoreReadOnly.String())
	assert.Equal(t, "su", usermgmt.AIStoreAllPermissions.String())
	assert.Equal(t, "GET,LIST-BUCKETS", (usermgmt.AIStoreGetObject | usermgmt.AIStoreListBuckets).String())
}

func TestAIStoreClusters(t *testing.T) {
	t.Parallel()
	_, _, client := newAuthN(t, simulator.Options{})
	ext, ctx := extensionOf(t, client), t.Context()

	clusters, err := ext.ListClusters(ctx)
	require.NoError(t, err)
	assert.Nil(t, clusters)

	prod, lab := usermgmt.AIStoreCluster{ID: "c2", Alias: "prod"}, usermgmt.AIStoreCluster{ID: "c1"}
	require.NoError(t, ext.RegisterCluster(ctx, prod))
	require.NoError(t, ext.RegisterCluster(ctx, lab))
	require.ErrorIs(t, ext.RegisterCluster(ctx, usermgmt.AIStoreCluster{ID: "c3", Alias: "prod"}), usermgmt.ErrAlreadyExists)
	clusters, err = ext.ListClusters(ctx)
	require.NoError(t, err)
	assert.Equal(t, []usermgmt.AIStoreCluster{lab, prod}, clusters)

	require.NoError(t, ext.UpdateCluster(ctx, usermgmt.AIStoreCluster{ID: "c2", Alias: "main"}))
	got, err := ext.GetCluster(ctx, "main")
	require.NoError(t, err)
	assert.Equal(t, usermgmt.AIStoreCluster{ID: "c2", Alias: "main"}, got)
	require.ErrorIs(t, ext.UpdateCluster(ctx, usermgmt.AIStoreCluster{ID: "main"}), usermgmt.ErrNotFound, "an alias is no ID")

	require.NoError(t, ext.UnregisterCluster(ctx, "main"))
	_, err = ext.GetCluster(ctx, "main")
	require.ErrorIs(t, err, usermgmt.ErrNotFound)
	_, err = ext.GetCluster(ctx, "")
	require.ErrorIs(t, err, usermgmt.ErrInvalidArgument)
	require.ErrorIs(t, ext.RegisterCluster(ctx, usermgmt.AIStoreCluster{ID: "a/b"}), usermgmt.ErrInvalidArgument)
}

func TestAIStoreClusterUsers(t *testing.T) {
	t.Parallel()
	authn, _, client := newAuthN(t, simulator.Options{})
	ext, ctx := extensionOf(t, client), t.Context()
	authn.SeedCluster(simulator.Cluster{ID: "c1", Alias: "prod"})
	grants := map[string]usermgmt.AIStoreRole{
		"byID":     {Clusters: []usermgmt.AIStoreClusterPermissions{{ID: "c1", Permissions: usermgmt.AIStoreReadOnly}}},
		"byAlias":  {Clusters: []usermgmt.AIStoreClusterPermissions{{ID: "prod", Permissions: usermgmt.AIStoreReadOnly}}},
		"byBucket": {Buckets: []usermgmt.AIStoreBucketPermissions{{Bucket: usermgmt.AIStoreBucket{Name: "b", ClusterID: "c1"}, Permissions: 1}}},
		"anywhere": {Clusters: []usermgmt.AIStoreClusterPermissions{{Permissions: usermgmt.AIStoreReadOnly}}},
		"not-here": {Clusters: []usermgmt.AIStoreClusterPermissions{{Permissions: usermgmt.AIStoreReadOnly}, {ID: "c1"}}},
		"other":    {Clusters: []usermgmt.AIStoreClusterPermissions{{ID: "c2", Permissions: usermgmt.AIStoreReadOnly}}},
		"nothing":  {Clusters: []usermgmt.AIStoreClusterPermissions{{ID: "c1"}}, Buckets: []usermgmt.AIStoreBucketPermissions{{Bucket: usermgmt.AIStoreBucket{Name: "b", ClusterID: "c1"}}}},
	}
	for name, permits := range grants {
		_, err := client.CreateRole(ctx, usermgmt.CreateRoleRequest{Name: name, Extension: permits})
		require.NoError(t, err)
		authn.SeedUser("user-"+name, "pw", name)
	}
	var names []string
	for user, err := range ext.ClusterUsers(ctx, "prod") {
		require.NoError(t, err)
		names = append(names, user.Name)
	}
	assert.ElementsMatch(t, []string{"admin", "user-byID", "user-byAlias", "user-byBucket", "user-anywhere"}, names)
	for range ext.ClusterUsers(ctx, "c1") {
		break
	}
	_, err := usermgmt.Collect(ext.ClusterUsers(ctx, "nowhere"))
	require.ErrorIs(t, err, usermgmt.ErrNotFound)
	_, err = usermgmt.Collect(ext.ClusterUsers(ctx, ".."))
	require.ErrorIs(t, err, usermgmt.ErrInvalidArgument)
}

func TestAIStoreTokens(t *testing.T) {
	t.Parallel()
	authn, server, client := newAuthN(t, simulator.Options{})
	ext, ctx := extensionOf(t, client), t.Context()
	authn.SeedUser("alice", "wonderland")

	token, err := ext.IssueToken(ctx, usermgmt.AIStoreTokenRequest{Username: "alice", Password: usermgmt.NewSecret("wonderland"), Lifetime: new(time.Hour)})
	require.NoError(t, err)
	assert.Equal(t, "alice", token.Username)
	assert.False(t, token.Admin)
	assert.Equal(t, time.Hour, token.ExpiresAt.Sub(token.IssuedAt))

	asAlice, err := usermgmt.Open(ctx, "aistore+"+server.URL, usermgmt.WithCredentials(usermgmt.BearerToken(token.Token.Reveal())))
	require.NoError(t, err)
	me, err := asAlice.CurrentUser(ctx)
	require.NoError(t, err)
	assert.Equal(t, "alice", me.Name)
	_, err = asAlice.GetUser(ctx, usermgmt.GetUserRequest{Name: "admin"})
	require.ErrorIs(t, err, usermgmt.ErrPermissionDenied)

	require.NoError(t, ext.RevokeToken(ctx, token.Token))
	require.NoError(t, ext.RevokeToken(ctx, token.Token), "revoking again does nothing")
	_, err = asAlice.CurrentUser(ctx)
	require.ErrorIs(t, err, usermgmt.ErrUnauthenticated)
	assert.NotContains(t, err.Error(), token.Token.Reveal())
	require.ErrorIs(t, ext.RevokeToken(ctx, usermgmt.NewSecret("garbage")), usermgmt.ErrUnauthenticated)
	require.ErrorIs(t, ext.RevokeToken(ctx, usermgmt.Secret{}), usermgmt.ErrInvalidArgument)

	for password, want := range map[string]error{"wrong": usermgmt.ErrUnauthenticated, "": usermgmt.ErrUnauthenticated} {
		_, err = ext.IssueToken(ctx, usermgmt.AIStoreTokenRequest{Username: "alice", Password: usermgmt.NewSecret(password)})
		require.ErrorIs(t, err, want)
	}
	_, err = ext.IssueToken(ctx, usermgmt.AIStoreTokenRequest{Username: "alice", Password: usermgmt.NewSecret("wonderland"), Lifetime: new(time.Second)})
	require.ErrorIs(t, err, usermgmt.ErrInvalidArgument)

	current, err := ext.CurrentToken(ctx)
	require.NoError(t, err)
	assert.Equal(t, "admin", current.Username)
	assert.True(t, current.Admin)
	assert.True(t, current.Token.IsZero())
	require.NoError(t, ext.Logout(ctx))
	require.NoError(t, ext.Logout(ctx), "without a login there is nothing to revoke")
	assert.Len(t, authn.RevokedTokens(), 2)
}

func TestAIStoreConfigAndKeys(t *testing.T) {
	t.Parallel()
	_, _, client := newAuthN(t, simulator.Options{Secret: "first secret"})
	ext, ctx := extensionOf(t, client), t.Context()

	config, err := ext.GetConfig(ctx)
	require.NoError(t, err)
	assert.Equal(t, "first secret", config.Secret.Reveal())
	assert.Equal(t, 24*time.Hour, config.TokenLifetime)
	assert.Equal(t, 90*24*time.Hour, config.MaxTokenLifetime)

	require.NoError(t, ext.UpdateConfig(ctx, usermgmt.AIStoreConfigUpdate{}), "naming nothing sends nothing")
	require.NoError(t, ext.UpdateConfig(ctx, usermgmt.AIStoreConfigUpdate{
		Secret: new(usermgmt.NewSecret("second secret")), TokenLifetime: new(2 * time.Hour), LogLevel: new("4"),
	}))
	config, err = ext.GetConfig(ctx)
	require.NoError(t, err, "the new secret made the client's token invalid, so it logged in again")
	assert.Equal(t, "second secret", config.Secret.Reveal())
	assert.Equal(t, 2*time.Hour, config.TokenLifetime)
	assert.Equal(t, "4", config.LogLevel)
	require.ErrorIs(t, ext.UpdateConfig(ctx, usermgmt.AIStoreConfigUpdate{Secret: &usermgmt.Secret{}}), usermgmt.ErrInvalidArgument)

	discovery, err := ext.Discovery(ctx)
	require.NoError(t, err)
	assert.Equal(t, []string{"HS256", "RS256"}, discovery.Algorithms)
	assert.NotEmpty(t, discovery.Issuer)
	_, err = ext.PublicKey(ctx)
	require.ErrorIs(t, err, usermgmt.ErrUnsupported, "tokens are signed by secret")
	_, err = ext.JWKS(ctx)
	require.ErrorIs(t, err, usermgmt.ErrUnsupported)
	require.ErrorIs(t, ext.RotateKey(ctx), usermgmt.ErrUnsupported)

	require.NoError(t, client.Close())
	_, err = ext.GetConfig(ctx)
	require.ErrorIs(t, err, usermgmt.ErrClosed, "the extension ends with its client")
	_, err = usermgmt.Collect(ext.ListRoles(ctx))
	require.ErrorIs(t, err, usermgmt.ErrClosed)
}
