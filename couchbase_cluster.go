package usermgmt

import (
	"context"
	"time"

	"github.com/usermgmt/usermgmt/internal/couchbase"
	"github.com/usermgmt/usermgmt/internal/fault"
)

// CouchbaseIdentity is who the client is logged in as.
type CouchbaseIdentity struct {
	// Name is the user's name.
	Name string
	// Domain is "local", "external", or "admin" for the built-in
	// administrator, who is not among the users.
	Domain string
	// DisplayName is the name for people to read, empty if there is none.
	DisplayName string
	// EffectiveRoles are the roles that the user holds itself or by groups.
	EffectiveRoles []Role
	// PasswordChangedAt is as in [CouchbaseUserRecord].
	PasswordChangedAt time.Time
}

// CouchbaseServer is what a cluster tells of itself.
type CouchbaseServer struct {
	// Version is the version of the node that was asked, such as
	// "8.0.0-3777-enterprise".
	Version string
	// Enterprise is set for the Enterprise Edition.
	Enterprise bool
	// ClusterUUID is the cluster's UUID; see [CouchbaseClusterUUID].
	ClusterUUID string
}

// CouchbasePasswordPolicy says which passwords local users can be given.
// Present passwords are not checked against it.
type CouchbasePasswordPolicy struct {
	// MinLength is the least number of bytes, 0 to 100.
	MinLength int
	// Uppercase demands an upper-case letter.
	Uppercase bool
	// Lowercase demands a lower-case letter.
	Lowercase bool
	// Digits demands a digit.
	Digits bool
	// SpecialChars demands a special character.
	SpecialChars bool
}

// CouchbaseMechanisms tells which services beside the cluster vouch for users
// of the domain external.
type CouchbaseMechanisms struct {
	// LDAP is set if an LDAP server does.
	LDAP bool
	// SAML is set if a SAML identity provider does.
	SAML bool
	// SASLAuthd is set if the saslauthd daemon does.
	SASLAuthd bool
}

// CouchbaseActivity says whose activity the cluster tracks.
type CouchbaseActivity struct {
	// Enabled switches tracking on.
	Enabled bool
	// Roles are the names of roles whose holders are tracked.
	Roles []string
	// Groups are the groups whose members are tracked.
	Groups []string
}

// CouchbaseLDAPUser is what LDAP tells of a user.
type CouchbaseLDAPUser struct {
	CouchbaseUserRecord

	// RecordExists is set if the cluster keeps the user in domain external.
	RecordExists bool
}

// CouchbaseDataConnection is what a data client, such as the SDK for
// documents and queries, needs beside a user's name and password.
type CouchbaseDataConnection struct {
	// ConnectionString names the cluster's hosts for a data client.
	ConnectionString string
	// Network is the network option to give to it, empty for its default.
	Network string
}

// ChangePassword changes the password of the user that the client is logged
// in as, who needs no permission for that; it is the way out for a user that
// must change its password. It sends POST /controller/changePassword, and
// never twice. Afterwards the client's own credentials are void: unless they
// come from a [CredentialSource] that yields the new ones, calls fail with
// [ErrUnauthenticated].
func (e *CouchbaseExtension) ChangePassword(ctx context.Context, newPassword Secret) error {
	return extendDo(ctx, e.client, couchbaseTarget("ChangePassword", "user", ""), func(v *validator) {
		if newPassword.IsZero() {
			v.problemf("newPassword", "must not be empty")
		}
	}, func(ctx context.Context) error {
		return e.backend.api.ChangePassword(ctx, newPassword.Reveal())
	})
}

// PasswordPolicy returns the password policy. It sends GET
// /settings/passwordPolicy.
func (e *CouchbaseExtension) PasswordPolicy(ctx context.Context) (CouchbasePasswordPolicy, error) {
	return extend(ctx, e.client, couchbaseTarget("PasswordPolicy", "password policy", ""), nil, func(ctx context.Context) (CouchbasePasswordPolicy, error) {
		policy, err := e.backend.api.PasswordPolicy(ctx)
		return CouchbasePasswordPolicy(policy), err
	})
}

// SetPasswordPolicy replaces the whole password policy. It sends POST
// /settings/passwordPolicy.
func (e *CouchbaseExtension) SetPasswordPolicy(ctx context.Context, policy CouchbasePasswordPolicy) error {
	return extendDo(ctx, e.client, couchbaseTarget("SetPasswordPolicy", "password policy", ""), nil, func(ctx context.Context) error {
		if policy.MinLength < 0 || policy.MinLength > 100 {
			return fault.Invalid("MinLength", "must be from 0 to 100")
		}
		return e.backend.api.SetPasswordPolicy(ctx, couchbase.PasswordPolicy(policy))
	})
}

// WhoAmI returns who the client is logged in as. It sends GET /whoami, which
// everybody may.
func (e *CouchbaseExtension) WhoAmI(ctx context.Context) (CouchbaseIdentity, error) {
	return extend(ctx, e.client, couchbaseTarget("WhoAmI", "user", ""), nil, func(ctx context.Context) (CouchbaseIdentity, error) {
		me, err := e.backend.api.WhoAmI(ctx)
		if err != nil {
			return CouchbaseIdentity{}, err
		}
		user := fromCouchbaseIdentity(me)
		return CouchbaseIdentity{
			Name: user.Name, Domain: user.Domain, DisplayName: user.DisplayName,
			EffectiveRoles: user.EffectiveRoles, PasswordChangedAt: me.PasswordChanged,
		}, nil
	})
}

// CheckPermissions tells for each permission, such as
// "cluster.admin.users!write", whether the client's user has it. It sends POST
// /pools/default/checkPermissions, nothing for no permissions.
func (e *CouchbaseExtension) CheckPermissions(ctx context.Context, permissions ...string) (map[string]bool, error) {
	return extend(ctx, e.client, couchbaseTarget("CheckPermissions", "permission", ""), func(v *validator) {
		for i, permission := range permissions {
			v.name(indexed("permissions", i), permission)
		}
	}, func(ctx context.Context) (map[string]bool, error) {
		if len(permissions) == 0 {
			return map[string]bool{}, nil
		}
		return e.backend.api.CheckPermissions(ctx, permissions...)
	})
}

// Mechanisms returns which services vouch for users of the domain external. It
// sends GET /settings/rbac, which Couchbase Server has from 8.0.
func (e *CouchbaseExtension) Mechanisms(ctx context.Context) (CouchbaseMechanisms, error) {
	return extend(ctx, e.client, couchbaseTarget("Mechanisms", "user", ""), nil, func(ctx context.Context) (CouchbaseMechanisms, error) {
		mechanisms, err := e.backend.api.Mechanisms(ctx)
		return CouchbaseMechanisms(mechanisms), err
	})
}

// LookupLDAPUser asks LDAP about a user. It fails with [ErrNotFound] if LDAP
// does not know it and with [ErrUnsupported] if the cluster uses no LDAP. It
// sends GET /settings/rbac/lookupLDAPUser/{name}.
func (e *CouchbaseExtension) LookupLDAPUser(ctx context.Context, name string) (CouchbaseLDAPUser, error) {
	return extend(ctx, e.client, couchbaseTarget("LookupLDAPUser", "user", name), named(name), func(ctx context.Context) (CouchbaseLDAPUser, error) {
		found, err := e.backend.api.LookUpLDAPUser(ctx, name)
		if err != nil {
			return CouchbaseLDAPUser{}, err
		}
		return CouchbaseLDAPUser{CouchbaseUserRecord: fromCouchbaseRecord(found.User), RecordExists: found.RecordExists}, nil
	})
}

// UserActivity returns whose activity is tracked. It sends GET
// /settings/security/userActivity, which Couchbase Server has from 8.0.
func (e *CouchbaseExtension) UserActivity(ctx context.Context) (CouchbaseActivity, error) {
	return extend(ctx, e.client, couchbaseTarget("UserActivity", "user activity", ""), nil, func(ctx context.Context) (CouchbaseActivity, error) {
		activity, err := e.backend.api.UserActivity(ctx)
		return CouchbaseActivity(activity), err
	})
}

// SetUserActivity replaces whose activity is tracked. It sends POST
// /settings/security/userActivity, which Couchbase Server has from 8.0.
func (e *CouchbaseExtension) SetUserActivity(ctx context.Context, activity CouchbaseActivity) error {
	return extendDo(ctx, e.client, couchbaseTarget("SetUserActivity", "user activity", ""), nil, func(ctx context.Context) error {
		return e.backend.api.SetUserActivity(ctx, couchbase.UserActivity(activity))
	})
}

// Server returns what the cluster tells of itself. It sends GET /pools.
func (e *CouchbaseExtension) Server(ctx context.Context) (CouchbaseServer, error) {
	return extend(ctx, e.client, couchbaseTarget("Server", "cluster", ""), nil, func(ctx context.Context) (CouchbaseServer, error) {
		server, err := e.backend.api.Server(ctx)
		if err != nil {
			return CouchbaseServer{}, err
		}
		e.backend.learn(server)
		return CouchbaseServer{Version: server.Version, Enterprise: server.Enterprise, ClusterUUID: server.UUID}, nil
	})
}

// DataConnection returns what a data client needs to reach the same cluster.
// It sends nothing.
func (e *CouchbaseExtension) DataConnection() CouchbaseDataConnection {
	connectionString, network := e.backend.api.DataAddress()
	return CouchbaseDataConnection{ConnectionString: connectionString, Network: network}
}
