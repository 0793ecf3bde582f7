package cognite

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// formType is the type of a token request, as the reference client sends it.
const formType = "application/x-www-form-urlencoded;charset=UTF-8"

// reservedParams are the fields of a token request that have a place of their own.
var reservedParams = []string{"grant_type", "client_id", "client_secret", "scope"}

// CheckOAuth tells whether a token could be asked for with the OAuth 2.0
// client credentials, as far as that is known without the token endpoint.
func (c *Client) CheckOAuth(credential Credential) error {
	if err := checkName("ClientID", credential.ClientID); err != nil {
		return err
	}
	if err := checkSecret("ClientSecret", credential.ClientSecret); err != nil {
		return err
	}
	for name := range credential.Params {
		if slices.Contains(reservedParams, name) {
			return fault.Invalid("Params", "must not hold %s", name)
		}
	}
	_, err := c.tokenURL(credential.TokenURL)
	return err
}

// tokenURL checks the address of a token endpoint, which may have a query and
// a slash at its end.
func (c *Client) tokenURL(address string) (*url.URL, error) {
	endpoint, err := url.Parse(address)
	if err != nil {
		return nil, fault.Invalid("TokenURL", "is not a URL") // the cause would repeat it
	}
	plain := *endpoint
	plain.RawQuery = ""
	_, err = transport.CheckBase(&plain, c.allowPlainHTTP)
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return nil, fault.Invalid("TokenURL", "%s", f.Fields["address"])
	}
	return endpoint, nil
}

// requestToken obtains a token by the OAuth 2.0 client credentials grant: POST
// to the token endpoint, id and secret in the body. It is sent again after a
// lost answer: that there is one token more does no harm.
func (c *Client) requestToken(ctx context.Context, credential Credential) (*transport.Grant, error) {
	if err := c.CheckOAuth(credential); err != nil {
		return nil, err
	}
	address, err := c.tokenURL(credential.TokenURL)
	if err != nil {
		return nil, err
	}
	config := clientcredentials.Config{
		ClientID: credential.ClientID, ClientSecret: credential.ClientSecret, TokenURL: credential.TokenURL,
		Scopes: credential.Scopes, EndpointParams: credential.Params, AuthStyle: oauth2.AuthStyleInParams,
	}
	endpoint := &tokenEndpoint{client: c.http, address: address, secrets: []string{credential.ClientSecret}}
	token, err := config.Token(context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: endpoint}))
	if err != nil {
		return nil, tokenFailure(err, endpoint.secrets)
	}
	return newGrant(token.AccessToken, token.Expiry), nil
}

// tokenEndpoint carries the requests of package oauth2, which knows neither
// repetitions nor limits, over the connections of the client.
type tokenEndpoint struct {
	client  *transport.Client
	address *url.URL
	secrets []string
}

// RoundTrip implements [http.RoundTripper].
func (e *tokenEndpoint) RoundTrip(r *http.Request) (*http.Response, error) {
	defer r.Body.Close()
	form, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the form: %w", err)
	}
	answer, err := e.client.Do(r.Context(), &transport.Request{
		Method: r.Method, Origin: e.address, Body: form, ContentType: formType,
		Class: transport.Read, Anonymous: true, Secrets: e.secrets,
	})
	if err != nil {
		return nil, err
	}
	// The type of the content is left out: some endpoints send JSON as text.
	body := io.NopCloser(bytes.NewReader(withPlainLife(answer.Body)))
	return &http.Response{StatusCode: answer.Status, Header: http.Header{}, Body: body, Request: r}, nil
}

// withPlainLife returns the answer of a token endpoint with the life of the
// token in whole seconds, which is all that package oauth2 can read. A life
// that makes no sense is left out: the token itself may be good.
func withPlainLife(body []byte) []byte {
	const life = "expires_in"
	var members map[string]jsontext.Value
	if transport.Decode(body, &members) != nil || members[life] == nil {
		return body
	}
	seconds, err := strconv.ParseFloat(textOf(members[life]), 64)
	if seconds = min(seconds, math.MaxInt32); err == nil && seconds >= 1 {
		members[life] = strconv.AppendInt(nil, int64(seconds), 10)
	} else {
		delete(members, life)
	}
	if plain, err := transport.Encode(members); err == nil {
		return plain
	}
	return body
}

// tokenError is the body of a refusal (RFC 6749, section 5.2).
type tokenError struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

// classifyToken judges an answer of the token endpoint outside 2xx.
func classifyToken(status int, body []byte) *fault.Error {
	var answer tokenError
	_ = transport.Decode(body, &answer) // some refuse in a form of their own
	if !jsontext.Value(body).IsValid() || status >= http.StatusInternalServerError {
		return &fault.Error{Kind: fault.Unavailable, Message: "the token endpoint is out of order: " + http.StatusText(status), Code: answer.Code}
	}
	f := refusedToken(cmp.Or(answer.Code, http.StatusText(status)), answer.Description)
	f.Code = answer.Code
	return f
}

func refusedToken(code, description string) *fault.Error {
	message := "the token endpoint refuses: " + code
	if description != "" {
		message += ": " + description
	}
	return &fault.Error{Kind: fault.Unauthenticated, FromServer: true, Code: code, Message: message}
}

// tokenFailure makes a failure of what package oauth2 returned, which quotes
// the answer in places.
func tokenFailure(err error, secrets []string) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	if refusal, ok := errors.AsType[*oauth2.RetrieveError](err); ok { // with status 200
		f := refusedToken(refusal.ErrorCode, refusal.ErrorDescription)
		f.Code, f.Message = transport.Redact(f.Code, secrets), transport.Redact(f.Message, secrets)
		return f
	}
	return fault.New(fault.Unavailable, "the answer of the token endpoint holds no token")
}
