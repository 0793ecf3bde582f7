package usermgmt_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

var update = flag.Bool("update", false, "write generated parts of files anew, instead of comparing them")

// capabilityRow is a line of the README's table: things that go together.
type capabilityRow struct {
	label string
	words map[usermgmt.Capability]string
}

// capabilityRows is the order in which people look for things.
var capabilityRows = []capabilityRow{
	{"users: ", map[usermgmt.Capability]string{
		usermgmt.CapCreateUser: "create", usermgmt.CapGetUser: "get", usermgmt.CapListUsers: "list",
		usermgmt.CapUpdateUser: "update", usermgmt.CapDeleteUser: "delete", usermgmt.CapCurrentUser: "current",
	}},
	{"a new user's ", map[usermgmt.Capability]string{usermgmt.CapUserName: "name", usermgmt.CapUserPassword: "password"}},
	{"display name: ", map[usermgmt.Capability]string{usermgmt.CapDisplayName: "at creation", usermgmt.CapUpdateDisplayName: "later"}},
	{"", map[usermgmt.Capability]string{usermgmt.CapEmail: "e-mail address"}},
	{"", map[usermgmt.Capability]string{usermgmt.CapEnableUser: "enable", usermgmt.CapDisableUser: "disable"}},
	{"", map[usermgmt.Capability]string{usermgmt.CapSetPassword: "set password"}},
	{"role definitions: ", map[usermgmt.Capability]string{
		usermgmt.CapListRoles: "list", usermgmt.CapGetRole: "get",
		usermgmt.CapCreateRole: "create", usermgmt.CapUpdateRole: "update", usermgmt.CapDeleteRole: "delete",
	}},
	{"roles: ", map[usermgmt.Capability]string{usermgmt.CapGrantRoles: "grant", usermgmt.CapRevokeRoles: "revoke"}},
	{"roles ", map[usermgmt.Capability]string{usermgmt.CapRoleScope: "with a scope", usermgmt.CapRoleSets: "as one set"}},
	{"groups: ", map[usermgmt.Capability]string{
		usermgmt.CapCreateGroup: "create", usermgmt.CapGetGroup: "get", usermgmt.CapListGroups: "list",
		usermgmt.CapUpdateGroup: "update", usermgmt.CapDeleteGroup: "delete",
	}},
	{"group members: ", map[usermgmt.Capability]string{usermgmt.CapAddGroupMember: "add", usermgmt.CapRemoveGroupMember: "remove"}},
	{"groups with ", map[usermgmt.Capability]string{usermgmt.CapGroupDescription: "description", usermgmt.CapGroupRoles: "roles"}},
	{"projects: ", map[usermgmt.Capability]string{usermgmt.CapGetProject: "get", usermgmt.CapListProjects: "list"}},
	{"project members: ", map[usermgmt.Capability]string{
		usermgmt.CapListProjectMembers: "list", usermgmt.CapEnsureProjectMember: "ensure", usermgmt.CapRemoveProjectMember: "remove",
		usermgmt.CapEffectiveProjectRole: "effective role", usermgmt.CapProjectGroups: "groups too",
	}},
}

// capabilities returns those of the row, in the order of declaration.
func (r capabilityRow) capabilities() []usermgmt.Capability {
	return slices.DeleteFunc(slices.Collect(usermgmt.AllCapabilities()), func(c usermgmt.Capability) bool { return r.words[c] == "" })
}

// cell says how much of the row a backend can do.
func (r capabilityRow) cell(can usermgmt.Capabilities) string {
	var parts []string
	all := r.capabilities()
	for _, support := range []struct {
		is   usermgmt.Support
		text string
	}{{usermgmt.SupportYes, "yes"}, {usermgmt.SupportUnknown, "it depends"}} {
		var words []string
		for _, c := range all {
			if can.Of(c) == support.is {
				words = append(words, r.words[c])
			}
		}
		switch len(words) {
		case 0:
		case len(all):
			return support.text
		default:
			text := strings.Join(words, ", ")
			if support.is == usermgmt.SupportUnknown {
				text = support.text + ": " + text
			}
			parts = append(parts, text)
		}
	}
	if parts == nil {
		return "no"
	}
	return strings.Join(parts, "; ")
}

// capabilityTable is the table as the code has it.
func capabilityTable(t *testing.T) string {
	t.Helper()
	password := usermgmt.WithCredentials(usermgmt.Password("admin", "secret"))
	columns := []struct {
		title   string
		backend usermgmt.Backend
		login   usermgmt.Option
	}{
		{"Memory", usermgmt.Memory(), nil},
		{"AIStore AuthN", usermgmt.AIStore("https://authn.example.com"), password},
		{"Couchbase", usermgmt.Couchbase("couchbases://db.example.com"), password},
		{"Iguazio", usermgmt.Iguazio("https://dashboard.example.com"), password},
		{"Juju", usermgmt.Juju("wss://controller.example.com:17070"), password},
		{"Cognite", usermgmt.Cognite("https://westeurope-1.cognitedata.com", "plant-7"), usermgmt.WithCredentials(usermgmt.BearerToken("secret"))},
	}
	var titles, rule strings.Builder
	lines := make([]strings.Builder, len(capabilityRows))
	titles.WriteString("| |")
	rule.WriteString("|---|")
	for i, row := range capabilityRows {
		var words []string
		for _, c := range row.capabilities() {
			words = append(words, row.words[c])
		}
		lines[i].WriteString("| " + row.label + strings.Join(words, ", ") + " |")
	}
	for _, column := range columns {
		client, err := usermgmt.New(column.backend, column.login)
		require.NoError(t, err)
		titles.WriteString(" " + column.title + " |")
		rule.WriteString("---|")
		for i, row := range capabilityRows {
			lines[i].WriteString(" " + row.cell(client.Capabilities()) + " |")
		}
		require.NoError(t, client.Close())
	}
	table := titles.String() + "\n" + rule.String() + "\n"
	for i := range lines {
		table += lines[i].String() + "\n"
	}
	return table
}

// TestReadmeCapabilities compares the README's table with what the backends
// declare.
func TestReadmeCapabilities(t *testing.T) {
	t.Parallel()
	const begin, end = "<!-- generated: go test -run TestReadmeCapabilities -update . -->\n", "<!-- end -->\n"
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(text), begin)
	require.True(t, found)
	table, after, found := strings.Cut(rest, end)
	require.True(t, found)
	want := capabilityTable(t)
	if *update {
		require.NoError(t, os.WriteFile("README.md", []byte(before+begin+want+end+after), 0o600))
		return
	}
	assert.Equal(t, want, table)
	assert.Less(t, strings.Count(string(text), "\n"), 200)
}

// TestEveryCapabilityHasARow keeps the table whole.
func TestEveryCapabilityHasARow(t *testing.T) {
	t.Parallel()
	rows := map[usermgmt.Capability]int{}
	for _, row := range capabilityRows {
		for c := range row.words {
			rows[c]++
		}
	}
	for c := range usermgmt.AllCapabilities() {
		assert.Equal(t, 1, rows[c], c.String())
	}
}
