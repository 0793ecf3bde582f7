package aistore

import (
	"context"
	"strings"
	"time"

	"github.com/usermgmt/usermgmt/internal/transport"
)

// ServerConfig is the server's configuration, as far as it concerns users. It
// holds a secret and must not be formatted.
type ServerConfig struct {
	// Auth is how tokens are made.
	Auth struct {
		// Secret signs tokens; empty if they are signed by RSA.
		Secret string `json:"secret"`
		// ExpirationTime is how long tokens live by default.
		ExpirationTime Duration `json:"expiration_time"`
		// MaxTokenAge is how long tokens can live at most.
		MaxTokenAge Duration `json:"max_token_age"`
	} `json:"auth"`
	// Log is what the server logs.
	Log struct {
		// Level is the log level.
		Level string `json:"level"`
	} `json:"log"`
	// Net is how the server is reached.
	Net struct {
		// ExternalURL is the issuer in tokens.
		ExternalURL string `json:"external_url"`
	} `json:"net"`
}

// Duration is a duration as text, such as "24h0m".
type Duration time.Duration

// Duration returns the duration.
func (d Duration) Duration() time.Duration { return time.Duration(d) }

// UnmarshalText reads the wire form; empty is 0.
func (d *Duration) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

// ConfigPatch is a change of the configuration. Nil fields leave things as
// they are. It must not be formatted.
type ConfigPatch struct {
	// Secret replaces the secret, which makes all tokens invalid at once.
	Secret *string
	// TokenTTL replaces how long tokens live by default.
	TokenTTL *time.Duration
	// LogLevel replaces the log level.
	LogLevel *string
}

// durationText writes d as the server does: "2h" and not "2h0m0s".
func durationText(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// GetConfig returns the configuration: GET /v1/daemon.
func (c *Client) GetConfig(ctx context.Context) (ServerConfig, error) {
	var config ServerConfig
	err := c.get(ctx, &config, "v1", "daemon")
	return config, err
}

// SetConfig changes the configuration: PUT /v1/daemon. An empty patch sends
// nothing.
func (c *Client) SetConfig(ctx context.Context, patch ConfigPatch) error {
	if patch == (ConfigPatch{}) {
		return nil
	}
	body := map[string]map[string]string{}
	set := func(section, name, value string) {
		if body[section] == nil {
			body[section] = map[string]string{}
		}
		body[section][name] = value
	}
	var secrets []string
	if patch.Secret != nil {
		set("auth", "secret", *patch.Secret)
		secrets = append(secrets, *patch.Secret)
	}
	if patch.TokenTTL != nil {
		set("auth", "expiration_time", durationText(*patch.TokenTTL))
	}
	if patch.LogLevel != nil {
		set("log", "level", *patch.LogLevel)
	}
	data, err := transport.Encode(body)
	if err != nil {
		return err
	}
	return c.write(ctx, &transport.Request{Method: "PUT", Path: []string{"v1", "daemon"}, Class: transport.Idempotent, Body: data, Secrets: secrets})
}

// PublicKey returns the key that verifies tokens, as PEM: GET /v1/public-key.
func (c *Client) PublicKey(ctx context.Context) (string, error) {
	answer, err := c.http.Do(ctx, &transport.Request{Method: "GET", Path: []string{"v1", "public-key"}, Anonymous: true})
	if err != nil {
		return "", err
	}
	var reply struct {
		PublicKey string `json:"public_key"`
	}
	if err := transport.Decode(answer.Body, &reply); err != nil {
		return "", err
	}
	return reply.PublicKey, nil
}

// RotateKey makes a new signing key: POST /v1/rotate-key.
func (c *Client) RotateKey(ctx context.Context) error {
	return c.write(ctx, &transport.Request{Method: "POST", Path: []string{"v1", "rotate-key"}, Class: transport.Once})
}
