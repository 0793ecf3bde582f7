package transcript

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
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
	// Unordered lets the exchanges come in any order.
	Unordered bool
	// Normalize, if not nil, is applied to the recorded request and to the
	// client's, to let differences pass that mean nothing to the server.
	Normalize func(r *Request) error
}

// Replay is an [http.Handler], and an [http.RoundTripper], that gives recorded
// answers, strictly in order unless its rules say otherwise. It is safe for
// concurrent use.
type Replay struct {
	rules Rules

	mu       sync.Mutex
	left     []Exchange
	served   int
	failures []error
}

// NewReplay returns a replay of exchanges.
func NewReplay(exchanges []Exchange, rules Rules) *Replay {
	return &Replay{rules: rules, left: slices.Clone(exchanges)}
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
	for _, e := range p.left {
		failures = append(failures, fmt.Errorf("an exchange was not used: %s %s", e.Request.Method, e.Request.Path))
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
	_, _ = w.Write(answer.bytes()) // the client's side reports what is missing
}

// RoundTrip implements [http.RoundTripper]: it answers without a network, so
// that hosts have the names of the recording and can be down.
func (p *Replay) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := p.next(r)
	switch {
	case err != nil:
		answer = Response{Status: http.StatusNotImplemented}
	case answer.TransportError == Refused:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New(Refused)}
	case answer.Status == 0:
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: io.ErrUnexpectedEOF}
	}
	body, header := answer.bytes(), http.Header{}
	for name, value := range answer.Headers {
		header.Set(name, value)
	}
	return &http.Response{
		StatusCode: answer.Status, Header: header, Request: r,
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
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

// match takes the exchange that r is a request of off the list.
func (p *Replay) match(r *http.Request) (Response, error) {
	body, err := readBody(r)
	if err != nil {
		return Response{}, err
	}
	if len(p.left) == 0 {
		return Response{}, fmt.Errorf("not recorded: %s %s", r.Method, r.URL.EscapedPath())
	}
	candidates := p.left
	if !p.rules.Unordered {
		candidates = p.left[:1]
	}
	for i, recorded := range candidates {
		if err = p.compare(recorded.Request, r, body); err == nil {
			p.left = slices.Delete(p.left, i, i+1)
			return recorded.Response, nil
		}
	}
	if p.rules.Unordered {
		return Response{}, fmt.Errorf("no recorded request is like %s %s; the last differs thus: %w", r.Method, r.URL.EscapedPath(), err)
	}
	p.left = p.left[1:]
	return Response{}, err
}

// compare reports how r, with its body read, differs from what was recorded.
func (p *Replay) compare(want Request, r *http.Request, body jsontext.Value) error {
	got := Request{Method: r.Method, Path: r.URL.EscapedPath(), Query: Query(r.URL.Query()), Headers: map[string]string{}, Body: body}
	if want.Node != "" {
		got.Node = r.URL.Hostname()
	}
	for _, name := range slices.Concat(p.rules.Headers, slices.Collect(maps.Keys(want.Headers))) {
		if values := r.Header.Values(name); len(values) > 0 {
			got.Headers[http.CanonicalHeaderKey(name)] = strings.Join(values, ", ")
		}
	}
	wantText, err := p.describe(want)
	if err != nil {
		return fmt.Errorf("the recording: %w", err)
	}
	gotText, err := p.describe(got)
	if err != nil {
		return err
	}
	if wantText != gotText {
		return fmt.Errorf("the request differs\n%s", diff(wantText, gotText))
	}
	return nil
}

// readBody returns the body of r in the form of recordings.
func readBody(r *http.Request) (jsontext.Value, error) {
	if r.Body == nil {
		return nil, nil
	}
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
	if r.Node != "" {
		fmt.Fprintf(&b, "at %s ", r.Node)
	}
	fmt.Fprintf(&b, "%s %s\nquery %s\n", r.Method, r.Path, url.Values(r.Query).Encode())
	var headers []string
	for name, value := range r.Headers {
		headers = append(headers, http.CanonicalHeaderKey(name)+": "+value+"\n")
	}
	slices.Sort(headers)
	b.WriteString(strings.Join(headers, ""))
	body, err := describeBody(r)
	if err != nil {
		return "", fmt.Errorf("the body: %w", err)
	}
	return b.String() + body, nil
}

func describeBody(r Request) (string, error) {
	if contentType(r.Headers) != "application/x-www-form-urlencoded" || r.Body.Kind() != '"' {
		return Canonical(r.Body)
	}
	text, err := jsontext.AppendUnquote(nil, r.Body)
	if err != nil {
		return "", err
	}
	form, err := url.ParseQuery(string(text))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(form)) {
		fmt.Fprintf(&b, "%s = %q\n", name, form[name])
	}
	return b.String(), nil
}

// contentType returns the media type that headers tell, without parameters.
func contentType(headers map[string]string) string {
	for name, value := range headers {
		if strings.EqualFold(name, "Content-Type") {
			media, _, _ := strings.Cut(value, ";")
			return strings.TrimSpace(media)
		}
	}
	return ""
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

// bytes returns the recorded body as it goes over the wire.
func (r *Response) bytes() []byte {
	switch r.Body.Kind() {
	case 'n', 0:
		return nil
	case '"':
		if contentType(r.Headers) == "application/json" {
			return r.Body
		}
		text, _ := jsontext.AppendUnquote(nil, r.Body) // it was read as JSON
		return text
	default:
		return r.Body
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
