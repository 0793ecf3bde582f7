package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	simulator "github.com/usermgmt/usermgmt/internal/simulator/cognite"
)

// program runs the program and returns what it leaves behind.
func program(t *testing.T, env map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, func(name string) string { return env[name] }, &out, &errs)
	return code, out.String(), errs.String()
}

// newGateway returns the state of a server, and the settings to reach it.
func newGateway(t *testing.T) (*simulator.Project, map[string]string) {
	t.Helper()
	const tokenPath = "/oauth2/token"
	gateway := simulator.New(simulator.Options{TokenPath: tokenPath, Scope: "all", Make: func(kind simulator.Kind) string {
		if kind == simulator.Username {
			return "pg_" + strings.ToLower(rand.Text())
		}
		return secretPrefix + rand.Text()
	}})
	gateway.SeedClient("app", "opensesame", simulator.Admin("svc", "plant-7"))
	server := httptest.NewServer(gateway)
	t.Cleanup(server.Close)
	return gateway.Project("plant-7"), map[string]string{
		"USERMGMT_URL": server.URL, "USERMGMT_PROJECT": "plant-7", "USERMGMT_TOKEN_URL": server.URL + tokenPath,
		"USERMGMT_CLIENT_ID": "app", "USERMGMT_CLIENT_SECRET": "opensesame", "USERMGMT_SCOPE": "all",
	}
}

// secretPrefix begins all secrets that the server makes up.
const secretPrefix = "SECRET"

// active returns how many sessions are in use.
func active(project *simulator.Project) int {
	count := 0
	for _, session := range project.Sessions() {
		if session.Status == simulator.Active {
			count++
		}
	}
	return count
}

func TestSimulated(t *testing.T) {
	t.Parallel()
	code, out, errs := program(t, nil)
	assert.Zero(t, code)
	assert.Empty(t, errs)
	for _, want := range []string{
		"Postgres Gateway of project demo", "from session", "with password [redacted]", "number 3 of 3", "gave 2 users new sessions",
		"acts with session", "missing is nobody", "the first 2 users", "all 5 users, one by one", "in groups of 25: 1",
		"revoked its session", "deleted 5 users, those that do not exist ignored", "removed everything that was created",
	} {
		assert.Contains(t, out, want)
	}
}

func TestServer(t *testing.T) {
	t.Parallel()
	gateway, env := newGateway(t)
	gateway.SeedUsers(simulator.User{Username: "pg_other"})
	code, out, errs := program(t, env)
	assert.Zero(t, code, errs)
	assert.NotContains(t, out, secretPrefix, "neither password nor nonce is shown")
	assert.Contains(t, out, "Postgres Gateway of project plant-7")
	assert.Equal(t, []string{"pg_other"}, gateway.Usernames(), "the tour leaves nothing behind")
	assert.Zero(t, active(gateway))
}

func TestMistakesAreToldInOneLine(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(env map[string]string)
		args   []string
		want   string
		code   int
	}{
		"wrong secret":   {func(env map[string]string) { env["USERMGMT_CLIENT_SECRET"] = "wrong" }, nil, "invalid_client", 1},
		"no secret":      {func(env map[string]string) { delete(env, "USERMGMT_CLIENT_SECRET") }, nil, "is USERMGMT_CLIENT_SECRET set?", 1},
		"no project":     {func(env map[string]string) { delete(env, "USERMGMT_PROJECT") }, nil, "Project must not be empty", 1},
		"other project":  {func(map[string]string) {}, []string{"-project", "plant-8"}, "no access to project", 1},
		"stray argument": {func(map[string]string) {}, []string{"stray"}, "unexpected argument", 2},
		"impatient":      {func(map[string]string) {}, []string{"-timeout", "1ns"}, "deadline exceeded", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, env := newGateway(t)
			test.change(env)
			code, out, errs := program(t, env, test.args...)
			assert.Equal(t, test.code, code)
			assert.Contains(t, errs, test.want)
			assert.Equal(t, 1, strings.Count(errs, "\n"), "one line: %s", errs)
			assert.Empty(t, out)
			assert.NotContains(t, errs, "opensesame")
		})
	}
	code, _, usage := program(t, nil, "-help")
	assert.Zero(t, code)
	assert.Contains(t, usage, "USERMGMT_CLIENT_SECRET")
}

// TestInterrupted makes sure that what was created is removed also when the
// tour is ended in the middle.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	gateway, env := newGateway(t)
	ctx, cancel := context.WithCancel(t.Context())
	out := writerFunc(func(text string) {
		if strings.Contains(text, "number 3 of 3") {
			cancel()
		}
	})
	var errs bytes.Buffer
	code := run(ctx, nil, func(name string) string { return env[name] }, out, &errs)
	assert.Equal(t, 1, code)
	assert.Contains(t, errs.String(), "canceled")
	assert.Empty(t, gateway.Usernames())
	assert.Zero(t, active(gateway))
}

type writerFunc func(text string)

func (f writerFunc) Write(p []byte) (int, error) {
	f(string(p))
	return len(p), nil
}
