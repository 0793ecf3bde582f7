package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// Member is one member of a JSON object.
type Member[T any] struct {
	// Name is the member's name.
	Name string
	// Value is its decoded value.
	Value T
}

// decodeOptions is how answers are read: as servers write them, not as RFC
// 8259 would have them.
var decodeOptions = json.JoinOptions(
	json.MatchCaseInsensitiveNames(true),
	jsontext.AllowInvalidUTF8(true),
	jsontext.AllowDuplicateNames(true),
)

// encodeOptions is how requests are written: a nil list is null, as the
// servers' own clients send it, and members of maps are sorted.
var encodeOptions = json.JoinOptions(
	json.FormatNilSliceAsNull(true),
	json.Deterministic(true),
)

// Encode returns value as the body of a request.
func Encode(value any) ([]byte, error) {
	data, err := json.Marshal(value, encodeOptions)
	if err != nil {
		return nil, fault.New(fault.InvalidArgument, "the request cannot be written as JSON") // the cause may quote it
	}
	return data, nil
}

// Decode decodes the JSON text data into target, leniently: names match
// without regard to case, unknown members are ignored.
func Decode(data []byte, target any) error {
	if err := json.Unmarshal(data, target, decodeOptions); err != nil {
		return badAnswer(err)
	}
	return nil
}

// Foreign reports whether the body of an answer holds words and no JSON: those
// of a proxy, or of a server that is not the one that was meant. What such an
// answer says of a resource, that it does not exist above all, means nothing.
func Foreign(body []byte) bool {
	words := bytes.TrimSpace(body)
	return len(words) > 0 && !jsontext.Value(words).IsValid()
}

// badAnswer hides err, which may quote the answer.
func badAnswer(err error) *fault.Error {
	message := "the answer is not what the protocol promises"
	if errors.Is(err, io.ErrUnexpectedEOF) {
		message = "the answer is cut short"
	}
	return fault.New(fault.Internal, "%s", message)
}

// Elements streams the elements of the JSON array that r is answered with.
// Nothing is sent before the sequence is ranged over, and each range sends r
// again. Memory stays bounded however long the array is: one element may not
// be larger than the client's MaxBody. An error comes once, last. The server
// may be silent for the client's Timeout; the consumer may take its time.
func Elements[T any](ctx context.Context, c *Client, r *Request) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		err := c.stream(ctx, r, func(body *streamReader) error {
			return array(body, func(value T) bool { return yield(value, nil) })
		})
		if err != nil {
			var zero T
			yield(zero, err)
		}
	}
}

// Members streams the members of the JSON object that r is answered with, in
// the order of the answer. It is like [Elements] otherwise.
func Members[T any](ctx context.Context, c *Client, r *Request) iter.Seq2[Member[T], error] {
	return func(yield func(Member[T], error) bool) {
		err := c.stream(ctx, r, func(body *streamReader) error {
			return object(body, func(m Member[T]) bool { return yield(m, nil) })
		})
		if err != nil {
			yield(Member[T]{}, err)
		}
	}
}

// errStopped ends a decoding loop whose consumer has had enough.
var errStopped = errors.New("stopped")

func array[T any](body *streamReader, yield func(T) bool) error {
	d := body.decoder
	if err := expect(d, '['); err != nil {
		return err
	}
	for d.PeekKind() != ']' {
		var value T
		if err := json.UnmarshalDecode(d, &value); err != nil {
			return err
		}
		body.pending = 0
		if !yield(value) {
			return errStopped
		}
	}
	return end(d)
}

func object[T any](body *streamReader, yield func(Member[T]) bool) error {
	d := body.decoder
	if err := expect(d, '{'); err != nil {
		return err
	}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return err
		}
		m := Member[T]{Name: name.String()}
		if err := json.UnmarshalDecode(d, &m.Value); err != nil {
			return err
		}
		body.pending = 0
		if !yield(m) {
			return errStopped
		}
	}
	return end(d)
}

func expect(d *jsontext.Decoder, kind jsontext.Kind) error {
	token, err := d.ReadToken()
	if err == nil && token.Kind() != kind {
		err = errors.New("another kind of JSON value")
	}
	return err
}

// end reads the closing token and makes sure that nothing follows.
func end(d *jsontext.Decoder) error {
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("text after the JSON value")
	}
	return nil
}

// stream sends r and hands the body of the answer to decode. A silence of
// more than the client's timeout ends it.
func (c *Client) stream(ctx context.Context, r *Request, decode func(*streamReader) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(c.timeout, func() { cancel(errTimeout) })
	defer silence.Stop()

	e, failure := c.send(ctx, r, false)
	if failure != nil {
		return failure
	}
	defer e.answer.Body.Close()
	body := newStreamReader(e.answer.Body, c.maxBody, silence, c.timeout)
	err := decode(body)
	switch {
	case err == nil || errors.Is(err, errStopped):
		return nil
	case ctx.Err() != nil:
		return canceled(ctx)
	case errors.Is(err, errTooLarge):
		return fault.New(fault.Internal, "an element of the answer is larger than %d bytes", c.maxBody)
	case body.err != nil:
		return e.brokenOff("the answer broke off: ", body.err)
	default:
		return badAnswer(err)
	}
}

var errTooLarge = errors.New("element too large")

// streamReader restarts the watch for silence while it waits for data, and
// stops it while the consumer is at work. It also bounds the size of one
// element, and so the memory that decoding takes.
type streamReader struct {
	from    io.Reader
	decoder *jsontext.Decoder // reads from this reader
	pending int64             // bytes read since the last element was complete
	limit   int64             // of pending
	silence *time.Timer
	timeout time.Duration
	err     error // what ended the body, if not its proper end
}

func newStreamReader(from io.Reader, limit int64, silence *time.Timer, timeout time.Duration) *streamReader {
	s := &streamReader{from: from, limit: limit, silence: silence, timeout: timeout}
	s.decoder = jsontext.NewDecoder(s, decodeOptions)
	return s
}

func (s *streamReader) Read(p []byte) (int, error) {
	if s.pending > s.limit {
		return 0, errTooLarge
	}
	s.silence.Reset(s.timeout)
	n, err := s.from.Read(p)
	s.silence.Stop()
	s.pending += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}
