package usermgmt_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
	"github.com/usermgmt/usermgmt/internal/conformance"
	"github.com/usermgmt/usermgmt/internal/simulator"
	igzsim "github.com/usermgmt/usermgmt/internal/simulator/iguazio"
)

func TestIguazioConformance(t *testing.T) {
	t.Parallel()
	runConformance(t, simulatedIguazio)
}

// Jobs that take several looks, and whose states go back and forth, change
// nothing but the time that calls take.
func TestIguazioConformanceWithSlowJobs(t *testing.T) {
	t.Parallel()
	conformance.Run(t, func(t testing.TB, opts ...usermgmt.Option) *conformance.World {
		t.Helper()
		return igzSimulated(t, igzsim.Options{
			OperationalAfter: 2, UserCreationJob: true, GroupDeletionJob: true,
			Jobs: slowJobs("user.creation", "user.deletion", "user_group.deletion", "async_transaction"),
		}, opts)
	})
}

func TestIguazioAgreesWithMemory(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			conformance.Differential(t, seed, volatileMemory, simulatedIguazio)
		})
	}
}

// slowJobs makes jobs of the given kinds go back and forth before they end.
func slowJobs(kinds ...string) map[string]igzsim.JobScript {
	scripts := map[string]igzsim.JobScript{}
	for _, kind := range kinds {
		scripts[kind] = igzsim.JobScript{States: []string{igzsim.JobInProgress, igzsim.JobCreated, igzsim.JobCompleted}}
	}
	return scripts
}

// simulatedIguazio makes worlds with a simulated system each.
func simulatedIguazio(t testing.TB, opts ...usermgmt.Option) *conformance.World {
	t.Helper()
	return igzSimulated(t, igzsim.Options{}, opts)
}

func igzSimulated(t testing.TB, system igzsim.Options, opts []usermgmt.Option) *conformance.World {
	t.Helper()
	const admin, password = "admin", "the administrator's password"
	system.AdminPassword, system.Policies = password, []string{"Data", "Developer", "Service Admin", "Tenant Admin"}
	igz := igzsim.New(system)
	igz.SeedProject(igzsim.Project{Name: "t-one"})
	igz.SeedProject(igzsim.Project{Name: "t-two"})
	wire := &httpWire{
		handler: igz.Handler, kindOf: iguazioKind, secretOf: iguazioSession,
		refusal: simulator.Answer(http.StatusUnauthorized, http.Header{"Content-Type": {"application/json"}},
			`{"errors":[{"status":401,"detail":"Session is missing, invalid or expired"}]}`),
		expire: igz.ExpireSessions,
	}
	server := httptest.NewServer(wire)
	t.Cleanup(server.Close)
	client, err := usermgmt.New(usermgmt.Iguazio(server.URL), slices.Concat(opts, []usermgmt.Option{
		usermgmt.WithCredentials(usermgmt.Password(admin, password)),
		usermgmt.WithRetry(usermgmt.RetryPolicy{MinWait: time.Millisecond, MaxWait: 10 * time.Millisecond}),
	})...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return &conformance.World{
		Manager:       client,
		Self:          admin,
		Prefix:        "t-",
		Roles:         usermgmt.Roles("Data", "Developer", "Service Admin"),
		Projects:      []string{"t-one", "t-two"},
		ProjectRoles:  []string{"Viewer", "Editor", "Admin"},
		CheckPassword: igz.CheckPassword,
		Seed: func(_ testing.TB, names []string) {
			igz.SeedUsers(len(names), func(i int) igzsim.User { return igzsim.User{Username: names[i], Password: "a password of many"} })
		},
		Secrets: func() []string { return append(wire.seen(), password) },
		Wire:    wire,
	}
}

// iguazioKind tells what a request is for.
func iguazioKind(r *http.Request) conformance.RequestKind {
	switch {
	case r.URL.Path == "/api/sessions":
		return conformance.Login
	case r.Method == http.MethodGet || strings.HasPrefix(r.URL.Path, "/api/sessions/"):
		return conformance.Read
	default:
		return conformance.Write
	}
}

func iguazioSession(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("Cookie"), "session=")
}
