package juju_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/juju"
)

func TestFaultsOfFrames(t *testing.T) {
	t.Parallel()
	const good = `{"request-id":2,"response":{"results":[{}]}}`
	for name, test := range map[string]struct {
		effect  juju.FrameEffect
		answer  string // what comes of it
		applied bool
		ends    bool // the connection ends, within the answer if there is one
	}{
		"serve":             {juju.Serve, good, true, false},
		"drop":              {juju.Drop, "", false, true},
		"answer, then drop": {juju.Then(juju.Serve, juju.Drop), good, true, false},
		"drop after":        {juju.After(juju.Drop), "", true, true},
		"cut within":        {juju.CutWithin(7), good[:7], true, true},
		"cut at the end":    {juju.CutWithin(1 << 20), good[:len(good)-1], true, true},
		"farewell":          {juju.Farewell(websocket.StatusGoingAway, "bye"), "", false, true},
		"garbage":           {juju.Answer(`{"request-id":`), `{"request-id":`, false, false},
		"binary":            {juju.AnswerBinary([]byte{0xff, 0}), "\xff\x00", false, false},
		"result":            {juju.AnswerResult(`{"results":[{}]}`), good, false, false},
		"error": {
			juju.AnswerError("try again", "try again", `{"a":1}`),
			`{"request-id":2,"error":"try again","error-code":"try again","error-info":{"a":1},"response":{}}`, false, false,
		},
		"padded":         {juju.Pad(60), good + strings.Repeat(" ", 60-len(good)), true, false},
		"padded too few": {juju.Pad(1), good, true, false},
		"other request":  {juju.After(juju.Answer(`{"request-id":99,"response":{}}`)), `{"request-id":99,"response":{}}`, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := world(t, "3.5.1")
			c := s.as(t, "admin", "sekrit")
			s.InjectFrames(juju.FrameFault{Match: juju.Calling(um, "DisableUser"), Times: 1, Effect: test.effect})
			c.write(um, 3, "DisableUser", tags("user-bob"))
			got, err := c.read()
			assert.Equal(t, test.answer, got)
			assert.Equal(t, test.ends, err != nil)
			bob, _ := s.User("bob")
			assert.Equal(t, test.applied, bob.Disabled)

			again := s.as(t, "admin", "sekrit")
			again.item("", "", um, 3, "DisableUser", tags("user-bob"))
		})
	}
}

func TestFaultsAreCounted(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	c := s.as(t, "admin", "sekrit")
	s.InjectFrames(
		juju.FrameFault{Match: juju.Calling("Pinger", ""), Times: 2, Effect: juju.AnswerError("first", "", "")},
		juju.FrameFault{Effect: juju.AnswerError("second", "", "")},
	)
	for _, want := range []string{"first", "first", "second", "second"} {
		c.refused(want, "", "Pinger", 1, "Ping", `{}`)
	}
	s.ClearFrameFaults()
	c.ok(`{}`, "Pinger", 1, "Ping", `{}`)
}

// TestAnswersOutOfOrder holds answers back and lets them go in reverse.
func TestAnswersOutOfOrder(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	c := s.as(t, "admin", "sekrit")
	gate := juju.NewGate()
	s.InjectFrames(
		juju.FrameFault{Match: juju.Calling(um, "DisableUser"), Times: 1, Effect: juju.After(gate.Hold)},
		juju.FrameFault{Match: juju.Calling(um, "DisableUser"), Times: 1, Effect: juju.Silence},
	)
	held := c.write(um, 3, "DisableUser", tags("user-bob"))
	<-gate.Arrived()
	bob, _ := s.User("bob")
	assert.True(t, bob.Disabled, "the call took effect")
	c.write(um, 3, "DisableUser", tags("user-fred"))
	c.ok(`{}`, "Pinger", 1, "Ping", `{}`)
	gate.Open()
	gate.Open()
	text, err := c.read()
	require.NoError(t, err)
	assert.Equal(t, held, parse[reply](t, text).ID)
	frames := s.Frames()
	i := slices.IndexFunc(frames, func(f juju.Frame) bool { return f.ID == held+1 })
	assert.Nil(t, frames[i].Answer)
	fred, _ := s.User("fred")
	assert.False(t, fred.Disabled)
}

func TestGateOfAConnectionThatEnds(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	gate := juju.NewGate()
	s.InjectFrames(juju.FrameFault{Effect: gate.Hold})
	c := s.dial(t)
	c.write("Admin", 3, "Login", `{}`)
	<-gate.Arrived()
	c.write("Admin", 3, "Login", `{}`)
	s.DropConnections()
	_, err := c.read()
	require.Error(t, err)
	gate.Open()
	s.dial(t).refused("not redirected", "", "Admin", 3, "RedirectInfo", `{}`)
}

func TestCutConnections(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	s.CutConnections(2, 2)
	s.CutConnections(0, 1)
	s.CutConnections(1, 0)
	for _, frames := range []int{2, 2, 0, 1, 1} {
		c := s.dial(t)
		for range frames {
			c.refused("not redirected", "", "Admin", 3, "RedirectInfo", `{}`)
		}
		_, err := c.read()
		require.Error(t, err)
	}
	s.KeepConnections()
	s.as(t, "admin", "sekrit").ok(`{}`, "Pinger", 1, "Ping", `{}`)
}

func TestShutdown(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	c := s.as(t, "admin", "sekrit")
	s.Shutdown()
	c.refused("connection is shut down", "", "Pinger", 1, "Ping", `{}`)
	_, err := c.read()
	var farewell websocket.CloseError
	require.ErrorAs(t, err, &farewell)
	assert.Equal(t, websocket.StatusGoingAway, farewell.Code)
	s.Restart()
	s.as(t, "admin", "sekrit").ok(`{}`, "Pinger", 1, "Ping", `{}`)
}

func TestEffectOfOnesOwn(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	c := s.as(t, "admin", "sekrit")
	s.InjectFrames(juju.FrameFault{Effect: func(x *juju.Exchange) {
		first, second := string(x.Execute()), string(x.Execute())
		x.Send([]byte(quoted(first + second + x.Frame().Method)))
	}})
	text := c.raw("Pinger", 1, "Ping", `{}`)
	const answer = `{"request-id":2,"response":{}}`
	assert.Equal(t, quoted(answer+answer+"Ping"), text)
}
