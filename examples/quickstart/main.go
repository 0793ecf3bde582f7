// Quickstart creates two users and takes them through a working life: roles,
// a group, a project, a new password, a time of being disabled, and removal.
// It runs on the embedded backend, or on any server:
//
//	go run ./examples/quickstart
//	USERMGMT_PASSWORD=... go run ./examples/quickstart -url aistore+http://127.0.0.1:52001 -user admin
//
// Everything that it creates is removed at the end.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/usermgmt/usermgmt"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// settings is what the flags and the environment say.
type settings struct {
	url, user, password, token, caFile string
	timeout                            time.Duration
}

// run is main without the process around it. It returns the exit code.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	s, err := parse(args, getenv, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2 // the flag package has said why
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	if err := connectAndTour(ctx, s, stdout); err != nil {
		fmt.Fprintf(stderr, "quickstart: %v\n", err)
		return 1
	}
	return 0
}

func parse(args []string, getenv func(string) string, stderr io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.url, "url", orElse(getenv("USERMGMT_URL"), "memory:"), "the backend, such as aistore+http://127.0.0.1:52001; also USERMGMT_URL")
	flags.StringVar(&s.user, "user", orElse(getenv("USERMGMT_USER"), "admin"), "who logs in; also USERMGMT_USER")
	flags.StringVar(&s.password, "password", "", "the password; better set USERMGMT_PASSWORD, which no process list shows")
	flags.StringVar(&s.token, "token", "", "a bearer token instead of a password; also USERMGMT_TOKEN")
	flags.StringVar(&s.caFile, "ca", getenv("USERMGMT_CA"), "a PEM file with the authority that signed the server's certificate; also USERMGMT_CA")
	flags.DurationVar(&s.timeout, "timeout", 30*time.Second, "how long the whole tour may take")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "quickstart: unexpected argument %q\n", flags.Arg(0))
		return s, errors.New("unexpected argument")
	}
	s.password = orElse(s.password, getenv("USERMGMT_PASSWORD"))
	s.token = orElse(s.token, getenv("USERMGMT_TOKEN"))
	return s, nil
}

func orElse(text, otherwise string) string {
	if text != "" {
		return text
	}
	return otherwise
}

func connectAndTour(ctx context.Context, s settings, stdout io.Writer) (err error) {
	opts, err := s.options()
	if err != nil {
		return err
	}
	client, err := usermgmt.Open(ctx, s.url, opts...)
	if e, ok := errors.AsType[*usermgmt.Error](err); ok && e.Fields["WithCredentials"] != "" && s.password == "" {
		return fmt.Errorf("%w (is USERMGMT_PASSWORD set?)", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()

	fmt.Fprintf(stdout, "usermgmt quickstart on %s\n\n", client.Backend())
	t := &tour{m: client, out: stdout, suffix: strings.ToLower(time.Now().UTC().Format("150405"))}
	defer func() { err = errors.Join(err, t.cleanUp(context.WithoutCancel(ctx))) }()
	if err := t.run(ctx); err != nil {
		return err
	}
	return nil
}

func (s settings) options() ([]usermgmt.Option, error) {
	var opts []usermgmt.Option
	switch {
	case s.token != "":
		opts = append(opts, usermgmt.WithCredentials(usermgmt.BearerToken(s.token)))
	case s.password != "":
		opts = append(opts, usermgmt.WithCredentials(usermgmt.Password(s.user, s.password)))
	}
	if s.caFile != "" {
		pem, err := os.ReadFile(s.caFile)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", s.caFile)
		}
		opts = append(opts, usermgmt.WithTLSConfig(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}))
	}
	return opts, nil
}
