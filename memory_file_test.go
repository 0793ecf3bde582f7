package usermgmt_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

// openFile returns a client of the embedded backend with a file, which the
// caller closes.
func openFile(t *testing.T, path string, opts ...usermgmt.MemoryOption) (*usermgmt.Client, *usermgmt.MemoryExtension) {
	t.Helper()
	c, err := usermgmt.New(usermgmt.Memory(append(opts, usermgmt.MemoryFile(path))...))
	require.NoError(t, err)
	x, ok := usermgmt.As[*usermgmt.MemoryExtension](c)
	require.True(t, ok)
	return c, x
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

// filesIn returns the names of the files in a folder, sorted.
func filesIn(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func TestMemoryFileKeepsEverything(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "users.json")
	c, x := openFile(t, path, usermgmt.MemoryAdmin("root"), usermgmt.MemoryProjectRoles("viewer", "editor"))
	furnish(t, c, x)
	require.NoError(t, c.SetPassword(t.Context(), usermgmt.SetPasswordRequest{Name: "alice", Password: usermgmt.NewSecret("open sesame")}))
	require.NoError(t, c.DisableUser(t.Context(), usermgmt.DisableUserRequest{Name: "alice"}))
	require.NoError(t, c.EnableUser(t.Context(), usermgmt.EnableUserRequest{Name: "alice"}))
	_, err := x.Authenticate(t.Context(), "alice", usermgmt.NewSecret("open sesame"))
	require.NoError(t, err)
	_, err = c.CreateUser(t.Context(), usermgmt.CreateUserRequest{Name: `"quoted" ünï </>`})
	require.NoError(t, err)
	require.NoError(t, c.DisableUser(t.Context(), usermgmt.DisableUserRequest{Name: `"quoted" ünï </>`}))
	want := contentsOf(t, c)
	require.NoError(t, c.Close())

	text := readFile(t, path)
	assert.NotContains(t, text, "open sesame")
	assert.Contains(t, text, "\n      \"passwordHash\": \"$argon2id$v=19$m=19456,t=2,p=1$")
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	assert.Equal(t, []string{"users.json", "users.json.lock"}, filesIn(t, filepath.Dir(path)))

	c, x = openFile(t, path)
	assert.Equal(t, want, contentsOf(t, c))
	me, err := c.CurrentUser(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "root", me.Name)
	require.ErrorIs(t, c.EnsureProjectMember(t.Context(), usermgmt.EnsureProjectMemberRequest{
		Project: "p", Member: usermgmt.UserMember("root"), Role: "admin",
	}), usermgmt.ErrInvalidArgument, "the project roles are kept too")
	assert.Equal(t, text, readFile(t, path), "opening writes nothing")
	_, err = x.Authenticate(t.Context(), "alice", usermgmt.NewSecret("open sesame"))
	require.NoError(t, err)
	require.NoError(t, c.Close())
}

const freshFile = `{
  "version": 1,
  "administrator": "admin",
  "projectRoles": [
    "viewer",
    "editor",
    "admin"
  ],
  "roles": [],
  "groups": [],
  "users": [
    {
      "name": "admin",
      "createdAt": "<time>",
      "updatedAt": "<time>"
    }
  ],
  "projects": []
}
`

func TestAFreshMemoryFileIsWrittenAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "users.json")
	c, _ := openFile(t, path)
	me, err := c.CurrentUser(t.Context())
	require.NoError(t, err)
	require.NoError(t, c.Close())
	want := strings.ReplaceAll(freshFile, "<time>", me.CreatedAt.Format(time.RFC3339Nano))
	assert.Equal(t, want, readFile(t, path))
}

func TestWhatChangesNothingWritesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "users.json")
	c, x := openFile(t, path)
	furnish(t, c, x)
	before, err := os.Stat(path)
	require.NoError(t, err)
	ctx := t.Context()
	_, err = c.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: "alice", Email: new("alice@example.com")})
	require.NoError(t, err)
	_, err = c.UpdateRole(ctx, usermgmt.UpdateRoleRequest{Name: "reader", Description: new("may be a reader")})
	require.NoError(t, err)
	_, err = c.UpdateGroup(ctx, usermgmt.UpdateGroupRequest{Name: "a", SetRoles: new(usermgmt.Roles("reader", "reader"))})
	require.NoError(t, err)
	require.NoError(t, c.GrantRoles(ctx, usermgmt.GrantRolesRequest{User: "alice", Roles: usermgmt.Roles("writer")}))
	require.NoError(t, c.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: "nobody", IgnoreMissing: true}))
	require.NoError(t, c.EnsureProjectMember(ctx, usermgmt.EnsureProjectMemberRequest{Project: "p", Member: usermgmt.UserMember("alice"), Role: "viewer"}))
	require.NoError(t, c.RemoveProjectMember(ctx, usermgmt.RemoveProjectMemberRequest{Project: "p", Member: usermgmt.UserMember("admin")}))
	after, err := os.Stat(path)
	require.NoError(t, err)
	assert.True(t, os.SameFile(before, after), "the file was not replaced")
	require.NoError(t, c.RemoveProjectMember(ctx, usermgmt.RemoveProjectMemberRequest{Project: "p", Member: usermgmt.UserMember("alice")}))
	after, err = os.Stat(path)
	require.NoError(t, err)
	assert.False(t, os.SameFile(before, after))
	require.NoError(t, c.Close())
}

// TestBadMemoryFiles opens files that somebody damaged or edited. None may be
// written to, and none read as less than it holds.
func TestBadMemoryFiles(t *testing.T) {
	t.Parallel()
	good := func(edits ...string) string {
		text := strings.NewReplacer("<time>", "2026-01-02T03:04:05.6Z").Replace(freshFile)
		edited := strings.NewReplacer(edits...).Replace(text)
		if len(edits) > 0 {
			require.NotEqual(t, text, edited)
		}
		return edited
	}
	users := func(more string) string { return good(`"users": [`, `"users": [`+more+`,`) }
	const hash = "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$1fO0BGbQGZ8nYpXs1IgAd9j3zvUUw0gkiDzAyQHYYvY"
	tests := map[string]struct{ text, want string }{
		"empty":             {"", "is empty"},
		"truncated":         {good()[:200], "holds no state of this backend: jsontext: unexpected EOF"},
		"two documents":     {good() + good(), "holds no state of this backend: "},
		"no object":         {`[]`, "holds no state of this backend: "},
		"no version":        {`{"users": []}`, "holds no state of this backend: version must be 1"},
		"old version":       {good(`"version": 1`, `"version": 0`), "holds no state of this backend: version must be 1"},
		"newer version":     {good(`"version": 1`, `"version": 2, "future": {}`), "was written by a newer version of this package, in format 2; this one knows format 1"},
		"unknown member":    {users(`{"name": "u", "shoeSize": 7}`), "is damaged: "},
		"member twice":      {good(`"roles": []`, `"roles": [], "roles": []`), "holds no state of this backend: "},
		"wrong type":        {users(`{"name": "u", "disabled": "yes"}`), "is damaged: "},
		"no administrator":  {good(`"administrator": "admin"`, `"administrator": "root"`), "is damaged: administrator must be the name of a user that is not disabled"},
		"disabled admin":    {good(`"name": "admin",`, `"name": "admin", "disabled": true,`), "is damaged: administrator must be the name of a user that is not disabled"},
		"no project roles":  {good(`"viewer",`, ``, `"editor",`, ``, `    "admin"`, ``), "is damaged: projectRoles must name at least one role"},
		"user twice":        {users(`{"name": "admin"}`), "is damaged: users[1].name must not be there twice"},
		"bad user name":     {users(`{"name": "\u0000"}`), "is damaged: users[0].name must not contain control characters"},
		"bad display name":  {users(`{"name": "u", "displayName": "\n"}`), "is damaged: users[0].displayName must not contain control characters"},
		"bad e-mail":        {users(`{"name": "u", "email": "\n"}`), "is damaged: users[0].email must not contain control characters"},
		"unknown role":      {users(`{"name": "u", "roles": ["r[s]"]}`), `is damaged: users[0].roles must exist: role "r" does not exist`},
		"bad role":          {users(`{"name": "u", "roles": ["r[]"]}`), `is damaged: users[0].roles must look like name or name[scope]`},
		"unknown group":     {users(`{"name": "u", "groups": ["g"]}`), `is damaged: users[0].groups must exist: group "g" does not exist`},
		"bad hash":          {users(`{"name": "u", "passwordHash": "plain text"}`), "is damaged: users[0].passwordHash is not an Argon2id hash in PHC string format"},
		"expensive hash":    {users(`{"name": "u", "passwordHash": "` + strings.Replace(hash, "m=19456", "m=4000000", 1) + `"}`), "is damaged: users[0].passwordHash is an Argon2id hash with costs out of bounds"},
		"time out of range": {users(`{"name": "u", "createdAt": "0001-01-01T00:00:00+01:00"}`), "is damaged: users[0].createdAt must be in the years 1 to 9999"},
		"role twice":        {good(`"roles": []`, `"roles": [{"name": "r"}, {"name": "r"}]`), "is damaged: roles[1].name must not be there twice"},
		"group twice":       {good(`"groups": []`, `"groups": [{"name": "g"}, {"name": "g"}]`), "is damaged: groups[1].name must not be there twice"},
		"project twice":     {good(`"projects": []`, `"projects": [{"name": "p"}, {"name": "p"}]`), "is damaged: projects[1].name must not be there twice"},
		"unknown owner":     {good(`"projects": []`, `"projects": [{"name": "p", "owner": "u"}]`), `is damaged: projects[0].owner must exist: user "u" does not exist`},
		"unknown member of a project": {
			good(`"projects": []`, `"projects": [{"name": "p", "members": [{"group": "g", "role": "viewer"}]}]`),
			`is damaged: projects[0].members[0] must exist: group "g" does not exist`,
		},
		"ambiguous member": {
			good(`"projects": []`, `"projects": [{"name": "p", "members": [{"user": "admin", "group": "g", "role": "viewer"}]}]`),
			`is damaged: projects[0].members[0] must not be both a user and a group`,
		},
		"member of a project twice": {
			good(`"projects": []`, `"projects": [{"name": "p", "members": [{"user": "admin", "role": "viewer"}, {"user": "admin", "role": "editor"}]}]`),
			`is damaged: projects[0].members[1] must not be there twice`,
		},
		"unknown project role": {
			good(`"projects": []`, `"projects": [{"name": "p", "members": [{"user": "admin", "role": "emperor"}]}]`),
			`is damaged: projects[0].members[0] must have one of the project roles`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "users.json")
			require.NoError(t, os.WriteFile(path, []byte(test.text), 0o600))
			for range 2 { // the first failure lets go of the file
				_, err := usermgmt.New(usermgmt.Memory(usermgmt.MemoryFile(path)))
				require.ErrorIs(t, err, usermgmt.ErrInvalidArgument)
				assert.Contains(t, err.Error(), "New: invalid argument: MemoryFile names a file that "+test.want)
			}
			assert.Equal(t, test.text, readFile(t, path), "the file is left alone")
		})
	}
	path := filepath.Join(t.TempDir(), "users.json")
	edited := users(`{"name": "zoe", "groups": ["g", "g"], "passwordHash": "` + hash + `", "lastLoginAt": "2026-01-02T04:04:05+01:00"}`)
	edited = strings.Replace(edited, `"groups": []`, `"groups": [{"name": "g"}]`, 1)
	require.NoError(t, os.WriteFile(path, []byte(edited), 0o644))
	c, _ := openFile(t, path)
	zoe, err := c.GetUser(t.Context(), usermgmt.GetUserRequest{Name: "zoe"})
	require.NoError(t, err, "people may edit the file, in any order")
	assert.Equal(t, usermgmt.User{
		Name: "zoe", Groups: []string{"g"}, EffectiveRoles: []usermgmt.Role{}, LastLoginAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}, zoe)
	require.NoError(t, c.DeleteUser(t.Context(), usermgmt.DeleteUserRequest{Name: "zoe"}))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "a file that others could read no longer is")
	require.NoError(t, c.Close())
}

func TestOptionsAgainstTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "users.json")
	c, x := openFile(t, path)
	furnish(t, c, x)
	require.NoError(t, c.Close())

	_, err := usermgmt.New(usermgmt.Memory(usermgmt.MemoryFile(path), usermgmt.MemoryAdmin("root")))
	require.EqualError(t, err, `New: invalid argument: MemoryAdmin must be "admin" as in the file`)
	_, err = usermgmt.New(usermgmt.Memory(usermgmt.MemoryFile(path), usermgmt.MemoryProjectRoles("viewer", "admin")))
	require.EqualError(t, err, `New: invalid argument: MemoryProjectRoles must include "editor", which a member of a project has`)

	c, _ = openFile(t, path, usermgmt.MemoryAdmin("admin"), usermgmt.MemoryProjectRoles("editor", "viewer"))
	role, err := c.EffectiveProjectRole(t.Context(), usermgmt.EffectiveProjectRoleRequest{Project: "p", User: "alice"})
	require.NoError(t, err)
	assert.Equal(t, "viewer", role, "the order is the new one")
	require.NoError(t, c.DisableUser(t.Context(), usermgmt.DisableUserRequest{Name: "alice"}))
	require.NoError(t, c.Close())
	assert.Contains(t, readFile(t, path), "\"projectRoles\": [\n    \"editor\",\n    \"viewer\"\n  ]", "the next change writes them")
}

func TestOneClientHoldsTheFile(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no flock")
	}
	path := filepath.Join(t.TempDir(), "users.json")
	first, _ := openFile(t, path)
	_, err := usermgmt.New(usermgmt.Memory(usermgmt.MemoryFile(path)))
	require.ErrorIs(t, err, usermgmt.ErrConflict)
	assert.Contains(t, err.Error(), "another client has the file")
	_, err = usermgmt.Open(t.Context(), "memory://"+path)
	require.ErrorIs(t, err, usermgmt.ErrConflict)
	_, err = first.CreateUser(t.Context(), usermgmt.CreateUserRequest{Name: "alice"})
	require.NoError(t, err)
	require.NoError(t, first.Close())

	second, _ := openFile(t, path)
	_, err = second.GetUser(t.Context(), usermgmt.GetUserRequest{Name: "alice"})
	require.NoError(t, err)
	require.NoError(t, second.Close())

	_, err = usermgmt.New(usermgmt.Memory(usermgmt.MemoryFile(path)), usermgmt.WithRequired(200))
	require.ErrorIs(t, err, usermgmt.ErrInvalidArgument)
	third, _ := openFile(t, path)
	require.NoError(t, third.Close())
}

func TestSomebodyElseChangesTheFile(t *testing.T) {
	t.Parallel()
	meddle := map[string]func(t *testing.T, path string){
		"writes": func(t *testing.T, path string) {
			t.Helper()
			require.NoError(t, os.WriteFile(path, []byte(readFile(t, path)+"\n"), 0o600))
		},
		"replaces": func(t *testing.T, path string) {
			t.Helper()
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path+".new", []byte(readFile(t, path)), 0o600))
			require.NoError(t, os.Chtimes(path+".new", info.ModTime(), info.ModTime()))
			require.NoError(t, os.Rename(path+".new", path))
		},
		"touches": func(t *testing.T, path string) {
			t.Helper()
			require.NoError(t, os.Chtimes(path, time.Time{}, time.Unix(1, 0)))
		},
		"removes": func(t *testing.T, path string) {
			t.Helper()
			require.NoError(t, os.Remove(path))
		},
	}
	for name, meddle := range meddle {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "users.json")
			c, _ := openFile(t, path)
			_, err := c.CreateUser(t.Context(), usermgmt.CreateUserRequest{Name: "alice"})
			require.NoError(t, err)
			meddle(t, path)
			left, _ := os.ReadFile(path)
			want := contentsOf(t, c)
			for range 2 {
				_, err = c.CreateUser(t.Context(), usermgmt.CreateUserRequest{Name: "bob"})
				require.ErrorIs(t, err, usermgmt.ErrConflict)
			}
			now, _ := os.ReadFile(path)
			assert.Equal(t, left, now, "their change is not overwritten")
			assert.Equal(t, want, contentsOf(t, c), "and ours is not made")
			require.NoError(t, c.Close())
		})
	}
}

func TestPathsOfMemoryFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	at := func(parts ...string) string { return filepath.Join(append([]string{folder}, parts...)...) }
	for _, sub := range []string{"real", "real/deep", "links"} {
		require.NoError(t, os.Mkdir(at(sub), 0o700))
	}
	links := map[string]string{
		at("links/relative"): "../real/users.json",
		at("links/absolute"): at("links/relative"),
		at("links/folder"):   at("real/deep"),
		at("links/up"):       "folder/../users.json", // real/users.json, and not links/users.json
	}
	for link, target := range links {
		require.NoError(t, os.Symlink(target, link))
	}
	paths := []string{
		at("links/relative"), at("links/absolute"), at("links/up"), at("real/deep/../users.json"), at("links") + "/folder/../users.json",
	}
	for i, path := range paths {
		c, _ := openFile(t, path)
		_, err := c.CreateUser(t.Context(), usermgmt.CreateUserRequest{Name: fmt.Sprintf("user-%d", i)})
		require.NoError(t, err)
		_, err = usermgmt.New(usermgmt.Memory(usermgmt.MemoryFile(at("real/users.json"))))
		require.ErrorIs(t, err, usermgmt.ErrConflict, "%s is the same file", path)
		require.NoError(t, c.Close())
	}
	assert.Equal(t, []string{"absolute", "folder", "relative", "up"}, filesIn(t, at("links")), "links stay links")
	for link, want := range links {
		target, err := os.Readlink(link)
		require.NoError(t, err)
		assert.Equal(t, want, target)
	}
	c, _ := openFile(t, at("real/users.json"))
	assert.Len(t, contentsOf(t, c).Users, len(paths)+1, "it was one file all along")
	require.NoError(t, c.Close())

	require.NoError(t, os.Symlink("ring", at("ring")))
	for path, kind := range map[string]error{
		at("ring"):                 usermgmt.ErrUnavailable,
		at("no/such/folder"):       usermgmt.ErrUnavailable,
		at("real/users.json", "x"): usermgmt.ErrUnavailable,
		at("real"):                 usermgmt.ErrInvalidArgument,
		at("real") + "/":           usermgmt.ErrInvalidArgument,
		".":                        usermgmt.ErrInvalidArgument,
	} {
		_, err := usermgmt.New(usermgmt.Memory(usermgmt.MemoryFile(path)))
		require.ErrorIs(t, err, kind, path)
	}
	assert.NoFileExists(t, at("real.lock"))
}

// TestRelativePathsAreResolvedAtOpen changes the working folder, so it is not
// parallel.
func TestRelativePathsAreResolvedAtOpen(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	t.Chdir(first)
	c, _ := openFile(t, "users.json")
	t.Chdir(second)
	_, err := c.CreateUser(t.Context(), usermgmt.CreateUserRequest{Name: "alice"})
	require.NoError(t, err)
	require.NoError(t, c.Close())
	assert.Empty(t, filesIn(t, second))
	assert.Contains(t, readFile(t, filepath.Join(first, "users.json")), "alice")
}

// writerPath, if it is set, makes TestMemoryWriter write to that file for
// ever: TestKilledWriter starts this program again so.
const writerPath = "USERMGMT_TEST_WRITER"

func TestMemoryWriter(t *testing.T) { //nolint:paralleltest // it is another process's only test
	path := os.Getenv(writerPath)
	if path == "" {
		t.Skip("runs as a process of TestKilledWriter")
	}
	c, _ := openFile(t, path)
	for i := 0; ; i++ {
		name := fmt.Sprintf("user-%06d", i)
		_, err := c.CreateUser(t.Context(), usermgmt.CreateUserRequest{Name: name})
		require.NoError(t, err)
		fmt.Println(name)
	}
}

func TestKilledWriter(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "users.json")
	var acknowledged []string
	for _, enough := range []int{1, 20, 57} {
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMemoryWriter$")
		command.Env = append(os.Environ(), writerPath+"="+path)
		output, err := command.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, command.Start())
		acknowledged = acknowledged[:0]
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			acknowledged = append(acknowledged, lines.Text())
			if len(acknowledged) == enough {
				require.NoError(t, command.Process.Kill())
			}
		}
		_, _ = io.Copy(io.Discard, output)
		require.Error(t, command.Wait(), "it was killed")
		require.GreaterOrEqual(t, len(acknowledged), enough)

		c, _ := openFile(t, path) // the lock died with its holder
		users := contentsOf(t, c).Users
		var names []string
		for _, user := range users[1:] { // after the administrator
			names = append(names, user.Name)
		}
		require.GreaterOrEqual(t, len(names), len(acknowledged))
		assert.Equal(t, acknowledged, names[:len(acknowledged)], "what was acknowledged is there")
		assert.LessOrEqual(t, len(names), len(acknowledged)+1, "and at most the change that was under way")
		for _, name := range names {
			require.NoError(t, c.DeleteUser(t.Context(), usermgmt.DeleteUserRequest{Name: name}))
		}
		require.NoError(t, c.Close())
		assert.NoFileExists(t, path+".tmp", "what the killed writer left is gone")
	}
}

// TestReopenWhileAProcessStarts closes and opens a file while other processes
// are started, which inherit what is open until they run.
func TestReopenWhileAProcessStarts(t *testing.T) {
	t.Parallel()
	program, err := os.Executable()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "users.json")
	started := make(chan struct{})
	go func() {
		defer close(started)
		for range 20 {
			_ = exec.Command(program, "-test.run=^$").Run()
		}
	}()
	for running := true; running; {
		select {
		case <-started:
			running = false
		default:
		}
		c, _ := openFile(t, path)
		require.NoError(t, c.Close())
	}
}
