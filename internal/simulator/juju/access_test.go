package juju_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/usermgmt/usermgmt/internal/simulator/juju"
)

// target is one kind of object with the call that changes access to it.
type target struct {
	facade, method, more string
	versions             map[byte]int // of the facade, by the first digit of the server's version
	levels               []string
	held                 func(s server, user string) string
}

func (x target) change(c *client, version, message, code, user, action, level string) {
	c.t.Helper()
	c.item(message, code, x.facade, x.versions[version[0]], x.method, change("user-"+user, action, level, x.more))
}

func targets() map[string]target {
	return map[string]target{
		"controller": {
			"Controller", "ModifyControllerAccess", "", map[byte]int{'2': 11, '3': 11, '4': 13},
			[]string{"login", "superuser"}, func(s server, u string) string { return s.ControllerAccess(u) },
		},
		"model": {
			"ModelManager", "ModifyModelAccess", onModel(testModel), map[byte]int{'2': 9, '3': 9, '4': 11},
			[]string{"read", "write", "admin"}, func(s server, u string) string { return s.ModelAccess(testModel, u) },
		},
		"offer": {
			"ApplicationOffers", "ModifyOfferAccess", onOffer("fred/prod.hosted-mysql"), map[byte]int{'2': 3, '3': 4, '4': 6},
			[]string{"read", "consume", "admin"}, func(s server, u string) string { return s.OfferAccess(mysqlOffer, u) },
		},
		"cloud": {
			"Cloud", "ModifyCloudAccess", onCloud("localhost"), map[byte]int{'2': 7, '3': 7, '4': 7},
			[]string{"add-model", "admin"}, func(s server, u string) string { return s.CloudAccess("localhost", u) },
		},
	}
}

// everyTarget runs f for every kind of object on every line.
func everyTarget(t *testing.T, f func(t *testing.T, noun, version string, x target, s server, c *client)) {
	t.Helper()
	for noun, x := range targets() {
		for _, version := range []string{"2.9.46", "3.5.1", "4.0.0"} {
			t.Run(noun+" "+version, func(t *testing.T) {
				t.Parallel()
				s := world(t, version)
				s.SeedUser(juju.User{Name: "ned", Password: "x"})
				f(t, noun, version, x, s, s.admin(t, version))
			})
		}
	}
}

// TestLevels walks up and down all levels of every kind of object.
func TestLevels(t *testing.T) {
	t.Parallel()
	everyTarget(t, func(t *testing.T, noun, version string, x target, s server, c *client) {
		t.Helper()
		already := func(level string) string {
			if version == "4.0.0" {
				return `user "ned" already has "` + level + `" access or greater`
			}
			prefix := map[string]string{"controller": "could not grant controller access: ", "cloud": "could not grant cloud access: "}[noun]
			return prefix + `user already has "` + level + `" access or greater`
		}
		for i, level := range x.levels {
			x.change(c, version, "", "", "ned", "grant", level)
			assert.Equal(t, level, x.held(s, "ned"))
			for _, lower := range x.levels[:i+1] {
				x.change(c, version, already(lower), "", "ned", "grant", lower)
			}
		}
		for i := len(x.levels) - 1; i > 0; i-- {
			x.change(c, version, "", "", "ned", "revoke", x.levels[i])
			assert.Equal(t, x.levels[i-1], x.held(s, "ned"))
		}
		top := x.levels[len(x.levels)-1]
		below := x.levels[len(x.levels)-2]
		x.change(c, version, "", "", "ned", "revoke", top)
		assert.Equal(t, below, x.held(s, "ned"), "a revoke of the top level sets the one below, even if it raises")
		x.change(c, version, "", "", "ned", "revoke", x.levels[0])
		assert.Empty(t, x.held(s, "ned"))
		x.change(c, version, `unknown action "give"`, "", "ned", "give", top)
	})
}

// TestRevokeOfWhatIsNotHeld shows the words for users without access.
func TestRevokeOfWhatIsNotHeld(t *testing.T) {
	t.Parallel()
	const permission = `user permission for "us#ned" on `
	want := map[string][2]string{
		"controller": {`could not revoke controller access: controller user "ned" does not exist`,
			`could not look up controller access for user: controller user "ned" not found`},
		"model": {`could not revoke model access: model user "ned" does not exist`,
			`could not look up model access for user: model user "ned" not found`},
		"offer": {`could not revoke offer access: ` + permission + `"ao#` + mysqlOffer + `" not found`,
			`could not set offer access to read-consume: ` + permission + `"ao#` + mysqlOffer + `" not found`},
		"cloud": {`could not revoke cloud access: ` + permission + `"cloud#localhost" not found`,
			`could not set cloud access to add-model: ` + permission + `"cloud#localhost" not found`},
	}
	everyTarget(t, func(t *testing.T, noun, version string, x target, s server, c *client) {
		t.Helper()
		lowest, highest, code := want[noun][0], want[noun][1], "not found"
		if version == "4.0.0" {
			lowest, highest, code = "", "", ""
		}
		x.change(c, version, lowest, code, "ned", "revoke", x.levels[0])
		x.change(c, version, highest, code, "ned", "revoke", x.levels[len(x.levels)-1])
		assert.Empty(t, x.held(s, "ned"))
	})
}

// TestChangesOfUnknownUsers shows the words for users who do not exist, and that
// external users always do.
func TestChangesOfUnknownUsers(t *testing.T) {
	t.Parallel()
	everyTarget(t, func(t *testing.T, noun, version string, x target, s server, c *client) {
		t.Helper()
		message, code := "could not grant "+noun+` access: user "ghost" does not exist locally: user "ghost" not found`, "not found"
		if version == "4.0.0" {
			message, code = `active user "ghost": user not found`, ""
			x.change(c, version, `active user "gina@external": user not found`, "", "gina@external", "revoke", x.levels[0])
		}
		x.change(c, version, message, code, "ghost", "grant", x.levels[0])
		x.change(c, version, "", "", "gina@external", "grant", x.levels[0])
		x.change(c, version, "", "", "gina@external", "grant", x.levels[1])
		assert.Equal(t, x.levels[1], x.held(s, "gina@external"))
		x.change(c, version, "", "", "ned@local", "grant", x.levels[0])
		assert.Equal(t, x.levels[0], x.held(s, "ned"))
	})
}

// TestChangesOfDisabledUsers shows that up to 3.x the controller and models
// report an error and have stored the grant, as the sources do.
func TestChangesOfDisabledUsers(t *testing.T) {
	t.Parallel()
	everyTarget(t, func(t *testing.T, noun, version string, x target, s server, c *client) {
		t.Helper()
		s.SeedUser(juju.User{Name: "dora", Disabled: true})
		const disabled = `user "dora" is disabled`
		switch {
		case version == "4.0.0":
			x.change(c, version, `active user "dora": user not found`, "", "dora", "grant", x.levels[0])
			x.change(c, version, `active user "dora": user not found`, "", "dora", "revoke", x.levels[0])
			assert.Empty(t, x.held(s, "dora"))
			return
		case noun == "offer" || noun == "cloud":
			x.change(c, version, "", "", "dora", "grant", x.levels[0])
			x.change(c, version, "", "", "dora", "grant", x.levels[1])
			return
		}
		x.change(c, version, "could not grant "+noun+" access: "+disabled, "", "dora", "grant", x.levels[0])
		assert.Equal(t, x.levels[0], x.held(s, "dora"))
		lookUp := "could not look up " + noun + " access for user: " + disabled
		if noun == "controller" {
			lookUp = "could not grant controller access: " + lookUp
		}
		x.change(c, version, lookUp, "", "dora", "grant", x.levels[1])
		x.change(c, version, "could not look up "+noun+" access for user: "+disabled, "", "dora", "revoke", x.levels[1])
		x.change(c, version, "", "", "dora", "revoke", x.levels[0])
		assert.Empty(t, x.held(s, "dora"))
	})
}

// TestChangesThatAreMalformed shows the words for levels and tags.
func TestChangesThatAreMalformed(t *testing.T) {
	t.Parallel()
	everyTarget(t, func(t *testing.T, noun, version string, x target, _ server, c *client) {
		t.Helper()
		code := "not valid"
		if version < "3" {
			code = ""
		}
		prefix := map[string]string{"model": "could not modify model access: ", "offer": "could not modify offer access: "}[noun]
		x.change(c, version, prefix+`"owner" `+noun+` access not valid`, code, "ned", "grant", "owner")
		x.change(c, version, "could not modify "+noun+` access: "user-_" is not a valid user tag`, "", "_", "grant", x.levels[0])
	})
}

// TestChangesByOthers shows who may change access.
func TestChangesByOthers(t *testing.T) {
	t.Parallel()
	everyTarget(t, func(t *testing.T, _, version string, x target, s server, c *client) {
		t.Helper()
		alice := s.dial(t)
		alice.major = version
		assert.Empty(t, alice.login("alice", "wonderland").Error)
		x.change(alice, version, "permission denied", "unauthorized access", "ned", "grant", x.levels[0])
		top := x.levels[len(x.levels)-1]
		x.change(c, version, "", "", "alice", "grant", top)
		x.change(alice, version, "", "", "ned", "grant", x.levels[0])
	})
}

func TestAddModelOnControllerIn29(t *testing.T) {
	t.Parallel()
	s := world(t, "2.9.46")
	c := s.admin(t, "2.9.46")
	c.item("", "", "Controller", 3, "ModifyControllerAccess", change("user-bob", "grant", "add-model", ""))
	assert.Equal(t, "add-model", s.CloudAccess("localhost", "bob"))
	c.item(`could not modify controller access: "x" is not a valid tag`, "",
		"Controller", 11, "ModifyControllerAccess", change("x", "grant", "add-model", ""))
}

// TestLosingAccess shows that a change counts from the next call on.
func TestLosingAccess(t *testing.T) {
	t.Parallel()
	s := world(t, "3.5.1")
	s.SeedUser(juju.User{Name: "boss", Password: "x", Access: "superuser"})
	boss := s.as(t, "boss", "x")
	boss.item("", "", "Controller", 11, "ModifyControllerAccess", change("user-boss", "revoke", "superuser", ""))
	boss.item("permission denied", "unauthorized access",
		"Controller", 11, "ModifyControllerAccess", change("user-boss", "grant", "superuser", ""))
}
