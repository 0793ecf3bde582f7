package iguazio_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/usermgmt/usermgmt/internal/simulator/iguazio"
)

// TestPolicies makes the same requests with different policies, of a user
// itself or of its groups.
func TestPolicies(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{})
	s.SeedGroup(iguazio.Group{Name: "security", Policies: []string{"Security Admin"}})
	for key, u := range map[string]iguazio.User{
		"managing": {Policies: []string{"Security Admin"}},
		"by-group": {Groups: []string{"security"}},
		"reading":  {Policies: []string{"IT Admin Read Only"}},
		"projects": {Policies: []string{"Project Admin"}},
		"neither":  {Policies: []string{"Developer", "Data"}},
	} {
		u.Username = key
		s.SeedUser(u)
		s.SeedAccessKey(key, key)
	}
	eve := s.SeedUser(iguazio.User{Username: "eve"})
	project := s.SeedProject(iguazio.Project{Name: "p"})
	const no, yes = http.StatusForbidden, http.StatusOK
	for _, try := range []struct {
		method, target, body                          string
		managing, byGroup, reading, projects, neither int
	}{
		{http.MethodGet, "users", "", yes, yes, yes, no, no},
		{http.MethodGet, "users/" + eve, "", yes, yes, yes, no, no},
		{http.MethodGet, "user_groups", "", yes, yes, yes, no, no},
		{http.MethodGet, "scrubbed_users", "", yes, yes, yes, yes, yes},
		{http.MethodGet, "self", "", yes, yes, yes, yes, yes},
		{http.MethodPut, "users/" + eve, body("user", `{}`), yes, yes, no, no, no},
		{http.MethodPut, "projects/" + project, body("project", `{}`), http.StatusNotFound, http.StatusNotFound, http.StatusNotFound, yes, http.StatusNotFound},
	} {
		for key, want := range map[string]int{
			"managing": try.managing, "by-group": try.byGroup, "reading": try.reading, "projects": try.projects, "neither": try.neither,
		} {
			got := s.as(t, key, try.method, try.target, try.body)
			assert.Equal(t, want, got.status, "%s: %s %s", key, try.method, try.target)
			if want == no {
				assert.Equal(t, "Access denied", parse[refusal](t, got.body).Errors[0].Detail)
			}
		}
	}
	for _, write := range [][3]string{
		{http.MethodPost, "users", newUser("x")},
		{http.MethodDelete, "users/" + eve, ""},
		{http.MethodPost, "user_groups", body("user_group", `{"name":"x"}`)},
		{http.MethodPut, "user_groups/" + s.GroupID("security"), body("user_group", `{}`)},
		{http.MethodDelete, "user_groups/" + s.GroupID("security"), ""},
	} {
		s.refused(t, "reading", no, "Access denied", write[0], write[1], write[2])
	}
}

// TestVisibility limits what one caller sees of the members of a project.
func TestVisibility(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{})
	s.SeedUser(iguazio.User{Username: "manager", Policies: []string{"Security Admin", "Project Security Admin"}})
	s.SeedAccessKey("managers-key", "manager")
	crew := s.SeedGroup(iguazio.Group{Name: "crew"})
	ann, bob, eve := s.SeedUser(iguazio.User{Username: "ann", Groups: []string{"crew"}}), s.SeedUser(iguazio.User{Username: "bob"}), s.SeedUser(iguazio.User{Username: "eve"})
	p := s.SeedProject(iguazio.Project{Name: "p", Members: []iguazio.Member{
		{Role: "Viewer", User: "ann"}, {Role: "Viewer", User: "bob"}, {Role: "Viewer", User: "eve"}, {Role: "Viewer", Group: "crew"},
	}})
	s.Limit(ann, iguazio.NotIncluded, "manager")
	s.Limit(bob, iguazio.Hidden)
	s.Limit(bob, iguazio.Shown, "admin")
	s.Limit(crew, iguazio.Hidden, "manager")
	s.Limit(s.RoleID("p", "Editor"), iguazio.Hidden, "manager")

	const roles = "?include=project_authorization_roles.principal_users,project_authorization_roles.principal_user_groups"
	shown := parse[document](t, s.as(t, "managers-key", http.MethodGet, "projects/"+p+roles, "").body)
	admin, viewer := s.RoleID("p", "Admin"), s.RoleID("p", "Viewer")
	assert.Equal(t, []string{admin, viewer}, shown.Data[0].linked("project_authorization_roles"))
	assert.Equal(t, []string{admin, viewer, eve}, shown.includedIDs())
	assert.Equal(t, []string{ann, eve}, shown.Included[1].linked("principal_users"))
	assert.NotContains(t, shown.Included[1].Relationships, "principal_user_groups")
	assert.Len(t, s.ok(t, http.StatusOK, http.MethodGet, "projects/"+p+roles, "").Included, 7, "the administrator sees all")

	for _, missing := range []string{ann, bob} {
		s.refused(t, "managers-key", http.StatusNotFound, "User "+missing+" was not found", http.MethodGet, "users/"+missing, "")
	}
	s.refused(t, "managers-key", http.StatusNotFound, "User group "+crew+" was not found", http.MethodGet, "user_groups/"+crew, "")
	s.refused(t, "managers-key", http.StatusNotFound, "Project authorization role "+s.RoleID("p", "Editor")+" was not found",
		http.MethodPost, "async_transactions", transaction(p, false, put(s.RoleID("p", "Editor"), `{}`)))
	assert.Equal(t, []string{"admin", "manager", "eve"}, parse[document](t, s.as(t, "managers-key", http.MethodGet, "users", "").body).names("username"))

	s.as(t, "managers-key", http.MethodPost, "async_transactions", transaction(p, false, put(viewer, `{}`, toMany("principal_users", "user", ann, eve))))
	s.FinishJobs()
	users, groups := s.Members("p", "Viewer")
	assert.Equal(t, [][]string{{"ann", "eve"}, {"crew"}}, [][]string{users, groups}, "lists are replaced whole, hidden members included")

	s.Limit(p, iguazio.Hidden, "manager")
	s.refused(t, "managers-key", http.StatusNotFound, "Project was not found", http.MethodGet, "projects/"+p, "")
	s.Limit(s.UserID("manager"), iguazio.Hidden)
	assert.Equal(t, http.StatusOK, s.as(t, "managers-key", http.MethodGet, "users/"+s.UserID("manager"), "").status, "everyone sees itself")
}
