package juju

import (
	"bytes"
	"encoding/json"
	"slices"
	"sync"
)

// Frame is one message that a client sent, and what became of it.
type Frame struct {
	// Connection is the number of the connection, from 1 on.
	Connection int
	// Model is the UUID in the path of the connection, empty for a connection
	// to the controller.
	Model string
	// ID is the request's number.
	ID uint64
	// Facade, Version and Method say what was called.
	Facade  string
	Version int
	Method  string
	// Params are the parameters as they were sent, nil if there were none.
	Params json.RawMessage
	// Text is the whole message.
	Text []byte
	// Answer is what was sent back last; it is nil as long as nothing was. Of
	// an answer that was cut off it is the part that was sent.
	Answer []byte
}

// request is a message of a client as it is decoded.
type request struct {
	ID         uint64          `json:"request-id"`
	Facade     string          `json:"type"`
	Version    int             `json:"version"`
	Object     string          `json:"id"`
	Method     string          `json:"request"`
	Params     json.RawMessage `json:"params"`
	TraceID    string          `json:"trace-id"`
	SpanID     string          `json:"span-id"`
	TraceFlags int             `json:"trace-flags"`
}

// answer is a message of the controller.
type answer struct {
	ID         uint64          `json:"request-id"`
	Error      string          `json:"error,omitempty"`
	ErrorCode  string          `json:"error-code,omitempty"`
	ErrorInfo  json.RawMessage `json:"error-info,omitempty"`
	Response   json.RawMessage `json:"response"`
	TraceID    string          `json:"trace-id,omitempty"`
	SpanID     string          `json:"span-id,omitempty"`
	TraceFlags int             `json:"trace-flags,omitempty"`
}

// encodeAnswer returns the message that answers a request with a result or an
// error.
func encodeAnswer(r request, result json.RawMessage, err error) []byte {
	reply := answer{ID: r.ID, Response: result, TraceID: r.TraceID, SpanID: r.SpanID, TraceFlags: r.TraceFlags}
	if failure := wireError(err); failure != nil {
		reply.Error, reply.ErrorCode, reply.ErrorInfo = failure.Message, failure.Code, failure.Info
		reply.Response = json.RawMessage(`{}`)
	}
	return mustEncode(reply)
}

// mustEncode encodes a value of the controller's own types, which never fails.
func mustEncode[T any](value T) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic("juju: cannot encode an answer: " + err.Error())
	}
	return text
}

// frameLog is the record of all frames, and the faults that they meet.
type frameLog struct {
	mu     sync.Mutex
	frames []*Frame
	faults []*FrameFault
}

// Frames returns a copy of all frames since the start or the last ResetFrames,
// in order of arrival per connection.
func (s *Server) Frames() []Frame {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	frames := make([]Frame, len(s.log.frames))
	for i, f := range s.log.frames {
		frames[i] = f.clone()
	}
	return frames
}

// clone returns a copy that shares nothing with f.
func (f *Frame) clone() Frame {
	copied := *f
	copied.Params, copied.Text, copied.Answer = bytes.Clone(f.Params), bytes.Clone(f.Text), bytes.Clone(f.Answer)
	return copied
}

// copyOf returns a copy of a recorded frame.
func (l *frameLog) copyOf(f *Frame) Frame {
	l.mu.Lock()
	defer l.mu.Unlock()
	return f.clone()
}

// FrameCount returns the number of frames since the start or the last
// ResetFrames.
func (s *Server) FrameCount() int {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return len(s.log.frames)
}

// ResetFrames forgets the recorded frames. Faults stay.
func (s *Server) ResetFrames() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.frames = nil
}

// InjectFrames adds faults. Of several that match a frame, the one that was
// injected first takes effect, and only that one.
func (s *Server) InjectFrames(faults ...FrameFault) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	for _, f := range faults {
		s.log.faults = append(s.log.faults, &f)
	}
}

// ClearFrameFaults removes all faults of frames. Frames that are held by one
// stay held.
func (s *Server) ClearFrameFaults() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.faults = nil
}

// arrive records a frame and picks the effect that it meets.
func (l *frameLog) arrive(f *Frame) FrameEffect {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frames = append(l.frames, f)
	for i, fault := range l.faults {
		if fault.Match != nil && !fault.Match(*f) {
			continue
		}
		if fault.Times == 1 {
			l.faults = slices.Delete(l.faults, i, i+1)
		}
		if fault.Times > 1 {
			fault.Times--
		}
		return fault.Effect
	}
	return Serve
}

// answered records what was sent in answer to a frame.
func (l *frameLog) answered(f *Frame, text []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f.Answer = bytes.Clone(text)
}
