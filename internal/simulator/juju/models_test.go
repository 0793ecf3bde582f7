package juju_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/juju"
)

const mm = "ModelManager"

// listed is what the tests read of a list of models.
type listed struct {
	Name           string  `json:"name"`
	UUID           string  `json:"uuid"`
	OwnerTag       string  `json:"owner-tag"`
	Qualifier      string  `json:"qualifier"`
	Life           string  `json:"life"`
	UserAccess     string  `json:"user-access"`
	LastConnection *string `json:"last-connection"`
}

func (c *client) summaries(version int, params string) []listed {
	c.t.Helper()
	got := c.call(mm, version, "ListModelSummaries", params)
	require.Empty(c.t, got.Error)
	models := []listed{}
	for _, r := range parse[struct{ Results []struct{ Result listed } }](c.t, string(got.Response)).Results {
		models = append(models, r.Result)
	}
	return models
}

func TestListModelSummaries(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	s.SeedUser(juju.User{Name: "boss", Password: "x", Access: "superuser"})
	prod := listed{Name: "prod", UUID: prodModel, OwnerTag: "user-fred", Life: "alive", UserAccess: "write"}
	c := s.as(t, "boss", "x")
	assert.Equal(t, []listed{prod}, c.summaries(9, `{"user-tag":"user-alice"}`))
	assert.Equal(t, []listed{prod}, c.summaries(9, `{"user-tag":"user-alice","all":true}`), "all is for superusers")
	assert.Empty(t, c.summaries(9, `{"user-tag":"user-boss"}`))
	all := c.summaries(9, `{"user-tag":"user-boss","all":true}`)
	assert.Len(t, all, 3)
	assert.Empty(t, all[0].UserAccess)
	c.ok(`{"results":null}`, mm, 9, "ListModelSummaries", `{"user-tag":"user-ghost"}`)
	c.refused(`user "ghost" not found`, "not found", mm, 9, "ListModelSummaries", `{"user-tag":"user-ghost","all":true}`)
	c.refused(`"" is not a valid tag`, "", mm, 9, "ListModelSummaries", `{}`)

	alice := s.as(t, "alice", "wonderland")
	alice.refused("permission denied", "unauthorized access", mm, 9, "ListModelSummaries", `{"user-tag":"user-bob"}`)
	assert.Equal(t, []listed{prod}, alice.summaries(9, `{"user-tag":"user-Alice","all":true}`))
}

func TestListModels(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	c := s.as(t, "admin", "sekrit")
	s.SeedUser(juju.User{Name: "ned"})
	c.ok(`{"user-models":[{"model":{"name":"prod","uuid":"`+prodModel+`","type":"iaas","owner-tag":"user-fred"},"last-connection":null}]}`,
		mm, 9, "ListModels", `{"tag":"user-alice"}`)
	s.SeedUser(juju.User{Name: "eve", Access: "login"})
	c.ok(`{"user-models":null}`, mm, 9, "ListModels", `{"tag":"user-eve"}`)
	c.refused(`controller user "ned" not found`, "not found", mm, 9, "ListModels", `{"tag":"user-ned"}`)
	c.refused(`"x" is not a valid tag`, "", mm, 9, "ListModels", `{"tag":"x"}`)
	all := parse[struct {
		Models []any `json:"user-models"`
	}](t, string(c.call(mm, 9, "ListModels", `{"tag":"user-admin"}`).Response))
	assert.Len(t, all.Models, 3)

	c4 := world(t, "4.0.0").as(t, "admin", "sekrit")
	c4.ok(`{"user-models":null}`, mm, 11, "ListModels", `{"tag":"user-ghost"}`)
}

func TestQualifiers(t *testing.T) {
	t.Parallel()
	c := world(t, "4.0.0").as(t, "admin", "sekrit")
	assert.Equal(t, "user-fred", c.summaries(10, `{"user-tag":"user-fred"}`)[0].OwnerTag)
	newer := c.summaries(11, `{"user-tag":"user-fred"}`)[0]
	assert.Empty(t, newer.OwnerTag)
	assert.Equal(t, "fred", newer.Qualifier)
	for params, want := range map[string]string{
		`{"name":"m1","qualifier":"alice"}`:       "alice",
		`{"name":"m2"}`:                           "admin",
		`{"name":"m3","owner-tag":"user-alice"}`:  "alice",
		`{"name":"m4","qualifier":"not a name!"}`: "admin",
	} {
		made := parse[listed](t, string(c.call(mm, 11, "CreateModel", params).Response))
		assert.Equal(t, want, made.Qualifier)
	}
}

func TestModelInfo(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	const denied = `{"error":{"message":"permission denied","code":"unauthorized access"}}`
	s.as(t, "admin", "sekrit").ok(`{"results":[`+denied+`,{"error":{"message":"\"model-1\" is not a valid model tag","code":""}}]}`,
		mm, 9, "ModelInfo", tags("model-"+nowhere, "model-1"))
	alice := s.as(t, "alice", "wonderland")
	alice.ok(`{"results":[`+denied+`]}`, mm, 9, "ModelInfo", tags("model-"+testModel))
	got := parse[struct {
		Results []struct {
			Result struct{ Users []struct{ User string } }
		}
	}](t, string(alice.call(mm, 9, "ModelInfo", tags("model-"+prodModel)).Response))
	require.Len(t, got.Results, 1)
	require.Len(t, got.Results[0].Result.Users, 1)
	assert.Equal(t, "alice", got.Results[0].Result.Users[0].User)
}

func TestModifyModelAccessErrors(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	c := s.as(t, "admin", "sekrit")
	c.item(`could not modify model access: "model-1" is not a valid model tag`, "",
		mm, 9, "ModifyModelAccess", change("user-bob", "grant", "read", `"model-tag":"model-1"`))
	c.item(`could not modify model access: "bob" is not a valid tag`, "",
		mm, 9, "ModifyModelAccess", change("bob", "grant", "read", onModel(testModel)))
	s.as(t, "alice", "wonderland").item("permission denied", "unauthorized access",
		mm, 9, "ModifyModelAccess", change("user-bob", "grant", "read", onModel(nowhere)))
	c.ok(`{"results":[]}`, mm, 9, "ModifyModelAccess", `{"changes":null}`)
}

func TestCreateModel(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	admin := s.as(t, "admin", "sekrit")
	alice := s.as(t, "alice", "wonderland")
	alice.refused("permission denied", "unauthorized access", mm, 9, "CreateModel", `{"name":"mine","owner-tag":"user-alice"}`)
	alice.refused("permission denied", "unauthorized access", mm, 9, "CreateModel", `{"name":"mine","owner-tag":"user-alice","cloud-tag":"cloud-moon"}`)
	admin.item("", "", "Cloud", 7, "ModifyCloudAccess", change("user-alice", "grant", "add-model", onCloud("localhost")))
	alice.refused(`"add-model" permission does not permit creation of models for different owners: permission denied`,
		"unauthorized access", mm, 9, "CreateModel", `{"name":"mine","owner-tag":"user-bob"}`)

	// The name is taken for the owner alone.
	made := parse[listed](t, string(alice.call(mm, 9, "CreateModel", `{"name":"prod","owner-tag":"user-alice"}`).Response))
	assert.Equal(t, "user-alice", made.OwnerTag)
	assert.Equal(t, "admin", s.ModelAccess(made.UUID, "alice"))
	alice.refused(`failed to create new model: model "prod" for alice already exists`, "already exists",
		mm, 9, "CreateModel", `{"name":"prod","owner-tag":"user-alice"}`)
	assert.Len(t, admin.summaries(9, `{"user-tag":"user-admin","all":true}`), 4)

	for params, want := range map[string][2]string{
		`{"name":"UP","owner-tag":"user-bob"}`: {
			`failed to create config: "UP" is not a valid name: model names may only contain lowercase letters, digits and hyphens`, "",
		},
		`{"name":"up","owner-tag":"user-ghost"}`:                  {`failed to create new model: cannot create model: user "ghost" not found`, "not found"},
		`{"name":"up"}`:                                           {`"" is not a valid tag`, ""},
		`{"name":"up","owner-tag":"user-bob","cloud-tag":"moon"}`: {`"moon" is not a valid tag`, ""},
		`{"name":"up","owner-tag":"user-bob","cloud-tag":"cloud-moon"}`: {
			`cloud "moon" not found, expected one of ["localhost"]`, "not found",
		},
	} {
		admin.refused(want[0], want[1], mm, 9, "CreateModel", params)
	}
	external := parse[listed](t, string(admin.call(mm, 9, "CreateModel", `{"name":"up","owner-tag":"user-gina@external"}`).Response))
	assert.Equal(t, "user-gina@external", external.OwnerTag)
}

func TestDestroyModels(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	admin := s.as(t, "admin", "sekrit")
	destroy := func(tag string) string { return `{"models":[{"model-tag":"` + tag + `","force":true}]}` }
	s.as(t, "alice", "wonderland").item("permission denied", "unauthorized access", mm, 9, "DestroyModels", destroy("model-"+prodModel))
	admin.item(`model "`+nowhere+`" not found`, "not found", mm, 9, "DestroyModels", destroy("model-"+nowhere))
	admin.item(`"x" is not a valid tag`, "", mm, 9, "DestroyModels", destroy("x"))
	admin.item("hosting 2 other models", "controller has hosted models", mm, 9, "DestroyModels", destroy("model-"+controllerModel))
	admin.item("", "", mm, 9, "DestroyModels", destroy("model-"+prodModel))
	info := admin.call(mm, 9, "ModelInfo", tags("model-"+prodModel))
	life := parse[struct {
		Results []struct {
			Result struct {
				Life   string
				Status struct{ Status string }
			}
		}
	}](t, string(info.Response))
	assert.Equal(t, "dying", life.Results[0].Result.Life)
	assert.Equal(t, "destroying", life.Results[0].Result.Status.Status)
	s.FinishDestroying()
	assert.Len(t, admin.summaries(9, `{"user-tag":"user-admin","all":true}`), 2)
	assert.Empty(t, s.OfferAccess(mysqlOffer, "alice"))
}

// TestModelConnection logs in to a model.
func TestModelConnection(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	s.SeedUser(juju.User{Name: "ned", Password: "x"})
	s.SeedUser(juju.User{Name: "boss", Password: "x", Access: "superuser"})
	info := func(name, password string) reply {
		return s.dialPath(t, "/model/"+prodModel+"/api", nil).login(name, password)
	}
	user := func(r reply) map[string]any {
		require.Empty(t, r.Error)
		answer := parse[map[string]json.RawMessage](t, string(r.Response))
		assert.JSONEq(t, `"model-`+prodModel+`"`, string(answer["model-tag"]))
		return parse[map[string]any](t, string(answer["user-info"]))
	}
	assert.Equal(t, map[string]any{
		"display-name": "Alice Liddell", "identity": "user-alice", "controller-access": "login", "model-access": "write",
	}, user(info("alice", "wonderland")))
	assert.Equal(t, "admin", user(info("boss", "x"))["model-access"])
	assert.Equal(t, "unauthorized access", info("ned", "x").Code)

	admin := s.as(t, "admin", "sekrit")
	admin.item("", "", mm, 9, "ModifyModelAccess", change("user-ned", "grant", "read", onModel(prodModel)))
	assert.Equal(t, map[string]any{
		"display-name": "", "identity": "user-ned", "controller-access": "", "model-access": "read",
	}, user(info("ned", "x")))
	when := "2024-07-11T20:31:31Z"
	assert.Equal(t, &when, admin.summaries(9, `{"user-tag":"user-alice"}`)[0].LastConnection)
	shown := parse[struct {
		Results []struct{ Result struct{ Users []listed } }
	}](t,
		string(admin.call(mm, 9, "ModelInfo", tags("model-"+prodModel)).Response))
	assert.Equal(t, &when, shown.Results[0].Result.Users[1].LastConnection)

	c := s.dialPath(t, "/model/"+prodModel+"/api", nil)
	require.Empty(t, c.login("alice", "wonderland").Error)
	c.refused(`facade "UserManager" not supported for model API connection`, "not supported", um, 3, "UserInfo", `{}`)
	c.ok(`{}`, "Pinger", 1, "Ping", `{}`)
	c.refused("no such request - method MachineManager(10).AddMachines is not implemented", "not implemented",
		"MachineManager", 10, "AddMachines", `{}`)
}
