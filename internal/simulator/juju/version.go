package juju

import (
	"cmp"
	"strconv"
	"strings"
)

// release is a version of the controller's software.
type release struct {
	text                string
	major, minor, patch int
}

// parseRelease reads a version such as "3.5.1", "4.0-beta3" or "3.4-rc1.2".
// What is not a number counts as 0.
func parseRelease(text string) release {
	var numbers [3]int
	for i, part := range strings.SplitN(text, ".", len(numbers)) {
		digits, _, _ := strings.Cut(part, "-")
		digits, _, _ = strings.Cut(digits, ".")
		numbers[i], _ = strconv.Atoi(digits)
	}
	return release{text: text, major: numbers[0], minor: numbers[1], patch: numbers[2]}
}

// atLeast reports whether r is the given version or a later one.
func (r release) atLeast(major, minor, patch int) bool {
	return cmp.Or(cmp.Compare(r.major, major), cmp.Compare(r.minor, minor), cmp.Compare(r.patch, patch)) >= 0
}

// v4 reports whether r is of the line that keeps its users in another database,
// with other words and rules.
func (r release) v4() bool { return r.major >= 4 }

// reusesNames reports whether the name of a removed user can be given again.
func (r release) reusesNames() bool { return r.atLeast(2, 9, 43) }

// notValid returns the code of access levels that do not exist: 2.9 had none.
func (r release) notValid() string {
	if r.major < 3 {
		return ""
	}
	return codeNotValid
}
