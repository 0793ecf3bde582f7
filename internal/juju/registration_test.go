package juju

import (
	"crypto/rand"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/nacl/secretbox"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// published is a token of the documentation, from before there was a last field.
const published = "MFUTBGFsZXgwFRMTMTAuMTM2LjEzNi4xOToxNzA3MAQghBj6RLW5VgmCSWsAesRm5unETluNu1-FczN9oVfNGuYTFGxvY2FsaG9zdC1jb250cm9sbGVy"

func TestPublishedToken(t *testing.T) {
	t.Parallel()
	r, err := ParseToken(published)
	require.NoError(t, err)
	assert.Equal(t, "alex", r.Username)
	assert.Equal(t, []string{"10.136.136.19:17070"}, r.Addresses)
	assert.Equal(t, "localhost-controller", r.ControllerName)
	assert.Len(t, r.Key, KeySize)
	assert.Empty(t, r.ProxyConfig)

	// Without the last field it must come out as it was.
	data, err := asn1.Marshal(struct {
		Username       string
		Addresses      []string
		Key            []byte
		ControllerName string
	}{r.Username, r.Addresses, r.Key, r.ControllerName})
	require.NoError(t, err)
	assert.Equal(t, published, base64.URLEncoding.EncodeToString(data))
}

func TestTokens(t *testing.T) {
	t.Parallel()
	key := []byte(strings.Repeat("k", KeySize))
	for _, r := range []Registration{
		{Username: "alex", Addresses: []string{"10.0.0.1:17070"}, Key: key, ControllerName: "c"},
		{Username: "alexa", Addresses: []string{"[2001:db8::1]:17070", "h:1"}, Key: key, ControllerName: "zoë"},
		{Username: "alexan", Addresses: []string{"h:1"}, Key: key, ControllerName: "c", ProxyConfig: "type: kubernetes"},
	} {
		token, err := r.Token()
		require.NoError(t, err)
		assert.NotContains(t, token, "=")
		got, err := ParseToken(token + "\n")
		require.NoError(t, err)
		assert.Equal(t, r, got)
	}
	for _, r := range []Registration{
		{}, {Username: "a b", Addresses: []string{"h:1"}, Key: key}, {Username: "gina@external", Addresses: []string{"h:1"}, Key: key}, {Username: "alex", Key: key},
		{Username: "alex", Addresses: []string{"h:1"}, Key: key[1:]}, {Username: "alex", Addresses: []string{"h"}, Key: key}, {Username: "alex", Addresses: []string{"h/x:1"}, Key: key},
		{Username: "alex", Addresses: []string{"h:0"}, Key: key}, {Username: "alex", Addresses: []string{"u@h:1"}, Key: key}, {Username: "alex", Addresses: []string{"h:1"}, Key: key, ControllerName: "\xff"},
	} {
		_, err := r.Token()
		require.Error(t, err)
		_, err = Register(t.Context(), r, "secret")
		require.Error(t, err)
	}
	for _, token := range []string{"", "x", "====", published[:20], published + "AAAB", strings.Repeat("A", 1<<17)} {
		_, err := ParseToken(token)
		assertKind(t, fault.InvalidArgument, err)
	}
}

func FuzzParseToken(f *testing.F) {
	f.Add(published)
	f.Fuzz(func(t *testing.T, token string) {
		r, err := ParseToken(token)
		if err != nil {
			return
		}
		again, err := r.Token()
		require.NoError(t, err)
		same, err := ParseToken(again)
		require.NoError(t, err)
		assert.Equal(t, r, same)
	})
}

// registrar is a controller's side of a registration.
func registrar(t *testing.T, r *Registration, status int, answer func(password string) string) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		assert.Equal(t, "POST /register application/json", request.Method+" "+request.URL.RequestURI()+" "+request.Header.Get("Content-Type"))
		var message struct {
			User       string `json:"user"`
			Nonce      []byte `json:"nonce"`
			CipherText []byte `json:"cipher-text"`
		}
		assert.NoError(t, json.NewDecoder(request.Body).Decode(&message))
		assert.Equal(t, "user-alex", message.User)
		plain, ok := secretbox.Open(nil, message.CipherText, (*[24]byte)(message.Nonce), r.key())
		assert.True(t, ok)
		assert.JSONEq(t, `{"password":"swordfish"}`, string(plain))
		w.WriteHeader(status)
		_, _ = w.Write([]byte(answer("swordfish")))
	}))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	r.Addresses = append(r.Addresses, server.Listener.Addr().String())
}

func newRegistration() Registration {
	return Registration{Username: "alex", Key: []byte(strings.Repeat("k", KeySize)), ControllerName: "c"}
}

func (r Registration) answer(t *testing.T, plain string) string {
	t.Helper()
	var nonce [24]byte
	_, err := rand.Read(nonce[:])
	require.NoError(t, err)
	data, err := json.Marshal(map[string][]byte{"nonce": nonce[:], "cipher-text": secretbox.Seal(nil, []byte(plain), &nonce, r.key())})
	require.NoError(t, err)
	return string(data)
}

func TestRegister(t *testing.T) {
	t.Parallel()
	r := newRegistration()
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r.Addresses = []string{dead.Addr().String()}
	require.NoError(t, dead.Close())
	registrar(t, &r, 200, func(string) string { return r.answer(t, `{"ca-cert":"PEM","controller-uuid":"x","proxy-config":null}`) })
	c, err := Register(t.Context(), r, "swordfish")
	require.NoError(t, err, "the second address answers")
	assert.Equal(t, Controller{UUID: "x", CA: "PEM"}, c)

	alone := newRegistration()
	alone.Addresses = r.Addresses[:1]
	_, err = Register(t.Context(), alone, "swordfish")
	f := assertKind(t, fault.Unavailable, err)
	assert.False(t, f.Ambiguous)
	_, err = Register(t.Context(), r, " ")
	assertKind(t, fault.InvalidArgument, err)
}

func TestRegisterFails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status    int
		body      string
		want      fault.Kind
		ambiguous bool
	}{
		{404, `{"error":{"message":"swordfish not found","code":"not found"}}`, fault.NotFound, false},
		{404, `{"message":"user not found","code":""}`, fault.NotFound, false},
		{400, `{"error":{"message":"x not valid","code":"not valid"}}`, fault.InvalidArgument, false},
		{401, `{"error":{"message":"permission denied","code":"unauthorized access"}}`, fault.PermissionDenied, false},
		{404, "404 page not found", fault.NotFound, false},
		{405, "", fault.Unsupported, false},
		{302, "", fault.Internal, false},
		{503, "swordfish", fault.Unavailable, true},
		{200, "", fault.Internal, true},
		{200, `{}`, fault.Internal, true},
		{200, `{"nonce":"AAAA","cipher-text":"AAAA"}`, fault.Internal, true},
		{200, `{"nonce":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","cipher-text":"AAAA"}`, fault.Internal, true},
		{200, "sealed", fault.Internal, true},
	} {
		r := newRegistration()
		registrar(t, &r, c.status, func(string) string {
			if c.body == "sealed" {
				return r.answer(t, "[]")
			}
			return c.body
		})
		_, err := Register(t.Context(), r, "swordfish")
		f := assertKind(t, c.want, err)
		assert.Equal(t, c.ambiguous, f.Ambiguous, c.body)
	}
}
