package juju

import (
	"context"
	"errors"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/rpc"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// request is a call of a method.
type request struct {
	facade, method string
	// since is the lowest version of the facade that has the method.
	since int
	class transport.Class
	// local is set on methods about local users, where a superuser's refusal
	// means that there is no such user.
	local bool
	// plain is set on methods that JAAS does not have, although it offers them.
	plain bool
	// params returns the parameters for a version of the facade; nil has none.
	params  func(version int) any
	secrets []string
}

// same returns parameters that are the same for all versions.
func same(params any) func(int) any { return func(int) any { return params } }

// send sends r and hands what it is answered with to read.
func send[A any](ctx context.Context, c *Client, r request, read func(s *Session, answer A) error) error {
	return c.rpc.Do(ctx, rpc.Call[*Session]{
		Request: r.on,
		Read: func(s *Session, data jsontext.Value) error {
			var answer A
			if err := transport.Decode(data, &answer); err != nil {
				return err
			}
			return read(s, answer)
		},
	})
}

// on returns the request as a session's controller takes it.
func (r request) on(s *Session) (*rpc.Request, error) {
	if r.plain && s.JAAS {
		return nil, fault.New(fault.Unsupported, "JAAS leaves its users to an identity provider: it has no %s", r.method)
	}
	version, err := s.version(r.facade, r.since)
	if err != nil {
		return nil, err
	}
	out := &rpc.Request{Facade: r.facade, Version: version, Method: r.method, Class: r.class, Secrets: slices.Concat(r.secrets, s.secrets)}
	if r.params != nil {
		if out.Params, err = transport.Encode(r.params(version)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Item is the outcome of one of the things that a call is about.
type Item[T any] struct {
	// Value is the result. Beside Err it holds what came all the same.
	Value T
	// Err is why there is none, nil on success. It is a [*fault.Error].
	Err error
}

// itemFailure is the error of an item on the wire.
type itemFailure struct {
	Message string         `json:"message"`
	Code    string         `json:"code"`
	Info    jsontext.Value `json:"info"`
}

// failing is what the items of an answer have in common.
type failing interface{ failure() *itemFailure }

// outcome is an item that yields nothing.
type outcome struct {
	Error *itemFailure `json:"error"`
}

func (o outcome) failure() *itemFailure { return o.Error }

// results is an answer with one item for each thing that was asked about.
type results[W failing] struct {
	Results []W `json:"results"`
}

// items sends r, which is about subjects, and returns one item for each, in
// their order. The failure of an only item is judged like one of the whole
// call, so that what the controller did not do is tried again.
func items[W failing, T any](ctx context.Context, c *Client, r request, subjects []subject, convert func(W) (T, error)) ([]Item[T], error) {
	if len(subjects) == 0 {
		return nil, nil
	}
	var list []Item[T]
	err := send(ctx, c, r, func(s *Session, answer results[W]) error {
		if len(answer.Results) != len(subjects) {
			return badAnswer()
		}
		list = make([]Item[T], len(subjects))
		for i, wire := range answer.Results {
			value, err := convert(wire)
			list[i].Value = value
			if e := wire.failure(); e != nil {
				err = s.judge(r, subjects[i], *e)
			}
			list[i].Err = err
		}
		if len(list) == 1 {
			return list[0].Err
		}
		return nil
	})
	if len(list) == 1 { // it was answered; err is its failure with what the attempts before may have done
		list[0].Err = err
		return list, nil
	}
	return list, err
}

// one returns the only item of a call.
func one[T any](list []Item[T], err error) (T, error) {
	if err != nil {
		var none T
		return none, err
	}
	return list[0].Value, list[0].Err
}

// nothing converts items that yield nothing.
func nothing(outcome) (struct{}, error) { return struct{}{}, nil }

func badAnswer() *fault.Error {
	return fault.New(fault.Internal, "the answer is not what the protocol promises")
}

func asFault(err error) (*fault.Error, bool) { return errors.AsType[*fault.Error](err) }

// entity names one thing by its tag.
type entity struct {
	Tag string `json:"tag"`
}

// entities names several.
type entities struct {
	Entities []entity `json:"entities"`
}

func tagged(subjects []subject) func(int) any {
	list := make([]entity, len(subjects))
	for i, s := range subjects {
		list[i].Tag = s.tag
	}
	return same(entities{list})
}
