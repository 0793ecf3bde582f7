package usermgmt_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/coder/websocket"

	"github.com/usermgmt/usermgmt/internal/conformance"
)

// jujuWire stands between a client and a controller. It relays the frames of
// each connection, and disturbs them.
type jujuWire struct {
	upstream string       // the URL of the controller's WebSocket
	dial     *http.Client // to upstream; nil for plain ws
	record   func()       // drops the controller's record of what it was sent

	work sync.WaitGroup

	mu      sync.Mutex
	traffic conformance.Traffic
	secrets []string
	faults  []*jujuFault
	single  *jujuSingle // a fault of one exchange
	busy    int         // how many of the next connections to refuse
	logins  int64       // connections with a higher number are accepted
	last    int64       // number of the last connection
}

var _ conformance.Wire = (*jujuWire)(nil)

// jujuFault is a fault, or a gate if there is one.
type jujuFault struct {
	kind   conformance.RequestKind
	effect conformance.Fault
	left   int // 0 for ever
	gate   *jujuGate
}

type jujuGate struct{ arrived, open chan struct{} }

// jujuFrame is what the wire has to know of a frame.
type jujuFrame struct {
	ID      uint64 `json:"request-id"`
	Type    string `json:"type"`
	Request string `json:"request"`
	Params  struct {
		Password string `json:"credentials"`
	} `json:"params"`
}

func (f jujuFrame) kind() conformance.RequestKind {
	switch {
	case f.Type == "Admin":
		return conformance.Login
	case slices.ContainsFunc([]string{"Add", "Remove", "Enable", "Disable", "Set", "Reset", "Modify", "Create", "Destroy"}, func(verb string) bool {
		return strings.HasPrefix(f.Request, verb)
	}):
		return conformance.Write
	default:
		return conformance.Read
	}
}

// jujuRelay is one connection with its two sides.
type jujuRelay struct {
	wire         *jujuWire
	number       int64
	client, peer *websocket.Conn

	mu      sync.Mutex
	cutting map[uint64]conformance.Fault // what to do to answers
	writing sync.Mutex
}

func (w *jujuWire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.work.Add(1)
	defer w.work.Done()
	if w.refuses() {
		rw.Header().Set("Retry-After", "3600")
		rw.WriteHeader(http.StatusTooManyRequests)
		return
	}
	peer, _, err := websocket.Dial(r.Context(), w.upstream, &websocket.DialOptions{HTTPClient: w.dial})
	if err != nil {
		rw.WriteHeader(http.StatusBadGateway)
		return
	}
	defer func() { _ = peer.CloseNow() }()
	client, err := websocket.Accept(rw, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = client.CloseNow() }()
	peer.SetReadLimit(-1)
	client.SetReadLimit(-1)
	w.mu.Lock()
	w.last++
	relay := &jujuRelay{wire: w, number: w.last, client: client, peer: peer, cutting: map[uint64]conformance.Fault{}}
	w.mu.Unlock()
	w.work.Go(relay.down)
	relay.up()
}

// refuses reports whether a connection is refused for now.
func (w *jujuWire) refuses() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy > 0 {
		w.busy--
		return true
	}
	for i, f := range w.faults {
		if f.effect == conformance.ThrottledLong && f.gate == nil {
			w.use(i)
			return true
		}
	}
	return false
}

// use counts a fault down; w.mu is held.
func (w *jujuWire) use(i int) {
	if f := w.faults[i]; f.left > 0 {
		if f.left--; f.left == 0 {
			w.faults = slices.Delete(w.faults, i, i+1)
		}
	}
}

// meet counts a frame and returns the fault that it meets, nil for none.
func (w *jujuWire) meet(f jujuFrame, number int64) *jujuFault {
	w.mu.Lock()
	defer w.mu.Unlock()
	kind := f.kind()
	switch kind {
	case conformance.Login:
		w.traffic.Logins++
	case conformance.Read:
		w.traffic.Reads++
	case conformance.Write:
		w.traffic.Writes++
	}
	if secret := f.Params.Password; secret != "" && !slices.Contains(w.secrets, secret) {
		w.secrets = append(w.secrets, secret)
	}
	if s := w.single; s != nil && !s.met {
		if s.left--; s.left < 0 {
			s.met = true
			return &jujuFault{kind: kind, effect: s.effect}
		}
	}
	for i, fault := range w.faults {
		if fault.kind == kind {
			w.use(i)
			if fault.effect == conformance.ThrottledLong && fault.gate == nil {
				w.busy++
			}
			return fault
		}
	}
	if kind != conformance.Login && number <= w.logins {
		return &jujuFault{kind: kind, effect: conformance.Unauthenticated}
	}
	return nil
}

// up relays requests until the connection ends.
func (r *jujuRelay) up() {
	for {
		_, data, err := r.client.Read(context.Background())
		if err != nil {
			return
		}
		var f jujuFrame
		_ = json.Unmarshal(data, &f)
		fault := r.wire.meet(f, r.number)
		switch {
		case fault == nil:
			if r.peer.Write(context.Background(), websocket.MessageText, data) != nil {
				return
			}
		case fault.gate != nil:
			r.wire.work.Go(func() {
				close(fault.gate.arrived)
				<-fault.gate.open
				_ = r.peer.Write(context.Background(), websocket.MessageText, data)
			})
		default:
			if !r.disturb(f, data, fault.effect) {
				return
			}
		}
	}
}

// disturb lets a frame meet a fault. It reports whether the connection goes on.
func (r *jujuRelay) disturb(f jujuFrame, data []byte, effect conformance.Fault) bool {
	switch effect {
	case conformance.CutBefore, conformance.ThrottledLong:
		return false
	case conformance.CutAfter, conformance.CutMidway:
		r.mu.Lock()
		r.cutting[f.ID] = effect
		r.mu.Unlock()
		return r.peer.Write(context.Background(), websocket.MessageText, data) == nil
	case conformance.Overloaded:
		r.refuse(f.ID, "the database is slow", "deadline exceeded")
	case conformance.Throttled:
		r.refuse(f.ID, "try again later", "try again")
	case conformance.Unauthenticated:
		if f.kind() == conformance.Login {
			r.refuse(f.ID, "invalid entity name or password", "unauthorized access")
		} else {
			r.refuse(f.ID, "login expired", "login expired")
		}
	case conformance.Garbage, conformance.Elsewhere: // a server from elsewhere opens no socket
		r.answer(map[string]any{"request-id": f.ID, "response": "<html>Sign in to the guest network</html>"})
	case conformance.Echo:
		r.refuse(f.ID, "cannot read "+string(data)+strings.Join(r.wire.seen(), " "), "bad request")
	default:
		panic("no such fault")
	}
	return true
}

func (r *jujuRelay) refuse(id uint64, message, code string) {
	r.answer(map[string]any{"request-id": id, "error": message, "error-code": code, "response": struct{}{}})
}

func (r *jujuRelay) answer(message map[string]any) {
	data, _ := json.Marshal(message)
	r.writing.Lock()
	defer r.writing.Unlock()
	_ = r.client.Write(context.Background(), websocket.MessageText, data)
}

// down relays answers until the connection ends.
func (r *jujuRelay) down() {
	defer func() { _ = r.client.CloseNow() }()
	for {
		_, data, err := r.peer.Read(context.Background())
		if err != nil {
			return
		}
		var f jujuFrame
		_ = json.Unmarshal(data, &f)
		r.mu.Lock()
		effect, cut := r.cutting[f.ID]
		r.mu.Unlock()
		if cut {
			if effect == conformance.CutMidway {
				r.half(data)
			}
			return
		}
		r.writing.Lock()
		err = r.client.Write(context.Background(), websocket.MessageText, data)
		r.writing.Unlock()
		if err != nil {
			return
		}
	}
}

// half sends the first half of an answer.
func (r *jujuRelay) half(data []byte) {
	r.writing.Lock()
	defer r.writing.Unlock()
	w, err := r.client.Writer(context.Background(), websocket.MessageText)
	if err == nil {
		_, _ = w.Write(data[:len(data)/2])
	}
}

func (w *jujuWire) Traffic() conformance.Traffic {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.traffic
}

func (w *jujuWire) seen() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.secrets)
}

func (w *jujuWire) Disturb(kind conformance.RequestKind, fault conformance.Fault, times int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, &jujuFault{kind: kind, effect: fault, left: times})
}

func (w *jujuWire) Hold(kind conformance.RequestKind) (arrived <-chan struct{}, release func()) {
	gate := &jujuGate{arrived: make(chan struct{}), open: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, &jujuFault{kind: kind, left: 1, gate: gate})
	return gate.arrived, sync.OnceFunc(func() { close(gate.open) })
}

func (w *jujuWire) ExpireLogins() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.logins = w.last
}

// calm implements soakWire.
func (w *jujuWire) calm() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults, w.busy, w.single = nil, 0, nil
}

// jujuSingle is a fault of the exchange that comes after some others.
type jujuSingle struct {
	left   int
	effect conformance.Fault
	met    bool
}

var jujuFaults = map[string]conformance.Fault{
	"cut before": conformance.CutBefore, "cut after": conformance.CutAfter, "cut midway": conformance.CutMidway,
	"overloaded": conformance.Overloaded, "throttled": conformance.Throttled, "garbage": conformance.Garbage,
}

// faultNames implements exchangeWire.
func (w *jujuWire) faultNames() []string { return slices.Sorted(maps.Keys(jujuFaults)) }

// at implements exchangeWire.
func (w *jujuWire) at(n int, fault string) (met func() bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	single := &jujuSingle{left: n, effect: jujuFaults[fault]}
	w.single = single
	return func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return single.met
	}
}

// forget implements soakWire.
func (w *jujuWire) forget() {
	w.record()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.secrets = nil
}
