package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/usermgmt/usermgmt"
	"github.com/usermgmt/usermgmt/examples/internal/local"
)

// system is one place where the person may have an account.
type system struct {
	// Name is what the report calls it.
	Name string `json:"name"`
	// URL is what [usermgmt.Open] takes.
	URL string `json:"url"`
	// User is who logs in: a user, or the ID of an OAuth 2.0 client.
	User string `json:"user"`
	// SecretEnv names the variable with the password, or the client's secret.
	SecretEnv string `json:"secretEnv"`
	// AccessKeyEnv names the variable with an access key, instead.
	AccessKeyEnv string `json:"accessKeyEnv"`
	// TokenURL is where an OAuth 2.0 client gets its tokens.
	TokenURL string `json:"tokenURL"`
	// CAFile is a PEM file with a private authority.
	CAFile string `json:"caFile"`
	// Names holds the names of persons who are called otherwise there.
	Names map[string]string `json:"names"`

	options []usermgmt.Option
}

// nameOf returns what a person is called there.
func (s *system) nameOf(person string) string { return cmp.Or(s.Names[person], person) }

// readSystems reads the configuration, and the secrets that it names.
func readSystems(path string, getenv func(string) string) ([]system, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the user says which
	if err != nil {
		return nil, err
	}
	var config struct {
		Systems []system `json:"systems"`
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&config); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(config.Systems) == 0 {
		return nil, fmt.Errorf("%s: there are no systems", path)
	}
	for i := range config.Systems {
		s := &config.Systems[i]
		if err := s.configure(getenv); err != nil {
			return nil, fmt.Errorf("%s: system %q: %w", path, s.Name, err)
		}
	}
	return config.Systems, nil
}

// configure makes the client's options.
func (s *system) configure(getenv func(string) string) error {
	if s.Name == "" || s.URL == "" {
		return errors.New("name and url are required")
	}
	variable := cmp.Or(s.AccessKeyEnv, s.SecretEnv)
	secret := getenv(variable)
	if variable != "" && secret == "" {
		return fmt.Errorf("the variable %s is not set", variable)
	}
	switch {
	case s.AccessKeyEnv != "":
		s.options = append(s.options, usermgmt.WithCredentials(usermgmt.AccessKey(s.User, secret)))
	case s.TokenURL != "":
		s.options = append(s.options, usermgmt.WithCredentials(usermgmt.OAuth2ClientCredentials{
			TokenURL: s.TokenURL, ClientID: s.User, ClientSecret: usermgmt.NewSecret(secret),
		}))
	case s.SecretEnv != "":
		s.options = append(s.options, usermgmt.WithCredentials(usermgmt.Password(s.User, secret)))
	}
	if s.CAFile == "" {
		return nil
	}
	pem, err := os.ReadFile(s.CAFile)
	if err != nil {
		return err
	}
	if strings.HasPrefix(s.URL, "juju:") { // whose certificates name no host
		s.options = append(s.options, usermgmt.JujuCA(string(pem)))
		return nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return fmt.Errorf("%s holds no certificate", s.CAFile)
	}
	s.options = append(s.options, usermgmt.WithTLSConfig(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}))
	return nil
}

// simulate starts all systems in this process, with an account of the person
// on each but one.
func simulate(ctx context.Context, person string) (systems []system, stop func(), err error) {
	var running []*local.System
	stop = func() {
		for _, s := range running {
			s.Close()
		}
	}
	for _, name := range local.Names() {
		s, err := local.Start(ctx, name, "")
		if err != nil {
			stop()
			return nil, nil, err
		}
		running = append(running, s)
		entry := system{Name: name, URL: s.URL, options: []usermgmt.Option{usermgmt.WithCredentials(s.Credential())}}
		if name != "couchbase" {
			called, err := hire(ctx, s, person)
			if err != nil {
				stop()
				return nil, nil, fmt.Errorf("simulating %s: %w", name, err)
			}
			entry.Names = map[string]string{person: called}
		}
		systems = append(systems, entry)
	}
	return systems, stop, nil
}

// hire creates an account on a simulated system and returns its name.
func hire(ctx context.Context, s *local.System, person string) (name string, err error) {
	client, err := usermgmt.Open(ctx, s.URL, usermgmt.WithCredentials(s.Credential()))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	req := usermgmt.CreateUserRequest{Name: person, Credential: usermgmt.Password("", "Initial-password-1")}
	if client.Capabilities().Of(usermgmt.CapEmail) != usermgmt.SupportNo {
		req.Email = "leaver@example.com"
	}
	if client.Capabilities().Of(usermgmt.CapUserName) == usermgmt.SupportNo {
		req = usermgmt.CreateUserRequest{Credential: usermgmt.OAuth2ClientCredentials{ClientID: s.User, ClientSecret: usermgmt.NewSecret(s.Password)}}
	}
	created, err := client.CreateUser(ctx, req)
	return created.Name, err
}
