package juju

import (
	"bytes"
	"slices"
)

// BlockChanges switches the change block on. An empty message stands for the
// controller's own words.
func (s *Server) BlockChanges(message string) {
	if message == "" {
		message = "the operation has been blocked"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blocked = message
}

// UnblockChanges switches the change block off.
func (s *Server) UnblockChanges() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blocked = ""
}

// SetCondition puts the controller into a condition.
func (s *Server) SetCondition(condition Condition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = condition
}

// UserIDs returns the IDs of the users that the controller knows and has not
// removed, in order.
func (s *Server) UserIDs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := []string{}
	for _, u := range s.order {
		if !u.removed {
			ids = append(ids, u.id.String())
		}
	}
	slices.Sort(ids)
	return ids
}

// User returns a user as they are, and whether they exist.
func (s *Server) User(name string) (User, bool) {
	id := mustUserID(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users[id.key()]
	if u == nil || u.removed {
		return User{}, false
	}
	found := User{
		Name:        u.id.String(),
		DisplayName: u.displayName,
		Password:    u.password,
		SecretKey:   bytes.Clone(u.secretKey),
		Access:      s.controller.explicit(id),
		CreatedBy:   u.createdBy,
		Created:     u.created,
		Disabled:    u.disabled,
	}
	if u.lastConnection != nil {
		found.LastConnection = *u.lastConnection
	}
	return found, true
}

// ControllerAccess returns the level that a user has on the controller, empty
// for none.
func (s *Server) ControllerAccess(name string) string {
	return s.held(name, func() *object { return s.controller })
}

// ModelAccess returns the level that a user has on a model, empty for none.
func (s *Server) ModelAccess(uuid, name string) string {
	return s.held(name, func() *object {
		if m := s.findModel(uuid); m != nil {
			return m.object
		}
		return nil
	})
}

// OfferAccess returns the level that a user has on an offer, empty for none.
func (s *Server) OfferAccess(uuid, name string) string {
	return s.held(name, func() *object {
		for _, o := range s.offers {
			if o.uuid == uuid {
				return o.object
			}
		}
		return nil
	})
}

// CloudAccess returns the level that a user has on a cloud, empty for none.
func (s *Server) CloudAccess(cloudName, name string) string {
	return s.held(name, func() *object {
		if c := s.findCloud(cloudName); c != nil {
			return c.object
		}
		return nil
	})
}

func (s *Server) held(name string, find func() *object) string {
	id := mustUserID(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	o := find()
	if o == nil {
		return ""
	}
	return o.explicit(id)
}

// FinishDestroying removes the models that are being destroyed, with their
// offers.
func (s *Server) FinishDestroying() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.models = slices.DeleteFunc(s.models, func(m *model) bool { return m.life != "alive" })
	s.offers = slices.DeleteFunc(s.offers, func(o *offer) bool { return !slices.Contains(s.models, o.model) })
}
