package cognite_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"

	"github.com/usermgmt/usermgmt/internal/simulator/cognite"
)

const viewTable = `"type":"view","options":{"space":"s","externalId":"e","version":"v"}`

func TestCreateTables(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{})
	s.project.SeedUsers(user("pg_a", 0), user("a/b", 0))
	const raw = `"tablename":"r","type":"raw_rows","options":{"database":"d","table":"t"},
		"columns":[{"propertyName":"c","type":"TEXT[]"},{"propertyName":"d","type":"BYTEA"}]`
	s.ok(t, tables, `{"items":[{`+raw+`},{"tablename":"v",`+viewTable+`}]}`,
		`{"items":[{`+raw+`,"createdTime":1730204347000},{"tablename":"v",`+viewTable+`,"createdTime":1730204347000}]}`)
	s.ok(t, users+"/tables/a%2Fb", `{"items":[{"tablename":"v",`+viewTable+`}]}`,
		`{"items":[{"tablename":"v",`+viewTable+`,"createdTime":1730204347000}]}`)
	assert.Equal(t, []string{"r", "v"}, s.project.Tablenames("pg_a"))

	got := s.as(t, "admin", tables, `{"items":[{"tablename":"w",`+viewTable+`},{"tablename":"v",`+viewTable+`}]}`)
	assert.Equal(t, http.StatusConflict, got.status)
	assert.JSONEq(t, `{"error":{"code":409,"message":"Items in request are duplicated","duplicated":[{"tablename":"v"}]}}`, got.body)
	got = s.as(t, "admin", tables, `{"items":[{"tablename":"w",`+viewTable+`},{"tablename":"w",`+viewTable+`}]}`)
	assert.Equal(t, http.StatusBadRequest, got.status)
	assert.JSONEq(t, `{"error":{"code":400,"message":"Items in request are duplicated","duplicated":[{"tablename":"w"}]}}`, got.body)
	assert.Equal(t, []string{"r", "v"}, s.project.Tablenames("pg_a"), "all or none")
}

func TestCreateTablesRefused(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{})
	s.project.SeedUsers(user("pg_a", 0))
	const raw = `"tablename":"r","type":"raw_rows","options":{"database":"d","table":"t"}`
	for item, message := range map[string]string{
		`"type":"view"`:                 "items[0].tablename is required",
		`"tablename":"r","type":"view"`: "options are required",
		`"tablename":"r","type":"view","options":{"space":"s","externalId":"e"}`:                    "options.version is required",
		`"tablename":"r","type":"raw_rows","options":{"table":"t"},"columns":{"a":{"type":"TEXT"}}`: "options.database is required",
		`"tablename":"r","type":"built_in","options":{}`:                                            "type must be raw_rows or view",
		raw:                                      "columns are required",
		raw + `,"columns":{}`:                    "columns are required",
		raw + `,"columns":7`:                     "columns are required",
		raw + `,"columns":[{"type":"TEXT"}]`:     "columns are required",
		raw + `,"columns":{"a":{"type":"text"}}`: "columns must have a known type",
		raw + `,"columns":{"a":{"type":"TIMESTAMPTZ[]"}}`: "columns must have a known type",
	} {
		s.refused(t, tables, `{"items":[{`+item+`}]}`, http.StatusBadRequest, message)
	}
	s.refused(t, tables, `{"items":[]}`, http.StatusBadRequest, "items must have between 1 and 10 elements")
	assert.Empty(t, s.project.Tablenames("pg_a"))
}

func TestTablesLife(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{})
	s.project.SeedUsers(user("pg_a", 0))
	s.project.SeedTables("pg_a",
		cognite.Table{Name: "mine", Type: "odd", Options: jsontext.Value(`{"x":[1]}`), CreatedTime: 5},
		cognite.Table{Name: "theirs", Type: "built_in", BuiltIn: true, CreatedTime: 6})
	const mine, theirs = `{"tablename":"mine","type":"odd","options":{"x":[1]},"createdTime":5}`, `{"tablename":"theirs","type":"built_in","createdTime":6}`
	s.ok(t, tables, "", `{"items":[`+mine+`]}`)
	s.ok(t, tables+"?includeBuiltIns=no", "", `{"items":[`+mine+`]}`)
	s.ok(t, tables+"?includeBuiltIns=yes&limit=100", "", `{"items":[`+mine+`,`+theirs+`]}`)
	s.refused(t, tables+"?includeBuiltIns=", "", 400, "includeBuiltIns must be yes or no")
	s.refused(t, tables+"?limit=101", "", 400, "limit must be between 1 and 100")

	s.ok(t, tables+"/byids", `{"items":[{"tablename":"theirs"}]}`, `{"items":[`+theirs+`]}`)
	s.ok(t, tables+"/byids", `{"items":[{"tablename":"x"},{"tablename":"mine"}],"ignoreUnknownIds":true}`, `{"items":[`+mine+`]}`)
	got := s.as(t, "admin", tables+"/byids", `{"items":[{"tablename":"x"}]}`)
	assert.JSONEq(t, `{"error":{"code":400,"message":"Items in request were not found","missing":[{"tablename":"x"}]}}`, got.body)
	s.refused(t, tables+"/byids", `{"items":[{}]}`, 400, "items[0].tablename is required")
	s.refused(t, tables+"/byids", `{"items":{}}`, 400, "Request body is malformed")
	eleven := `{"items":[` + strings.TrimSuffix(strings.Repeat(`{"tablename":"mine"},`, 11), ",") + `]}`
	s.refused(t, tables+"/byids", eleven, 400, "items must have between 1 and 10 elements")
	assert.Equal(t, 400, s.as(t, "admin", tables+"/byids", `{"items":[{"tablename":"x"},{"tablename":"x"}]}`).status)

	s.refused(t, tables+"/delete", `{"items":[{"tablename":"theirs"}],"ignoreUnknownIds":true}`, 400, "Built-in tables cannot be deleted")
	assert.Equal(t, 400, s.as(t, "admin", tables+"/delete", `{"items":[{"tablename":"mine"},{"tablename":"x"}]}`).status)
	assert.Equal(t, 400, s.as(t, "admin", users+"/tables/nobody/delete", `{"items":[{"tablename":"mine"}]}`).status)
	assert.Equal(t, []string{"mine", "theirs"}, s.project.Tablenames("pg_a"))
	s.ok(t, tables+"/delete", `{"items":[{"tablename":"mine"},{"tablename":"x"}],"ignoreUnknownIds":true}`, `{}`)
	assert.Equal(t, []string{"theirs"}, s.project.Tablenames("pg_a"))
}

func TestSeedsThatCannotBe(t *testing.T) {
	t.Parallel()
	s := start(t, cognite.Options{})
	assert.PanicsWithValue(t, `cognite: seed of tables: user "x" does not exist`, func() { s.project.SeedTables("x") })
	assert.Nil(t, s.project.Tablenames("x"))
	_, known := s.project.User("x")
	assert.False(t, known)
}
