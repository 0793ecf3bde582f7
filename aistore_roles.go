package usermgmt

import (
	"context"

	"github.com/usermgmt/usermgmt/internal/aistore"
)

// AIStorePermissions is a set of permissions on a cluster or bucket. Bits
// that this package does not know are kept.
type AIStorePermissions uint64

// The single permissions.
const (
	// AIStoreGetObject permits reading objects.
	AIStoreGetObject AIStorePermissions = 1 << iota
	// AIStoreHeadObject permits reading the properties of objects.
	AIStoreHeadObject
	// AIStorePutObject permits writing objects.
	AIStorePutObject
	// AIStoreAppendObject permits appending to objects.
	AIStoreAppendObject
	// AIStoreDeleteObject permits deleting objects.
	AIStoreDeleteObject
	// AIStoreMoveObject permits renaming objects.
	AIStoreMoveObject
	// AIStorePromote permits making objects of files on the targets.
	AIStorePromote
	// AIStoreUpdateObject permits changing the properties of objects.
	AIStoreUpdateObject
	// AIStoreHeadBucket permits reading the properties of buckets.
	AIStoreHeadBucket
	// AIStoreListObjects permits listing the objects of buckets.
	AIStoreListObjects
	// AIStorePatchBucket permits changing the properties of buckets.
	AIStorePatchBucket
	// AIStoreSetBucketACL permits changing who may do what to buckets.
	AIStoreSetBucketACL
	// AIStoreListBuckets permits listing buckets.
	AIStoreListBuckets
	// AIStoreShowCluster permits looking at the cluster.
	AIStoreShowCluster
	// AIStoreCreateBucket permits creating buckets.
	AIStoreCreateBucket
	// AIStoreDestroyBucket permits destroying buckets.
	AIStoreDestroyBucket
	// AIStoreMoveBucket permits renaming buckets.
	AIStoreMoveBucket
	// AIStoreAdmin permits administering the cluster.
	AIStoreAdmin
)

// The sets that AIStore itself names.
const (
	// AIStoreReadOnly is "ro": reading objects and buckets.
	AIStoreReadOnly = AIStoreGetObject | AIStoreHeadObject | AIStoreHeadBucket | AIStoreListObjects
	// AIStoreReadWrite is "rw": reading and writing objects.
	AIStoreReadWrite = AIStoreReadOnly | AIStorePutObject | AIStoreAppendObject | AIStoreDeleteObject | AIStoreMoveObject
	// AIStoreAllPermissions is "su": every permission, also future ones.
	AIStoreAllPermissions = ^AIStorePermissions(0)
)

// String returns the names of the permissions as AIStore spells them, such as
// "ro", or "GET,LIST-BUCKETS".
func (p AIStorePermissions) String() string { return aistore.Perm(p).String() }

// AIStoreRole says what a role permits: an extension of [CreateRoleRequest]
// and [UpdateRoleRequest]. In an update each entry replaces the permissions on
// the same cluster or bucket, or is added; AuthN can remove none, so to take
// permissions away set them to 0.
type AIStoreRole struct {
	// Clusters permits things on whole clusters.
	Clusters []AIStoreClusterPermissions
	// Buckets permits things on single buckets. On a bucket that is named
	// here, the permissions on its cluster do not count.
	Buckets []AIStoreBucketPermissions
}

// AIStoreClusterPermissions is what a role permits on a cluster.
type AIStoreClusterPermissions struct {
	// ID is the cluster's UUID, which need not be registered. If ID and Alias
	// are empty it is about all clusters that the role does not name.
	ID string
	// Alias can stand in place of ID in a request: it is looked up, and
	// [ErrNotFound] if no registered cluster has it. In a result it stands
	// beside ID where the server tells.
	Alias string
	// Permissions are what is permitted.
	Permissions AIStorePermissions
}

// AIStoreBucketPermissions is what a role permits on a bucket.
type AIStoreBucketPermissions struct {
	// Bucket is the bucket.
	Bucket AIStoreBucket
	// Permissions are what is permitted.
	Permissions AIStorePermissions
}

// AIStoreBucket names a bucket. AuthN checks none of it.
type AIStoreBucket struct {
	// Name is the bucket's name.
	Name string
	// Provider is where the bucket is kept, such as "ais", "aws" or "gcp";
	// empty is taken as "ais".
	Provider string
	// ClusterID is the UUID of the cluster that the bucket lives in.
	ClusterID string
	// Namespace is the name space within the cluster, empty for the global one.
	Namespace string
}

func (AIStoreRole) extensionOf() string { return aistoreName }

func (AIStoreRole) roleExtension() {}

// rules returns the role that an extension describes, with aliases looked up.
func (b *aistoreBackend) rules(ctx context.Context, extension RoleExtension) (aistore.Role, error) {
	var role aistore.Role
	permits, _ := extension.(AIStoreRole)
	for _, cluster := range permits.Clusters {
		id := cluster.ID
		if id == "" && cluster.Alias != "" {
			found, err := b.api.GetCluster(ctx, cluster.Alias)
			if err != nil {
				return aistore.Role{}, about("cluster", cluster.Alias, err)
			}
			id = found.ID
		}
		role.Clusters = append(role.Clusters, aistore.ClusterACL{ID: id, Perm: aistore.Perm(cluster.Permissions)})
	}
	for _, entry := range permits.Buckets {
		provider := entry.Bucket.Provider
		if provider == "" {
			provider = "ais"
		}
		bucket := aistore.Bucket{
			Name: entry.Bucket.Name, Provider: provider,
			Namespace: aistore.Namespace{UUID: entry.Bucket.ClusterID, Name: entry.Bucket.Namespace},
		}
		role.Buckets = append(role.Buckets, aistore.BucketACL{Bucket: bucket, Perm: aistore.Perm(entry.Permissions)})
	}
	return role, nil
}

func fromAIStoreRole(role aistore.Role) AIStoreRoleDefinition {
	definition := AIStoreRoleDefinition{
		RoleDefinition: RoleDefinition{Name: role.Name, Description: role.Description, BuiltIn: role.Admin},
		Admin:          role.Admin,
	}
	for _, cluster := range role.Clusters {
		definition.Clusters = append(definition.Clusters, AIStoreClusterPermissions{
			ID: cluster.ID, Alias: cluster.Alias, Permissions: AIStorePermissions(cluster.Perm),
		})
	}
	for _, entry := range role.Buckets {
		definition.Buckets = append(definition.Buckets, AIStoreBucketPermissions{
			Bucket: AIStoreBucket{
				Name: entry.Bucket.Name, Provider: entry.Bucket.Provider,
				ClusterID: entry.Bucket.Namespace.UUID, Namespace: entry.Bucket.Namespace.Name,
			},
			Permissions: AIStorePermissions(entry.Perm),
		})
	}
	return definition
}
