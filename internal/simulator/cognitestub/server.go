// Package cognitestub is a small stand-in for a project of Cognite Data Fusion
// with its Postgres Gateway and its token endpoint: users, sessions, groups of
// principals and token inspection, as far as the portable interface and the
// example go. It knows no tables, profiles and permissions.
package cognitestub

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/usermgmt/usermgmt/internal/simulator"
)

// TokenPath is the path of the token endpoint.
const TokenPath = "/oauth2/token"

// nonceLife is how long a nonce can be used.
const nonceLife = time.Minute

// Options says what server to stand in for.
type Options struct {
	// Project is the name of the one project.
	Project string
	// ClientID and ClientSecret are those of the one OAuth 2.0 client, which may
	// do everything.
	ClientID, ClientSecret string
	// Subject is the principal behind it.
	Subject string
	// Now is the clock; the default is [time.Now].
	Now func() time.Time
}

// Server is the stand-in. It is safe for concurrent use. The embedded handler
// records requests and injects faults.
type Server struct {
	*simulator.Handler

	options Options

	mu       sync.Mutex
	last     int64 // number that was given out last
	tokens   map[string]bool
	users    []*user
	sessions map[int64]*session
	groups   []group
}

// New returns a stand-in without users, sessions and groups.
func New(options Options) *Server {
	if options.Now == nil {
		options.Now = time.Now
	}
	s := &Server{options: options, last: 4503599627370400, tokens: map[string]bool{}, sessions: map[int64]*session{}}
	s.Handler = simulator.NewHandler(http.HandlerFunc(s.serve))
	return s
}

// ExpireTokens makes every token invalid that was issued so far.
func (s *Server) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// next returns a number that was never given out; s.mu is held.
func (s *Server) next() int64 {
	s.last++
	return s.last
}

// reply is the answer to a request.
type reply struct {
	status int
	body   any
}

// itemList is the form of most answers.
type itemList[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"nextCursor,omitempty"`
}

func ok[T any](items ...T) reply {
	return reply{http.StatusOK, itemList[T]{Items: append([]T{}, items...)}}
}

// serverError is the body of a failure.
type serverError struct {
	Code    int      `json:"code"`
	Message string   `json:"message"`
	Missing []anyRef `json:"missing,omitempty"`
}

// anyRef names an item, by whichever member it goes.
type anyRef struct {
	Username string `json:"username,omitempty"`
	ID       int64  `json:"id,omitempty"`
}

func failed(status int, message string) reply {
	return reply{status, map[string]serverError{"error": {Code: status, Message: message}}}
}

func notFound(missing ...anyRef) reply {
	return reply{http.StatusBadRequest, map[string]serverError{"error": {
		Code: http.StatusBadRequest, Message: "Items in request were not found", Missing: missing,
	}}}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.mu.Lock()
	answer := s.answer(r, body)
	text, err := json.Marshal(answer.body)
	s.mu.Unlock()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(answer.status)
	_, _ = w.Write(text)
}

// answer serves a request; s.mu is held.
func (s *Server) answer(r *http.Request, body []byte) reply {
	if r.URL.Path == TokenPath {
		return s.issueToken(r, string(body))
	}
	if !s.tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")] {
		return failed(http.StatusUnauthorized, "Unauthorized")
	}
	if r.URL.Path == "/api/v1/token/inspect" {
		return s.inspect()
	}
	path, inside := strings.CutPrefix(r.URL.Path, "/api/v1/projects/"+s.options.Project+"/")
	if !inside {
		return failed(http.StatusUnauthorized, "Unauthorized")
	}
	var in request
	if len(body) > 0 && json.Unmarshal(body, &in) != nil {
		return failed(http.StatusBadRequest, "the body is not JSON")
	}
	in.query = r.URL.Query()
	serve := map[string]func(request) reply{
		"GET postgresgateway": s.listUsers, "POST postgresgateway": s.createUser, "POST postgresgateway/update": s.updateUser,
		"POST postgresgateway/delete": s.deleteUser, "POST postgresgateway/byids": s.getUsers,
		"GET sessions": s.listSessions, "POST sessions": s.createSession, "POST sessions/byids": s.getSessions, "POST sessions/revoke": s.revokeSessions,
		"GET groups": s.listGroups, "POST groups": s.createGroup, "POST groups/delete": s.deleteGroups,
	}[r.Method+" "+path]
	if serve == nil {
		return failed(http.StatusNotFound, "no such resource")
	}
	return serve(in)
}

// request is what requests hold.
type request struct {
	Items         []json.RawMessage `json:"items"`
	IgnoreUnknown bool              `json:"ignoreUnknownIds"`

	query map[string][]string
}

// items decodes the items of a request of no more than most; nil if they are
// not as they should be.
func items[T any](in request, most int) []T {
	if len(in.Items) == 0 || len(in.Items) > most {
		return nil
	}
	list := make([]T, len(in.Items))
	for i, item := range in.Items {
		if json.Unmarshal(item, &list[i]) != nil {
			return nil
		}
	}
	return list
}

func (s *Server) issueToken(r *http.Request, form string) reply {
	r.Body = io.NopCloser(strings.NewReader(form))
	if r.ParseForm() != nil || r.PostForm.Get("grant_type") != "client_credentials" {
		return reply{http.StatusBadRequest, map[string]string{"error": "invalid_request"}}
	}
	if r.PostForm.Get("client_id") != s.options.ClientID || r.PostForm.Get("client_secret") != s.options.ClientSecret {
		return reply{http.StatusUnauthorized, map[string]string{"error": "invalid_client", "error_description": "the secret is wrong"}}
	}
	token := fmt.Sprintf("token-%d", s.next())
	s.tokens[token] = true
	return reply{http.StatusOK, map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": 3600}}
}

func (s *Server) inspect() reply {
	type project struct {
		Name   string  `json:"projectUrlName"`
		Groups []int64 `json:"groups"`
	}
	return reply{http.StatusOK, struct {
		Subject      string            `json:"subject"`
		Projects     []project         `json:"projects"`
		Capabilities []json.RawMessage `json:"capabilities"`
	}{s.options.Subject, []project{{s.options.Project, []int64{}}}, []json.RawMessage{}}}
}
