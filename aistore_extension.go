package usermgmt

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/usermgmt/usermgmt/internal/aistore"
)

// AIStoreExtension is what AuthN has beyond [UserManager]: clusters, the
// permissions of roles, tokens, configuration and keys. Get it with [As]:
//
//	authn, ok := usermgmt.As[*usermgmt.AIStoreExtension](client)
//
// It is safe for concurrent use and shares the client's login and life. Its
// errors are of the kinds of [UserManager].
type AIStoreExtension struct {
	client *Client
	api    *aistore.Client
	rules  func(context.Context, RoleExtension) (aistore.Role, error)
}

func (b *aistoreBackend) extensionFor(c *Client) any {
	return &AIStoreExtension{client: c, api: b.api, rules: b.rules}
}

// AIStoreCluster is a cluster that AuthN knows.
type AIStoreCluster struct {
	// ID is the cluster's UUID.
	ID string
	// Alias is a name for people to use, empty if there is none.
	Alias string
	// URLs are the addresses at which AuthN reaches the cluster.
	URLs []string
}

// AIStoreRoleDefinition is a role with what it permits.
type AIStoreRoleDefinition struct {
	RoleDefinition
	AIStoreRole

	// Admin is set on the built-in role that permits everything.
	Admin bool
}

// AIStoreToken is a token that AuthN issued.
type AIStoreToken struct {
	// Token is the token itself; empty in [AIStoreExtension.CurrentToken].
	Token Secret
	// Username is the user that it was issued to.
	Username string
	// Admin is set if the user was an administrator when it logged in.
	Admin bool
	// IssuedAt is when it was issued, in seconds.
	IssuedAt time.Time
	// ExpiresAt is when it ends, in seconds.
	ExpiresAt time.Time
}

// AIStoreTokenRequest is the request of [AIStoreExtension.IssueToken].
type AIStoreTokenRequest struct {
	// Username is who logs in. Required.
	Username string
	// Password is the user's password; an empty one is unauthenticated.
	Password Secret
	// Lifetime is how long the token lives: nil for the server's default, 0
	// for the longest that it allows, else at least a minute.
	Lifetime *time.Duration
}

// AIStoreConfig is the part of AuthN's configuration that can be changed, and
// its limits.
type AIStoreConfig struct {
	// Secret is the key that signs tokens, empty if they are signed by RSA.
	Secret Secret
	// TokenLifetime is how long tokens live by default.
	TokenLifetime time.Duration
	// MaxTokenLifetime is how long tokens can live at most. It cannot be changed.
	MaxTokenLifetime time.Duration
	// LogLevel is the server's log level, such as "3".
	LogLevel string
	// ExternalURL is the issuer in tokens. It cannot be changed.
	ExternalURL string
}

// AIStoreConfigUpdate is the request of [AIStoreExtension.UpdateConfig]. Nil
// fields leave things as they are.
type AIStoreConfigUpdate struct {
	// Secret replaces the key that signs tokens. It switches to signing by
	// secret and makes every token issued so far invalid at once.
	Secret *Secret
	// TokenLifetime replaces how long tokens live by default.
	TokenLifetime *time.Duration
	// LogLevel replaces the server's log level.
	LogLevel *string
}

// AIStoreDiscovery is what AuthN says of the tokens that it issues.
type AIStoreDiscovery struct {
	// Issuer is the issuer in tokens.
	Issuer string
	// JWKSURI is where the keys are that verify tokens.
	JWKSURI string
	// Algorithms are those that tokens may be signed by.
	Algorithms []string
}

// ListClusters returns the registered clusters, sorted by ID, nil if there
// are none. It sends GET /v1/clusters.
func (e *AIStoreExtension) ListClusters(ctx context.Context) ([]AIStoreCluster, error) {
	return extend(ctx, e.client, clusterTarget("ListClusters", ""), nil, func(ctx context.Context) ([]AIStoreCluster, error) {
		found, err := e.api.ListClusters(ctx)
		if err != nil {
			return nil, err
		}
		var clusters []AIStoreCluster
		for _, cluster := range found {
			clusters = append(clusters, AIStoreCluster(cluster))
		}
		return clusters, nil
	})
}

// GetCluster returns the cluster of an ID or alias. It fails with
// [ErrNotFound] if none is registered. It sends GET /v1/clusters/{id}.
func (e *AIStoreExtension) GetCluster(ctx context.Context, idOrAlias string) (AIStoreCluster, error) {
	return extend(ctx, e.client, clusterTarget("GetCluster", idOrAlias), named(idOrAlias), func(ctx context.Context) (AIStoreCluster, error) {
		cluster, err := e.api.GetCluster(ctx, idOrAlias)
		return AIStoreCluster(cluster), err
	})
}

// RegisterCluster makes a cluster known, with the roles ClusterOwner-,
// BucketOwner- and Guest- followed by its alias or ID. AuthN calls the cluster
// at its URLs first, and takes more than a minute to give up: set a deadline.
// Without URLs nothing is called. AuthN takes an ID that is another cluster's
// alias; later calls by that name then mean either. It fails with [ErrAlreadyExists] if the ID or
// alias is taken, [ErrUnavailable] if the cluster cannot be reached, and
// [ErrConflict] if it refuses. It sends POST /v1/clusters.
func (e *AIStoreExtension) RegisterCluster(ctx context.Context, cluster AIStoreCluster) error {
	return extendDo(ctx, e.client, clusterTarget("RegisterCluster", cluster.ID), named(cluster.ID), func(ctx context.Context) error {
		return e.api.RegisterCluster(ctx, aistore.Cluster(cluster))
	})
}

// UpdateCluster replaces the alias and the URLs of the cluster of an ID, not
// alias; empty ones stay. Roles keep their names. It fails with [ErrNotFound]
// if the ID is not registered, else as RegisterCluster. It sends PUT
// /v1/clusters/{id}.
func (e *AIStoreExtension) UpdateCluster(ctx context.Context, cluster AIStoreCluster) error {
	return extendDo(ctx, e.client, clusterTarget("UpdateCluster", cluster.ID), named(cluster.ID), func(ctx context.Context) error {
		return e.api.UpdateCluster(ctx, aistore.Cluster(cluster))
	})
}

// UnregisterCluster forgets the cluster of an ID or alias; its roles stay. It
// fails with [ErrNotFound] if none is registered. It sends DELETE
// /v1/clusters/{id}.
func (e *AIStoreExtension) UnregisterCluster(ctx context.Context, idOrAlias string) error {
	return extendDo(ctx, e.client, clusterTarget("UnregisterCluster", idOrAlias), named(idOrAlias), func(ctx context.Context) error {
		return e.api.DeleteCluster(ctx, idOrAlias)
	})
}

// ClusterUsers returns the users that have any permission on a cluster, by
// whatever role: the administrators, and those with a role that names the
// cluster or a bucket in it, or all clusters not named. It fails with
// [ErrNotFound] if the cluster is not registered. It sends GET
// /v1/clusters/{id} and GET /v1/users, on the terms of [UserReader.ListUsers].
func (e *AIStoreExtension) ClusterUsers(ctx context.Context, idOrAlias string) iter.Seq2[User, error] {
	t := clusterTarget("ClusterUsers", idOrAlias)
	return extendList(ctx, e.client, t, named(idOrAlias), func(ctx context.Context, yield func(User) bool) error {
		cluster, err := e.api.GetCluster(ctx, idOrAlias)
		if err != nil {
			return err
		}
		for user, err := range e.api.ListUsers(ctx) {
			if err != nil {
				return err
			}
			if slices.ContainsFunc(user.Roles, func(r aistore.Role) bool { return permitsOn(r, cluster) }) && !yield(fromAIStoreUser(user)) {
				return nil
			}
		}
		return nil
	})
}

// permitsOn reports whether a role permits anything on a cluster.
func permitsOn(role aistore.Role, cluster aistore.Cluster) bool {
	if role.Admin {
		return true
	}
	var named, onNamed, onOthers bool // an entry for the cluster itself outweighs that for all others
	for _, entry := range role.Clusters {
		switch entry.ID {
		case "":
			onOthers = onOthers || entry.Perm != 0
		case cluster.ID, cluster.Alias:
			named, onNamed = true, onNamed || entry.Perm != 0
		}
	}
	return onNamed || onOthers && !named || slices.ContainsFunc(role.Buckets, func(b aistore.BucketACL) bool {
		return b.Bucket.Namespace.UUID == cluster.ID && b.Perm != 0
	})
}

// GetRole returns a role with what it permits. It fails with [ErrNotFound] if
// there is none. It sends GET /v1/roles/{name}.
func (e *AIStoreExtension) GetRole(ctx context.Context, name string) (AIStoreRoleDefinition, error) {
	t := target{op: "GetRole", resource: "role", name: name}
	return extend(ctx, e.client, t, named(name), func(ctx context.Context) (AIStoreRoleDefinition, error) {
		role, err := e.api.GetRole(ctx, name)
		if err != nil {
			return AIStoreRoleDefinition{}, err
		}
		return fromAIStoreRole(role), nil
	})
}

// ListRoles returns all roles with what they permit, sorted by name, on the
// terms of [UserReader.ListUsers]. It sends GET /v1/roles.
func (e *AIStoreExtension) ListRoles(ctx context.Context) iter.Seq2[AIStoreRoleDefinition, error] {
	t := target{op: "ListRoles", resource: "role"}
	return extendList(ctx, e.client, t, nil, func(ctx context.Context, yield func(AIStoreRoleDefinition) bool) error {
		roles, err := e.api.ListRoles(ctx)
		for _, role := range roles {
			if !yield(fromAIStoreRole(role)) {
				break
			}
		}
		return err
	})
}

// IssueToken logs a user in and returns the token, which the client itself
// does not use. It fails with [ErrUnauthenticated] if the user or the password
// is wrong. Two calls within a second can return the same token. It sends POST
// /v1/users/{name}.
func (e *AIStoreExtension) IssueToken(ctx context.Context, req AIStoreTokenRequest) (AIStoreToken, error) {
	check := func(v *validator) { v.name("Username", req.Username) }
	return extend(ctx, e.client, tokenTarget("IssueToken"), check, func(ctx context.Context) (AIStoreToken, error) {
		token, err := e.api.Login(ctx, req.Username, req.Password.Reveal(), req.Lifetime)
		if err != nil {
			return AIStoreToken{}, err
		}
		issued := fromAIStoreToken(token)
		issued.Token = NewSecret(token.Token)
		return issued, nil
	})
}

// CurrentToken describes the token that the client uses, logging in if there
// is none yet. The token itself is left out.
func (e *AIStoreExtension) CurrentToken(ctx context.Context) (AIStoreToken, error) {
	return extend(ctx, e.client, tokenTarget("CurrentToken"), nil, func(ctx context.Context) (AIStoreToken, error) {
		token, err := e.api.CurrentToken(ctx)
		if err != nil {
			return AIStoreToken{}, err
		}
		return fromAIStoreToken(token), nil
	})
}

// RevokeToken makes a token invalid; revoking it again does nothing. It fails
// with [ErrUnauthenticated] if the token does not verify, because it has
// expired for example. It sends DELETE /v1/tokens.
func (e *AIStoreExtension) RevokeToken(ctx context.Context, token Secret) error {
	return extendDo(ctx, e.client, tokenTarget("RevokeToken"), nil, func(ctx context.Context) error {
		return e.api.RevokeToken(ctx, token.Reveal())
	})
}

// Logout revokes the token that the client uses and forgets it; without one it
// does nothing. The next call logs in again. Another process that logged in
// within the same second may hold the same token. It sends DELETE /v1/tokens.
func (e *AIStoreExtension) Logout(ctx context.Context) error {
	return extendDo(ctx, e.client, tokenTarget("Logout"), nil, e.api.Logout)
}

// GetConfig returns the server's configuration. It sends GET /v1/daemon.
func (e *AIStoreExtension) GetConfig(ctx context.Context) (AIStoreConfig, error) {
	return extend(ctx, e.client, configTarget("GetConfig"), nil, func(ctx context.Context) (AIStoreConfig, error) {
		config, err := e.api.GetConfig(ctx)
		if err != nil {
			return AIStoreConfig{}, err
		}
		return AIStoreConfig{
			Secret: NewSecret(config.Auth.Secret), TokenLifetime: config.Auth.ExpirationTime.Duration(),
			MaxTokenLifetime: config.Auth.MaxTokenAge.Duration(), LogLevel: config.Log.Level, ExternalURL: config.Net.ExternalURL,
		}, nil
	})
}

// UpdateConfig changes what update names; naming nothing sends nothing. It
// sends PUT /v1/daemon.
func (e *AIStoreExtension) UpdateConfig(ctx context.Context, update AIStoreConfigUpdate) error {
	return extendDo(ctx, e.client, configTarget("UpdateConfig"), nil, func(ctx context.Context) error {
		patch := aistore.ConfigPatch{TokenTTL: update.TokenLifetime, LogLevel: update.LogLevel}
		if update.Secret != nil {
			patch.Secret = new(update.Secret.Reveal())
		}
		return e.api.SetConfig(ctx, patch)
	})
}

// PublicKey returns the key that verifies tokens, as PEM. It fails with
// [ErrUnsupported] if tokens are signed by secret. It sends GET /v1/public-key.
func (e *AIStoreExtension) PublicKey(ctx context.Context) (string, error) {
	return extend(ctx, e.client, configTarget("PublicKey"), nil, e.api.PublicKey)
}

// JWKS returns the keys that verify tokens, former ones included, as the JSON
// text of a JSON Web Key Set. It fails with [ErrUnsupported] if tokens are
// signed by secret. It sends GET /.well-known/jwks.json.
func (e *AIStoreExtension) JWKS(ctx context.Context) ([]byte, error) {
	return extend(ctx, e.client, configTarget("JWKS"), nil, e.api.JWKS)
}

// Discovery returns what the server says of the tokens that it issues. It
// sends GET /.well-known/openid-configuration.
func (e *AIStoreExtension) Discovery(ctx context.Context) (AIStoreDiscovery, error) {
	return extend(ctx, e.client, configTarget("Discovery"), nil, func(ctx context.Context) (AIStoreDiscovery, error) {
		document, err := e.api.Discovery(ctx)
		return AIStoreDiscovery{Issuer: document.Issuer, JWKSURI: document.JWKSURI, Algorithms: document.SigningAlgorithms}, err
	})
}

// RotateKey makes a new key to sign tokens with; tokens issued before stay
// valid. Each call makes one, so it is never sent twice. It fails with
// [ErrUnsupported] if tokens are signed by secret or the key comes from
// outside. It sends POST /v1/rotate-key.
func (e *AIStoreExtension) RotateKey(ctx context.Context) error {
	return extendDo(ctx, e.client, configTarget("RotateKey"), nil, e.api.RotateKey)
}

func clusterTarget(op, name string) target { return target{op: op, resource: "cluster", name: name} }

func tokenTarget(op string) target { return target{op: op, resource: "token"} }

func configTarget(op string) target { return target{op: op, resource: "configuration"} }

func fromAIStoreToken(token aistore.Token) AIStoreToken {
	return AIStoreToken{Username: token.Subject, Admin: token.Admin, IssuedAt: token.IssuedAt, ExpiresAt: token.ExpiresAt}
}
