package usermgmt

import (
	"context"
	"errors"
	"iter"
	"net/url"
	"strings"

	"github.com/usermgmt/usermgmt/internal/cognite"
	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

const (
	cogniteName = "cognite"
	// cogniteClientName is what servers are told if the caller says nothing.
	cogniteClientName = "usermgmt"
)

// CogniteOption is a setting of [Cognite]. It can also stand among the options of [New]
// and [Open].
type CogniteOption interface {
	Option

	applyCognite(b *cogniteChoice)
}

type cogniteOption func(b *cogniteChoice)

func (o cogniteOption) applyCognite(b *cogniteChoice) { o(b) }

func (o cogniteOption) apply(s *settings) { s.own = append(s.own, o) }

// CogniteClientName sets the name of the program that the server is told with
// each request, in the header x-cdp-app. It has to consist of printable
// characters of Latin-1. Without it the name is "usermgmt".
func CogniteClientName(name string) CogniteOption {
	return cogniteOption(func(b *cogniteChoice) { b.clientName = &name })
}

// Cognite chooses the Postgres Gateway of a project of Cognite Data Fusion by
// the address of the cluster, such as "https://westeurope-1.cognitedata.com",
// and the name of the project. It takes [OAuth2ClientCredentials], or a
// [BearerToken].
//
// A user here is a login on a shared PostgreSQL gateway that acts with the
// rights of a session; it is no person and in no group. The server names it
// and makes its password, which are returned once and never again. A new user
// is given the nonce of a session ([SessionNonce]), which can be used once and
// for about a minute, or [OAuth2ClientCredentials] with ID and secret alone,
// from which a session is made first. To change a user's credential is to bind
// another session; name and password stay. Deleting a user leaves its session
// alive; see [CogniteUser].
//
// A group is a group of principals, which gateway users are not; its ID is a
// number and its name need not be unique. So a create looks whether the name is
// free, and of two clients that create one at the same moment both can succeed.
// The configured project is the only one. If the caller's right to read users
// is limited to some, lists hold just those: the server does not tell. What
// Cognite has beyond [UserManager] is in [CogniteExtension].
//
// If the answer to a create or to a new credential is lost, it is never sent
// again: the user is looked for by the session that it was to be bound to, as
// far as that is known, and the error tells what was found; see
// [CogniteLostAnswer].
func Cognite(baseURL, project string, opts ...CogniteOption) Backend {
	choice := &cogniteChoice{address: baseURL, project: project}
	for _, o := range opts {
		if o != nil {
			o.applyCognite(choice)
		}
	}
	return choice
}

type cogniteChoice struct {
	address    string
	project    string
	clientName *string
}

func (c *cogniteChoice) open(s *settings) (backend, error) {
	c, err := ownOptions(s, *c, CogniteOption.applyCognite)
	if err != nil {
		return nil, err
	}
	base, err := transport.ParseAddress(c.address)
	if err != nil {
		return nil, err
	}
	if s.credentials == nil {
		return nil, fault.Invalid("WithCredentials", "is required: Cognite takes OAuth2 client credentials or a bearer token")
	}
	config := s.transportConfig()
	config.BaseURL = base
	clientName := cogniteClientName
	if c.clientName != nil {
		clientName = *c.clientName
	}
	source := s.credentials
	b := &cogniteBackend{source: source}
	b.api, err = cognite.New(cognite.Config{
		Transport: config,
		Project:   c.project,
		Credential: func(ctx context.Context) (cognite.Credential, error) {
			credential, err := source.Credential(ctx)
			if err != nil {
				return cognite.Credential{}, err
			}
			return cogniteCredential(credential)
		},
		SDK:        "usermgmt-go:" + Version,
		ClientName: clientName,
		Cause:      cogniteCause,
	})
	if err != nil {
		return nil, err
	}
	if static, ok := source.(Credential); ok {
		if err := b.checkCredential(static); err != nil {
			b.api.Close()
			return nil, err
		}
	}
	return b, nil
}

// cogniteCredential returns what to log in with.
func cogniteCredential(credential Credential) (cognite.Credential, error) {
	switch c := credential.(type) {
	case BearerTokenCredential:
		if c.Token.IsZero() {
			return cognite.Credential{}, fault.Invalid("WithCredentials", "needs a token")
		}
		return cognite.Credential{Token: c.Token.Reveal()}, nil
	case OAuth2ClientCredentials:
		return cognite.Credential{
			TokenURL: c.TokenURL, ClientID: c.ClientID, ClientSecret: c.ClientSecret.Reveal(), Scopes: c.Scopes, Params: c.Params,
		}, nil
	case nil:
		return cognite.Credential{}, fault.Invalid("WithCredentials", "yielded no credential")
	default:
		return cognite.Credential{}, fault.Invalid("WithCredentials", "%s", wrongCredential(credential, "Cognite takes OAuth2 client credentials or a bearer token"))
	}
}

// checkCredential refuses a credential that no login can succeed with.
func (b *cogniteBackend) checkCredential(credential Credential) error {
	login, err := cogniteCredential(credential)
	if err == nil && login.Token == "" {
		err = b.api.CheckOAuth(login)
	}
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Fields["WithCredentials"] == "" {
		return fault.Invalid("WithCredentials", "cannot be used: %s", f.Message)
	}
	return err
}

// cogniteBackend is the adapter for the Postgres Gateway.
type cogniteBackend struct {
	noAccountState

	api    *cognite.Client
	source CredentialSource
	groups keyLocks // that a name is free is for us to find out
}

var _ backend = (*cogniteBackend)(nil)

func (b *cogniteBackend) Name() string { return cogniteName }

var cogniteCapabilities = NewCapabilities(
	CapCreateUser, CapGetUser, CapListUsers, CapUpdateUser, CapDeleteUser, CapCurrentUser,
	CapCreateGroup, CapGetGroup, CapListGroups, CapDeleteGroup, CapGetProject, CapListProjects,
)

func (b *cogniteBackend) Capabilities() Capabilities { return cogniteCapabilities }

func (b *cogniteBackend) Close() error {
	b.api.Close()
	return nil
}

func (b *cogniteBackend) GetUser(ctx context.Context, req GetUserRequest) (User, error) {
	if _, err := cogniteInput(req.Extension); err != nil {
		return User{}, err
	}
	return b.get(ctx, req.Name)
}

func (b *cogniteBackend) get(ctx context.Context, name string) (User, error) {
	user, err := b.api.GetUser(ctx, name)
	if err != nil {
		return User{}, err
	}
	return fromCogniteUser(user).User, nil
}

func (b *cogniteBackend) ListUsers(ctx context.Context, req ListUsersRequest) iter.Seq2[User, error] {
	input, _ := req.Extension.(CogniteUserList)
	return func(yield func(User, error) bool) {
		for user, err := range b.api.ListUsers(ctx, input.Limit) {
			if err != nil {
				yield(User{}, err)
				return
			}
			if !yield(fromCogniteUser(user).User, nil) {
				return
			}
		}
	}
}

func (b *cogniteBackend) DeleteUser(ctx context.Context, req DeleteUserRequest) error {
	input, err := cogniteInput(req.Extension, cogniteRevokes)
	if err != nil {
		return err
	}
	if !input.RevokeSession {
		return b.api.DeleteUser(ctx, req.Name, req.IgnoreMissing)
	}
	user, err := b.api.GetUser(ctx, req.Name)
	if err != nil {
		return ignoreMissing(err, req.IgnoreMissing)
	}
	err = b.api.DeleteUser(ctx, req.Name, req.IgnoreMissing)
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Ambiguous && user.SessionID != 0 {
		// If the user is gone, nothing else tells which session is left.
		f.Err = &CogniteLostAnswer{SessionID: user.SessionID, Outcome: CogniteUnknown, Err: f.Err}
	}
	if err != nil || user.SessionID == 0 {
		return err
	}
	_, err = b.api.RevokeSessions(ctx, []int64{user.SessionID})
	return written(aboutSession(user.SessionID, err))
}

// cogniteFor makes a backend of the URL of [Open], whose path is the project.
func cogniteFor(u *url.URL, scheme string) (Backend, error) {
	origin := &url.URL{Scheme: scheme, Host: u.Host}
	segment := strings.TrimPrefix(u.EscapedPath(), "/")
	project, err := url.PathUnescape(segment)
	if err != nil || project == "" || strings.Contains(segment, "/") {
		return nil, fault.Invalid("url", "must name the project, such as cognite://host/project")
	}
	return Cognite(origin.String(), project), nil
}
