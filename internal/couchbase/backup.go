package couchbase

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// Import is what came of a restored backup.
type Import struct {
	// Stats are the numbers.
	Stats struct {
		// UsersCreated, UsersOverwritten and UsersSkipped count users.
		UsersCreated     int `json:"usersCreated"`
		UsersOverwritten int `json:"usersOverwritten"`
		UsersSkipped     int `json:"usersSkipped"`
		// GroupsCreated, GroupsOverwritten and GroupsSkipped count groups.
		GroupsCreated     int `json:"groupsCreated"`
		GroupsOverwritten int `json:"groupsOverwritten"`
		GroupsSkipped     int `json:"groupsSkipped"`
	} `json:"stats"`
	// UsersSkipped existed and were left alone.
	UsersSkipped []ImportedUser `json:"usersSkipped"`
	// UsersOverwritten existed and were replaced.
	UsersOverwritten []ImportedUser `json:"usersOverwritten"`
	// GroupsSkipped existed and were left alone.
	GroupsSkipped []string `json:"groupsSkipped"`
	// GroupsOverwritten existed and were replaced.
	GroupsOverwritten []string `json:"groupsOverwritten"`
}

// ImportedUser is the key of a user.
type ImportedUser struct {
	// Name is the user's name.
	Name string `json:"name"`
	// Domain is the user's domain.
	Domain string `json:"domain"`
}

// Backup returns users and groups with the hashes of passwords, as JSON: GET
// /settings/rbac/backup. Filters look like "user:local:*", "group:dev-*",
// "permission:..." or "admin"; either include or exclude may be given.
func (c *Client) Backup(ctx context.Context, include, exclude []string) ([]byte, error) {
	if len(include) > 0 && len(exclude) > 0 {
		return nil, fault.Invalid("Exclude", "cannot be combined with Include")
	}
	query := c.query(nil)
	if query == nil {
		query = url.Values{}
	}
	for _, filter := range include {
		query.Add("include", filter)
	}
	for _, filter := range exclude {
		query.Add("exclude", filter)
	}
	var backup jsontext.Value
	err := c.read(ctx, &backup, &transport.Request{Method: http.MethodGet, Path: backupPath(), Query: query})
	return backup, err
}

// Restore writes a backup: PUT /settings/rbac/backup. Unless it may overwrite,
// what exists stays as it is, and then it is never sent twice, because the
// second answer would count what the first has made as skipped.
func (c *Client) Restore(ctx context.Context, backup []byte, overwrite bool) (Import, error) {
	if !jsontext.Value(backup).IsValid() {
		return Import{}, fault.Invalid("backup", "is not JSON")
	}
	class := transport.Once
	if overwrite {
		class = transport.Idempotent
	}
	form := url.Values{"backup": {string(backup)}, "canOverwrite": {strconv.FormatBool(overwrite)}}
	answer, err := c.send(ctx, class, http.MethodPut, form, []string{string(backup)}, backupPath()...)
	if err != nil {
		return Import{}, err
	}
	var result Import
	if err := transport.Decode(answer, &result); err != nil {
		return Import{}, &fault.Error{Kind: fault.Internal, Message: "the answer is not what the protocol promises", Ambiguous: true}
	}
	return result, nil
}

func backupPath() []string { return []string{"settings", "rbac", "backup"} }
