package iguazio

import (
	"net/http"
	"slices"
	"time"
)

// defaultKeyTTL is how long an access key lives, in seconds.
const defaultKeyTTL = 315360000

// shown returns the attributes of an access key.
func (s *session) shown() attributes { return s.attributes }

// ownKeys returns the access keys of the caller.
func (s *Server) ownKeys(c call) []*session {
	return slices.DeleteFunc(slices.Clone(s.keys.order), func(key *session) bool { return key.owner != c.caller })
}

// listAccessKeys serves GET /api/access_keys: those of the caller.
func (s *Server) listAccessKeys(c call) (*answer, error) { return list(s, c, s.ownKeys(c)) }

// getAccessKey serves GET /api/access_keys/<id>.
func (s *Server) getAccessKey(c call) (*answer, error) {
	key, err := s.findAccessKey(c)
	if err != nil {
		return nil, err
	}
	return s.show(c, key), nil
}

// deleteAccessKey serves DELETE /api/access_keys/<id>.
func (s *Server) deleteAccessKey(c call) (*answer, error) {
	key, err := s.findAccessKey(c)
	if err != nil {
		return nil, err
	}
	s.keys.remove(key)
	delete(s.sessions, key.id)
	return &answer{status: http.StatusNoContent}, nil
}

// findAccessKey returns the access key of the caller that a path names. The
// error does not repeat the ID, which is a secret.
func (s *Server) findAccessKey(c call) (*session, error) {
	key := s.keys.byID[c.params[0]]
	if key == nil || key.owner != c.caller {
		return nil, errorf(http.StatusNotFound, "Access key was not found")
	}
	return key, nil
}

// createAccessKey serves POST /api/access_keys.
func (s *Server) createAccessKey(c call) (*answer, error) {
	in, err := c.decode("access_key")
	if err != nil {
		return nil, err
	}
	if _, given := in.Attributes["ttl"]; given && read[int64](in.Attributes, "ttl") <= 0 {
		return nil, errorf(http.StatusBadRequest, "Invalid value of attribute ttl")
	}
	key := s.addAccessKey("", c.caller, in.Attributes)
	return one(http.StatusCreated, plain(key)), nil
}

// ensureAccessKey serves POST /api/self/get_or_create_access_key: a key of the
// caller with that label and those planes, which is made if there is none.
func (s *Server) ensureAccessKey(c call) (*answer, error) {
	in, err := c.decode("access_key")
	if err != nil {
		return nil, err
	}
	planes := read[[]string](in.Attributes, "planes")
	for _, key := range s.ownKeys(c) {
		lacks := func(plane string) bool { return !slices.Contains(key.planes, plane) }
		if key.attributes.text("label") == in.Attributes.text("label") && !slices.ContainsFunc(planes, lacks) {
			return one(http.StatusOK, plain(key)), nil
		}
	}
	return s.createAccessKey(c)
}

// addAccessKey stores a new access key. An empty ID stands for a new one, and
// no planes stand for both.
func (s *Server) addAccessKey(id string, owner *user, given attributes) *session {
	a := attributes{}
	a.merge(given)
	setDefault(a, "planes", []string{dataPlane, controlPlane})
	setDefault(a, "label", "")
	setDefault(a, "ttl", int64(defaultKeyTTL))
	ttl := read[int64](a, "ttl")
	if id == "" {
		id = s.newID("access_key")
	}
	key := &session{
		id: id, owner: owner, planes: read[[]string](a, "planes"), expires: s.time().Add(time.Duration(ttl) * time.Second), attributes: a,
	}
	set(a, "tenant_id", s.tenantID)
	set(a, "created_at", s.timestamp())
	set(a, "updated_at", s.timestamp())
	set(a, "group_ids", append([]string{}, owner.groups...))
	set(a, "gids", []string{})
	set(a, "expires_at", key.expires.Unix())
	set(a, "interface_kind", "web")
	set(a, "kind", "accessKey")
	a["uid"] = owner.attributes["uid"]
	s.keys.add(key)
	s.sessions[id] = key
	return key
}
