package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/usermgmt/usermgmt"
)

// state is what a system shows of the person.
type state string

const (
	unseen   state = "unknown" // the system could not be asked
	absent   state = "no account"
	disabled state = "disabled"
	enabled  state = "can log in"
)

// report is what came of one system.
type report struct {
	system string
	name   string // of the person there
	before state
	after  state
	done   string
	err    error
}

// dialer logs in to a system.
type dialer func(context.Context, system) (usermgmt.UserManager, error)

func open(ctx context.Context, s system) (usermgmt.UserManager, error) {
	return usermgmt.Open(ctx, s.URL, s.options...)
}

// offboardAll works on all systems side by side, and tells every second what it
// still waits for.
func offboardAll(ctx context.Context, systems []system, s settings, progress io.Writer, dial dialer) []report {
	reports := make([]report, len(systems))
	ended := make(chan int)
	var running sync.WaitGroup
	for i, one := range systems {
		running.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, s.timeout)
			defer cancel()
			reports[i] = offboard(ctx, one, s, dial)
			ended <- i
		})
	}
	waiting := make([]string, len(systems))
	for i, one := range systems {
		waiting[i] = one.Name
	}
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for left := len(systems); left > 0; {
		select {
		case i := <-ended:
			left--
			waiting[i] = ""
		case <-ticker.C:
			names := slices.DeleteFunc(slices.Clone(waiting), func(name string) bool { return name == "" })
			fmt.Fprintf(progress, "waiting for %s\n", strings.Join(names, ", "))
		}
	}
	running.Wait()
	return reports
}

// offboard works on one system.
func offboard(ctx context.Context, on system, s settings, dial dialer) (r report) {
	r = report{system: on.Name, name: on.nameOf(s.person), before: unseen, after: unseen, done: "nothing"}
	client, err := dial(ctx, on)
	if err != nil {
		r.err = err
		return r
	}
	defer func() { r.err = errors.Join(r.err, client.Close()) }()
	if r.before, err = look(ctx, client, r.name); err != nil {
		r.err = err
		return r
	}
	r.after = r.before
	if r.before != enabled {
		return r
	}
	canDisable := client.Capabilities().Of(usermgmt.CapDisableUser) != usermgmt.SupportNo
	var act func() error
	switch {
	case canDisable:
		r.done = "disabled"
		act = func() error { return client.DisableUser(ctx, usermgmt.DisableUserRequest{Name: r.name}) }
	case s.remove:
		r.done = "deleted"
		act = func() error { return client.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: r.name}) }
	default:
		r.done = "nothing: it cannot disable users; -delete deletes this one"
		return r
	}
	if !s.apply {
		r.done = "would be " + r.done
		return r
	}
	if err := act(); err != nil {
		r.done, r.err = "tried: "+r.done, err
	}
	// What counts is what the system shows now, also after an error: the change
	// may have been made although its answer was lost.
	after, err := look(ctx, client, r.name)
	r.after, r.err = after, errors.Join(r.err, err)
	return r
}

// look returns what the system shows of a user.
func look(ctx context.Context, users usermgmt.UserReader, name string) (state, error) {
	user, err := users.GetUser(ctx, usermgmt.GetUserRequest{Name: name})
	switch {
	case errors.Is(err, usermgmt.ErrNotFound):
		return absent, nil
	case err != nil:
		return unseen, err
	case user.Disabled:
		return disabled, nil
	}
	return enabled, nil
}
