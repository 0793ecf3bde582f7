package usermgmt

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/usermgmt/usermgmt/internal/cognite"
	"github.com/usermgmt/usermgmt/internal/fault"
)

// cogniteNonceLife is about how long a nonce can be used.
const cogniteNonceLife = time.Minute

// A cogniteBinding is what a user is bound to a session with. It is good for
// one request.
type cogniteBinding struct {
	nonce   Secret
	session int64     // 0 if it is not known
	made    time.Time // when we made the session, zero if the caller did
}

// outlived reports whether a request was refused because it had to wait, for
// its turn and in retries, longer than the nonce of our session lived. An
// earlier attempt that may have been carried out can have spent the nonce, too.
func (c cogniteBinding) outlived(err error) bool {
	f, ok := errors.AsType[*fault.Error](err)
	return ok && f.Kind == fault.InvalidArgument && !f.Ambiguous && !c.made.IsZero() && time.Since(c.made) >= cogniteNonceLife
}

// bound makes a request with a binding, and once more with another if it
// outlived the first: then nothing was done.
func bound[R any](bind func() (cogniteBinding, error), request func(cogniteBinding) (R, error)) (R, error) {
	for again := true; ; again = false {
		binding, err := bind()
		if err != nil {
			var zero R
			return zero, err
		}
		result, err := request(binding)
		if !again || !binding.outlived(err) {
			return result, err
		}
	}
}

// bind returns the binding that a credential stands for. Of client credentials
// it makes a session.
func (b *cogniteBackend) bind(ctx context.Context, credential Credential, session int64) (cogniteBinding, error) {
	switch c := credential.(type) {
	case SessionNonceCredential:
		return cogniteBinding{nonce: c.Nonce, session: session}, nil
	case OAuth2ClientCredentials:
		if session != 0 {
			return cogniteBinding{}, fault.Invalid("Extension", "must not hold the ID of a session beside client credentials, of which one is made")
		}
		if c.TokenURL != "" || len(c.Scopes) > 0 || len(c.Params) > 0 {
			return cogniteBinding{}, fault.Invalid("Credential", "must hold nothing but the ID and the secret of the client")
		}
		return b.newBinding(ctx, cognite.SessionRequest{
			Type: cognite.ClientCredentials, ClientID: c.ClientID, ClientSecret: c.ClientSecret.Reveal(),
		}, "Credential")
	case nil:
		return cogniteBinding{}, fault.Invalid("Credential", "must be a session nonce or OAuth2 client credentials: a user acts with the rights of a session")
	default:
		return cogniteBinding{}, fault.Invalid("Credential", "%s", wrongCredential(credential, "users act with the rights of a session, so they take a session nonce or OAuth2 client credentials"))
	}
}

// newBinding makes a session; field is where the request comes from.
func (b *cogniteBackend) newBinding(ctx context.Context, request cognite.SessionRequest, field string) (cogniteBinding, error) {
	if err := cognite.CheckSessionRequest(request); err != nil {
		f, _ := errors.AsType[*fault.Error](err)
		return cogniteBinding{}, fault.Invalid(field, "cannot be used: %s", f.Message)
	}
	made, err := b.api.CreateSession(ctx, request)
	if err != nil {
		// A session that was made all the same is never bound and ends within a
		// minute. What the call is about, the user, is surely as it was.
		if f, ok := errors.AsType[*fault.Error](err); ok {
			f.Ambiguous = false
		}
		return cogniteBinding{}, aboutSession(0, err)
	}
	return cogniteBinding{nonce: NewSecret(made.Nonce), session: made.Session.ID, made: time.Now()}, nil
}

func (b *cogniteBackend) CreateUser(ctx context.Context, req CreateUserRequest) (CreatedUser, error) {
	input, err := cogniteInput(req.Extension, cogniteBinds)
	if err != nil {
		return CreatedUser{}, err
	}
	bind := func() (cogniteBinding, error) { return b.bind(ctx, req.Credential, input.SessionID) }
	made, err := bound(bind, func(binding cogniteBinding) (CogniteCreatedUser, error) { return b.create(ctx, binding) })
	return made.CreatedUser, err
}

// create creates the user of a session.
func (b *cogniteBackend) create(ctx context.Context, binding cogniteBinding) (CogniteCreatedUser, error) {
	made, err := b.api.CreateUser(ctx, binding.nonce.Reveal())
	if err == nil {
		return fromCogniteCreated(fromCogniteUser(made.User), made), nil
	}
	session := cmp.Or(binding.session, made.User.SessionID)
	var lost *CogniteLostAnswer
	if made.User.Username != "" { // the answer lacks the password, but tells that there is a user
		lost = &CogniteLostAnswer{SessionID: session, Outcome: CogniteFound, User: fromCogniteUser(made.User)}
	} else {
		lost = b.look(ctx, err, session, func() (cognite.User, error) { return b.api.FindUserBySession(ctx, session) })
	}
	if lost == nil {
		return CogniteCreatedUser{}, err
	}
	return fromCogniteCreated(lost.User, made), withLostAnswer(err, lost)
}

func (b *cogniteBackend) UpdateUser(ctx context.Context, req UpdateUserRequest) (User, error) {
	input, err := cogniteInput(req.Extension, cogniteBinds)
	if err != nil {
		return User{}, err
	}
	if req.Credential == nil {
		if input.SessionID != 0 {
			return User{}, fault.Invalid("Extension", "must not hold the ID of a session without a credential")
		}
		return b.get(ctx, req.Name)
	}
	bind := func() (cogniteBinding, error) { return b.bind(ctx, req.Credential, input.SessionID) }
	return bound(bind, func(binding cogniteBinding) (User, error) { return b.update(ctx, req.Name, binding) })
}

// update binds a user to another session.
func (b *cogniteBackend) update(ctx context.Context, name string, binding cogniteBinding) (User, error) {
	user, err := b.api.UpdateUser(ctx, name, binding.nonce.Reveal())
	if err == nil {
		return fromCogniteUser(user).User, nil
	}
	lost := b.look(ctx, err, binding.session, func() (cognite.User, error) {
		user, err := b.api.GetUser(ctx, name)
		if err == nil && user.SessionID != binding.session {
			err = fault.New(fault.NotFound, "the user acts with another session")
		}
		return user, err
	})
	switch {
	case lost == nil:
		return User{}, err
	case lost.Outcome == CogniteFound:
		return lost.User.User, nil
	default:
		return User{}, withLostAnswer(err, lost)
	}
}

// look finds out what became of a change that failed with err and was to bind
// a session; find returns the user that acts with the session, if there is
// one. The result is nil if the change surely was not carried out.
func (b *cogniteBackend) look(ctx context.Context, err error, session int64, find func() (cognite.User, error)) *CogniteLostAnswer {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || !f.Ambiguous {
		return nil
	}
	lost := &CogniteLostAnswer{SessionID: session, Outcome: CogniteUnknown, Err: f.Err}
	if session == 0 || ctx.Err() != nil {
		return lost
	}
	switch user, err := find(); {
	case err == nil:
		lost.Outcome, lost.User = CogniteFound, fromCogniteUser(user)
	case fault.KindOf(err) == fault.NotFound:
		lost.Outcome = CogniteAbsent
	}
	return lost
}

// withLostAnswer adds to a failure what became of the change. It stays
// ambiguous also if nothing was found: the server may be slow.
func withLostAnswer(err error, lost *CogniteLostAnswer) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		f.Err = lost
	}
	if lost.SessionID == 0 {
		return err
	}
	return aboutSession(lost.SessionID, err)
}
