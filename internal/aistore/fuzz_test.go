package aistore

import (
	"net/http"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/transport"
)

// answered returns a client whose requests are all answered with body.
func answered(tb testing.TB, body []byte) *Client {
	tb.Helper()
	return fake(tb, Config{}, func(*http.Request) (*http.Response, error) { return reply(http.StatusOK, string(body)), nil })
}

func FuzzUser(f *testing.F) {
	f.Add([]byte(`{"id":"alice","roles":[{"name":"readers","desc":"","clusters":[{"id":"c","perm":"771"}],"buckets":null,"admin":false}]}`))
	f.Add([]byte(`{"id":"alice","roles":null}`))
	f.Add([]byte("{\"id\":\"alice\",\"roles\":[{\"name\":\"\xff\"}]}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		user, err := answered(t, body).GetUser(t.Context(), "alice")
		if err != nil {
			assert.Equal(t, User{}, user)
			return
		}
		assert.Equal(t, "alice", user.ID)
		again, err := answered(t, []byte(wire(t, user))).GetUser(t.Context(), "alice")
		require.NoError(t, err)
		assert.Equal(t, user, again)
	})
}

func FuzzRole(f *testing.F) {
	f.Add([]byte(`{"name":"r","desc":"d","clusters":[{"id":"c","alias":"a","perm":"18446744073709551615"}],"buckets":[],"admin":true}`))
	f.Add([]byte(`{"name":"r","buckets":[{"bck":{"name":"b","provider":"ais","namespace":{"uuid":"u","name":""}},"perm":"0"}]}`))
	f.Add([]byte(`{"name":"r","clusters":[null]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		role, err := answered(t, body).GetRole(t.Context(), "r")
		if err != nil {
			assert.Equal(t, Role{}, role)
			return
		}
		again, err := answered(t, []byte(wire(t, role))).GetRole(t.Context(), "r")
		require.NoError(t, err)
		assert.Equal(t, role, again)
	})
}

func FuzzUserList(f *testing.F) {
	f.Add([]byte(`{"a":{"id":"a","roles":[]},"b":{}}`))
	f.Add([]byte(`{"a":{"id":"b"}}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		failed := false
		for user, err := range answered(t, body).ListUsers(t.Context()) {
			require.False(t, failed, "the error comes last")
			if failed = err != nil; failed {
				assert.Equal(t, User{}, user)
			}
		}
	})
}

func FuzzClusterList(f *testing.F) {
	f.Add([]byte(`{"clusters":{"c":{"id":"c","alias":"a","urls":["http://127.0.0.1:8080"]}}}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c := answered(t, body)
		clusters, err := c.ListClusters(t.Context())
		if err != nil {
			assert.Nil(t, clusters)
		}
		if cluster, err := c.GetCluster(t.Context(), "c"); err == nil {
			assert.Contains(t, []string{cluster.ID, cluster.Alias}, "c")
		}
	})
}

func FuzzFailure(f *testing.F) {
	f.Add(400, []byte(`{"tcode":"ErrFailedTo","message":"failed to validate-signer with prod[c]: Post \"x\": EOF"}`))
	f.Add(401, []byte(`{"message":"not authorized: requires admin"}`))
	f.Add(404, []byte("404 page not found\n"))
	f.Add(400, []byte("{\"message\":\"\xff\"}"))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		got := classify(&transport.Request{}, status, http.Header{}, body)
		assert.NotNil(t, got)
		assert.True(t, utf8.ValidString(got.Message))
		assert.NotEmpty(t, got.Error())
	})
}

func FuzzToken(f *testing.F) {
	f.Add(userToken("alice", 1, 2))
	f.Add(jwt(`{"exp":1e999}`))
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, text string) {
		token := readToken(text)
		assert.Equal(t, text, token.Token)
		for _, moment := range []time.Time{token.IssuedAt, token.ExpiresAt} {
			_, err := moment.MarshalText()
			assert.NoError(t, err)
		}
	})
}

func FuzzPerm(f *testing.F) {
	f.Add("ro,LIST-BUCKETS,0x8000000000000000", uint64(1)<<63|771)
	f.Add("su", ^uint64(0))
	f.Add("", uint64(0))
	f.Fuzz(func(t *testing.T, text string, bits uint64) {
		again, err := ParsePerm(Perm(bits).String())
		require.NoError(t, err)
		assert.Equal(t, Perm(bits), again)
		if parsed, err := ParsePerm(text); err == nil {
			again, err := ParsePerm(parsed.String())
			require.NoError(t, err)
			assert.Equal(t, parsed, again)
		}
		data, err := transport.Encode(ClusterACL{ID: "c", Perm: Perm(bits)})
		require.NoError(t, err)
		var acl ClusterACL
		require.NoError(t, transport.Decode(data, &acl))
		assert.Equal(t, Perm(bits), acl.Perm)
	})
}
