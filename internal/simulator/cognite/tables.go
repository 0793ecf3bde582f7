package cognite

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Limits on tables.
const (
	maxTables     = 10
	maxTablesPage = 100
)

// Table is a table beneath a gateway user.
type Table struct {
	// Name is the name of the table, unique beneath its user.
	Name string `json:"tablename"`
	// Type is "raw_rows" or "view"; built-in tables have other types.
	Type string `json:"type"`
	// Options say what the table shows, as JSON.
	Options jsontext.Value `json:"options,omitzero"`
	// Columns are the columns of a table of raw rows, as JSON: an object by name,
	// or a list.
	Columns jsontext.Value `json:"columns,omitzero"`
	// CreatedTime is when the table was created, in milliseconds since the Unix
	// epoch.
	CreatedTime int64 `json:"createdTime"`
	// BuiltIn says that the table is the service's own: it is listed on demand
	// only and cannot be deleted.
	BuiltIn bool `json:"-"`
}

func (t Table) name() string { return t.Name }

func (k tableKey) key() string { return k.Name }

// columnTypes are the types of columns that also exist as arrays.
var columnTypes = []string{"BIGINT", "BOOL", "DOUBLE PRECISION", "JSON", "REAL", "TEXT", "VARCHAR"}

// knownColumnType reports whether a column can have the type.
func knownColumnType(name string) bool {
	return name == "BYTEA" || name == "TIMESTAMPTZ" || slices.Contains(columnTypes, strings.TrimSuffix(name, "[]"))
}

// column is one column. Only a list of columns names them.
type column struct {
	Name string `json:"propertyName"`
	Type string `json:"type"`
}

// columns returns the columns in either of their forms.
func columns(text jsontext.Value) ([]column, bool) {
	var listed []column
	if json.Unmarshal(text, &listed) == nil {
		return listed, !slices.ContainsFunc(listed, func(c column) bool { return c.Name == "" })
	}
	var named map[string]column
	if json.Unmarshal(text, &named) != nil {
		return nil, false
	}
	for name, c := range named {
		listed = append(listed, column{name, c.Type})
	}
	return listed, true
}

// check refuses a table that cannot be created.
func (t Table) check() error {
	var options map[string]jsontext.Value
	if json.Unmarshal(t.Options, &options) != nil {
		return badRequest("options are required")
	}
	needed := []string{"database", "table"}
	switch t.Type {
	case "raw_rows":
		listed, ok := columns(t.Columns)
		if !ok || len(listed) == 0 {
			return badRequest("columns are required")
		}
		if slices.ContainsFunc(listed, func(c column) bool { return !knownColumnType(c.Type) }) {
			return badRequest("columns must have a known type")
		}
	case "view":
		needed = []string{"space", "externalId", "version"}
	default:
		return badRequest("type must be raw_rows or view")
	}
	for _, name := range needed {
		if options[name].Kind() != '"' {
			return badRequest("options.%s is required", name)
		}
	}
	return nil
}

// owner returns the user whose tables a call is about.
func (s *Server) owner(c *call, action string) (*userState, error) {
	if err := c.checkReach(action, c.name); err != nil {
		return nil, err
	}
	return s.user(c, c.name)
}

// createTables serves POST /postgresgateway/tables/{username}. All tables are
// created, or none.
func (s *Server) createTables(c *call) (answer, error) {
	body, err := decodeItems[Table](c, maxTables)
	if err != nil {
		return answer{}, err
	}
	if err := required(body.Items, "tablename", Table.name); err != nil {
		return answer{}, err
	}
	for _, wanted := range body.Items {
		if err := wanted.check(); err != nil {
			return answer{}, err
		}
	}
	keys := []tableKey{}
	for _, wanted := range body.Items {
		keys = append(keys, tableKey{wanted.Name})
	}
	if err := distinct(keys, tableKey.key); err != nil {
		return answer{}, err
	}
	u, err := s.owner(c, actionWrite)
	if err != nil {
		return answer{}, err
	}
	var duplicated []jsontext.Value
	for _, key := range keys {
		if _, taken := u.tables.get(key.Name); taken {
			duplicated = append(duplicated, encode(key))
		}
	}
	if duplicated != nil {
		return answer{}, &apiError{Code: http.StatusConflict, Message: messageDuplicated, Duplicated: duplicated}
	}
	for i := range body.Items {
		added := &body.Items[i]
		added.CreatedTime = s.now()
		u.tables.put(added.Name, *added)
	}
	return success(map[string][]Table{"items": body.Items}), nil
}

// namedTables decodes a body that names tables and looks them up. Built-in ones
// cannot be written.
func (s *Server) namedTables(c *call, action string) (*userState, []Table, error) {
	body, err := decodeItems[tableKey](c, maxTables)
	if err != nil {
		return nil, nil, err
	}
	if err := required(body.Items, "tablename", tableKey.key); err != nil {
		return nil, nil, err
	}
	u, err := s.owner(c, action)
	if err != nil {
		return nil, nil, err
	}
	found, missing, err := lookup(body.Items, tableKey.key, u.tables)
	if err != nil {
		return nil, nil, err
	}
	if action == actionWrite && slices.ContainsFunc(found, func(t Table) bool { return t.BuiltIn }) {
		return nil, nil, badRequest("Built-in tables cannot be deleted")
	}
	if missing != nil && !body.IgnoreUnknownIDs {
		return nil, nil, s.missing(missing)
	}
	return u, found, nil
}

// readTables serves POST /postgresgateway/tables/{username}/byids.
func (s *Server) readTables(c *call) (answer, error) {
	_, found, err := s.namedTables(c, actionRead)
	if err != nil {
		return answer{}, err
	}
	return success(map[string][]Table{"items": found}), nil
}

// deleteTables serves POST /postgresgateway/tables/{username}/delete.
func (s *Server) deleteTables(c *call) (answer, error) {
	u, found, err := s.namedTables(c, actionWrite)
	if err != nil {
		return answer{}, err
	}
	for _, t := range found {
		u.tables.remove(t.Name)
	}
	return empty(), nil
}

// listTables serves GET /postgresgateway/tables/{username}.
func (s *Server) listTables(c *call) (answer, error) {
	limit, err := c.queryLimit(maxTablesPage)
	if err != nil {
		return answer{}, err
	}
	u, err := s.owner(c, actionRead)
	if err != nil {
		return answer{}, err
	}
	query := c.request.URL.Query()
	builtIns := query.Get("includeBuiltIns")
	if query.Has("includeBuiltIns") && builtIns != "yes" && builtIns != "no" {
		return answer{}, badRequest("includeBuiltIns must be yes or no")
	}
	keep := func(t Table) bool { return !t.BuiltIn || builtIns == "yes" }
	asked := listing{"tables " + builtIns + " " + u.Username, limit, query.Get("cursor")}
	return page(s, asked, c.project, u.tables, itself, keep)
}
