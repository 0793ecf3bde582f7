package juju

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// cutter is a controller with one user list. It cuts the connection at one of
// the frames it gets, before or after it has done what the frame says.
type cutter struct {
	t     testing.TB
	at    int // the frame, counted from 1; 0 never cuts
	after bool

	mu     sync.Mutex
	frames int
	users  map[string]bool
	added  int // how often a user was added, or seen to exist
}

func (c *cutter) reply(f frame, _ []byte) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frames++
	cut := c.frames == c.at
	if cut && !c.after {
		return ""
	}
	answer := c.carryOut(f)
	if cut {
		return ""
	}
	return answer
}

func (c *cutter) carryOut(f frame) string {
	switch f.Type + "." + f.Request {
	case "Admin.Login":
		return loginAs("admin", "superuser", "3.5.1")
	case "UserManager.AddUser":
		c.added++
		if c.users["alice"] {
			return failed("failed to create user: user alice already exists", "already exists")
		}
		c.users["alice"] = true
		return ok(`{"results":[{"tag":"user-alice","secret-key":"AQI="}]}`)
	case "UserManager.UserInfo":
		if !c.users["alice"] {
			return failed("permission denied", "unauthorized access")
		}
		return ok(`{"results":[{"result":{"username":"alice"}}]}`)
	case "UserManager.RemoveUser":
		if !c.users["alice"] {
			return failed(`failed to delete user "alice": user "alice" not found`, "not found")
		}
		delete(c.users, "alice")
		return ok(`{"results":[{}]}`)
	case "UserManager.DisableUser", "Controller.ModifyControllerAccess":
		return ok(`{"results":[{}]}`)
	case "Pinger.Ping":
		return ok(`{}`)
	default:
		assert.Fail(c.t, "another call", f.Type+"."+f.Request)
		return ""
	}
}

// step is a call of the session that is cut, with whether it may be sent
// again.
type step struct {
	name      string
	resent    bool
	call      func(ctx context.Context, c *Client) error
	afterLost func(t *testing.T, s *cutter) // what must hold if the step was lost
}

func session() []step {
	return []step{
		{name: "add", call: func(ctx context.Context, c *Client) error {
			_, err := c.AddUser(ctx, NewUser{Name: "alice"})
			return err
		}, afterLost: func(t *testing.T, s *cutter) {
			t.Helper()
			assert.LessOrEqual(t, s.added, 1, "it is not sent again")
			s.users["alice"] = true // so that the session can go on
		}},
		{name: "get", resent: true, call: func(ctx context.Context, c *Client) error {
			_, err := c.User(ctx, "alice")
			return err
		}},
		{name: "disable", resent: true, call: func(ctx context.Context, c *Client) error {
			_, err := one(c.DisableUsers(ctx, "alice"))
			return err
		}},
		{name: "grant", resent: true, call: func(ctx context.Context, c *Client) error {
			_, err := c.Grant(ctx, "alice", Object{Kind: OnController}, "superuser")
			return err
		}},
		{name: "revoke", call: func(ctx context.Context, c *Client) error {
			return c.Revoke(ctx, "alice", Object{Kind: OnController}, "superuser")
		}},
		{name: "remove", resent: true, call: func(ctx context.Context, c *Client) error { return c.RemoveUser(ctx, "alice") }},
		{name: "ping", resent: true, call: func(ctx context.Context, c *Client) error { return c.Ping(ctx) }},
	}
}

// TestCutAtEveryFrame cuts the connection at every frame of a session: no
// call hangs, none is reported wrongly, and the next one works.
func TestCutAtEveryFrame(t *testing.T) {
	t.Parallel()
	frames := 1 + len(session()) // a login, and one for each step
	for at := range frames + 1 {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("frame %d, after %v", at, after), func(t *testing.T) {
				t.Parallel()
				s := &cutter{t: t, at: at, after: after, users: map[string]bool{}}
				c := connect(t, listen(t, s.reply).address(), nil)
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				for i, step := range session() {
					err := step.call(ctx, c)
					if lost := at == i+2 && !step.resent; !lost {
						require.NoError(t, err, step.name)
						continue
					}
					f := assertKind(t, fault.Unavailable, err)
					assert.True(t, f.Ambiguous, step.name)
					s.mu.Lock()
					if step.afterLost != nil {
						step.afterLost(t, s)
					}
					s.mu.Unlock()
				}
				c.Close()
				s.mu.Lock()
				defer s.mu.Unlock()
				want := frames
				if at > 0 {
					want++ // the login is made again, or is the frame that was cut
				}
				if at > 1 && session()[at-2].resent {
					want++
				}
				assert.Equal(t, want, s.frames)
				assert.Empty(t, s.users)
			})
		}
	}
}

// TestCutUnderLoad cuts connections again and again under many calls.
func TestCutUnderLoad(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	frames := 0
	p := listen(t, func(f frame, _ []byte) string {
		mu.Lock()
		defer mu.Unlock()
		if f.Type == "Admin" {
			return loginAs("admin", "superuser", "3.5.1")
		}
		if frames++; frames%97 == 0 {
			return ""
		}
		if f.Request == "AddUser" {
			return ok(`{"results":[{"tag":"user-alice"}]}`)
		}
		return ok(`{"results":[{"result":{"username":"alice"}}]}`)
	})
	c := connect(t, p.address(), nil)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var work sync.WaitGroup
	for range 16 {
		work.Go(func() {
			for range 50 {
				// A read can be lost twice; whatever happens is said to be that.
				if _, err := c.User(ctx, "alice"); err != nil {
					f := assertKind(t, fault.Unavailable, err)
					assert.False(t, f.Ambiguous)
				}
				if _, err := c.AddUser(ctx, NewUser{Name: "alice", Password: "secret"}); err != nil {
					f := assertKind(t, fault.Unavailable, err)
					assert.True(t, f.Ambiguous)
				}
			}
		})
	}
	work.Wait()
	mu.Lock()
	frames = 0
	mu.Unlock()
	_, err := c.User(ctx, "alice")
	require.NoError(t, err)
}
