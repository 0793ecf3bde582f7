// Package transcript replays recorded HTTP exchanges to the client of a
// protocol and compares what it sends with the whole of what was recorded. It
// is test support: nothing that ships imports it.
package transcript

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Scenario is one recording. Members that only some recordings have are read
// with [Scenario.Decode].
type Scenario struct {
	// Name is the name of the scenario.
	Name string `json:"scenario"`
	// Operation is what a client is asked to do.
	Operation Operation `json:"operation"`
	// Exchanges is what went over the wire.
	Exchanges []Exchange `json:"exchanges"`
	// Unordered is set if the order of the requests means nothing.
	Unordered bool `json:"unordered"`
	// Expect is what comes of the operation.
	Expect Expect `json:"expect"`

	text jsontext.Value
}

// Operation is what a client is asked to do.
type Operation struct {
	// Name is the name of the operation, such as "users.get".
	Name string `json:"name"`
	// Args are its arguments.
	Args jsontext.Value `json:"args"`
}

// Expect is what comes of an operation.
type Expect struct {
	// Kind is "ok" or the kind of the failure, such as "not_found".
	Kind string `json:"kind"`
	// BeforeSending is set if a client should refuse without sending. The
	// exchanges then show what would have happened.
	BeforeSending bool `json:"before_sending"`
}

// Exchange is one request with its answer.
type Exchange struct {
	// Request is what the client sends.
	Request Request `json:"request"`
	// Response is what the server answers.
	Response Response `json:"response"`
}

// Request is a recorded request.
type Request struct {
	// Node is the host that is asked, "" if there is but one.
	Node string `json:"node"`
	// Method is the HTTP method.
	Method string `json:"method"`
	// Path is the escaped path.
	Path string `json:"path"`
	// Query holds the parameters.
	Query Query `json:"query"`
	// Headers are the headers that matter.
	Headers map[string]string `json:"headers"`
	// Body is the JSON body; a string is a body that is not JSON, such as a
	// form, null is none.
	Body jsontext.Value `json:"body"`
}

// Response is a recorded answer.
type Response struct {
	// Status is the HTTP status; 0 is a connection closed without an answer.
	Status int `json:"status"`
	// TransportError says why there was no answer: [Refused], or anything else
	// for a connection that broke after the request was read.
	TransportError string `json:"transport_error"`
	// Headers are the headers that matter.
	Headers map[string]string `json:"headers"`
	// Body is the JSON body; a string is a body that is not JSON, unless the
	// Content-Type says that it is, null is none.
	Body jsontext.Value `json:"body"`
}

// Refused is the [Response].TransportError of a node that nothing listens on.
// Only [Replay.RoundTrip] can play it.
const Refused = "connection refused"

// Query is a query, recorded as its text or as an object of its parameters.
type Query url.Values

// UnmarshalJSON implements [json.Unmarshaler].
func (q *Query) UnmarshalJSON(data []byte) error {
	values := url.Values{}
	switch jsontext.Value(data).Kind() {
	case '"':
		var text string
		err := json.Unmarshal(data, &text)
		if err == nil {
			values, err = url.ParseQuery(text)
		}
		*q = Query(values)
		return err
	default:
		var parameters map[string]string
		err := json.Unmarshal(data, &parameters)
		for name, value := range parameters {
			values.Set(name, value)
		}
		*q = Query(values)
		return err
	}
}

// Decode decodes the whole recording into target.
func (s *Scenario) Decode(target any) error { return json.Unmarshal(s.text, target) }

// Load reads a recording.
func Load(files fs.FS, name string) (*Scenario, error) {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	s := &Scenario{text: text}
	if err := s.Decode(s); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if s.Name == "" || s.Operation.Name == "" || s.Expect.Kind == "" && len(s.Exchanges) == 0 {
		return nil, fmt.Errorf("%s: not a recording", name)
	}
	return s, nil
}

// LoadAll reads the recordings of a folder, in the order of their file names.
// A folder without any is an error: a test that replays nothing proves nothing.
func LoadAll(files fs.FS) ([]*Scenario, error) {
	names, err := fs.Glob(files, "*.json")
	if err != nil || len(names) == 0 {
		return nil, cmp.Or(err, errors.New("there are no recordings"))
	}
	scenarios := make([]*Scenario, len(names))
	for i, name := range names {
		if scenarios[i], err = Load(files, path.Clean(name)); err != nil {
			return nil, err
		}
	}
	return scenarios, nil
}
