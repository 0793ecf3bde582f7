package iguazio

import "slices"

// record is a resource that is kept in a store.
type record interface {
	comparable

	// reference returns type and ID.
	reference() ref
	// name returns what identifies the record to people, or "".
	name() string
}

// store keeps records of one type in the order of their creation.
type store[R record] struct {
	order  []R
	byID   map[string]R
	byName map[string]R
}

func newStore[R record]() *store[R] {
	return &store[R]{byID: map[string]R{}, byName: map[string]R{}}
}

// add stores a record. It does not look whether the name is taken.
func (s *store[R]) add(r R) {
	s.order = append(s.order, r)
	s.byID[r.reference().ID] = r
	s.byName[r.name()] = r
}

// renamed notes that the name of a record was different before.
func (s *store[R]) renamed(r R, before string) {
	delete(s.byName, before)
	s.byName[r.name()] = r
}

// remove drops a record; one that is not there is no error.
func (s *store[R]) remove(r R) {
	if at := slices.Index(s.order, r); at >= 0 {
		s.order = slices.Delete(s.order, at, at+1)
		delete(s.byID, r.reference().ID)
		delete(s.byName, r.name())
	}
}

// known returns those of ids that exist, each once and in order.
func (s *store[R]) known(ids []string) []string {
	var known []string
	for _, id := range ids {
		if _, ok := s.byID[id]; ok && !slices.Contains(known, id) {
			known = append(known, id)
		}
	}
	return known
}
