package usermgmt

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

func TestNames(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"alice": "", "Alice O'Neill": "", "zoë@example.com": "", "a/b%2F+c": "", "名前": "", "...": "", strings.Repeat("x", 256): "",
		"": "must not be empty", ".": `must not be "."`, "..": `must not be ".."`, " \u00a0": "must not be blank",
		"a\x00b": "must not contain control characters", "a\nb": "must not contain control characters", "a\u0085": "must not contain control characters",
		"a\xffb": "must be valid UTF-8", strings.Repeat("x", 257): "must not be longer than 256 bytes",
	}
	for name, want := range tests {
		var v validator
		v.name("Name", name)
		assert.Equal(t, want, v.fields["Name"], "%q", name)
	}
}

func TestProblemsAreReportedTogether(t *testing.T) {
	t.Parallel()
	v := validator{backend: "aistore", can: NewCapabilities(CapUserName, CapUserPassword, CapGrantRoles)}
	CreateUserRequest{
		Name: "", Credential: Password("bob", ""), DisplayName: "Alice", Email: "a@b", Roles: []Role{{Name: "ok"}, {Name: "a[b]"}, {Name: "r", Scope: "s"}},
		Groups: []string{"g"},
	}.check(&v)
	f, ok := errors.AsType[*fault.Error](v.err())
	require.True(t, ok)
	assert.Equal(t, fault.InvalidArgument, f.Kind)
	assert.Equal(t, map[string]string{
		"Name":        "must not be empty",
		"Credential":  "must not name another user",
		"DisplayName": "is not supported by this backend, which lacks DisplayName",
		"Email":       "is not supported by this backend, which lacks Email",
		"Roles[1]":    "must not have brackets in the name of a role",
		"Roles[2]":    "is not supported by this backend, which lacks RoleScope",
		"Groups":      "is not supported by this backend, which lacks AddGroupMember",
	}, f.Fields)
	assert.True(t, strings.HasPrefix(f.Message, "Credential must not name another user; DisplayName is not"), f.Message)
}

func TestChecksOfRequests(t *testing.T) {
	t.Parallel()
	var all Capabilities
	for c := range AllCapabilities() {
		all = all.with(c)
	}
	bad := "\x00"
	tests := map[string]struct {
		request request
		field   string
	}{
		"nameless server names the user": {CreateUserRequest{}, "Name"},
		"blank role":                     {GrantRolesRequest{User: "u", Roles: Roles(" ")}, "Roles[0]"},
		"no roles to grant":              {GrantRolesRequest{User: "u"}, "Roles"},
		"no roles to revoke":             {RevokeRolesRequest{User: "u"}, "Roles"},
		"bad scope":                      {RevokeRolesRequest{User: "u", Roles: []Role{{Name: "r", Scope: "a]"}}}, "Roles[0]"},
		"bad text":                       {UpdateUserRequest{Name: "u", DisplayName: &bad}, "DisplayName"},
		"long text":                      {CreateRoleRequest{Name: "r", Description: strings.Repeat("x", 5000)}, "Description"},
		"line break in a name":           {CreateUserRequest{Name: "u", DisplayName: "a\nb"}, "DisplayName"},
		"broken text":                    {CreateGroupRequest{Name: "g", Description: "\xff"}, "Description"},
		"bad new role":                   {UpdateUserRequest{Name: "u", SetRoles: &[]Role{{}}}, "SetRoles[0]"},
		"bad new group":                  {UpdateUserRequest{Name: "u", SetGroups: &[]string{""}}, "SetGroups[0]"},
		"bad group role":                 {UpdateGroupRequest{Name: "g", SetRoles: &[]Role{{}}}, "SetRoles[0]"},
		"no member kind":                 {EnsureProjectMemberRequest{Project: "p", Member: Member{Name: "u"}, Role: "r"}, "Member"},
		"no member name":                 {RemoveProjectMemberRequest{Project: "p", Member: UserMember("")}, "Member"},
		"no project":                     {ListProjectMembersRequest{}, "Project"},
		"no user":                        {EffectiveProjectRoleRequest{Project: "p"}, "User"},
		"no password":                    {SetPasswordRequest{Name: "u"}, "Password"},
		"no project name":                {GetProjectRequest{}, "Name"},
		"bad member filter":              {ListProjectsRequest{User: ".."}, "User"},
		"credential by pointer":          {CreateUserRequest{Name: "u", Credential: (*PasswordCredential)(nil)}, "Credential"},
		"empty nonce":                    {CreateUserRequest{Name: "u", Credential: SessionNonce("")}, "Credential"},
		"empty password":                 {CreateUserRequest{Name: "u", Credential: Password("", "")}, "Credential"},
		"wildcard scope too long":        {GrantRolesRequest{User: "u", Roles: []Role{{Name: "r", Scope: strings.Repeat("x", 1025)}}}, "Roles[0]"},
		"extension of another backend":   {CreateRoleRequest{Name: "r", Extension: AIStoreRole{}}, "Extension"},
		"extension by pointer":           {CreateRoleRequest{Name: "r", Extension: (*AIStoreRole)(nil)}, "Extension"},
		"bad group filter":               {ListUsersRequest{Group: ".."}, "Group"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := validator{backend: "memory", can: all}
			test.request.check(&v)
			assert.Contains(t, v.fields, test.field)
			assert.Len(t, v.fields, 1)
		})
	}
}

func TestServerNamesTheUser(t *testing.T) {
	t.Parallel()
	v := validator{can: NewCapabilities(CapCreateUser)}
	CreateUserRequest{Credential: SessionNonce("n")}.check(&v)
	require.NoError(t, v.err())
	CreateUserRequest{Name: "mine", Credential: SessionNonce("n")}.check(&v)
	assert.Contains(t, v.fields, "Name")
}

func TestParseRole(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Role{
		"admin": {Name: "admin"}, "data_reader[travel:inventory:*]": {Name: "data_reader", Scope: "travel:inventory:*"},
		"write[model:alice/prod]": {Name: "write", Scope: "model:alice/prod"},
	} {
		got, err := ParseRole(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got)
		assert.Equal(t, text, got.String())
	}
	for _, text := range []string{"", "[b]", "a[]", "a[b", "a]", "a[b]c", "a[b[c]]", "a[b]]", "a\n", "a[\x00]"} {
		role, err := ParseRole(text)
		require.ErrorIs(t, err, ErrInvalidArgument, text)
		assert.Empty(t, role)
	}
}

func FuzzRoleText(f *testing.F) {
	for _, text := range []string{"admin", "data_reader[b:s:c]", "a[]", "[", "a[b]c", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		role, err := ParseRole(text)
		if err != nil {
			require.ErrorIs(t, err, ErrInvalidArgument)
			return
		}
		require.Equal(t, text, role.String())
		again, err := ParseRole(role.String())
		require.NoError(t, err)
		require.Equal(t, role, again)
	})
}
