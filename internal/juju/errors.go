package juju

import (
	"regexp"
	"strings"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/rpc"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// classify tells the kind of a call that failed as a whole.
func classify(r *rpc.Request, f rpc.Failure) *fault.Error {
	failure := failureOf(f.Code, f.Message)
	switch {
	case f.Code == "redirection required":
		failure.Err = redirectOf(f.Info)
	case f.Code == "not implemented" && isUnknownFacade(f.Message) && r.Version >= spoken[r.Facade].lowest && r.Version <= spoken[r.Facade].highest:
		// Only versions that were offered at login are asked for. That there is
		// none now means that the controller takes the connection for a new one.
		failure.Kind = fault.Unauthenticated
	}
	return failure
}

// isUnknownFacade tells the words for a facade or a version of it that a
// connection does not have from those for a method that it does not have.
func isUnknownFacade(message string) bool {
	return strings.HasPrefix(message, "unknown version (") || strings.HasPrefix(message, "unknown object type")
}

// failureOf tells the kind of a failure by its code, or by its message where
// the code says too little or is missing.
func failureOf(code, message string) *fault.Error {
	f := &fault.Error{Code: code, Message: message}
	switch kind, known := kinds[code]; {
	case code == "unauthorized access":
		f.Kind = fault.PermissionDenied
		if strings.Contains(message, "invalid entity name or password") {
			f.Kind = fault.Unauthenticated
		}
	case strings.Contains(message, "is permanently deleted"):
		f.Kind = fault.NotFound
		if strings.Contains(message, "cannot reuse name") {
			f.Kind = fault.AlreadyExists
		}
	case known:
		f.Kind = kind
	default:
		f.Kind = kindOfMessage(message)
	}
	switch {
	case code == "try again" || code == "excessive contention" || message == "connection is shut down":
		f.NotExecuted = true
	case code == "deadline exceeded":
		f.Ambiguous = true
	}
	return f
}

// kinds are the kinds of the codes that tell.
var kinds = map[string]fault.Kind{
	"not found": fault.NotFound, "user not found": fault.NotFound, "model not found": fault.NotFound,
	"already exists":          fault.AlreadyExists,
	"no credentials provided": fault.Unauthenticated, "login expired": fault.Unauthenticated,
	"session token invalid": fault.Unauthenticated, "macaroon discharge required": fault.Unauthenticated,
	"forbidden": fault.PermissionDenied, "access required": fault.PermissionDenied,
	"not valid": fault.InvalidArgument, "bad request": fault.InvalidArgument,
	"not implemented": fault.Unsupported, "not supported": fault.Unsupported, "method not allowed": fault.Unsupported,
	"incompatible client":  fault.Unsupported,
	"operation is blocked": fault.Conflict, "controller has hosted models": fault.Conflict, "model not empty": fault.Conflict,
	"quota limit exceeded": fault.Conflict,
	"upgrade in progress":  fault.Unavailable, "model migration in progress": fault.Unavailable,
	"not yet available; try again later": fault.Unavailable, "not leader": fault.Unavailable, "stopped": fault.Unavailable,
	"dead": fault.Unavailable, "try again": fault.Unavailable, "excessive contention": fault.Unavailable,
	"deadline exceeded": fault.Unavailable, "redirection required": fault.Unavailable,
}

// alreadyHas is what a grant is answered with that would change nothing. 4.x
// puts the user's name before it.
var alreadyHas = regexp.MustCompile(`already has "[^"]*" access or greater`)

// words are parts of messages that come without a code, with their kinds, in
// the order in which they are looked for.
var words = []struct {
	part string
	kind fault.Kind
}{
	{"already exists", fault.AlreadyExists},
	{"username unavailable", fault.AlreadyExists},
	{"user not found", fault.NotFound},
	{"access not found", fault.NotFound},
	{"permission not found", fault.NotFound},
	{"invalid user name", fault.InvalidArgument},
	{" not valid", fault.InvalidArgument},
	{"is not a valid", fault.InvalidArgument},
	{"has invalid form", fault.InvalidArgument},
	{"cannot use an empty password", fault.InvalidArgument},
	{"unknown action", fault.InvalidArgument},
	{"don't know how to revoke", fault.InvalidArgument},
	{"cannot delete controller owner", fault.Conflict},
	{"cannot disable controller model owner", fault.Conflict},
	{"cannot change your own cloud access", fault.Conflict},
	{"left without an admin user", fault.Conflict},
	{"user deactivated", fault.Conflict},
	{"is disabled", fault.Conflict},
	{"user authentication disabled", fault.Conflict},
	{"login failed - maintenance in progress", fault.Unavailable},
	{"connection is shut down", fault.Unavailable},
}

func kindOfMessage(message string) fault.Kind {
	if alreadyHas.MatchString(message) {
		return fault.AlreadyExists
	}
	for _, w := range words {
		if strings.Contains(message, w.part) {
			return w.kind
		}
	}
	return fault.Internal
}

// judge turns the failure of an item into ours. Controllers up to 3.x say
// "permission denied" of users and models that do not exist, which to a
// superuser can mean nothing else.
func (s *Session) judge(r request, about subject, e itemFailure) *fault.Error {
	f := failureOf(e.Code, e.Message)
	f.FromServer = true
	f.Message, f.Code = transport.Redact(f.Message, append(r.secrets, s.secrets...)), transport.Redact(f.Code, s.secrets)
	if f.Kind == fault.PermissionDenied && e.Code == "unauthorized access" {
		f.Kind = s.denied(r, about)
		if f.Kind == fault.NotFound {
			f.Message = about.name() + " does not exist: " + f.Message
		}
	}
	return f
}

// denied tells what a refusal means.
func (s *Session) denied(r request, about subject) fault.Kind {
	self := about.kind == localUser && SameUser(about.tag, userPrefix+s.Identity)
	switch {
	case !s.Superuser() || self && r.method == "ResetPassword": // nobody may reset their own password
		return fault.PermissionDenied
	case about.kind == localUser && r.local || about.kind == aModel && r.method == "ModelInfo":
		return fault.NotFound
	default:
		return fault.PermissionDenied
	}
}
