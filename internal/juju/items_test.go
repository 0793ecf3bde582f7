package juju

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// TestOneFailedItem shows that it hides neither the others nor their keys.
func TestOneFailedItem(t *testing.T) {
	t.Parallel()
	c := answering(t, ok(`{"results":[{"tag":"user-alice","secret-key":"AQI="},{"error":{"message":"failed to create user: user bob already exists swordfish","code":"already exists"}},`+
		`{"tag":"user-carol"},{"tag":"user-mallory","secret-key":"AQI="}]}`))
	list, err := c.AddUsers(t.Context(), NewUser{Name: "alice"}, NewUser{Name: "bob", Password: "swordfish"}, NewUser{Name: "Carol", Password: "x"}, NewUser{Name: "dave"})
	require.NoError(t, err)
	require.Len(t, list, 4)
	assert.Equal(t, Item[NewKey]{Value: NewKey{Username: "alice", Key: []byte{1, 2}}}, list[0])
	f := assertKind(t, fault.AlreadyExists, list[1].Err)
	assert.True(t, f.FromServer)
	assert.Equal(t, "failed to create user: user bob already exists [redacted]", f.Message)
	require.NoError(t, list[2].Err, "case does not matter")
	f = assertKind(t, fault.Internal, list[3].Err)
	assert.True(t, f.Ambiguous)
}

// TestKeyBesideAnError keeps a key that exists now.
func TestKeyBesideAnError(t *testing.T) {
	t.Parallel()
	c := answering(t, ok(`{"results":[{"tag":"user-alice","secret-key":"AQI=","error":{"message":"x","code":"not found"}}]}`))
	list, err := c.ResetPasswords(t.Context(), "alice")
	require.NoError(t, err)
	assertKind(t, fault.NotFound, list[0].Err)
	assert.Equal(t, []byte{1, 2}, list[0].Value.Key)
	key, err := answering(t, ok(`{"results":[{"tag":"user-alice","secret-key":"AQI=","error":{"message":"x","code":"not found"}}]}`)).ResetPassword(t.Context(), "alice")
	assertKind(t, fault.NotFound, err)
	assert.Equal(t, []byte{1, 2}, key.Key)
}

// TestWrongAnswers is about answers that are not what was asked for.
func TestWrongAnswers(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{`7`, `null`, `{}`, `{"results":null}`, `{"results":[]}`, `{"results":[{},{}]}`, `"x"`, `{"results":[7]}`} {
		c := answering(t, ok(answer))
		_, err := c.User(t.Context(), "alice")
		f := assertKind(t, fault.Internal, err)
		assert.False(t, f.Ambiguous)
		_, err = c.AddUser(t.Context(), NewUser{Name: "alice"})
		f = assertKind(t, fault.Internal, err)
		assert.True(t, f.Ambiguous, answer)
		f = assertKind(t, fault.Internal, c.RemoveUser(t.Context(), "alice"))
		assert.True(t, f.Ambiguous, answer)
	}
	for _, answer := range []string{`{"results":[{}]}`, `{"results":[{"result":{"username":"bob"}}]}`} {
		_, err := answering(t, ok(answer)).User(t.Context(), "alice")
		assertKind(t, fault.Internal, err)
	}
	c := answering(t, ok(`{"results":[{"result":{"name":"x","uuid":"10000000-0000-4000-8000-000000000002"}}]}`))
	list, err := c.ModelInfo(t.Context(), "10000000-0000-4000-8000-000000000001")
	require.NoError(t, err)
	assertKind(t, fault.Internal, list[0].Err)
	_, err = answering(t, ok(`{"results":[{"result":{"name":"x","uuid":"../x"}}]}`)).ModelSummaries(t.Context(), "admin", true)
	assertKind(t, fault.Internal, err)
}

// TestEmptyLists is about null, which stands for an empty list.
func TestEmptyLists(t *testing.T) {
	t.Parallel()
	c := answering(t, ok(`{"results":null,"user-models":null}`))
	users, err := c.ListUsers(t.Context(), true)
	require.NoError(t, err)
	assert.Empty(t, users)
	models, err := c.ModelSummaries(t.Context(), "admin", true)
	require.NoError(t, err)
	assert.Empty(t, models)
	plain, err := c.Models(t.Context(), "admin")
	require.NoError(t, err)
	assert.Empty(t, plain)
	offers, err := c.ListOffers(t.Context(), OfferFilter{})
	require.NoError(t, err)
	assert.Empty(t, offers)
	none, err := c.EnableUsers(t.Context())
	require.NoError(t, err)
	assert.Empty(t, none, "nothing is sent")
}

// TestUpperCaseAndLocal is about names that a controller spells its own way.
func TestUpperCaseAndLocal(t *testing.T) {
	t.Parallel()
	c := answering(t, ok(`{"results":[{"result":{"username":"Alice@local","display-name":"\u202ex","disabled":true,"last-connection":null,"date-created":"2024-02-03T04:05:06.789Z"}}]}`))
	u, err := c.User(t.Context(), "aLICE")
	require.NoError(t, err)
	assert.Equal(t, "Alice", u.Name)
	assert.True(t, u.Disabled)
	assert.Zero(t, u.LastConnection)
	assert.Equal(t, 789000000, u.Created.Nanosecond())
}

// TestContention repeats what the controller did not do.
func TestContention(t *testing.T) {
	t.Parallel()
	calls := 0
	p := listen(t, func(f frame, _ []byte) string {
		if f.Type == "Admin" {
			return loginAs("admin", "superuser", "3.5.1")
		}
		if calls++; calls < 3 {
			return failed("state changing too quickly", "excessive contention")
		}
		return ok(`{"results":[{}]}`)
	})
	changed, err := connect(t, p.address(), nil).Grant(t.Context(), "alice", Object{Kind: OnController}, "superuser")
	require.NoError(t, err)
	assert.True(t, changed)
	assert.Equal(t, 3, calls)

	_, err = answering(t, failed("x", "try again")).AddUser(t.Context(), NewUser{Name: "alice"})
	f := assertKind(t, fault.Unavailable, err)
	assert.False(t, f.Ambiguous)
}

// TestRemoveAgain: after a lost answer, that it is missing is success.
func TestRemoveAgain(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	lost := false
	missing := failed(`failed to delete user "alice": user "alice" not found`, "not found")
	p := listen(t, func(f frame, _ []byte) string {
		mu.Lock()
		defer mu.Unlock()
		if f.Type == "Admin" {
			return loginAs("admin", "superuser", "3.5.1")
		}
		if !lost {
			lost = true
			return ""
		}
		return missing
	})
	require.NoError(t, connect(t, p.address(), nil).RemoveUser(t.Context(), "alice"))
	assertKind(t, fault.NotFound, answering(t, missing).RemoveUser(t.Context(), "alice"))
}

// TestVersionsOnTheWire is about parameters that differ by version.
func TestVersionsOnTheWire(t *testing.T) {
	t.Parallel()
	for versions, want := range map[string][]string{
		"[9],[5]": {
			`ApplicationOffers(5).ListApplicationOffers {"Filters":[{"allowed-users":null,"application-description":null,"application-name":null,"application-user":null,"connected-users":null,"endpoints":[],"model-name":null,"offer-name":"db","owner-name":"fred"}]}`,
			`ModelManager(9).CreateModel {"name":"prod","owner-tag":"user-fred","cloud-tag":"cloud-lxd","config":{"a":"b"}}`,
		},
		"[10,11],[5,6]": {
			`ApplicationOffers(6).ListApplicationOffers {"Filters":[{"allowed-users":null,"application-description":null,"application-name":null,"application-user":null,"connected-users":null,"endpoints":[],"model-name":null,"offer-name":"db","model-qualifier":"fred"}]}`,
			`ModelManager(11).CreateModel {"name":"prod","qualifier":"fred","cloud-tag":"cloud-lxd","config":{"a":"b"}}`,
		},
	} {
		models, offers := versions[:len(versions)-len(versions)/2-1], versions
		for i := range versions {
			if versions[i] == ']' {
				models, offers = versions[:i+1], versions[i+2:]
				break
			}
		}
		var got record
		p := listen(t, func(f frame, _ []byte) string {
			if f.Type == "Admin" {
				return ok(`{"user-info":{"identity":"user-admin"},"server-version":"3.5.1","facades":[{"name":"ModelManager","versions":` + models + `},{"name":"ApplicationOffers","versions":` + offers + `}]}`)
			}
			got.add(f)
			return ok(`{"results":null,"name":"prod","uuid":"10000000-0000-4000-8000-000000000001","qualifier":"fred"}`)
		})
		c := connect(t, p.address(), nil)
		_, err := c.ListOffers(t.Context(), OfferFilter{Owner: "fred", Offer: "db"})
		require.NoError(t, err)
		m, err := c.CreateModel(t.Context(), NewModel{Name: "prod", Owner: "fred", Cloud: "lxd", Config: map[string]string{"a": "b"}})
		require.NoError(t, err)
		assert.Equal(t, "fred/prod", m.FullName())
		assert.Equal(t, want, got.frames)
	}
}

// TestRefusedBeforeSending gives each method what it must not send.
func TestRefusedBeforeSending(t *testing.T) {
	t.Parallel()
	c := connect(t, listen(t, func(frame, []byte) string {
		assert.Fail(t, "it was sent")
		return ""
	}).address(), nil)
	ctx := t.Context()
	for _, name := range []string{"", "z", "a b", "a/b", "a\nb", "\xff", "user-", "a@b@c"} {
		_, err := c.User(ctx, name)
		assertKind(t, fault.InvalidArgument, err)
		_, err = c.AddUser(ctx, NewUser{Name: name})
		assertKind(t, fault.InvalidArgument, err)
		assertKind(t, fault.InvalidArgument, CheckNewUser(NewUser{Name: name}))
		_, err = c.ResetPassword(ctx, name)
		assertKind(t, fault.InvalidArgument, err)
		assertKind(t, fault.InvalidArgument, c.SetPassword(ctx, name, "secret"))
		_, err = c.EnableUsers(ctx, "alice", name)
		assertKind(t, fault.InvalidArgument, err)
		_, err = c.DisableUsers(ctx, name)
		assertKind(t, fault.InvalidArgument, err)
		_, err = c.RemoveUsers(ctx, name)
		assertKind(t, fault.InvalidArgument, err)
		assertKind(t, fault.InvalidArgument, c.RemoveUser(ctx, name))
		_, err = c.ControllerAccess(ctx, name)
		assertKind(t, fault.InvalidArgument, err)
		_, err = c.ModelSummaries(ctx, name, true)
		assertKind(t, fault.InvalidArgument, err)
		_, err = c.Models(ctx, name)
		assertKind(t, fault.InvalidArgument, err)
		_, err = c.ModelInfo(ctx, name)
		assertKind(t, fault.InvalidArgument, err)
		_, err = c.ModelUsers(ctx, name)
		assertKind(t, fault.InvalidArgument, err)
		_, err = c.DestroyModels(ctx, DestroyOptions{}, name)
		assertKind(t, fault.InvalidArgument, err)
		_, err = c.APIInfoForModels(ctx, name)
		assertKind(t, fault.InvalidArgument, err)
		_, err = c.CreateModel(ctx, NewModel{Name: "prod", Owner: name})
		assertKind(t, fault.InvalidArgument, err)
		_, err = c.Offers(ctx, name)
		assertKind(t, fault.InvalidArgument, err)
		assertKind(t, fault.InvalidArgument, c.Revoke(ctx, name, Object{Kind: OnController}, "login"))
	}
	_, err := c.Clouds(ctx, "")
	assertKind(t, fault.InvalidArgument, err)
	_, err = c.CreateModel(ctx, NewModel{Name: "Prod", Owner: "fred"})
	assertKind(t, fault.InvalidArgument, err)
	_, err = c.CreateModel(ctx, NewModel{Name: "prod", Owner: "fred", Cloud: "a b"})
	assertKind(t, fault.InvalidArgument, err)
	for _, on := range []Object{{}, {Kind: OnModel, ID: "prod"}, {Kind: OnOffer, ID: "prod"}, {Kind: OnCloud, ID: ""}} {
		assertKind(t, fault.InvalidArgument, c.Revoke(ctx, "alice", on, "admin"))
	}
	assertKind(t, fault.InvalidArgument, c.Revoke(ctx, "alice", Object{Kind: OnController}, "add-model"))
	for _, password := range []string{"", " ", "a\xff"} {
		assertKind(t, fault.InvalidArgument, c.SetPassword(ctx, "alice", password))
	}
	_, err = c.AddUser(ctx, NewUser{Name: "alice", Password: "\xff"})
	assertKind(t, fault.InvalidArgument, err)
	_, err = c.AddUser(ctx, NewUser{Name: "alice", DisplayName: "\xff"})
	assertKind(t, fault.InvalidArgument, err)
	for _, change := range []func() error{
		func() error { _, err := c.ResetPassword(ctx, "gina@external"); return err },
		func() error { _, err := c.EnableUsers(ctx, "gina@external"); return err },
		func() error { return c.RemoveUser(ctx, "gina@external") },
		func() error { return c.SetPassword(ctx, "gina@external", "secret") },
	} {
		assertKind(t, fault.Unsupported, change())
	}
}
