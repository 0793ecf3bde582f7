package iguazio_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/usermgmt/usermgmt/internal/simulator/iguazio"
)

func TestCreateGroup(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{})
	eve := s.SeedUser(iguazio.User{Username: "eve"})
	created := s.ok(t, http.StatusCreated, http.MethodPost, "user_groups", body("user_group",
		`{"name":"crew","description":null,"gid":null,"assigned_policies":["Data"],"novel":true,"system_provided":true}`,
		toMany("users", "user", eve))).Data[0]
	assert.Equal(t, map[string]any{
		"name": "crew", "gid": 1001.0, "kind": "local", "data_access_mode": "enabled", "assigned_policies": []any{"Data"},
		"system_provided": false, "novel": true,
	}, created.Attributes)
	assert.Equal(t, []string{"all_users", "crew"}, s.UserGroups("eve"))
	assert.Equal(t, []string{"all_users", "crew"}, s.GroupNames())
	given := s.ok(t, http.StatusCreated, http.MethodPost, "user_groups", body("user_group", `{"name":"given","gid":4242,"description":"d"}`)).Data[0]
	assert.Equal(t, []any{4242.0, "d", []any{}}, []any{given.Attributes["gid"], given.Attributes["description"], given.Attributes["assigned_policies"]})

	for _, try := range []struct {
		status       int
		detail, body string
	}{
		{http.StatusConflict, "User group with name crew already exists", body("user_group", `{"name":"crew"}`)},
		{http.StatusBadRequest, "Missing required attribute name", body("user_group", `{}`)},
		{http.StatusBadRequest, "Policy Nope does not exist", body("user_group", `{"name":"x","assigned_policies":["Nope"]}`)},
		{http.StatusBadRequest, "Malformed request body", `[]`},
		{http.StatusNotFound, "User nobody was not found", body("user_group", `{"name":"x"}`, toMany("users", "user", "nobody"))},
	} {
		s.refused(t, adminKey, try.status, try.detail, http.MethodPost, "user_groups", try.body)
	}
	assert.Equal(t, []string{"all_users", "crew", "given"}, s.GroupNames())
}

func TestUpdateGroup(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{})
	s.SeedGroup(iguazio.Group{Name: "taken"})
	id := s.SeedGroup(iguazio.Group{Name: "crew", Policies: []string{"Data"}, Attributes: []byte(`{"gid":7,"novel":[1]}`)})
	eve := s.SeedUser(iguazio.User{Username: "eve", Groups: []string{"crew"}, PrimaryGroup: "crew"})
	ann := s.SeedUser(iguazio.User{Username: "ann"})

	updated := s.ok(t, http.StatusOK, http.MethodPut, "user_groups/"+id, body("user_group", `{"name":"team","description":"d","gid":9}`))
	assert.Equal(t, resources{{Type: "user_group", ID: id}}, updated.Data)
	got := s.ok(t, http.StatusOK, http.MethodGet, "user_groups/"+id+"?include=users", "")
	assert.Equal(t, map[string]any{
		"name": "team", "description": "d", "gid": 7.0, "kind": "local", "data_access_mode": "enabled", "assigned_policies": []any{"Data"},
		"system_provided": false, "novel": []any{1.0},
	}, got.Data[0].Attributes)
	assert.Equal(t, []string{eve}, got.Data[0].linked("users"))
	assert.Equal(t, []string{eve}, got.includedIDs())
	assert.Equal(t, id, s.GroupID("team"))
	assert.Empty(t, s.GroupID("crew"))

	s.ok(t, http.StatusOK, http.MethodPut, "user_groups/"+id, body("user_group", `{}`, toMany("users", "user", ann)))
	assert.Equal(t, []string{"all_users"}, s.UserGroups("eve"))
	assert.Empty(t, s.PrimaryGroup("eve"))
	assert.Equal(t, []string{"all_users", "team"}, s.UserGroups("ann"))

	for _, try := range []struct {
		status           int
		detail, id, body string
	}{
		{http.StatusNotFound, "User group nope was not found", "nope", body("user_group", `{}`)},
		{http.StatusForbidden, "System provided group can not be updated", s.GroupID("all_users"), body("user_group", `{}`)},
		{http.StatusConflict, "User group with name taken already exists", id, body("user_group", `{"name":"taken"}`)},
		{http.StatusBadRequest, "Missing required attribute name", id, body("user_group", `{"name":null}`)},
		{http.StatusBadRequest, "Policy Nope does not exist", id, body("user_group", `{"assigned_policies":["Nope"]}`)},
		{http.StatusBadRequest, "Resource type user is not user_group", id, body("user", `{}`)},
		{http.StatusNotFound, "User nobody was not found", id, body("user_group", `{}`, toMany("users", "user", "nobody"))},
	} {
		s.refused(t, adminKey, try.status, try.detail, http.MethodPut, "user_groups/"+try.id, try.body)
	}
}

func TestDeleteGroup(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{})
	id := s.SeedGroup(iguazio.Group{Name: "crew"})
	s.SeedUser(iguazio.User{Username: "eve", Groups: []string{"crew"}, PrimaryGroup: "crew"})
	s.SeedProject(iguazio.Project{Name: "p", Members: []iguazio.Member{{Role: "Editor", Group: "crew"}}})
	_, groups := s.Members("p", "Editor")
	assert.Equal(t, []string{"crew"}, groups)
	s.refused(t, adminKey, http.StatusForbidden, "System provided group can not be deleted", http.MethodDelete, "user_groups/"+s.GroupID("all_users"), "")
	got := s.as(t, adminKey, http.MethodDelete, "user_groups/"+id, "")
	assert.Equal(t, reply{status: http.StatusNoContent}, withoutHeader(got))
	assert.Equal(t, []string{"all_users"}, s.UserGroups("eve"))
	assert.Empty(t, s.PrimaryGroup("eve"))
	_, groups = s.Members("p", "Editor")
	assert.Empty(t, groups)
	s.refused(t, adminKey, http.StatusNotFound, "User group "+id+" was not found", http.MethodDelete, "user_groups/"+id, "")
	s.refused(t, adminKey, http.StatusNotFound, "User group "+id+" was not found", http.MethodGet, "user_groups/"+id, "")
}

func TestGroupDeletionJob(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{GroupDeletionJob: true})
	id := s.SeedGroup(iguazio.Group{Name: "crew"})
	deletion := s.ok(t, http.StatusAccepted, http.MethodDelete, "user_groups/"+id, "").Data[0].linked("jobs")[0]
	s.ok(t, http.StatusOK, http.MethodGet, "jobs/"+deletion, "")
	assert.Equal(t, []string{"all_users", "crew"}, s.GroupNames())
	s.ok(t, http.StatusOK, http.MethodGet, "jobs/"+deletion, "")
	assert.Equal(t, []string{"all_users"}, s.GroupNames())
}
