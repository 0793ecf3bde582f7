//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package usermgmt

import "os"

// lockFile does nothing: these systems have no flock. That somebody else
// changed the file is still found before it is replaced.
func lockFile(*os.File) (taken bool, err error) { return true, nil }

// unlockFile does nothing either.
func unlockFile(*os.File) error { return nil }

// syncFolder does nothing: these systems cannot flush a folder.
func syncFolder(string) error { return nil }
