package usermgmt_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

func TestOpenRefusesBadURLs(t *testing.T) {
	t.Parallel()
	const schemes = "memory, aistore, aistore+http, couchbase, couchbases, couchbase+http, couchbase+https, cognite, cognite+http, iguazio, iguazio+http, juju, juju+ws"
	tests := map[string]string{
		"":                           `Open: invalid argument: url must begin with a scheme, one of ` + schemes,
		"users.json":                 `Open: invalid argument: url must begin with a scheme, one of ` + schemes,
		"memry:":                     `Open: invalid argument: url has the unknown scheme "memry": known are ` + schemes,
		"https://h:52001":            `Open: invalid argument: url has the unknown scheme "https": known are ` + schemes,
		"memory://host/path":         `Open: invalid argument: url must look like memory: or memory:///path/to/file`,
		"memory:file":                `Open: invalid argument: url must look like memory: or memory:///path/to/file`,
		"memory:?x=1":                `Open: invalid argument: url must not carry a query or a fragment`,
		"aistore://admin:hush@h":     `Open: invalid argument: url must not carry credentials: use WithCredentials`,
		"aistore://admin:hu%zzsh@h/": `Open: invalid argument: url is not a URL`,
		"couchbase://h:P@ss":         `New: invalid argument: address must not carry credentials`,
		"couchbase+http://h1,h2/p":   `New: invalid argument: address must not have a path`,
		"juju://admin:hush@h":        `Open: invalid argument: url must not carry credentials: use WithCredentials`,
		"juju://h1:1,u:hush@h2:2":    `Open: invalid argument: url must not carry credentials: use WithCredentials`,
		"juju://h1:1,h2:%zz":         `Open: invalid argument: url is not a URL`,
		"juju://h?x=1":               `Open: invalid argument: url must not carry a query or a fragment`,
		"aistore://":                 `New: invalid argument: address must be a URL with a host`,
		"iguazio://":                 `New: invalid argument: address must be a URL with a host`,
	}
	for url, want := range tests {
		_, err := usermgmt.Open(t.Context(), url, optionsFor(url)...)
		require.ErrorIs(t, err, usermgmt.ErrInvalidArgument, url)
		require.EqualError(t, err, want)
	}
	_, err := usermgmt.Open(nil, "memory:") //nolint:staticcheck // the refusal of a nil context is what is tested
	require.ErrorIs(t, err, usermgmt.ErrInvalidArgument)
}

func optionsFor(url string) []usermgmt.Option {
	if url == "aistore://" || strings.HasPrefix(url, "couchbase") {
		return []usermgmt.Option{usermgmt.WithCredentials(usermgmt.BearerToken("t"))}
	}
	if url == "iguazio://" {
		return []usermgmt.Option{usermgmt.WithCredentials(usermgmt.AccessKey("", "k"))}
	}
	return nil
}

func TestOpenMemory(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"memory:", "memory:///"} {
		c, err := usermgmt.Open(t.Context(), url)
		require.NoError(t, err)
		assert.Equal(t, "memory", c.Backend())
		require.NoError(t, c.Close())
	}
	file := "memory://" + filepath.Join(t.TempDir(), "users.json")
	for _, want := range []error{nil, usermgmt.ErrAlreadyExists} {
		c, err := usermgmt.Open(t.Context(), file)
		require.NoError(t, err)
		_, err = c.CreateUser(t.Context(), usermgmt.CreateUserRequest{Name: "alice"})
		require.ErrorIs(t, err, want)
		require.NoError(t, c.Close())
	}
}

func TestOpenReportsADeadServer(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close()) // nobody listens there now
	_, err = usermgmt.Open(t.Context(), "aistore+http://"+listener.Addr().String(),
		usermgmt.WithCredentials(usermgmt.Password("admin", "pw")), usermgmt.WithRetry(usermgmt.RetryPolicy{MaxAttempts: 2, MinWait: time.Millisecond}))
	require.ErrorIs(t, err, usermgmt.ErrUnavailable)
	assert.Contains(t, err.Error(), "connection refused")
}

func TestOpenJuju(t *testing.T) {
	t.Parallel()
	c := newController(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close()) // nobody listens there now
	host := strings.TrimPrefix(c.address, "ws://")
	prefixed := httptest.NewServer(http.StripPrefix("/prefix", c.Server))
	t.Cleanup(func() {
		c.Close()
		prefixed.Close()
	})
	for _, url := range []string{"juju+ws://" + host, "juju+ws" + strings.TrimPrefix(prefixed.URL, "http") + "/prefix", "juju+ws://" + listener.Addr().String() + "," + host + "/"} {
		client, err := usermgmt.Open(t.Context(), url, usermgmt.WithCredentials(usermgmt.Password("admin", adminPassword)))
		require.NoError(t, err, url)
		assert.Equal(t, "juju", client.Backend())
		require.NoError(t, client.Close())
	}
}

// TestOwnOptions gives settings of a backend to Open, and to New beside it.
func TestOwnOptions(t *testing.T) {
	t.Parallel()
	client, err := usermgmt.Open(t.Context(), "memory:", usermgmt.MemoryAdmin("root"))
	require.NoError(t, err)
	user, err := client.CurrentUser(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "root", user.Name)

	backend := usermgmt.Memory()
	for _, want := range []string{"one", "two"} {
		client, err := usermgmt.New(backend, usermgmt.MemoryAdmin(want))
		require.NoError(t, err)
		user, err := client.CurrentUser(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want, user.Name, "a client's options do not stay with the backend")
	}
	_, err = usermgmt.New(usermgmt.Memory(usermgmt.MemoryAdmin("one")), usermgmt.MemoryAdmin("two"))
	require.ErrorIs(t, err, usermgmt.ErrInvalidArgument)
	_, err = usermgmt.New(usermgmt.Memory(), usermgmt.IguazioWait(time.Minute))
	e := requireError(t, err, usermgmt.ErrInvalidArgument)
	assert.Contains(t, e.Fields, "options")
}
