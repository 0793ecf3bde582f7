package usermgmt

import (
	"errors"
	"maps"
	"strconv"

	"github.com/usermgmt/usermgmt/internal/cognite"
	"github.com/usermgmt/usermgmt/internal/fault"
)

// CogniteItem is how the server names an item of a request in an error: a
// value by name, such as "username"; several where it takes several.
type CogniteItem map[string]string

// CogniteDetail is the cause of errors in which the server names items. Get it
// with [errors.As]. In the error of a bulk call it holds those of all items.
type CogniteDetail struct {
	// Missing are the items that do not exist, nil if the server names none.
	Missing []CogniteItem
	// Duplicated are the items that exist already, nil if the server names none.
	Duplicated []CogniteItem
	// Extra holds what else the server's error holds, by name; what is no text
	// is JSON. It is nil if there is nothing else.
	Extra map[string]string
}

// Error says how many items there are.
func (d *CogniteDetail) Error() string {
	return "the server names " + strconv.Itoa(len(d.Missing)) + " missing and " + strconv.Itoa(len(d.Duplicated)) + " duplicated items"
}

// cogniteCause makes the public cause of what a server names.
func cogniteCause(detail *cognite.Detail) error {
	d := &CogniteDetail{Extra: detail.Extra}
	for _, item := range detail.Missing {
		d.Missing = append(d.Missing, CogniteItem(item))
	}
	for _, item := range detail.Duplicated {
		d.Duplicated = append(d.Duplicated, CogniteItem(item))
	}
	return d
}

// joinDetails returns what the errors of several items name, nil if nothing.
func joinDetails(errs []error) error {
	joined := &CogniteDetail{}
	seen := map[*CogniteDetail]bool{} // the items of one request share theirs
	for _, err := range errs {
		detail, ok := errors.AsType[*CogniteDetail](err)
		if !ok || seen[detail] {
			continue
		}
		seen[detail] = true
		joined.Missing = append(joined.Missing, detail.Missing...)
		joined.Duplicated = append(joined.Duplicated, detail.Duplicated...)
		if detail.Extra != nil && joined.Extra == nil {
			joined.Extra = map[string]string{}
		}
		maps.Copy(joined.Extra, detail.Extra)
	}
	if len(seen) == 0 {
		return nil
	}
	return joined
}

// CogniteOutcome is what a look at the server showed of a change whose answer
// was lost.
type CogniteOutcome string

// The outcomes.
const (
	// CogniteFound: a user acts with the session, or the answer named it. After
	// a create the user exists. Its password is lost, unless the result beside
	// the error holds it: delete the user and create another.
	CogniteFound CogniteOutcome = "found"
	// CogniteAbsent: no user acted with the session when we looked. A server
	// that is slow may still carry out the change, until the nonce ends after
	// about a minute.
	CogniteAbsent CogniteOutcome = "absent"
	// CogniteUnknown: it could not be found out, because the session of the
	// nonce is not known, the look failed too, or the context had ended; or it
	// was a delete.
	CogniteUnknown CogniteOutcome = "unknown"
)

// CogniteLostAnswer is the cause of the error of a create, of an update of a
// credential, or of a delete with RevokeSession, that may have been carried
// out. Get it with [errors.As]. If an update turns out to have been carried out
// there is no error. After a delete nobody looks.
type CogniteLostAnswer struct {
	// SessionID is the session that was to be bound to the user, or that the
	// deleted user had; 0 if it is not known.
	SessionID int64
	// Outcome is what a look at the server showed.
	Outcome CogniteOutcome
	// User is the user that was found; zero unless Outcome is CogniteFound.
	User CogniteUserRecord
	// Err is the cause of the failure itself, nil if there is none.
	Err error
}

// Error says what the look showed.
func (l *CogniteLostAnswer) Error() string {
	text := "the answer was lost; the user is " + string(l.Outcome)
	if l.Err != nil {
		text += ": " + l.Err.Error()
	}
	return text
}

// Unwrap returns the cause of the failure itself.
func (l *CogniteLostAnswer) Unwrap() error { return l.Err }

// aboutSession says that a failure is about a session; err may be nil.
func aboutSession(id int64, err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		f.Resource, f.Name, f.ID = "session", "", ""
		if id != 0 {
			f.ID = strconv.FormatInt(id, 10)
		}
	}
	return err
}
