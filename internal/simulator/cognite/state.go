package cognite

import (
	"fmt"
	"slices"
)

// Project is a project on the server: the means of a test to prepare and look
// at its state.
type Project struct {
	server *Server
	name   string

	organization string
	users        *collection[string, *userState]
	sessions     *collection[int64, *Session]
	nonces       map[string]int64 // the sessions that unused nonces bind
	groups       *collection[int64, Group]
	profiles     *collection[string, UserProfile]
}

// Project returns the project of that name. It is created if there is none.
func (s *Server) Project(name string) *Project {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.projects[name]; ok {
		return known
	}
	p := &Project{
		server:   s,
		name:     name,
		users:    newCollection[string, *userState](),
		sessions: newCollection[int64, *Session](),
		nonces:   map[string]int64{},
		groups:   newCollection[int64, Group](),
		profiles: newCollection[string, UserProfile](),
	}
	s.projects[name] = p
	return p
}

// SeedOrganization makes the projects part of an organization and stores its
// principals.
func (s *Server) SeedOrganization(name string, projects []string, principals ...OrgPrincipal) {
	for _, project := range projects {
		p := s.Project(project)
		s.mu.Lock()
		p.organization = name
		s.mu.Unlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	members := newCollection[string, OrgPrincipal]()
	for _, principal := range principals {
		members.put(principal.ID, principal)
	}
	s.orgs[name] = members
}

// SeedUsers stores users, unchecked. A user of the same name is replaced.
func (p *Project) SeedUsers(users ...User) {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	for _, u := range users {
		p.users.put(u.Username, newUserState(u))
	}
}

// SeedManyUsers stores n users without sessions and returns their names, which
// are numbered from "pg_00000".
func (p *Project) SeedManyUsers(n int) []string {
	names := make([]string, n)
	users := make([]User, n)
	for i := range n {
		names[i] = fmt.Sprintf("pg_%05d", i)
		users[i] = User{Username: names[i], CreatedTime: p.server.now(), LastUpdatedTime: p.server.now()}
	}
	p.SeedUsers(users...)
	return names
}

// SeedSession stores a session, unchecked. The nonce binds it while it is
// Ready; an empty one does not.
func (p *Project) SeedSession(session Session, nonce string) {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	p.addSession(session, nonce)
}

// SeedTables stores tables beneath a user, unchecked, so of any type. It panics
// if there is no such user.
func (p *Project) SeedTables(username string, tables ...Table) {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	u, known := p.users.get(username)
	if !known {
		panic(fmt.Sprintf("cognite: seed of tables: user %q does not exist", username))
	}
	for _, t := range tables {
		u.tables.put(t.Name, t)
	}
}

// SeedGroups stores groups under the IDs that they have, unchecked.
func (p *Project) SeedGroups(groups ...Group) {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	for _, g := range groups {
		g.DeletedTime = groupIsNotDeleted
		p.groups.put(g.ID, g)
	}
}

// SeedProfiles stores profiles of persons.
func (p *Project) SeedProfiles(profiles ...UserProfile) {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	for _, profile := range profiles {
		p.profiles.put(profile.Identifier, profile)
	}
}

// Usernames returns the names of all users in the order of their creation.
func (p *Project) Usernames() []string {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	return p.users.keys()
}

// User returns a user and whether there is one of that name.
func (p *Project) User(username string) (User, bool) {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	u, known := p.users.get(username)
	if !known {
		return User{}, false
	}
	return u.User, true
}

// Tablenames returns the names of a user's tables, built-in ones too, in the
// order of their creation. There are none if there is no such user.
func (p *Project) Tablenames(username string) []string {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	u, known := p.users.get(username)
	if !known {
		return nil
	}
	return u.tables.keys()
}

// Sessions returns all sessions in the order of their creation.
func (p *Project) Sessions() []Session {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	p.settleAll()
	sessions := []Session{}
	for _, held := range p.sessions.all() {
		sessions = append(sessions, *held)
	}
	return sessions
}

// GroupIDs returns the IDs of all groups in the order of their creation.
func (p *Project) GroupIDs() []int64 {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	return p.groups.keys()
}

// LoseAccess gives the sessions that are ready or active the state AccessLost:
// those with the given IDs, or all of them, as a change of the project does.
func (p *Project) LoseAccess(ids ...int64) {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	for id, held := range p.sessions.all() {
		if len(ids) == 0 || slices.Contains(ids, id) {
			held.end(AccessLost)
		}
	}
}
