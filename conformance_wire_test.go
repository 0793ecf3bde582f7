package usermgmt_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/usermgmt/usermgmt/internal/conformance"
	"github.com/usermgmt/usermgmt/internal/simulator"
)

// httpWire is the wire of a system that speaks HTTP, in front of the faults
// and the server.
type httpWire struct {
	handler  *simulator.Handler
	kindOf   func(r *http.Request) conformance.RequestKind
	secretOf func(r *http.Request) string // what a request is authenticated by
	expire   func()                       // makes the server accept no login made so far
	refusal  simulator.Effect             // how the server answers a login that it does not accept

	mu      sync.Mutex
	traffic conformance.Traffic
	secrets []string // that requests carried
}

var _ conformance.Wire = (*httpWire)(nil)

func (w *httpWire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.count(r)
	w.handler.ServeHTTP(rw, r)
}

func (w *httpWire) count(r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch w.kindOf(r) {
	case conformance.Login:
		w.traffic.Logins++
	case conformance.Read:
		w.traffic.Reads++
	case conformance.Write:
		w.traffic.Writes++
	}
	if secret := w.secretOf(r); secret != "" && !slices.Contains(w.secrets, secret) {
		w.secrets = append(w.secrets, secret)
	}
}

func (w *httpWire) Traffic() conformance.Traffic {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.traffic
}

// seen returns the secrets that requests carried.
func (w *httpWire) seen() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.secrets)
}

func (w *httpWire) Disturb(kind conformance.RequestKind, fault conformance.Fault, times int) {
	w.handler.Inject(simulator.Fault{
		Match: func(r *http.Request) bool { return w.kindOf(r) == kind }, Times: times, Effect: w.effect(fault),
	})
}

func (w *httpWire) Hold(kind conformance.RequestKind) (arrived <-chan struct{}, release func()) {
	gate := simulator.NewGate()
	w.handler.Inject(simulator.Fault{
		Match: func(r *http.Request) bool { return w.kindOf(r) == kind }, Times: 1, Effect: gate.Hold,
	})
	return gate.Arrived(), gate.Open
}

func (w *httpWire) ExpireLogins() { w.expire() }

func (w *httpWire) effect(fault conformance.Fault) simulator.Effect {
	switch fault {
	case conformance.CutBefore:
		return simulator.Drop
	case conformance.CutAfter:
		return simulator.After(simulator.Drop)
	case conformance.CutMidway:
		return cutMidway
	case conformance.Overloaded:
		return simulator.Answer(http.StatusServiceUnavailable, nil, "upstream is down")
	case conformance.Throttled:
		return simulator.Answer(http.StatusTooManyRequests, nil, "slow down")
	case conformance.ThrottledLong:
		return simulator.Answer(http.StatusTooManyRequests, http.Header{"Retry-After": {"3600"}}, "slow down")
	case conformance.Unauthenticated:
		return w.refusal
	case conformance.Garbage:
		return simulator.Answer(http.StatusOK, http.Header{"Content-Type": {"text/html"}}, "<html>Sign in to the guest network</html>")
	case conformance.Elsewhere:
		return simulator.Answer(http.StatusNotFound, http.Header{"Content-Type": {"text/html"}}, "<html>404 page not found")
	case conformance.Echo:
		return echo
	default:
		panic("no such fault")
	}
}

// cutMidway cuts an answer in half. Writes may be answered without a body,
// whose half is nothing: there the header is as far as it gets.
func cutMidway(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if r.Method == http.MethodGet {
		simulator.Cut(20)(w, r, next)
		return
	}
	simulator.After(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Length", "2")
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})(w, r, next)
}

// echo repeats what the client sent, as it is and inside JSON.
func echo(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	body, _ := io.ReadAll(r.Body)
	message, _ := json.Marshal(map[string]any{
		"message": "cannot read " + string(body) + " of " + r.Header.Get("Authorization"), "status": http.StatusBadRequest,
		"tcode": string(body), "errors": map[string]string{"_": string(body)},
		"error": string(body), "error_description": string(body),
	})
	w.Header().Set("X-Request-Id", r.Header.Get("Authorization"))
	simulator.Answer(http.StatusBadRequest, http.Header{"Content-Type": {"application/json"}}, string(message))(w, r, nil)
}

// calm implements soakWire.
func (w *httpWire) calm() { w.handler.ClearFaults() }

// forget implements soakWire.
func (w *httpWire) forget() {
	w.handler.Reset()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.secrets = nil
}

// httpFaults is what can happen to one exchange.
var httpFaults = map[string]simulator.Effect{
	"cut before":        simulator.Drop,
	"cut after":         simulator.After(simulator.Drop),
	"cut midway":        cutMidway,
	"slow header":       slowHeader,
	"slow body":         simulator.After(slowBody),
	"429":               simulator.Answer(http.StatusTooManyRequests, nil, "slow down"),
	"429 for an hour":   simulator.Answer(http.StatusTooManyRequests, http.Header{"Retry-After": {"3600"}}, "slow down"),
	"500":               simulator.Answer(http.StatusInternalServerError, nil, "oops"),
	"502 in HTML":       simulator.Answer(http.StatusBadGateway, http.Header{"Content-Type": {"text/html"}}, "<html>bad gateway</html>"),
	"503":               simulator.Answer(http.StatusServiceUnavailable, http.Header{"Retry-After": {"0"}}, "upstream is down"),
	"404 in HTML":       simulator.Answer(http.StatusNotFound, http.Header{"Content-Type": {"text/html"}}, "<html>no such page</html>"),
	"200 in HTML":       simulator.Answer(http.StatusOK, http.Header{"Content-Type": {"text/html"}}, "<html>Sign in</html>"),
	"200 cut short":     simulator.After(simulator.Answer(http.StatusOK, http.Header{"Content-Type": {"application/json"}}, `{"data":[{"id":`)),
	"200 and oversized": simulator.After(simulator.Answer(http.StatusOK, http.Header{"Content-Type": {"application/json"}}, `{"data":"`+strings.Repeat("x", 17<<20)+`"}`)),
}

// slowHeader never answers, and the request has no effect.
func slowHeader(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

// slowBody begins an answer that never ends.
func slowBody(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(w, "{")
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

// faultNames implements exchangeWire.
func (w *httpWire) faultNames() []string { return slices.Sorted(maps.Keys(httpFaults)) }

// at implements exchangeWire.
func (w *httpWire) at(n int, fault string) (met func() bool) {
	var hit atomic.Bool
	left := n
	w.handler.Inject(simulator.Fault{Times: 1, Effect: httpFaults[fault], Match: func(*http.Request) bool {
		left--
		if left < 0 {
			hit.Store(true)
		}
		return left < 0
	}})
	return hit.Load
}
