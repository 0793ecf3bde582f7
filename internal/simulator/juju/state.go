package juju

import (
	"crypto/rand"
	"encoding/hex"
	"io"
	"slices"
	"time"
)

var cryptoRandom = rand.Reader

// user is a user whom the controller knows: a local one, or on 4.x and JAAS an
// external one.
type user struct {
	id             userID
	displayName    string
	password       string // empty for none
	secretKey      []byte // until the user has registered
	createdBy      string
	created        time.Time
	lastConnection *time.Time
	disabled       bool
	removed        bool
}

// cloud is a cloud that models are made on.
type cloud struct {
	*object

	name string
}

// model is a workspace.
type model struct {
	*object

	uuid, name  string
	owner       userID
	cloud       string
	controller  bool // the model of the controller itself
	life        string
	created     time.Time
	connections map[string]time.Time // the last one of each user, by key
}

// offer is an application that other models may connect to.
type offer struct {
	*object

	uuid, name string
	model      *model
}

// addRecord makes a user known, in place of an earlier one of that name.
func (s *Server) addRecord(u *user) {
	if known := s.users[u.id.key()]; known != nil {
		s.order = slices.DeleteFunc(s.order, func(other *user) bool { return other == known })
	}
	s.order = append(s.order, u)
	s.users[u.id.key()] = u
}

// localUser returns a local user. Names are found whatever their case.
func (s *Server) localUser(id userID) (*user, error) {
	if !id.local() {
		return nil, errorf(codeNotFound, "user %q not found", id)
	}
	u := s.users[id.key()]
	switch {
	case u == nil:
		return nil, errorf(codeNotFound, "user %q not found", id.key())
	case u.removed:
		return nil, errorf("", "user %q is permanently deleted", u.id.name)
	}
	return u, nil
}

// knownUser returns a user as 4.x finds them: local or not, with the name in
// the case of its creation, and nil if there is none.
func (s *Server) knownUser(id userID) *user {
	u := s.users[id.key()]
	if u == nil || u.removed || u.id != id {
		return nil
	}
	return u
}

// displayName returns the name that is shown for a user, empty if there is none.
func (s *Server) displayName(id userID) string {
	if u := s.users[id.key()]; u != nil {
		return u.displayName
	}
	return ""
}

// findModel returns the model with the given UUID, nil if there is none.
func (s *Server) findModel(uuid string) *model {
	for _, m := range s.models {
		if m.uuid == uuid {
			return m
		}
	}
	return nil
}

// findCloud returns the cloud of the given name, nil if there is none.
func (s *Server) findCloud(name string) *cloud {
	for _, c := range s.clouds {
		if c.name == name {
			return c
		}
	}
	return nil
}

// findOffer returns an offer of a model, nil if there is none.
func (s *Server) findOffer(m *model, name string) *offer {
	for _, o := range s.offers {
		if o.model == m && o.name == name {
			return o
		}
	}
	return nil
}

// addModel stores a model.
func (s *Server) addModel(uuid, name, cloudName string, owner userID) *model {
	m := &model{
		object:      newObject(modelKind, uuid, "e#"+uuid),
		uuid:        uuid,
		name:        name,
		owner:       owner,
		cloud:       cloudName,
		life:        "alive",
		created:     s.time(),
		connections: map[string]time.Time{},
	}
	s.models = append(s.models, m)
	return m
}

// dropAccess removes the levels of a user on the controller and on models, and
// if all is set those on offers and clouds too.
func (s *Server) dropAccess(id userID, all bool) {
	delete(s.controller.held, id.key())
	for _, m := range s.models {
		delete(m.held, id.key())
	}
	if !all {
		return
	}
	for _, o := range s.offers {
		delete(o.held, id.key())
	}
	for _, c := range s.clouds {
		delete(c.held, id.key())
	}
}

// bytes returns n random bytes.
func (s *Server) bytes(n int) []byte {
	drawn := make([]byte, n)
	if _, err := io.ReadFull(s.random, drawn); err != nil {
		panic("juju: no randomness: " + err.Error())
	}
	return drawn
}

// newUUID returns a random UUID of version 4.
func (s *Server) newUUID() string {
	b := s.bytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	text := hex.EncodeToString(b)
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}
