// Downstream is a small service that uses this package the way a service
// should: it takes the smallest interface that it needs, so that its tests need
// no server. What is worth copying is in the tests: the memory backend, a mock
// written by hand, injected faults, and a generated mock.
//
//	go run ./examples/downstream -listen 127.0.0.1:8080
//	curl -d '{"name": "alice", "team": "search"}' http://127.0.0.1:8080/joiners
//	curl -X DELETE http://127.0.0.1:8080/joiners/alice
//
// It keeps its users in memory, or wherever -url says.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
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
		fmt.Fprintln(os.Stderr, "downstream:", err)
		os.Exit(1)
	}
}

// run is main without the process around it. It ends without error when ctx does.
func run(ctx context.Context, args []string, getenv func(string) string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("downstream", flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:8080", "where to listen")
	url := flags.String("url", "memory:", "the backend, such as couchbases://h1,h2")
	user := flags.String("user", "", "who logs in, with the password in USERMGMT_PASSWORD")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var opts []usermgmt.Option
	if *user != "" {
		opts = append(opts, usermgmt.WithCredentials(usermgmt.Password(*user, getenv("USERMGMT_PASSWORD"))))
	}
	client, err := usermgmt.Open(ctx, *url, opts...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()

	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", *listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: newService(client).handler(), ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	fmt.Fprintf(out, "listening on http://%s\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
