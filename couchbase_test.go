package usermgmt_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

// scriptedCluster is a cluster that gives the answers it was told to give, in order,
// and notes the requests.
type scriptedCluster struct {
	mu      sync.Mutex
	answers []string // status and body
	sent    []string
}

func (s *scriptedCluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	line := r.Method + " " + r.URL.RequestURI()
	if r.Header.Get("Content-Type") == "application/x-www-form-urlencoded" {
		form, _ := url.ParseQuery(string(body))
		body = []byte(strings.ReplaceAll(form.Encode(), "&", " "))
	}
	s.sent = append(s.sent, strings.TrimSpace(line+" "+string(body)))
	if len(s.answers) == 0 {
		w.WriteHeader(http.StatusNotImplemented)
		return
	}
	var status int
	_, _ = fmt.Sscan(s.answers[0], &status)
	_, text, _ := strings.Cut(s.answers[0], " ")
	s.answers = s.answers[1:]
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// scriptedClient returns a client of a cluster that answers as told.
func scriptedClient(t *testing.T, answers ...string) (*usermgmt.Client, *scriptedCluster) {
	t.Helper()
	s := &scriptedCluster{answers: answers}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	client, err := usermgmt.New(usermgmt.Couchbase(server.URL, usermgmt.CouchbaseSeedsOnly()),
		usermgmt.WithCredentials(usermgmt.Password("Administrator", "password")),
		usermgmt.WithRetry(usermgmt.RetryPolicy{MinWait: time.Millisecond, MaxWait: time.Millisecond}))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client, s
}

func cluster(t *testing.T, m usermgmt.UserManager) *usermgmt.CouchbaseExtension {
	t.Helper()
	extension, ok := usermgmt.As[*usermgmt.CouchbaseExtension](m)
	require.True(t, ok)
	return extension
}

// What servers answer.
const (
	bareUser = `200 {"id":"bare","domain":"local","roles":[
		{"role":"admin","origins":[{"type":"group","name":"ops"}]},
		{"role":"ro_admin","origins":[{"type":"group","name":"ops"},{"type":"user"}]},
		{"role":"data_reader","bucket_name":"b","scope_name":"s","collection_name":"*","origins":[{"type":"user"}]},
		{"role":"query_select","bucket_name":"*","scope_name":"*","collection_name":"*","origins":[{"type":"user"}]}],
		"groups":["ops"],"external_groups":["ldap-ops"],"name":"Bare","uuid":"u-1","password_change_date":"2026-03-04T05:06:08Z",
		"locked":true,"temporary_password":true,"last_activity_time":"2026-03-05T05:06:08Z","passwordless":true}`
	enterprise8 = `200 {"implementationVersion":"8.0.0-3777-enterprise","isEnterprise":true,"uuid":"c-1"}`
	done        = `200 ""`
	nothing     = `200`
	noUser      = `404 "Unknown user."`
	noGroup     = `404 "Unknown group."`
	roleList    = `200 [{"role":"admin","name":"Full Admin","desc":"Everything."},
		{"role":"query_select","bucket_name":"*","scope_name":"*","collection_name":"*","name":"Query Select","desc":"Reads."},
		{"role":"bucket_admin","bucket_name":"*"},{"role":"scope_admin","bucket_name":"*","scope_name":"*"},{"role":"scope_admin","bucket_name":"b","scope_name":"*"}]`
	unchanged = "groups=ops locked=true name=Bare roles=ro_admin%2Cdata_reader%5Bb%3As%5D%2Cquery_select%5B%2A%5D temporaryPassword=true"
)

func TestCouchbaseUserRecord(t *testing.T) {
	t.Parallel()
	client, s := scriptedClient(t, bareUser, bareUser)
	user, err := client.GetUser(t.Context(), usermgmt.GetUserRequest{Name: "bare"})
	require.NoError(t, err)
	own := []usermgmt.Role{{Name: "data_reader", Scope: "b:s"}, {Name: "query_select", Scope: "*"}, {Name: "ro_admin"}}
	want := usermgmt.User{
		Name: "bare", ID: "u-1", Domain: "local", DisplayName: "Bare", Disabled: true, Groups: []string{"ops"},
		Roles: own, EffectiveRoles: slices.Concat(usermgmt.Roles("admin"), own),
	}
	assert.Equal(t, want, user)
	record, err := cluster(t, client).GetUser(t.Context(), "bare", "")
	require.NoError(t, err)
	assert.Equal(t, usermgmt.CouchbaseUserRecord{
		User: want, ExternalGroups: []string{"ldap-ops"}, Passwordless: true, MustChangePassword: true,
		Origins: []usermgmt.CouchbaseRoleOrigin{
			{Role: usermgmt.Role{Name: "admin"}, Groups: []string{"ops"}},
			{Role: own[0], Direct: true}, {Role: own[1], Direct: true},
			{Role: own[2], Direct: true, Groups: []string{"ops"}},
		},
		PasswordChangedAt: time.Date(2026, 3, 4, 5, 6, 8, 0, time.UTC),
		LastActivityAt:    time.Date(2026, 3, 5, 5, 6, 8, 0, time.UTC),
	}, record)
	assert.Equal(t, []string{"GET /settings/rbac/users/local/bare", "GET /settings/rbac/users/local/bare"}, s.sent)
}

// TestCouchbaseRequests: each call sends exactly these requests.
func TestCouchbaseRequests(t *testing.T) {
	t.Parallel()
	const user, group = "/settings/rbac/users/local/bare", "/settings/rbac/groups/ops"
	const ops = `200 {"id":"ops","roles":[{"role":"admin"}],"ldap_group_ref":"cn=ops","description":"Operators"}`
	scoped := []usermgmt.Role{{Name: "Data_Reader", Scope: "*"}, {Name: "data_writer", Scope: "b:s:c"}}
	external := usermgmt.CouchbaseUser{Domain: usermgmt.CouchbaseExternal}
	tests := map[string]struct {
		answers []string
		do      func(c *usermgmt.Client, e *usermgmt.CouchbaseExtension) error
		sent    []string
	}{
		"create": {
			[]string{noUser, done, bareUser},
			func(c *usermgmt.Client, _ *usermgmt.CouchbaseExtension) error {
				_, err := c.CreateUser(t.Context(), usermgmt.CreateUserRequest{
					Name: "bare", Credential: usermgmt.Password("", "s3cretpw"), DisplayName: "Bare", Roles: scoped, Groups: []string{"ops", "dev"},
					Extension: usermgmt.CouchbaseUser{Locked: true, MustChangePassword: new(true)},
				})
				return err
			},
			[]string{
				"GET " + user,
				"PUT " + user + " groups=ops%2Cdev locked=true name=Bare password=s3cretpw roles=data_reader%5B%2A%5D%2Cdata_writer%5Bb%3As%3Ac%5D temporaryPassword=true",
				"GET " + user,
			},
		},
		"create external": {
			[]string{noUser, done, `200 {"id":"joe","domain":"external","roles":[]}`},
			func(c *usermgmt.Client, _ *usermgmt.CouchbaseExtension) error {
				created, err := c.CreateUser(t.Context(), usermgmt.CreateUserRequest{Name: "joe", Extension: external})
				assert.Equal(t, usermgmt.CreatedUser{User: usermgmt.User{Name: "joe", Domain: "external"}}, created)
				return err
			},
			[]string{"GET /settings/rbac/users/external/joe", "PUT /settings/rbac/users/external/joe roles=", "GET /settings/rbac/users/external/joe"},
		},
		"update name": {
			[]string{bareUser, done, bareUser},
			func(c *usermgmt.Client, _ *usermgmt.CouchbaseExtension) error {
				_, err := c.UpdateUser(t.Context(), usermgmt.UpdateUserRequest{Name: "bare", DisplayName: new("Zoë")})
				return err
			},
			[]string{"GET " + user, "PUT " + user + " " + strings.Replace(unchanged, "name=Bare", "name=Zo%C3%AB", 1), "GET " + user},
		},
		"update password": {
			[]string{bareUser, done, bareUser},
			func(c *usermgmt.Client, _ *usermgmt.CouchbaseExtension) error {
				_, err := c.UpdateUser(t.Context(), usermgmt.UpdateUserRequest{Name: "bare", Credential: usermgmt.Password("", "fresh-1")})
				return err
			},
			[]string{"GET " + user, "PUT " + user + " " + strings.Replace(unchanged, " roles", " password=fresh-1 roles", 1), "GET " + user},
		},
		"update flag": {
			[]string{bareUser, done, bareUser},
			func(c *usermgmt.Client, _ *usermgmt.CouchbaseExtension) error {
				_, err := c.UpdateUser(t.Context(), usermgmt.UpdateUserRequest{Name: "bare", Extension: usermgmt.CouchbaseUser{MustChangePassword: new(false)}})
				return err
			},
			[]string{"GET " + user, "PUT " + user + " " + strings.Replace(unchanged, "Password=true", "Password=false", 1), "GET " + user},
		},
		"update lists": {
			[]string{bareUser, done, bareUser},
			func(c *usermgmt.Client, _ *usermgmt.CouchbaseExtension) error {
				_, err := c.UpdateUser(t.Context(), usermgmt.UpdateUserRequest{Name: "bare", SetRoles: &scoped, SetGroups: &[]string{}})
				return err
			},
			[]string{
				"GET " + user,
				"PUT " + user + " locked=true name=Bare roles=data_reader%5B%2A%5D%2Cdata_writer%5Bb%3As%3Ac%5D temporaryPassword=true", "GET " + user,
			},
		},
		"update nothing": {
			[]string{bareUser},
			func(c *usermgmt.Client, _ *usermgmt.CouchbaseExtension) error {
				_, err := c.UpdateUser(t.Context(), usermgmt.UpdateUserRequest{Name: "bare"})
				return err
			},
			[]string{"GET " + user},
		},
		"grant": {
			[]string{bareUser, done},
			func(c *usermgmt.Client, _ *usermgmt.CouchbaseExtension) error {
				roles := []usermgmt.Role{{Name: "admin"}, {Name: "data_reader", Scope: "b:s:*"}} // the first is inherited, the second held
				return c.GrantRoles(t.Context(), usermgmt.GrantRolesRequest{User: "bare", Roles: roles})
			},
			[]string{"GET " + user, "PUT " + user + " " + strings.Replace(unchanged, "%5B%2A%5D", "%5B%2A%5D%2Cadmin", 1)},
		},
		"grant nothing": {
			[]string{bareUser},
			func(c *usermgmt.Client, _ *usermgmt.CouchbaseExtension) error {
				return c.GrantRoles(t.Context(), usermgmt.GrantRolesRequest{User: "bare", Roles: usermgmt.Roles("RO_admin")})
			},
			[]string{"GET " + user},
		},
		"revoke": {
			[]string{bareUser, done},
			func(c *usermgmt.Client, _ *usermgmt.CouchbaseExtension) error {
				roles := []usermgmt.Role{{Name: "admin"}, {Name: "query_select", Scope: "*"}, {Name: "data_reader", Scope: "b"}}
				return c.RevokeRoles(t.Context(), usermgmt.RevokeRolesRequest{User: "bare", Roles: roles})
			},
			[]string{"GET " + user, "PUT " + user + " " + strings.Replace(unchanged, "%2Cquery_select%5B%2A%5D", "", 1)},
		},
		"lock": {
			[]string{nothing, nothing},
			func(c *usermgmt.Client, _ *usermgmt.CouchbaseExtension) error {
				if err := c.DisableUser(t.Context(), usermgmt.DisableUserRequest{Name: "bare"}); err != nil {
					return err
				}
				return c.EnableUser(t.Context(), usermgmt.EnableUserRequest{Name: "bare"})
			},
			[]string{"PATCH " + user + " locked=true", "PATCH " + user + " locked=false"},
		},
		"set password": {
			[]string{nothing},
			func(c *usermgmt.Client, _ *usermgmt.CouchbaseExtension) error {
				return c.SetPassword(t.Context(), usermgmt.SetPasswordRequest{Name: "bare", Password: usermgmt.NewSecret("fresh-1")})
			},
			[]string{"PATCH " + user + " password=fresh-1"},
		},
		"set password on an old server": {
			[]string{"405 Method Not Allowed", `200 {"id":"bare","domain":"local","roles":[{"role":"admin"}]}`, done},
			func(c *usermgmt.Client, _ *usermgmt.CouchbaseExtension) error {
				return c.SetPassword(t.Context(), usermgmt.SetPasswordRequest{Name: "bare", Password: usermgmt.NewSecret("fresh-1")})
			},
			[]string{"PATCH " + user + " password=fresh-1", "GET " + user, "PUT " + user + " password=fresh-1 roles=admin"},
		},
		"delete": {
			[]string{done, noUser},
			func(c *usermgmt.Client, _ *usermgmt.CouchbaseExtension) error {
				if err := c.DeleteUser(t.Context(), usermgmt.DeleteUserRequest{Name: "bare"}); err != nil {
					return err
				}
				return c.DeleteUser(t.Context(), usermgmt.DeleteUserRequest{Name: "joe", IgnoreMissing: true, Extension: external})
			},
			[]string{"DELETE " + user, "DELETE /settings/rbac/users/external/joe"},
		},
		"add member": {
			[]string{bareUser, done},
			func(c *usermgmt.Client, _ *usermgmt.CouchbaseExtension) error {
				return c.AddGroupMember(t.Context(), usermgmt.AddGroupMemberRequest{Group: "dev", User: "bare"})
			},
			[]string{"GET " + user, "PUT " + user + " " + strings.Replace(unchanged, "groups=ops", "groups=ops%2Cdev", 1)},
		},
		"add a member that is one": {
			[]string{bareUser, ops},
			func(c *usermgmt.Client, _ *usermgmt.CouchbaseExtension) error {
				return c.AddGroupMember(t.Context(), usermgmt.AddGroupMemberRequest{Group: "ops", User: "bare"})
			},
			[]string{"GET " + user, "GET " + group},
		},
		"remove member": {
			[]string{bareUser, done},
			func(c *usermgmt.Client, _ *usermgmt.CouchbaseExtension) error {
				return c.RemoveGroupMember(t.Context(), usermgmt.RemoveGroupMemberRequest{Group: "ops", User: "bare"})
			},
			[]string{"GET " + user, "PUT " + user + " " + strings.Replace(unchanged, "groups=ops ", "", 1)},
		},
		"create group": {
			[]string{noGroup, done, ops},
			func(c *usermgmt.Client, _ *usermgmt.CouchbaseExtension) error {
				got, err := c.CreateGroup(t.Context(), usermgmt.CreateGroupRequest{
					Name: "ops", Description: "Operators", Roles: usermgmt.Roles("admin"), Extension: usermgmt.CouchbaseGroup{LDAPRef: new("cn=ops")},
				})
				assert.Equal(t, usermgmt.Group{Name: "ops", Description: "Operators", Roles: usermgmt.Roles("admin")}, got)
				return err
			},
			[]string{"GET " + group, "PUT " + group + " description=Operators ldap_group_ref=cn%3Dops roles=admin", "GET " + group},
		},
		"update group": {
			[]string{ops, done, ops},
			func(c *usermgmt.Client, _ *usermgmt.CouchbaseExtension) error {
				_, err := c.UpdateGroup(t.Context(), usermgmt.UpdateGroupRequest{Name: "ops", Description: new("")})
				return err
			},
			[]string{"GET " + group, "PUT " + group + " description= ldap_group_ref=cn%3Dops roles=admin", "GET " + group},
		},
		"update a group's roles and reference": {
			[]string{ops, done, ops},
			func(c *usermgmt.Client, _ *usermgmt.CouchbaseExtension) error {
				_, err := c.UpdateGroup(t.Context(), usermgmt.UpdateGroupRequest{Name: "ops", SetRoles: &scoped, Extension: usermgmt.CouchbaseGroup{LDAPRef: new("")}})
				return err
			},
			[]string{
				"GET " + group,
				"PUT " + group + " description=Operators ldap_group_ref= roles=data_reader%5B%2A%5D%2Cdata_writer%5Bb%3As%3Ac%5D", "GET " + group,
			},
		},
		"update no group": {
			[]string{ops},
			func(c *usermgmt.Client, _ *usermgmt.CouchbaseExtension) error {
				_, err := c.UpdateGroup(t.Context(), usermgmt.UpdateGroupRequest{Name: "ops", Extension: usermgmt.CouchbaseGroup{}})
				return err
			},
			[]string{"GET " + group},
		},
		"group records": {
			[]string{ops, "200 [" + strings.TrimPrefix(ops, "200 ") + "]"},
			func(_ *usermgmt.Client, e *usermgmt.CouchbaseExtension) error {
				want := usermgmt.CouchbaseGroupRecord{Group: usermgmt.Group{Name: "ops", Description: "Operators", Roles: usermgmt.Roles("admin")}, LDAPRef: "cn=ops"}
				got, err := e.GetGroup(t.Context(), "ops")
				assert.Equal(t, want, got)
				require.NoError(t, err)
				all, err := usermgmt.Collect(e.ListGroups(t.Context(), usermgmt.CouchbaseGroupList{}))
				assert.Equal(t, []usermgmt.CouchbaseGroupRecord{want}, all)
				return err
			},
			[]string{"GET " + group, "GET /settings/rbac/groups"},
		},
		"members": {
			[]string{ops, "200 [" + strings.TrimPrefix(bareUser, "200 ") + `,{"id":"other","domain":"local"}]`},
			func(c *usermgmt.Client, _ *usermgmt.CouchbaseExtension) error {
				users, err := usermgmt.Collect(c.ListUsers(t.Context(), usermgmt.ListUsersRequest{Group: "ops"}))
				assert.Len(t, users, 1)
				return err
			},
			[]string{"GET " + group, "GET /settings/rbac/users/local"},
		},
		"all domains": {
			[]string{`200 {"users":[{"id":"u","domain":"local"},{"id":"u","domain":"external"}],"links":{}}`},
			func(_ *usermgmt.Client, e *usermgmt.CouchbaseExtension) error {
				users, err := usermgmt.Collect(e.ListUsers(t.Context(), usermgmt.CouchbaseUserList{
					Domain: usermgmt.CouchbaseAllDomains, Contains: "u", Permission: "p", SortBy: "name", Descending: true,
				}))
				assert.Len(t, users, 2)
				return err
			},
			[]string{"GET /settings/rbac/users?order=desc&pageSize=100&permission=p&sortBy=name&substr=u"},
		},
		"role definitions": {
			[]string{roleList, roleList, roleList},
			func(c *usermgmt.Client, e *usermgmt.CouchbaseExtension) error {
				roles, err := usermgmt.Collect(c.ListRoles(t.Context(), usermgmt.ListRolesRequest{}))
				require.NoError(t, err)
				assert.Equal(t, []usermgmt.RoleDefinition{
					{Name: "admin", DisplayName: "Full Admin", Description: "Everything.", BuiltIn: true},
					{Name: "bucket_admin", ScopeFormat: "* or bucket", BuiltIn: true},
					{Name: "query_select", DisplayName: "Query Select", Description: "Reads.", ScopeFormat: "* or bucket or bucket:scope or bucket:scope:collection", BuiltIn: true},
					{Name: "scope_admin", ScopeFormat: "* or bucket or bucket:scope", BuiltIn: true},
				}, roles)
				role, err := c.GetRole(t.Context(), usermgmt.GetRoleRequest{Name: "Admin"})
				require.NoError(t, err)
				assert.Equal(t, roles[0], role)
				_, err = usermgmt.Collect(e.ListRoles(t.Context(), "cluster.bucket[b].settings!write"))
				return err
			},
			[]string{"GET /settings/rbac/roles", "GET /settings/rbac/roles", "GET /settings/rbac/roles?permission=cluster.bucket%5Bb%5D.settings%21write"},
		},
		"upsert user": {
			[]string{done, done},
			func(_ *usermgmt.Client, e *usermgmt.CouchbaseExtension) error {
				require.NoError(t, e.UpsertUser(t.Context(), usermgmt.CouchbaseUpsertUser{Name: "bare"}))
				return e.UpsertUser(t.Context(), usermgmt.CouchbaseUpsertUser{
					Name: "bare", DisplayName: "Bare", Password: usermgmt.NewSecret("s3cretpw"), Roles: scoped, Groups: []string{"ops"},
					Locked: true, MustChangePassword: true,
				})
			},
			[]string{
				"PUT " + user + " name= roles=",
				"PUT " + user + " groups=ops locked=true name=Bare password=s3cretpw roles=data_reader%5B%2A%5D%2Cdata_writer%5Bb%3As%3Ac%5D temporaryPassword=true",
			},
		},
		"upsert group": {
			[]string{done},
			func(_ *usermgmt.Client, e *usermgmt.CouchbaseExtension) error {
				return e.UpsertGroup(t.Context(), usermgmt.CouchbaseUpsertGroup{Name: "ops", Roles: usermgmt.Roles("admin")})
			},
			[]string{"PUT " + group + " description= ldap_group_ref= roles=admin"},
		},
		"dry run": {
			[]string{`200 {"errors":{}}`},
			func(_ *usermgmt.Client, e *usermgmt.CouchbaseExtension) error {
				return e.ValidateUser(t.Context(), usermgmt.CreateUserRequest{Name: "bare", Credential: usermgmt.Password("", "s3cretpw")})
			},
			[]string{"PUT " + user + "?just_validate=1 password=s3cretpw roles="},
		},
		"wait": {
			[]string{noUser, bareUser},
			func(_ *usermgmt.Client, e *usermgmt.CouchbaseExtension) error {
				return e.WaitVisible(t.Context(), "bare", usermgmt.CouchbaseLocal)
			},
			[]string{"GET " + user, "GET " + user},
		},
		"current user": {
			[]string{`200 {"id":"bare","domain":"local","roles":[{"role":"ro_admin"}]}`, `403 {"message":"Forbidden.","permissions":["cluster.admin.users!read"]}`},
			func(c *usermgmt.Client, _ *usermgmt.CouchbaseExtension) error {
				me, err := c.CurrentUser(t.Context())
				assert.Equal(t, usermgmt.User{Name: "bare", Domain: "local", EffectiveRoles: usermgmt.Roles("ro_admin")}, me)
				return err
			},
			[]string{"GET /whoami", "GET " + user},
		},
		"current administrator": {
			[]string{`200 {"id":"Administrator","domain":"admin","roles":[{"role":"admin"}]}`, `200 {"id":"Administrator","domain":"admin","roles":[{"role":"admin"}]}`},
			func(c *usermgmt.Client, e *usermgmt.CouchbaseExtension) error {
				me, err := c.CurrentUser(t.Context())
				require.NoError(t, err)
				assert.Equal(t, usermgmt.User{Name: "Administrator", Domain: "admin", EffectiveRoles: usermgmt.Roles("admin")}, me)
				identity, err := e.WhoAmI(t.Context())
				assert.Equal(t, usermgmt.CouchbaseIdentity{Name: "Administrator", Domain: "admin", EffectiveRoles: usermgmt.Roles("admin")}, identity)
				return err
			},
			[]string{"GET /whoami", "GET /whoami"},
		},
		"cluster": {
			[]string{
				nothing, `200 {"minLength":8,"enforceDigits":true}`, nothing, `200 {"p!read":true}`, `200 {"ldapEnabled":true}`,
				`200 {"recordExists":true,"id":"joe","domain":"external","roles":[]}`, `200 {"enabled":true,"trackedRoles":["admin"]}`, nothing, enterprise8,
			},
			func(_ *usermgmt.Client, e *usermgmt.CouchbaseExtension) error {
				ctx := t.Context()
				require.NoError(t, e.ChangePassword(ctx, usermgmt.NewSecret("n3w-secret")))
				policy, err := e.PasswordPolicy(ctx)
				require.NoError(t, err)
				assert.Equal(t, usermgmt.CouchbasePasswordPolicy{MinLength: 8, Digits: true}, policy)
				require.NoError(t, e.SetPasswordPolicy(ctx, policy))
				held, err := e.CheckPermissions(ctx, "p!read")
				require.NoError(t, err)
				assert.Equal(t, map[string]bool{"p!read": true}, held)
				none, err := e.CheckPermissions(ctx)
				require.NoError(t, err)
				assert.Empty(t, none)
				mechanisms, err := e.Mechanisms(ctx)
				require.NoError(t, err)
				assert.Equal(t, usermgmt.CouchbaseMechanisms{LDAP: true}, mechanisms)
				found, err := e.LookupLDAPUser(ctx, "joe")
				require.NoError(t, err)
				assert.Equal(t, usermgmt.CouchbaseLDAPUser{
					CouchbaseUserRecord: usermgmt.CouchbaseUserRecord{User: usermgmt.User{Name: "joe", Domain: "external"}}, RecordExists: true,
				}, found)
				activity, err := e.UserActivity(ctx)
				require.NoError(t, err)
				assert.Equal(t, usermgmt.CouchbaseActivity{Enabled: true, Roles: []string{"admin"}}, activity)
				require.NoError(t, e.SetUserActivity(ctx, activity))
				server, err := e.Server(ctx)
				assert.Equal(t, usermgmt.CouchbaseServer{Version: "8.0.0-3777-enterprise", Enterprise: true, ClusterUUID: "c-1"}, server)
				return err
			},
			[]string{
				"POST /controller/changePassword password=n3w-secret", "GET /settings/passwordPolicy",
				"POST /settings/passwordPolicy enforceDigits=true enforceLowercase=false enforceSpecialChars=false enforceUppercase=false minLength=8",
				"POST /pools/default/checkPermissions p!read", "GET /settings/rbac", "GET /settings/rbac/lookupLDAPUser/joe",
				"GET /settings/security/userActivity", "POST /settings/security/userActivity enabled=true trackedGroups= trackedRoles=admin", "GET /pools",
			},
		},
		"export and import": {
			[]string{`200 {"version":"1"}`, `200 {"stats":{"usersCreated":1,"groupsCreated":2},"usersSkipped":[{"name":"jane","domain":"local"}],"usersOverwritten":[],"groupsSkipped":["g"],"groupsOverwritten":[]}`},
			func(_ *usermgmt.Client, e *usermgmt.CouchbaseExtension) error {
				backup, err := e.ExportUsers(t.Context(), usermgmt.CouchbaseFilter{Include: []string{"user:local:*"}})
				require.NoError(t, err)
				assert.NotContains(t, fmt.Sprintf("%+v", backup), "version")
				result, err := e.ImportUsers(t.Context(), backup, false)
				assert.Equal(t, usermgmt.CouchbaseImportResult{
					UsersCreated: 1, GroupsCreated: 2, UsersSkipped: []usermgmt.CouchbaseImportedUser{{Name: "jane", Domain: "local"}},
					GroupsSkipped: []string{"g"}, GroupsOverwritten: []string{},
				}, result)
				return err
			},
			[]string{"GET /settings/rbac/backup?include=user%3Alocal%3A%2A", "PUT /settings/rbac/backup backup=%7B%22version%22%3A%221%22%7D canOverwrite=false"},
		},
		"ping": {
			[]string{`200 {"id":"Administrator","domain":"admin"}`, enterprise8, `200 {"id":"Administrator","domain":"admin"}`},
			func(c *usermgmt.Client, _ *usermgmt.CouchbaseExtension) error {
				assert.Equal(t, usermgmt.SupportUnknown, c.Capabilities().Of(usermgmt.CapDisableUser))
				require.NoError(t, c.Ping(t.Context()))
				assert.True(t, c.Capabilities().Has(usermgmt.CapDisableUser))
				return c.Ping(t.Context()) // the cluster is asked but once
			},
			[]string{"GET /whoami", "GET /pools", "GET /whoami"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, s := scriptedClient(t, test.answers...)
			require.NoError(t, test.do(client, cluster(t, client)))
			assert.Equal(t, test.sent, s.sent)
		})
	}
}

// TestCouchbaseFailures: what servers say, and what becomes of it.
func TestCouchbaseFailures(t *testing.T) {
	t.Parallel()
	const unknownRole = `400 {"errors":{"roles":"Cannot assign roles to user because the following roles are unknown, malformed or role parameters are undefined: [%s]"}}`
	create := func(c *usermgmt.Client) error {
		_, err := c.CreateUser(t.Context(), usermgmt.CreateUserRequest{Name: "bare", Credential: usermgmt.Password("", "s3cretpw")})
		return err
	}
	disable := func(c *usermgmt.Client) error {
		return c.DisableUser(t.Context(), usermgmt.DisableUserRequest{Name: "bare"})
	}
	tests := map[string]struct {
		answers []string
		do      func(c *usermgmt.Client) error
		want    usermgmt.Error
	}{
		"name taken": {[]string{bareUser}, create, usermgmt.Error{Kind: usermgmt.ErrAlreadyExists, Resource: "user", Name: "bare"}},
		"role that there is not": {
			[]string{noUser, fmt.Sprintf(unknownRole, "ghost[b],admin"), roleList}, create,
			usermgmt.Error{Kind: usermgmt.ErrNotFound, Resource: "role", Name: "ghost[b]", FromServer: true, Status: 400},
		},
		"role limited in a way that makes no sense": {
			[]string{noUser, fmt.Sprintf(unknownRole, "admin[b]"), roleList}, create,
			usermgmt.Error{Kind: usermgmt.ErrInvalidArgument, Resource: "role", Name: "admin[b]", FromServer: true, Status: 400},
		},
		"roles that may not be listed": {
			[]string{noUser, fmt.Sprintf(unknownRole, "ghost"), "403"}, create,
			usermgmt.Error{Kind: usermgmt.ErrInvalidArgument, Resource: "role", Name: "ghost", FromServer: true, Status: 400},
		},
		"group that there is not": {
			[]string{noUser, `400 {"errors":{"groups":"Groups do not exist: ghosts"}}`}, create,
			usermgmt.Error{Kind: usermgmt.ErrNotFound, Resource: "group", Name: "ghosts", FromServer: true, Status: 400},
		},
		"password": {
			[]string{noUser, `400 {"errors":{"password":"The password must be at least 6 characters long."}}`}, create,
			usermgmt.Error{Kind: usermgmt.ErrInvalidArgument, Resource: "user", Name: "bare", FromServer: true, Status: 400},
		},
		"answer of the create unclear": {
			[]string{noUser, "503 Service is temporarily unavailable"}, create,
			usermgmt.Error{Kind: usermgmt.ErrUnavailable, Resource: "user", Name: "bare", FromServer: true, Status: 503, Ambiguous: true},
		},
		"read after the create": {
			[]string{noUser, done, "403"}, create,
			usermgmt.Error{Kind: usermgmt.ErrPermissionDenied, Resource: "user", Name: "bare", FromServer: true, Status: 403, Ambiguous: true},
		},
		"look before the create": {
			[]string{"401"}, create, usermgmt.Error{Kind: usermgmt.ErrUnauthenticated, Resource: "user", Name: "bare", FromServer: true, Status: 401},
		},
		"no locks in this version": {
			[]string{`400 {"errors":{"locked":"Unsupported key"}}`, `200 {"implementationVersion":"7.6.4-5146-enterprise","isEnterprise":true}`},
			func(c *usermgmt.Client) error {
				require.ErrorIs(t, disable(c), usermgmt.ErrUnsupported)
				return disable(c) // is not sent
			},
			usermgmt.Error{Kind: usermgmt.ErrUnsupported, Resource: "user", Name: "bare"},
		},
		"no locks in this edition": {
			[]string{`400 {"errors":{"locked":"Supported in enterprise edition only"}}`, `200 {"implementationVersion":"8.0.0-3777-community","isEnterprise":false}`}, disable,
			usermgmt.Error{Kind: usermgmt.ErrUnsupported, Resource: "user", Name: "bare", FromServer: true, Status: 400},
		},
		"cluster not to be asked": {
			[]string{`400 {"errors":{"locked":"Unsupported key"}}`, "403"}, disable,
			usermgmt.Error{Kind: usermgmt.ErrUnsupported, Resource: "user", Name: "bare", FromServer: true, Status: 400},
		},
		"user deleted before it is written back": {
			[]string{bareUser, `400 {"errors":{"password":"Password is required for new user."}}`},
			func(c *usermgmt.Client) error {
				return c.GrantRoles(t.Context(), usermgmt.GrantRolesRequest{User: "bare", Roles: usermgmt.Roles("cluster_admin")})
			},
			usermgmt.Error{Kind: usermgmt.ErrNotFound, Resource: "user", Name: "bare", FromServer: true, Status: 400},
		},
		"member deleted before it is written back": {
			[]string{bareUser, `400 {"errors":{"password":"Password is required for new user."}}`},
			func(c *usermgmt.Client) error {
				return c.AddGroupMember(t.Context(), usermgmt.AddGroupMemberRequest{Group: "dev", User: "bare"})
			},
			usermgmt.Error{Kind: usermgmt.ErrNotFound, Resource: "user", Name: "bare", FromServer: true, Status: 400},
		},
		"member that there is not": {
			[]string{noUser},
			func(c *usermgmt.Client) error {
				return c.AddGroupMember(t.Context(), usermgmt.AddGroupMemberRequest{Group: "ops", User: "bare"})
			},
			usermgmt.Error{Kind: usermgmt.ErrNotFound, Resource: "user", Name: "bare", FromServer: true, Status: 404},
		},
		"group of nobody": {
			[]string{bareUser, noGroup},
			func(c *usermgmt.Client) error {
				return c.RemoveGroupMember(t.Context(), usermgmt.RemoveGroupMemberRequest{Group: "ghosts", User: "bare"})
			},
			usermgmt.Error{Kind: usermgmt.ErrNotFound, Resource: "group", Name: "ghosts", FromServer: true, Status: 404},
		},
		"groups in this edition": {
			[]string{"400 This http API endpoint requires enterprise edition", `200 {"implementationVersion":"8.0.0-3777-community","isEnterprise":false}`},
			func(c *usermgmt.Client) error {
				_, err := c.GetGroup(t.Context(), usermgmt.GetGroupRequest{Name: "ops"})
				require.ErrorIs(t, err, usermgmt.ErrUnsupported)
				_, err = usermgmt.Collect(c.ListGroups(t.Context(), usermgmt.ListGroupsRequest{})) // is not sent
				return err
			},
			usermgmt.Error{Kind: usermgmt.ErrUnsupported, Resource: "group"},
		},
		"role definition": {
			[]string{roleList},
			func(c *usermgmt.Client) error {
				_, err := c.GetRole(t.Context(), usermgmt.GetRoleRequest{Name: "ghost"})
				return err
			},
			usermgmt.Error{Kind: usermgmt.ErrNotFound, Resource: "role", Name: "ghost"},
		},
		"password to be changed": {
			[]string{`403 {"message":"Password expired","passwordExpired":true}`},
			func(c *usermgmt.Client) error { return c.Ping(t.Context()) },
			usermgmt.Error{Kind: usermgmt.ErrPermissionDenied, Code: "passwordExpired", FromServer: true, Status: 403},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, s := scriptedClient(t, test.answers...)
			err := test.do(client)
			var got *usermgmt.Error
			require.ErrorAs(t, err, &got)
			e := *got
			assert.NotEmpty(t, e.Message)
			e.Op, e.Backend, e.Message, e.Fields, e.Err = "", "", "", nil, nil
			assert.Equal(t, test.want, e)
			assert.Empty(t, s.answers, "all were asked for")
		})
	}
}

// TestCouchbaseUnknownVersion: an answer that tells no version leaves open what
// the cluster can do.
func TestCouchbaseUnknownVersion(t *testing.T) {
	t.Parallel()
	const admin = `200 {"id":"Administrator","domain":"admin"}`
	client, s := scriptedClient(t, admin, "200 {}", admin, enterprise8)
	require.NoError(t, client.Ping(t.Context()))
	for _, capability := range []usermgmt.Capability{usermgmt.CapCreateGroup, usermgmt.CapDisableUser} {
		assert.Equal(t, usermgmt.SupportUnknown, client.Capabilities().Of(capability))
	}
	require.NoError(t, client.Ping(t.Context()))
	assert.Equal(t, usermgmt.SupportYes, client.Capabilities().Of(usermgmt.CapDisableUser))
	assert.Empty(t, s.answers)
}

// TestCouchbaseLimits: on the versions that have them, an update does not take a
// user's limits away.
func TestCouchbaseLimits(t *testing.T) {
	t.Parallel()
	const admin = `200 {"id":"Administrator","domain":"admin"}`
	server := func(version string) string {
		return `200 {"implementationVersion":"` + version + `-enterprise","isEnterprise":true}`
	}
	const limited = `200 {"id":"u","domain":"local","uuid":"u-1","roles":[],"groups":[],"limits":{"kv":{"num_connections":10}}}`
	const plain, u = `200 {"id":"u","domain":"local","uuid":"u-1","roles":[],"groups":[],"limits":{}}`, "/settings/rbac/users/local/u"
	for name, test := range map[string]struct {
		answers, sent []string
	}{
		"7.1":             {[]string{server("7.1.4-3601"), limited}, []string{"GET " + u + "?limits=true", "PUT " + u + " limits=%7B%22kv%22%3A%7B%22num_connections%22%3A10%7D%7D roles=admin"}},
		"7.2":             {[]string{server("7.2.3-6705"), plain}, []string{"GET " + u + "?limits=true", "PUT " + u + " roles=admin"}},
		"7.2 without any": {[]string{server("7.2.3-6705"), `200 {"id":"u","domain":"local","roles":[],"limits":[]}`}, []string{"GET " + u + "?limits=true", "PUT " + u + " roles=admin"}},
		"7.0":             {[]string{server("7.0.5-7659"), plain}, []string{"GET " + u, "PUT " + u + " roles=admin"}},
		"7.6":             {[]string{server("7.6.4-5146"), plain}, []string{"GET " + u, "PUT " + u + " roles=admin"}},
	} {
		client, s := scriptedClient(t, append(append([]string{admin}, test.answers...), done)...)
		require.NoError(t, client.Ping(t.Context()), name)
		require.NoError(t, client.GrantRoles(t.Context(), usermgmt.GrantRolesRequest{User: "u", Roles: usermgmt.Roles("admin")}), name)
		assert.Equal(t, append([]string{"GET /whoami", "GET /pools"}, test.sent...), s.sent, name)
	}
}

// TestCouchbaseRefusals: what makes no sense is not sent.
func TestCouchbaseRefusals(t *testing.T) {
	t.Parallel()
	client, s := scriptedClient(t)
	ctx, e := t.Context(), cluster(t, client)
	local, external := usermgmt.CouchbaseUser{}, usermgmt.CouchbaseUser{Domain: usermgmt.CouchbaseExternal}
	password := usermgmt.Password("", "s3cretpw")
	create := func(req usermgmt.CreateUserRequest) error {
		req.Name = "u"
		_, err := client.CreateUser(ctx, req)
		return err
	}
	update := func(req usermgmt.UpdateUserRequest) error {
		req.Name = "u"
		_, err := client.UpdateUser(ctx, req)
		return err
	}
	get := func(x usermgmt.UserExtension) error {
		_, err := client.GetUser(ctx, usermgmt.GetUserRequest{Name: "u", Extension: x})
		return err
	}
	bad := []usermgmt.Role{{Name: "data_reader", Scope: "*:s"}}
	for field, errs := range map[string][]error{
		"Credential": {
			create(usermgmt.CreateUserRequest{}), create(usermgmt.CreateUserRequest{Extension: external, Credential: password}),
			create(usermgmt.CreateUserRequest{Credential: usermgmt.AccessKey("", "k")}),
			update(usermgmt.UpdateUserRequest{Extension: external, Credential: password}),
		},
		"Email":            {create(usermgmt.CreateUserRequest{Credential: password, Email: "u@example.com"})},
		"Extension.Locked": {get(usermgmt.CouchbaseUser{Locked: true}), create(usermgmt.CreateUserRequest{Extension: usermgmt.CouchbaseUser{Domain: "external", Locked: true}})},
		"Extension.MustChangePassword": {
			get(usermgmt.CouchbaseUser{MustChangePassword: new(true)}), create(usermgmt.CreateUserRequest{Extension: usermgmt.CouchbaseUser{Domain: "external", MustChangePassword: new(true)}}),
			update(usermgmt.UpdateUserRequest{Extension: usermgmt.CouchbaseUser{Domain: "external", MustChangePassword: new(true)}}),
		},
		"Extension.Domain": {
			get(usermgmt.CouchbaseUser{Domain: "ldap"}), get(usermgmt.CouchbaseUser{Domain: usermgmt.CouchbaseAllDomains}),
			client.DisableUser(ctx, usermgmt.DisableUserRequest{Name: "u", Extension: external}),
			client.SetPassword(ctx, usermgmt.SetPasswordRequest{Name: "u", Password: usermgmt.NewSecret("s3cretpw"), Extension: external}),
			e.UpsertUser(ctx, usermgmt.CouchbaseUpsertUser{Name: "u", Domain: "ldap"}),
		},
		"Roles[0]": {
			create(usermgmt.CreateUserRequest{Credential: password, Roles: bad}), client.GrantRoles(ctx, usermgmt.GrantRolesRequest{User: "u", Roles: bad, Extension: local}),
			e.UpsertGroup(ctx, usermgmt.CouchbaseUpsertGroup{Name: "g", Roles: bad}),
		},
		"Groups[1]": {
			create(usermgmt.CreateUserRequest{Credential: password, Groups: []string{"ops", "dev,ops"}}),
			e.ValidateUser(ctx, usermgmt.CreateUserRequest{Name: "u", Credential: password, Groups: []string{"ops", "dev,ops"}}),
			e.UpsertUser(ctx, usermgmt.CouchbaseUpsertUser{Name: "u", Groups: []string{"ops", "@dev"}}),
		},
		"SetGroups[0]": {update(usermgmt.UpdateUserRequest{SetGroups: &[]string{"dev ops"}})},
		"Group":        {client.AddGroupMember(ctx, usermgmt.AddGroupMemberRequest{Group: "dev,ops", User: "u"})},
		"SetRoles[0]":  {update(usermgmt.UpdateUserRequest{SetRoles: &bad})},
		"Extension":    {get(&local)},
		"newPassword":  {e.ChangePassword(ctx, usermgmt.Secret{})},
		"MinLength":    {e.SetPasswordPolicy(ctx, usermgmt.CouchbasePasswordPolicy{MinLength: -1})},
	} {
		for i, err := range errs {
			var got *usermgmt.Error
			require.ErrorAs(t, err, &got, "%s %d", field, i)
			assert.Equal(t, usermgmt.ErrInvalidArgument, got.Kind)
			assert.Contains(t, got.Fields, field)
		}
	}
	assert.Empty(t, s.sent)
}

func TestCouchbaseSettings(t *testing.T) {
	t.Parallel()
	certificate := usermgmt.WithCredentials(usermgmt.ClientCertificate(tls.Certificate{}))
	refused := map[string][]usermgmt.Option{
		"WithCredentials is required":                   nil,
		"WithCredentials needs a user name":             {usermgmt.WithCredentials(usermgmt.Password("", "x"))},
		"WithCredentials needs a token":                 {usermgmt.WithCredentials(usermgmt.BearerToken(""))},
		"WithCredentials must not be of kind access ke": {usermgmt.WithCredentials(usermgmt.AccessKey("u", "k"))},
		"cannot be a client certificate beside":         {certificate, usermgmt.WithHTTPClient(http.DefaultClient)},
	}
	for want, opts := range refused {
		_, err := usermgmt.New(usermgmt.Couchbase("couchbases://h"), opts...)
		require.ErrorIs(t, err, usermgmt.ErrInvalidArgument)
		require.ErrorContains(t, err, want)
	}
	for _, opts := range [][]usermgmt.Option{{certificate}, {certificate, usermgmt.WithTLSConfig(&tls.Config{ServerName: "db", MinVersion: tls.VersionTLS12})}} {
		client, err := usermgmt.New(usermgmt.Couchbase("couchbases://h1,h2", nil, usermgmt.CouchbaseNetwork("external"), usermgmt.CouchbaseClusterUUID("c-1")), opts...)
		require.NoError(t, err)
		assert.Equal(t, usermgmt.CouchbaseDataConnection{ConnectionString: "couchbases://h1,h2", Network: "external"}, cluster(t, client).DataConnection())
		require.NoError(t, client.Close())
	}
	for name, yielded := range map[string]usermgmt.Credential{"certificate": usermgmt.ClientCertificate(tls.Certificate{}), "nothing": nil} {
		source := usermgmt.CredentialFunc(func(context.Context) (usermgmt.Credential, error) { return yielded, nil })
		client, err := usermgmt.New(usermgmt.Couchbase("couchbases://127.0.0.1:1=http"), usermgmt.WithCredentials(source))
		require.NoError(t, err)
		require.ErrorIs(t, client.Ping(t.Context()), usermgmt.ErrInvalidArgument, name)
		require.NoError(t, client.Close())
	}
}
