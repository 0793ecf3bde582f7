package couchbase

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// PasswordPolicy says which passwords are accepted.
type PasswordPolicy struct {
	// MinLength is the least number of bytes, from 0 to 100.
	MinLength int `json:"minLength"`
	// Uppercase demands an upper-case letter.
	Uppercase bool `json:"enforceUppercase"`
	// Lowercase demands a lower-case letter.
	Lowercase bool `json:"enforceLowercase"`
	// Digits demands a digit.
	Digits bool `json:"enforceDigits"`
	// SpecialChars demands a special character.
	SpecialChars bool `json:"enforceSpecialChars"`
}

// PasswordPolicy returns the password policy: GET /settings/passwordPolicy.
func (c *Client) PasswordPolicy(ctx context.Context) (PasswordPolicy, error) {
	var policy PasswordPolicy
	err := c.get(ctx, &policy, "settings", "passwordPolicy")
	return policy, err
}

// SetPasswordPolicy replaces the password policy: POST
// /settings/passwordPolicy.
func (c *Client) SetPasswordPolicy(ctx context.Context, policy PasswordPolicy) error {
	if policy.MinLength < 0 || policy.MinLength > 100 {
		return fault.Invalid("MinLength", "must be from 0 to 100")
	}
	form := url.Values{
		"minLength":           {strconv.Itoa(policy.MinLength)},
		"enforceUppercase":    {strconv.FormatBool(policy.Uppercase)},
		"enforceLowercase":    {strconv.FormatBool(policy.Lowercase)},
		"enforceDigits":       {strconv.FormatBool(policy.Digits)},
		"enforceSpecialChars": {strconv.FormatBool(policy.SpecialChars)},
	}
	_, err := c.send(ctx, transport.Idempotent, http.MethodPost, form, nil, "settings", "passwordPolicy")
	return err
}

// UserActivity says whose activity is tracked.
type UserActivity struct {
	// Enabled switches tracking on.
	Enabled bool `json:"enabled"`
	// Roles are the roles whose holders are tracked.
	Roles []string `json:"trackedRoles"`
	// Groups are the groups whose members are tracked.
	Groups []string `json:"trackedGroups"`
}

// UserActivity returns whose activity is tracked: GET
// /settings/security/userActivity.
func (c *Client) UserActivity(ctx context.Context) (UserActivity, error) {
	var activity UserActivity
	err := c.get(ctx, &activity, "settings", "security", "userActivity")
	return activity, err
}

// SetUserActivity replaces whose activity is tracked: POST
// /settings/security/userActivity.
func (c *Client) SetUserActivity(ctx context.Context, activity UserActivity) error {
	for _, role := range activity.Roles {
		if err := (Role{Name: role}).check(); err != nil {
			return err
		}
	}
	for _, group := range activity.Groups {
		if err := CheckName("Group name", group); err != nil {
			return err
		}
	}
	form := url.Values{
		"enabled":       {strconv.FormatBool(activity.Enabled)},
		"trackedRoles":  {strings.Join(activity.Roles, ",")},
		"trackedGroups": {strings.Join(activity.Groups, ",")},
	}
	_, err := c.send(ctx, transport.Idempotent, http.MethodPost, form, nil, "settings", "security", "userActivity")
	return err
}

// Mechanisms tells which services vouch for external users.
type Mechanisms struct {
	// LDAP is set if an LDAP server does.
	LDAP bool `json:"ldapEnabled"`
	// SAML is set if a SAML identity provider does.
	SAML bool `json:"samlEnabled"`
	// SASLAuthd is set if the saslauthd daemon does.
	SASLAuthd bool `json:"saslauthdAuthEnabled"`
}

// Mechanisms returns which services vouch for external users: GET
// /settings/rbac.
func (c *Client) Mechanisms(ctx context.Context) (Mechanisms, error) {
	var mechanisms Mechanisms
	err := c.get(ctx, &mechanisms, "settings", "rbac")
	return mechanisms, err
}

// LDAPUser is what LDAP tells of a user.
type LDAPUser struct {
	// User is the user as it would be, or is.
	User User
	// RecordExists is set if the cluster keeps the user.
	RecordExists bool
}

// LookUpLDAPUser asks LDAP about a user: GET
// /settings/rbac/lookupLDAPUser/{id}.
func (c *Client) LookUpLDAPUser(ctx context.Context, id string) (LDAPUser, error) {
	if err := checkKey(External, id); err != nil {
		return LDAPUser{}, err
	}
	var o userObject
	if err := c.get(ctx, &o, "settings", "rbac", lookUpLDAPUser, id); err != nil {
		return LDAPUser{}, err
	}
	if o.ID != id {
		return LDAPUser{}, fault.New(fault.Internal, "the server answered with another user than the one asked for")
	}
	return LDAPUser{User: o.user(), RecordExists: o.RecordExists}, nil
}
