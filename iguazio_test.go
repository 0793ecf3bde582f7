package usermgmt_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
	"github.com/usermgmt/usermgmt/internal/conformance"
)

// igzWorld makes a world of a simulated system, with the extension.
func igzWorld(t *testing.T) (*conformance.World, *usermgmt.IguazioExtension, *httpWire) {
	t.Helper()
	world := simulatedIguazio(t)
	wire, ok := world.Wire.(*httpWire)
	require.True(t, ok)
	return world, igzExtension(t, world.Manager), wire
}

func igzCreate(t *testing.T, w *conformance.World, name string, groups ...string) usermgmt.User {
	t.Helper()
	created, err := w.Manager.CreateUser(t.Context(), usermgmt.CreateUserRequest{Name: name, Email: name + "@example.com", Groups: groups})
	require.NoError(t, err)
	return created.User
}

// igzMembers returns who is in a project, by role.
func igzMembers(t *testing.T, w *conformance.World, project string) map[string][]string {
	t.Helper()
	members := map[string][]string{}
	for member, err := range w.Manager.ListProjectMembers(t.Context(), usermgmt.ListProjectMembersRequest{Project: project}) {
		require.NoError(t, err)
		members[member.Role] = append(members[member.Role], member.Name)
	}
	return members
}

func TestIguazioThousandMembersInOneWrite(t *testing.T) {
	t.Parallel()
	w, igz, wire := igzWorld(t)
	names := make([]string, 1000)
	change := usermgmt.IguazioMembersChange{}
	for i := range names {
		names[i] = fmt.Sprintf("t-user%04d", i)
		change.Put = append(change.Put, usermgmt.ProjectMember{Member: usermgmt.UserMember(names[i]), Role: w.ProjectRoles[i%3]})
	}
	w.Seed(t, names)
	project := w.Projects[0]
	require.NoError(t, igz.ChangeProjectMembers(t.Context(), project, change))
	assert.Equal(t, 1, wire.Traffic().Writes)
	transactions := 0
	for _, r := range wire.handler.Requests() {
		if r.Path == "/api/async_transactions" {
			transactions++
		}
	}
	assert.Equal(t, 1, transactions)
	members := igzMembers(t, w, project)
	assert.Len(t, members["Viewer"], 334)
	assert.Len(t, members["Editor"], 333)
	assert.Len(t, members["Admin"], 333)

	require.NoError(t, igz.ChangeProjectMembers(t.Context(), project, change))
	assert.Equal(t, 1, wire.Traffic().Writes, "it is so already")

	change.Put = append(change.Put, usermgmt.ProjectMember{Member: usermgmt.UserMember("t-nobody"), Role: "Viewer"})
	err := igz.ChangeProjectMembers(t.Context(), project, change)
	e := requireError(t, err, usermgmt.ErrNotFound)
	assert.Equal(t, "user t-nobody", e.Resource+" "+e.Name)
	assert.Equal(t, 1, wire.Traffic().Writes)
}

func TestIguazioMembersChange(t *testing.T) {
	t.Parallel()
	w, igz, wire := igzWorld(t)
	ctx, project := t.Context(), w.Projects[0]
	alice := igzCreate(t, w, "t-alice")
	igzCreate(t, w, "t-bob")
	group, err := w.Manager.CreateGroup(ctx, usermgmt.CreateGroupRequest{Name: "t-crew"})
	require.NoError(t, err)
	put := func(name, role string) usermgmt.ProjectMember {
		return usermgmt.ProjectMember{Member: usermgmt.UserMember(name), Role: role}
	}
	require.NoError(t, igz.ChangeProjectMembers(ctx, project, usermgmt.IguazioMembersChange{Put: []usermgmt.ProjectMember{
		{Member: usermgmt.UserMember("t-alice"), ID: alice.ID, Role: "Viewer"}, put("t-bob", "Editor"),
		{Member: usermgmt.GroupMember("t-crew"), ID: group.ID, Role: "Viewer"},
	}}))
	assert.Equal(t, map[string][]string{"Viewer": {"t-alice", "t-crew"}, "Editor": {"t-bob"}}, igzMembers(t, w, project))

	writes := wire.Traffic().Writes
	require.NoError(t, igz.ChangeProjectMembers(ctx, project, usermgmt.IguazioMembersChange{
		Put: []usermgmt.ProjectMember{put("t-alice", "Admin")}, Existing: usermgmt.IguazioKeep,
	}))
	err = igz.ChangeProjectMembers(ctx, project, usermgmt.IguazioMembersChange{
		Put: []usermgmt.ProjectMember{put("t-alice", "Admin")}, Existing: usermgmt.IguazioFail,
	})
	requireError(t, err, usermgmt.ErrAlreadyExists)
	exactly := usermgmt.IguazioMembersChange{Exactly: []string{"Viewer"}, Put: []usermgmt.ProjectMember{put("t-bob", "Viewer")}}
	requireError(t, igz.ChangeProjectMembers(ctx, project, exactly), usermgmt.ErrConflict)
	err = igz.ChangeProjectMembers(ctx, project, usermgmt.IguazioMembersChange{
		Put: []usermgmt.ProjectMember{put("t-alice", "Owner")}, Exactly: []string{""}, Remove: []usermgmt.Member{{}}, Existing: 7,
	})
	e := requireError(t, err, usermgmt.ErrInvalidArgument)
	assert.Len(t, e.Fields, 4)
	assert.Equal(t, writes, wire.Traffic().Writes)

	exactly.Override, exactly.Remove = true, []usermgmt.Member{usermgmt.UserMember("t-alice")}
	require.NoError(t, igz.ChangeProjectMembers(ctx, project, exactly))
	assert.Equal(t, map[string][]string{"Viewer": {"t-bob"}}, igzMembers(t, w, project))
	assert.Equal(t, writes+1, wire.Traffic().Writes)
}

func TestIguazioEffectiveRoleReadsTheGroupsOnce(t *testing.T) {
	t.Parallel()
	w, _, wire := igzWorld(t)
	ctx, project := t.Context(), w.Projects[0]
	var groups []string
	for i := range 12 {
		name := fmt.Sprintf("t-group%d", i)
		_, err := w.Manager.CreateGroup(ctx, usermgmt.CreateGroupRequest{Name: name})
		require.NoError(t, err)
		require.NoError(t, w.Manager.EnsureProjectMember(ctx, usermgmt.EnsureProjectMemberRequest{
			Project: project, Member: usermgmt.GroupMember(name), Role: w.ProjectRoles[i%3],
		}))
		groups = append(groups, name)
	}
	igzCreate(t, w, "t-alice", groups[3], groups[4])
	wire.handler.Reset()
	role, err := w.Manager.EffectiveProjectRole(ctx, usermgmt.EffectiveProjectRoleRequest{Project: project, User: "t-alice"})
	require.NoError(t, err)
	assert.Equal(t, "Editor", role)
	reads := 0
	for _, r := range wire.handler.Requests() {
		if strings.HasPrefix(r.Path, "/api/users") {
			reads++
		}
	}
	assert.Equal(t, 1, reads)
}

func TestIguazioLogsInAgainWhilePolling(t *testing.T) {
	t.Parallel()
	w, _, wire := igzWorld(t)
	igzCreate(t, w, "t-alice")
	before := wire.Traffic()
	wire.Disturb(conformance.Read, conformance.Unauthenticated, 1) // the first look at the job
	igzCreate(t, w, "t-bob")
	sent := wire.Traffic().Sub(before)
	assert.Equal(t, 1, sent.Logins)
	assert.Equal(t, 1, sent.Writes)
}

func TestIguazioDeleteWithoutWaiting(t *testing.T) {
	t.Parallel()
	w, igz, _ := igzWorld(t)
	igzCreate(t, w, "t-alice")
	job, err := igz.StartDeleteUser(t.Context(), "t-alice")
	require.NoError(t, err)
	require.NotEmpty(t, job.ID)
	job, err = igz.WaitJob(t.Context(), job.ID)
	require.NoError(t, err)
	assert.True(t, job.Ended())
	assert.Equal(t, "completed", job.State)
	_, err = w.Manager.GetUser(t.Context(), usermgmt.GetUserRequest{Name: "t-alice"})
	requireError(t, err, usermgmt.ErrNotFound)
	_, err = igz.StartDeleteUser(t.Context(), "t-alice")
	requireError(t, err, usermgmt.ErrNotFound)
	_, err = igz.GetJob(t.Context(), "no-such-job")
	e := requireError(t, err, usermgmt.ErrNotFound)
	assert.Equal(t, "job", e.Resource)
}

func TestIguazioCreateWithoutWaiting(t *testing.T) {
	t.Parallel()
	w, igz, _ := igzWorld(t)
	record, job, err := igz.StartCreateUser(t.Context(), usermgmt.CreateUserRequest{
		Name: "t-alice", Email: "a@example.com", Extension: usermgmt.IguazioUser{UID: new(int64(0)), JobTitle: new("SRE")},
	})
	require.NoError(t, err)
	assert.Equal(t, "t-alice", record.Name)
	if job.ID != "" {
		_, err = igz.WaitJob(t.Context(), job.ID)
		require.NoError(t, err)
	}
	seen, err := igz.GetUser(t.Context(), "t-alice")
	require.NoError(t, err)
	assert.Equal(t, "SRE", seen.JobTitle)
	assert.Equal(t, "t-alice", seen.FirstName)
	assert.Empty(t, seen.DisplayName)
	operational, err := igz.IsOperational(t.Context(), "t-alice")
	require.NoError(t, err)
	assert.True(t, operational)
	_, _, err = igz.StartCreateUser(t.Context(), usermgmt.CreateUserRequest{Name: "t-alice", Email: "a@example.com"})
	requireError(t, err, usermgmt.ErrAlreadyExists)
	_, _, err = igz.StartCreateUser(t.Context(), usermgmt.CreateUserRequest{})
	requireError(t, err, usermgmt.ErrInvalidArgument)
	require.NoError(t, w.Manager.Close())
	_, err = igz.GetUser(t.Context(), "t-alice")
	requireError(t, err, usermgmt.ErrClosed)
}

func TestIguazioRefusedKeyEndsAtOnce(t *testing.T) {
	t.Parallel()
	client, script := scriptedIguazio(t, map[string]string{
		"DELETE /api/users/u1":        `!202 {"data":{"type":"deletion_response","relationships":{"jobs":{"data":[{"type":"job","id":"j1"}]}}}}`,
		"GET /api/jobs/j1":            `!401 {"errors":[{"status":401,"detail":"Session is missing, invalid or expired"}]}`,
		"GET /api/users/u1" + igzRead: `{"data":` + igzUser("") + `}`,
	})
	err := client.DeleteUser(t.Context(), usermgmt.DeleteUserRequest{Name: "alice", Extension: usermgmt.IguazioUser{ID: "u1"}})
	e := requireError(t, err, usermgmt.ErrUnauthenticated)
	assert.Equal(t, "job j1", e.Resource+" "+e.ID)
	assert.True(t, e.Ambiguous, "the deletion goes on")
	assert.Len(t, script.requests(), 3)
}

func TestIguazioAccessKeys(t *testing.T) {
	t.Parallel()
	const body = `{"data":{"type":"access_key","id":"the-new-key","attributes":{"label":"ci","planes":["control"],"ttl":60,"expires_at":1700000060}}}`
	client, script := scriptedIguazio(t, map[string]string{
		"POST /api/access_keys":                                      "!201 " + body,
		"POST /api/self/get_or_create_access_key":                    body,
		"GET /api/access_keys/the-new-key":                           body,
		"GET /api/access_keys?page%5Bnumber%5D=0&page%5Bsize%5D=200": `{"data":[` + strings.TrimSuffix(strings.TrimPrefix(body, `{"data":`), "}") + `]}`,
		"DELETE /api/access_keys/the-new-key":                        "!204 ",
	})
	igz, ctx := igzExtension(t, client), t.Context()
	wanted := usermgmt.IguazioNewAccessKey{Label: "ci", Planes: []string{"control"}, Lifetime: 60e9}
	for _, get := range []func() (usermgmt.IguazioAccessKey, error){
		func() (usermgmt.IguazioAccessKey, error) { return igz.CreateAccessKey(ctx, wanted) },
		func() (usermgmt.IguazioAccessKey, error) { return igz.EnsureAccessKey(ctx, wanted) },
		func() (usermgmt.IguazioAccessKey, error) {
			return igz.GetAccessKey(ctx, usermgmt.NewSecret("the-new-key"))
		},
		func() (usermgmt.IguazioAccessKey, error) {
			keys, err := usermgmt.Collect(igz.ListAccessKeys(ctx))
			require.Len(t, keys, 1)
			return keys[0], err
		},
	} {
		key, err := get()
		require.NoError(t, err)
		assert.Equal(t, "the-new-key", key.Key.Reveal())
		assert.Equal(t, "ci [control] 1m0s", fmt.Sprint(key.Label, " ", key.Planes, " ", key.Lifetime))
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v", key, key, key), "the-new-key")
	}
	require.NoError(t, igz.DeleteAccessKey(ctx, usermgmt.NewSecret("the-new-key")))
	assert.Equal(t, `POST /api/access_keys {"data":{"type":"access_key","attributes":{"label":"ci","planes":["control"],"ttl":60},"relationships":{}}}`, script.requests()[0])

	err := igz.DeleteAccessKey(ctx, usermgmt.NewSecret("another-key"))
	assert.NotContains(t, requireError(t, err, usermgmt.ErrNotFound).Error(), "another-key")
	_, err = igz.CreateAccessKey(ctx, usermgmt.IguazioNewAccessKey{Lifetime: 1})
	assert.Len(t, requireError(t, err, usermgmt.ErrInvalidArgument).Fields, 2)
	_, err = igz.GetAccessKey(ctx, usermgmt.Secret{})
	requireError(t, err, usermgmt.ErrInvalidArgument)
}

func TestIguazioProjects(t *testing.T) {
	t.Parallel()
	const lookup = "GET /api/projects?filter%5Bname%5D=lab&include=owner"
	project := `{"type":"project","id":"lab@1","attributes":{"name":"lab","description":"d","labels":[{"name":"a","value":"b"}],"operational_status":"online","owner_username":"alice"}}`
	client, script := scriptedIguazio(t, map[string]string{
		lookup:                                  `{"data":[` + project + `]}`,
		"POST /api/projects":                    `!201 {"data":{"type":"project","id":"lab@1","attributes":{"name":"lab"},"relationships":{"last_job":{"data":{"type":"job","id":"j1"}}}}}`,
		"GET /api/jobs/j1":                      `{"data":{"type":"job","id":"j1","attributes":{"state":"completed"}}}`,
		"GET /api/jobs/j2":                      `{"data":{"type":"job","id":"j2","attributes":{"state":"failed","result":"{\"status\":412,\"message\":\"not empty\"}"}}}`,
		"GET /api/projects/lab@1?include=owner": `{"data":` + project + `}`,
		"PUT /api/projects/lab@1":               `{"data":{"type":"project","id":"lab@1"}}`,
		"DELETE /api/projects":                  `!202 {"data":{"type":"job","id":"j2"}}`,
		"GET /api/projects/__name__/lab/authorization?action=update": "!403 ",
		igzLookup + "alice" + igzInclude:                             `{"data":[` + igzUser("") + `]}`,
	})
	igz, ctx := igzExtension(t, client), t.Context()
	created, err := igz.CreateProject(ctx, usermgmt.IguazioNewProject{Name: "lab", Description: "d", Owner: "alice", Labels: []usermgmt.IguazioLabel{{Name: "a", Value: "b"}}})
	require.NoError(t, err)
	want := usermgmt.Project{Name: "lab", ID: "lab@1", Description: "d", Owner: "alice"}
	assert.Equal(t, want, created.Project)
	assert.Equal(t, []usermgmt.IguazioLabel{{Name: "a", Value: "b"}}, created.Labels)
	got, err := igz.GetProject(ctx, "lab")
	require.NoError(t, err)
	assert.Equal(t, created, got)
	require.NoError(t, igz.UpdateProject(ctx, "lab", usermgmt.IguazioProjectUpdate{Labels: &[]usermgmt.IguazioLabel{}}))
	require.NoError(t, igz.SetProjectOwner(ctx, "lab", "alice"))
	allowed, err := igz.ProjectAllows(ctx, "lab", "update")
	require.NoError(t, err)
	assert.False(t, allowed)
	err = igz.DeleteProject(ctx, "lab", usermgmt.IguazioRestricted)
	e := requireError(t, err, usermgmt.ErrConflict)
	assert.Equal(t, "job j2: the job ended as failed: not empty", e.Resource+" "+e.ID+": "+e.Message)
	requireError(t, igz.DeleteProject(ctx, "lab", "at once"), usermgmt.ErrInvalidArgument)

	var writes []string
	for _, request := range script.requests() {
		if !strings.HasPrefix(request, http.MethodGet) {
			writes = append(writes, request)
		}
	}
	assert.Equal(t, []string{
		`POST /api/projects {"data":{"type":"project","attributes":{"name":"lab","description":"d","labels":[{"name":"a","value":"b"}]},"relationships":{"owner":{"data":{"type":"user","id":"u1"}}}}}`,
		`PUT /api/projects/lab@1 {"data":{"type":"project","attributes":{"labels":[]},"relationships":{}}}`,
		`PUT /api/projects/lab@1 {"data":{"type":"project","attributes":{},"relationships":{"owner":{"data":{"type":"user","id":"u1"}}}}}`,
		`DELETE /api/projects {"data":{"type":"project","attributes":{"name":"lab"},"relationships":{}}}`,
	}, writes)
}

// TestIguazioNobodyLeavesAllUsers refuses what would take a user out of
// operation, before anything is sent.
func TestIguazioNobodyLeavesAllUsers(t *testing.T) {
	t.Parallel()
	w, _, wire := igzWorld(t)
	user := igzCreate(t, w, w.Name("alice"))
	before := wire.Traffic()
	e := requireError(t, w.Manager.RemoveGroupMember(t.Context(), usermgmt.RemoveGroupMemberRequest{Group: "all_users", User: user.Name}), usermgmt.ErrConflict)
	assert.Equal(t, "group", e.Resource)
	assert.Equal(t, "all_users", e.Name)
	assert.False(t, e.FromServer)
	assert.Equal(t, before, wire.Traffic())
}
