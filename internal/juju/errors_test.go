package juju

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// TestKinds goes through the codes and the messages without one of 2.9, 3.x
// and 4.x.
func TestKinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code, message string
		want          fault.Kind
	}{
		{"not found", "x", fault.NotFound},
		{"user not found", `user "ghost" not found`, fault.NotFound},
		{"model not found", `unknown model: "x"`, fault.NotFound},
		{"already exists", "failed to create user: user alice already exists", fault.AlreadyExists},
		{"unauthorized access", "invalid entity name or password", fault.Unauthenticated},
		{"unauthorized access", "permission denied", fault.PermissionDenied},
		{"unauthorized access", "unauthorized", fault.PermissionDenied},
		{"no credentials provided", "x", fault.Unauthenticated},
		{"login expired", "x", fault.Unauthenticated},
		{"session token invalid", "x", fault.Unauthenticated},
		{"macaroon discharge required", "x", fault.Unauthenticated},
		{"forbidden", "x", fault.PermissionDenied},
		{"access required", "x", fault.PermissionDenied},
		{"not valid", `"read" cloud access not valid`, fault.InvalidArgument},
		{"bad request", "x", fault.InvalidArgument},
		{"not implemented", "x", fault.Unsupported},
		{"not supported", "x", fault.Unsupported},
		{"method not allowed", "x", fault.Unsupported},
		{"incompatible client", "x", fault.Unsupported},
		{"operation is blocked", "user alice already exists", fault.Conflict},
		{"controller has hosted models", "x", fault.Conflict},
		{"model not empty", "x", fault.Conflict},
		{"quota limit exceeded", "x", fault.Conflict},
		{"upgrade in progress", "x", fault.Unavailable},
		{"model migration in progress", "x", fault.Unavailable},
		{"not yet available; try again later", "x", fault.Unavailable},
		{"not leader", "x", fault.Unavailable},
		{"stopped", "x", fault.Unavailable},
		{"dead", "x", fault.Unavailable},
		{"try again", "x", fault.Unavailable},
		{"excessive contention", "x", fault.Unavailable},
		{"deadline exceeded", "x", fault.Unavailable},
		{"redirection required", "x", fault.Unavailable},
		{"", `user already has "read" access or greater`, fault.AlreadyExists},
		{"", `could not grant controller access: user already has "login" access or greater`, fault.AlreadyExists},
		{"", `could not grant cloud access: user already has "admin" access or greater`, fault.AlreadyExists},
		{"", `user "bob" already has "read" access or greater`, fault.AlreadyExists},
		{"", "failed to create user: user alice already exists", fault.AlreadyExists},
		{"", "creating user: user already exists", fault.AlreadyExists},
		{"", "username unavailable", fault.AlreadyExists},
		{"", `failed to create user: cannot reuse name: user "x" is permanently deleted`, fault.AlreadyExists},
		{"", `failed to delete user "x": user "x" is permanently deleted`, fault.NotFound},
		{"", `active user "x": user not found`, fault.NotFound},
		{"", "access not found for x", fault.NotFound},
		{"", "permission not found", fault.NotFound},
		{"", `failed to create user: invalid user name "x"`, fault.InvalidArgument},
		{"", `user name "x" not valid`, fault.InvalidArgument},
		{"", "username not valid", fault.InvalidArgument},
		{"", `"x" is not a valid tag`, fault.InvalidArgument},
		{"", `"model-1" is not a valid user tag`, fault.InvalidArgument},
		{"", `could not modify model access: "consume" model access not valid`, fault.InvalidArgument},
		{"", "application offer x has invalid form", fault.InvalidArgument},
		{"", "cannot use an empty password", fault.InvalidArgument},
		{"", `unknown action "x"`, fault.InvalidArgument},
		{"", "don't know how to revoke x", fault.InvalidArgument},
		{"", `cannot delete controller owner "admin"`, fault.Conflict},
		{"", "failed to disable user: cannot disable controller model owner", fault.Conflict},
		{"", "cannot change your own cloud access", fault.Conflict},
		{"", "model would be left without an admin user", fault.Conflict},
		{"", "user deactivated", fault.Conflict},
		{"", "user authentication disabled", fault.Conflict},
		{"", "login failed - maintenance in progress", fault.Unavailable},
		{"", "connection is shut down", fault.Unavailable},
		{"", "something else", fault.Internal},
		{"a code of tomorrow", "something else", fault.Internal},
	} {
		f := failureOf(c.code, c.message)
		assert.Equal(t, c.want, f.Kind, "%q %q", c.code, c.message)
		assert.Equal(t, c.message, f.Message)
		assert.Equal(t, c.code, f.Code)
		aborted := c.code == "try again" || c.code == "excessive contention" || c.message == "connection is shut down"
		assert.Equal(t, aborted, f.NotExecuted, "%q", c.code)
		assert.Equal(t, c.code == "deadline exceeded", f.Ambiguous)
	}
}

// TestDenied is about "permission denied", which often means not found.
func TestDenied(t *testing.T) {
	t.Parallel()
	super, ordinary := &Session{Identity: "admin", Access: "superuser"}, &Session{Identity: "alice", Access: "login"}
	localCall, reset, info := request{local: true, method: "EnableUser"}, request{local: true, method: "ResetPassword"}, request{method: "ModelInfo"}
	ghost, external, aModelTag := subject{"user-ghost", localUser}, subject{"user-x@y", externalUser}, subject{"model-x", aModel}
	for _, c := range []struct {
		session *Session
		r       request
		about   subject
		want    fault.Kind
	}{
		{super, localCall, ghost, fault.NotFound},
		{super, reset, ghost, fault.NotFound},
		{super, reset, subject{"user-ADMIN", localUser}, fault.PermissionDenied},
		{super, localCall, external, fault.PermissionDenied},
		{super, info, aModelTag, fault.NotFound},
		{super, request{method: "ModifyModelAccess"}, ghost, fault.PermissionDenied},
		{ordinary, localCall, ghost, fault.PermissionDenied},
		{ordinary, info, aModelTag, fault.PermissionDenied},
	} {
		f := c.session.judge(c.r, c.about, itemFailure{Message: "permission denied", Code: "unauthorized access"})
		message := "permission denied"
		if c.want == fault.NotFound {
			message = c.about.name() + " does not exist: permission denied"
		}
		assert.Equal(t, &fault.Error{Kind: c.want, FromServer: true, Message: message, Code: "unauthorized access"}, f)
	}
	f := super.judge(localCall, ghost, itemFailure{Message: "not yours", Code: "forbidden"})
	assert.Equal(t, fault.PermissionDenied, f.Kind, "another code means what it says")
}
