package iguazio

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Time is a time of the wire: RFC 3339 text, or a number of seconds since
// 1970. Anything else is the zero time, because no time is worth an error.
type Time struct{ time.Time }

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (t *Time) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	text, err := scalar(d)
	if err != nil {
		return err
	}
	*t = Time{}
	const latest = 253402300799 // the last second of the year 9999
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds > 0 && seconds <= latest {
		t.Time = time.Unix(int64(seconds), 0).UTC()
	} else if parsed, err := time.Parse(time.RFC3339, text); err == nil {
		t.Time = parsed.UTC()
	}
	return nil
}

// number is an integer that may be written as text.
type number int

// UnmarshalJSONFrom implements [json.UnmarshalerFrom]. What is no number is 0.
func (n *number) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	text, err := scalar(d)
	if err != nil {
		return err
	}
	parsed, _ := strconv.Atoi(text)
	*n = number(parsed)
	return nil
}

// word is a text that may be written as a number.
type word string

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (w *word) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	text, err := scalar(d)
	*w = word(text)
	return err
}

// scalar reads a value and returns the text of a string or number, empty for
// anything else.
func scalar(d *jsontext.Decoder) (string, error) {
	value, err := d.ReadValue()
	if err != nil {
		return "", err
	}
	switch value.Kind() {
	case '"':
		text, err := jsontext.AppendUnquote(nil, value)
		if err != nil {
			return "", nil //nolint:nilerr // broken UTF-8 in an error is not worth another error
		}
		return string(text), nil
	case '0':
		return string(value), nil
	default:
		return "", nil
	}
}
