package cognite

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

const (
	// MaxSessionsPerGet is how many sessions one GetSessions may ask for.
	MaxSessionsPerGet = 1000
	// MaxSessionsPerRevoke is how many sessions one RevokeSessions may name.
	MaxSessionsPerRevoke = 100
)

// SessionType is how a session came to its rights.
type SessionType string

// The types of sessions.
const (
	// ClientCredentials: with the id and secret of an OAuth 2.0 client. Such a
	// session is renewed by the server.
	ClientCredentials SessionType = "CLIENT_CREDENTIALS" //nolint:gosec // the name of a type
	// TokenExchange: with the token of the caller.
	TokenExchange SessionType = "TOKEN_EXCHANGE"
	// OneshotTokenExchange: with the token of the caller, and never renewed.
	OneshotTokenExchange SessionType = "ONESHOT_TOKEN_EXCHANGE" //nolint:gosec // the name of a type
)

// SessionRequest says how a session comes to its rights. It prints as a mark.
type SessionRequest struct {
	transport.Unprintable

	// Type is the type of the session.
	Type SessionType
	// ClientID is the OAuth 2.0 client of a [ClientCredentials] session.
	ClientID string
	// ClientSecret proves it.
	ClientSecret string
}

// Session is a session, as POST P/sessions/byids shows it.
type Session struct {
	// ID is the server's number for the session.
	ID int64 `json:"id"`
	// Type is how the session came to its rights. A caller who may not list
	// sessions is told nothing but the ID.
	Type SessionType `json:"type,omitzero"`
	// Status is the state of the session, such as READY or ACTIVE.
	Status string `json:"status,omitzero"`
	// CreationTime is when the session was made.
	CreationTime Millis `json:"creationTime,omitzero"`
	// ExpirationTime is when it ends unless the server renews it.
	ExpirationTime Millis `json:"expirationTime,omitzero"`
	// ClientID is the OAuth 2.0 client, if it was made for one.
	ClientID string `json:"clientId,omitzero"`
}

// CreatedSession is the answer of POST P/sessions. It prints as a mark.
type CreatedSession struct {
	transport.Unprintable

	// Session is the session.
	Session Session
	// Nonce binds the session once, within about a minute.
	Nonce string
}

// newSession is the item of a create; just one way is set.
type newSession struct {
	ClientID             string `json:"clientId,omitzero"`
	ClientSecret         string `json:"clientSecret,omitzero"`
	TokenExchange        bool   `json:"tokenExchange,omitzero"`
	OneshotTokenExchange bool   `json:"oneshotTokenExchange,omitzero"`
}

// createdSession is a created session as it goes over the wire.
type createdSession struct {
	Session

	Nonce string `json:"nonce"`
}

// sessionID names a session in a request.
type sessionID struct {
	ID int64 `json:"id"`
}

// CheckSessionRequest tells whether a session could be created so.
func CheckSessionRequest(request SessionRequest) error {
	switch request.Type {
	case ClientCredentials:
		if err := checkName("ClientID", request.ClientID); err != nil {
			return err
		}
		return checkSecret("ClientSecret", request.ClientSecret)
	case TokenExchange, OneshotTokenExchange:
		if request.ClientID != "" || request.ClientSecret != "" {
			return fault.Invalid("Type", "takes no client credentials")
		}
		return nil
	default:
		return fault.Invalid("Type", "must be client credentials, token exchange or one-shot token exchange")
	}
}

// CreateSession makes a session: POST P/sessions. Each call makes another, so
// it is never sent twice.
func (c *Client) CreateSession(ctx context.Context, request SessionRequest) (CreatedSession, error) {
	if err := CheckSessionRequest(request); err != nil {
		return CreatedSession{}, err
	}
	made, err := one(ctx, c, call{
		method: http.MethodPost, path: []string{"sessions"}, class: transport.Once, secrets: []string{request.ClientSecret},
		body: newItems(newSession{
			ClientID: request.ClientID, ClientSecret: request.ClientSecret,
			TokenExchange: request.Type == TokenExchange, OneshotTokenExchange: request.Type == OneshotTokenExchange,
		}),
	}, func(s createdSession) bool { return s.ID > 0 && s.Nonce != "" })
	return CreatedSession{Session: made.Session, Nonce: made.Nonce}, err
}

// ListSessions streams the sessions of a status, all if it is empty: GET
// P/sessions. It yields limit of them at most, all if that is 0.
func (c *Client) ListSessions(ctx context.Context, status string, limit int) iter.Seq2[Session, error] {
	query := url.Values{}
	if status != "" {
		query.Set("status", strings.ToUpper(status))
	}
	return list[Session](ctx, c, []string{"sessions"}, query, limit, nil)
}

// GetSessions returns the sessions of the ids, no more than
// [MaxSessionsPerGet], in their order: POST P/sessions/byids. Without ids
// nothing is sent. One that is not there fails the call.
func (c *Client) GetSessions(ctx context.Context, ids []int64) ([]Session, error) {
	if err := checkIDs("IDs", ids, MaxSessionsPerGet); err != nil || len(ids) == 0 {
		return nil, err
	}
	return c.aboutSessions(ctx, "byids", ids, transport.Read)
}

// RevokeSessions ends the sessions of the ids, no more than
// [MaxSessionsPerRevoke]: POST P/sessions/revoke. Without ids nothing is sent.
// It can take an hour until the rights are gone. Revoking again does nothing.
func (c *Client) RevokeSessions(ctx context.Context, ids []int64) ([]Session, error) {
	if err := checkIDs("IDs", ids, MaxSessionsPerRevoke); err != nil || len(ids) == 0 {
		return nil, err
	}
	return c.aboutSessions(ctx, "revoke", ids, transport.Idempotent)
}

// CheckSessionIDs returns any number of ids without repetitions, in the order
// of their first places, if sessions can have them.
func CheckSessionIDs(ids []int64) ([]int64, error) {
	if err := checkIDs("IDs", ids, len(ids)); err != nil {
		return nil, err
	}
	return unique(ids), nil
}

// aboutSessions carries out a call about sessions of which each must be in
// the answer.
func (c *Client) aboutSessions(ctx context.Context, verb string, ids []int64, class transport.Class) ([]Session, error) {
	ids = unique(ids)
	body := itemList[sessionID]{make([]sessionID, len(ids))}
	for i, id := range ids {
		body.Items[i].ID = id
	}
	found, err := items[Session](ctx, c, call{method: http.MethodPost, path: []string{"sessions", verb}, body: body, class: class})
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]Session, len(found.items))
	for _, session := range found.items {
		byID[session.ID] = session
	}
	ordered := make([]Session, 0, len(ids))
	for _, id := range ids {
		session, ok := byID[id]
		if !ok || len(found.items) != len(ids) {
			return nil, found.broken()
		}
		ordered = append(ordered, session)
	}
	return ordered, nil
}

// unique returns ids without repetitions, in the order of their first places.
func unique(ids []int64) []int64 {
	seen := make(map[int64]bool, len(ids))
	return slices.DeleteFunc(slices.Clone(ids), func(id int64) bool {
		known := seen[id]
		seen[id] = true
		return known
	})
}
