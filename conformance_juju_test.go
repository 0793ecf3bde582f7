package usermgmt_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
	"github.com/usermgmt/usermgmt/internal/conformance"
)

func TestJujuConformance(t *testing.T) {
	t.Parallel()
	runConformance(t, simulatedJuju)
}

func TestJujuAgreesWithMemory(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			conformance.Differential(t, seed, volatileMemory, simulatedJuju)
		})
	}
}

// simulatedJuju makes worlds with a controller each.
func simulatedJuju(t testing.TB, opts ...usermgmt.Option) *conformance.World {
	t.Helper()
	const admin, password = jujuAdmin, adminPassword
	c := newController(t)
	// An external owner appears in no list of users.
	world := &conformance.World{Self: admin, Prefix: "t-", LoginPerConnection: true, Founder: "t-owner@external"}
	for _, name := range []string{"apollo", "gemini"} {
		c.AddModel(world.Founder, name, map[string]string{world.Founder: "admin"})
		world.Projects = append(world.Projects, world.Founder+"/"+name)
	}
	for _, name := range []string{"red", "green", "blue"} {
		c.AddModel(admin, name, map[string]string{admin: "admin"})
		world.Roles = append(world.Roles, usermgmt.Role{Name: "read", Scope: "model:admin/" + name})
	}
	wire := &jujuWire{upstream: c.address + "/api", record: func() {
		c.ResetFrames()
		c.Reset()
	}}
	server := httptest.NewServer(wire)
	t.Cleanup(func() {
		server.Close()
		wire.work.Wait()
	})
	client, err := usermgmt.New(usermgmt.Juju("ws"+strings.TrimPrefix(server.URL, "http")), slices.Concat(opts, []usermgmt.Option{
		usermgmt.WithCredentials(usermgmt.Password(admin, password)),
		usermgmt.WithRetry(usermgmt.RetryPolicy{MinWait: time.Millisecond, MaxWait: 10 * time.Millisecond}),
	})...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	world.Manager = client
	world.Wire = wire
	world.Secrets = func() []string { return append(wire.seen(), password) }
	world.ScopedRoles = world.Roles[:2]
	world.ProjectRoles = []string{"read", "write", "admin"}
	world.Seed = func(_ testing.TB, names []string) {
		for _, name := range names {
			c.AddUser(name, "a password of many", "login")
		}
	}
	world.CheckPassword = c.CheckPassword
	world.HeldRoles = func(_ testing.TB, name string) []usermgmt.Role {
		var held []usermgmt.Role
		for _, role := range world.Roles {
			if c.Level(role.Scope, name) == role.Name {
				held = append(held, role)
			}
		}
		return held
	}
	return world
}
