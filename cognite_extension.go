package usermgmt

import (
	"context"
	"iter"
	"slices"

	"github.com/usermgmt/usermgmt/internal/cognite"
	"github.com/usermgmt/usermgmt/internal/fault"
)

// CogniteExtension is what Cognite has beyond [UserManager]: sessions, calls
// about several users, the tables of users, groups as they are, tokens and
// profiles. Get it with [As]:
//
//	gateway, ok := usermgmt.As[*usermgmt.CogniteExtension](client)
//
// It is safe for concurrent use and shares the client's login and life. Its
// errors are of the kinds of [UserManager]. P stands for
// /api/v1/projects/{project}.
type CogniteExtension struct {
	client  *Client
	backend *cogniteBackend
	api     *cognite.Client
}

func (b *cogniteBackend) extensionFor(c *Client) any {
	return &CogniteExtension{client: c, backend: b, api: b.api}
}

// CreateSession makes a session, whose nonce binds it to a user. It fails with
// [ErrInvalidArgument] if the client credentials are wrong. Each call makes a
// session, so it is never sent twice; one whose nonce is not used in time ends
// by itself. It sends POST P/sessions.
func (e *CogniteExtension) CreateSession(ctx context.Context, req CogniteSessionRequest) (CogniteSession, error) {
	return extend(ctx, e.client, sessionTarget("CreateSession"), nil, func(ctx context.Context) (CogniteSession, error) {
		request, err := e.sessionRequest(ctx, req)
		if err != nil {
			return CogniteSession{}, err
		}
		made, err := e.api.CreateSession(ctx, request)
		if err != nil {
			return CogniteSession{}, err
		}
		session := fromCogniteSession(made.Session)
		session.Nonce = NewSecret(made.Nonce)
		return session, nil
	})
}

// sessionRequest fills in what the request leaves to the client.
func (e *CogniteExtension) sessionRequest(ctx context.Context, req CogniteSessionRequest) (cognite.SessionRequest, error) {
	request := cognite.SessionRequest{Type: cognite.SessionType(req.Type), ClientID: req.ClientID, ClientSecret: req.ClientSecret.Reveal()}
	given := request.ClientID != "" || request.ClientSecret != ""
	if given && request.Type == "" {
		request.Type = cognite.ClientCredentials
	}
	if given || request.Type != "" && request.Type != cognite.ClientCredentials {
		return request, cognite.CheckSessionRequest(request)
	}
	credential, err := e.backend.source.Credential(ctx)
	if err != nil && ctx.Err() != nil {
		return request, fault.Ended(ctx, err)
	}
	if err != nil {
		return request, &fault.Error{Kind: fault.Unauthenticated, Message: "no credentials could be obtained", Err: err}
	}
	if own, ok := credential.(OAuth2ClientCredentials); ok {
		request.Type, request.ClientID, request.ClientSecret = cognite.ClientCredentials, own.ClientID, own.ClientSecret.Reveal()
	} else if request.Type == "" {
		request.Type = cognite.TokenExchange
	}
	return request, cognite.CheckSessionRequest(request)
}

// ListSessions returns the sessions of a status, all if it is empty, on the
// terms of [UserReader.ListUsers]. It sends GET P/sessions, page by page.
func (e *CogniteExtension) ListSessions(ctx context.Context, status CogniteStatus) iter.Seq2[CogniteSession, error] {
	return extendList(ctx, e.client, sessionTarget("ListSessions"), nil, func(ctx context.Context, yield func(CogniteSession) bool) error {
		for session, err := range e.api.ListSessions(ctx, string(status), 0) {
			if err != nil {
				return err
			}
			if !yield(fromCogniteSession(session)) {
				return nil
			}
		}
		return nil
	})
}

// GetSessions returns sessions in the order of their IDs, each once. One that
// does not exist fails the call, which does not tell which one it is. It sends
// POST P/sessions/byids for each thousand.
func (e *CogniteExtension) GetSessions(ctx context.Context, ids ...int64) ([]CogniteSession, error) {
	b := cogniteSessions{"GetSessions", cognite.MaxSessionsPerGet, false}
	return e.aboutSessions(ctx, b, ids, e.api.GetSessions)
}

// RevokeSessions ends sessions; to revoke one again does nothing. It can take
// an hour until the rights are gone. It returns the sessions as far as they
// were revoked, each once, also beside an error, which is then ambiguous. It
// sends POST P/sessions/revoke for each hundred.
func (e *CogniteExtension) RevokeSessions(ctx context.Context, ids ...int64) ([]CogniteSession, error) {
	b := cogniteSessions{"RevokeSessions", cognite.MaxSessionsPerRevoke, true}
	return e.aboutSessions(ctx, b, ids, e.api.RevokeSessions)
}

// CreateUser makes a session and, at once, a user that is bound to it. Its
// Credential is the password that the user logs in with, at Host; neither can
// be had again. It fails as [UserWriter.CreateUser] does. It sends POST
// P/sessions and POST P/postgresgateway.
func (e *CogniteExtension) CreateUser(ctx context.Context, req CogniteSessionRequest) (CogniteCreatedUser, error) {
	t := target{op: "CreateUser", resource: "user"}
	return extend(ctx, e.client, t, nil, func(ctx context.Context) (CogniteCreatedUser, error) {
		request, err := e.sessionRequest(ctx, req)
		if err != nil {
			return CogniteCreatedUser{}, err
		}
		bind := func() (cogniteBinding, error) { return e.backend.newBinding(ctx, request, "ClientSecret") }
		return bound(bind, func(binding cogniteBinding) (CogniteCreatedUser, error) { return e.backend.create(ctx, binding) })
	})
}

// GetUser returns a user with its session. It fails with [ErrNotFound] if
// there is none. It sends POST P/postgresgateway/byids.
func (e *CogniteExtension) GetUser(ctx context.Context, name string) (CogniteUserRecord, error) {
	t := target{op: "GetUser", resource: "user", name: name}
	return extend(ctx, e.client, t, named(name), func(ctx context.Context) (CogniteUserRecord, error) {
		user, err := e.api.GetUser(ctx, name)
		return fromCogniteUser(user), err
	})
}

// ListUsers returns the users with their sessions, limit of them at most, all
// if it is 0, on the terms of [UserReader.ListUsers]. It sends GET
// P/postgresgateway, page by page.
func (e *CogniteExtension) ListUsers(ctx context.Context, limit int) iter.Seq2[CogniteUserRecord, error] {
	t := target{op: "ListUsers", resource: "user"}
	return extendList(ctx, e.client, t, nil, func(ctx context.Context, yield func(CogniteUserRecord) bool) error {
		for user, err := range e.api.ListUsers(ctx, limit) {
			if err != nil {
				return err
			}
			if !yield(fromCogniteUser(user)) {
				return nil
			}
		}
		return nil
	})
}

// FindUserBySession returns the user that acts with a session. It fails with
// [ErrNotFound] if there is none. The server cannot be asked for it, so all
// users are listed until it is found: GET P/postgresgateway, page by page.
func (e *CogniteExtension) FindUserBySession(ctx context.Context, id int64) (CogniteUserRecord, error) {
	return extend(ctx, e.client, target{op: "FindUserBySession", resource: "user"}, nil, func(ctx context.Context) (CogniteUserRecord, error) {
		user, err := e.api.FindUserBySession(ctx, id)
		return fromCogniteUser(user), err
	})
}

// ClearCredentials takes the session of a user away, which leaves it without
// rights until it is bound to another. The session itself lives on. It fails
// with [ErrNotFound] if the user does not exist and is never sent twice. It
// sends POST P/postgresgateway/update.
func (e *CogniteExtension) ClearCredentials(ctx context.Context, name string) (CogniteUserRecord, error) {
	t := target{op: "ClearCredentials", resource: "user", name: name}
	return extend(ctx, e.client, t, named(name), func(ctx context.Context) (CogniteUserRecord, error) {
		user, err := e.api.ClearCredentials(ctx, name)
		return fromCogniteUser(user), err
	})
}

// InspectToken tells what the token of the client is good for. It sends GET
// /api/v1/token/inspect.
func (e *CogniteExtension) InspectToken(ctx context.Context) (CogniteToken, error) {
	return extend(ctx, e.client, target{op: "InspectToken", resource: "token"}, nil, func(ctx context.Context) (CogniteToken, error) {
		inspection, err := e.api.InspectToken(ctx)
		if err != nil {
			return CogniteToken{}, err
		}
		token := CogniteToken{Subject: inspection.Subject}
		for _, project := range inspection.Projects {
			token.Projects = append(token.Projects, CogniteTokenProject(project))
		}
		for _, capability := range inspection.Capabilities {
			token.Capabilities = append(token.Capabilities, CogniteCapability(capability))
		}
		return token, nil
	})
}

// cogniteSessions is a call about several sessions.
type cogniteSessions struct {
	op    string
	size  int // of a chunk
	write bool
}

// aboutSessions carries out a call about sessions in chunks, one after the
// other, up to the first that fails.
func (e *CogniteExtension) aboutSessions(
	ctx context.Context, b cogniteSessions, ids []int64, work func(context.Context, []int64) ([]cognite.Session, error),
) ([]CogniteSession, error) {
	return extend(ctx, e.client, sessionTarget(b.op), nil, func(ctx context.Context) ([]CogniteSession, error) {
		ids, err := cognite.CheckSessionIDs(ids)
		if err != nil {
			return nil, err
		}
		var all []CogniteSession
		for chunk := range slices.Chunk(ids, b.size) {
			sessions, err := work(ctx, chunk)
			if err != nil && b.write && len(all) > 0 {
				return all, written(err)
			}
			if err != nil {
				return all, err
			}
			all = append(all, converted(sessions, fromCogniteSession)...)
		}
		return all, nil
	})
}

func sessionTarget(op string) target { return target{op: op, resource: "session"} }
