package usermgmt

import (
	"context"
	"encoding/base64"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/juju"
)

// JujuController is how to reach a controller.
type JujuController struct {
	// UUID identifies the controller.
	UUID string
	// Addresses are its addresses, host and port.
	Addresses []string
	// CA is the certificate of its authority, as PEM; empty if unknown.
	CA string
	// Version is its version, empty if unknown.
	Version string
	// Facades are the versions that the client uses of the groups of calls
	// ("facades") that it needs; nil if unknown.
	Facades map[string]int
}

// ControllerInfo returns how to reach the controller and what it speaks. The
// addresses and the certificate need access to the controller's own model;
// without it the addresses are those that the login told. It calls
// ModelManager.ListModelSummaries and Controller.ControllerAPIInfoForModels.
func (e *JujuExtension) ControllerInfo(ctx context.Context) (JujuController, error) {
	t := target{op: "ControllerInfo", resource: "controller"}
	return extend(ctx, e.client, t, nil, e.info)
}

func (e *JujuExtension) info(ctx context.Context) (JujuController, error) {
	s, err := e.api.Session(ctx)
	if err != nil {
		return JujuController{}, err
	}
	info := JujuController{UUID: s.ControllerUUID, Addresses: s.Servers, Version: s.ServerVersion, Facades: s.Versions()}
	models, err := e.backend.modelsOf(ctx, "")
	if err != nil {
		return JujuController{}, err
	}
	for _, m := range models {
		if !m.Value.IsController {
			continue
		}
		found, err := e.api.APIInfoForModels(ctx, m.Value.UUID)
		if err := firstError(err, jujuFirst(found)); err != nil {
			return JujuController{}, err
		}
		info.Addresses, info.CA = found[0].Value.Addresses, found[0].Value.CA
	}
	return info, nil
}

// IdentityProviderURL returns who authenticates external users, "" if nobody
// does: Controller.IdentityProviderURL.
func (e *JujuExtension) IdentityProviderURL(ctx context.Context) (string, error) {
	return extend(ctx, e.client, target{op: "IdentityProviderURL", resource: "controller"}, nil, e.api.IdentityProviderURL)
}

// RegistrationToken returns the string with which a new user registers, with
// "juju register" or [JujuRegister]: who holds it can take the account. It
// calls what [JujuExtension.ControllerInfo] calls.
func (e *JujuExtension) RegistrationToken(ctx context.Context, key RegistrationKeyCredential, controllerName string) (Secret, error) {
	t := target{op: "RegistrationToken", resource: "user", name: key.Username}
	check := func(v *validator) {
		v.name("Username", key.Username)
		v.name("controllerName", controllerName)
	}
	return extend(ctx, e.client, t, check, func(ctx context.Context) (Secret, error) {
		raw, err := base64.StdEncoding.DecodeString(key.Key.Reveal())
		if err != nil || len(raw) != juju.KeySize {
			return Secret{}, fault.Invalid("Key", "must be %d bytes in base64", juju.KeySize)
		}
		if _, err := jujuLocalName(key.Username); err != nil {
			return Secret{}, err
		}
		info, err := e.info(ctx)
		if err != nil {
			return Secret{}, err
		}
		token, err := juju.Registration{Username: key.Username, Addresses: info.Addresses, Key: raw, ControllerName: controllerName}.Token()
		return NewSecret(token), err
	})
}

// JujuRegister chooses the password of a new user with the string that
// [JujuExtension.RegistrationToken] or "juju add-user" made, which is used up
// by it. It returns what a client needs to log in. The controller and the user
// prove themselves to each other by the key in the token, because the user has
// no certificate of the controller yet. It is never sent twice: POST /register.
func JujuRegister(ctx context.Context, token, password Secret) (JujuController, error) {
	t := target{op: "JujuRegister", resource: "user"}
	if ctx == nil {
		return JujuController{}, wrap(jujuName, t, fault.Invalid("ctx", "must not be nil"))
	}
	registration, err := juju.ParseToken(token.Reveal())
	if err != nil {
		return JujuController{}, wrap(jujuName, t, err)
	}
	t.name = registration.Username
	found, err := juju.Register(ctx, registration, password.Reveal())
	if err != nil {
		return JujuController{}, wrap(jujuName, t, err)
	}
	return JujuController{UUID: found.UUID, CA: found.CA, Addresses: registration.Addresses}, nil
}

// firstError returns the first error that is one.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
