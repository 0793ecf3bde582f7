package juju

import (
	"fmt"
	"slices"
	"time"
)

// User is a user to start with.
type User struct {
	// Name is the name of a local user, or NAME@DOMAIN of an external one.
	Name string
	// DisplayName is free text.
	DisplayName string
	// Password is the password. A local user without one has a secret key
	// pending if SecretKey is set, and cannot log in otherwise.
	Password string
	// SecretKey is the key of a registration that is still to come: 32 bytes.
	SecretKey []byte
	// Access is the level on the controller, empty for none.
	Access string
	// CreatedBy is the name of the creator; the default is the owner.
	CreatedBy string
	// Created is when the user was created; the default is now.
	Created time.Time
	// LastConnection is when the user was last there, zero for never.
	LastConnection time.Time
	// Disabled says that the user is disabled.
	Disabled bool
}

// Model is a model to start with.
type Model struct {
	// UUID identifies the model; the default is a random one.
	UUID string
	// Name is the name, which is unique per owner.
	Name string
	// Owner is the ID of the owner. It does not make them a member.
	Owner string
	// Access holds the levels by user ID.
	Access map[string]string
}

// Offer is an offer to start with.
type Offer struct {
	// Model is the UUID of the model that offers.
	Model string
	// UUID identifies the offer; the default is a random one.
	UUID string
	// Name is the name, which is unique in the model.
	Name string
	// Access holds the levels by user ID.
	Access map[string]string
}

// Cloud is a cloud to start with.
type Cloud struct {
	// Name is the name.
	Name string
	// Access holds the levels by user ID.
	Access map[string]string
}

// seedOwner makes what a bootstrap makes.
func (s *Server) seedOwner(opts Options) {
	s.clouds = []*cloud{{object: newObject(cloudKind, "localhost", "cloud#localhost"), name: "localhost"}}
	if s.jaas {
		return
	}
	s.addRecord(&user{
		id:          s.owner,
		displayName: s.owner.name,
		password:    opts.OwnerPassword,
		createdBy:   s.owner.name,
		created:     s.time(),
	})
	s.controller.set(s.owner, "superuser")
	s.clouds[0].set(s.owner, "admin")
	m := s.addModel(s.newUUID(), "controller", "localhost", s.owner)
	m.controller = true
	m.set(s.owner, "admin")
}

// SeedUser stores a user, replacing one of that name. It panics if the name is
// not valid.
func (s *Server) SeedUser(seed User) {
	id := mustUserID(seed.Name)
	s.mu.Lock()
	defer s.mu.Unlock()
	u := &user{
		id:          id,
		displayName: seed.DisplayName,
		password:    seed.Password,
		secretKey:   seed.SecretKey,
		createdBy:   seed.CreatedBy,
		created:     seed.Created.UTC(),
		disabled:    seed.Disabled,
	}
	if u.createdBy == "" {
		u.createdBy = s.owner.name
	}
	if seed.Created.IsZero() {
		u.created = s.time()
	}
	if !seed.LastConnection.IsZero() {
		at := seed.LastConnection.UTC()
		u.lastConnection = &at
	}
	s.addRecord(u)
	delete(s.controller.held, id.key())
	if seed.Access != "" {
		s.controller.set(id, seed.Access)
	}
}

// SeedUsers stores n local users who may log in, with names from "PREFIX00001"
// on, all with the same password.
func (s *Server) SeedUsers(n int, prefix, password string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	created := s.time()
	for i := range n {
		id := mustUserID(fmt.Sprintf("%s%05d", prefix, i+1))
		u := &user{id: id, displayName: id.name, password: password, createdBy: s.owner.name, created: created}
		s.users[id.key()] = u
		s.order = append(s.order, u)
		s.controller.set(id, "login")
	}
}

// SeedAccess gives a user, who need not be known, a level on the controller.
func (s *Server) SeedAccess(name, level string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.controller.set(mustUserID(name), level)
}

// SeedModel stores a model and returns its UUID. A model of that UUID is
// replaced. The model "controller" of the owner takes the place of the one that
// the server began with.
func (s *Server) SeedModel(seed Model) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if seed.UUID == "" {
		seed.UUID = s.newUUID()
	}
	owner := mustUserID(seed.Owner)
	controller := seed.Name == "controller" && owner == s.owner
	s.models = slices.DeleteFunc(s.models, func(m *model) bool { return m.uuid == seed.UUID || controller && m.controller })
	m := s.addModel(seed.UUID, seed.Name, "localhost", owner)
	m.controller = controller
	setAll(m.object, seed.Access)
	return m.uuid
}

// SeedOffer stores an offer. It panics if the model does not exist.
func (s *Server) SeedOffer(seed Offer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if seed.UUID == "" {
		seed.UUID = s.newUUID()
	}
	m := s.findModel(seed.Model)
	if m == nil {
		panic(fmt.Sprintf("juju: seed of offer %q: model %q does not exist", seed.Name, seed.Model))
	}
	o := &offer{object: newObject(offerKind, seed.UUID, "ao#"+seed.UUID), uuid: seed.UUID, name: seed.Name, model: m}
	setAll(o.object, seed.Access)
	s.offers = append(s.offers, o)
}

// SeedCloud stores a cloud. A cloud of that name is replaced.
func (s *Server) SeedCloud(seed Cloud) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.findCloud(seed.Name)
	if c == nil {
		c = &cloud{name: seed.Name}
		s.clouds = append(s.clouds, c)
	}
	c.object = newObject(cloudKind, seed.Name, "cloud#"+seed.Name)
	setAll(c.object, seed.Access)
}

func setAll(o *object, access map[string]string) {
	for name, level := range access {
		o.set(mustUserID(name), level)
	}
}

func mustUserID(text string) userID {
	id, ok := parseUserID(text)
	if !ok {
		panic(fmt.Sprintf("juju: seed: %q is not the ID of a user", text))
	}
	return id
}
