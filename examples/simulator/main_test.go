package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
	"github.com/usermgmt/usermgmt/examples/internal/local"
)

// start runs the program until t ends, and returns what it prints about each
// system and what it complains of.
func start(t *testing.T, args ...string) (systems map[string]map[string]string, complaints string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	var errs bytes.Buffer
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, args, in, &errs)
		_ = in.CloseWithError(err)
		ended <- err
	}()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	systems = map[string]map[string]string{}
	var about map[string]string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		switch line := lines.Text(); {
		case strings.HasPrefix(line, "Running."):
			return systems, errs.String() // it writes no more
		case strings.HasPrefix(line, "  "):
			about[strings.TrimSpace(line[:15])] = line[15:]
		case line != "":
			about = map[string]string{}
			systems[line] = about
		}
	}
	require.NoError(t, lines.Err())
	require.Fail(t, "the program ended")
	return nil, ""
}

// open opens a client with what the program printed.
func open(t *testing.T, about map[string]string) *usermgmt.Client {
	t.Helper()
	var credential usermgmt.Credential = usermgmt.Password(about["user"], about["password"])
	switch {
	case about["token URL"] != "":
		credential = usermgmt.OAuth2ClientCredentials{
			TokenURL: about["token URL"], ClientID: about["client ID"], ClientSecret: usermgmt.NewSecret(about["secret"]),
		}
	case about["access key"] != "":
		credential = usermgmt.AccessKey("", about["access key"])
	}
	client, err := usermgmt.Open(t.Context(), about["Open"], usermgmt.WithCredentials(credential),
		usermgmt.WithRetry(usermgmt.RetryPolicy{MaxAttempts: 10, MinWait: time.Millisecond}))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client
}

func TestAllSystemsWithSeed(t *testing.T) {
	t.Parallel()
	systems, complaints := start(t, "-seed", "seed.json")
	assert.Equal(t, local.Names(), slices.Sorted(maps.Keys(systems)))
	assert.Contains(t, complaints, "aistore has no DisplayName: left out of user alice\n")
	for name, about := range systems {
		assert.Contains(t, about["try"], about["address"], name)
		client := open(t, about)
		users, err := usermgmt.Collect(client.ListUsers(t.Context(), usermgmt.ListUsersRequest{}))
		require.NoError(t, err)
		if name == "cognite" {
			require.Len(t, users, 1)
			assert.Contains(t, complaints, "cognite names its users: alice is "+users[0].Name+" there\n")
			continue
		}
		alice, err := client.GetUser(t.Context(), usermgmt.GetUserRequest{Name: "alice"})
		require.NoError(t, err)
		if name != "juju" { // whose roles on models are memberships
			assert.Len(t, alice.Roles, 1, name)
		}
		if client.Capabilities().Of(usermgmt.CapDisableUser) == usermgmt.SupportNo {
			continue
		}
		bob, err := client.GetUser(t.Context(), usermgmt.GetUserRequest{Name: "bob"})
		require.NoError(t, err)
		assert.True(t, bob.Disabled)
	}
}

// TestTrouble lists often enough that faults fall, and wants none to show.
func TestTrouble(t *testing.T) {
	t.Parallel()
	systems, _ := start(t, "-faults", "0.2", "-random", "4", "-latency", "1ms", "couchbase", "juju")
	assert.Len(t, systems, 2)
	for _, about := range systems {
		client := open(t, about)
		for range 20 {
			_, err := usermgmt.Collect(client.ListUsers(t.Context(), usermgmt.ListUsersRequest{}))
			require.NoError(t, err)
		}
	}
}

func TestListen(t *testing.T) {
	t.Parallel()
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := taken.Addr().String()
	require.ErrorContains(t, run(t.Context(), []string{"-listen", address, "aistore"}, io.Discard, io.Discard), "address already in use")
	require.NoError(t, taken.Close())
	systems, _ := start(t, "-listen", address, "couchbase")
	assert.Equal(t, "http://"+address, systems["couchbase"]["address"])
	open(t, systems["couchbase"])
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	broken := filepath.Join(t.TempDir(), "seed.json")
	require.NoError(t, os.WriteFile(broken, []byte(`{"usrs": []}`), 0o600))
	wrong := filepath.Join(t.TempDir(), "seed.json")
	require.NoError(t, os.WriteFile(wrong, []byte(`{"users": [{"name": "alice", "password": "Alice-is-here-1", "roles": {"aistore": ["no-such-role"]}}]}`), 0o600))
	for want, args := range map[string][]string{
		`there is no system "mysql"`:                     {"mysql"},
		`juju is named twice`:                            {"juju", "juju"},
		`-faults is between 0 and 1`:                     {"-faults", "2"},
		`"0.0.0.0" is no loopback address`:               {"-listen", "0.0.0.0:8091"},
		`"http" is no port`:                              {"-listen", "127.0.0.1:http"},
		`missing port`:                                   {"-listen", "127.0.0.1"},
		`no such file`:                                   {"-seed", "no-such-file.json"},
		`unknown field "usrs"`:                           {"-seed", broken},
		`seeding aistore: CreateUser aistore: not found`: {"-seed", wrong, "aistore"},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			require.ErrorContains(t, run(t.Context(), args, io.Discard, io.Discard), want)
		})
	}
}
