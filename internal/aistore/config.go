package aistore

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// ServerConfig is the server's configuration, as far as it concerns users.
type ServerConfig struct {
	// Auth is how tokens are made. It prints as a mark.
	Auth struct {
		transport.Unprintable `json:"-"`

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
// they are. It prints as a mark.
type ConfigPatch struct {
	transport.Unprintable

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

// configBody is what changes the configuration.
type configBody struct {
	Auth struct {
		Secret         string `json:"secret,omitzero"`
		ExpirationTime string `json:"expiration_time,omitzero"`
	} `json:"auth,omitzero"`
	Log struct {
		Level string `json:"level,omitzero"`
	} `json:"log,omitzero"`
}

// SetConfig changes the configuration: PUT /v1/daemon. An empty patch sends
// nothing.
func (c *Client) SetConfig(ctx context.Context, patch ConfigPatch) error {
	if patch == (ConfigPatch{}) {
		return nil
	}
	var body configBody
	if patch.Secret != nil {
		if *patch.Secret == "" {
			return fault.Invalid("Secret", "must not be empty")
		}
		body.Auth.Secret = *patch.Secret
	}
	if patch.TokenTTL != nil {
		if *patch.TokenTTL <= 0 {
			return fault.Invalid("TokenLifetime", "must be positive")
		}
		body.Auth.ExpirationTime = durationText(*patch.TokenTTL)
	}
	if patch.LogLevel != nil {
		if *patch.LogLevel == "" {
			return fault.Invalid("LogLevel", "must not be empty")
		}
		body.Log.Level = *patch.LogLevel
	}
	data, err := transport.Encode(body)
	if err != nil {
		return err
	}
	return c.write(ctx, &transport.Request{
		Method: http.MethodPut, Path: []string{"v1", "daemon"}, Class: transport.Idempotent,
		Body: data, Secrets: []string{body.Auth.Secret},
	})
}
