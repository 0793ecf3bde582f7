package usermgmt

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// memoryLoader makes records of the documents in a file and checks that they
// are such as this package would have written: people edit files.
type memoryLoader struct {
	tx *memoryTx
	v  validator
}

// problem returns one of the problems found, "" if there is none.
func (l *memoryLoader) problem() string {
	for _, field := range slices.Sorted(maps.Keys(l.v.fields)) {
		return field + " " + l.v.fields[field]
	}
	return ""
}

func (l *memoryLoader) load(doc memoryDocument) {
	checkProjectRoles(&l.v, "projectRoles", doc.ProjectRoles)
	for i, role := range doc.Roles {
		l.role(indexed("roles", i), role)
	}
	for i, group := range doc.Groups {
		l.group(indexed("groups", i), group)
	}
	for i, user := range doc.Users {
		l.user(indexed("users", i), user)
	}
	for i, project := range doc.Projects {
		l.project(indexed("projects", i), project)
	}
	if administrator := l.tx.users.get(doc.Administrator); administrator == nil || administrator.Disabled {
		l.v.problemf("administrator", "must be the name of a user that is not disabled")
	}
}

func (l *memoryLoader) role(field string, doc memoryRoleDocument) {
	l.name(field, doc.Name, l.tx.roles.get(doc.Name) != nil)
	l.v.description(field+".description", doc.Description)
	l.tx.roles.put(doc.Name, &RoleDefinition{Name: doc.Name, Description: doc.Description, ScopeFormat: memoryScopeFormat})
}

func (l *memoryLoader) group(field string, doc memoryGroupDocument) {
	l.name(field, doc.Name, l.tx.groups.get(doc.Name) != nil)
	l.v.description(field+".description", doc.Description)
	l.tx.groups.put(doc.Name, &Group{Name: doc.Name, Description: doc.Description, Roles: l.roles(field, doc.Roles)})
}

func (l *memoryLoader) user(field string, doc memoryUserDocument) {
	l.name(field, doc.Name, l.tx.users.get(doc.Name) != nil)
	l.v.text(field+".displayName", doc.DisplayName)
	l.v.text(field+".email", doc.Email)
	for _, group := range doc.Groups {
		l.exists(field+".groups", l.tx.groupsExist([]string{group}))
	}
	if doc.PasswordHash != "" {
		if _, err := parsePasswordHash(doc.PasswordHash); err != nil {
			l.v.problemf(field+".passwordHash", "%v", err)
		}
	}
	l.tx.users.put(doc.Name, &memoryUser{
		User: User{
			Name: doc.Name, DisplayName: doc.DisplayName, Email: doc.Email, Disabled: doc.Disabled,
			Roles: l.roles(field, doc.Roles), Groups: sortNames(doc.Groups),
			CreatedAt:   l.time(field+".createdAt", doc.CreatedAt),
			UpdatedAt:   l.time(field+".updatedAt", doc.UpdatedAt),
			LastLoginAt: l.time(field+".lastLoginAt", doc.LastLoginAt),
		},
		password: NewSecret(doc.PasswordHash),
	})
}

func (l *memoryLoader) project(field string, doc memoryProjectDocument) {
	l.name(field, doc.Name, l.tx.projects.get(doc.Name) != nil)
	l.v.description(field+".description", doc.Description)
	if doc.Owner != "" {
		l.exists(field+".owner", l.tx.memberExists(UserMember(doc.Owner)))
	}
	project := &memoryProject{Project: Project{Name: doc.Name, Description: doc.Description, Owner: doc.Owner}}
	for i, entry := range doc.Members {
		field := indexed(field+".members", i)
		member := UserMember(entry.User)
		if entry.Group != "" {
			member = GroupMember(entry.Group)
		}
		if entry.User != "" && entry.Group != "" {
			l.v.problemf(field, "must not be both a user and a group")
		}
		l.exists(field, l.tx.memberExists(member))
		if _, twice := project.find(member); twice {
			l.v.problemf(field, "must not be there twice")
		}
		if !slices.Contains(l.tx.projectRoles, entry.Role) {
			l.v.problemf(field, "must have one of the project roles")
		}
		project = project.with(member, entry.Role)
	}
	l.tx.projects.put(doc.Name, project)
}

// name checks the name of a record.
func (l *memoryLoader) name(field, name string, taken bool) {
	l.v.name(field+".name", name)
	if taken {
		l.v.problemf(field+".name", "must not be there twice")
	}
}

// exists notes the failure of a look-up, if it is one.
func (l *memoryLoader) exists(field string, err error) {
	if missing, failed := errors.AsType[*fault.Error](err); failed {
		l.v.problemf(field, "must exist: %s", missing.Message)
	}
}

// roles reads the roles of a user or group.
func (l *memoryLoader) roles(field string, texts []string) []Role {
	var roles []Role
	for _, text := range texts {
		role, err := ParseRole(text)
		if err != nil {
			l.v.problemf(field+".roles", "must look like name or name[scope]")
			continue
		}
		l.exists(field+".roles", l.tx.rolesExist([]Role{role}))
		roles = append(roles, role)
	}
	return sortRoles(roles)
}

// time reads a time, which must be one that can be written again.
func (l *memoryLoader) time(field string, t time.Time) time.Time {
	t = t.UTC()
	if t.Year() < 1 || t.Year() > 9999 {
		l.v.problemf(field, "must be in the years 1 to 9999")
	}
	return t
}
