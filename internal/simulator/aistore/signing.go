package aistore

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// errTokenExpired says that a token was valid once.
var errTokenExpired = errors.New("token expired")

// tokenHeader is the first part of a token.
type tokenHeader struct {
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid,omitempty"`
	Type      string `json:"typ"`
}

// signer makes and checks the signatures of tokens.
type signer interface {
	// header returns the header of the tokens that sign is used for.
	header() (tokenHeader, error)
	// sign returns the signature of text. Equal texts have equal signatures.
	sign(text string) ([]byte, error)
	// check returns an error unless signature is that of text under the key
	// that the header names.
	check(h tokenHeader, text string, signature []byte) error
	// introduce fills in what a cluster has to know to check signatures.
	introduce(c *authConfig) error
}

// signToken returns a token that says c.
func signToken(by signer, c claims) (string, error) {
	header, err := by.header()
	if err != nil {
		return "", err
	}
	head, err := json.Marshal(header)
	if err != nil {
		return "", err
	}
	said, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	encode := base64.RawURLEncoding.EncodeToString
	text := encode(head) + "." + encode(said)
	signature, err := by.sign(text)
	if err != nil {
		return "", err
	}
	return text + "." + encode(signature), nil
}

// verifyToken returns what a token says if its signature is good. It does not
// look at times.
func verifyToken(by signer, token string) (claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return claims{}, errors.New("token is malformed: token contains an invalid number of segments")
	}
	decode := base64.RawURLEncoding.Strict().DecodeString
	head, err := decode(parts[0])
	if err != nil {
		return claims{}, fmt.Errorf("token is malformed: could not base64 decode header: %w", err)
	}
	var header tokenHeader
	if err := json.Unmarshal(head, &header); err != nil {
		return claims{}, fmt.Errorf("token is malformed: could not JSON decode header: %w", err)
	}
	said, err := decode(parts[1])
	if err != nil {
		return claims{}, fmt.Errorf("token is malformed: could not base64 decode claim: %w", err)
	}
	var verified claims
	if err := json.Unmarshal(said, &verified); err != nil {
		return claims{}, fmt.Errorf("token is malformed: could not JSON decode claim: %w", err)
	}
	signature, err := decode(parts[2])
	if err != nil {
		return claims{}, fmt.Errorf("token is malformed: could not base64 decode signature: %w", err)
	}
	if err := by.check(header, parts[0]+"."+parts[1], signature); err != nil {
		return claims{}, err
	}
	return verified, nil
}

// hmacSigner signs with HS256; it is the secret.
type hmacSigner string

func (s hmacSigner) header() (tokenHeader, error) {
	return tokenHeader{Algorithm: "HS256", Type: "JWT"}, nil
}

func (s hmacSigner) sign(text string) ([]byte, error) {
	mac := hmac.New(sha256.New, []byte(s))
	mac.Write([]byte(text))
	return mac.Sum(nil), nil
}

func (s hmacSigner) check(h tokenHeader, text string, signature []byte) error {
	if h.Algorithm != "HS256" {
		return errors.New("token signature is invalid: key is of invalid type: RSA verify expects *rsa.PublicKey")
	}
	want, err := s.sign(text)
	if err != nil {
		return err
	}
	if !hmac.Equal(signature, want) {
		return errors.New("token signature is invalid: signature is invalid")
	}
	return nil
}

func (s hmacSigner) introduce(c *authConfig) error {
	sum := sha256.Sum256([]byte(s))
	c.Secret = hex.EncodeToString(sum[:])
	return nil
}

// rsaSigner signs with RS256 and the newest of its keys. It makes its first
// key when somebody asks for it.
type rsaSigner struct {
	newKey func() (*rsa.PrivateKey, error)
	keys   []rsaKey
}

// rsaKey is a key pair with its place in the key set.
type rsaKey struct {
	private *rsa.PrivateKey
	public  publicJWK
}

// publicJWK is a public key in the key set.
type publicJWK struct {
	Algorithm string `json:"alg"`
	Exponent  string `json:"e"`
	KeyID     string `json:"kid"`
	KeyType   string `json:"kty"`
	Modulus   string `json:"n"`
	Use       string `json:"use"`
}

// rotate makes a key and signs with it from now on. The others stay valid.
func (s *rsaSigner) rotate() error {
	private, err := s.newKey()
	if err != nil {
		return fmt.Errorf("new signing key: %w", err)
	}
	s.keys = append(s.keys, rsaKey{private: private, public: jwkOf(&private.PublicKey)})
	return nil
}

// current returns the key to sign with.
func (s *rsaSigner) current() (rsaKey, error) {
	if len(s.keys) == 0 {
		if err := s.rotate(); err != nil {
			return rsaKey{}, err
		}
	}
	return s.keys[len(s.keys)-1], nil
}

// set returns every public key once, oldest first.
func (s *rsaSigner) set() ([]publicJWK, error) {
	if _, err := s.current(); err != nil {
		return nil, err
	}
	var set []publicJWK
	listed := map[string]bool{}
	for _, key := range s.keys {
		if !listed[key.public.KeyID] {
			listed[key.public.KeyID] = true
			set = append(set, key.public)
		}
	}
	return set, nil
}

// pem returns the current public key as PEM text.
func (s *rsaSigner) pem() (string, error) {
	key, err := s.current()
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKIXPublicKey(&key.private.PublicKey)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}

func (s *rsaSigner) header() (tokenHeader, error) {
	key, err := s.current()
	return tokenHeader{Algorithm: "RS256", KeyID: key.public.KeyID, Type: "JWT"}, err
}

func (s *rsaSigner) sign(text string) ([]byte, error) {
	key, err := s.current()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(text))
	return rsa.SignPKCS1v15(rand.Reader, key.private, crypto.SHA256, sum[:])
}

func (s *rsaSigner) check(h tokenHeader, text string, signature []byte) error {
	if h.KeyID == "" {
		return errors.New("token is unverifiable: error while executing keyfunc: header 'kid' missing")
	}
	for _, key := range s.keys {
		if key.public.KeyID != h.KeyID {
			continue
		}
		if h.Algorithm != "RS256" {
			return errors.New("token signature is invalid: key is of invalid type: HMAC verify expects []byte")
		}
		sum := sha256.Sum256([]byte(text))
		if err := rsa.VerifyPKCS1v15(&key.private.PublicKey, crypto.SHA256, sum[:], signature); err != nil {
			return fmt.Errorf("token signature is invalid: %w", err)
		}
		return nil
	}
	return fmt.Errorf("token is unverifiable: error while executing keyfunc: key %q not found in JWKS", h.KeyID)
}

func (s *rsaSigner) introduce(c *authConfig) error {
	text, err := s.pem()
	c.PublicKey = &text
	return err
}

// jwkOf returns key as a member of a key set. Its ID is its thumbprint
// (RFC 7638).
func jwkOf(key *rsa.PublicKey) publicJWK {
	encode := base64.RawURLEncoding.EncodeToString
	jwk := publicJWK{
		Algorithm: "RS256",
		Exponent:  encode(big.NewInt(int64(key.E)).Bytes()),
		KeyType:   "RSA",
		Modulus:   encode(key.N.Bytes()),
		Use:       "sig",
	}
	sum := sha256.Sum256(fmt.Appendf(nil, `{"e":%q,"kty":%q,"n":%q}`, jwk.Exponent, jwk.KeyType, jwk.Modulus))
	jwk.KeyID = encode(sum[:])
	return jwk
}
