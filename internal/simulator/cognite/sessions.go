package cognite

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Limits on sessions.
const (
	maxSessions     = 1000
	maxSessionsPage = 1000
)

// SessionStatus is the state of a session.
type SessionStatus string

// The states of a session.
const (
	// Ready is a session whose nonce was not used yet.
	Ready SessionStatus = "READY"
	// Active is a session that is bound.
	Active SessionStatus = "ACTIVE"
	// Cancelled is a session whose nonce was not used in time.
	Cancelled SessionStatus = "CANCELLED"
	// Expired is a session at the end of its life.
	Expired SessionStatus = "EXPIRED"
	// Revoked is a session that was revoked.
	Revoked SessionStatus = "REVOKED"
	// AccessLost is a session whose principal lost its access.
	AccessLost SessionStatus = "ACCESS_LOST"
)

// The types of a session.
const (
	clientCredentials    = "CLIENT_CREDENTIALS"
	tokenExchange        = "TOKEN_EXCHANGE"
	oneshotTokenExchange = "ONESHOT_TOKEN_EXCHANGE"
)

// Session is a session as it is listed.
type Session struct {
	// ID is the number of the session.
	ID int64 `json:"id"`
	// Type is how the session was created, such as "CLIENT_CREDENTIALS".
	Type string `json:"type"`
	// Status is the state of the session.
	Status SessionStatus `json:"status"`
	// CreationTime is in milliseconds since the Unix epoch.
	CreationTime int64 `json:"creationTime"`
	// ExpirationTime is in milliseconds since the Unix epoch.
	ExpirationTime int64 `json:"expirationTime"`
	// ClientID is the OAuth 2.0 client behind the session, if it is one.
	ClientID string `json:"clientId,omitzero"`
}

// createdSession is a session in the answer that creates it.
type createdSession struct {
	ID       int64         `json:"id"`
	Type     string        `json:"type"`
	Status   SessionStatus `json:"status"`
	Nonce    string        `json:"nonce"`
	ClientID string        `json:"clientId,omitzero"`
}

// sessionRequest says how to create a session.
type sessionRequest struct {
	ClientID             string `json:"clientId"`
	ClientSecret         string `json:"clientSecret"`
	TokenExchange        bool   `json:"tokenExchange"`
	OneshotTokenExchange bool   `json:"oneshotTokenExchange"`
}

// sessionType returns the type of session that is asked for.
func (r sessionRequest) sessionType() (string, error) {
	byClient := r.ClientID != "" || r.ClientSecret != ""
	switch {
	case byClient && !r.TokenExchange && !r.OneshotTokenExchange:
		if r.ClientID == "" || r.ClientSecret == "" {
			return "", badRequest("items[0] must have both clientId and clientSecret")
		}
		return clientCredentials, nil
	case r.TokenExchange && !byClient && !r.OneshotTokenExchange:
		return tokenExchange, nil
	case r.OneshotTokenExchange && !byClient && !r.TokenExchange:
		return oneshotTokenExchange, nil
	}
	return "", badRequest("items[0] must have one of client credentials, tokenExchange and oneshotTokenExchange")
}

// createSession serves POST /sessions.
func (s *Server) createSession(c *call) (answer, error) {
	body, err := decodeItems[sessionRequest](c, 1)
	if err != nil {
		return answer{}, err
	}
	asked := body.Items[0]
	kind, err := asked.sessionType()
	if err != nil {
		return answer{}, err
	}
	if kind == clientCredentials && !s.clients[asked.ClientID].knows(asked.ClientSecret) {
		return answer{}, badRequest("Invalid client credentials")
	}
	life := s.opts.SessionLife
	if kind == oneshotTokenExchange {
		life = s.opts.TokenLife
	}
	s.lastSessionID++
	made := Session{s.lastSessionID, kind, Ready, s.now(), s.now() + life.Milliseconds(), asked.ClientID}
	nonce := s.opts.Make(Nonce)
	c.project.addSession(made, nonce)
	shown := createdSession{made.ID, kind, Ready, nonce, made.ClientID}
	return success(map[string][]createdSession{"items": {shown}}), nil
}

// addSession stores a session and the nonce that binds it.
func (p *Project) addSession(made Session, nonce string) {
	p.sessions.put(made.ID, &made)
	if nonce != "" {
		p.nonces[nonce] = made.ID
	}
}

// bind uses up a nonce and returns the ID of its session.
func (p *Project) bind(nonce string) (int64, error) {
	bound, exists := p.sessions.get(p.nonces[nonce])
	if !exists {
		return 0, badRequest(messageNonce)
	}
	p.settle(bound)
	delete(p.nonces, nonce)
	if bound.Status != Ready {
		return 0, badRequest(messageNonce)
	}
	bound.Status = Active
	return bound.ID, nil
}

// settle brings the state of a session up to the present.
func (p *Project) settle(held *Session) {
	now := p.server.now()
	switch {
	case held.Status == Ready && now >= held.CreationTime+p.server.opts.NonceLife.Milliseconds():
		held.Status = Cancelled
	case held.Status == Active && now >= held.ExpirationTime:
		held.Status = Expired
	}
}

// settleAll brings the states of all sessions up to the present.
func (p *Project) settleAll() {
	for _, held := range p.sessions.all() {
		p.settle(held)
	}
}

// end gives a session that is ready or active its last state.
func (held *Session) end(status SessionStatus) {
	if held.Status == Ready || held.Status == Active {
		held.Status = status
	}
}

// sessionsBody is the body of an answer with sessions.
type sessionsBody struct {
	Items []Session `json:"items"`
}

func (k idKey) key() int64 { return k.ID }

// namedSessions decodes a body that names sessions and looks them up.
func (c *call) namedSessions() ([]*Session, error) {
	body, err := decodeItems[idKey](c, maxSessions)
	if err != nil {
		return nil, err
	}
	c.project.settleAll()
	found, missing, err := lookup(body.Items, idKey.key, c.project.sessions)
	if err != nil {
		return nil, err
	}
	if missing != nil {
		return nil, badRequest(messageMissing)
	}
	return found, nil
}

// readSessions serves POST /sessions/byids.
func (s *Server) readSessions(c *call) (answer, error) {
	found, err := c.namedSessions()
	if err != nil {
		return answer{}, err
	}
	shown := sessionsBody{}
	for _, held := range found {
		shown.Items = append(shown.Items, *held)
	}
	return success(shown), nil
}

// revokeSessions serves POST /sessions/revoke. Who may not list sessions gets
// nothing but their IDs back.
func (s *Server) revokeSessions(c *call) (answer, error) {
	found, err := c.namedSessions()
	if err != nil {
		return answer{}, err
	}
	var shown []jsontext.Value
	for _, held := range found {
		held.end(Revoked)
		if len(c.grants(sessionsACL, actionList)) > 0 {
			shown = append(shown, encode(held))
		} else {
			shown = append(shown, encode(idKey{held.ID}))
		}
	}
	return success(map[string][]jsontext.Value{"items": shown}), nil
}

// listSessions serves GET /sessions.
func (s *Server) listSessions(c *call) (answer, error) {
	limit, err := c.queryLimit(maxSessionsPage)
	if err != nil {
		return answer{}, err
	}
	query := c.request.URL.Query()
	status := SessionStatus(strings.ToUpper(query.Get("status")))
	states := []SessionStatus{"", Ready, Active, Cancelled, Expired, Revoked, AccessLost}
	if !slices.Contains(states, status) {
		return answer{}, badRequest("status is not known")
	}
	c.project.settleAll()
	keep := func(held Session) bool { return status == "" || held.Status == status }
	asked := listing{"sessions " + string(status), limit, query.Get("cursor")}
	return page(s, asked, c.project, c.project.sessions, (*Session).view, keep)
}

// view returns what a listing shows of a session.
func (held *Session) view() Session { return *held }
