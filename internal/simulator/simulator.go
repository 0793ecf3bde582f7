// Package simulator holds what all simulated servers share: a record of every
// request that arrived, and faults on demand. The simulated systems themselves
// are in the packages below it, each written from the specification of its
// wire protocol and without a line of the client that it tests.
package simulator

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Request is one request as it arrived, and what became of it.
type Request struct {
	// Method is the HTTP method.
	Method string
	// Path is the path as it was sent, percent-encoding included.
	Path string
	// RawQuery is what followed the first question mark, undecoded.
	RawQuery string
	// Header holds the header fields under their canonical names.
	Header http.Header
	// Body is the whole request body.
	Body []byte
	// Status is the status that was sent, faults included. It is 0 while the
	// request is being served and if the connection ended without a reply.
	Status int
}

// Handler records the requests that reach another handler and injects faults.
// It is safe for concurrent use.
type Handler struct {
	next http.Handler

	mu       sync.Mutex
	requests []*Request
	faults   []*Fault
}

// NewHandler returns a Handler in front of next.
func NewHandler(next http.Handler) *Handler {
	return &Handler{next: next}
}

// Requests returns a copy of all requests since the start or the last Reset,
// in order of arrival.
func (h *Handler) Requests() []Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	requests := make([]Request, len(h.requests))
	for i, r := range h.requests {
		requests[i] = *r
		requests[i].Header = r.Header.Clone()
		requests[i].Body = bytes.Clone(r.Body)
	}
	return requests
}

// Count returns the number of requests since the start or the last Reset.
func (h *Handler) Count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.requests)
}

// Reset forgets the recorded requests. Faults stay.
func (h *Handler) Reset() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests = nil
}

// Inject adds faults. Of several that match a request, the one that was
// injected first takes effect, and only that one.
func (h *Handler) Inject(faults ...Fault) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range faults {
		h.faults = append(h.faults, &f)
	}
}

// ClearFaults removes all faults. Requests that are held by one stay held.
func (h *Handler) ClearFaults() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults = nil
}

// ServeHTTP records the request, then serves it as the faults command.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// The body is read to its end before anything else: the record is whole
	// whatever follows, and the server notices when the client goes away.
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	record, effect := h.arrive(r, body)
	answered := func(status int) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if record.Status == 0 {
			record.Status = status
		}
	}
	effect(&statusNotifier{ResponseWriter: w, answered: answered}, r, h.next)
	answered(http.StatusOK) // what net/http sends if nothing was written
}

// arrive records the request and picks the effect that it meets.
func (h *Handler) arrive(r *http.Request, body []byte) (*Request, Effect) {
	record := &Request{
		Method:   r.Method,
		Path:     sentPath(r),
		RawQuery: r.URL.RawQuery,
		Header:   r.Header.Clone(),
		Body:     body,
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests = append(h.requests, record)
	for i, f := range h.faults {
		if f.Match != nil && !f.Match(r) {
			continue
		}
		if f.Times == 1 {
			h.faults = slices.Delete(h.faults, i, i+1)
		}
		if f.Times > 1 {
			f.Times--
		}
		return record, f.Effect
	}
	return record, serve
}

// sentPath returns the path of r as it was sent: net/url keeps the encoding
// only where it thinks that it matters.
func sentPath(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, "/") {
		path, _, _ := strings.Cut(r.RequestURI, "?")
		return path
	}
	return r.URL.EscapedPath()
}

// statusNotifier reports the status before it is sent, so that whoever has
// the reply finds it in the record.
type statusNotifier struct {
	http.ResponseWriter

	answered func(status int) // only the first call counts
}

// WriteHeader implements [http.ResponseWriter].
func (n *statusNotifier) WriteHeader(status int) {
	n.answered(status)
	n.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (n *statusNotifier) Write(body []byte) (int, error) {
	n.answered(http.StatusOK)
	return n.ResponseWriter.Write(body)
}

// Unwrap lets [http.ResponseController] reach the connection.
func (n *statusNotifier) Unwrap() http.ResponseWriter { return n.ResponseWriter }
