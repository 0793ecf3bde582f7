package usermgmt

import (
	"context"
	"crypto/tls"
	"sync"

	"github.com/usermgmt/usermgmt/internal/couchbase"
	"github.com/usermgmt/usermgmt/internal/fault"
)

const couchbaseName = "couchbase"

// CouchbaseOption is a setting of [Couchbase]. It can also stand among the options of [New]
// and [Open].
type CouchbaseOption interface {
	Option

	applyCouchbase(c *couchbaseChoice)
}

type couchbaseOption func(c *couchbaseChoice)

func (o couchbaseOption) applyCouchbase(c *couchbaseChoice) { o(c) }

func (o couchbaseOption) apply(s *settings) { s.own = append(s.own, o) }

// CouchbaseNetwork chooses which of a node's addresses to use: "default" for
// those that the nodes use among themselves, "external" for the alternate
// ones, "auto" for those that the given hosts belong to, which is the default.
func CouchbaseNetwork(network string) CouchbaseOption {
	return couchbaseOption(func(c *couchbaseChoice) { c.network = network })
}

// CouchbaseClusterUUID makes the cluster refuse every request unless it has
// this UUID, which [CouchbaseExtension.Server] tells: a safeguard against an
// address that leads elsewhere some day. Calls then fail with
// [ErrUnavailable].
func CouchbaseClusterUUID(uuid string) CouchbaseOption {
	return couchbaseOption(func(c *couchbaseChoice) { c.clusterUUID = uuid })
}

// CouchbaseSeedsOnly sends requests to the given hosts alone. Without it the
// cluster is asked for its other nodes, which take over when those fail.
func CouchbaseSeedsOnly() CouchbaseOption {
	return couchbaseOption(func(c *couchbaseChoice) { c.seedsOnly = true })
}

// Couchbase chooses a Couchbase Server cluster by its connection string:
// "couchbases://h1,h2" for TLS, "couchbase://h1,h2" without, or the addresses
// of the management service itself, "https://h1:18091". One host without a
// port is looked up as a DNS SRV record first. It takes a [Password], a
// [ClientCertificate], or from Couchbase Server 8.0 a [BearerToken], which is
// asked for at each request. The user has to be an administrator of users.
//
// A user belongs to a domain. Calls without a [CouchbaseUser] are about local
// users, lists included. [User.Roles] are the roles that a user holds itself;
// those of its groups are among [User.EffectiveRoles]. Projects are not
// mapped: a user can hold several roles on one bucket, so that "exactly this
// role" cannot be promised.
//
// Couchbase writes a user whole, without a way to make sure that it is still
// the one that was read. An update therefore reads the user, changes what is
// named and writes all back; calls through one client wait for each other,
// but of two clients that change one user at the same moment, one can undo
// the change of the other. For the same reason a user that somebody else
// creates between the look and the write of CreateUser is overwritten: only
// [CouchbaseExtension.ImportUsers] is free of that moment.
//
// One node is asked for everything as long as it answers, because a change
// shows on the others only moments later; see
// [CouchbaseExtension.WaitVisible]. Groups need the Enterprise Edition,
// disabling users needs version 8.0 of it. Whether the cluster has them is
// known after [Client.Ping], and after the first call that it refused.
func Couchbase(connectionString string, opts ...CouchbaseOption) Backend {
	choice := &couchbaseChoice{connectionString: connectionString}
	for _, o := range opts {
		if o != nil {
			o.applyCouchbase(choice)
		}
	}
	return choice
}

type couchbaseChoice struct {
	connectionString string
	network          string
	clusterUUID      string
	seedsOnly        bool
}

func (c *couchbaseChoice) open(s *settings) (backend, error) {
	c, err := ownOptions(s, *c, CouchbaseOption.applyCouchbase)
	if err != nil {
		return nil, err
	}
	if s.credentials == nil {
		return nil, fault.Invalid("WithCredentials", "is required: Couchbase takes a password, a client certificate or a bearer token")
	}
	config := couchbase.Config{
		Transport:   s.transportConfig(),
		Address:     c.connectionString,
		Network:     c.network,
		ClusterUUID: c.clusterUUID,
		Discover:    !c.seedsOnly,
	}
	source := s.credentials
	switch static := s.credentials.(type) {
	case CertificateCredential:
		if s.httpClient != nil {
			return nil, fault.Invalid("WithCredentials", "cannot be a client certificate beside WithHTTPClient, whose transport has its own")
		}
		config.Transport.TLS = withCertificate(s.tls, static.Certificate())
	case Credential:
		if _, err := couchbaseCredential(static); err != nil {
			return nil, err
		}
	}
	if _, certified := s.credentials.(CertificateCredential); !certified {
		config.Credential = func(ctx context.Context) (couchbase.Credential, error) {
			credential, err := source.Credential(ctx)
			if err != nil {
				return couchbase.Credential{}, err
			}
			return couchbaseCredential(credential)
		}
	}
	api, err := couchbase.New(config)
	if err != nil {
		return nil, err
	}
	return &couchbaseBackend{api: api, can: couchbaseCapabilities}, nil
}

func withCertificate(config *tls.Config, certificate tls.Certificate) *tls.Config {
	if config == nil {
		config = &tls.Config{}
	}
	config = config.Clone()
	config.Certificates = []tls.Certificate{certificate}
	return config
}

const couchbaseCredentials = "Couchbase takes a password, a client certificate or a bearer token"

func couchbaseCredential(credential Credential) (couchbase.Credential, error) {
	switch c := credential.(type) {
	case PasswordCredential:
		if c.Username == "" || c.Password.IsZero() {
			return couchbase.Credential{}, fault.Invalid("WithCredentials", "needs a user name and a password")
		}
		return couchbase.Credential{Username: c.Username, Password: c.Password.Reveal()}, nil
	case BearerTokenCredential:
		if c.Token.IsZero() {
			return couchbase.Credential{}, fault.Invalid("WithCredentials", "needs a token")
		}
		return couchbase.Credential{Token: c.Token.Reveal()}, nil
	case CertificateCredential:
		return couchbase.Credential{}, fault.Invalid("WithCredentials", "must not yield a client certificate from a source: it belongs to connections and not to requests")
	case nil:
		return couchbase.Credential{}, fault.Invalid("WithCredentials", "yielded no credential")
	default:
		return couchbase.Credential{}, fault.Invalid("WithCredentials", "%s", wrongCredential(credential, couchbaseCredentials))
	}
}

// couchbaseBackend is the adapter for Couchbase Server.
type couchbaseBackend struct {
	fixedRoles
	noProjects

	api    *couchbase.Client
	users  keyLocks // by domain and name: Couchbase replaces a user whole
	groups keyLocks // by name, for the same reason

	mu     sync.Mutex
	can    Capabilities
	probed bool
	limits bool // users have limits, which is known once the cluster is
}

var _ backend = (*couchbaseBackend)(nil)

func (b *couchbaseBackend) Name() string { return couchbaseName }

var (
	// couchbaseCapabilities is what is known before the cluster is.
	couchbaseCapabilities = NewCapabilities(
		CapCreateUser, CapGetUser, CapListUsers, CapUpdateUser, CapDeleteUser, CapCurrentUser, CapSetPassword,
		CapListRoles, CapGetRole, CapGrantRoles, CapRevokeRoles,
		CapUserName, CapUserPassword, CapDisplayName, CapUpdateDisplayName, CapRoleScope, CapRoleSets,
	).maybe(couchbaseEnterprise...).maybe(couchbaseLocking...)

	couchbaseEnterprise = []Capability{
		CapCreateGroup, CapGetGroup, CapListGroups, CapUpdateGroup, CapDeleteGroup, CapAddGroupMember, CapRemoveGroupMember,
		CapGroupDescription, CapGroupRoles,
	}
	couchbaseLocking = []Capability{CapEnableUser, CapDisableUser}
)

func (b *couchbaseBackend) Capabilities() Capabilities {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.can
}

func (b *couchbaseBackend) Close() error {
	b.api.Close()
	return nil
}

func (b *couchbaseBackend) Ping(ctx context.Context) error {
	if _, err := b.api.WhoAmI(ctx); err != nil {
		return err
	}
	b.probe(ctx)
	return nil
}

// probe learns once what the cluster can do. A failure leaves it open: then
// the server goes on deciding call by call.
func (b *couchbaseBackend) probe(ctx context.Context) {
	b.mu.Lock()
	probed := b.probed
	b.mu.Unlock()
	if probed {
		return
	}
	if server, err := b.api.Server(ctx); err == nil {
		b.learn(server)
	}
}

// noted returns err, the outcome of a call of something that not every cluster
// has. If this one lacks it, the next call will be refused without asking.
func (b *couchbaseBackend) noted(ctx context.Context, err error) error {
	if err != nil && fault.KindOf(err) == fault.Unsupported {
		b.probe(ctx)
	}
	return err
}

// learn takes over what a cluster can do, unless it tells no version: that
// leaves everything open.
func (b *couchbaseBackend) learn(server couchbase.Server) {
	if !server.AtLeast(0, 0) {
		return
	}
	can := couchbaseCapabilities.settle(couchbaseEnterprise, server.Enterprise && server.AtLeast(6, 5))
	can = can.settle(couchbaseLocking, server.Enterprise && server.AtLeast(8, 0))
	b.mu.Lock()
	defer b.mu.Unlock()
	b.can, b.probed, b.limits = can, true, server.AtLeast(7, 1) && !server.AtLeast(7, 3)
}
