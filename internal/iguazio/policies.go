package iguazio

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Policies are the management policies that are known to exist on every
// system. There may be others.
var Policies = []string{
	"IT Admin", "IT Admin Read Only", "Application Admin", "Security Admin", "Project Security Admin", "Project Read Only",
	"Application Read Only", "Data", "Tenant Admin", "Developer", "Service Admin", "System Admin",
}

// Mentions reports whether a message names something: its name stands there,
// and not as a part of a longer word.
func Mentions(message, name string) bool {
	for rest := message; name != ""; {
		before, after, found := strings.Cut(rest, name)
		if !found {
			return false
		}
		last, _ := utf8.DecodeLastRuneInString(before)
		next, _ := utf8.DecodeRuneInString(after)
		if !isWordRune(last) && !isWordRune(next) {
			return true
		}
		rest = after
	}
	return false
}

func isWordRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == '-')
}
