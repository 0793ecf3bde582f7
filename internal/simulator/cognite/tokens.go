package cognite

import (
	"crypto/subtle"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// client is an OAuth 2.0 client.
type client struct {
	secret    string
	principal *Principal
}

// knows reports whether the secret is that of the client.
func (c client) knows(secret string) bool {
	return c.principal != nil && subtle.ConstantTimeCompare([]byte(c.secret), []byte(secret)) == 1
}

// token is a bearer token.
type token struct {
	principal *Principal
	expires   int64 // 0 for one that does not expire
}

// SeedClient registers an OAuth 2.0 client that acts as principal.
func (s *Server) SeedClient(id, secret string, principal Principal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients[id] = client{secret, principal.clone()}
}

// SeedToken stores a bearer token that does not expire.
func (s *Server) SeedToken(text string, principal Principal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[text] = token{principal: principal.clone()}
}

// ExpireTokens makes all present tokens invalid, seeded ones too.
func (s *Server) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// tokenError is an error of the token endpoint.
type tokenError struct {
	status      int
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

// tokenAnswer is an answer of the token endpoint.
type tokenAnswer struct {
	TokenType   string         `json:"token_type"`
	ExpiresIn   jsontext.Value `json:"expires_in"`
	AccessToken string         `json:"access_token"`
}

// serveToken answers a request to the token endpoint.
func (s *Server) serveToken(r *http.Request) answer {
	form, failure := readForm(r)
	if failure == nil {
		failure = s.checkClient(form)
	}
	if failure != nil {
		return answer{failure.status, encode(failure)}
	}
	return success(s.issue(form.Get("client_id")))
}

// readForm returns the form of a token request. The query of the address does
// not count.
func readForm(r *http.Request) (url.Values, *tokenError) {
	if r.Method != http.MethodPost {
		return nil, &tokenError{http.StatusMethodNotAllowed, "invalid_request", "Method must be POST."}
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return nil, &tokenError{http.StatusBadRequest, "invalid_request", "Body must be a form."}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, &tokenError{http.StatusBadRequest, "invalid_request", "Form is malformed."}
	}
	return form, nil
}

// checkClient refuses a token request that is not the one of a known client.
func (s *Server) checkClient(form url.Values) *tokenError {
	switch {
	case form.Get("grant_type") != "client_credentials":
		return &tokenError{http.StatusBadRequest, "unsupported_grant_type", "Grant type must be client_credentials."}
	case form.Get("client_id") == "" || form.Get("client_secret") == "":
		return &tokenError{http.StatusBadRequest, "invalid_request", "Client ID and secret are required."}
	case !s.clients[form.Get("client_id")].knows(form.Get("client_secret")):
		return &tokenError{http.StatusUnauthorized, "invalid_client", "AADSTS7000215: Invalid client secret provided."}
	case s.opts.Scope != "" && form.Get("scope") != s.opts.Scope:
		return &tokenError{http.StatusBadRequest, "invalid_scope", "Scope is not known."}
	}
	return nil
}

// issue makes a token for a client.
func (s *Server) issue(clientID string) tokenAnswer {
	text := s.opts.Make(AccessToken)
	s.tokens[text] = token{s.clients[clientID].principal, s.now() + s.opts.TokenLife.Milliseconds()}
	seconds := strconv.FormatInt(int64(s.opts.TokenLife.Seconds()), 10)
	life := jsontext.Value(seconds)
	if s.opts.ExpiresInAsText {
		life = encode(seconds)
	}
	return tokenAnswer{"Bearer", life, text}
}

// authenticate returns the principal of a request's bearer token, nil if there
// is none that is valid.
func (s *Server) authenticate(r *http.Request) *Principal {
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	held, known := s.tokens[text]
	if !ok || !known || (held.expires != 0 && s.now() >= held.expires) {
		return nil
	}
	return held.principal
}
