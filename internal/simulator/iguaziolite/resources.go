package iguaziolite

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// object is a JSON object that is answered.
type object map[string]any

// attributes are those of a resource, as they came.
type attributes map[string]any

// resource is a user, group, project or role.
type resource struct {
	kind, id   string
	attributes attributes
	related    map[string][]string // the IDs that a relationship leads to
	single     map[string]bool     // relationships that lead to one
}

func (s *Server) make(kind string, a attributes) *resource {
	return &resource{kind: kind, id: s.newID(), attributes: a, related: map[string][]string{}, single: map[string]bool{}}
}

func (s *Server) newID() string {
	s.serial++
	return fmt.Sprintf("00000000-0000-4000-8000-%012d", s.serial)
}

func cookieOf(id string) string { return url.QueryEscape(`j:{"sid":"` + id + `"}`) }

func answer(w http.ResponseWriter, status int, body object) {
	body["meta"] = object{"ctx": "12318010767730759990"}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // it holds what came as JSON; the client's side reports what is missing
}

func fail(w http.ResponseWriter, status int, detail string) {
	answer(w, status, object{"errors": []object{{"status": status, "detail": detail}}})
}

// kinds are what relationships lead to.
var kinds = map[string]string{
	"user_groups": "user_group", "primary_group": "user_group", "principal_user_groups": "user_group",
	"users": "user", "principal_users": "user", "project_authorization_roles": "project_authorization_role",
}

// view renders resources with what is asked for by include.
type view struct {
	server   *Server
	included []object
}

func (v *view) render(r *resource, include []string) object {
	shown := object{}
	for name, value := range r.attributes {
		if name != "password" {
			shown[name] = value
		}
	}
	rendered := object{"type": r.kind, "id": r.id, "attributes": shown}
	relationships := object{}
	for _, path := range include {
		name, rest, deeper := strings.Cut(path, ".")
		var further []string
		if deeper {
			further = []string{rest}
		}
		if data := v.relate(r, name, further); data != nil {
			relationships[name] = object{"data": data}
		}
	}
	if len(relationships) > 0 { // absent if nothing is related
		rendered["relationships"] = relationships
	}
	return rendered
}

// relate returns the data of a relationship and includes what it leads to.
func (v *view) relate(r *resource, name string, further []string) any {
	ids := r.related[name]
	if r.kind == "user_group" && name == "users" {
		ids = v.server.membersOf(r.id)
	}
	var data []object
	for _, id := range ids {
		data = append(data, object{"type": kinds[name], "id": id})
		v.include(id, further)
	}
	switch {
	case len(data) == 0:
		return nil
	case r.single[name]:
		return data[0]
	default:
		return data
	}
}

// include adds a resource, once for all that is asked for of it.
func (v *view) include(id string, further []string) {
	r := v.server.find(id)
	if r == nil {
		return
	}
	rendered := v.render(r, further)
	i := slices.IndexFunc(v.included, func(o object) bool { return o["id"] == id })
	if i < 0 {
		v.included = append(v.included, rendered)
		return
	}
	more, _ := rendered["relationships"].(object)
	there, _ := v.included[i]["relationships"].(object)
	if there == nil {
		there = object{}
	}
	maps.Copy(there, more)
	if len(there) > 0 {
		v.included[i]["relationships"] = there
	}
}

func (s *Server) find(id string) *resource {
	for _, list := range [][]*resource{s.users, s.groups, s.roles, s.projects} {
		for _, r := range list {
			if r.id == id {
				return r
			}
		}
	}
	return nil
}

func (s *Server) membersOf(group string) []string {
	var ids []string
	for _, u := range s.users {
		if slices.Contains(u.related["user_groups"], group) {
			ids = append(ids, u.id)
		}
	}
	return ids
}

func (s *Server) show(w http.ResponseWriter, status int, r *resource, include []string) {
	v := &view{server: s, included: []object{}}
	data := v.render(r, include)
	answer(w, status, object{"data": data, "included": v.included})
}

// list shows the page of a list that is asked for, of those that pass all
// filters. Of the operators it knows "ne".
func (s *Server) list(w http.ResponseWriter, query url.Values, all []*resource) {
	rows := slices.DeleteFunc(slices.Clone(all), func(r *resource) bool {
		for name, values := range query {
			field, isFilter := strings.CutPrefix(name, "filter[")
			if isFilter && !passes(fmt.Sprint(r.attributes[strings.TrimSuffix(field, "]")]), values[0]) {
				return true
			}
		}
		return false
	})
	if size, err := strconv.Atoi(query.Get("page[size]")); err == nil {
		number, _ := strconv.Atoi(query.Get("page[number]"))
		rows = rows[min(len(rows), number*size):min(len(rows), (number+1)*size)]
	}
	v, data := &view{server: s, included: []object{}}, []object{}
	for _, r := range rows {
		data = append(data, v.render(r, includes(query)))
	}
	answer(w, http.StatusOK, object{"data": data, "included": v.included})
}

func passes(value, filter string) bool {
	if other, negated := strings.CutPrefix(filter, "[$ne]"); negated {
		return value != other
	}
	return value == filter
}

func includes(query url.Values) []string {
	if text := query.Get("include"); text != "" {
		return strings.Split(text, ",")
	}
	return nil
}
