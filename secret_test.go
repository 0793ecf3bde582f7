package usermgmt_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

// marked is a secret that cannot turn up by chance.
const marked = "m4rked/S3cret+value"

// holder holds credentials where printers cannot reach their methods.
type holder struct {
	hidden usermgmt.Secret
	Shown  usermgmt.Secret
	List   []usermgmt.Credential
	Map    map[string]usermgmt.Secret
}

// everyPrint returns what all the printers that we know make of v.
func everyPrint(t *testing.T, v any) string {
	t.Helper()
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%q", "%s", "%x", "%d"} {
		fmt.Fprintf(&out, verb+"\n", v)
	}
	encoded, err := json.Marshal(v)
	require.NoError(t, err)
	out.Write(encoded)
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).InfoContext(t.Context(), "value", "v", v, "group", slog.GroupValue(slog.Any("v", v)))
	}
	// An assertion that fails prints a diff, for which it follows pointers
	// into unexported fields.
	assert.Equal(recorder{&out}, []any{nil}, []any{v})
	return out.String()
}

// recorder is a test that keeps what assertions print.
type recorder struct{ out *bytes.Buffer }

func (r recorder) Errorf(format string, args ...any) { fmt.Fprintf(r.out, format, args...) }

func assertNoMark(t *testing.T, text string) {
	t.Helper()
	for _, form := range []string{marked, url.QueryEscape(marked), url.PathEscape(marked), base64.StdEncoding.EncodeToString([]byte(marked)), fmt.Sprintf("%x", marked)} {
		assert.NotContains(t, text, form)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	certificate := usermgmt.ClientCertificate(tls.Certificate{Certificate: [][]byte{[]byte(marked)}, PrivateKey: key})
	secret := usermgmt.NewSecret(marked)
	credentials := []usermgmt.Credential{
		usermgmt.Password("alice", marked), usermgmt.AccessKey("alice", marked), usermgmt.SessionNonce(marked), usermgmt.BearerToken(marked),
		usermgmt.OAuth2ClientCredentials{ClientID: "app", ClientSecret: secret}, certificate,
	}
	values := []any{
		secret, &secret, []usermgmt.Secret{secret},
		holder{hidden: secret, Shown: secret, List: credentials, Map: map[string]usermgmt.Secret{"k": secret}},
		&holder{hidden: secret},
		usermgmt.CreateUserRequest{Name: "alice", Credential: usermgmt.Password("", marked)},
		usermgmt.SetPasswordRequest{Name: "alice", Password: secret},
		usermgmt.UpdateUserRequest{Name: "alice", Credential: usermgmt.SessionNonce(marked)},
		usermgmt.CreatedUser{Credential: usermgmt.Password("alice", marked)},
	}
	for _, credential := range credentials {
		values = append(values, credential)
	}
	for i, value := range values {
		text := everyPrint(t, value)
		assertNoMark(t, text)
		assert.NotContains(t, text, key.X.String(), "value %d prints the key", i)
	}
	assert.Equal(t, "client certificate [redacted]", fmt.Sprint(certificate))
	assert.Equal(t, "client certificate [redacted]", fmt.Sprintf("%#v", certificate))
	text, err := certificate.MarshalText()
	require.NoError(t, err)
	assert.Equal(t, "client certificate [redacted]", string(text))
	assert.Equal(t, key, certificate.Certificate().PrivateKey)
	assert.Empty(t, usermgmt.CertificateCredential{}.Certificate())
}

func TestSecret(t *testing.T) {
	t.Parallel()
	secret, same, other := usermgmt.NewSecret(marked), usermgmt.NewSecret(marked), usermgmt.NewSecret("other")
	assert.Equal(t, marked, secret.Reveal())
	assert.True(t, secret.Equal(same))
	assert.False(t, secret.Equal(other))
	assert.Equal(t, secret, same, "mocks match requests by deep equality")
	assert.NotEqual(t, secret, other)
	assert.Equal(t, "[redacted]", secret.String())

	var empty usermgmt.Secret
	assert.True(t, empty.IsZero())
	assert.False(t, secret.IsZero())
	assert.True(t, empty.Equal(usermgmt.NewSecret("")))
	assert.Empty(t, empty.Reveal())
	assert.Empty(t, empty.String())
}

func TestCredentialsAreTheirOwnSource(t *testing.T) {
	t.Parallel()
	for _, credential := range []usermgmt.Credential{
		usermgmt.Password("alice", "p"), usermgmt.AccessKey("", "k"), usermgmt.SessionNonce("n"), usermgmt.BearerToken("t"),
		usermgmt.OAuth2ClientCredentials{ClientID: "id"},
	} {
		got, err := credential.Credential(t.Context())
		require.NoError(t, err)
		assert.Equal(t, credential, got)
	}
	certificate := usermgmt.ClientCertificate(tls.Certificate{Certificate: [][]byte{{1}}})
	got, err := certificate.Credential(t.Context())
	require.NoError(t, err)
	assert.Equal(t, certificate.Certificate(), got.(usermgmt.CertificateCredential).Certificate())

	source := usermgmt.CredentialFunc(func(context.Context) (usermgmt.Credential, error) { return usermgmt.Password("bob", "p"), nil })
	got, err = source.Credential(t.Context())
	require.NoError(t, err)
	assert.Equal(t, usermgmt.Password("bob", "p"), got)
}
