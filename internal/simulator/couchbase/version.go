package couchbase

import "strconv"

// Version is a release of the server, as a number that grows: major times ten
// plus minor.
type Version int

// The releases that differ in their user management.
const (
	// V60 is 6.0: no groups.
	V60 Version = 60
	// V65 is 6.5: groups, paging, origins of roles.
	V65 Version = 65
	// V66 is 6.6.
	V66 Version = 66
	// V70 is 7.0: roles on scopes and collections.
	V70 Version = 70
	// V71 is 7.1: PATCH of a password, UUIDs of local users, limits.
	V71 Version = 71
	// V72 is 7.2.
	V72 Version = 72
	// V76 is 7.6: backups of users; limits are gone.
	V76 Version = 76
	// V80 is 8.0: locks, temporary passwords, tokens, activity, permissions
	// of their own for user management.
	V80 Version = 80
	// V81 is what comes after 8.0: reasons in the refusals of tokens.
	V81 Version = 81
)

// String returns the version as "8.0".
func (v Version) String() string { return strconv.Itoa(int(v)/10) + "." + strconv.Itoa(int(v)%10) }

// within reports whether v is one of the versions from since up to until;
// an until of 0 means no end.
func (v Version) within(since, until Version) bool { return v >= since && (until == 0 || v <= until) }

// hasLimits reports whether users have limits.
func (v Version) hasLimits() bool { return v.within(V71, V72) }

// special returns the characters that the password policy calls special.
func (v Version) special() string {
	const always = "@%+\\/'\"!#$^?:,(){}[]~`-_"
	if v < V80 {
		return always
	}
	return always + "*=&.;<>|"
}
