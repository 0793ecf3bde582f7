package juju

import (
	"regexp"
	"slices"
	"strings"
)

// everyone is the pseudo user whose levels all external users have.
const everyone = "everyone@external"

const namePattern = `[a-zA-Z0-9][a-zA-Z0-9.+-]*[a-zA-Z0-9]`

var (
	validName      = regexp.MustCompile(`^` + namePattern + `$`)
	validUserID    = regexp.MustCompile(`^(` + namePattern + `)(?:@(` + namePattern + `))?$`)
	validUUID      = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	validModelName = regexp.MustCompile(`^[a-z0-9]+[a-z0-9-]*$`)
	validCloud     = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9.-]*$`)
	validOfferURL  = regexp.MustCompile(`^(?:([^:/]*):)?(?:([^/:]+)/)?([a-z0-9][a-z0-9-]*)?\.([a-z][a-z0-9-]*)(?::(.*))?$`)
)

// userID identifies a user: a local one by name, an external one by name and
// domain.
type userID struct {
	name   string
	domain string // empty for a local user
}

// parseUserID reads NAME or NAME@DOMAIN. The domain "local" is the same as none.
func parseUserID(text string) (userID, bool) {
	parts := validUserID.FindStringSubmatch(text)
	if parts == nil {
		return userID{}, false
	}
	if parts[2] == "local" {
		parts[2] = ""
	}
	return userID{name: parts[1], domain: parts[2]}, true
}

// local reports whether the controller keeps the user itself.
func (u userID) local() bool { return u.domain == "" }

// String returns the ID as it is shown.
func (u userID) String() string {
	if u.local() {
		return u.name
	}
	return u.name + "@" + u.domain
}

// tag returns the tag of the user.
func (u userID) tag() string { return "user-" + u.String() }

// key returns what the ID is compared by.
func (u userID) key() string { return strings.ToLower(u.String()) }

// tagKinds are the kinds of tags that are told apart in errors.
var tagKinds = []string{"user", "model", "machine", "controller", "cloud", "cloudcred", "application", "unit", "applicationoffer"}

// splitTag splits a tag that should be of the given kind.
func splitTag(tag, kind string) (string, error) {
	found, id, ok := strings.Cut(tag, "-")
	if !ok || !slices.Contains(tagKinds, found) {
		return "", errorf("", "%q is not a valid tag", tag)
	}
	if found != kind {
		return "", errorf("", "%q is not a valid %s tag", tag, kind)
	}
	return id, nil
}

// parseTag returns the ID in a tag of the given kind.
func parseTag(tag, kind string, valid *regexp.Regexp) (string, error) {
	id, err := splitTag(tag, kind)
	if err == nil && !valid.MatchString(id) {
		err = errorf("", "%q is not a valid %s tag", tag, kind)
	}
	return id, err
}

func parseUserTag(tag string) (userID, error) {
	text, err := parseTag(tag, "user", validUserID)
	id, _ := parseUserID(text)
	return id, err
}

func parseModelTag(tag string) (string, error) { return parseTag(tag, "model", validUUID) }

func parseCloudTag(tag string) (string, error) { return parseTag(tag, "cloud", validCloud) }

// offerURL is the place of an offer.
type offerURL struct {
	owner, model, name string
}

// parseOfferURL reads [OWNER/]MODEL.OFFER. What names another controller or an
// endpoint is refused.
func parseOfferURL(text string) (offerURL, error) {
	parts := validOfferURL.FindStringSubmatch(text)
	switch {
	case parts == nil:
		return offerURL{}, errorf("", "application offer URL has invalid form, must be [<user/]<model>.<appname>: %q", text)
	case parts[3] == "":
		return offerURL{}, errorf("", "application offer URL is missing model")
	case parts[5] != "":
		return offerURL{}, errorf("", "saas application %q shouldn't include endpoint", text)
	case parts[1] != "":
		return offerURL{}, errorf(codeNotSupported, "query for non-local application offers not supported")
	}
	return offerURL{owner: parts[2], model: parts[3], name: parts[4]}, nil
}
