package juju_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator"
	"github.com/usermgmt/usermgmt/internal/simulator/juju"
)

func TestCallsThatDoNotExist(t *testing.T) {
	t.Parallel()
	s := world(t, "2.9.46")
	c := s.dial(t)
	c.refused(`unknown object type "UserManager"`, "not implemented", um, 0, "UserInfo", `{}`)
	c.refused(`unknown version (7) of interface "Admin"`, "not implemented", "Admin", 7, "Login", `{}`)
	c.refused("no such request - method Admin(3).Logout is not implemented", "not implemented", "Admin", 3, "Logout", `{}`)
	c.major = "2.9.0"
	require.Empty(t, c.login("admin", "sekrit").Error)
	c.refused(`unknown version (9) of interface "UserManager"`, "not implemented", um, 9, "UserInfo", `{}`)
	c.refused("no such request - method UserManager(1).ResetPassword is not implemented", "not implemented", um, 1, "ResetPassword", `{}`)
	c.refused("no such request - method UserManager(2).ModelUserInfo is not implemented", "not implemented", um, 2, "ModelUserInfo", `{}`)
	c.refused(`facade "Client" not supported for controller API connection`, "not supported", "Client", 6, "FullStatus", `{}`)
	c.refused("json: cannot unmarshal string into Go struct field userInfoParams.entities of type []juju.entity", "", um, 2, "UserInfo", `{"entities":"x"}`)

	frame := `{"request-id":77,"type":"UserManager","version":2,"id":"5","request":"UserInfo","params":{}}`
	require.NoError(t, c.socket.Write(c.ctx, websocket.MessageText, []byte(frame)))
	text, err := c.read()
	require.NoError(t, err)
	assert.JSONEq(t, `{"request-id":77,"error":"id not found","error-code":"not found","response":{}}`, text)
}

func TestFacadeLists(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]map[string][]int{
		"2.9.46": {"UserManager": {1, 2}, "ModelManager": {2, 3, 4, 5, 6, 7, 8, 9}, "ApplicationOffers": {1, 2, 3}, "Cloud": {1, 2, 3, 4, 5, 6, 7}},
		"3.0.0":  {"UserManager": {3}, "ModelManager": {9}, "ApplicationOffers": {4}, "Controller": {11}},
		"3.6.2":  {"UserManager": {3}, "ModelManager": {9, 10}, "ApplicationOffers": {4, 5}, "Controller": {11, 12}},
		"4.0.0":  {"UserManager": {3}, "ModelManager": {10, 11}, "ApplicationOffers": {5, 6}, "Controller": {12, 13}},
	} {
		c := world(t, version).dial(t)
		list := parse[struct {
			Facades []struct {
				Name     string
				Versions []int
			}
		}](t, string(c.login("admin", "sekrit").Response))
		got := map[string][]int{}
		for _, f := range list.Facades {
			if _, ok := want[f.Name]; ok {
				got[f.Name] = f.Versions
			}
		}
		assert.Equal(t, want, got, version)
	}
}

func TestParamsMayBeMissing(t *testing.T) {
	t.Parallel()
	c := world(t, "3.5.1").as(t, "admin", "sekrit")
	require.NoError(t, c.socket.Write(c.ctx, websocket.MessageText,
		[]byte(`{"request-id":9,"type":"Pinger","version":1,"request":"Ping","trace-id":"t","span-id":"s","trace-flags":1,"new":{}}`)))
	text, err := c.read()
	require.NoError(t, err)
	assert.JSONEq(t, `{"request-id":9,"response":{},"trace-id":"t","span-id":"s","trace-flags":1}`, text)
}

func TestWhatIsNoRequestEndsTheConnection(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	for _, text := range []string{`{`, `[]`, `{"type":"Pinger"}`, `{"RequestId":1,"Type":"Pinger","Request":"Ping"}`} {
		c := s.dial(t)
		require.NoError(t, c.socket.Write(c.ctx, websocket.MessageText, []byte(text)))
		_, err := c.read()
		require.Error(t, err, text)
	}
}

func TestUpgrading(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	s.SetCondition(juju.Upgrading)
	c := s.as(t, "admin", "sekrit")
	c.refused("upgrade in progress", "upgrade in progress", um, 3, "UserInfo", `{}`)
	c.ok(`{}`, "Pinger", 1, "Ping", `{}`)
}

func TestFramesAreRecorded(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	c := s.dialPath(t, "/model/"+prodModel+"/api", nil)
	require.Empty(t, c.login("alice", "wonderland").Error)
	s.ResetFrames()
	text := c.raw("Pinger", 1, "Ping", `{"a":1}`)
	assert.Equal(t, 1, s.FrameCount())
	assert.Equal(t, []juju.Frame{{
		Connection: 1, Model: prodModel, ID: 2, Facade: "Pinger", Version: 1, Method: "Ping",
		Params: json.RawMessage(`{"a":1}`),
		Text:   []byte(`{"request-id":2,"type":"Pinger","version":1,"request":"Ping","params":{"a":1}}`),
		Answer: []byte(text),
	}}, s.Frames())
}

func TestFaultsOfRequests(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	s.Inject(simulator.Fault{Match: simulator.On("GET", "/api"), Times: 1, Effect: simulator.Answer(http.StatusServiceUnavailable, nil, "")})
	_, resp, err := websocket.Dial(t.Context(), s.url+"/api", nil)
	require.Error(t, err)
	_, _ = io.Copy(io.Discard, resp.Body)
	assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
	s.as(t, "admin", "sekrit")
	requests := s.Requests()
	require.Len(t, requests, 2)
	assert.Equal(t, http.StatusSwitchingProtocols, requests[1].Status)
	assert.Equal(t, 1, s.Connections())
}

func TestNoConnectionsAfterClose(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	c := s.as(t, "admin", "sekrit")
	s.Close()
	_, err := c.read()
	require.Error(t, err)
	assert.Zero(t, s.Connections())
	late := s.dial(t)
	_, err = late.read()
	require.Error(t, err)
}

// TestManyAtOnce makes calls from many connections at the same time.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	var all sync.WaitGroup
	failed := make(chan error, 400)
	for range 8 {
		c := s.as(t, "admin", "sekrit")
		all.Go(func() {
			for range 25 {
				c.write(mm, 9, "ModifyModelAccess", change("user-fred", "grant", "read", onModel(testModel)))
				c.write(um, 3, "UserInfo", `{}`)
			}
			for range 50 {
				text, err := c.read()
				if err == nil && strings.Contains(text, `"error":"`) {
					err = errors.New(text)
				}
				failed <- err
			}
		})
	}
	all.Wait()
	close(failed)
	for err := range failed {
		require.NoError(t, err)
	}
	assert.Equal(t, "read", s.ModelAccess(testModel, "fred"))
}
