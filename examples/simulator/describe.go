package main

import (
	"fmt"
	"io"

	"github.com/usermgmt/usermgmt/examples/internal/local"
)

// describe prints how to reach a system, and a line to try.
func describe(out io.Writer, s *local.System) {
	fmt.Fprintf(out, "%s\n", s.Name)
	say := func(label, text string) {
		if text != "" {
			fmt.Fprintf(out, "  %-12s %s\n", label, text)
		}
	}
	say("Open", s.URL)
	say("address", s.Address)
	if s.TokenURL != "" {
		say("token URL", s.TokenURL)
		say("client ID", s.User)
		say("secret", s.Password)
	} else {
		say("user", s.User)
		say("password", s.Password)
	}
	say("access key", s.AccessKey)
	say("with", s.Place)
	for _, line := range lines(s) {
		say("try", line)
	}
	fmt.Fprintln(out)
}

// lines returns commands that work as they are.
func lines(s *local.System) []string {
	quickstart := fmt.Sprintf("USERMGMT_PASSWORD=%s go run ./examples/quickstart -url %s -user %s", s.Password, s.URL, s.User)
	switch s.Name {
	case "aistore":
		return []string{
			quickstart,
			fmt.Sprintf(`curl -s -d '{"password":"%s"}' %s/v1/users/%s`, s.Password, s.Address, s.User),
		}
	case "couchbase":
		return []string{
			quickstart,
			fmt.Sprintf("curl -s -u %s:%s %s/settings/rbac/users", s.User, s.Password, s.Address),
		}
	case "iguazio":
		return []string{
			quickstart,
			fmt.Sprintf("USERMGMT_ACCESS_KEY=%s go run ./examples/iguazio -url %s", s.AccessKey, s.Address),
			fmt.Sprintf("curl -s -b session=j%%3A%%7B%%22sid%%22%%3A%%22%s%%22%%7D %s/api/users", s.AccessKey, s.Address),
		}
	case "juju":
		return []string{
			quickstart,
			fmt.Sprintf("USERMGMT_PASSWORD=%s go run ./examples/juju -address %s", s.Password, s.Address),
		}
	case "cognite":
		return []string{
			fmt.Sprintf("USERMGMT_CLIENT_SECRET=%s go run ./examples/cognite -url %s -project %s -token-url %s -client-id %s",
				s.Password, s.Address, s.Place, s.TokenURL, s.User),
			fmt.Sprintf("curl -s -d grant_type=client_credentials -d client_id=%s -d client_secret=%s %s", s.User, s.Password, s.TokenURL),
		}
	}
	return nil
}
