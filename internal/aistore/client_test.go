package aistore

import (
	"bytes"
	"context"
	stdjson "encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

func TestNothingPrintsSecrets(t *testing.T) {
	t.Parallel()
	const mark = "swordfish"
	secret := mark
	var config ServerConfig
	require.NoError(t, json.Unmarshal([]byte(`{"auth":{"secret":"swordfish","expiration_time":"24h0m"}}`), &config))
	require.Equal(t, mark, config.Auth.Secret)
	values := []any{
		Credential{Username: "alice", Password: mark, Token: mark}, Token{Token: mark}, ConfigPatch{Secret: &secret}, UserPatch{Password: &secret},
		config, config.Auth, &config, []Token{{Token: mark}}, map[string]Credential{"x": {Password: mark}},
	}
	var out bytes.Buffer
	for _, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb, value)
		}
		for _, encode := range []func(any) ([]byte, error){stdjson.Marshal, func(v any) ([]byte, error) { return json.Marshal(v) }} {
			data, err := encode(value)
			require.NoError(t, err)
			out.Write(data)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "value", value)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "value", value)
	}
	assert.Contains(t, out.String(), "[redacted]")
	assert.NotContains(t, out.String(), mark)
	assert.NotContains(t, out.String(), fmt.Sprintf("%x", mark))
}

// TestWrongAnswers is about answers of status 200 that are not what was asked for.
func TestWrongAnswers(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"", "null", "7", "<html>", `{"id":"bob","name":"bob"}`, `{"id":"","name":""}`, `{"id":"alice","name":"alice"`, `{"id":7,"name":7}`,
		`{"clusters":{"bob":{"id":"bob","alias":"b"}}}`, `{"keys":null}`,
	} {
		c := answering(t, http.StatusOK, body)
		_, err := c.GetUser(t.Context(), "alice")
		assertKind(t, fault.Internal, err)
		_, err = c.GetRole(t.Context(), "alice")
		assertKind(t, fault.Internal, err)
		_, err = c.GetCluster(t.Context(), "alice")
		assertKind(t, fault.Internal, err)
		_, err = c.JWKS(t.Context())
		assertKind(t, fault.Internal, err)
	}
	for _, body := range []string{"", "7", "<html>", "[{}", `{"admin":`} {
		c := answering(t, http.StatusOK, body)
		_, err := c.ListRoles(t.Context())
		assertKind(t, fault.Internal, err)
		_, err = c.ListClusters(t.Context())
		assertKind(t, fault.Internal, err)
		_, err = c.GetConfig(t.Context())
		assertKind(t, fault.Internal, err)
		_, err = c.PublicKey(t.Context())
		assertKind(t, fault.Internal, err)
		_, err = c.Discovery(t.Context())
		assertKind(t, fault.Internal, err)
	}
	_, err := answering(t, http.StatusOK, `{"auth":{"expiration_time":"soon"}}`).GetConfig(t.Context())
	assertKind(t, fault.Internal, err)
}

func TestPublicKey(t *testing.T) {
	t.Parallel()
	key, err := answering(t, http.StatusOK, `{"public_key":"-----BEGIN PUBLIC KEY-----\n"}`).PublicKey(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "-----BEGIN PUBLIC KEY-----\n", key)
}

func TestListUsers(t *testing.T) {
	t.Parallel()
	list := func(body string) (names []string, last error) {
		for user, err := range answering(t, http.StatusOK, body).ListUsers(t.Context()) {
			require.NoError(t, last, "the error comes last")
			if err != nil {
				assert.Equal(t, User{}, user)
				last = err
				continue
			}
			names = append(names, user.ID)
		}
		return names, last
	}
	names, err := list(`{"b":{"id":"b","roles":null},"a":{"id":"a"},"c":{},"d":null}`)
	require.NoError(t, err)
	assert.Equal(t, []string{"b", "a", "c", "d"}, names, "in the server's order, the key standing in for a missing ID")

	names, err = list(`{"a":{"id":"a"},"b":{"id":"x"},"c":{"id":"c"}}`)
	assertKind(t, fault.Internal, err)
	assert.Equal(t, []string{"a"}, names)

	names, err = list(`{"a":{"id":"a"},"b":{"id":`)
	assertKind(t, fault.Internal, err)
	assert.Equal(t, []string{"a"}, names)

	for range answering(t, http.StatusOK, `{"a":{"id":"a"},"b":{"id":"b"}}`).ListUsers(t.Context()) {
		break
	}
	offline(t).ListUsers(t.Context()) // sends nothing until it is ranged over
}

// TestAnswersToWrites: AuthN answers changes with nothing.
func TestAnswersToWrites(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "{}", `{"id":"alice"}`} {
		require.NoError(t, answering(t, http.StatusOK, body).DeleteUser(t.Context(), "alice"), body)
	}
	err := answering(t, http.StatusOK, "<html>Please log in</html>").DeleteUser(t.Context(), "alice")
	assert.Equal(t, &fault.Error{Kind: fault.Internal, Message: "the answer is not what the protocol promises", Ambiguous: true}, err)
}

// TestLostAnswers drops the connection of the first request.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	lossy := func(status int, body string) (*Client, *atomic.Int32) {
		var requests atomic.Int32
		config := Config{Credential: someToken, Transport: transport.Config{Retry: transport.Retry{MinWait: time.Millisecond}}}
		return serve(t, config, func(w http.ResponseWriter, _ *http.Request) {
			if requests.Add(1) == 1 {
				panic(http.ErrAbortHandler)
			}
			http.Error(w, body, status)
		}), &requests
	}
	missing := `{"message":"it does not exist"}`
	for name, remove := range map[string]func(*Client, context.Context, string) error{
		"user": (*Client).DeleteUser, "role": (*Client).DeleteRole, "cluster": (*Client).DeleteCluster,
	} {
		c, requests := lossy(http.StatusNotFound, missing)
		require.NoError(t, remove(c, t.Context(), "alice"), "the first request deleted the %s", name)
		assert.EqualValues(t, 2, requests.Load())
		assertKind(t, fault.NotFound, remove(answering(t, http.StatusNotFound, missing), t.Context(), "alice"))
	}
	for name, create := range map[string]func(*Client) error{
		"user":    func(c *Client) error { return c.CreateUser(t.Context(), "alice", "wonderland", nil) },
		"role":    func(c *Client) error { return c.CreateRole(t.Context(), Role{Name: "r"}) },
		"cluster": func(c *Client) error { return c.RegisterCluster(t.Context(), Cluster{ID: "c"}) },
		"key":     func(c *Client) error { return c.RotateKey(t.Context()) },
	} {
		c, requests := lossy(http.StatusOK, "")
		f := asFault(t, create(c))
		assert.Equal(t, fault.Unavailable, f.Kind, name)
		assert.True(t, f.Ambiguous, name)
		assert.EqualValues(t, 1, requests.Load(), "a %s is not made twice", name)
	}
	password, level := "through", "4"
	for name, change := range map[string]func(*Client) error{
		"user":    func(c *Client) error { return c.UpdateUser(t.Context(), "alice", UserPatch{Password: &password}) },
		"role":    func(c *Client) error { return c.UpdateRole(t.Context(), Role{Name: "r"}) },
		"cluster": func(c *Client) error { return c.UpdateCluster(t.Context(), Cluster{ID: "c"}) },
		"config":  func(c *Client) error { return c.SetConfig(t.Context(), ConfigPatch{LogLevel: &level}) },
		"revoke":  func(c *Client) error { return c.RevokeToken(t.Context(), "t") },
	} {
		c, requests := lossy(http.StatusNoContent, "")
		require.NoError(t, change(c), name)
		assert.EqualValues(t, 2, requests.Load(), name)
	}
}

func TestPatience(t *testing.T) {
	t.Parallel()
	slow := func(after time.Duration) roundTrip {
		return func(r *http.Request) (*http.Response, error) {
			select {
			case <-time.After(after):
				return reply(http.StatusBadRequest, `{"message":"failed to validate-signer with prod[c]: connection refused"}`), nil
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		}
	}
	synctest.Test(t, func(t *testing.T) {
		c := fake(t, Config{}, slow(79*time.Second))
		f := asFault(t, c.RegisterCluster(t.Context(), Cluster{ID: "c"}))
		assert.Equal(t, &fault.Error{
			Kind: fault.Unavailable, FromServer: true, Status: 400, Message: "failed to validate-signer with prod[c]: connection refused",
		}, f, "AuthN's own time to give up is waited out")

		f = asFault(t, c.DeleteCluster(t.Context(), "c"))
		assert.Equal(t, "the server took too long to answer", f.Message, "other requests have the usual time")

		c = fake(t, Config{}, slow(time.Hour))
		start := time.Now()
		f = asFault(t, c.UpdateCluster(t.Context(), Cluster{ID: "c"}))
		assert.Equal(t, &fault.Error{
			Kind: fault.Unavailable, Message: "the server took too long to answer", Ambiguous: true, Err: context.DeadlineExceeded,
		}, f)
		assert.Equal(t, 2*time.Minute, time.Since(start))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		assertKind(t, fault.Canceled, c.UpdateCluster(ctx, Cluster{ID: "c"}))

		c = fake(t, Config{Transport: transport.Config{Timeout: 5 * time.Minute}}, slow(4*time.Minute))
		f = asFault(t, c.RegisterCluster(t.Context(), Cluster{ID: "c"}))
		assert.True(t, f.FromServer, "a longer time that was asked for holds")
	})
}

func TestDurations(t *testing.T) {
	t.Parallel()
	for d, text := range map[time.Duration]string{
		2 * time.Hour: "2h", 90 * time.Minute: "1h30m", 10 * time.Minute: "10m", 90 * time.Second: "1m30s", 100 * time.Hour: "100h",
		time.Second: "1s", time.Hour + time.Second: "1h0m1s", 20 * time.Hour: "20h",
	} {
		assert.Equal(t, text, durationText(d))
		parsed, err := time.ParseDuration(text)
		require.NoError(t, err)
		assert.Equal(t, d, parsed)
	}
	var config ServerConfig
	require.NoError(t, json.Unmarshal([]byte(`{"auth":{"expiration_time":"24h0m","max_token_age":""}}`), &config))
	assert.Equal(t, 24*time.Hour, config.Auth.ExpirationTime.Duration())
	assert.Zero(t, config.Auth.MaxTokenAge)
}

// TestConfigBodies shows that only what is named is sent.
func TestConfigBodies(t *testing.T) {
	t.Parallel()
	var body bytes.Buffer
	c := serve(t, Config{}, func(_ http.ResponseWriter, r *http.Request) {
		body.Reset()
		_, err := body.ReadFrom(r.Body)
		assert.NoError(t, err)
	})
	secret, ttl, level := "s", time.Minute, "5"
	for want, patch := range map[string]ConfigPatch{
		`{"auth":{"secret":"s"}}`:                                            {Secret: &secret},
		`{"auth":{"expiration_time":"1m"}}`:                                  {TokenTTL: &ttl},
		`{"log":{"level":"5"}}`:                                              {LogLevel: &level},
		`{"auth":{"secret":"s","expiration_time":"1m"},"log":{"level":"5"}}`: {Secret: &secret, TokenTTL: &ttl, LogLevel: &level},
	} {
		require.NoError(t, c.SetConfig(t.Context(), patch))
		assert.Equal(t, want, body.String())
	}
}

// TestUserBodies is about changes that no recording shows.
func TestUserBodies(t *testing.T) {
	t.Parallel()
	var body bytes.Buffer
	c := serve(t, Config{}, func(_ http.ResponseWriter, r *http.Request) {
		body.Reset()
		_, err := body.ReadFrom(r.Body)
		assert.NoError(t, err)
	})
	password := "<&>"
	require.NoError(t, c.UpdateUser(t.Context(), "alice", UserPatch{Password: &password, Roles: &[]Role{{Name: "r"}}}))
	assert.JSONEq(t, `{"id":"alice","pass":"<&>","roles":[{"name":"r","desc":"","clusters":null,"buckets":null,"admin":false}]}`, body.String())
	require.NoError(t, c.UpdateUser(t.Context(), "alice", UserPatch{Password: &password, Roles: &[]Role{}}))
	assert.JSONEq(t, `{"id":"alice","pass":"<&>","roles":[{"name":""}]}`, body.String())
	require.NoError(t, c.CreateUser(t.Context(), "alice", password, nil))
	assert.JSONEq(t, `{"id":"alice","pass":"<&>","roles":[]}`, body.String())
}
