package cognite_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"

	"github.com/usermgmt/usermgmt/internal/simulator/cognite"
)

func TestCreateGroups(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{GroupCreatedStatus: http.StatusOK, FirstGroupID: 5})
	const one = `"name":"same","capabilities":[{"oddAcl":{"actions":["X"],"scope":{"odd":[1]}}}],"metadata":{"k":"v"},"attributes":{"token":{}}`
	const two = `"name":"same","members":["a","b"]`
	s.ok(t, groups, `{"items":[{`+one+`},{`+two+`}]}`,
		`{"items":[{`+one+`,"id":5,"isDeleted":false,"deletedTime":-1},{`+two+`,"id":6,"isDeleted":false,"deletedTime":-1}]}`)
	s.ok(t, groups+"?all=true", "",
		`{"items":[{`+one+`,"id":5,"isDeleted":false,"deletedTime":-1},{`+two+`,"id":6,"isDeleted":false,"deletedTime":-1}]}`)
	assert.Equal(t, []int64{5, 6}, s.project.GroupIDs())
}

func TestCreateGroupsRefused(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{})
	many := func(n int, each string) string {
		all := make([]string, n)
		for i := range all {
			all[i] = fmt.Sprintf(each, i)
		}
		return strings.Join(all, ",")
	}
	for item, message := range map[string]string{
		`{}`: "name is required",
		`{"name":"g","sourceId":"","members":[]}`:                                           "members and sourceId exclude each other",
		`{"name":"g","members":"some"}`:                                                     "members must be a list of principals or allUserAccounts",
		`{"name":"g","members":[` + many(101, `"u%d"`) + `]}`:                               "members must have at most 100 elements",
		`{"name":"g","metadata":{` + many(17, `"k%d":""`) + `}}`:                            "metadata must have at most 16 entries",
		`{"name":"g","metadata":{"` + strings.Repeat("k", 33) + `":""}}`:                    "metadata is too large",
		`{"name":"g","metadata":{"k":"` + strings.Repeat("v", 513) + `"}}`:                  "metadata is too large",
		`{"name":"g","metadata":{` + many(9, `"k%d":"`+strings.Repeat("v", 500)+`"`) + `}}`: "metadata is too large",
		many(501, `{"name":"g%d"}`):                                                         "The project has too many groups",
		many(21, `{"name":"g%d","members":["me"]}`):                                         "A principal can be in at most 20 groups",
	} {
		s.refused(t, groups, `{"items":[`+item+`]}`, http.StatusBadRequest, message)
	}
	s.refused(t, groups, `{"items":[]}`, http.StatusBadRequest, "items must have between 1 and 1000 elements")
	assert.Empty(t, s.project.GroupIDs())

	s.project.SeedGroups(cognite.Group{ID: 1, Name: "g", Members: jsontext.Value(`["me"]`)})
	s.refused(t, groups, `{"items":[`+many(20, `{"name":"g%d","members":["me"]}`)+`]}`, 400, "A principal can be in at most 20 groups")
}

func TestDeleteGroups(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{})
	s.project.SeedGroups(cognite.Group{ID: 1, Name: "a"}, cognite.Group{ID: 2, Name: "b"})
	got := s.as(t, "admin", groups+"/delete", `{"items":[1,3]}`)
	assert.JSONEq(t, `{"error":{"code":400,"message":"Items in request were not found","missing":[{"id":3}]}}`, got.body)
	assert.Equal(t, []int64{1, 2}, s.project.GroupIDs(), "all or none")
	s.ok(t, groups+"/delete", `{"items":[1]}`, `{}`)
	assert.Equal(t, []int64{2}, s.project.GroupIDs())
	assert.Equal(t, 400, s.as(t, "admin", groups+"/delete", `{"items":[2,2]}`).status)
	s.refused(t, groups+"/delete", `{"items":[{"id":2}]}`, 400, "Request body is malformed")
}

func TestListGroups(t *testing.T) {
	t.Parallel()
	const everyone = `{"name":"everyone","members":"allUserAccounts","id":1,"isDeleted":false,"deletedTime":-1}`
	const mine = `{"name":"mine","members":["limited"],"id":2,"isDeleted":false,"deletedTime":-1}`
	const held = `{"name":"held","id":3,"isDeleted":false,"deletedTime":-1}`
	const other = `{"name":"other","members":["x"],"id":4,"isDeleted":false,"deletedTime":-1}`
	own, all := `{"items":[`+everyone+`,`+mine+`,`+held+`]}`, `{"items":[`+everyone+`,`+mine+`,`+held+`,`+other+`]}`
	list := cognite.Capability{ACL: "groupsAcl", Actions: []string{"LIST"}}
	current := cognite.Capability{ACL: "groupsAcl", Actions: []string{"LIST"}, CurrentUser: true}
	elsewhere := cognite.Capability{ACL: "groupsAcl", Actions: []string{"LIST"}, Projects: []string{"other"}}
	for name, test := range map[string]struct {
		capability cognite.Capability
		lenient    bool
		query      string
		status     int
		want       string
	}{
		"own":              {query: "", status: 200, want: own},
		"own, said":        {query: "?all=false", status: 200, want: own},
		"all":              {capability: list, query: "?all=true", status: 200, want: all},
		"all, own scope":   {capability: current, query: "?all=true", status: 200, want: own},
		"all, leniently":   {lenient: true, query: "?all=true", status: 200, want: own},
		"all, not allowed": {query: "?all=true", status: 403, want: `{"error":{"code":403,"message":"User does not have required capability groupsAcl:LIST"}}`},
		"all, elsewhere":   {capability: elsewhere, query: "?all=true", status: 403, want: `{"error":{"code":403,"message":"User does not have required capability groupsAcl:LIST"}}`},
		"nonsense":         {query: "?all=1", status: 400, want: `{"error":{"code":400,"message":"all must be true or false"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, cognite.Options{OwnGroupsWithoutList: test.lenient})
			s.project.SeedGroups(parse[[]cognite.Group](t, `[`+everyone+`,`+mine+`,`+held+`,`+other+`]`)...)
			s.SeedToken("limited", cognite.Principal{
				Subject: "limited", Projects: map[string][]int64{"plant-7": {3}}, Capabilities: []cognite.Capability{test.capability},
			})
			got := s.as(t, "limited", groups+test.query, "")
			assert.Equal(t, test.status, got.status)
			assert.JSONEq(t, test.want, got.body)
		})
	}
}

func TestInspectToken(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{})
	s.project.SeedGroups(parse[[]cognite.Group](t, `[{"id":1,"members":"allUserAccounts"},{"id":2,"members":["x"]},{"id":3}]`)...)
	s.SeedToken("t", cognite.Principal{
		Subject: "x", Projects: map[string][]int64{"plant-7": {1, 9}, "absent": nil},
		Capabilities: []cognite.Capability{
			{ACL: "postgresGatewayAcl", Actions: []string{"READ"}, Usernames: []string{"u"}, Projects: []string{"plant-7"}},
			{ACL: "groupsAcl", Actions: []string{"LIST"}, CurrentUser: true},
		},
	})
	got := s.as(t, "t", "/api/v1/token/inspect", "")
	assert.JSONEq(t, `{"subject":"x",
		"projects":[{"projectUrlName":"absent","groups":[]},{"projectUrlName":"plant-7","groups":[1,9,2]}],
		"capabilities":[
			{"postgresGatewayAcl":{"actions":["READ"],"scope":{"usersScope":{"usernames":["u"]}}},"projectScope":{"projects":["plant-7"]}},
			{"groupsAcl":{"actions":["LIST"],"scope":{"currentuserscope":{}}},"projectScope":{"allProjects":{}}}]}`, got.body)
}
