package aistore

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// minTokenAge is the shortest life of a token.
const minTokenAge = time.Minute

// claims are what a token says, in the server's order. Times are in seconds,
// and there is no token ID: two logins of one user within a second give the
// same token.
type claims struct {
	Clusters  []*ClusterACL `json:"clusters"`
	Buckets   []*BucketACL  `json:"buckets,omitempty"`
	Admin     bool          `json:"admin"`
	Issuer    string        `json:"iss"`
	Subject   string        `json:"sub"`
	Audience  []string      `json:"aud,omitempty"`
	ExpiresAt int64         `json:"exp"`
	IssuedAt  int64         `json:"iat"`
}

// describe names the caller in refusals.
func (c claims) describe(now time.Time) string {
	left := time.Unix(c.ExpiresAt, 0).Sub(now).Round(time.Second)
	return fmt.Sprintf("user %s, token expires in %s", c.Subject, left)
}

// login serves POST of a user's path.
func (s *Server) login(c call) (json.RawMessage, error) {
	var req struct {
		Password  string `json:"password"`
		ExpiresIn *int64 `json:"expires_in"`
	}
	if err := decodeOrExplain(c, target{"LoginMsg", 376}, &req); err != nil {
		return nil, err
	}
	if req.Password == "" {
		return nil, errorf(http.StatusUnauthorized, "empty password")
	}
	id := c.parts[0]
	token, err := s.issueToken(id, req.Password, (*time.Duration)(req.ExpiresIn))
	if err != nil {
		return nil, failed("generate token for", id, err)
	}
	return json.Marshal(map[string]string{"token": token})
}

// issueToken checks the password, then the requested life of the token.
func (s *Server) issueToken(id, password string, expiresIn *time.Duration) (string, error) {
	if !s.passwordMatches(id, password) {
		return "", errorf(http.StatusUnauthorized, "invalid credentials")
	}
	now := s.time()
	age, err := s.tokenAge(expiresIn)
	if err != nil {
		return "", err
	}
	claims := s.claimsOf(s.users[id])
	claims.IssuedAt = now.Unix()
	claims.ExpiresAt = now.Add(age).Unix()
	token, err := signToken(s.signer, claims)
	if err != nil {
		return "", storeFailure(err)
	}
	s.issued = append(s.issued, token)
	if expiry := time.Unix(claims.ExpiresAt, 0); expiry.After(s.lastExpiry) {
		s.lastExpiry = expiry
	}
	return token, nil
}

// passwordMatches compares as many bytes as the server's hash function does.
func (s *Server) passwordMatches(id, password string) bool {
	u, ok := s.users[id]
	return ok && u.password == password[:min(len(password), maxPassword)]
}

// tokenAge returns the life of a token, given what the login asked for.
func (s *Server) tokenAge(requested *time.Duration) (time.Duration, error) {
	longest := time.Duration(s.config.Auth.MaxTokenAge)
	switch {
	case requested == nil:
		return time.Duration(s.config.Auth.Expiry), nil
	case *requested == 0:
		return longest, nil
	case *requested < minTokenAge:
		return 0, errorf(http.StatusBadRequest, "invalid requested expiry date: must be 0 or >= %s", duration(minTokenAge))
	case *requested > longest:
		return 0, errorf(http.StatusBadRequest,
			"invalid requested expiry date: cannot exceed configured max token age: %s", duration(longest))
	}
	return *requested, nil
}

// claimsOf returns the rights of u as they are now, without times.
func (s *Server) claimsOf(u *user) claims {
	c := claims{Issuer: s.externalURL, Subject: u.id}
	if u.isAdmin() {
		c.Admin = true
		c.Audience = slices.Sorted(maps.Keys(s.clusters))
		return c
	}
	by := combine(union)
	if s.profile == Before20260615 {
		by = replace
	}
	for _, role := range u.roles {
		if role != nil {
			c.Clusters = mergeClusterACLs(c.Clusters, role.Clusters, by)
			c.Buckets = mergeBucketACLs(c.Buckets, role.Buckets, by)
		}
	}
	audience := map[string]bool{}
	for _, acl := range c.Clusters {
		acl.ID = s.resolveAlias(acl.ID)
		audience[acl.ID] = true
	}
	for _, acl := range c.Buckets {
		audience[acl.Bucket.Namespace.UUID] = true
	}
	delete(audience, "")
	c.Audience = slices.Sorted(maps.Keys(audience))
	return c
}

// revokeToken serves DELETE. The token in the body is its own authorisation.
func (s *Server) revokeToken(c call) (json.RawMessage, error) {
	var req struct {
		Token string `json:"token"`
	}
	if err := decodeOrExplain(c, target{"TokenMsg", 183}, &req); err != nil {
		return nil, err
	}
	if req.Token == "" {
		return nil, errorf(http.StatusBadRequest, "empty token")
	}
	// Whether it is revoked already does not matter: revoking is idempotent.
	if _, err := s.verify(req.Token); err != nil {
		return nil, &apiError{http.StatusUnauthorized, "wrapErrors", err.Error()}
	}
	s.revoked[req.Token] = true
	s.announceRevoked(req.Token)
	return nil, nil
}

// authenticate returns the claims of the caller's token.
func (s *Server) authenticate(r *http.Request) (claims, error) {
	token, ok := sentToken(r.Header)
	if !ok {
		return claims{}, errorf(http.StatusUnauthorized, "token required")
	}
	if s.revoked[token] && s.profile != Before20260615 {
		return claims{}, errorf(http.StatusUnauthorized, "not authorized (invalid token: token revoked): %q", token)
	}
	verified, err := s.verify(token)
	if err != nil {
		return claims{}, errorf(http.StatusUnauthorized, "not authorized (%s): %q", err, token)
	}
	return verified, nil
}

// requireAdmin refuses callers whose token does not make them administrators.
func (s *Server) requireAdmin(r *http.Request) error {
	caller, err := s.authenticate(r)
	if err != nil {
		return err
	}
	if !caller.Admin {
		return errorf(http.StatusUnauthorized, "not authorized: requires admin (%s)", caller.describe(s.time()))
	}
	return nil
}

// sentToken returns the token of a request. The word before it is
// case-sensitive and ends with the first space.
func sentToken(header http.Header) (string, bool) {
	word, token, _ := strings.Cut(header.Get("Authorization"), " ")
	if word == "Bearer" && token != "" {
		return token, true
	}
	token = header.Get("X-Amz-Security-Token")
	return token, token != ""
}

// verify checks the signature and the age of a token.
func (s *Server) verify(token string) (claims, error) {
	verified, err := verifyToken(s.signer, token)
	if err == nil && s.time().Unix() >= verified.ExpiresAt {
		err = errTokenExpired
	}
	if err != nil {
		return claims{}, fmt.Errorf("invalid token [err: %w]", err)
	}
	return verified, nil
}
