package usermgmt_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
	"github.com/usermgmt/usermgmt/internal/conformance"
)

// exchangeWire is a wire on which a single exchange can fail.
type exchangeWire interface {
	soakWire
	// faultNames are the ways in which an exchange can fail.
	faultNames() []string
	// at makes the exchange fail that comes after n others. met reports whether
	// there was one.
	at(n int, fault string) (met func() bool)
}

// TestFaultAtEveryExchange has each exchange of each operation fail in each
// way. After that the state is the old one or the new one, and the error says
// which, or that it is unknown; then it is looked up. The model of a soak judges.
func TestFaultAtEveryExchange(t *testing.T) {
	t.Parallel()
	for name, harness := range soakHarnesses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wire, wired := harness(t).Wire.(exchangeWire)
			if !wired {
				t.Skip("the backend has no wire")
			}
			for _, fault := range wire.faultNames() {
				t.Run(fault, func(t *testing.T) {
					t.Parallel()
					faultEverywhere(t, harness(t), fault)
				})
			}
		})
	}
}

// faultEverywhere has one fault befall each exchange of each operation.
func faultEverywhere(t *testing.T, world *conformance.World, fault string) {
	t.Helper()
	wire, _ := world.Wire.(exchangeWire)
	before, err := usermgmt.Collect(world.Manager.ListUsers(t.Context(), usermgmt.ListUsersRequest{}))
	require.NoError(t, err)
	w, err := newSoakWorker(t, world, 0, 1, 1)
	require.NoError(t, err)
	w.expected = []error{usermgmt.ErrCanceled, usermgmt.ErrUnsupported, usermgmt.ErrUnauthenticated}
	w.noted = wire.calm
	u := w.users[0]
	befallen := 0
	for _, op := range []struct {
		need usermgmt.Capability
		do   func(context.Context, *soakUser)
	}{
		{usermgmt.CapCreateUser, w.create},
		{usermgmt.CapGetUser, w.look},
		{usermgmt.CapListUsers, func(ctx context.Context, _ *soakUser) { w.list(ctx) }},
		{usermgmt.CapGrantRoles, w.grant},
		{usermgmt.CapRevokeRoles, w.revoke},
		{usermgmt.CapSetPassword, w.password},
		{usermgmt.CapAddGroupMember, w.membership},
		{usermgmt.CapDisableUser, w.toggle},
		{usermgmt.CapDeleteUser, w.remove},
	} {
		if !w.can(op.need) {
			continue
		}
		for n, met := 0, true; met; n++ {
			w.prepare(t, u, op.need)
			befell := wire.at(n, fault)
			ctx, cancel := context.WithTimeout(t.Context(), patience(fault))
			op.do(ctx, u)
			cancel()
			met = befell()
			if t.Failed() {
				t.Fatalf("%v, exchange %d", op.need, n)
			}
			if met {
				befallen++
			}
		}
	}
	judge(t, []*soakWorker{w}, before)
	t.Logf("%d exchanges", befallen)
}

// patience is how long a call may take: where the server never answers, not long.
func patience(fault string) time.Duration {
	if fault == "slow header" || fault == "slow body" {
		return 50 * time.Millisecond
	}
	return 30 * time.Second
}

// prepare brings a user to where an operation on it means something.
func (w *soakWorker) prepare(t *testing.T, u *soakUser, need usermgmt.Capability) {
	t.Helper()
	if u.exists == (need == usermgmt.CapCreateUser) {
		if u.exists {
			w.remove(t.Context(), u)
		} else {
			w.create(t.Context(), u)
		}
	}
	if u.exists && u.disabled && need != usermgmt.CapDisableUser {
		w.toggle(t.Context(), u)
	}
	require.Equal(t, need != usermgmt.CapCreateUser, u.exists)
}
