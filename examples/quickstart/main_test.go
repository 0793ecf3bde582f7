package main

import (
	"bytes"
	"context"
	"encoding/pem"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/examples/internal/local"
	simulator "github.com/usermgmt/usermgmt/internal/simulator/aistore"
)

// quickstart runs the program and returns what it leaves behind.
func quickstart(t *testing.T, env map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, func(name string) string { return env[name] }, &out, &errs)
	return code, out.String(), errs.String()
}

func newAuthN(t *testing.T, start func(*simulator.Server) *httptest.Server) (*simulator.Server, *httptest.Server) {
	t.Helper()
	authn := simulator.New(simulator.Options{AdminPassword: "opensesame", Secret: "signing secret"})
	server := start(authn)
	t.Cleanup(func() {
		server.Close()
		authn.Close()
	})
	return authn, server
}

func plain(s *simulator.Server) *httptest.Server     { return httptest.NewServer(s) }
func encrypted(s *simulator.Server) *httptest.Server { return httptest.NewTLSServer(s) }

func TestEmbedded(t *testing.T) {
	t.Parallel()
	code, out, errs := quickstart(t, nil)
	assert.Zero(t, code)
	assert.Empty(t, errs)
	for _, want := range []string{
		"usermgmt quickstart on memory", "logged in as admin", "created user alice-", "granted reader-", "again is refused: already exists",
		"set a new password for bob-", "display name is Alice Liddell", "disabled bob-", "enabled bob-", "with member alice-", "as viewer",
		"and 1 more", "removed everything that was created",
	} {
		assert.Contains(t, out, want)
	}
	assert.NotContains(t, out, "skipped")
	assert.NotContains(t, out, "password-of")
}

func TestAIStore(t *testing.T) {
	t.Parallel()
	authn, server := newAuthN(t, plain)
	code, out, errs := quickstart(t, map[string]string{"USERMGMT_PASSWORD": "opensesame"}, "-url", "aistore+"+server.URL)
	assert.Zero(t, code, errs)
	assert.Contains(t, out, "usermgmt quickstart on aistore")
	assert.Contains(t, out, "skipped: groups, which this backend does not have")
	assert.Equal(t, []string{"admin"}, authn.UserIDs(), "the tour leaves nothing behind")
	assert.Equal(t, []string{"Admin"}, authn.RoleNames())
}

func TestPrivateAuthority(t *testing.T) {
	t.Parallel()
	_, server := newAuthN(t, encrypted)
	url := "aistore://" + strings.TrimPrefix(server.URL, "https://")
	env := map[string]string{"USERMGMT_URL": url, "USERMGMT_USER": "admin"}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	require.NoError(t, os.WriteFile(ca, block, 0o600))

	code, _, errs := quickstart(t, env, "-password", "opensesame", "-ca", ca)
	assert.Zero(t, code, errs)

	code, _, errs = quickstart(t, env, "-password", "opensesame")
	assert.Equal(t, 1, code)
	assert.Contains(t, errs, "certificate")
}

func TestMistakesAreToldInOneLine(t *testing.T) {
	t.Parallel()
	_, server := newAuthN(t, plain)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close()) // nobody listens there now
	dead := "aistore+http://" + listener.Addr().String()
	empty := filepath.Join(t.TempDir(), "empty.pem")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	tests := map[string]struct {
		args []string
		want string
		code int
	}{
		"unknown scheme":  {[]string{"-url", "postgres://h"}, "unknown scheme", 1},
		"wrong password":  {[]string{"-url", "aistore+" + server.URL, "-password", "wrong"}, "unauthenticated", 1},
		"wrong token":     {[]string{"-url", "aistore+" + server.URL, "-token", "wrong"}, "unauthenticated", 1},
		"no password":     {[]string{"-url", "aistore+" + server.URL}, "is USERMGMT_PASSWORD set?", 1},
		"dead address":    {[]string{"-url", dead, "-password", "p"}, "connection refused", 1},
		"missing CA":      {[]string{"-ca", empty + ".not"}, "no such file", 1},
		"CA without any":  {[]string{"-ca", empty}, "holds no certificate", 1},
		"stray argument":  {[]string{"stray"}, "unexpected argument", 2},
		"impatient":       {[]string{"-url", dead, "-password", "p", "-timeout", "1ns"}, "deadline exceeded", 1},
		"memory with key": {[]string{"-password", "p"}, "makes no sense", 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := quickstart(t, nil, test.args...)
			assert.Equal(t, test.code, code)
			assert.Contains(t, errs, test.want)
			assert.Equal(t, 1, strings.Count(errs, "\n"), "one line: %s", errs)
			assert.Empty(t, out)
			assert.NotContains(t, errs, "wrong", "no credential is repeated")
		})
	}
	code, _, _ := quickstart(t, nil, "-no-such-flag")
	assert.Equal(t, 2, code)
	code, _, usage := quickstart(t, nil, "-help")
	assert.Zero(t, code)
	assert.Contains(t, usage, "USERMGMT_PASSWORD")
}

// TestInterrupted makes sure that what was created is removed also when the
// tour is ended in the middle.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	authn, server := newAuthN(t, plain)
	ctx, cancel := context.WithCancel(t.Context())
	out := writerFunc(func(text string) {
		if strings.Contains(text, "created user bob") {
			cancel()
		}
	})
	var errs bytes.Buffer
	env := map[string]string{"USERMGMT_PASSWORD": "opensesame"}
	code := run(ctx, []string{"-url", "aistore+" + server.URL}, func(name string) string { return env[name] }, out, &errs)
	assert.Equal(t, 1, code)
	assert.Contains(t, errs.String(), "canceled")
	assert.Equal(t, []string{"admin"}, authn.UserIDs())
	assert.Equal(t, []string{"Admin"}, authn.RoleNames())
}

type writerFunc func(text string)

func (f writerFunc) Write(p []byte) (int, error) {
	f(string(p))
	return len(p), nil
}

// TestEverySystem runs the tour on all systems that let the caller name users,
// and has it say what to run on the one that does not.
func TestEverySystem(t *testing.T) {
	t.Parallel()
	for _, name := range local.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			system, err := local.Start(t.Context(), name, "")
			require.NoError(t, err)
			t.Cleanup(system.Close)
			env := map[string]string{"USERMGMT_PASSWORD": system.Password}
			code, out, errs := quickstart(t, env, "-url", system.URL, "-user", system.User)
			if name == "cognite" {
				assert.Equal(t, 1, code)
				assert.Contains(t, errs, "WithCredentials")
				return
			}
			assert.Zero(t, code, errs)
			assert.Contains(t, out, "removed everything that was created")
		})
	}
}
