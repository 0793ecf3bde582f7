package iguazio_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/usermgmt/usermgmt/internal/simulator/iguazio"
)

func TestCreateProject(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{})
	s.SeedUser(iguazio.User{Username: "dev", Policies: []string{"Developer"}})
	s.SeedUser(iguazio.User{Username: "guest"})
	s.SeedAccessKey("devs-key", "dev")
	s.SeedAccessKey("guests-key", "guest")

	got := s.as(t, "devs-key", http.MethodPost, "projects", body("project", `{"name":"p","labels":[{"name":"a","value":"b"}],"novel":1}`))
	assert.Equal(t, http.StatusCreated, got.status)
	created := parse[document](t, got.body).Data[0]
	assert.Equal(t, map[string]any{
		"name": "p", "description": "", "labels": []any{map[string]any{"name": "a", "value": "b"}}, "annotations": []any{}, "novel": 1.0,
		"admin_status": "online", "operational_status": "creating",
		"created_at": "2024-05-14T09:00:00.000000+00:00", "updated_at": "2024-05-14T09:00:00.000000+00:00",
	}, created.Attributes)
	assert.Equal(t, []string{s.UserID("dev")}, created.linked("owner"))
	assert.Equal(t, [2]any{"in_progress", ""}, s.look(t, created.linked("last_job")[0]))
	assert.Equal(t, [2]any{"completed", ""}, s.look(t, created.linked("last_job")[0]))
	assert.JSONEq(t, `"online"`, string(s.Attributes(created.ID)["operational_status"]))
	assert.JSONEq(t, `"dev"`, string(s.Attributes(created.ID)["owner_username"]))
	assert.JSONEq(t, `[{"resource":"/projects/p","actions":[".*"]}]`, string(s.Attributes(s.RoleID("p", "Admin"))["permissions"]))

	s.ScriptNext("project.creation", iguazio.JobScript{States: []string{iguazio.JobFailed}})
	failing := s.ok(t, http.StatusCreated, http.MethodPost, "projects", body("project", `{"name":"failing"}`, toOne("owner", "user", s.UserID("dev")))).Data[0]
	assert.Equal(t, []string{"p", "failing"}, s.ProjectNames())
	assert.Equal(t, [2]any{"failed", ""}, s.look(t, failing.linked("last_job")[0]))
	assert.Equal(t, []string{"p"}, s.ProjectNames())
	assert.Empty(t, s.RoleID("failing", "Admin"))
	assert.Empty(t, s.RoleID("p", "Nope"))
	assert.Empty(t, s.ProjectID("failing"))

	for _, try := range []struct {
		key          string
		status       int
		detail, body string
	}{
		{"guests-key", http.StatusForbidden, "Access denied", body("project", `{"name":"x"}`)},
		{adminKey, http.StatusConflict, "Project with name p already exists", body("project", `{"name":"p"}`)},
		{adminKey, http.StatusBadRequest, "Missing required attribute name", body("project", `{}`)},
		{adminKey, http.StatusBadRequest, "Invalid value of attribute labels", body("project", `{"name":"x","labels":["y"]}`)},
		{adminKey, http.StatusNotFound, "User nobody was not found", body("project", `{"name":"x"}`, toOne("owner", "user", "nobody"))},
	} {
		s.refused(t, try.key, try.status, try.detail, http.MethodPost, "projects", try.body)
	}
}

// TestProjectsOfCallers lists the projects that different callers see.
func TestProjectsOfCallers(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{})
	s.SeedGroup(iguazio.Group{Name: "crew"})
	s.SeedGroup(iguazio.Group{Name: "overseers", Policies: []string{"Project Read Only"}})
	for username, groups := range map[string][]string{"direct": nil, "member": {"crew"}, "owner": nil, "overseer": {"overseers"}, "stranger": nil} {
		s.SeedUser(iguazio.User{Username: username, Groups: groups})
		s.SeedAccessKey("key-of-"+username, username)
	}
	p := s.SeedProject(iguazio.Project{Name: "p", Owner: "owner", Members: []iguazio.Member{{Role: "Viewer", User: "direct"}, {Role: "Editor", Group: "crew"}}})
	for username, sees := range map[string]bool{"direct": true, "member": true, "owner": true, "overseer": true, "stranger": false} {
		key := "key-of-" + username
		listed := parse[document](t, s.as(t, key, http.MethodGet, "projects?filter[name]=p", "").body)
		if !sees {
			assert.Empty(t, listed.Data)
			for _, path := range []string{"projects/" + p, "projects/__name__/p", "projects/__name__/p/authorization?action=read"} {
				s.refused(t, key, http.StatusNotFound, "Project was not found", http.MethodGet, path, "")
			}
			s.refused(t, key, http.StatusNotFound, "Project was not found", http.MethodPut, "projects/"+p, body("project", `{}`))
			s.refused(t, key, http.StatusNotFound, "Project was not found", http.MethodDelete, "projects", body("project", `{"name":"p"}`))
			continue
		}
		assert.Equal(t, []string{"p"}, listed.names("name"), username)
		assert.Equal(t, http.StatusOK, s.as(t, key, http.MethodGet, "projects/"+p, "").status, username)
		assert.Equal(t, http.StatusOK, s.as(t, key, http.MethodGet, "projects/__name__/p", "").status, username)
	}
	s.refused(t, "key-of-direct", http.StatusForbidden, "Access denied", http.MethodPut, "projects/"+p, body("project", `{}`))
	s.refused(t, "key-of-direct", http.StatusForbidden, "Access denied", http.MethodDelete, "projects", body("project", `{"name":"p"}`))
}

func TestAuthorization(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{})
	for _, username := range []string{"owner", "admin-of-p", "viewer", "reader"} {
		s.SeedUser(iguazio.User{Username: username})
		s.SeedAccessKey("key-of-"+username, username)
	}
	s.SeedUser(iguazio.User{Username: "readonly", Policies: []string{"Project Read Only"}})
	s.SeedAccessKey("key-of-readonly", "readonly")
	s.SeedProject(iguazio.Project{Name: "p", Owner: "owner", Members: []iguazio.Member{{Role: "Admin", User: "admin-of-p"}, {Role: "Viewer", User: "viewer"}}})
	for _, try := range []struct {
		username, query string
		status          int
	}{
		{"owner", "action=delete", http.StatusOK},
		{"admin-of-p", "action=delete", http.StatusOK},
		{"viewer", "action=read", http.StatusOK},
		{"viewer", "action=read&sub_resource=functions/f", http.StatusOK},
		{"viewer", "action=reading", http.StatusForbidden},
		{"viewer", "action=delete&sub_resource=functions/f", http.StatusForbidden},
		{"readonly", "action=read", http.StatusForbidden},
		{"viewer", "", http.StatusBadRequest},
	} {
		got := s.as(t, "key-of-"+try.username, http.MethodGet, "projects/__name__/p/authorization?"+try.query, "")
		assert.Equal(t, try.status, got.status, try)
	}
}

func TestUpdateProject(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{})
	id := s.SeedProject(iguazio.Project{Name: "p", Attributes: []byte(`{"description":"d","labels":[{"name":"a","value":"b"}],"mlrun_project":"{}","novel":[1]}`)})
	eve := s.SeedUser(iguazio.User{Username: "eve"})
	before := s.Attributes(id)
	updated := s.ok(t, http.StatusOK, http.MethodPut, "projects/"+id, body("project", `{}`, toOne("owner", "user", eve))).Data[0]
	assert.Equal(t, "eve", updated.Attributes["owner_username"])
	after := s.Attributes(id)
	delete(before, "owner_username")
	delete(after, "owner_username")
	assert.Equal(t, before, after)

	updated = s.ok(t, http.StatusOK, http.MethodPut, "projects/__name__/p?include=owner", body("project", `{"labels":[],"name":"q","owner_username":"x"}`)).Data[0]
	assert.Equal(t, []any{[]any{}, "p", "eve"}, []any{updated.Attributes["labels"], updated.Attributes["name"], updated.Attributes["owner_username"]})
	assert.Equal(t, []string{eve}, updated.linked("owner"))
	shown := s.ok(t, http.StatusOK, http.MethodGet, "projects/"+id+"?include=owner,last_job,project_group,tenant,nonsense", "").Data[0]
	assert.Len(t, shown.Relationships, 2, "owner and tenant")

	s.refused(t, adminKey, http.StatusNotFound, "User nobody was not found", http.MethodPut, "projects/"+id, body("project", `{}`, toOne("owner", "user", "nobody")))
	s.refused(t, adminKey, http.StatusBadRequest, "Malformed request body", http.MethodPut, "projects/"+id, `x`)
	s.refused(t, adminKey, http.StatusBadRequest, "Relationship owner is not a reference", http.MethodPut, "projects/"+id, body("project", `{}`, `"owner":{"data":[1]}`))
}

func TestDeleteProject(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{})
	id := s.SeedProject(iguazio.Project{Name: "full", Filled: true})
	const strategy = "Igz-Project-Deletion-Strategy"
	full := body("project", `{"name":"full"}`)
	const refusal = "Project full can not be deleted since it is not empty"
	s.refused(t, adminKey, http.StatusPreconditionFailed, refusal, http.MethodDelete, "projects", full)
	s.refused(t, adminKey, http.StatusPreconditionFailed, refusal, http.MethodDelete, "projects", full, strategy, "restricted")
	s.refused(t, adminKey, http.StatusBadRequest, "Unknown deletion strategy x", http.MethodDelete, "projects", full, strategy, "x")
	s.refused(t, adminKey, http.StatusNotFound, "Project was not found", http.MethodDelete, "projects", body("project", `{}`))
	s.refused(t, adminKey, http.StatusBadRequest, "Malformed request body", http.MethodDelete, "projects", ``)

	s.ScriptNext("project.deletion", iguazio.JobScript{States: []string{iguazio.JobCanceled}})
	job := s.ok(t, http.StatusAccepted, http.MethodDelete, "projects", full, strategy, "cascading").Data[0]
	assert.Equal(t, "job", job.Type)
	assert.JSONEq(t, `"deleting"`, string(s.Attributes(id)["operational_status"]))
	s.look(t, job.ID)
	assert.JSONEq(t, `"online"`, string(s.Attributes(id)["operational_status"]))
	s.ok(t, http.StatusAccepted, http.MethodDelete, "projects", full, strategy, "cascading")
	s.FinishJobs()
	assert.Empty(t, s.ProjectNames())
}
