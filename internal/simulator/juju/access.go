package juju

import (
	"maps"
	"slices"
)

// kind is a sort of object that users have access to.
type kind struct {
	noun   string
	prefix string   // of tags
	levels []string // low to high
	// prefixed says that every error of a grant begins with the same words,
	// not only those of a first grant.
	prefixed bool
	// membership says that the access of 2.9 and 3.x is a record of its own, in
	// which disabled users are not found.
	membership bool
	// lowered is what a revoke of a higher level is called, by the level that
	// remains.
	lowered map[string]string
}

var (
	controllerKind = &kind{noun: "controller", prefix: "controller-", levels: []string{"login", "superuser"}, prefixed: true, membership: true}
	modelKind      = &kind{noun: "model", prefix: "model-", levels: []string{"read", "write", "admin"}, membership: true}
	offerKind      = &kind{
		noun:    "offer",
		prefix:  "applicationoffer-",
		levels:  []string{"read", "consume", "admin"},
		lowered: map[string]string{"read": "read-only", "consume": "read-consume"},
	}
	cloudKind = &kind{
		noun:     "cloud",
		prefix:   "cloud-",
		levels:   []string{"add-model", "admin"},
		prefixed: true,
		lowered:  map[string]string{"add-model": "add-model"},
	}
)

// rank returns how high a level is; -1 is no level of the kind.
func (k *kind) rank(level string) int { return slices.Index(k.levels, level) }

// object is something that users have access to.
type object struct {
	kind *kind
	id   string           // as in the object's tag
	key  string           // as 2.9 and 3.x name it in errors
	held map[string]grant // by the key of the user
}

// grant is the access of one user to one object.
type grant struct {
	user  userID
	level string
}

func newObject(k *kind, id, key string) *object {
	return &object{kind: k, id: id, key: key, held: map[string]grant{}}
}

func (o *object) tag() string { return o.kind.prefix + o.id }

// set gives a user exactly one level, whatever was there.
func (o *object) set(id userID, level string) { o.held[id.key()] = grant{id, level} }

// sorted returns all access to the object in the order of the users.
func (o *object) sorted() []grant {
	grants := make([]grant, 0, len(o.held))
	for _, key := range slices.Sorted(maps.Keys(o.held)) {
		grants = append(grants, o.held[key])
	}
	return grants
}

// explicit returns the level that the object holds for a user, empty for none.
func (o *object) explicit(id userID) string { return o.held[id.key()].level }

// level returns the level that counts: none for a local user who is disabled
// or gone, and for an external user the higher of the own and everyone's.
func (s *Server) level(o *object, id userID) string {
	own := o.explicit(id)
	if id.local() {
		if u := s.users[id.key()]; u == nil || u.removed || u.disabled {
			return ""
		}
		return own
	}
	if all := o.held[everyone].level; o.kind.rank(all) > o.kind.rank(own) {
		return all
	}
	return own
}

// change is one item of the calls that modify access.
type change struct {
	UserTag string `json:"user-tag"`
	Action  string `json:"action"`
	Access  string `json:"access"`
}

// validLevel refuses a level that the kind does not have.
func (s *Server) validLevel(k *kind, level string) error {
	if k.rank(level) < 0 {
		return errorf(s.release.notValid(), "%q %s access not valid", level, k.noun)
	}
	return nil
}

// modify applies a change that the caller may make. The level is valid.
func (s *Server) modify(o *object, id userID, c change) error {
	switch {
	case s.jaas && id.local():
		return errorf(codeBadRequest, "unsupported local user; if this is a service account add @serviceaccount domain")
	case c.Action == "grant" && s.release.v4():
		return s.grant4(o, id, c.Access)
	case c.Action == "grant":
		return s.grant(o, id, c.Access)
	case c.Action == "revoke" && s.release.v4():
		return s.revoke4(o, id, c.Access)
	case c.Action == "revoke":
		return s.revoke(o, id, c.Access)
	}
	return errorf("", "unknown action %q", c.Action)
}

// grant is the grant of 2.9 and 3.x.
func (s *Server) grant(o *object, id userID, level string) error {
	k := o.kind
	held, known := o.held[id.key()]
	if !known {
		return annotate(s.grantFirst(o, id, level), "could not grant %s access", k.noun)
	}
	err := error(nil)
	if k.membership {
		err = annotate(s.mayHaveAccess(id), "could not look up %s access for user", k.noun)
	}
	if err == nil && k.rank(held.level) >= k.rank(level) {
		err = errorf("", "user already has %q access or greater", level)
	}
	if err == nil {
		o.set(id, level)
		return nil
	}
	if k.prefixed {
		return annotate(err, "could not grant %s access", k.noun)
	}
	return err
}

// grantFirst gives access to a user who has none. The real controller reads
// back what it has stored, which fails for disabled users: the call reports an
// error and the access is there.
func (s *Server) grantFirst(o *object, id userID, level string) error {
	if id.local() {
		if _, err := s.localUser(id); err != nil {
			return annotate(err, "user %q does not exist locally", id.name)
		}
	}
	o.set(id, level)
	if o.kind.membership {
		return s.mayHaveAccess(id)
	}
	return nil
}

// revoke is the revoke of 2.9 and 3.x. Its outcome depends on the level that is
// revoked and not on the one that the user has.
func (s *Server) revoke(o *object, id userID, level string) error {
	k := o.kind
	_, known := o.held[id.key()]
	at := k.rank(level)
	if at == 0 {
		switch {
		case known:
			delete(o.held, id.key())
			return nil
		case k.membership:
			return errorf(codeNotFound, "could not revoke %s access: %s user %q does not exist", k.noun, k.noun, id)
		}
		return annotate(o.noPermission(id), "could not revoke %s access", k.noun)
	}
	remains := k.levels[at-1]
	if k.membership {
		err := s.mayHaveAccess(id)
		if err == nil && !known {
			err = errorf(codeNotFound, "%s user %q not found", k.noun, id)
		}
		if err != nil {
			return annotate(err, "could not look up %s access for user", k.noun)
		}
	} else if !known {
		return annotate(o.noPermission(id), "could not set %s access to %s", k.noun, k.lowered[remains])
	}
	o.set(id, remains)
	return nil
}

// noPermission says that a user has no access to an offer or cloud.
func (o *object) noPermission(id userID) error {
	return errorf(codeNotFound, "user permission for %q on %q not found", "us#"+id.key(), o.key)
}

// mayHaveAccess refuses local users who are disabled, removed or unknown.
func (s *Server) mayHaveAccess(id userID) error {
	if !id.local() {
		return nil
	}
	u, err := s.localUser(id)
	if err == nil && u.disabled {
		return errorf("", "user %q is disabled", id)
	}
	return err
}
