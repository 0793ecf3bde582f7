package couchbase

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// element is what can be on a page.
type element struct {
	id, domain string // groups have no domain
	property   string // what the list is sorted by, before the ID
	index      int    // of the thing itself
}

// before reports whether a comes before b.
func (a element) before(b element) bool {
	if a.property != b.property {
		return a.property < b.property
	}
	return Identity{a.id, a.domain}.compare(Identity{b.id, b.domain}) < 0
}

// pageQuery are the parameters of a page.
type pageQuery struct {
	size       int
	start      *element
	sortBy     string
	descending bool
	substr     *string
}

// parsePageQuery validates the parameters that pages of users and of groups
// share.
func parsePageQuery(f *form, sortable ...string) pageQuery {
	q := pageQuery{size: f.integer("pageSize", 2, 100), sortBy: f.oneOf("sortBy", sortable...)}
	q.descending = f.oneOf("order", "asc", "desc") == "desc"
	q.substr = f.optional("substr")
	if start := f.optional("startFrom"); start != nil {
		q.start = &element{id: *start}
	}
	if q.sortBy == "" {
		q.sortBy = "id"
	}
	return q
}

// order is the order in links.
func (q pageQuery) order() string {
	if q.descending {
		return "desc"
	}
	return "asc"
}

// before reports whether a comes before b in the order of the query.
func (q pageQuery) before(a, b element) bool {
	if q.descending {
		return b.before(a)
	}
	return a.before(b)
}

// finds reports whether one of the texts has the substring of the query, in
// any case.
func (q pageQuery) finds(texts ...string) bool {
	if q.substr == nil {
		return true
	}
	return slices.ContainsFunc(texts, func(text string) bool {
		return strings.Contains(strings.ToLower(text), strings.ToLower(*q.substr))
	})
}

// page is the part of a list that a query asks for.
type page struct {
	elements []element
	total    int
	skipped  int

	first            bool // whether there is a link to the first page
	prev, next, last *element
}

// cut sorts all elements and cuts the page out. The last page is a full one,
// and no link leads past its start: so pages overlap at the end.
func (q pageQuery) cut(all []element) page {
	slices.SortFunc(all, func(a, b element) int {
		if q.before(a, b) {
			return -1
		}
		return 1
	})
	from := 0
	if q.start != nil {
		from = len(all)
		if i := slices.IndexFunc(all, func(e element) bool { return !q.before(e, *q.start) }); i >= 0 {
			from = i
		}
	}
	to := min(from+q.size, len(all))
	p := page{elements: all[from:to], total: len(all), skipped: from, first: from > 0}
	if from > 0 {
		p.prev = &all[max(0, from-q.size)]
	}
	if to < len(all) {
		p.next, p.last = &all[to], &all[max(0, len(all)-q.size)]
		if q.before(*p.last, *p.next) {
			p.next = p.last
		}
	}
	return p
}

// linksJSON are the links of a page.
type linksJSON struct {
	First string `json:"first,omitempty"`
	Prev  string `json:"prev,omitempty"`
	Next  string `json:"next,omitempty"`
	Last  string `json:"last,omitempty"`
}

// links builds the links of a page; withDomain says whether a start needs its
// domain.
func (p page) links(path string, parameters []pair, withDomain bool) linksJSON {
	base := "/" + path + "?" + encodePairs(parameters)
	to := func(e *element) string {
		if e == nil {
			return ""
		}
		if withDomain {
			return base + "&" + encodePairs([]pair{{"startFromDomain", e.domain}, {"startFrom", e.id}})
		}
		return base + "&" + encodePairs([]pair{{"startFrom", e.id}})
	}
	links := linksJSON{Prev: to(p.prev), Next: to(p.next), Last: to(p.last)}
	if p.first {
		links.First = base
	}
	return links
}

// encodePairs encodes a query without changing its order.
func encodePairs(parameters []pair) string {
	encoded := make([]string, len(parameters))
	for i, p := range parameters {
		encoded[i] = p.key + "=" + url.QueryEscape(p.value)
	}
	return strings.Join(encoded, "&")
}

// pageReply is the answer with a page of users or of groups.
type pageReply struct {
	Total   int          `json:"total"`
	Links   linksJSON    `json:"links"`
	Skipped int          `json:"skipped"`
	Users   *[]userJSON  `json:"users,omitzero"`
	Groups  *[]groupJSON `json:"groups,omitzero"`
}

// reply returns the answer with a page but for its elements.
func (p page) reply(links linksJSON) pageReply {
	return pageReply{Total: p.total, Links: links, Skipped: p.skipped}
}

// ok sends the answer.
func (r pageReply) ok() response { return jsonReply(http.StatusOK, r) }
