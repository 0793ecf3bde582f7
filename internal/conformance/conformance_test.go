package conformance_test

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
	"github.com/usermgmt/usermgmt/internal/conformance"
)

var memory = conformance.Memory(func(testing.TB) []usermgmt.MemoryOption { return nil })

// recorder is a test that can fail without failing the test around it.
type recorder struct {
	testing.TB

	cleanups []func()

	mu      sync.Mutex
	failed  bool
	skipped bool
	text    strings.Builder
}

// observe runs test to its end, clean-ups included, and returns what came of it.
func observe(t *testing.T, test func(testing.TB)) *recorder {
	t.Helper()
	r := &recorder{TB: t}
	r.untilExit(func() { test(r) })
	for _, cleanup := range slices.Backward(r.cleanups) {
		r.untilExit(cleanup)
	}
	return r
}

// untilExit runs f, which may end its goroutine.
func (r *recorder) untilExit(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// play returns the playing of a case.
func play(c conformance.Case, h conformance.Harness) func(testing.TB) {
	return func(tb testing.TB) {
		tb.Helper()
		c.Play(tb, h)
	}
}

func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

func (r *recorder) note(failed bool, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = r.failed || failed
	r.text.WriteString(text + "\n")
}

func (r *recorder) Errorf(format string, args ...any) { r.note(true, fmt.Sprintf(format, args...)) }
func (r *recorder) Logf(format string, args ...any)   { r.note(false, fmt.Sprintf(format, args...)) }

func (r *recorder) FailNow() {
	r.note(true, "")
	runtime.Goexit()
}

func (r *recorder) Skip(args ...any) { r.Skipf("%s", fmt.Sprint(args...)) }

func (r *recorder) Skipf(format string, args ...any) {
	r.note(false, fmt.Sprintf(format, args...))
	r.skipped = true
	runtime.Goexit()
}

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

func caseNamed(t *testing.T, name string) conformance.Case {
	t.Helper()
	cases := conformance.Cases()
	i := slices.IndexFunc(cases, func(c conformance.Case) bool { return c.Name == name })
	require.GreaterOrEqual(t, i, 0, "there is a case %q", name)
	return cases[i]
}

func TestCasesAreNamedAndExplained(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range conformance.Cases() {
		assert.False(t, seen[c.Name], "%q is there twice", c.Name)
		seen[c.Name] = true
		assert.NotEmpty(t, c.Rule, c.Name)
	}
}

func TestFailurePrintsTheRule(t *testing.T) {
	t.Parallel()
	c := caseNamed(t, "users/get of a missing user")
	r := observe(t, play(c, broken(usermgmt.Interceptor{
		GetUser: func(context.Context, usermgmt.UserManager, usermgmt.GetUserRequest) (usermgmt.User, error) {
			return usermgmt.User{}, nil
		},
	})))
	assert.True(t, r.failed)
	assert.Contains(t, r.text.String(), c.Rule)
}

func TestSkipsNameTheReason(t *testing.T) {
	t.Parallel()
	r := observe(t, play(caseNamed(t, "wire/the answer to a create is lost"), memory))
	assert.True(t, r.skipped)
	assert.Contains(t, r.text.String(), "no wire")
	r = observe(t, play(caseNamed(t, "groups/get of a missing group"), conformance.Through(memory, func(m usermgmt.UserManager) usermgmt.UserManager {
		return declaring{m, usermgmt.NewCapabilities(usermgmt.CapGetUser)}
	})))
	assert.True(t, r.skipped)
	assert.Contains(t, r.text.String(), "CreateGroup")
}

// declaring declares other capabilities than the manager beneath.
type declaring struct {
	usermgmt.UserManager

	can usermgmt.Capabilities
}

func (d declaring) Capabilities() usermgmt.Capabilities { return d.can }
func (d declaring) Unwrap() usermgmt.UserManager        { return d.UserManager }

func broken(with usermgmt.Interceptor) conformance.Harness {
	return conformance.Through(memory, func(m usermgmt.UserManager) usermgmt.UserManager { return usermgmt.Intercept(m, with) })
}

// kept is what a faulty backend remembers between calls.
type kept struct {
	mu    sync.Mutex
	roles []usermgmt.Role
	user  usermgmt.User
	known bool
}

// TestCasesCanFail breaks one promise at a time.
func TestCasesCanFail(t *testing.T) {
	t.Parallel()
	var (
		stale    kept
		kindless = func(err error) error {
			if err != nil {
				err = fmt.Errorf("call failed: %w", context.Canceled)
			}
			return err
		}
	)
	for name, harness := range map[string]conformance.Harness{
		"users/create never overwrites": broken(usermgmt.Interceptor{
			CreateUser: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.CreateUserRequest) (usermgmt.CreatedUser, error) {
				if err := next.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: req.Name, IgnoreMissing: true}); err != nil {
					return usermgmt.CreatedUser{}, err
				}
				return next.CreateUser(ctx, req)
			},
		}),
		"users/create with a missing role creates nothing": broken(usermgmt.Interceptor{
			CreateUser: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.CreateUserRequest) (usermgmt.CreatedUser, error) {
				created, err := next.CreateUser(ctx, req)
				if err != nil {
					req.Roles = nil
					_, _ = next.CreateUser(ctx, req)
				}
				return created, err
			},
		}),
		"users/get returns nobody else": broken(usermgmt.Interceptor{
			GetUser: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.GetUserRequest) (usermgmt.User, error) {
				for user := range next.ListUsers(ctx, usermgmt.ListUsersRequest{}) {
					if strings.HasPrefix(user.Name, req.Name) {
						return user, nil
					}
				}
				return next.GetUser(ctx, req)
			},
		}),
		"users/update of DisplayName alone": broken(usermgmt.Interceptor{
			UpdateUser: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.UpdateUserRequest) (usermgmt.User, error) {
				if req.SetRoles == nil {
					req.SetRoles = &[]usermgmt.Role{}
				}
				return next.UpdateUser(ctx, req)
			},
		}),
		"users/update that names nothing": broken(usermgmt.Interceptor{
			UpdateUser: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.UpdateUserRequest) (usermgmt.User, error) {
				req.DisplayName = new("written")
				return next.UpdateUser(ctx, req)
			},
		}),
		"users/delete of a missing user": broken(usermgmt.Interceptor{
			DeleteUser: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.DeleteUserRequest) error {
				return usermgmt.IgnoreNotFound(next.DeleteUser(ctx, req))
			},
		}),
		"accounts/disable keeps the user out and all else as it is": broken(usermgmt.Interceptor{
			DisableUser: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.DisableUserRequest) error {
				_, err := next.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: req.Name, SetRoles: &[]usermgmt.Role{}})
				return err
			},
		}),
		"accounts/set password changes the password alone": broken(usermgmt.Interceptor{
			SetPassword: func(context.Context, usermgmt.UserManager, usermgmt.SetPasswordRequest) error { return nil },
		}),
		"grants/grant adds": broken(usermgmt.Interceptor{
			GrantRoles: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.GrantRolesRequest) error {
				_, err := next.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: req.User, SetRoles: &req.Roles})
				return err
			},
		}),
		"grants/grant of a missing role": broken(usermgmt.Interceptor{
			GrantRoles: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.GrantRolesRequest) error {
				for i := range req.Roles {
					if err := next.GrantRoles(ctx, usermgmt.GrantRolesRequest{User: req.User, Roles: req.Roles[i : i+1]}); err != nil {
						return err
					}
				}
				return nil
			},
		}),
		"grants/revoke takes away just that": broken(usermgmt.Interceptor{
			RevokeRoles: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.RevokeRolesRequest) error {
				_, err := next.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: req.User, SetRoles: &[]usermgmt.Role{}})
				return err
			},
		}),
		"roles/delete takes the role from all who hold it": broken(usermgmt.Interceptor{
			DeleteRole: func(context.Context, usermgmt.UserManager, usermgmt.DeleteRoleRequest) error { return nil },
		}),
		"groups/update of one field alone": broken(usermgmt.Interceptor{
			UpdateGroup: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.UpdateGroupRequest) (usermgmt.Group, error) {
				if req.Description == nil {
					req.Description = new("")
				}
				return next.UpdateGroup(ctx, req)
			},
		}),
		"members/list of a missing group": broken(usermgmt.Interceptor{
			ListUsers: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.ListUsersRequest) iter.Seq2[usermgmt.User, error] {
				users, _ := usermgmt.Collect(next.ListUsers(ctx, req))
				return usermgmt.Seq(users...)
			},
		}),
		"projects/ensure adds, raises and lowers to exactly the role": broken(usermgmt.Interceptor{
			EnsureProjectMember: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.EnsureProjectMemberRequest) error {
				role, err := next.EffectiveProjectRole(ctx, usermgmt.EffectiveProjectRoleRequest{Project: req.Project, User: req.Member.Name})
				if err != nil || role == "admin" { // never lowers
					return err
				}
				return next.EnsureProjectMember(ctx, req)
			},
		}),
		"projects/effective role is the highest": broken(usermgmt.Interceptor{
			EffectiveProjectRole: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.EffectiveProjectRoleRequest) (string, error) {
				for member, err := range next.ListProjectMembers(ctx, usermgmt.ListProjectMembersRequest{Project: req.Project}) {
					if err != nil || member.Member == usermgmt.UserMember(req.User) {
						return member.Role, err
					}
				}
				return "", nil
			},
		}),
		"lists/are complete": broken(usermgmt.Interceptor{
			ListUsers: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.ListUsersRequest) iter.Seq2[usermgmt.User, error] {
				users, err := usermgmt.Collect(next.ListUsers(ctx, req))
				if err != nil {
					return usermgmt.SeqError[usermgmt.User](err)
				}
				return usermgmt.Seq(append(users, users[len(users)-1])...)
			},
		}),
		"lists/range twice": broken(usermgmt.Interceptor{
			ListUsers: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.ListUsersRequest) iter.Seq2[usermgmt.User, error] {
				users, _ := usermgmt.Collect(next.ListUsers(ctx, req))
				return usermgmt.Seq(users...)
			},
		}),
		"lists/fail once, last and with a zero value": broken(usermgmt.Interceptor{
			ListUsers: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.ListUsersRequest) iter.Seq2[usermgmt.User, error] {
				return func(yield func(usermgmt.User, error) bool) {
					for user, err := range next.ListUsers(ctx, req) {
						if !yield(user, err) || err != nil && !yield(user, err) {
							return
						}
					}
				}
			},
		}),
		"errors/say what they are about": broken(usermgmt.Interceptor{
			GetUser: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.GetUserRequest) (usermgmt.User, error) {
				user, err := next.GetUser(ctx, req)
				return user, kindless(err)
			},
		}),
		"contexts/that ended before the call": broken(usermgmt.Interceptor{
			GetUser: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.GetUserRequest) (usermgmt.User, error) {
				return next.GetUser(context.WithoutCancel(ctx), req)
			},
		}),
		"close/is final": broken(usermgmt.Interceptor{Close: func(usermgmt.UserManager) error { return nil }}),
		"copies/results belong to the caller": broken(usermgmt.Interceptor{
			GetUser: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.GetUserRequest) (usermgmt.User, error) {
				stale.mu.Lock()
				defer stale.mu.Unlock()
				if stale.known {
					return stale.user, nil
				}
				user, err := next.GetUser(ctx, req)
				stale.user, stale.known = user, err == nil
				return user, err
			},
		}),
		"copies/requests are not changed": broken(usermgmt.Interceptor{
			GrantRoles: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.GrantRolesRequest) error {
				slices.SortFunc(req.Roles, func(a, b usermgmt.Role) int { return strings.Compare(a.Name, b.Name) })
				return next.GrantRoles(ctx, req)
			},
		}),
		"concurrency/grants to one user": broken(usermgmt.Interceptor{
			GrantRoles: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.GrantRolesRequest) error {
				user, err := next.GetUser(ctx, usermgmt.GetUserRequest{Name: req.User})
				if err != nil {
					return err
				}
				runtime.Gosched()
				roles := slices.Concat(user.Roles, req.Roles)
				stale.mu.Lock()
				defer stale.mu.Unlock()
				if len(stale.roles) > 0 && len(roles) > 1 {
					roles = roles[1:] // as if another grant had been overwritten
				}
				stale.roles = roles
				_, err = next.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: req.User, SetRoles: &roles})
				return err
			},
		}),
		"inputs/names that no system has": broken(usermgmt.Interceptor{
			GetUser: func(context.Context, usermgmt.UserManager, usermgmt.GetUserRequest) (usermgmt.User, error) {
				return usermgmt.User{}, nil
			},
		}),
		"names/of users": broken(usermgmt.Interceptor{
			CreateUser: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.CreateUserRequest) (usermgmt.CreatedUser, error) {
				req.Name = strings.TrimSpace(req.Name)
				return next.CreateUser(ctx, req)
			},
		}),
		"secrets/in errors": broken(usermgmt.Interceptor{
			CreateUser: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.CreateUserRequest) (usermgmt.CreatedUser, error) {
				created, err := next.CreateUser(ctx, req)
				if password, ok := req.Credential.(usermgmt.PasswordCredential); ok && err != nil {
					err = fmt.Errorf("cannot create a user with %q: %w", password.Password.Reveal(), err)
				}
				return created, err
			},
		}),
		"capabilities/EnableUser is served if declared and else refused": conformance.Through(memory, func(m usermgmt.UserManager) usermgmt.UserManager {
			return declaring{m, usermgmt.NewCapabilities(usermgmt.CapGetUser)}
		}),
		"capabilities/DisplayName is served if declared and else refused": conformance.Through(memory, func(m usermgmt.UserManager) usermgmt.UserManager {
			return declaring{m, usermgmt.NewCapabilities(usermgmt.CapCreateUser, usermgmt.CapUserName)}
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := caseNamed(t, name)
			r := observe(t, play(c, harness))
			assert.True(t, r.failed, "the case sees what is broken")
			assert.Contains(t, r.text.String(), c.Rule)
		})
	}
}

func TestDifferentialCanFail(t *testing.T) {
	t.Parallel()
	replaces := broken(usermgmt.Interceptor{
		GrantRoles: func(ctx context.Context, next usermgmt.UserManager, req usermgmt.GrantRolesRequest) error {
			_, err := next.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: req.User, SetRoles: &req.Roles})
			return err
		},
	})
	r := observe(t, func(tb testing.TB) {
		tb.Helper()
		conformance.Differential(tb, 1, memory, replaces)
	})
	assert.True(t, r.failed)
	conformance.Differential(t, 1, memory, memory)
}
