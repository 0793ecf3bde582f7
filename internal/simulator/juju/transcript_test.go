package juju_test

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/juju"
)

// scenario is a recording.
type scenario struct {
	Scenario  string
	Operation struct {
		Args struct {
			LoggedIn *bool `json:"logged-in"`
		}
	}
	Server    string
	LoginAs   string `json:"login-as"`
	Given     *given
	Exchanges []struct {
		Request  json.RawMessage
		Response json.RawMessage
	}
}

// given is the state before a recording.
type given struct {
	ControllerUUID string `json:"controller-uuid"`
	Owner          string
	Users          []struct {
		Name, Password, Access string
		DisplayName            string     `json:"display-name"`
		DateCreated            time.Time  `json:"date-created"`
		LastConnection         *time.Time `json:"last-connection"`
		Disabled               bool
	}
	ExternalAccess map[string]string `json:"external-access"`
	Models         []juju.Model
	Offers         []juju.Offer
	Clouds         []juju.Cloud
	BlockChanges   string `json:"block-changes"`
	Faults         []struct{ Method, Kind, Message, Code string }
}

const recordings = "../../../testdata/juju"

// TestTranscripts replays every recording and compares the whole of every
// answer. What is not compared, since it cannot be equal:
//   - secret keys, which are random: they have to be 32 bytes;
//   - the facades of a JIMM, which recording 65 has but three of: the server is
//     told to have those.
//
// The recordings without a given state begin in that of the first one.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(recordings, "*.json"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 68)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			t.Parallel()
			replay(t, load(t, file))
		})
	}
}

func load(t *testing.T, file string) scenario {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return parse[scenario](t, string(text))
}

func replay(t *testing.T, sc scenario) {
	t.Helper()
	s := begin(t, sc)
	c := s.dial(t)
	require.NotEmpty(t, sc.Exchanges)
	if loginFirst(t, sc) {
		c.last = 1000 // the recordings count from 1 on
		c.major = sc.Server
		user, _ := s.User(cmp.Or(sc.LoginAs, "admin"))
		require.Empty(t, c.login(user.Name, user.Password).Error)
	}
	for _, exchange := range sc.Exchanges {
		require.NoError(t, c.socket.Write(c.ctx, websocket.MessageText, exchange.Request))
		got, err := c.read()
		if string(exchange.Response) == "null" {
			require.Error(t, err)
			c = s.dial(t)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, masked(t, string(exchange.Response)), masked(t, got))
	}
}

// loginFirst reports whether the recording begins behind a login.
func loginFirst(t *testing.T, sc scenario) bool {
	t.Helper()
	first := parse[struct{ Type string }](t, string(sc.Exchanges[0].Request))
	return first.Type != "Admin" && (sc.Operation.Args.LoggedIn == nil || *sc.Operation.Args.LoggedIn)
}

// begin returns a server in the state before the first exchange.
func begin(t *testing.T, sc scenario) server {
	t.Helper()
	state := sc.Given
	if state == nil {
		state = load(t, filepath.Join(recordings, "01-login-password.json")).Given
	}
	opts := juju.Options{Version: sc.Server, ControllerUUID: state.ControllerUUID, Owner: state.Owner}
	if strings.Contains(sc.Scenario, "jaas") {
		opts.JAAS = true
		opts.Facades = map[string][]int{"ModelManager": {9}, "Pinger": {1}, "UserManager": {3, 2, 1}}
	}
	s := start(t, opts)
	if opts.JAAS {
		s.SeedServiceAccount("robot", "r0bot", "Robot")
		return s
	}
	for _, u := range state.Users {
		seed := juju.User{
			Name: u.Name, Password: u.Password, Access: u.Access, DisplayName: u.DisplayName,
			Created: u.DateCreated, Disabled: u.Disabled,
		}
		if u.LastConnection != nil {
			seed.LastConnection = *u.LastConnection
		}
		s.SeedUser(seed)
	}
	for name, level := range state.ExternalAccess {
		s.SeedAccess(name, level)
	}
	for _, m := range state.Models {
		s.SeedModel(m)
	}
	for _, o := range state.Offers {
		s.SeedOffer(o)
	}
	for _, c := range state.Clouds {
		s.SeedCloud(c)
	}
	if state.BlockChanges != "" {
		s.BlockChanges(state.BlockChanges)
	}
	for _, f := range state.Faults {
		facade, method, _ := strings.Cut(f.Method, ".")
		effect := map[string]juju.FrameEffect{
			"error":       juju.AnswerError(f.Message, f.Code, ""),
			"drop-before": juju.Drop,
			"drop-after":  juju.After(juju.Drop),
		}[f.Kind]
		require.NotNil(t, effect, f.Kind)
		s.InjectFrames(juju.FrameFault{Match: juju.Calling(facade, method), Effect: effect})
	}
	return s
}

// masked returns a message in a form where equal means equal.
func masked(t *testing.T, text string) any {
	t.Helper()
	value := parse[any](t, text)
	maskKeys(value)
	return value
}

// maskKeys replaces good secret keys.
func maskKeys(value any) {
	switch value := value.(type) {
	case map[string]any:
		if text, ok := value["secret-key"].(string); ok {
			if key, err := base64.StdEncoding.DecodeString(text); err == nil && len(key) == 32 {
				value["secret-key"] = "<key>"
			}
		}
		for _, member := range value {
			maskKeys(member)
		}
	case []any:
		for element := range slices.Values(value) {
			maskKeys(element)
		}
	}
}

// TestTranscriptsNoticeDifferences proves that the comparison can fail.
func TestTranscriptsNoticeDifferences(t *testing.T) {
	t.Parallel()
	assert.NotEqual(t, masked(t, `{"results":null}`), masked(t, `{"results":[]}`))
	assert.NotEqual(t, masked(t, `{"secret-key":"AAAA"}`), masked(t, `{"secret-key":"AAAB"}`))
	assert.NotEqual(t, masked(t, `{"secret-key":"AAAA"}`), masked(t, `{}`))
	assert.Equal(t, masked(t, `{"b":1,"a":2}`), masked(t, `{"a":2,"b":1}`))
}
