package iguazio

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// MaxPageSize is the largest page that is asked for, and the default.
const MaxPageSize = 200

// Filter is a condition on an attribute.
type Filter struct {
	// Field is the name of the attribute.
	Field string
	// Operator is the name of an operator, such as "ne" or "contains_istr";
	// empty demands that the attribute is Value.
	Operator string
	// Value is what the attribute is compared with.
	Value string
}

// Query says what a list holds.
type Query struct {
	// Filters are conditions that must all hold.
	Filters []Filter
	// Sort are the attributes to sort by, with a dash in front to sort
	// downwards.
	Sort []string
	// Include are the relationships to show, as paths.
	Include []string
	// PageSize is how many are asked for at once, at most [MaxPageSize]; 0 is
	// MaxPageSize.
	PageSize int
}

// Check tells whether the query makes sense.
func (q Query) Check() error {
	if q.PageSize < 0 || q.PageSize > MaxPageSize {
		return fault.Invalid("PageSize", "must be 1 to %d, or 0 for %d", MaxPageSize, MaxPageSize)
	}
	_, err := q.values()
	return err
}

// values returns the parameters of the query without those of paging.
func (q Query) values() (url.Values, error) {
	values, err := includeQuery(q.Include)
	if err != nil {
		return nil, err
	}
	if values == nil {
		values = url.Values{}
	}
	for _, filter := range q.Filters {
		if err := checkField("Filters", filter.Field); err != nil {
			return nil, err
		}
		value := filter.Value
		switch {
		case filter.Operator == "" && strings.HasPrefix(value, operatorStart):
			return nil, fault.Invalid("Filters", "must not have a value that begins with %s, which is an operator to the server", operatorStart)
		case filter.Operator != "" && !operatorForm.MatchString(filter.Operator):
			return nil, fault.Invalid("Filters", "must have operators of small letters, dashes and underscores, such as ne")
		case filter.Operator != "":
			value = operatorStart + filter.Operator + "]" + value
		}
		values.Add("filter["+filter.Field+"]", value)
	}
	for _, field := range q.Sort {
		if err := checkField("Sort", strings.TrimPrefix(field, "-")); err != nil {
			return nil, err
		}
	}
	if len(q.Sort) > 0 {
		values.Set("sort", strings.Join(q.Sort, ","))
	}
	return values, nil
}

// includeQuery returns the parameter that asks for relationships.
func includeQuery(include []string) (url.Values, error) {
	for _, path := range include {
		if err := checkField("Include", path); err != nil {
			return nil, err
		}
	}
	if len(include) == 0 {
		return nil, nil
	}
	return url.Values{"include": {strings.Join(include, ",")}}, nil
}

// collection sends the query of a list and returns what came.
func (c *Client) collection(ctx context.Context, name string, query url.Values) (several, error) {
	r := &transport.Request{Method: http.MethodGet, Path: []string{"api", name}, Query: query}
	answer, err := c.exchange(ctx, r)
	if err != nil {
		return several{}, err
	}
	var document several
	if transport.Decode(answer.Body, &document) != nil || document.Data == nil {
		return several{}, badAnswer(r)
	}
	return document, nil
}

// page returns one page of a list, counted from 0.
func page[T any](ctx context.Context, c *Client, name string, q Query, number int, read func(resource, map[Ref]resource) (T, error)) ([]T, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	query, err := q.values()
	if err != nil {
		return nil, err
	}
	query.Set("page[number]", strconv.Itoa(number))
	query.Set("page[size]", strconv.Itoa(q.pageSize()))
	document, err := c.collection(ctx, name, query)
	if err != nil {
		return nil, err
	}
	included := index(document.Included)
	items := make([]T, 0, len(*document.Data))
	for _, r := range *document.Data {
		if r.ID == "" {
			return nil, fault.New(fault.Internal, "the server lists something that has no ID")
		}
		item, err := read(r, included)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

func (q Query) pageSize() int {
	if q.PageSize == 0 {
		return MaxPageSize
	}
	return q.PageSize
}

// list streams a list page by page, until one is not full. Something that
// comes twice is an error: the server repeats a page, or the list was changed
// so that the pages do not fit together.
func list[T any](ctx context.Context, c *Client, name string, q Query, read func(resource, map[Ref]resource) (T, error), id func(T) string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		var watch watch
		for number := 0; ; number++ {
			items, err := page(ctx, c, name, q, number, read)
			if err == nil && repeats(&watch, items, id) {
				err = fault.New(fault.Internal, "the server lists something twice: it repeats a page, or the list was changed while it was read")
			}
			if err != nil {
				yield(zero, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if len(items) < q.pageSize() {
				return
			}
		}
	}
}

// watch remembers the IDs of the first and of the last page of a list. Those
// of all pages would take memory without bounds.
type watch struct{ first, last map[string]bool }

// repeats reports whether a page holds something that came before.
func repeats[T any](w *watch, items []T, id func(T) string) bool {
	page := make(map[string]bool, len(items))
	for _, item := range items {
		name := id(item)
		if page[name] || w.last[name] || w.first[name] {
			return true
		}
		page[name] = true
	}
	if w.first == nil {
		w.first = page
	}
	w.last = page
	return false
}
