package aistore

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// Token is a token with what it says of itself. It must not be formatted.
type Token struct {
	// Token is the token itself, a JWT.
	Token string
	// Subject is the user that it was issued to.
	Subject string
	// Admin is set if the user was an administrator at login.
	Admin bool
	// IssuedAt is when it was issued, in whole seconds.
	IssuedAt time.Time
	// ExpiresAt is when it ends, in whole seconds.
	ExpiresAt time.Time
}

type loginBody struct {
	Password string `json:"password"`
	// ExpiresIn is in nanoseconds; absent for the server's default.
	ExpiresIn *time.Duration `json:"expires_in,omitempty"`
}

// Login logs a user in and returns the token, which the client itself does
// not use: POST /v1/users/{id}. ttl is as in [Config].
func (c *Client) Login(ctx context.Context, username, password string, ttl *time.Duration) (Token, error) {
	if err := checkName("Username", username); err != nil {
		return Token{}, err
	}
	if password == "" {
		return Token{}, fault.Invalid("Password", "must not be empty")
	}
	if err := checkTTL(ttl); err != nil {
		return Token{}, err
	}
	data, err := transport.Encode(loginBody{Password: password, ExpiresIn: ttl})
	if err != nil {
		return Token{}, err
	}
	answer, err := c.http.Do(ctx, &transport.Request{
		Method: "POST", Path: []string{"v1", "users", username}, Body: data, Anonymous: true, Secrets: []string{password},
	})
	if err != nil {
		return Token{}, err
	}
	var reply struct {
		Token string `json:"token"`
	}
	if err := transport.Decode(answer.Body, &reply); err != nil {
		return Token{}, err
	}
	if reply.Token == "" {
		return Token{}, fault.New(fault.Internal, "the server answered a login without a token")
	}
	return readToken(reply.Token), nil
}

// readToken reads the claims of a JWT without verifying it, which is for
// those who are shown it. What cannot be read is left zero.
func readToken(token string) Token {
	result := Token{Token: token}
	_, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	data, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return result
	}
	var claims struct {
		Subject   string  `json:"sub"`
		Admin     bool    `json:"admin"`
		IssuedAt  float64 `json:"iat"`
		ExpiresAt float64 `json:"exp"`
	}
	if transport.Decode(data, &claims) != nil {
		return result
	}
	result.Subject, result.Admin = claims.Subject, claims.Admin
	result.IssuedAt, result.ExpiresAt = seconds(claims.IssuedAt), seconds(claims.ExpiresAt)
	return result
}

// seconds returns a time of a JWT, zero for one that makes no sense.
func seconds(s float64) time.Time {
	const latest = 253402300799 // the last second of the year 9999
	if !(s > 0 && s <= latest) {
		return time.Time{}
	}
	return time.Unix(int64(s), 0).UTC()
}

// logIn is the login of the session.
func (c *Client) logIn(ctx context.Context, refused *transport.Grant) (*transport.Grant, error) {
	credential, err := c.credential(ctx)
	if err != nil {
		return nil, err
	}
	if credential.Token != "" {
		grant := newGrant(readToken(credential.Token))
		if sameGrant(grant, refused) {
			return nil, fault.New(fault.Unauthenticated, "the token was refused and there is no other")
		}
		return grant, nil
	}
	for {
		token, err := c.Login(ctx, credential.Username, credential.Password, c.ttl)
		if err != nil {
			return nil, err
		}
		grant := newGrant(token)
		if !sameGrant(grant, refused) {
			return grant, nil
		}
		// Tokens count whole seconds: within the second of its making the
		// server hands out the very token that it refuses, revoked meanwhile.
		if err := untilNextSecond(ctx); err != nil {
			return nil, err
		}
		refused = nil // a second time it is the server's word
	}
}

func untilNextSecond(ctx context.Context) error {
	now := time.Now()
	timer := time.NewTimer(now.Truncate(time.Second).Add(time.Second).Sub(now))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fault.Ended(ctx, ctx.Err())
	}
}

func newGrant(token Token) *transport.Grant {
	return &transport.Grant{
		Header:  http.Header{"Authorization": {"Bearer " + token.Token}},
		Secrets: []string{token.Token},
		Issued:  token.IssuedAt,
		Expires: token.ExpiresAt,
	}
}

func sameGrant(a, b *transport.Grant) bool {
	return a != nil && b != nil && a.Secrets[0] == b.Secrets[0]
}

// CurrentToken returns the token that the client uses, logging in if there is
// none.
func (c *Client) CurrentToken(ctx context.Context) (Token, error) {
	grant, err := c.session.Grant(ctx, nil)
	if err != nil {
		return Token{}, err
	}
	return readToken(grant.Secrets[0]), nil
}

// RevokeToken makes a token invalid: DELETE /v1/tokens. Revoking it again
// does nothing; a token that does not verify is Unauthenticated.
func (c *Client) RevokeToken(ctx context.Context, token string) error {
	data, err := transport.Encode(map[string]string{"token": token})
	if err != nil {
		return err
	}
	return c.write(ctx, &transport.Request{
		Method: "DELETE", Path: []string{"v1", "tokens"}, Class: transport.Idempotent, Body: data,
		Anonymous: true, Secrets: []string{token},
	})
}

// Logout revokes the token that the client uses and forgets it, also if the
// server no longer accepts it. Without one it does nothing.
func (c *Client) Logout(ctx context.Context) error {
	grant := c.session.Current()
	if grant == nil {
		return nil
	}
	err := c.RevokeToken(ctx, grant.Secrets[0])
	if err != nil && fault.KindOf(err) != fault.Unauthenticated {
		return err
	}
	c.session.Forget(grant)
	return nil
}
