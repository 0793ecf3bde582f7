// Package local starts simulated systems on this machine, with the logins that
// an example needs. What is in them is gone when they are closed.
package local

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/usermgmt/usermgmt"
)

// System is a simulated system that runs, and what it takes to log in.
type System struct {
	// Name is the name of the backend, such as "couchbase".
	Name string
	// Address is the address of its API: "http://127.0.0.1:8091".
	Address string
	// URL is what [usermgmt.Open] takes.
	URL string
	// User is the administrator, or the ID of an OAuth 2.0 client.
	User string
	// Password is the password of User, or the client's secret.
	Password string
	// AccessKey is an access key of User, where the system has such keys.
	AccessKey string
	// TokenURL is where the OAuth 2.0 client gets its tokens, empty where there
	// is none.
	TokenURL string
	// Place is what exists besides: a bucket, project or model.
	Place string

	misbehave func(*trouble)
	close     func()
}

var starters = map[string]func(listener) *System{
	"aistore": aiStore, "cognite": cognite, "couchbase": couchbase, "iguazio": iguazio, "juju": juju,
}

// Names returns the names of all systems, sorted.
func Names() []string { return []string{"aistore", "cognite", "couchbase", "iguazio", "juju"} }

// Start starts the system of a name. It listens at the address, or, if that is
// empty, at a free port of 127.0.0.1; ctx bounds the start alone. It fails if there is no such system, or
// if the address is in use.
func Start(ctx context.Context, name, address string) (*System, error) {
	start, known := starters[name]
	if !known {
		return nil, fmt.Errorf("there is no system %q, only %s", name, strings.Join(Names(), ", "))
	}
	if address == "" {
		address = "127.0.0.1:0"
	}
	tcp, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	s := start(listener{tcp})
	s.Name = name
	return s, nil
}

// Credential is what a client logs in with.
func (s *System) Credential() usermgmt.Credential {
	switch {
	case s.TokenURL != "":
		return usermgmt.OAuth2ClientCredentials{TokenURL: s.TokenURL, ClientID: s.User, ClientSecret: usermgmt.NewSecret(s.Password)}
	case s.AccessKey != "":
		return usermgmt.AccessKey(s.User, s.AccessKey)
	}
	return usermgmt.Password(s.User, s.Password)
}

// Misbehave makes the system misbehave from now on.
func (s *System) Misbehave(t Trouble) {
	if t.Latency > 0 || t.Faults > 0 {
		s.misbehave(newTrouble(t))
	}
}

// Close stops the system.
func (s *System) Close() { s.close() }

// listener is where a system is to listen.
type listener struct{ net.Listener }

// address is the address with a scheme, such as "http".
func (l listener) address(scheme string) string { return scheme + "://" + l.Addr().String() }

// serve serves a system until the returned function is called.
func (l listener) serve(h http.Handler, more ...func()) (stop func()) {
	server := &http.Server{Handler: h, ReadHeaderTimeout: idle}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()
	return func() {
		_ = server.Close()
		<-done
		for _, end := range slices.Backward(more) {
			end()
		}
	}
}
