package main

import (
	"context"

	"github.com/usermgmt/usermgmt/examples/internal/local"
)

// simulate starts a controller in this process, with a model and an offer. A
// program of your own has no need of it.
func simulate(ctx context.Context) (s settings, stop func(), err error) {
	controller, err := local.Start(ctx, "juju", "")
	if err != nil {
		return s, nil, err
	}
	return settings{address: controller.Address, user: controller.User, password: controller.Password}, controller.Close, nil
}
