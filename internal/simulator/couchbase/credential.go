package couchbase

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha512"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/crypto/argon2"
)

// The algorithms that hash passwords.
const (
	algArgon2 = "argon2id"
	algPBKDF2 = "pbkdf2-hmac-sha512"
	algSHA1   = "SHA-1"
)

// hashJSON is a hashed password in a backup.
type hashJSON struct {
	Algorithm   string   `json:"algorithm"`
	Salt        []byte   `json:"salt"`
	Hashes      [][]byte `json:"hashes"`
	Time        uint32   `json:"time,omitzero"`
	Memory      uint32   `json:"memory,omitzero"`
	Parallelism uint8    `json:"parallelism,omitzero"`
	Iterations  int      `json:"iterations,omitzero"`
}

// authJSON is what a backup knows of a password. The SCRAM members are kept as
// they came.
type authJSON struct {
	Hash   *hashJSON      `json:"hash,omitempty"`
	SHA512 jsontext.Value `json:"scram-sha-512,omitempty"`
	SHA256 jsontext.Value `json:"scram-sha-256,omitempty"`
	SHA1   jsontext.Value `json:"scram-sha-1,omitempty"`
	Expiry *int           `json:"expiry,omitempty"`
}

// credential is a stored password.
type credential struct {
	authJSON

	// passwordless is set if the password is empty.
	passwordless bool
}

// newCredential hashes a password with the algorithm that takes no time.
func newCredential(password string, salt []byte) *credential {
	hash := &hashJSON{Algorithm: algSHA1, Salt: salt}
	hash.Hashes = [][]byte{hash.of(password)}
	return &credential{authJSON: authJSON{Hash: hash}, passwordless: password == ""}
}

// of hashes a password.
func (h *hashJSON) of(password string) []byte {
	switch h.Algorithm {
	case algArgon2:
		return argon2.IDKey([]byte(password), h.Salt, h.Time, h.Memory/1024, h.Parallelism, 32)
	case algPBKDF2:
		key, err := pbkdf2.Key(sha512.New, password, h.Salt, h.Iterations, sha512.Size)
		if err != nil {
			return nil // only a module in FIPS mode refuses short salts
		}
		return key
	}
	mac := hmac.New(sha1.New, h.Salt)
	mac.Write([]byte(password))
	return mac.Sum(nil)
}

// accepts reports whether password is the stored one.
func (c *credential) accepts(password string) bool {
	if c == nil || c.Hash == nil {
		return false
	}
	got := c.Hash.of(password)
	for _, want := range c.Hash.Hashes {
		if got != nil && bytes.Equal(got, want) {
			return true
		}
	}
	return false
}
