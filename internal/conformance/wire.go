package conformance

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Wire is what lies between a client and its server. It is safe for
// concurrent use.
type Wire interface {
	// Traffic counts the requests that have reached the server so far.
	Traffic() Traffic
	// Disturb makes requests of a kind meet a fault: the next ones, as many as
	// times says, or all that follow if times is 0.
	Disturb(kind RequestKind, fault Fault, times int)
	// Hold keeps the next request of a kind waiting at the server. arrived
	// yields when it is there; release lets it go on and can be called twice.
	Hold(kind RequestKind) (arrived <-chan struct{}, release func())
	// ExpireLogins makes the server accept no login that was made so far.
	ExpireLogins()
}

// RequestKind tells requests apart by what they are for.
type RequestKind uint8

// The kinds of request.
const (
	// Login obtains or renews the client's login.
	Login RequestKind = iota
	// Read changes nothing.
	Read
	// Write changes something.
	Write
)

// Traffic is a number of requests by kind.
type Traffic struct {
	// Logins, Reads and Writes are the numbers of requests of those kinds.
	Logins, Reads, Writes int
}

// Sub returns how many more requests t has than earlier.
func (t Traffic) Sub(earlier Traffic) Traffic {
	return Traffic{Logins: t.Logins - earlier.Logins, Reads: t.Reads - earlier.Reads, Writes: t.Writes - earlier.Writes}
}

// Fault is something that goes wrong with a request.
type Fault uint8

// The faults.
const (
	// CutBefore ends the connection without an answer; the request has no effect.
	CutBefore Fault = iota
	// CutAfter ends the connection without an answer, after the effect.
	CutAfter
	// CutMidway ends the connection in the middle of the answer, after the effect.
	CutMidway
	// Overloaded answers that the server cannot serve anybody now; the request
	// has no effect, but the client cannot know.
	Overloaded
	// Throttled answers that the client asks too often and may return at once;
	// the request has no effect.
	Throttled
	// ThrottledLong is Throttled for an hour.
	ThrottledLong
	// Unauthenticated answers that the server does not know the caller; the
	// request has no effect.
	Unauthenticated
	// Garbage answers success with something that is not of the protocol; the
	// request has no effect.
	Garbage
	// Elsewhere answers that there is no such page, as a server does that is not
	// the one that was meant; the request has no effect.
	Elsewhere
	// Echo refuses the request as malformed and repeats in the answer all that
	// the client sent, credentials included.
	Echo
)

// traffic returns the traffic that act makes, nothing if there is no wire.
func (w *World) traffic(act func()) Traffic {
	if w.Wire == nil {
		act()
		return Traffic{}
	}
	before := w.Wire.Traffic()
	act()
	return w.Wire.Traffic().Sub(before)
}

// sendsNothing asserts that act makes no traffic.
func (w *World) sendsNothing(t testing.TB, act func(), msgAndArgs ...any) {
	t.Helper()
	require.Equal(t, Traffic{}, w.traffic(act), msgAndArgs...)
}

// writesNothing asserts that act sends no write.
func (w *World) writesNothing(t testing.TB, act func(), msgAndArgs ...any) {
	t.Helper()
	require.Zero(t, w.traffic(act).Writes, msgAndArgs...)
}
