package usermgmt_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// apiFile is the listing of everything exported, as it was last agreed on.
const apiFile = "testdata/api.txt"

// exported returns the files of the package with what is exported, and all the
// comments.
func exported(t *testing.T) (*token.FileSet, []*ast.File) {
	t.Helper()
	set := token.NewFileSet()
	packages, err := parser.ParseDir(set, ".", func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }, parser.ParseComments) //nolint:staticcheck // build tags do not matter to what is exported
	require.NoError(t, err)
	var files []*ast.File
	for _, file := range packages["usermgmt"].Files {
		ast.FileExports(file)
		file.Decls = slices.DeleteFunc(file.Decls, func(d ast.Decl) bool {
			f, ok := d.(*ast.FuncDecl)
			return ok && f.Recv != nil && !ast.IsExported(receiver(f.Recv.List[0].Type))
		})
		files = append(files, file)
	}
	require.NotEmpty(t, files)
	return set, files
}

// receiver returns the name of the type that a method belongs to.
func receiver(of ast.Expr) string {
	switch of := of.(type) {
	case *ast.StarExpr:
		return receiver(of.X)
	case *ast.IndexExpr:
		return receiver(of.X)
	case *ast.Ident:
		return of.Name
	}
	return ""
}

// TestAPI compares what is exported with the listing, so that nobody changes
// the interface without seeing it. A change that is meant is written with
// go test -run TestAPI -update . and told in the changelog.
func TestAPI(t *testing.T) {
	t.Parallel()
	set, files := exported(t)
	var entries []string
	for _, file := range files {
		file.Doc, file.Comments = nil, nil
		for _, decl := range file.Decls {
			ast.Inspect(decl, dropComments)
			if f, ok := decl.(*ast.FuncDecl); ok {
				f.Body = nil
			}
			if g, ok := decl.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
				continue
			}
			var text bytes.Buffer
			require.NoError(t, printer.Fprint(&text, set, decl))
			if text.String() != "const ()" && text.String() != "var ()" {
				entries = append(entries, squeezeBlank(text.String()))
			}
		}
	}
	slices.Sort(entries)
	listing := strings.Join(entries, "\n") + "\n"
	if *update {
		require.NoError(t, os.WriteFile(apiFile, []byte(listing), 0o600))
		return
	}
	agreed, err := os.ReadFile(apiFile)
	require.NoError(t, err)
	assert.Equal(t, string(agreed), listing)
}

// dropComments removes the comments of a node; what is left is what callers
// depend on.
func dropComments(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GenDecl:
		n.Doc = nil
	case *ast.FuncDecl:
		n.Doc = nil
	case *ast.TypeSpec:
		n.Doc, n.Comment = nil, nil
	case *ast.ValueSpec:
		n.Doc, n.Comment = nil, nil
	case *ast.Field:
		n.Doc, n.Comment = nil, nil
	}
	return true
}

// squeezeBlank removes blank lines, which are left where comments stood.
func squeezeBlank(text string) string {
	lines := slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return strings.TrimSpace(line) == "" })
	return strings.Join(lines, "\n")
}

// TestEverythingIsDocumented wants a comment on every exported name, method,
// field and constant.
func TestEverythingIsDocumented(t *testing.T) {
	t.Parallel()
	set, files := exported(t)
	documented := 0
	want := func(n ast.Node, name string, comments ...*ast.CommentGroup) {
		if !slices.ContainsFunc(comments, func(c *ast.CommentGroup) bool { return c != nil && strings.TrimSpace(c.Text()) != "" }) {
			assert.Fail(t, name+" has no comment", set.Position(n.Pos()).String())
			return
		}
		documented++
	}
	for _, file := range files {
		for _, decl := range file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				want(d, d.Name.Name, d.Doc)
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch s := spec.(type) {
					case *ast.ValueSpec:
						alone := d.Doc
						if d.Lparen.IsValid() {
							alone = nil // the comment of a group is not that of its members
						}
						want(s, s.Names[0].Name, s.Doc, s.Comment, alone)
					case *ast.TypeSpec:
						want(s, s.Name.Name, s.Doc, d.Doc)
						wantMembers(s, want)
					}
				}
			}
		}
	}
	assert.Greater(t, documented, 500, "the walk found what there is")
}

// wantMembers goes over the fields of a struct and the methods of an interface.
func wantMembers(s *ast.TypeSpec, want func(ast.Node, string, ...*ast.CommentGroup)) {
	var members *ast.FieldList
	switch of := s.Type.(type) {
	case *ast.StructType:
		members = of.Fields
	case *ast.InterfaceType:
		members = of.Methods
	default:
		return
	}
	for _, m := range members.List {
		if len(m.Names) > 0 { // what is embedded has its comment elsewhere
			want(m, s.Name.Name+"."+m.Names[0].Name, m.Doc, m.Comment)
		}
	}
}

// TestDependenciesAreListed wants a line with a licence and a reason for every
// module that go.mod names.
func TestDependenciesAreListed(t *testing.T) {
	t.Parallel()
	mod, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	decisions, err := os.ReadFile("docs/decisions.md")
	require.NoError(t, err)
	required := regexp.MustCompile(`(?m)^\t(\S+) v\d`).FindAllStringSubmatch(string(mod), -1)
	require.NotEmpty(t, required)
	for _, module := range required {
		assert.Regexp(t, "(?m)^\\| `"+regexp.QuoteMeta(module[1])+"` \\| [^|]+ \\| [^|]+ \\| (yes|no) \\|$", string(decisions))
	}
	listed := regexp.MustCompile("(?m)^\\| `[^`]+` \\| [^|]+ \\| [^|]+ \\| (yes|no) \\|$").FindAllString(string(decisions), -1)
	assert.Len(t, listed, len(required), "what is no dependency any more is not listed")
}
