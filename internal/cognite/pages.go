package cognite

import (
	"context"
	"crypto/sha256"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// pageSize is how many items a page is asked to hold.
const pageSize = 100

// page is one page of a list.
type page[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"nextCursor"`
}

// list streams what a path lists, page by page: no more than limit items, all
// if it is 0. A page may hold fewer items than asked for, and none, and still
// be followed by another. An item that is not good ends it; nil takes all.
func list[T any](ctx context.Context, c *Client, path []string, query url.Values, limit int, good func(T) bool) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if err := pages(ctx, c, path, query, limit, good, func(item T) bool { return yield(item, nil) }); err != nil {
			var zero T
			yield(zero, err)
		}
	}
}

// pages hands the items of a list to yield until that returns false.
func pages[T any](ctx context.Context, c *Client, path []string, query url.Values, limit int, good, yield func(T) bool) error {
	if limit < 0 {
		return fault.Invalid("Limit", "must not be negative")
	}
	query = maps.Clone(query)
	if query == nil {
		query = url.Values{}
	}
	seen := map[[sha256.Size]byte]bool{} // digests of cursors, which can be long
	for left := limit; ; {
		size := pageSize
		if limit > 0 {
			size = min(size, left)
		}
		query.Set("limit", strconv.Itoa(size))
		p, err := readPage(ctx, c, path, query, good)
		if err != nil {
			return err
		}
		for _, item := range p.Items {
			if !yield(item) {
				return nil
			}
			if left--; left == 0 {
				return nil
			}
		}
		if p.NextCursor == "" {
			return nil
		}
		digest := sha256.Sum256([]byte(p.NextCursor))
		if seen[digest] {
			return fault.New(fault.Internal, "the server repeats a cursor, so the list would never end")
		}
		seen[digest] = true
		query.Set("cursor", p.NextCursor)
	}
}

// readPage reads one page, all of whose items have to be good.
func readPage[T any](ctx context.Context, c *Client, path []string, query url.Values, good func(T) bool) (page[T], error) {
	var p page[T]
	answer, err := c.send(ctx, call{method: http.MethodGet, path: path, query: query})
	if err != nil {
		return p, err
	}
	if transport.Decode(answer.Body, &p) != nil || p.Items == nil {
		return p, broken(transport.Read, answer)
	}
	if good != nil && slices.ContainsFunc(p.Items, func(item T) bool { return !good(item) }) {
		return p, broken(transport.Read, answer)
	}
	return p, nil
}
