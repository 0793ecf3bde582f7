package main

import (
	"github.com/usermgmt/usermgmt/internal/simulator/couchbase"
)

// simulate starts a cluster of two nodes in this process, for a look without
// any set-up. A program of your own has no need of it.
func simulate() (c cluster, stop func()) {
	c = cluster{user: "Administrator", password: "password", bucket: "travel-sample"}
	sim := couchbase.New(couchbase.Options{Nodes: 2, AdminID: c.user, AdminPassword: c.password})
	sim.AddBucket(c.bucket, map[string][]string{"inventory": {"airline", "hotel"}})
	sim.SeedUser(couchbase.User{ID: "jane", Name: new("Jane Doe"), Password: "a password", Roles: []string{"bucket_admin[travel-sample]"}})
	sim.Start()
	c.url = "couchbase+" + sim.Node(0).URL()
	return c, sim.Close
}
