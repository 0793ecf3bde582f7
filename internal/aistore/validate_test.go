package aistore

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

func TestNewNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a", "A", "0", "a-b", "a_b", "a--b", "Guest-prod", strings.Repeat("x", 32)} {
		require.NoError(t, checkNewName("Name", name), name)
	}
	for name, problem := range map[string]string{
		"":                      "must not be empty",
		strings.Repeat("x", 33): "must not be longer than 32 characters",
		"-a":                    "must not begin or end with - or _",
		"a-":                    "must not begin or end with - or _",
		"_a":                    "must not begin or end with - or _",
		"a_":                    "must not begin or end with - or _",
		"-":                     "must not begin or end with - or _",
		"a.b":                   "may only contain the letters a to z and A to Z, digits, - and _",
		"a b":                   "may only contain the letters a to z and A to Z, digits, - and _",
		"a@b":                   "may only contain the letters a to z and A to Z, digits, - and _",
		"a/b":                   "may only contain the letters a to z and A to Z, digits, - and _",
		"zoë":                   "may only contain the letters a to z and A to Z, digits, - and _",
		"a\n":                   "may only contain the letters a to z and A to Z, digits, - and _",
		"\xff":                  "may only contain the letters a to z and A to Z, digits, - and _",
	} {
		assert.Equal(t, fault.Invalid("Name", "%s", problem), checkNewName("Name", name), "%q", name)
	}
}

func TestExistingNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a", "carol@example.com", "a b", "zoë", "...", "%2F", "?", "#", "-x-", strings.Repeat("x", 256)} {
		require.NoError(t, checkName("Name", name), name)
	}
	for name, problem := range map[string]string{
		"":                       "must not be empty",
		".":                      `must not be "."`,
		"..":                     `must not be ".."`,
		"alice/extra":            "must not contain a slash, which would make the server act on something else",
		"/":                      "must not contain a slash, which would make the server act on something else",
		"a\x00b":                 "must not contain control characters",
		"a\u0085b":               "must not contain control characters",
		"\xff":                   "must be valid UTF-8",
		strings.Repeat("x", 257): "must not be longer than 256 bytes",
	} {
		assert.Equal(t, fault.Invalid("Name", "%s", problem), checkName("Name", name), "%q", name)
	}
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	for _, password := range []string{" ", "x", strings.Repeat("x", 72), strings.Repeat("ë", 36)} {
		require.NoError(t, checkPassword("Password", password))
	}
	for password, problem := range map[string]string{
		"":                      "must not be empty",
		strings.Repeat("x", 73): "must not be longer than 72 bytes, which the server cannot take",
		strings.Repeat("ë", 37): "must not be longer than 72 bytes, which the server cannot take",
		"p\xff":                 "must be valid UTF-8",
	} {
		assert.Equal(t, fault.Invalid("Password", "%s", problem), checkPassword("Password", password))
	}
}

func TestTokenLifetimes(t *testing.T) {
	t.Parallel()
	require.NoError(t, checkTTL(nil))
	for _, ttl := range []time.Duration{0, time.Minute, 90 * 24 * time.Hour} {
		require.NoError(t, checkTTL(&ttl))
	}
	for _, ttl := range []time.Duration{-1, 1, time.Minute - 1} {
		assert.Equal(t, fault.Invalid("lifetime", "must be 0 or at least 1m0s"), checkTTL(&ttl))
	}
}

// TestRefusedBeforeSending gives each method what it must not send.
func TestRefusedBeforeSending(t *testing.T) {
	t.Parallel()
	c := offline(t)
	ctx := t.Context()
	short, long := time.Second, strings.Repeat("x", 73)
	empty, negative, broken := "", -time.Hour, "\xff"
	for _, name := range []string{"", ".", "..", "alice/extra", "a\nb", "\xff", strings.Repeat("x", 257)} {
		_, err := c.GetUser(ctx, name)
		assertKind(t, fault.InvalidArgument, err)
		_, err = c.GetRole(ctx, name)
		assertKind(t, fault.InvalidArgument, err)
		_, err = c.GetCluster(ctx, name)
		assertKind(t, fault.InvalidArgument, err)
		_, err = c.Login(ctx, name, "secret", nil)
		assertKind(t, fault.InvalidArgument, err)
		assertKind(t, fault.InvalidArgument, c.CreateUser(ctx, name, "secret", nil))
		assertKind(t, fault.InvalidArgument, c.UpdateUser(ctx, name, UserPatch{Password: &long}))
		assertKind(t, fault.InvalidArgument, c.DeleteUser(ctx, name))
		assertKind(t, fault.InvalidArgument, c.CreateRole(ctx, Role{Name: name}))
		assertKind(t, fault.InvalidArgument, c.UpdateRole(ctx, Role{Name: name}))
		assertKind(t, fault.InvalidArgument, c.DeleteRole(ctx, name))
		assertKind(t, fault.InvalidArgument, c.RegisterCluster(ctx, Cluster{ID: name}))
		assertKind(t, fault.InvalidArgument, c.UpdateCluster(ctx, Cluster{ID: name}))
		assertKind(t, fault.InvalidArgument, c.DeleteCluster(ctx, name))
	}
	_, err := c.Login(ctx, "alice", "secret", &short)
	assertKind(t, fault.InvalidArgument, err)
	_, err = c.Login(ctx, "alice", broken, nil)
	assertKind(t, fault.InvalidArgument, err)
	assertKind(t, fault.InvalidArgument, c.CreateUser(ctx, "alice", "", nil))
	assertKind(t, fault.InvalidArgument, c.CreateUser(ctx, "alice", long, nil))
	assertKind(t, fault.InvalidArgument, c.CreateUser(ctx, "alice", "secret", []Role{{Name: broken}}))
	assertKind(t, fault.InvalidArgument, c.UpdateUser(ctx, "alice", UserPatch{Password: &empty}))
	assertKind(t, fault.InvalidArgument, c.UpdateUser(ctx, "alice", UserPatch{Password: &long}))
	assertKind(t, fault.InvalidArgument, c.UpdateUser(ctx, "alice", UserPatch{Roles: &[]Role{{Name: broken}}}))
	assertKind(t, fault.InvalidArgument, c.CreateRole(ctx, Role{Name: "r", Description: broken}))
	assertKind(t, fault.InvalidArgument, c.RegisterCluster(ctx, Cluster{ID: "c", Alias: "-"}))
	assertKind(t, fault.InvalidArgument, c.RegisterCluster(ctx, Cluster{ID: "c", URLs: []string{broken}}))
	assertKind(t, fault.InvalidArgument, c.UpdateCluster(ctx, Cluster{ID: "c", Alias: "a.b"}))
	assertKind(t, fault.InvalidArgument, c.RevokeToken(ctx, ""))
	assertKind(t, fault.InvalidArgument, c.RevokeToken(ctx, broken))
	assertKind(t, fault.InvalidArgument, c.SetConfig(ctx, ConfigPatch{Secret: &empty}))
	assertKind(t, fault.InvalidArgument, c.SetConfig(ctx, ConfigPatch{Secret: &broken}))
	assertKind(t, fault.InvalidArgument, c.SetConfig(ctx, ConfigPatch{TokenTTL: &negative}))
	assertKind(t, fault.InvalidArgument, c.SetConfig(ctx, ConfigPatch{LogLevel: &empty}))

	_, err = New(Config{TokenTTL: &short})
	assertKind(t, fault.InvalidArgument, err)
	_, err = New(Config{})
	assertKind(t, fault.InvalidArgument, err)
}

// TestNothingToDo shows that what changes nothing sends nothing.
func TestNothingToDo(t *testing.T) {
	t.Parallel()
	c := offline(t)
	require.NoError(t, c.UpdateUser(t.Context(), "alice", UserPatch{}))
	require.NoError(t, c.SetConfig(t.Context(), ConfigPatch{}))
	require.NoError(t, c.Logout(t.Context()))
	require.NoError(t, c.CheckNewUser("alice", "secret"))
}
