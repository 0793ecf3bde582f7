package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/usermgmt/usermgmt"
)

// tour is the walk through the gateway.
type tour struct {
	client  *usermgmt.Client
	gateway *usermgmt.CogniteExtension
	machine usermgmt.OAuth2ClientCredentials // whose rights the users get
	out     io.Writer

	// What has to be removed: users, and the sessions that they ever had.
	made     []string
	sessions []int64
}

func (t *tour) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		t.createFromSession, t.createOne, t.createSeveral, t.noteSessions, t.updateCredentials, t.noteSessions,
		t.retrieve, t.listAndIterate, t.remove,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// createFromSession makes a session and binds it to a new user, step by step.
func (t *tour) createFromSession(ctx context.Context) error {
	session, err := t.gateway.CreateSession(ctx, usermgmt.CogniteSessionRequest{ClientID: t.machine.ClientID, ClientSecret: t.machine.ClientSecret})
	if err != nil {
		return err
	}
	created, err := t.client.CreateUser(ctx, usermgmt.CreateUserRequest{
		Credential: usermgmt.SessionNonceCredential{Nonce: session.Nonce},
		Extension:  usermgmt.CogniteUser{SessionID: session.ID}, // so that it can be found if the answer is lost
	})
	if err := t.keep(created.Name, err); err != nil {
		return err
	}
	t.sayf("created user %s from session %d", created.Name, session.ID)
	return nil
}

// createOne has the client make the session.
func (t *tour) createOne(ctx context.Context) error {
	created, err := t.client.CreateUser(ctx, usermgmt.CreateUserRequest{Credential: t.machine})
	if err := t.keep(created.Name, err); err != nil {
		return err
	}
	// This is the only time that the password can be seen. Keep it in a vault:
	// password.Password.Reveal().
	password, ok := created.Credential.(usermgmt.PasswordCredential)
	if !ok {
		return errors.New("the server made no password")
	}
	t.sayf("created user %s, who logs in at %s with password %v", created.Name, created.Host, password.Password)
	return nil
}

// createSeveral makes several users at once, each with a session of its own.
func (t *tour) createSeveral(ctx context.Context) error {
	requests := slices.Repeat([]usermgmt.CreateUserRequest{{Credential: t.machine}}, 3)
	results, err := t.gateway.CreateUsers(ctx, requests)
	for i, result := range results {
		if t.keep(result.Value.Name, result.Err) == nil {
			t.sayf("created user %s, number %d of %d", result.Value.Name, i+1, len(results))
		}
	}
	return err // if there is one, the results tell which users it is about
}

// updateCredentials binds users to other sessions.
func (t *tour) updateCredentials(ctx context.Context) error {
	if _, err := t.client.UpdateUser(ctx, usermgmt.UpdateUserRequest{Name: t.made[0], Credential: t.machine}); err != nil {
		return err
	}
	t.sayf("gave user %s a new session", t.made[0])
	var requests []usermgmt.UpdateUserRequest
	for _, name := range t.made[1:3] {
		requests = append(requests, usermgmt.UpdateUserRequest{Name: name, Credential: t.machine})
	}
	if _, err := t.gateway.UpdateUsers(ctx, requests); err != nil {
		return err
	}
	t.sayf("gave %d users new sessions", len(requests))
	return nil
}

// retrieve reads one user, several, and some of which one does not exist.
func (t *tour) retrieve(ctx context.Context) error {
	user, err := t.client.GetUser(ctx, usermgmt.GetUserRequest{Name: t.made[0]})
	if err != nil {
		return err
	}
	t.sayf("user %s was created at %s", user.Name, user.CreatedAt.Format(time.RFC3339))
	results, err := t.gateway.GetUsers(ctx, append(t.made[:2:2], "nobody")...)
	if !errors.Is(err, usermgmt.ErrNotFound) {
		return fmt.Errorf("reading a user that does not exist should say so: %w", err)
	}
	for _, result := range results {
		if result.Err == nil {
			t.sayf("user %s acts with session %d", result.Value.Name, result.Value.SessionID)
		}
	}
	if detail, ok := errors.AsType[*usermgmt.CogniteDetail](err); ok {
		t.sayf("missing is %s", detail.Missing[0]["username"])
	}
	return nil
}

// listAndIterate lists some users, all one by one, and all in groups.
func (t *tour) listAndIterate(ctx context.Context) error {
	some, err := usermgmt.Collect(t.client.ListUsers(ctx, usermgmt.ListUsersRequest{Extension: usermgmt.CogniteUserList{Limit: 2}}))
	if err != nil {
		return err
	}
	t.sayf("the first %d users", len(some))
	count := 0
	for _, err := range t.client.ListUsers(ctx, usermgmt.ListUsersRequest{}) {
		if err != nil {
			return err
		}
		count++ // here is the place to work with the user: the rest of the list has not been asked for
	}
	t.sayf("all %d users, one by one", count)
	all, err := usermgmt.Collect(t.gateway.ListUsers(ctx, 0))
	if err != nil {
		return err
	}
	groups := 0
	for range slices.Chunk(all, 25) {
		groups++
	}
	t.sayf("all %d users, in groups of 25: %d", len(all), groups)
	return nil
}

// remove deletes one user with its session, and the others with one that does
// not exist.
func (t *tour) remove(ctx context.Context) error {
	first := t.made[0]
	err := t.client.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: first, Extension: usermgmt.CogniteUser{RevokeSession: true}})
	if err != nil {
		return err
	}
	t.sayf("deleted user %s and revoked its session", first)
	results, err := t.gateway.DeleteUsers(ctx, true, append(slices.Clone(t.made[1:]), "nobody")...)
	if err != nil {
		return err
	}
	t.sayf("deleted %d users, those that do not exist ignored", len(results))
	return nil
}

// keep notes a user that has to be removed.
func (t *tour) keep(name string, err error) error {
	if name != "" { // also beside an error the user may exist
		t.made = append(t.made, name)
	}
	return err
}

// noteSessions notes the sessions that the users have now: deleting a user, or
// giving it another session, does not end the one that it had.
func (t *tour) noteSessions(ctx context.Context) error {
	results, err := t.gateway.GetUsers(ctx, t.made...)
	for _, result := range results {
		if id := result.Value.SessionID; id != 0 {
			t.sessions = append(t.sessions, id)
		}
	}
	return err
}

// cleanUp removes what the tour made, as far as it is still there.
func (t *tour) cleanUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var errs []error
	for _, name := range t.made {
		errs = append(errs, t.client.DeleteUser(ctx, usermgmt.DeleteUserRequest{
			Name: name, IgnoreMissing: true, Extension: usermgmt.CogniteUser{RevokeSession: true},
		}))
	}
	_, err := t.gateway.RevokeSessions(ctx, t.sessions...)
	if err := errors.Join(append(errs, err)...); err != nil {
		return fmt.Errorf("cleaning up: %w", err)
	}
	fmt.Fprintln(t.out, "\nremoved everything that was created")
	return nil
}

func (t *tour) sayf(format string, args ...any) {
	fmt.Fprintln(t.out, "  *", strings.TrimSpace(fmt.Sprintf(format, args...)))
}
