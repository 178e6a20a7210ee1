package service

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// Page limits (KBA 3603927).
const (
	defaultCount = 50
	maxCount     = 200
)

// listQuery is what a listing was asked for, from the URL or from a search body.
type listQuery struct {
	start, count     int
	filter           string
	sortBy, sortDesc string
}

// listHead is what stands before the rows of a page.
type listHead struct {
	Schemas      []string `json:"schemas"`
	TotalResults int      `json:"totalResults"`
	ItemsPerPage int      `json:"itemsPerPage"`
	StartIndex   int      `json:"startIndex"`
}

// listV1 and listV2 differ in one thing: v2 leaves Resources out when nothing matches (script 2666).
type listV1[R any] struct {
	listHead
	Resources []R `json:"Resources"`
}

type listV2[R any] struct {
	listHead
	Resources []R `json:"Resources,omitempty"`
}

// urlQuery reads the query string; values that are no numbers count as absent.
func (q *request) urlQuery() listQuery {
	number := func(key string, def int) int {
		n, err := strconv.Atoi(q.query.Get(key))
		if err != nil {
			return def
		}
		return n
	}
	out := listQuery{
		start: number("startIndex", 1), count: number("count", defaultCount), filter: q.query.Get("filter"),
		sortBy: q.query.Get("sortBy"), sortDesc: q.query.Get("sortOrder"),
	}
	return out.bounded()
}

// bodyQuery reads a SearchRequest.
func (q *request) bodyQuery() listQuery {
	number := func(key string, def int) int {
		v, ok := q.body.get(key)
		if !ok {
			return def
		}
		if n, isNumber := v.(json.Number); isNumber {
			if i, err := n.Int64(); err == nil {
				return int(i)
			}
		}
		if s, isText := v.(string); isText {
			if i, err := strconv.Atoi(s); err == nil {
				return i
			}
		}
		return def
	}
	str := func(key string) string {
		v, _ := q.body.get(key)
		s, _ := v.(string)
		return s
	}
	out := listQuery{
		start: number("startIndex", 1), count: number("count", defaultCount), filter: str("filter"),
		sortBy: str("sortBy"), sortDesc: str("sortOrder"),
	}
	return out.bounded()
}

func (l listQuery) bounded() listQuery {
	l.start = max(l.start, 1)
	l.count = min(max(l.count, 0), maxCount)
	return l
}

// listing answers one page: filter, sort, cut, render. itemsPerPage is the limit even on a short
// page, which is how script 1601 learns the cap.
func listing[T, R any](q *request, l listQuery, all []T, cat catalogue[T], seq func(T) int, render func(T) R) reply {
	if l.filter != "" {
		n, err := parseFilter(l.filter)
		var compiled query[T]
		if err == nil {
			compiled, err = compile(n, cat)
		}
		if err != nil {
			return q.refuse(http.StatusBadRequest, "invalidFilter", err.Error())
		}
		all = compiled.run(all, seq)
	}
	if !q.v1 {
		all = sortBy(all, cat, l.sortBy, l.sortDesc)
	}
	rows := []R{}
	if l.start <= len(all) {
		for _, x := range all[l.start-1 : min(l.start-1+l.count, len(all))] {
			rows = append(rows, render(x))
		}
	}
	q.call.Work = Work{Kind: WorkPage, Rows: len(rows)}
	head := listHead{Schemas: []string{urnList}, TotalResults: len(all), ItemsPerPage: l.count, StartIndex: l.start}
	if encoded, is := any(rows).([]rawJSON); is && len(rows) > 0 {
		return ok(joined(head, encoded))
	}
	if q.v1 {
		return ok(listV1[R]{listHead: head, Resources: rows})
	}
	return ok(listV2[R]{listHead: head, Resources: rows})
}
