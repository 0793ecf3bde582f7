package rpc

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// dialer opens WebSockets to a server that may have several addresses.
type dialer struct {
	http    *http.Client
	header  http.Header
	stagger time.Duration

	mu        sync.Mutex
	addresses []*url.URL // the one that answered last comes first
}

func newDialer(addresses []*url.URL, header http.Header, caller *http.Client, config *tls.Config, stagger time.Duration) *dialer {
	d := &dialer{header: header, stagger: stagger, addresses: addresses, http: &http.Client{}}
	if caller != nil {
		d.http.Transport, d.http.Timeout = caller.Transport, caller.Timeout
	} else {
		network := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
		d.http.Transport = &http.Transport{
			DialContext:            network.DialContext,
			TLSClientConfig:        config.Clone(), // the transport adds to it
			TLSHandshakeTimeout:    10 * time.Second,
			MaxResponseHeaderBytes: 1 << 20,
			DisableKeepAlives:      true, // a refused connection is of no more use
		}
	}
	// A redirect could lead the credentials elsewhere.
	d.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return d
}

// attempt is the outcome of dialing one address.
type attempt struct {
	address *url.URL
	ws      *websocket.Conn
	failure *fault.Error
}

// dial tries the addresses side by side, each with a head start over the next
// unless it fails, and returns the first WebSocket that opens. Work counts the
// goroutines, of which some end a little later.
func (d *dialer) dial(ctx context.Context, work *sync.WaitGroup) (*websocket.Conn, *fault.Error) {
	d.mu.Lock()
	waiting := d.addresses
	d.mu.Unlock()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	results := make(chan attempt)
	headStart := time.NewTimer(0)
	defer headStart.Stop()
	var failure *fault.Error
	for underWay := 0; underWay > 0 || len(waiting) > 0; {
		select {
		case a := <-results:
			if a.failure == nil {
				d.prefer(a.address)
				return a.ws, nil
			}
			underWay--
			if failure == nil || failure.Kind == fault.Unavailable { // another kind tells more
				failure = a.failure
			}
			headStart.Reset(0) // there is no more reason to wait
		case <-headStart.C:
			if len(waiting) > 0 {
				address := waiting[0]
				waiting = waiting[1:]
				underWay++
				work.Go(func() { d.race(ctx, address, results) })
				headStart.Reset(d.stagger)
			}
		case <-ctx.Done():
			return nil, canceled(ctx)
		}
	}
	return nil, failure
}

// race tries an address. A WebSocket that opens too late is closed.
func (d *dialer) race(ctx context.Context, address *url.URL, results chan<- attempt) {
	a := d.try(ctx, address)
	select {
	case results <- a:
	case <-ctx.Done():
		if a.ws != nil {
			_ = a.ws.CloseNow()
		}
	}
}

// prefer puts an address first.
func (d *dialer) prefer(address *url.URL) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.addresses[0] == address {
		return
	}
	order := []*url.URL{address}
	for _, other := range d.addresses {
		if other != address {
			order = append(order, other)
		}
	}
	d.addresses = order
}

// try opens a WebSocket to one address.
func (d *dialer) try(ctx context.Context, address *url.URL) attempt {
	ws, response, err := websocket.Dial( //nolint:bodyclose // the library does
		ctx, address.String(), &websocket.DialOptions{HTTPClient: d.http, HTTPHeader: d.header.Clone()})
	if err == nil {
		return attempt{address: address, ws: ws}
	}
	if ctx.Err() != nil {
		return attempt{address: address, failure: canceled(ctx)}
	}
	if response != nil && response.StatusCode != http.StatusSwitchingProtocols {
		return attempt{address: address, failure: refused(response)}
	}
	return attempt{address: address, failure: unreachable(err)}
}

// refused returns the failure of a server that does not open a WebSocket.
func refused(response *http.Response) *fault.Error {
	status, kind := response.StatusCode, fault.Internal
	switch {
	case status == http.StatusUnauthorized:
		kind = fault.Unauthenticated
	case status == http.StatusForbidden:
		kind = fault.PermissionDenied
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed || status == http.StatusUpgradeRequired:
		kind = fault.Unsupported
	case status == http.StatusTooManyRequests:
		kind = fault.RateLimited
	case status >= http.StatusInternalServerError || status == http.StatusRequestTimeout:
		kind = fault.Unavailable
	}
	f := &fault.Error{Kind: kind, FromServer: true, Status: status, Message: "the server does not open a WebSocket: " + http.StatusText(status)}
	if seconds, err := strconv.ParseUint(response.Header.Get("Retry-After"), 10, 31); err == nil {
		f.RetryAfter = time.Duration(seconds) * time.Second
	}
	return f
}

// unreachable returns the failure of a server that gives no answer.
func unreachable(err error) *fault.Error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // it repeats the URL
	}
	f := &fault.Error{Kind: fault.Unavailable, Message: "the server cannot be reached: " + err.Error(), Err: err}
	if isCertificateError(err) {
		f.Message = "the server's certificate is not trusted: " + err.Error()
	}
	return f
}

// isCertificateError tells failures that no repetition can mend.
func isCertificateError(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	return unknown
}
