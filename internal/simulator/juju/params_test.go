package juju_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func parse[T any](t *testing.T, text string) T {
	t.Helper()
	var value T
	require.NoError(t, json.Unmarshal([]byte(text), &value), text)
	return value
}

func quoted(text string) string {
	quoted, _ := json.Marshal(text)
	return string(quoted)
}

// tags returns the params of a call on entities.
func tags(tags ...string) string {
	items := make([]string, len(tags))
	for i, tag := range tags {
		items[i] = `{"tag":` + quoted(tag) + `}`
	}
	return `{"entities":[` + strings.Join(items, ",") + `]}`
}

// change returns the params of a call that changes access. More is the member
// that names the object, or empty.
func change(user, action, level, more string) string {
	if more != "" {
		more = "," + more
	}
	return fmt.Sprintf(`{"changes":[{"user-tag":%q,"action":%q,"access":%q%s}]}`, user, action, level, more)
}

func onModel(uuid string) string { return `"model-tag":"model-` + uuid + `"` }

func onOffer(url string) string { return `"offer-url":` + quoted(url) }

func onCloud(name string) string { return `"cloud-tag":"cloud-` + name + `"` }
