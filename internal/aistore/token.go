package aistore

import (
	"encoding/base64"
	"strings"
	"time"

	"github.com/usermgmt/usermgmt/internal/transport"
)

// Token is a token with what it says of itself, as it was at login: later
// changes of the user do not reach it. It prints as a mark.
type Token struct {
	transport.Unprintable

	// Token is the token itself, a JWT.
	Token string
	// Subject is the user that it was issued to.
	Subject string
	// Admin is set if the user was an administrator. Then the token permits
	// everything and lists nothing.
	Admin bool
	// IssuedAt is when it was issued, in whole seconds.
	IssuedAt time.Time
	// ExpiresAt is when it ends, in whole seconds.
	ExpiresAt time.Time
	// Clusters are the permissions on clusters, those of all roles joined.
	Clusters []ClusterACL
	// Buckets are the permissions on buckets, those of all roles joined.
	Buckets []BucketACL
}

// claims is the payload of a token.
type claims struct {
	Subject   string       `json:"sub"`
	Admin     bool         `json:"admin"`
	IssuedAt  float64      `json:"iat"`
	ExpiresAt float64      `json:"exp"`
	Clusters  []ClusterACL `json:"clusters"`
	Buckets   []BucketACL  `json:"buckets"`
}

// readToken reads the claims of a JWT without verifying it, which is for
// those who are shown it. If they cannot be read, all but Token is zero.
func readToken(text string) Token {
	token := Token{Token: text}
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return token
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return token
	}
	var c claims
	if transport.Decode(payload, &c) != nil {
		return token
	}
	token.Subject, token.Admin = c.Subject, c.Admin
	token.IssuedAt, token.ExpiresAt = seconds(c.IssuedAt), seconds(c.ExpiresAt)
	token.Clusters, token.Buckets = c.Clusters, c.Buckets
	return token
}

// seconds returns a time of a JWT, zero for one that makes no sense.
func seconds(s float64) time.Time {
	const latest = 253402300799 // the last second of the year 9999
	if s <= 0 || s > latest {
		return time.Time{}
	}
	return time.Unix(int64(s), 0).UTC()
}
