package iguazio

import (
	"context"
	"iter"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// What can be in the attributes of users.
const (
	// StatusUp is the operational status of a user that is ready, and the
	// administrative status of one that is enabled.
	StatusUp = "up"
	// StatusDown is the administrative status of a user that is disabled.
	StatusDown = "down"
	// AllUsers is the name of the system's group that every user is in.
	AllUsers = "all_users"
)

// Relationships of users, to be included in what is read.
const (
	// IncludeGroups shows the groups of a user.
	IncludeGroups = "user_groups"
	// IncludePrimaryGroup shows the primary group of a user.
	IncludePrimaryGroup = "primary_group"
)

// GroupsAndPrimary shows the groups of a user with the primary one among them.
var GroupsAndPrimary = []string{IncludeGroups, IncludePrimaryGroup}

// UserAttributes are the attributes of a user that are known.
type UserAttributes struct {
	// Username is the login name.
	Username string `json:"username"`
	// FirstName is the given name.
	FirstName string `json:"first_name"`
	// LastName is the family name.
	LastName string `json:"last_name"`
	// Email is the e-mail address.
	Email string `json:"email"`
	// PhoneNumber is text.
	PhoneNumber string `json:"phone_number"`
	// JobTitle is text.
	JobTitle string `json:"job_title"`
	// Department is text.
	Department string `json:"department"`
	// Description is text.
	Description string `json:"description"`
	// UID is the POSIX user ID, nil if the server does not tell; 0 is one.
	UID *int64 `json:"uid"`
	// Policies are the names of the management policies.
	Policies []string `json:"assigned_policies"`
	// OperationalStatus is "up", "down" or "deleting".
	OperationalStatus string `json:"operational_status"`
	// AdminStatus is [StatusUp], or [StatusDown] for a disabled user.
	AdminStatus string `json:"admin_status"`
	// DataAccessMode is "enabled" or "disabled".
	DataAccessMode string `json:"data_access_mode"`
	// AuthenticationScheme is what keeps the user, such as "local".
	AuthenticationScheme string `json:"authentication_scheme"`
	// AuthenticationMethods are "password" and "sso", from version 3.5.5 on.
	AuthenticationMethods []string `json:"authentication_methods"`
	// SendPassword is set if the user was mailed a link.
	SendPassword bool `json:"send_password_on_creation"`
	// CreatedAt is when the user was made.
	CreatedAt Time `json:"created_at"`
	// UpdatedAt is when the user was last changed.
	UpdatedAt Time `json:"updated_at"`
	// PasswordChangedAt is when the password was last set.
	PasswordChangedAt Time `json:"password_changed_at"`
	// LastActivity is when the user last did something.
	LastActivity Time `json:"last_activity"`
}

// User is a user.
type User struct {
	UserAttributes

	// ID is the identifier.
	ID string
	// Raw are all attributes as the server shows them, as a JSON object.
	Raw jsontext.Value
	// GroupIDs are the groups, nil unless they were included.
	GroupIDs []string
	// Groups are those of the groups that the server shows.
	Groups []Group
	// PrimaryGroupID is the primary group, empty if there is none or it was
	// not included.
	PrimaryGroupID string
}

// Operational reports whether a user, read with its groups, can be worked
// with: it is up and the system has put it into its own group. That group may
// be among those that the caller may not see.
func (u User) Operational() bool {
	in := len(u.Groups) < len(u.GroupIDs) || slices.ContainsFunc(u.Groups, func(g Group) bool { return g.Name == AllUsers })
	return u.OperationalStatus == StatusUp && in
}

func readUser(r resource, included map[Ref]resource) (User, error) {
	user := User{
		ID: r.ID, Raw: r.Attributes,
		GroupIDs:       r.Relationships[IncludeGroups].ids(),
		PrimaryGroupID: r.Relationships[IncludePrimaryGroup].first(),
	}
	for _, id := range user.GroupIDs {
		if shown, ok := included[GroupRef(id)]; ok {
			group, err := readGroup(shown, nil)
			if err != nil {
				return User{}, err
			}
			user.Groups = append(user.Groups, group)
		}
	}
	return user, r.attributes(&user.UserAttributes)
}

// GetUser returns a user: GET /api/users/{id}.
func (c *Client) GetUser(ctx context.Context, id string, include ...string) (User, error) {
	if err := checkID("ID", id); err != nil {
		return User{}, err
	}
	document, err := c.get(ctx, include, "api", "users", id)
	if err != nil {
		return User{}, err
	}
	if document.Data.ID != id {
		return User{}, anotherThan(typeUser)
	}
	return readUser(document.Data, document.included)
}

// Self returns the user that is logged in, with its groups: GET /api/self.
func (c *Client) Self(ctx context.Context) (User, error) {
	document, err := c.get(ctx, nil, "api", "self")
	if err != nil {
		return User{}, err
	}
	return readUser(document.Data, document.included)
}

// FindUser returns the user of a name, and NotFound if there is none: GET
// /api/users?filter[username]={name}.
func (c *Client) FindUser(ctx context.Context, name string, include ...string) (User, error) {
	return find(ctx, c, "users", "username", name, include, readUser, func(u User) string { return u.Username })
}

// ListUsers streams users: GET /api/users, page by page.
func (c *Client) ListUsers(ctx context.Context, q Query) iter.Seq2[User, error] {
	return list(ctx, c, "users", q, readUser, func(u User) string { return u.ID })
}

// ListScrubbedUsers streams users with little more than their names, for
// callers who may not manage users: GET /api/scrubbed_users, page by page.
func (c *Client) ListScrubbedUsers(ctx context.Context, q Query) iter.Seq2[User, error] {
	return list(ctx, c, "scrubbed_users", q, readUser, func(u User) string { return u.ID })
}

// find returns the resource of a collection whose attribute is name. The
// server may have its own idea of what is equal: the name that comes back has
// to be the one that was asked for.
func find[T any](ctx context.Context, c *Client, collection, attribute, name string, include []string, read func(resource, map[Ref]resource) (T, error), nameOf func(T) string) (T, error) {
	var none T
	if err := CheckName("Name", name); err != nil {
		return none, err
	}
	query, err := Query{Filters: []Filter{{Field: attribute, Value: name}}, Include: include}.values()
	if err != nil {
		return none, err
	}
	document, err := c.collection(ctx, collection, query)
	if err != nil {
		return none, err
	}
	included := index(document.Included)
	for _, r := range *document.Data {
		item, err := read(r, included)
		if err != nil {
			return none, err
		}
		if nameOf(item) == name && r.ID != "" {
			return item, nil
		}
	}
	return none, &fault.Error{Kind: fault.NotFound, FromServer: true}
}
