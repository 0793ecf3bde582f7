package main

import (
	"bytes"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	simulator "github.com/usermgmt/usermgmt/internal/simulator/iguazio"
)

// example runs the program and returns what it leaves behind.
func example(t *testing.T, env map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, func(name string) string { return env[name] }, &out, &errs)
	return code, out.String(), errs.String()
}

func TestSimulated(t *testing.T) {
	t.Parallel()
	code, out, errs := example(t, nil)
	assert.Zero(t, code, errs)
	assert.Empty(t, errs)
	for _, want := range []string{
		"Iguazio 3.5.5", "with [Application Read Only Developer]", "with [Data IT Admin]", "is operational: true", "is the same user: true",
		"logged in as admin", "is now called igz-sdk my name lastname", "without the operator: anewuser-", "by name: true", "by ID: true",
		"by its value: true, and taken out: true", "the primary group of anewuser-", "has none any more", "is Viewer of default; so anewuser-",
		"is Admin of default", "removed anewuser-", "deleted anewuser-", "the job is", "now it is completed", "removed everything that was created",
	} {
		assert.Contains(t, out, want)
	}
}

// TestAddress runs the program as against a real system, by password.
func TestAddress(t *testing.T) {
	t.Parallel()
	igz := simulator.New(simulator.Options{AdminPassword: "opensesame"})
	igz.SeedProject(simulator.Project{Name: "lab"})
	server := httptest.NewServer(igz)
	t.Cleanup(server.Close)
	env := map[string]string{"USERMGMT_PASSWORD": "opensesame", "USERMGMT_USER": "admin", "USERMGMT_URL": server.URL}
	code, out, errs := example(t, env, "-project", "lab")
	assert.Zero(t, code, errs)
	assert.Contains(t, out, "is Admin of lab")
	assert.Equal(t, []string{"admin"}, igz.UserNames(), "nothing is left behind")

	code, out, errs = example(t, env, "-project", "no-such-project")
	assert.Equal(t, 1, code)
	assert.Contains(t, errs, `not found: project "no-such-project"`)
	assert.Contains(t, out, "removed everything that was created")
	assert.Equal(t, []string{"admin"}, igz.UserNames())
}

func TestMistakesAreToldInOneLine(t *testing.T) {
	t.Parallel()
	igz := simulator.New(simulator.Options{AdminPassword: "opensesame"})
	server := httptest.NewServer(igz)
	t.Cleanup(server.Close)
	tests := map[string]struct {
		env  map[string]string
		args []string
		want string
		code int
	}{
		"wrong key":      {map[string]string{"USERMGMT_ACCESS_KEY": "wrong"}, []string{"-url", server.URL}, "unauthenticated", 1},
		"no credentials": {nil, []string{"-url", server.URL}, "is USERMGMT_ACCESS_KEY", 1},
		"no time":        {nil, []string{"-timeout", "1ns"}, "deadline exceeded", 1},
		"stray argument": {nil, []string{"stray"}, "unexpected argument", 2},
		"plain http":     {map[string]string{"USERMGMT_ACCESS_KEY": "k"}, []string{"-url", "http://igz.example.com"}, "plain http", 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, _, errs := example(t, test.env, test.args...)
			assert.Equal(t, test.code, code)
			assert.Contains(t, errs, test.want)
			assert.Equal(t, 1, strings.Count(errs, "\n"), "one line: %s", errs)
			assert.NotContains(t, errs, "wrong", "no credential is repeated")
		})
	}
	code, _, usage := example(t, nil, "-help")
	assert.Zero(t, code)
	assert.Contains(t, usage, "USERMGMT_ACCESS_KEY")
}
