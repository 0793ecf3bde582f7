package usermgmt

import (
	"context"

	"github.com/usermgmt/usermgmt/internal/couchbase"
)

// CouchbaseFilter says what to export. Patterns look like "user:local:*",
// "user:external:dev-*", "group:*", "admin" or "permission:cluster.admin!write";
// either Include or Exclude may be given, and without both all is exported.
type CouchbaseFilter struct {
	// Include limits the export to what matches one of the patterns.
	Include []string
	// Exclude leaves out what matches one of the patterns.
	Exclude []string
}

// CouchbaseBackup is an export of users and groups.
type CouchbaseBackup struct {
	// Document is JSON. It is a secret, because it holds the hashes of
	// passwords.
	Document Secret
}

// CouchbaseImportResult is what came of an import. Counts include those that
// the lists name.
type CouchbaseImportResult struct {
	// UsersCreated counts users that are new.
	UsersCreated int
	// GroupsCreated counts groups that are new.
	GroupsCreated int
	// UsersSkipped exist and were left alone.
	UsersSkipped []CouchbaseImportedUser
	// UsersOverwritten existed and were replaced.
	UsersOverwritten []CouchbaseImportedUser
	// GroupsSkipped exist and were left alone.
	GroupsSkipped []string
	// GroupsOverwritten existed and were replaced.
	GroupsOverwritten []string
}

// CouchbaseImportedUser is a user that an import met.
type CouchbaseImportedUser struct {
	// Name is the user's name.
	Name string
	// Domain is the user's domain.
	Domain CouchbaseDomain
}

// ExportUsers returns users and groups with the hashes of their passwords. It
// sends GET /settings/rbac/backup; it needs Couchbase Server 7.6, Enterprise
// Edition.
func (e *CouchbaseExtension) ExportUsers(ctx context.Context, filter CouchbaseFilter) (CouchbaseBackup, error) {
	return extend(ctx, e.client, couchbaseTarget("ExportUsers", "user", ""), nil, func(ctx context.Context) (CouchbaseBackup, error) {
		document, err := e.backend.api.Backup(ctx, filter.Include, filter.Exclude)
		return CouchbaseBackup{Document: NewSecret(string(document))}, err
	})
}

// ImportUsers creates the users and groups of an export, all or, if an entry
// is invalid, none. What exists is left alone unless overwrite is set: so this
// is the one way to create users that never replaces one. It is sent twice
// only if it may overwrite. It sends PUT /settings/rbac/backup; it needs
// Couchbase Server 7.6, Enterprise Edition.
func (e *CouchbaseExtension) ImportUsers(ctx context.Context, backup CouchbaseBackup, overwrite bool) (CouchbaseImportResult, error) {
	check := func(v *validator) {
		if backup.Document.IsZero() {
			v.problemf("backup", "must not be empty")
		}
	}
	return extend(ctx, e.client, couchbaseTarget("ImportUsers", "user", ""), check, func(ctx context.Context) (CouchbaseImportResult, error) {
		result, err := e.backend.api.Restore(ctx, []byte(backup.Document.Reveal()), overwrite)
		if err != nil {
			return CouchbaseImportResult{}, err
		}
		return CouchbaseImportResult{
			UsersCreated: result.Stats.UsersCreated, GroupsCreated: result.Stats.GroupsCreated,
			UsersSkipped: importedUsers(result.UsersSkipped), UsersOverwritten: importedUsers(result.UsersOverwritten),
			GroupsSkipped: result.GroupsSkipped, GroupsOverwritten: result.GroupsOverwritten,
		}, nil
	})
}

func importedUsers(users []couchbase.ImportedUser) []CouchbaseImportedUser {
	var imported []CouchbaseImportedUser
	for _, user := range users {
		imported = append(imported, CouchbaseImportedUser{Name: user.Name, Domain: CouchbaseDomain(user.Domain)})
	}
	return imported
}
