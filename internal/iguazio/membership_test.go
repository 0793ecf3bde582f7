package iguazio

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// projectBody is a project whose Editor has two users, of whom the server
// shows one, and a group; Viewer has nobody.
const projectBody = `{"data":{"type":"project","id":"p1","attributes":{"name":"p"},"relationships":{"project_authorization_roles":{"data":[
	{"type":"project_authorization_role","id":"r1"},{"type":"project_authorization_role","id":"r2"},{"type":"project_authorization_role","id":"r3"}]}}},
	"included":[
	{"type":"project_authorization_role","id":"r1","attributes":{"name":"Admin","permissions":[]},"relationships":{"principal_users":{"data":null}}},
	{"type":"project_authorization_role","id":"r2","attributes":{"name":"Editor"},"relationships":{
		"principal_users":{"data":[{"type":"user","id":"u1"},{"type":"user","id":"hidden"}]},"principal_user_groups":{"data":[{"type":"user_group","id":"g1"}]}}},
	{"type":"project_authorization_role","id":"r3","attributes":{"name":"Viewer"}},
	{"type":"user","id":"u1","attributes":{"username":"alice"}},{"type":"user_group","id":"g1","attributes":{"name":"crew"}}]}`

func readMembers(t *testing.T) *Members {
	t.Helper()
	c, _ := scripted(t, Config{}, reply{200, projectBody})
	project, err := c.GetProject(t.Context(), "p1", IncludeMembers...)
	require.NoError(t, err)
	members, err := project.Members()
	require.NoError(t, err)
	return members
}

func TestMembersAreKeptThatAreNotShown(t *testing.T) {
	t.Parallel()
	members := readMembers(t)
	all, err := members.All()
	require.NoError(t, err)
	assert.Equal(t, []Member{
		{UserRef("u1"), "alice", "Editor"}, {UserRef("hidden"), "", "Editor"}, {GroupRef("g1"), "crew", "Editor"},
	}, all)
	assert.Equal(t, "Editor", members.RoleOf(UserRef("hidden")))

	require.NoError(t, members.Put(UserRef("u2"), "Editor", Override))
	require.NoError(t, members.Put(UserRef("u1"), "Admin", Override))
	assert.Equal(t, []string{
		`PUT r1 Admin users [u1] groups []`, `PUT r2 Editor users [hidden u2] groups [g1]`,
	}, written(t, members, false))
}

// written returns what goes to the server.
func written(t *testing.T, members *Members, notify bool) []string {
	t.Helper()
	var lines []string
	c := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		assert.Equal(t, "POST /api/async_transactions", r.Method+" "+r.URL.Path)
		assert.Contains(t, string(body), fmt.Sprintf(`{"data":{"attributes":{"metadata":{"project_ids":["p1"],"notify_by_email":%t},"requests":[`, notify))
		_, _ = fmt.Fprint(w, `{"data":{"type":"job","id":"j1"}}`)
	})
	job, err := c.WriteMembers(t.Context(), members, notify)
	require.NoError(t, err)
	assert.Equal(t, "j1", job)
	for _, role := range members.roles {
		if !role.changed {
			continue
		}
		request := role.request("p1")
		ids := func(name string) []string {
			ids := []string{}
			for _, ref := range request.Body.Data.Relationships[name].(toMany).Data {
				ids = append(ids, ref.ID)
			}
			return ids
		}
		lines = append(lines, fmt.Sprintf("%s %s %s users %v groups %v", strings.ToUpper(request.Method),
			strings.TrimPrefix(request.Resource, "project_authorization_roles/"), role.name, ids("principal_users"), ids("principal_user_groups")))
	}
	return lines
}

func TestPutModes(t *testing.T) {
	t.Parallel()
	members := readMembers(t)
	require.NoError(t, members.Put(UserRef("u1"), "Editor", Override))
	require.NoError(t, members.Put(GroupRef("g1"), "Admin", Keep))
	members.Remove(UserRef("g1")) // a user of that ID is somebody else
	err := members.Put(UserRef("u1"), "Viewer", Fail)
	assertKind(t, fault.AlreadyExists, err)
	assert.Contains(t, err.Error(), "Editor")
	assertKind(t, fault.PermissionDenied, members.Put(UserRef("u1"), "Owner", Override))
	assert.False(t, members.Changed())

	require.NoError(t, members.Put(UserRef("u2"), "Viewer", Fail))
	members.Remove(GroupRef("g1"))
	assert.Equal(t, []string{`PUT r2 Editor users [u1 hidden] groups []`, `PUT r3 Viewer users [u2] groups []`}, written(t, members, true))
}

func TestVacate(t *testing.T) {
	t.Parallel()
	members := readMembers(t)
	assertKind(t, fault.Conflict, members.Vacate("Editor", []Ref{UserRef("u1")}, false))
	assertKind(t, fault.PermissionDenied, members.Vacate("Owner", nil, true))
	require.NoError(t, members.Vacate("Viewer", nil, false))
	assert.False(t, members.Changed())
	require.NoError(t, members.Vacate("Editor", []Ref{UserRef("u1"), UserRef("u2")}, true))
	assert.Equal(t, []string{`PUT r2 Editor users [u1] groups []`}, written(t, members, false))
}

func TestHighest(t *testing.T) {
	t.Parallel()
	members := readMembers(t)
	require.NoError(t, members.Put(UserRef("u1"), "Viewer", Override))
	require.NoError(t, members.Put(GroupRef("g2"), "Admin", Override))
	assert.Equal(t, "Viewer", members.RoleOf(UserRef("u1")))
	assert.Equal(t, "Editor", members.Highest([]Ref{UserRef("u1"), GroupRef("g1")}))
	assert.Equal(t, "Admin", members.Highest([]Ref{UserRef("u1"), GroupRef("g1"), GroupRef("g2")}))
	assert.Empty(t, members.Highest([]Ref{UserRef("g1"), GroupRef("u1")}))
}

func TestRolesThatAreNotShown(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"data":{"type":"project","id":"p1","relationships":{"project_authorization_roles":{"data":[{"type":"project_authorization_role","id":"r1"}]}}}}`,
		`{"data":{"type":"project","id":"p1"}}`,
	} {
		c, s := scripted(t, Config{}, reply{200, body})
		err := c.ChangeMembers(t.Context(), "p1", false, func(m *Members) error { return m.Put(UserRef("u1"), "Admin", Override) })
		assertKind(t, fault.PermissionDenied, err)
		assert.Len(t, s.seen(), 1)
	}
}

func TestLeavingThePrimaryGroup(t *testing.T) {
	t.Parallel()
	user := User{ID: "u1", GroupIDs: []string{"all", "g1"}, PrimaryGroupID: "g1"}
	_, _, err := user.Leaving("g1", false)
	assertKind(t, fault.Conflict, err)
	_, changes, err := user.Leaving("other", true)
	require.NoError(t, err)
	assert.False(t, changes)
	patch, changes, err := user.Leaving("g1", true)
	require.NoError(t, err)
	assert.True(t, changes)
	assert.Equal(t, []string{"all", "g1"}, user.GroupIDs, "the user that was read stays")

	var sent string
	c := serve(t, Config{}, func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		sent = r.Method + " " + r.URL.Path + " " + string(body)
	})
	require.NoError(t, c.UpdateUser(t.Context(), user.ID, patch))
	assert.Equal(t, `PUT /api/users/u1 {"data":{"type":"user","attributes":{},"relationships":{"primary_group":{"data":null},"user_groups":{"data":[{"type":"user_group","id":"all"}]}}}}`, sent)
}
