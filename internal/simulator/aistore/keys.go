package aistore

import (
	"encoding/json"
	"net/http"
)

// discovery serves the OpenID discovery document. The endpoints that it names
// are no OpenID endpoints.
func (s *Server) discovery(call) (json.RawMessage, error) {
	return json.Marshal(struct {
		Issuer     string   `json:"issuer"`
		Token      string   `json:"token_endpoint"`
		UserInfo   string   `json:"userinfo_endpoint"`
		KeySet     string   `json:"jwks_uri"`
		Algorithms []string `json:"id_token_signing_alg_values_supported"`
	}{
		Issuer:     s.externalURL,
		Token:      s.externalURL + "/v1/tokens",
		UserInfo:   s.externalURL + "/v1/users",
		KeySet:     s.externalURL + "/.well-known/jwks.json",
		Algorithms: []string{"HS256", "RS256"},
	})
}

// keySet serves the public keys.
func (s *Server) keySet(c call) (json.RawMessage, error) {
	keys, err := s.rsaSigner("JWKS not available for current signing method")
	if err != nil {
		return nil, err
	}
	set, err := keys.set()
	if err != nil {
		return nil, storeFailure(err)
	}
	c.header.Set("Cache-Control", "max-age=86400, public")
	return json.Marshal(map[string][]publicJWK{"keys": set})
}

// publicKey serves the current public key.
func (s *Server) publicKey(call) (json.RawMessage, error) {
	keys, err := s.rsaSigner("current signing method does not have a public key")
	if err != nil {
		return nil, err
	}
	text, err := keys.pem()
	if err != nil {
		return nil, storeFailure(err)
	}
	return json.Marshal(map[string]string{"public_key": text})
}

// rotateKey makes a new signing key.
func (s *Server) rotateKey(c call) (json.RawMessage, error) {
	if err := s.requireAdmin(c.request); err != nil {
		return nil, err
	}
	keys, err := s.rsaSigner("rotation not supported for current signing method")
	if err != nil {
		return nil, err
	}
	if s.externalKey {
		return nil, errorf(http.StatusBadRequest, "key rotation is not supported when the RSA key is externally provisioned")
	}
	if err := keys.rotate(); err != nil {
		return nil, storeFailure(err)
	}
	return nil, nil
}

// rsaSigner returns the signer if it is one with keys to show, else an error
// with the given message.
func (s *Server) rsaSigner(otherwise string) (*rsaSigner, error) {
	keys, ok := s.signer.(*rsaSigner)
	if !ok {
		return nil, errorf(http.StatusBadRequest, "%s", otherwise)
	}
	return keys, nil
}

// storeFailure is the server's answer if it breaks.
func storeFailure(err error) *apiError {
	return errorf(http.StatusInternalServerError, "%s", err)
}
