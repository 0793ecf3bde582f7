package transport

import (
	"fmt"
	"io"
)

// Unprintable is embedded in structs that hold a secret: whatever formats,
// logs or encodes one gets a mark in place of all its fields.
type Unprintable struct{}

// Format implements [fmt.Formatter], for all verbs.
func (Unprintable) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) }

// MarshalText implements [encoding.TextMarshaler], for encoders and loggers.
func (Unprintable) MarshalText() ([]byte, error) { return []byte(redacted), nil }
