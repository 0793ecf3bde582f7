package cognite

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// Credential is what the client logs in with: either a Token, which goes
// first, or OAuth 2.0 client credentials. It prints as a mark.
type Credential struct {
	transport.Unprintable

	// Token is a ready token, used as it is.
	Token string
	// TokenURL is the token endpoint.
	TokenURL string
	// ClientID identifies the client at the token endpoint.
	ClientID string
	// ClientSecret proves it.
	ClientSecret string
	// Scopes are the scopes to ask for, none for the default.
	Scopes []string
	// Params are further fields for the token endpoint.
	Params url.Values
}

// logIn is the login of the session.
func (c *Client) logIn(ctx context.Context, refused *transport.Grant) (*transport.Grant, error) {
	credential, err := c.credential(ctx)
	if err != nil {
		if _, ok := errors.AsType[*fault.Error](err); ok {
			return nil, err
		}
		return nil, &fault.Error{Kind: fault.Unauthenticated, Message: "no credentials could be obtained", Err: err}
	}
	if credential.Token == "" {
		return c.requestToken(ctx, credential)
	}
	if refused != nil && refused.Secrets[0] == credential.Token {
		return nil, fault.New(fault.Unauthenticated, "the token was refused and there is no other")
	}
	return newGrant(credential.Token, time.Time{}), nil
}

// newGrant returns the grant of a token that was just obtained.
func newGrant(token string, expires time.Time) *transport.Grant {
	return &transport.Grant{
		Header:  http.Header{"Authorization": {"Bearer " + token}},
		Secrets: []string{token},
		Issued:  time.Now(),
		Expires: expires,
	}
}
