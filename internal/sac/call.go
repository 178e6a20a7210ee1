package sac

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"sacbridge/internal/sac/session"
)

// The roots of the three APIs.
const (
	pathV1 = "/api/v1/scim"
	pathV2 = "/api/v1/scim2"
	pathV3 = "/api/v1/scim3"
)

func (v version) root() string {
	if v == v2 {
		return pathV2
	}
	return pathV1
}

// pageSize is the largest page a tenant gives (KBA 3603927).
const pageSize = 200

// batchSize is how many people one or-joined search asks for: as many as one page can answer.
const batchSize = 200

func userPath(v version, key string) string  { return v.root() + "/Users/" + url.PathEscape(key) }
func groupPath(v version, key string) string { return v.root() + "/Groups/" + url.PathEscape(key) }

// pageQuery asks for rows from start on (counted from 1).
func pageQuery(start, count int) url.Values {
	return url.Values{"startIndex": {strconv.Itoa(start)}, "count": {strconv.Itoa(count)}}
}

// searchBody is a SearchRequest (RFC 7644 §3.4.3).
type searchBody struct {
	Schemas    []string `json:"schemas"`
	Filter     string   `json:"filter"`
	StartIndex int      `json:"startIndex"`
	Count      int      `json:"count"`
}

// getList reads one page of a list; rows are handed out anew when the read is repeated.
func (t *Tenant) getList(ctx context.Context, op, path string, start, count int, reset func(), row func(*json.Decoder) error) (list, error) {
	return t.readPage(ctx, session.Request{Op: op, Method: http.MethodGet, Path: path, Query: pageQuery(start, count)}, reset, row)
}

// searchList reads one page of a search, which keeps personal data out of URLs.
func (t *Tenant) searchList(ctx context.Context, op, path, filter string, start, count int, reset func(), row func(*json.Decoder) error) (list, error) {
	body := searchBody{Schemas: []string{urnSearch}, Filter: filter, StartIndex: start, Count: count}
	return t.readPage(ctx, session.Request{Op: op, Method: http.MethodPost, Path: path + "/.search", Body: body, Read: true}, reset, row)
}

func (t *Tenant) readPage(ctx context.Context, r session.Request, reset func(), row func(*json.Decoder) error) (list, error) {
	var got list
	r.Decode = func(dec *json.Decoder) error {
		reset()
		var err error
		got, err = readList(dec, row)
		return err
	}
	_, err := t.do(ctx, r)
	switch {
	case errors.Is(err, errNoList):
		return list{}, otherAnswer(r.Op)
	case err != nil:
		return list{}, err
	}
	return got, nil
}

// listPeople reads one page of people: of the list, or of a search where filter is not empty.
func (t *Tenant) listPeople(ctx context.Context, v version, filter string, start int) ([]person, list, error) {
	var rows []person
	reset := func() { rows = rows[:0] }
	row := func(dec *json.Decoder) error {
		p, err := t.decodePerson(dec, v)
		rows = append(rows, p)
		return err
	}
	var l list
	var err error
	if filter == "" {
		l, err = t.getList(ctx, "list people", v.root()+"/Users", start, pageSize, reset, row)
	} else {
		l, err = t.searchList(ctx, "look people up", v.root()+"/Users", filter, start, pageSize, reset, row)
	}
	return rows, l, err
}

// getPersonV1 reads one person by user ID.
func (t *Tenant) getPersonV1(ctx context.Context, userID string) (person, error) {
	var p person
	_, err := t.do(ctx, session.Request{
		Op: fmt.Sprintf("read user %q", userID), Method: http.MethodGet, Path: userPath(v1, userID),
		Decode: func(dec *json.Decoder) error {
			var err error
			p, err = t.decodePerson(dec, v1)
			return err
		},
	})
	return p, err
}

// getRaw reads one resource with every key it has, for a v1 read-modify-write.
func (t *Tenant) getRaw(ctx context.Context, op, path string) (map[string]json.RawMessage, error) {
	var raw map[string]json.RawMessage
	_, err := t.do(ctx, session.Request{
		Op: op, Method: http.MethodGet, Path: path,
		Decode: func(dec *json.Decoder) error {
			raw = nil
			return dec.Decode(&raw)
		},
	})
	return raw, err
}
