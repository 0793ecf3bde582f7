package aistore

import (
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

func TestPermValues(t *testing.T) {
	t.Parallel()
	for p, want := range map[Perm]uint64{
		PermGet:              1,
		PermAdmin:            131072,
		PermReadOnly:         771,
		PermReadWrite:        831,
		PermBucketAdmin:      3200,
		PermClusterReadOnly:  12288,
		PermClusterReadWrite: 126976,
		PermAll:              18446744073709551615,
		PermReadWrite | PermPromote | PermBucketAdmin | PermClusterReadWrite | PermAdmin: 262143,
	} {
		assert.Equal(t, want, uint64(p))
	}
}

func TestPermText(t *testing.T) {
	t.Parallel()
	for p, text := range map[Perm]string{
		0:                              "none",
		PermReadOnly:                   "ro",
		PermReadWrite:                  "rw",
		PermAll:                        "su",
		PermGet:                        "GET",
		PermClusterReadOnly:            "LIST-BUCKETS,SHOW-CLUSTER",
		PermReadOnly | PermListBuckets: "GET,HEAD-OBJECT,HEAD-BUCKET,LIST-OBJECTS,LIST-BUCKETS",
		1 << 18:                        "0x40000",
		PermAdmin | 1<<18 | 1<<63:      "ADMIN,0x8000000000040000",
	} {
		assert.Equal(t, text, p.String())
		parsed, err := ParsePerm(text)
		require.NoError(t, err)
		assert.Equal(t, p, parsed)
	}
	for bit, name := range permNames {
		parsed, err := ParsePerm(name)
		require.NoError(t, err)
		assert.Equal(t, Perm(1)<<bit, parsed, name)
	}
	for text, p := range map[string]Perm{
		"RO": PermReadOnly, "Rw": PermReadWrite, "all": PermAll, "SU": PermAll, "get, put": PermGet | PermPut, "ro,rw": PermReadWrite,
		"831": PermReadWrite, "0X1": PermGet, "18446744073709551615": PermAll, "move-bucket": PermMoveBucket, "0": 0,
	} {
		parsed, err := ParsePerm(text)
		require.NoError(t, err, text)
		assert.Equal(t, p, parsed, text)
	}
	for _, text := range []string{"", ",", "GET,", "GETS", "r o", "-1", "18446744073709551616", "0x", "1.5", "0b1", "OBJ_HEAD"} {
		_, err := ParsePerm(text)
		assert.Equal(t, fault.Invalid("Permissions", "must be names of permissions joined by commas"), err, "%q", text)
	}
}

func TestPermOnTheWire(t *testing.T) {
	t.Parallel()
	acl := ClusterACL{ID: "c", Perm: PermAll}
	assert.JSONEq(t, `{"id":"c","perm":"18446744073709551615"}`, wire(t, acl))
	assert.JSONEq(t, `{"id":"c","perm":"0"}`, wire(t, ClusterACL{ID: "c"}), "0 takes permissions away and must be sent")

	for text, want := range map[string]ClusterACL{
		`{"id":"c","perm":"18446744073709551615"}`: acl,
		`{"id":"c"}`:                           {ID: "c"},
		`{"id":"c","perm":null}`:               {ID: "c"},
		`{"id":"c","alias":"a","perm":"4096"}`: {ID: "c", Alias: "a", Perm: PermListBuckets},
	} {
		var got ClusterACL
		require.NoError(t, json.Unmarshal([]byte(text), &got), text)
		assert.Equal(t, want, got)
	}
	for _, text := range []string{`{"perm":15}`, `{"perm":"x"}`, `{"perm":""}`, `{"perm":"-1"}`, `{"perm":"18446744073709551616"}`} {
		var got ClusterACL
		require.Error(t, json.Unmarshal([]byte(text), &got), text)
	}
}

// TestRoleFidelity shows that a role is written back as it was read.
func TestRoleFidelity(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"name":"r","desc":"","clusters":null,"buckets":null,"admin":false}`,
		`{"name":"r","desc":"<d> & é","clusters":[],"buckets":[],"admin":true}`,
		`{"name":"r","desc":"","clusters":[{"id":"","perm":"9223372036854775808"}],"buckets":[{"bck":{"name":"b","provider":"s3","namespace":{"uuid":"u","name":"n"}},"perm":"0"}],"admin":false}`,
	} {
		var role Role
		require.NoError(t, json.Unmarshal([]byte(text), &role))
		assert.Equal(t, text, wire(t, role))
	}
}
