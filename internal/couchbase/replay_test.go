package couchbase

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transcript"
	"github.com/usermgmt/usermgmt/internal/transport"
)

const recordings = "../../testdata/couchbase"

// refused lists what our client refuses without asking the server. The
// recording shows what the server would have said.
var refused = []string{
	"lock an external user",
	"PATCH without parameters",
	"unknown domain in the path",
	"username with a space",
	"page size 1",
}

// impossible lists what our client cannot be made to send.
var impossible = []string{
	"JSON body on a form endpoint",
	"policy without minLength",
}

// TestRecordings has the client do what was recorded: the requests must be the
// same, and what comes of them what the recording tells.
func TestRecordings(t *testing.T) {
	t.Parallel()
	scenarios, err := transcript.LoadAll(os.DirFS(recordings))
	require.NoError(t, err)
	require.Len(t, scenarios, 82)
	for _, s := range scenarios {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			play(t, s)
		})
	}
}

// args are the arguments of an operation.
type args struct {
	Domain      string   `json:"domain"`
	Username    string   `json:"username"`
	Name        string   `json:"name"`
	Group       string   `json:"-"`
	User        userArg  `json:"user"`
	GroupArg    groupArg `json:"group"`
	Password    string   `json:"password"`
	NewPassword string   `json:"new_password"`
	Permission  string   `json:"permission"`
	Permissions []string `json:"permissions"`
	PageSize    int      `json:"page_size"`
	Auth        string   `json:"auth"`
	Nodes       []string `json:"nodes"`
	Seed        string   `json:"seed"`
	Overwrite   bool     `json:"can_overwrite"`
	MinLength   int      `json:"min_length"`
	Uppercase   bool     `json:"uppercase"`
	Lowercase   bool     `json:"lowercase"`
	Digits      bool     `json:"digits"`
	Special     bool     `json:"special"`
	Set         struct {
		DisplayName string `json:"display_name"`
	} `json:"set"`
}

type userArg struct {
	Username          string    `json:"username"`
	DisplayName       *string   `json:"display_name"`
	Password          *string   `json:"password"`
	Roles             []roleArg `json:"roles"`
	Groups            []string  `json:"groups"`
	Locked            *bool     `json:"locked"`
	TemporaryPassword *bool     `json:"temporary_password"`
}

type groupArg struct {
	Name         string    `json:"name"`
	Description  string    `json:"description"`
	LDAPGroupRef string    `json:"ldap_group_reference"`
	Roles        []roleArg `json:"roles"`
}

// UnmarshalJSON reads a group, or just its name.
func (g *groupArg) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &g.Name) == nil {
		return nil
	}
	type plain groupArg
	return json.Unmarshal(data, (*plain)(g))
}

type roleArg struct {
	Name       string `json:"name"`
	Bucket     string `json:"bucket"`
	Scope      string `json:"scope"`
	Collection string `json:"collection"`
}

func rolesOf(t *testing.T, given []roleArg) []Role {
	t.Helper()
	var roles []Role
	for _, r := range given {
		scope := strings.TrimRight(strings.Join([]string{r.Bucket, r.Scope, r.Collection}, ":"), ":")
		role, err := NewRole(r.Name, scope)
		require.NoError(t, err)
		roles = append(roles, role)
	}
	return roles
}

func (u userArg) form(t *testing.T) UserForm {
	t.Helper()
	return UserForm{
		Name: u.DisplayName, Password: u.Password, Roles: rolesOf(t, u.Roles), Groups: u.Groups,
		Locked: u.Locked, TemporaryPassword: u.TemporaryPassword,
	}
}

// players carry out the operations of recordings. What each returns is
// compared with what the recording expects beside the kind.
var players = map[string]func(ctx context.Context, t *testing.T, c *Client, a args, s *transcript.Scenario) (any, error){
	"AddGroupMember": func(ctx context.Context, _ *testing.T, c *Client, a args, _ *transcript.Scenario) (any, error) {
		user, err := c.GetUser(ctx, a.Domain, a.Username)
		if err != nil {
			return nil, err
		}
		form := user.Form()
		form.Groups = append(form.Groups, a.GroupArg.Name)
		return nil, c.PutUser(ctx, a.Domain, a.Username, form)
	},
	"UpsertUser": func(ctx context.Context, t *testing.T, c *Client, a args, _ *transcript.Scenario) (any, error) {
		t.Helper()
		return nil, c.PutUser(ctx, a.Domain, a.User.Username, a.User.form(t))
	},
	"CreateUser": func(ctx context.Context, t *testing.T, c *Client, a args, _ *transcript.Scenario) (any, error) {
		t.Helper()
		if _, err := c.GetUser(ctx, a.Domain, a.User.Username); fault.KindOf(err) != fault.NotFound || err == nil {
			return nil, fault.New(fault.AlreadyExists, "it exists")
		}
		return nil, c.CreateUser(ctx, a.Domain, a.User.Username, a.User.form(t))
	},
	"UpdateUser": func(ctx context.Context, _ *testing.T, c *Client, a args, _ *transcript.Scenario) (any, error) {
		user, err := c.GetUser(ctx, a.Domain, a.Username)
		if err != nil {
			return nil, err
		}
		form := user.Form()
		form.Name = &a.Set.DisplayName
		return nil, c.PutUser(ctx, a.Domain, a.Username, form)
	},
	"ValidateUser": func(ctx context.Context, t *testing.T, c *Client, a args, _ *transcript.Scenario) (any, error) {
		t.Helper()
		return nil, c.ValidateUser(ctx, a.Domain, a.User.Username, a.User.form(t))
	},
	"GetUser": func(ctx context.Context, t *testing.T, c *Client, a args, s *transcript.Scenario) (any, error) {
		t.Helper()
		user, err := c.GetUser(ctx, a.Domain, a.Username)
		if err == nil {
			sameUser(t, s.Exchanges[len(s.Exchanges)-1].Response.Body, user)
		}
		return nil, err
	},
	"DeleteUser": func(ctx context.Context, _ *testing.T, c *Client, a args, _ *transcript.Scenario) (any, error) {
		return nil, c.DeleteUser(ctx, a.Domain, a.Username)
	},
	"ListUsers": func(ctx context.Context, _ *testing.T, c *Client, a args, _ *transcript.Scenario) (any, error) {
		var ids []string
		for user, err := range c.ListUsers(ctx, UserQuery{Domain: a.Domain, Permission: a.Permission, Page: Page{Size: a.PageSize}}) {
			if err != nil {
				return nil, err
			}
			if a.Domain == "" {
				user.ID = user.Domain + "/" + user.ID
			}
			ids = append(ids, user.ID)
		}
		return ids, nil
	},
	"ListUsersPage": func(ctx context.Context, _ *testing.T, c *Client, a args, _ *transcript.Scenario) (any, error) {
		var ids []string
		for user, err := range c.ListUsers(ctx, UserQuery{Domain: a.Domain, Page: Page{Size: a.PageSize}}) {
			if err != nil {
				return nil, err
			}
			if ids = append(ids, user.ID); len(ids) == a.PageSize {
				break
			}
		}
		return ids, nil
	},
	"LockUser": func(ctx context.Context, _ *testing.T, c *Client, a args, s *transcript.Scenario) (any, error) {
		if a.Domain == External {
			return nil, fault.Invalid("domain", "has no place in PatchUser")
		}
		patch := UserPatch{Locked: new(true)}
		if s.Exchanges[0].Request.Body.Kind() == 'n' {
			patch = UserPatch{}
		}
		return nil, c.PatchUser(ctx, a.Username, patch)
	},
	"UnlockUser": func(ctx context.Context, _ *testing.T, c *Client, a args, _ *transcript.Scenario) (any, error) {
		return nil, c.PatchUser(ctx, a.Username, UserPatch{Locked: new(false)})
	},
	"SetPassword": func(ctx context.Context, _ *testing.T, c *Client, a args, _ *transcript.Scenario) (any, error) {
		return nil, c.PatchUser(ctx, a.Username, UserPatch{Password: &a.Password})
	},
	"ChangeOwnPassword": func(ctx context.Context, _ *testing.T, c *Client, a args, _ *transcript.Scenario) (any, error) {
		return nil, c.ChangePassword(ctx, a.NewPassword)
	},
	"WhoAmI": func(ctx context.Context, _ *testing.T, c *Client, _ args, _ *transcript.Scenario) (any, error) {
		_, err := c.WhoAmI(ctx)
		return nil, err
	},
	"CheckPermissions": func(ctx context.Context, t *testing.T, c *Client, a args, s *transcript.Scenario) (any, error) {
		t.Helper()
		held, err := c.CheckPermissions(ctx, a.Permissions...)
		var want map[string]bool
		require.NoError(t, json.Unmarshal(s.Exchanges[0].Response.Body, &want))
		assert.Equal(t, want, held)
		return nil, err
	},
	"GetGroup": func(ctx context.Context, _ *testing.T, c *Client, a args, _ *transcript.Scenario) (any, error) {
		_, err := c.GetGroup(ctx, a.Name)
		return nil, err
	},
	"ListGroups": func(ctx context.Context, _ *testing.T, c *Client, _ args, _ *transcript.Scenario) (any, error) {
		for _, err := range c.ListGroups(ctx, Page{}) {
			if err != nil {
				return nil, err
			}
		}
		return nil, nil
	},
	"UpsertGroup": func(ctx context.Context, t *testing.T, c *Client, a args, _ *transcript.Scenario) (any, error) {
		t.Helper()
		g := a.GroupArg
		return nil, c.PutGroup(ctx, g.Name, GroupForm{Description: &g.Description, LDAPGroupRef: &g.LDAPGroupRef, Roles: rolesOf(t, g.Roles)})
	},
	"DeleteGroup": func(ctx context.Context, _ *testing.T, c *Client, a args, _ *transcript.Scenario) (any, error) {
		return nil, c.DeleteGroup(ctx, a.Name)
	},
	"ListRoles": func(ctx context.Context, _ *testing.T, c *Client, a args, _ *transcript.Scenario) (any, error) {
		for _, err := range c.ListRoles(ctx, a.Permission) {
			if err != nil {
				return nil, err
			}
		}
		return nil, nil
	},
	"LookupExternalUser": func(ctx context.Context, t *testing.T, c *Client, a args, s *transcript.Scenario) (any, error) {
		t.Helper()
		found, err := c.LookUpLDAPUser(ctx, a.Username)
		assert.True(t, found.RecordExists)
		sameUser(t, s.Exchanges[0].Response.Body, found.User)
		return nil, err
	},
	"Discover": func(ctx context.Context, _ *testing.T, c *Client, _ args, _ *transcript.Scenario) (any, error) {
		return c.Nodes(ctx)
	},
	"GetPasswordPolicy": func(ctx context.Context, t *testing.T, c *Client, _ args, s *transcript.Scenario) (any, error) {
		t.Helper()
		policy, err := c.PasswordPolicy(ctx)
		got, _ := json.Marshal(policy)
		assert.JSONEq(t, string(s.Exchanges[0].Response.Body), string(got))
		return nil, err
	},
	"SetPasswordPolicy": func(ctx context.Context, _ *testing.T, c *Client, a args, _ *transcript.Scenario) (any, error) {
		return nil, c.SetPasswordPolicy(ctx, PasswordPolicy{MinLength: a.MinLength, Uppercase: a.Uppercase, Lowercase: a.Lowercase, Digits: a.Digits, SpecialChars: a.Special})
	},
	"GetExternalAuthFlags": func(ctx context.Context, t *testing.T, c *Client, _ args, s *transcript.Scenario) (any, error) {
		t.Helper()
		flags, err := c.Mechanisms(ctx)
		got, _ := json.Marshal(flags)
		assert.JSONEq(t, string(s.Exchanges[0].Response.Body), string(got))
		return nil, err
	},
	"BackupUsers": func(ctx context.Context, t *testing.T, c *Client, _ args, s *transcript.Scenario) (any, error) {
		t.Helper()
		backup, err := c.Backup(ctx, nil, nil)
		assert.JSONEq(t, string(s.Exchanges[0].Response.Body), string(backup))
		return nil, err
	},
	"RestoreUsers": func(ctx context.Context, t *testing.T, c *Client, a args, s *transcript.Scenario) (any, error) {
		t.Helper()
		var text string
		require.NoError(t, json.Unmarshal(s.Exchanges[0].Request.Body, &text))
		form, err := url.ParseQuery(text)
		require.NoError(t, err)
		result, err := c.Restore(ctx, []byte(form.Get("backup")), a.Overwrite)
		assert.Equal(t, 1, result.Stats.UsersCreated)
		assert.Equal(t, []ImportedUser{{Name: "jane", Domain: Local}}, result.UsersSkipped)
		return nil, err
	},
	"ServerInfo": func(ctx context.Context, t *testing.T, c *Client, _ args, _ *transcript.Scenario) (any, error) {
		t.Helper()
		server, err := c.Server(ctx)
		assert.Equal(t, Server{Version: "8.0.0-3777-enterprise", Enterprise: true, UUID: "9a0fd2b0c5f14f0ea0c8c2f3a1b2c3d4"}, server)
		return nil, err
	},
}

// sameUser compares a user with the text that it was read from.
func sameUser(t *testing.T, text []byte, user User) {
	t.Helper()
	var want struct {
		ID, Domain, UUID string
		Name             *string
		Groups           []string
		Locked           *bool
		Roles            []struct {
			Role, Bucket_name, Scope_name, Collection_name string
			Origins                                        []Origin
		}
	}
	require.NoError(t, json.Unmarshal(text, &want, json.MatchCaseInsensitiveNames(true)))
	assert.Equal(t, want.ID, user.ID)
	assert.Equal(t, want.Domain, user.Domain)
	assert.Equal(t, want.UUID, user.UUID)
	assert.Equal(t, want.Name, user.Name)
	assert.Equal(t, want.Groups, user.Groups)
	assert.Equal(t, want.Locked, user.Locked)
	require.Len(t, user.Roles, len(want.Roles))
	for i, role := range want.Roles {
		scope := strings.TrimRight(strings.Join([]string{role.Bucket_name, role.Scope_name, role.Collection_name}, ":"), ":")
		for strings.HasSuffix(scope, ":*") {
			scope = strings.TrimSuffix(scope, ":*")
		}
		assert.Equal(t, HeldRole{Role: Role{Name: role.Role, Scope: scope}, Origins: role.Origins}, user.Roles[i])
	}
}

func play(t *testing.T, s *transcript.Scenario) {
	t.Helper()
	if slices.Contains(impossible, s.Name) {
		return
	}
	player := players[s.Operation.Name]
	require.NotNil(t, player, s.Operation.Name)
	var a args
	require.NoError(t, json.Unmarshal(s.Operation.Args, &a, json.MatchCaseInsensitiveNames(true)))
	exchanges := s.Exchanges
	if slices.Contains(refused, s.Name) {
		exchanges = nil
	}
	replay := transcript.NewReplay(exchanges, transcript.Rules{
		Headers: []string{"Authorization", "Content-Type", "ns-server-ui"}, Normalize: withoutIdleType,
	})
	c := replayClient(t, replay, a, s)
	got, err := player(t.Context(), t, c, a, s)
	require.NoError(t, replay.Err())

	var expect struct {
		Expect struct {
			Kind string   `json:"kind"`
			IDs  []string `json:"ids"`
			Mgmt []string `json:"mgmt"`
		} `json:"expect"`
	}
	require.NoError(t, s.Decode(&expect))
	assert.Equal(t, expect.Expect.Kind, kindText(err), fmt.Sprint(err))
	if want := slices.Concat(expect.Expect.IDs, expect.Expect.Mgmt); want != nil {
		assert.Equal(t, want, got)
	}
	if f, ok := errors.AsType[*fault.Error](err); ok && exchanges != nil && f.Kind != fault.AlreadyExists {
		assert.True(t, f.FromServer)
		assert.NotEmpty(t, f.Message)
		assert.Equal(t, exchanges[len(exchanges)-1].Response.Status, f.Status)
	}
}

// withoutIdleType takes the type of a body away where there is no body. The
// official SDK sends one all the same.
func withoutIdleType(r *transcript.Request) error {
	if kind := r.Body.Kind(); kind == 'n' || kind == 0 {
		delete(r.Headers, "Content-Type")
	}
	return nil
}

// replayClient returns a client of the nodes of a recording, logged in as the
// recording is.
func replayClient(t *testing.T, replay http.RoundTripper, a args, s *transcript.Scenario) *Client {
	t.Helper()
	hosts := a.Nodes
	if len(hosts) == 0 {
		hosts = []string{"node-a", "node-b"}
	}
	for _, e := range s.Exchanges {
		if e.Request.Node == "" {
			hosts = hosts[:1]
		}
	}
	credential := recordedCredential(t, s)
	scheme := "couchbase://"
	if credential.Token != "" {
		scheme = "couchbases://" // a token is not sent in clear
	}
	c, err := New(Config{
		Transport: transport.Config{
			HTTPClient: &http.Client{Transport: replay}, AllowPlainHTTP: true,
			Retry: transport.Retry{MaxAttempts: len(s.Exchanges), MinWait: time.Millisecond, MaxWait: time.Millisecond},
		},
		Address:    scheme + strings.Join(hosts, ","),
		Resolver:   noRecords{},
		Credential: func(context.Context) (Credential, error) { return credential, nil },
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// recordedCredential is what the recording is authenticated by.
func recordedCredential(t *testing.T, s *transcript.Scenario) Credential {
	t.Helper()
	header := s.Exchanges[0].Request.Headers["Authorization"]
	if token, bearer := strings.CutPrefix(header, "Bearer "); bearer {
		return Credential{Token: token}
	}
	r := http.Request{Header: http.Header{"Authorization": {header}}}
	username, password, ok := r.BasicAuth()
	require.True(t, ok)
	return Credential{Username: username, Password: password}
}

// noRecords resolves nothing.
type noRecords struct{}

func (noRecords) LookupSRV(context.Context, string, string, string) (string, []*net.SRV, error) {
	return "", nil, &net.DNSError{IsNotFound: true}
}

func kindText(err error) string {
	if err == nil {
		return "ok"
	}
	switch kind := fault.KindOf(err); kind {
	case fault.RateLimited:
		return "unavailable" // the recordings do not tell them apart
	default:
		return strings.ReplaceAll(kind.String(), " ", "_")
	}
}
