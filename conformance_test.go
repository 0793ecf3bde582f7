package usermgmt_test

import (
	"path/filepath"
	"testing"

	"github.com/usermgmt/usermgmt"
	"github.com/usermgmt/usermgmt/internal/conformance"
)

// decorator is the least that a decorator has to be.
type decorator struct{ usermgmt.UserManager }

func (d decorator) Unwrap() usermgmt.UserManager { return d.UserManager }

func decorated(m usermgmt.UserManager) usermgmt.UserManager { return decorator{m} }

func intercepted(m usermgmt.UserManager) usermgmt.UserManager {
	return usermgmt.Intercept(m, usermgmt.Interceptor{})
}

// runConformance runs the suite on a backend as it is, and through the
// decorators on top of each other.
func runConformance(t *testing.T, h conformance.Harness) {
	t.Helper()
	t.Run("direct", func(t *testing.T) {
		t.Parallel()
		conformance.Run(t, h)
	})
	t.Run("decorated", func(t *testing.T) {
		t.Parallel()
		conformance.Run(t, conformance.Through(conformance.Through(h, intercepted), decorated))
	})
}

var volatileMemory = conformance.Memory(func(testing.TB) []usermgmt.MemoryOption { return nil })

func TestMemoryConformance(t *testing.T) {
	t.Parallel()
	runConformance(t, volatileMemory)
}

// What a decorator can do wrong does not depend on where the backend beneath
// keeps its state, so this one is run as it is.
func TestMemoryFileConformance(t *testing.T) {
	t.Parallel()
	conformance.Run(t, conformance.Memory(func(t testing.TB) []usermgmt.MemoryOption {
		return []usermgmt.MemoryOption{usermgmt.MemoryFile(filepath.Join(t.TempDir(), "state.json"))}
	}))
}
