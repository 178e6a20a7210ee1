package scim

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Sort is a parsed sortBy and sortOrder (RFC 7644 §3.4.2.3). It is immutable.
type Sort struct {
	Ref        *Ref
	Descending bool
}

// SortKey is what a resource is sorted by: made by [Sort.Key], compared by [Sort.Compare].
type SortKey struct {
	present bool
	text    string
	number  float64
	at      time.Time
}

// ParseSort reads sortBy, an attribute's name, and sortOrder: "ascending", "descending" or "", in any
// case. Without sortBy it gives nil, which is no order of the client's. A complex attribute is sorted by
// its value. An unknown attribute is refused as invalidPath, an unknown order as invalidValue.
func ParseSort(t *ResourceType, by, order string) (*Sort, error) {
	s := &Sort{}
	switch Fold(order) {
	case "", "ascending":
	case "descending":
		s.Descending = true
	default:
		return nil, NewInvalidValue("sortOrder", "sortOrder is %q, ascending or descending is expected", order)
	}
	by = strings.TrimSpace(by)
	if by == "" {
		return nil, nil
	}
	ref, ok := t.resolve(by, Tolerance{LegacyURNs: true})
	if !ok || ref.Attr.Returned == ReturnedNever {
		return nil, NewInvalidPath(by, "sortBy names %q, which is not an attribute of %s that can be sorted by", by, t.Name)
	}
	if ref.Target().Type == TypeComplex {
		value := ref.Part("value")
		if value == nil {
			return nil, NewInvalidPath(ref.Name, "%s has parts, sortBy has to name one of them", ref.Name)
		}
		ref = value
	}
	s.Ref = ref
	return s, nil
}

// Key takes the sort key of a resource: of a multi-valued attribute the primary value's, else the first's.
// Text that is not caseExact is folded.
func (s *Sort) Key(v View) SortKey {
	value := v.Attribute(s.Ref)
	if list, ok := value.([]any); ok {
		value = preferred(list)
	}
	if s.Ref.Sub != nil {
		m, _ := value.(map[string]any)
		value = m[s.Ref.Sub.Name]
	}
	return s.keyOf(value)
}

func preferred(list []any) any {
	for _, e := range list {
		if isPrimary(e) {
			return e
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

func (s *Sort) keyOf(value any) SortKey {
	target := s.Ref.Target()
	switch v := value.(type) {
	case string:
		if target.Type == TypeDateTime {
			at, ok := parseTime(v)
			return SortKey{present: ok, at: at}
		}
		return SortKey{present: true, text: target.folded(v)}
	case bool:
		k := SortKey{present: true}
		if v {
			k.number = 1
		}
		return k
	case json.Number:
		n, err := strconv.ParseFloat(string(v), 64)
		return SortKey{present: err == nil, number: n}
	case time.Time:
		return SortKey{present: true, at: v}
	default:
		return SortKey{}
	}
}

// Clone gives a key that shares no memory with the resource.
func (k SortKey) Clone() SortKey {
	k.text = strings.Clone(k.text)
	return k
}

// Size is how many bytes the key's text has.
func (k SortKey) Size() int { return len(k.text) }

// Compare orders two keys as s says. A missing value is last ascending and first descending. Equal keys
// give 0: break ties by id, so that pages are stable.
func (s *Sort) Compare(a, b SortKey) int {
	order := a.compare(b)
	if s.Descending {
		return -order
	}
	return order
}

func (k SortKey) compare(other SortKey) int {
	switch {
	case k.present && !other.present:
		return -1
	case !k.present && other.present:
		return 1
	}
	return cmp.Or(strings.Compare(k.text, other.text), cmp.Compare(k.number, other.number), k.at.Compare(other.at))
}
