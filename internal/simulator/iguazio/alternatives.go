package iguazio

import "net/http"

// Alternatives are other readings of what the description of the API only
// infers. The zero value is what it infers.
type Alternatives struct {
	// LoginStatus answers a login; the default is 201.
	LoginStatus int
	// LoginRefusedStatus answers wrong credentials and disabled users; the
	// default is 401.
	LoginRefusedStatus int
	// DisabledSessionsEnd makes the sessions and access keys of a disabled user
	// unusable. By default only its login is refused.
	DisabledSessionsEnd bool
	// NoLogout makes DELETE /api/sessions/<id> an unknown path.
	NoLogout bool
	// DuplicateStatus answers a name that is taken; the default is 409.
	DuplicateStatus int
	// TransactionStatus answers POST /api/async_transactions; the default is 202.
	TransactionStatus int
	// TransactionsRefusedAtOnce answers 403 to a transaction that the caller
	// may not make. By default its job fails.
	TransactionsRefusedAtOnce bool
	// FullUpdateAnswers makes PUT of users and groups answer with the updated
	// resource in place of a mere reference.
	FullUpdateAnswers bool
	// UpdateReplaces makes PUT of users and groups drop the attributes that
	// are absent. By default they stay.
	UpdateReplaces bool
	// ReadOnlyRefused answers 400 to a write that would change an attribute
	// that only the system changes. By default that attribute is ignored.
	ReadOnlyRefused bool
	// PrimaryGroupLost clears the primary group when a PUT names groups and no
	// primary group. By default it stays.
	PrimaryGroupLost bool
	// PrimaryGroupAdjusts adds a primary group to the groups if a request names
	// it, and clears it if a request leaves it out of the groups. By default a
	// primary group that is not one of the groups is answered with 400.
	PrimaryGroupAdjusts bool
	// NullPrimaryRefused answers 400 to a primary group of null, so that only
	// an empty ID clears it.
	NullPrimaryRefused bool
	// NullRelationships shows what was asked for with include and is empty as
	// null or []. By default it is absent.
	NullRelationships bool
	// KeepsHidden keeps the members that the caller cannot see when it replaces
	// a list. By default the list is what it sends.
	KeepsHidden bool
	// OpenReads lets every caller read users and groups. By default that takes
	// an administrative policy.
	OpenReads bool
	// EmptyNamesRefused answers 400 to a new user whose first name, last name or
	// e-mail address is empty. By default they only have to be there.
	EmptyNamesRefused bool
	// AnyPolicy accepts policies that do not exist.
	AnyPolicy bool
	// FoldedFilters ignores the case of exact filters.
	FoldedFilters bool
	// AscendingOnly answers 400 to a sort that begins with a hyphen.
	AscendingOnly bool
	// ListCap is the length of a list without a page; the default is no limit.
	ListCap int
	// PageCap is the size of the largest page; the default is no limit.
	PageCap int
	// JoinedGroupIDs puts all group IDs of a verification into one string.
	JoinedGroupIDs bool
	// NumericContext makes the trace ID a number in place of a string.
	NumericContext bool
	// ErrorsWithoutStatus leaves the status out of error bodies.
	ErrorsWithoutStatus bool
	// NamedProjectIDs makes project IDs of the form "name@tenant".
	NamedProjectIDs bool
	// ProjectsRoleRequired answers 400 to a write of a project without the
	// header x-projects-role.
	ProjectsRoleRequired bool
	// DeletedAtOnce removes what is deleted when the deletion is accepted. By
	// default it stays readable until the job is completed.
	DeletedAtOnce bool
}

func (a Alternatives) withDefaults() Alternatives {
	for _, status := range []struct {
		value *int
		usual int
	}{
		{&a.LoginStatus, http.StatusCreated},
		{&a.LoginRefusedStatus, http.StatusUnauthorized},
		{&a.DuplicateStatus, http.StatusConflict},
		{&a.TransactionStatus, http.StatusAccepted},
	} {
		if *status.value == 0 {
			*status.value = status.usual
		}
	}
	return a
}
