package conformance

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

func loginCases() []Case {
	user := needs(usermgmt.CapGetUser)
	return []Case{
		{
			Name: "logins/one is shared", Rule: "One login is shared by all calls that wait for it, and by all that follow.",
			needs: user, wire: true, play: loginIsShared,
		},
		{
			Name: "logins/one that expires is renewed once for all", Rule: "When the server no longer accepts a login there is one more, for all calls, and each refused request is repeated.",
			needs: user, wire: true, play: loginIsRenewed,
		},
		{
			Name: "logins/a refused write is repeated", Rule: "A request that was refused for its login had no effect and is repeated after a new login, creates included.",
			needs: and(user, usermgmt.CapCreateUser), wire: true, play: refusedWriteIsRepeated,
		},
		{
			Name: "logins/one that is always refused", Rule: "A refused request is repeated once; if it is refused again the call fails with ErrUnauthenticated, and was not carried out.",
			needs: and(user, usermgmt.CapCreateUser), wire: true, play: alwaysRefused,
		},
		{
			Name: "logins/one that fails", Rule: "If the server does not accept the credentials, calls fail with ErrUnauthenticated and send nothing but the login; a later call tries again.",
			needs: and(user, usermgmt.CapCreateUser), wire: true, play: loginFails,
		},
	}
}

// getResident reads a user that exists.
func (w *World) getResident(t testing.TB) error {
	_, err := w.Manager.GetUser(t.Context(), usermgmt.GetUserRequest{Name: w.resident()})
	return err
}

func loginIsShared(t testing.TB, w *World) {
	sent := w.traffic(func() { allAtOnce(t, workers, func(int) error { return w.getResident(t) }) })
	assert.Equal(t, Traffic{Logins: 1, Reads: workers}, sent)
	sent = w.traffic(func() { require.NoError(t, w.getResident(t)) })
	assert.Equal(t, Traffic{Reads: 1}, sent)
}

func loginIsRenewed(t testing.TB, w *World) {
	require.NoError(t, w.getResident(t))
	w.Wire.ExpireLogins()
	sent := w.traffic(func() { allAtOnce(t, workers, func(int) error { return w.getResident(t) }) })
	assert.Equal(t, 1, sent.Logins)
	assert.LessOrEqual(t, sent.Reads, 2*workers)
	sent = w.traffic(func() { require.NoError(t, w.getResident(t)) })
	assert.Equal(t, Traffic{Reads: 1}, sent)
}

func refusedWriteIsRepeated(t testing.TB, w *World) {
	require.NoError(t, w.getResident(t))
	w.Wire.ExpireLogins()
	sent := w.traffic(func() { w.newUser(t, "alice") })
	assert.Equal(t, 1, sent.Logins)
	plain := w.traffic(func() { w.newUser(t, "carol") })
	w.Wire.Disturb(Write, Unauthenticated, 1)
	sent = w.traffic(func() { w.newUser(t, "bob") })
	assert.Equal(t, plain.Writes+1, sent.Writes)
}

func alwaysRefused(t testing.TB, w *World) {
	require.NoError(t, w.getResident(t))
	w.Wire.Disturb(Read, Unauthenticated, 0)
	w.Wire.Disturb(Write, Unauthenticated, 0)
	sent := w.traffic(func() {
		w.fails(t, usermgmt.CapGetUser, w.getResident(t), usermgmt.ErrUnauthenticated)
	})
	assert.Equal(t, 2, sent.Reads)
	sent = w.traffic(func() {
		_, err := w.Manager.CreateUser(t.Context(), w.userRequest("alice"))
		e := w.fails(t, usermgmt.CapCreateUser, err, usermgmt.ErrUnauthenticated)
		assert.False(t, e.Ambiguous)
	})
	assert.LessOrEqual(t, sent.Writes, 2)
}

func loginFails(t testing.TB, w *World) {
	w.Wire.Disturb(Login, Unauthenticated, 2)
	sent := w.traffic(func() {
		w.fails(t, usermgmt.CapGetUser, w.getResident(t), usermgmt.ErrUnauthenticated)
		_, err := w.Manager.CreateUser(t.Context(), w.userRequest("alice"))
		e := w.fails(t, usermgmt.CapCreateUser, err, usermgmt.ErrUnauthenticated)
		assert.False(t, e.Ambiguous)
	})
	assert.Equal(t, Traffic{Logins: 2}, sent)
	require.NoError(t, w.getResident(t))
}
