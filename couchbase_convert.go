package usermgmt

import (
	"slices"

	"github.com/usermgmt/usermgmt/internal/couchbase"
)

func fromCouchbaseUser(u couchbase.User) User {
	user := User{Name: u.ID, ID: u.UUID, Domain: u.Domain, Groups: sortedNames(u.Groups), Disabled: u.Locked != nil && *u.Locked}
	if u.Name != nil {
		user.DisplayName = *u.Name
	}
	for _, held := range u.Roles {
		user.EffectiveRoles = append(user.EffectiveRoles, Role(held.Role))
		if held.Direct() {
			user.Roles = append(user.Roles, Role(held.Role))
		}
	}
	user.Roles, user.EffectiveRoles = sortRoles(user.Roles), sortRoles(user.EffectiveRoles)
	return user
}

func fromCouchbaseRecord(u couchbase.User) CouchbaseUserRecord {
	record := CouchbaseUserRecord{
		User: fromCouchbaseUser(u), ExternalGroups: sortedNames(u.ExternalGroups), Passwordless: u.Passwordless,
		MustChangePassword: u.TemporaryPassword != nil && *u.TemporaryPassword,
		PasswordChangedAt:  u.PasswordChanged, LastActivityAt: u.LastActivity,
	}
	for _, held := range u.Roles {
		origin := CouchbaseRoleOrigin{Role: Role(held.Role), Direct: held.Direct()}
		for _, o := range held.Origins {
			if o.Type == "group" {
				origin.Groups = append(origin.Groups, o.Name)
			}
		}
		origin.Groups = sortedNames(origin.Groups)
		record.Origins = append(record.Origins, origin)
	}
	slices.SortFunc(record.Origins, func(a, b CouchbaseRoleOrigin) int { return compareRoles(a.Role, b.Role) })
	return record
}

// fromCouchbaseIdentity returns what is known of a user that cannot be read:
// which of its roles are its own is not.
func fromCouchbaseIdentity(me couchbase.Identity) User {
	return User{Name: me.ID, Domain: me.Domain, DisplayName: me.Name, EffectiveRoles: fromCouchbaseRoles(me.Roles)}
}

func fromCouchbaseGroup(g couchbase.Group) CouchbaseGroupRecord {
	record := CouchbaseGroupRecord{Group: Group{Name: g.ID, Roles: fromCouchbaseRoles(g.Roles)}}
	if g.Description != nil {
		record.Description = *g.Description
	}
	if g.LDAPGroupRef != nil {
		record.LDAPRef = *g.LDAPGroupRef
	}
	return record
}

// query returns what a list is asked for with.
func (l CouchbaseUserList) query() (couchbase.UserQuery, error) {
	query := couchbase.UserQuery{
		Permission: l.Permission,
		Page:       couchbase.Page{Size: l.PageSize, SortBy: l.SortBy, Descending: l.Descending, Contains: l.Contains},
	}
	if l.Domain != CouchbaseAllDomains {
		id, err := couchbaseIDOf("", l.Domain)
		if err != nil {
			return query, err
		}
		query.Domain = id.domain
	}
	return query, nil
}

func (l CouchbaseGroupList) page() couchbase.Page {
	return couchbase.Page{Size: l.PageSize, SortBy: l.SortBy, Descending: l.Descending, Contains: l.Contains}
}

func (u CouchbaseUpsertUser) check(v *validator) {
	v.name("Name", u.Name)
	v.text("DisplayName", u.DisplayName)
	v.roles("Roles", u.Roles, CapGrantRoles)
	v.groups("Groups", u.Groups)
}

func (u CouchbaseUpsertUser) form() (couchbaseID, couchbase.UserForm, error) {
	form := couchbase.UserForm{Name: &u.DisplayName, Groups: u.Groups}
	id, err := couchbaseIDOf(u.Name, u.Domain)
	if err != nil {
		return id, form, err
	}
	if form.Roles, err = toCouchbaseRoles("Roles", u.Roles); err != nil {
		return id, form, err
	}
	if err := checkCouchbaseGroups("Groups", u.Groups); err != nil {
		return id, form, err
	}
	if !u.Password.IsZero() {
		form.Password = new(u.Password.Reveal())
	}
	if u.Locked {
		form.Locked = &u.Locked
	}
	if u.MustChangePassword {
		form.TemporaryPassword = &u.MustChangePassword
	}
	return id, form, nil
}

func (g CouchbaseUpsertGroup) check(v *validator) {
	v.name("Name", g.Name)
	v.description("Description", g.Description)
	v.roles("Roles", g.Roles, CapGroupRoles)
}

func (g CouchbaseUpsertGroup) form() (couchbase.GroupForm, error) {
	roles, err := toCouchbaseRoles("Roles", g.Roles)
	return couchbase.GroupForm{Description: &g.Description, LDAPGroupRef: &g.LDAPRef, Roles: roles}, err
}
