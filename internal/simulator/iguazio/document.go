package iguazio

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
)

// ref names a resource.
type ref struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// linkage is the data of a relationship.
type linkage struct {
	refs []ref
	many bool
}

// MarshalJSON implements [json.Marshaler]: a list, one reference or null.
func (l linkage) MarshalJSON() ([]byte, error) {
	var data any
	switch {
	case l.many && l.refs == nil:
		data = []ref{}
	case l.many:
		data = l.refs
	case len(l.refs) > 0:
		data = l.refs[0]
	}
	return json.Marshal(map[string]any{"data": data})
}

// resource is a resource in an answer.
type resource struct {
	Type          string             `json:"type"`
	ID            string             `json:"id,omitempty"`
	Attributes    attributes         `json:"attributes,omitempty"`
	Relationships map[string]linkage `json:"relationships,omitempty"`
}

// relate adds a relationship.
func (r *resource) relate(name string, data linkage) {
	if r.Relationships == nil {
		r.Relationships = map[string]linkage{}
	}
	r.Relationships[name] = data
}

// answer is what an endpoint replies with.
type answer struct {
	status   int
	header   http.Header
	data     []*resource
	list     bool        // the data is a list
	included []*resource // nil leaves the member out
	totals   *totals
}

// totals are the numbers of records and pages of a list.
type totals struct {
	Records int `json:"total_records"`
	Pages   int `json:"total_pages"`
}

// whole answers with a resource and nothing to include.
func whole(status int, r *resource) *answer {
	return &answer{status: status, data: []*resource{r}, included: []*resource{}}
}

// one answers with a resource alone: such answers have no included member.
func one(status int, r *resource) *answer { return &answer{status: status, data: []*resource{r}} }

// write sends an answer.
func write(w http.ResponseWriter, a *answer, about meta) {
	maps.Copy(w.Header(), a.header)
	if a.status == http.StatusNoContent {
		w.WriteHeader(a.status)
		return
	}
	body := struct {
		Data     any         `json:"data,omitempty"`
		Included []*resource `json:"included,omitzero"`
		Meta     meta        `json:"meta"`
	}{Included: a.included, Meta: about}
	body.Meta.totals = a.totals
	switch {
	case a.list && a.data == nil:
		body.Data = []*resource{}
	case a.list:
		body.Data = a.data
	case len(a.data) > 0:
		body.Data = a.data[0]
	}
	writeJSON(w, a.status, body)
}

// meta is the meta member of all bodies.
type meta struct {
	*totals

	// Context is the trace ID.
	Context json.RawMessage `json:"ctx"`
}

// newMeta returns a meta member with a new trace ID.
func (s *Server) newMeta() meta {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := strconv.FormatUint(s.random.Uint64()|1<<63, 10)
	if !s.opts.Alternatives.NumericContext {
		id = strconv.Quote(id)
	}
	return meta{Context: json.RawMessage(id)}
}

// apiError is an error as the server puts it on the wire.
type apiError struct {
	status int
	detail string
}

// Error implements error.
func (e *apiError) Error() string { return e.detail }

func errorf(status int, format string, args ...any) *apiError {
	return &apiError{status: status, detail: fmt.Sprintf(format, args...)}
}

// writeError sends an error.
func (s *Server) writeError(w http.ResponseWriter, err *apiError, about meta) {
	type failure struct {
		Status int    `json:"status,omitempty"`
		Detail string `json:"detail"`
	}
	said := failure{Status: err.status, Detail: err.detail}
	if s.opts.Alternatives.ErrorsWithoutStatus {
		said.Status = 0
	}
	writeJSON(w, err.status, map[string]any{"errors": []failure{said}, "meta": about})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("iguazio: answer: %v", err))
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text)
}
