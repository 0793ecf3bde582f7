package usermgmt

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/juju"
)

// raise gives a user a level unless it has that or a higher one.
func (b *jujuBackend) raise(ctx context.Context, user string, r jujuRole) (changed bool, err error) {
	return b.adjust(ctx, user, r.on, func(held int) int { return max(held, r.rank()) }, true)
}

// lower takes a level from a user, and those above it. What does not exist
// nobody holds.
func (b *jujuBackend) lower(ctx context.Context, user string, r jujuRole, force bool) (changed bool, err error) {
	err = b.locate(ctx, &r)
	if r.rank() < 0 || isNotFound(err) {
		return false, b.exists(ctx, user)
	}
	if err != nil {
		return false, err
	}
	return b.adjust(ctx, user, r.on, func(held int) int { return min(held, r.rank()-1) }, force)
}

// set gives a user exactly a level, "" for none.
func (b *jujuBackend) set(ctx context.Context, user string, on juju.Object, level string) error {
	_, err := b.adjust(ctx, user, on, func(int) int { return juju.Rank(on.Kind, level) }, false)
	return err
}

// maxAdjust bounds how often a level is read and written until it is right.
const maxAdjust = 4

// adjust brings the level of a user to what target makes of the present one.
// Only what raises is granted and only what lowers is revoked, because
// revoking sets a fixed level whatever is held. It reads again after each
// write: somebody else may have written, too, and an answer may have been lost.
func (b *jujuBackend) adjust(ctx context.Context, user string, on juju.Object, target func(held int) int, force bool) (changed bool, err error) {
	unlock, err := b.users.lock(ctx, canonicalJuju(user))
	if err != nil {
		return false, err
	}
	defer unlock()
	if on.Kind == juju.OnModel {
		unlock, err := b.models.lock(ctx, on.ID)
		if err != nil {
			return false, err
		}
		defer unlock()
	}
	var lost error
	complained := false // about a disabled user
	for range maxAdjust {
		held, err := b.held(ctx, user, on)
		if err != nil {
			return changed, afterChange(err, changed)
		}
		want := target(held.rank)
		if want == held.rank {
			return changed || complained, nil
		}
		if want < held.rank && !force {
			if err := held.guard(want); err != nil {
				return changed, afterChange(err, changed)
			}
		}
		did, err := b.move(ctx, user, on, held.rank, want)
		switch f, isFault := errors.AsType[*fault.Error](err); {
		case err == nil:
			changed = changed || did
		case isFault && f.Kind == fault.Unavailable && f.Ambiguous && !f.FromServer && lost == nil:
			lost, changed = err, true
		case isFault && f.Kind == fault.Conflict && f.FromServer && want > held.rank && !complained:
			complained = true // controllers up to 3.x do so after they have stored the level
		default:
			return changed, afterChange(err, changed)
		}
	}
	return changed, written(fault.New(fault.Conflict, "the level is not what was written: somebody else changes it, too"))
}

// move sends the one call that brings a level from one rank to another.
func (b *jujuBackend) move(ctx context.Context, user string, on juju.Object, from, to int) (changed bool, err error) {
	levels := juju.Levels(on.Kind)
	if to > from {
		return b.api.Grant(ctx, user, on, levels[to-1])
	}
	err = b.api.Revoke(ctx, user, on, levels[to])
	if isNotFound(err) {
		return false, nil // somebody else was faster
	}
	return err == nil, err
}

// jujuHeld is the level that a user holds on an object.
type jujuHeld struct {
	rank int
	// sole is set if the object is a model that the user alone administers.
	sole bool
	// owner is set if the object is a model that the user owns.
	owner bool
}

// guard refuses to lower the level of who keeps a model administered.
func (h jujuHeld) guard(want int) error {
	if want >= juju.Rank(juju.OnModel, "admin") {
		return nil
	}
	switch {
	case h.sole:
		return fault.New(fault.Conflict, "the model would be left without an administrator")
	case h.owner:
		return fault.New(fault.Conflict, "the owner of a model keeps the level admin on it")
	}
	return nil
}

// held returns the level that a user holds. It fails if the user does not
// exist, which levels do not tell.
func (b *jujuBackend) held(ctx context.Context, user string, on juju.Object) (jujuHeld, error) {
	u, err := b.api.User(ctx, user)
	if err != nil && !b.unseen(user, err) {
		return jujuHeld{}, about("user", user, err)
	}
	switch on.Kind {
	case juju.OnController:
		if fault.KindOf(err) == fault.PermissionDenied {
			return jujuHeld{}, about("user", user, err)
		}
		if u.Disabled {
			// It keeps its level, which no call shows until it is enabled again.
			return jujuHeld{}, about("user", user, fault.New(fault.Conflict, "the controller hides the level of a disabled user: enable it to change that"))
		}
		return jujuHeld{rank: max(0, juju.Rank(on.Kind, u.Access))}, nil
	case juju.OnModel:
		return b.heldOnModel(ctx, user, on.ID)
	case juju.OnOffer:
		offers, err := b.api.Offers(ctx, on.ID)
		if err := firstError(err, jujuFirst(offers)); err != nil {
			return jujuHeld{}, about("offer", on.ID, err)
		}
		return b.heldAmong(ctx, user, on.Kind, offers[0].Value.Users)
	default:
		clouds, err := b.api.Clouds(ctx, on.ID)
		if err := firstError(err, jujuFirst(clouds)); err != nil {
			return jujuHeld{}, about("cloud", on.ID, err)
		}
		return b.heldAmong(ctx, user, on.Kind, clouds[0].Value.Users)
	}
}

// unseen reports whether err, of looking up a user, says nothing about a user
// whom the controller may know all the same: external ones are known by their
// levels alone, and ordinary callers may look up nobody but themselves.
func (b *jujuBackend) unseen(user string, err error) bool {
	f, ok := errors.AsType[*fault.Error](err)
	return ok && (f.Kind == fault.NotFound && juju.IsExternal(canonicalJuju(user)) || f.Kind == fault.PermissionDenied || f.Kind == fault.Unsupported)
}

// exists fails if there is surely no such user.
func (b *jujuBackend) exists(ctx context.Context, user string) error {
	_, err := b.api.User(ctx, user)
	if err != nil && !b.unseen(user, err) {
		return about("user", user, err)
	}
	return nil
}

func (b *jujuBackend) heldOnModel(ctx context.Context, user, uuid string) (jujuHeld, error) {
	m, err := b.members(ctx, uuid)
	if err != nil {
		return jujuHeld{}, err
	}
	held := jujuHeld{owner: sameJujuUser(m.Owner, user)}
	admins := 0
	for _, member := range m.Users {
		if sameJujuUser(member.Name, user) {
			held.rank = max(0, juju.Rank(juju.OnModel, member.Access))
		}
		if member.Access == "admin" {
			admins++
		}
	}
	held.sole = admins == 1 && held.rank == juju.Rank(juju.OnModel, "admin")
	if held.rank == 0 {
		err = b.shown(ctx, user, juju.OnModel, modelUsers(m))
	}
	return held, err
}

// heldAmong returns the level that a user has in the list of an object's users.
func (b *jujuBackend) heldAmong(ctx context.Context, user string, kind juju.ObjectKind, users []juju.AccessUser) (jujuHeld, error) {
	held := jujuHeld{rank: rankAmong(kind, users, user)}
	if held.rank == 0 {
		return held, b.shown(ctx, user, kind, users)
	}
	return held, nil
}

// spareLastAdmin calls change, unless a user is the only administrator of a
// model. Nobody else changes who administers one meanwhile, by this client.
func (b *jujuBackend) spareLastAdmin(ctx context.Context, user string, change func() error) error {
	summaries, err := b.api.ModelSummaries(ctx, user, false)
	if f, ok := errors.AsType[*fault.Error](err); ok && f.FromServer {
		return change() // who may not ask may not do it either, and the controller says why
	}
	if err != nil {
		return err
	}
	var uuids []string
	for _, m := range summaries {
		if m.Err == nil && m.Value.Access == "admin" {
			uuids = append(uuids, m.Value.UUID)
		}
	}
	slices.Sort(uuids) // so that two calls cannot wait for each other
	uuids = slices.Compact(uuids)
	for _, uuid := range uuids {
		unlock, err := b.models.lock(ctx, uuid)
		if err != nil {
			return err
		}
		defer unlock()
	}
	models, err := b.api.ModelInfo(ctx, uuids...)
	if err != nil {
		return err
	}
	for _, m := range models {
		others := slices.ContainsFunc(m.Value.Users, func(u juju.ModelUser) bool {
			return u.Access == "admin" && !sameJujuUser(u.Name, user)
		})
		if m.Err == nil && !others {
			return about("project", m.Value.FullName(), fault.New(fault.Conflict, "the model %s would be left without an administrator", m.Value.FullName()))
		}
	}
	return change()
}

// rankAmong returns the rank that a user has in a list.
func rankAmong(kind juju.ObjectKind, users []juju.AccessUser, user string) int {
	for _, u := range users {
		if sameJujuUser(u.Name, user) {
			return max(0, juju.Rank(kind, u.Access))
		}
	}
	return 0
}

// sameJujuUser compares names as the controller does.
func sameJujuUser(a, b string) bool {
	return canonicalJuju(a) == canonicalJuju(b)
}

// canonicalJuju returns a name in the one form in which equal ones are equal.
func canonicalJuju(name string) string { return strings.ToLower(strings.TrimSuffix(name, "@local")) }

// jujuFirst returns the failure of the first item, nil if there is no item.
func jujuFirst[T any](list []juju.Item[T]) error {
	if len(list) == 0 {
		return nil
	}
	return list[0].Err
}
