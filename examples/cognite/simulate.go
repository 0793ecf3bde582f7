package main

import (
	"context"

	"github.com/usermgmt/usermgmt/examples/internal/local"
)

// simulate starts a server in this process and returns the settings to reach
// it. A program of your own has no need of it.
func simulate(ctx context.Context) (s settings, stop func(), err error) {
	gateway, err := local.Start(ctx, "cognite", "")
	if err != nil {
		return s, nil, err
	}
	return settings{
		url: gateway.Address, project: gateway.Place, tokenURL: gateway.TokenURL, clientID: gateway.User, secret: gateway.Password,
	}, gateway.Close, nil
}
