package sac

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The schema URNs of the tenant's resources.
const (
	urnUser      = "urn:ietf:params:scim:schemas:core:2.0:User"
	urnGroup     = "urn:ietf:params:scim:schemas:core:2.0:Group"
	urnManager   = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	urnManagerV1 = "urn:scim:schemas:extension:enterprise:1.0"
	urnParamsV1  = "urn:ietf:params:scim:schemas:extension:sap:user-custom-parameters:1.0"
	urnParamsV2  = "urn:sap:params:scim:schemas:extension:sac:2.0:user-custom-parameters"
	urnTeamV2    = "urn:sap:params:scim:schemas:extension:sac:2.0:group-custom-parameters"
	urnRolesV2   = "urn:sap:params:scim:schemas:extension:sac:2.0:group-roles"
	urnKindV3    = "urn:ietf:params:scim:schemas:extension:sap:2.0:Group"

	urnSearch = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
	urnPatch  = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	urnBulk   = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
)

// errNoList says that an answer is no list.
var errNoList = errors.New("the answer is not a list: totalResults is missing")

// text is a string on a wire that sometimes carries a number or null in its place.
type text string

// UnmarshalJSON takes strings, numbers, booleans and null; anything else counts as empty.
func (t *text) UnmarshalJSON(raw []byte) error {
	*t = ""
	switch {
	case len(raw) == 0 || raw[0] == 'n' || raw[0] == '{' || raw[0] == '[':
		return nil
	case raw[0] == '"':
		if bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
			*t = text(raw[1 : len(raw)-1]) // nothing to unescape, as nearly always
			return nil
		}
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return fmt.Errorf("read text: %w", err)
		}
		*t = text(s)
	default:
		*t = text(raw)
	}
	return nil
}

// number gives the whole number in t, 0 if there is none.
func (t text) number() int {
	n, err := strconv.Atoi(strings.TrimSpace(string(t)))
	if err != nil {
		return 0
	}
	return n
}

// boolean reads t as a boolean; def stands in for an absent one.
func (t text) boolean(def bool) bool {
	b, err := strconv.ParseBool(string(t))
	if err != nil {
		return def
	}
	return b
}

// link is one element of roles, groups or members: a bare string in v1 role lists, else an object.
type link struct {
	Value   text `json:"value"`
	Display text `json:"display"`
}

// UnmarshalJSON takes a string, an object or null.
func (l *link) UnmarshalJSON(raw []byte) error {
	*l = link{}
	if len(raw) == 0 || raw[0] != '{' {
		return l.Value.UnmarshalJSON(raw)
	}
	type plain link
	if err := json.Unmarshal(raw, (*plain)(l)); err != nil {
		return fmt.Errorf("read link: %w", err)
	}
	return nil
}

// links is a list of links; null, a single link and [""] are all known from v1 (script 1112, 1654).
type links []link

// UnmarshalJSON takes an array, a single link or null.
func (ls *links) UnmarshalJSON(raw []byte) error {
	*ls = nil
	if len(raw) == 0 || raw[0] == 'n' {
		return nil
	}
	if raw[0] == '[' {
		if err := json.Unmarshal(raw, (*[]link)(ls)); err != nil {
			return fmt.Errorf("read links: %w", err)
		}
		return nil
	}
	var one link
	if err := one.UnmarshalJSON(raw); err != nil {
		return err
	}
	*ls = links{one}
	return nil
}

// optional is a JSON object that may come as null or as something else, which counts as empty.
type optional[T any] struct{ V T }

// UnmarshalJSON takes an object; anything else leaves the zero value.
func (b *optional[T]) UnmarshalJSON(raw []byte) error {
	b.V = *new(T)
	if len(raw) == 0 || raw[0] != '{' {
		return nil
	}
	if err := json.Unmarshal(raw, &b.V); err != nil {
		return fmt.Errorf("read object: %w", err)
	}
	return nil
}

// list is what a ListResponse says about itself.
type list struct {
	Total   int
	PerPage int
	Rows    int
}

// readObject walks the keys of a JSON object without keeping it; each must consume its key's value.
func readObject(dec *json.Decoder, each func(key string) error) error {
	tok, err := dec.Token()
	if err != nil {
		return fmt.Errorf("read object: %w", err)
	}
	if tok != json.Delim('{') {
		return fmt.Errorf("read object: found %v", tok)
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return fmt.Errorf("read key: %w", err)
		}
		name, _ := key.(string)
		if err := each(name); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return fmt.Errorf("read end of object: %w", err)
	}
	return nil
}

// readArray walks an array; null is an empty one.
func readArray(dec *json.Decoder, each func() error) error {
	tok, err := dec.Token()
	if err != nil {
		return fmt.Errorf("read array: %w", err)
	}
	if tok == nil {
		return nil
	}
	if tok != json.Delim('[') {
		return fmt.Errorf("read array: found %v", tok)
	}
	for dec.More() {
		if err := each(); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return fmt.Errorf("read end of array: %w", err)
	}
	return nil
}

// readList walks a ListResponse and hands each resource to row. v2 leaves Resources out when there
// is none (script 2666).
func readList(dec *json.Decoder, row func(*json.Decoder) error) (list, error) {
	l, counted := list{}, false
	err := readObject(dec, func(key string) error {
		switch key {
		case "Resources":
			return readArray(dec, func() error { l.Rows++; return row(dec) })
		case "totalResults", "itemsPerPage":
			var n text
			if err := dec.Decode(&n); err != nil {
				return fmt.Errorf("read %s: %w", key, err)
			}
			if key == "totalResults" {
				l.Total, counted = n.number(), n != ""
			} else {
				l.PerPage = n.number()
			}
			return nil
		default:
			return skip(dec)
		}
	})
	if err == nil && !counted {
		err = errNoList
	}
	return l, err
}

// skip consumes one value without keeping it.
func skip(dec *json.Decoder) error {
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return fmt.Errorf("skip value: %w", err)
	}
	return nil
}

// quote writes a filter value: RFC 7644 §3.4.2.2 takes it as a JSON string.
func quote(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return strconv.Quote(s)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// anyOf joins comparisons of one attribute with "or".
func anyOf(attr string, values []string) string {
	var b strings.Builder
	for i, v := range values {
		if i > 0 {
			b.WriteString(" or ")
		}
		b.WriteString(attr + " eq " + quote(v))
	}
	return b.String()
}
