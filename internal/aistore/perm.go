package aistore

import (
	"slices"
	"strconv"
	"strings"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// Perm is a set of permissions. Bits without a name are kept. On the wire it
// is a decimal number in a JSON string, because all 64 bits are in use.
type Perm uint64

// The single permissions.
const (
	// PermGet is GET: read objects.
	PermGet Perm = 1 << iota
	// PermHeadObject is HEAD-OBJECT: read the properties of objects.
	PermHeadObject
	// PermPut is PUT: write objects.
	PermPut
	// PermAppend is APPEND: append to objects.
	PermAppend
	// PermDeleteObject is DELETE-OBJECT.
	PermDeleteObject
	// PermMoveObject is MOVE-OBJECT: rename objects.
	PermMoveObject
	// PermPromote is PROMOTE: make objects of files on the targets.
	PermPromote
	// PermUpdateObject is UPDATE-OBJECT: change the properties of objects.
	PermUpdateObject
	// PermHeadBucket is HEAD-BUCKET: read the properties of buckets.
	PermHeadBucket
	// PermListObjects is LIST-OBJECTS.
	PermListObjects
	// PermPatch is PATCH: change the properties of buckets.
	PermPatch
	// PermSetBucketACL is SET-BUCKET-ACL: change who may do what to buckets.
	PermSetBucketACL
	// PermListBuckets is LIST-BUCKETS.
	PermListBuckets
	// PermShowCluster is SHOW-CLUSTER.
	PermShowCluster
	// PermCreateBucket is CREATE-BUCKET.
	PermCreateBucket
	// PermDestroyBucket is DESTROY-BUCKET.
	PermDestroyBucket
	// PermMoveBucket is MOVE-BUCKET: rename buckets.
	PermMoveBucket
	// PermAdmin is ADMIN: administer the cluster.
	PermAdmin
)

// The sets that AIStore names.
const (
	// PermReadOnly is "ro".
	PermReadOnly = PermGet | PermHeadObject | PermHeadBucket | PermListObjects
	// PermReadWrite is "rw".
	PermReadWrite = PermReadOnly | PermPut | PermAppend | PermDeleteObject | PermMoveObject
	// PermBucketAdmin is what administers a bucket.
	PermBucketAdmin = PermUpdateObject | PermPatch | PermSetBucketACL
	// PermClusterReadOnly is what looks at a cluster.
	PermClusterReadOnly = PermListBuckets | PermShowCluster
	// PermClusterReadWrite is PermClusterReadOnly and what makes, renames and
	// destroys buckets.
	PermClusterReadWrite = PermClusterReadOnly | PermCreateBucket | PermDestroyBucket | PermMoveBucket
	// PermAll is "su": every bit, also those without a name.
	PermAll = ^Perm(0)
)

// permNames are the names of the permissions in the order of their bits.
var permNames = [...]string{
	"GET", "HEAD-OBJECT", "PUT", "APPEND", "DELETE-OBJECT", "MOVE-OBJECT", "PROMOTE", "UPDATE-OBJECT", "HEAD-BUCKET", "LIST-OBJECTS",
	"PATCH", "SET-BUCKET-ACL", "LIST-BUCKETS", "SHOW-CLUSTER", "CREATE-BUCKET", "DESTROY-BUCKET", "MOVE-BUCKET", "ADMIN",
}

// permSets are the sets that have a name; "all" is another one of "su".
var permSets = [...]struct {
	name string
	perm Perm
}{{"none", 0}, {"ro", PermReadOnly}, {"rw", PermReadWrite}, {"su", PermAll}, {"all", PermAll}}

// String returns "none", "ro", "rw" or "su" for these sets, else the names of
// the permissions joined by commas, with bits that have no name as one
// hexadecimal number. [ParsePerm] reads it back.
func (p Perm) String() string {
	for _, set := range permSets {
		if p == set.perm {
			return set.name
		}
	}
	var parts []string
	for bit, name := range permNames {
		if p&(1<<bit) != 0 {
			parts = append(parts, name)
			p &^= 1 << bit
		}
	}
	if p != 0 {
		parts = append(parts, "0x"+strconv.FormatUint(uint64(p), 16))
	}
	return strings.Join(parts, ",")
}

// ParsePerm reads names of permissions and sets joined by commas, without
// regard to case. "all" is another name of "su"; a number stands for its bits.
func ParsePerm(text string) (Perm, error) {
	var p Perm
	for name := range strings.SplitSeq(text, ",") {
		bits, ok := parseBits(strings.TrimSpace(name))
		if !ok {
			return 0, fault.Invalid("Permissions", "must be names of permissions joined by commas")
		}
		p |= bits
	}
	return p, nil
}

func parseBits(name string) (Perm, bool) {
	for _, set := range permSets {
		if strings.EqualFold(name, set.name) {
			return set.perm, true
		}
	}
	if bit := slices.IndexFunc(permNames[:], func(known string) bool { return strings.EqualFold(known, name) }); bit >= 0 {
		return 1 << bit, true
	}
	base, digits := 10, name
	if hex, ok := strings.CutPrefix(strings.ToLower(name), "0x"); ok {
		base, digits = 16, hex
	}
	bits, err := strconv.ParseUint(digits, base, 64)
	return Perm(bits), err == nil
}
