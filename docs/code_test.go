// Package docs_test holds the Go blocks of the documentation word for word, so
// that they are compiled, and most of them run. The block of a page such as
// iguazio.md stands in iguazio_test.go, in a function whose parameters are all
// that the block takes as given. Couchbase's needs the official client of that
// system and stands in the module that has it.
package docs_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// elsewhere are the pages whose blocks are not beside them.
var elsewhere = map[string]string{
	"../README.md": "../readme_test.go",
	"couchbase.md": "../interop/gocb/docs_test.go",
}

func TestGoBlocksAreCompiled(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("*.md")
	require.NoError(t, err)
	require.NotEmpty(t, pages)
	migration, err := filepath.Glob("migrate/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, migration)
	for _, page := range slices.Concat(pages, migration, []string{"../README.md"}) {
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(page)
			require.NoError(t, err)
			blocks := goBlocks(string(text))
			if len(blocks) == 0 {
				return
			}
			source, ok := elsewhere[page]
			switch {
			case ok:
			case filepath.Dir(page) == "migrate":
				source = "../docs_migrate_test.go"
			default:
				source = strings.TrimSuffix(page, ".md") + "_test.go"
			}
			compiled, err := os.ReadFile(source)
			require.NoError(t, err)
			for _, block := range blocks {
				if !strings.Contains(squeeze(string(compiled)), squeeze(block)) {
					assert.Fail(t, "a block is missing in "+source, block)
				}
			}
		})
	}
}

func TestGoBlocks(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"one\n", "two\nthree\n"}, goBlocks("text\n```go\none\n```\n```\nnot Go\n```\n```go\ntwo\nthree\n```\n"))
	assert.Empty(t, goBlocks("```\nnot Go\n```\n"))
}

// goBlocks returns the fenced blocks of Go code in text.
func goBlocks(text string) []string {
	var blocks []string
	for {
		_, rest, found := strings.Cut(text, "```go\n")
		if !found {
			return blocks
		}
		var block string
		block, text, _ = strings.Cut(rest, "```")
		blocks = append(blocks, block)
	}
}

// squeeze makes every run of white space one space.
func squeeze(text string) string { return strings.Join(strings.Fields(text), " ") }
