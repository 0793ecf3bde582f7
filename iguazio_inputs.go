package usermgmt

import (
	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/iguazio"
)

// IguazioUser is what only Iguazio has about a user: an extension of the
// requests about users. Nil and empty fields add nothing. A field that has no
// meaning for the call is [ErrInvalidArgument].
type IguazioUser struct {
	// ID is the user's ID, which saves the look-up by name; a user that has
	// another name is [ErrInvalidArgument]. For all calls but CreateUser.
	ID string
	// FirstName is the given name, in place of DisplayName. For CreateUser and
	// UpdateUser, as are those that follow unless they say otherwise.
	FirstName *string
	// LastName is the family name, in place of DisplayName.
	LastName *string
	// PhoneNumber is text.
	PhoneNumber *string
	// JobTitle is text.
	JobTitle *string
	// Department is text.
	Department *string
	// DataAccessMode is "enabled" or "disabled".
	DataAccessMode *string
	// PrimaryGroup is the name of the primary group, whose member the user is
	// made if need be; in UpdateUser "" leaves none. In RemoveGroupMember it
	// must be "": then the user may leave its primary group, too, and has none
	// any more.
	PrimaryGroup *string
	// UID is the POSIX user ID, of which 0 is one. For CreateUser; nil has the
	// system choose.
	UID *int64
	// AuthenticationMethods are "password" and "sso". It needs version 3.5.5 of
	// the system, else the call fails with [ErrUnsupported].
	AuthenticationMethods *[]string
	// SendPassword has the system mail a link to set the password although one
	// is given. For CreateUser.
	SendPassword bool
}

func (IguazioUser) extensionOf() string { return iguazioName }

func (IguazioUser) userExtension() {}

// iguazioUse says which fields of [IguazioUser] have a meaning for a call.
type iguazioUse uint8

const (
	iguazioUserID iguazioUse = 1 << iota
	iguazioUserFields
	iguazioNewUser
	iguazioPrimaryGroup
)

// iguazioUserInput returns the extension of a request, after a look whether
// all that it holds has a meaning for the call.
func iguazioUserInput(extension UserExtension, use iguazioUse) (IguazioUser, error) {
	input, _ := extension.(IguazioUser)
	for _, field := range []struct {
		name  string
		given bool
		use   iguazioUse
	}{
		{"ID", input.ID != "", iguazioUserID},
		{"FirstName", input.FirstName != nil, iguazioUserFields},
		{"LastName", input.LastName != nil, iguazioUserFields},
		{"PhoneNumber", input.PhoneNumber != nil, iguazioUserFields},
		{"JobTitle", input.JobTitle != nil, iguazioUserFields},
		{"Department", input.Department != nil, iguazioUserFields},
		{"DataAccessMode", input.DataAccessMode != nil, iguazioUserFields},
		{"AuthenticationMethods", input.AuthenticationMethods != nil, iguazioUserFields},
		{"PrimaryGroup", input.PrimaryGroup != nil, iguazioPrimaryGroup},
		{"UID", input.UID != nil, iguazioNewUser},
		{"SendPassword", input.SendPassword, iguazioNewUser},
	} {
		if field.given && use&field.use == 0 {
			return IguazioUser{}, fault.Invalid("Extension."+field.name, "has no meaning for this call")
		}
	}
	return input, nil
}

// names returns the first and the last name that a request asks for, nil to
// leave them alone. An empty display name leaves the user's name alone.
func (u IguazioUser) names(display *string, name string) (first, last *string, err error) {
	if display == nil {
		return u.FirstName, u.LastName, nil
	}
	if u.FirstName != nil || u.LastName != nil {
		return nil, nil, fault.Invalid("DisplayName", "must not be given beside a first or a last name")
	}
	f, l := splitName(*display, name)
	return &f, &l, nil
}

// IguazioFilter is a condition on an attribute.
type IguazioFilter struct {
	// Field is the attribute as the system calls it, such as "first_name".
	Field string
	// Operator is one of the system, such as "ne", "gt", "match-i",
	// "contains_any" or "contains_istr" (from version 3.5.3 on); empty demands
	// that the attribute is Value.
	Operator string
	// Value is what the attribute is compared with. It is never read as an
	// operator.
	Value string
}

// IguazioUserList says which users to list, and how: an extension of
// [ListUsersRequest].
type IguazioUserList struct {
	// Filters are conditions that must all hold.
	Filters []IguazioFilter
	// Sort are attributes to sort by, with a dash in front to sort downwards.
	Sort []string
	// PageSize is how many are asked for at once, at most 200; 0 is 200.
	PageSize int
	// Scrubbed lists users with little more than their names, which callers
	// may who may not manage users.
	Scrubbed bool
}

func (IguazioUserList) extensionOf() string { return iguazioName }

func (IguazioUserList) userListExtension() {}

func (l IguazioUserList) query() iguazio.Query { return iguazioQuery(l.Filters, l.Sort, l.PageSize) }

// IguazioGroupList says which groups to list, and how: an extension of
// [ListGroupsRequest].
type IguazioGroupList struct {
	// Filters are conditions that must all hold.
	Filters []IguazioFilter
	// Sort are attributes to sort by, with a dash in front to sort downwards.
	Sort []string
	// PageSize is how many are asked for at once, at most 200; 0 is 200.
	PageSize int
	// Scrubbed lists groups with little more than their names, which callers
	// may who may not manage groups.
	Scrubbed bool
}

func (IguazioGroupList) extensionOf() string { return iguazioName }

func (IguazioGroupList) groupListExtension() {}

func (l IguazioGroupList) query() iguazio.Query { return iguazioQuery(l.Filters, l.Sort, l.PageSize) }

func iguazioQuery(filters []IguazioFilter, sort []string, pageSize int) iguazio.Query {
	query := iguazio.Query{Sort: sort, PageSize: pageSize}
	for _, filter := range filters {
		query.Filters = append(query.Filters, iguazio.Filter(filter))
	}
	return query
}

// IguazioGroup is what only Iguazio has about a group: an extension of
// [CreateGroupRequest] and [UpdateGroupRequest].
type IguazioGroup struct {
	// GID is the POSIX group ID; nil has the system choose.
	GID *int64
	// DataAccessMode is "enabled" or "disabled".
	DataAccessMode *string
	// Members are the names of the first members. For CreateGroup.
	Members []string
}

func (IguazioGroup) extensionOf() string { return iguazioName }

func (IguazioGroup) groupExtension() {}
