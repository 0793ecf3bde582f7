package usermgmt

import (
	"context"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/juju"
)

// JujuDeviceLogin has a person log in to JAAS at an address that [Juju] takes,
// and returns the credential to log in with. It calls show with a code and
// the URL at which the person has to enter it, and waits until that is done,
// a quarter of an hour if ctx has no deadline. It calls Admin(4).LoginDevice
// and Admin(4).GetDeviceSessionToken.
func JujuDeviceLogin(ctx context.Context, address string, show func(code, url string)) (BearerTokenCredential, error) {
	t := target{op: "JujuDeviceLogin", resource: "user"}
	switch {
	case ctx == nil:
		return BearerTokenCredential{}, wrap(jujuName, t, fault.Invalid("ctx", "must not be nil"))
	case show == nil:
		return BearerTokenCredential{}, wrap(jujuName, t, fault.Invalid("show", "must not be nil"))
	}
	token, err := juju.DeviceLogin(ctx, juju.Config{Addresses: []string{jujuEndpoint(address)}}, show)
	if err != nil {
		return BearerTokenCredential{}, wrap(jujuName, t, err)
	}
	return BearerToken(token), nil
}
