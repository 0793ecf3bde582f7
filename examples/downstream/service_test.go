package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

// newDirectory returns the embedded backend, which is all that most tests need.
func newDirectory(t *testing.T) usermgmt.UserManager {
	t.Helper()
	client, err := usermgmt.New(usermgmt.Memory())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client
}

// ask sends one request to the service and returns its answer.
func ask(t *testing.T, users directory, method, path, body string) *http.Response {
	t.Helper()
	recorder := httptest.NewRecorder()
	newService(users).handler().ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body)))
	return recorder.Result()
}

// The memory backend keeps every promise of a server's, so the tests of what
// the service does need nothing else.
func TestJoinAndLeave(t *testing.T) {
	t.Parallel()
	users := newDirectory(t)
	assert.Equal(t, http.StatusCreated, ask(t, users, "POST", "/joiners", `{"name": "alice", "team": "search"}`).StatusCode)
	alice, err := users.GetUser(t.Context(), usermgmt.GetUserRequest{Name: "alice"})
	require.NoError(t, err)
	assert.Equal(t, []string{"search"}, alice.Groups)

	assert.Equal(t, http.StatusCreated, ask(t, users, "POST", "/joiners", `{"name": "bob", "team": "search"}`).StatusCode)
	assert.Equal(t, http.StatusConflict, ask(t, users, "POST", "/joiners", `{"name": "alice", "team": "search"}`).StatusCode)
	assert.Equal(t, http.StatusBadRequest, ask(t, users, "POST", "/joiners", `{"name": "", "team": "search"}`).StatusCode)
	assert.Equal(t, http.StatusBadRequest, ask(t, users, "POST", "/joiners", `alice`).StatusCode)

	for range 2 {
		assert.Equal(t, http.StatusNoContent, ask(t, users, "DELETE", "/joiners/alice", "").StatusCode)
	}
	_, err = users.GetUser(t.Context(), usermgmt.GetUserRequest{Name: "alice"})
	require.ErrorIs(t, err, usermgmt.ErrNotFound)
}

// An interceptor injects what the memory backend never does: here the create
// is made and its answer is lost.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	users := usermgmt.Intercept(newDirectory(t), usermgmt.Interceptor{
		CreateUser: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.CreateUserRequest) (usermgmt.CreatedUser, error) {
			_, err := next.CreateUser(ctx, req)
			require.NoError(t, err)
			return usermgmt.CreatedUser{}, &usermgmt.Error{Op: "CreateUser", Kind: usermgmt.ErrUnavailable, Ambiguous: true}
		},
	})
	assert.Equal(t, http.StatusCreated, ask(t, users, "POST", "/joiners", `{"name": "alice", "team": "search"}`).StatusCode)
}

// Here nothing was made, and somebody else has the name.
func TestLostAnswerOfARefusal(t *testing.T) {
	t.Parallel()
	users := usermgmt.Intercept(newDirectory(t), usermgmt.Interceptor{
		CreateUser: func(context.Context, usermgmt.UserManager, usermgmt.CreateUserRequest) (usermgmt.CreatedUser, error) {
			return usermgmt.CreatedUser{}, &usermgmt.Error{Op: "CreateUser", Kind: usermgmt.ErrUnavailable, Ambiguous: true}
		},
		GetUser: func(context.Context, usermgmt.UserManager, usermgmt.GetUserRequest) (usermgmt.User, error) {
			return usermgmt.User{Name: "alice", Groups: []string{"finance"}}, nil
		},
	})
	assert.Equal(t, http.StatusServiceUnavailable, ask(t, users, "POST", "/joiners", `{"name": "alice", "team": "search"}`).StatusCode)
}

// busy is a mock written by hand. It embeds Unimplemented, so it stays a
// UserManager whatever methods that gets.
type busy struct{ usermgmt.Unimplemented }

func (busy) CreateGroup(context.Context, usermgmt.CreateGroupRequest) (usermgmt.Group, error) {
	return usermgmt.Group{}, &usermgmt.Error{Op: "CreateGroup", Kind: usermgmt.ErrRateLimited, RetryAfter: 90 * time.Second}
}

func TestBusyDirectory(t *testing.T) {
	t.Parallel()
	answer := ask(t, busy{}, "POST", "/joiners", `{"name": "alice", "team": "search"}`)
	assert.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	assert.Equal(t, "90", answer.Header.Get("Retry-After"))
	assert.Equal(t, http.StatusBadGateway, ask(t, busy{}, "DELETE", "/joiners/alice", "").StatusCode, "what a mock does not have is unsupported")
}

// A generated mock records the calls.
func TestLeaveIgnoresWhoIsGone(t *testing.T) {
	t.Parallel()
	mock := &directoryMock{
		DeleteUserFunc: func(context.Context, usermgmt.DeleteUserRequest) error { return nil },
	}
	require.NoError(t, newService(mock).leave(t.Context(), "alice"))
	require.Len(t, mock.DeleteUserCalls(), 1)
	assert.Equal(t, usermgmt.DeleteUserRequest{Name: "alice", IgnoreMissing: true}, mock.DeleteUserCalls()[0].Req)
}

// TestRun starts the whole program and stops it.
func TestRun(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	addresses := make(chan string, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"-listen", "127.0.0.1:0"}, func(string) string { return "" }, writerFunc(func(text string) {
			addresses <- strings.TrimSpace(strings.TrimPrefix(text, "listening on "))
		}))
	}()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, <-addresses+"/joiners", strings.NewReader(`{"name": "alice", "team": "search"}`))
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	assert.Equal(t, http.StatusCreated, answer.StatusCode)
	cancel()
	require.NoError(t, <-ended)
	require.Error(t, run(t.Context(), []string{"-url", "mysql:"}, func(string) string { return "" }, writerFunc(func(string) {})))
}

type writerFunc func(text string)

func (f writerFunc) Write(text []byte) (int, error) {
	f(string(text))
	return len(text), nil
}
