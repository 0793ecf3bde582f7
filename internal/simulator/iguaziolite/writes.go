package iguaziolite

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// collection serves a list of resources and the resources in it. name is the
// attribute that has to be unique.
func (s *Server) collection(w http.ResponseWriter, r *http.Request, list *[]*resource, name string, path []string, body request) {
	if len(path) == 1 {
		switch r.Method {
		case http.MethodGet:
			s.list(w, r.URL.Query(), *list)
		case http.MethodPost:
			s.create(w, list, strings.TrimSuffix(path[0], "s"), name, body)
		default:
			fail(w, http.StatusMethodNotAllowed, "Method is not allowed")
		}
		return
	}
	found := s.find(path[1])
	if found == nil || !slices.Contains(*list, found) {
		fail(w, http.StatusNotFound, path[1]+" was not found")
		return
	}
	switch r.Method {
	case http.MethodGet:
		s.show(w, http.StatusOK, found, includes(r.URL.Query()))
	case http.MethodPut:
		s.update(w, found, body)
	case http.MethodDelete:
		s.remove(w, list, found)
	default:
		fail(w, http.StatusMethodNotAllowed, "Method is not allowed")
	}
}

func (s *Server) create(w http.ResponseWriter, list *[]*resource, kind, name string, body request) {
	a := body.Data.Attributes
	if slices.ContainsFunc(*list, func(r *resource) bool { return r.attributes[name] == a[name] }) {
		fail(w, http.StatusConflict, fmt.Sprintf("%s with %s %v already exists", kind, name, a[name]))
		return
	}
	if !s.knowsPolicies(w, a) {
		return
	}
	r := s.make(kind, a)
	*list = append(*list, r)
	s.relate(r, body)
	shown := (&view{server: s}).render(r, nil)
	if kind == "user" {
		a["admin_status"], a["operational_status"], a["created_at"] = "up", "down", created
		job := s.newJob(func() {
			a["operational_status"] = "up"
			r.related["user_groups"] = append(r.related["user_groups"], s.groups[0].id)
		})
		shown = (&view{server: s}).render(r, nil)
		shown["relationships"] = object{"jobs": object{"data": []object{job}}}
	}
	answer(w, http.StatusCreated, object{"data": shown, "included": []object{}})
}

// update merges attributes and replaces the relationships that are named. The
// answer is not the resource.
func (s *Server) update(w http.ResponseWriter, r *resource, body request) {
	if !s.knowsPolicies(w, body.Data.Attributes) {
		return
	}
	maps.Copy(r.attributes, body.Data.Attributes)
	s.relate(r, body)
	answer(w, http.StatusOK, object{"data": object{"type": r.kind, "id": r.id}, "included": []object{}})
}

// relate replaces the relationships of a resource that a request names.
func (s *Server) relate(r *resource, body request) {
	for name, relationship := range body.Data.Relationships {
		r.related[name], r.single[name] = readRefs(relationship.Data)
	}
}

// readRefs returns the IDs of a relationship, and whether it leads to one.
// Null and empty IDs stand for none.
func readRefs(data json.RawMessage) (ids []string, single bool) {
	type ref struct {
		ID string `json:"id"`
	}
	var list []ref
	if json.Unmarshal(data, &list) != nil {
		list, single = make([]ref, 1), true
		_ = json.Unmarshal(data, &list[0]) // else it leads nowhere
	}
	for _, r := range list {
		if r.ID != "" {
			ids = append(ids, r.ID)
		}
	}
	return ids, single
}

func (s *Server) knowsPolicies(w http.ResponseWriter, a attributes) bool {
	list, _ := a["assigned_policies"].([]any)
	for _, policy := range list {
		if !slices.Contains(s.opts.Policies, fmt.Sprint(policy)) {
			fail(w, http.StatusBadRequest, fmt.Sprintf("Policy %v does not exist", policy))
			return false
		}
	}
	return true
}

// remove deletes a resource at once and leaves the rest to a job.
func (s *Server) remove(w http.ResponseWriter, list *[]*resource, gone *resource) {
	if gone.attributes["system_provided"] == true {
		fail(w, http.StatusForbidden, "System provided group can not be deleted")
		return
	}
	*list = slices.DeleteFunc(*list, func(r *resource) bool { return r == gone })
	for _, r := range slices.Concat(s.users, s.roles) {
		for name, ids := range r.related {
			r.related[name] = slices.DeleteFunc(ids, func(id string) bool { return id == gone.id })
		}
	}
	answer(w, http.StatusAccepted, object{"data": object{
		"type": "deletion_response", "relationships": object{"jobs": object{"data": []object{s.newJob(nil)}}},
	}})
}

// change begins a job that replaces the members of roles.
func (s *Server) change(w http.ResponseWriter, body request) {
	var requests []struct {
		Resource string  `json:"resource"`
		Body     request `json:"body"`
	}
	text, err := json.Marshal(body.Data.Attributes["requests"])
	if err != nil || json.Unmarshal(text, &requests) != nil {
		fail(w, http.StatusBadRequest, "There are no requests")
		return
	}
	answer(w, http.StatusAccepted, object{"data": s.newJob(func() {
		for _, r := range requests {
			if role := s.find(strings.TrimPrefix(r.Resource, "project_authorization_roles/")); role != nil {
				s.relate(role, r.Body)
			}
		}
	})})
}
