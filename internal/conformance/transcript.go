package conformance

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/usermgmt/usermgmt"
)

// transcript collects all that a client lets out in a case: its log, what its
// hooks are told, and its errors, in every way in which they are printed. No
// case may leave a secret there.
type transcript struct {
	mu      sync.Mutex
	text    bytes.Buffer
	secrets []string
}

// Write implements [io.Writer].
func (s *transcript) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

// Errorf makes an assertion that fails print into the transcript.
func (s *transcript) Errorf(format string, args ...any) { fmt.Fprintf(s, format+"\n", args...) }

// options make a client let out all that it can.
func (s *transcript) options() []usermgmt.Option {
	return []usermgmt.Option{
		usermgmt.WithLogger(s.logger()),
		usermgmt.WithHooks(usermgmt.Hooks{
			Start: func(ctx context.Context, op usermgmt.Operation) context.Context {
				fmt.Fprintf(s, "start %#v\n", op)
				return ctx
			},
			End: func(_ context.Context, op usermgmt.Operation, err error) { fmt.Fprintf(s, "end %#v %+v\n", op, err) },
		}),
	}
}

// logger returns a logger that writes both formats at all levels.
func (s *transcript) logger() *slog.Logger {
	everything := &slog.HandlerOptions{AddSource: true, Level: slog.Level(-100)}
	return slog.New(slog.NewMultiHandler(slog.NewTextHandler(s, everything), slog.NewJSONHandler(s, everything)))
}

// record writes a value in every way in which values get into logs.
func (s *transcript) record(value any) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		fmt.Fprintf(s, verb+"\n", value)
	}
	encoded, err := json.Marshal(value)
	fmt.Fprintf(s, "%s %v\n", encoded, err)
	s.logger().Info("value", "value", value)
}

// compare is record, and what an assertion prints that compares a value.
func (s *transcript) compare(value any) {
	s.record(value)
	assert.Equal(s, "another value", value)
}

// keep notes a secret that must not be in the transcript, and returns it.
func (s *transcript) keep(secret string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets = append(s.secrets, secret)
	return secret
}

// shortest is the length below which a secret is not looked for, because it
// would be found in innocent words.
const shortest = 8

// holdsNoSecret asserts that none of the secrets is in the transcript.
func (s *transcript) holdsNoSecret(t testing.TB, more []string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	text := s.text.String()
	for i, secret := range slices.Concat(s.secrets, more) {
		if len(secret) < shortest {
			continue
		}
		for _, form := range encodings(secret) {
			if at := strings.Index(text, form); at >= 0 {
				// The text itself is not shown: it is secret.
				t.Errorf("secret number %d got out after %q", i, text[max(0, at-80):at])
				return
			}
		}
	}
}

// encodings returns the forms in which a secret can hide in a text.
func encodings(secret string) []string {
	quoted, _ := json.Marshal(secret)
	forms := []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret), string(quoted[1 : len(quoted)-1]), fmt.Sprintf("%+q", secret),
		hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))),
	}
	// Amid other text, a secret can begin at any bit of a base64 digit.
	for offset := range 3 {
		shifted := base64.RawStdEncoding.EncodeToString(append(make([]byte, offset), secret...))
		inside := shifted[(offset*8+5)/6 : (offset+len(secret))*8/6]
		forms = append(forms, inside, strings.NewReplacer("+", "-", "/", "_").Replace(inside))
	}
	return forms
}
