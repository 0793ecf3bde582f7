package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
	"github.com/usermgmt/usermgmt/examples/internal/local"
)

func noEnvironment(string) string { return "" }

// program runs the program and returns what it prints, with single spaces.
func program(t *testing.T, getenv func(string) string, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(t.Context(), args, getenv, &out, io.Discard)
	lines := strings.Split(out.String(), "\n")
	for i, line := range lines {
		lines[i] = strings.Join(strings.Fields(line), " ")
	}
	return strings.Join(lines, "\n"), err
}

func TestDryRunChangesNothing(t *testing.T) {
	t.Parallel()
	out, err := program(t, noEnvironment, "-person", "alice")
	require.NoError(t, err)
	assert.Contains(t, out, "Dry run: nothing is changed without -apply.\nSYSTEM USER BEFORE DONE NOW\n"+
		"aistore alice can log in nothing: it cannot disable users; -delete deletes this one can log in\n")
	assert.Contains(t, out, "\ncouchbase alice no account nothing no account\n")
	assert.Contains(t, out, "\niguazio alice can log in would be disabled can log in\n")
	assert.Contains(t, out, "\njuju alice can log in would be disabled can log in\n")
}

func TestApply(t *testing.T) {
	t.Parallel()
	out, err := program(t, noEnvironment, "-person", "alice", "-apply")
	require.ErrorContains(t, err, "aistore: alice can still log in")
	require.ErrorContains(t, err, "cognite: pg_")
	assert.Contains(t, out, "\niguazio alice can log in disabled disabled\n")

	out, err = program(t, noEnvironment, "-person", "alice", "-apply", "-delete")
	require.NoError(t, err)
	assert.Contains(t, out, "\naistore alice can log in deleted no account\n")
	assert.Contains(t, out, "\njuju alice can log in disabled disabled\n")
}

// TestConfiguration has one system that works, one that is down and one where
// the person has another name and no account.
func TestConfiguration(t *testing.T) {
	t.Parallel()
	couchbase, err := local.Start(t.Context(), "couchbase", "")
	require.NoError(t, err)
	t.Cleanup(couchbase.Close)
	closed, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	config := filepath.Join(t.TempDir(), "systems.json")
	require.NoError(t, os.WriteFile(config, []byte(`{"systems": [
		{"name": "databases", "url": "`+couchbase.URL+`", "user": "`+couchbase.User+`", "secretEnv": "DB_PASSWORD"},
		{"name": "down", "url": "aistore+http://`+closed.Addr().String()+`", "user": "admin", "secretEnv": "DB_PASSWORD"},
		{"name": "other", "url": "`+couchbase.URL+`", "user": "`+couchbase.User+`", "secretEnv": "DB_PASSWORD", "names": {"jane": "j.doe"}}
	]}`), 0o600))
	getenv := func(name string) string { return map[string]string{"DB_PASSWORD": couchbase.Password}[name] }

	out, err := program(t, getenv, "-config", config, "-person", "jane", "-apply", "-timeout", "5s")
	require.EqualError(t, err, "down: it is not known whether jane can log in")
	assert.Contains(t, out, "\ndatabases jane can log in disabled disabled\ndown jane unknown nothing unknown\nother j.doe no account nothing no account\n")
	assert.Contains(t, out, "\ndown: Ping aistore: unavailable: ")
	assert.NotContains(t, out, couchbase.Password)

	out, err = program(t, getenv, "-config", config, "-person", "jane", "-timeout", "5s")
	require.Error(t, err)
	assert.Contains(t, out, "\ndatabases jane disabled nothing disabled\n")
}

// TestLostAnswer has the change be made and its answer be lost: the report
// shows what the system does.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "users.json")
	client, err := usermgmt.Open(t.Context(), "memory://"+path)
	require.NoError(t, err)
	_, err = client.CreateUser(t.Context(), usermgmt.CreateUserRequest{Name: "alice"})
	require.NoError(t, err)
	lossy := usermgmt.Intercept(client, usermgmt.Interceptor{
		DisableUser: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.DisableUserRequest) error {
			require.NoError(t, next.DisableUser(ctx, req))
			return &usermgmt.Error{Op: "DisableUser", Kind: usermgmt.ErrUnavailable, Ambiguous: true}
		},
	})
	r := offboard(t.Context(), system{Name: "lossy"}, settings{person: "alice", apply: true}, func(context.Context, system) (usermgmt.UserManager, error) {
		return lossy, nil
	})
	require.ErrorIs(t, r.err, usermgmt.ErrUnavailable)
	assert.Equal(t, disabled, r.after)
	require.NoError(t, verdict(settings{apply: true}, []report{r}))
}

// TestProgress waits for a system that answers when something was said about it.
func TestProgress(t *testing.T) {
	t.Parallel()
	said := make(chan struct{})
	progress := writerFunc(func(text string) {
		if assert.Equal(t, "waiting for slow\n", text) {
			close(said)
		}
	})
	reports := offboardAll(t.Context(), []system{{Name: "slow"}, {Name: "fast"}}, settings{person: "alice", timeout: time.Minute}, progress,
		func(_ context.Context, s system) (usermgmt.UserManager, error) {
			if s.Name == "slow" {
				<-said
			}
			return usermgmt.New(usermgmt.Memory())
		})
	assert.Equal(t, absent, reports[0].after)
	assert.Equal(t, absent, reports[1].after)
}

type writerFunc func(text string)

func (f writerFunc) Write(text []byte) (int, error) {
	f(string(text))
	return len(text), nil
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "systems.json")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	for want, args := range map[string][]string{
		"say who leaves":                {"-apply"},
		"no such file":                  {"-person", "alice", "-config", "no-such-file.json"},
		"there are no systems":          {"-person", "alice", "-config", file(`{}`)},
		`unknown field "sistems"`:       {"-person", "alice", "-config", file(`{"sistems": []}`)},
		"name and url are required":     {"-person", "alice", "-config", file(`{"systems": [{"name": "x"}]}`)},
		"DATABASES_PASSWORD is not set": {"-person", "alice", "-config", "systems.json"},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			_, err := program(t, noEnvironment, args...)
			require.ErrorContains(t, err, want)
		})
	}
}

// TestSampleConfiguration reads the sample with all its variables set.
func TestSampleConfiguration(t *testing.T) {
	t.Parallel()
	pem := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(pem, []byte("no certificate"), 0o600))
	text, err := os.ReadFile("systems.json")
	require.NoError(t, err)
	sample := filepath.Join(t.TempDir(), "systems.json")
	require.NoError(t, os.WriteFile(sample, bytes.ReplaceAll(text, []byte("controller-ca.pem"), []byte(pem)), 0o600))
	systems, err := readSystems(sample, func(string) string { return "secret" })
	require.NoError(t, err)
	assert.Len(t, systems, 5)
	assert.Equal(t, "pg_x2vnfazgdjm2", systems[4].nameOf("alice"))
	_, err = usermgmt.Open(t.Context(), systems[3].URL, systems[3].options...)
	require.ErrorContains(t, err, "certificate")

	systems[0].CAFile = pem
	require.ErrorContains(t, systems[0].configure(func(string) string { return "secret" }), "holds no certificate")
}
