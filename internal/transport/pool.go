package transport

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"golang.org/x/time/rate"
)

// PoolSize is how many connections wait for work. All requests go to one
// host, where the two of net/http's default would make busy callers dial for
// nearly every request.
const PoolSize = 256

// newHTTPClient returns a client that follows no redirect, keeps no cookie
// and does not let go of idle connections behind our back. own is the pool
// to close, nil if the caller owns it.
func newHTTPClient(caller *http.Client, config *tls.Config, limiter *rate.Limiter) (client *http.Client, own *http.Transport) {
	client = &http.Client{}
	base := http.DefaultTransport
	switch {
	case caller == nil:
		own = newPool(config)
		base = own
	case caller.Transport != nil:
		base = caller.Transport
	}
	if caller != nil {
		client.Timeout = caller.Timeout
	}
	client.Transport = &roundTripper{base: base, limiter: limiter}
	return client, own
}

func newPool(config *tls.Config) *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		DialContext:           dialer.DialContext,
		TLSClientConfig:       config.Clone(), // the pool adds to it
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
		MaxIdleConnsPerHost:   PoolSize,
		IdleConnTimeout:       90 * time.Second,
		ForceAttemptHTTP2:     true,

		MaxResponseHeaderBytes: 1 << 20,
	}
}

// roundTripper waits for the limiter before each attempt. It also hides two
// things from the layers above. One is the CloseIdleConnections method of
// what it wraps: the retry library calls it whenever a call fails for good,
// and would empty the pool for all. The other is where a redirect leads:
// net/http would follow it, or fail with the address in its error.
type roundTripper struct {
	base    http.RoundTripper
	limiter *rate.Limiter
}

func (t *roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	if t.limiter != nil {
		if err := t.limiter.Wait(r.Context()); err != nil {
			if r.Body != nil {
				_ = r.Body.Close()
			}
			return nil, &limiterError{err}
		}
	}
	answer, err := t.base.RoundTrip(r)
	if err == nil && answer.StatusCode/100 == 3 {
		answer.Header.Del("Location")
	}
	return answer, err
}

// limiterError marks a request that the limiter held back: nothing was sent.
type limiterError struct{ error }

func (e *limiterError) Unwrap() error { return e.error }
