package cognite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// How many requests of one bulk call are under way at once, as with the
// reference client.
const (
	// WriteConcurrency is for creates and updates.
	WriteConcurrency = 4
	// DeleteConcurrency is for deletes.
	DeleteConcurrency = 2
	// ReadConcurrency is for reads.
	ReadConcurrency = 5
)

// Outcome is what came of one item of a bulk call.
type Outcome[T any] struct {
	// Value is the result; beside an error, what is known of it.
	Value T
	// Err is why there is no result. The item was carried out if it is nil,
	// and may have been if it is ambiguous.
	Err error
}

// Each carries out work for each input, limit of them at once, and returns
// the outcomes in the order of the inputs. A failure does not stop the others.
// What has not begun when ctx ends is not begun and fails as Canceled.
func Each[In, Out any](ctx context.Context, limit int, inputs []In, work func(context.Context, In) (Out, error)) []Outcome[Out] {
	outcomes := make([]Outcome[Out], len(inputs))
	places := make(chan struct{}, limit)
	var running sync.WaitGroup
	for i, input := range inputs {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			outcomes[i].Err = fault.Ended(ctx, ctx.Err())
			continue
		}
		running.Go(func() {
			defer func() { <-places }()
			outcomes[i].Value, outcomes[i].Err = work(ctx, input)
		})
	}
	running.Wait()
	return outcomes
}

// Overall returns what a bulk call that did not succeed in full fails with,
// nil if it did. Its kind is Unavailable if of any item it is not known
// whether it was carried out, else that of the first item that failed. It is
// ambiguous if items were written, or may have been.
func Overall[T any](outcomes []Outcome[T], write bool) *fault.Error {
	var first *fault.Error
	failed, unknown := 0, 0
	for _, outcome := range outcomes {
		if outcome.Err == nil {
			continue
		}
		failed++
		f, ok := errors.AsType[*fault.Error](outcome.Err)
		if !ok {
			f = &fault.Error{Kind: fault.Internal, Err: outcome.Err}
		}
		if f.Ambiguous {
			unknown++
		}
		if first == nil || f.Ambiguous && !first.Ambiguous {
			first = f
		}
	}
	if first == nil {
		return nil
	}
	overall := *first
	if unknown > 0 {
		overall.Kind = fault.Unavailable
	}
	overall.Ambiguous = unknown > 0 || write && failed < len(outcomes)
	overall.Message = fmt.Sprintf("%d of %d failed, %d of them with an unknown outcome; the first: %s", failed, len(outcomes), unknown, first.Error())
	return &overall
}

// FindUsers returns the users of any number of names, which may repeat: as
// many POST P/postgresgateway/byids as it takes. There is an outcome for each
// name, NotFound for those that are missing. If a request fails, the names in
// it fail, and the others do not.
func (c *Client) FindUsers(ctx context.Context, names []string) []Outcome[User] {
	return find(ctx, names, finder[User]{
		most: MaxUsersPerGet, nameOf: func(u User) string { return u.Username },
		get: func(ctx context.Context, names []string) ([]User, error) { return c.GetUsers(ctx, names, true) },
		missing: func(name string) error {
			return &fault.Error{
				Kind: fault.NotFound, Message: "the user does not exist", Err: c.cause(&Detail{Missing: []Item{{"username": name}}}),
			}
		},
	})
}

// FindTables returns tables of a user as FindUsers returns users: POST
// P/postgresgateway/tables/{user}/byids.
func (c *Client) FindTables(ctx context.Context, user string, names []string) []Outcome[Table] {
	return find(ctx, names, finder[Table]{
		most: MaxTables, nameOf: func(t Table) string { return t.Name },
		get: func(ctx context.Context, names []string) ([]Table, error) { return c.GetTables(ctx, user, names, true) },
		missing: func(name string) error {
			return &fault.Error{
				Kind: fault.NotFound, Message: "the table does not exist", Err: c.cause(&Detail{Missing: []Item{{"tablename": name}}}),
			}
		},
	})
}

// finder says how things of a kind are found by name.
type finder[T any] struct {
	most    int // in one request
	nameOf  func(T) string
	get     func(ctx context.Context, names []string) ([]T, error) // leaves out what is missing
	missing func(name string) error
}

func find[T any](ctx context.Context, names []string, by finder[T]) []Outcome[T] {
	outcomes := make([]Outcome[T], len(names))
	positions := map[string][]int{}
	var wanted []string
	for i, name := range names {
		if err := checkName("Name", name); err != nil {
			outcomes[i].Err = err
			continue
		}
		if positions[name] == nil {
			wanted = append(wanted, name)
		}
		positions[name] = append(positions[name], i)
	}
	chunks := slices.Collect(slices.Chunk(wanted, by.most))
	for n, answer := range Each(ctx, ReadConcurrency, chunks, by.chunk) {
		for _, name := range chunks[n] {
			outcome, told := answer.Value[name]
			switch {
			case told:
			case answer.Err != nil:
				outcome.Err = answer.Err
			default:
				outcome.Err = by.missing(name)
			}
			for _, i := range positions[name] {
				outcomes[i] = Outcome[T]{outcome.Value, copied(outcome.Err)}
			}
		}
	}
	return outcomes
}

// chunk returns what is told of the names of one request.
func (by finder[T]) chunk(ctx context.Context, names []string) (map[string]Outcome[T], error) {
	found, err := by.get(ctx, names)
	if len(names) > 1 && fault.KindOf(err) == fault.NotFound {
		return by.oneByOne(ctx, names)
	}
	told := make(map[string]Outcome[T], len(found))
	for _, item := range found {
		told[by.nameOf(item)] = Outcome[T]{Value: item}
	}
	return told, err
}

// oneByOne is for servers that do not ignore unknown names when asked to: such
// a refusal of many names says nothing of the others.
func (by finder[T]) oneByOne(ctx context.Context, names []string) (map[string]Outcome[T], error) {
	told := make(map[string]Outcome[T], len(names))
	for _, name := range names {
		found, err := by.get(ctx, []string{name})
		switch {
		case err != nil && fault.KindOf(err) != fault.NotFound:
			return told, err
		case err != nil:
			told[name] = Outcome[T]{Err: err}
		case len(found) == 1:
			told[name] = Outcome[T]{Value: found[0]}
		default:
			told[name] = Outcome[T]{Err: by.missing(name)}
		}
	}
	return told, nil
}

// copied returns a failure of its own for each item that shares one.
func copied(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		other := *f
		return &other
	}
	return err
}
