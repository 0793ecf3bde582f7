package juju

import (
	"bytes"
	"encoding/json"
	"sync"

	"github.com/coder/websocket"
)

// FrameFault is one way in which the server misbehaves on a socket.
type FrameFault struct {
	// Match picks the frames; nil picks all. It must not call the Server.
	Match func(Frame) bool
	// Times is how many frames meet the fault; 0 means all of them.
	Times int
	// Effect is what happens to those frames. It must be set.
	Effect FrameEffect
}

// Calling matches frames by facade and method. An empty name matches all.
func Calling(facade, method string) func(Frame) bool {
	return func(f Frame) bool {
		return (facade == "" || facade == f.Facade) && (method == "" || method == f.Method)
	}
}

// FrameEffect serves a frame in place of the server: it may or may not let the
// call take effect, and may change, hold back or lose the answer. Every frame is
// served on its own, so an effect that waits lets later frames pass.
type FrameEffect func(*Exchange)

// Exchange is one frame with its connection.
type Exchange struct {
	conn    *connection
	record  *Frame
	request request
	execute func() []byte
}

// Frame returns the frame as it is recorded so far.
func (x *Exchange) Frame() Frame { return x.conn.server.log.copyOf(x.record) }

// Execute lets the call take effect, once however often it is called, and
// returns the whole answer.
func (x *Exchange) Execute() []byte { return x.execute() }

// Send sends a text message. Nothing happens if the connection is gone.
func (x *Exchange) Send(text []byte) { x.conn.send(x.record, websocket.MessageText, text) }

// Cut closes the connection without a farewell.
func (x *Exchange) Cut() { x.conn.cut() }

// Gone is closed when the connection is.
func (x *Exchange) Gone() <-chan struct{} { return x.conn.ctx.Done() }

// Serve is the effect of a server that is well.
func Serve(x *Exchange) { x.Send(x.Execute()) }

// Silence never answers. The call does not take effect.
func Silence(*Exchange) {}

// Drop closes the connection. The call does not take effect.
func Drop(x *Exchange) { x.Cut() }

// After lets the call take effect and then does what effect says with the
// answer: After(Drop) loses it, After(gate.Hold) holds it back, After(Answer(...))
// replaces it.
func After(effect FrameEffect) FrameEffect {
	return func(x *Exchange) {
		x.Execute()
		effect(x)
	}
}

// Then does what effect says, and what next says after it: Then(Serve, Drop)
// closes the connection behind the answer.
func Then(effect, next FrameEffect) FrameEffect {
	return func(x *Exchange) {
		effect(x)
		next(x)
	}
}

// CutWithin lets the call take effect and closes the connection in the middle
// of the answer: behind a header that promises the whole, and its first n bytes.
// The last byte is never sent.
func CutWithin(n int) FrameEffect {
	return func(x *Exchange) { x.conn.cutWithin(x.record, x.Execute(), n) }
}

// Farewell closes the connection in the orderly way. The call does not take
// effect.
func Farewell(code websocket.StatusCode, reason string) FrameEffect {
	return func(x *Exchange) { x.conn.farewell(code, reason) }
}

// Answer sends a text in place of the answer: an answer to another request, or
// none that can be read. The call does not take effect.
func Answer(text string) FrameEffect {
	return func(x *Exchange) { x.Send([]byte(text)) }
}

// AnswerBinary sends a binary message in place of the answer. The call does not
// take effect.
func AnswerBinary(data []byte) FrameEffect {
	return func(x *Exchange) { x.conn.send(x.record, websocket.MessageBinary, data) }
}

// AnswerResult answers the request with a result, which has to be JSON. The call
// does not take effect.
func AnswerResult(result string) FrameEffect {
	return func(x *Exchange) { x.Send(encodeAnswer(x.request, json.RawMessage(result), nil)) }
}

// AnswerError answers the request with an error of the whole call. Info is JSON
// or empty. The call does not take effect.
func AnswerError(message, code, info string) FrameEffect {
	failure := &apiError{Message: message, Code: code}
	if info != "" {
		failure.Info = json.RawMessage(info)
	}
	return func(x *Exchange) { x.Send(encodeAnswer(x.request, nil, failure)) }
}

// Pad lets the call take effect and makes the answer n bytes long, with spaces
// behind it. An answer that is longer stays as it is.
func Pad(n int) FrameEffect {
	return func(x *Exchange) {
		text := x.Execute()
		x.Send(append(bytes.Clone(text), bytes.Repeat([]byte{' '}, max(0, n-len(text)))...))
	}
}

// Gate holds frames or answers back until it is opened.
type Gate struct {
	arrived chan struct{}
	open    chan struct{}
	once    sync.Once
}

// NewGate returns a closed gate.
func NewGate() *Gate {
	return &Gate{arrived: make(chan struct{}), open: make(chan struct{})}
}

// Hold is the effect of waiting at the gate. Once it is open, the frame is
// served as if nothing had happened. If the connection ends first, the call
// does not take effect.
func (g *Gate) Hold(x *Exchange) {
	select {
	case g.arrived <- struct{}{}:
	case <-g.open:
	case <-x.Gone():
	}
	select {
	case <-g.open:
		Serve(x)
	case <-x.Gone():
	}
}

// Arrived yields one value for every frame that waits at the closed gate.
// Nobody needs to receive them.
func (g *Gate) Arrived() <-chan struct{} { return g.arrived }

// Open lets all frames through, those that wait and those to come. It may be
// called more than once.
func (g *Gate) Open() { g.once.Do(func() { close(g.open) }) }
