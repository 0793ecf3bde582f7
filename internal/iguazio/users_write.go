package iguazio

import (
	"context"
	"net/http"
	"slices"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// NewUser is a user to be made. It prints as a mark.
type NewUser struct {
	transport.Unprintable

	// Username is the login name. Required.
	Username string
	// FirstName is the given name.
	FirstName string
	// LastName is the family name.
	LastName string
	// Email is the e-mail address. Required.
	Email string
	// Password is the password; without one the system mails a link to set it.
	Password string
	// PhoneNumber is text.
	PhoneNumber string
	// JobTitle is text.
	JobTitle string
	// Department is text.
	Department string
	// Policies are the names of the management policies.
	Policies []string
	// UID is the POSIX user ID, nil to let the system choose.
	UID *int64
	// DataAccessMode is "enabled" or "disabled", empty for the system's choice.
	DataAccessMode string
	// AuthenticationMethods are "password" and "sso", nil for the system's choice.
	AuthenticationMethods []string
	// SendPassword has the system mail a link although there is a password.
	SendPassword bool
	// GroupIDs are the groups to be in.
	GroupIDs []string
	// PrimaryGroupID is the primary group, empty for none; the user is in it
	// also if GroupIDs does not have it.
	PrimaryGroupID string
}

// newUserAttributes is what makes a user. The texts are sent also if empty.
type newUserAttributes struct {
	Username              string   `json:"username"`
	FirstName             string   `json:"first_name"`
	LastName              string   `json:"last_name"`
	Email                 string   `json:"email"`
	Policies              []string `json:"assigned_policies"`
	PhoneNumber           string   `json:"phone_number"`
	JobTitle              string   `json:"job_title"`
	Department            string   `json:"department"`
	UID                   *int64   `json:"uid,omitzero"`
	Password              string   `json:"password,omitzero"`
	DataAccessMode        string   `json:"data_access_mode,omitzero"`
	AuthenticationMethods []string `json:"authentication_methods,omitzero"`
	SendPassword          bool     `json:"send_password_on_creation,omitzero"`
}

// CreateUser makes a user and returns it with the ID of the job that goes on
// with it, empty if there is none: POST /api/users. Also without a job it can
// take a while until the user is operational.
func (c *Client) CreateUser(ctx context.Context, user NewUser) (created User, jobID string, err error) {
	if err := user.check(); err != nil {
		return User{}, "", err
	}
	attributes := newUserAttributes{
		Username: user.Username, FirstName: user.FirstName, LastName: user.LastName, Email: user.Email,
		Policies: notNil(user.Policies), PhoneNumber: user.PhoneNumber, JobTitle: user.JobTitle, Department: user.Department,
		UID: user.UID, Password: user.Password, DataAccessMode: user.DataAccessMode,
		AuthenticationMethods: user.AuthenticationMethods, SendPassword: user.SendPassword,
	}
	data, err := newBody(typeUser, attributes, groupRelations(user.GroupIDs, user.PrimaryGroupID))
	if err != nil {
		return User{}, "", err
	}
	document, err := c.one(ctx, &transport.Request{
		Method: http.MethodPost, Path: []string{"api", "users"}, Class: transport.Once, Body: data, Secrets: []string{user.Password},
	})
	if err != nil {
		return User{}, "", err
	}
	created, err = readUser(document.Data, document.included)
	return created, document.Data.job(), accepted(err)
}

func (u NewUser) check() error {
	if err := CheckName("Name", u.Username); err != nil {
		return err
	}
	if u.Email == "" {
		return fault.Invalid("Email", "must not be empty")
	}
	return checkIDs("Groups", u.GroupIDs)
}

// groupRelations returns the relationships of a new user.
func groupRelations(groups []string, primary string) map[string]any {
	relationships := map[string]any{}
	if primary != "" {
		relationships[IncludePrimaryGroup] = relateOne(typeGroup, primary)
		groups = with(groups, primary)
	}
	if len(groups) > 0 {
		relationships[IncludeGroups] = relateMany(typeGroup, groups)
	}
	return relationships
}

// with returns list with added at its end, unless it is in it.
func with(list []string, added string) []string {
	if slices.Contains(list, added) {
		return list
	}
	return append(slices.Clone(list), added)
}

// notNil returns list, which is not null on the wire.
func notNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// UserPatch is a change of a user. Nil fields leave things as they are, and so
// does the system with attributes that are not named: what is not known
// survives. It prints as a mark.
type UserPatch struct {
	transport.Unprintable

	// FirstName replaces the given name.
	FirstName *string
	// LastName replaces the family name.
	LastName *string
	// Email replaces the e-mail address.
	Email *string
	// PhoneNumber replaces the phone number.
	PhoneNumber *string
	// JobTitle replaces the job title.
	JobTitle *string
	// Department replaces the department.
	Department *string
	// DataAccessMode replaces the data access mode.
	DataAccessMode *string
	// AdminStatus is [StatusUp] to enable the user, [StatusDown] to disable it.
	AdminStatus *string
	// Password replaces the password.
	Password *string
	// Policies replaces the whole list of management policies.
	Policies *[]string
	// AuthenticationMethods replaces the whole list of ways to log in.
	AuthenticationMethods *[]string
	// GroupIDs replaces the whole list of groups. The system's own group is
	// one of them.
	GroupIDs *[]string
	// PrimaryGroupID replaces the primary group; "" leaves none. It must be
	// one of the groups.
	PrimaryGroupID *string
}

// Empty reports whether the patch changes nothing.
func (p UserPatch) Empty() bool { return p == (UserPatch{}) }

// userPatchAttributes is what changes a user.
type userPatchAttributes struct {
	FirstName             *string   `json:"first_name,omitzero"`
	LastName              *string   `json:"last_name,omitzero"`
	Email                 *string   `json:"email,omitzero"`
	PhoneNumber           *string   `json:"phone_number,omitzero"`
	JobTitle              *string   `json:"job_title,omitzero"`
	Department            *string   `json:"department,omitzero"`
	DataAccessMode        *string   `json:"data_access_mode,omitzero"`
	AdminStatus           *string   `json:"admin_status,omitzero"`
	Password              *string   `json:"password,omitzero"`
	Policies              *[]string `json:"assigned_policies,omitzero"`
	AuthenticationMethods *[]string `json:"authentication_methods,omitzero"`
}

// UpdateUser changes a user: PUT /api/users/{id}. The answer does not show the
// user as it is then. An empty patch sends nothing.
func (c *Client) UpdateUser(ctx context.Context, id string, patch UserPatch) error {
	if err := checkID("ID", id); err != nil {
		return err
	}
	if patch.Empty() {
		return nil
	}
	relationships := map[string]any{}
	if patch.GroupIDs != nil {
		if err := checkIDs("Groups", *patch.GroupIDs); err != nil {
			return err
		}
		relationships[IncludeGroups] = relateMany(typeGroup, *patch.GroupIDs)
	}
	if patch.PrimaryGroupID != nil {
		relationships[IncludePrimaryGroup] = relateOne(typeGroup, *patch.PrimaryGroupID)
	}
	attributes := userPatchAttributes{
		FirstName: patch.FirstName, LastName: patch.LastName, Email: patch.Email, PhoneNumber: patch.PhoneNumber,
		JobTitle: patch.JobTitle, Department: patch.Department, DataAccessMode: patch.DataAccessMode,
		AdminStatus: patch.AdminStatus, Password: patch.Password,
		Policies: filled(patch.Policies), AuthenticationMethods: filled(patch.AuthenticationMethods),
	}
	data, err := newBody(typeUser, attributes, relationships)
	if err != nil {
		return err
	}
	r := &transport.Request{Method: http.MethodPut, Path: []string{"api", "users", id}, Class: transport.Idempotent, Body: data}
	if patch.Password != nil {
		r.Secrets = []string{*patch.Password}
	}
	return c.write(ctx, r)
}

// filled returns a list that is not null on the wire.
func filled(list *[]string) *[]string {
	if list == nil {
		return nil
	}
	return new(notNil(*list))
}

// DeleteUser deletes a user and returns the ID of the job that goes on with
// it, empty if it is done: DELETE /api/users/{id}.
func (c *Client) DeleteUser(ctx context.Context, id string) (jobID string, err error) {
	if err := checkID("ID", id); err != nil {
		return "", err
	}
	return c.remove(ctx, &transport.Request{Path: []string{"api", "users", id}})
}
