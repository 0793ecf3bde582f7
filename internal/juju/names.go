package juju

import (
	"regexp"
	"strings"

	"github.com/usermgmt/usermgmt/internal/fault"
)

const (
	userName  = `[a-zA-Z0-9][a-zA-Z0-9.+-]*[a-zA-Z0-9]`
	modelName = `[a-z0-9]+[a-z0-9-]*`
	offerName = `[a-z][a-z0-9]*(?:-[a-z0-9]*[a-z][a-z0-9]*)*`
	uuid      = `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`

	// maxName bounds names, which have no limit of their own.
	maxName = 256
)

var (
	validUser  = regexp.MustCompile(`^` + userName + `(?:@` + userName + `)?$`)
	validModel = regexp.MustCompile(`^` + modelName + `$`)
	validUUID  = regexp.MustCompile(`^` + uuid + `$`)
	validOffer = regexp.MustCompile(`^(?:` + userName + `(?:@` + userName + `)?/)?` + modelName + `\.` + offerName + `$`)
	validCloud = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]*$`)
)

// subject is what an item is about.
type subject struct {
	tag  string
	kind subjectKind
}

// name returns the subject in words.
func (s subject) name() string {
	if s.kind == aModel {
		return "model " + strings.TrimPrefix(s.tag, modelPrefix)
	}
	return "user " + strings.TrimPrefix(s.tag, userPrefix)
}

type subjectKind uint8

const (
	otherThing subjectKind = iota
	localUser
	externalUser
	aModel
)

// The prefix is always put before a name, also before one that begins with
// it: the tag of the user "user-svc" is "user-user-svc".
const (
	userPrefix       = "user-"
	modelPrefix      = "model-"
	controllerPrefix = "controller-"
	cloudPrefix      = "cloud-"
)

// CanonicalUser checks the name of a user and returns it without the domain
// "local", which is the same as none.
func CanonicalUser(field, name string) (string, error) {
	switch {
	case name == "":
		return "", fault.Invalid(field, "must not be empty")
	case len(name) > maxName:
		return "", fault.Invalid(field, "must not be longer than %d bytes", maxName)
	case !validUser.MatchString(name):
		return "", fault.Invalid(field, "must be two or more of the letters a to z and A to Z, digits, dots, + and -, begin and end with a letter or digit, and may have a domain of the same form after an @")
	}
	return strings.TrimSuffix(name, "@local"), nil
}

// IsExternal reports whether a canonical name is that of a user who is known
// to an identity provider and not to the controller.
func IsExternal(name string) bool { return strings.Contains(name, "@") }

// SameUser reports whether two canonical names are those of one user: case
// does not matter.
func SameUser(a, b string) bool { return strings.EqualFold(a, b) }

// user returns the subject that is a user.
func user(field, name string) (subject, error) {
	canonical, err := CanonicalUser(field, name)
	if err != nil {
		return subject{}, err
	}
	kind := localUser
	if IsExternal(canonical) {
		kind = externalUser
	}
	return subject{tag: userPrefix + canonical, kind: kind}, nil
}

// local returns the subject that is a local user, which is what most methods
// of UserManager are about.
func local(field, name string) (subject, error) {
	s, err := user(field, name)
	if err == nil && s.kind == externalUser {
		err = fault.New(fault.Unsupported, "external users are kept by their identity provider: the controller can only give them access")
	}
	return s, err
}

// newUser returns the subject that is a user about to be created.
func newUser(field, name string) (subject, error) {
	s, err := user(field, name)
	if err == nil && s.kind == externalUser {
		err = fault.Invalid(field, "must not have a domain: external users are not created, only given access")
	}
	return s, err
}

func subjects(field string, names []string, check func(field, name string) (subject, error)) ([]subject, error) {
	list := []subject{}
	for _, name := range names {
		s, err := check(field, name)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// userOf returns the name in a user's tag.
func userOf(tag string) (string, error) {
	name, ok := strings.CutPrefix(tag, userPrefix)
	if !ok || !validUser.MatchString(name) {
		return "", badAnswer()
	}
	return strings.TrimSuffix(name, "@local"), nil
}

// model returns the subject that is the model of a UUID.
func model(field, id string) (subject, error) {
	if !validUUID.MatchString(id) {
		return subject{}, fault.Invalid(field, "must be a UUID in small letters")
	}
	return subject{tag: modelPrefix + id, kind: aModel}, nil
}

func cloud(field, name string) (subject, error) {
	switch {
	case name == "":
		return subject{}, fault.Invalid(field, "must not be empty")
	case len(name) > maxName || !validCloud.MatchString(name):
		return subject{}, fault.Invalid(field, "must be letters a to z and A to Z, digits, dots, _ and -, and begin with a letter or digit")
	}
	return subject{tag: cloudPrefix + name}, nil
}

// CheckOffer checks the URL of an offer on this controller.
func CheckOffer(field, url string) error {
	if len(url) > maxName || !validOffer.MatchString(url) {
		return fault.Invalid(field, "must look like owner/model.offer")
	}
	return nil
}

// IsUUID reports whether text names a model by UUID.
func IsUUID(text string) bool { return validUUID.MatchString(text) }

// SplitModel splits the name of a model, owner/name or name alone.
func SplitModel(field, text string) (owner, name string, err error) {
	owner, name, qualified := strings.Cut(text, "/")
	if !qualified {
		owner, name = "", text
	}
	switch {
	case text == "":
		return "", "", fault.Invalid(field, "must not be empty")
	case len(text) > maxName || !validModel.MatchString(name) || qualified && owner == "":
		return "", "", fault.Invalid(field, "must be a UUID, name or owner/name, with a name of small letters, digits and -")
	}
	if qualified {
		if owner, err = CanonicalUser(field, owner); err != nil {
			return "", "", err
		}
	}
	return owner, name, nil
}
