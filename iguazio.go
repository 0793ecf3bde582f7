package usermgmt

import (
	"context"
	"strings"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/iguazio"
	"github.com/usermgmt/usermgmt/internal/transport"
)

const iguazioName = "iguazio"

// IguazioOption is a setting of [Iguazio]. It can also stand among the options of [New]
// and [Open].
type IguazioOption interface {
	Option

	applyIguazio(c *iguazioChoice)
}

type iguazioOption func(c *iguazioChoice)

func (o iguazioOption) applyIguazio(c *iguazioChoice) { o(c) }

func (o iguazioOption) apply(s *settings) { s.own = append(s.own, o) }

// IguazioWait sets how long a call waits for a job of the system, and for a
// new user to become operational; without it, five minutes. When that runs out
// the call fails with [ErrPending]; [Error.Resource] and [Error.ID] tell which
// job or user it waited for.
func IguazioWait(d time.Duration) IguazioOption {
	return iguazioOption(func(c *iguazioChoice) { c.wait, c.waitGiven = d, true })
}

// Iguazio chooses an Iguazio system of version 3 by the address of its
// dashboard, such as "https://dashboard.default-tenant.app.example.com". It
// takes an [AccessKey] of the control plane, with or without a user name, or a
// [Password], whose user name may have the form name@tenant. A login by
// password is renewed when it expires. To manage users the caller needs the
// policy Security Admin. What the system has beyond [UserManager] is in
// [IguazioExtension].
//
// Management policies are the roles: [User.Roles] are the user's own,
// [Group.Roles] those that members inherit. The system does not tell which
// there are; names that this package does not know are passed on. The display
// name is the first and the last name with a space between; the system wants
// both, so without one the user's name and a dash are written, which are shown
// as none. The group all_users, which every user is
// in, is left out of [User.Groups], and no call takes a user out of it.
//
// Many changes are carried out by jobs. A call returns when its job has ended,
// and a new user is operational; see [IguazioWait].
//
// The system replaces lists whole: the policies and groups of a user, the
// members of a role in a project. There is no way to make sure that a list is
// still the one that was read. Calls through one client wait for each other,
// a list is read right before it is written, and nothing is written that does
// not change. But of two clients that change one list at the same moment, one
// can undo the change of the other.
func Iguazio(address string, opts ...IguazioOption) Backend {
	choice := &iguazioChoice{address: address}
	for _, o := range opts {
		if o != nil {
			o.applyIguazio(choice)
		}
	}
	return choice
}

type iguazioChoice struct {
	address   string
	wait      time.Duration
	waitGiven bool
}

func (c *iguazioChoice) open(s *settings) (backend, error) {
	c, err := ownOptions(s, *c, IguazioOption.applyIguazio)
	if err != nil {
		return nil, err
	}
	address := c.address
	if address != "" && !strings.Contains(address, "://") {
		address = "https://" + address
	}
	base, err := transport.ParseAddress(address)
	if err != nil {
		return nil, err
	}
	if c.waitGiven && c.wait <= 0 {
		return nil, fault.Invalid("IguazioWait", "must be positive")
	}
	if s.credentials == nil {
		return nil, fault.Invalid("WithCredentials", "is required: Iguazio takes an access key or a password")
	}
	if static, ok := s.credentials.(Credential); ok {
		if _, err := iguazioCredential(static); err != nil {
			return nil, err
		}
	}
	config := s.transportConfig()
	config.BaseURL = base
	source := s.credentials
	api, err := iguazio.New(iguazio.Config{
		Transport: config, ClientName: "usermgmt", Wait: c.wait,
		Credential: func(ctx context.Context) (iguazio.Credential, error) {
			credential, err := source.Credential(ctx)
			if err != nil {
				return iguazio.Credential{}, err
			}
			return iguazioCredential(credential)
		},
	})
	if err != nil {
		return nil, err
	}
	return &iguazioBackend{api: api}, nil
}

func iguazioCredential(credential Credential) (iguazio.Credential, error) {
	switch c := credential.(type) {
	case AccessKeyCredential:
		if c.Key.IsZero() {
			return iguazio.Credential{}, fault.Invalid("WithCredentials", "needs a key")
		}
		return iguazio.Credential{Username: c.Username, AccessKey: c.Key.Reveal()}, nil
	case PasswordCredential:
		if c.Username == "" || c.Password.IsZero() {
			return iguazio.Credential{}, fault.Invalid("WithCredentials", "needs a user name and a password")
		}
		return iguazio.Credential{Username: c.Username, Password: c.Password.Reveal()}, nil
	case nil:
		return iguazio.Credential{}, fault.Invalid("WithCredentials", "yielded no credential")
	default:
		return iguazio.Credential{}, fault.Invalid("WithCredentials", "%s", wrongCredential(credential, "Iguazio takes an access key or a password"))
	}
}

// iguazioBackend is the adapter for Iguazio.
type iguazioBackend struct {
	iguazioRoles

	api      *iguazio.Client
	users    keyLocks // the lists of a user are replaced whole
	projects keyLocks // and so are the members of a role in a project
}

var _ backend = (*iguazioBackend)(nil)

func (b *iguazioBackend) Name() string { return iguazioName }

var iguazioCapabilities = NewCapabilities(
	CapCreateUser, CapGetUser, CapListUsers, CapUpdateUser, CapDeleteUser, CapCurrentUser,
	CapEnableUser, CapDisableUser, CapSetPassword, CapGrantRoles, CapRevokeRoles,
	CapCreateGroup, CapGetGroup, CapListGroups, CapUpdateGroup, CapDeleteGroup, CapAddGroupMember, CapRemoveGroupMember,
	CapGetProject, CapListProjects, CapListProjectMembers, CapEnsureProjectMember, CapRemoveProjectMember, CapEffectiveProjectRole,
	CapUserName, CapUserPassword, CapDisplayName, CapUpdateDisplayName, CapEmail,
	CapGroupDescription, CapGroupRoles, CapProjectGroups, CapRoleSets,
)

func (b *iguazioBackend) Capabilities() Capabilities { return iguazioCapabilities }

func (b *iguazioBackend) Close() error {
	b.api.Close()
	return nil
}

// Ping verifies the login, which alone tells a bad access key.
func (b *iguazioBackend) Ping(ctx context.Context) error {
	_, err := b.api.Verify(ctx)
	return err
}

func (b *iguazioBackend) CurrentUser(ctx context.Context) (User, error) {
	user, err := b.api.Self(ctx)
	if err != nil {
		return User{}, err
	}
	return fromIguazioUser(user), nil
}

// iguazioRecent is the version from which on the system knows some inputs.
const iguazioRecent = "3.5.5"

// needsRecent refuses an input that older systems would drop without a word.
func (b *iguazioBackend) needsRecent(ctx context.Context, input string) error {
	version, err := b.api.Version(ctx)
	if err == nil && !iguazio.AtLeast(version, iguazioRecent) {
		err = fault.New(fault.Unsupported, "%s needs version %s or later; the system has %s", input, iguazioRecent, version)
	}
	return err
}
