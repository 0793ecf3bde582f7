package usermgmt

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// The costs of a new hash are the least that OWASP recommends for Argon2id.
// Stored hashes carry their own, so these can be raised at any time.
const (
	hashMemory  = 19456 // KiB
	hashTime    = 2
	hashThreads = 1
	hashSalt    = 16 // bytes
	hashKey     = 32 // bytes
)

// A stored hash outside these bounds is refused: a damaged file must neither
// bring the process down nor make guessing cheap.
const (
	minHashMemory, maxHashMemory = 7 << 10, 128 << 10 // KiB
	maxHashTime                  = 10
	maxHashThreads               = 8
	minHashSalt, minHashKey      = 8, 16 // bytes
	maxHashBytes                 = 64
)

// maxHashings bounds how many passwords are hashed at once: each takes 19 MiB
// and one core for some 20 ms.
const maxHashings = 4

// passwordHash is an Argon2id hash with its costs.
type passwordHash struct {
	memory, time uint32
	threads      uint8
	salt, key    []byte
}

func newPasswordHash(password Secret, salt []byte) passwordHash {
	h := passwordHash{memory: hashMemory, time: hashTime, threads: hashThreads, salt: salt}
	h.key = h.derive(password, hashKey)
	return h
}

func (h passwordHash) derive(password Secret, length int) []byte {
	return argon2.IDKey([]byte(password.Reveal()), h.salt, h.time, h.memory, h.threads, uint32(length)) //nolint:gosec // at most maxHashBytes
}

// String returns the hash in the PHC string format.
func (h passwordHash) String() string {
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.time, h.threads, encode(h.salt), encode(h.key))
}

// parsePasswordHash reads what String writes. Its error does not repeat the text.
func parsePasswordHash(text string) (passwordHash, error) {
	var h passwordHash
	parts := strings.Split(text, "$")
	if len(parts) != 6 {
		return h, errNoHash
	}
	_, _ = fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.time, &h.threads) // what it lets pass, the comparison below does not
	h.salt, _ = base64.RawStdEncoding.DecodeString(parts[4])
	h.key, _ = base64.RawStdEncoding.DecodeString(parts[5])
	switch {
	case h.String() != text:
		return h, errNoHash
	case h.memory < minHashMemory, h.memory > maxHashMemory, h.time < 1, h.time > maxHashTime, h.threads < 1, h.threads > maxHashThreads:
		return h, errors.New("is an Argon2id hash with costs out of bounds")
	case len(h.salt) < minHashSalt, len(h.salt) > maxHashBytes, len(h.key) < minHashKey, len(h.key) > maxHashBytes:
		return h, errors.New("is an Argon2id hash of a length out of bounds")
	}
	return h, nil
}

var errNoHash = errors.New("is not an Argon2id hash in PHC string format")

// passwordHasher hashes a bounded number of passwords at once.
type passwordHasher struct {
	slots chan struct{}
}

func newPasswordHasher() *passwordHasher {
	return &passwordHasher{slots: make(chan struct{}, maxHashings)}
}

// hash returns a new hash of a password, to be kept. It waits for its turn
// until ctx ends.
func (p *passwordHasher) hash(ctx context.Context, password Secret) (Secret, error) {
	leave, err := p.enter(ctx)
	if err != nil {
		return Secret{}, err
	}
	defer leave()
	salt := make([]byte, hashSalt)
	_, _ = rand.Read(salt) // never fails
	return NewSecret(newPasswordHash(password, salt).String()), nil
}

// matches reports whether a password is the one that was hashed. Without a
// hash it takes as long to say no.
func (p *passwordHasher) matches(ctx context.Context, hash, password Secret) (bool, error) {
	leave, err := p.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	if hash.IsZero() {
		newPasswordHash(password, make([]byte, hashSalt))
		return false, nil
	}
	h, err := parsePasswordHash(hash.Reveal())
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(h.key, h.derive(password, len(h.key))) == 1, nil
}

func (p *passwordHasher) enter(ctx context.Context) (leave func(), err error) {
	select {
	case p.slots <- struct{}{}:
		return func() { <-p.slots }, nil
	case <-ctx.Done():
		return nil, fault.Ended(ctx, ctx.Err())
	}
}
