package transport

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	redacted = "[redacted]"
	// maxMessage bounds the server's words in an error.
	maxMessage = 1024
	// shortSecret is the length below which a secret is removed only where it
	// stands as a word: a password "a" must not eat every letter a.
	shortSecret = 4
)

var (
	jwt           = regexp.MustCompile(`eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?`)
	percentEscape = regexp.MustCompile(`%[0-9A-F]{2}`)
	htmlInJSON    = strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`, "\u2028", `\u2028`, "\u2029", `\u2029`)
)

// Redact makes a server's words fit for an error or a log: secrets and what
// looks like a token are taken out, the rest is one bounded line.
func Redact(message string, secrets []string) string {
	var forms []string
	for _, secret := range secrets {
		forms = append(forms, encodings(secret)...)
	}
	message = jwt.ReplaceAllLiteralString(removeSecrets(message, forms), redacted)
	// Making one line of it can put a secret together that was spread over two,
	// and a secret that is not UTF-8 can be a part of a character.
	message = strings.ToValidUTF8(removeSecrets(oneLine(message), forms), "\uFFFD")
	for _, form := range forms {
		if len(form) >= shortSecret && strings.Contains(message, form) {
			return redacted // the mark and its surroundings spell a secret
		}
	}
	if len(message) > maxMessage {
		cut := maxMessage
		for !utf8.RuneStart(message[cut]) {
			cut--
		}
		message = message[:cut] + "…"
	}
	return message
}

// oneLine replaces line breaks and other control characters by spaces.
func oneLine(text string) string {
	return strings.TrimSpace(strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "\uFFFD"), func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	}), " "))
}

// encodings returns the forms in which a server may repeat a secret.
func encodings(secret string) []string {
	if secret == "" {
		return nil
	}
	query, path := url.QueryEscape(secret), url.PathEscape(secret)
	quoted, _ := jsontext.AppendQuote(nil, secret) // its error is about UTF-8, which it mends
	inJSON := string(quoted[1 : len(quoted)-1])
	inGo := strconv.Quote(secret)
	forms := []string{
		secret, oneLine(secret),
		query, lowerEscapes(query), path, lowerEscapes(path),
		// Without padding, so that both variants are found.
		base64.RawStdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
		inJSON, htmlInJSON.Replace(inJSON), inGo[1 : len(inGo)-1],
	}
	slices.Sort(forms)
	return slices.DeleteFunc(slices.Compact(forms), func(form string) bool { return form == "" })
}

func lowerEscapes(text string) string {
	return percentEscape.ReplaceAllStringFunc(text, strings.ToLower)
}

// A span is a part of a text, from start up to but not including end.
type span struct{ start, end int }

// removeSecrets finds all places where message holds one of forms before it
// replaces any, because they may overlap.
func removeSecrets(message string, forms []string) string {
	var found []span
	for _, form := range forms {
		for from := 0; ; {
			next := strings.Index(message[from:], form)
			if next < 0 {
				break
			}
			place := span{from + next, from + next + len(form)}
			if len(form) >= shortSecret || isWord(message, place) {
				found = append(found, place)
			}
			from = place.start + 1
		}
	}
	slices.SortFunc(found, func(a, b span) int { return a.start - b.start })
	var out strings.Builder
	done := 0
	for _, place := range found {
		if place.start >= done {
			out.WriteString(message[done:place.start])
			out.WriteString(redacted)
		}
		done = max(done, place.end)
	}
	out.WriteString(message[done:])
	return out.String()
}

// isWord reports whether neither a letter nor a digit touches place.
func isWord(text string, place span) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:place.start])
	after, _ := utf8.DecodeRuneInString(text[place.end:])
	return !isAlphanumeric(before) && !isAlphanumeric(after)
}

func isAlphanumeric(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}
