// Offboard disables one person on every configured system side by side, reads
// back what came of it, and prints a report. It changes nothing without -apply:
//
//	go run ./examples/offboard -person alice                                  # simulated systems, dry run
//	go run ./examples/offboard -person alice -apply                           # simulated systems
//	go run ./examples/offboard -person alice -config systems.json             # yours, dry run
//
// examples/offboard/systems.json shows what a configuration looks like. Secrets
// are read from the environment variables that it names.
//
// A system that cannot disable users is told about and left alone, unless
// -delete says to delete the user there. The exit code is 0 only if the person
// can log in nowhere any more, or in a dry run if all systems could be asked.
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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "offboard:", err)
		os.Exit(1)
	}
}

// settings is what the flags say.
type settings struct {
	person  string
	config  string
	apply   bool
	remove  bool
	timeout time.Duration
}

// run is main without the process around it.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	var systems []system
	if s.config == "" {
		simulated, stop, err := simulate(ctx, s.person)
		if err != nil {
			return err
		}
		defer stop()
		systems = simulated
	} else if systems, err = readSystems(s.config, getenv); err != nil {
		return err
	}
	reports := offboardAll(ctx, systems, s, stderr, open)
	tell(stdout, s, reports)
	return verdict(s, reports)
}

func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("offboard", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.person, "person", "", "who leaves: the user name, where the configuration has no other for a system")
	flags.StringVar(&s.config, "config", "", "a JSON file with the systems; simulated ones if empty")
	flags.BoolVar(&s.apply, "apply", false, "do it; without it nothing is changed")
	flags.BoolVar(&s.remove, "delete", false, "delete the user on systems that cannot disable it")
	flags.DurationVar(&s.timeout, "timeout", time.Minute, "how long one system may take")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if s.person == "" || flags.NArg() > 0 {
		return s, errors.New("say who leaves: -person name")
	}
	return s, nil
}
