package usermgmt

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// crashingDisk is a disk on which one step fails, or happens and then fails.
type crashingDisk struct {
	osDisk

	step string // that fails, none if empty
	late bool   // the step happens all the same
}

var errCrash = errors.New("the disk is on fire")

// do carries out a step and makes it fail, as the disk is set to.
func (d *crashingDisk) do(name string, step func() error) error {
	if d.step != name {
		return step()
	}
	if d.late {
		return errors.Join(step(), errCrash)
	}
	return errCrash
}

func (d *crashingDisk) write(path string, data []byte) (info os.FileInfo, err error) {
	if d.step == "write" && !d.late { // half of it
		_, err = d.osDisk.write(path, data[:len(data)/2])
		return nil, errors.Join(err, errCrash)
	}
	err = d.do("write", func() error {
		info, err = d.osDisk.write(path, data)
		return err
	})
	return info, err
}

func (d *crashingDisk) rename(from, to string) error {
	return d.do("rename", func() error { return d.osDisk.rename(from, to) })
}

func (d *crashingDisk) syncFolder(path string) error {
	return d.do("syncFolder", func() error { return d.osDisk.syncFolder(path) })
}

// userNames returns the names of all users of a client.
func userNames(t *testing.T, c *Client) (names []string) {
	t.Helper()
	users, err := Collect(c.ListUsers(t.Context(), ListUsersRequest{}))
	require.NoError(t, err)
	for _, user := range users {
		names = append(names, user.Name)
	}
	return names
}

func TestDiskFailures(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		disk *crashingDisk
		made bool // the change was made all the same
	}{
		"write":             {&crashingDisk{step: "write"}, false},
		"flush":             {&crashingDisk{step: "write", late: true}, false},
		"rename":            {&crashingDisk{step: "rename"}, false},
		"answer to rename":  {&crashingDisk{step: "rename", late: true}, true},
		"flush of a folder": {&crashingDisk{step: "syncFolder"}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "users.json")
			c, err := New(Memory(MemoryFile(path)))
			require.NoError(t, err)
			_, err = c.CreateUser(t.Context(), CreateUserRequest{Name: "alice"})
			require.NoError(t, err)

			file := c.backend.(*memoryBackend).file
			file.disk = test.disk
			created, err := c.CreateUser(t.Context(), CreateUserRequest{Name: "bob"})
			require.ErrorIs(t, err, ErrUnavailable)
			require.ErrorIs(t, err, errCrash)
			e, _ := errors.AsType[*Error](err)
			assert.Equal(t, test.made, e.Ambiguous)
			want := []string{"admin", "alice"}
			if test.made {
				want = append(want, "bob")
				assert.Equal(t, "bob", created.Name)
			} else {
				assert.Equal(t, CreatedUser{}, created)
			}
			assert.Equal(t, want, userNames(t, c))
			assert.NoFileExists(t, path+".tmp")

			file.disk = osDisk{} // a client outlives a failure
			_, err = c.CreateUser(t.Context(), CreateUserRequest{Name: "carol"})
			require.NoError(t, err)
			require.NoError(t, c.Close())
			c, err = New(Memory(MemoryFile(path)))
			require.NoError(t, err)
			assert.Equal(t, append(want, "carol"), userNames(t, c), "what the file holds is what the client showed")
			require.NoError(t, c.Close())
		})
	}
}

func TestLeftoversOnDisk(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "users.json")
	require.NoError(t, os.WriteFile(path+".tmp", []byte("half of a sta"), 0o644))
	require.NoError(t, os.WriteFile(path+".lock", nil, 0o600))
	c, err := New(Memory(MemoryFile(path)))
	require.NoError(t, err, "what a crashed writer left does no harm")
	assert.NoFileExists(t, path+".tmp")

	require.NoError(t, os.MkdirAll(path+".tmp/full", 0o700))
	_, err = c.CreateUser(t.Context(), CreateUserRequest{Name: "alice"})
	require.ErrorIs(t, err, ErrUnavailable, "nothing can be written there")
	assert.Equal(t, []string{"admin"}, userNames(t, c))
	require.NoError(t, c.Close())

	blocked := filepath.Join(t.TempDir(), "users.json")
	require.NoError(t, os.MkdirAll(blocked+".tmp/full", 0o700))
	_, err = New(Memory(MemoryFile(blocked)))
	require.ErrorIs(t, err, ErrUnavailable, "New tells, not the first change")
	assert.NoFileExists(t, blocked)
	require.NoError(t, os.Mkdir(blocked+"2.lock", 0o700))
	_, err = New(Memory(MemoryFile(blocked + "2")))
	require.ErrorIs(t, err, ErrUnavailable)
}

// TestFilesAppear: somebody makes the file between our look and our write.
func TestFilesAppear(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "users.json")
	file, err := openMemoryFile(path, osDisk{})
	require.NoError(t, err)
	_, exists, err := file.read()
	require.NoError(t, err)
	assert.False(t, exists)
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	replaced, err := file.save((&memoryChoice{}).freshState().begin())
	assert.False(t, replaced)
	assert.Equal(t, fault.Conflict, fault.KindOf(err))
	require.NoError(t, file.close())
	require.ErrorIs(t, file.close(), fs.ErrClosed)
}

func TestCloseWaitsForChanges(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "users.json")
	c, err := New(Memory(MemoryFile(path)))
	require.NoError(t, err)
	b := c.backend.(*memoryBackend)
	closed := make(chan error, 1)
	err = b.change(t.Context(), func(tx *memoryTx) error {
		go func() { closed <- c.Close() }()
		for b.life.TryRLock() { // until Close waits
			b.life.RUnlock()
			runtime.Gosched()
		}
		assert.Empty(t, closed)
		tx.createUser(memoryUser{User: User{Name: "alice"}})
		return nil
	})
	require.NoError(t, err, "a change under way goes on")
	require.NoError(t, <-closed)
	require.ErrorIs(t, c.DeleteUser(t.Context(), DeleteUserRequest{Name: "alice"}), ErrClosed)
	err = b.DeleteUser(t.Context(), DeleteUserRequest{Name: "alice"}) // admitted before Close, begun after
	assert.Equal(t, fault.Closed, fault.KindOf(err))
	c, err = New(Memory(MemoryFile(path)))
	require.NoError(t, err)
	assert.Equal(t, []string{"admin", "alice"}, userNames(t, c))
	require.NoError(t, c.Close())
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, err := New(Memory())
		require.NoError(t, err)
		b := c.backend.(*memoryBackend)
		extension, _ := As[*MemoryExtension](c)
		for range maxHashings {
			b.passwords.slots <- struct{}{}
		}
		b.writer <- struct{}{}
		ctx, cancel := context.WithCancel(t.Context())
		errs := make(chan error, 3)
		go func() {
			_, err := c.CreateUser(ctx, CreateUserRequest{Name: "bob", Credential: Password("", "pw")})
			errs <- err
		}()
		go func() {
			_, err := extension.Authenticate(ctx, "admin", NewSecret("pw"))
			errs <- err
		}()
		go func() { errs <- c.DeleteUser(ctx, DeleteUserRequest{Name: "bob"}) }()
		synctest.Wait()
		assert.Empty(t, errs, "all wait")
		assert.Equal(t, []string{"admin"}, userNames(t, c), "readers do not")
		cancel()
		for range 3 {
			err := <-errs
			require.ErrorIs(t, err, ErrCanceled)
			require.ErrorIs(t, err, context.Canceled)
		}
	})
}

// TestUsersThatChangeDuringALogin: the password is checked without the lock.
func TestUsersThatChangeDuringALogin(t *testing.T) {
	t.Parallel()
	for name, meddle := range map[string]func(c *Client) error{
		"deleted": func(c *Client) error {
			return c.DeleteUser(context.Background(), DeleteUserRequest{Name: "alice"})
		},
		"disabled": func(c *Client) error {
			return c.DisableUser(context.Background(), DisableUserRequest{Name: "alice"})
		},
		"new password": func(c *Client) error {
			return c.SetPassword(context.Background(), SetPasswordRequest{Name: "alice", Password: NewSecret("new")})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, err := New(Memory())
				require.NoError(t, err)
				_, err = c.CreateUser(t.Context(), CreateUserRequest{Name: "alice", Credential: Password("", "old")})
				require.NoError(t, err)
				extension, _ := As[*MemoryExtension](c)
				b := c.backend.(*memoryBackend)
				b.writer <- struct{}{} // keeps both from going on
				changed, login := make(chan error, 1), make(chan error, 1)
				go func() { changed <- meddle(c) }()
				synctest.Wait() // now it is the first in the queue
				go func() {
					_, err := extension.Authenticate(context.Background(), "alice", NewSecret("old"))
					login <- err
				}()
				synctest.Wait()
				<-b.writer
				require.NoError(t, <-changed)
				require.ErrorIs(t, <-login, ErrUnauthenticated)
			})
		})
	}
}

func TestPasswordHash(t *testing.T) {
	t.Parallel()
	salt := []byte("0123456789abcdef")
	h := newPasswordHash(NewSecret("correct horse"), salt)
	text := h.String()
	assert.Regexp(t, `^\$argon2id\$v=19\$m=19456,t=2,p=1\$MDEyMzQ1Njc4OWFiY2RlZg\$[A-Za-z0-9+/]{43}$`, text)
	parsed, err := parsePasswordHash(text)
	require.NoError(t, err)
	assert.Equal(t, h, parsed)

	hasher := newPasswordHasher()
	first, err := hasher.hash(t.Context(), NewSecret("correct horse"))
	require.NoError(t, err)
	second, err := hasher.hash(t.Context(), NewSecret("correct horse"))
	require.NoError(t, err)
	assert.False(t, first.Equal(second), "each has its own salt")
	for _, stored := range []string{text, first.Reveal(), otherCosts} {
		for password, want := range map[string]bool{"correct horse": true, "Correct horse": false} {
			matches, err := hasher.matches(t.Context(), NewSecret(stored), NewSecret(password))
			require.NoError(t, err)
			assert.Equal(t, want, matches)
		}
	}
	_, err = hasher.matches(t.Context(), NewSecret("damaged"), NewSecret("pw"))
	require.ErrorIs(t, err, errNoHash)
	assert.Empty(t, hasher.slots)
}

// otherCosts is a hash of "correct horse" that another implementation made
// with other costs.
const otherCosts = "$argon2id$v=19$m=12288,t=3,p=2$c29tZXNhbHQ$sOkKEKHBSL2dfpxCulEr0kJEvWL74vU3"

func TestParsePasswordHashRefuses(t *testing.T) {
	t.Parallel()
	good := newPasswordHash(NewSecret("pw"), []byte("0123456789abcdef")).String()
	key := good[strings.LastIndex(good, "$")+1:]
	for _, edit := range [][2]string{
		{"argon2id", "argon2i"}, {"v=19", "v=16"}, {"m=19456", "m=019456"}, {"m=19456", "m=+19456"}, {"m=19456", "m=-1"}, {"m=19456", "m=1024"},
		{"m=19456", "m=131073"}, {"m=19456", "m=4294986752"}, {"t=2", "t=0"}, {"t=2", "t=11"}, {"p=1", "p=0"}, {"p=1", "p=9"}, {"p=1", "p=257"}, {"p=1", "p=1,x=1"},
		{"m=19456,t=2", "t=2,m=19456"}, {"MDEyMzQ1Njc4OWFiY2RlZg", "MDEy"}, {"MDEyMzQ1Njc4OWFiY2RlZg", strings.Repeat("MDEy", 30)},
		{"MDEyMzQ1Njc4OWFiY2RlZg", "MDEyMzQ1Njc4OWFiY2RlZh"}, {"MDEyMzQ1Njc4OWFiY2RlZg", "MDEyMzQ1Njc4OWFiY2RlZg=="}, {"MDEyMzQ1Njc4OWFiY2RlZg", "*"},
		{key, ""}, {key, "MDEy"}, {key, strings.Repeat(key, 3)[:88]}, {key, key + "\n"}, {key, key + "$"}, {"$argon2id", "argon2id"},
	} {
		bad := strings.Replace(good, edit[0], edit[1], 1)
		require.NotEqual(t, good, bad)
		_, err := parsePasswordHash(bad)
		require.Error(t, err, bad)
		assert.NotContains(t, err.Error(), key)
	}
}

func FuzzPasswordHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg")
	f.Add("$argon2id$v=19$m=131072,t=10,p=8$MDEyMzQ1Njc$MDEyMzQ1Njc4OWFiY2RlZg")
	f.Add("$argon2id$v=19$m=,t=,p=$$")
	f.Add("$$$$$")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := parsePasswordHash(text)
		if err != nil {
			return
		}
		assert.Equal(t, text, h.String())
		assert.LessOrEqual(t, h.memory, uint32(maxHashMemory))
		assert.LessOrEqual(t, h.time, uint32(maxHashTime))
		assert.LessOrEqual(t, h.threads, uint8(maxHashThreads))
		assert.NotZero(t, min(h.time, uint32(h.threads)))
		assert.GreaterOrEqual(t, len(h.key), minHashKey)
	})
}

// FuzzMemoryFile makes sure that what can be read can be written, and is then
// the same to the last byte.
func FuzzMemoryFile(f *testing.F) {
	f.Add([]byte(`{"version":1,"administrator":"admin","projectRoles":["viewer"],"users":[{"name":"admin"}]}`))
	f.Add([]byte(`{"version":1,"administrator":"a","projectRoles":["v","e"],"roles":[{"name":"r","description":"d"}],
		"groups":[{"name":"g","roles":["r[s]","r"]}],
		"users":[{"name":"a","roles":["r"],"groups":["g"],"createdAt":"2026-01-02T03:04:05.6+07:00",
		"passwordHash":"$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg"}],
		"projects":[{"name":"p","owner":"a","members":[{"user":"a","role":"e"},{"group":"g","role":"v"}]}]}`))
	f.Add([]byte(`{"version":2}`))
	f.Add([]byte(`{"version":1,`))
	f.Fuzz(func(t *testing.T, data []byte) {
		state, err := decodeMemory(data)
		if err != nil {
			assert.Equal(t, fault.InvalidArgument, fault.KindOf(err))
			return
		}
		written, err := encodeMemory(state.begin())
		require.NoError(t, err)
		again, err := decodeMemory(written)
		require.NoError(t, err)
		assert.Equal(t, state, again)
		twice, err := encodeMemory(again.begin())
		require.NoError(t, err)
		assert.Equal(t, string(written), string(twice))
	})
}
