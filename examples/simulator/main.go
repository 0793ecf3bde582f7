// Simulator starts any or all of the five systems on this machine, so that a
// program can be developed against them without having one. It prints the
// address and the login of each, and a line to try, and runs until it is
// interrupted. Nothing is kept.
//
//	go run ./examples/simulator                         # all of them
//	go run ./examples/simulator couchbase juju          # two
//	go run ./examples/simulator -listen 127.0.0.1:8091 couchbase
//	go run ./examples/simulator -seed examples/simulator/seed.json
//	go run ./examples/simulator -latency 50ms -faults 0.1
//
// With -listen, further systems listen on the ports that follow.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"time"

	"github.com/usermgmt/usermgmt/examples/internal/local"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "simulator:", err)
		os.Exit(1)
	}
}

// settings is what the flags say.
type settings struct {
	names   []string
	listen  string
	seed    string
	trouble local.Trouble
}

// run is main without the process around it. It ends without error when ctx does.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	seed, err := readSeed(s.seed)
	if err != nil {
		return err
	}
	for i, name := range s.names {
		address, err := nth(s.listen, i)
		if err != nil {
			return err
		}
		system, err := local.Start(ctx, name, address)
		if err != nil {
			return err
		}
		defer system.Close()
		if err := seed.plant(ctx, system, stderr); err != nil {
			return fmt.Errorf("seeding %s: %w", name, err)
		}
		system.Misbehave(s.trouble)
		describe(stdout, system)
	}
	fmt.Fprintln(stdout, "Running. Interrupt to stop; nothing is kept.")
	<-ctx.Done()
	return nil
}

func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("simulator", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintf(stderr, "usage: simulator [flags] [system ...]\n\nThe systems are %v; without any all are started.\n\n", local.Names())
		flags.PrintDefaults()
	}
	flags.StringVar(&s.listen, "listen", "127.0.0.1:0", "where the first system listens, the others on the ports that follow; port 0 is any")
	flags.StringVar(&s.seed, "seed", "", "a JSON file with what to create in the systems, such as examples/simulator/seed.json")
	flags.DurationVar(&s.trouble.Latency, "latency", 0, "how long every answer takes")
	flags.Float64Var(&s.trouble.Faults, "faults", 0, "the part of all requests that fails, from 0 to 1")
	flags.Uint64Var(&s.trouble.Seed, "random", uint64(time.Now().UnixNano()), "a number that makes the same faults fall again")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	s.names = flags.Args()
	if len(s.names) == 0 {
		s.names = local.Names()
	}
	for i, name := range s.names {
		if slices.Contains(s.names[:i], name) {
			return s, fmt.Errorf("%s is named twice", name)
		}
	}
	if s.trouble.Faults < 0 || s.trouble.Faults > 1 || s.trouble.Latency < 0 {
		return s, errors.New("-faults is between 0 and 1, and -latency not negative")
	}
	return s, nil
}

// nth returns the address of the i-th system.
func nth(first string, i int) (string, error) {
	host, text, err := net.SplitHostPort(first)
	if err != nil {
		return "", fmt.Errorf("-listen: %w", err)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", fmt.Errorf("-listen: %q is no port", text)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return "", fmt.Errorf("-listen: %q is no loopback address; the logins are no secret, so nobody else may reach them", host)
	}
	if port == 0 {
		return first, nil
	}
	return net.JoinHostPort(host, strconv.FormatUint(port+uint64(i), 10)), nil //nolint:gosec // a handful
}
