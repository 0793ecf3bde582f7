package usermgmt

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	tests := map[string][]Option{
		"WithCredentials": {WithCredentials(nil)},
		"WithHTTPClient":  {WithHTTPClient(nil)},
		"WithTLSConfig":   {WithHTTPClient(&http.Client{}), WithTLSConfig(&tls.Config{})},
		"WithTimeout":     {WithTimeout(0)},
		"WithRetry":       {WithRetry(RetryPolicy{MinWait: time.Hour, MaxWait: time.Second})},
		"WithRateLimit":   {WithRateLimit(0, 1)},
		"WithLogger":      {WithLogger(nil)},
		"WithPlainHTTP":   {WithPlainHTTP(), WithPlainHTTP()},
		"WithHooks":       {WithHooks(Hooks{}), WithHooks(Hooks{})},
		"WithRequired":    {WithRequired(200)},
	}
	for name, opts := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := New(&fakeBackend{}, opts...)
			require.ErrorIs(t, err, ErrInvalidArgument)
			e, _ := errors.AsType[*Error](err)
			assert.Contains(t, e.Fields, name)
		})
	}
	for _, opt := range []Option{WithTLSConfig(nil), WithTimeout(-1), WithRetry(RetryPolicy{MaxAttempts: -1}), WithRateLimit(1, 0)} {
		_, err := New(&fakeBackend{}, opt)
		require.ErrorIs(t, err, ErrInvalidArgument)
	}
}

func TestAllProblemsOfTheOptionsAreNamed(t *testing.T) {
	t.Parallel()
	_, err := New(&fakeBackend{}, WithTimeout(-1), nil, WithLogger(nil))
	assert.EqualError(t, err, "New: invalid argument: WithTimeout must be positive; WithLogger must not be nil")
}

func TestOptionsReachTheTransport(t *testing.T) {
	t.Parallel()
	logger, client, config := slog.New(slog.DiscardHandler), &http.Client{}, &tls.Config{ServerName: "s", MinVersion: tls.VersionTLS13}
	s, err := newSettings([]Option{
		WithHTTPClient(client), WithTimeout(time.Second), WithRetry(RetryPolicy{MaxAttempts: 2, MinWait: 3, MaxWait: 4}),
		WithRateLimit(5, 6), WithLogger(logger), WithPlainHTTP(),
	})
	require.NoError(t, err)
	got := s.transportConfig()
	assert.Same(t, client, got.HTTPClient)
	assert.Equal(t, time.Second, got.Timeout)
	assert.Equal(t, RetryPolicy{MaxAttempts: 2, MinWait: 3, MaxWait: 4}, RetryPolicy(got.Retry))
	assert.InDelta(t, 5, float64(got.Limiter.Limit()), 0)
	assert.Equal(t, 6, got.Limiter.Burst())
	assert.Same(t, logger, got.Logger)
	assert.True(t, got.AllowPlainHTTP)
	assert.Equal(t, "usermgmt-go/"+Version, got.UserAgent)

	s, err = newSettings([]Option{WithTLSConfig(config)})
	require.NoError(t, err)
	assert.NotSame(t, config, s.tls, "the configuration is copied")
	assert.Equal(t, "s", s.tls.ServerName)
}

func TestMemoryRefusesNetworkOptions(t *testing.T) {
	t.Parallel()
	for _, opt := range []Option{
		WithCredentials(Password("a", "b")), WithHTTPClient(&http.Client{}), WithTLSConfig(&tls.Config{}), WithTimeout(1),
		WithRetry(RetryPolicy{}), WithRateLimit(1, 1), WithPlainHTTP(),
	} {
		_, err := New(Memory(), opt)
		require.ErrorIs(t, err, ErrInvalidArgument)
	}
}

func TestAIStoreSettings(t *testing.T) {
	t.Parallel()
	password := WithCredentials(Password("admin", "pw"))
	tests := map[string]struct {
		address string
		opts    []Option
		field   string
	}{
		"none given":            {"https://h", nil, "WithCredentials"},
		"wrong kind":            {"https://h", []Option{WithCredentials(AccessKey("a", "k"))}, "WithCredentials"},
		"certificate":           {"https://h", []Option{WithCredentials(ClientCertificate(tls.Certificate{}))}, "WithCredentials"},
		"nameless password":     {"https://h", []Option{WithCredentials(Password("", "pw"))}, "WithCredentials"},
		"empty token":           {"https://h", []Option{WithCredentials(BearerToken(""))}, "WithCredentials"},
		"no address":            {"", []Option{password}, "address"},
		"no host":               {"https://", []Option{password}, "address"},
		"wrong scheme":          {"ftp://h", []Option{password}, "address"},
		"no URL":                {"http://[", []Option{password}, "address"},
		"credentials in URL":    {"https://u:p@h", []Option{password}, "address"},
		"query":                 {"https://h?x", []Option{password}, "address"},
		"plain http":            {"http://example.com", []Option{password}, "address"},
		"credential by pointer": {"https://h", []Option{WithCredentials(&PasswordCredential{})}, "WithCredentials"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := New(AIStore(test.address), test.opts...)
			require.ErrorIs(t, err, ErrInvalidArgument)
			e, _ := errors.AsType[*Error](err)
			assert.Contains(t, e.Fields, test.field)
		})
	}
	for _, address := range []string{"https://example.com", "http://127.0.0.1:1", "http://localhost", "http://[::1]:52001/prefix/"} {
		c, err := New(AIStore(address, nil, AIStoreTokenLifetime(0)), password)
		require.NoError(t, err, address)
		require.NoError(t, c.Close())
	}
	_, err := New(AIStore("http://example.com"), password, WithPlainHTTP())
	require.NoError(t, err)
	_, err = New(AIStore("https://h", AIStoreTokenLifetime(time.Second)), password)
	require.ErrorIs(t, err, ErrInvalidArgument)
}
