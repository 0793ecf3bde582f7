package iguazio_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator"
	"github.com/usermgmt/usermgmt/internal/simulator/iguazio"
)

// TestSeedsOfNothing seeds what refers to things that do not exist.
func TestSeedsOfNothing(t *testing.T) {
	t.Parallel()
	s := iguazio.New(iguazio.Options{})
	for name, seed := range map[string]func(){
		"group": func() { s.SeedUser(iguazio.User{Username: "u", Groups: []string{"nope"}}) },
		"owner": func() { s.SeedProject(iguazio.Project{Name: "p", Owner: "nobody"}) },
		"role": func() {
			s.SeedProject(iguazio.Project{Name: "p", Members: []iguazio.Member{{Role: "Nope", User: "admin"}}})
		},
		"key":        func() { s.SeedAccessKey("k", "nobody") },
		"attributes": func() { s.SeedGroup(iguazio.Group{Name: "g", Attributes: []byte(`[]`)}) },
	} {
		assert.Panics(t, seed, name)
	}
}

// TestDefaults uses a system without options.
func TestDefaults(t *testing.T) {
	t.Parallel()
	s := iguazio.New(iguazio.Options{})
	assert.False(t, s.CheckPassword("admin", ""))
	assert.Equal(t, []string{"admin"}, s.UserNames())
	assert.Equal(t, []string{"all_users"}, s.UserGroups("admin"))
	assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, s.UserID("admin"))
	assert.Equal(t, s.UserID("admin"), iguazio.New(iguazio.Options{}).UserID("admin"), "the seed determines the IDs")
	assert.NotEqual(t, s.UserID("admin"), iguazio.New(iguazio.Options{Seed: 1}).UserID("admin"))
}

// TestFaults meets the faults of package simulator, which come before the
// state of the system.
func TestFaults(t *testing.T) {
	t.Parallel()
	s := start(t, iguazio.Options{})
	s.Reset()
	s.Inject(
		simulator.Fault{Match: simulator.On(http.MethodPost, "/api/users"), Times: 1, Effect: simulator.After(simulator.Answer(http.StatusBadGateway, nil, "<html>"))},
		simulator.Fault{Match: simulator.On(http.MethodPost, "/api/users"), Times: 1, Effect: simulator.Drop},
	)
	got := s.as(t, adminKey, http.MethodPost, "users", newUser("eve"))
	assert.Equal(t, "<html>", got.body)
	_, err := s.try(adminKey, http.MethodPost, "users", newUser("ann"))
	require.Error(t, err)
	assert.Equal(t, []string{"admin", "eve"}, s.UserNames())
	requests := s.Requests()
	assert.Len(t, requests, 2)
	assert.Equal(t, []any{"/api/users", http.StatusBadGateway, newUser("eve")}, []any{requests[0].Path, requests[0].Status, string(requests[0].Body)})
}
