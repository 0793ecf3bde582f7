package gocb

import (
	"errors"
	"testing"

	"github.com/couchbase/gocb/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator"
	"github.com/usermgmt/usermgmt/internal/simulator/couchbase"
)

// refusedWith asserts an error that the SDK has no name for: its text has the
// whole body, and it matches none of the errors that one would look for.
func refusedWith(t *testing.T, err error, body string) {
	t.Helper()
	var generic gocb.HTTPError
	var asHTTP *gocb.HTTPError
	require.Error(t, err)
	require.Truef(t, errors.As(err, &asHTTP) || errors.As(err, &generic), "%T", err)
	if asHTTP == nil {
		asHTTP = &generic
	}
	assert.Equal(t, body, asHTTP.InnerError.Error())
	for _, known := range []error{
		gocb.ErrUserNotFound, gocb.ErrGroupNotFound, gocb.ErrInvalidArgument, gocb.ErrAuthenticationFailure,
		gocb.ErrFeatureNotAvailable, gocb.ErrServiceNotAvailable, gocb.ErrTemporaryFailure, gocb.ErrInternalServerFailure,
	} {
		assert.NotErrorIs(t, err, known)
	}
}

func TestInvalidUsers(t *testing.T) {
	t.Parallel()
	s := start(t, couchbase.Options{})
	users := admin(t, s)
	badRole := func(text string) string {
		return `{"errors":{"roles":"Cannot assign roles to user because the following roles are unknown, malformed or role parameters are undefined: [` + text + `]"}}`
	}
	for body, u := range map[string]gocb.User{
		badRole("superhero"):                                                         {Username: "x", Password: "secret", Roles: []gocb.Role{{Name: "superhero"}}},
		badRole("data_reader"):                                                       {Username: "x", Password: "secret", Roles: []gocb.Role{{Name: "data_reader"}}},
		badRole("ro_admin[*]"):                                                       {Username: "x", Password: "secret", Roles: []gocb.Role{{Name: "ro_admin", Bucket: "*"}}},
		badRole("bucket_admin[no-such]"):                                             {Username: "x", Password: "secret", Roles: []gocb.Role{{Name: "bucket_admin", Bucket: "no-such"}}},
		badRole("data_reader[travel-sample:nowhere]"):                                {Username: "x", Password: "secret", Roles: []gocb.Role{{Name: "data_reader", Bucket: "travel-sample", Scope: "nowhere"}}},
		`{"errors":{"groups":"Groups do not exist: ghosts"}}`:                        {Username: "x", Password: "secret", Groups: []string{"ghosts"}},
		`{"errors":{"password":"Password is required for new user."}}`:               {Username: "x"},
		`{"errors":{"password":"The password must be at least 6 characters long."}}`: {Username: "x", Password: "short"},
		`{"errors":{"_":"Username cannot start with '@'"}}`:                          {Username: "@x", Password: "secret"},
		`{"errors":{"_":"Username must not contain spaces, control or any of ()<>,;:\\\"/[]?={} characters and must be valid utf8"}}`: {Username: "a/b", Password: "secret"},
	} {
		refusedWith(t, users.UpsertUser(u, nil), body)
	}
	refusedWith(t, users.UpsertUser(gocb.User{Username: "x", Password: "secret"}, &gocb.UpsertUserOptions{DomainName: external}),
		`{"errors":{"password":"Unsupported key"}}`)
	assert.Empty(t, s.Node(0).Identities())

	_, err := users.GetUser("x", &gocb.GetUserOptions{DomainName: "ldap"})
	require.ErrorIs(t, err, gocb.ErrUserNotFound, "the SDK takes an unknown domain for an unknown user")
}

func TestInvalidGroups(t *testing.T) {
	t.Parallel()
	users := admin(t, start(t, couchbase.Options{}))
	refusedWith(t, users.UpsertGroup(gocb.Group{Name: "a b"}, nil),
		`{"errors":{"_":"Group name must not contain spaces, control or any of ()<>,;:\\\"/[]?={} characters and must be valid utf8"}}`)
	refusedWith(t, users.UpsertGroup(gocb.Group{Name: "a", LDAPGroupReference: "not a dn"}, nil),
		`{"errors":{"ldap_group_ref":"Should be valid LDAP distinguished name: expected_equal_sign"}}`)

	users = admin(t, start(t, couchbase.Options{Community: true}))
	_, err := users.GetAllGroups(nil)
	refusedWith(t, err, "This http API endpoint requires enterprise edition")
	users = admin(t, start(t, couchbase.Options{Version: couchbase.V60}))
	_, err = users.GetGroup("analysts", nil)
	refusedWith(t, err, "Requested resource not found.\r\n")
}

// TestCallers has callers who may not do what they ask for. A refused login is
// known to the key-value protocol too, so these are refused later.
func TestCallers(t *testing.T) {
	t.Parallel()
	s := start(t, couchbase.Options{})
	s.SeedUser(couchbase.User{ID: "reader", Password: "secret", Roles: []string{"data_reader[*]"}})
	s.SeedUser(couchbase.User{ID: "outside", Password: "secret", Roles: []string{"user_admin_external"}})
	s.SeedUser(couchbase.User{ID: "jane", Password: "secret"})
	forbidden := func(permission string) string {
		return `{"message":"Forbidden. User needs the following permissions","permissions":["` + permission + `"]}`
	}
	reader := login(t, s, "reader", "secret")
	_, err := reader.GetAllUsers(nil)
	refusedWith(t, err, forbidden("cluster.admin.users!read"))
	refusedWith(t, reader.UpsertGroup(gocb.Group{Name: "mine"}, nil), forbidden("cluster.admin.users!write"))
	outside := login(t, s, "outside", "secret")
	refusedWith(t, outside.DropUser("jane", nil), forbidden("cluster.admin.users.local!write"))
	refusedWith(t, outside.UpsertUser(gocb.User{Username: "boss", Roles: []gocb.Role{{Name: "admin"}}}, &gocb.UpsertUserOptions{DomainName: external}),
		forbidden("cluster.admin.users.local!write"))
	all, err := outside.GetAllUsers(nil)
	require.NoError(t, err)
	assert.Empty(t, all)
}

func TestServerFailures(t *testing.T) {
	t.Parallel()
	s := start(t, couchbase.Options{})
	users := admin(t, s)
	s.SetUpgrading(true)
	refusedWith(t, users.UpsertUser(gocb.User{Username: "x", Password: "secret"}, nil), "Not allowed during cluster upgrade.")
	s.SetUpgrading(false)
	for body, effect := range map[string]simulator.Effect{
		`["Unexpected server error, request logged."]`:        couchbase.ServerError(),
		`"Temporary error occurred. Please try again later."`: couchbase.TemporaryError(),
		"Service is temporarily unavailable":                  couchbase.TimedOut(),
		"<html><body>Bad Gateway</body></html>":               couchbase.BadGateway(),
	} {
		s.Node(0).Inject(simulator.Fault{Times: 1, Effect: effect})
		_, err := users.GetAllUsers(nil)
		refusedWith(t, err, body)
	}
	s.Node(0).Inject(simulator.Fault{Times: 1, Effect: couchbase.LimitExceeded("num_concurrent_requests")})
	_, err := users.GetRoles(nil)
	require.ErrorIs(t, err, gocb.ErrRateLimitedFailure)
}

// TestEmptyNames shows where the SDK's calls end up without a name.
func TestEmptyNames(t *testing.T) {
	t.Parallel()
	s := start(t, couchbase.Options{})
	users := admin(t, s)
	require.NoError(t, users.UpsertUser(gocb.User{DisplayName: "nobody"}, nil), "the legacy route takes it")
	assert.Equal(t, []couchbase.Identity{{ID: "local", Domain: couchbase.External}}, s.Node(0).Identities())
	require.NoError(t, users.DropUser("", nil))
	assert.Empty(t, s.Node(0).Identities())
	_, err := users.GetGroup("", nil)
	require.ErrorIs(t, err, gocb.ErrInvalidArgument)
}
