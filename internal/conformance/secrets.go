package conformance

import (
	"context"
	"crypto/tls"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

// That no secret gets out is asserted in every case. These provoke it.
func secretCases() []Case {
	const rule = "Passwords, keys and tokens are never in an error, a log line, a hook, formatted output, JSON or a result, neither plain nor encoded."
	return []Case{
		{Name: "secrets/in requests and results", Rule: rule, play: secretsInValues},
		{Name: "secrets/in errors", Rule: rule, play: secretsInErrors},
		{Name: "secrets/that the server repeats", Rule: rule, wire: true, play: secretsRepeated},
	}
}

// mark returns a secret that every encoding changes.
func (w *World) mark() string { return w.out.keep("Mä\"%+/=&<>1 " + w.newPassword()) }

// newPassword returns a password that no other user has and that suits the
// rules of all systems.
func (w *World) newPassword() string {
	password := randomPassword()
	w.out.keep(password)
	w.out.keep(password[len(passwordStart):])
	return password
}

// keepCredential notes the secret of a credential that the harness made.
func (w *World) keepCredential(credential usermgmt.Credential) usermgmt.Credential {
	if password, ok := credential.(usermgmt.PasswordCredential); ok {
		w.out.keep(password.Password.Reveal())
	}
	return credential
}

func secretsInValues(t testing.TB, w *World) {
	ctx := t.Context()
	credentials := []usermgmt.Credential{
		usermgmt.Password("alice", w.mark()), usermgmt.AccessKey("alice", w.mark()), usermgmt.SessionNonce(w.mark()),
		usermgmt.BearerToken(w.mark()), usermgmt.ClientCertificate(tls.Certificate{Certificate: [][]byte{[]byte(w.mark())}}),
		usermgmt.OAuth2ClientCredentials{TokenURL: "https://id.example.com/token", ClientID: "id", ClientSecret: usermgmt.NewSecret(w.mark())},
	}
	for _, credential := range credentials {
		w.out.compare(credential)
		w.out.compare(usermgmt.CreateUserRequest{Name: "alice", Credential: credential})
		w.out.compare(&usermgmt.UpdateUserRequest{Name: "alice", Credential: credential})
		w.out.compare(usermgmt.CreatedUser{Credential: credential})
		w.out.compare(usermgmt.WithCredentials(credential))
	}
	w.out.compare(usermgmt.SetPasswordRequest{Name: "alice", Password: usermgmt.NewSecret(w.mark())})
	w.out.compare([]usermgmt.Secret{usermgmt.NewSecret(w.mark())})
	w.out.compare(map[string]usermgmt.Secret{"key": usermgmt.NewSecret(w.mark())})

	if w.can(usermgmt.CapCreateUser) {
		created, err := w.Manager.CreateUser(ctx, w.userRequest("alice"))
		require.NoError(t, err)
		w.out.compare(created)
		if w.can(usermgmt.CapGetUser) {
			w.out.compare(w.getUser(t, created.Name))
		}
	}
	if w.can(usermgmt.CapCurrentUser) {
		user, err := w.Manager.CurrentUser(ctx)
		require.NoError(t, err)
		w.out.compare(user)
	}
	w.out.compare(w.Manager)
}

func secretsInErrors(t testing.TB, w *World) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, ctx := range []context.Context{t.Context(), ended, nil} {
		for _, op := range w.operations() {
			w.out.compare(op.call(ctx))
		}
	}
	for _, call := range w.namedCalls() {
		for _, bad := range badNameList() {
			w.out.record(call.call(t.Context(), bad.name))
		}
	}
	if w.can(usermgmt.CapCreateUser) {
		for _, credential := range []usermgmt.Credential{
			usermgmt.Password("somebody", w.mark()), usermgmt.AccessKey("", w.mark()), usermgmt.BearerToken(w.mark()),
			usermgmt.SessionNonce(w.mark()), new(usermgmt.Password("", w.mark())),
		} {
			_, err := w.Manager.CreateUser(t.Context(), w.userRequest("alice", func(r *usermgmt.CreateUserRequest) { r.Credential = credential }))
			w.out.compare(err)
		}
	}
	require.NoError(t, w.Manager.Close())
	for _, op := range w.operations() {
		w.out.compare(op.call(t.Context()))
	}
}

func secretsRepeated(t testing.TB, w *World) {
	for _, disturb := range []func(){
		func() { w.Wire.Disturb(Login, Echo, 2) },
		func() { w.Wire.Disturb(Write, Echo, 0) },
		func() { w.Wire.Disturb(Read, Echo, 0) },
	} {
		disturb()
		for _, op := range w.declared() {
			w.out.compare(op.call(t.Context()))
		}
		if w.can(usermgmt.CapCreateUser) && w.can(usermgmt.CapUserPassword) {
			_, err := w.Manager.CreateUser(t.Context(), w.userRequest("alice", func(r *usermgmt.CreateUserRequest) {
				r.Credential = usermgmt.Password("", w.mark())
			}))
			w.out.compare(err)
		}
	}
}
