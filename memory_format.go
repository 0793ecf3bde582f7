package usermgmt

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// memoryVersion is the version of the file format. It is raised when older
// code would misread what newer code writes.
const memoryVersion = 1

// memoryDocument is the content of a file. Everything is sorted, so that two
// versions of a file can be compared by eye; roles are written as
// [Role.String] does.
type memoryDocument struct {
	Version       int                     `json:"version"`
	Administrator string                  `json:"administrator"`
	ProjectRoles  []string                `json:"projectRoles"`
	Roles         []memoryRoleDocument    `json:"roles"`
	Groups        []memoryGroupDocument   `json:"groups"`
	Users         []memoryUserDocument    `json:"users"`
	Projects      []memoryProjectDocument `json:"projects"`
}

type memoryRoleDocument struct {
	Name        string `json:"name"`
	Description string `json:"description,omitzero"`
}

type memoryGroupDocument struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitzero"`
	Roles       []string `json:"roles,omitempty"`
}

type memoryUserDocument struct {
	Name         string    `json:"name"`
	DisplayName  string    `json:"displayName,omitzero"`
	Email        string    `json:"email,omitzero"`
	Disabled     bool      `json:"disabled,omitzero"`
	Roles        []string  `json:"roles,omitempty"`
	Groups       []string  `json:"groups,omitempty"`
	PasswordHash string    `json:"passwordHash,omitzero"`
	CreatedAt    time.Time `json:"createdAt,omitzero"`
	UpdatedAt    time.Time `json:"updatedAt,omitzero"`
	LastLoginAt  time.Time `json:"lastLoginAt,omitzero"`
}

type memoryProjectDocument struct {
	Name        string                 `json:"name"`
	Description string                 `json:"description,omitzero"`
	Owner       string                 `json:"owner,omitzero"`
	Members     []memoryMemberDocument `json:"members,omitempty"`
}

// memoryMemberDocument names either a user or a group.
type memoryMemberDocument struct {
	User  string `json:"user,omitzero"`
	Group string `json:"group,omitzero"`
	Role  string `json:"role"`
}

// encodeMemory returns the content of the file for a state with its changes.
func encodeMemory(tx *memoryTx) ([]byte, error) {
	doc := memoryDocument{
		Version:       memoryVersion,
		Administrator: tx.administrator,
		ProjectRoles:  tx.projectRoles,
		Roles: documents(tx.roles.all(), func(r *RoleDefinition) memoryRoleDocument {
			return memoryRoleDocument{Name: r.Name, Description: r.Description}
		}),
		Groups: documents(tx.groups.all(), func(g *Group) memoryGroupDocument {
			return memoryGroupDocument{Name: g.Name, Description: g.Description, Roles: roleTexts(g.Roles)}
		}),
		Users: documents(tx.users.all(), func(u *memoryUser) memoryUserDocument {
			return memoryUserDocument{
				Name: u.Name, DisplayName: u.DisplayName, Email: u.Email, Disabled: u.Disabled, Roles: roleTexts(u.Roles),
				Groups: u.Groups, PasswordHash: u.password.Reveal(),
				CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt, LastLoginAt: u.LastLoginAt,
			}
		}),
		Projects: documents(tx.projects.all(), func(p *memoryProject) memoryProjectDocument {
			return memoryProjectDocument{Name: p.Name, Description: p.Description, Owner: p.Owner, Members: memberDocuments(p.members)}
		}),
	}
	data, err := json.Marshal(doc, jsontext.WithIndent("  "))
	return append(data, '\n'), err
}

// documents returns what document makes of the records, by name.
func documents[R, D any](records map[string]*R, document func(*R) D) []D {
	made := make([]D, 0, len(records))
	for _, name := range slices.Sorted(maps.Keys(records)) {
		made = append(made, document(records[name]))
	}
	return made
}

func roleTexts(roles []Role) []string {
	texts := make([]string, len(roles))
	for i, role := range roles {
		texts[i] = role.String()
	}
	return texts
}

func memberDocuments(members []ProjectMember) []memoryMemberDocument {
	made := make([]memoryMemberDocument, len(members))
	for i, member := range members {
		made[i].Role = member.Role
		if member.Kind == KindGroup {
			made[i].Group = member.Name
		} else {
			made[i].User = member.Name
		}
	}
	return made
}

// decodeMemory returns the state that a file holds. It takes nothing that
// encodeMemory would not write in other order or spacing: what it passed over
// would be lost at the next change.
func decodeMemory(data []byte) (*memoryState, error) {
	if len(data) == 0 {
		return nil, unreadable("is empty")
	}
	var header struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(data, &header); err != nil {
		return nil, unreadable("holds no state of this backend: %v", err)
	}
	switch {
	case header.Version > memoryVersion:
		return nil, unreadable("was written by a newer version of this package, in format %d; this one knows format %d", header.Version, memoryVersion)
	case header.Version != memoryVersion:
		return nil, unreadable("holds no state of this backend: version must be %d", memoryVersion)
	}
	var doc memoryDocument
	if err := json.Unmarshal(data, &doc, json.RejectUnknownMembers(true)); err != nil {
		return nil, unreadable("is damaged: %v", err)
	}
	state := newMemoryState(doc.Administrator, doc.ProjectRoles)
	l := memoryLoader{tx: state.begin(), v: validator{can: Capabilities{}.with(CapRoleScope)}}
	l.load(doc)
	if problem := l.problem(); problem != "" {
		return nil, unreadable("is damaged: %s", problem)
	}
	l.tx.apply()
	return state, nil
}

func unreadable(format string, args ...any) error {
	return fault.Invalid("MemoryFile", "names a file that %s", fmt.Sprintf(format, args...))
}
