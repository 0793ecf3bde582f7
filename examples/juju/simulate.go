package main

import (
	"net/http/httptest"
	"strings"

	"github.com/usermgmt/usermgmt/internal/juju/jujutest"
)

// simulate starts a controller in this process, with a model and an offer.
func simulate() (s settings, stop func()) {
	const password = "the administrator's password"
	controller := jujutest.New(password)
	controller.AddModel(jujutest.Admin, "test-model", map[string]string{jujutest.Admin: "admin"})
	controller.AddOffer("admin/test-model.hosted-mysql", map[string]string{jujutest.Admin: "admin", "everyone@external": "read"})
	server := httptest.NewServer(controller)
	address := "ws" + strings.TrimPrefix(server.URL, "http")
	return settings{address: address, user: jujutest.Admin, password: password}, func() {
		server.Close()
		controller.Wait()
	}
}
