package usermgmt

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/usermgmt/usermgmt/internal/cognite"
	"github.com/usermgmt/usermgmt/internal/fault"
)

// CogniteTable is a foreign table that a user of the gateway sees. A new one
// has a name and either Raw or View. Deleting the user drops its tables.
type CogniteTable struct {
	// Name is the name of the table.
	Name string
	// Raw is what a raw table shows, else nil.
	Raw *CogniteRawTable
	// View is what a table of a view shows, else nil.
	View *CogniteView
	// Columns are the columns of a raw table in their order. The server makes
	// those of a view.
	Columns []CogniteColumn
	// Type is the server's word for the type, "raw_rows" or "view" for those
	// that can be created. On a new table it is empty or fits.
	Type string
	// Options say what a table of another type shows, as JSON; empty on a new
	// table.
	Options string
	// CreatedAt is when the table was created; of no meaning on a new table.
	CreatedAt time.Time
}

// CogniteRawTable is a table of CDF RAW.
type CogniteRawTable struct {
	// Database is the database that it is in.
	Database string
	// Table is its name there.
	Table string
	// PrimaryKey is the column that shows the keys of the rows, "" for none.
	PrimaryKey string
}

// CogniteView is a view of a data model.
type CogniteView struct {
	// Space is the space that it is in.
	Space string
	// ExternalID is its external ID.
	ExternalID string
	// Version is its version.
	Version string
}

// CogniteColumn is a column of a table.
type CogniteColumn struct {
	// Name is the name of the column.
	Name string
	// Type is its PostgreSQL type, such as TEXT or BIGINT[].
	Type string
}

// CreateTables creates tables of a user. It returns the outcome of each in
// their order, on the terms of [CogniteExtension.CreateUsers]; the ten tables
// of one request succeed or fail together. It fails with [ErrAlreadyExists] if
// a name is taken. It sends POST P/postgresgateway/tables/{user} for each ten.
func (e *CogniteExtension) CreateTables(ctx context.Context, user string, tables ...CogniteTable) ([]Result[CogniteTable], error) {
	b := cogniteBulk{e.client, "CreateTables", "table", cognite.WriteConcurrency, true}
	return inChunks(ctx, b, tables, func(t CogniteTable) string { return t.Name }, func(ctx context.Context, chunk []CogniteTable) ([]CogniteTable, error) {
		wanted := make([]cognite.Table, len(chunk))
		for i, table := range chunk {
			var err error
			if wanted[i], err = toCogniteTable(table); err != nil {
				return nil, err
			}
		}
		made, err := e.api.CreateTables(ctx, user, wanted)
		return converted(made, fromCogniteTable), err
	})
}

// ListTables returns the tables of a user, with those that the server has
// built in if builtIns is set, on the terms of [UserReader.ListUsers]. It sends
// GET P/postgresgateway/tables/{user}, page by page.
func (e *CogniteExtension) ListTables(ctx context.Context, user string, builtIns bool) iter.Seq2[CogniteTable, error] {
	t := target{op: "ListTables", resource: "user", name: user}
	return extendList(ctx, e.client, t, named(user), func(ctx context.Context, yield func(CogniteTable) bool) error {
		for table, err := range e.api.ListTables(ctx, user, builtIns, 0) {
			if err != nil {
				return err
			}
			if !yield(fromCogniteTable(table)) {
				return nil
			}
		}
		return nil
	})
}

// GetTables returns tables of a user. There is a result for each name; those
// that do not exist are [ErrNotFound] in their places. It sends POST
// P/postgresgateway/tables/{user}/byids for each ten, five at once.
func (e *CogniteExtension) GetTables(ctx context.Context, user string, names ...string) ([]Result[CogniteTable], error) {
	b := cogniteBulk{client: e.client, op: "GetTables", resource: "table"}
	return extend(ctx, e.client, b.target(""), nil, func(ctx context.Context) ([]Result[CogniteTable], error) {
		outcomes := converted(e.api.FindTables(ctx, user, names), func(o cognite.Outcome[cognite.Table]) cognite.Outcome[CogniteTable] {
			if o.Err != nil {
				return cognite.Outcome[CogniteTable]{Err: o.Err}
			}
			return cognite.Outcome[CogniteTable]{Value: fromCogniteTable(o.Value)}
		})
		return cogniteResults(b, names, itself, outcomes)
	})
}

// DeleteTables deletes tables of a user. It returns the outcome of each in
// their order, on the terms of [CogniteExtension.CreateUsers]; the ten tables
// of one request succeed or fail together. It fails with [ErrNotFound] if one
// does not exist, unless ignoreMissing is set. It sends POST
// P/postgresgateway/tables/{user}/delete for each ten.
func (e *CogniteExtension) DeleteTables(ctx context.Context, user string, ignoreMissing bool, names ...string) ([]Result[string], error) {
	b := cogniteBulk{e.client, "DeleteTables", "table", cognite.DeleteConcurrency, true}
	return inChunks(ctx, b, names, itself, func(ctx context.Context, chunk []string) ([]string, error) {
		return chunk, e.api.DeleteTables(ctx, user, chunk, ignoreMissing)
	})
}

// inChunks carries out work for as many inputs at once as a request about
// tables may hold. An input shares the fate of its request.
func inChunks[In, Out any](ctx context.Context, b cogniteBulk, inputs []In, name func(In) string, work func(context.Context, []In) ([]Out, error)) ([]Result[Out], error) {
	return extend(ctx, b.client, b.target(""), nil, func(ctx context.Context) ([]Result[Out], error) {
		outcomes := make([]cognite.Outcome[Out], 0, len(inputs))
		chunks := slices.Collect(slices.Chunk(inputs, cognite.MaxTables))
		for n, answer := range cognite.Each(ctx, b.limit, chunks, work) {
			for i := range chunks[n] {
				outcome := cognite.Outcome[Out]{Err: answer.Err}
				if answer.Err == nil {
					outcome.Value = answer.Value[i]
				}
				outcomes = append(outcomes, outcome)
			}
		}
		return cogniteResults(b, inputs, name, outcomes)
	})
}

func toCogniteTable(table CogniteTable) (cognite.Table, error) {
	var options cognite.TableOptions
	kind := cognite.RawTable
	switch {
	case (table.Raw == nil) == (table.View == nil):
		return cognite.Table{}, fault.Invalid("Raw", "or View must be set, and not both")
	case table.Raw != nil:
		options.Database, options.Table, options.PrimaryKey = table.Raw.Database, table.Raw.Table, table.Raw.PrimaryKey
	default:
		kind = cognite.ViewTable
		options.Space, options.ExternalID, options.Version = table.View.Space, table.View.ExternalID, table.View.Version
	}
	switch {
	case table.Type != "" && table.Type != kind:
		return cognite.Table{}, fault.Invalid("Type", "must be %q or empty", kind)
	case table.Options != "":
		return cognite.Table{}, fault.Invalid("Options", "must be empty: what a new table shows is told by Raw or View")
	case table.View != nil && len(table.Columns) > 0:
		return cognite.Table{}, fault.Invalid("Columns", "must be empty: the server makes those of a view")
	}
	columns := converted(table.Columns, func(c CogniteColumn) cognite.Column { return cognite.Column(c) })
	return cognite.NewTable(table.Name, kind, options, columns)
}

func fromCogniteTable(table cognite.Table) CogniteTable {
	shown := CogniteTable{
		Name: table.Name, Type: table.Type, CreatedAt: table.CreatedTime.Time(),
		Columns: converted(table.Columns, func(c cognite.Column) CogniteColumn { return CogniteColumn(c) }),
	}
	options := table.ReadOptions()
	switch table.Type {
	case cognite.RawTable:
		shown.Raw = &CogniteRawTable{Database: options.Database, Table: options.Table, PrimaryKey: options.PrimaryKey}
	case cognite.ViewTable:
		shown.View = &CogniteView{Space: options.Space, ExternalID: options.ExternalID, Version: options.Version}
	default:
		shown.Options = string(table.Options)
	}
	return shown
}
