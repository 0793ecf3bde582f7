package iguazio_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator"
	"github.com/usermgmt/usermgmt/internal/simulator/iguazio"
)

// world is the state in which a recording began, as far as it shows. IDs that
// the system made up while it was recorded are made up again in that order.
type world struct {
	opts     iguazio.Options
	newIDs   map[string][]string // by type
	seen     []*recorded         // in order of appearance
	byID     map[string]*recorded
	needed   []*recorded                   // what must have been there, seen or not
	made     map[string]bool               // IDs that came into being while it was recorded
	scripts  map[string]*iguazio.JobScript // by the ID of the job
	kinds    map[string]string             // of the jobs
	caller   string
	policies []string // of the caller
	faults   []simulator.Fault
	users    []iguazio.User
	groups   []iguazio.Group
	projects []iguazio.Project
}

// recorded is a resource in a recording, as it first appeared.
type recorded struct {
	Type          string                  `json:"type"`
	ID            string                  `json:"id"`
	Attributes    json.RawMessage         `json:"attributes"`
	Relationships map[string]recordedLink `json:"relationships"`
}

type recordedLink struct {
	Data json.RawMessage `json:"data"`
}

func (r *recorded) text(t *testing.T, name string) string {
	t.Helper()
	text, _ := parse[map[string]any](t, string(r.Attributes))[name].(string)
	return text
}

// ids returns where a relationship leads to.
func (r *recorded) ids(t *testing.T, name string) []string {
	t.Helper()
	var ids []string
	data := r.Relationships[name].Data
	if len(data) == 0 {
		return nil
	}
	for _, to := range parse[recordedList](t, string(data)) {
		ids = append(ids, to.ID)
	}
	return ids
}

// recordedList reads one resource as a list of one.
type recordedList []*recorded

func (l *recordedList) UnmarshalJSON(text []byte) error {
	if text[0] == '[' {
		return json.Unmarshal(text, (*[]*recorded)(l))
	}
	*l = recordedList{{}}
	return json.Unmarshal(text, (*l)[0])
}

// beginning returns a system in the state in which a recording began.
func beginning(t *testing.T, name string, sc scenario) server {
	t.Helper()
	w := &world{
		newIDs: map[string][]string{}, byID: map[string]*recorded{}, made: map[string]bool{}, scripts: map[string]*iguazio.JobScript{},
		kinds: map[string]string{}, caller: "admin",
	}
	for _, e := range sc.Exchanges {
		w.observe(t, e)
	}
	w.seeds(t)
	if override := overrides[name]; override != nil {
		override(w)
	}
	return w.start(t, sessionOf(sc))
}

var recordedSession = regexp.MustCompile(`"sid": ?"([^"]+)"`)

// sessionOf returns the access key that a recording uses, "" for none.
func sessionOf(sc scenario) string {
	if found := recordedSession.FindStringSubmatch(sc.Exchanges[0].Request.Headers["cookie"]); found != nil {
		return found[1]
	}
	return ""
}

// observe notes what an exchange shows.
func (w *world) observe(t *testing.T, e exchange) {
	t.Helper()
	var body struct {
		Data     recordedList `json:"data"`
		Included recordedList `json:"included"`
	}
	if len(e.Response.Body) > 0 && e.Response.Body[0] == '{' {
		require.NoError(t, json.Unmarshal(e.Response.Body, &body))
	}
	for _, r := range slices.Concat(body.Data, body.Included) {
		w.observeIDs(t, e, r)
		w.observeResource(t, r)
	}
	if e.Response.Status == http.StatusNoContent {
		w.opts.UserDeletionAtOnce = true
	}
	w.observeRequest(e)
}

// observeIDs notes the IDs that the system made up for this exchange.
func (w *world) observeIDs(t *testing.T, e exchange, r *recorded) {
	t.Helper()
	if e.Request.Method == http.MethodPost && e.Response.Status == http.StatusCreated && !w.made[r.ID] {
		w.newIDs[r.Type] = append(w.newIDs[r.Type], r.ID)
		w.made[r.ID] = true
	}
	jobs := slices.Concat(r.ids(t, "jobs"), r.ids(t, "last_job"))
	if r.Type == "job" {
		jobs = append(jobs, r.ID)
	}
	for _, id := range jobs {
		if !slices.Contains(w.newIDs["job"], id) {
			w.newIDs["job"] = append(w.newIDs["job"], id)
			w.scripts[id] = &iguazio.JobScript{}
		}
	}
	switch {
	case r.Type == "job" && r.Attributes != nil:
		w.kinds[r.ID] = r.text(t, "kind")
		w.scripts[r.ID].States = append(w.scripts[r.ID].States, r.text(t, "state"))
		w.scripts[r.ID].Result = r.text(t, "result")
	case r.Type == "user" && len(jobs) > 0:
		w.opts.UserCreationJob = true
	case r.Type == "deletion_response" && strings.HasPrefix(e.Request.Path, "/api/user_groups/"):
		w.opts.GroupDeletionJob = true
	}
	tenants := r.ids(t, "tenant")
	if r.Type == "access_key" {
		tenants = append(tenants, r.text(t, "tenant_id"))
	}
	if r.Type == "session_verification" {
		said := parse[struct {
			Context struct {
				Authentication struct {
					UserID   string   `json:"user_id"`
					TenantID string   `json:"tenant_id"`
					GroupIDs []string `json:"group_ids"`
				}
			}
		}](t, string(r.Attributes)).Context.Authentication
		tenants = append(tenants, said.TenantID)
		w.opts.AdminID, w.opts.AllUsersID = said.UserID, said.GroupIDs[0]
	}
	if r.Type == "access_key" {
		w.opts.AllUsersID = parse[struct {
			GroupIDs []string `json:"group_ids"`
		}](t, string(r.Attributes)).GroupIDs[0]
	}
	for _, id := range tenants {
		w.newIDs["tenant"] = []string{id}
	}
	if r.Type == "project" && r.Relationships["owner"].Data != nil && w.opts.AdminID == "" && w.byID[r.ids(t, "owner")[0]] == nil {
		w.opts.AdminID = r.ids(t, "owner")[0]
	}
	if r.Type == "session" {
		w.opts.AdminID = r.ids(t, "user")[0]
	}
}

// observeResource notes a resource, and those of its relationships that did
// not appear before.
func (w *world) observeResource(t *testing.T, r *recorded) {
	t.Helper()
	known := w.byID[r.ID]
	if known == nil {
		if r.Attributes == nil || w.made[r.ID] {
			return
		}
		known = &recorded{Type: r.Type, ID: r.ID, Attributes: r.Attributes, Relationships: map[string]recordedLink{}}
		w.byID[r.ID] = known
		w.seen = append(w.seen, known)
	}
	for name, link := range r.Relationships {
		if _, ok := known.Relationships[name]; !ok {
			known.Relationships[name] = link
		}
	}
}

var principal = regexp.MustCompile(`\{\s*"id":\s*"([^"]+)",\s*"type":\s*"(user|user_group)"\s*\}|\{\s*"type":\s*"(user|user_group)",\s*"id":\s*"([^"]+)"\s*\}`)

// observeRequest notes the resources that must have been there for a request
// to succeed.
func (w *world) observeRequest(e exchange) {
	note := func(resourceType, id string) {
		name := map[string]string{"user": "username", "user_group": "name"}[resourceType]
		w.needed = append(w.needed, &recorded{Type: resourceType, ID: id, Attributes: json.RawMessage(`{"` + name + `":"unseen-` + id + `"}`)})
	}
	if e.Response.Status < http.StatusBadRequest {
		for _, found := range principal.FindAllStringSubmatch(string(e.Request.Body), -1) {
			note(found[2]+found[3], found[1]+found[4])
		}
	}
	kind, id, _ := strings.Cut(strings.TrimPrefix(e.Request.Path, "/api/"), "/")
	switch {
	case id == "" || e.Request.Method != http.MethodDelete || e.Response.Status == http.StatusNotFound:
	case kind == "user_groups" && e.Response.Status == http.StatusForbidden:
		w.opts.AllUsersID = id
	default:
		note(strings.TrimSuffix(kind, "s"), id)
	}
}
