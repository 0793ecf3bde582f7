package couchbase

// bucket is a bucket with its scopes.
type bucket struct {
	uuid   string
	scopes map[string]*scope
}

// scope is a scope with the IDs of its collections.
type scope struct {
	id          string
	collections map[string]string
}

// AddBucket creates a bucket with scopes and their collections. A bucket of
// that name is replaced, and the roles on it are gone for good.
func (s *Server) AddBucket(name string, scopes map[string][]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := &bucket{uuid: s.newUUID(), scopes: map[string]*scope{}}
	s.buckets[name] = b
	s.addScope(b, "_default", "_default")
	for scopeName, collections := range scopes {
		s.addScope(b, scopeName, collections...)
	}
}

func (s *Server) addScope(b *bucket, name string, collections ...string) {
	created := &scope{id: s.newID(), collections: map[string]string{}}
	for _, collection := range collections {
		created.collections[collection] = s.newID()
	}
	b.scopes[name] = created
}

// DropBucket deletes a bucket, and with it all roles on it.
func (s *Server) DropBucket(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.buckets, name)
}

// DropScope deletes a scope, and with it all roles on it.
func (s *Server) DropScope(bucketName, scopeName string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.buckets[bucketName]; b != nil {
		delete(b.scopes, scopeName)
	}
}

// DropCollection deletes a collection, and with it all roles on it.
func (s *Server) DropCollection(bucketName, scopeName, collection string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.buckets[bucketName]; b != nil && b.scopes[scopeName] != nil {
		delete(b.scopes[scopeName].collections, collection)
	}
}

// idOf returns the ID of a bucket, of a scope in it or of a collection in that,
// and whether it exists.
func (s *Server) idOf(path []string) (string, bool) {
	b := s.buckets[path[0]]
	if b == nil {
		return "", false
	}
	if len(path) == 1 {
		return b.uuid, true
	}
	in := b.scopes[path[1]]
	if in == nil {
		return "", false
	}
	if len(path) == 2 {
		return in.id, true
	}
	id, ok := in.collections[path[2]]
	return id, ok
}
