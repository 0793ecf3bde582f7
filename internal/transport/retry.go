package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// Class says what may be done with a request whose fate is not known.
type Class uint8

const (
	// Read has no effect on the server and may always be sent again.
	Read Class = iota
	// Idempotent leaves the same state however often it is carried out.
	Idempotent
	// Once must not be carried out twice: it is sent again only when the
	// first attempt provably was not carried out.
	Once
)

// Retry says when a request that failed is sent again. Zero fields take the
// defaults.
type Retry struct {
	// MaxAttempts bounds the attempts of one request, the first included.
	// 0 is 4; 1 never retries.
	MaxAttempts int
	// MinWait is the middle of the first pause; it doubles from pause to
	// pause. 0 is 200ms.
	MinWait time.Duration
	// MaxWait bounds a pause. A server that asks for a longer one ends the
	// call as rate limited; what it asks for within the bound is kept, plus up
	// to a quarter by chance. 0 is 15s.
	MaxWait time.Duration
}

func (r Retry) withDefaults() Retry {
	if r.MaxAttempts == 0 {
		r.MaxAttempts = 4
	}
	if r.MinWait == 0 {
		r.MinWait = 200 * time.Millisecond
	}
	if r.MaxWait == 0 {
		r.MaxWait = 15 * time.Second
	}
	return r
}

// pause returns the pause before retry number n, counted from 0. It lies
// anywhere from half the middle to half as much again: clients that failed
// together must not return together, not even when the pauses are at their
// longest.
func (r Retry) pause(n int) time.Duration {
	middle := time.Duration(min(math.Ldexp(float64(r.MinWait), n), float64(r.MaxWait)*2/3))
	return middle/2 + jitter(middle)
}

func jitter(d time.Duration) time.Duration {
	return time.Duration(rand.Int64N(int64(d) + 1)) //nolint:gosec // spreads load, guards nothing
}

// transient reports whether a later attempt at a request of this class may be
// made after failure f, and may succeed.
func transient(class Class, f *fault.Error) bool {
	switch f.Status {
	case http.StatusTooManyRequests:
		return true
	case http.StatusUnauthorized:
		return false // that takes another login
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return class != Once || f.NotExecuted || f.Repeatable
	case http.StatusInternalServerError:
		return f.NotExecuted || f.Repeatable
	case 0:
		if f.Kind != fault.Unavailable || isCertificateError(f.Err) {
			return false
		}
		return class != Once || f.NotExecuted
	default:
		return f.Repeatable
	}
}

// provablyUnsent reports whether err arose before a byte of the request left.
func provablyUnsent(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return true
	}
	if _, ok := errors.AsType[*limiterError](err); ok {
		return true
	}
	return isCertificateError(err)
}

func isCertificateError(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	return unknown
}

// retryAfter reads the Retry-After header: seconds, or a date, which is taken
// relative to the server's own clock if the answer tells it. ok is false when
// there is none or it makes no sense.
func retryAfter(header http.Header, now time.Time) (wait time.Duration, ok bool) {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if text == "" {
		return 0, false
	}
	if seconds, err := strconv.ParseUint(text, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		const most = uint64(math.MaxInt64 / int64(time.Second))
		return time.Duration(min(seconds, most)) * time.Second, true
	}
	date, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	if server, err := http.ParseTime(header.Get("Date")); err == nil {
		now = server
	}
	return max(0, date.Sub(now)), true
}
