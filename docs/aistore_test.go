package docs_test

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
	"github.com/usermgmt/usermgmt/internal/simulator/aistore"
)

func aistoreRole(ctx context.Context, client *usermgmt.Client, clusterID string) error {
	_, err := client.CreateRole(ctx, usermgmt.CreateRoleRequest{
		Name: "reader",
		Extension: usermgmt.AIStoreRole{
			Buckets: []usermgmt.AIStoreBucketPermissions{{
				Bucket:      usermgmt.AIStoreBucket{Name: "images", ClusterID: clusterID},
				Permissions: usermgmt.AIStoreReadOnly,
			}},
		},
	})
	return err
}

func TestAIStoreRole(t *testing.T) {
	t.Parallel()
	const password = "the administrator's password"
	server := httptest.NewServer(aistore.New(aistore.Options{AdminPassword: password}))
	t.Cleanup(server.Close)
	client, err := usermgmt.New(usermgmt.AIStore(server.URL), usermgmt.WithCredentials(usermgmt.Password("admin", password)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	require.NoError(t, aistoreRole(t.Context(), client, "a-cluster"))
	authn, ok := usermgmt.As[*usermgmt.AIStoreExtension](client)
	require.True(t, ok)
	role, err := authn.GetRole(t.Context(), "reader")
	require.NoError(t, err)
	require.Len(t, role.Buckets, 1)
	assert.Equal(t, "ro", role.Buckets[0].Permissions.String())
}
