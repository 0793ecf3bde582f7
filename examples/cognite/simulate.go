package main

import (
	"net/http/httptest"

	simulator "github.com/usermgmt/usermgmt/internal/simulator/cognite"
)

// simulate starts a simulated server, which is its own token endpoint, and
// returns the settings to reach it.
func simulate() (s settings, stop func()) {
	const project, client, secret, tokenPath = "simulated", "example", "no secret at all", "/oauth2/token" //nolint:gosec // it is not
	gateway := simulator.New(simulator.Options{TokenPath: tokenPath})
	gateway.SeedClient(client, secret, simulator.Admin("svc-example", project))
	gateway.Project(project)
	server := httptest.NewServer(gateway)
	return settings{
		url: server.URL, project: project, tokenURL: server.URL + tokenPath, clientID: client, secret: secret,
	}, server.Close
}
