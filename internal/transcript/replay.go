package transcript

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Rules say how requests are compared.
type Rules struct {
	// Headers are the names of headers that must be as recorded, also where
	// the recording has none. Headers that are recorded are always compared.
	Headers []string
	// Normalize, if not nil, is applied to the recorded request and to the
	// client's, to let differences pass that mean nothing to the server.
	Normalize func(r *Request) error
}

// Replay is an [http.Handler] that gives recorded answers, strictly in order.
// It is safe for concurrent use.
type Replay struct {
	rules     Rules
	exchanges []Exchange

	mu       sync.Mutex
	served   int
	failures []error
}

// NewReplay returns a replay of exchanges.
func NewReplay(exchanges []Exchange, rules Rules) *Replay {
	return &Replay{rules: rules, exchanges: exchanges}
}

// Served returns how many requests came.
func (p *Replay) Served() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.served
}

// Err returns what differed, and the recorded exchanges that were not used;
// nil if the client did what was recorded.
func (p *Replay) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	failures := slices.Clone(p.failures)
	for i := p.served; i < len(p.exchanges); i++ {
		r := p.exchanges[i].Request
		failures = append(failures, fmt.Errorf("exchange %d was not used: %s %s", i+1, r.Method, r.Path))
	}
	return errors.Join(failures...)
}

// ServeHTTP implements [http.Handler]. A request that differs is answered
// with 501, which clients do not send again.
func (p *Replay) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := p.next(r)
	if err != nil {
		http.Error(w, "not as recorded", http.StatusNotImplemented)
		return
	}
	if answer.Status == 0 {
		panic(http.ErrAbortHandler)
	}
	w.Header()["Content-Type"] = nil // not to be guessed from the body
	for name, value := range answer.Headers {
		w.Header().Set(name, value)
	}
	w.WriteHeader(answer.Status)
	_, _ = w.Write(bodyBytes(answer.Body)) // the client's side reports what is missing
}

func (p *Replay) next(r *http.Request) (Response, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.served++
	answer, err := p.match(r)
	if err != nil {
		err = fmt.Errorf("exchange %d: %w", p.served, err)
		p.failures = append(p.failures, err)
	}
	return answer, err
}

func (p *Replay) match(r *http.Request) (Response, error) {
	if p.served > len(p.exchanges) {
		return Response{}, fmt.Errorf("not recorded: %s %s", r.Method, r.URL.EscapedPath())
	}
	recorded := p.exchanges[p.served-1]
	want, got := recorded.Request, Request{Method: r.Method, Path: r.URL.EscapedPath(), Query: Query(r.URL.Query()), Headers: map[string]string{}}
	for _, name := range slices.Concat(p.rules.Headers, slices.Collect(maps.Keys(want.Headers))) {
		if values := r.Header.Values(name); len(values) > 0 {
			got.Headers[http.CanonicalHeaderKey(name)] = strings.Join(values, ", ")
		}
	}
	body, err := readBody(r)
	if err != nil {
		return Response{}, err
	}
	got.Body = body
	wantText, err := p.describe(want)
	if err != nil {
		return Response{}, fmt.Errorf("the recording: %w", err)
	}
	gotText, err := p.describe(got)
	if err != nil {
		return Response{}, err
	}
	if wantText != gotText {
		return Response{}, fmt.Errorf("the request differs\n%s", diff(wantText, gotText))
	}
	return recorded.Response, nil
}

// readBody returns the body of r in the form of recordings.
func readBody(r *http.Request) (jsontext.Value, error) {
	reader := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, fmt.Errorf("the body is not what Content-Encoding says: %w", err)
		}
		reader = unzipped
	}
	data, err := io.ReadAll(reader)
	if err != nil || len(data) == 0 {
		return nil, err
	}
	if value := jsontext.Value(data); value.IsValid() {
		return value, nil
	}
	return json.Marshal(string(data), jsontext.AllowInvalidUTF8(true))
}

// describe returns a text that is the same for requests that mean the same.
func (p *Replay) describe(r Request) (string, error) {
	r.Headers, r.Body = maps.Clone(r.Headers), r.Body.Clone()
	if p.rules.Normalize != nil {
		if err := p.rules.Normalize(&r); err != nil {
			return "", err
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\nquery %s\n", r.Method, r.Path, url.Values(r.Query).Encode())
	var headers []string
	for name, value := range r.Headers {
		headers = append(headers, http.CanonicalHeaderKey(name)+": "+value+"\n")
	}
	slices.Sort(headers)
	b.WriteString(strings.Join(headers, ""))
	body, err := Canonical(r.Body)
	if err != nil {
		return "", fmt.Errorf("the body: %w", err)
	}
	return b.String() + body, nil
}

// Canonical returns value with the members of objects in order, over several
// lines; "" for null. Numbers stay as they are written.
func Canonical(value jsontext.Value) (string, error) {
	if len(value) == 0 || value.Kind() == 'n' {
		return "", nil
	}
	value = bytes.Clone(value)
	err := value.Format(jsontext.ReorderRawObjects(true), jsontext.PreserveRawStrings(false), jsontext.Multiline(true), jsontext.WithIndent("  "), jsontext.AllowInvalidUTF8(true))
	return string(value), err
}

// bodyBytes returns a recorded body as it goes over the wire.
func bodyBytes(body jsontext.Value) []byte {
	switch body.Kind() {
	case 'n', 0:
		return nil
	case '"':
		text, _ := jsontext.AppendUnquote(nil, body) // it was read as JSON
		return text
	default:
		return body
	}
}

// diff sets the lines that only one text has beside each other.
func diff(want, got string) string {
	wanted, gotten := strings.Split(want, "\n"), strings.Split(got, "\n")
	head := 0
	for head < min(len(wanted), len(gotten)) && wanted[head] == gotten[head] {
		head++
	}
	tail := 0
	for tail < min(len(wanted), len(gotten))-head && wanted[len(wanted)-1-tail] == gotten[len(gotten)-1-tail] {
		tail++
	}
	var b strings.Builder
	write := func(mark string, lines []string) {
		for _, line := range lines {
			b.WriteString(mark + line + "\n")
		}
	}
	write("  ", wanted[:head])
	write("- ", wanted[head:len(wanted)-tail])
	write("+ ", gotten[head:len(gotten)-tail])
	write("  ", wanted[len(wanted)-tail:])
	return b.String()
}
