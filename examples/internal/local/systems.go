package local

import (
	"strings"
	"time"

	aistoresim "github.com/usermgmt/usermgmt/internal/simulator/aistore"
	cognitesim "github.com/usermgmt/usermgmt/internal/simulator/cognite"
	couchbasesim "github.com/usermgmt/usermgmt/internal/simulator/couchbase"
	iguaziosim "github.com/usermgmt/usermgmt/internal/simulator/iguazio"
	jujusim "github.com/usermgmt/usermgmt/internal/simulator/juju"
)

// idle is how long a client may take to send a header.
const idle = time.Minute

// password is that of every administrator here. It guards nothing.
const password = "usermgmt-demo" //nolint:gosec // said above

// aiStore starts an authentication server with two roles that can be granted.
func aiStore(l listener) *System {
	s := &System{Address: l.address("http"), User: "admin", Password: password}
	sim := aistoresim.New(aistoresim.Options{AdminPassword: password, ExternalURL: s.Address})
	sim.SeedRole(aistoresim.Role{Name: "reader", Description: "reads all buckets"})
	sim.SeedRole(aistoresim.Role{Name: "writer", Description: "writes all buckets"})
	s.misbehave = func(t *trouble) { sim.Inject(t.fault()) }
	s.URL = "aistore+" + s.Address
	s.close = l.serve(sim, sim.Close)
	return s
}

// couchbase starts a cluster of two nodes with a bucket.
func couchbase(l listener) *System {
	s := &System{Address: l.address("http"), User: "Administrator", Password: password, Place: "travel-sample"}
	_ = l.Close() // the cluster has listeners of its own
	sim := couchbasesim.New(couchbasesim.Options{Nodes: 2, AdminID: s.User, AdminPassword: password, Address: l.Addr().String()})
	sim.AddBucket(s.Place, map[string][]string{"inventory": {"airline", "hotel"}})
	sim.SeedUser(couchbasesim.User{ID: "jane", Name: new("Jane Doe"), Password: password, Roles: []string{"bucket_admin[travel-sample]"}})
	sim.Start()
	s.misbehave = func(t *trouble) {
		for _, node := range sim.Nodes() {
			node.Inject(t.fault())
		}
	}
	s.URL = "couchbase+" + s.Address
	s.close = sim.Close
	return s
}

// iguazio starts a system with a project, whose jobs take their time.
func iguazio(l listener) *System {
	s := &System{Address: l.address("http"), User: "admin", Password: password, AccessKey: "8f3c1d62-5b5e-4c7a-9b1e-2f6c0a7d4e11", Place: "default"}
	sim := iguaziosim.New(iguaziosim.Options{
		AdminPassword: password, OperationalAfter: 2, UserCreationJob: true,
		Jobs: map[string]iguaziosim.JobScript{
			"user.deletion": {States: []string{iguaziosim.JobCreated, iguaziosim.JobInProgress, iguaziosim.JobInProgress, iguaziosim.JobCompleted}},
		},
	})
	sim.SeedAccessKey(s.AccessKey, s.User)
	sim.SeedProject(iguaziosim.Project{Name: s.Place})
	s.misbehave = func(t *trouble) { sim.Inject(t.fault()) }
	s.URL = "iguazio+" + s.Address
	s.close = l.serve(sim)
	return s
}

// juju starts a controller with a model and an offer.
func juju(l listener) *System {
	s := &System{Address: l.address("ws"), User: "admin", Password: password, Place: "admin/test-model"}
	sim := jujusim.New(jujusim.Options{Owner: s.User, OwnerPassword: password})
	_, model, _ := strings.Cut(s.Place, "/")
	id := sim.SeedModel(jujusim.Model{Name: model, Owner: s.User, Access: map[string]string{s.User: "admin"}})
	sim.SeedOffer(jujusim.Offer{Model: id, Name: "hosted-mysql", Access: map[string]string{s.User: "admin", "everyone@external": "read"}})
	s.misbehave = func(t *trouble) { sim.InjectFrames(t.frameFault()) }
	s.URL = "juju+" + s.Address
	s.close = l.serve(sim, sim.Close)
	return s
}

// cognite starts a cluster with one project, which is its own token endpoint.
func cognite(l listener) *System {
	const tokenPath = "/oauth2/token" //nolint:gosec // it is a path
	s := &System{Address: l.address("http"), User: "demo-client", Password: password, Place: "demo"}
	sim := cognitesim.New(cognitesim.Options{TokenPath: tokenPath})
	sim.SeedClient(s.User, password, cognitesim.Admin("svc-demo", s.Place))
	sim.Project(s.Place)
	s.misbehave = func(t *trouble) { sim.Inject(t.fault()) }
	s.TokenURL = s.Address + tokenPath
	s.URL = "cognite+" + s.Address + "/" + s.Place
	s.close = l.serve(sim)
	return s
}
