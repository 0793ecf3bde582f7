package usermgmt

import (
	"time"

	"github.com/usermgmt/usermgmt/internal/cognite"
)

// CogniteUserRecord is a user with what only Cognite tells.
type CogniteUserRecord struct {
	User

	// SessionID is the session with whose rights the user acts, 0 if it has none.
	SessionID int64
}

// CogniteCreatedUser is a user just created with what only Cognite tells.
type CogniteCreatedUser struct {
	CreatedUser

	// SessionID is the session with whose rights the user acts.
	SessionID int64
}

// CogniteSessionType is how a session comes to its rights.
type CogniteSessionType string

// The types of sessions.
const (
	// CogniteClientCredentials: with the ID and secret of an OAuth 2.0 client.
	// The server renews such a session, which makes it the one for users that
	// are to last.
	CogniteClientCredentials CogniteSessionType = "CLIENT_CREDENTIALS" //nolint:gosec // the name of a type
	// CogniteTokenExchange: with the token that this client is logged in with.
	CogniteTokenExchange CogniteSessionType = "TOKEN_EXCHANGE"
	// CogniteOneshotTokenExchange: as CogniteTokenExchange, and never renewed. A
	// user of such a session stops working when the token ends.
	CogniteOneshotTokenExchange CogniteSessionType = "ONESHOT_TOKEN_EXCHANGE" //nolint:gosec // the name of a type
)

// CogniteStatus is the state of a session.
type CogniteStatus string

// The states of sessions.
const (
	// CogniteReady: the nonce was not used yet.
	CogniteReady CogniteStatus = "READY"
	// CogniteActive: the session is in use.
	CogniteActive CogniteStatus = "ACTIVE"
	// CogniteCancelled: the nonce was not used in time.
	CogniteCancelled CogniteStatus = "CANCELLED"
	// CogniteExpired: the session ended and was not renewed.
	CogniteExpired CogniteStatus = "EXPIRED"
	// CogniteRevoked: the session was revoked.
	CogniteRevoked CogniteStatus = "REVOKED"
	// CogniteAccessLost: the principal lost its access.
	CogniteAccessLost CogniteStatus = "ACCESS_LOST"
)

// CogniteSessionRequest says how a session comes to its rights.
type CogniteSessionRequest struct {
	// Type is the type of the session. Empty means client credentials if
	// ClientID is set or if the client itself logs in with them, and else a
	// token exchange.
	Type CogniteSessionType
	// ClientID is the OAuth 2.0 client of a session of client credentials.
	// Empty means that with which this client logs in.
	ClientID string
	// ClientSecret proves it.
	ClientSecret Secret
}

// CogniteSession is a session: rights to act with.
type CogniteSession struct {
	// ID is the server's number for the session.
	ID int64
	// Nonce binds the session to a user, once and within about a minute:
	// SessionNonceCredential{Nonce: session.Nonce}. It is empty but for a
	// session just made.
	Nonce Secret
	// Type is how the session came to its rights. Revoking tells no more than
	// the ID to a caller who may not list sessions.
	Type CogniteSessionType
	// Status is the state of the session.
	Status CogniteStatus
	// CreatedAt is when it was made, zero if unknown.
	CreatedAt time.Time
	// ExpiresAt is when it ends unless the server renews it, zero if unknown.
	ExpiresAt time.Time
	// ClientID is the OAuth 2.0 client that it was made for, if there is one.
	ClientID string
}

// CogniteGroupRecord is a group with what only Cognite tells.
type CogniteGroupRecord struct {
	Group
	CogniteGroup

	// GroupID is the server's number for the group, which is the ID as a text.
	GroupID int64
	// Deleted is set on a group that was deleted.
	Deleted bool
	// DeletedAt is when that was.
	DeletedAt time.Time
}

// CogniteToken is what the server says of the token that the client uses.
type CogniteToken struct {
	// Subject is the principal that the token is of.
	Subject string
	// Projects are the projects that it gives access to.
	Projects []CogniteTokenProject
	// Capabilities are what it permits, each with the projects where it does.
	Capabilities []CogniteCapability
}

// CogniteTokenProject is a project that a token gives access to.
type CogniteTokenProject struct {
	// Name is the name of the project.
	Name string
	// Groups are the numbers of the groups that the principal is in.
	Groups []int64
}

// CogniteProfile is what is known of a principal, which is no user of the
// gateway.
type CogniteProfile struct {
	// ID identifies the principal and never changes.
	ID string
	// GivenName is the first name.
	GivenName string
	// Surname is the last name.
	Surname string
	// Email is the address that the identity provider tells. It can change.
	Email string
	// DisplayName is the name for people to read.
	DisplayName string
	// JobTitle is the title of the job.
	JobTitle string
	// UpdatedAt is when the profile last changed.
	UpdatedAt time.Time
}

func fromCogniteUser(user cognite.User) CogniteUserRecord {
	return CogniteUserRecord{
		User:      User{Name: user.Username, CreatedAt: user.CreatedTime.Time(), UpdatedAt: user.LastUpdatedTime.Time()},
		SessionID: user.SessionID,
	}
}

// fromCogniteCreated returns what is known of a user just created. A password
// is kept also if the answer says nothing else: no call shows it again.
func fromCogniteCreated(user CogniteUserRecord, made cognite.CreatedUser) CogniteCreatedUser {
	created := CogniteCreatedUser{CreatedUser: CreatedUser{User: user.User, Host: made.Host}, SessionID: user.SessionID}
	if made.Password != "" {
		created.Credential = Password(user.Name, made.Password)
	}
	return created
}

func fromCogniteSession(session cognite.Session) CogniteSession {
	return CogniteSession{
		ID: session.ID, Type: CogniteSessionType(session.Type), Status: CogniteStatus(session.Status),
		CreatedAt: session.CreationTime.Time(), ExpiresAt: session.ExpirationTime.Time(), ClientID: session.ClientID,
	}
}

func fromCogniteProfile(profile cognite.Profile) CogniteProfile {
	return CogniteProfile{
		ID: profile.ID, GivenName: profile.GivenName, Surname: profile.Surname, Email: profile.Email,
		DisplayName: profile.DisplayName, JobTitle: profile.JobTitle, UpdatedAt: profile.LastUpdatedTime.Time(),
	}
}

// converted returns what convert makes of each item, nil of none.
func converted[From, To any](items []From, convert func(From) To) []To {
	if len(items) == 0 {
		return nil
	}
	list := make([]To, len(items))
	for i, item := range items {
		list[i] = convert(item)
	}
	return list
}
