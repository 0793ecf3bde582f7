package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
)

// tell prints a line for each system.
func tell(out io.Writer, s settings, reports []report) {
	if !s.apply {
		fmt.Fprintln(out, "Dry run: nothing is changed without -apply.")
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SYSTEM\tUSER\tBEFORE\tDONE\tNOW")
	for _, r := range reports {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", r.system, r.name, r.before, r.done, r.after)
	}
	_ = table.Flush()
	for _, r := range reports {
		if r.err != nil {
			fmt.Fprintf(out, "%s: %v\n", r.system, r.err)
		}
	}
}

// verdict is an error unless the person can log in nowhere any more or, in a
// dry run, unless every system could be asked.
func verdict(s settings, reports []report) error {
	var errs []error
	for _, r := range reports {
		switch {
		case r.after == unseen:
			errs = append(errs, fmt.Errorf("%s: it is not known whether %s can log in", r.system, r.name))
		case r.after == enabled && s.apply:
			errs = append(errs, fmt.Errorf("%s: %s can still log in", r.system, r.name))
		}
	}
	return errors.Join(errs...)
}
