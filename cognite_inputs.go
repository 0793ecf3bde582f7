package usermgmt

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/usermgmt/usermgmt/internal/cognite"
	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// CogniteUser is an extension of requests about users.
type CogniteUser struct {
	// RevokeSession makes [DeleteUserRequest] revoke the session of the user
	// after the user is gone. It can take an hour until its rights are gone. If
	// the revocation fails, the error is about the session and ambiguous,
	// because the user was deleted. If the answer to the delete is lost, the
	// session is not revoked and the cause is a [*CogniteLostAnswer] with its
	// ID.
	RevokeSession bool
	// SessionID tells [CreateUserRequest] and [UpdateUserRequest] which session
	// the nonce of the credential belongs to, so that the user can be looked
	// for by it if the answer is lost. 0 does not tell.
	SessionID int64
}

func (CogniteUser) extensionOf() string { return cogniteName }

func (CogniteUser) userExtension() {}

// CogniteUserList is an extension of [ListUsersRequest].
type CogniteUserList struct {
	// Limit is how many users the list yields at most, all if it is 0.
	Limit int
}

func (CogniteUserList) extensionOf() string { return cogniteName }

func (CogniteUserList) userListExtension() {}

// CogniteGroupList is an extension of [ListGroupsRequest].
type CogniteGroupList struct {
	// OwnOnly lists the groups that the caller is in, which needs no
	// permission. Without it all are listed.
	OwnOnly bool
}

func (CogniteGroupList) extensionOf() string { return cogniteName }

func (CogniteGroupList) groupListExtension() {}

// CogniteGroup says what a group is beside its name: an extension of
// [CreateGroupRequest].
type CogniteGroup struct {
	// SourceID is the group of the identity provider whose members are those of
	// this one. It excludes Members and AllUserAccounts.
	SourceID string
	// Members are the IDs of the principals in it; nil if the group has no list
	// of members. Users of the gateway cannot be members.
	Members []string
	// AllUserAccounts puts every principal into it, in place of Members.
	AllUserAccounts bool
	// Capabilities are what members may do.
	Capabilities []CogniteCapability
	// Metadata are texts by key: at most 16, of limited size.
	Metadata map[string]string
	// Attributes is a JSON object in Cognite's notation, "" for none.
	Attributes string
}

func (CogniteGroup) extensionOf() string { return cogniteName }

func (CogniteGroup) groupExtension() {}

// CogniteCapability is one thing that members of a group, or the holder of a
// token, may do: a JSON object in Cognite's notation, such as
//
//	{"postgresGatewayAcl":{"actions":["READ"],"scope":{"all":{}}}}
//
// Members that this package does not know are kept.
type CogniteCapability string

// NewCogniteCapability returns the capability to carry out actions, such as
// "READ", on everything that an access control list is about, such as
// "postgresGatewayAcl". Other scopes are written out.
func NewCogniteCapability(acl string, actions ...string) CogniteCapability {
	type entry struct {
		Actions []string `json:"actions"`
		Scope   struct {
			All struct{} `json:"all"`
		} `json:"scope"`
	}
	text, err := transport.Encode(map[string]entry{acl: {Actions: slices.Clone(actions)}})
	if err != nil {
		return "" // text that is no UTF-8 fits no capability, which the create says
	}
	return CogniteCapability(text)
}

// ACL returns the name of the access control list, such as
// "postgresGatewayAcl"; "" if there is none.
func (c CogniteCapability) ACL() string {
	var members map[string]jsontext.Value
	if transport.Decode([]byte(c), &members) != nil {
		return ""
	}
	for name := range members {
		if strings.HasSuffix(name, "Acl") {
			return name
		}
	}
	return ""
}

// Actions returns the actions that are permitted, nil if there are none.
func (c CogniteCapability) Actions() []string {
	var members map[string]struct {
		Actions []string `json:"actions"`
	}
	name := c.ACL()
	if name == "" || transport.Decode([]byte(c), &members) != nil {
		return nil
	}
	return members[name].Actions
}

// cogniteField is a field of [CogniteUser] that means something to a call.
type cogniteField uint8

const (
	cogniteRevokes cogniteField = iota
	cogniteBinds
)

// cogniteInput returns the extension of a request about a user, after a look
// whether all that it holds means something to the call.
func cogniteInput(extension UserExtension, taken ...cogniteField) (CogniteUser, error) {
	input, _ := extension.(CogniteUser)
	switch {
	case input.RevokeSession && !slices.Contains(taken, cogniteRevokes):
		return CogniteUser{}, fault.Invalid("Extension", "must not ask to revoke a session: that is for DeleteUser")
	case input.SessionID != 0 && !slices.Contains(taken, cogniteBinds):
		return CogniteUser{}, fault.Invalid("Extension", "must not hold the ID of a session: that is for CreateUser and UpdateUser")
	case input.SessionID < 0:
		return CogniteUser{}, fault.Invalid("Extension", "must not hold a negative session ID")
	}
	return input, nil
}

// toCogniteGroup returns a group to be created.
func toCogniteGroup(name string, input CogniteGroup) (cognite.NewGroup, error) {
	group := cognite.NewGroup{
		Name: name, SourceID: input.SourceID, Metadata: input.Metadata,
		Members: cognite.Members{All: input.AllUserAccounts, IDs: input.Members},
	}
	for _, capability := range input.Capabilities {
		group.Capabilities = append(group.Capabilities, jsontext.Value(capability))
	}
	if input.Attributes != "" {
		group.Attributes = jsontext.Value(input.Attributes)
	}
	return group, cognite.CheckGroup(group)
}
