package aistore

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
)

// AdminRole is the name of the built-in role that makes a user an administrator.
const AdminRole = "Admin"

// Role is a named set of permissions, as it is on the wire. A nil list is null
// there and an empty one is [], and the server keeps the difference.
type Role struct {
	// Name identifies the role.
	Name string `json:"name"`
	// Description is free text.
	Description string `json:"desc"`
	// Clusters are the permissions on whole clusters.
	Clusters []*ClusterACL `json:"clusters"`
	// Buckets are the permissions on single buckets.
	Buckets []*BucketACL `json:"buckets"`
	// Admin is true for the built-in role only.
	Admin bool `json:"admin"`
}

// ClusterACL grants permissions on one cluster.
type ClusterACL struct {
	// ID is the ID of the cluster, or its alias. Empty stands for all clusters
	// that are not named.
	ID string `json:"id"`
	// Alias is filled in when a single role is read.
	Alias string `json:"alias,omitempty"`
	// Permissions is what is granted; 0 is left out on the wire.
	Permissions Permissions `json:"perm,omitempty"`
}

// BucketACL grants permissions on one bucket.
type BucketACL struct {
	// Bucket is the bucket.
	Bucket Bucket `json:"bck"`
	// Permissions is what is granted.
	Permissions Permissions `json:"perm"`
}

// Bucket names a bucket.
type Bucket struct {
	// Name is the name of the bucket.
	Name string `json:"name"`
	// Provider is the kind of storage, such as "ais".
	Provider string `json:"provider"`
	// Namespace says where the bucket lives.
	Namespace Namespace `json:"namespace"`
}

// Namespace says where a bucket lives.
type Namespace struct {
	// UUID is the ID of the cluster.
	UUID string `json:"uuid"`
	// Name is the name of the namespace within the cluster.
	Name string `json:"name"`
}

// Cluster is a registered storage cluster.
type Cluster struct {
	// ID identifies the cluster.
	ID string `json:"id"`
	// Alias is a second name, or empty.
	Alias string `json:"alias,omitempty"`
	// URLs are the addresses under which the cluster is told about keys and
	// revoked tokens. A cluster without any is never contacted.
	URLs []string `json:"urls,omitempty"`
}

// Permissions is a set of permission bits. On the wire it is a decimal number
// inside a string.
type Permissions uint64

// MarshalJSON implements [json.Marshaler].
func (p Permissions) MarshalJSON() ([]byte, error) {
	return strconv.AppendQuote(nil, strconv.FormatUint(uint64(p), 10)), nil
}

// UnmarshalJSON implements [json.Unmarshaler]. It takes what the server's
// decoder takes, which is less than what JSON allows: no number outside a
// string, and no escape sequences in it.
func (p *Permissions) UnmarshalJSON(text []byte) error {
	value, fault := scanPermissions(text)
	if fault != nil {
		// This type of error, because the decoder adds the path of the member
		// to it.
		return &json.UnmarshalTypeError{Value: fault.reason, Type: reflect.TypeFor[Permissions]()}
	}
	*p = value
	return nil
}

// user is a stored user.
type user struct {
	id string
	// password is in clear: nothing here is worth protecting, and tests that
	// log in ten thousand times do not wait for a key derivation.
	password string
	// roles are copies of the role objects, made when they were assigned.
	roles []*Role
}

// isAdmin reports whether u has the built-in role. The name decides, whatever
// the stored copy says.
func (u *user) isAdmin() bool {
	return slices.ContainsFunc(u.roles, func(r *Role) bool { return r != nil && r.Name == AdminRole })
}

// clone returns a deep copy of r, or nil for nil.
func (r *Role) clone() *Role {
	if r == nil {
		return nil
	}
	copied := *r
	copied.Clusters = cloneAll(r.Clusters)
	copied.Buckets = cloneAll(r.Buckets)
	return &copied
}

// cloneAll returns a copy of list whose elements are copies too. Nil stays nil
// and empty stays empty, in the list and in its elements.
func cloneAll[T any](list []*T) []*T {
	copied := slices.Clone(list)
	for i, element := range copied {
		if element != nil {
			value := *element
			copied[i] = &value
		}
	}
	return copied
}

// niceName reports whether name obeys the rule for user IDs, role names and
// cluster aliases. The empty name does.
func niceName(name string) bool {
	if len(name) > 32 {
		return false
	}
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case (c == '-' || c == '_') && i > 0 && i < len(name)-1:
		default:
			return false
		}
	}
	return true
}
