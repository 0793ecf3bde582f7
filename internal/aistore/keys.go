package aistore

import (
	"context"
	"net/http"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// Discovery is what the server says about itself to those who verify tokens.
type Discovery struct {
	// Issuer is the issuer in tokens.
	Issuer string `json:"issuer"`
	// TokenEndpoint is a URL of the server, which does not speak OpenID Connect there.
	TokenEndpoint string `json:"token_endpoint"`
	// UserinfoEndpoint is a URL of the server, which does not speak OpenID Connect there.
	UserinfoEndpoint string `json:"userinfo_endpoint"`
	// JWKSURI is where the keys are.
	JWKSURI string `json:"jwks_uri"`
	// SigningAlgorithms are the names of the algorithms that the server knows.
	SigningAlgorithms []string `json:"id_token_signing_alg_values_supported"`
}

// Discovery returns the discovery document: GET
// /.well-known/openid-configuration.
func (c *Client) Discovery(ctx context.Context) (Discovery, error) {
	var document Discovery
	err := c.getPublic(ctx, &document, ".well-known", "openid-configuration")
	return document, err
}

// JWKS returns the keys that verify tokens, former ones included, as a JSON
// Web Key Set: GET /.well-known/jwks.json. It fails as Unsupported if tokens
// are signed by secret.
func (c *Client) JWKS(ctx context.Context) ([]byte, error) {
	answer, err := c.http.Do(ctx, public(".well-known", "jwks.json"))
	if err != nil {
		return nil, err
	}
	var set struct {
		Keys []struct {
			Type string `json:"kty"`
		} `json:"keys"`
	}
	if err := transport.Decode(answer.Body, &set); err != nil {
		return nil, err
	}
	if set.Keys == nil {
		return nil, fault.New(fault.Internal, "the server answered without a list of keys")
	}
	return answer.Body, nil
}

// PublicKey returns the key that verifies tokens, as PEM: GET /v1/public-key.
// It fails as Unsupported if tokens are signed by secret.
func (c *Client) PublicKey(ctx context.Context) (string, error) {
	var reply struct {
		PublicKey string `json:"public_key"`
	}
	err := c.getPublic(ctx, &reply, "v1", "public-key")
	return reply.PublicKey, err
}

// RotateKey makes a new signing key; tokens signed by former ones stay valid:
// POST /v1/rotate-key. Each call makes one, so it is never sent twice.
func (c *Client) RotateKey(ctx context.Context) error {
	return c.write(ctx, &transport.Request{Method: http.MethodPost, Path: []string{"v1", "rotate-key"}, Class: transport.Once})
}

// getPublic reads what the server tells anyone, also those who cannot log in.
func (c *Client) getPublic(ctx context.Context, target any, path ...string) error {
	return c.read(ctx, target, public(path...))
}

func public(path ...string) *transport.Request {
	return &transport.Request{Method: http.MethodGet, Path: path, Anonymous: true}
}
