package iguazio

import (
	"encoding/json"
	"fmt"
	"slices"
)

// User is a user to store.
type User struct {
	// ID identifies the user; the default is a new ID.
	ID string
	// Username is the name that the user logs in with.
	Username string
	// Password is the password; empty means that there is no login with one.
	Password string
	// Policies are the management policies of the user.
	Policies []string
	// Groups are the names of its groups beside "all_users".
	Groups []string
	// PrimaryGroup is the name of its primary group, one of Groups.
	PrimaryGroup string
	// Disabled sets admin_status to down.
	Disabled bool
	// Pending leaves the user down and out of "all_users" until
	// [Server.MakeOperational].
	Pending bool
	// Predefined keeps the user from being deleted.
	Predefined bool
	// Attributes is a JSON object of further attributes, known or not, which
	// go before everything else that is said of the user.
	Attributes json.RawMessage
}

// Group is a user group to store.
type Group struct {
	// ID identifies the group; the default is a new ID.
	ID string
	// Name is the name of the group.
	Name string
	// Policies are the management policies of its members.
	Policies []string
	// Attributes is a JSON object of further attributes, known or not.
	Attributes json.RawMessage
}

// Project is a project to store.
type Project struct {
	// ID identifies the project; the default is a new ID.
	ID string
	// Name is the name of the project.
	Name string
	// Owner is the name of the user that owns it; the default is "admin".
	Owner string
	// Members are its members.
	Members []Member
	// Filled says that something is in the project.
	Filled bool
	// Attributes is a JSON object of further attributes, known or not.
	Attributes json.RawMessage
}

// Member gives a role in a project to a user or to a group.
type Member struct {
	// Role is the name of the role: "Admin", "Editor" or "Viewer".
	Role string
	// User is the name of a user, or empty.
	User string
	// Group is the name of a group, or empty.
	Group string
}

// SeedUser stores a user and returns its ID. It panics if one of its groups
// does not exist.
func (s *Server) SeedUser(u User) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seedUser(u)
}

// SeedUsers stores n users, the i-th of which is what user returns for i.
func (s *Server) SeedUsers(n int, user func(i int) User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range n {
		s.seedUser(user(i))
	}
}

func (s *Server) seedUser(seed User) string {
	if seed.ID == "" {
		seed.ID = s.newID("user")
	}
	u := &user{
		id: seed.ID, attributes: attributes{}, password: seed.Password, predefined: seed.Predefined, downFor: settled, outFor: settled,
	}
	further := parse(seed.Attributes)
	set(u.attributes, "username", seed.Username)
	set(u.attributes, "first_name", seed.Username)
	set(u.attributes, "last_name", "")
	set(u.attributes, "email", seed.Username+"@example.com")
	set(u.attributes, "assigned_policies", append([]string{}, seed.Policies...))
	if uid, ok := further["uid"]; ok {
		u.attributes["uid"] = uid
	}
	s.completeUser(u)
	if seed.Disabled {
		set(u.attributes, "admin_status", statusDown)
	}
	if seed.Pending {
		set(u.attributes, "operational_status", statusDown)
	} else {
		u.groups = []string{s.allUsers.id}
	}
	u.attributes.merge(further)
	for _, name := range seed.Groups {
		u.groups = append(u.groups, s.mustGroup(name).id)
	}
	if seed.PrimaryGroup != "" {
		u.primary = s.mustGroup(seed.PrimaryGroup).id
	}
	s.users.add(u)
	return u.id
}

// parse reads the further attributes of a seed.
func parse(text json.RawMessage) attributes {
	further := attributes{}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &further); err != nil {
			panic(fmt.Sprintf("iguazio: seed: %v", err))
		}
	}
	return further
}

func (s *Server) mustUser(name string) *user {
	u, ok := s.users.byName[name]
	if !ok {
		panic(fmt.Sprintf("iguazio: seed: there is no user %q", name))
	}
	return u
}

func (s *Server) mustGroup(name string) *group {
	g, ok := s.groups.byName[name]
	if !ok {
		panic(fmt.Sprintf("iguazio: seed: there is no group %q", name))
	}
	return g
}

// seedAllUsers stores the group of all users.
func (s *Server) seedAllUsers() *group {
	id := s.opts.AllUsersID
	if id == "" {
		id = s.newID("user_group")
	}
	g := &group{id: id, attributes: parse([]byte(`{"name":"all_users","description":"All Users","data_access_mode":"disabled",` +
		`"gid":-1,"kind":"local","assigned_policies":[],"system_provided":true}`))}
	s.groups.add(g)
	return g
}

// SeedGroup stores a group and returns its ID.
func (s *Server) SeedGroup(seed Group) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if seed.ID == "" {
		seed.ID = s.newID("user_group")
	}
	g := &group{id: seed.ID, attributes: attributes{}}
	set(g.attributes, "name", seed.Name)
	set(g.attributes, "assigned_policies", append([]string{}, seed.Policies...))
	further := parse(seed.Attributes)
	if gid, ok := further["gid"]; ok {
		g.attributes["gid"] = gid
	}
	s.completeGroup(g)
	g.attributes.merge(further)
	s.groups.add(g)
	return g.id
}

// SeedProject stores a project with its roles and returns its ID. It panics if
// the owner, a member or a role does not exist.
func (s *Server) SeedProject(seed Project) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if seed.Owner == "" {
		seed.Owner = "admin"
	}
	given := parse(seed.Attributes)
	set(given, "name", seed.Name)
	setDefault(given, "operational_status", "online")
	p := s.addProject(seed.ID, "", given)
	s.setOwner(p, s.mustUser(seed.Owner).id)
	p.filled = seed.Filled
	for _, m := range seed.Members {
		r := s.rolesOf(p)[slices.Index(roleNames, m.Role)]
		if m.User != "" {
			r.users = append(r.users, s.mustUser(m.User).id)
		}
		if m.Group != "" {
			r.groups = append(r.groups, s.mustGroup(m.Group).id)
		}
	}
	return p.id
}

// SeedAccessKey stores an access key of a user, for the given planes or, if
// there are none, for both. It panics if the user does not exist.
func (s *Server) SeedAccessKey(key, username string, planes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	given := attributes{}
	if len(planes) > 0 {
		set(given, "planes", planes)
	}
	s.addAccessKey(key, s.mustUser(username), given)
}
