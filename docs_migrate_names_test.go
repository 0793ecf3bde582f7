package usermgmt_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// migrationPages are the pages for users of other SDKs, each with the type
// that it calls ext.
var migrationPages = map[string]string{
	"gocb.md":           "CouchbaseExtension",
	"igz_mgmt.md":       "IguazioExtension",
	"python-libjuju.md": "JujuExtension",
	"aistore.md":        "AIStoreExtension",
	"cognite-sdk.md":    "CogniteExtension",
}

// codeSpan is text between backticks.
var codeSpan = regexp.MustCompile("`([^`]*)`")

// TestMigrationTables makes sure that what the pages offer in place of another
// SDK's call exists: methods, functions, options, types and their fields.
func TestMigrationTables(t *testing.T) {
	t.Parallel()
	pkg := packageOfThisFolder(t)
	files, err := filepath.Glob("docs/migrate/*.md")
	require.NoError(t, err)
	require.Len(t, files, len(migrationPages))
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			extension := pkg.Scope().Lookup(migrationPages[filepath.Base(file)])
			require.NotNil(t, extension)
			names := nameChecker{pkg: pkg, roots: map[string]types.Type{"ext": extension.Type(), "client": pkg.Scope().Lookup("Client").Type()}}
			cells := oursOfTables(t, file)
			require.NotEmpty(t, cells)
			for _, cell := range cells {
				spans := codeSpan.FindAllStringSubmatch(cell, -1)
				assert.True(t, len(spans) > 0 || strings.HasPrefix(cell, "none"), "a cell says neither what to call nor that there is nothing: %q", cell)
				for _, span := range spans {
					expr, err := parser.ParseExpr(span[1])
					if assert.NoError(t, err, "%s", span[1]) {
						assert.NoError(t, names.check(expr), "%s", span[1])
					}
				}
			}
		})
	}
}

func TestMigrationTablesCanFail(t *testing.T) {
	t.Parallel()
	pkg := packageOfThisFolder(t)
	names := nameChecker{pkg: pkg, roots: map[string]types.Type{"client": pkg.Scope().Lookup("Client").Type()}}
	for text, right := range map[string]bool{
		"client.CreateUser{Name, Roles}":                             true,
		"client.ListUsers{Extension: CouchbaseUserList{SortBy: id}}": true,
		"usermgmt.Collect(client.ListUsers)":                         true,
		"CouchbaseUserRecord.DisplayName":                            true,
		"client.Upsert":                                              false,
		"client.CreateUser{Title}":                                   false,
		"client.ListUsers{Extension: CouchbaseUserList{Sort}}":       false,
		"usermgmt.Gather":                                            false,
		"CouchbaseUserRecord.Title":                                  false,
		"ext.GetUser":                                                false,
		"NoSuchType{}":                                               false,
	} {
		expr, err := parser.ParseExpr(text)
		require.NoError(t, err)
		assert.Equal(t, right, names.check(expr) == nil, text)
	}
}

// oursOfTables returns the second cells of the tables of a file whose second
// column is headed "here".
func oursOfTables(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var cells []string
	inside := false
	for line := range strings.Lines(string(text)) {
		row := strings.Split(strings.TrimSpace(line), "|")
		switch {
		case len(row) < 4:
			inside = false
		case strings.TrimSpace(row[2]) == "here":
			inside = true
		case inside && strings.Trim(row[2], "-") != "":
			cells = append(cells, strings.TrimSpace(row[2]))
		}
	}
	return cells
}

// packageOfThisFolder returns the declarations of the package under test. What
// it imports is left empty, so only names and fields are known for sure.
func packageOfThisFolder(t *testing.T) *types.Package {
	t.Helper()
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_other.go") {
			continue // the other systems' variant of a file declares the same
		}
		file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		files = append(files, file)
	}
	config := types.Config{Importer: emptyImporter{}, IgnoreFuncBodies: true, Error: func(error) {}}
	pkg, _ := config.Check("github.com/usermgmt/usermgmt", fset, files, nil)
	require.NotNil(t, pkg)
	return pkg
}

// emptyImporter makes every import an empty package.
type emptyImporter struct{}

func (emptyImporter) Import(path string) (*types.Package, error) {
	pkg := types.NewPackage(path, path[strings.LastIndex(path, "/")+1:])
	pkg.MarkComplete()
	return pkg, nil
}

// nameChecker resolves the names of the shorthand that the tables are written
// in, which looks like Go: client.Method{Field, Field: value}, ext.Method(Type{Field}),
// usermgmt.Function, Type.Field.
type nameChecker struct {
	pkg   *types.Package
	roots map[string]types.Type
}

func (c nameChecker) check(expr ast.Expr) error {
	var problems []error
	ast.Inspect(expr, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.CompositeLit:
			problems = append(problems, c.literal(node))
			return false
		case *ast.SelectorExpr:
			_, err := c.selector(node)
			problems = append(problems, err)
			return false
		case *ast.Ident:
			if node.IsExported() && c.pkg.Scope().Lookup(node.Name) == nil {
				problems = append(problems, errors.New("no such name: "+node.Name))
			}
		}
		return true
	})
	return errors.Join(problems...)
}

// literal checks a type, or a method that stands for the type of its request,
// and the fields in braces.
func (c nameChecker) literal(literal *ast.CompositeLit) error {
	var of types.Type
	switch head := literal.Type.(type) {
	case *ast.Ident:
		if found := c.pkg.Scope().Lookup(head.Name); found != nil {
			of = found.Type()
		}
	case *ast.SelectorExpr:
		found, err := c.selector(head)
		if err != nil {
			return err
		}
		of = found.Type()
		if signature, ok := of.(*types.Signature); ok && signature.Params().Len() > 0 {
			of = signature.Params().At(signature.Params().Len() - 1).Type()
		}
	}
	if of == nil {
		return errors.New("no such type in the composite literal")
	}
	var problems []error
	for _, element := range literal.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			problems = append(problems, c.check(pair.Value))
			element = pair.Key
		}
		field, ok := element.(*ast.Ident)
		if !ok || !c.has(of, field.Name) {
			problems = append(problems, errors.New("no such field in "+of.String()))
		}
	}
	return errors.Join(problems...)
}

func (c nameChecker) selector(s *ast.SelectorExpr) (types.Object, error) {
	head, ok := s.X.(*ast.Ident)
	if !ok {
		return nil, errors.New("selector of something that is no name: " + s.Sel.Name)
	}
	var found types.Object
	if head.Name == c.pkg.Name() {
		found = c.pkg.Scope().Lookup(s.Sel.Name)
	} else if of := c.typeOf(head.Name); of != nil {
		found, _, _ = types.LookupFieldOrMethod(of, true, c.pkg, s.Sel.Name)
	}
	if found == nil || !found.Exported() {
		return nil, errors.New("no such name: " + head.Name + "." + s.Sel.Name)
	}
	return found, nil
}

func (c nameChecker) typeOf(name string) types.Type {
	if root, ok := c.roots[name]; ok {
		return root
	}
	if found, ok := c.pkg.Scope().Lookup(name).(*types.TypeName); ok {
		return found.Type()
	}
	return nil
}

func (c nameChecker) has(of types.Type, field string) bool {
	found, _, _ := types.LookupFieldOrMethod(of, true, c.pkg, field)
	return found != nil && found.Exported()
}
