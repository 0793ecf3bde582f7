package juju

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

func TestDeviceLogin(t *testing.T) {
	t.Parallel()
	var got record
	p := listen(t, func(f frame, _ []byte) string {
		got.add(f)
		if f.Request == "LoginDevice" {
			return ok(`{"user-code":"ABCD-EFGH","verification-uri":"https://idp.example.com/device"}`)
		}
		return ok(`{"session-token":"a token"}`)
	})
	var shown []string
	token, err := DeviceLogin(t.Context(), Config{Addresses: []string{p.address()}}, func(code, uri string) { shown = append(shown, code, uri) })
	require.NoError(t, err)
	assert.Equal(t, "a token", token)
	assert.Equal(t, []string{"ABCD-EFGH", "https://idp.example.com/device"}, shown)
	assert.Equal(t, []string{"Admin(4).LoginDevice {}", "Admin(4).GetDeviceSessionToken {}"}, got.frames)
}

func TestDeviceLoginFails(t *testing.T) {
	t.Parallel()
	device := ok(`{"user-code":"ABCD-EFGH","verification-uri":"https://idp.example.com/device"}`)
	for _, c := range []struct {
		first, second string
		want          fault.Kind
	}{
		{refused("unknown version (4) of interface \"Admin\"", "not implemented"), "", fault.Unsupported},
		{ok(`{}`), "", fault.Internal},
		{device, refused("no", "unauthorized access"), fault.PermissionDenied},
		{device, ok(`{}`), fault.Unauthenticated},
		{device, ok(`7`), fault.Internal},
	} {
		p := listen(t, func(f frame, _ []byte) string {
			if f.Request == "LoginDevice" {
				return c.first
			}
			return c.second
		})
		_, err := DeviceLogin(t.Context(), Config{Addresses: []string{p.address()}}, func(string, string) {})
		assertKind(t, c.want, err)
	}
	_, err := DeviceLogin(t.Context(), Config{}, func(string, string) {})
	assertKind(t, fault.InvalidArgument, err)
	_, err = DeviceLogin(t.Context(), Config{CA: "x"}, func(string, string) {})
	assertKind(t, fault.InvalidArgument, err)
}
