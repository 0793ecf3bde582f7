package conformance

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

func wireCases() []Case {
	create := needs(usermgmt.CapCreateUser, usermgmt.CapGetUser)
	return []Case{
		{
			Name: "wire/the answer to a create is lost", Rule: "A create is never sent twice: if the answer is lost the error is ambiguous, and the user may exist.",
			needs: create, wire: true, play: createAnswerLost,
		},
		{
			Name: "wire/a create that did not arrive", Rule: "A create whose fate is not known is not repeated, also if nothing came of it, and its error is ambiguous.",
			needs: create, wire: true, play: createLost,
		},
		{
			Name: "wire/a create that is throttled", Rule: "A create that the server refuses to carry out now, and says so, is repeated.",
			needs: create, wire: true, play: createThrottled,
		},
		{
			Name: "wire/the answer to a delete is lost", Rule: "A repetition of a delete after a lost answer that finds nothing has succeeded.",
			needs: and(create, usermgmt.CapDeleteUser), wire: true, play: deleteAnswerLost,
		},
		{
			Name: "wire/the answer to an idempotent write is lost", Rule: "Idempotent writes are repeated after failures that may pass.",
			needs: and(create, usermgmt.CapGrantRoles), wire: true, play: grantAnswerLost,
		},
		{
			Name: "wire/an answer from elsewhere", Rule: "That a server which is not the one that was meant knows no such page does not make a user ErrNotFound, nor its deletion a success.",
			needs: and(create, usermgmt.CapDeleteUser), wire: true, play: answerFromElsewhere,
		},
		{
			Name: "wire/a read that fails for a while", Rule: "Reads are repeated after failures that may pass.",
			needs: create, wire: true, play: readFailsForAWhile,
		},
		{
			Name: "wire/a server that is out of order", Rule: "A server that cannot be reached or cannot answer is ErrUnavailable, after a bounded number of attempts. A read is never ambiguous, an idempotent write is.",
			needs: and(create, usermgmt.CapDeleteUser), wire: true, play: serverOutOfOrder,
		},
		{
			Name: "wire/a server that asks to stay away", Rule: "If the server asks for a longer pause than the client would make, the call ends at once with ErrRateLimited, which carries the time. Nothing was done.",
			needs: create, wire: true, play: serverAsksToStayAway,
		},
		{
			Name: "wire/answers that make no sense", Rule: "An answer that is not of the protocol is ErrInternal, never a result; after a write it is ambiguous.",
			needs: create, wire: true, play: answersMakeNoSense,
		},
		{
			Name: "wire/an answer that breaks off", Rule: "An answer that breaks off is repeated or ErrUnavailable, never half a result.",
			needs: create, wire: true, play: answerBreaksOff,
		},
	}
}

// exists reports whether there is a user of a name.
func (w *World) exists(t testing.TB, name string) bool {
	t.Helper()
	_, err := w.Manager.GetUser(t.Context(), usermgmt.GetUserRequest{Name: name})
	require.NoError(t, usermgmt.IgnoreNotFound(err))
	return err == nil
}

func createAnswerLost(t testing.TB, w *World) {
	for label, fault := range map[string]Fault{"alice": CutAfter, "bob": CutMidway} {
		w.Wire.Disturb(Write, fault, 1)
		sent := w.traffic(func() {
			_, err := w.Manager.CreateUser(t.Context(), w.userRequest(label))
			e := w.fails(t, usermgmt.CapCreateUser, err, usermgmt.ErrUnavailable)
			assert.True(t, e.Ambiguous)
			assert.False(t, e.FromServer)
		})
		assert.Equal(t, 1, sent.Writes, "it is not sent again")
	}
	if w.can(usermgmt.CapUserName) {
		assert.True(t, w.exists(t, w.Name("alice")))
		assert.True(t, w.exists(t, w.Name("bob")))
	}
}

func createLost(t testing.TB, w *World) {
	for label, fault := range map[string]Fault{"alice": CutBefore, "bob": Overloaded} {
		w.Wire.Disturb(Write, fault, 1)
		sent := w.traffic(func() {
			_, err := w.Manager.CreateUser(t.Context(), w.userRequest(label))
			e := w.fails(t, usermgmt.CapCreateUser, err, usermgmt.ErrUnavailable)
			assert.True(t, e.Ambiguous)
		})
		assert.Equal(t, 1, sent.Writes, "it is not sent again")
	}
	if w.can(usermgmt.CapUserName) {
		assert.False(t, w.exists(t, w.Name("alice")))
		assert.False(t, w.exists(t, w.Name("bob")))
	}
}

func createThrottled(t testing.TB, w *World) {
	plain := w.traffic(func() { w.newUser(t, "bob") })
	w.Wire.Disturb(Write, Throttled, 1)
	var alice usermgmt.User
	sent := w.traffic(func() { alice = w.newUser(t, "alice") })
	assert.Equal(t, plain.Writes+1, sent.Writes)
	assert.Equal(t, alice, w.getUser(t, alice.Name))
}

func deleteAnswerLost(t testing.TB, w *World) {
	alice := w.newUser(t, "alice").Name
	w.Wire.Disturb(Write, CutAfter, 1)
	sent := w.traffic(func() {
		require.NoError(t, w.Manager.DeleteUser(t.Context(), usermgmt.DeleteUserRequest{Name: alice, IgnoreMissing: w.DeletesOnce}))
	})
	assert.Equal(t, 2, sent.Writes)
	assert.False(t, w.exists(t, alice))

	w.Wire.Disturb(Write, Throttled, 1)
	err := w.Manager.DeleteUser(t.Context(), usermgmt.DeleteUserRequest{Name: alice})
	w.misses(t, usermgmt.CapDeleteUser, err, "user", alice)
}

func answerFromElsewhere(t testing.TB, w *World) {
	user := w.newUser(t, "alice")
	w.Wire.Disturb(Read, Elsewhere, 0)
	w.Wire.Disturb(Write, Elsewhere, 0)
	_, err := w.Manager.GetUser(t.Context(), usermgmt.GetUserRequest{Name: user.Name})
	require.Error(t, err)
	require.NotErrorIs(t, err, usermgmt.ErrNotFound)
	err = w.Manager.DeleteUser(t.Context(), usermgmt.DeleteUserRequest{Name: user.Name, IgnoreMissing: true})
	require.Error(t, err)
	require.NotErrorIs(t, err, usermgmt.ErrNotFound)
}

func grantAnswerLost(t testing.TB, w *World) {
	alice := w.newUser(t, "alice").Name
	for i, fault := range []Fault{CutAfter, CutBefore, Overloaded} {
		w.Wire.Disturb(Write, fault, 1)
		w.grant(t, alice, w.Roles[i])
		w.roles(t, alice, w.Roles[:i+1]...)
	}
}

func readFailsForAWhile(t testing.TB, w *World) {
	alice := w.newUser(t, "alice")
	for _, fault := range []Fault{CutBefore, CutAfter, CutMidway, Overloaded, Throttled} {
		w.Wire.Disturb(Read, fault, 1)
		sent := w.traffic(func() { assert.Equal(t, alice, w.getUser(t, alice.Name)) })
		want := Traffic{Reads: 2}
		if w.LoginPerConnection && slices.Contains([]Fault{CutBefore, CutAfter, CutMidway}, fault) {
			want.Logins = 1
		}
		assert.Equal(t, want, sent)
	}
}

func serverOutOfOrder(t testing.TB, w *World) {
	alice := w.newUser(t, "alice").Name
	w.Wire.Disturb(Read, CutBefore, 0)
	w.Wire.Disturb(Write, Overloaded, 0)
	const most = 10 // attempts; what matters is that there is an end
	sent := w.traffic(func() {
		_, err := w.Manager.GetUser(t.Context(), usermgmt.GetUserRequest{Name: alice})
		e := w.fails(t, usermgmt.CapGetUser, err, usermgmt.ErrUnavailable)
		assert.False(t, e.Ambiguous)
	})
	assert.LessOrEqual(t, sent.Reads, most)
	sent = w.traffic(func() {
		e := w.fails(t, usermgmt.CapDeleteUser, w.Manager.DeleteUser(t.Context(), usermgmt.DeleteUserRequest{Name: alice}), usermgmt.ErrUnavailable)
		assert.True(t, e.Ambiguous || sent.Writes == 0)
	})
	assert.LessOrEqual(t, sent.Writes, most)
}

func serverAsksToStayAway(t testing.TB, w *World) {
	alice := w.newUser(t, "alice").Name
	w.Wire.Disturb(Read, ThrottledLong, 1)
	w.Wire.Disturb(Write, ThrottledLong, 1)
	sent := w.traffic(func() {
		_, err := w.Manager.GetUser(t.Context(), usermgmt.GetUserRequest{Name: alice})
		e := w.fails(t, usermgmt.CapGetUser, err, usermgmt.ErrRateLimited)
		assert.Equal(t, time.Hour, e.RetryAfter)
		assert.True(t, e.FromServer)
	})
	assert.Equal(t, Traffic{Reads: 1}, sent)
	_, err := w.Manager.CreateUser(t.Context(), w.userRequest("bob"))
	e := w.fails(t, usermgmt.CapCreateUser, err, usermgmt.ErrRateLimited)
	assert.Equal(t, time.Hour, e.RetryAfter)
	assert.False(t, e.Ambiguous)
}

func answersMakeNoSense(t testing.TB, w *World) {
	alice := w.newUser(t, "alice").Name
	w.Wire.Disturb(Read, Garbage, 1)
	user, err := w.Manager.GetUser(t.Context(), usermgmt.GetUserRequest{Name: alice})
	e := w.fails(t, usermgmt.CapGetUser, err, usermgmt.ErrInternal)
	assert.False(t, e.Ambiguous)
	assert.Zero(t, user)
	w.Wire.Disturb(Write, Garbage, 1)
	_, err = w.Manager.CreateUser(t.Context(), w.userRequest("bob"))
	e = w.fails(t, usermgmt.CapCreateUser, err, usermgmt.ErrInternal)
	assert.True(t, e.Ambiguous)
}

func answerBreaksOff(t testing.TB, w *World) {
	alice := w.newUser(t, "alice")
	w.Wire.Disturb(Read, CutMidway, 0)
	user, err := w.Manager.GetUser(t.Context(), usermgmt.GetUserRequest{Name: alice.Name})
	e := w.fails(t, usermgmt.CapGetUser, err, usermgmt.ErrUnavailable)
	assert.False(t, e.Ambiguous)
	assert.Zero(t, user)
}
