package iguazio_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/iguazio"
)

// TestOtherStatuses has a system that answers with other statuses.
func TestOtherStatuses(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{UserDeletionAtOnce: true, Alternatives: iguazio.Alternatives{
		LoginStatus: http.StatusOK, LoginRefusedStatus: http.StatusForbidden, DuplicateStatus: http.StatusBadRequest,
		TransactionStatus: http.StatusOK, TransactionsRefusedAtOnce: true, NoLogout: true, ProjectsRoleRequired: true,
	}})
	assert.Equal(t, http.StatusOK, s.as(t, "", http.MethodPost, "sessions", login("admin", "Adm1n-pass!")).status)
	s.refused(t, "", http.StatusForbidden, "Invalid username or password", http.MethodPost, "sessions", login("admin", "wrong"))
	s.refused(t, adminKey, http.StatusBadRequest, "User with username admin already exists", http.MethodPost, "users", newUser("admin"))
	s.refused(t, adminKey, http.StatusNotFound, "Session was not found", http.MethodDelete, "sessions/x", "")
	s.SeedUser(iguazio.User{Username: "viewer"})
	s.SeedAccessKey("viewers-key", "viewer")
	p := s.SeedProject(iguazio.Project{Name: "p", Members: []iguazio.Member{{Role: "Viewer", User: "viewer"}}})
	change := transaction(p, false, put(s.RoleID("p", "Admin"), `{}`))
	s.ok(t, http.StatusOK, http.MethodPost, "async_transactions", change)
	s.refused(t, "viewers-key", http.StatusForbidden, "Access denied", http.MethodPost, "async_transactions", change)
	const unnamed = "Missing header x-projects-role"
	s.refused(t, adminKey, http.StatusBadRequest, unnamed, http.MethodPost, "projects", body("project", `{"name":"q"}`))
	s.ok(t, http.StatusCreated, http.MethodPost, "projects", body("project", `{"name":"q"}`), "x-projects-role", "test")
	assert.Equal(t, http.StatusNoContent, s.as(t, adminKey, http.MethodDelete, "users/"+s.UserID("viewer"), "").status)
	assert.Equal(t, []string{"admin"}, s.UserNames())
}

// TestOtherSessions ends the sessions of disabled users.
func TestOtherSessions(t *testing.T) {
	t.Parallel()
	for _, ends := range []bool{false, true} {
		s := start(t, iguazio.Options{Alternatives: iguazio.Alternatives{DisabledSessionsEnd: ends, JoinedGroupIDs: true}})
		s.SeedGroup(iguazio.Group{Name: "crew"})
		id := s.SeedUser(iguazio.User{Username: "eve", Groups: []string{"crew"}})
		s.SeedAccessKey("eves-key", "eve")
		verified := parse[document](t, s.as(t, "eves-key", http.MethodPost, verify, "").body).Data[0]
		authentication := verified.Attributes["context"].(map[string]any)["authentication"].(map[string]any)
		assert.Equal(t, []any{s.GroupID("all_users") + "," + s.GroupID("crew")}, authentication["group_ids"])
		s.ok(t, http.StatusOK, http.MethodPut, "users/"+id, body("user", `{"admin_status":"down"}`))
		want := http.StatusOK
		if ends {
			want = http.StatusUnauthorized
		}
		assert.Equal(t, want, s.as(t, "eves-key", http.MethodGet, "self", "").status)
	}
}

// TestOtherUpdates has a system that takes updates in other ways.
func TestOtherUpdates(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{Alternatives: iguazio.Alternatives{
		FullUpdateAnswers: true, UpdateReplaces: true, ReadOnlyRefused: true, PrimaryGroupLost: true, NullPrimaryRefused: true, AnyPolicy: true,
	}})
	crew := s.SeedGroup(iguazio.Group{Name: "crew"})
	id := s.SeedUser(iguazio.User{Username: "eve", Groups: []string{"crew"}, PrimaryGroup: "crew", Attributes: []byte(`{"novel":1}`)})
	updated := s.ok(t, http.StatusOK, http.MethodPut, "users/"+id, body("user", `{"username":"eve","uid":51,"assigned_policies":["Nope"]}`,
		toMany("user_groups", "user_group", crew)))
	assert.Equal(t, map[string]any{
		"username": "eve", "uid": 51.0, "assigned_policies": []any{"Nope"}, "operational_status": "up", "authentication_scheme": "local",
		"created_at": "2024-05-14T09:00:00.000000+00:00", "updated_at": "2024-05-14T09:00:00.000000+00:00",
	}, updated.Data[0].Attributes, "what is absent is dropped, if it is not the system's")
	assert.Empty(t, s.PrimaryGroup("eve"))
	s.refused(t, adminKey, http.StatusBadRequest, "Attribute uid is read only", http.MethodPut, "users/"+id, body("user", `{"username":"eve","uid":9}`))
	s.refused(t, adminKey, http.StatusBadRequest, "Attribute gid is read only", http.MethodPut, "user_groups/"+crew, body("user_group", `{"name":"crew","gid":9}`))
	p := s.SeedProject(iguazio.Project{Name: "p"})
	s.refused(t, adminKey, http.StatusBadRequest, "Attribute name is read only", http.MethodPut, "projects/"+p, body("project", `{"name":"q"}`))
	s.refused(t, adminKey, http.StatusBadRequest, "Relationship primary_group is not a reference", http.MethodPut, "users/"+id,
		body("user", `{"username":"eve"}`, `"primary_group":{"data":null}`))
	s.ok(t, http.StatusOK, http.MethodPut, "users/"+id, body("user", `{"username":"eve"}`, toOne("primary_group", "user_group", "")))
}

// TestOtherUsers has a system that keeps primary group and groups in step, and
// takes no user without names.
func TestOtherUsers(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{Alternatives: iguazio.Alternatives{PrimaryGroupAdjusts: true, EmptyNamesRefused: true}})
	s.refused(t, adminKey, http.StatusBadRequest, "Missing required attribute last_name", http.MethodPost, "users",
		body("user", `{"username":"x","first_name":"F","last_name":"","email":"e"}`))
	crew := s.SeedGroup(iguazio.Group{Name: "crew"})
	id := s.ok(t, http.StatusCreated, http.MethodPost, "users", newUser("eve", toOne("primary_group", "user_group", crew))).Data[0].ID
	assert.Equal(t, []string{"all_users", "crew"}, s.UserGroups("eve"))
	s.ok(t, http.StatusOK, http.MethodPut, "users/"+id, body("user", `{}`, toMany("user_groups", "user_group", s.GroupID("all_users"))))
	assert.Empty(t, s.PrimaryGroup("eve"))
	s.ok(t, http.StatusOK, http.MethodPut, "users/"+id, body("user", `{}`, toOne("primary_group", "user_group", crew)))
	assert.Equal(t, []string{"all_users", "crew"}, s.UserGroups("eve"))
	assert.Equal(t, "crew", s.PrimaryGroup("eve"))
}

// TestOtherReads has a system that shows and lists in other ways.
func TestOtherReads(t *testing.T) {
	t.Parallel()
	s := listing(t, iguazio.Alternatives{
		NullRelationships: true, OpenReads: true, FoldedFilters: true, AscendingOnly: true, ListCap: 3, PageCap: 4, NumericContext: true, NamedProjectIDs: true,
	})
	s.SeedUser(iguazio.User{Username: "plain"})
	s.SeedAccessKey("plain-key", "plain")
	got := s.as(t, "plain-key", http.MethodGet, "users/"+s.UserID("plain")+"?include=primary_group,jobs", "")
	require.Equal(t, http.StatusOK, got.status)
	assert.Contains(t, got.body, `"primary_group":{"data":null}`)
	assert.Contains(t, got.body, `"jobs":{"data":[]}`)
	assert.Equal(t, []string{"ann", "Ann"}, s.usernames(t, "filter[username]=ANN"))
	s.refused(t, adminKey, http.StatusBadRequest, "Invalid sort field", http.MethodGet, "users?sort=username,-uid", "")
	assert.Len(t, s.usernames(t, ""), 3)
	assert.Len(t, s.usernames(t, "page[size]=50"), 4)
	assert.Equal(t, []string{"plain"}, s.usernames(t, "page[number]=1&page[size]=50"))
	assert.Regexp(t, `^\d{19,20}$`, string(s.ok(t, http.StatusOK, http.MethodGet, "self", "").Meta.Context))
	assert.Equal(t, "p@default-tenant", s.SeedProject(iguazio.Project{Name: "p"}))
	s.ok(t, http.StatusOK, http.MethodGet, "projects/p@default-tenant", "")
}

func TestErrorsWithoutStatus(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{Alternatives: iguazio.Alternatives{ErrorsWithoutStatus: true}})
	got := s.as(t, adminKey, http.MethodGet, "users/x", "")
	assert.Equal(t, http.StatusNotFound, got.status)
	assert.Regexp(t, `^\{"errors":\[\{"detail":"User x was not found"\}\],"meta":\{"ctx":"\d+"\}\}$`, got.body)
}

// TestKeepsHidden replaces lists that have members that the caller cannot see.
func TestKeepsHidden(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{Alternatives: iguazio.Alternatives{KeepsHidden: true}})
	crew := s.SeedGroup(iguazio.Group{Name: "crew"})
	ann, eve := s.SeedUser(iguazio.User{Username: "ann", Groups: []string{"crew"}}), s.SeedUser(iguazio.User{Username: "eve"})
	p := s.SeedProject(iguazio.Project{Name: "p", Members: []iguazio.Member{{Role: "Viewer", User: "ann"}}})
	s.Limit(ann, iguazio.Hidden)
	s.ok(t, http.StatusAccepted, http.MethodPost, "async_transactions", transaction(p, false, put(s.RoleID("p", "Viewer"), `{}`, toMany("principal_users", "user", eve))))
	s.FinishJobs()
	users, _ := s.Members("p", "Viewer")
	assert.Equal(t, []string{"eve", "ann"}, users)
	s.ok(t, http.StatusOK, http.MethodPut, "user_groups/"+crew, body("user_group", `{}`, toMany("users", "user", eve)))
	assert.Equal(t, []string{"all_users", "crew"}, s.UserGroups("ann"))
	s.Limit(crew, iguazio.Hidden)
	s.ok(t, http.StatusOK, http.MethodPut, "users/"+eve, body("user", `{}`, toMany("user_groups", "user_group")))
	assert.Equal(t, []string{"crew"}, s.UserGroups("eve"))
}

// TestDeletedAtOnce removes what is deleted before the job is completed.
func TestDeletedAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{GroupDeletionJob: true, Alternatives: iguazio.Alternatives{DeletedAtOnce: true}})
	s.SeedProject(iguazio.Project{Name: "p"})
	s.deletion(t, "eve")
	s.ok(t, http.StatusAccepted, http.MethodDelete, "user_groups/"+s.SeedGroup(iguazio.Group{Name: "crew"}), "")
	s.ok(t, http.StatusAccepted, http.MethodDelete, "projects", body("project", `{"name":"p"}`))
	gone := func() {
		t.Helper()
		assert.Equal(t, []string{"admin"}, s.UserNames())
		assert.Equal(t, []string{"all_users"}, s.GroupNames())
		assert.Empty(t, s.ProjectNames())
	}
	gone()
	s.FinishJobs()
	gone()
}
