package usermgmt

import (
	"slices"
	"strings"
	"time"

	"github.com/usermgmt/usermgmt/internal/iguazio"
)

// IguazioUserRecord is a user with all that the system tells of it.
type IguazioUserRecord struct {
	User

	// FirstName is the given name.
	FirstName string
	// LastName is the family name.
	LastName string
	// PhoneNumber is text.
	PhoneNumber string
	// JobTitle is text.
	JobTitle string
	// Department is text.
	Department string
	// Description is text.
	Description string
	// UID is the POSIX user ID, of which 0 is one; nil if the system does not
	// tell.
	UID *int64
	// OperationalStatus is "up", "down" or "deleting".
	OperationalStatus string
	// DataAccessMode is "enabled" or "disabled".
	DataAccessMode string
	// AuthenticationScheme is what keeps the user, such as "local".
	AuthenticationScheme string
	// AuthenticationMethods are "password" and "sso"; nil before version 3.5.5.
	AuthenticationMethods []string
	// SendPassword is set if the system mailed the user a link.
	SendPassword bool
	// PrimaryGroup is the name of the primary group, empty if there is none or
	// the caller may not see it.
	PrimaryGroup string
	// PrimaryGroupID is the ID of the primary group, empty if there is none.
	PrimaryGroupID string
	// GroupIDs are the IDs of all groups, all_users included and those that
	// the caller may not see.
	GroupIDs []string
	// PasswordChangedAt is when the password was last set, zero if unknown.
	PasswordChangedAt time.Time
	// LastActivityAt is when the user last did something, zero if unknown.
	LastActivityAt time.Time
	// Attributes are all attributes as the system sent them, also those that
	// this package does not know, as the text of a JSON object.
	Attributes []byte
}

// fromIguazioUser returns what was read with groups as a portable user.
func fromIguazioUser(user iguazio.User) User {
	shown := User{
		Name: user.Username, ID: user.ID, DisplayName: joinName(user.FirstName, user.LastName, user.Username), Email: user.Email,
		Disabled: user.AdminStatus == iguazio.StatusDown, Roles: policyRoles(user.Policies),
		CreatedAt: user.CreatedAt.Time, UpdatedAt: user.UpdatedAt.Time,
	}
	effective := slices.Clone(user.Policies)
	for _, group := range user.Groups {
		effective = append(effective, group.Policies...)
		if group.Name != iguazio.AllUsers {
			shown.Groups = append(shown.Groups, group.Name)
		}
	}
	slices.Sort(shown.Groups)
	if len(user.GroupIDs) > 0 && len(user.Groups) == len(user.GroupIDs) { // else a group is hidden, or none was asked for
		shown.EffectiveRoles = policyRoles(effective)
	}
	return shown
}

func fromIguazioUserRecord(user iguazio.User) IguazioUserRecord {
	record := IguazioUserRecord{
		User: fromIguazioUser(user), FirstName: user.FirstName, LastName: user.LastName, PhoneNumber: user.PhoneNumber,
		JobTitle: user.JobTitle, Department: user.Department, Description: user.Description, UID: user.UID,
		OperationalStatus: user.OperationalStatus, DataAccessMode: user.DataAccessMode,
		AuthenticationScheme: user.AuthenticationScheme, AuthenticationMethods: user.AuthenticationMethods,
		SendPassword: user.SendPassword, PrimaryGroupID: user.PrimaryGroupID, GroupIDs: user.GroupIDs,
		PasswordChangedAt: user.PasswordChangedAt.Time, LastActivityAt: user.LastActivity.Time, Attributes: user.Raw,
	}
	for _, group := range user.Groups {
		if group.ID == user.PrimaryGroupID {
			record.PrimaryGroup = group.Name
		}
	}
	return record
}

// noLastName stands for a last name where there is none: the system wants
// both names.
const noLastName = "-"

// joinName returns the display name of a user: none if the first name is but
// the user's name.
func joinName(first, last, name string) string {
	if last == noLastName {
		last = ""
	}
	switch {
	case last == "" && first == name:
		return ""
	case last == "":
		return first
	case first == "":
		return last
	default:
		return first + " " + last
	}
}

// splitName is the reverse of joinName.
func splitName(display, name string) (first, last string) {
	if display == "" {
		return name, noLastName
	}
	first, last, _ = strings.Cut(display, " ")
	if last == "" {
		return display, noLastName
	}
	return first, last
}

// IguazioGroupRecord is a group with all that the system tells of it.
type IguazioGroupRecord struct {
	Group

	// GID is the POSIX group ID, nil if the system does not tell.
	GID *int64
	// Kind is what keeps the group, such as "local".
	Kind string
	// DataAccessMode is "enabled" or "disabled".
	DataAccessMode string
	// SystemProvided is set if the group is the system's own, such as
	// all_users.
	SystemProvided bool
	// Members are the names of the members that the caller may see, sorted.
	Members []string
	// MemberIDs are the IDs of all members.
	MemberIDs []string
	// Attributes are all attributes as the system sent them, as the text of a
	// JSON object.
	Attributes []byte
}

func fromIguazioGroup(group iguazio.Group) Group {
	return Group{Name: group.Name, ID: group.ID, Description: group.Description, Roles: policyRoles(group.Policies)}
}

func fromIguazioGroupRecord(group iguazio.Group) IguazioGroupRecord {
	record := IguazioGroupRecord{
		Group: fromIguazioGroup(group), GID: group.GID, Kind: group.Kind, DataAccessMode: group.DataAccessMode,
		SystemProvided: group.SystemProvided, MemberIDs: group.UserIDs, Attributes: group.Raw,
	}
	for _, user := range group.Users {
		record.Members = append(record.Members, user.Username)
	}
	slices.Sort(record.Members)
	return record
}

// IguazioJob is work that the system does after it answered.
type IguazioJob struct {
	// ID is the identifier.
	ID string
	// Kind is what is done, such as "project.creation".
	Kind string
	// State is how far it is: "completed", "failed" and "canceled" are ends.
	State string
	// Result is what came of it: empty, plain text or JSON.
	Result string
	// CreatedAt is when it was made.
	CreatedAt time.Time
	// UpdatedAt is when it last changed.
	UpdatedAt time.Time
}

// Ended reports whether the job is over, whichever way.
func (j IguazioJob) Ended() bool { return iguazio.Job{State: iguazio.JobState(j.State)}.Ended() }

func fromIguazioJob(job iguazio.Job) IguazioJob {
	return IguazioJob{
		ID: job.ID, Kind: job.Kind, State: string(job.State), Result: job.Result,
		CreatedAt: job.CreatedAt.Time, UpdatedAt: job.UpdatedAt.Time,
	}
}

// IguazioLabel is a name with a value.
type IguazioLabel struct {
	// Name is the name.
	Name string
	// Value is the value.
	Value string
}

// IguazioProject is a project with all that the system tells of it.
type IguazioProject struct {
	Project

	// Labels are labels.
	Labels []IguazioLabel
	// Annotations are annotations.
	Annotations []IguazioLabel
	// NodeSelector says where functions run; nil before version 3.5.5.
	NodeSelector []IguazioLabel
	// AdminStatus is "online", "offline" or "archived".
	AdminStatus string
	// OperationalStatus is "unknown", "creating", "deleting", "online",
	// "offline" or "archived".
	OperationalStatus string
	// CreatedAt is when the project was made.
	CreatedAt time.Time
	// UpdatedAt is when the project was last changed.
	UpdatedAt time.Time
	// Attributes are all attributes as the system sent them, as the text of a
	// JSON object.
	Attributes []byte
}

func fromIguazioProject(project iguazio.Project) Project {
	owner := project.OwnerUsername
	if project.Owner.Username != "" {
		owner = project.Owner.Username
	}
	return Project{Name: project.Name, ID: project.ID, Description: project.Description, Owner: owner}
}

func fromIguazioProjectRecord(project iguazio.Project) IguazioProject {
	return IguazioProject{
		Project: fromIguazioProject(project), Labels: fromIguazioLabels(project.Labels), Annotations: fromIguazioLabels(project.Annotations),
		NodeSelector: fromIguazioLabels(project.NodeSelector), AdminStatus: project.AdminStatus, OperationalStatus: project.OperationalStatus,
		CreatedAt: project.CreatedAt.Time, UpdatedAt: project.UpdatedAt.Time, Attributes: project.Raw,
	}
}

func fromIguazioLabels(labels []iguazio.Label) []IguazioLabel {
	var shown []IguazioLabel
	for _, label := range labels {
		shown = append(shown, IguazioLabel(label))
	}
	return shown
}

func toIguazioLabels(labels []IguazioLabel) []iguazio.Label {
	var sent []iguazio.Label
	for _, label := range labels {
		sent = append(sent, iguazio.Label(label))
	}
	return sent
}
