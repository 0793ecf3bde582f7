package iguazio

import (
	"context"
	"iter"
	"net/http"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// AccessKey is an access key of the caller. It prints as a mark.
type AccessKey struct {
	transport.Unprintable

	// Key is the key itself, which is also its identifier.
	Key string
	// Label is a name for people to read.
	Label string
	// Planes are what the key is good for: "control" and "data".
	Planes []string
	// TTL is how long the key lives, in seconds.
	TTL int64
	// ExpiresAt is when it ends.
	ExpiresAt Time
	// CreatedAt is when it was made.
	CreatedAt Time
	// UID is the POSIX user ID of whose it is, nil if the server does not tell.
	UID *int64
	// TenantID is the tenant of whose it is.
	TenantID string
}

type accessKeyAttributes struct {
	Label     string   `json:"label"`
	Planes    []string `json:"planes"`
	TTL       number   `json:"ttl"`
	ExpiresAt Time     `json:"expires_at"`
	CreatedAt Time     `json:"created_at"`
	UID       *int64   `json:"uid"`
	TenantID  string   `json:"tenant_id"`
}

func readAccessKey(r resource, _ map[Ref]resource) (AccessKey, error) {
	var a accessKeyAttributes
	if err := r.attributes(&a); err != nil {
		return AccessKey{}, err
	}
	return AccessKey{
		Key: r.ID, Label: a.Label, Planes: a.Planes, TTL: int64(a.TTL), ExpiresAt: a.ExpiresAt, CreatedAt: a.CreatedAt,
		UID: a.UID, TenantID: a.TenantID,
	}, nil
}

// NewAccessKey is an access key to be made.
type NewAccessKey struct {
	// Label is a name for people to read.
	Label string `json:"label"`
	// Planes are what the key is good for: "control" and "data".
	Planes []string `json:"planes"`
	// TTL is how long it lives, in seconds; 0 leaves it to the system.
	TTL int64 `json:"ttl,omitzero"`
}

// CreateAccessKey makes an access key: POST /api/access_keys.
func (c *Client) CreateAccessKey(ctx context.Context, key NewAccessKey) (AccessKey, error) {
	key.Planes = notNil(key.Planes)
	data, err := newBody(typeAccessKey, key, nil)
	if err != nil {
		return AccessKey{}, err
	}
	return c.accessKey(ctx, &transport.Request{
		Method: http.MethodPost, Path: []string{"api", "access_keys"}, Class: transport.Once, Body: data,
	})
}

// EnsureAccessKey returns an access key that is as asked for, and makes it if
// there is none: POST /api/self/get_or_create_access_key.
func (c *Client) EnsureAccessKey(ctx context.Context, key NewAccessKey) (AccessKey, error) {
	key.Planes = notNil(key.Planes)
	var request struct { // has no relationships
		Data struct {
			Type       string       `json:"type"`
			Attributes NewAccessKey `json:"attributes"`
		} `json:"data"`
	}
	request.Data.Type, request.Data.Attributes = typeAccessKey, key
	data, err := transport.Encode(request)
	if err != nil {
		return AccessKey{}, err
	}
	return c.accessKey(ctx, &transport.Request{
		Method: http.MethodPost, Path: []string{"api", "self", "get_or_create_access_key"}, Class: transport.Idempotent, Body: data,
	})
}

// GetAccessKey describes an access key: GET /api/access_keys/{key}.
func (c *Client) GetAccessKey(ctx context.Context, key string) (AccessKey, error) {
	if err := checkKey(key); err != nil {
		return AccessKey{}, err
	}
	found, err := c.accessKey(ctx, &transport.Request{
		Method: http.MethodGet, Path: []string{"api", "access_keys", key}, Secrets: []string{key},
	})
	if err == nil && found.Key != key {
		return AccessKey{}, anotherThan("access key")
	}
	return found, err
}

func (c *Client) accessKey(ctx context.Context, r *transport.Request) (AccessKey, error) {
	document, err := c.one(ctx, r)
	if err != nil {
		return AccessKey{}, err
	}
	return readAccessKey(document.Data, nil)
}

// ListAccessKeys streams the caller's access keys: GET /api/access_keys, page
// by page.
func (c *Client) ListAccessKeys(ctx context.Context, q Query) iter.Seq2[AccessKey, error] {
	return list(ctx, c, "access_keys", q, readAccessKey, func(k AccessKey) string { return k.Key })
}

// DeleteAccessKey makes an access key invalid: DELETE /api/access_keys/{key}.
func (c *Client) DeleteAccessKey(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	_, err := c.remove(ctx, &transport.Request{Path: []string{"api", "access_keys", key}, Secrets: []string{key}})
	return err
}

func checkKey(key string) error {
	if key == "" {
		return fault.Invalid("key", "must not be empty")
	}
	return nil
}
