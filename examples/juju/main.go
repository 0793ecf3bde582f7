// Juju does what an administrator of a Juju controller does with users: it
// adds them with and without a password, lists them and shows their details,
// grants and revokes levels on the controller, a model and an offer, sets and
// resets passwords, disables, enables and removes. It runs on a simulated
// controller in this process, or on a real one:
//
//	go run ./examples/juju
//	USERMGMT_PASSWORD=... go run ./examples/juju -address wss://10.0.0.1:17070 -ca ca.pem -user admin -model admin/test
//
// The address and the certificate are in the controllers.yaml of Juju's own
// client. Everything that it creates is removed at the end.
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
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "juju:", err)
		os.Exit(1)
	}
}

// settings say where a controller is, who logs in and what to grant on.
type settings struct {
	address, ca, user, password, model, offer string
}

// run is main without the process around it.
func run(ctx context.Context, args []string, getenv func(string) string, out io.Writer) error {
	s := settings{password: getenv("USERMGMT_PASSWORD")}
	flags := flag.NewFlagSet("juju", flag.ContinueOnError)
	flags.StringVar(&s.address, "address", "", "the controller, such as wss://10.0.0.1:17070; a simulated one if empty")
	flags.StringVar(&s.user, "user", "admin", "who logs in, with the password in USERMGMT_PASSWORD")
	flags.StringVar(&s.model, "model", "", "a model to grant levels on, owner/name; the last one listed if empty")
	flags.StringVar(&s.offer, "offer", "", "an offer to grant levels on, owner/model.name; the last one listed if empty")
	caFile := flags.String("ca", "", "a PEM file with the controller's own authority")
	timeout := flags.Duration("timeout", time.Minute, "how long all may take")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *caFile != "" {
		pem, err := os.ReadFile(*caFile)
		if err != nil {
			return err
		}
		s.ca = string(pem)
	}
	if s.address == "" {
		simulated, stop, err := simulate(ctx)
		if err != nil {
			return err
		}
		defer stop()
		s = simulated
	}
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	return connectAndTour(ctx, s, out)
}

func connectAndTour(ctx context.Context, s settings, out io.Writer) (err error) {
	var opts []usermgmt.JujuOption
	if s.ca != "" {
		opts = append(opts, usermgmt.JujuCA(s.ca))
	}
	client, err := usermgmt.New(usermgmt.Juju(s.address, opts...), usermgmt.WithCredentials(usermgmt.Password(s.user, s.password)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	controller, _ := usermgmt.As[*usermgmt.JujuExtension](client)
	info, err := controller.ControllerInfo(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Users of a Juju %s controller\n\n", info.Version)
	t := &tour{
		client: client, controller: controller, out: out, model: s.model, offer: s.offer,
		suffix: strings.ToLower(time.Now().UTC().Format("150405")),
	}
	defer func() { err = errors.Join(err, t.cleanUp(context.WithoutCancel(ctx))) }()
	return t.run(ctx)
}
