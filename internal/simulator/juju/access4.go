package juju

// What 4.x does otherwise about access: users have to be active, a revoke of
// what is not there succeeds, and a model keeps an admin.

// grant4 is the grant of 4.x. An external user becomes known by it.
func (s *Server) grant4(o *object, id userID, level string) error {
	if err := s.active(id); err != nil && id.local() {
		return err
	}
	held := o.explicit(id)
	if held != "" && o.kind.rank(held) >= o.kind.rank(level) {
		return errorf("", "user %q already has %q access or greater", id, level)
	}
	if !id.local() && s.users[id.key()] == nil {
		s.addRecord(&user{id: id, createdBy: s.owner.name, created: s.time()})
	}
	o.set(id, level)
	return nil
}

// revoke4 is the revoke of 4.x.
func (s *Server) revoke4(o *object, id userID, level string) error {
	if err := s.active(id); err != nil {
		return err
	}
	if o.explicit(id) == "" {
		return nil
	}
	at := o.kind.rank(level)
	if s.lastAdmin(o, id) {
		return errorf("", "model would be left without an admin user")
	}
	if at == 0 {
		delete(o.held, id.key())
		return nil
	}
	o.set(id, o.kind.levels[at-1])
	return nil
}

// active refuses users who are unknown, disabled or removed.
func (s *Server) active(id userID) error {
	if u := s.users[id.key()]; u == nil || u.removed || u.disabled {
		return errorf("", "active user %q: user not found", id)
	}
	return nil
}

// lastAdmin reports whether the model o has no admin but the user.
func (s *Server) lastAdmin(o *object, id userID) bool {
	if o.kind != modelKind || o.explicit(id) != "admin" {
		return false
	}
	for key, g := range o.held {
		if g.level != "admin" || key == id.key() {
			continue
		}
		if u := s.users[key]; u == nil || !u.disabled && !u.removed {
			return false
		}
	}
	return true
}

// soleAdmin reports whether some model has no admin but the user.
func (s *Server) soleAdmin(id userID) bool {
	for _, m := range s.models {
		if s.lastAdmin(m.object, id) {
			return true
		}
	}
	return false
}
