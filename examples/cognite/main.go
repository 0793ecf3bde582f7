// Cognite walks through what can be done with the users of a Postgres Gateway:
// sessions, creating one user and several, new credentials, reading one user
// and several, lists with a limit, one by one and in groups, and deleting. It
// runs against a simulated server, or against a real project:
//
//	go run ./examples/cognite
//	USERMGMT_CLIENT_SECRET=... go run ./examples/cognite -url https://westeurope-1.cognitedata.com -project plant-7 \
//		-token-url https://login.microsoftonline.com/my-tenant/oauth2/v2.0/token -client-id my-app \
//		-scope https://westeurope-1.cognitedata.com/.default
//
// The users act with the rights of the same OAuth 2.0 client that the program
// logs in with. Everything that it creates is removed at the end.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
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
	url, project, tokenURL, clientID, scope, secret string
	timeout                                         time.Duration
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
		fmt.Fprintf(stderr, "cognite: %v\n", err)
		return 1
	}
	return 0
}

func parse(args []string, getenv func(string) string, stderr io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("cognite", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.url, "url", getenv("USERMGMT_URL"), "the cluster, such as https://westeurope-1.cognitedata.com; without it a simulated server is used; also USERMGMT_URL")
	flags.StringVar(&s.project, "project", getenv("USERMGMT_PROJECT"), "the project; also USERMGMT_PROJECT")
	flags.StringVar(&s.tokenURL, "token-url", getenv("USERMGMT_TOKEN_URL"), "the token endpoint; also USERMGMT_TOKEN_URL")
	flags.StringVar(&s.clientID, "client-id", getenv("USERMGMT_CLIENT_ID"), "the OAuth 2.0 client, whose secret is in USERMGMT_CLIENT_SECRET; also USERMGMT_CLIENT_ID")
	flags.StringVar(&s.scope, "scope", getenv("USERMGMT_SCOPE"), "the scope to ask for; also USERMGMT_SCOPE")
	flags.DurationVar(&s.timeout, "timeout", time.Minute, "how long the whole tour may take")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "cognite: unexpected argument %q\n", flags.Arg(0))
		return s, errors.New("unexpected argument")
	}
	s.secret = getenv("USERMGMT_CLIENT_SECRET")
	return s, nil
}

func connectAndTour(ctx context.Context, s settings, stdout io.Writer) (err error) {
	if s.url == "" {
		simulated, stop, err := simulate(ctx)
		if err != nil {
			return err
		}
		defer stop()
		s = simulated
	}
	login := usermgmt.OAuth2ClientCredentials{TokenURL: s.tokenURL, ClientID: s.clientID, ClientSecret: usermgmt.NewSecret(s.secret)}
	if s.scope != "" {
		login.Scopes = []string{s.scope}
	}
	client, err := usermgmt.New(
		usermgmt.Cognite(s.url, s.project, usermgmt.CogniteClientName("usermgmt example")),
		usermgmt.WithCredentials(login),
	)
	if e, ok := errors.AsType[*usermgmt.Error](err); ok && s.secret == "" && e.Fields["WithCredentials"] != "" {
		return fmt.Errorf("%w (is USERMGMT_CLIENT_SECRET set?)", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	if err := client.Ping(ctx); err != nil {
		return err
	}
	gateway, ok := usermgmt.As[*usermgmt.CogniteExtension](client)
	if !ok {
		return errors.New("this is no Postgres Gateway")
	}
	t := &tour{
		client: client, gateway: gateway, out: stdout,
		machine: usermgmt.OAuth2ClientCredentials{ClientID: login.ClientID, ClientSecret: login.ClientSecret},
	}
	fmt.Fprintf(stdout, "Postgres Gateway of project %s\n\n", s.project)
	defer func() { err = errors.Join(err, t.cleanUp(context.WithoutCancel(ctx))) }()
	return t.run(ctx)
}
