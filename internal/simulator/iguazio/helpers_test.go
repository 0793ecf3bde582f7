package iguazio_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/usermgmt/usermgmt/internal/simulator/iguazio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// adminKey is the access key of the user "admin" in most tests.
const adminKey = "11111111-2222-4333-8444-555555555555"

// clock is a clock that moves when it is told to.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2024, 5, 14, 9, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// server is a simulator on a real connection.
type server struct {
	*iguazio.Server

	url    string
	client *http.Client
}

// start starts a simulator whose user "admin" has the access key adminKey.
func start(t *testing.T, opts iguazio.Options) server {
	t.Helper()
	s := bare(t, opts)
	s.SeedAccessKey(adminKey, "admin")
	return s
}

// bare is start without an access key.
func bare(t *testing.T, opts iguazio.Options) server {
	t.Helper()
	if opts.AdminPassword == "" {
		opts.AdminPassword = "Adm1n-pass!"
	}
	if opts.Now == nil {
		opts.Now = newClock().Now
	}
	s := iguazio.New(opts)
	front := httptest.NewServer(s)
	t.Cleanup(front.Close)
	return server{Server: s, url: front.URL, client: front.Client()}
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   string
}

func (s server) do(req *http.Request) (reply, error) {
	resp, err := s.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(body)}, err
}

// cookie returns the session cookie of an access key or session.
func cookie(id string) string { return "session=" + url.QueryEscape(`j:{"sid":"`+id+`"}`) }

// try makes a request as the owner of an access key or session. The target is
// what follows /api/.
func (s server) try(key, method, target, body string, header ...string) (reply, error) {
	req, err := http.NewRequest(method, s.url+"/api/"+target, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Cookie", cookie(key))
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return s.do(req)
}

func (s server) as(t *testing.T, key, method, target, body string, header ...string) reply {
	t.Helper()
	got, err := s.try(key, method, target, body, header...)
	require.NoError(t, err)
	return got
}

// ok makes a request of the administrator that must succeed.
func (s server) ok(t *testing.T, status int, method, target, body string, header ...string) document {
	t.Helper()
	got := s.as(t, adminKey, method, target, body, header...)
	require.Equal(t, status, got.status, got.body)
	if got.body == "" {
		return document{}
	}
	return parse[document](t, got.body)
}

// refusal is what a failed request is answered with.
type refusal struct {
	Errors []struct {
		Status int    `json:"status"`
		Detail string `json:"detail"`
	} `json:"errors"`
}

// refused makes a request that must fail with the given status and detail.
func (s server) refused(t *testing.T, key string, status int, detail, method, target, body string, header ...string) {
	t.Helper()
	got := s.as(t, key, method, target, body, header...)
	assert.Equal(t, status, got.status, got.body)
	said := parse[refusal](t, got.body)
	require.Len(t, said.Errors, 1, got.body)
	assert.Equal(t, detail, said.Errors[0].Detail)
	assert.Equal(t, status, said.Errors[0].Status)
}

// document is an answer. Data that is one resource is read as a list of one.
type document struct {
	Data     resources
	Included []resource
	Meta     struct {
		Context      json.RawMessage `json:"ctx"`
		TotalRecords *int            `json:"total_records"`
		TotalPages   *int            `json:"total_pages"`
	}
}

type resources []resource

func (r *resources) UnmarshalJSON(text []byte) error {
	var list []resource
	if err := json.Unmarshal(text, &list); err == nil {
		*r = list
		return nil
	}
	var one resource
	err := json.Unmarshal(text, &one)
	*r = resources{one}
	return err
}

type resource struct {
	Type          string          `json:"type"`
	ID            string          `json:"id"`
	Attributes    map[string]any  `json:"attributes"`
	Relationships map[string]link `json:"relationships"`
}

type link struct {
	Data any `json:"data"`
}

// linked returns the IDs of a relationship.
func (r resource) linked(name string) []string {
	var ids []string
	collect := func(one any) {
		if object, ok := one.(map[string]any); ok {
			ids = append(ids, object["id"].(string))
		}
	}
	if list, ok := r.Relationships[name].Data.([]any); ok {
		for _, one := range list {
			collect(one)
		}
		return ids
	}
	collect(r.Relationships[name].Data)
	return ids
}

// names returns an attribute of all resources of a list.
func (d document) names(attribute string) []string {
	names := []string{}
	for _, r := range d.Data {
		names = append(names, r.Attributes[attribute].(string))
	}
	return names
}

func (d document) includedIDs() []string {
	var ids []string
	for _, r := range d.Included {
		ids = append(ids, r.ID)
	}
	return ids
}

func parse[T any](t *testing.T, text string) T {
	t.Helper()
	var value T
	require.NoError(t, json.Unmarshal([]byte(text), &value), text)
	return value
}

// body returns a request body about one resource.
func body(resourceType, attributes string, relationships ...string) string {
	return `{"data":{"type":"` + resourceType + `","attributes":` + attributes + `,"relationships":{` + strings.Join(relationships, ",") + `}}}`
}

// toMany returns a relationship to many as it stands in a body.
func toMany(name, resourceType string, ids ...string) string {
	refs := []string{}
	for _, id := range ids {
		refs = append(refs, `{"type":"`+resourceType+`","id":"`+id+`"}`)
	}
	return `"` + name + `":{"data":[` + strings.Join(refs, ",") + `]}`
}

// toOne returns a relationship to one as it stands in a body.
func toOne(name, resourceType, id string) string {
	return `"` + name + `":{"data":{"type":"` + resourceType + `","id":"` + id + `"}}`
}

// newUser returns the body that creates a user.
func newUser(username string, relationships ...string) string {
	return body("user", `{"username":"`+username+`","first_name":"F","last_name":"L","email":"`+username+`@example.com","password":"rePlaceme12@!"}`, relationships...)
}
