package usermgmt

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/usermgmt/usermgmt/internal/fault"
)

const memoryName = "memory"

// defaultAdministrator is the built-in administrator unless [MemoryAdmin]
// names another.
const defaultAdministrator = "admin"

// defaultProjectRoles are the roles in projects unless [MemoryProjectRoles]
// names others.
var defaultProjectRoles = []string{"viewer", "editor", "admin"}

// MemoryOption is a setting of [Memory]. It can also stand among the options of [New]
// and [Open]. An option given twice is an error of [New]; a nil option is
// ignored.
type MemoryOption interface {
	Option

	applyMemory(choice *memoryChoice)
}

type memoryOption func(choice *memoryChoice)

func (o memoryOption) applyMemory(choice *memoryChoice) { o(choice) }

func (o memoryOption) apply(s *settings) { s.own = append(s.own, o) }

// MemoryFile keeps the state in a file, so that it outlives the process. The
// file is read by [New], and written by it if there is none; its folder must
// exist. Each change replaces the whole file, atomically and flushed to disk,
// before the call returns: right for thousands of users, not for millions. A
// change that cannot be written fails with [ErrUnavailable] and is not made.
//
// The file is JSON for people to read, with mode 0600. One that is damaged,
// holds members that this version does not know, or was written by a newer
// version is refused with [ErrInvalidArgument] and left alone. If the path is
// a symbolic link, the file that it leads to is replaced. A relative path is
// resolved by New.
//
// One client at a time holds the file, by a lock on a second file with the
// suffix ".lock": New fails with [ErrConflict] while another has it. Systems
// without flock, such as Windows, have no such lock. Everywhere, a change
// fails with [ErrConflict] if somebody else changed the file. Another file
// beside it, with the suffix ".tmp", is there while a change is written.
func MemoryFile(path string) MemoryOption {
	return memoryOption(func(c *memoryChoice) {
		if c.once("MemoryFile", c.path != nil) {
			c.path = &path
		}
		if path == "" {
			c.problem("MemoryFile", "must not be empty")
		}
	})
}

// MemoryAdmin names the built-in administrator; without it that is "admin".
// A file keeps the name that it was made with: another one is an error.
func MemoryAdmin(name string) MemoryOption {
	return memoryOption(func(c *memoryChoice) {
		if c.once("MemoryAdmin", c.administrator != nil) {
			c.administrator = &name
		}
		c.check(func(v *validator) { v.name("MemoryAdmin", name) })
	})
}

// MemoryProjectRoles names the roles that members of projects can have, the
// lowest first; without it these are "viewer", "editor" and "admin". A file
// keeps the roles that it was made with until it is opened with others, which
// must include all that are held.
func MemoryProjectRoles(lowToHigh ...string) MemoryOption {
	lowToHigh = slices.Clone(lowToHigh)
	return memoryOption(func(c *memoryChoice) {
		if c.once("MemoryProjectRoles", c.projectRoles != nil) {
			c.projectRoles = &lowToHigh
		}
		c.check(func(v *validator) { checkProjectRoles(v, "MemoryProjectRoles", lowToHigh) })
	})
}

func checkProjectRoles(v *validator, field string, roles []string) {
	if len(roles) == 0 {
		v.problemf(field, "must name at least one role")
	}
	for i, role := range roles {
		v.name(field, role)
		if slices.Contains(roles[:i], role) {
			v.problemf(field, "must not name %q twice", role)
		}
	}
}

// Memory chooses the embedded backend, which has every capability and needs
// no server. Without [MemoryFile] its state lives and dies with the client;
// each client has its own.
//
// It starts with one user, the built-in administrator, as whom the client is
// logged in. That user can be changed but neither deleted nor disabled:
// [ErrPermissionDenied]. Roles exist once they are created and mean nothing
// to the backend; they can be granted with any scope or none. Users take a
// [Password], or none. Projects are created with [MemoryExtension], which also
// checks passwords. Passwords are kept as Argon2id hashes and in no other form.
//
// A list is of one moment, whatever is changed while it is ranged over. Close
// waits for the changes under way.
func Memory(opts ...MemoryOption) Backend {
	choice := &memoryChoice{}
	for _, o := range opts {
		if o != nil {
			o.applyMemory(choice)
		}
	}
	return choice
}

// memoryChoice is what the options come to; nil is not given.
type memoryChoice struct {
	path          *string
	administrator *string
	projectRoles  *[]string
	problems      []error
}

func (c *memoryChoice) problem(option, text string) {
	c.problems = append(slices.Clip(c.problems), fault.Invalid(option, "%s", text))
}

// once reports whether an option is given for the first time.
func (c *memoryChoice) once(option string, given bool) bool {
	if given {
		c.problem(option, "was given twice")
	}
	return !given
}

func (c *memoryChoice) check(check func(v *validator)) {
	var v validator
	check(&v)
	if err := v.err(); err != nil {
		c.problems = append(c.problems, err)
	}
}

func (c *memoryChoice) open(s *settings) (backend, error) {
	c, err := ownOptions(s, *c, MemoryOption.applyMemory)
	if err != nil {
		return nil, err
	}
	s.problems = append(s.problems, c.problems...)
	if err := s.refuseNetwork(); err != nil {
		return nil, err
	}
	b := &memoryBackend{writer: make(chan struct{}, 1), passwords: newPasswordHasher()}
	if c.path == nil {
		b.state = c.freshState()
		return b, nil
	}
	file, err := openMemoryFile(*c.path, osDisk{})
	if err != nil {
		return nil, err
	}
	b.file = file
	if b.state, err = c.stateIn(file); err != nil {
		return nil, errors.Join(err, file.close())
	}
	return b, nil
}

// stateIn returns the state that a file holds, and writes a fresh one if there
// is no file yet.
func (c *memoryChoice) stateIn(file *memoryFile) (*memoryState, error) {
	data, exists, err := file.read()
	if err != nil {
		return nil, err
	}
	if !exists {
		state := c.freshState()
		_, err := file.save(state.begin())
		return state, err
	}
	state, err := decodeMemory(data)
	if err != nil {
		return nil, err
	}
	if c.administrator != nil && *c.administrator != state.administrator {
		return nil, fault.Invalid("MemoryAdmin", "must be %q as in the file", state.administrator)
	}
	if c.projectRoles != nil {
		if missing := state.lacksProjectRole(*c.projectRoles); missing != "" {
			return nil, fault.Invalid("MemoryProjectRoles", "must include %q, which a member of a project has", missing)
		}
		state.projectRoles = *c.projectRoles
	}
	return state, nil
}

func (c *memoryChoice) freshState() *memoryState {
	state := newMemoryState(defaultAdministrator, defaultProjectRoles)
	if c.administrator != nil {
		state.administrator = *c.administrator
	}
	if c.projectRoles != nil {
		state.projectRoles = *c.projectRoles
	}
	tx := state.begin()
	tx.createUser(memoryUser{User: User{Name: state.administrator}})
	tx.apply()
	return state
}

// memoryBackend is the embedded backend. Readers and the one writer meet at
// the state: the writer prepares a change beside it, puts it into the file,
// and then applies it in an instant, so that readers never wait for the disk.
type memoryBackend struct {
	file      *memoryFile // nil without MemoryFile
	passwords *passwordHasher

	life   sync.RWMutex // held for reading by each change, for writing by Close
	closed bool         // guarded by life

	writer chan struct{} // holds one element while a change is made
	mu     sync.RWMutex  // guards the tables of state, which only a writer changes
	state  *memoryState
}

var _ backend = (*memoryBackend)(nil)

func (b *memoryBackend) Name() string { return memoryName }

func (b *memoryBackend) Capabilities() Capabilities {
	return NewCapabilities(slices.Collect(AllCapabilities())...)
}

func (b *memoryBackend) Ping(context.Context) error { return nil }

// Close waits for the changes under way, so that the file can be opened again
// at once.
func (b *memoryBackend) Close() error {
	b.life.Lock()
	defer b.life.Unlock()
	b.closed = true
	if b.file == nil {
		return nil
	}
	return b.file.close()
}

// view calls look with the state of one moment, which look must not keep.
func (b *memoryBackend) view(look func(tx *memoryTx) error) error {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return look(b.state.begin())
}

// change carries out a change that has no result; see changeFor.
func (b *memoryBackend) change(ctx context.Context, work func(tx *memoryTx) error) error {
	_, err := changeFor(ctx, b, nil, func(tx *memoryTx) (struct{}, error) { return struct{}{}, work(tx) })
	return err
}

// changeFor carries out one change and returns its result. What takes long
// but is no disk's fault, such as hashing, belongs into prepare, which may be
// nil and runs beside other changes. work stages the change; if it fails, or
// the file cannot be written, nothing has happened.
func changeFor[R any](ctx context.Context, b *memoryBackend, prepare func(context.Context) error, work func(tx *memoryTx) (R, error)) (R, error) {
	var none R
	b.life.RLock()
	defer b.life.RUnlock()
	if b.closed {
		return none, fault.New(fault.Closed, "the client was closed")
	}
	if prepare != nil {
		if err := prepare(ctx); err != nil {
			return none, err
		}
	}
	select {
	case b.writer <- struct{}{}:
		defer func() { <-b.writer }()
	case <-ctx.Done():
		return none, fault.Ended(ctx, ctx.Err())
	}

	tx := b.state.begin()
	result, err := work(tx)
	if err != nil || !tx.staged() {
		return result, err
	}
	if b.file != nil {
		var replaced bool
		if replaced, err = b.file.save(tx); !replaced {
			return none, err
		}
	}
	b.mu.Lock()
	tx.apply()
	b.mu.Unlock()
	return result, err
}
