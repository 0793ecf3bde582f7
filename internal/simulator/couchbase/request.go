package couchbase

import (
	"mime"
	"net/http"
	"strings"
)

// pair is one field of a form or a query.
type pair struct{ key, value string }

// pairs are the fields of a form or a query, in the order they came.
type pairs []pair

// first returns the first value of a field: of duplicates, the others do not
// count.
func (p pairs) first(key string) (string, bool) {
	for _, field := range p {
		if field.key == key {
			return field.value, true
		}
	}
	return "", false
}

// all returns every value of a field.
func (p pairs) all(key string) []string {
	var values []string
	for _, field := range p {
		if field.key == key {
			values = append(values, field.value)
		}
	}
	return values
}

// parsePairs parses a form or a query: a semicolon separates as an ampersand
// does, and a percent sign that starts no escape stands for itself.
func parsePairs(text string) pairs {
	var fields pairs
	for field := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '&' || r == ';' }) {
		key, value, _ := strings.Cut(field, "=")
		fields = append(fields, pair{unquote(key), unquote(value)})
	}
	return fields
}

// unquote decodes escapes; a plus is a space, in paths too.
func unquote(text string) string {
	var decoded strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '+':
			decoded.WriteByte(' ')
		case c == '%' && i+2 < len(text) && hexDigit(text[i+1]) >= 0 && hexDigit(text[i+2]) >= 0:
			decoded.WriteByte(byte(hexDigit(text[i+1])<<4 | hexDigit(text[i+2])))
			i += 2
		default:
			decoded.WriteByte(c)
		}
	}
	return decoded.String()
}

// hexDigit returns the value of a hexadecimal digit, or -1.
func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// isForm reports whether a content type is that of a form.
func isForm(contentType string) bool {
	mediaType, _, err := mime.ParseMediaType(contentType)
	return err == nil && mediaType == "application/x-www-form-urlencoded"
}

// sentTarget returns path and query as they were sent, the path without its
// first slash and with no two slashes in a row.
func sentTarget(r *http.Request) (path, query string, ok bool) {
	target := r.RequestURI
	if target == "" {
		target = r.URL.RequestURI() // a request that no server received
	}
	path, query, _ = strings.Cut(target, "?")
	if !strings.HasPrefix(path, "/") {
		return "", "", false
	}
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path[1:], query, true
}

// splitPath splits a path at its slashes, drops what is empty and then decodes
// each segment, so that an escaped slash is none.
func splitPath(path string) []string {
	segments := []string{}
	for segment := range strings.SplitSeq(path, "/") {
		if segment != "" {
			segments = append(segments, unquote(segment))
		}
	}
	return segments
}
