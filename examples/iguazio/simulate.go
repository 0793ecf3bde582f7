package main

import (
	"net/http/httptest"

	simulator "github.com/usermgmt/usermgmt/internal/simulator/iguazio"
)

// simulate starts a system in this process, whose jobs take their time, and
// returns the settings to reach it.
func simulate(s settings) (simulated settings, stop func()) {
	const key = "8f3c1d62-5b5e-4c7a-9b1e-2f6c0a7d4e11"
	igz := simulator.New(simulator.Options{
		OperationalAfter: 2, UserCreationJob: true,
		Jobs: map[string]simulator.JobScript{
			"user.deletion": {States: []string{simulator.JobCreated, simulator.JobInProgress, simulator.JobInProgress, simulator.JobCompleted}},
		},
	})
	igz.SeedAccessKey(key, "admin")
	igz.SeedProject(simulator.Project{Name: s.project})
	server := httptest.NewServer(igz)
	s.url, s.user, s.accessKey = server.URL, "", key
	return s, server.Close
}
