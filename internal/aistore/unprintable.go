package aistore

import (
	"fmt"
	"io"
)

// unprintable is embedded in structs that hold a secret: whatever formats,
// logs or encodes one gets a mark in place of all its fields.
type unprintable struct{}

const redacted = "[redacted]"

// Format implements [fmt.Formatter], for all verbs.
func (unprintable) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) }

// MarshalText implements [encoding.TextMarshaler], for encoders and loggers.
func (unprintable) MarshalText() ([]byte, error) { return []byte(redacted), nil }
