package main

import (
	"net/http/httptest"
	"strings"

	"github.com/usermgmt/usermgmt/internal/simulator/juju"
)

// simulate starts a controller in this process, with a model and an offer.
func simulate() (s settings, stop func()) {
	const password = "the administrator's password"
	const admin = "admin"
	controller := juju.New(juju.Options{Owner: admin, OwnerPassword: password})
	model := controller.SeedModel(juju.Model{Name: "test-model", Owner: admin, Access: map[string]string{admin: "admin"}})
	controller.SeedOffer(juju.Offer{Model: model, Name: "hosted-mysql", Access: map[string]string{admin: "admin", "everyone@external": "read"}})
	server := httptest.NewServer(controller)
	address := "ws" + strings.TrimPrefix(server.URL, "http")
	return settings{address: address, user: admin, password: password}, func() {
		controller.Close()
		server.Close()
	}
}
