package usermgmt

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// memoryState is all that the embedded backend knows. A record is never
// changed once it is in a table, only replaced, so whoever holds one can read
// it without a lock. Slices in records are sorted, without repetitions, and
// nil if empty.
type memoryState struct {
	administrator string
	projectRoles  []string // the lowest first

	users    map[string]*memoryUser
	roles    map[string]*RoleDefinition
	groups   map[string]*Group
	projects map[string]*memoryProject
}

// memoryUser is a user as it is kept: EffectiveRoles are nil, they are worked
// out when the user is shown.
type memoryUser struct {
	User

	password Secret // the hash of the password, empty if there is none
}

// memoryProject is a project with its members, sorted by kind and name.
type memoryProject struct {
	Project

	members []ProjectMember
}

func newMemoryState(administrator string, projectRoles []string) *memoryState {
	return &memoryState{
		administrator: administrator,
		projectRoles:  projectRoles,
		users:         map[string]*memoryUser{},
		roles:         map[string]*RoleDefinition{},
		groups:        map[string]*Group{},
		projects:      map[string]*memoryProject{},
	}
}

// lacksProjectRole returns a role that a member of a project has and that is
// not among roles, "" if there is none.
func (s *memoryState) lacksProjectRole(roles []string) string {
	for _, project := range s.projects {
		for _, member := range project.members {
			if !slices.Contains(roles, member.Role) {
				return member.Role
			}
		}
	}
	return ""
}

// begin returns a view of the state in which changes can be staged.
func (s *memoryState) begin() *memoryTx {
	return &memoryTx{
		administrator: s.administrator,
		projectRoles:  s.projectRoles,
		now:           time.Now().UTC().Round(0), // without the reading of the monotonic clock, which no file keeps
		users:         memoryStage[memoryUser]{base: s.users},
		roles:         memoryStage[RoleDefinition]{base: s.roles},
		groups:        memoryStage[Group]{base: s.groups},
		projects:      memoryStage[memoryProject]{base: s.projects},
	}
}

// memoryTx is a view of the state with changes that nobody else sees before
// they are applied.
type memoryTx struct {
	administrator string
	projectRoles  []string
	now           time.Time

	users    memoryStage[memoryUser]
	roles    memoryStage[RoleDefinition]
	groups   memoryStage[Group]
	projects memoryStage[memoryProject]
}

// staged reports whether there is anything to apply.
func (tx *memoryTx) staged() bool {
	return len(tx.users.changed)+len(tx.roles.changed)+len(tx.groups.changed)+len(tx.projects.changed) > 0
}

// apply makes the staged changes part of the state.
func (tx *memoryTx) apply() {
	tx.users.apply()
	tx.roles.apply()
	tx.groups.apply()
	tx.projects.apply()
}

// memoryStage is a table of records by name with changes on top.
type memoryStage[T any] struct {
	base    map[string]*T
	changed map[string]*T // nil for what is deleted
}

// get returns a record, nil if there is none.
func (s *memoryStage[T]) get(name string) *T {
	if record, changed := s.changed[name]; changed {
		return record
	}
	return s.base[name]
}

// find is get for a record that has to be there; resource is what to call it
// in the error.
func (s *memoryStage[T]) find(resource, name string) (*T, error) {
	if record := s.get(name); record != nil {
		return record, nil
	}
	missing := fault.New(fault.NotFound, "%s %q does not exist", resource, name)
	missing.Resource, missing.Name = resource, name
	return nil, missing
}

// vacant fails if there is a record of that name.
func (s *memoryStage[T]) vacant(resource, name string) error {
	if s.get(name) == nil {
		return nil
	}
	return fault.New(fault.AlreadyExists, "%s %q already exists", resource, name)
}

func (s *memoryStage[T]) put(name string, record *T) {
	if s.changed == nil {
		s.changed = map[string]*T{}
	}
	s.changed[name] = record
}

func (s *memoryStage[T]) remove(name string) { s.put(name, nil) }

// all returns the table as it is with the changes.
func (s *memoryStage[T]) all() map[string]*T {
	all := maps.Clone(s.base)
	merge(all, s.changed)
	return all
}

func (s *memoryStage[T]) apply() { merge(s.base, s.changed) }

func merge[T any](table, changed map[string]*T) {
	for name, record := range changed {
		if record == nil {
			delete(table, name)
		} else {
			table[name] = record
		}
	}
}

// createUser stages a new user.
func (tx *memoryTx) createUser(user memoryUser) {
	user.CreatedAt, user.UpdatedAt = tx.now, tx.now
	tx.users.put(user.Name, &user)
}

// updateUser stages a user that exists, unless it is as it was.
func (tx *memoryTx) updateUser(user memoryUser) {
	if reflect.DeepEqual(*tx.users.get(user.Name), user) {
		return
	}
	user.UpdatedAt = tx.now
	tx.users.put(user.Name, &user)
}

// changeUser stages a change of a user.
func (tx *memoryTx) changeUser(name string, change func(user *memoryUser) error) error {
	found, err := tx.users.find("user", name)
	if err != nil {
		return err
	}
	user := *found
	if err := change(&user); err != nil {
		return err
	}
	tx.updateUser(user)
	return nil
}

// rolesExist fails if one of the roles is not defined.
func (tx *memoryTx) rolesExist(roles []Role) error {
	for _, role := range roles {
		if _, err := tx.roles.find("role", role.Name); err != nil {
			return err
		}
	}
	return nil
}

// groupsExist fails if one of the groups does not exist.
func (tx *memoryTx) groupsExist(groups []string) error {
	for _, group := range groups {
		if _, err := tx.groups.find("group", group); err != nil {
			return err
		}
	}
	return nil
}

// memberExists fails if there is no such user or group.
func (tx *memoryTx) memberExists(member Member) error {
	if member.Kind == KindGroup {
		return tx.groupsExist([]string{member.Name})
	}
	_, err := tx.users.find("user", member.Name)
	return err
}

// show returns a user for the caller to keep.
func (tx *memoryTx) show(user *memoryUser) User {
	shown := user.User
	shown.Roles, shown.Groups = slices.Clone(user.Roles), slices.Clone(user.Groups)
	effective := slices.Clone(user.Roles)
	for _, group := range user.Groups {
		effective = append(effective, tx.groups.get(group).Roles...)
	}
	shown.EffectiveRoles = append([]Role{}, sortRoles(effective)...) // nil would mean that we do not know
	return shown
}

// showGroup returns a group for the caller to keep.
func showGroup(group *Group) Group {
	shown := *group
	shown.Roles = slices.Clone(group.Roles)
	return shown
}

// projectRole returns the highest role that a user has in a project, by itself
// or through its groups, "" if none.
func (tx *memoryTx) projectRole(project *memoryProject, user *memoryUser) string {
	highest := -1
	consider := func(member Member) {
		if i, found := project.find(member); found {
			highest = max(highest, slices.Index(tx.projectRoles, project.members[i].Role))
		}
	}
	consider(UserMember(user.Name))
	for _, group := range user.Groups {
		consider(GroupMember(group))
	}
	if highest < 0 {
		return ""
	}
	return tx.projectRoles[highest]
}

// find returns where a member stands, or would stand, among the members.
func (p *memoryProject) find(member Member) (i int, found bool) {
	return slices.BinarySearchFunc(p.members, member, func(m ProjectMember, wanted Member) int {
		return compareMembers(m.Member, wanted)
	})
}

// with returns the project with a member that has exactly the given role.
func (p *memoryProject) with(member Member, role string) *memoryProject {
	changed := p.without(member)
	i, _ := changed.find(member)
	changed.members = slices.Insert(changed.members, i, ProjectMember{Member: member, Role: role})
	return changed
}

// without returns the project without a member.
func (p *memoryProject) without(member Member) *memoryProject {
	changed := *p
	changed.members = slices.DeleteFunc(slices.Clone(p.members), func(m ProjectMember) bool { return m.Member == member })
	return &changed
}

// leaveProjects stages that a user or group, which is being deleted, is a
// member of no project and owns none.
func (tx *memoryTx) leaveProjects(member Member) {
	for name, project := range tx.projects.all() {
		_, found := project.find(member)
		owns := member == UserMember(project.Owner)
		if !found && !owns {
			continue
		}
		changed := project.without(member)
		if owns {
			changed.Owner = ""
		}
		tx.projects.put(name, changed)
	}
}

func compareMembers(a, b Member) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name))
}

// sortNames returns the names sorted and without repetitions, nil if there are
// none. The slice that is passed in stays as it is.
func sortNames(names []string) []string {
	if len(names) == 0 {
		return nil
	}
	return slices.Compact(slices.Sorted(slices.Values(names)))
}

// without returns the items but for some; the slice that is passed in stays as
// it is. None become nil.
func without[T comparable](items []T, drop func(T) bool) []T {
	var kept []T
	for _, item := range items {
		if !drop(item) {
			kept = append(kept, item)
		}
	}
	return kept
}
