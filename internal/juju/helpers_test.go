package juju

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// frame is a request as a server reads it.
type frame struct {
	ID      uint64         `json:"request-id"`
	Type    string         `json:"type"`
	Version int            `json:"version"`
	Request string         `json:"request"`
	Params  jsontext.Value `json:"params"`
}

// peer answers each request with what reply returns: the text after the
// number of the request, or "" to end the connection.
type peer struct {
	*httptest.Server

	t     testing.TB
	reply func(f frame, raw []byte) string
	work  sync.WaitGroup
}

func listen(tb testing.TB, reply func(f frame, raw []byte) string) *peer {
	tb.Helper()
	p := &peer{t: tb, reply: reply}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	tb.Cleanup(func() {
		p.Close()
		p.work.Wait()
	})
	return p
}

func (p *peer) address() string { return "ws" + strings.TrimPrefix(p.URL, "http") + "/api" }

func (p *peer) serve(w http.ResponseWriter, r *http.Request) {
	p.work.Add(1)
	defer p.work.Done()
	assert.Equal(p.t, "/api", r.URL.Path)
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = ws.CloseNow() }()
	ws.SetReadLimit(-1)
	for {
		_, data, err := ws.Read(context.Background())
		if err != nil {
			return
		}
		var f frame
		if !assert.NoError(p.t, json.Unmarshal(data, &f)) {
			return
		}
		rest := p.reply(f, data)
		if rest == "" {
			return
		}
		id, _ := json.Marshal(f.ID)
		if ws.Write(context.Background(), websocket.MessageText, []byte(`{"request-id":`+string(id)+`,`+rest+`}`)) != nil {
			return
		}
	}
}

func ok(response string) string { return `"response":` + response }

func refused(message, code string) string {
	data, _ := json.Marshal(map[string]string{"error": message, "error-code": code})
	return strings.Trim(string(data), "{}") + `,"response":{}`
}

// loginAs returns the answer to a login.
func loginAs(name, access, version string) string {
	return ok(`{"controller-tag":"controller-deadbeef-1bad-500d-9000-4b1d0d06f00d","user-info":{"display-name":"","identity":"user-` + name +
		`","controller-access":"` + access + `"},"server-version":"` + version + `","facades":[{"name":"UserManager","versions":[1,2,3]},` +
		`{"name":"Controller","versions":[11,12]},{"name":"ModelManager","versions":[9,10]},{"name":"ApplicationOffers","versions":[4,5]},` +
		`{"name":"Cloud","versions":[7]},{"name":"Pinger","versions":[1]}]}`)
}

// connect returns a client of an address.
func connect(tb testing.TB, address string, change func(*Config)) *Client {
	tb.Helper()
	config := Config{
		Addresses: []string{address}, Retry: transport.Retry{MinWait: time.Millisecond},
		Credential: func(context.Context) (Credential, error) {
			return Credential{Username: "admin", Password: "swordfish"}, nil
		},
	}
	if change != nil {
		change(&config)
	}
	c, err := New(config)
	require.NoError(tb, err)
	tb.Cleanup(c.Close)
	return c
}

// answering returns a client, logged in as a superuser of 3.5.1, whose only
// call is answered so.
func answering(tb testing.TB, answer string) *Client {
	tb.Helper()
	return connect(tb, listen(tb, func(f frame, _ []byte) string {
		if f.Type == "Admin" {
			return loginAs("admin", "superuser", "3.5.1")
		}
		return answer
	}).address(), nil)
}

// failed answers one item with an error.
func failed(message, code string) string {
	data, _ := json.Marshal(map[string]any{"results": []any{map[string]any{"error": map[string]string{"message": message, "code": code}}}})
	return ok(string(data))
}

func assertKind(t *testing.T, want fault.Kind, err error) *fault.Error {
	t.Helper()
	f, isFault := asFault(err)
	require.True(t, isFault, "%T %v", err, err)
	assert.Equal(t, want, f.Kind, "%v", err)
	for _, secret := range []string{"swordfish", "ws://", "http://", "https://"} {
		assert.NotContains(t, err.Error(), secret)
	}
	return f
}
