package cognitestub

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// session is a session.
type session struct {
	ID             int64  `json:"id"`
	Type           string `json:"type"`
	Status         string `json:"status"`
	CreationTime   int64  `json:"creationTime"`
	ExpirationTime int64  `json:"expirationTime"`
	ClientID       string `json:"clientId,omitempty"`

	nonce string // empty once it was used
	made  time.Time
}

// createdSession is the answer to a create.
type createdSession struct {
	ID       int64  `json:"id"`
	Type     string `json:"type"`
	Status   string `json:"status"`
	Nonce    string `json:"nonce"`
	ClientID string `json:"clientId,omitempty"`
}

// sessionItem is the item of a create.
type sessionItem struct {
	ClientID             string `json:"clientId"`
	ClientSecret         string `json:"clientSecret"`
	TokenExchange        bool   `json:"tokenExchange"`
	OneshotTokenExchange bool   `json:"oneshotTokenExchange"`
}

// NewNonce makes a session and returns its nonce.
func (s *Server) NewNonce() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newSession().nonce
}

// ActiveSessions returns how many sessions are bound to users and not revoked.
func (s *Server) ActiveSessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	active := 0
	for _, found := range s.sessions {
		if found.Status == "ACTIVE" {
			active++
		}
	}
	return active
}

// newSession makes a session; s.mu is held.
func (s *Server) newSession() *session {
	now := s.options.Now()
	made := &session{
		ID: s.next(), Type: "CLIENT_CREDENTIALS", Status: "READY", ClientID: s.options.ClientID, made: now,
		CreationTime: now.UnixMilli(), ExpirationTime: now.Add(time.Hour).UnixMilli(),
	}
	made.nonce = fmt.Sprintf("nonce-%d", s.next())
	s.sessions[made.ID] = made
	return made
}

// bind uses a nonce up and returns its session, nil if it is spent, unknown or
// too old; s.mu is held.
func (s *Server) bind(nonce string) *session {
	for _, found := range s.sessions {
		if nonce == "" || found.nonce != nonce {
			continue
		}
		found.nonce = ""
		if s.options.Now().Sub(found.made) > nonceLife {
			found.Status = "CANCELLED"
			return nil
		}
		found.Status = "ACTIVE"
		return found
	}
	return nil
}

func (s *Server) createSession(in request) reply {
	list := items[sessionItem](in, 1)
	if list == nil {
		return failed(http.StatusBadRequest, "items must hold exactly one item")
	}
	exchange := list[0].TokenExchange || list[0].OneshotTokenExchange
	if !exchange && (list[0].ClientID != s.options.ClientID || list[0].ClientSecret != s.options.ClientSecret) {
		return failed(http.StatusBadRequest, "Failed to create session with the client credentials")
	}
	made := s.newSession()
	switch {
	case list[0].TokenExchange:
		made.Type, made.ClientID = "TOKEN_EXCHANGE", ""
	case list[0].OneshotTokenExchange:
		made.Type, made.ClientID = "ONESHOT_TOKEN_EXCHANGE", ""
	}
	return ok(createdSession{made.ID, made.Type, made.Status, made.nonce, made.ClientID})
}

func (s *Server) listSessions(in request) reply {
	status := first(in.query["status"], "")
	var found []*session
	for _, one := range s.sessions {
		if status == "" || one.Status == status {
			found = append(found, one)
		}
	}
	slices.SortFunc(found, func(a, b *session) int { return cmp.Compare(a.ID, b.ID) })
	return ok(found...)
}

func (s *Server) getSessions(in request) reply {
	return s.aboutSessions(in, 1000, func(*session) {})
}

func (s *Server) revokeSessions(in request) reply {
	return s.aboutSessions(in, 1000, func(found *session) { found.Status, found.nonce = "REVOKED", "" })
}

// aboutSessions carries out work on the sessions of a request, on all or none.
func (s *Server) aboutSessions(in request, most int, work func(*session)) reply {
	list := items[anyRef](in, most)
	if list == nil {
		return failed(http.StatusBadRequest, "items must not be empty")
	}
	found := make([]*session, len(list))
	for i, item := range list {
		if found[i] = s.sessions[item.ID]; found[i] == nil {
			return failed(http.StatusBadRequest, "Items in request were not found")
		}
	}
	for _, one := range found {
		work(one)
	}
	return ok(found...)
}
