package usermgmt

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// Outcome says what came of one item of a bulk call.
type Outcome uint8

// The outcomes. With the first six the item is as it was asked to be, and has
// no error; with the others it has one.
const (
	// OutcomeNotAttempted: the item was not begun, because the context ended, or
	// another item showed that none can succeed.
	OutcomeNotAttempted Outcome = iota
	// OutcomeCreated: the user is new.
	OutcomeCreated
	// OutcomeUpdated: the change was made.
	OutcomeUpdated
	// OutcomeDeleted: the user is gone.
	OutcomeDeleted
	// OutcomeUnchanged: the user was as requested before, and nothing was
	// written.
	OutcomeUnchanged
	// OutcomeAlreadyExists: the name was taken. Whoever has it was left alone
	// and can differ from the request.
	OutcomeAlreadyExists
	// OutcomeAlreadyGone: there was no such user to delete.
	OutcomeAlreadyGone
	// OutcomeUnsupported: the backend cannot do it; nothing was changed.
	OutcomeUnsupported
	// OutcomeFailed: it failed, and nothing was changed.
	OutcomeFailed
	// OutcomeUnknown: it failed, and the change may have been made all the same,
	// in whole or in part: the error is [Error.Ambiguous] or [ErrPending].
	OutcomeUnknown

	outcomeCount
)

var outcomeNames = [outcomeCount]string{
	OutcomeNotAttempted: "not attempted", OutcomeCreated: "created", OutcomeUpdated: "updated", OutcomeDeleted: "deleted",
	OutcomeUnchanged: "unchanged", OutcomeAlreadyExists: "already there", OutcomeAlreadyGone: "already gone",
	OutcomeUnsupported: "unsupported", OutcomeFailed: "failed", OutcomeUnknown: "unknown",
}

// String returns the outcome in words, such as "already gone".
func (o Outcome) String() string {
	if o < outcomeCount {
		return outcomeNames[o]
	}
	return fmt.Sprintf("Outcome(%d)", uint8(o))
}

// BulkResult is what came of one item of a bulk call.
type BulkResult[T any] struct {
	Result[T]

	// Name is the name of the user that the item is about.
	Name string
	// Outcome says in a word what came of it.
	Outcome Outcome
}

// BulkOptions are settings of a bulk call. The zero value is good.
type BulkOptions struct {
	// Concurrency is how many items are worked on at once: 0 is 8. More than
	// the connection pool holds, or than the backend's server is known to take,
	// come down to that.
	Concurrency int
	// Progress is called after each item that ended, with how many of the total
	// have. Calls do not overlap, and items wait for them. Nil is not called.
	Progress func(ended, total int)
}

// BulkFailure is an item of a bulk call that did not succeed.
type BulkFailure struct {
	// Index is the place of the item in the input.
	Index int
	// Name is the name of the user that it is about.
	Name string
	// Outcome says in a word what came of it.
	Outcome Outcome
	// Err is why: what the manager returned for the item, or an [*Error] of ours.
	Err error
}

// BulkError is the error of a bulk call of which not every item succeeded.
//
// It matches a kind with [errors.Is] only if all failures do: so
// [IgnoreNotFound] never drops a failure of another kind. Use [errors.As] to
// get at the single failures.
type BulkError struct {
	// Op is the bulk function, such as "BulkCreate".
	Op string
	// Total is how many items there were.
	Total int
	// Failures are the items that did not succeed, in the order of the input.
	// There is at least one.
	Failures []BulkFailure
}

// Error counts the failures by outcome and describes the first of the worst.
func (e *BulkError) Error() string {
	var counts [outcomeCount]int
	var worst BulkFailure
	for _, f := range e.Failures {
		counts[f.Outcome]++
		if worst.Err == nil || f.Outcome > worst.Outcome {
			worst = f
		}
	}
	var parts []string
	for o := outcomeCount; o > 0; o-- {
		if n := counts[o-1]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %v", n, o-1))
		}
	}
	return fmt.Sprintf("%s: of %d items %s; item %d: %v", e.Op, e.Total, strings.Join(parts, ", "), worst.Index, worst.Err)
}

// Is reports whether all failures match target.
func (e *BulkError) Is(target error) bool {
	for _, f := range e.Failures {
		if !errors.Is(f.Err, target) {
			return false
		}
	}
	return len(e.Failures) > 0
}

// bulkError returns the error of a bulk call, nil if every item succeeded.
func bulkError[R any](op string, results []BulkResult[R]) error {
	var failures []BulkFailure
	for i, r := range results {
		if r.Err != nil {
			failures = append(failures, BulkFailure{Index: i, Name: r.Name, Outcome: r.Outcome, Err: r.Err})
		}
	}
	if failures == nil {
		return nil
	}
	return &BulkError{Op: op, Total: len(results), Failures: failures}
}

// outcomeOf returns what an error makes of an item that was begun, and done
// if there is none.
func outcomeOf(err error, done Outcome) Outcome {
	e, _ := errors.AsType[*Error](err)
	switch {
	case err == nil:
		return done
	case e != nil && e.Ambiguous, errors.Is(err, ErrPending):
		return OutcomeUnknown
	case errors.Is(err, ErrUnsupported):
		return OutcomeUnsupported
	}
	return OutcomeFailed
}

// aboutUser reports whether err is of a kind and about the user of a name
// itself, not about something that it would hold.
func aboutUser(err, kind error, name string) bool {
	e, _ := errors.AsType[*Error](err)
	if e == nil {
		return errors.Is(err, kind) // a mock's sentinel
	}
	return errors.Is(e.Kind, kind) && !e.Ambiguous && cmp.Or(e.Resource, "user") == "user" && cmp.Or(e.Name, name) == name
}
