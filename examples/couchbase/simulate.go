package main

import (
	"context"

	"github.com/usermgmt/usermgmt/examples/internal/local"
)

// simulate starts a cluster in this process, for a look without any set-up. A
// program of your own has no need of it.
func simulate(ctx context.Context) (c cluster, stop func(), err error) {
	s, err := local.Start(ctx, "couchbase", "")
	if err != nil {
		return c, nil, err
	}
	return cluster{url: s.URL, user: s.User, password: s.Password, bucket: s.Place}, s.Close, nil
}
