package juju_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/usermgmt/usermgmt/internal/simulator/juju"
)

const ao = "ApplicationOffers"

// users returns who is shown for every offer of an answer, with their levels.
func shownUsers(t *testing.T, offers []shownOffer) []map[string]string {
	t.Helper()
	all := []map[string]string{}
	for _, o := range offers {
		users := map[string]string{}
		for _, u := range o.Users {
			users[u.User] = u.Access
		}
		all = append(all, users)
	}
	return all
}

type shownOffer struct {
	URL   string `json:"offer-url"`
	App   string `json:"application-name"`
	Users []struct{ User, Access string }
}

func (c *client) offers(version int, params string) []shownOffer {
	c.t.Helper()
	got := c.call(ao, version, "ListApplicationOffers", params)
	assert.Empty(c.t, got.Error)
	return parse[struct{ Results []shownOffer }](c.t, string(got.Response)).Results
}

func TestOfferURLs(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	c := s.as(t, "admin", "sekrit")
	for url, want := range map[string][2]string{
		"fred/prod.nothing":             {`application offer "nothing" not found`, "not found"},
		"prod.hosted-mysql":             {`model "admin/prod" not found`, "not found"},
		"fred/nope.hosted-mysql":        {`model "fred/nope" not found`, "not found"},
		"other:fred/prod.hosted-mysql":  {"query for non-local application offers not supported", "not supported"},
		"fred/prod.hosted-mysql:db":     {`saas application "fred/prod.hosted-mysql:db" shouldn't include endpoint`, ""},
		"fred/.hosted-mysql":            {"application offer URL is missing model", ""},
		"hosted-mysql":                  {`application offer URL has invalid form, must be [<user/]<model>.<appname>: "hosted-mysql"`, ""},
		"fred@external/prod.hosted-sql": {`model "fred@external/prod" not found`, "not found"},
	} {
		c.item(want[0], want[1], ao, 4, "ModifyOfferAccess", change("user-bob", "grant", "read", onOffer(url)))
	}
	c.ok(`{"results":[{"error":{"message":"application offer \"fred/prod.nothing\" not found","code":"not found"}},
		{"error":{"message":"model \"admin/prod\" not found","code":"not found"}}]}`,
		ao, 4, "ApplicationOffers", `{"offer-urls":["fred/prod.nothing","prod.hosted-mysql"]}`)
	fred := s.as(t, "fred", "flint")
	fred.item("", "", ao, 4, "ModifyOfferAccess", change("user-bob", "grant", "read", onOffer("prod.hosted-mysql")))
	assert.Equal(t, "read", s.OfferAccess(mysqlOffer, "bob"))
	s.as(t, "bob", "builder").item("permission denied", "unauthorized access",
		ao, 4, "ModifyOfferAccess", change("user-bob", "grant", "read", onOffer("fred/prod.nothing")))
}

func TestShowOffer(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	const params = `{"offer-urls":["fred/prod.hosted-mysql"]}`
	show := func(name, password string) []shownOffer {
		got := s.as(t, name, password).call(ao, 4, "ApplicationOffers", params)
		offers := []shownOffer{}
		for _, r := range parse[struct{ Results []struct{ Result shownOffer } }](t, string(got.Response)).Results {
			offers = append(offers, r.Result)
		}
		return offers
	}
	all := map[string]string{"fred": "admin", "alice": "consume", "everyone@external": "read"}
	assert.Equal(t, []map[string]string{all}, shownUsers(t, show("admin", "sekrit")))
	delete(all, "fred")
	member := show("alice", "wonderland")
	assert.Equal(t, []map[string]string{all}, shownUsers(t, member))
	assert.Empty(t, member[0].App)
	s.as(t, "bob", "builder").ok(`{"results":[{"error":{"message":"application offer \"fred/prod.hosted-mysql\" not found","code":"not found"}}]}`,
		ao, 4, "ApplicationOffers", params)
}

func TestListOffers(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	second := s.SeedModel(juju.Model{Name: "prod", Owner: "admin", Access: map[string]string{"admin": "admin"}})
	s.SeedOffer(juju.Offer{Model: second, Name: "own", Access: map[string]string{"admin": "admin"}})
	c := s.as(t, "admin", "sekrit")
	urls := func(version int, filter string) []string {
		found := []string{}
		for _, o := range c.offers(version, `{"Filters":[`+filter+`]}`) {
			found = append(found, o.URL)
		}
		return found
	}
	assert.Equal(t, []string{"admin/prod.own"}, urls(4, `{"model-name":"prod"}`), "the caller's own model comes first")
	assert.Equal(t, []string{"fred/prod.hosted-mysql"}, urls(4, `{"model-name":"prod","owner-name":"fred"}`))
	assert.Empty(t, urls(4, `{"model-name":"prod","owner-name":"fred","offer-name":"x"}`))
	assert.Len(t, urls(4, `{"model-name":"prod","owner-name":"fred","allowed-users":["user-alice"]}`), 1)
	assert.Empty(t, urls(4, `{"model-name":"prod","owner-name":"fred","allowed-users":["user-bob","x"]}`))
	for params, want := range map[string][2]string{
		`{}`:                               {"at least one offer filter is required", ""},
		`{"Filters":[{}]}`:                 {"application offer filter must specify a model name", ""},
		`{"Filters":[{"model-name":"x"}]}`: {`model "admin/x" not found`, "not found"},
		`{"Filters":[{"model-name":"prod","owner-name":"bob"}]}`: {`model "bob/prod" not found`, "not found"},
	} {
		c.refused(want[0], want[1], ao, 4, "ListApplicationOffers", params)
	}
	s.as(t, "alice", "wonderland").refused("permission denied", "unauthorized access",
		ao, 4, "ListApplicationOffers", `{"Filters":[{"model-name":"prod","owner-name":"fred"}]}`)

	c = world(t, "4.0.0").as(t, "admin", "sekrit")
	assert.Equal(t, []string{"fred/prod.hosted-mysql"}, urls(6, `{"model-name":"prod","model-qualifier":"fred"}`))
}

func TestClouds(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	s.SeedCloud(juju.Cloud{Name: "moon", Access: map[string]string{"alice": "add-model", "fred": "admin"}})
	admin := s.as(t, "admin", "sekrit")
	info := func(users string) string {
		return `{"result":{"type":"lxd","auth-types":["certificate"],"regions":[{"name":"localhost"}],"users":[` + users + `]}}`
	}
	const alice = `{"user":"alice","display-name":"Alice Liddell","access":"add-model"}`
	admin.ok(`{"results":[`+info(alice+`,{"user":"fred","display-name":"Fred","access":"admin"}`)+`,
		{"error":{"message":"cloud \"sun\" not found","code":"not found"}},
		{"error":{"message":"\"cloud-!\" is not a valid cloud tag","code":""}}]}`,
		"Cloud", 7, "CloudInfo", tags("cloud-moon", "cloud-sun", "cloud-!"))
	s.as(t, "alice", "wonderland").ok(`{"results":[`+info(alice)+`]}`, "Cloud", 7, "CloudInfo", tags("cloud-moon"))
	s.as(t, "bob", "builder").item("permission denied", "unauthorized access", "Cloud", 7, "CloudInfo", tags("cloud-moon"))

	admin.item("cannot change your own cloud access", "", "Cloud", 7, "ModifyCloudAccess",
		change("user-admin", "revoke", "admin", onCloud("moon")))
	admin.item(`cloud "sun" not found`, "not found", "Cloud", 7, "ModifyCloudAccess", change("user-bob", "grant", "admin", onCloud("sun")))
}
