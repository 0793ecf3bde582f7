package rpc

import (
	"bytes"
	"context"
	"strconv"
	"sync"
	"testing"

	"github.com/coder/websocket"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/transport"
)

// The benchmarks compare this package with the WebSocket library alone, which
// sends the same frames to the same server. Neither decodes results.

const (
	benchParams = `{"entities":[{"tag":"user-alice"}],"include-disabled":true}`
	benchResult = `{"results":[{"result":{"username":"alice","display-name":"Alice Liddell","access":"login","created-by":"admin",` +
		`"date-created":"2024-02-03T04:05:06Z","last-connection":"2024-07-01T08:09:10Z","disabled":false}}]}`
	inFlight = 64
)

func benchFrame(buffer []byte, id uint64) []byte {
	buffer, _ = appendRequest(buffer, id, &Request{Facade: "UserManager", Version: 3, Method: "UserInfo", Params: jsontext.Value(benchParams)})
	return buffer
}

// benchPeer answers every request at once.
func benchPeer(b *testing.B) *peer {
	b.Helper()
	return listen(b, func(s *socket) {
		ctx := context.Background()
		var frame []byte
		prefix := []byte(`{"request-id":`)
		for {
			_, data, err := s.Read(ctx)
			if err != nil {
				return
			}
			id, _, _ := bytes.Cut(data[len(prefix):], []byte{','})
			frame = append(append(frame[:0], prefix...), id...)
			frame = append(append(append(frame, `,"response":`...), benchResult...), '}')
			if s.Write(ctx, websocket.MessageText, frame) != nil {
				return
			}
		}
	})
}

func benchSocket(b *testing.B) *websocket.Conn {
	b.Helper()
	ws, _, err := websocket.Dial(b.Context(), benchPeer(b).address(), nil)
	require.NoError(b, err)
	b.Cleanup(func() { _ = ws.CloseNow() })
	return ws
}

func benchClient(b *testing.B) (*Client[session], Call[session]) {
	b.Helper()
	c, _ := open(b, nil, benchPeer(b).address())
	_, err := c.Session(b.Context())
	require.NoError(b, err)
	return c, Call[session]{
		Request: func(session) (*Request, error) {
			return &Request{Facade: "UserManager", Version: 3, Method: "UserInfo", Params: jsontext.Value(benchParams), Class: transport.Read}, nil
		},
		Read: func(_ session, answer jsontext.Value) error {
			if len(answer) != len(benchResult) {
				b.Error("another answer")
			}
			return nil
		},
	}
}

// BenchmarkRoundTripLoop reads in the goroutine that writes, which only one
// caller at a time can do, and only if no context may end its call.
func BenchmarkRoundTripLoop(b *testing.B) {
	ws := benchSocket(b)
	ctx := b.Context()
	var frame []byte
	id := uint64(0)
	for b.Loop() {
		id++
		frame = benchFrame(frame[:0], id)
		if err := ws.Write(ctx, websocket.MessageText, frame); err != nil {
			b.Fatal(err)
		}
		if _, _, err := ws.Read(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRoundTripBare hands messages over from a goroutine that reads, as
// answers in any order and calls that can be given up demand.
func BenchmarkRoundTripBare(b *testing.B) {
	ws := benchSocket(b)
	ctx := b.Context()
	messages := make(chan []byte, 1)
	go func() {
		for {
			_, data, err := ws.Read(context.Background())
			if err != nil {
				return
			}
			messages <- data
		}
	}()
	var frame []byte
	id := uint64(0)
	for b.Loop() {
		id++
		frame = benchFrame(frame[:0], id)
		if err := ws.Write(ctx, websocket.MessageText, frame); err != nil {
			b.Fatal(err)
		}
		<-messages
	}
}

func BenchmarkRoundTrip(b *testing.B) {
	c, call := benchClient(b)
	ctx := b.Context()
	for b.Loop() {
		if err := c.Do(ctx, call); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkInFlightBare(b *testing.B) {
	ws := benchSocket(b)
	ctx := b.Context()
	window := make(chan struct{}, inFlight)
	var reader sync.WaitGroup
	b.ResetTimer()
	reader.Go(func() {
		for range b.N {
			if _, _, err := ws.Read(ctx); err != nil {
				b.Error(err)
				return
			}
			<-window
		}
	})
	var frame []byte
	for i := range b.N {
		window <- struct{}{}
		frame = benchFrame(frame[:0], uint64(i)+1)
		if err := ws.Write(ctx, websocket.MessageText, frame); err != nil {
			b.Fatal(err)
		}
	}
	reader.Wait()
}

func BenchmarkInFlight(b *testing.B) {
	c, call := benchClient(b)
	ctx := b.Context()
	next := make(chan struct{})
	var callers sync.WaitGroup
	b.ResetTimer()
	for range inFlight {
		callers.Go(func() {
			for range next {
				if err := c.Do(ctx, call); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for range b.N {
		next <- struct{}{}
	}
	close(next)
	callers.Wait()
}

// BenchmarkRequest is what making a frame costs.
func BenchmarkRequest(b *testing.B) {
	var frame []byte
	for id := uint64(1); b.Loop(); id++ {
		frame = benchFrame(frame[:0], id)
	}
}

// BenchmarkAnswer is what reading a frame costs.
func BenchmarkAnswer(b *testing.B) {
	frame := []byte(`{"request-id":` + strconv.Itoa(1<<20) + `,"response":` + benchResult + `}`)
	for b.Loop() {
		if _, failure := readAnswer(frame); failure != nil {
			b.Fatal(failure)
		}
	}
}
