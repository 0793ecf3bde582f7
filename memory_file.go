package usermgmt

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// memoryFile is the file of a [MemoryFile], held by this client alone. Its
// methods but close are not for concurrent use.
type memoryFile struct {
	path string // absolute, and no symbolic link
	disk memoryDisk
	lock *os.File
	last os.FileInfo // the file as we last read or wrote it
}

// memoryDisk is what it takes to replace a file such that a crash at any
// moment leaves either the old content or the new. It is an interface so that
// tests can crash.
type memoryDisk interface {
	// write makes a new file with a content that is flushed to the disk.
	write(path string, data []byte) (os.FileInfo, error)
	// rename moves a file over another one.
	rename(from, to string) error
	// syncFolder flushes a rename in the folder to the disk.
	syncFolder(path string) error
}

// openMemoryFile takes hold of a file, which need not exist.
func openMemoryFile(path string, disk memoryDisk) (*memoryFile, error) {
	path, err := resolveLinks(path)
	if err != nil {
		return nil, diskFault(err)
	}
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return nil, unreadable("is no regular file")
	}
	lock, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the caller chose the path
	if err != nil {
		return nil, diskFault(err)
	}
	taken, err := lockFile(lock)
	switch {
	case err != nil:
		return nil, errors.Join(diskFault(err), lock.Close())
	case !taken:
		return nil, errors.Join(fault.New(fault.Conflict, "another client has the file %s", path), lock.Close())
	}
	return &memoryFile{path: path, disk: disk, lock: lock}, nil
}

// maxLinks bounds the symbolic links that are followed, which may form a ring.
const maxLinks = 40

// resolveLinks returns the absolute path of the file that a path leads to. The
// file need not exist, its folder must.
func resolveLinks(path string) (string, error) {
	for range maxLinks {
		folder, name := filepath.Split(path) // does not simplify "link/..", which need not be here
		folder, err := filepath.EvalSymlinks(cmp.Or(folder, "."))
		if err != nil {
			return "", err
		}
		if folder, err = filepath.Abs(folder); err != nil {
			return "", err
		}
		link := filepath.Join(folder, name)
		target, err := os.Readlink(link)
		if err != nil {
			return link, nil //nolint:nilerr // it is no link, or does not exist
		}
		if path = target; !filepath.IsAbs(path) {
			path = folder + string(filepath.Separator) + target
		}
	}
	return "", &fs.PathError{Op: "open", Path: path, Err: errors.New("too many symbolic links")}
}

// read returns the content of the file, if it exists.
func (f *memoryFile) read() (data []byte, exists bool, err error) {
	info, err := os.Lstat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, diskFault(err)
	}
	f.last = info
	data, err = os.ReadFile(f.path)
	if err != nil {
		return nil, false, diskFault(err)
	}
	return data, true, f.unchanged()
}

// unchanged fails if the file is not as we last saw it.
func (f *memoryFile) unchanged() error {
	now, err := os.Lstat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if f.last == nil {
			return nil
		}
	case err != nil:
		return diskFault(err)
	case f.last != nil && os.SameFile(now, f.last) && now.Size() == f.last.Size() && now.ModTime().Equal(f.last.ModTime()):
		return nil
	}
	return fault.New(fault.Conflict, "somebody else changed the file %s: open it again", f.path)
}

// save replaces the file by a state with its changes. If it was replaced and
// there is an error too, a crash could bring back the old one.
func (f *memoryFile) save(tx *memoryTx) (replaced bool, err error) {
	data, err := encodeMemory(tx)
	if err != nil {
		return false, err
	}
	if err := f.unchanged(); err != nil {
		return false, err
	}
	temporary := f.path + ".tmp"
	info, err := f.disk.write(temporary, data)
	if err != nil {
		_ = os.Remove(temporary)
		return false, diskFault(err)
	}
	renameErr := f.disk.rename(temporary, f.path)
	if renameErr != nil && !f.holds(info) {
		_ = os.Remove(temporary)
		return false, diskFault(renameErr)
	}
	f.last = info
	if err := errors.Join(renameErr, f.disk.syncFolder(filepath.Dir(f.path))); err != nil {
		return true, written(diskFault(err))
	}
	return true, nil
}

// holds reports whether the file is the one that was written.
func (f *memoryFile) holds(written os.FileInfo) bool {
	now, err := os.Lstat(f.path)
	return err == nil && os.SameFile(now, written)
}

// close lets go of the file. The lock file stays: removing it would take the
// lock from somebody who has just opened it.
func (f *memoryFile) close() error {
	return errors.Join(unlockFile(f.lock), f.lock.Close())
}

// osDisk is the disk of the operating system.
type osDisk struct{}

func (osDisk) write(path string, data []byte) (os.FileInfo, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a writer that crashed
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the caller chose the path
	if err != nil {
		return nil, err
	}
	_, writeErr := file.Write(data)
	syncErr := file.Sync()
	info, statErr := file.Stat()
	return info, errors.Join(writeErr, syncErr, statErr, file.Close())
}

func (osDisk) rename(from, to string) error { return os.Rename(from, to) }

func (osDisk) syncFolder(path string) error { return syncFolder(path) }

func diskFault(err error) error { return &fault.Error{Kind: fault.Unavailable, Err: err} }
