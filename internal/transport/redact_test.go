package transport

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestRedact(t *testing.T) {
	t.Parallel()
	const secret = `p<4>"/+ü w`
	quoted, _ := json.Marshal(secret)
	for name, c := range map[string]struct {
		text    string
		secrets []string
		want    string
	}{
		"nothing to hide":     {"no such user", nil, "no such user"},
		"empty secret":        {"no such user", []string{""}, "no such user"},
		"plain":               {"bad password " + secret + ".", []string{secret}, "bad password [redacted]."},
		"query":               {"pw=" + url.QueryEscape(secret), []string{secret}, "pw=[redacted]"},
		"lower query":         {"pw=" + strings.ToLower(url.QueryEscape(secret)), []string{secret}, "pw=[redacted]"},
		"path":                {"/x/" + url.PathEscape(secret) + "/", []string{secret}, "/x/[redacted]/"},
		"json":                {`{"pw":` + string(quoted) + "}", []string{secret}, `{"pw":"[redacted]"}`},
		"json without html":   {`{"pw":"p<4>\"/+ü w"}`, []string{secret}, `{"pw":"[redacted]"}`},
		"base64":              {base64.StdEncoding.EncodeToString([]byte(secret)), []string{secret}, "[redacted]="},
		"base64 of URLs":      {base64.URLEncoding.EncodeToString([]byte(">>>???")), []string{">>>???"}, "[redacted]"},
		"twice":               {"s3cret s3cret", []string{"s3cret"}, "[redacted] [redacted]"},
		"a part of another":   {"token s3cret-long", []string{"s3cret", "s3cret-long"}, "token [redacted]"},
		"overlapping":         {"xabcdefx", []string{"abcd", "cdef"}, "x[redacted]x"},
		"overlapping itself":  {"xababababx", []string{"ababab"}, "x[redacted]x"},
		"across lines":        {"sec\nret", []string{"sec ret"}, "[redacted]"},
		"of several lines":    {"key -----\nabc\n----- end", []string{"-----\nabc\n-----"}, "key [redacted] end"},
		"short, as a word":    {"bad password 'a'!", []string{"a"}, "bad password '[redacted]'!"},
		"short, in a word":    {"bad password", []string{"a", "ass"}, "bad password"},
		"short, digits":       {"code 12 of 123", []string{"12"}, "code [redacted] of 123"},
		"the mark itself":     {"bad redacted value", []string{"redacted"}, "[redacted]"},
		"made by the mark":    {"]abcabc", []string{"]abc"}, "[redacted[redacted]"},
		"jwt":                 {"token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln is bad", nil, "token [redacted] is bad"},
		"one line":            {"\n a\r\n\tb\u2028c\x00 ", nil, "a b c"},
		"invalid UTF-8":       {"caf\xe9!", nil, "caf\uFFFD!"},
		"long":                {strings.Repeat("x", 2000), nil, strings.Repeat("x", 1024) + "…"},
		"long, between runes": {strings.Repeat("x", 1023) + "é", nil, strings.Repeat("x", 1023) + "…"},
	} {
		assert.Equal(t, c.want, Redact(c.text, c.secrets), name)
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("bad password ", "hunter2", " for alice")
	f.Add("]abc", "]abc", "abc")
	f.Add("a\n", "b c d\ne", "\x00")
	f.Add("", "\xc3\xa9\xff<&>\"", "")
	f.Add("x", "abab", "ab")
	f.Fuzz(func(t *testing.T, before, secret, after string) {
		forms := []string{
			secret, url.QueryEscape(secret), url.PathEscape(secret),
			base64.StdEncoding.EncodeToString([]byte(secret)), base64.URLEncoding.EncodeToString([]byte(secret)),
		}
		if quoted, err := json.Marshal(secret); err == nil && utf8.ValidString(secret) {
			forms = append(forms, string(quoted[1:len(quoted)-1]))
		}
		for _, sent := range forms {
			got := Redact(before+sent+after, []string{secret})
			if strings.ContainsAny(got, "\r\n\x00") || !utf8.ValidString(got) || len(got) > maxMessage+len("…") {
				t.Fatalf("not fit to show: %q", got)
			}
			if len(secret) < shortSecret || got == redacted {
				continue
			}
			for _, form := range forms {
				if strings.Contains(got, form) {
					t.Fatalf("%q contains %q", got, form)
				}
			}
		}
	})
}
