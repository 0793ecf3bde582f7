// Couchbase shows what a service does that hands out access to a bucket: it
// creates a user with roles down to that bucket, lists who may do what, waits
// until every node knows the user, and tells what a data client needs.
// It runs on a simulated cluster in this process, or on a real one:
//
//	go run ./examples/couchbase
//	USERMGMT_PASSWORD=... go run ./examples/couchbase -url couchbases://db.example.com -user Administrator -bucket travel-sample
//
// Everything that it creates is removed at the end.
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
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "couchbase:", err)
		os.Exit(1)
	}
}

// cluster says where a cluster is and who logs in.
type cluster struct {
	url, user, password, bucket string
}

// run is main without the process around it.
func run(ctx context.Context, args []string, getenv func(string) string, out io.Writer) error {
	c := cluster{password: getenv("USERMGMT_PASSWORD")}
	flags := flag.NewFlagSet("couchbase", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&c.url, "url", "", "the cluster, such as couchbases://h1,h2; a simulated one if empty")
	flags.StringVar(&c.user, "user", "Administrator", "who logs in, with the password in USERMGMT_PASSWORD")
	flags.StringVar(&c.bucket, "bucket", "travel-sample", "a bucket that exists")
	timeout := flags.Duration("timeout", time.Minute, "how long all may take")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if c.url == "" {
		simulated, stop, err := simulate(ctx)
		if err != nil {
			return err
		}
		defer stop()
		c = simulated
	}
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	client, err := usermgmt.Open(ctx, c.url, usermgmt.WithCredentials(usermgmt.Password(c.user, c.password)))
	if err != nil {
		return err
	}
	return errors.Join(walk(ctx, client, c.bucket, out), client.Close())
}
