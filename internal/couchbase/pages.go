package couchbase

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

const (
	minPage = 2
	maxPage = 100
)

// Page says how a list is paged. The zero value asks for all at once.
type Page struct {
	// Size is how many items a page has, from 2 to 100; 0 is 100 if another
	// field is set.
	Size int
	// SortBy is the field to sort by, the server's default if empty.
	SortBy string
	// Descending reverses the order.
	Descending bool
	// Contains limits the list to items that hold it.
	Contains string
}

// parameters returns the query parameters that ask for pages.
func (p Page) parameters(permission string) (parameters, error) {
	if p.Size == 0 {
		p.Size = maxPage
	}
	if p.Size < minPage || p.Size > maxPage {
		return nil, fault.Invalid("PageSize", "must be from %d to %d", minPage, maxPage)
	}
	order := ""
	if p.Descending {
		order = "desc"
	}
	return parameters{"pageSize": strconv.Itoa(p.Size), "sortBy": p.SortBy, "order": order, "substr": p.Contains, "permission": permission}, nil
}

// onePage is a page in an answer.
type onePage[T any] struct {
	Links struct {
		Next string `json:"next"`
	} `json:"links"`
	Users  []T `json:"users"`
	Groups []T `json:"groups"`
}

// next returns the parameters of the next page, nil after the last. Of the link,
// which could lead anywhere, only the place and the order are used: what limits
// the list stays as given.
func (p onePage[T]) next(c *Client, given parameters) (url.Values, error) {
	if p.Links.Next == "" {
		return nil, nil
	}
	u, err := url.Parse(p.Links.Next)
	if err != nil || !u.Query().Has("startFrom") {
		return nil, fault.New(fault.Internal, "the server tells a next page that cannot be found")
	}
	query := c.query(given)
	for _, name := range []string{"sortBy", "order", "startFromDomain", "startFrom"} {
		if u.Query().Has(name) {
			query.Set(name, u.Query().Get(name))
		}
	}
	return query, nil
}

// list returns the items of a list.
func list[T any](ctx context.Context, c *Client, path []string, permission string, page Page, key func(T) string) iter.Seq2[T, error] {
	if page == (Page{}) {
		return transport.Elements[T](ctx, c.http, &transport.Request{Method: http.MethodGet, Path: path, Query: c.query(parameters{"permission": permission})})
	}
	return func(yield func(T, error) bool) {
		if err := pages(ctx, c, path, permission, page, key, func(item T) bool { return yield(item, nil) }); err != nil {
			var zero T
			yield(zero, err)
		}
	}
}

// pages yields the items of all pages. The last page begins before the end of
// the one before it; an item that two pages share is yielded once.
func pages[T any](ctx context.Context, c *Client, path []string, permission string, page Page, key func(T) string, yield func(T) bool) error {
	given, err := page.parameters(permission)
	if err != nil {
		return err
	}
	var (
		query      = c.query(given)
		mark       string // the query of an earlier page, to tell a loop
		last       map[string]bool
		read, next = 0, 1 // pages read; when to move the mark
	)
	for {
		var answer onePage[T]
		if err := c.read(ctx, &answer, &transport.Request{Method: http.MethodGet, Path: path, Query: query}); err != nil {
			return err
		}
		if answer.Users == nil && answer.Groups == nil {
			return fault.New(fault.Internal, "the answer holds no page of the list")
		}
		items := slices.Concat(answer.Users, answer.Groups)
		seen := make(map[string]bool, len(items))
		for _, item := range items {
			k := key(item)
			if known := seen[k] || last[k]; !known && !yield(item) {
				return nil
			}
			seen[k] = true
		}
		last = seen
		if read++; read == next { // powers of two, so that a loop of any length is found
			mark, next = query.Encode(), 2*next
		}
		if query, err = answer.next(c, given); err != nil || query == nil {
			return err
		}
		if query.Encode() == mark {
			return fault.New(fault.Internal, "the server repeats a page of the list")
		}
	}
}
