package main

import (
	"net/http/httptest"

	simulator "github.com/usermgmt/usermgmt/internal/simulator/cognitestub"
)

// simulate starts a simulated server, which is its own token endpoint, and
// returns the settings to reach it.
func simulate() (s settings, stop func()) {
	const project, client, secret = "simulated", "example", "no secret at all"
	gateway := simulator.New(simulator.Options{Project: project, ClientID: client, ClientSecret: secret, Subject: "example"})
	server := httptest.NewServer(gateway)
	return settings{
		url: server.URL, project: project, tokenURL: server.URL + simulator.TokenPath, clientID: client, secret: secret,
	}, server.Close
}
