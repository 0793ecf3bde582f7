package juju

import (
	"context"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// TestNotImplementedIsNoLostLogin is about methods that a server offers and
// does not have, such as ModelUserInfo on JAAS.
func TestNotImplementedIsNoLostLogin(t *testing.T) {
	t.Parallel()
	for _, words := range []string{"not implemented", "no such request - method UserManager(3).ModelUserInfo is not implemented"} {
		logins := 0
		p := listen(t, func(f frame, _ []byte) string {
			if f.Type == "Admin" {
				logins++
				return loginAs("admin", "superuser", "3.5.1")
			}
			return refused(words, "not implemented")
		})
		_, err := connect(t, p.address(), nil).ModelUsers(t.Context(), "10000000-0000-4000-8000-000000000001")
		assertKind(t, fault.Unsupported, err)
		assert.Equal(t, 1, logins, words)
	}
}

// TestKeyWithoutTag is about answers that leave out whom they are about.
func TestKeyWithoutTag(t *testing.T) {
	t.Parallel()
	p := listen(t, func(f frame, _ []byte) string {
		if f.Type == "Admin" {
			return loginAs("admin", "superuser", "3.5.1")
		}
		return ok(`{"results":[{"secret-key":"QUJD"},{"tag":"bad","secret-key":"QUJD"}]}`)
	})
	list, err := connect(t, p.address(), nil).AddUsers(t.Context(), NewUser{Name: "alice"}, NewUser{Name: "bob"})
	require.NoError(t, err)
	require.NoError(t, list[0].Err)
	assert.Equal(t, "alice", list[0].Value.Username)
	assert.Equal(t, []byte("ABC"), list[0].Value.Key)
	f, isFault := asFault(list[1].Err)
	require.True(t, isFault)
	assert.Equal(t, fault.Internal, f.Kind)
	assert.True(t, f.Ambiguous, "the user exists")
	assert.Equal(t, []byte("ABC"), list[1].Value.Key, "and so does the key")
}

// TestMacaroonsNameExternalUsers is about the tag that a login with macaroons
// is sent with.
func TestMacaroonsNameExternalUsers(t *testing.T) {
	t.Parallel()
	for name, tag := range map[string]string{"gina@example": "", "alice": "user-alice", "": ""} {
		r, err := loginRequest(Credential{Username: name, Macaroons: jsontext.Value(`[[]]`)}, DefaultClientVersion)
		require.NoError(t, err)
		assert.JSONEq(t, `{"client-version":"3.6.0","auth-tag":"`+tag+`","credentials":"","macaroons":[[]],"bakery-version":3}`, string(r.Params))
	}
}

// TestRegistrationOutOfPatience is about the bound that the caller did not set.
func TestRegistrationOutOfPatience(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 0, errPatience)
	defer cancel()
	<-ctx.Done()
	assert.Equal(t, fault.Unavailable, notRegistered(ctx, ctx.Err()).Kind)
	ctx, cancel = context.WithTimeout(t.Context(), 0)
	defer cancel()
	<-ctx.Done()
	assert.Equal(t, fault.Canceled, notRegistered(ctx, ctx.Err()).Kind)
}
