package usermgmt

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// hasAll reports whether held holds all of wanted.
func hasAll(held, wanted []Role) bool {
	return !slices.ContainsFunc(wanted, func(r Role) bool { return !slices.Contains(held, r) })
}

// sortRoles sorts roles in place and drops repetitions; none become nil.
func sortRoles(roles []Role) []Role {
	if len(roles) == 0 {
		return nil
	}
	slices.SortFunc(roles, compareRoles)
	return slices.Compact(roles)
}

func compareRoles(a, b Role) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Scope, b.Scope))
}

// sortedNames returns names sorted; none become nil.
func sortedNames(names []string) []string {
	if len(names) == 0 {
		return nil
	}
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}

// about says which thing a failure is about, when it is not the one that the
// operation is about.
func about(resource, name string, err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		f.Resource, f.Name = resource, name
	}
	return err
}

// written marks a failure after a write that was carried out.
func written(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		f.Ambiguous = true
	}
	return err
}

// ignoreMissing makes a success of a deletion that found nothing, if asked to.
func ignoreMissing(err error, ignore bool) error {
	if ignore && err != nil && fault.KindOf(err) == fault.NotFound {
		return nil
	}
	return err
}
