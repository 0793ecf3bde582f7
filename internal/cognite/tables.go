package cognite

import (
	"context"
	"iter"
	"net/http"
	"net/url"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/usermgmt/usermgmt/internal/transport"
)

// MaxTables is how many tables one request may be about.
const MaxTables = 10

// The types of tables that can be created. The server has others, built in.
const (
	// RawTable shows a table of CDF RAW.
	RawTable = "raw_rows"
	// ViewTable shows a view of a data model.
	ViewTable = "view"
)

// Table is a foreign table of a user, as GET P/postgresgateway/tables/{user}
// shows it.
type Table struct {
	// Name is the name of the table.
	Name string `json:"tablename"`
	// Type is [RawTable], [ViewTable] or one of the server's own.
	Type string `json:"type"`
	// Options say what the table shows, a JSON object that depends on Type:
	// [TableOptions] for the types that can be created.
	Options jsontext.Value `json:"options,omitzero"`
	// Columns are the columns of a raw table, nil if the server tells none.
	Columns Columns `json:"columns,omitzero"`
	// CreatedTime is when the table was created.
	CreatedTime Millis `json:"createdTime,omitzero"`
}

// TableOptions say what a table shows.
type TableOptions struct {
	// Database is the RAW database of a raw table.
	Database string `json:"database,omitzero"`
	// Table is the RAW table of a raw table.
	Table string `json:"table,omitzero"`
	// PrimaryKey is the column that holds the key of a raw table, "" for none.
	PrimaryKey string `json:"primaryKey,omitzero"`
	// Space is the space of a view.
	Space string `json:"space,omitzero"`
	// ExternalID is the external ID of a view.
	ExternalID string `json:"externalId,omitzero"`
	// Version is the version of a view.
	Version string `json:"version,omitzero"`
}

// NewTable returns a table to be created.
func NewTable(name, kind string, options TableOptions, columns Columns) (Table, error) {
	text, err := transport.Encode(options)
	return Table{Name: name, Type: kind, Options: text, Columns: columns}, err
}

// ReadOptions returns the options of a table. Those that [TableOptions] has no
// place for are left out.
func (t Table) ReadOptions() TableOptions {
	var options TableOptions
	if transport.Decode(t.Options, &options) != nil {
		return TableOptions{} // a type of the server's own
	}
	return options
}

// tableName names a table in a request.
type tableName struct {
	Name string `json:"tablename"`
}

func tablesPath(user string, verb ...string) []string {
	return append([]string{"postgresgateway", "tables", user}, verb...)
}

// CreateTables creates tables of a user, no more than [MaxTables], and returns
// them in their order: POST P/postgresgateway/tables/{user}. Without tables
// nothing is sent.
func (c *Client) CreateTables(ctx context.Context, user string, tables []Table) ([]Table, error) {
	names := make([]string, len(tables))
	for i, table := range tables {
		names[i] = table.Name
	}
	if err := checkTables(user, names); err != nil || len(tables) == 0 {
		return nil, err
	}
	made, err := items[Table](ctx, c, call{
		method: http.MethodPost, path: tablesPath(user), body: newItems(tables...), class: transport.Once,
	})
	if err != nil {
		return nil, err
	}
	ordered, err := inOrder(c, names, made, "tablename", false, func(t Table) string { return t.Name })
	if err != nil {
		return nil, made.broken()
	}
	return ordered, nil
}

// ListTables streams the tables of a user, limit of them at most, all if it is
// 0: GET P/postgresgateway/tables/{user}. Those of the server itself are left
// out unless builtIns is set.
func (c *Client) ListTables(ctx context.Context, user string, builtIns bool, limit int) iter.Seq2[Table, error] {
	query := url.Values{"includeBuiltIns": {"no"}}
	if builtIns {
		query.Set("includeBuiltIns", "yes")
	}
	if err := checkSegment("User", user); err != nil {
		return func(yield func(Table, error) bool) { yield(Table{}, err) }
	}
	return list[Table](ctx, c, tablesPath(user), query, limit, nil)
}

// GetTables returns tables of a user, no more than [MaxTables], in the order
// of the names: POST P/postgresgateway/tables/{user}/byids. Without names
// nothing is sent. A name that is not there is NotFound, or left out if
// ignoreUnknown is set.
func (c *Client) GetTables(ctx context.Context, user string, names []string, ignoreUnknown bool) ([]Table, error) {
	if err := checkTables(user, names); err != nil || len(names) == 0 {
		return nil, err
	}
	found, err := items[Table](ctx, c, call{
		method: http.MethodPost, path: tablesPath(user, "byids"), body: tableNames(names, ignoreUnknown),
	})
	if err != nil {
		return nil, err
	}
	return inOrder(c, names, found, "tablename", ignoreUnknown, func(t Table) string { return t.Name })
}

// DeleteTables deletes tables of a user, no more than [MaxTables]: POST
// P/postgresgateway/tables/{user}/delete. Without names nothing is sent. It is
// sent again after a lost answer only if ignoreUnknown is set, because what is
// missing then says nothing else.
func (c *Client) DeleteTables(ctx context.Context, user string, names []string, ignoreUnknown bool) error {
	if err := checkTables(user, names); err != nil || len(names) == 0 {
		return err
	}
	class := transport.Once
	if ignoreUnknown {
		class = transport.Idempotent
	}
	return c.done(ctx, call{
		method: http.MethodPost, path: tablesPath(user, "delete"), body: tableNames(names, ignoreUnknown), class: class,
	})
}

func tableNames(names []string, ignoreUnknown bool) namedItems[tableName] {
	body := namedItems[tableName]{make([]tableName, len(names)), ignoreUnknown}
	for i, name := range names {
		body.Items[i].Name = name
	}
	return body
}

func checkTables(user string, names []string) error {
	if err := checkSegment("User", user); err != nil {
		return err
	}
	return checkNames("Tables", names, MaxTables)
}
