package cognite_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/usermgmt/usermgmt/internal/simulator"
	"github.com/usermgmt/usermgmt/internal/simulator/cognite"
)

// named is what a body of a request says of users, nonces and sessions.
type named struct {
	Items []struct {
		Username    string `json:"username"`
		ID          int64  `json:"id"`
		Credentials struct {
			Nonce string `json:"nonce"`
		} `json:"credentials"`
		Update struct {
			Credentials struct {
				Set struct {
					Nonce string `json:"nonce"`
				} `json:"set"`
			} `json:"credentials"`
		} `json:"update"`
	} `json:"items"`
}

// absent are the users of the recordings who are not there.
var absent = map[string]bool{"ghost": true, "phantom": true, "nobody": true}

// seedState stores what the answers of a recording presuppose.
func seedState(t *testing.T, s server, name string, sc scenario) {
	t.Helper()
	switch strings.Split(name, "_")[0] {
	case "user", "oauth", "create", "unauthenticated", "rate", "permission":
		seedUsers(s, name, sc)
	case "session":
		seedSessions(s)
	case "table":
		seedTables(s, name)
	case "group":
		seedGroups(t, s, name)
	}
}

func seedUsers(s server, name string, sc scenario) {
	made := map[string]bool{} // nonces of sessions that the recording itself creates
	for _, e := range sc.Exchanges {
		a := decodeAnswer(e)
		var asked named
		_ = json.Unmarshal(e.Request.Body, &asked) // the token form has another shape
		for _, item := range a.Items {
			made[item.Nonce] = true
			if item.Username != "" && item.Password == "" {
				u := item.User
				u.LastUpdatedTime = u.CreatedTime
				s.project.SeedUsers(u)
			}
		}
		for i, item := range asked.Items {
			if _, known := s.project.User(item.Username); item.Username != "" && !known && !absent[item.Username] {
				s.project.SeedUsers(cognite.User{Username: item.Username, CreatedTime: epoch, LastUpdatedTime: epoch})
			}
			nonce := item.Credentials.Nonce + item.Update.Credentials.Set.Nonce
			if nonce != "" && !made[nonce] && e.Response.Status == http.StatusOK {
				bound := session(a.Items[i].SessionID, cognite.Ready)
				s.project.SeedSession(bound, nonce)
			}
		}
	}
	if last := len(sc.Exchanges) - 1; last >= 0 && decodeAnswer(sc.Exchanges[last]).NextCursor != "" {
		s.project.SeedUsers(user("pg_99", 0)) // the cursor leads to somebody
	}
	if name == "user_update_clear_credentials" {
		s.project.SeedUsers(user("pg_a", 4503599627370001))
	}
}

func seedSessions(s server) {
	one := cognite.Session{ID: 4503599627370401, Type: "CLIENT_CREDENTIALS", Status: cognite.Ready, ClientID: "app-1"}
	two := cognite.Session{ID: 4503599627370402, Type: "TOKEN_EXCHANGE", Status: cognite.Active}
	three := cognite.Session{ID: 4503599627370403, Type: "CLIENT_CREDENTIALS", Status: cognite.Active, ClientID: "app-2"}
	for i, given := range []cognite.Session{one, two, three} {
		given.CreationTime = epoch + int64(i)*1000
		given.ExpirationTime = given.CreationTime + time.Hour.Milliseconds()
		s.project.SeedSession(given, "")
	}
}

func seedTables(s server, name string) {
	s.project.SeedUsers(user("pg_a", 0))
	if strings.HasPrefix(name, "table_create") {
		return
	}
	for _, table := range []string{"t_a", "t_b"} {
		s.project.SeedTables("pg_a", cognite.Table{
			Name: table, Type: "raw_rows", CreatedTime: epoch - 1000,
			Options: jsontext.Value(`{"database":"db1","table":"t1"}`),
			Columns: jsontext.Value(`{"id":{"type":"BIGINT"}}`),
		})
	}
	s.project.SeedTables("pg_a", cognite.Table{Name: "built_in", Type: "built_in", BuiltIn: true})
}

func seedGroups(t *testing.T, s server, name string) {
	t.Helper()
	if strings.HasPrefix(name, "group_create") {
		return
	}
	s.project.SeedGroups(parse[[]cognite.Group](t, `[
		{"name":"readers","id":71,"sourceId":"","members":["usr-1","usr-2"],
			"capabilities":[{"postgresGatewayAcl":{"actions":["READ"],"scope":{"all":{}}}}]},
		{"name":"idp-admins","id":72,"sourceId":"b7c9a5a4-0000-4000-8000-5e6ad9a78603",
			"capabilities":[{"postgresGatewayAcl":{"actions":["READ","WRITE"],"scope":{"usersScope":{"usernames":["pg_a"]}}}}]}]`)...)
}

// seedFaults makes the answers that no state can explain.
func seedFaults(s server, sc scenario) {
	for _, e := range sc.Exchanges {
		status := e.Response.Status
		if e.Service != "" || status != http.StatusUnauthorized && status != http.StatusTooManyRequests && status < 500 {
			continue
		}
		header := http.Header{}
		for field, value := range e.Response.Headers {
			header.Set(field, value)
		}
		body := string(e.Response.Body)
		var text string
		if json.Unmarshal(e.Response.Body, &text) == nil {
			body = text
		}
		var asked named
		_ = json.Unmarshal(e.Request.Body, &asked)
		mark := ""
		if len(asked.Items) > 0 {
			mark = asked.Items[0].Credentials.Nonce + asked.Items[0].Update.Credentials.Set.Nonce
		}
		fault := simulator.Fault{
			Match:  simulator.On(e.Request.Method, e.Request.Path),
			Times:  1,
			Effect: simulator.Answer(status, header, body),
		}
		if mark != "" {
			fault.Times, fault.Effect = 0, cognite.IfBody(mark, 1, fault.Effect)
		}
		s.Inject(fault)
	}
}
