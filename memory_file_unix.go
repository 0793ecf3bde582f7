//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package usermgmt

import (
	"errors"
	"os"
	"syscall"
)

// lockFile locks an open file, unless somebody else has it locked.
func lockFile(file *os.File) (taken bool, err error) {
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		case !errors.Is(err, syscall.EINTR):
			return false, os.NewSyscallError("flock", err)
		}
	}
}

// unlockFile unlocks a file. Closing it alone would not do at once: a process
// that is being started at this moment has inherited it.
func unlockFile(file *os.File) error {
	return os.NewSyscallError("flock", syscall.Flock(int(file.Fd()), syscall.LOCK_UN))
}

// syncFolder flushes the entries of a folder to the disk.
func syncFolder(path string) error {
	folder, err := os.Open(path) //nolint:gosec // the folder of the file that the caller chose
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
