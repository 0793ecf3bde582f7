package juju_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/usermgmt/usermgmt/internal/simulator/juju"
)

func TestUserInfoOfExternalUsers(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	s.SeedAccess("everyone@external", "login")
	s.SeedAccess("gina@external", "superuser")
	c := s.as(t, "admin", "sekrit")
	external := func(name, level string) string {
		return `{"results":[{"result":{"username":"` + name + `","display-name":"","access":"` + level +
			`","created-by":"","date-created":"0001-01-01T00:00:00Z","disabled":false}}]}`
	}
	c.ok(external("gina@external", "superuser"), um, 3, "UserInfo", tags("user-gina@external"))
	c.ok(external("hugo@external", "login"), um, 3, "UserInfo", tags("user-hugo@external"))
	c.item(`"user-x@@y" is not a valid user tag`, "", um, 3, "UserInfo", tags("user-x@@y"))

	s4 := world(t, "4.0.0")
	c4 := s4.as(t, "admin", "sekrit")
	c4.item(`user "gina@external" not found`, "user not found", um, 3, "UserInfo", tags("user-gina@external"))
	c4.item("", "", "Controller", 13, "ModifyControllerAccess", change("user-gina@external", "grant", "login", ""))
	c4.ok(`{"results":[{"result":{"username":"gina@external","display-name":"","access":"login",
		"created-by":"admin","date-created":"2024-07-11T20:31:31Z","disabled":false}}]}`, um, 3, "UserInfo", tags("user-gina@external"))
	list := parse[struct {
		Results []struct{ Result struct{ Username string } }
	}](t,
		string(c4.call(um, 3, "UserInfo", `{"include-disabled":true}`).Response))
	names := []string{}
	for _, r := range list.Results {
		names = append(names, r.Result.Username)
	}
	assert.Equal(t, []string{"admin", "alice", "bob", "carol", "fred", "gina@external"}, names)
	c4.item(`user "ALICE" not found`, "user not found", um, 3, "UserInfo", tags("user-ALICE"))
}

func TestUserInfoOfOrdinaryUser(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	got := s.as(t, "alice", "wonderland").call(um, 3, "UserInfo", `{"include-disabled":true}`)
	list := parse[struct{ Results []any }](t, string(got.Response))
	assert.Len(t, list.Results, 1)
}

func TestThousandsOfUsers(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	s.SeedUsers(5000, "user", "same")
	list := parse[struct{ Results []any }](t, string(s.as(t, "admin", "sekrit").call(um, 3, "UserInfo", `{}`).Response))
	assert.Len(t, list.Results, 5004)
	assert.Empty(t, s.dial(t).login("user04711", "same").Error)
}

func TestModelUserInfo(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	c := s.as(t, "admin", "sekrit")
	c.ok(`{"results":null}`, um, 3, "ModelUserInfo", `{}`)
	c.refused(`model "`+nowhere+`" not found`, "not found", um, 3, "ModelUserInfo", tags("model-"+nowhere))
	c.refused(`"model-x" is not a valid model tag`, "", um, 3, "ModelUserInfo", tags("model-x"))
	alice := s.as(t, "alice", "wonderland")
	alice.refused("permission denied", "unauthorized access", um, 3, "ModelUserInfo", tags("model-"+testModel))
	alice.ok(`{"results":[{"result":{"model-tag":"model-`+prodModel+`","user":"alice","display-name":"Alice Liddell",
		"last-connection":null,"access":"write"}}]}`, um, 3, "ModelUserInfo", tags("model-"+prodModel))
}

func TestSeedsAreRead(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	at := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	seed := juju.User{
		Name: "x1", DisplayName: "X", Password: "p", Access: "login", CreatedBy: "bob",
		Created: at, LastConnection: at.Add(time.Hour), Disabled: true,
	}
	s.SeedUser(seed)
	got, ok := s.User("X1")
	assert.True(t, ok)
	assert.Equal(t, seed, got)
	assert.Empty(t, s.ModelAccess(nowhere, "bob"))
	assert.Empty(t, s.OfferAccess(nowhere, "bob"))
	assert.Empty(t, s.CloudAccess("moon", "bob"))
	assert.Panics(t, func() { s.SeedUser(juju.User{Name: "_"}) })
	assert.Panics(t, func() { s.SeedOffer(juju.Offer{Model: nowhere, Name: "x"}) })
	assert.Panics(t, func() { juju.New(juju.Options{}) })
}
