package iguazio_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/iguazio"
)

// put returns the part of a transaction that is about one role.
func put(roleID, attributes string, relationships ...string) string {
	return `{"method":"put","resource":"project_authorization_roles/` + roleID + `","body":` + body("project_authorization_role", attributes, relationships...) + `}`
}

// transaction returns the body of a transaction.
func transaction(projectID string, notify bool, requests ...string) string {
	return fmt.Sprintf(`{"data":{"attributes":{"metadata":{"project_ids":[%q],"notify_by_email":%t},"requests":[%s]}}}`, projectID, notify, strings.Join(requests, ","))
}

func TestTransaction(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{})
	s.SeedGroup(iguazio.Group{Name: "crew"})
	for _, username := range []string{"ann", "bob", "eve"} {
		s.SeedUser(iguazio.User{Username: username})
	}
	p := s.SeedProject(iguazio.Project{Name: "p", Members: []iguazio.Member{{Role: "Viewer", User: "ann"}, {Role: "Viewer", Group: "crew"}, {Role: "Admin", User: "bob"}}})
	viewer, admin := s.RoleID("p", "Viewer"), s.RoleID("p", "Admin")
	id := s.ok(t, http.StatusAccepted, http.MethodPost, "async_transactions", transaction(p, true,
		put(viewer, `{"name":"Viewer","permissions":[{"resource":"/x","actions":["y"]}]}`, toOne("project", "project", p), toMany("principal_users", "user", s.UserID("eve"), s.UserID("bob"), s.UserID("eve"))),
		put(admin, `{}`, toMany("principal_users", "user"), toMany("principal_user_groups", "user_group", s.GroupID("crew"))))).Data[0].ID
	assert.Equal(t, [2]any{"in_progress", ""}, s.look(t, id))
	users, _ := s.Members("p", "Viewer")
	assert.Equal(t, []string{"ann"}, users, "changes take effect when the job is completed")
	s.ok(t, http.StatusAccepted, http.MethodDelete, "users/"+s.UserID("bob"), "")
	require.True(t, s.SetJob(s.Jobs()[1].ID, iguazio.JobCompleted, ""))
	assert.Equal(t, [2]any{"completed", ""}, s.look(t, id))
	users, groups := s.Members("p", "Viewer")
	assert.Equal(t, [][]string{{"eve"}, {"crew"}}, [][]string{users, groups}, "each once, without deleted users; what is not named stays")
	users, groups = s.Members("p", "Admin")
	assert.Equal(t, [][]string{nil, {"crew"}}, [][]string{users, groups})
	assert.Equal(t, []string{p, p}, s.Mails())
	assert.JSONEq(t, `[{"resource":"/x","actions":["y"]}]`, string(s.Attributes(viewer)["permissions"]))
	users, groups = s.Members("nope", "Viewer")
	assert.Empty(t, users)
	assert.Empty(t, groups)

	included := s.ok(t, http.StatusOK, http.MethodGet, "projects/"+p+
		"?include=project_authorization_roles.principal_users,project_authorization_roles.principal_user_groups,project_authorization_roles.project", "").Included
	require.Len(t, included, 6)
	assert.Equal(t, []string{p}, included[0].linked("project"))
	assert.Equal(t, []string{s.GroupID("crew")}, included[0].linked("principal_user_groups"))
	assert.NotContains(t, included[1].Relationships, "principal_users", "a role without members has none")
}

func TestTransactionRefused(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{})
	p, q := s.SeedProject(iguazio.Project{Name: "p"}), s.SeedProject(iguazio.Project{Name: "q"})
	viewer := s.RoleID("p", "Viewer")
	for _, try := range []struct {
		status       int
		detail, body string
	}{
		{http.StatusBadRequest, "Malformed request body", `{`},
		{http.StatusBadRequest, "Malformed request body", transaction(p, false)},
		{http.StatusNotFound, "Project was not found", transaction("nope", false, put(viewer, `{}`))},
		{http.StatusNotFound, "Project authorization role nope was not found", transaction(p, false, put("nope", `{}`))},
		{http.StatusBadRequest, "Request put users/x is not supported in a transaction", transaction(p, false, `{"method":"put","resource":"users/x"}`)},
		{http.StatusBadRequest, "Role Viewer is not Admin", transaction(p, false, put(viewer, `{"name":"Admin"}`))},
		{http.StatusNotFound, "Project was not found", transaction(p, false, put(viewer, `{}`, toOne("project", "project", q)))},
		{http.StatusNotFound, "Project was not found", transaction(p, false, put(viewer, `{}`, `"project":{"data":[]}`))},
		{http.StatusNotFound, "User nobody was not found", transaction(p, false, put(viewer, `{}`, toMany("principal_users", "user", "nobody")))},
		{http.StatusNotFound, "User group nope was not found", transaction(p, false, put(viewer, `{}`, toMany("principal_user_groups", "user_group", "nope")))},
		{http.StatusBadRequest, "Relationship principal_users is not a list", transaction(p, false, put(viewer, `{}`, `"principal_users":{"data":1}`))},
		{http.StatusBadRequest, "Relationship principal_user_groups is not a list", transaction(p, false, put(viewer, `{}`, `"principal_user_groups":{"data":1}`))},
	} {
		s.refused(t, adminKey, try.status, try.detail, http.MethodPost, "async_transactions", try.body)
	}
	assert.Empty(t, s.Jobs())
}

// TestTransactionForbidden makes transactions of callers that see the project
// and may not change its roles, and of callers that may.
func TestTransactionForbidden(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{})
	members := []iguazio.Member{}
	for username, role := range map[string]string{"admin-of-p": "Admin", "editor": "Editor"} {
		s.SeedUser(iguazio.User{Username: username})
		s.SeedAccessKey("key-of-"+username, username)
		members = append(members, iguazio.Member{Role: role, User: username})
	}
	p := s.SeedProject(iguazio.Project{Name: "p", Members: members})
	change := transaction(p, false, put(s.RoleID("p", "Viewer"), `{}`, toMany("principal_users", "user", s.UserID("editor"))))
	for username, want := range map[string][2]any{
		"editor":     {"failed", `{"status": 403, "message": "No permission to update authorization roles"}`},
		"admin-of-p": {"completed", ""},
	} {
		got := s.as(t, "key-of-"+username, http.MethodPost, "async_transactions", change)
		require.Equal(t, http.StatusAccepted, got.status, got.body)
		id := parse[document](t, got.body).Data[0].ID
		s.look(t, id)
		assert.Equal(t, want, s.look(t, id), username)
	}
	users, _ := s.Members("p", "Viewer")
	assert.Equal(t, []string{"editor"}, users)
}

// TestManyMembers gives a thousand users a role in one transaction.
func TestManyMembers(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{})
	s.SeedUsers(1000, func(i int) iguazio.User { return iguazio.User{ID: fmt.Sprint("id-", i), Username: fmt.Sprint("u", i)} })
	p := s.SeedProject(iguazio.Project{Name: "p"})
	ids := make([]string, 1000)
	for i := range ids {
		ids[i] = fmt.Sprint("id-", i)
	}
	s.ok(t, http.StatusAccepted, http.MethodPost, "async_transactions", transaction(p, false, put(s.RoleID("p", "Editor"), `{}`, toMany("principal_users", "user", ids...))))
	s.FinishJobs()
	users, _ := s.Members("p", "Editor")
	assert.Len(t, users, 1000)
	assert.Len(t, s.Jobs(), 1)
}
