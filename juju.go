package usermgmt

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/juju"
)

const jujuName = "juju"

// JujuOption is a setting of [Juju]. It can also stand among the options of [New]
// and [Open].
type JujuOption interface {
	Option

	applyJuju(b *jujuChoice)
}

type jujuOption func(b *jujuChoice)

func (o jujuOption) applyJuju(b *jujuChoice) { o(b) }

func (o jujuOption) apply(s *settings) { s.own = append(s.own, o) }

// JujuAddresses adds addresses of the same controller, in the form that [Juju]
// takes. They are tried side by side, and one that works is kept.
func JujuAddresses(addresses ...string) JujuOption {
	return jujuOption(func(b *jujuChoice) { b.addresses = slices.Concat(b.addresses, addresses) })
}

// JujuCA trusts the certificate of a controller's own authority, in PEM form:
// the controller then has to prove that it is "juju-apiserver", whatever its
// address. It cannot be combined with [WithHTTPClient].
func JujuCA(pem string) JujuOption {
	return jujuOption(func(b *jujuChoice) { b.ca = pem })
}

// Juju chooses a Juju controller, or JAAS, by its address, such as
// "wss://10.0.0.1:17070"; a path is a prefix of the endpoint. Plain ws needs
// [WithPlainHTTP] unless it is to this machine. It takes a [Password] or
// [Macaroons]; JAAS takes a [BearerToken], which is its session token, or
// [OAuth2ClientCredentials] with nothing but ID and secret. The user should be
// a superuser of the controller, because others may do little but read
// themselves and manage the models that they administer.
//
// Models are projects: the ID is the UUID, the name owner/name. A name alone
// is taken if only one owner has a model of that name. Access levels are
// roles with a scope, which is one of
//
//	controller              login, superuser
//	model:owner/name        read, write, admin
//	offer:owner/model.name  read, consume, admin
//	cloud:name              add-model, admin
//
// A user has one level at most on each, so granting raises, and revoking a
// level leaves the one beneath it. [User.Roles] shows the level on the
// controller alone; those on models are project members, those on offers and
// clouds are in [JujuExtension]. In a project a role has no scope. A disabled
// user keeps its level on the controller, which shows it to nobody until the
// user is enabled; to change it before that is [ErrConflict].
//
// User names are the same in small and capital letters. A name with a domain,
// such as "gina@example", is that of a user of an identity provider, who can
// be given access but neither created nor changed. JAAS knows no others.
//
// A call that would leave a model without an administrator, or revoke that
// level from its owner, fails with [ErrConflict] even where the controller
// would permit it; see [JujuUser].
func Juju(address string, opts ...JujuOption) Backend {
	choice := &jujuChoice{addresses: []string{address}}
	for _, o := range opts {
		if o != nil {
			o.applyJuju(choice)
		}
	}
	return choice
}

type jujuChoice struct {
	addresses []string
	ca        string
}

func (c *jujuChoice) open(s *settings) (backend, error) {
	c, err := ownOptions(s, *c, JujuOption.applyJuju)
	if err != nil {
		return nil, err
	}
	if s.credentials == nil {
		return nil, fault.Invalid("WithCredentials", "is required: %s", jujuCredentials)
	}
	b := &jujuBackend{}
	if static, ok := s.credentials.(Credential); ok {
		credential, err := jujuCredential(static)
		if err != nil {
			return nil, err
		}
		b.learn(credential.ClientID != "" || credential.SessionToken != "")
	}
	addresses := make([]string, 0, len(c.addresses))
	for _, address := range c.addresses {
		addresses = append(addresses, jujuEndpoint(address))
	}
	source := s.credentials
	api, err := juju.New(juju.Config{
		Addresses: addresses, CA: c.ca, Cause: jujuCause,
		HTTPClient: s.httpClient, TLS: s.tls, AllowPlain: s.plainHTTP, UserAgent: userAgent, Timeout: s.timeout, Retry: s.retry,
		Limiter: s.limiter, Logger: s.logger,
		Credential: func(ctx context.Context) (juju.Credential, error) {
			credential, err := source.Credential(ctx)
			if err != nil {
				return juju.Credential{}, err
			}
			return jujuCredential(credential)
		},
	})
	if err != nil {
		return nil, err
	}
	b.api = api
	return b, nil
}

// jujuEndpoint returns the URL of the controller connection at an address.
func jujuEndpoint(address string) string {
	address = strings.TrimRight(address, "/")
	if strings.HasSuffix(address, "/api") || !strings.Contains(address, "://") {
		return address
	}
	return address + "/api"
}

// jujuBackend is the adapter for Juju.
type jujuBackend struct {
	noGroups
	jujuRoles

	api    *juju.Client
	users  keyLocks // what a level has to become depends on what it is
	models keyLocks // who may stop to administer one depends on who else does
	kind   atomic.Int32
}

var _ backend = (*jujuBackend)(nil)

// The kinds of server. It is unknown until there is a login.
const (
	jujuUnknown int32 = iota
	jujuController
	jujuJAAS
)

func (b *jujuBackend) learn(jaas bool) {
	if jaas {
		b.kind.Store(jujuJAAS)
	} else {
		b.kind.Store(jujuController)
	}
}

func (b *jujuBackend) Name() string { return jujuName }

var (
	jujuCapabilities = NewCapabilities(
		CapGetUser, CapCurrentUser, CapListRoles, CapGetRole, CapGrantRoles, CapRevokeRoles, CapGetProject, CapListProjects,
		CapListProjectMembers, CapEnsureProjectMember, CapRemoveProjectMember, CapEffectiveProjectRole,
		CapUserName, CapUserPassword, CapDisplayName, CapRoleScope,
	)
	// jujuLocal is what concerns users of the controller's own.
	jujuLocal = []Capability{
		CapCreateUser, CapListUsers, CapUpdateUser, CapDeleteUser, CapEnableUser, CapDisableUser, CapSetPassword,
	}
)

func (b *jujuBackend) Capabilities() Capabilities {
	if s := b.api.Current(); s != nil {
		b.learn(s.JAAS)
	}
	switch b.kind.Load() {
	case jujuController:
		return jujuCapabilities.with(jujuLocal...)
	case jujuJAAS:
		return jujuCapabilities
	default:
		return jujuCapabilities.maybe(jujuLocal...)
	}
}

func (b *jujuBackend) Close() error {
	b.api.Close()
	return nil
}

func (b *jujuBackend) Ping(ctx context.Context) error { return b.api.Ping(ctx) }

// JujuUserList is an input extension of [ListUsersRequest].
type JujuUserList struct {
	// HideDisabled leaves disabled users out.
	HideDisabled bool
}

func (JujuUserList) extensionOf() string { return jujuName }

func (JujuUserList) userListExtension() {}

// JujuUser is an input extension of [DeleteUserRequest], [DisableUserRequest],
// and [RevokeRolesRequest].
type JujuUser struct {
	// Force carries the change out even if a model is left without an
	// administrator, or a revocation leaves its owner without that level.
	// Controllers of 4.0 and later refuse the first all the same. Deleting or
	// disabling an owner who shares the administration needs no force.
	Force bool
}

func (JujuUser) extensionOf() string { return jujuName }

func (JujuUser) userExtension() {}

// jujuForce reads the extension of a request that takes it.
func jujuForce(e UserExtension) bool {
	own, ok := e.(JujuUser)
	return ok && own.Force
}

// noJujuUser refuses the extension of a request that does not take it.
func noJujuUser(e UserExtension) error {
	if e != nil {
		return fault.Invalid("Extension", "has no meaning for this call")
	}
	return nil
}
