package main

import (
	"context"

	"github.com/usermgmt/usermgmt/examples/internal/local"
)

// simulate starts a system in this process and returns the settings to reach
// it. A program of your own has no need of it.
func simulate(ctx context.Context, s settings) (simulated settings, stop func(), err error) {
	system, err := local.Start(ctx, "iguazio", "")
	if err != nil {
		return s, nil, err
	}
	s.url, s.user, s.accessKey, s.project = system.Address, "", system.AccessKey, system.Place
	return s, system.Close, nil
}
