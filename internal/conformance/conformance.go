// Package conformance holds the promises of the portable interface as named
// cases. Every backend has to keep all of them, on its own and through every
// decorator.
//
// What a case needs is a capability, or a wire between client and server.
// Cases are skipped for the lack of these alone, and there are cases of the
// reverse: what a backend does not declare it must refuse.
package conformance

import (
	"slices"
	"testing"

	"github.com/usermgmt/usermgmt"
)

// Case is one promise.
type Case struct {
	// Name is the name of the subtest, unique among the cases.
	Name string
	// Rule is the promise in words. It is printed when the case fails.
	Rule string

	needs []usermgmt.Capability // the promise is about them: without one of them it is void
	wire  bool                  // the promise is about what goes over the wire
	play  func(t testing.TB, w *World)
}

// Run plays every case, each in a world of its own and beside the others.
func Run(t *testing.T, h Harness) {
	t.Helper()
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			c.Play(t, h)
		})
	}
}

// Cases returns all cases.
func Cases() []Case {
	return slices.Concat(
		capabilityCases(), userCases(), updateCases(), accountCases(), grantCases(), roleCases(), groupCases(), memberCases(),
		projectCases(), listCases(), inputCases(), nameCases(), errorCases(), lifetimeCases(), copyCases(), concurrencyCases(),
		bulkCases(), wireCases(), loginCases(), secretCases(),
	)
}

// Play plays the case in a new world. t fails if the promise is broken, and
// is skipped if it does not apply.
func (c Case) Play(t testing.TB, h Harness) {
	t.Helper()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the broken promise: %s", c.Rule)
		}
	})
	w := h.world(t)
	for _, need := range c.needs {
		if !w.can(need) {
			t.Skipf("the backend declares that it lacks %v", need)
		}
	}
	if c.wire && w.Wire == nil {
		t.Skip("the backend has no wire")
	}
	c.play(t, w)
}

func needs(capabilities ...usermgmt.Capability) []usermgmt.Capability { return capabilities }

// and returns capabilities with more; those that are passed in stay as they are.
func and(capabilities []usermgmt.Capability, more ...usermgmt.Capability) []usermgmt.Capability {
	return slices.Concat(capabilities, more)
}
