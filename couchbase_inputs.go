package usermgmt

import "time"

// CouchbaseDomain is one of the two name spaces of Couchbase's users. The same
// name can stand in both, for two users.
type CouchbaseDomain string

// The domains.
const (
	// CouchbaseLocal holds the users whose passwords the cluster keeps. It is
	// what every call is about that names no domain.
	CouchbaseLocal CouchbaseDomain = "local"
	// CouchbaseExternal holds the users that LDAP, SAML or tokens vouch for.
	CouchbaseExternal CouchbaseDomain = "external"
	// CouchbaseAllDomains is both, for lists alone.
	CouchbaseAllDomains CouchbaseDomain = "all"
)

// CouchbaseUser is the [UserExtension] of Couchbase. A field that has no
// meaning for the call is refused with [ErrInvalidArgument].
type CouchbaseUser struct {
	// Domain is the domain of the user, [CouchbaseLocal] if empty. It is for
	// every call.
	Domain CouchbaseDomain
	// Locked makes a user that cannot log in until it is enabled; it is for
	// CreateUser. It needs Couchbase Server 8.0 and a local user.
	Locked bool
	// MustChangePassword makes the user choose another password before it can
	// do anything else, or no longer; nil leaves it. It is for CreateUser and
	// UpdateUser, and needs Couchbase Server 8.0 and a local user.
	MustChangePassword *bool
}

func (CouchbaseUser) extensionOf() string { return couchbaseName }
func (CouchbaseUser) userExtension()      {}

// CouchbaseUserList is the [UserListExtension] of Couchbase.
type CouchbaseUserList struct {
	// Domain is what to list, [CouchbaseLocal] if empty.
	Domain CouchbaseDomain
	// Contains limits the list to users with this text in their name or
	// display name, in upper or lower case; empty does not limit it.
	Contains string
	// Permission limits the list to users that hold a permission, such as
	// "cluster.bucket[b].data.docs!read"; empty does not limit it.
	Permission string
	// SortBy is the order: "id", "name", "domain", "password_change_timestamp"
	// or, from Couchbase Server 8.0, "locked" and "last_activity_time"; empty
	// is no particular order, unless PageSize is set, which orders by "id".
	SortBy string
	// Descending reverses the order.
	Descending bool
	// PageSize makes the list come in pages of 2 to 100 users; 0 lets the
	// server send it whole, which is still read in bounded memory. Contains and SortBy
	// need pages: with them 0 is 100. A page shows the users of the moment in which
	// it is read.
	PageSize int
}

func (CouchbaseUserList) extensionOf() string { return couchbaseName }
func (CouchbaseUserList) userListExtension()  {}

// CouchbaseGroup is the [GroupExtension] of Couchbase.
type CouchbaseGroup struct {
	// LDAPRef is the distinguished name of the LDAP group whose members are
	// also members of this one. "" takes it away; nil leaves it.
	LDAPRef *string
}

func (CouchbaseGroup) extensionOf() string { return couchbaseName }
func (CouchbaseGroup) groupExtension()     {}

// CouchbaseGroupList is the [GroupListExtension] of Couchbase.
type CouchbaseGroupList struct {
	// Contains limits the list to groups with this text in their name or
	// description; empty does not limit it.
	Contains string
	// SortBy is the order: "id", "description", "roles" or "ldap_group_ref";
	// empty is no particular order, unless PageSize is set.
	SortBy string
	// Descending reverses the order.
	Descending bool
	// PageSize is as in [CouchbaseUserList].
	PageSize int
}

func (CouchbaseGroupList) extensionOf() string { return couchbaseName }
func (CouchbaseGroupList) groupListExtension() {}

// CouchbaseUserRecord is a user with all that Couchbase tells of it.
type CouchbaseUserRecord struct {
	User

	// ExternalGroups are the groups that LDAP puts the user into.
	ExternalGroups []string
	// Origins tells for each of [User.EffectiveRoles], in the same order, where
	// it comes from.
	Origins []CouchbaseRoleOrigin
	// Passwordless is set if the password is empty.
	Passwordless bool
	// MustChangePassword is set if the user has to choose another password.
	MustChangePassword bool
	// PasswordChangedAt is when the password was last set, zero if unknown.
	// Before Couchbase Server 8.0 it is off by the server's time zone.
	PasswordChangedAt time.Time
	// LastActivityAt is when the user was last seen, zero if that is not
	// tracked; see [CouchbaseExtension.SetUserActivity].
	LastActivityAt time.Time
}

// CouchbaseRoleOrigin tells where a user's role comes from.
type CouchbaseRoleOrigin struct {
	// Role is the role.
	Role Role
	// Direct is set if the user itself holds it.
	Direct bool
	// Groups are the groups that bring it, sorted.
	Groups []string
}

// CouchbaseGroupRecord is a group with all that Couchbase tells of it.
type CouchbaseGroupRecord struct {
	Group

	// LDAPRef is the distinguished name of the LDAP group whose members are
	// also members of this one, empty if there is none.
	LDAPRef string
}
