package iguazio_test

import (
	"net/http"

	"github.com/usermgmt/usermgmt/internal/simulator"
	"github.com/usermgmt/usermgmt/internal/simulator/iguazio"
)

// overrides is what recordings do not show of their beginning. It is all that
// is said by hand.
var overrides = map[string]func(w *world){
	"group-create-duplicate": func(w *world) { w.groups = append(w.groups, iguazio.Group{Name: "random-people"}) },
	"user-create-duplicate":  func(w *world) { w.users = append(w.users, iguazio.User{Username: "anewuser"}) },
	"project-delete":         func(w *world) { w.projects = append(w.projects, iguazio.Project{Name: "old-project"}) },
	"session-login-disabled-user": func(w *world) {
		w.users = append(w.users, iguazio.User{Username: "retired", Password: "Ret1red-pass!", Disabled: true})
	},
	"user-list-two-filters-sort-page-include": func(w *world) { // what the page leaves out
		w.users = append(w.users, iguazio.User{Username: "p-2"}, iguazio.User{Username: "a-disabled", Disabled: true})
	},
	"user-create-forbidden":                func(w *world) { w.caller = "developer" },
	"user-get-forbidden":                   func(w *world) { w.caller = "developer" },
	"user-update-forbidden":                func(w *world) { w.caller, w.policies = "reader", []string{"IT Admin Read Only"} },
	"session-access-key-rejected":          func(w *world) { w.caller = "" },
	"session-version-from-second-node":     func(w *world) { w.opts.VersionNodes = []string{"igz1"} },
	"session-version-unknown-falls-back":   func(w *world) { w.opts.VersionNodes = []string{} },
	"user-create-becomes-operational-late": func(w *world) { w.opts.OperationalAfter, w.opts.AllUsersAfter = 3, 6 },
	"user-delete-forbidden": func(w *world) {
		for i := range w.users {
			w.users[i].Predefined = true
		}
	},
	"user-list-unavailable":                answerWith(http.StatusServiceUnavailable, "Service is temporarily unavailable"),
	"user-delete-503":                      answerWith(http.StatusServiceUnavailable, "unavailable"),
	"user-self-unauthenticated-empty-body": answerWith(http.StatusUnauthorized, ""),
}

// answerWith is the override of a system that is broken.
func answerWith(status int, detail string) func(w *world) {
	return func(w *world) {
		header, body := http.Header{"Content-Type": {"text/html"}}, ""
		if detail != "" {
			header.Set("Content-Type", "application/json")
			body = `{"errors":[{"status":503,"detail":"` + detail + `"}],"meta":{"ctx":"1"}}`
		}
		w.faults = append(w.faults, simulator.Fault{Times: 1, Effect: simulator.Answer(status, header, body)})
	}
}
