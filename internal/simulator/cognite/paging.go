package cognite

import (
	"encoding/base64"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Paging is a way in which listings misbehave.
type Paging int

const (
	// PagesInOrder is the correct way.
	PagesInOrder Paging = iota
	// PagesRepeat answers every listing, whatever its cursor, with the first page
	// and one and the same cursor.
	PagesRepeat
	// PagesTooLong ignores limits: the first page has all that is left.
	PagesTooLong
	// PagesEmptyFirst puts an empty page with a cursor in front of every page.
	PagesEmptyFirst
)

// cursor is a place in a listing. It is valid in one project for one listing.
type cursor struct {
	List    string `json:"l"`
	Project string `json:"p"`
	After   int64  `json:"a"`          // number of the last row that was sent
	Shown   bool   `json:"e,omitzero"` // the empty page was sent
}

func (c cursor) text() string { return base64.RawURLEncoding.EncodeToString(encode(c)) }

// listing is one listing as it was asked for.
type listing struct {
	list   string // what is listed, with its parameters
	limit  int
	cursor string
}

// start returns the place at which a listing goes on.
func (l listing) start(project string) (cursor, error) {
	at := cursor{List: l.list, Project: project}
	if l.cursor == "" {
		return at, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(l.cursor)
	var sent cursor
	if err != nil || json.Unmarshal(text, &sent) != nil || sent.List != at.List || sent.Project != at.Project {
		return cursor{}, badRequest("cursor is invalid")
	}
	return sent, nil
}

// pageBody is the body of a page.
type pageBody struct {
	Items      []jsontext.Value `json:"items"`
	NextCursor jsontext.Value   `json:"nextCursor,omitzero"`
}

// page returns one page of what view makes of the values and keep accepts. The
// project is nil for a listing outside of projects.
func page[K comparable, V, W any](s *Server, l listing, p *Project, in *collection[K, V], view func(V) W, keep func(W) bool) (answer, error) {
	project := ""
	if p != nil {
		project = p.name
	}
	at, err := l.start(project)
	if err != nil {
		return answer{}, err
	}
	limit := l.limit
	if s.opts.PageSize > 0 {
		limit = min(limit, s.opts.PageSize)
	}
	switch s.opts.Paging {
	case PagesTooLong:
		limit = len(in.order)
	case PagesEmptyFirst:
		if !at.Shown {
			at.Shown = true
			return success(pageBody{NextCursor: encode(at.text())}), nil
		}
	case PagesRepeat:
		at.After = 0
	case PagesInOrder:
	}
	body := pageBody{}
	next, more := at, false
	for _, r := range in.order {
		shown := view(r.value)
		if r.number <= at.After || !keep(shown) {
			continue
		}
		if len(body.Items) == limit {
			more = true
			break
		}
		body.Items = append(body.Items, encode(shown))
		next.After = r.number
	}
	next.Shown = false
	switch {
	case s.opts.Paging == PagesRepeat:
		body.NextCursor = encode(cursor{List: at.List, Project: at.Project, After: 1}.text())
	case more:
		body.NextCursor = encode(next.text())
	case s.opts.NullCursor:
		body.NextCursor = jsontext.Value("null")
	}
	return success(body), nil
}

// everything accepts all values.
func everything[W any](W) bool { return true }

// itself is the view of values that are shown as they are.
func itself[V any](value V) V { return value }
