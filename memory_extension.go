package usermgmt

import (
	"context"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// MemoryExtension is what the embedded backend has beyond [UserManager]: making
// projects and checking passwords. Get it with [As]:
//
//	memory, ok := usermgmt.As[*usermgmt.MemoryExtension](client)
//
// It is safe for concurrent use and shares the client's life. Its errors are
// of the kinds of [UserManager].
type MemoryExtension struct {
	client  *Client
	backend *memoryBackend
}

func (b *memoryBackend) extensionFor(c *Client) any {
	return &MemoryExtension{client: c, backend: b}
}

// CreateProject creates a project without members. The ID has to be empty:
// this backend has none. The owner has no role by being it and must exist,
// else it fails with [ErrNotFound]; when that user is deleted, the project
// has no owner. It fails with [ErrAlreadyExists] if the name is taken and
// never changes the project that has it.
func (e *MemoryExtension) CreateProject(ctx context.Context, project Project) error {
	t := target{op: "CreateProject", resource: "project", name: project.Name}
	check := func(v *validator) {
		v.name("Name", project.Name)
		v.description("Description", project.Description)
		if project.ID != "" {
			v.problemf("ID", "must be empty: this backend has no identifiers but names")
		}
		if project.Owner != "" {
			v.name("Owner", project.Owner)
		}
	}
	return e.do(ctx, t, check, func(tx *memoryTx) error {
		if err := tx.projects.vacant("project", project.Name); err != nil {
			return err
		}
		if project.Owner != "" {
			if _, err := tx.users.find("user", project.Owner); err != nil {
				return err
			}
		}
		tx.projects.put(project.Name, &memoryProject{Project: project})
		return nil
	})
}

// DeleteProject deletes a project; its members stay. It fails with
// [ErrNotFound] if there is none.
func (e *MemoryExtension) DeleteProject(ctx context.Context, name string) error {
	t := target{op: "DeleteProject", resource: "project", name: name}
	return e.do(ctx, t, named(name), func(tx *memoryTx) error {
		if _, err := tx.projects.find("project", name); err != nil {
			return err
		}
		tx.projects.remove(name)
		return nil
	})
}

func (e *MemoryExtension) do(ctx context.Context, t target, check func(*validator), work func(tx *memoryTx) error) error {
	_, err := extend(ctx, e.client, t, check, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, e.backend.change(ctx, work)
	})
	return err
}

// Authenticate returns the user of a name if the password is right, and notes
// the time as its last login; with [MemoryFile] that is a write to the file.
// It fails with [ErrUnauthenticated] if it is wrong, or if there is no such
// user, or if the user is disabled or has no password: neither the error nor
// the time that it takes tells which.
func (e *MemoryExtension) Authenticate(ctx context.Context, name string, password Secret) (User, error) {
	t := target{op: "Authenticate", resource: "user", name: name}
	check := func(v *validator) {
		v.name("name", name)
		if password.IsZero() {
			v.problemf("password", "must not be empty")
		}
	}
	return extend(ctx, e.client, t, check, func(ctx context.Context) (User, error) {
		return e.backend.authenticate(ctx, name, password)
	})
}

func (b *memoryBackend) authenticate(ctx context.Context, name string, password Secret) (User, error) {
	var hash Secret // that the password matches
	verify := func(ctx context.Context) error {
		b.mu.RLock()
		user := b.state.users[name]
		b.mu.RUnlock()
		if user != nil {
			hash = user.password
		}
		matches, err := b.passwords.matches(ctx, hash, password)
		if err == nil && !matches {
			err = fault.New(fault.Unauthenticated, "%s", wrongLogin)
		}
		return err
	}
	return changeFor(ctx, b, verify, func(tx *memoryTx) (User, error) {
		found := tx.users.get(name)
		if found == nil || found.Disabled || found.password != hash { // the user may have changed meanwhile
			return User{}, fault.New(fault.Unauthenticated, "%s", wrongLogin)
		}
		user := *found
		user.LastLoginAt = tx.now
		tx.users.put(name, &user)
		return tx.show(&user), nil
	})
}

// wrongLogin is what every refused login says.
const wrongLogin = "the name or the password is wrong"
