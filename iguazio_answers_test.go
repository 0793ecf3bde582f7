package usermgmt_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

// igzScript is a server that answers each request as a table says, by method,
// path and query, and notes what came.
type igzScript struct {
	answers map[string]string // "GET /api/..." to the body, or to a status and the body

	mu   sync.Mutex
	seen []string
}

func (s *igzScript) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	request := r.Method + " " + r.URL.RequestURI()
	s.mu.Lock()
	s.seen = append(s.seen, strings.TrimSpace(request+" "+string(body)))
	s.mu.Unlock()
	answer, known := s.answers[request]
	status := http.StatusOK
	if !known {
		status, answer = http.StatusNotFound, `{"errors":[{"status":404,"detail":"no such thing"}]}`
	}
	if rest, ok := strings.CutPrefix(answer, "!"); ok {
		_, _ = fmt.Sscanf(rest, "%d", &status)
		_, answer, _ = strings.Cut(rest, " ")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer)
}

// requests returns what came, and forgets it.
func (s *igzScript) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.seen
	s.seen = nil
	return seen
}

// scriptedIguazio returns a client of a server that answers as the table says.
func scriptedIguazio(t *testing.T, answers map[string]string, opts ...usermgmt.IguazioOption) (*usermgmt.Client, *igzScript) {
	t.Helper()
	script := &igzScript{answers: answers}
	server := httptest.NewServer(script)
	t.Cleanup(server.Close)
	client, err := usermgmt.New(usermgmt.Iguazio(server.URL, opts...), usermgmt.WithCredentials(usermgmt.AccessKey("", "a-key")),
		usermgmt.WithRetry(usermgmt.RetryPolicy{MinWait: time.Millisecond, MaxWait: 10 * time.Millisecond}))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client, script
}

const (
	igzLookup  = "GET /api/users?filter%5Busername%5D="
	igzInclude = "&include=user_groups%2Cprimary_group"
	igzRead    = "?include=user_groups%2Cprimary_group"
)

// igzUser is a user in two groups of which the server shows one beside
// all_users; the one that it shows is the primary group.
func igzUser(policies string) string {
	return `{"type":"user","id":"u1","attributes":{"username":"alice","first_name":"Alice","last_name":"Liddell","email":"a@example.com","uid":0,
		"assigned_policies":[` + policies + `],"admin_status":"up","operational_status":"up","shoe_size":37},"relationships":{
		"user_groups":{"data":[{"type":"user_group","id":"all"},{"type":"user_group","id":"hidden"},{"type":"user_group","id":"g1"}]},
		"primary_group":{"data":{"type":"user_group","id":"g1"}}}}`
}

const igzGroups = `[{"type":"user_group","id":"all","attributes":{"name":"all_users","system_provided":true}},
	{"type":"user_group","id":"g1","attributes":{"name":"crew","assigned_policies":["Data"]}}]`

func igzAlice(policies string) map[string]string {
	return map[string]string{
		igzLookup + "alice" + igzInclude:              `{"data":[` + igzUser(policies) + `],"included":` + igzGroups + `}`,
		"GET /api/users/u1" + igzRead:                 `{"data":` + igzUser(policies) + `,"included":` + igzGroups + `}`,
		"GET /api/user_groups?filter%5Bname%5D=crew":  `{"data":[{"type":"user_group","id":"g1","attributes":{"name":"crew"}}]}`,
		"GET /api/user_groups?filter%5Bname%5D=other": `{"data":[{"type":"user_group","id":"g2","attributes":{"name":"other"}}]}`,
		"PUT /api/users/u1":                           `{"data":{"type":"user","id":"u1"}}`,
	}
}

func igzExtension(t *testing.T, m usermgmt.UserManager) *usermgmt.IguazioExtension {
	t.Helper()
	extension, ok := usermgmt.As[*usermgmt.IguazioExtension](m)
	require.True(t, ok)
	return extension
}

func TestIguazioShowsWhatIsThere(t *testing.T) {
	t.Parallel()
	client, script := scriptedIguazio(t, igzAlice(`"Developer","Brand New"`))
	user, err := client.GetUser(t.Context(), usermgmt.GetUserRequest{Name: "alice"})
	require.NoError(t, err)
	assert.Equal(t, usermgmt.User{
		Name: "alice", ID: "u1", DisplayName: "Alice Liddell", Email: "a@example.com",
		Roles: usermgmt.Roles("Brand New", "Developer"), Groups: []string{"crew"},
	}, user, "with a hidden group there is no telling which roles are effective")
	assert.Len(t, script.requests(), 1)

	record, err := igzExtension(t, client).GetUserByID(t.Context(), "u1")
	require.NoError(t, err)
	assert.Equal(t, user, record.User)
	assert.Equal(t, "Alice,Liddell,crew,g1,up", strings.Join([]string{record.FirstName, record.LastName, record.PrimaryGroup, record.PrimaryGroupID, record.OperationalStatus}, ","))
	assert.Equal(t, []string{"all", "hidden", "g1"}, record.GroupIDs)
	assert.Zero(t, *record.UID)
	assert.Contains(t, string(record.Attributes), `"shoe_size":37`)
}

func TestIguazioNeverTakesAnotherUser(t *testing.T) {
	t.Parallel()
	client, script := scriptedIguazio(t, map[string]string{igzLookup + "ALICE" + igzInclude: `{"data":[` + igzUser("") + `]}`})
	_, err := client.GetUser(t.Context(), usermgmt.GetUserRequest{Name: "ALICE"})
	require.ErrorIs(t, err, usermgmt.ErrNotFound)
	script.requests()
	ctx := t.Context()
	for field, call := range map[string]func(name string) error{
		"Name": func(name string) error { return client.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: name}) },
		"User": func(name string) error {
			return client.GrantRoles(ctx, usermgmt.GrantRolesRequest{User: name, Roles: usermgmt.Roles("Data")})
		},
		"Group": func(name string) error {
			return client.AddGroupMember(ctx, usermgmt.AddGroupMemberRequest{Group: name, User: "alice"})
		},
		"Member": func(name string) error {
			return client.EnsureProjectMember(ctx, usermgmt.EnsureProjectMemberRequest{Project: "p", Member: usermgmt.GroupMember(name), Role: "Admin"})
		},
		"Project": func(name string) error {
			_, err := client.EffectiveProjectRole(ctx, usermgmt.EffectiveProjectRoleRequest{Project: name, User: "alice"})
			return err
		},
		"name": func(name string) error {
			_, err := igzExtension(t, client).GetProject(ctx, name)
			return err
		},
	} {
		err := call("[$ne]nobody")
		require.ErrorIs(t, err, usermgmt.ErrInvalidArgument)
		var e *usermgmt.Error
		require.ErrorAs(t, err, &e)
		assert.Contains(t, e.Fields, field)
	}
	assert.Empty(t, script.requests())
}

func TestIguazioUpdateSendsWhatChanges(t *testing.T) {
	t.Parallel()
	client, script := scriptedIguazio(t, igzAlice(`"Developer","Brand New"`))
	put := func(req usermgmt.UpdateUserRequest) string {
		t.Helper()
		req.Name = "alice"
		_, err := client.UpdateUser(t.Context(), req)
		if err != nil {
			require.ErrorIs(t, err, usermgmt.ErrConflict, "the script shows nothing of what was written")
		}
		for _, request := range script.requests() {
			if body, ok := strings.CutPrefix(request, "PUT /api/users/u1 "); ok {
				return body
			}
		}
		return ""
	}
	assert.JSONEq(t, `{"data":{"type":"user","attributes":{"first_name":"Al","last_name":"van der Berg"},"relationships":{}}}`,
		put(usermgmt.UpdateUserRequest{DisplayName: new("Al van der Berg")}))
	assert.JSONEq(t, `{"data":{"type":"user","attributes":{"first_name":"alice","last_name":"-"},"relationships":{}}}`,
		put(usermgmt.UpdateUserRequest{DisplayName: new("")}))
	assert.JSONEq(t, `{"data":{"type":"user","attributes":{"assigned_policies":[]},"relationships":{}}}`,
		put(usermgmt.UpdateUserRequest{SetRoles: &[]usermgmt.Role{}}))
	assert.JSONEq(t, `{"data":{"type":"user","attributes":{"job_title":"SRE"},"relationships":{}}}`,
		put(usermgmt.UpdateUserRequest{Extension: usermgmt.IguazioUser{JobTitle: new("SRE")}}))
	assert.JSONEq(t, `{"data":{"type":"user","attributes":{},"relationships":{"user_groups":{"data":[{"type":"user_group","id":"all"},
		{"type":"user_group","id":"hidden"},{"type":"user_group","id":"g1"},{"type":"user_group","id":"g2"}]}}}}`,
		put(usermgmt.UpdateUserRequest{SetGroups: &[]string{"other", "crew"}}), "what the caller cannot name stays")
	assert.JSONEq(t, `{"data":{"type":"user","attributes":{},"relationships":{"primary_group":{"data":null},"user_groups":{"data":[
		{"type":"user_group","id":"all"},{"type":"user_group","id":"hidden"}]}}}}`,
		put(usermgmt.UpdateUserRequest{SetGroups: &[]string{}, Extension: usermgmt.IguazioUser{PrimaryGroup: new("")}}))
	assert.JSONEq(t, `{"data":{"type":"user","attributes":{},"relationships":{"primary_group":{"data":{"type":"user_group","id":"g2"}},"user_groups":{"data":[
		{"type":"user_group","id":"all"},{"type":"user_group","id":"hidden"},{"type":"user_group","id":"g1"},{"type":"user_group","id":"g2"}]}}}}`,
		put(usermgmt.UpdateUserRequest{Extension: usermgmt.IguazioUser{PrimaryGroup: new("other")}}))
	assert.Empty(t, put(usermgmt.UpdateUserRequest{SetGroups: &[]string{"crew"}}), "nothing to write")
	assert.Empty(t, put(usermgmt.UpdateUserRequest{SetGroups: &[]string{}}), "the primary group is not left by the way")
}

func TestIguazioWrittenListsAreCompared(t *testing.T) {
	t.Parallel()
	client, _ := scriptedIguazio(t, igzAlice(`"Developer"`))
	err := client.GrantRoles(t.Context(), usermgmt.GrantRolesRequest{User: "alice", Roles: usermgmt.Roles("Data")})
	require.ErrorIs(t, err, usermgmt.ErrConflict)
	var e *usermgmt.Error
	require.ErrorAs(t, err, &e)
	assert.True(t, e.Ambiguous)
}

func TestIguazioPrimaryGroup(t *testing.T) {
	t.Parallel()
	client, script := scriptedIguazio(t, igzAlice(""))
	leave := usermgmt.RemoveGroupMemberRequest{Group: "crew", User: "alice"}
	require.ErrorIs(t, client.RemoveGroupMember(t.Context(), leave), usermgmt.ErrConflict)
	assert.Len(t, script.requests(), 2, "two reads")
	leave.Extension = usermgmt.IguazioUser{PrimaryGroup: new("")}
	require.ErrorIs(t, client.RemoveGroupMember(t.Context(), leave), usermgmt.ErrConflict, "the script shows nothing of what was written")
	requests := script.requests()
	require.Len(t, requests, 4)
	assert.JSONEq(t, `{"data":{"type":"user","attributes":{},"relationships":{"primary_group":{"data":null},"user_groups":{"data":[
		{"type":"user_group","id":"all"},{"type":"user_group","id":"hidden"}]}}}}`, strings.TrimPrefix(requests[2], "PUT /api/users/u1 "))
}

func TestIguazioNotYetOperational(t *testing.T) {
	t.Parallel()
	client, _ := scriptedIguazio(t, map[string]string{
		"POST /api/users":                       `!201 {"data":{"type":"user","id":"u9","attributes":{"username":"new","operational_status":"down"}}}`,
		"GET /api/users/u9?include=user_groups": `{"data":{"type":"user","id":"u9","attributes":{"username":"new","operational_status":"down"}}}`,
	}, usermgmt.IguazioWait(300*time.Millisecond))
	created, err := client.CreateUser(t.Context(), usermgmt.CreateUserRequest{Name: "new", Email: "n@example.com"})
	require.ErrorIs(t, err, usermgmt.ErrPending)
	var e *usermgmt.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "user new u9", e.Resource+" "+e.Name+" "+e.ID)
	assert.True(t, e.Ambiguous)
	assert.Equal(t, "u9", created.ID)
}

func TestIguazioInputsThatMeanNothing(t *testing.T) {
	t.Parallel()
	client, script := scriptedIguazio(t, nil)
	ctx := t.Context()
	create := func(with usermgmt.IguazioUser) error {
		_, err := client.CreateUser(ctx, usermgmt.CreateUserRequest{Name: "a", Email: "a@b", DisplayName: "A", Extension: with})
		return err
	}
	update := func(with usermgmt.IguazioUser) error {
		_, err := client.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: "a", Extension: with})
		return err
	}
	_, noMail := client.CreateUser(ctx, usermgmt.CreateUserRequest{Name: "a"})
	_, members := client.UpdateGroup(ctx, usermgmt.UpdateGroupRequest{Name: "g", Extension: usermgmt.IguazioGroup{Members: []string{"a"}}})
	_, pageSize := usermgmt.Collect(client.ListUsers(ctx, usermgmt.ListUsersRequest{Extension: usermgmt.IguazioUserList{PageSize: 500}}))
	_, operator := usermgmt.Collect(client.ListGroups(ctx, usermgmt.ListGroupsRequest{Extension: usermgmt.IguazioGroupList{
		Filters: []usermgmt.IguazioFilter{{Field: "name", Value: "[$ne]x"}},
	}}))
	_, scrubbed := usermgmt.Collect(client.ListUsers(ctx, usermgmt.ListUsersRequest{Group: "g", Extension: usermgmt.IguazioUserList{Scrubbed: true}}))
	for _, err := range []error{
		noMail, members, pageSize, operator, scrubbed,
		create(usermgmt.IguazioUser{ID: "u1"}), create(usermgmt.IguazioUser{FirstName: new("A")}),
		update(usermgmt.IguazioUser{UID: new(int64(0))}), update(usermgmt.IguazioUser{SendPassword: true}),
		client.EnableUser(ctx, usermgmt.EnableUserRequest{Name: "a", Extension: usermgmt.IguazioUser{JobTitle: new("")}}),
		client.AddGroupMember(ctx, usermgmt.AddGroupMemberRequest{Group: "g", User: "a", Extension: usermgmt.IguazioUser{PrimaryGroup: new("")}}),
		client.RemoveGroupMember(ctx, usermgmt.RemoveGroupMemberRequest{Group: "g", User: "a", Extension: usermgmt.IguazioUser{PrimaryGroup: new("x")}}),
		client.EnsureProjectMember(ctx, usermgmt.EnsureProjectMemberRequest{Project: "p", Member: usermgmt.UserMember("a"), Role: "admin"}),
	} {
		require.ErrorIs(t, err, usermgmt.ErrInvalidArgument)
	}
	assert.Empty(t, script.requests())
}

func TestIguazioIDSavesTheLookup(t *testing.T) {
	t.Parallel()
	client, script := scriptedIguazio(t, igzAlice(""))
	byID := usermgmt.IguazioUser{ID: "u1"}
	require.NoError(t, client.DisableUser(t.Context(), usermgmt.DisableUserRequest{Name: "alice", Extension: byID}))
	assert.Equal(t, []string{
		"GET /api/users/u1" + igzRead, `PUT /api/users/u1 {"data":{"type":"user","attributes":{"admin_status":"down"},"relationships":{}}}`,
	}, script.requests())
	_, err := client.GetUser(t.Context(), usermgmt.GetUserRequest{Name: "bob", Extension: byID})
	require.ErrorIs(t, err, usermgmt.ErrInvalidArgument)
}

func TestIguazioOldVersions(t *testing.T) {
	t.Parallel()
	client, script := scriptedIguazio(t, map[string]string{
		"GET /api/tunnel/igz0.version.0/external_versions/igz0": `{"data":{"id":"igz0","attributes":{"external":"3.5.4-b1"}}}`,
	})
	_, err := client.CreateUser(t.Context(), usermgmt.CreateUserRequest{
		Name: "a", Email: "a@b", Extension: usermgmt.IguazioUser{AuthenticationMethods: &[]string{"sso"}},
	})
	require.ErrorIs(t, err, usermgmt.ErrUnsupported)
	assert.Contains(t, err.Error(), "3.5.4")
	assert.Len(t, script.requests(), 1)
}

func TestIguazioSettings(t *testing.T) {
	t.Parallel()
	key := usermgmt.WithCredentials(usermgmt.AccessKey("", "k"))
	for name, b := range map[string]struct {
		backend usermgmt.Backend
		opts    []usermgmt.Option
	}{
		"no credentials": {usermgmt.Iguazio("https://igz.example.com"), nil},
		"no key":         {usermgmt.Iguazio("https://igz.example.com"), []usermgmt.Option{usermgmt.WithCredentials(usermgmt.AccessKey("admin", ""))}},
		"no user":        {usermgmt.Iguazio("https://igz.example.com"), []usermgmt.Option{usermgmt.WithCredentials(usermgmt.Password("", "p"))}},
		"a token":        {usermgmt.Iguazio("https://igz.example.com"), []usermgmt.Option{usermgmt.WithCredentials(usermgmt.BearerToken("t"))}},
		"no address":     {usermgmt.Iguazio(""), []usermgmt.Option{key}},
		"plain http":     {usermgmt.Iguazio("http://igz.example.com"), []usermgmt.Option{key}},
		"no patience":    {usermgmt.Iguazio("https://igz.example.com", usermgmt.IguazioWait(0)), []usermgmt.Option{key}},
	} {
		_, err := usermgmt.New(b.backend, b.opts...)
		require.ErrorIs(t, err, usermgmt.ErrInvalidArgument, name)
	}
	client, err := usermgmt.New(usermgmt.Iguazio("igz.example.com", nil), key)
	require.NoError(t, err, "without a scheme it is https")
	require.NoError(t, client.Close())
}
