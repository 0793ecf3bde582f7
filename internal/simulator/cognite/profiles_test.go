package cognite_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/usermgmt/usermgmt/internal/simulator/cognite"
)

func TestProfiles(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{})
	s.project.SeedProfiles(
		cognite.UserProfile{Identifier: "svc-4711", GivenName: "Ann", Surname: "Berg", Email: "a@example.com", JobTitle: "operator", LastUpdatedTime: 3},
		cognite.UserProfile{Identifier: "u2", DisplayName: "Bo Ander", LastUpdatedTime: 4})
	const ann = `{"userIdentifier":"svc-4711","givenName":"Ann","surname":"Berg","email":"a@example.com","jobTitle":"operator","lastUpdatedTime":3}`
	const bo = `{"userIdentifier":"u2","displayName":"Bo Ander","lastUpdatedTime":4}`
	s.ok(t, profiles, "", `{"items":[`+ann+`,`+bo+`]}`)
	s.refused(t, profiles+"?limit=0", "", 400, "limit must be between 1 and 1000")
	s.ok(t, profiles+"/me", "", ann)
	s.refusedAs(t, s.may(), profiles+"/me", "", http.StatusNotFound, "Not found")

	s.ok(t, profiles+"/byids", `{"items":[{"userIdentifier":"u2"}]}`, `{"items":[`+bo+`]}`)
	got := s.as(t, "admin", profiles+"/byids", `{"items":[{"userIdentifier":"x"}]}`)
	assert.JSONEq(t, `{"error":{"code":400,"message":"Items in request were not found","missing":[{"userIdentifier":"x"}]}}`, got.body)
	assert.Equal(t, 400, s.as(t, "admin", profiles+"/byids", `{"items":[]}`).status)
	assert.Equal(t, 400, s.as(t, "admin", profiles+"/byids", `{"items":[{"userIdentifier":"x"},{"userIdentifier":"x"}]}`).status)

	s.ok(t, profiles+"/search", `{"search":{"name":"AN"}}`, `{"items":[`+ann+`,`+bo+`]}`)
	s.ok(t, profiles+"/search", `{"search":{"name":"an"},"limit":1}`, `{"items":[`+ann+`]}`)
	s.ok(t, profiles+"/search", `{"search":{"name":"der"}}`, `{"items":[]}`)
	s.refused(t, profiles+"/search", `{"limit":1001}`, 400, "limit must be between 1 and 1000")
	s.refused(t, profiles+"/search", `7`, 400, "Request body is malformed")
}

func TestPrincipals(t *testing.T) {
	t.Parallel()
	const path = "/api/v1/orgs/acme/principals"
	s := start(t, cognite.Options{})
	s.refused(t, "/api/v1/principals/me", "", http.StatusNotFound, "Not found")
	s.refused(t, path, "", http.StatusUnauthorized, "Unauthorized")
	s.ok(t, project, "", `{"name":"plant-7","urlName":"plant-7"}`)

	s.SeedOrganization("acme", []string{"plant-7"},
		cognite.OrgPrincipal{ID: "svc-4711", Type: "SERVICE_ACCOUNT", Name: "robot"},
		cognite.OrgPrincipal{ID: "u", Type: "USER", Email: "u@example.com"})
	const robot, person = `{"id":"svc-4711","type":"SERVICE_ACCOUNT","name":"robot"}`, `{"id":"u","type":"USER","email":"u@example.com"}`
	s.ok(t, project, "", `{"name":"plant-7","urlName":"plant-7","organization":"acme"}`)
	s.ok(t, "/api/v1/principals/me", "", robot)
	s.ok(t, path, "", `{"items":[`+robot+`,`+person+`]}`)
	s.ok(t, path+"?types=USER,OTHER&limit=5", "", `{"items":[`+person+`]}`)
	s.refused(t, path+"?limit=x", "", 400, "limit must be a number")
	s.refusedAs(t, s.may(), path, "", http.StatusUnauthorized, "Unauthorized")
	s.refusedAs(t, "limited", path+"/byids", `{"items":[{"id":"u"}]}`, http.StatusUnauthorized, "Unauthorized")

	s.ok(t, path+"/byids", `{"items":[{"id":"u"},{"id":"x"}],"ignoreUnknownIds":true}`, `{"items":[`+person+`]}`)
	got := s.as(t, "admin", path+"/byids", `{"items":[{"id":"x"}]}`)
	assert.JSONEq(t, `{"error":{"code":400,"message":"Items in request were not found","missing":[{"id":"x"}]}}`, got.body)
	assert.Equal(t, 400, s.as(t, "admin", path+"/byids", `{"items":[]}`).status)
	assert.Equal(t, 400, s.as(t, "admin", path+"/byids", `{"items":[{"id":"x"},{"id":"x"}]}`).status)
}
