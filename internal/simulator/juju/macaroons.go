package juju

import (
	"encoding/base64"
	"encoding/json"
	"time"
)

// The lives of the macaroons that prove a login.
const (
	localLoginLife    = 24 * time.Hour
	externalLoginLife = time.Hour
)

// macaroon is a macaroon of version 2 in JSON. Signatures are random numbers
// here: the server remembers those that it has given out.
type macaroon struct {
	Caveats    []caveat `json:"c,omitempty"`
	Location   string   `json:"l,omitempty"`
	Identifier string   `json:"i64"`
	Signature  string   `json:"s64"`
}

// caveat is a condition of a macaroon, of a third party if it has a location.
type caveat struct {
	Condition    string `json:"i"`
	Verification string `json:"v64,omitempty"`
	Location     string `json:"l,omitempty"`
}

// secret returns a random text of 32 bytes in base64.
func (s *Server) secret() string { return base64.RawURLEncoding.EncodeToString(s.bytes(32)) }

// believeMacaroons returns who the macaroons of a login belong to, or the
// macaroon that has to be discharged first. An empty id is named by them.
func (s *Server) believeMacaroons(c call, id userID, proofs [][]json.RawMessage) (userID, json.RawMessage, error) {
	for _, proof := range proofs {
		who, ok := s.provenBy(proof)
		switch {
		case !ok:
			continue
		case id != (userID{}) && id.key() != who.key():
			return userID{}, nil, permissionDenied()
		}
		if u, err := s.localUser(who); who.local() && (err != nil || u.disabled) {
			return userID{}, nil, badCredentials()
		}
		return who, nil, nil
	}
	switch {
	case id != (userID{}) && id.local():
		return userID{}, s.mint("https://"+c.conn.host+"/auth", "is-authenticated-user "+id.String(), localLoginLife), nil
	case s.identityURL == "":
		return userID{}, nil, badCredentials()
	}
	return userID{}, s.mint(s.identityURL, "is-authenticated-user", externalLoginLife), nil
}

// mint returns a macaroon with a condition that a third party has to discharge.
func (s *Server) mint(location, condition string, life time.Duration) json.RawMessage {
	return mustEncode(macaroon{
		Caveats: []caveat{
			{Condition: "time-before " + s.time().Add(life).Format(time.RFC3339)},
			{Condition: condition, Verification: s.secret(), Location: location},
		},
		Location:   "juju",
		Identifier: s.secret(),
		Signature:  s.secret(),
	})
}

// bakery returns a macaroon in the form of the bakery, version 3.
func bakery(m json.RawMessage) json.RawMessage {
	if m == nil {
		return nil
	}
	return mustEncode(struct {
		Macaroon  json.RawMessage `json:"m"`
		Version   int             `json:"v"`
		Data      none            `json:"cdata"`
		Namespace string          `json:"ns"`
	}{Macaroon: m, Version: 3, Namespace: "std:"})
}

// reason says why a discharge is demanded.
func reason(m json.RawMessage) string {
	if m == nil {
		return ""
	}
	return "macaroon discharge required: authentication required"
}

// Discharged returns the macaroons that a user has once the discharge is done, a
// JSON list to log in with as one element of "macaroons". They live as long as
// the real ones.
func (s *Server) Discharged(name string) json.RawMessage {
	id := mustUserID(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	life := externalLoginLife
	if id.local() {
		life = localLoginLife
	}
	proof := macaroon{Location: "juju", Identifier: s.secret(), Signature: s.secret()}
	s.macaroons[proof.Signature] = login{user: id, expires: s.time().Add(life)}
	discharge := macaroon{
		Caveats:    []caveat{{Condition: "declared username " + id.String()}},
		Identifier: s.secret(),
		Signature:  s.secret(),
	}
	return mustEncode([]macaroon{proof, discharge})
}

// provenBy returns whose macaroons these are, if they are good.
func (s *Server) provenBy(slice []json.RawMessage) (userID, bool) {
	if len(slice) < 2 {
		return userID{}, false
	}
	var proof macaroon
	if json.Unmarshal(slice[0], &proof) != nil {
		return userID{}, false
	}
	known, ok := s.macaroons[proof.Signature]
	return known.user, ok && s.time().Before(known.expires)
}
