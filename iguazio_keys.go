package usermgmt

import (
	"context"
	"iter"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/iguazio"
)

// IguazioAccessKey is an access key of the caller.
type IguazioAccessKey struct {
	// Key is the key itself, which is also its identifier.
	Key Secret
	// Label is a name for people to read.
	Label string
	// Planes are what the key is good for: "control" and "data".
	Planes []string
	// Lifetime is how long it lives from the first on.
	Lifetime time.Duration
	// ExpiresAt is when it ends, zero if unknown.
	ExpiresAt time.Time
	// CreatedAt is when it was made, zero if unknown.
	CreatedAt time.Time
	// UID is the POSIX user ID of whose it is, nil if the system does not tell.
	UID *int64
}

// IguazioNewAccessKey describes an access key to be made.
type IguazioNewAccessKey struct {
	// Label is a name for people to read.
	Label string
	// Planes are what the key is good for: "control" and "data". At least one
	// is required. To log in with [AccessKey] it takes "control".
	Planes []string
	// Lifetime is how long it lives, in whole seconds; 0 leaves it to the
	// system, which gives ten years.
	Lifetime time.Duration
}

func (k IguazioNewAccessKey) check(v *validator) {
	if len(k.Planes) == 0 {
		v.problemf("Planes", "must name at least one plane")
	}
	v.text("Label", k.Label)
	if k.Lifetime < 0 || k.Lifetime%time.Second != 0 {
		v.problemf("Lifetime", "must be a whole number of seconds")
	}
}

func (k IguazioNewAccessKey) wire() iguazio.NewAccessKey {
	return iguazio.NewAccessKey{Label: k.Label, Planes: k.Planes, TTL: int64(k.Lifetime / time.Second)}
}

// CreateAccessKey makes an access key of the caller. It is never sent twice.
// It sends POST /api/access_keys.
func (e *IguazioExtension) CreateAccessKey(ctx context.Context, key IguazioNewAccessKey) (IguazioAccessKey, error) {
	return extend(ctx, e.client, keyTarget("CreateAccessKey"), key.check, func(ctx context.Context) (IguazioAccessKey, error) {
		return fromIguazioKey(e.backend.api.CreateAccessKey(ctx, key.wire()))
	})
}

// EnsureAccessKey returns an access key of the caller with that label and
// those planes, and makes it if there is none. It sends POST
// /api/self/get_or_create_access_key.
func (e *IguazioExtension) EnsureAccessKey(ctx context.Context, key IguazioNewAccessKey) (IguazioAccessKey, error) {
	return extend(ctx, e.client, keyTarget("EnsureAccessKey"), key.check, func(ctx context.Context) (IguazioAccessKey, error) {
		return fromIguazioKey(e.backend.api.EnsureAccessKey(ctx, key.wire()))
	})
}

// GetAccessKey describes an access key. It fails with [ErrNotFound] if there
// is none. It sends GET /api/access_keys/{key}.
func (e *IguazioExtension) GetAccessKey(ctx context.Context, key Secret) (IguazioAccessKey, error) {
	return extend(ctx, e.client, keyTarget("GetAccessKey"), givenKey(key), func(ctx context.Context) (IguazioAccessKey, error) {
		return fromIguazioKey(e.backend.api.GetAccessKey(ctx, key.Reveal()))
	})
}

// ListAccessKeys returns the caller's access keys, on the terms of
// [UserReader.ListUsers]. It sends GET /api/access_keys.
func (e *IguazioExtension) ListAccessKeys(ctx context.Context) iter.Seq2[IguazioAccessKey, error] {
	return extendList(ctx, e.client, keyTarget("ListAccessKeys"), nil, func(ctx context.Context, yield func(IguazioAccessKey) bool) error {
		for key, err := range e.backend.api.ListAccessKeys(ctx, iguazio.Query{}) {
			shown, err := fromIguazioKey(key, err)
			if err != nil {
				return err
			}
			if !yield(shown) {
				return nil
			}
		}
		return nil
	})
}

// DeleteAccessKey makes an access key invalid. It fails with [ErrNotFound] if
// there is none. It sends DELETE /api/access_keys/{key}.
func (e *IguazioExtension) DeleteAccessKey(ctx context.Context, key Secret) error {
	return extendDo(ctx, e.client, keyTarget("DeleteAccessKey"), givenKey(key), func(ctx context.Context) error {
		return e.backend.api.DeleteAccessKey(ctx, key.Reveal())
	})
}

func keyTarget(op string) target { return target{op: op, resource: "access key"} }

func givenKey(key Secret) func(*validator) {
	return func(v *validator) {
		if key.IsZero() {
			v.problemf("key", "must not be empty")
		}
	}
}

func fromIguazioKey(key iguazio.AccessKey, err error) (IguazioAccessKey, error) {
	if err != nil {
		return IguazioAccessKey{}, err
	}
	if key.Key == "" {
		return IguazioAccessKey{}, fault.New(fault.Internal, "the server shows an access key without the key")
	}
	return IguazioAccessKey{
		Key: NewSecret(key.Key), Label: key.Label, Planes: key.Planes, Lifetime: time.Duration(key.TTL) * time.Second,
		ExpiresAt: key.ExpiresAt.Time, CreatedAt: key.CreatedAt.Time, UID: key.UID,
	}, nil
}
