package iguazio_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/usermgmt/usermgmt/internal/simulator/iguazio"
)

func TestAccessKeys(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{})
	s.SeedUser(iguazio.User{Username: "eve"})
	s.SeedAccessKey("eves-key", "eve")
	key := s.ok(t, http.StatusCreated, http.MethodPost, "access_keys", body("access_key", `{"planes":["control"],"label":"mine","ttl":60}`)).Data[0]
	tenant := s.ok(t, http.StatusOK, http.MethodGet, "users/"+s.UserID("admin")+"?include=tenant", "").Data[0].linked("tenant")[0]
	assert.Equal(t, map[string]any{
		"planes": []any{"control"}, "label": "mine", "ttl": 60.0, "expires_at": 1715677260.0, "uid": 2.0, "gids": []any{},
		"group_ids": []any{s.GroupID("all_users")}, "tenant_id": tenant, "interface_kind": "web", "kind": "accessKey",
		"created_at": "2024-05-14T09:00:00.000000+00:00", "updated_at": "2024-05-14T09:00:00.000000+00:00",
	}, key.Attributes)
	assert.Equal(t, http.StatusOK, s.as(t, key.ID, http.MethodGet, "self", "").status)
	assert.Equal(t, []string{"", "mine"}, s.ok(t, http.StatusOK, http.MethodGet, "access_keys", "").names("label"))
	assert.Equal(t, key, s.ok(t, http.StatusOK, http.MethodGet, "access_keys/"+key.ID, "").Data[0])

	const ensure = "self/get_or_create_access_key"
	assert.Equal(t, key.ID, s.ok(t, http.StatusOK, http.MethodPost, ensure, body("access_key", `{"label":"mine","planes":["control"]}`)).Data[0].ID)
	both := s.ok(t, http.StatusCreated, http.MethodPost, ensure, body("access_key", `{"label":"mine","planes":["control","data"]}`)).Data[0].ID
	assert.NotEqual(t, key.ID, both)
	assert.Zero(t, s.OpenSessions(), "access keys are no sessions")

	const missing = "Access key was not found"
	s.refused(t, adminKey, http.StatusNotFound, missing, http.MethodGet, "access_keys/eves-key", "")
	s.refused(t, adminKey, http.StatusNotFound, missing, http.MethodDelete, "access_keys/eves-key", "")
	s.refused(t, adminKey, http.StatusBadRequest, "Invalid value of attribute ttl", http.MethodPost, "access_keys", body("access_key", `{"ttl":-1}`))
	s.refused(t, adminKey, http.StatusBadRequest, "Invalid value of attribute planes", http.MethodPost, ensure, body("access_key", `{"planes":["x"]}`))
	s.refused(t, adminKey, http.StatusBadRequest, "Malformed request body", http.MethodPost, "access_keys", ``)

	assert.Equal(t, http.StatusNoContent, s.as(t, adminKey, http.MethodDelete, "access_keys/"+both, "").status)
	s.refused(t, both, http.StatusUnauthorized, noSession, http.MethodGet, "self", "")
	s.Advance(time.Minute)
	s.refused(t, key.ID, http.StatusUnauthorized, noSession, http.MethodGet, "self", "")
}

func TestEvents(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{AdminPolicies: []string{"System Admin"}})
	s.SeedUser(iguazio.User{Username: "eve"})
	s.SeedAccessKey("eves-key", "eve")
	s.ok(t, http.StatusCreated, http.MethodPost, "manual_events", body("event", `{"kind":"Plain"}`))
	s.ok(t, http.StatusCreated, http.MethodPost, "manual_events", body("event", `{"kind":"Audited"}`, toOne("audit_tenant", "tenant", "t")))
	assert.Equal(t, []string{"Plain"}, s.ok(t, http.StatusOK, http.MethodGet, "events", "").names("kind"))
	assert.Equal(t, []string{"Audited"}, s.ok(t, http.StatusOK, http.MethodGet, "audit_events?filter[kind]=Audited", "").names("kind"))
	assert.Empty(t, s.ok(t, http.StatusOK, http.MethodGet, "communication_events", "").Data)
	s.refused(t, "eves-key", http.StatusForbidden, "Access denied", http.MethodPost, "manual_events", body("event", `{}`))
	s.refused(t, adminKey, http.StatusBadRequest, "Malformed request body", http.MethodPost, "manual_events", ``)
	s.refused(t, adminKey, http.StatusBadRequest, "Relationship audit_tenant is not a reference", http.MethodPost, "manual_events", body("event", `{}`, `"audit_tenant":{"data":1}`))
}
