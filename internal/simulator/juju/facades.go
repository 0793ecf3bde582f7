package juju

import (
	"maps"
	"slices"
	"strings"
)

// facades are the versions of every facade, by name.
type facades map[string][]int

// facadeVersions is a facade as the answer to a login lists it.
type facadeVersions struct {
	Name     string `json:"name"`
	Versions []int  `json:"versions"`
}

// commonFacades are the facades of 3.5, with the versions of those that do not matter
// here.
func commonFacades() facades {
	return facades{
		"Admin": {3}, "AllModelWatcher": {4}, "AllWatcher": {3}, "Annotations": {2},
		"Application": {15, 16, 17, 18, 19}, "ApplicationOffers": {4}, "Backups": {3}, "Block": {2},
		"Bundle": {6}, "CharmHub": {1}, "Charms": {5, 6, 7}, "Client": {6, 7}, "Cloud": {7},
		"Controller": {11}, "CredentialManager": {1}, "CrossController": {1},
		"ExternalControllerUpdater": {1}, "HighAvailability": {2}, "MigrationTarget": {1, 2, 3},
		"ModelConfig": {3}, "ModelManager": {9}, "ModelSummaryWatcher": {1}, "ModelUpgrader": {1},
		"NotifyWatcher": {1}, "Pinger": {1}, "SecretBackends": {1}, "SSHClient": {4}, "UserManager": {3},
	}
}

// newFacades returns what a server of the release has.
func newFacades(r release, jaas bool, replaced map[string][]int) facades {
	if replaced != nil {
		return maps.Clone(replaced)
	}
	if jaas {
		return facades{
			"Admin": {4}, "ApplicationOffers": {4}, "Bundle": {6}, "Cloud": {7}, "Controller": {11},
			"JIMM": {4}, "ModelManager": {9}, "Pinger": {1}, "UserManager": {3, 2, 1},
		}
	}
	f := commonFacades()
	switch {
	case r.v4():
		f["ApplicationOffers"], f["Controller"], f["ModelManager"] = []int{5, 6}, []int{12, 13}, []int{10, 11}
	case r.atLeast(3, 6, 0):
		f["ApplicationOffers"], f["Controller"], f["ModelManager"] = []int{4, 5}, []int{11, 12}, []int{9, 10}
	case !r.atLeast(3, 0, 0):
		f["ApplicationOffers"], f["Controller"], f["ModelManager"] = []int{1, 2, 3}, span(3, 11), span(2, 9)
		f["Cloud"], f["UserManager"] = span(1, 7), []int{1, 2}
	}
	return f
}

// span returns the numbers from first to last.
func span(first, last int) []int {
	numbers := []int{}
	for n := first; n <= last; n++ {
		numbers = append(numbers, n)
	}
	return numbers
}

// list returns the facades in the order of a login's answer, which does not
// care for case.
func (f facades) list() []facadeVersions {
	names := slices.SortedFunc(maps.Keys(f), func(a, b string) int {
		return strings.Compare(strings.ToLower(a), strings.ToLower(b))
	})
	listed := make([]facadeVersions, len(names))
	for i, name := range names {
		listed[i] = facadeVersions{Name: name, Versions: f[name]}
	}
	return listed
}

// modelFacades exist, on connections to a model, and are not listed.
var modelFacades = []string{"MachineManager", "Spaces", "Storage", "Subnets"}

// controllerFacades are those that a connection to the controller can use.
var controllerFacades = []string{
	"AllModelWatcher", "ApplicationOffers", "Cloud", "Controller", "CredentialManager", "CrossController",
	"ExternalControllerUpdater", "MigrationTarget", "ModelManager", "ModelSummaryWatcher", "ModelUpgrader",
	"SecretBackends", "UserManager",
}

// sharedFacades are those that any connection can use.
var sharedFacades = []string{"Bundle", "HighAvailability", "JIMM", "ModelConfig", "NotifyWatcher", "Pinger"}

// usable reports whether a facade can be used on a connection to the controller
// or to a model.
func usable(facade string, toModel bool) bool {
	return slices.Contains(sharedFacades, facade) || toModel != slices.Contains(controllerFacades, facade)
}
