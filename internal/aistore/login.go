package aistore

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

type loginBody struct {
	Password string `json:"password"`
	// ExpiresIn is in nanoseconds; absent for the server's default.
	ExpiresIn *int64 `json:"expires_in,omitzero"`
}

// Login logs a user in and returns the token, which the client itself does
// not use: POST /v1/users/{id}. ttl is as in [Config]. It is sent again after
// a lost answer: that there is one token more does no harm.
func (c *Client) Login(ctx context.Context, username, password string, ttl *time.Duration) (Token, error) {
	if err := checkName("Username", username); err != nil {
		return Token{}, err
	}
	if err := checkTTL(ttl); err != nil {
		return Token{}, err
	}
	body, err := transport.Encode(loginBody{Password: password, ExpiresIn: (*int64)(ttl)})
	if err != nil {
		return Token{}, err
	}
	var reply struct {
		Token string `json:"token"`
	}
	err = c.read(ctx, &reply, &transport.Request{
		Method: http.MethodPost, Path: []string{"v1", "users", username}, Body: body,
		Class: transport.Read, Anonymous: true, Secrets: []string{password},
	})
	if err != nil {
		return Token{}, err
	}
	if reply.Token == "" {
		return Token{}, fault.New(fault.Internal, "the server answered a login without a token")
	}
	return readToken(reply.Token), nil
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
	if credential.Token != "" {
		if isRefused(credential.Token, refused) {
			return nil, fault.New(fault.Unauthenticated, "the token was refused and there is no other")
		}
		token := readToken(credential.Token)
		return newGrant(token, token.IssuedAt, token.ExpiresAt), nil
	}
	token, err := c.Login(ctx, credential.Username, credential.Password, c.ttl)
	if err == nil && isRefused(token.Token, refused) {
		// A token holds no more than whole seconds: within the second of its
		// making the server hands out the very token that was revoked since.
		// After a second by our clock another one has begun by the server's.
		if err := pause(ctx, time.Second); err != nil {
			return nil, err
		}
		token, err = c.Login(ctx, credential.Username, credential.Password, c.ttl)
	}
	if err != nil {
		return nil, err
	}
	// The token's times are by the server's clock, which may be wrong by more
	// than its life: what counts is how long it lives.
	now := time.Now()
	if token.ExpiresAt.IsZero() || token.IssuedAt.IsZero() {
		return newGrant(token, now, time.Time{}), nil
	}
	return newGrant(token, now, now.Add(token.ExpiresAt.Sub(token.IssuedAt))), nil
}

func newGrant(token Token, issued, expires time.Time) *transport.Grant {
	return &transport.Grant{
		Header:  bearer(token.Token),
		Secrets: []string{token.Token},
		Issued:  issued,
		Expires: expires,
	}
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

func isRefused(token string, refused *transport.Grant) bool {
	return refused != nil && refused.Secrets[0] == token
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fault.Ended(ctx, ctx.Err())
	}
}

// CurrentToken returns the token that the client uses, logging in if there is
// none. It fails as Unauthenticated if there is none that can be read.
func (c *Client) CurrentToken(ctx context.Context) (Token, error) {
	if c.credential == nil {
		return Token{}, fault.New(fault.Unauthenticated, "the client has no credentials")
	}
	grant, err := c.session.Grant(ctx, nil)
	if err != nil {
		return Token{}, err
	}
	token := readToken(grant.Secrets[0])
	if token.Subject == "" {
		return Token{}, fault.New(fault.Unauthenticated, "the token does not say whose it is")
	}
	return token, nil
}

// RevokeToken makes a token invalid: DELETE /v1/tokens. Revoking it again
// does nothing; a token that does not verify is Unauthenticated.
func (c *Client) RevokeToken(ctx context.Context, token string) error {
	if token == "" {
		return fault.Invalid("token", "must not be empty")
	}
	body, err := transport.Encode(map[string]string{"token": token})
	if err != nil {
		return err
	}
	return c.write(ctx, &transport.Request{
		Method: http.MethodDelete, Path: []string{"v1", "tokens"}, Class: transport.Idempotent, Body: body,
		// The session must not take a refusal of this token for one of its own
		// and log in again.
		Anonymous: true, Header: bearer(token), Secrets: []string{token},
	})
}

// Logout revokes the token that the client uses and forgets it. Without one,
// or with one that the server no longer accepts, there is nothing to revoke.
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
