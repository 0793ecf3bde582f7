package iguazio_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/iguazio"
)

func TestCreateUser(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{Policies: []string{"Custom"}})
	crew := s.SeedGroup(iguazio.Group{Name: "crew"})
	created := s.ok(t, http.StatusCreated, http.MethodPost, "users", body("user",
		`{"username":"eve","first_name":"E","last_name":"Ve","email":"e@x","password":"pass-word","phone_number":null,"uid":0,`+
			`"assigned_policies":["Custom","Data"],"authentication_methods":["sso"],"novel":{"a":[1]},"created_at":"x","updated_at":"x"}`,
		toOne("primary_group", "user_group", crew), toMany("user_groups", "user_group", crew, "", crew)))
	id := s.UserID("eve")
	assert.Equal(t, map[string]any{
		"username": "eve", "first_name": "E", "last_name": "Ve", "email": "e@x", "phone_number": "", "job_title": "", "department": "",
		"uid": 0.0, "assigned_policies": []any{"Custom", "Data"}, "authentication_methods": []any{"sso"}, "novel": map[string]any{"a": []any{1.0}},
		"data_access_mode": "enabled", "authentication_scheme": "local", "send_password_on_creation": false,
		"operational_status": "up", "admin_status": "up", "created_at": "2024-05-14T09:00:00.000000+00:00",
	}, created.Data[0].Attributes)
	assert.Equal(t, []string{crew}, created.Data[0].linked("user_groups"))
	assert.Equal(t, []string{crew}, created.Data[0].linked("primary_group"))
	assert.Equal(t, []string{"all_users", "crew"}, s.UserGroups("eve"))
	assert.Equal(t, "crew", s.PrimaryGroup("eve"))
	assert.True(t, s.CheckPassword("eve", "pass-word"))
	assert.Equal(t, []string{"admin", "eve"}, s.UserNames())
	assert.NotContains(t, s.Attributes(id), "password")

	for name, try := range map[string]struct {
		status       int
		detail, body string
	}{
		"duplicate":         {http.StatusConflict, "User with username eve already exists", newUser("eve")},
		"no name":           {http.StatusBadRequest, "Missing required attribute username", body("user", `{"first_name":"F"}`)},
		"no email":          {http.StatusBadRequest, "Missing required attribute email", body("user", `{"username":"a","first_name":"","last_name":""}`)},
		"null email":        {http.StatusBadRequest, "Missing required attribute email", body("user", `{"username":"a","first_name":"","last_name":"","email":null}`)},
		"empty name":        {http.StatusBadRequest, "Missing required attribute username", body("user", `{"username":"","first_name":"F","last_name":"L","email":"e"}`)},
		"short password":    {http.StatusBadRequest, "Password does not meet the password policy", body("user", `{"username":"a","first_name":"F","last_name":"L","email":"e","password":"x1"}`)},
		"unknown policy":    {http.StatusBadRequest, "Policy Nope does not exist", body("user", `{"username":"a","first_name":"F","last_name":"L","email":"e","assigned_policies":["Nope"]}`)},
		"wrong type":        {http.StatusBadRequest, "Invalid value of attribute uid", body("user", `{"username":"a","uid":"1"}`)},
		"bad access mode":   {http.StatusBadRequest, "Invalid value of attribute data_access_mode", body("user", `{"data_access_mode":"maybe"}`)},
		"bad method":        {http.StatusBadRequest, "Invalid value of attribute authentication_methods", body("user", `{"authentication_methods":["x"]}`)},
		"no JSON":           {http.StatusBadRequest, "Malformed request body", `{`},
		"unknown group":     {http.StatusNotFound, "User group nope was not found", newUser("a", toMany("user_groups", "user_group", "nope"))},
		"unknown primary":   {http.StatusNotFound, "User group nope was not found", newUser("a", toOne("primary_group", "user_group", "nope"))},
		"foreign primary":   {http.StatusBadRequest, "Primary group must be one of the groups of the user", newUser("a", toOne("primary_group", "user_group", crew))},
		"all_users primary": {http.StatusBadRequest, "Group all_users can not be a primary group", newUser("a", toOne("primary_group", "user_group", s.GroupID("all_users")))},
		"groups no list":    {http.StatusBadRequest, "Relationship user_groups is not a list", newUser("a", `"user_groups":{"data":{}}`)},
		"primary a list":    {http.StatusBadRequest, "Relationship primary_group is not a reference", newUser("a", `"primary_group":{"data":[]}`)},
	} {
		t.Log(name)
		s.refused(t, adminKey, try.status, try.detail, http.MethodPost, "users", try.body)
	}
	assert.Equal(t, []string{"admin", "eve"}, s.UserNames())
	assert.False(t, s.CheckPassword("nobody", ""))
	assert.Nil(t, s.UserGroups("nobody"))
	assert.Empty(t, s.PrimaryGroup("nobody"))
	assert.Empty(t, s.UserID("nobody"))
	assert.Nil(t, s.Attributes("nobody"))
}

// TestOperationalLate creates users that are not operational at once.
func TestOperationalLate(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{OperationalAfter: 1, AllUsersAfter: 2})
	created := s.ok(t, http.StatusCreated, http.MethodPost, "users", newUser("slow")).Data[0]
	assert.Equal(t, "down", created.Attributes["operational_status"])
	all := s.GroupID("all_users")
	for _, want := range []struct {
		target, status string
		groups         []string
	}{
		{"users/" + created.ID + "?include=user_groups", "down", nil},
		{"users?filter[username]=slow&include=user_groups", "up", nil},
		{"users/" + created.ID + "?include=user_groups", "up", []string{all}},
	} {
		got := s.ok(t, http.StatusOK, http.MethodGet, want.target, "").Data[0]
		assert.Equal(t, want.status, got.Attributes["operational_status"], want.target)
		assert.Equal(t, want.groups, got.linked("user_groups"), want.target)
	}

	never := start(t, iguazio.Options{OperationalAfter: -1, AllUsersAfter: -1})
	id := never.ok(t, http.StatusCreated, http.MethodPost, "users", newUser("stuck")).Data[0].ID
	for range 3 {
		assert.Equal(t, "down", never.ok(t, http.StatusOK, http.MethodGet, "users/"+id, "").Data[0].Attributes["operational_status"])
	}
	assert.True(t, never.MakeOperational("stuck"))
	assert.False(t, never.MakeOperational("nobody"))
	assert.Equal(t, "up", never.ok(t, http.StatusOK, http.MethodGet, "users/"+id, "").Data[0].Attributes["operational_status"])
	assert.Equal(t, []string{"all_users"}, never.UserGroups("stuck"))

	pending := never.SeedUser(iguazio.User{Username: "pending", Pending: true})
	assert.JSONEq(t, `"down"`, string(never.Attributes(pending)["operational_status"]))
	assert.Empty(t, never.UserGroups("pending"))
}

func TestUserCreationJob(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{UserCreationJob: true, OperationalAfter: 1})
	s.ScriptNext("user.creation", iguazio.JobScript{States: []string{"failed"}, Result: "no room"})
	failing := s.ok(t, http.StatusCreated, http.MethodPost, "users", newUser("failing")).Data[0]
	failed := s.ok(t, http.StatusOK, http.MethodGet, "jobs/"+failing.linked("jobs")[0], "").Data[0]
	assert.Equal(t, "no room", failed.Attributes["result"])
	for range 3 {
		got := s.ok(t, http.StatusOK, http.MethodGet, "users/"+failing.ID+"?include=jobs", "").Data[0]
		assert.Equal(t, "down", got.Attributes["operational_status"])
		assert.Equal(t, failing.linked("jobs"), got.linked("jobs"))
	}
}

func TestUpdateUser(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{})
	crew, team := s.SeedGroup(iguazio.Group{Name: "crew"}), s.SeedGroup(iguazio.Group{Name: "team"})
	all := s.GroupID("all_users")
	id := s.SeedUser(iguazio.User{
		Username: "eve", Password: "pass-word", Groups: []string{"crew"}, PrimaryGroup: "crew",
		Attributes: []byte(`{"novel":{"deep":[1,2.50]},"assigned_policies":["Not A Policy"],"description":"d"}`),
	})
	s.SeedUser(iguazio.User{Username: "taken"})
	put := func(content string, relationships ...string) {
		t.Helper()
		updated := s.ok(t, http.StatusOK, http.MethodPut, "users/"+id, body("user", content, relationships...))
		assert.Equal(t, resources{{Type: "user", ID: id}}, updated.Data)
	}
	before := s.Attributes(id)

	put(`{"last_name":"New","operational_status":"down","uid":7,"created_at":"never","description":null}`)
	after := s.Attributes(id)
	assert.JSONEq(t, `"New"`, string(after["last_name"]))
	assert.JSONEq(t, `"2024-05-14T09:00:00.000000+00:00"`, string(after["updated_at"]))
	for _, name := range []string{"last_name", "updated_at", "description"} {
		delete(before, name)
		delete(after, name)
	}
	assert.Equal(t, before, after, "nothing else changes, unknown attributes and policies least of all")
	assert.Contains(t, string(after["novel"]), "2.50", "numbers stay as they are written")
	assert.Equal(t, []string{"all_users", "crew"}, s.UserGroups("eve"), "{} clears no relationship")
	assert.Equal(t, "crew", s.PrimaryGroup("eve"))

	put(`{"password":"new-password","admin_status":"down"}`)
	assert.False(t, s.CheckPassword("eve", "new-password"), "disabled")
	put(`{"admin_status":"up"}`)
	assert.True(t, s.CheckPassword("eve", "new-password"))
	put(`{"username":"eva"}`)
	assert.Equal(t, id, s.UserID("eva"))
	assert.Empty(t, s.UserID("eve"))

	put(`{}`, toMany("user_groups", "user_group", all, crew, "", team))
	assert.Equal(t, []string{"all_users", "crew", "team"}, s.UserGroups("eva"))
	assert.Equal(t, "crew", s.PrimaryGroup("eva"), "it survives a change of groups")
	put(`{}`, toOne("primary_group", "user_group", team))
	assert.Equal(t, "team", s.PrimaryGroup("eva"))
	put(`{}`, `"primary_group":{"data":null}`, toMany("user_groups", "user_group", all))
	assert.Empty(t, s.PrimaryGroup("eva"))
	put(`{}`, toMany("user_groups", "user_group", all, crew), toOne("primary_group", "user_group", crew))
	put(`{}`, toOne("primary_group", "user_group", ""))
	assert.Empty(t, s.PrimaryGroup("eva"), "an empty ID is none")
	put(`{}`, toMany("user_groups", "user_group"))
	assert.Empty(t, s.UserGroups("eva"), "the list is replaced whole")

	put(`{}`, toMany("user_groups", "user_group", crew), toOne("primary_group", "user_group", crew))
	const foreign = "Primary group must be one of the groups of the user"
	for _, try := range []struct {
		status             int
		detail, path, body string
	}{
		{http.StatusNotFound, "User nobody was not found", "users/nobody", body("user", `{}`)},
		{http.StatusConflict, "User with username taken already exists", "users/" + id, body("user", `{"username":"taken"}`)},
		{http.StatusBadRequest, "Missing required attribute username", "users/" + id, body("user", `{"username":""}`)},
		{http.StatusBadRequest, "Password does not meet the password policy", "users/" + id, body("user", `{"password":""}`)},
		{http.StatusBadRequest, "Policy Nope does not exist", "users/" + id, body("user", `{"assigned_policies":["Nope"]}`)},
		{http.StatusBadRequest, "Malformed request body", "users/" + id, ``},
		{http.StatusNotFound, "User group nope was not found", "users/" + id, body("user", `{}`, toMany("user_groups", "user_group", "nope"))},
		{http.StatusBadRequest, foreign, "users/" + id, body("user", `{}`, toMany("user_groups", "user_group", all))},
		{http.StatusBadRequest, foreign, "users/" + id, body("user", `{}`, toOne("primary_group", "user_group", team))},
	} {
		s.refused(t, adminKey, try.status, try.detail, http.MethodPut, try.path, try.body)
	}
	assert.Equal(t, []string{"crew"}, s.UserGroups("eva"))
}

func TestDeleteUser(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{})
	s.SeedGroup(iguazio.Group{Name: "crew"})
	id := s.SeedUser(iguazio.User{Username: "eve", Groups: []string{"crew"}})
	s.SeedAccessKey("eves-key", "eve")
	s.SeedProject(iguazio.Project{Name: "p", Members: []iguazio.Member{{Role: "Viewer", User: "eve"}, {Role: "Viewer", User: "admin"}}})

	s.ScriptNext("user.deletion", iguazio.JobScript{States: []string{"in_progress", "canceled"}, Result: `{"message":"busy"}`})
	deletion := s.ok(t, http.StatusAccepted, http.MethodDelete, "users/"+id, "").Data[0]
	assert.Equal(t, "deletion_response", deletion.Type)
	assert.JSONEq(t, `"deleting"`, string(s.Attributes(id)["operational_status"]))
	for range 2 {
		s.ok(t, http.StatusOK, http.MethodGet, "jobs/"+deletion.linked("jobs")[0], "")
	}
	assert.JSONEq(t, `"up"`, string(s.Attributes(id)["operational_status"]), "the deletion was given up")

	deletion = s.ok(t, http.StatusAccepted, http.MethodDelete, "users/"+id, "").Data[0]
	s.ok(t, http.StatusOK, http.MethodGet, "users/"+id, "")
	for range 2 {
		s.ok(t, http.StatusOK, http.MethodGet, "jobs/"+deletion.linked("jobs")[0], "")
	}
	missing := "User " + id + " was not found"
	s.refused(t, adminKey, http.StatusNotFound, missing, http.MethodGet, "users/"+id, "")
	s.refused(t, adminKey, http.StatusNotFound, missing, http.MethodDelete, "users/"+id, "")
	s.refused(t, "eves-key", http.StatusUnauthorized, noSession, http.MethodGet, "self", "")
	users, _ := s.Members("p", "Viewer")
	assert.Equal(t, []string{"admin"}, users)
	assert.Empty(t, s.ok(t, http.StatusOK, http.MethodGet, "user_groups/"+s.GroupID("crew")+"?include=users", "").Data[0].linked("users"))
	s.refused(t, adminKey, http.StatusForbidden, "Predefined users can not be deleted", http.MethodDelete, "users/"+s.UserID("admin"), "")
	s.ok(t, http.StatusCreated, http.MethodPost, "users", newUser("eve"))
}

func TestSelfAndScrubbedLists(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{})
	crew := s.SeedGroup(iguazio.Group{Name: "crew", Policies: []string{"Data"}})
	id := s.SeedUser(iguazio.User{Username: "eve", Groups: []string{"crew"}, Policies: []string{"Developer"}})
	s.SeedAccessKey("eves-key", "eve")
	got := s.as(t, "eves-key", http.MethodGet, "self", "")
	require.Equal(t, http.StatusOK, got.status)
	self := parse[document](t, got.body)
	assert.Equal(t, id, self.Data[0].ID)
	assert.Equal(t, []string{s.GroupID("all_users"), crew}, self.includedIDs())

	scrubbed := parse[document](t, s.as(t, "eves-key", http.MethodGet, "scrubbed_users?filter[assigned_policies]=Developer&include=user_groups", "").body)
	require.Len(t, scrubbed.Data, 1)
	assert.Equal(t, map[string]any{"username": "eve", "first_name": "eve", "last_name": ""}, scrubbed.Data[0].Attributes)
	assert.Equal(t, map[string]any{"name": "crew"}, scrubbed.Included[1].Attributes)
	groups := parse[document](t, s.as(t, "eves-key", http.MethodGet, "scrubbed_user_groups?sort=-name", "").body)
	assert.Equal(t, []string{"crew", "all_users"}, groups.names("name"))
	assert.Equal(t, map[string]any{"name": "crew"}, groups.Data[0].Attributes)
	s.refused(t, "eves-key", http.StatusBadRequest, "Invalid page[size]", http.MethodGet, "scrubbed_users?page[size]=0", "")
	s.refused(t, "eves-key", http.StatusForbidden, "Access denied", http.MethodGet, "users", "")
}
