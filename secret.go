package usermgmt

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// Secret holds a password, key or token so that it does not leak by accident:
// no formatter, logger or encoder prints it, nor does printing a struct that
// holds one. Only [Secret.Reveal] gives it out. The zero Secret is empty.
//
// Secrets are compared with [Secret.Equal]; == compares boxes, not contents.
type Secret struct {
	box *box
}

// box holds the text masked, because printers that follow pointers by
// reflection would show it: an assertion library's diff, for example. The
// mask is no protection from somebody who reads the process's memory.
type box struct {
	masked []byte
}

const (
	mask         = 0xa5
	redactedText = "[redacted]"
)

// NewSecret returns a Secret that holds text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	masked := []byte(text)
	for i := range masked {
		masked[i] ^= mask
	}
	return Secret{box: &box{masked: masked}}
}

// Reveal returns the text, "" if the Secret is empty.
func (s Secret) Reveal() string {
	if s.box == nil {
		return ""
	}
	text := make([]byte, len(s.box.masked))
	for i, b := range s.box.masked {
		text[i] = b ^ mask
	}
	return string(text)
}

// IsZero reports whether the Secret is empty.
func (s Secret) IsZero() bool { return s.box == nil }

// Equal reports whether both hold the same text, in constant time for texts
// of equal length.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String returns "[redacted]", or "" for an empty Secret.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return redactedText
}

// GoString is String.
func (s Secret) GoString() string { return s.String() }

// Format writes String, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText returns String, so that JSON and other encoders show no more.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue returns String for package slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
