package juju

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// Session is what a login told. It does not change.
type Session struct {
	// Identity is who is logged in, as the controller writes the name.
	Identity string
	// DisplayName is the name of that user for people to read.
	DisplayName string
	// Access is that user's level on the controller, empty if there is none.
	Access string
	// ControllerUUID identifies the controller.
	ControllerUUID string
	// ServerVersion is the version of the controller.
	ServerVersion string
	// Servers are the present addresses of the controller, host and port.
	Servers []string
	// PublicDNSName is the controller's public name, often empty.
	PublicDNSName string
	// JAAS is set if the login was one that only JAAS has.
	JAAS bool
	// Offered are the facades of the controller with their versions.
	Offered map[string][]int

	facades map[string]int // the version to use of each facade
	secrets []string
}

// Superuser reports whether the user may do everything.
func (s *Session) Superuser() bool { return s.Access == "superuser" }

// Versions returns the version that is in use of each facade.
func (s *Session) Versions() map[string]int { return maps.Clone(s.facades) }

// spoken are the lowest and the highest version that this package speaks of
// each facade.
var spoken = map[string]struct{ lowest, highest int }{
	"UserManager":       {1, 3},
	"Controller":        {3, 13},
	"ModelManager":      {5, 11},
	"ApplicationOffers": {1, 6},
	"Cloud":             {3, 7},
	"Pinger":            {1, 1},
}

// negotiate returns the highest version of each facade that both sides speak.
func negotiate(offered map[string][]int) map[string]int {
	chosen := map[string]int{}
	for facade, versions := range offered {
		ours, known := spoken[facade]
		for _, version := range versions {
			if known && version >= ours.lowest && version <= ours.highest {
				chosen[facade] = max(chosen[facade], version)
			}
		}
	}
	return chosen
}

// version returns the version to use of a facade, at least since.
func (s *Session) version(facade string, since int) (int, error) {
	version, ok := s.facades[facade]
	if ok && version >= since {
		return version, nil
	}
	ours := spoken[facade]
	lowest := max(ours.lowest, since)
	offered := s.Offered[facade]
	if len(offered) == 0 {
		return 0, fault.New(fault.Unsupported, "the controller has no facade %s", facade)
	}
	return 0, fault.New(fault.Unsupported, "the controller has the versions %s of the facade %s, and versions %d to %d are needed",
		strings.Trim(fmt.Sprint(slices.Sorted(slices.Values(offered))), "[]"), facade, lowest, ours.highest)
}

// plainVersion returns the numbers of a version such as 3.5.1, 4.0-beta3 or
// 3.4-rc1.2, made up to three, and the first of them. Ok is false if there is
// no number.
func plainVersion(text string) (version string, major int, ok bool) {
	numbers, _, _ := strings.Cut(text, "-")
	parts := strings.Split(numbers, ".")
	major, err := strconv.Atoi(parts[0])
	if err != nil || major < 0 {
		return "", 0, false
	}
	out := [3]int{major}
	for i := 1; i < len(out) && i < len(parts); i++ {
		n, err := strconv.Atoi(parts[i])
		if err != nil || n < 0 {
			break
		}
		out[i] = n
	}
	return fmt.Sprintf("%d.%d.%d", out[0], out[1], out[2]), major, true
}
