package aistore

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// config is the configuration as it is read and written.
type config struct {
	Auth    authConfig    `json:"auth"`
	Log     logConfig     `json:"log"`
	Net     netConfig     `json:"net"`
	Timeout timeoutConfig `json:"timeout"`
}

type authConfig struct {
	Secret      string     `json:"secret"`
	Expiry      duration   `json:"expiration_time"`
	MaxTokenAge duration   `json:"max_token_age"`
	PublicKey   *string    `json:"public_key"`
	SigningKey  signingKey `json:"signing_key"`
	Database    database   `json:"db"`
}

type signingKey struct {
	Bits int    `json:"bits,omitempty"`
	Mode string `json:"mode,omitempty"`
}

type database struct {
	Type string `json:"type"`
	File string `json:"filepath"`
}

type logConfig struct {
	Directory     string   `json:"dir"`
	Level         string   `json:"level"`
	MaxSize       string   `json:"max_size"`
	MaxTotal      string   `json:"max_total"`
	FlushInterval duration `json:"flush_interval"`
}

type netConfig struct {
	ExternalURL string     `json:"external_url"`
	HTTP        httpConfig `json:"http"`
}

type httpConfig struct {
	Certificate string `json:"server_crt"`
	Key         string `json:"server_key"`
	Port        int    `json:"port"`
	UseHTTPS    bool   `json:"use_https"`
}

type timeoutConfig struct {
	Default duration `json:"default_timeout"`
}

// configUpdate is the part of the configuration that can be changed.
type configUpdate struct {
	Auth *struct {
		Secret *string   `json:"secret"`
		Expiry *duration `json:"expiration_time"`
	} `json:"auth"`
	Log *struct {
		Level *string `json:"level"`
	} `json:"log"`
}

// defaultPort is where the server listens unless it is told otherwise.
const defaultPort = 52001

// newConfig returns the configuration that the server starts with. Members
// without influence on the simulation have the values of a fresh installation.
func newConfig(opts Options) config {
	c := config{
		Auth: authConfig{
			Secret:      opts.Secret,
			Expiry:      duration(opts.DefaultExpiry),
			MaxTokenAge: duration(opts.MaxTokenAge),
			SigningKey:  signingKey{Bits: 2048},
		},
		Log: logConfig{
			Directory: "/etc/ais/authn/log", Level: "3", MaxSize: "4MiB", MaxTotal: "64MiB",
			FlushInterval: duration(30 * time.Second),
		},
		Net:     netConfig{ExternalURL: opts.ExternalURL, HTTP: httpConfig{Port: defaultPort}},
		Timeout: timeoutConfig{Default: duration(clusterTimeout)},
	}
	if opts.ExternalKey {
		c.Auth.SigningKey.Mode = "external"
	}
	if base, err := url.Parse(opts.ExternalURL); err == nil {
		if port, err := strconv.Atoi(base.Port()); err == nil {
			c.Net.HTTP.Port = port
		}
	}
	return c
}

// readConfig serves GET. The secret is in clear.
func (s *Server) readConfig(c call) (json.RawMessage, error) {
	if err := s.requireAdmin(c.request); err != nil {
		return nil, err
	}
	return json.Marshal(s.config)
}

// updateConfig serves PUT. A new secret switches to HS256 at once, which makes
// all tokens invalid.
func (s *Server) updateConfig(c call) (json.RawMessage, error) {
	if err := s.requireAdmin(c.request); err != nil {
		return nil, err
	}
	var update configUpdate
	if err := decodeOrRefuse(c, &update); err != nil {
		return nil, err
	}
	if err := update.validate(); err != nil {
		return nil, errorf(http.StatusBadRequest, "invalid config update: %s", err)
	}
	next, err := s.config.with(update)
	if err != nil {
		return nil, errorf(http.StatusBadRequest, "invalid configuration: %s", err)
	}
	if next.Auth.Secret != s.config.Auth.Secret {
		s.signer = hmacSigner(next.Auth.Secret)
	}
	s.config = next
	return nil, nil
}

// validate checks the update by itself.
func (u configUpdate) validate() error {
	if u.Auth == nil && u.Log == nil {
		return errors.New("configuration is empty")
	}
	if u.Auth != nil && u.Auth.Secret != nil && *u.Auth.Secret == "" {
		return errors.New("secret defined but empty string")
	}
	if u.Log == nil || u.Log.Level == nil {
		return nil
	}
	level, err := strconv.Atoi(*u.Log.Level)
	if err != nil {
		return fmt.Errorf("invalid log.level=%q (expected integer string)", *u.Log.Level)
	}
	if level < 0 || level > 5 {
		return fmt.Errorf("invalid log.level=%d (expected value between 0 and 5)", level)
	}
	return nil
}

// with returns c changed by the update.
func (c config) with(u configUpdate) (config, error) {
	if u.Auth != nil && u.Auth.Secret != nil {
		c.Auth.Secret = *u.Auth.Secret
	}
	if u.Auth != nil && u.Auth.Expiry != nil {
		c.Auth.Expiry = *u.Auth.Expiry
	}
	if u.Log != nil && u.Log.Level != nil {
		c.Log.Level = *u.Log.Level
	}
	switch {
	case c.Auth.Expiry == 0:
		c.Auth.Expiry = duration(24 * time.Hour)
	case time.Duration(c.Auth.Expiry) < minTokenAge:
		return c, fmt.Errorf("invalid auth.expiration_time=%s, expected 0 (default 24h) or >= %s",
			c.Auth.Expiry, duration(minTokenAge))
	}
	if c.Auth.Expiry > c.Auth.MaxTokenAge {
		return c, fmt.Errorf("invalid config: auth.expiration_time=%s cannot exceed auth.max_token_age=%s",
			c.Auth.Expiry, c.Auth.MaxTokenAge)
	}
	return c, nil
}

// duration is a duration in the server's spelling, such as "24h0m".
type duration time.Duration

// String returns the duration as Go spells it, without zero seconds after
// minutes.
func (d duration) String() string {
	text := time.Duration(d).String()
	if strings.HasSuffix(text, "m0s") {
		return strings.TrimSuffix(text, "0s")
	}
	return text
}

// MarshalJSON implements [json.Marshaler].
func (d duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON implements [json.Unmarshaler].
func (d *duration) UnmarshalJSON(text []byte) error {
	var spelled string
	if err := json.Unmarshal(text, &spelled); err != nil {
		return err
	}
	parsed, err := time.ParseDuration(spelled)
	*d = duration(parsed)
	return err
}
