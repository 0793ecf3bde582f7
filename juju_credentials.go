package usermgmt

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/juju"
)

const jujuCredentials = "a controller takes a password or macaroons, JAAS a bearer token or OAuth2 client credentials"

func jujuCredential(credential Credential) (juju.Credential, error) {
	switch c := credential.(type) {
	case PasswordCredential:
		if c.Username == "" || c.Password.IsZero() {
			return juju.Credential{}, fault.Invalid("WithCredentials", "needs a user name and a password")
		}
		return juju.Credential{Username: c.Username, Password: c.Password.Reveal()}, nil
	case MacaroonCredential:
		list := jsontext.Value(c.Macaroons.Reveal())
		if list.Kind() != '[' || !list.IsValid() {
			return juju.Credential{}, fault.Invalid("WithCredentials", "needs macaroons as a JSON list of lists")
		}
		return juju.Credential{Username: c.Username, Macaroons: list}, nil
	case BearerTokenCredential:
		if c.Token.IsZero() {
			return juju.Credential{}, fault.Invalid("WithCredentials", "needs a token")
		}
		return juju.Credential{SessionToken: c.Token.Reveal()}, nil
	case OAuth2ClientCredentials:
		switch {
		case c.ClientID == "" || c.ClientSecret.IsZero():
			return juju.Credential{}, fault.Invalid("WithCredentials", "needs a client ID and its secret")
		case c.TokenURL != "" || len(c.Scopes) > 0 || len(c.Params) > 0:
			return juju.Credential{}, fault.Invalid("WithCredentials", "must have a client ID and its secret alone: JAAS has its own way to get a token")
		}
		return juju.Credential{ClientID: c.ClientID, ClientSecret: c.ClientSecret.Reveal()}, nil
	case nil:
		return juju.Credential{}, fault.Invalid("WithCredentials", "yielded no credential")
	default:
		return juju.Credential{}, fault.Invalid("WithCredentials", "%s", wrongCredential(credential, jujuCredentials))
	}
}

// JujuDischargeRequired is the cause ([errors.As]) of a login that fails with
// [ErrUnauthenticated] because an identity provider has to vouch for the user
// first. Log in with the discharged macaroons; see [Macaroons].
type JujuDischargeRequired struct {
	// Macaroon is what has to be discharged, as JSON.
	Macaroon Secret
	// Reason is why, in the controller's words.
	Reason string
}

// Error says that a discharge is required.
func (*JujuDischargeRequired) Error() string { return "the login requires the discharge of a macaroon" }

// JujuRedirect is the cause ([errors.As]) of a login that fails with
// [ErrUnavailable] because it has to be made at another controller. It is not
// followed: the password would go to an address that nobody configured.
type JujuRedirect struct {
	// Addresses are the addresses to go to, host and port.
	Addresses []string
	// CA is the certificate of the authority there, as PEM.
	CA string
	// ControllerUUID identifies the controller there, empty if it was not told.
	ControllerUUID string
	// ControllerName is its name, empty if it was not told.
	ControllerName string
}

// Error says that the login has to be made elsewhere.
func (*JujuRedirect) Error() string { return "the login has to be made at another controller" }

// jujuCause makes public types of the causes of failed logins.
func jujuCause(err error) error {
	switch cause := err.(type) { //nolint:errorlint // it is the cause itself
	case *juju.DischargeRequired:
		return &JujuDischargeRequired{Macaroon: NewSecret(string(cause.Macaroon)), Reason: cause.Reason}
	case *juju.Redirect:
		return &JujuRedirect{Addresses: cause.Servers, CA: cause.CA, ControllerUUID: cause.ControllerUUID, ControllerName: cause.ControllerAlias}
	default:
		return err
	}
}
