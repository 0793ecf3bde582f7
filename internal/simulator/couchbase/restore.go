package couchbase

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// restoreJSON is what came of a restore.
type restoreJSON struct {
	Stats             restoreStatsJSON `json:"stats"`
	UsersSkipped      []restoredJSON   `json:"usersSkipped"`
	UsersOverwritten  []restoredJSON   `json:"usersOverwritten"`
	GroupsSkipped     []string         `json:"groupsSkipped"`
	GroupsOverwritten []string         `json:"groupsOverwritten"`
}

// restoreStatsJSON counts what came of a restore.
type restoreStatsJSON struct {
	UsersCreated      int `json:"usersCreated"`
	UsersOverwritten  int `json:"usersOverwritten"`
	UsersSkipped      int `json:"usersSkipped"`
	GroupsCreated     int `json:"groupsCreated"`
	GroupsOverwritten int `json:"groupsOverwritten"`
	GroupsSkipped     int `json:"groupsSkipped"`
}

// restoredJSON names a user that a restore met.
type restoredJSON struct {
	Name   string `json:"name"`
	Domain string `json:"domain"`
}

// restoredUser is a validated user of a backup.
type restoredUser struct {
	Identity

	fields userFields
}

// restore serves PUT /settings/rbac/backup. One wrong entry fails all.
func (c *call) restore() response {
	f := newForm(c.form())
	overwrite := f.boolean("canOverwrite")
	f.require("backup")
	text, _ := f.get("backup")
	var saved backupJSON
	var users []restoredUser
	var groups []*group
	if f.errors["backup"] == nil {
		if err := json.Unmarshal([]byte(text), &saved); err != nil {
			f.errors["backup"] = encode(map[string]string{"_": "Invalid Json"})
		} else {
			var problems map[string]jsontext.Value
			users, groups, problems = c.validateBackup(saved)
			if len(problems) > 0 {
				f.errors["backup"] = encode(problems)
			}
		}
	}
	if verdict := f.verdict(c); verdict != nil {
		return *verdict
	}
	return c.restoreAll(saved, users, groups, overwrite)
}

// validateBackup validates all entries of a backup, and says what is wrong
// under the names of its members.
func (c *call) validateBackup(saved backupJSON) ([]restoredUser, []*group, map[string]jsontext.Value) {
	problems := map[string]jsontext.Value{}
	if saved.Version != "1" {
		problems["version"] = encode(fmt.Sprintf("Unsupported backup version: <<%q>>", saved.Version))
	}
	if saved.Compat != "" && saved.Compat > c.server.compat.String() {
		problems["compat_version"] = encode("Cannot restore a backup with cluster version '" + saved.Compat +
			"' as it is greater than what is supported.")
	}
	var groups []*group
	coming := map[string]bool{}
	var wrong []map[string]jsontext.Value
	bad := 0
	for _, entry := range saved.Groups {
		g, f := c.validateBackupGroup(entry)
		groups, coming[entry.Name] = append(groups, g), true
		wrong = append(wrong, f.errors)
		bad += len(f.errors)
	}
	if bad > 0 {
		problems["groups"] = encode(wrong)
	}
	var users []restoredUser
	wrong, bad = nil, 0
	for _, entry := range saved.Users {
		u, f := c.validateBackupUser(entry, coming)
		users = append(users, u)
		wrong = append(wrong, f.errors)
		bad += len(f.errors)
	}
	if bad > 0 {
		problems["users"] = encode(wrong)
	}
	return users, groups, problems
}

// validateBackupGroup validates a group of a backup.
func (c *call) validateBackupGroup(entry backupGroupJSON) (*group, *form) {
	f := newForm(pairs{{"roles", strings.Join(entry.Roles, ",")}})
	g := &group{name: entry.Name, description: entry.Description, ldapRef: entry.LDAPRef}
	if problem := nameProblem(entry.Name, "Group name"); problem != "" {
		f.fail("name", problem)
	}
	g.roles = c.restoredRoles(f)
	if problem := dnProblem(deref(entry.LDAPRef)); problem != "" {
		f.fail("ldap_group_ref", "Should be valid LDAP distinguished name: "+problem)
	}
	return g, f
}

// restoredRoles validates the roles of an entry. Those that the version
// replaced are replaced.
func (c *call) restoredRoles(f *form) []role {
	if c.server.compat >= V80 {
		for i, field := range f.fields {
			if field.key == "roles" {
				replaced := strings.NewReplacer("security_admin_local", "security_admin,user_admin_local",
					"security_admin_external", "security_admin,user_admin_external")
				f.fields[i].value = replaced.Replace(field.value)
			}
		}
	}
	return c.server.validateRoles(f)
}

// validateBackupUser validates a user of a backup, who may be in groups that
// come with it.
func (c *call) validateBackupUser(entry backupUserJSON, coming map[string]bool) (restoredUser, *form) {
	f := newForm(pairs{{"roles", strings.Join(entry.Roles, ",")}, {"locked", strconv.FormatBool(entry.Locked)}})
	if entry.Domain == "" {
		entry.Domain = Local
	}
	u := restoredUser{Identity: Identity{entry.ID, entry.Domain}, fields: userFields{name: entry.Name, locked: entry.Locked}}
	if problem := nameProblem(entry.ID, "Username"); problem != "" {
		f.fail("id", problem)
	}
	if !isDomain(entry.Domain) {
		f.fail("domain", "invalid domain: "+entry.Domain)
	}
	if entry.Domain == External && entry.Locked {
		f.fail("locked", "Only permitted for local users")
	}
	u.fields.roles = c.restoredRoles(f)
	var unknown []string
	if entry.Groups != nil {
		u.fields.groups = *entry.Groups
		for _, name := range *entry.Groups {
			if !coming[name] && c.node.store.groups.get(name) == nil {
				unknown = append(unknown, name)
			}
		}
	}
	if unknown != nil {
		f.fail("groups", "Groups do not exist: "+strings.Join(unknown, ","))
	}
	switch {
	case entry.Auth != nil:
		u.fields.auth, u.fields.temporary = &credential{authJSON: *entry.Auth}, entry.Auth.Expiry != nil
		u.fields.auth.Expiry = nil
		if problem := entry.Auth.problem(); problem != "" {
			f.fail("auth", problem)
		}
		u.fields.auth.passwordless = f.errors["auth"] == nil && u.fields.auth.accepts("")
	case entry.Domain == Local:
		f.fail("auth", "The value must be supplied")
	}
	return u, f
}

// problem says what is wrong with a hashed password, or "".
func (a *authJSON) problem() string {
	h := a.Hash
	switch {
	case h == nil:
		return ""
	case h.Algorithm != algArgon2 && h.Algorithm != algPBKDF2 && h.Algorithm != algSHA1:
		return "The value must be one of the following: [" + algArgon2 + "," + algPBKDF2 + "," + algSHA1 + "]"
	case h.Algorithm == algArgon2 && (h.Memory < 8192 || h.Memory > 1<<30 || h.Time < 1 || h.Parallelism != 1):
		return "Parallelism must be 1"
	case h.Algorithm == algPBKDF2 && (h.Iterations < 1 || h.Iterations > 10_000_000):
		return "The value must be in range from 1 to 10000000 (inclusive)"
	}
	return ""
}

// restoreAll stores the entries of a backup.
func (c *call) restoreAll(saved backupJSON, users []restoredUser, groups []*group, overwrite bool) response {
	s := c.server
	answer := restoreJSON{}
	if saved.Admin != nil {
		who := restoredJSON{saved.Admin.ID, adminDomain}
		if overwrite {
			s.options.AdminID, s.adminAuth = saved.Admin.ID, &credential{authJSON: saved.Admin.Auth}
			answer.UsersOverwritten = append(answer.UsersOverwritten, who)
		} else {
			answer.UsersSkipped = append(answer.UsersSkipped, who)
		}
	}
	for _, g := range groups {
		old := c.node.store.groups.get(g.name)
		switch {
		case c.mayTouch("write", g.roles, s.permissions().localWrite) != nil,
			g.mapped() && !c.has(s.permissions().externalWrite), old != nil && !overwrite:
			answer.GroupsSkipped = append(answer.GroupsSkipped, g.name)
			continue
		case old != nil:
			answer.GroupsOverwritten = append(answer.GroupsOverwritten, g.name)
		default:
			answer.Stats.GroupsCreated++
		}
		c.node.putGroup(g.name, g)
	}
	for _, u := range users {
		who := restoredJSON{u.ID, u.Domain}
		old := c.node.store.users.get(u.Identity)
		_, write := s.permissions().domain(u.Domain)
		switch {
		case c.mayTouch("write", u.fields.roles, write) != nil, !c.has(write), old != nil && !overwrite:
			answer.UsersSkipped = append(answer.UsersSkipped, who)
			continue
		case old != nil:
			answer.UsersOverwritten = append(answer.UsersOverwritten, who)
		default:
			answer.Stats.UsersCreated++
		}
		c.node.putUser(u.Identity, s.updated(old, u.Identity, u.fields))
	}
	answer.Stats.UsersOverwritten, answer.Stats.UsersSkipped = len(answer.UsersOverwritten), len(answer.UsersSkipped)
	answer.Stats.GroupsOverwritten, answer.Stats.GroupsSkipped = len(answer.GroupsOverwritten), len(answer.GroupsSkipped)
	return jsonReply(http.StatusOK, answer)
}
