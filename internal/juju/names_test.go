package juju

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

func TestUserNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]subject{
		"alice":              {"user-alice", localUser},
		"Alice":              {"user-Alice", localUser},
		"a1":                 {"user-a1", localUser},
		"user-svc":           {"user-user-svc", localUser},
		"a.b+c-d":            {"user-a.b+c-d", localUser},
		"bob@local":          {"user-bob", localUser},
		"bob@external":       {"user-bob@external", externalUser},
		"everyone@external":  {"user-everyone@external", externalUser},
		"gina@idm.example.x": {"user-gina@idm.example.x", externalUser},
	} {
		got, err := user("Name", name)
		require.NoError(t, err, name)
		assert.Equal(t, want, got, name)
	}
	for _, name := range []string{
		"", "z", "not_valid!", "a b", "-a", "a-", ".a", "a.", "a@", "@b", "a@b", "aa@b", "aa@bb@cc", "zoë", "a\nb", "ab\n", "a/b", "\xff", strings.Repeat("x", 257),
	} {
		_, err := user("Name", name)
		assertKind(t, fault.InvalidArgument, err)
	}
	assert.True(t, SameUser("Alice", "alice"))
	assert.False(t, SameUser("alice", "bob"))

	_, err := local("Name", "gina@external")
	assertKind(t, fault.Unsupported, err)
	_, err = newUser("Name", "gina@external")
	assertKind(t, fault.InvalidArgument, err)
	for _, tag := range []string{"", "alice", "machine-0", "user-", "user-a b"} {
		_, err := userOf(tag)
		assertKind(t, fault.Internal, err)
	}
	name, err := userOf("user-user-svc@local")
	require.NoError(t, err)
	assert.Equal(t, "user-svc", name)
}

func TestOtherNames(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"prod.mysql", "fred/prod.hosted-mysql", "gina@external/p.a1"} {
		require.NoError(t, CheckOffer("Offer", url), url)
	}
	for _, url := range []string{
		"", "prod", "prod.", ".mysql", "fred/.x", "/prod.mysql", "ctrl:fred/prod.mysql", "prod.mysql:db", "prod.My", "a/b/c.d", "prod.x y", strings.Repeat("x", 300) + ".y",
	} {
		assertKind(t, fault.InvalidArgument, CheckOffer("Offer", url))
	}
	for _, name := range []string{"", "-x", "a b", "a/b", "\n", strings.Repeat("x", 257)} {
		_, err := cloud("Cloud", name)
		assertKind(t, fault.InvalidArgument, err)
	}
	for _, id := range []string{"", "prod", "10000000-0000-4000-8000-00000000000", "10000000-0000-4000-8000-00000000000A", "10000000-0000-4000-8000-000000000001\n"} {
		_, err := model("Model", id)
		assertKind(t, fault.InvalidArgument, err)
	}
}

func TestFindModel(t *testing.T) {
	t.Parallel()
	const one, two, three = "10000000-0000-4000-8000-000000000001", "10000000-0000-4000-8000-000000000002", "10000000-0000-4000-8000-000000000003"
	models := []Model{{UUID: one, Name: "prod", Owner: "fred"}, {UUID: two, Name: "prod", Owner: "Alice"}, {UUID: three, Name: "test", Owner: "fred"}}
	for text, want := range map[string]string{
		one: one, "fred/prod": one, "alice/prod": two, "test": three, "fred@local/test": three,
	} {
		m, err := FindModel("Project", text, models)
		require.NoError(t, err, text)
		assert.Equal(t, want, m.UUID)
	}
	for text, want := range map[string]fault.Kind{
		"prod": fault.Conflict, "bob/prod": fault.NotFound, "other": fault.NotFound, "10000000-0000-4000-8000-00000000000f": fault.NotFound,
		"": fault.InvalidArgument, "/prod": fault.InvalidArgument, "a b/prod": fault.InvalidArgument, "Prod": fault.InvalidArgument, "fred/": fault.InvalidArgument, "a/b/c": fault.InvalidArgument,
	} {
		_, err := FindModel("Project", text, models)
		assertKind(t, want, err)
	}
}

func TestLevels(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"read", "write", "admin"}, Levels(OnModel))
	for _, kind := range []ObjectKind{OnController, OnModel, OnOffer, OnCloud} {
		assert.Zero(t, Rank(kind, ""))
		assert.Equal(t, -1, Rank(kind, "none"))
		for i, level := range Levels(kind) {
			assert.Equal(t, i+1, Rank(kind, level))
		}
	}
}
