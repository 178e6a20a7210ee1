package scimserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"sacbridge/internal/scim"
)

const searchURN = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"

// params are what a query, from a URL or from a search body, asks for.
type params struct {
	filter              string
	sortBy, sortOrder   string
	start               int
	count               int // -1 where the client names none
	byCursor            bool
	cursor              string
	attributes, exclude string
}

// maxParamBytes is how long a filter or a list of names may be before it is looked at.
const maxParamBytes = 8 << 10

// urlParams reads the query string: names in any case, plus for space, strange characters and parameters passed over. Lists of
// attributes that are given twice are joined; another parameter given twice is refused, for one of the two would be lost.
func urlParams(raw string) (params, error) {
	p := params{start: 1, count: -1}
	var given []string
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		name, value, _ := strings.Cut(pair, "=")
		if name == "" {
			continue
		}
		text, err := url.QueryUnescape(value)
		if decoded, errName := url.QueryUnescape(name); errName == nil {
			name = decoded
		}
		if err == nil && !utf8.ValidString(text) {
			err = errNotUTF8
		}
		if err != nil {
			return p, fail(http.StatusBadRequest, string(scim.InvalidValue), "the query parameter "+strconv.Quote(shorten(name))+" is not well encoded")
		}
		known, err := p.set(name, text, slices.Contains(given, strings.ToLower(name)))
		if err != nil {
			return p, err
		}
		if known {
			given = append(given, strings.ToLower(name))
		}
	}
	return p, p.check()
}

// set takes a parameter up; known is false for one of no meaning.
func (p *params) set(name, text string, again bool) (known bool, err error) {
	switch name = strings.ToLower(name); {
	case !again:
	case name == "attributes":
		p.attributes += "," + text
		return true, nil
	case name == "excludedattributes":
		p.exclude += "," + text
		return true, nil
	default:
		return true, fail(http.StatusBadRequest, string(scim.InvalidValue), "the query parameter "+spelling[name]+" is given twice")
	}
	switch name {
	case "filter":
		p.filter = text
	case "sortby":
		p.sortBy = text
	case "sortorder":
		p.sortOrder = text
	case "startindex":
		p.start, err = integerParam("startIndex", text, 1)
	case "count":
		p.count, err = integerParam("count", text, 0)
	case "cursor":
		p.byCursor, p.cursor = true, text
	case "attributes":
		p.attributes = text
	case "excludedattributes":
		p.exclude = text
	default:
		return false, nil
	}
	return true, err
}

// spelling gives the parameters that have one value, as RFC 7644 spells them.
var spelling = map[string]string{
	"filter": "filter", "sortby": "sortBy", "sortorder": "sortOrder", "startindex": "startIndex", "count": "count", "cursor": "cursor",
}

// errNotUTF8 says that a text is in another encoding.
var errNotUTF8 = errors.New("it is not UTF-8")

// shorten keeps what a client made up short in a message.
func shorten(text string) string { return text[:min(len(text), 36)] }

// integerParam reads an integer; below least it is least (RFC 7644 §3.4.2.4). An empty one is as if left out.
func integerParam(name, text string, least int) (int, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return map[string]int{"startIndex": 1, "count": -1}[name], nil
	}
	n, err := strconv.Atoi(text)
	if errors.Is(err, strconv.ErrRange) && !strings.HasPrefix(text, "-") {
		return 1 << 31, nil
	}
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, fail(http.StatusBadRequest, string(scim.InvalidValue), name+" must be an integer")
	}
	return max(n, least), nil
}

func (p *params) check() error {
	if len(p.filter) > maxParamBytes {
		return scim.NewInvalidFilter("", "the filter is longer than %d bytes", maxParamBytes)
	}
	if len(p.attributes) > maxParamBytes || len(p.exclude) > maxParamBytes || len(p.sortBy) > maxParamBytes {
		return scim.NewInvalidValue("", "a list of attributes is longer than %d bytes", maxParamBytes)
	}
	if p.attributes != "" && p.exclude != "" {
		return scim.NewInvalidValue("", "attributes and excludedAttributes cannot be combined (RFC 7644 §3.9)")
	}
	return nil
}

// pageSize gives the page size under the source's limits.
func (p *params) pageSize(l Limits) int {
	if p.count < 0 {
		return l.Page
	}
	return min(p.count, l.Results)
}

// names reads a list of attribute names, given as an array or, by some clients, as one string.
type names string

// UnmarshalJSON reads either form.
func (n *names) UnmarshalJSON(text []byte) error {
	var list []string
	if err := json.Unmarshal(text, &list); err == nil {
		*n = names(strings.Join(list, ","))
		return nil
	}
	var one string
	if err := json.Unmarshal(text, &one); err != nil {
		return err
	}
	*n = names(one)
	return nil
}

// searchParams reads the body of a .search request (RFC 7644 §3.4.3).
func searchParams(body []byte, strict bool) (params, error) {
	var in struct {
		Schemas            []string `json:"schemas"`
		Filter             string   `json:"filter"`
		SortBy             string   `json:"sortBy"`
		SortOrder          string   `json:"sortOrder"`
		StartIndex         *int     `json:"startIndex"`
		Count              *int     `json:"count"`
		Cursor             *string  `json:"cursor"`
		Attributes         names    `json:"attributes"`
		ExcludedAttributes names    `json:"excludedAttributes"`
	}
	if err := scim.CheckDocument(body); err != nil { // encoding/json lets the last of two equal names win
		return params{}, err
	}
	if err := decodeWhole(body, &in); err != nil {
		return params{}, scim.NewInvalidSyntax("", "the body is not a search request: %s", jsonFault(err))
	}
	if strict && !hasFold(in.Schemas, searchURN) {
		return params{}, scim.NewInvalidSyntax("schemas", "schemas must hold %s", searchURN)
	}
	p := params{
		filter: in.Filter, sortBy: in.SortBy, sortOrder: in.SortOrder, start: 1, count: -1,
		attributes: string(in.Attributes), exclude: string(in.ExcludedAttributes),
	}
	if in.StartIndex != nil {
		p.start = max(*in.StartIndex, 1)
	}
	if in.Count != nil {
		p.count = max(*in.Count, 0)
	}
	if in.Cursor != nil {
		p.byCursor, p.cursor = true, *in.Cursor
	}
	return p, p.check()
}

func hasFold(list []string, want string) bool {
	for _, s := range list {
		if strings.EqualFold(s, want) {
			return true
		}
	}
	return false
}

// decodeWhole reads one JSON document and nothing after it.
func decodeWhole(body []byte, into any) error {
	if !utf8.Valid(body) {
		return errNotUTF8
	}
	if hasLoneSurrogate(body) { // encoding/json would put another character in its place
		return errors.New("a string holds half of a surrogate pair, which is no character")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is text after the document")
	}
	return nil
}

// jsonFault says what is wrong with JSON without quoting it.
func jsonFault(err error) string {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return strconv.Quote(e.Field) + " has the wrong type (" + e.Value + ")"
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return "broken at byte " + strconv.FormatInt(e.Offset, 10)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "it ends too early"
	}
	return err.Error()
}
