package iguazio

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// defaultPageSize is the size of a page if only its number is given.
const defaultPageSize = 50

// list answers with those records that a caller sees, in the way that the
// query asks for: filtered, sorted, and one page of them.
func list[R interface {
	record
	renderable
}](s *Server, c call, all []R) (*answer, error) {
	filters, err := s.filters(c.query)
	if err != nil {
		return nil, err
	}
	var rows []R
	for _, r := range all {
		if s.sees(c.caller, r.reference().ID) == Shown && !slices.ContainsFunc(filters, func(f filter) bool { return !f.accepts(value(r, f.field)) }) {
			rows = append(rows, r)
		}
	}
	if err := s.sort(c.query.Get("sort"), func(compare func(a, b renderable) int) {
		slices.SortStableFunc(rows, func(a, b R) int { return compare(a, b) })
	}); err != nil {
		return nil, err
	}
	from, to, reply, err := s.page(c.query, len(rows))
	if err != nil {
		return nil, err
	}
	v := s.view(c)
	for _, r := range rows[from:to] {
		reply.data = append(reply.data, v.render(r, paths(c.query)))
	}
	reply.included = v.included
	return reply, nil
}

// value returns what a filter or a sort looks at, nil if it is absent.
func value(r renderable, field string) json.RawMessage {
	if field == "id" {
		return json.RawMessage(strconv.Quote(r.reference().ID))
	}
	return r.shown()[field]
}

// filter is one condition of a list.
type filter struct {
	field   string
	accepts func(value json.RawMessage) bool
}

// filters reads the filter parameters.
func (s *Server) filters(query url.Values) ([]filter, error) {
	var filters []filter
	for name, values := range query {
		field, ok := strings.CutPrefix(name, "filter[")
		if !ok {
			continue
		}
		for _, text := range values {
			accepts, err := s.condition(text)
			if err != nil {
				return nil, err
			}
			filters = append(filters, filter{strings.TrimSuffix(field, "]"), accepts})
		}
	}
	return filters, nil
}

// condition returns what a filter accepts: a text, or what an operator in
// front of the text makes of it.
func (s *Server) condition(text string) (func(json.RawMessage) bool, error) {
	equal := func(a, b string) bool {
		return a == b || s.opts.Alternatives.FoldedFilters && strings.EqualFold(a, b)
	}
	operator, operand, isOperator := strings.Cut(text, "]")
	if !isOperator || !strings.HasPrefix(operator, "[$") {
		return anyText(func(is string) bool { return equal(is, text) }), nil
	}
	switch operator {
	case "[$ne":
		same := anyText(func(is string) bool { return equal(is, operand) })
		return func(value json.RawMessage) bool { return !same(value) }, nil
	case "[$gt":
		return func(value json.RawMessage) bool {
			return value != nil && compareValues(value, operandValue(operand)) > 0
		}, nil
	case "[$match-i":
		pattern, err := regexp.Compile("(?i)" + operand)
		if err != nil {
			return nil, errorf(http.StatusBadRequest, "Invalid regular expression in filter")
		}
		return anyText(pattern.MatchString), nil
	case "[$contains_istr":
		if s.atLeast("3.5.3") {
			return anyText(func(is string) bool { return strings.Contains(strings.ToLower(is), strings.ToLower(operand)) }), nil
		}
	case "[$contains_any":
		wanted := strings.Split(operand, ",")
		return anyText(func(is string) bool { return slices.Contains(wanted, is) }), nil
	default:
	}
	return nil, errorf(http.StatusBadRequest, "Unknown filter operator %s]", operator)
}

// texts returns a value as text, and a list as the texts of its elements. An
// absent value has none.
func texts(value json.RawMessage) []string {
	var elements []json.RawMessage
	var text string
	switch {
	case value == nil:
		return nil
	case json.Unmarshal(value, &text) == nil && value[0] == '"':
		return []string{text}
	case json.Unmarshal(value, &elements) == nil:
		var all []string
		for _, element := range elements {
			all = append(all, texts(element)...)
		}
		return all
	default:
		return []string{string(value)}
	}
}

func anyText(accepts func(string) bool) func(json.RawMessage) bool {
	return func(value json.RawMessage) bool { return slices.ContainsFunc(texts(value), accepts) }
}

// operandValue returns the text of a filter as JSON: a number if it looks like
// one.
func operandValue(text string) json.RawMessage {
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return json.RawMessage(text)
	}
	return json.RawMessage(strconv.Quote(text))
}

// compareValues orders numbers by size and everything else by its text. What
// is absent comes first.
func compareValues(a, b json.RawMessage) int {
	var x, y float64
	if json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil {
		return cmp.Compare(x, y)
	}
	return strings.Compare(strings.Join(texts(a), ","), strings.Join(texts(b), ","))
}

// sort hands the order that a sort parameter asks for to the sorter.
func (s *Server) sort(keys string, sorter func(compare func(a, b renderable) int)) error {
	if keys == "" {
		return nil
	}
	if s.opts.Alternatives.AscendingOnly && strings.Contains(","+keys, ",-") {
		return errorf(http.StatusBadRequest, "Invalid sort field")
	}
	sorter(func(a, b renderable) int {
		for key := range strings.SplitSeq(keys, ",") {
			field, descending := strings.CutPrefix(key, "-")
			order := compareValues(value(a, field), value(b, field))
			if descending {
				order = -order
			}
			if order != 0 {
				return order
			}
		}
		return 0
	})
	return nil
}

// page returns the range of the page that a query asks for, and the answer to
// put it into.
func (s *Server) page(query url.Values, rows int) (from, to int, reply *answer, err error) {
	size, number, limit := rows, 0, s.opts.Alternatives.ListCap
	if query.Has("page[number]") || query.Has("page[size]") {
		size, limit = defaultPageSize, s.opts.Alternatives.PageCap
		for name, target := range map[string]*int{"page[number]": &number, "page[size]": &size} {
			if text := query.Get(name); text != "" {
				if *target, err = strconv.Atoi(text); err != nil || *target < 0 {
					return 0, 0, nil, errorf(http.StatusBadRequest, "Invalid %s", name)
				}
			}
		}
		if size == 0 {
			return 0, 0, nil, errorf(http.StatusBadRequest, "Invalid page[size]")
		}
	}
	if limit > 0 {
		size = min(size, limit)
	}
	reply = &answer{status: http.StatusOK, list: true}
	if query.Get("count") == "records" {
		reply.totals = &totals{Records: rows, Pages: (rows + max(size, 1) - 1) / max(size, 1)}
	}
	from = rows
	if number <= rows/max(size, 1) {
		from = number * size
	}
	return from, min(rows, from+size), reply, nil
}
