package cognitestub

import (
	"encoding/json"
	"net/http"
	"slices"
)

// group is a group of principals.
type group struct {
	ID           int64             `json:"id"`
	Name         string            `json:"name"`
	SourceID     string            `json:"sourceId,omitempty"`
	Members      json.RawMessage   `json:"members,omitempty"`
	Capabilities []json.RawMessage `json:"capabilities,omitempty"`
	Metadata     map[string]string `json:"metadata,omitempty"`
	Attributes   json.RawMessage   `json:"attributes,omitempty"`
	IsDeleted    bool              `json:"isDeleted"`
	DeletedTime  int64             `json:"deletedTime"`
}

func (s *Server) listGroups(in request) reply {
	if first(in.query["all"], "false") != "true" {
		return ok[group]() // the one principal is in none
	}
	return ok(s.groups...)
}

func (s *Server) createGroup(in request) reply {
	list := items[group](in, 1000)
	if list == nil || slices.ContainsFunc(list, func(g group) bool { return g.Name == "" }) {
		return failed(http.StatusBadRequest, "items must hold groups with names")
	}
	for i := range list {
		list[i].ID, list[i].DeletedTime = s.next(), -1
	}
	s.groups = append(s.groups, list...)
	created := ok(list...)
	created.status = http.StatusCreated
	return created
}

func (s *Server) deleteGroups(in request) reply {
	var missing []anyRef
	ids := items[int64](in, 1000)
	for _, id := range ids {
		if !slices.ContainsFunc(s.groups, func(g group) bool { return g.ID == id }) {
			missing = append(missing, anyRef{ID: id})
		}
	}
	if len(missing) > 0 || len(ids) == 0 {
		return notFound(missing...)
	}
	s.groups = slices.DeleteFunc(s.groups, func(g group) bool { return slices.Contains(ids, g.ID) })
	return reply{http.StatusOK, struct{}{}}
}
