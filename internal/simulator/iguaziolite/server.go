// Package iguaziolite is a small stand-in for an Iguazio system: the part of
// its management API that users, groups and members of projects take, with
// jobs that need several looks. It is for examples and for the conformance
// suite, and knows no faults of its own: put them in front of it.
package iguaziolite

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options says what system to stand in for.
type Options struct {
	// AdminPassword is the password of the user admin.
	AdminPassword string
	// AccessKey is an access key of that user, empty for none.
	AccessKey string
	// JobStates are the states that looks at a job see one after the other,
	// before it is completed.
	JobStates []string
	// Latency delays each answer.
	Latency time.Duration
	// Policies are the management policies that there are.
	Policies []string
}

// Server is the system. It is safe for concurrent use.
type Server struct {
	opts Options

	mu       sync.Mutex
	serial   int
	users    []*resource
	groups   []*resource
	projects []*resource
	roles    []*resource
	jobs     map[string]*job
	cookies  map[string]bool // that are logged in
}

// job is work to be done when it completes.
type job struct {
	looks int
	work  func()
}

// New returns a system with the user admin, the group all_users and no project.
func New(opts Options) *Server {
	s := &Server{opts: opts, jobs: map[string]*job{}, cookies: map[string]bool{}}
	if opts.AccessKey != "" {
		s.cookies[cookieOf(opts.AccessKey)] = true
	}
	s.groups = []*resource{s.make("user_group", attributes{"name": "all_users", "system_provided": true, "assigned_policies": []any{}})}
	s.addUser("admin", opts.AdminPassword)
	return s
}

// SeedUsers makes users that are operational.
func (s *Server) SeedUsers(password string, names ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		s.addUser(name, password)
	}
}

// SeedProject makes a project without members.
func (s *Server) SeedProject(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	project := s.make("project", attributes{"name": name, "description": "", "owner_username": "admin"})
	for _, name := range []string{"Admin", "Editor", "Viewer"} {
		role := s.make("project_authorization_role", attributes{"name": name, "permissions": []any{}})
		s.roles = append(s.roles, role)
		project.related["project_authorization_roles"] = append(project.related["project_authorization_roles"], role.id)
	}
	s.projects = append(s.projects, project)
}

// CheckPassword reports whether a user could log in with a password.
func (s *Server) CheckPassword(name, password string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.checkPassword(name, password)
}

func (s *Server) checkPassword(name, password string) bool {
	return password != "" && slices.ContainsFunc(s.users, func(u *resource) bool {
		return u.attributes["username"] == name && u.attributes["password"] == password && u.attributes["admin_status"] == "up"
	})
}

// UserNames returns the names of all users.
func (s *Server) UserNames() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for _, u := range s.users {
		names = append(names, fmt.Sprint(u.attributes["username"]))
	}
	return names
}

// ExpireSessions ends all sessions, but not the access key.
func (s *Server) ExpireSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.cookies)
	if s.opts.AccessKey != "" {
		s.cookies[cookieOf(s.opts.AccessKey)] = true
	}
}

func (s *Server) addUser(name, password string) {
	user := s.make("user", attributes{
		"username": name, "first_name": name, "last_name": "", "email": name + "@example.com", "password": password,
		"assigned_policies": []any{}, "admin_status": "up", "operational_status": "up", "created_at": created,
	})
	user.related["user_groups"] = []string{s.groups[0].id}
	s.users = append(s.users, user)
}

const created = "2024-05-14T09:00:00.000000+00:00"

// request is the body of a request.
type request struct {
	Data struct {
		Attributes    attributes `json:"attributes"`
		Relationships map[string]struct {
			Data json.RawMessage `json:"data"`
		} `json:"relationships"`
	} `json:"data"`
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.opts.Latency > 0 {
		select {
		case <-time.After(s.opts.Latency):
		case <-r.Context().Done():
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var body request
	if r.ContentLength > 0 && json.NewDecoder(r.Body).Decode(&body) != nil {
		fail(w, http.StatusBadRequest, "the body is not JSON")
		return
	}
	path := strings.Split(strings.TrimPrefix(r.URL.Path, "/api/"), "/")
	if r.Method == http.MethodPost && len(path) == 1 && path[0] == "sessions" {
		s.logIn(w, body)
		return
	}
	if !s.cookies[strings.TrimPrefix(r.Header.Get("Cookie"), "session=")] {
		fail(w, http.StatusUnauthorized, "Session is missing, invalid or expired")
		return
	}
	s.route(w, r, path, body)
}

func (s *Server) route(w http.ResponseWriter, r *http.Request, path []string, body request) {
	switch path[0] {
	case "sessions":
		answer(w, http.StatusOK, object{"data": object{"type": "session_verification", "attributes": object{"username": "admin"}}})
	case "tunnel":
		answer(w, http.StatusOK, object{"data": object{"type": "external_version", "id": path[len(path)-1], "attributes": object{"external": "3.5.5-b1"}}})
	case "self":
		s.show(w, http.StatusOK, s.users[0], []string{"user_groups"})
	case "jobs":
		s.look(w, path[len(path)-1])
	case "async_transactions":
		s.change(w, body)
	case "users":
		s.collection(w, r, &s.users, "username", path, body)
	case "user_groups":
		s.collection(w, r, &s.groups, "name", path, body)
	case "projects":
		s.collection(w, r, &s.projects, "name", path, body)
	default:
		fail(w, http.StatusNotFound, "There is no such path")
	}
}

func (s *Server) logIn(w http.ResponseWriter, body request) {
	name, password := fmt.Sprint(body.Data.Attributes["username"]), fmt.Sprint(body.Data.Attributes["password"])
	if !s.checkPassword(name, password) {
		fail(w, http.StatusUnauthorized, "Invalid username or password")
		return
	}
	id := s.newID()
	s.cookies[cookieOf(id)] = true
	w.Header().Set("Set-Cookie", "session="+cookieOf(id)+"; Max-Age=86400; Path=/; HttpOnly")
	answer(w, http.StatusCreated, object{"data": object{"type": "session", "id": id, "attributes": object{"ttl": 86400}}})
}

// look shows a job in its next state, and carries it out when it completes.
func (s *Server) look(w http.ResponseWriter, id string) {
	j := s.jobs[id]
	if j == nil {
		fail(w, http.StatusNotFound, "Job "+id+" was not found")
		return
	}
	state := "completed"
	if j.looks < len(s.opts.JobStates) {
		state = s.opts.JobStates[j.looks]
	} else if j.work != nil {
		j.work()
		j.work = nil
	}
	j.looks++
	answer(w, http.StatusOK, object{"data": object{"type": "job", "id": id, "attributes": object{"state": state, "result": "", "created_at": created}}})
}

func (s *Server) newJob(work func()) object {
	id := s.newID()
	s.jobs[id] = &job{work: work}
	return object{"type": "job", "id": id}
}
