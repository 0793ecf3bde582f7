// Iguazio walks through what the users page of the system's own Python client
// shows, in its order: creating users, reading, changing and listing them,
// switching them off and on, groups, the primary group, roles in a project,
// and deleting. It runs against a simulated system, or against a real one:
//
//	go run ./examples/iguazio
//	USERMGMT_ACCESS_KEY=... go run ./examples/iguazio -url https://dashboard.example.com -project default
//	USERMGMT_PASSWORD=... go run ./examples/iguazio -url https://dashboard.example.com -user admin
//
// The project has to exist. Everything that it creates is removed at the end.
package main

import (
	"context"
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
	url, user, password, accessKey, project string
	timeout                                 time.Duration
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
		fmt.Fprintf(stderr, "iguazio: %v\n", err)
		return 1
	}
	return 0
}

func parse(args []string, getenv func(string) string, stderr io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("iguazio", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.url, "url", getenv("USERMGMT_URL"), "the dashboard, such as https://dashboard.example.com; without it a simulated system is used; also USERMGMT_URL")
	flags.StringVar(&s.user, "user", getenv("USERMGMT_USER"), "who logs in with USERMGMT_PASSWORD, or whose the key in USERMGMT_ACCESS_KEY is; also USERMGMT_USER")
	flags.StringVar(&s.project, "project", "default", "a project that exists")
	flags.DurationVar(&s.timeout, "timeout", 10*time.Minute, "how long the whole tour may take")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "iguazio: unexpected argument %q\n", flags.Arg(0))
		return s, errors.New("unexpected argument")
	}
	s.password, s.accessKey = getenv("USERMGMT_PASSWORD"), getenv("USERMGMT_ACCESS_KEY")
	return s, nil
}

func connectAndTour(ctx context.Context, s settings, stdout io.Writer) (err error) {
	if s.url == "" {
		simulated, stop, err := simulate(ctx, s)
		if err != nil {
			return err
		}
		defer stop()
		s = simulated
	}
	client, err := usermgmt.New(usermgmt.Iguazio(s.url, usermgmt.IguazioWait(2*time.Minute)), s.credentials()...)
	if e, ok := errors.AsType[*usermgmt.Error](err); ok && e.Fields["WithCredentials"] != "" {
		return fmt.Errorf("%w (is USERMGMT_ACCESS_KEY, or are USERMGMT_USER and USERMGMT_PASSWORD, set?)", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	if err := client.Ping(ctx); err != nil {
		return err
	}
	igz, ok := usermgmt.As[*usermgmt.IguazioExtension](client)
	if !ok {
		return errors.New("this is no Iguazio system")
	}
	t := &tour{
		client: client, igz: igz, out: stdout, project: s.project,
		suffix: "-" + strings.ToLower(time.Now().UTC().Format("150405")),
	}
	defer func() { err = errors.Join(err, t.cleanUp(context.WithoutCancel(ctx))) }()
	return t.run(ctx)
}

func (s settings) credentials() []usermgmt.Option {
	switch {
	case s.accessKey != "":
		return []usermgmt.Option{usermgmt.WithCredentials(usermgmt.AccessKey(s.user, s.accessKey))}
	case s.password != "":
		return []usermgmt.Option{usermgmt.WithCredentials(usermgmt.Password(s.user, s.password))}
	default:
		return nil
	}
}
