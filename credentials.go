package usermgmt

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net/url"
)

// A CredentialSource yields the credential to log in with. It is asked anew
// at every login, so a rotated password or a key from a vault is picked up
// without a restart. It must be safe for concurrent use and honour ctx.
//
// Every [Credential] is a source that yields itself.
type CredentialSource interface {
	// Credential returns the present credential. Its error ends the calls
	// that wait for the login as unauthenticated, with the error as cause.
	Credential(ctx context.Context) (Credential, error)
}

// CredentialFunc makes a [CredentialSource] of a function.
type CredentialFunc func(ctx context.Context) (Credential, error)

// Credential calls f.
func (f CredentialFunc) Credential(ctx context.Context) (Credential, error) { return f(ctx) }

// A Credential is something to log in with: what this client uses
// ([WithCredentials]), or what a user is given ([CreateUserRequest]). The
// types of this package are the only ones; each backend accepts some of them
// and refuses the others with [ErrInvalidArgument]. All print without their
// secrets.
type Credential interface {
	CredentialSource
	// credentialKind names the kind of credential in errors.
	credentialKind() string
}

// PasswordCredential is a user name and a password; see [Password].
type PasswordCredential struct {
	// Username is who logs in. For a user being created it may be empty, or
	// else is the name of that user.
	Username string
	// Password is the password.
	Password Secret
}

// Password returns the credential of a user with a password. For a user being
// created username may be empty.
func Password(username, password string) PasswordCredential {
	return PasswordCredential{Username: username, Password: NewSecret(password)}
}

// Credential returns c itself.
func (c PasswordCredential) Credential(context.Context) (Credential, error) { return c, nil }

func (PasswordCredential) credentialKind() string { return "password" }

// AccessKeyCredential is a long-lived key of a user; see [AccessKey].
type AccessKeyCredential struct {
	// Username is whose key it is, empty where the key says so itself.
	Username string
	// Key is the key.
	Key Secret
}

// AccessKey returns the credential of a user's access key. username may be
// empty where the key alone identifies the user.
func AccessKey(username, key string) AccessKeyCredential {
	return AccessKeyCredential{Username: username, Key: NewSecret(key)}
}

// Credential returns c itself.
func (c AccessKeyCredential) Credential(context.Context) (Credential, error) { return c, nil }

func (AccessKeyCredential) credentialKind() string { return "access key" }

// SessionNonceCredential is a one-time token that binds a session; see
// [SessionNonce].
type SessionNonceCredential struct {
	// Nonce is the one-time token.
	Nonce Secret
}

// SessionNonce returns the credential of a session's nonce, which can be used
// once and for about a minute.
func SessionNonce(nonce string) SessionNonceCredential {
	return SessionNonceCredential{Nonce: NewSecret(nonce)}
}

// Credential returns c itself.
func (c SessionNonceCredential) Credential(context.Context) (Credential, error) { return c, nil }

func (SessionNonceCredential) credentialKind() string { return "session nonce" }

// BearerTokenCredential is a token that somebody else obtained; see
// [BearerToken].
type BearerTokenCredential struct {
	// Token is the token, without the word Bearer.
	Token Secret
}

// BearerToken returns the credential of a ready token. It cannot be renewed:
// when it expires, calls fail with [ErrUnauthenticated] unless it comes from a
// [CredentialSource] that yields another one.
func BearerToken(token string) BearerTokenCredential {
	return BearerTokenCredential{Token: NewSecret(token)}
}

// Credential returns c itself.
func (c BearerTokenCredential) Credential(context.Context) (Credential, error) { return c, nil }

func (BearerTokenCredential) credentialKind() string { return "bearer token" }

// OAuth2ClientCredentials logs in as a machine by the OAuth 2.0 client
// credentials grant (RFC 6749, section 4.4).
type OAuth2ClientCredentials struct {
	// TokenURL is the token endpoint, https unless it is on this machine. It is
	// empty where the server is told the credentials, as for users of Cognite.
	TokenURL string
	// ClientID identifies the machine.
	ClientID string
	// ClientSecret proves it.
	ClientSecret Secret
	// Scopes are the scopes to ask for; none asks for the server's default.
	Scopes []string
	// Params are further form fields, such as audience; they are not secret.
	Params url.Values
}

// Credential returns c itself.
func (c OAuth2ClientCredentials) Credential(context.Context) (Credential, error) { return c, nil }

func (OAuth2ClientCredentials) credentialKind() string { return "OAuth2 client credentials" }

// RegistrationKeyCredential is the one-time key with which a new user of Juju
// chooses a password. It comes from [UserWriter.CreateUser] and
// [JujuExtension.ResetPassword]; nobody logs in with it.
type RegistrationKeyCredential struct {
	// Username is the user that the key is for.
	Username string
	// Key is the key, in base64.
	Key Secret
}

// Credential returns c itself.
func (c RegistrationKeyCredential) Credential(context.Context) (Credential, error) { return c, nil }

func (RegistrationKeyCredential) credentialKind() string { return "registration key" }

// MacaroonCredential are macaroons, with their discharges, that somebody else
// obtained; see [Macaroons].
type MacaroonCredential struct {
	// Username is who logs in, empty if the macaroons say so.
	Username string
	// Macaroons is a list of lists, as JSON.
	Macaroons Secret
}

// Macaroons returns the credential of discharged macaroons: a JSON list of
// lists, each of which holds a macaroon and its discharges. username is empty
// for a user of an identity provider, whom the macaroons name. They live for
// hours at most: when they expire, calls fail with [ErrUnauthenticated]
// unless a [CredentialSource] yields others.
func Macaroons(username, list string) MacaroonCredential {
	return MacaroonCredential{Username: username, Macaroons: NewSecret(list)}
}

// Credential returns c itself.
func (c MacaroonCredential) Credential(context.Context) (Credential, error) { return c, nil }

func (MacaroonCredential) credentialKind() string { return "macaroons" }

// CertificateCredential is a TLS client certificate; see [ClientCertificate].
type CertificateCredential struct {
	// certificate is a function because printers show what a pointer leads
	// to, and the private key must not be shown.
	certificate func() tls.Certificate
}

// ClientCertificate returns the credential of a TLS client certificate, for
// servers that log in whom a certificate names. Where TLS asks for a
// certificate beside another credential, use [WithTLSConfig].
func ClientCertificate(certificate tls.Certificate) CertificateCredential {
	return CertificateCredential{certificate: func() tls.Certificate { return certificate }}
}

// Certificate returns the certificate with its private key, the zero value if
// there is none.
func (c CertificateCredential) Certificate() tls.Certificate {
	if c.certificate == nil {
		return tls.Certificate{}
	}
	return c.certificate()
}

// Credential returns c itself.
func (c CertificateCredential) Credential(context.Context) (Credential, error) { return c, nil }

func (CertificateCredential) credentialKind() string { return "client certificate" }

// String returns the kind of credential and nothing of its content.
func (c CertificateCredential) String() string { return c.credentialKind() + " " + redactedText }

// GoString is String.
func (c CertificateCredential) GoString() string { return c.String() }

// Format writes String, whatever the verb.
func (c CertificateCredential) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// MarshalText returns String.
func (c CertificateCredential) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// LogValue returns String for package slog.
func (c CertificateCredential) LogValue() slog.Value { return slog.StringValue(c.String()) }
