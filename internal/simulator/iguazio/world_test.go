package iguazio_test

import (
	"slices"
	"testing"

	"github.com/usermgmt/usermgmt/internal/simulator/iguazio"
)

// seeds turns what was seen into what to store.
func (w *world) seeds(t *testing.T) {
	t.Helper()
	for _, r := range w.needed {
		w.observeResource(t, r)
	}
	names := map[string]string{}
	for _, r := range w.seen {
		names[r.ID] = r.text(t, "name") + r.text(t, "username")
		switch {
		case r.Type == "user_group" && names[r.ID] == "all_users":
			w.opts.AllUsersID = r.ID
		case r.Type == "user" && names[r.ID] == "admin":
			w.opts.AdminID = r.ID
		}
	}
	named := func(ids []string) []string {
		var known []string
		for _, id := range ids {
			if name := names[id]; name != "" && name != "all_users" {
				known = append(known, name)
			}
		}
		return known
	}
	for _, r := range w.seen {
		switch {
		case names[r.ID] == "all_users" || names[r.ID] == "admin":
		case r.Type == "user_group":
			w.groups = append(w.groups, iguazio.Group{ID: r.ID, Name: names[r.ID], Attributes: r.Attributes})
		case r.Type == "user":
			u := iguazio.User{ID: r.ID, Username: names[r.ID], Groups: named(r.ids(t, "user_groups")), Attributes: r.Attributes}
			if primary := named(r.ids(t, "primary_group")); len(primary) > 0 {
				u.PrimaryGroup = primary[0]
				if !slices.Contains(u.Groups, u.PrimaryGroup) {
					u.Groups = append(u.Groups, u.PrimaryGroup)
				}
			}
			for _, g := range w.seen {
				if g.Type == "user_group" && slices.Contains(g.ids(t, "users"), r.ID) {
					u.Groups = append(u.Groups, names[g.ID])
				}
			}
			w.users = append(w.users, u)
		case r.Type == "project":
			w.projects = append(w.projects, w.project(t, r, named))
		}
	}
}

// project returns a project to store. The IDs of its roles are made up next.
func (w *world) project(t *testing.T, r *recorded, named func([]string) []string) iguazio.Project {
	t.Helper()
	p := iguazio.Project{ID: r.ID, Name: r.text(t, "name"), Attributes: r.Attributes}
	for _, id := range r.ids(t, "project_authorization_roles") {
		role := w.byID[id]
		w.newIDs[role.Type] = append(w.newIDs[role.Type], id)
		for _, name := range named(role.ids(t, "principal_users")) {
			p.Members = append(p.Members, iguazio.Member{Role: role.text(t, "name"), User: name})
		}
		for _, name := range named(role.ids(t, "principal_user_groups")) {
			p.Members = append(p.Members, iguazio.Member{Role: role.text(t, "name"), Group: name})
		}
	}
	return p
}

// start starts a system in the state of w, with an access key of the caller.
func (w *world) start(t *testing.T, key string) server {
	t.Helper()
	if w.opts.AdminID == "" {
		w.opts.AdminID = "the administrator"
	}
	if w.opts.AllUsersID == "" {
		w.opts.AllUsersID = "the group of all users"
	}
	jobIDs := w.newIDs["job"]
	w.opts.NewID = func(resourceType string) string {
		left := w.newIDs[resourceType]
		if len(left) == 0 {
			return ""
		}
		w.newIDs[resourceType] = left[1:]
		return left[0]
	}
	s := bare(t, w.opts)
	for _, g := range w.groups {
		s.SeedGroup(g)
	}
	for _, u := range w.users {
		s.SeedUser(u)
	}
	for _, p := range w.projects {
		s.SeedProject(p)
	}
	if w.caller != "" && w.caller != "admin" {
		s.SeedUser(iguazio.User{Username: w.caller, Policies: w.policies})
	}
	if w.caller != "" && key != "" {
		s.SeedAccessKey(key, w.caller)
	}
	for _, id := range jobIDs {
		s.ScriptNext(w.kinds[id], *w.scripts[id])
	}
	s.Inject(w.faults...)
	return s
}
