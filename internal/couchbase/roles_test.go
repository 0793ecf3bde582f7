package couchbase

import (
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

func TestRoles(t *testing.T) {
	t.Parallel()
	for given, want := range map[[2]string]string{
		{"admin", ""}:                   "admin",
		{"Data_Reader", "*"}:            "data_reader[*]",
		{"data_reader", "*:*:*"}:        "data_reader[*]",
		{"data_reader", "b"}:            "data_reader[b]",
		{"data_reader", "b:*"}:          "data_reader[b]",
		{"data_reader", "b:*:*"}:        "data_reader[b]",
		{"data_reader", "b:s:*"}:        "data_reader[b:s]",
		{"data_reader", "b:s:c"}:        "data_reader[b:s:c]",
		{"data_reader", "b%20.-_:s:c"}:  "data_reader[b%20.-_:s:c]",
		{"", ""}:                        "",
		{"a b", ""}:                     "",
		{"a[b", ""}:                     "",
		{"a,b", ""}:                     "",
		{"data_reader", "b,admin"}:      "",
		{"data_reader", "b],admin,x[c"}: "",
		{"data_reader", "*:s"}:          "",
		{"data_reader", "*:s:c"}:        "",
		{"data_reader", "b:*:c"}:        "",
		{"data_reader", ":s"}:           "",
		{"data_reader", "b::c"}:         "",
		{"data_reader", "b:"}:           "",
		{"data_reader", "b:s:c:d"}:      "",
		{"data_reader", " b"}:           "",
		{"data_reader", "b\n"}:          "",
		{"data_reader", "\xff"}:         "",
	} {
		role, err := NewRole(given[0], given[1])
		if want == "" {
			require.Error(t, err, given)
			assert.Equal(t, fault.InvalidArgument, fault.KindOf(err), given)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, want, role.String())
		again, err := ParseRole(want)
		require.NoError(t, err)
		assert.Equal(t, role, again)
	}
	for _, text := range []string{"", "data_reader[]", "data_reader[b", "data_reader[b]x", "[b]"} {
		_, err := ParseRole(text)
		require.Error(t, err, text)
	}
}

func TestRoleObjects(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Role{
		`{"role":"admin"}`:                          {Name: "admin"},
		`{"role":"bucket_admin","bucket_name":"*"}`: {Name: "bucket_admin", Scope: "*"},
		`{"role":"r","bucket_name":"b","scope_name":"*","collection_name":"*"}`: {Name: "r", Scope: "b"},
		`{"role":"r","bucket_name":"*","scope_name":"*","collection_name":"*"}`: {Name: "r", Scope: "*"},
		`{"role":"r","bucket_name":"b","scope_name":"s","collection_name":"*"}`: {Name: "r", Scope: "b:s"},
		`{"role":"r","bucket_name":"b","scope_name":"s","collection_name":"c"}`: {Name: "r", Scope: "b:s:c"},
		`{"role":"credential_consumer","credential_id":"c1","ce":true}`:         {Name: "credential_consumer", Scope: "c1"},
	} {
		var user User
		require.NoError(t, json.Unmarshal([]byte(`{"id":"u","roles":[`+text+`]}`), &user))
		assert.Equal(t, []HeldRole{{Role: want}}, user.Roles)
		assert.True(t, user.Roles[0].Direct(), "a server that tells no origins has no others")
	}
}

func FuzzRole(f *testing.F) {
	f.Add("data_reader", "b:s:c")
	f.Add("admin", "")
	f.Fuzz(func(t *testing.T, name, scope string) {
		role, err := NewRole(name, scope)
		if err != nil {
			require.Equal(t, fault.InvalidArgument, fault.KindOf(err))
			return
		}
		again, err := ParseRole(role.String())
		require.NoError(t, err)
		require.Equal(t, role, again)
		require.NotContains(t, role.String(), ",", "it would be two roles in a form")
	})
}
