// Package jujutest is a stand-in for a Juju controller of 3.5, for examples and
// for tests of what stands on the protocol. It knows users, models, offers,
// clouds and levels, and of the protocol what these need. It takes the
// well-formed requests of this repository's client for granted, so it proves
// nothing about them.
package jujutest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Version is the version of the controller.
const Version = "3.5.1"

// Admin is the name of the controller's owner, who is a superuser.
const Admin = "admin"

// Controller is a controller: a handler of WebSockets. It is safe for
// concurrent use.
type Controller struct {
	work sync.WaitGroup

	mu       sync.Mutex
	requests []string
	users    map[string]*user // by name in small letters
	removed  map[string]*user // whose names may be used again
	models   []*place
	offers   []*place
	clouds   []*place
}

// user is a local user.
type user struct {
	name, display, password, level string
	disabled                       bool
}

// place is something that users have levels on.
type place struct {
	name, owner, uuid string // the name of a model is without its owner
	levels            map[string]string
}

// created is when all users were created.
var created = time.Date(2024, time.January, 2, 3, 4, 5, 0, time.UTC)

// New returns a controller with its owner, whose password is given, the model
// that it runs in and the cloud localhost.
func New(password string) *Controller {
	c := &Controller{users: map[string]*user{}, removed: map[string]*user{}}
	c.AddUser(Admin, password, "superuser")
	c.AddModel(Admin, "controller", map[string]string{Admin: "admin"})
	c.AddCloud("localhost", map[string]string{Admin: "admin"})
	return c
}

// Wait waits for the connections to end, after the server was closed.
func (c *Controller) Wait() { c.work.Wait() }

// AddUser adds a user with a level on the controller, "" for none.
func (c *Controller) AddUser(name, password, level string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.users[strings.ToLower(name)] = &user{name: name, password: password, level: level}
}

// AddModel adds a model with the levels of users by name, and returns its UUID.
func (c *Controller) AddModel(owner, name string, levels map[string]string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	uuid := fmt.Sprintf("20000000-0000-4000-8000-%012x", len(c.models))
	c.models = append(c.models, &place{name: name, owner: owner, uuid: uuid, levels: lowered(levels)})
	return uuid
}

// AddOffer adds an offer by URL, with the levels of users by name.
func (c *Controller) AddOffer(url string, levels map[string]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offers = append(c.offers, &place{name: url, levels: lowered(levels)})
}

// AddCloud adds a cloud, with the levels of users by name.
func (c *Controller) AddCloud(name string, levels map[string]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clouds = append(c.clouds, &place{name: name, levels: lowered(levels)})
}

func lowered(levels map[string]string) map[string]string {
	out := map[string]string{}
	for name, level := range levels {
		if level != "" {
			out[strings.ToLower(name)] = level
		}
	}
	return out
}

// Level returns the level that a user has, "" for none. The scope is
// "controller", "model:owner/name", "offer:url" or "cloud:name".
func (c *Controller) Level(scope, name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	kind, id, _ := strings.Cut(scope, ":")
	var places []*place
	switch kind {
	case "controller":
		return c.users[strings.ToLower(name)].level
	case "model":
		places = c.models
	case "offer":
		places = c.offers
	case "cloud":
		places = c.clouds
	}
	i := slices.IndexFunc(places, func(p *place) bool { return p.name == id || p.owner+"/"+p.name == id })
	return places[i].levels[strings.ToLower(name)]
}

// CheckPassword reports whether a user could log in.
func (c *Controller) CheckPassword(name, password string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.login(name, password) != nil
}

// login returns the user who may log in, nil if nobody may.
func (c *Controller) login(name, password string) *user {
	u := c.users[strings.ToLower(name)]
	if u == nil || u.disabled || u.password == "" || u.password != password {
		return nil
	}
	return u
}

// Users returns the names of the users, sorted.
func (c *Controller) Users() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for _, u := range c.users {
		names = append(names, u.name)
	}
	slices.Sort(names)
	return names
}

// Requests returns the requests so far but logins, each as facade, method and
// parameters.
func (c *Controller) Requests() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.requests)
}

// ServeHTTP serves a WebSocket, whatever the path.
func (c *Controller) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.work.Add(1)
	defer c.work.Done()
	c.serve(w, r)
}
