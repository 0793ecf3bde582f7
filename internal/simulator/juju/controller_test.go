package juju_test

import (
	"testing"

	"github.com/usermgmt/usermgmt/internal/simulator/juju"
)

func TestGetControllerAccess(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	s.SeedUser(juju.User{Name: "ned"})
	failed := func(message, code string) string {
		return `{"error":{"message":` + quoted(message) + `,"code":"` + code + `"}}`
	}
	s.as(t, "admin", "sekrit").ok(`{"results":[`+
		failed(`controller user "ned" not found`, "not found")+`,`+
		failed(`user "ghost" not found`, "not found")+`,`+
		failed(`user "carol" is disabled`, "")+`,`+
		failed(`"x" is not a valid tag`, "")+`]}`,
		"Controller", 11, "GetControllerAccess", tags("user-ned", "user-ghost", "user-carol", "x"))
	alice := s.as(t, "alice", "wonderland")
	alice.ok(`{"results":[{"result":{"user-tag":"user-alice","access":"login"}},`+failed("permission denied", "unauthorized access")+`]}`,
		"Controller", 11, "GetControllerAccess", tags("user-alice", "user-bob"))

	c4 := world(t, "4.0.0").as(t, "admin", "sekrit")
	c4.ok(`{"results":[{"result":{"user-tag":"user-alice","access":"login"}},`+
		failed(`access not found for "ghost" on "deadbeef-1bad-500d-9000-4b1d0d06f00d"`, "")+`]}`,
		"Controller", 13, "GetControllerAccess", tags("user-alice", "user-ghost"))
}

func TestControllerFacade(t *testing.T) {
	t.Parallel()
	s := start(t, juju.Options{IdentityURL: "https://id.example.com"})
	c := s.as(t, "admin", "sekrit")
	c.ok(`{"result":"https://id.example.com"}`, "Controller", 11, "IdentityProviderURL", `{}`)
	c.ok(`{"results":[{"error":{"message":"model \"`+nowhere+`\" not found","code":"not found"}},
		{"error":{"message":"\"user-a1\" is not a valid model tag","code":""}}]}`,
		"Controller", 11, "ControllerAPIInfoForModels", tags("model-"+nowhere, "user-a1"))
	c.ok(`{}`, "Pinger", 1, "Ping", `{}`)
}
