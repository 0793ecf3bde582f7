package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWalk(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	require.NoError(t, run(t.Context(), nil, func(string) string { return "" }, &out))
	text := out.String()
	for _, want := range []string{
		"created the application's user with 6 roles\n",
		"  app-... (An application)\n    data_reader          bucket *\n    data_writer          bucket travel-sample\n",
		"  jane (Jane Doe)\n    bucket_admin         bucket travel-sample\n",
		"revoked query_delete\n", "every node knows the user\n",
		"a data client connects to couchbase://127.0.0.1 as the new user\n",
		"disabled the user and enabled it again\n",
	} {
		assert.Contains(t, text, want)
	}
}

func TestRunFails(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	none := func(string) string { return "" }
	require.Error(t, run(t.Context(), []string{"-nonsense"}, none, &out))
	password := func(string) string { return "x" }
	require.ErrorContains(t, run(t.Context(), []string{"-url", "couchbase://h"}, none, &out), "needs a user name and a password")
	require.ErrorContains(t, run(t.Context(), []string{"-url", "couchbase://me:secret@h"}, password, &out), "must not carry credentials")
	require.ErrorContains(t, run(t.Context(), []string{"-url", "memory:"}, password, &out), "makes no sense")
}
