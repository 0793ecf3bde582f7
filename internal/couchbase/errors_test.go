package couchbase

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	const forbidden = `{"message":"Forbidden. User needs the following permissions","permissions":["cluster.admin.users!write"]}`
	const roles = `Cannot assign roles to user because the following roles are unknown, malformed or role parameters are undefined: `
	for _, test := range []struct {
		request string // method and last part of the path
		status  int
		body    string
		want    fault.Error
	}{
		{"PUT", 400, `{"errors":{"password":"The password must be at least 6 characters long.","_":"Username must not be empty"}}`, fault.Error{
			Kind: fault.InvalidArgument, Message: "Username must not be empty; password: The password must be at least 6 characters long.",
			Fields: map[string]string{"password": "The password must be at least 6 characters long.", "_": "Username must not be empty"},
		}},
		{"PUT", 400, `{"errors":{"roles":"` + roles + `[data_reader[b:s,c],x]"}}`, fault.Error{
			Kind: fault.InvalidArgument, Message: "roles: " + roles + "[data_reader[b:s,c],x]", Resource: "role", Name: "data_reader[b:s,c]",
			Fields: map[string]string{"roles": roles + "[data_reader[b:s,c],x]"},
		}},
		{"PUT", 400, `{"errors":{"groups":"Groups do not exist: g1,g2"}}`, fault.Error{
			Kind: fault.InvalidArgument, Message: "groups: Groups do not exist: g1,g2", Resource: "group", Name: "g1",
			Fields: map[string]string{"groups": "Groups do not exist: g1,g2"},
		}},
		{"PUT", 400, `{"errors":{"groups":"User groups require enterprise edition"}}`, unsupported("groups", "User groups require enterprise edition")},
		{"PUT", 400, `{"errors":{"locked":"Supported in enterprise edition only"}}`, unsupported("locked", "Supported in enterprise edition only")},
		{"PUT", 400, `{"errors":{"_":"You cannot create any more users on Community Edition."}}`, fault.Error{
			Kind: fault.Unsupported, Message: "You cannot create any more users on Community Edition.",
			Fields: map[string]string{"_": "You cannot create any more users on Community Edition."},
		}},
		{"PUT", 400, `{"errors":{"locked":"Unsupported key"}}`, unsupported("locked", "Unsupported key")},
		{"PUT", 400, `{"errors":{"temporaryPassword":"Unsupported key"}}`, unsupported("temporaryPassword", "Unsupported key")},
		{"PATCH", 400, `{"errors":{"password":"Unsupported key"}}`, unsupported("password", "Unsupported key")},
		{"PUT", 400, `{"errors":{"password":"Unsupported key"}}`, fault.Error{
			Kind: fault.InvalidArgument, Message: "password: Unsupported key", Fields: map[string]string{"password": "Unsupported key"},
		}},
		{"GET", 400, "This http API endpoint requires enterprise edition", fault.Error{Kind: fault.Unsupported, Message: "This http API endpoint requires enterprise edition"}},
		{"GET", 400, "This http API endpoint isn't supported in mixed version clusters", fault.Error{Kind: fault.Unsupported, Message: "This http API endpoint isn't supported in mixed version clusters"}},
		{"POST", 400, "API is accessible from localhost only", fault.Error{Kind: fault.PermissionDenied, Message: "API is accessible from localhost only"}},
		{"POST", 400, `"Malformed permissions: [x]."`, fault.Error{Kind: fault.InvalidArgument, Message: "Malformed permissions: [x]."}},
		{"POST", 400, "Bad Request", fault.Error{Kind: fault.InvalidArgument, Message: "Bad Request"}},
		{"GET", 401, "", fault.Error{Kind: fault.Unauthenticated, Message: "Unauthorized"}},
		{"GET", 401, `{"errors":"Token expired"}`, fault.Error{Kind: fault.Unauthenticated, Message: "Token expired"}},
		{"PUT", 403, forbidden, fault.Error{
			Kind: fault.PermissionDenied, Message: "Forbidden. User needs the following permissions", Permissions: []string{"cluster.admin.users!write"},
		}},
		{"GET", 403, `{"message":"Password expired","passwordExpired":true}`, fault.Error{Kind: fault.PermissionDenied, Code: "passwordExpired", Message: "Password expired"}},
		{"GET", 403, `"Forbidden"`, fault.Error{Kind: fault.PermissionDenied, Message: "Forbidden"}},
		{"GET", 404, `"Unknown user."`, fault.Error{Kind: fault.NotFound, Message: "Unknown user."}},
		{"DELETE", 404, `"User was not found."`, fault.Error{Kind: fault.NotFound, Message: "User was not found."}},
		{"GET", 404, `"Unknown group."`, fault.Error{Kind: fault.NotFound, Message: "Unknown group."}},
		{"DELETE", 404, `"Group was not found."`, fault.Error{Kind: fault.NotFound, Message: "Group was not found."}},
		{"GET", 404, `"Unknown user domain."`, fault.Error{Kind: fault.InvalidArgument, Message: "Unknown user domain."}},
		{"POST", 404, `"Changing of password is not allowed for this user."`, fault.Error{Kind: fault.Unsupported, Message: "Changing of password is not allowed for this user."}},
		{"GET", 404, `"LDAP is disabled."`, fault.Error{Kind: fault.Unsupported, Message: "LDAP is disabled."}},
		{"GET lookupLDAPUser", 404, `"LDAP user was not found."`, fault.Error{Kind: fault.NotFound, Message: "LDAP user was not found."}},
		{"GET users/lookupLDAPUser", 404, `"Something new."`, fault.Error{Kind: fault.Unsupported, Message: "Something new."}},
		{"GET", 404, `"Something new."`, fault.Error{Kind: fault.Unsupported, Message: "Something new."}},
		{"GET", 404, "Object Not Found", fault.Error{Kind: fault.Unsupported, Message: "Object Not Found"}},
		{"GET", 404, "Requested resource not found.\r\n", fault.Error{Kind: fault.Unsupported, Message: "Requested resource not found."}},
		{"GET", 404, "Cluster uuid does not match the requested.\r\n", fault.Error{Kind: fault.Unavailable, Message: "Cluster uuid does not match the requested."}},
		{"PUT", 405, "Method Not Allowed", fault.Error{Kind: fault.Unsupported, Message: "Method Not Allowed"}},
		{"PUT", 409, "", fault.Error{Kind: fault.Conflict, Message: "Conflict"}},
		{"PUT", 413, "", fault.Error{Kind: fault.InvalidArgument, Message: "Request Entity Too Large"}},
		{"PUT", 418, "7", fault.Error{Kind: fault.Internal, Message: "I'm a teapot"}},
		{"PUT", 500, `["Unexpected server error, request logged."]`, fault.Error{Kind: fault.Unavailable, Message: "Unexpected server error, request logged."}},
		{"PUT", 502, "<html>Bad Gateway</html>", fault.Error{Kind: fault.Unavailable, Message: "Bad Gateway"}},
		{"PUT", 503, "Not allowed during cluster upgrade.", fault.Error{Kind: fault.Unavailable, Message: "Not allowed during cluster upgrade.", NotExecuted: true}},
		{"PUT", 503, `"Temporary error occurred. Please try again later."`, fault.Error{Kind: fault.Unavailable, Message: "Temporary error occurred. Please try again later.", NotExecuted: true}},
		{"PUT", 503, "Service is temporarily unavailable", fault.Error{Kind: fault.Unavailable, Message: "Service is temporarily unavailable"}},
	} {
		method, rest, _ := strings.Cut(test.request, " ")
		path := append([]string{"settings", "rbac"}, strings.Split(rest, "/")...)
		got := classify(&transport.Request{Method: method, Path: path}, test.status, http.Header{}, []byte(test.body))
		assert.Equal(t, test.want, *got, "%d %s", test.status, test.body)
	}
}

func unsupported(field, text string) fault.Error {
	return fault.Error{Kind: fault.Unsupported, Message: field + ": " + text, Fields: map[string]string{field: text}}
}

func FuzzClassify(f *testing.F) {
	f.Add(400, `{"errors":{"roles":"roles are unknown, malformed or role parameters are undefined: [a[b],c]"}}`)
	f.Add(404, `"Unknown user."`)
	f.Add(403, `{"message":"m","permissions":["p"]}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		got := classify(&transport.Request{Method: "PUT"}, status, http.Header{}, []byte(body))
		require.NotNil(t, got)
		if utf8.ValidString(body) {
			require.True(t, utf8.ValidString(got.Message))
		}
	})
}
